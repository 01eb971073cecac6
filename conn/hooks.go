package conn

import (
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// Hooks are told what happens to connections, for logs and metrics.
// Each may be nil. They are called from the goroutines of the connection,
// possibly from several at once, and must return soon; they may call methods that do not wait.
// A panic in one is a panic of whatever goroutine that is, often one of nobody: it ends the process.
type Hooks struct {
	// Open is called when a connection begins. If it panics, the connection is closed.
	Open func(c *Conn)

	// Close is called once, when a connection has ended, with the error that Read returns.
	// CloseError.ByPeer and its codes say which side closed with what.
	Close func(c *Conn, err error)

	// MessageIn is called with each complete message received, and its size in bytes,
	// when the connection has decoded the end of it, whether or not the application reads it to the end.
	// Messages that are dropped while the connection closes do not count.
	MessageIn func(c *Conn, typ frame.Opcode, size int64)

	// MessageOut is called with each complete message sent, and its size in bytes.
	MessageOut func(c *Conn, typ frame.Opcode, size int64)

	// RTT is called with the round-trip time of each ping that is answered,
	// of Config.Keepalive and of [Conn.Ping].
	RTT func(c *Conn, d time.Duration)

	// Drop is called with each message that the send queue had no room for, and its size.
	Drop func(c *Conn, typ frame.Opcode, size int64)
}

// open calls Open. Nobody else has c yet: if there is a panic, nobody but this can close it.
func (h *Hooks) open(c *Conn) {
	if h == nil || h.Open == nil {
		return
	}
	returned := false
	defer func() {
		if !returned {
			c.CloseNow()
		}
	}()
	h.Open(c)
	returned = true
}

func (h *Hooks) close(c *Conn, err error) {
	if h != nil && h.Close != nil {
		h.Close(c, err)
	}
}

func (h *Hooks) messageOut(c *Conn, typ frame.Opcode, size int) {
	if h != nil && h.MessageOut != nil {
		h.MessageOut(c, typ, int64(size))
	}
}

func (h *Hooks) drop(c *Conn, typ frame.Opcode, size int) {
	if h != nil && h.Drop != nil {
		h.Drop(c, typ, int64(size))
	}
}

func (h *Hooks) rtt(c *Conn, d time.Duration) {
	if h != nil && h.RTT != nil {
		h.RTT(c, d)
	}
}

// messageIn counts a piece of a message received, and tells the hook if it is the last.
// The caller holds c.rd.
func (c *Conn) messageIn(ev protocol.Event) {
	h := c.limits.Hooks
	if h == nil || h.MessageIn == nil {
		return
	}
	c.received += int64(len(ev.Data))
	if !ev.Fin {
		return
	}
	size := c.received
	c.received = 0
	h.MessageIn(c, ev.Opcode, size)
}
