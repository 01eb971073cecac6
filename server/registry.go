package server

import (
	"iter"
	"slices"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// An entry is a connection that is open. It has 32 bytes.
type entry struct {
	c      *conn.Conn
	key    string // of its place
	index  int32  // in Server.open; guarded by Server.mu
	closed bool   // by a shutdown; guarded by Server.mu
}

// Len returns how many connections are open.
// One counts until its handler has returned and it is closed.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// Conns returns an iterator over the connections that are open when the iteration begins.
// Its body may take as long as it likes and call any method.
// Some of the connections may have ended before their turn.
func (s *Server) Conns() iter.Seq[*conn.Conn] {
	return func(yield func(*conn.Conn) bool) {
		for _, e := range s.entries() {
			if !yield(e.c) {
				return
			}
		}
	}
}

// entries returns a copy of s.open.
func (s *Server) entries() []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.open)
}

// begin registers c, which has the place of a, and runs what it is for on a new goroutine;
// when that is over, it closes c and gives the place back.
func (s *Server) begin(c *conn.Conn, a admission) {
	e := &entry{c: c, key: a.key}
	s.add(e)
	if a.events != nil {
		go s.runEvents(e, a.events)
	} else {
		go s.run(e, a.f)
	}
}

// run runs f with the connection of e.
func (s *Server) run(e *entry, f func(*conn.Conn)) {
	returned := false
	defer func() {
		logPanic(e.c, recover(), s.ErrorLog)
		s.finish(e, returned)
	}()
	f(e.c)
	returned = true
}

// finish closes the connection of e, whose function has returned or panicked.
func (s *Server) finish(e *entry, returned bool) {
	switch {
	case !returned:
		e.c.Close(frame.StatusInternalError, "")
	case s.draining(): // which may be why
		e.c.Close(frame.StatusGoingAway, shutdownReason)
	default:
		e.c.Close(frame.StatusNormalClosure, "")
	}
	s.leave(e)
}

// leave forgets e and gives its place back.
func (s *Server) leave(e *entry) {
	s.remove(e)
	s.release(e.key) // last: Shutdown waits for it
}

// add registers e. If the server is shutting down, e learns of it at once.
func (s *Server) add(e *entry) {
	s.mu.Lock()
	e.index = int32(len(s.open))
	s.open = append(s.open, e)
	d := s.down
	s.mu.Unlock()
	if d != nil {
		s.dismiss(d, e)
	}
}

// remove forgets e. The last entry takes its index.
func (s *Server) remove(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.open[len(s.open)-1]
	s.open[e.index], last.index = last, e.index
	s.open = withoutLast(s.open)
}

// withoutLast returns all without its last element, in less memory if a crowd has left.
func withoutLast[T any](all []*T) []*T {
	n := len(all) - 1
	all[n] = nil
	all = all[:n]
	if n > 64 && n < cap(all)/4 {
		all = append(make([]*T, 0, 2*n), all...)
	}
	return all
}
