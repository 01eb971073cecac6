// Package drive is how package server drives a connection of package conn that lives in a loop:
// there is no goroutine then that waits for its input.
package drive

import (
	"net"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/netloop"
)

// A Network is a connection in a loop. conn.New calls Attach with what drives the new Conn.
type Network interface {
	net.Conn
	InLoop() *netloop.Socket
	Attach(Driven)
}

// A Driven is a Conn as the tenant of its socket sees it.
type Driven interface {
	// Enter and Leave enclose its use. Begin, Next, Flush and Err are for turns, and called in between.
	Enter()
	Leave()

	// Begin begins a turn.
	Begin(w *netloop.Worker)

	// Next returns the next message, if there is one, without waiting. p is appended to dst,
	// or in another place that is the caller's, and may become a block again.
	Next(w *netloop.Worker, dst []byte) (s Status, typ frame.Opcode, p []byte)

	// Flush sends what is held back, since there will be another turn before Next is called again.
	Flush()

	// Err returns why the connection has ended, or is being failed; nil if neither.
	Err() error

	// Overstayed and Late are those of netloop.Tenant.
	Overstayed()
	Late()
}

// A Status is what Next found.
type Status int

const (
	// Nothing: there is no message yet. There will be a turn when there may be one, or the end.
	Nothing = Status(iota)

	// More: there is none yet, but more to read. Others should have their turns first.
	More

	// Message: there is one.
	Message

	// Ended: the connection has ended and there will be no message any more.
	Ended
)
