//go:build unix

package conn

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"github.com/ws6455/ws/internal/drive"
	"github.com/ws6455/ws/internal/netloop"
	"github.com/ws6455/ws/internal/sock"
)

// rawConn returns the descriptor's connection if bytes may be read and written past nc's back:
// then a connection that waits for input holds no buffer, and a write that does not block needs no deadline.
// A type that wraps one of these may do more in Read and Write than they do.
func rawConn(nc net.Conn) syscall.RawConn {
	var rc syscall.RawConn
	switch nc := nc.(type) {
	case *net.TCPConn:
		rc, _ = nc.SyscallConn()
	case *net.UnixConn:
		rc, _ = nc.SyscallConn()
	case *netloop.Socket:
		rc, _ = nc.SyscallConn()
	case drive.Network:
		rc, _ = nc.InLoop().SyscallConn()
	}
	return rc
}

// A rawRead is one read from a descriptor.
type rawRead struct {
	in   *input        // to read behind, in a buffer borrowed when there is something to read
	room []byte        // to read into instead, if not nil
	n    int           // bytes read; 0 at the end of the stream
	err  syscall.Errno // 0 if there is none

	ready func(fd uintptr) bool // r.read, bound once
}

var rawReads = sync.Pool{New: func() any {
	r := new(rawRead)
	r.ready = r.read
	return r
}}

// readRaw waits for input and reads it into room or, if that is nil, behind c.in.
func (c *Conn) readRaw(room []byte) (n int, err error) {
	r := rawReads.Get().(*rawRead)
	r.in, r.room = &c.in, room
	err = c.raw.Read(r.ready)
	n = r.n
	switch {
	case err != nil:
		n = 0
	case r.err != 0:
		n, err = 0, os.NewSyscallError("read", r.err)
	case n == 0:
		err = io.EOF
	}
	*r = rawRead{ready: r.ready}
	rawReads.Put(r)
	return n, err
}

// read reads once and reports false if there is nothing to read yet.
func (r *rawRead) read(fd uintptr) bool {
	if r.room != nil {
		r.once(fd, r.room)
		return r.err != syscall.EAGAIN
	}
	r.once(fd, r.in.grow())
	if r.n > 0 {
		r.in.grown(r.n)
		return true
	}
	r.in.shrink()
	return r.err != syscall.EAGAIN
}

// once reads into p.
func (r *rawRead) once(fd uintptr, p []byte) {
	n, err := sock.Read(int(fd), p)
	r.n = n
	r.err, _ = err.(syscall.Errno)
}

// A rawWrite is one write to a descriptor.
type rawWrite struct {
	p, q []byte
	n    int
	err  syscall.Errno

	ready func(fd uintptr) bool // w.write, bound once
}

var rawWrites = sync.Pool{New: func() any {
	w := new(rawWrite)
	w.ready = w.write
	return w
}}

// writeRaw writes as much of p, and q behind it, as the network takes without waiting.
func (c *Conn) writeRaw(p, q []byte) (n int, err error) {
	if c.socket != nil {
		return writeSocket(c.socket, p, q)
	}
	w := newRawWrite(p, q)
	return w.finish(c.raw.Write(w.ready))
}

func newRawWrite(p, q []byte) *rawWrite {
	w := rawWrites.Get().(*rawWrite)
	w.p, w.q = p, q
	return w
}

// finish frees w and returns its result. An error is that of the connection.
func (w *rawWrite) finish(err error) (int, error) {
	n := 0
	if err == nil {
		n = w.n
		if w.err != 0 && w.err != syscall.EAGAIN {
			err = os.NewSyscallError("write", w.err)
		}
	}
	*w = rawWrite{ready: w.ready}
	rawWrites.Put(w)
	return n, err
}

// write writes once. It never asks to be called again.
func (w *rawWrite) write(fd uintptr) bool {
	n, err := sock.WriteBoth(int(fd), w.p, w.q)
	w.n = n
	w.err, _ = err.(syscall.Errno)
	return true
}
