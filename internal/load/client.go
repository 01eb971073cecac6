package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// clients are all connections of the driver.
type clients struct {
	slow    int
	readers sync.WaitGroup

	mu    sync.Mutex
	times []time.Duration // of deliveries since they were last looked at
	kept  []*conn.Conn    // those that nobody reads from, or they would be collected

	goneAway atomic.Int64 // readers that saw 1001
	other    atomic.Int64 // readers that saw something else
	why      atomic.Value // a string: of one of them
}

// connect opens the connections.
func connect(addr string) (*clients, error) {
	c := &clients{slow: int(math.Round(float64(*conns) * *slow / 100))}
	todo := make(chan int)
	var dialers sync.WaitGroup
	var failed atomic.Pointer[error]
	for range 16 {
		dialers.Go(func() {
			for i := range todo {
				if err := c.open(addr, i < c.slow); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	for i := range *conns {
		todo <- i
	}
	close(todo)
	dialers.Wait()
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	return c, nil
}

// open opens one connection, and reads from it unless it is a slow one.
func (c *clients) open(addr string, slow bool) error {
	d := net.Dialer{KeepAlive: -1}
	cfg := &client.Config{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := d.DialContext(ctx, network, addr)
		if err == nil && slow {
			smallBuffer(nc)
		}
		return nc, err
	}}
	ws, err := client.Dial(context.Background(), "ws://"+addr+"/", cfg)
	if err != nil {
		return err
	}
	if slow {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.kept = append(c.kept, ws)
		return nil
	}
	c.readers.Go(func() { c.read(ws) })
	return nil
}

// read notes how long messages were on their way, and how the connection ends.
func (c *clients) read(ws *conn.Conn) {
	var buf []byte
	for {
		_, p, err := ws.ReadAppend(context.Background(), buf[:0])
		if err != nil {
			c.ended(err)
			return
		}
		d := time.Since(time.Unix(0, int64(binary.BigEndian.Uint64(p))))
		c.mu.Lock()
		c.times = append(c.times, d)
		c.mu.Unlock()
		buf = p
	}
}

// ended counts how a connection ended.
func (c *clients) ended(err error) {
	if e, ok := errors.AsType[*conn.CloseError](err); ok && e.Code == frame.StatusGoingAway {
		c.goneAway.Add(1)
		return
	}
	c.other.Add(1)
	c.why.Store(err.Error())
}

// watchBroadcast prints a line for every five seconds.
func (c *clients) watchBroadcast(s *child) error {
	fmt.Println("  time  broadcasts   open  too slow   delivered  p50        p99        max        RSS      heap     goroutines")
	begin, last := time.Now(), report{}
	tick := time.NewTicker(5 * time.Second)
	for {
		select {
		case r, ok := <-s.reports:
			if !ok {
				return errors.New("the server ended")
			}
			last = r
			continue
		case <-tick.C:
		}
		c.mu.Lock()
		times := c.times
		c.times = nil
		c.mu.Unlock()
		slices.Sort(times)
		at := func(q float64) time.Duration {
			if len(times) == 0 {
				return 0
			}
			return times[int(q*float64(len(times)-1))].Round(10 * time.Microsecond)
		}
		fmt.Printf("%5.0fs  %10d  %5d  %8d  %10d  %-9v  %-9v  %-9v  %4d MiB  %4d MiB  %d\n", time.Since(begin).Seconds(),
			last.Sent, last.Open, last.Closed, len(times), at(.5), at(.99), at(1), last.RSS>>10, last.Heap>>20, last.Goroutines)
		if time.Since(begin) >= *duration {
			break
		}
	}
	if n := c.other.Load() + c.goneAway.Load(); n > 0 {
		return fmt.Errorf("%d connections that read have ended: %v", n, c.why.Load())
	}
	return nil
}

// watchShutdown prints how a Shutdown went.
func (c *clients) watchShutdown(s *child) error {
	for r := range s.reports {
		if r.Shutdown == 0 {
			continue
		}
		c.readers.Wait()
		fmt.Printf("Shutdown took %v of its %v and returned: %s\n", r.Shutdown.Round(time.Millisecond), *deadline, r.ShutdownErr)
		fmt.Printf("%d readers saw 1001, %d something else %v\n", c.goneAway.Load(), c.other.Load(), c.why.Load())
		fmt.Printf("%d connections and %d goroutines are left in the server\n", r.Open, r.Goroutines)
		return nil
	}
	return errors.New("the server ended")
}
