package load

import (
	"encoding/binary"
	"fmt"
)

// The first byte of a frame.
const (
	fin  = 0x80
	rsv1 = 0x40
	rsv  = 0x70

	continuation = 0x0
	text         = 0x1
	binaryData   = 0x2
	closing      = 0x8
	ping         = 0x9
	pong         = 0xA
)

// appendFrame appends a masked frame to b.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.2
func appendFrame(b []byte, first byte, key [4]byte, p []byte) []byte {
	b = append(b, first)
	switch n := len(p); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = append(b, 0x80|126)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b = append(b, 0x80|127)
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = append(b, key[:]...)
	for i, c := range p {
		b = append(b, c^key[i%4])
	}
	return b
}

// A header is that of a server's frame: it has no mask.
type header struct {
	first  byte
	length uint64
}

// parseHeader decodes the header at the start of b. If b ends before the header does, n is 0.
func parseHeader(b []byte) (h header, n int, err error) {
	if len(b) < 2 {
		return header{}, 0, nil
	}
	if b[1]&0x80 != 0 {
		return header{}, 0, fmt.Errorf("the server masked a frame")
	}
	h = header{b[0], uint64(b[1])}
	switch n = 2; {
	case h.length == 126 && len(b) >= 4:
		h.length, n = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case h.length == 127 && len(b) >= 10:
		h.length, n = binary.BigEndian.Uint64(b[2:]), 10
	case h.length >= 126:
		return header{}, 0, nil
	}
	return h, n, nil
}
