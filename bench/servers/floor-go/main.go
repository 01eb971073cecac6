//go:build unix

// Command floor-go is a floor: a goroutine per connection that turns frames around and checks nothing.
// A connection holds a buffer only while there is something in it.
package main

import (
	"io"
	"net"
	"sync"
	"syscall"

	"github.com/ws6455/ws/bench/internal/echo"
	"github.com/ws6455/ws/bench/internal/floor"
)

var about = echo.About{
	Floor: true, Broadcast: true,
	Note: "a goroutine per connection; checks nothing and never holds a message",
}

func main() {
	echo.Main(about, func(o echo.Options) error {
		ln, err := net.Listen("tcp", o.Addr)
		if err != nil {
			return err
		}
		for {
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			go serve(c, o.Broadcast)
		}
	})
}

var buffers = sync.Pool{New: func() any { return new([256 << 10]byte) }}

func serve(c net.Conn, broadcasts bool) {
	defer c.Close()
	if !upgrade(c) {
		return
	}
	if broadcasts {
		join(c)
		defer leave(c)
	}
	r, err := newReader(c)
	if err != nil {
		return
	}
	var e floor.Echo
	for {
		buf, n, err := r.read()
		if err != nil {
			return
		}
		p := e.Turn(buf[:], n)
		if broadcasts && echo.ToAll(floor.Payload(p)) {
			broadcast(p)
		} else if len(p) > 0 {
			_, err = c.Write(p)
		}
		buffers.Put(buf)
		if err != nil {
			return
		}
	}
}

// upgrade performs the handshake, on a stack that does not have to keep its request.
func upgrade(c net.Conn) bool {
	buf := buffers.Get().(*[256 << 10]byte)
	defer buffers.Put(buf)
	for n := 0; n < len(buf); {
		k, err := c.Read(buf[n:])
		if err != nil {
			return false
		}
		n += k
		if response := floor.Upgrade(buf[:n]); response != nil {
			_, err := c.Write(response)
			return err == nil
		}
	}
	return false
}

// A reader waits for bytes and only then gets itself a buffer.
type reader struct {
	raw  syscall.RawConn
	once func(fd uintptr) bool
	buf  *[256 << 10]byte
	n    int
	err  error
}

func newReader(c net.Conn) (*reader, error) {
	raw, err := c.(*net.TCPConn).SyscallConn()
	r := &reader{raw: raw}
	r.once = r.try // a closure for all reads
	return r, err
}

// read returns a buffer with n bytes after floor.Room. The caller puts it back.
func (r *reader) read() (buf *[256 << 10]byte, n int, err error) {
	if err := r.raw.Read(r.once); err != nil {
		return nil, 0, err
	}
	if r.err == nil && r.n == 0 {
		r.err = io.EOF
	}
	return r.buf, r.n, r.err
}

// try reads if there is something to read.
func (r *reader) try(fd uintptr) (done bool) {
	r.buf = buffers.Get().(*[256 << 10]byte)
	for {
		r.n, r.err = syscall.Read(int(fd), r.buf[floor.Room:])
		if r.err != syscall.EINTR {
			break
		}
	}
	if r.err == syscall.EAGAIN {
		buffers.Put(r.buf)
		r.buf = nil
		return false
	}
	return true
}

var (
	mu      sync.RWMutex
	members = map[net.Conn]struct{}{}
)

func join(c net.Conn) {
	mu.Lock()
	defer mu.Unlock()
	members[c] = struct{}{}
}

func leave(c net.Conn) {
	mu.Lock()
	defer mu.Unlock()
	delete(members, c)
}

func broadcast(p []byte) {
	mu.RLock()
	defer mu.RUnlock()
	for c := range members {
		c.Write(p)
	}
}
