package deflate

import (
	"encoding/binary"
	"math/bits"
)

// fewSymbols is how many literals and matches of a block no dynamic code pays for.
const fewSymbols = 32

// lengthSymbol is the symbol of a length, less firstLength, by the length less minMatch.
var lengthSymbol = func() (t [maxMatch - minMatch + 1]uint8) {
	for s := range lengthBase {
		for l := int(lengthBase[s]) - minMatch; l < len(t); l++ {
			t[l] = uint8(s)
		}
	}
	return t
}()

// distSymbol returns the symbol of a distance and how many extra bits it has:
// the place of the highest bit of dist-1, and the bit below it.
func distSymbol(dist uint16) (symbol uint32, extra uint) {
	d := uint32(dist) - 1
	if d < 2 {
		return d, 0
	}
	n := uint(bits.Len32(d)) - 2
	return uint32(2*n) + d>>(n&31), n
}

// endBlock writes the block in the form that takes the fewest bits.
func (e *Encoder) endBlock() {
	c := &e.codes
	fixed := c.count(e.raw[:e.size], e.matches)
	dynamic := fixed
	if e.symbols+e.size-e.covered > fewSymbols {
		dynamic = c.build()
	}
	stored := e.storedBits()
	switch {
	case stored <= min(fixed, dynamic):
		e.writeStored()
	case fixed <= dynamic:
		e.out.reserve(fixed)
		e.out.write(1<<1, 3)
		e.writeSymbols(&fixed1.lit, &fixed1.dist)
	default:
		e.out.reserve(dynamic)
		e.out.write(2<<1, 3)
		c.writeHeader(&e.out)
		e.writeSymbols(&c.litCodes, &c.distCodes)
	}
	e.raw = e.raw[e.size:]
	e.matches = e.matches[:0]
	e.size, e.covered, e.symbols = 0, 0, 0
}

// writeSymbols writes the literals and matches of the block.
func (e *Encoder) writeSymbols(lit *[fixedCodes]code, dist *[maxDist]code) {
	out := e.out.buf[len(e.out.buf):cap(e.out.buf)]
	acc, n, at := e.out.acc, e.out.n, 0
	raw := e.raw[:e.size]
	for i := 0; ; i++ {
		literals := raw
		if i < len(e.matches) {
			literals = raw[:e.matches[i].literals]
		}
		for ; len(literals) >= 3; literals = literals[3:] { // at once, as they have at most 45 bits
			c0, c1, c2 := lit[literals[0]], lit[literals[1]], lit[literals[2]]
			acc |= c0.bits() << (n & 63)
			n += c0.len()
			acc |= c1.bits() << (n & 63)
			n += c1.len()
			acc |= c2.bits() << (n & 63)
			n += c2.len()
			binary.LittleEndian.PutUint64(out[at:], acc)
			at += int(n >> 3)
			acc >>= n &^ 7 & 63
			n &= 7
		}
		for _, b := range literals {
			c := lit[b]
			acc |= c.bits() << (n & 63)
			n += c.len()
			binary.LittleEndian.PutUint64(out[at:], acc)
			at += int(n >> 3)
			acc >>= n &^ 7 & 63
			n &= 7
		}
		if i == len(e.matches) {
			break
		}
		m := e.matches[i]
		raw = raw[int(m.literals)+int(m.length):]
		l := lengthSymbol[m.length-minMatch]
		c := lit[firstLength+int(l)]
		acc |= c.bits() << (n & 63)
		n += c.len()
		acc |= uint64(m.length-lengthBase[l]) << (n & 63)
		n += uint(lengthExtra[l])
		s, extra := distSymbol(m.dist)
		c = dist[s]
		acc |= c.bits() << (n & 63)
		n += c.len()
		acc |= uint64(m.dist-distBase[s]) << (n & 63)
		n += extra
		binary.LittleEndian.PutUint64(out[at:], acc)
		at += int(n >> 3)
		acc >>= n &^ 7 & 63
		n &= 7
	}
	e.out.buf, e.out.acc, e.out.n = e.out.buf[:len(e.out.buf)+at], acc, n
	c := lit[endOfBlock]
	e.out.write(c.bits(), c.len())
}

// storedBits returns the size of the block if it is stored.
func (e *Encoder) storedBits() int {
	pieces := (e.size + maxStored - 1) / maxStored
	return 8*e.size + pieces*(3+5+32) - 5 + int(-(e.out.n+3)&7)
}

// writeStored writes the block as it is.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4
func (e *Encoder) writeStored() {
	e.out.reserve(e.storedBits())
	for raw := e.raw[:e.size]; len(raw) > 0; {
		n := min(len(raw), maxStored)
		e.out.write(0, 3)
		e.out.align()
		e.out.write(uint64(n)|uint64(n^0xffff)<<16, 32)
		e.out.buf = append(e.out.buf, raw[:n]...)
		raw = raw[n:]
	}
}
