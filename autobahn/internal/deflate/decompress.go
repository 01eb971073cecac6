package deflate

import (
	"errors"
	"slices"
)

// A Decompressor takes the messages apart that the peer compressed.
//
// It accepts and refuses what an inflater with a sliding window does that gets room for 16 KiB of output
// at first, and for as much again as it has written whenever that is full, with a whole message as its input.
// Such an inflater has two places to copy a match from: the room that it is filling, all of it,
// and its window, which is what came before that room. So a match that is further into the room
// may reach back further than the window, and only one that finds nothing in either is an error.
// A match that goes on in the next room has to be found from there once more.
//
// The same inflater does not mind if a message ends inside a block: the next message goes on in it,
// unless the context is not taken over.
type Decompressor struct {
	size     int // octets of the window
	takeover bool
	err      error // of an earlier message; there is nothing to be had after it

	// What goes on from one message to the next.
	hist   []byte // the last octets of earlier messages, size of them or more
	mode   mode
	final  bool   // BFINAL of the current block
	stored int    // octets that are left of a stored block
	rest   []byte // input that was too short to be used
	skip   int    // bits of its first octet that have been used

	// Input: the bits in buf come before in[pos]. Bits of buf above the n lowest are
	// zero, or those of in[pos] and so on.
	in  []byte
	pos int
	buf uint64
	n   uint

	// Output: the message is out[base:q], and may become out[base:limit].
	out     []byte
	base, q int
	limit   int
	room    int // where the current stretch of output ends, and the next begins
	first   int // where the first stretch began
	reach   int // a match at q may reach back q+reach octets

	litlen, dist *table
	tables       [2]table // of a dynamic block
}

// NewDecompressor returns a decompressor for a window of 8 to 15 bits; 0 is 15.
func NewDecompressor(window int, takeover bool) *Decompressor {
	return &Decompressor{size: windowSize(window), takeover: takeover}
}

// windowSize returns the octets of a window.
func windowSize(window int) int {
	switch {
	case window == 0:
		window = 15
	case window < 8 || window > 15:
		panic("deflate: window of less than 8 or more than 15 bits")
	}
	return 1 << window
}

// A mode is what comes next in the input.
type mode uint8

const (
	atHeader mode = iota // of a block
	inStored
	inCodes
)

var (
	tail = []byte{0, 0, 0xff, 0xff}

	errStarved = errors.New("the input is used up") // never seen outside
)

// Append appends to dst the message whose payload is p, without the tail.
// If the message has more than limit octets, the first limit are appended, and the error is ErrTooLong.
// After an error all that follows fails too, unless the context is not taken over.
func (d *Decompressor) Append(dst, p []byte, limit int) ([]byte, error) {
	if !d.takeover {
		d.hist, d.rest, d.skip = d.hist[:0], d.rest[:0], 0
		d.mode, d.stored, d.err = atHeader, 0, nil
	}
	if d.err != nil {
		return dst, d.err
	}
	d.out, d.base, d.q = dst, len(dst), len(dst)
	d.limit = d.base + max(0, min(limit, maxInt-d.base))
	d.err = d.run(p)
	if d.err == nil {
		d.err = d.run(tail)
	}
	dst = d.out[:d.q]
	if d.takeover && d.err == nil {
		d.keep(dst[d.base:])
	}
	d.in, d.out = nil, nil
	return dst, d.err
}

const maxInt = int(^uint(0) >> 1)

// keep takes the end of the message m over into the window. It moves octets only once in a while.
func (d *Decompressor) keep(m []byte) {
	m = m[max(0, len(m)-d.size):]
	if len(d.hist)+len(m) > 2*d.size {
		d.hist = d.hist[:copy(d.hist, d.hist[len(d.hist)+len(m)-d.size:])]
	}
	d.hist = append(d.hist, m...)
}

// run decodes p, and what was left of the input before it.
func (d *Decompressor) run(p []byte) error {
	d.in, d.pos, d.buf, d.n = p, 0, 0, 0
	if len(d.rest) > 0 {
		d.rest = append(d.rest, p...)
		d.in = d.rest
		d.bits(d.skip)
	}
	d.first = d.q
	d.begin(firstRoom)

	err := d.blocks()
	if err != errStarved {
		return err
	}
	at := d.pos*8 - int(d.n)
	d.rest, d.skip = append(d.rest[:0], d.in[at/8:]...), at%8
	return nil
}

// firstRoom is the length of the first stretch of output.
const firstRoom = 16 << 10

// begin begins a stretch of output at q. Before it there is the window.
func (d *Decompressor) begin(n int) {
	start := d.q - d.base
	d.room = d.q + min(n, maxInt-d.q)
	d.reach = min(d.size, len(d.hist)+start) - start - d.base
}

// blocks decodes blocks until the input is used up, or bad.
func (d *Decompressor) blocks() error {
	for {
		var err error
		switch d.mode {
		case atHeader:
			pos, buf, n := d.pos, d.buf, d.n
			if err = d.header(); err == errStarved {
				d.pos, d.buf, d.n = pos, buf, n
			}
		case inStored:
			err = d.copyStored()
		case inCodes:
			err = d.codes()
		}
		if err != nil {
			return err
		}
	}
}

// bits takes k bits, 16 at the most, off the input.
func (d *Decompressor) bits(k int) (v int, ok bool) {
	if !d.fill(uint(k)) {
		return 0, false
	}
	v = int(d.buf & (1<<k - 1))
	d.drop(uint(k))
	return v, true
}

// fill has k bits in buf, if there are so many.
func (d *Decompressor) fill(k uint) bool {
	for d.n < k {
		if d.pos == len(d.in) {
			return false
		}
		d.buf |= uint64(d.in[d.pos]) << d.n
		d.pos++
		d.n += 8
	}
	return true
}

func (d *Decompressor) drop(k uint) {
	d.buf >>= k
	d.n -= k
}

// header decodes the header of a block.
func (d *Decompressor) header() error {
	h, ok := d.bits(3)
	if !ok {
		return errStarved
	}
	d.final = h&1 != 0
	switch h >> 1 {
	case 0:
		return d.storedHeader()
	case 1:
		d.litlen, d.dist, d.mode = &fixedLitlen, &fixedDist, inCodes
		return nil
	case 2:
		return d.dynamicHeader()
	}
	return ErrCorrupt
}

// storedHeader decodes the lengths of a stored block, and leaves no bits in buf.
func (d *Decompressor) storedHeader() error {
	d.align()
	n, ok := d.bits(16)
	if !ok {
		return errStarved
	}
	m, ok := d.bits(16)
	if !ok {
		return errStarved
	}
	if n != m^0xffff {
		return ErrCorrupt
	}
	d.pos -= int(d.n / 8)
	d.buf, d.n = 0, 0
	d.stored, d.mode = n, inStored
	return nil
}

// align drops the rest of an octet of which some bits were used.
func (d *Decompressor) align() { d.drop(d.n % 8) }

// endBlock goes on behind a block. Behind one with BFINAL the next begins with a new octet:
// section 7.2.3.4 of RFC 7692.
func (d *Decompressor) endBlock() {
	if d.final {
		d.align()
	}
	d.mode = atHeader
}

// copyStored copies the octets of a stored block.
func (d *Decompressor) copyStored() error {
	for d.stored > 0 {
		if d.pos == len(d.in) {
			return errStarved
		}
		k, err := d.grow(min(d.stored, len(d.in)-d.pos))
		if err != nil {
			return err
		}
		copy(d.out[d.q:d.q+k], d.in[d.pos:])
		d.q, d.pos, d.stored = d.q+k, d.pos+k, d.stored-k
	}
	d.endBlock()
	return nil
}

// grow makes place for k octets, or for less: in the current stretch, or in a new one if that is full.
func (d *Decompressor) grow(k int) (int, error) {
	if d.q == d.limit {
		return 0, ErrTooLong
	}
	if d.q == d.room {
		d.begin(d.q - d.first)
	}
	k = min(k, d.room-d.q, d.limit-d.q)
	if d.q+k > len(d.out) {
		// The length of out is all of its capacity: what is behind q is spare.
		want := max(k, min(max(512, d.q-d.base), d.limit-d.q))
		d.out = slices.Grow(d.out[:d.q], want+fastRoom)
		d.out = d.out[:cap(d.out)]
	}
	return k, nil
}
