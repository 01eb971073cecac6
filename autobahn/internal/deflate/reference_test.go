package deflate

import (
	"errors"
	"fmt"
)

// A step is a literal, or a match if length is not 0.
type step struct {
	octet        byte
	length, dist int
}

// A reader reads DEFLATE one bit at a time, as RFC 1951 has it written down.
// It is the reference for the tables and shortcuts of the package.
type reader struct {
	in []byte
	at int // in bits
}

var (
	fixedBook     = newBook(fixedLens[:], false)
	fixedDistBook = newBook(fixedDistLens[:], false)
)

var errShort = errors.New("short")

func (r *reader) bits(n int) int {
	v := 0
	for i := range n {
		if r.at >= len(r.in)*8 {
			panic(errShort)
		}
		v |= int(r.in[r.at/8]>>(r.at%8)&1) << i
		r.at++
	}
	return v
}

// A book has the symbol of each code, which is written with a 1 in front.
type book map[int]int

// newBook makes the book of the canonical code with these lengths. It panics if the code is not complete,
// unless it is for one symbol at the most.
func newBook(lens []uint8, few bool) book {
	b := make(book)
	code, left := 0, 1<<maxBits
	for n := 1; n <= maxBits; n++ {
		code <<= 1
		for s, l := range lens {
			if int(l) == n {
				b[1<<n|code] = s
				code++
				left -= 1 << (maxBits - n)
			}
		}
	}
	alone := len(b) == 0 || len(b) == 1 && left == 1<<(maxBits-1)
	if left != 0 && !(few && alone) {
		panic(ErrCorrupt)
	}
	return b
}

// symbol reads a code.
func (r *reader) symbol(b book) int {
	code := 1
	for range maxBits {
		code = code<<1 | r.bits(1)
		if s, ok := b[code]; ok {
			return s
		}
	}
	panic(ErrCorrupt)
}

// message reads the steps of a payload, to which it adds the tail.
func message(p []byte) (steps []step, kinds [3]int, err error) {
	r := &reader{in: append(append([]byte{}, p...), tail...)}
	defer func() {
		if e := recover(); e != nil {
			err = e.(error)
		}
	}()
	for r.at < len(r.in)*8 {
		final := r.bits(1)
		kind := r.bits(2)
		litlen, dist := fixedBook, fixedDistBook
		switch kind {
		case 0:
			r.at = (r.at + 7) &^ 7
			n, m := r.bits(16), r.bits(16)
			if n^m != 0xffff {
				return nil, kinds, ErrCorrupt
			}
			for range n {
				steps = append(steps, step{octet: byte(r.bits(8))})
			}
			if n > 0 {
				kinds[0]++
			}
		case 1, 2:
			if kind == 2 {
				litlen, dist = r.codes()
			}
			kinds[kind]++
			steps = r.block(steps, litlen, dist)
		default:
			return nil, kinds, ErrCorrupt
		}
		if final == 1 {
			r.at = (r.at + 7) &^ 7
		}
	}
	return steps, kinds, nil
}

func (r *reader) codes() (litlen, dist book) {
	var lens []uint8
	nlit, ndist, ncodel := r.bits(5)+257, r.bits(5)+1, r.bits(4)+4
	codel := make([]uint8, 19)
	for _, s := range codelOrder[:ncodel] {
		codel[s] = uint8(r.bits(3))
	}
	b := newBook(codel, false)
	if nlit > maxLitlen || ndist > maxDist {
		panic(ErrCorrupt)
	}
	for len(lens) < nlit+ndist {
		switch s := r.symbol(b); s {
		case 16:
			v := lens[len(lens)-1]
			for range 3 + r.bits(2) {
				lens = append(lens, v)
			}
		case 17:
			lens = append(lens, make([]uint8, 3+r.bits(3))...)
		case 18:
			lens = append(lens, make([]uint8, 11+r.bits(7))...)
		default:
			lens = append(lens, uint8(s))
		}
	}
	if len(lens) > nlit+ndist || lens[256] == 0 {
		panic(ErrCorrupt)
	}
	return newBook(lens[:nlit], true), newBook(lens[nlit:], true)
}

func (r *reader) block(steps []step, litlen, dist book) []step {
	for {
		s := r.symbol(litlen)
		switch {
		case s < 256:
			steps = append(steps, step{octet: byte(s)})
		case s == 256:
			return steps
		case s >= maxLitlen:
			panic(ErrCorrupt)
		default:
			var t step
			t.length = int(lengthBase[s-257]) + r.bits(int(lengthExtra[s-257]))
			if s = r.symbol(dist); s >= maxDist {
				panic(ErrCorrupt)
			}
			t.dist = int(distBase[s]) + r.bits(int(distExtra[s]))
			steps = append(steps, t)
		}
	}
}

// expand appends what the steps say to out, in which earlier messages are.
// No match may reach back further than size octets.
func expand(out []byte, steps []step, size int) ([]byte, error) {
	for _, s := range steps {
		if s.length == 0 {
			out = append(out, s.octet)
			continue
		}
		if s.dist > size || s.dist > len(out) {
			return nil, fmt.Errorf("match reaches back %d octets at %d", s.dist, len(out))
		}
		for range s.length {
			out = append(out, out[len(out)-s.dist])
		}
	}
	return out, nil
}

// encode makes the payload of a message that consists of these steps, in one fixed block.
func encode(steps []step, final bool) []byte {
	var w bitWriter
	w.reserve(3 + len(steps)*40)
	if final {
		w.put(1, 1)
	} else {
		w.put(0, 1)
	}
	w.put(1, 2)
	put := func(c code) { w.put(uint64(c.bits), uint(c.n)) }
	for _, s := range steps {
		if s.length == 0 {
			put(fixedCodes.litlen[s.octet])
			continue
		}
		l := lengthCode[s.length-3]
		put(fixedCodes.litlen[257+int(l)])
		w.put(uint64(s.length-int(lengthBase[l])), uint(lengthExtra[l]))
		d := distCode(uint32(s.dist - 1))
		put(fixedCodes.dist[d])
		w.put(uint64(s.dist-int(distBase[d])), uint(distExtra[d]))
	}
	put(fixedCodes.litlen[256])
	if final {
		w.align()
	}
	return w.flush()
}
