package frame

import (
	"encoding/binary"
	"errors"
	"math"
)

// Sizes in bytes.
const (
	// MaxHeaderSize is the size of the longest header:
	// two bytes, a 64-bit length and a masking key.
	MaxHeaderSize = 14

	// MaxControlPayload is the size of the longest payload
	// that a control frame may have.
	//
	// https://www.rfc-editor.org/rfc/rfc6455#section-5.5
	MaxControlPayload = 125
)

// The bits of Header.RSV.
const (
	RSV1 = 4
	RSV2 = 2
	RSV3 = 1
)

// What can be wrong with a header on its own.
var (
	// ErrLengthNegative reports a 64-bit length whose top bit is set.
	ErrLengthNegative = errors.New("payload length has its top bit set")

	// ErrLengthNotMinimal reports a length that would have fit a shorter form.
	ErrLengthNotMinimal = errors.New("payload length is not in its shortest form")
)

// A Header is what precedes the payload of a frame.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.2
type Header struct {
	Fin    bool    // the frame is the last of its message
	RSV    uint8   // reserved bits: RSV1 | RSV2 | RSV3
	Opcode Opcode  // how to interpret the payload
	Masked bool    // the payload is masked with Key
	Key    [4]byte // masking key; zero if not Masked
	Length int64   // size of the payload in bytes
}

// The bits of a header's first two bytes,
// and the two values of the 7-bit length that announce a longer form.
const (
	finBit  = 0x80
	maskBit = 0x80

	length16 = 126 // 16 bits follow
	length64 = 127 // 64 bits follow
)

// Consume decodes the header at the start of b and returns its size n.
// If n is 0 and err is nil, b ends before the header does.
//
// Whenever b has two bytes or more, and n is 0, with an error or without,
// Fin, RSV, Opcode and Masked are already right and Length is the 7-bit field:
// exact up to 125, while 126 and 127 are only lower bounds of a longer form.
// So the caller can judge a header at the very byte that breaks a rule.
// With fewer than two bytes, h is zero.
//
// The errors are [ErrLengthNegative] and [ErrLengthNotMinimal]. They are found
// once the length has arrived, whether or not the masking key has.
// RFC 6455 puts the shortest form on the sender alone ("the minimal number of
// bytes MUST be used"); Consume holds the peer to it.
func Consume(b []byte) (h Header, n int, err error) {
	if len(b) < 2 {
		return Header{}, 0, nil
	}
	// FIN (1), RSV1-3 (3), opcode (4),
	h.Fin = b[0]&finBit != 0
	h.RSV = b[0] >> 4 & 0x7
	h.Opcode = Opcode(b[0] & 0xF)

	// MASK (1), payload length (7),
	h.Masked = b[1]&maskBit != 0
	h.Length = int64(b[1] & 0x7F)

	// Extended payload length (0, 16 or 64),
	length, n, err := consumeLength(b)
	if n == 0 {
		return h, 0, err
	}
	// Masking key (0 or 32).
	if h.Masked {
		if len(b) < n+4 {
			return h, 0, nil
		}
		n += copy(h.Key[:], b[n:])
	}
	h.Length = length
	return h, n, nil
}

// consumeLength decodes the payload length of the header at the start of b,
// which has at least two bytes, and returns the size n of the header so far.
// On error, and if b ends before the length does, n is 0.
func consumeLength(b []byte) (length int64, n int, err error) {
	switch length = int64(b[1] & 0x7F); length {
	case length16:
		if len(b) < 4 {
			return 0, 0, nil
		}
		v := binary.BigEndian.Uint16(b[2:])
		if v < length16 {
			return 0, 0, ErrLengthNotMinimal
		}
		return int64(v), 4, nil
	case length64:
		if len(b) < 10 {
			return 0, 0, nil
		}
		v := int64(binary.BigEndian.Uint64(b[2:]))
		switch {
		case v < 0: // "the most significant bit MUST be 0"
			return 0, 0, ErrLengthNegative
		case v <= math.MaxUint16:
			return 0, 0, ErrLengthNotMinimal
		}
		return v, 10, nil
	default:
		return length, 2, nil
	}
}

// Append appends the encoding of h to b, with the length in its shortest form.
// It panics if h.Length is negative.
func (h Header) Append(b []byte) []byte {
	if h.Length < 0 {
		panic("frame: Header.Append: negative Length")
	}
	// FIN (1), RSV1-3 (3), opcode (4),
	first := h.RSV&0x7<<4 | uint8(h.Opcode)&0xF
	if h.Fin {
		first |= finBit
	}
	// MASK (1),
	var mask uint8
	if h.Masked {
		mask = maskBit
	}
	// payload length (7), extended payload length (0, 16 or 64),
	switch {
	case h.Length < length16:
		b = append(b, first, mask|uint8(h.Length))
	case h.Length <= math.MaxUint16:
		b = append(b, first, mask|length16)
		b = binary.BigEndian.AppendUint16(b, uint16(h.Length))
	default:
		b = append(b, first, mask|length64)
		b = binary.BigEndian.AppendUint64(b, uint64(h.Length))
	}
	// Masking key (0 or 32).
	if h.Masked {
		b = append(b, h.Key[:]...)
	}
	return b
}

// Size returns how many bytes Append appends.
func (h Header) Size() int {
	n := 2
	switch {
	case h.Length < length16:
	case h.Length <= math.MaxUint16:
		n += 2
	default:
		n += 8
	}
	if h.Masked {
		n += 4
	}
	return n
}
