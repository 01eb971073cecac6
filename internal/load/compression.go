package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/corpus"
	"github.com/ws6455/ws/server"
)

// A setting is how the connections of one row of the table compress.
type setting struct {
	name string
	conn *conn.Compression
}

// settings are the rows, in order. Nothing is compressed in the first, with which the others are compared.
func settings() []setting {
	rows := []setting{
		{"none", nil},
		{"no takeover", &conn.Compression{}},
	}
	for _, window := range []int{15, 12, 9} {
		for _, level := range []conn.CompressionLevel{conn.Fastest, conn.Balanced, conn.Best} {
			name := fmt.Sprintf("window %d, %v", window, level)
			rows = append(rows, setting{name, &conn.Compression{Takeover: true, Window: window, Level: level}})
		}
	}
	return rows
}

// driveCompression prints a table of what connections take in a server that have echoed messages:
// right after, and when they are idle and there was a garbage collection. The last columns are what
// one connection then takes beyond one that does not compress.
// Every row has a server of its own, and the clients' memory is not in it.
func driveCompression() error {
	fmt.Printf("%d connections, each of which echoed %d messages of %d bytes and is idle\n", *conns, *rounds, *size)
	fmt.Println("compression            RSS after     RSS idle    heap idle    RSS of one   heap of one")
	var none report
	for i, row := range settings() {
		busy, idle, err := row.measure(i)
		if err != nil {
			return fmt.Errorf("%s: %w", row.name, err)
		}
		if i == 0 {
			none = idle
		}
		fmt.Printf("%-20s  %6.1f MiB   %6.1f MiB   %6.1f MiB   %6.1f KiB    %6.1f KiB\n", row.name,
			float64(busy.RSS)/1024, float64(idle.RSS)/1024, float64(idle.Heap)/(1<<20),
			float64(idle.RSS-none.RSS)/float64(*conns), (float64(idle.Heap)-float64(none.Heap))/1024/float64(*conns))
	}
	return nil
}

// measure returns what the server of row i says when all messages are echoed, and after a collection.
func (s setting) measure(i int) (busy, idle report, err error) {
	process, err := startServer(fmt.Sprint("-row=", i))
	if err != nil {
		return busy, idle, err
	}
	defer process.stop()
	open, err := s.connect(process.first.Addr)
	defer func() {
		for _, c := range open {
			c.CloseNow()
		}
	}()
	if err == nil {
		err = exchange(open)
	}
	if err != nil {
		return busy, idle, err
	}
	process.say("go")
	busy, idle = <-process.reports, <-process.reports
	if idle.Open != *conns {
		err = errors.New("the server ended, or some of its connections have")
	}
	return busy, idle, err
}

// connect opens the connections.
func (s setting) connect(addr string) ([]*conn.Conn, error) {
	d := net.Dialer{KeepAlive: -1}
	cfg := &client.Config{DialContext: d.DialContext, Conn: conn.Config{Compression: s.conn}}
	var open []*conn.Conn
	for range *conns {
		c, err := client.Dial(context.Background(), "ws://"+addr+"/", cfg)
		if err != nil {
			return open, err
		}
		open = append(open, c)
	}
	return open, nil
}

// exchange has every connection echo messages of its own: JSON as chats have it.
// Some are at it at the same time.
func exchange(open []*conn.Conn) error {
	const workers = 16
	chat := corpus.All()[0]
	errs := make([]error, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := w; i < len(open) && errs[w] == nil; i += workers {
				errs[w] = exchangeOne(open[i], chat.Messages(uint64(i), *rounds, *size))
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// exchangeOne sends messages and reads what comes back.
func exchangeOne(c *conn.Conn, messages [][]byte) error {
	ctx := context.Background()
	for _, p := range messages {
		if err := c.Write(ctx, frame.Text, p); err != nil {
			return err
		}
		if _, _, err := c.Read(ctx); err != nil {
			return err
		}
	}
	return nil
}

// serveCompression is the server of a row: it echoes, and says what it takes when it is told to.
func serveCompression() error {
	s := &server.Server{Handler: echo}
	s.Config.Conn.Compression = settings()[*row].conn
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go s.Serve(ln)
	first := report{Addr: ln.Addr().String()}
	first.print()
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	busy := report{Open: s.Len()}
	busy.print()
	runtime.GC()
	runtime.GC() // pools keep for one more what nobody has taken
	debug.FreeOSMemory()
	idle := report{Open: s.Len()}
	idle.print()
	in.ReadString('\n') // until the driver is gone
	return nil
}

// echo sends back what c receives until the end, and keeps nothing meanwhile.
func echo(c *conn.Conn) {
	for {
		typ, p, err := c.Read(context.Background())
		if err == nil {
			err = c.Write(context.Background(), typ, p)
		}
		if err != nil {
			return
		}
	}
}
