package conn

import (
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// An outgoing is a message to be sent, checked. The zero outgoing is none.
type outgoing struct {
	typ      frame.Opcode
	data     []byte
	prepared *Prepared // that data belongs to; nil if it belongs to none
}

// event returns the frame that sends m.
func (m outgoing) event() protocol.Event {
	return protocol.Event{Opcode: m.typ, Fin: true, Data: m.data}
}
