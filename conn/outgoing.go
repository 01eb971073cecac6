package conn

import (
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// An outgoing is a message to be sent, checked. The zero outgoing is none.
type outgoing struct {
	typ      frame.Opcode
	data     []byte
	plain    bool      // not to be compressed
	prepared *Prepared // that data belongs to; nil if it belongs to none
}

// newOutgoing returns the message to be sent as p. typ may have Uncompressed added.
func newOutgoing(typ frame.Opcode, p []byte) (m outgoing, err error) {
	m = outgoing{typ: typ &^ Uncompressed, data: p, plain: typ&Uncompressed != 0}
	return m, m.check()
}

// check reports why m may not be sent.
func (m *outgoing) check() error {
	switch m.typ {
	case frame.Binary:
		return nil
	case frame.Text:
		var text frame.UTF8
		if !text.Check(m.data) || !text.Complete() {
			return ErrInvalidUTF8
		}
		return nil
	}
	return ErrMessageType
}

// event returns the frame that sends m.
func (m outgoing) event() protocol.Event {
	return protocol.Event{Opcode: m.typ, Fin: true, Data: m.data}
}
