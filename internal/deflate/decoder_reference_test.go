package deflate

import (
	"math/bits"
	"slices"
)

// reference inflates payload bit by bit, in the simplest way there is. before is what the messages
// before it left; a match may reach back 2^bits bytes. What came out before an error counts too.
func reference(payload, before []byte, windowBits int) (out []byte, err error) {
	r := refReader{in: append(payload[:len(payload):len(payload)], tail...), out: before, window: 1 << windowBits}
	defer func() {
		out = r.out[len(before):]
		if e, ok := recover().(*CorruptError); ok {
			err = e
			if r.pos > 8*len(payload) {
				err = ErrTruncated // because of the tail
			}
		}
	}()
	for !r.complete {
		r.block()
	}
	return
}

// A refReader panics with the error.
type refReader struct {
	in     []byte
	pos    int // of the next bit
	out    []byte
	window int

	complete bool // the tail was the length of a stored block
}

// bits reads a number of n bits.
func (r *refReader) bits(n int) (v int) {
	for i := range n {
		if r.pos == 8*len(r.in) {
			panic(ErrTruncated)
		}
		v |= int(r.in[r.pos/8]>>(r.pos%8)&1) << i
		r.pos++
	}
	return v
}

func (r *refReader) align() { r.pos = (r.pos + 7) &^ 7 }

func (r *refReader) block() {
	final := r.bits(1) == 1
	switch r.bits(2) {
	case 0:
		r.stored()
	case 1:
		r.symbols(fixedRefCodes())
	case 2:
		r.symbols(r.dynamic())
	default:
		panic(ErrBlockType)
	}
	if final {
		r.align()
	}
}

func (r *refReader) stored() {
	r.align()
	n := r.bits(16)
	if n^r.bits(16) != 0xffff {
		panic(ErrStoredLength)
	}
	r.complete = r.pos == 8*len(r.in)
	for range n {
		r.out = append(r.out, byte(r.bits(8)))
	}
}

// dynamic reads the header of a dynamic block.
func (r *refReader) dynamic() (litlen, dist refCode) {
	nlit, ndist, nclen := r.bits(5)+257, r.bits(5)+1, r.bits(4)+4
	if nlit > 286 || ndist > 30 {
		panic(ErrCounts)
	}
	clens := make([]int, 19)
	for i := range nclen {
		clens[clenOrder[i]] = r.bits(3)
	}
	clen := newRefCode(clens)
	if clen.room != 0 {
		panic(ErrClenCode)
	}
	var lens []int
	for len(lens) < nlit+ndist {
		s := r.symbol(clen, nil)
		n, l := 1, s
		switch s {
		case 16:
			n, l = 3+r.bits(2), -1
			if len(lens) > 0 {
				l = lens[len(lens)-1]
			}
		case 17:
			n, l = 3+r.bits(3), 0
		case 18:
			n, l = 11+r.bits(7), 0
		}
		if l < 0 || len(lens)+n > nlit+ndist {
			panic(ErrRepeat)
		}
		for range n {
			lens = append(lens, l)
		}
	}
	litlen, dist = newRefCode(lens[:nlit]), newRefCode(lens[nlit:])
	switch {
	case lens[256] == 0:
		panic(ErrNoEnd)
	case litlen.room != 0 && litlen.longest > 1 || litlen.room < 0:
		panic(ErrLitlenCode)
	case dist.room != 0 && dist.longest > 1 || dist.room < 0:
		panic(ErrDistCode)
	}
	return litlen, dist
}

// symbols reads literals and matches up to the end of the block.
func (r *refReader) symbols(litlen, dist refCode) {
	for {
		s := r.symbol(litlen, ErrLitlenSymbol)
		switch {
		case s < 256:
			r.out = append(r.out, byte(s))
			continue
		case s == 256:
			return
		case s > 285:
			panic(ErrLitlenSymbol)
		}
		n := int(lengthBase[s-257]) + r.bits(int(lengthExtra[s-257]))
		s = r.symbol(dist, ErrDistSymbol)
		if s > 29 {
			panic(ErrDistSymbol)
		}
		d := int(distBase[s]) + r.bits(int(distExtra[s]))
		switch {
		case d > r.window:
			panic(ErrWindow)
		case d > len(r.out):
			panic(ErrTooFar)
		}
		for range n {
			r.out = append(r.out, r.out[len(r.out)-d])
		}
	}
}

// symbol reads a symbol. Bits that are no code are err.
func (r *refReader) symbol(c refCode, err *CorruptError) int {
	code := 1
	for n := 1; ; n++ {
		code = code<<1 | r.bits(1)
		if s, ok := c.symbols[code]; ok {
			return s
		}
		if n >= c.longest {
			panic(err)
		}
	}
}

// A refCode is symbols by their codes, which have a 1 before their first bit.
type refCode struct {
	symbols map[int]int
	longest int
	room    int // for codes of 15 bits; 0 is complete, negative is too many
}

// newRefCode assigns the codes: RFC 1951, section 3.2.2.
func newRefCode(lens []int) refCode {
	c := refCode{symbols: map[int]int{}, room: 1 << 15}
	code := 1
	for n := 1; n <= 15; n++ {
		code <<= 1
		for s, l := range lens {
			if l == n {
				c.symbols[code] = s
				c.longest = n
				c.room -= 1 << (15 - n)
				code++
			}
		}
	}
	return c
}

func fixedRefCodes() (litlen, dist refCode) {
	var lens []int
	for _, run := range [][2]int{{144, 8}, {112, 9}, {24, 7}, {8, 8}} {
		lens = append(lens, slices.Repeat([]int{run[1]}, run[0])...)
	}
	return newRefCode(lens), newRefCode(slices.Repeat([]int{5}, 32))
}

// A refWriter writes stored blocks and blocks with fixed codes.
type refWriter struct {
	out []byte
	n   int // bits
}

// refPayload is a message of one block.
func refPayload(parts ...part) []byte {
	w := new(refWriter)
	w.fixed(parts...)
	return w.end()
}

// end ends a message with an empty block, without the tail.
func (w *refWriter) end() []byte {
	w.number(0, 3)
	return w.out
}

// stored writes a stored block of b, which may be as long as one.
func (w *refWriter) stored(b []byte) {
	w.number(0, 3)
	w.out = append(w.out, byte(len(b)), byte(len(b)>>8), byte(^len(b)), byte(^len(b)>>8))
	w.out = append(w.out, b...)
	w.n = 8 * len(w.out)
}

// number writes n bits of v, the lowest first.
func (w *refWriter) number(v, n int) {
	for i := range n {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}

// symbol writes the code of s, the first bit first.
func (w *refWriter) symbol(c refCode, s int) {
	for code, t := range c.symbols {
		if t == s {
			for i := bits.Len(uint(code)) - 2; i >= 0; i-- {
				w.number(code>>i, 1)
			}
		}
	}
}

// A part of a block is literals or a match.
type part struct {
	literals     string
	length, dist int
}

// fixed writes a block of these.
func (w *refWriter) fixed(parts ...part) {
	litlen, dist := fixedRefCodes()
	w.number(1<<1, 3)
	for _, p := range parts {
		for _, b := range []byte(p.literals) {
			w.symbol(litlen, int(b))
		}
		if p.length == 0 {
			continue
		}
		s := refSymbol(lengthBase[:], p.length)
		w.symbol(litlen, firstLength+s)
		w.number(p.length-int(lengthBase[s]), int(lengthExtra[s]))
		s = refSymbol(distBase[:], p.dist)
		w.symbol(dist, s)
		w.number(p.dist-int(distBase[s]), int(distExtra[s]))
	}
	w.symbol(litlen, endOfBlock)
}

// refSymbol returns the symbol whose base is the last that is not greater than v.
func refSymbol(bases []uint16, v int) int {
	s := len(bases) - 1
	for int(bases[s]) > v {
		s--
	}
	return s
}
