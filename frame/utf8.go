package frame

import "encoding/binary"

// A UTF8 checks text that arrives in pieces, which may end anywhere,
// also inside a character. The zero value is ready to use.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-8.1
type UTF8 struct {
	state uint8 // of the automaton in utf8table.go, after the text so far
}

// Check continues the text with p and reports whether it can still become
// valid UTF-8. It is false as soon as p holds an octet that no valid text has
// at that place, and stays false until [UTF8.Reset].
func (v *UTF8) Check(p []byte) bool {
	s := uint64(v.state)
	switch {
	case len(p) < 8:
		s = runOctets(s, p)
	case s == boundary && len(p) <= maxASCII && isASCII(p):
		// A boundary follows.
	case hasVectors && len(p) >= minUTF8Vectors:
		s = runVectors(s, p)
	default:
		s = runWords(s, p)
	}
	v.state = uint8(s)
	return s != invalid
}

// Complete reports whether the text so far is valid and does not end inside a
// character. The empty text is, and does not.
func (v *UTF8) Complete() bool {
	return v.state == boundary
}

// Reset makes v ready for another text.
func (v *UTF8) Reset() {
	v.state = boundary
}

// maxASCII is the size of the longest text that is worth a look with isASCII
// before anything else. In longer ones, vectors skip ASCII faster.
const maxASCII = 256

// topBits are clear in eight octets of ASCII.
const topBits = 0x8080808080808080

// isASCII reports whether p, which has at least 8 bytes, is ASCII.
// It looks at the last eight first, which may overlap their neighbors.
func isASCII(p []byte) bool {
	w := word(p[len(p)-8:])
	for len(p) >= 32 && w&topBits == 0 {
		w = word(p) | word(p[8:]) | word(p[16:]) | word(p[24:])
		p = p[32:]
	}
	for len(p) >= 8 && w&topBits == 0 {
		w = word(p)
		p = p[8:]
	}
	return w&topBits == 0
}

// word returns the first eight octets of p, the first one lowest.
func word(p []byte) uint64 {
	return binary.LittleEndian.Uint64(p)
}

// runVectors returns the state that follows s after p,
// which has at least minUTF8Vectors bytes.
func runVectors(s uint64, p []byte) uint64 {
	// Whether an octet may stand at its place depends on three before it at
	// most. Only the first three of p depend on s.
	s = runOctets(s, p[:3])
	if s == invalid || !validVectors(p) {
		return invalid
	}
	return stateAfter([3]byte(p[len(p)-3:]))
}

// stateAfter returns the state after a text that ends in the octets of end,
// each of which may follow those before it.
func stateAfter(end [3]byte) uint64 {
	for i := 2; i >= 0; i-- {
		if end[i] >= 0xC0 { // the start of the last character but ASCII
			return runOctets(boundary, end[i:])
		}
	}
	return boundary
}

// runWords returns the state that follows s after p. It goes through ASCII
// and through the three-octet characters of most Asian scripts by words.
func runWords(s uint64, p []byte) uint64 {
	for len(p) >= 8 {
		w := word(p)
		switch {
		case s == boundary && w&topBits == 0:
			p = p[8:]
		case s == boundary && twoOfThree(w):
			p = p[6:]
		default:
			s = runWord(s, w)
			p = p[8:]
		}
	}
	return runOctets(s, p)
}

// twoOfThree reports whether the low six octets of w are two valid
// characters of three octets each.
//
//	UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) /
//	         %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
//
// https://www.rfc-editor.org/rfc/rfc3629#section-4
func twoOfThree(w uint64) bool {
	if w&0xC0C0F0_C0C0F0 != 0x8080E0_8080E0 {
		return false
	}
	// Whether E0 and ED are allowed depends on bit 5 of the octet after.
	// Put it above the low half of the first octet, for both characters.
	x := w&0x00000F_00000F | w>>9&0x000010_000010
	const (
		both      = 0x000001_000001
		overlong  = 0x00 * both // E0 80-9F
		surrogate = 0x1D * both // ED A0-BF
		carry     = 0x7F * both // sets bit 7 of the sum with all but zero
	)
	return (x^overlong+carry)&(x^surrogate+carry)&(0x80*both) == 0x80*both
}
