package wstest

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipeSize is how many bytes each direction of a Pipe holds before a Write waits.
const pipeSize = 64 << 10

// Pipe returns the two ends of a connection in memory.
// Unlike those of net.Pipe they are buffered, 64 KiB in each direction, like a socket;
// they have CloseWrite and deadlines that follow the clock of a testing/synctest bubble,
// and waiting for one counts as durably blocked there.
func Pipe() (a, b *PipeConn) { return PipeSize(pipeSize) }

// PipeSize is Pipe with buffers of n bytes, at least 1, in each direction.
func PipeSize(n int) (a, b *PipeConn) { return newPipe(n, pipeAddr("a"), pipeAddr("b")) }

// newPipe is PipeSize with the addresses of the ends.
func newPipe(n int, atA, atB net.Addr) (a, b *PipeConn) {
	ab, ba := newStream(n), newStream(n)
	a = &PipeConn{in: ba, out: ab, local: atA, remote: atB}
	b = &PipeConn{in: ab, out: ba, local: atB, remote: atA}
	return a, b
}

// A PipeConn is one end of a [Pipe]. It implements net.Conn.
type PipeConn struct {
	in, out       *stream
	local, remote net.Addr
}

// Read implements net.Conn.
func (c *PipeConn) Read(p []byte) (int, error) { return c.in.read(p) }

// Write implements net.Conn.
func (c *PipeConn) Write(p []byte) (int, error) { return c.out.write(p) }

// Close closes both directions. The peer reads what is buffered and then io.EOF;
// its writes fail.
func (c *PipeConn) Close() error {
	c.in.closeRead()
	c.out.closeWrite()
	return nil
}

// CloseWrite lets the peer read what is buffered and then io.EOF.
func (c *PipeConn) CloseWrite() error {
	c.out.closeWrite()
	return nil
}

// Reset ends the connection as a TCP reset does:
// the peer's reads and writes fail with [ErrReset], what is buffered is lost.
func (c *PipeConn) Reset() {
	c.out.reset()
	c.in.reset()
}

// Buffered returns how many bytes written by this end the peer has not read.
func (c *PipeConn) Buffered() int {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return len(c.out.b)
}

// LocalAddr implements net.Conn.
func (c *PipeConn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *PipeConn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements net.Conn.
func (c *PipeConn) SetDeadline(t time.Time) error {
	c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *PipeConn) SetReadDeadline(t time.Time) error { return c.in.set(&c.in.readBy, t) }

// SetWriteDeadline implements net.Conn.
func (c *PipeConn) SetWriteDeadline(t time.Time) error { return c.out.set(&c.out.writeBy, t) }

// pipeAddr is the address of one end.
type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

// ErrReset is the error of a connection that the peer has reset.
var ErrReset = errors.New("wstest: connection reset by peer")

// A stream is one direction.
type stream struct {
	mu      sync.Mutex
	changed sync.Cond // anything below
	b       []byte    // written and not read
	size    int       // most that b may hold

	writing bool // a Write is under way, and others wait for their turn
	wrote   bool // the writing end is closed
	unread  bool // the reading end is closed
	broken  bool // reset
	readBy  deadline
	writeBy deadline
}

// A deadline is a time, and a timer that tells when it has come.
type deadline struct {
	by    time.Time
	timer *time.Timer
}

func newStream(size int) *stream {
	s := &stream{size: max(size, 1)}
	s.changed.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.broken:
			return 0, ErrReset
		case s.unread:
			return 0, net.ErrClosed
		case s.readBy.passed():
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(s.b) > 0:
			n := copy(p, s.b)
			s.b = s.b[:copy(s.b, s.b[n:])]
			s.changed.Broadcast()
			return n, nil
		case s.wrote:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

// write waits for its turn first: as on a socket, nobody writes into the middle of a Write.
func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.writing { // what ends the wait of that Write ends this one, too
		s.changed.Wait()
	}
	s.writing = true
	defer s.written()
	for {
		switch err := s.writeError(); {
		case err != nil:
			return n, err
		case len(p) == 0:
			return n, nil
		case len(s.b) < s.size:
			m := min(s.size-len(s.b), len(p))
			s.b = append(s.b, p[:m]...)
			p, n = p[m:], n+m
			s.changed.Broadcast()
			continue
		}
		s.changed.Wait()
	}
}

// writeError returns why nothing can be written now. s.mu is held.
func (s *stream) writeError() error {
	switch {
	case s.broken:
		return ErrReset
	case s.wrote:
		return net.ErrClosed
	case s.unread:
		return io.ErrClosedPipe
	case s.writeBy.passed():
		return os.ErrDeadlineExceeded
	}
	return nil
}

// written ends a Write. s.mu is held.
func (s *stream) written() {
	s.writing = false
	s.changed.Broadcast()
}

func (s *stream) closeRead() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unread = true
	s.readBy.set(s, time.Time{})
	s.changed.Broadcast()
}

func (s *stream) closeWrite() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote = true
	s.writeBy.set(s, time.Time{})
	s.changed.Broadcast()
}

func (s *stream) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken, s.b = true, nil
	s.changed.Broadcast()
}

// set sets one of the deadlines of s.
func (s *stream) set(d *deadline, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.set(s, t)
	s.changed.Broadcast()
	return nil
}

// set sets the deadline. s.mu is held.
func (d *deadline) set(s *stream, t time.Time) {
	d.by = t
	over := t.IsZero() || d.passed() // and whoever set it wakes the others
	switch {
	case over && d.timer != nil:
		d.timer.Stop()
	case over:
	case d.timer == nil:
		d.timer = time.AfterFunc(time.Until(t), s.wake)
	default:
		d.timer.Reset(time.Until(t))
	}
}

func (d *deadline) passed() bool { return !d.by.IsZero() && !time.Now().Before(d.by) }

func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}
