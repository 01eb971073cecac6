package fuzzer

import (
	"crypto/subtle"
	"unicode/utf8"
)

// mask applies key to p, which begins offset octets into a payload. Doing it twice undoes it.
func mask(p []byte, key [4]byte, offset int) {
	var block [256]byte
	for i := range min(len(block), len(p)) {
		block[i] = key[(offset+i)&3]
	}
	for len(p) > 0 {
		p = p[subtle.XORBytes(p, p, block[:min(len(block), len(p))]):]
	}
}

// A utf8Check checks text that comes in pieces.
type utf8Check struct {
	tail [utf8.UTFMax]byte // the start of a character that is not complete
	n    int
	bad  bool
}

// valid reports whether all that was given so far can be the start of valid text.
func (u *utf8Check) valid(p []byte) bool {
	for u.n > 0 && len(p) > 0 && !u.bad {
		u.tail[u.n] = p[0]
		u.n++
		p = p[1:]
		if t := u.tail[:u.n]; utf8.FullRune(t) {
			r, size := utf8.DecodeRune(t)
			u.bad = r == utf8.RuneError && size == 1
			u.n = 0
		}
	}
	if u.bad || len(p) == 0 {
		return !u.bad
	}
	whole := len(p)
	for i := len(p) - 1; i >= max(0, len(p)-utf8.UTFMax+1); i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				whole = i
			}
			break
		}
	}
	u.n = copy(u.tail[:], p[whole:])
	u.bad = !utf8.Valid(p[:whole])
	return !u.bad
}

// complete reports whether the text is valid and does not end inside a character.
func (u *utf8Check) complete() bool { return !u.bad && u.n == 0 }
