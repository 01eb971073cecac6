package server

import (
	"cmp"
	"net"
	"os"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/internal/netloop"
)

// hasEvents reports whether connections are for Events, unless Select says otherwise.
func (s *Server) hasEvents() bool { return s.Events != nil || s.SelectEvents != nil }

// acceptor returns what accepts connections from l for the loops; nil if they are not for loops.
func (s *Server) acceptor(l net.Listener) *netloop.Acceptor {
	if !s.hasEvents() {
		return nil
	}
	return netloop.NewAcceptor(l)
}

// serveLoops puts what a accepts into loops.
func (s *Server) serveLoops(a *netloop.Acceptor) error {
	if err := s.loops.Enter(); err != nil {
		return err
	}
	defer s.loops.Leave()
	return s.acceptAll(func() error {
		accepted, err := a.Accept()
		if err == nil {
			err = s.enroll(accepted)
		}
		return err
	})
}

// enroll begins the handshake of a connection in a loop, or closes it if too many are under way.
func (s *Server) enroll(a netloop.Accepted) error {
	x := &session{s: s}
	if err := s.loops.Add(&x.Socket, x, a); err != nil {
		return err
	}
	h := newHalf(s, x)
	h.raw, _ = x.SyscallConn()
	limit := cmp.Or(s.MaxPendingHandshakes, 10_000)
	if !s.pending.add(h, limit) {
		h.turnBack(limit)
		return nil
	}
	x.half = h
	if !h.by.IsZero() {
		x.At(h.by)
	}
	x.Wait()
	return nil
}

// greet goes on with the handshake, and reports whether it is complete and the connection has begun.
func (x *session) greet(w *netloop.Worker) (begun bool) {
	h := x.half
	if h == nil {
		return false
	}
	x.half = nil
	later := false
	defer func() {
		h.rescue(recover())
		if !later {
			h.close()
		}
	}()
	err := x.hear(h, w)
	if err != netloop.ErrAgain {
		x.Unset()
	}
	var a admission
	var refusal *handshake.Error
	if err == nil {
		a, refusal = x.s.review(h)
	}
	switch {
	case err == netloop.ErrAgain:
		x.half, later = h, true
	case err == errSilent:
	case err != nil:
		later = true
		go h.finish(func() { h.turnAway(err) })
	case refusal != nil:
		later = true
		go h.finish(func() { h.refuse(refusal) })
	default:
		h.begin(a)
	}
	return x.ev != nil
}

// hear reads what has come of the request. ErrAgain says that this is not all of it.
func (x *session) hear(h *half, w *netloop.Worker) (err error) {
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	for complete := false; !complete && err == nil; {
		n := 0
		if n, err = x.TryRead(buf[:]); err == nil {
			complete, err = h.consume(buf[:n])
		} else if err == netloop.ErrAgain && w.Due && !h.by.IsZero() && !time.Now().Before(h.by) {
			err = h.readError(os.ErrDeadlineExceeded)
		} else if err != netloop.ErrAgain {
			err = h.readError(err)
		}
	}
	return err
}

// finish does what is left to do with a handshake that comes to nothing.
func (h *half) finish(f func()) {
	defer h.end()
	f()
}

// start begins the connection on nc, which has sent early behind its request.
func (s *Server) start(nc net.Conn, early []byte, a admission) *conn.Conn {
	x, inLoop := nc.(*session)
	adopted := false
	if a.events != nil && !inLoop {
		x = &session{s: s}
		adopted = s.loops.Adopt(&x.Socket, x, nc) == nil
	}
	switch {
	case adopted:
		nc = x
	case inLoop && a.events == nil:
		nc = &x.Socket // the goroutine that runs a.f waits for it
	}
	c := conn.New(nc, conn.Opening{Side: frame.Server, Agreement: a.agreement, Early: early}, &s.setup.cfg.Conn)
	if a.events == nil || !inLoop && !adopted {
		s.begin(c, a)
		return c
	}
	x.begin(c, a)
	if adopted {
		x.Start()
	}
	return c
}
