package conn

import (
	"time"

	"github.com/ws6455/ws/frame"
)

// Hooks are told what happens to connections, for logs and metrics.
// Each may be nil. They are called from the goroutines of the connection,
// possibly from several at once, and must return soon; they may call methods that do not wait.
type Hooks struct {
	// Open is called when a connection begins.
	Open func(c *Conn)

	// Close is called once, when a connection has ended, with the error that Read returns.
	Close func(c *Conn, err error)

	// MessageIn is called with each complete message received, and its size in bytes.
	MessageIn func(c *Conn, typ frame.Opcode, size int64)

	// MessageOut is called with each complete message sent, and its size in bytes.
	MessageOut func(c *Conn, typ frame.Opcode, size int64)

	// RTT is called with the round-trip time of each ping that is answered.
	RTT func(c *Conn, d time.Duration)

	// Drop is called with each message that the send queue had no room for, and its size.
	Drop func(c *Conn, typ frame.Opcode, size int64)
}
