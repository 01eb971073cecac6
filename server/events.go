package server

import (
	"context"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// Events is a handler without a goroutine: its functions are called when something happens to a connection,
// one at a time and in order. Any of them may be nil. It may serve any number of connections.
//
// A function may wait for something, but the goroutine that calls it is there for other connections, too.
// If it takes long, another one goes on with those after a millisecond or two, and if that happens often,
// functions are called on goroutines of their own for a while. So what never waits is fastest:
// to answer with [conn.Conn.Send], which queues what the network does not take at once,
// and to close with [conn.Conn.StartClose].
//
// A panic is logged and closes the connection with status 1011. Then no more messages come, and Close is called.
type Events struct {
	// Open is called when the connection begins.
	Open func(c *conn.Conn)

	// Message is called with each message. p is valid until Message returns, and may be changed.
	// A function that reads from c takes messages away from Message.
	//
	// While more than half of what [conn.Config] allows is queued for the peer, no messages are read.
	Message func(c *conn.Conn, typ frame.Opcode, p []byte)

	// Close is called once, when the connection has ended, with the error that Read returns then.
	Close func(c *conn.Conn, err error)
}

func (ev *Events) open(c *conn.Conn) {
	if ev.Open != nil {
		ev.Open(c)
	}
}

func (ev *Events) message(c *conn.Conn, typ frame.Opcode, p []byte) {
	if ev.Message != nil {
		ev.Message(c, typ, p)
	}
}

func (ev *Events) close(c *conn.Conn, err error) {
	if ev.Close != nil {
		ev.Close(c, err)
	}
}

// largestKept is how large a buffer for messages is kept from one message to the next.
const largestKept = 64 << 10

// runEvents calls the functions of ev for the connection of e, which is in no loop, until that ends.
// They are deferred in case that one calls runtime.Goexit.
func (s *Server) runEvents(e *entry, ev *Events) {
	defer s.leave(e)
	defer s.guard(e.c)
	defer func() { ev.close(e.c, lastError(e.c)) }()
	returned := false
	defer func() {
		if !returned {
			logPanic(e.c, recover(), s.ErrorLog)
			e.c.Close(frame.StatusInternalError, "")
		}
	}()
	ev.open(e.c)
	s.readEvents(e.c, ev)
	returned = true
}

// readEvents reads messages for ev until the end.
func (s *Server) readEvents(c *conn.Conn, ev *Events) {
	var buf []byte
	for {
		typ, p, err := c.ReadAppend(context.Background(), buf[:0])
		if err != nil {
			return
		}
		ev.message(c, typ, p)
		if buf = p; cap(buf) > largestKept {
			buf = nil
		}
	}
}

// guard, deferred, logs a panic.
func (s *Server) guard(c *conn.Conn) { logPanic(c, recover(), s.ErrorLog) }

// lastError returns the error that c has ended with, and drops the messages before it.
func lastError(c *conn.Conn) error {
	for {
		if _, _, err := c.Reader(context.Background()); err != nil {
			return err
		}
	}
}
