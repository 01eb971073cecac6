package netloop

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// A Socket is a connection in a loop. It is part of its tenant, to save memory:
// Group.Add and Group.Adopt set it up. Its size counts.
type Socket struct {
	tenant Tenant
	loop   *Loop
	addrs  *addresses
	waits  atomic.Pointer[waits] // nil as long as nobody has waited, and no deadline was set
	fd     int32
	peer   peer

	turn  atomic.Uint32 // whose turn it is
	ready atomic.Uint32 // what has happened
	due   atomic.Bool   // a time has come
	users atomic.Int32  // twice the number of calls that use fd; odd when it is to be closed after them
}

// What can happen to a socket.
const (
	readable = uint32(1 << iota)
	writable
	hungUp // no more comes after what there is to read
)

// ErrAgain says that a socket is not ready for what TryRead or TryWrite should do.
var ErrAgain = errors.New("the socket is not ready")

// enter allows the caller to use s.fd until it calls exit. It returns false if s is closed.
func (s *Socket) enter() bool {
	for {
		n := s.users.Load()
		if n&1 != 0 {
			return false
		}
		if s.users.CompareAndSwap(n, n+2) {
			return true
		}
	}
}

func (s *Socket) exit() {
	if s.users.Add(-2) == 1 {
		s.release()
	}
}

// closed reports whether Close was called.
func (s *Socket) closed() bool { return s.users.Load()&1 != 0 }

// Close implements net.Conn. Whoever waits for the socket gets net.ErrClosed.
func (s *Socket) Close() error {
	for {
		n := s.users.Load()
		if n&1 != 0 {
			return net.ErrClosed
		}
		if s.users.CompareAndSwap(n, n+1) {
			if n == 0 {
				s.release()
			}
			break
		}
	}
	s.wake(readable | writable)
	return nil
}

// release closes the descriptor, which nobody uses any more.
func (s *Socket) release() {
	s.loop.group.sockets.clear(int(s.fd))
	closeDescriptor(int(s.fd))
	s.loop.alarms.drop(s)
	s.loop.group.Leave()
}

// happened notes what the loop was told of, wakes those who wait for it, and claims a turn if there should be one.
func (s *Socket) happened(what uint32) bool {
	s.ready.Or(what)
	s.wake(what)
	return what&(readable|hungUp) != 0 && s.claim()
}

// TryRead reads what there is to read. At the end of the stream the error is io.EOF;
// if there is nothing yet, it is ErrAgain, and there will be a turn as soon as there is something.
func (s *Socket) TryRead(p []byte) (n int, err error) {
	if !s.enter() {
		return 0, net.ErrClosed
	}
	n, err = readDescriptor(int(s.fd), p)
	s.exit()
	if n == 0 && err == nil && len(p) > 0 {
		err = io.EOF
	}
	return n, err
}

// Drained reports whether there is nothing more to read after TryRead has read n bytes into room for most:
// then what comes later makes for another turn.
func (s *Socket) Drained(n, most int) bool {
	return n < most && s.ready.Load()&hungUp == 0
}

// TryWrite writes as much of p, and q behind it, as the network takes. If that is not all, and there is no other error,
// the error is ErrAgain.
func (s *Socket) TryWrite(p, q []byte) (n int, err error) {
	if !s.enter() {
		return 0, net.ErrClosed
	}
	n, err = writeDescriptor(int(s.fd), p, q)
	s.exit()
	if n < len(p)+len(q) && err == nil {
		err = ErrAgain
	}
	return n, err
}

// Read implements net.Conn.
func (s *Socket) Read(p []byte) (n int, err error) {
	err = s.do(readable, func(fd int) bool {
		n, err = readDescriptor(fd, p)
		return err != ErrAgain
	}, &err)
	if n == 0 && err == nil && len(p) > 0 {
		err = io.EOF
	}
	return n, err
}

// Write implements net.Conn.
func (s *Socket) Write(p []byte) (n int, err error) {
	err = s.do(writable, func(fd int) bool {
		m := 0
		m, err = writeDescriptor(fd, p[n:], nil)
		n += m
		return n == len(p) || err != nil && err != ErrAgain
	}, &err)
	return n, err
}

// do calls f, and again when the socket is ready, until it returns true: then the error is *result.
func (s *Socket) do(what uint32, f func(fd int) bool, result *error) error {
	for {
		if err := s.overdue(what); err != nil {
			return err
		}
		if !s.enter() {
			return net.ErrClosed
		}
		s.ready.And(^what) // what happens from now on is noticed
		over := f(int(s.fd))
		s.exit()
		if over {
			return *result
		}
		if err := s.await(what); err != nil {
			return err
		}
	}
}

// CloseWrite ends the stream to the peer.
func (s *Socket) CloseWrite() error {
	if !s.enter() {
		return net.ErrClosed
	}
	defer s.exit()
	return os.NewSyscallError("shutdown", shutdownWrite(int(s.fd)))
}

// SyscallConn implements syscall.Conn.
func (s *Socket) SyscallConn() (syscall.RawConn, error) { return (*rawSocket)(s), nil }

// A rawSocket is a Socket as a syscall.RawConn.
type rawSocket Socket

// Control implements syscall.RawConn.
func (r *rawSocket) Control(f func(fd uintptr)) error {
	s := (*Socket)(r)
	if !s.enter() {
		return net.ErrClosed
	}
	defer s.exit()
	f(uintptr(s.fd))
	return nil
}

// Read implements syscall.RawConn.
func (r *rawSocket) Read(f func(fd uintptr) bool) error {
	var err error
	return (*Socket)(r).do(readable, func(fd int) bool { return f(uintptr(fd)) }, &err)
}

// Write implements syscall.RawConn.
func (r *rawSocket) Write(f func(fd uintptr) bool) error {
	var err error
	return (*Socket)(r).do(writable, func(fd int) bool { return f(uintptr(fd)) }, &err)
}

// SetDeadline implements net.Conn.
func (s *Socket) SetDeadline(t time.Time) error {
	s.SetReadDeadline(t)
	return s.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (s *Socket) SetReadDeadline(t time.Time) error { return s.setDeadline(readable, t) }

// SetWriteDeadline implements net.Conn.
func (s *Socket) SetWriteDeadline(t time.Time) error { return s.setDeadline(writable, t) }
