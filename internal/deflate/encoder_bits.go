package deflate

import (
	"encoding/binary"
	"slices"
)

// bitSlack is how many bytes beyond the last whole one a bitWriter may touch.
const bitSlack = 8

// A bitWriter appends bits to bytes. Whoever writes has reserved the room.
type bitWriter struct {
	buf []byte // whole bytes
	acc uint64 // the bits after them, from the lowest up
	n   uint   // how many; fewer than 8 between calls
}

// reserve makes room for so many bits.
func (b *bitWriter) reserve(bits int) {
	b.buf = slices.Grow(b.buf, bits/8+2*bitSlack)
}

// write appends the n lowest bits of v, which has no others. n is at most 56.
func (b *bitWriter) write(v uint64, n uint) {
	b.acc |= v << b.n
	b.n += n
	at := len(b.buf)
	binary.LittleEndian.PutUint64(b.buf[at:at+8:cap(b.buf)], b.acc)
	whole := b.n >> 3
	b.buf = b.buf[:at+int(whole)]
	b.acc >>= whole * 8
	b.n &= 7
}

// align appends zeros up to the next byte.
func (b *bitWriter) align() {
	b.write(0, -b.n&7)
}
