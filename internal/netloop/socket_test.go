//go:build linux || darwin || freebsd

package netloop

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// These tests use real sockets, and loops that wait for them.

// A netTenant has turns that do nothing, or what turn says.
type netTenant struct {
	Socket
	turn func(w *Worker) bool
}

func (x *netTenant) Turn(w *Worker) bool { return x.turn != nil && x.turn(w) }
func (x *netTenant) Overstayed()         {}
func (x *netTenant) Rest()               {}
func (x *netTenant) Late()               {}

// pair returns a socket in a loop, and the far end of its connection.
func pair(t *testing.T, turn func(w *Worker) bool) (*netTenant, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	x := &netTenant{turn: turn}
	var g Group
	if err := g.Adopt(&x.Socket, x, near); err != nil {
		t.Fatal(err)
	}
	x.Wait()
	t.Cleanup(func() {
		x.Close()
		far.Close()
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.users != 0 || g.loops != nil {
			t.Errorf("the group has %d users", g.users)
		}
	})
	return x, far.(*net.TCPConn)
}

// soon returns a time by which everything should have happened.
func soon() time.Time { return time.Now().Add(10 * time.Second) }

func TestSocketReadWaits(t *testing.T) {
	x, far := pair(t, nil)
	for range 100 {
		read := make(chan string)
		go func() {
			p := make([]byte, 10)
			n, err := x.Read(p)
			if err != nil {
				t.Error(err)
			}
			read <- string(p[:n])
		}()
		io.WriteString(far, "Hello")
		if got := <-read; got != "Hello" {
			t.Errorf("Read %q", got)
		}
	}
	far.CloseWrite()
	if n, err := x.Read(make([]byte, 10)); n != 0 || err != io.EOF {
		t.Errorf("Read = %d, %v at the end", n, err)
	}
}

func TestSocketWriteWaits(t *testing.T) {
	x, far := pair(t, nil)
	p := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	written := make(chan error)
	go func() {
		n, err := x.Write(p)
		if n != len(p) {
			t.Errorf("%d bytes were written", n)
		}
		x.CloseWrite()
		written <- err
	}()
	far.SetReadDeadline(soon())
	got, err := io.ReadAll(far)
	if err != nil || !bytes.Equal(got, p) {
		t.Errorf("%d bytes came, %v", len(got), err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}

// A deadline wakes who waits, whenever it is set, and can be taken back.
func TestSocketDeadlines(t *testing.T) {
	full := make([]byte, 32<<20)
	for _, tt := range []struct {
		name string
		set  func(x *netTenant, t time.Time) error
		wait func(x *netTenant) (int, error)
	}{
		{"read", func(x *netTenant, t time.Time) error { return x.SetReadDeadline(t) },
			func(x *netTenant) (int, error) { return x.Read(make([]byte, 1)) }},
		{"write", func(x *netTenant, t time.Time) error { return x.SetWriteDeadline(t) },
			func(x *netTenant) (int, error) { return x.Write(full) }},
		{"both", func(x *netTenant, t time.Time) error { return x.SetDeadline(t) },
			func(x *netTenant) (int, error) { return x.Read(make([]byte, 1)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x, _ := pair(t, nil)
			want := func(what string) {
				t.Helper()
				if _, err := tt.wait(x); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s: %v", what, err)
				}
			}
			tt.set(x, time.Now().Add(10*time.Millisecond))
			want("a deadline that comes")
			want("one that has come")
			tt.set(x, time.Time{})
			go func() {
				time.Sleep(time.Millisecond)
				tt.set(x, soon())
				tt.set(x, time.Unix(1, 0))
			}()
			want("one that is set meanwhile")
			tt.set(x, time.Time{})
			go func() {
				time.Sleep(time.Millisecond)
				x.Close()
			}()
			if _, err := tt.wait(x); err != net.ErrClosed {
				t.Errorf("then Close: %v", err)
			}
			if err := tt.set(x, soon()); err != net.ErrClosed {
				t.Errorf("a deadline after Close: %v", err)
			}
		})
	}
}

// After Close everything fails, and the far end sees the end.
func TestSocketClose(t *testing.T) {
	x, far := pair(t, nil)
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	far.SetReadDeadline(soon())
	if n, err := far.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the far end reads %d, %v", n, err)
	}
	p := make([]byte, 1)
	raw, _ := x.SyscallConn()
	for what, f := range map[string]func() error{
		"Read":        func() error { _, err := x.Read(p); return err },
		"Write":       func() error { _, err := x.Write(p); return err },
		"TryRead":     func() error { _, err := x.TryRead(p); return err },
		"TryWrite":    func() error { _, err := x.TryWrite(p, nil); return err },
		"CloseWrite":  x.CloseWrite,
		"Close":       x.Close,
		"raw Control": func() error { return raw.Control(func(uintptr) { t.Error("called") }) },
		"raw Read":    func() error { return raw.Read(func(uintptr) bool { t.Error("called"); return true }) },
		"raw Write":   func() error { return raw.Write(func(uintptr) bool { t.Error("called"); return true }) },
	} {
		if err := f(); err != net.ErrClosed {
			t.Errorf("%s after Close = %v", what, err)
		}
	}
	x.At(time.Now()) // nobody is told
}

// Whoever uses the descriptor while it is closed uses no other.
func TestSocketCloseBusy(t *testing.T) {
	for range 50 {
		x, far := pair(t, nil)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for {
					if _, err := x.TryWrite([]byte("x"), nil); err != nil && err != ErrAgain {
						return
					}
				}
			})
		}
		go io.Copy(io.Discard, far)
		time.Sleep(100 * time.Microsecond)
		x.Close()
		all.Wait()
	}
}

// A turn comes for what has come before the socket was in the loop, and for what comes then, to the end.
func TestSocketTurns(t *testing.T) {
	var mu sync.Mutex
	var got []byte
	end := make(chan error, 1)
	var x *netTenant
	ready := make(chan bool)
	x, far := pair(t, func(w *Worker) bool {
		<-ready
		mu.Lock()
		defer mu.Unlock()
		p := make([]byte, 100)
		n, err := x.TryRead(p)
		got = append(got, p[:n]...)
		switch {
		case err == ErrAgain || err == nil && x.Drained(n, len(p)):
			return false
		case err == nil:
			return true
		}
		end <- err
		return false
	})
	close(ready)
	var want []byte
	for i := range 1000 {
		p := bytes.Repeat([]byte{byte(i)}, i%300)
		want = append(want, p...)
		far.Write(p)
	}
	far.Close()
	select {
	case err := <-end:
		if err != io.EOF {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the end was not told of")
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes came, want %d", len(got), len(want))
	}
}

func TestSocketReset(t *testing.T) {
	x, far := pair(t, nil)
	far.SetLinger(0)
	far.Close()
	if _, err := x.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("Read = %v", err)
	}
	if _, err := x.Write(make([]byte, 1)); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Write = %v", err)
	}
}

// Through SyscallConn the options of a socket can be set.
func TestSocketOptions(t *testing.T) {
	x, _ := pair(t, nil)
	raw, err := x.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		if v, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_NODELAY); v == 0 || err != nil {
			t.Errorf("TCP_NODELAY is %d, %v", v, err)
		}
	})
}

// A listener's connections have what package net sets, whoever accepts them.
func TestAcceptor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	a := NewAcceptor(l)
	if NewAcceptor(struct{ net.Listener }{l}) != nil {
		t.Error("there is an Acceptor for a listener of another kind")
	}
	var g Group
	if err := g.Enter(); err != nil {
		t.Fatal(err)
	}
	defer g.Leave()
	var far []net.Conn
	for range 5 {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		far = append(far, nc)
	}
	for i, nc := range far {
		c, err := a.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if past := c.nc == nil; past != (i > 0) {
			t.Errorf("connection %d is accepted past package net: %v", i, past)
		}
		x := new(netTenant)
		if err := g.Add(&x.Socket, x, c); err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		if x.RemoteAddr().String() != nc.LocalAddr().String() || x.LocalAddr().String() != nc.RemoteAddr().String() {
			t.Errorf("connection %d is from %v to %v", i, x.RemoteAddr(), x.LocalAddr())
		}
		raw, _ := x.SyscallConn()
		raw.Control(func(fd uintptr) {
			for _, o := range inherited {
				if v, err := syscall.GetsockoptInt(int(fd), o.level, o.name); v == 0 || err != nil {
					t.Errorf("connection %d: option %v is %d, %v", i, o, v, err)
				}
			}
		})
	}
	go func() {
		time.Sleep(time.Millisecond)
		l.Close()
	}()
	if _, err := a.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept = %v when the listener is closed", err)
	}
	if _, err := a.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept = %v after that", err)
	}
}

// Addresses of every kind are what package net has.
func TestAddress(t *testing.T) {
	for _, tt := range []struct {
		sa   syscall.Sockaddr
		want string
	}{
		{&syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 80}, "tcp 127.0.0.1:80"},
		{&syscall.SockaddrInet6{Addr: [16]byte{15: 1}, Port: 80}, "tcp [::1]:80"},
		{&syscall.SockaddrInet6{Addr: [16]byte{10: 255, 11: 255, 12: 10, 15: 1}, Port: 80}, "tcp 10.0.0.1:80"},
		{&syscall.SockaddrInet6{Addr: [16]byte{0: 0xfe, 1: 0x80, 15: 1}, Port: 80, ZoneId: 1 << 30}, "tcp [fe80::1%1073741824]:80"},
		{&syscall.SockaddrUnix{Name: "/tmp/s"}, "unix /tmp/s"},
		{nil, "unix "},
	} {
		var s Socket
		s.setPeer(tt.sa, &addresses{local: &net.TCPAddr{}})
		if got := s.RemoteAddr().Network() + " " + s.RemoteAddr().String(); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

// A connection without a descriptor stays as it is.
func TestAdoptUnsupported(t *testing.T) {
	near, far := net.Pipe()
	var g Group
	x := new(netTenant)
	if err := g.Adopt(&x.Socket, x, near); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Adopt = %v", err)
	}
	go far.Write([]byte("x"))
	if _, err := near.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
}
