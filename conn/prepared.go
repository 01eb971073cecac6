package conn

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/deflate"
)

// A Prepared is a message that is encoded once and sent to many connections,
// whatever was negotiated with each. It may be used from any goroutine.
type Prepared struct {
	typ   frame.Opcode
	data  []byte // the payload
	plain bool   // not to be compressed

	mu    sync.Mutex // held while a packing is made
	forms atomic.Pointer[packing]
}

// A packing is a compressed form of a Prepared.
type packing struct {
	bits  int // of the window
	level deflate.Level
	p     []byte   // nil if that is not smaller
	next  *packing // another
}

// Prepare returns a message ready to be sent to many connections. It keeps a copy of p.
// A text message that is not valid UTF-8 is refused with [ErrInvalidUTF8].
func Prepare(typ frame.Opcode, p []byte) (*Prepared, error) {
	m, err := newOutgoing(typ, p)
	if err != nil {
		return nil, err
	}
	return &Prepared{typ: m.typ, data: bytes.Clone(p), plain: m.plain}, nil
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
func (m *Prepared) outgoing() outgoing { return outgoing{m.typ, m.data, m.plain, m} }

// packed returns the payload as z compresses it without what was sent before,
// or nil if that is not smaller. It is made for the first who asks.
func (m *Prepared) packed(z *deflater) []byte {
	first := m.forms.Load()
	if f := first.find(z); f != nil {
		return f.p
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	first = m.forms.Load()
	if f := first.find(z); f != nil {
		return f.p
	}
	f := &packing{bits: z.bits, level: z.level, next: first}
	if p, smaller := z.deflateSmaller(nil, m.data, nil); smaller {
		f.p = p
	}
	m.forms.Store(f)
	return f.p
}

// find returns the form for z, if it is f or behind it.
func (f *packing) find(z *deflater) *packing {
	for f != nil && (f.bits != z.bits || f.level != z.level) {
		f = f.next
	}
	return f
}

// WritePrepared is [Conn.Write] for a prepared message. If m is nil it returns [ErrMessageType].
func (c *Conn) WritePrepared(ctx context.Context, m *Prepared) error {
	if !m.valid() {
		return ErrMessageType
	}
	out := m.outgoing()
	return c.write(ctx, &out)
}
