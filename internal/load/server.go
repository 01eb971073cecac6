package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// serve is the server: it waits for a line, then broadcasts or shuts down.
func serve() error {
	var closed, sent atomic.Int64
	s := &server.Server{Handler: func(c *conn.Conn) {
		for {
			if _, _, err := c.Read(context.Background()); err != nil {
				if e, ok := err.(*conn.CloseError); ok && e.Sent == frame.StatusPolicyViolation {
					closed.Add(1)
				}
				return
			}
		}
	}}
	s.Config.Conn.MaxQueuedBytes = *queue
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(small{ln}) }()
	r := report{Addr: ln.Addr().String()}
	r.print()
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	go func() {
		in.ReadString('\n')
		os.Exit(0) // the driver is gone
	}()
	go func() {
		for range time.Tick(time.Second) {
			r := report{Open: s.Len(), Sent: int(sent.Load()), Closed: int(closed.Load())}
			r.print()
		}
	}()
	if *test == "shutdown" {
		ctx, cancel := context.WithTimeout(context.Background(), *deadline)
		defer cancel()
		begin := time.Now()
		err := s.Shutdown(ctx)
		r := report{Open: s.Len(), Shutdown: time.Since(begin)}
		if err != nil {
			r.ShutdownErr = err.Error()
		}
		time.Sleep(100 * time.Millisecond) // for goroutines that were told to end
		r.print()
		return <-served
	}
	for range time.Tick(time.Duration(float64(time.Second) / *rate)) {
		p := make([]byte, max(*size, 8))
		binary.BigEndian.PutUint64(p, uint64(time.Now().UnixNano()))
		m, err := conn.Prepare(frame.Binary, p)
		if err != nil {
			return err
		}
		s.Broadcast(m, nil)
		sent.Add(1)
	}
	return nil
}

// print fills in what is known about the process and prints r.
func (r *report) print() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.Heap, r.Goroutines, r.RSS = m.HeapInuse, runtime.NumGoroutine(), rss()
	json.NewEncoder(os.Stdout).Encode(r)
}

// rss returns the resident memory of the process in KiB, where the system says it in /proc.
func rss() int {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	n, _ := strconv.Atoi(strings.Fields(rest + " 0")[0])
	return n
}

// small is a listener whose connections have small buffers in the system:
// a client that does not read is noticed the sooner.
type small struct{ net.Listener }

func (l small) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if t, ok := nc.(*net.TCPConn); ok {
		t.SetWriteBuffer(*sndbuf)
	}
	return nc, err
}
