package deflate

import (
	"encoding/binary"
	"slices"
)

// A bitWriter writes bits, the lowest first. Those of the last octets are in bits until flush.
type bitWriter struct {
	b    []byte // all of its capacity may be written to
	bits uint64
	n    uint
}

// reserve makes place for n bits, and some more.
func (w *bitWriter) reserve(n int) {
	w.b = slices.Grow(w.b, n/8+24)
}

// put writes the n lowest bits of v, 48 at the most. There has to be place for them.
func (w *bitWriter) put(v uint64, n uint) {
	if w.n+n > 64 {
		w.spill()
	}
	w.bits |= v << (w.n & 63)
	w.n += n
}

// spill moves whole octets from bits to b.
func (w *bitWriter) spill() {
	k := len(w.b)
	binary.LittleEndian.PutUint64(w.b[k:k+8], w.bits)
	w.b = w.b[:k+int(w.n/8)]
	w.bits >>= w.n &^ 7 & 63
	if w.n >= 64 {
		w.bits = 0
	}
	w.n &= 7
}

// write writes some bits of a header.
func (w *bitWriter) write(v uint64, n uint) { w.put(v, n) }

// storedCost returns how many bits a stored block of n octets takes, in front of any alignment.
func (w *bitWriter) storedCost(n int) int {
	blocks := max(1, (n+maxStored-1)/maxStored)
	return n*8 + blocks*(3+7+32)
}

const maxStored = 0xffff

// stored writes p in stored blocks.
func (w *bitWriter) stored(p []byte) {
	for len(p) > 0 {
		n := min(len(p), maxStored)
		w.reserve(64)
		w.put(0, 3)
		w.align()
		w.put(uint64(n)|uint64(^uint16(n))<<16, 32)
		w.align()
		w.b = append(w.b, p[:n]...)
		p = p[n:]
	}
}

// align writes zero bits up to the next octet, and leaves none in bits.
func (w *bitWriter) align() {
	w.n = (w.n + 7) &^ 7
	w.reserve(64)
	w.spill()
}

// flush writes the header of an empty stored block, and returns all that was written:
// with the tail behind it the block is complete.
func (w *bitWriter) flush() []byte {
	w.reserve(64)
	w.put(0, 3)
	w.align()
	return w.b
}
