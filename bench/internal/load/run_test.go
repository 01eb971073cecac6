package load

import (
	"flag"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ws6455/ws/bench/internal/echo"
	"github.com/ws6455/ws/bench/internal/floor"
)

// listen serves connections with talk, after the handshake, until the test ends.
func listen(t *testing.T, talk func(net.Conn)) (addr string) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if upgrade(c) {
					talk(c)
				}
			}()
		}
	}()
	return ln.Addr().String()
}

func upgrade(c net.Conn) bool {
	var request []byte
	for buf := make([]byte, 1); ; {
		if _, err := c.Read(buf); err != nil {
			return false
		}
		request = append(request, buf...)
		if response := floor.Upgrade(request); response != nil {
			_, err := c.Write(response)
			return err == nil
		}
	}
}

// plain echoes.
func plain(c net.Conn) {
	var e floor.Echo
	for buf := make([]byte, 4096); ; {
		n, err := c.Read(buf[floor.Room:])
		if err != nil {
			return
		}
		if _, err := c.Write(e.Turn(buf, n)); err != nil {
			return
		}
	}
}

func testSpec(addr string) Spec {
	s := Default()
	s.Addr, s.PID = addr, os.Getpid()
	s.Conns, s.Flight, s.Hostile = 5, 3, 2
	s.Warmup, s.Duration = 20*time.Millisecond, 100*time.Millisecond
	return s
}

func TestArgs(t *testing.T) {
	want := testSpec("127.0.0.1:5")
	want.Deflate, want.Test, want.Takeover, want.Text = true, "idle", true, true
	var got Spec
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	got.Flags(fs)
	if err := fs.Parse(want.Args()); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

// The tests run, with either poller.
func TestRun(t *testing.T) {
	addr := listen(t, plain)
	pollers := map[string]func(string) (poller, error){
		"system":   newPoller,
		"routines": func(addr string) (poller, error) { return newRoutines(addr), nil },
	}
	for name, newPoller := range pollers {
		for _, test := range []string{"echo", "handshake", "hostile"} {
			t.Run(test+" "+name, func(t *testing.T) {
				s := testSpec(addr)
				s.Test = test
				e, err := newEngine(s)
				if err != nil {
					t.Fatal(err)
				}
				e.poll.close()
				if e.poll, err = newPoller(addr); err != nil {
					t.Fatal(err)
				}
				defer e.close()
				r, err := tests[test](e)
				if err != nil || r.Units < 1 || r.P50 <= 0 || r.P50 > r.P99 || r.P99 > r.Max {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
	}
}

// Large messages come in parts, some of them at the end of the measurement.
func TestLarge(t *testing.T) {
	s := testSpec(listen(t, plain))
	s.Size, s.Conns, s.Flight = 1<<20, 2, 2
	if r, err := Run(s); err != nil || r.Units <= 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestIdle(t *testing.T) {
	s := testSpec(listen(t, plain))
	s.Test, s.Conns = "idle", 3
	if r, err := Run(s); err != nil || r.Units != 3 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A reply that is not right is an error, which says what is wrong.
func TestWrong(t *testing.T) {
	const size = 64
	for name, test := range map[string]struct {
		change func(p []byte) []byte // of one right reply: its header has two bytes
		want   string
	}{
		"nothing":           {func(p []byte) []byte { return p }, ""},
		"two fragments":     {func(p []byte) []byte { return fragments(p) }, ""},
		"a pong":            {func(p []byte) []byte { return append([]byte{fin | pong, 0}, p...) }, ""},
		"last byte":         {func(p []byte) []byte { p[2+size-1]++; return p }, "not what was sent"},
		"first byte":        {func(p []byte) []byte { p[2]++; return p }, "not what was sent"},
		"too short":         {func(p []byte) []byte { p[1]--; return p[:2+size-1] }, "too short"},
		"too long":          {func(p []byte) []byte { p[1]++; return append(p, 0) }, "too long"},
		"empty":             {func(p []byte) []byte { return []byte{fin | binaryData, 0} }, "too short"},
		"twice":             {func(p []byte) []byte { return append(p, p...) }, "to nothing"},
		"masked":            {func(p []byte) []byte { p[1] |= 0x80; return p }, "masked"},
		"text":              {func(p []byte) []byte { p[0] = fin | text; return p }, "another type"},
		"reserved bit":      {func(p []byte) []byte { p[0] |= 0x20; return p }, "reserved"},
		"compressed":        {func(p []byte) []byte { p[0] |= rsv1; return p }, "reserved"},
		"continuation":      {func(p []byte) []byte { p[0] = fin; return p }, "out of order"},
		"unfinished":        {func(p []byte) []byte { p[0] = binaryData; return append(p, p...) }, "out of order"},
		"close":             {func(p []byte) []byte { return []byte{fin | closing, 0} }, "closed"},
		"nothing in return": {func(p []byte) []byte { return nil }, "too slow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			patience := 10 * time.Second
			if test.want == "too slow" {
				patience = 100 * time.Millisecond
			}
			err := against(t, patience, func(c net.Conn) {
				for {
					var e floor.Echo
					buf := make([]byte, floor.Room+6+size)
					if _, err := io.ReadFull(c, buf[floor.Room:]); err != nil {
						return
					}
					c.Write(test.change(e.Turn(buf, 6+size)))
				}
			})
			switch {
			case test.want == "" && err != nil:
				t.Errorf("it is an error: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// fragments returns a message of one frame in two.
func fragments(p []byte) []byte {
	b := append([]byte{binaryData, 10}, p[2:12]...)
	b = append(b, fin|continuation, p[1]-10)
	return append(b, p[12:]...)
}

// against sends one message to a server and waits for the reply.
func against(t *testing.T, patience time.Duration, talk func(net.Conn)) error {
	s := testSpec(listen(t, talk))
	s.Conns, s.Flight = 1, 1
	e, err := newEngine(s)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	clients := e.newClients(1)
	if err := e.openAll(clients); err != nil {
		t.Fatal(err)
	}
	e.send(clients[0], 1, e.now())
	if err := e.drive(patience, func() bool { return e.received > 0 }); err != nil {
		return err
	}
	return e.drive(50*time.Millisecond, nil) // what follows
}

// A ping is answered, also between two messages.
func TestPing(t *testing.T) {
	err := against(t, 10*time.Second, func(c net.Conn) {
		c.Write([]byte{fin | ping, 2, 'h', 'i'})
		got := make([]byte, 6+64+8)
		if _, err := io.ReadFull(c, got); err != nil {
			return
		}
		pong := appendFrame(nil, fin|pong, [4]byte{1, 2, 3, 4}, []byte("hi"))
		i := strings.Index(string(got), string(pong))
		if i < 0 {
			return
		}
		var e floor.Echo
		buf := make([]byte, floor.Room+6+64)
		copy(buf[floor.Room:], got[:i])
		copy(buf[floor.Room+i:], got[i+8:])
		c.Write(e.Turn(buf, 6+64))
		io.Copy(io.Discard, c)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestBroadcast(t *testing.T) {
	s := testSpec("")
	s.Test, s.Size, s.Rounds = "broadcast", 100, 3
	members := make(chan net.Conn, s.Conns)
	s.Addr = listen(t, func(c net.Conn) {
		members <- c
		var e floor.Echo
		for buf := make([]byte, 4096); ; {
			n, err := c.Read(buf[floor.Room:])
			if err != nil {
				return
			}
			p := e.Turn(buf, n)
			if !echo.ToAll(floor.Payload(p)) {
				return
			}
			for range s.Conns {
				m := <-members
				m.Write(p)
				members <- m
			}
		}
	})
	r, err := Run(s)
	if err != nil || r.Units != 15 || r.All <= 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A response that does not agree is an error.
func TestResponses(t *testing.T) {
	s := testSpec("127.0.0.1:9")
	for want, extensions := range map[string]string{"agrees to extensions": "permessage-deflate", "not offered": "x-y"} {
		e := &engine{spec: s, accept: "abc"}
		head := "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-ACCEPT: abc\r\nSec-WebSocket-Extensions: " + extensions
		if err := e.checkResponse(head); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", extensions, err)
		}
	}
	e := &engine{spec: s, accept: "abc"}
	for _, head := range []string{"HTTP/1.1 400 Bad Request", "HTTP/1.1 101 x\r\nSec-WebSocket-Accept: abd", "HTTP/1.1 101 x"} {
		if err := e.checkResponse(head); err == nil {
			t.Errorf("%q is no error", head)
		}
	}
}
