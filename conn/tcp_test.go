package conn_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// These tests use real sockets, where a Conn reads and writes the descriptor itself.

// tcpPair returns two connections over a loopback socket of the network, and checks at the end that no goroutine is left.
func tcpPair(t testing.TB, network string, cfg *conn.Config) (client, server *conn.Conn) {
	t.Helper()
	a, b := socketPair(t, network)
	client = conn.New(a, conn.Opening{Side: frame.Client}, cfg)
	server = conn.New(b, conn.Opening{Side: frame.Server}, cfg)
	t.Cleanup(func() {
		client.CloseNow()
		server.CloseNow()
	})
	return client, server
}

func socketPair(t testing.TB, network string) (a, b net.Conn) {
	t.Helper()
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = t.TempDir() + "/s"
	}
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Skip(err)
	}
	defer ln.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, _ := ln.Accept()
		accepted <- c
	}()
	if a, err = net.Dial(network, ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	return a, <-accepted
}

// noGoroutineLeft fails the test if at its end there are more goroutines than now.
func noGoroutineLeft(t testing.TB) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for range 200 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%d goroutines at first, %d at the end\n%s", before, runtime.NumGoroutine(), stacks())
	})
}

// echo sends everything back until the end.
func echo(c *conn.Conn) error {
	var buf []byte
	for {
		typ, p, err := c.ReadAppend(background, buf[:0])
		if err != nil {
			return err
		}
		if err := c.Write(background, typ, p); err != nil {
			return err
		}
		buf = p
	}
}

func TestEchoOverSockets(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			noGoroutineLeft(t)
			client, server := tcpPair(t, network, &conn.Config{MaxMessageSize: 20 << 20})
			done := start(func() error { return echo(server) })
			for _, n := range []int{0, 1, 125, 126, 4000, 32754, 32755, 32768, 65535, 65536, 1 << 20, 16 << 20} {
				p := make([]byte, n)
				rand.Read(p)
				sent := start(func() error { return client.Write(background, frame.Binary, p) })
				typ, q, err := client.Read(background)
				if typ != frame.Binary || !bytes.Equal(p, q) || err != nil {
					t.Fatalf("%d bytes came back as %v of %d bytes, %v", n, typ, len(q), err)
				}
				if err := <-sent; err != nil {
					t.Fatal(err)
				}
			}
			if _, err := client.Ping(background); err == nil {
				t.Log("answered by the echo's Read")
			} else {
				t.Error(err)
			}
			if err := client.Close(1000, "done"); err != nil {
				t.Error(err)
			}
			if e := as[*conn.CloseError](t, <-done); e.Code != 1000 || e.Reason != "done" || e.Err != nil {
				t.Errorf("%+v", e)
			}
		})
	}
}

// Writers that wait for each other, with messages that leave together and such that do not.
func TestWritersOverSockets(t *testing.T) {
	noGoroutineLeft(t)
	client, server := tcpPair(t, "tcp", nil)
	const writers, each = 8, 50
	for _, tt := range []struct{ c, peer *conn.Conn }{{client, server}, {server, client}} {
		var busy sync.WaitGroup
		for i := range writers {
			busy.Go(func() {
				for j := range each {
					p := bytes.Repeat([]byte{byte('a' + i)}, 100+(i*each+j)*7919%20000)
					if err := tt.c.Write(background, frame.Text, p); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		var next [writers]int
		for range writers * each {
			_, p, err := tt.peer.Read(background)
			if err != nil {
				t.Fatal(err)
			}
			i := int(p[0] - 'a')
			if n := 100 + (i*each+next[i])*7919%20000; len(p) != n || bytes.Count(p, p[:1]) != n {
				t.Fatalf("message %d of writer %d has %d bytes, want %d", next[i], i, len(p), n)
			}
			next[i]++
		}
		busy.Wait()
	}
}

// Many messages in flight, in both directions, with cancelled reads and pings among them.
func TestBusyOverSockets(t *testing.T) {
	noGoroutineLeft(t)
	client, server := tcpPair(t, "tcp", nil)
	const messages = 2000
	var busy, readers sync.WaitGroup
	for _, c := range []*conn.Conn{client, server} {
		busy.Go(func() {
			for i := range messages {
				if err := c.Write(background, frame.Text, []byte(strings.Repeat("x", i%3000))); err != nil {
					t.Error(err)
					return
				}
			}
		})
		busy.Go(func() {
			for range 50 {
				if _, err := c.Ping(background); err != nil {
					t.Error(err)
				}
			}
		})
		readers.Go(func() {
			for i := range messages + 1 {
				ctx, cancel := context.WithTimeout(background, time.Duration(i%7)*100*time.Microsecond)
				_, p, err := c.Read(ctx)
				cancel()
				if errors.Is(err, context.DeadlineExceeded) {
					_, p, err = c.Read(background)
				}
				if i == messages {
					as[*conn.CloseError](t, err)
				} else if err != nil || len(p) != i%3000 {
					t.Errorf("message %d has %d bytes, %v", i, len(p), err)
					return
				}
			}
		})
	}
	busy.Wait()
	if err := client.Close(1000, ""); err != nil {
		t.Error(err)
	}
	readers.Wait()
}

func TestResetOverSockets(t *testing.T) {
	noGoroutineLeft(t)
	a, b := socketPair(t, "tcp")
	c := conn.New(b, conn.Opening{Side: frame.Server}, nil)
	reading := start(func() error { _, _, err := c.Read(background); return err })
	a.(*net.TCPConn).SetLinger(0)
	a.Close()
	if e := as[*conn.CloseError](t, <-reading); e.Code != 1006 || e.Err == nil || e.Err == io.ErrUnexpectedEOF {
		t.Errorf("%+v", e)
	}
}

func TestWriteTimeoutOverSockets(t *testing.T) {
	noGoroutineLeft(t)
	a, b := socketPair(t, "tcp")
	defer a.Close()
	c := conn.New(b, conn.Opening{Side: frame.Server}, &conn.Config{WriteTimeout: 50 * time.Millisecond})
	for range 1000 {
		if err := c.Write(background, frame.Binary, make([]byte, 1<<20)); err != nil {
			if e := as[*conn.LimitError](t, err); e.Option != "WriteTimeout" {
				t.Error(e)
			}
			return
		}
	}
	t.Error("1 GB was written to nobody")
}

func TestCloseNowOverSockets(t *testing.T) {
	noGoroutineLeft(t)
	client, server := tcpPair(t, "tcp", nil)
	var waiting []<-chan error
	for range 3 {
		waiting = append(waiting, start(func() error { _, _, err := server.Read(background); return err }))
	}
	waiting = append(waiting, start(func() error { _, err := server.Ping(background); return err }))
	server.CloseNow()
	for _, w := range waiting {
		as[*conn.CloseError](t, <-w)
	}
	_, _, err := client.Read(background)
	as[*conn.CloseError](t, err)
}

// A connection that waits, or does one message after the other, takes nothing from the heap.
func TestNoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	client, server := tcpPair(t, "tcp", nil)
	go echo(server)
	msg := []byte("a message of some length, as one would send it in a chat")
	var buf []byte
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	for _, ctx := range []context.Context{background, ctx} {
		got := testing.AllocsPerRun(200, func() {
			if err := client.Write(ctx, frame.Text, msg); err != nil {
				t.Fatal(err)
			}
			_, p, err := client.ReadAppend(ctx, buf[:0])
			if err != nil {
				t.Fatal(err)
			}
			buf = p
		})
		if got != 0 {
			t.Errorf("%v allocations for a message there and back", got)
		}
	}
}

// Each ping is answered, also if more come at once than may be queued, while the peer reads.
//
// Requirements: 6455-5.5.2-02
func TestPingsAtOnce(t *testing.T) {
	noGoroutineLeft(t)
	const pings = 1000
	a, b := socketPair(t, "tcp")
	defer a.Close()
	c := conn.New(b, conn.Opening{Side: frame.Server}, &conn.Config{MaxQueuedPongs: 4})
	defer c.CloseNow()
	done := start(func() error { return echo(c) })
	var out, want []byte
	for i := range pings {
		payload := []byte(fmt.Sprint(i))
		h := frame.Header{Fin: true, Opcode: frame.Ping, Masked: true, Length: int64(len(payload))}
		out = append(h.Append(out), payload...) // the key is zero
		h = frame.Header{Fin: true, Opcode: frame.Pong, Length: int64(len(payload))}
		want = append(h.Append(want), payload...)
	}
	if _, err := a.Write(out); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	a.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := io.ReadFull(a, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d of %d octets of pongs came back, %v", n, len(want), err)
	}
	a.Close()
	<-done
}
