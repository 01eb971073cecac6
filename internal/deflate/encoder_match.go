package deflate

import "math/bits"

// A match is a number of literals, which stand in the message, and after them
// a copy of length bytes from dist bytes back.
type match struct {
	literals uint32
	length   uint16
	dist     uint16
}

// A search finds the matches of a part of a buffer.
type search struct {
	buf     []byte
	reach   int // how far back a match may go
	anchor  int // the end of the last match; before the buffer, if it was long ago
	matches []match
	effort  effort
}

// add adds a match at i.
func (s *search) add(i, length, dist int) {
	s.matches = append(s.matches, match{uint32(i - s.anchor), uint16(length), uint16(dist)})
	s.anchor = i + length
}

// The searches begin matches from i up to to. They return to, or more if the last match
// goes beyond it. They note in x the places that they look at, and lazy those inside of matches.

// fastest takes the first match it sees, and looks ever less often where there are none.
func (s *search) fastest(x *index, i, to int) int {
	buf, base, reach := s.buf, x.base, s.reach
	low := i // no match begins before it
	end := min(to, len(buf)-hashLen+1)
	for i < end {
		v := load32(buf, i)
		p := &x.heads[x.hash(v)]
		d := int(base + uint16(i) - *p)
		*p = base + uint16(i)
		if uint(d-1) >= uint(min(i, reach)) || load32(buf, i-d) != v {
			i += 1 + (i-low)>>5
			continue
		}
		for i > low && i > d && buf[i-1] == buf[i-d-1] {
			i--
		}
		n := matchLen(buf, i, d, hashLen)
		s.add(i, n, d)
		i += n
		low = i
		if i < end {
			x.heads[x.hash(load32(buf, i-1))] = base + uint16(i-1)
		}
	}
	return max(to, s.anchor)
}

// With a match of goodLength, half the places are enough to look for a better one.
const goodLength = 8

// An effort is how hard a level tries.
type effort struct {
	depth  int // how many places of a chain are looked at
	lazy   int // with a match of this length, there is no looking for a better one at the next byte
	second int // nor with one of this length at the byte after it
}

// efforts are by level.
var efforts = [...]effort{Balanced: {32, 32, goodLength}, Best: {256, maxMatch, maxMatch}}

// lazy looks at many places, and whether a better match begins one byte later or two.
// Where there are no matches it, too, looks less often.
func (s *search) lazy(x *index, i, to int) int {
	low := i // where the last match has ended
	end := min(to, len(s.buf)-hashLen+1)
	for i < end {
		n, d := s.longest(x, i, minMatch)
		next := i + 1
		if n == 0 {
			i += 1 + (i-low)>>7
			continue
		}
		for n < s.effort.lazy && next < end {
			n2, d2 := s.longest(x, next, max(minMatch, n-1))
			skipped := next - i
			next++
			if n2 != 0 && saving(n2, d2) > saving(n, d)+2*skipped {
				i, n, d = next-1, n2, d2
			} else if n >= s.effort.second || skipped == 2 {
				break
			}
		}
		s.add(i, n, d)
		i += n
		low = i
		x.insertChain(s.buf, next, min(i, end))
	}
	return max(to, s.anchor)
}

// saving is about four times the bytes that a match saves: it has its length,
// and costs the extra bits of its distance.
func saving(n, d int) int { return 4*n - bits.Len(uint(d)) }

// longest notes i and returns the longest match there, if it is longer than n, else zeros.
func (s *search) longest(x *index, i, n int) (length, dist int) {
	buf := s.buf
	limit := min(len(buf)-i, maxMatch)
	avail := min(i, s.reach)
	pos := x.base + uint16(i)
	p := x.link(load32(buf, i), pos)
	if n >= limit {
		return 0, 0
	}
	depth := s.effort.depth
	if n >= goodLength {
		depth /= 2
	}
	want := load32(buf, i+n-3)
	for last := 0; depth > 0; depth-- {
		d := int(pos - p)
		if d <= last || d > avail {
			break // the chain goes on with what is gone
		}
		last = d
		p = x.chain[int(p)&(len(x.chain)-1)]
		if load32(buf, i-d+n-3) != want {
			continue
		}
		if l := matchLen(buf, i, d, 0); l > n {
			n, dist = l, d
			if n == limit {
				break
			}
			want = load32(buf, i+n-3)
		}
	}
	if dist == 0 {
		return 0, 0
	}
	return n, dist
}
