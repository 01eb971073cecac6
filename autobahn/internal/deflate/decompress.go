package deflate

import (
	"encoding/binary"
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

// codes decodes symbols up to the end of the block.
func (d *Decompressor) codes() error {
	for {
		d.fast()
		if end, err := d.symbol(); end || err != nil {
			return err
		}
	}
}

// symbol decodes one symbol, whatever it is, or nothing if the input ends inside it.
func (d *Decompressor) symbol() (end bool, err error) {
	pos, buf, n := d.pos, d.buf, d.n
	e, err := d.lookup(d.litlen)
	if err == nil {
		switch {
		case e&literal != 0:
			if _, err = d.grow(1); err == nil {
				d.out[d.q] = byte(e >> valueShift)
				d.q++
			}
		case e&endOfBlock != 0:
			d.endBlock()
			end = true
		default:
			err = d.match(e)
		}
	}
	if err == errStarved {
		d.pos, d.buf, d.n = pos, buf, n
	}
	return end, err
}

// match decodes the rest of a match whose length has the entry e, and copies it.
func (d *Decompressor) match(e entry) error {
	length, err := d.value(e)
	if err != nil {
		return err
	}
	if e, err = d.lookup(d.dist); err != nil {
		return err
	}
	dist, err := d.value(e)
	if err != nil {
		return err
	}
	for length > 0 {
		k, err := d.grow(length)
		if err != nil {
			return err
		}
		if dist > d.q+d.reach { // again if it goes on in another stretch
			return ErrCorrupt
		}
		d.copyMatch(dist, k)
		length -= k
	}
	return nil
}

// copyMatch copies k octets from dist octets ago, possibly out of the window.
func (d *Decompressor) copyMatch(dist, k int) {
	if old := dist - (d.q - d.base); old > 0 {
		m := copy(d.out[d.q:d.q+k], d.hist[len(d.hist)-old:])
		d.q, k = d.q+m, k-m
	}
	repeat(d.out, d.q, dist, k)
	d.q += k
}

// repeat copies k octets of o to o[q] from dist octets before, where they may overlap.
func repeat(o []byte, q, dist, k int) {
	from, end := q-dist, q+k
	for q < end {
		q += copy(o[q:end], o[from:q])
	}
}

// lookup decodes one code.
func (d *Decompressor) lookup(t *table) (entry, error) {
	for {
		e := t.entries[d.buf&t.mask]
		if e&subtable != 0 {
			e = t.sub(e, d.buf)
		}
		switch k := uint(e & codeMask); {
		case k <= d.n && e&invalid != 0:
			return 0, ErrCorrupt
		case k <= d.n:
			d.drop(k)
			return e, nil
		case !d.fill(d.n + 1):
			return 0, errStarved
		}
	}
}

// value decodes the extra bits of a length or a distance.
func (d *Decompressor) value(e entry) (int, error) {
	v, ok := d.bits(int(e >> extraShift & 31))
	if !ok {
		return 0, errStarved
	}
	return int(e>>valueShift) + v, nil
}

// fastRoom is the place that one round of fast may need: some literals and a match, which is
// copied in whole words.
const fastRoom = 8 + 258 + 16

// fast decodes literals, and matches inside the message, while there is much input and much place.
// It may stop in front of any symbol.
func (d *Decompressor) fast() {
	stop := min(len(d.out), d.room, d.limit) - fastRoom
	in, pos, buf, n := d.in, d.pos, d.buf, d.n
	out, q := d.out, d.q
	litlen, litlenMask := d.litlen, d.litlen.mask&(tableSize-1)
	far, farMask := d.dist, d.dist.mask&(tableSize-1)
loop:
	for q < stop && pos+8 <= len(in) {
		buf |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
		pos += int((63 - n) >> 3)
		n |= 56

		e := litlen.entries[buf&litlenMask]
		for e&literal != 0 {
			buf >>= e & codeMask
			n -= uint(e & codeMask)
			out[q] = byte(e >> valueShift)
			q++
			if n < 48 {
				continue loop
			}
			e = litlen.entries[buf&litlenMask]
		}

		// What follows has 48 bits at the most: a code of 15 and 5 more, another and 13 more.
		b := buf
		if e&subtable != 0 {
			e = litlen.sub(e, b)
		}
		if e&(literal|endOfBlock|invalid) != 0 {
			break
		}
		x := e >> extraShift & 31
		b >>= e & codeMask
		length := int(e>>valueShift) + int(b&(1<<x-1))
		b >>= x
		used := uint(e&codeMask + x)

		if e = far.entries[b&farMask]; e&subtable != 0 {
			e = far.sub(e, b)
		}
		x = e >> extraShift & 31
		b >>= e & codeMask
		dist := int(e>>valueShift) + int(b&(1<<x-1))
		b >>= x
		used += uint(e&codeMask + x)
		if e&invalid != 0 || dist > q+d.reach || dist > q-d.base {
			break // symbol finds out what it is
		}
		buf, n = b, n-used
		if length <= 16 && dist >= 8 {
			binary.LittleEndian.PutUint64(out[q:], binary.LittleEndian.Uint64(out[q-dist:]))
			binary.LittleEndian.PutUint64(out[q+8:], binary.LittleEndian.Uint64(out[q-dist+8:]))
		} else {
			repeat(out, q, dist, length)
		}
		q += length
	}
	d.pos, d.buf, d.n, d.q = pos, buf, n, q
}
