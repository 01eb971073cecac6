package server

import (
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/drive"
	"github.com/ws6455/ws/internal/netloop"
	"sync/atomic"
)

// A session is a connection in a loop, from the handshake on. It is the network connection
// below its conn.Conn, and the tenant of its socket. Its size counts.
//
// Its fields are those of its turns, if nothing else is said.
type session struct {
	netloop.Socket

	s      *Server
	half   *half // its handshake; nil after that
	d      drive.Driven
	driven atomic.Bool // d is set, and will not change
	ev     *Events
	entry  entry

	staying atomic.Bool // in the memory of a worker, which calls Rest; not only for turns

	opened bool // Events.Open was called
	failed bool // a function panicked
	over   bool // Events.Close was called
}

// InLoop implements drive.Network.
func (x *session) InLoop() *netloop.Socket { return &x.Socket }

// Attach implements drive.Network.
func (x *session) Attach(d drive.Driven) {
	x.d = d
	x.driven.Store(true)
}

// begin makes x the session of c, which is new.
func (x *session) begin(c *conn.Conn, a admission) {
	x.ev = a.events
	x.entry = entry{c: c, key: a.key}
	x.s.add(&x.entry)
}

// Overstayed implements netloop.Tenant.
func (x *session) Overstayed() {
	if x.driven.Load() {
		x.d.Overstayed()
	}
}

// Late implements netloop.Tenant.
func (x *session) Late() {
	if x.driven.Load() {
		x.d.Late()
	}
}

// Turn implements netloop.Tenant.
func (x *session) Turn(w *netloop.Worker) (more bool) {
	switch {
	case x.over, x.ev == nil && !x.greet(w):
		return false
	}
	x.d.Enter()
	returned := false
	defer func() {
		if !returned {
			x.fail(recover())
			more = true
		}
		x.leave(w)
	}()
	x.d.Begin(w)
	more = x.turn(w)
	returned = true
	return more
}

// leave ends the use of the connection in a turn. It goes on for a while, if w has room for that.
func (x *session) leave(w *netloop.Worker) {
	if x.over || x.staying.Load() {
		x.d.Leave()
		return
	}
	x.staying.Store(true)
	if !w.Stay(x) {
		x.Rest()
	}
}

// Rest implements netloop.Tenant.
func (x *session) Rest() {
	x.staying.Store(false)
	x.d.Leave()
}

// fairMessages is how many messages a session gets in one turn.
const fairMessages = 64

// turn calls functions of the application for what has happened.
func (x *session) turn(w *netloop.Worker) (more bool) {
	if !x.opened {
		x.opened = true
		x.ev.open(x.entry.c)
	}
	for range fairMessages {
		status, typ, p := x.d.Next(w, w.Buf[:0])
		switch status {
		case drive.Nothing:
			return false
		case drive.More:
			return true
		case drive.Ended:
			x.end()
			return false
		}
		if cap(p) <= largestKept {
			w.Buf = p
		}
		if !x.failed {
			x.ev.message(x.entry.c, typ, p)
		}
		if cap(p) > largestKept {
			drive.GiveBlock(p)
		}
	}
	x.d.Flush()
	return true
}

// end is the end of x.
func (x *session) end() {
	x.over = true
	defer x.s.leave(&x.entry)
	defer x.s.guard(x.entry.c)
	x.ev.close(x.entry.c, x.d.Err())
}

// fail logs what a function of the application has panicked with, and closes the connection.
func (x *session) fail(v any) {
	c := x.entry.c
	logPanic(c, v, x.s.ErrorLog)
	x.failed = true
	c.StartClose(frame.StatusInternalError, "")
}
