package deflate

import (
	"encoding/binary"
	"math/bits"
)

// A Compressor compresses messages.
//
// It cuts a message into pieces, each of which becomes a block: of the three kinds the one
// that is shortest. Octets are looked up by a hash of four, in a chain of the places
// where that was seen before, as far as the window reaches.
type Compressor struct {
	size     uint32 // octets of the window
	takeover bool

	// Positions count the octets of all messages. That of buf[0] is at;
	// it is large enough from the start for position 0 to be outside of the window.
	buf   []byte // the window, followed by the message
	at    uint32
	head  []uint32 // hash -> the last position
	prev  []uint32 // position modulo size -> the one before with the same hash
	shift uint     // 32 less the bits of a hash

	out    bitWriter
	tokens []token
	litlen [maxLitlen]uint32 // how often the symbols occur in them
	dist   [maxDist]uint32
	plan   plan
}

const (
	pieceSize = 64 << 10
	minMatch  = 4 // RFC 1951 has 3, but those gain little
	maxMatch  = 258

	tries    = 4  // places to look at
	lazySize = 16 // a match of this length is taken; otherwise the next place may have a longer one
	goodSize = 48 // no longer match is looked for
)

// NewCompressor returns a compressor for a window of 8 to 15 bits; 0 is 15.
// Without takeover of the context each message is compressed for itself.
func NewCompressor(window int, takeover bool) *Compressor {
	size := windowSize(window)
	hashBits := min(max(bits.Len(uint(size)), 10), 15)
	return &Compressor{
		size:     uint32(size),
		takeover: takeover,
		at:       uint32(size) + 1,
		head:     make([]uint32, 1<<hashBits),
		prev:     make([]uint32, size),
		shift:    uint(32 - hashBits),
	}
}

// Append appends to dst the payload of a message that is msg, without the tail: one octet at least.
func (c *Compressor) Append(dst, msg []byte) []byte {
	if !c.takeover {
		c.forget()
	}
	c.out = bitWriter{b: dst}
	for len(msg) > 0 {
		piece := msg[:min(len(msg), pieceSize)]
		msg = msg[len(piece):]
		c.slide(len(piece))
		start := len(c.buf)
		c.buf = append(c.buf, piece...)
		c.parse(start)
		c.block(piece)
	}
	dst = c.out.flush()
	c.out.b = nil
	return dst
}

// forget leaves the window behind: all positions so far are outside of it.
func (c *Compressor) forget() {
	c.at += uint32(len(c.buf)) + c.size
	c.buf = c.buf[:0]
	c.rebase()
}

// slide makes place for n octets in buf by dropping what is before the window.
func (c *Compressor) slide(n int) {
	if len(c.buf)+n <= int(c.size)+pieceSize {
		return
	}
	if drop := len(c.buf) - int(c.size); drop > 0 {
		c.buf = c.buf[:copy(c.buf, c.buf[drop:])]
		c.at += uint32(drop)
	}
	c.rebase()
}

// rebase starts counting the positions anew before there are too many for 32 bits.
func (c *Compressor) rebase() {
	if c.at < 1<<31 {
		return
	}
	// What is in the window is forgotten by the tables, not by the peer: no harm is done.
	clear(c.head)
	clear(c.prev)
	c.at = c.size + 1
}

// A token is a literal, or a match: its length less 3 above 16 bits of the distance less 1.
type token uint32

const matchFlag token = 1 << 31

// parse finds the tokens for buf[start:].
func (c *Compressor) parse(start int) {
	c.tokens = c.tokens[:0]
	clear(c.litlen[:])
	clear(c.dist[:])
	buf := c.buf
	last := len(buf) - minMatch // where the last hash begins
	misses := 0
	i := start
	for i <= last {
		length, dist := c.find(i, minMatch-1)
		if length < minMatch {
			// What does not compress is looked at less and less closely.
			misses++
			for step := min(1+misses>>6, 16); step > 0 && i < len(buf); step-- {
				c.literal(buf[i])
				i++
			}
			continue
		}
		misses = 0
		next := i + 1 // the first position that is not yet in the tables
		for length < lazySize && i+1 <= last {
			l, d := c.find(i+1, length)
			next = i + 2
			if l <= length {
				break
			}
			c.literal(buf[i])
			i, length, dist = i+1, l, d
		}
		c.match(length, dist)
		i += length
		c.insert(next, i)
	}
	for ; i < len(buf); i++ {
		c.literal(buf[i])
	}
}

// insert enters the positions of buf[from:to] into the tables: not all of them if they are many.
func (c *Compressor) insert(from, to int) {
	to = min(to, len(c.buf)-minMatch+1)
	if to-from > 16 {
		for ; from < to-8; from += 8 {
			c.enter(from)
		}
	}
	for ; from < to; from++ {
		c.enter(from)
	}
}

// enter enters the position of buf[i], and returns the one that it takes the place of.
func (c *Compressor) enter(i int) uint32 {
	h := binary.LittleEndian.Uint32(c.buf[i:]) * 0x9e3779b1 >> (c.shift & 31)
	p := c.at + uint32(i)
	old := c.head[h]
	c.head[h] = p
	c.prev[p&(c.size-1)] = old
	return old
}

// find looks for a match at buf[i] that is longer than length, and enters the position.
func (c *Compressor) find(i, length int) (best, dist int) {
	cand := c.enter(i)
	p := c.at + uint32(i)
	buf := c.buf
	most := min(len(buf)-i, maxMatch)
	if most <= length {
		return length, 0
	}
	best = length
	here := buf[i : i+most]
	for range tries {
		d := p - cand
		if d > c.size {
			break // outside of the window, as everything further down the chain
		}
		from := i - int(d)
		there := buf[from : from+most]
		if there[best] == here[best] {
			if n := common(there, here); n > best {
				best, dist = n, int(d)
				if n >= goodSize || n == most {
					break
				}
			}
		}
		next := c.prev[cand&(c.size-1)]
		if next >= cand {
			break // its place was taken since
		}
		cand = next
	}
	return best, dist
}

// common returns how many octets a and b, which are of the same length, have in common at the start.
func common(a, b []byte) int {
	n := 0
	for n+8 <= len(a) && n+8 <= len(b) {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
		n += 8
	}
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func (c *Compressor) literal(b byte) {
	c.tokens = append(c.tokens, token(b))
	c.litlen[b]++
}

func (c *Compressor) match(length, dist int) {
	c.tokens = append(c.tokens, matchFlag|token(length-3)<<16|token(dist-1))
	c.litlen[257+int(lengthCode[length-3])]++
	c.dist[distCode(uint32(dist-1))]++
}

// block writes the tokens, which stand for piece, in the kind of block that is shortest.
func (c *Compressor) block(piece []byte) {
	c.litlen[256]++
	extra := c.extraBits()
	fixed := 3 + extra + cost(c.litlen[:], fixedLens[:]) + cost(c.dist[:], fixedDistLens[:])
	dynamic := fixed
	if fixed > 300 { // otherwise the codes alone take more than they can save
		dynamic = 3 + extra + c.makePlan()
	}
	stored := c.out.storedCost(len(piece))
	switch {
	case stored <= min(fixed, dynamic):
		c.out.stored(piece)
	case fixed <= dynamic:
		c.out.reserve(fixed)
		c.out.write(1<<1, 3)
		c.write(&fixedCodes.litlen, &fixedCodes.dist)
	default:
		c.out.reserve(dynamic)
		c.out.write(2<<1, 3)
		c.plan.write(&c.out)
		c.write(&c.plan.litlen, &c.plan.dist)
	}
}

// extraBits returns how many extra bits the lengths and distances have.
func (c *Compressor) extraBits() int {
	n := 0
	for i, x := range lengthExtra {
		n += int(x) * int(c.litlen[257+i])
	}
	for i, x := range distExtra {
		n += int(x) * int(c.dist[i])
	}
	return n
}

// cost returns how many bits the symbols take that occur so often and have codes so long.
func cost(count []uint32, lens []uint8) int {
	n := 0
	for i, k := range count {
		n += int(k) * int(lens[i])
	}
	return n
}

// write writes the tokens and the end of the block.
func (c *Compressor) write(litlen *[maxLitlen + 2]code, dist *[maxDist + 2]code) {
	w := c.out
	for _, t := range c.tokens {
		if t&matchFlag == 0 {
			k := litlen[t&0xff]
			w.put(uint64(k.bits), uint(k.n))
			continue
		}
		l := t >> 16 & 0xff
		s := lengthCode[l]
		k := litlen[257+int(s)]
		v, n := uint64(k.bits), uint(k.n)
		v |= uint64(l+3-token(lengthBase[s])) << n
		n += uint(lengthExtra[s])

		far := uint32(t & 0x7fff)
		ds := distCode(far)
		k = dist[ds]
		v |= uint64(k.bits) << n
		n += uint(k.n)
		v |= uint64(far+1-uint32(distBase[ds])) << n
		n += uint(distExtra[ds])
		w.put(v, n)
	}
	k := litlen[256]
	w.put(uint64(k.bits), uint(k.n))
	c.out = w
}

// lengthCode is the code of a length less 3, distSmall and distLarge that of a distance less 1.
var lengthCode, distSmall, distLarge = makeCodes()

func makeCodes() (length, small, large [256]uint8) {
	for i := range lengthBase {
		for j := range 1 << lengthExtra[i] {
			if k := int(lengthBase[i]) - 3 + j; k < 256 {
				length[k] = uint8(i) // 258 has a code of its own, the last
			}
		}
	}
	for i := range distBase {
		for j := range 1 << distExtra[i] {
			k := int(distBase[i]) - 1 + j
			if k < 256 {
				small[k] = uint8(i)
			}
			if k&127 == 0 {
				large[k>>7] = uint8(i)
			}
		}
	}
	return length, small, large
}

// distCode returns the code of the distance d+1.
func distCode(d uint32) uint8 {
	if d < 256 {
		return distSmall[d]
	}
	return distLarge[d>>7&0xff]
}
