// Command load shows how a server does with many connections, some of which never read.
// It runs a server in a process of its own and opens all connections to it over loopback.
//
//	go run ./internal/load                      broadcasts: memory, delivery times, what became of the slow ones
//	go run ./internal/load -test shutdown       a Shutdown, which a tenth of the clients do not answer
//	go run ./internal/load -test compression    memory of idle connections that compress, by window and level
//
// It needs twice as many file descriptors as connections, half of them in each process.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"slices"
	"time"
)

var (
	test     = flag.String("test", "broadcast", "broadcast, shutdown or compression")
	conns    = flag.Int("conns", 0, "`number` of connections; 10000 for broadcast, 5000 for shutdown and 1000 for compression if 0")
	slow     = flag.Float64("slow", 0, "`percentage` of clients that do not read; 1 for broadcast and 10 for shutdown if 0")
	size     = flag.Int("size", 1024, "`bytes` in a message")
	rounds   = flag.Int("messages", 40, "`number` that a connection echoes before it is idle, for compression")
	rate     = flag.Float64("rate", 20, "broadcasts a `second`")
	duration = flag.Duration("duration", time.Minute, "how long to broadcast")
	queue    = flag.Int("queue", 64<<10, "`bytes` that the server queues for a connection")
	sndbuf   = flag.Int("sndbuf", 32<<10, "`bytes` that the server's sockets buffer")
	deadline = flag.Duration("deadline", 10*time.Second, "of Shutdown")
	serving  = flag.Bool("serve", false, "be the server (the program starts this itself)")
	row      = flag.Int("row", 0, "`number` of the setting that the server of compression has (the program sets it)")
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	switch *test {
	case "broadcast":
		*conns, *slow = cmp.Or(*conns, 10000), cmp.Or(*slow, 1)
	case "shutdown":
		*conns, *slow = cmp.Or(*conns, 5000), cmp.Or(*slow, 10)
	case "compression":
		*conns = cmp.Or(*conns, 1000)
	default:
		log.Fatalf("no test has the name %q", *test)
	}
	run := drive
	switch compressing := *test == "compression"; {
	case compressing && *serving:
		run = serveCompression
	case compressing:
		run = driveCompression
	case *serving:
		run = serve
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// A report is what the server says about itself, one line of JSON each time.
type report struct {
	Addr        string        // at first
	Open        int           // connections
	RSS         int           // KiB of memory, as the system counts it; 0 if it does not say
	Heap        uint64        // bytes in use
	Goroutines  int           //
	Sent        int           // broadcasts
	Closed      int           // connections that were too slow
	CPU         time.Duration // spent since the last report
	ShutdownErr string        // what Shutdown returned
	Shutdown    time.Duration // and how long it took; 0 as long as it has not
}

// drive starts a server and is its clients.
func drive() error {
	s, err := startServer()
	if err != nil {
		return err
	}
	defer s.stop()
	c, err := connect(s.first.Addr)
	if err != nil {
		return err
	}
	fmt.Printf("%d connections, %d of which do not read\n", *conns, c.slow)
	s.say("go")
	if *test == "shutdown" {
		return c.watchShutdown(s)
	}
	return c.watchBroadcast(s)
}

// A child is the server's process.
type child struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	reports chan report // closed at its end
	first   report
}

// startServer runs this program as the server, with args besides its own.
func startServer(args ...string) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	s := &child{cmd: exec.CommandContext(ctx, program, slices.Concat(os.Args[1:], args, []string{"-serve"})...), reports: make(chan report)}
	s.cmd.Stderr = os.Stderr
	out, err1 := s.cmd.StdoutPipe()
	in, err2 := s.cmd.StdinPipe()
	if err := errors.Join(err1, err2, s.cmd.Start()); err != nil {
		return nil, err
	}
	s.in = in
	go func() {
		defer close(s.reports)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var r report
			if json.Unmarshal(lines.Bytes(), &r) == nil {
				s.reports <- r
			}
		}
	}()
	first, ok := <-s.reports
	if !ok {
		return nil, errors.New("the server ended at once")
	}
	s.first = first
	return s, nil
}

// say writes a line to the server.
func (s *child) say(line string) { fmt.Fprintln(s.in, line) }

func (s *child) stop() {
	s.in.Close()
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// smallBuffer makes what a client does not read pile up at the server.
func smallBuffer(nc net.Conn) {
	if t, ok := nc.(*net.TCPConn); ok {
		t.SetReadBuffer(4 << 10)
	}
}
