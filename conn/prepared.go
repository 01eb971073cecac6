package conn

import (
	"bytes"
	"context"

	"github.com/ws6455/ws/frame"
)

// A Prepared is a message that is encoded once and sent to many connections,
// whatever was negotiated with each. It may be used from any goroutine.
type Prepared struct {
	typ  frame.Opcode
	data []byte // the payload
}

// Prepare returns a message ready to be sent to many connections. It keeps a copy of p.
// A text message that is not valid UTF-8 is refused with [ErrInvalidUTF8].
func Prepare(typ frame.Opcode, p []byte) (*Prepared, error) {
	if err := checkMessage(typ, p); err != nil {
		return nil, err
	}
	return &Prepared{typ, bytes.Clone(p)}, nil
}

// Prepared returns m ready to be sent to many connections, as [Prepare] does,
// or nil if m cannot be sent, as the empty message with which [Conn.Messages] reports an error.
func (m Message) Prepared() *Prepared {
	p, _ := Prepare(m.Type, m.Data)
	return p
}

// valid reports whether m is a message: it may be nil, as of [Message.Prepared], or the zero Prepared.
func (m *Prepared) valid() bool { return m != nil && m.typ != 0 }

// outgoing returns m as it is sent.
func (m *Prepared) outgoing() outgoing { return outgoing{m.typ, m.data, m} }

// WritePrepared is [Conn.Write] for a prepared message. If m is nil it returns [ErrMessageType].
func (c *Conn) WritePrepared(ctx context.Context, m *Prepared) error {
	if !m.valid() {
		return ErrMessageType
	}
	return c.write(ctx, m.outgoing())
}
