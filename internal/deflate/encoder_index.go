package deflate

import (
	"encoding/binary"
	"math/bits"
)

// hashLen is how many bytes are looked up.
const hashLen = 4

// An index says where in a buffer the same bytes may stand. Its positions are those of
// all that was ever in the buffer, modulo 2^16. They may be of bytes that are gone, and of
// others than those looked up: what counts is whether the buffer has the same
// bytes at that distance.
type index struct {
	base  uint16 // the position of the first byte of the buffer
	shift uint8  // of a hash
	done  int    // how far into the buffer it is up to date

	heads []uint16 // the newest position of a hash
	chain []uint16 // by position, the one before it of the same hash; not for Fastest
}

// newIndex returns an index for a buffer of size bytes, a power of two. It takes half as much
// memory as the buffer for Fastest, a little more than twice as much for others.
func newIndex(level Level, size int) index {
	n := bits.Len(uint(size)) - 1
	switch level {
	case Fastest:
		n -= 2
		return index{shift: uint8(32 - n), heads: make([]uint16, 1<<n)}
	case Balanced:
		n -= 4
	default:
		n -= 3
	}
	return index{shift: uint8(32 - n), heads: make([]uint16, 1<<n), chain: make([]uint16, size)}
}

// newSharedIndex returns an index for messages without a window. It need not be small.
func newSharedIndex(level Level) index {
	if level == Fastest {
		return index{heads: make([]uint16, 1<<14)}
	}
	return index{heads: make([]uint16, 1<<15), chain: make([]uint16, 1<<maxWindowBits)}
}

// use takes for a message of size bytes only a part of a shared index, which stays in the caches.
func (x *index) use(size int) index {
	n := min(max(bits.Len(uint(size)), 8), bits.Len(uint(len(x.heads)))-1)
	y := *x
	y.heads = x.heads[:1<<n]
	y.shift = uint8(32 - n)
	return y
}

// clear forgets all positions. A chain is reached only through heads.
func (x *index) clear() { clear(x.heads) }

// hash returns the place in heads for the bytes v.
func (x *index) hash(v uint32) uint32 {
	return v * 0x9e3779b1 >> (x.shift & 31)
}

// insert brings x up to date with buf, as far as to.
func (x *index) insert(buf []byte, to int) {
	to = min(to, len(buf)-hashLen+1)
	if x.chain != nil {
		x.insertChain(buf, x.done, to)
	} else {
		for i := x.done; i < to; i++ {
			x.heads[x.hash(load32(buf, i))] = x.base + uint16(i)
		}
	}
	x.done = max(x.done, to)
}

// insertChain notes the positions of buf from from up to to.
func (x *index) insertChain(buf []byte, from, to int) {
	for i := from; i < to; i++ {
		x.link(load32(buf, i), x.base+uint16(i))
	}
}

// link puts pos in front of the chain of v and returns the position after it.
func (x *index) link(v uint32, pos uint16) (next uint16) {
	p := &x.heads[x.hash(v)]
	next, *p = *p, pos
	x.chain[int(pos)&(len(x.chain)-1)] = next
	return next
}

// matchLen returns for how many bytes buf[i:] and what stands d before it are the same,
// the first n being known to be, up to the longest match.
func matchLen(buf []byte, i, d, n int) int {
	b := buf[i:min(i+maxMatch, len(buf))]
	a := buf[i-d : i-d+len(b)]
	for n+8 <= len(b) && n+8 <= len(a) {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)>>3
		}
		n += 8
	}
	for n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// load32 returns the four bytes at i.
func load32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
