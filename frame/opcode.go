package frame

import "strconv"

// An Opcode says how to interpret the payload of a frame. It has four bits.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.2
type Opcode uint8

// The assigned opcodes. All others are reserved.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-11.8
const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xA
)

// IsControl reports whether o belongs to a control frame:
// one whose opcode has its top bit set, reserved or not.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5
func (o Opcode) IsControl() bool {
	return o&0x8 != 0
}

// String returns the name of an assigned opcode, such as "ping",
// and the number of a reserved one, such as "opcode 0x3".
func (o Opcode) String() string {
	switch o {
	case Continuation:
		return "continuation"
	case Text:
		return "text"
	case Binary:
		return "binary"
	case Close:
		return "close"
	case Ping:
		return "ping"
	case Pong:
		return "pong"
	default:
		return "opcode 0x" + strconv.FormatUint(uint64(o), 16)
	}
}
