package suite

import (
	"sort"
	"sync"
	"unicode/utf8"
)

// A DataSet is the data that a Loop takes its messages from. All are made by a generator
// with a fixed seed: they are the same everywhere, always.
type DataSet int

const (
	JSON  DataSet = iota + 1 // a result file, ASCII, very repetitive; text
	Image                    // a grey picture with noise; binary
	Prose                    // German prose; binary
	Page                     // a machine-made HTML table, a few characters not ASCII; text
	PDF                      // mostly compressed already; binary
)

// String returns the name of the set, such as "D-JSON".
func (d DataSet) String() string {
	switch d {
	case JSON:
		return "D-JSON"
	case Image:
		return "D-BMP"
	case Prose:
		return "D-TEXT"
	case Page:
		return "D-HTML"
	case PDF:
		return "D-PDF"
	}
	return "none"
}

// Text reports whether the set is sent as text: its units are characters then, otherwise octets.
func (d DataSet) Text() bool { return d == JSON || d == Page }

// Message returns the k-th message, from 0, of a Loop that sends units of the set at a time,
// starting over at its end. The caller must not modify the result: it may be part of the set itself.
// Message may be called by several goroutines.
func (d DataSet) Message(k, units int) []byte {
	s := sets[d]()
	n := s.units()
	at := int(int64(k) * int64(units) % int64(n))
	if at+units <= n {
		i, j := s.offset(at), s.offset(at+units)
		return s.octets[i:j:j]
	}
	var m []byte
	for units > 0 {
		take := min(units, n-at)
		m = append(m, s.octets[s.offset(at):s.offset(at+take)]...)
		units, at = units-take, 0
	}
	return m
}

// sets makes each set when it is first asked for.
var sets = map[DataSet]func() *set{
	JSON:  sync.OnceValue(func() *set { return newSet(makeJSON(), true) }),
	Image: sync.OnceValue(func() *set { return newSet(makeImage(), false) }),
	Prose: sync.OnceValue(func() *set { return newSet(makeProse(), false) }),
	Page:  sync.OnceValue(func() *set { return newSet(makePage(), true) }),
	PDF:   sync.OnceValue(func() *set { return newSet(makePDF(), false) }),
}

// A set is the octets of a data set.
type set struct {
	octets []byte

	// wide has an entry for each octet that continues a character of a text:
	// the number of characters up to the end of that one. They are few.
	wide []int
}

func newSet(b []byte, text bool) *set {
	s := &set{octets: b}
	for i, n := 0, 0; text && i < len(b); n++ {
		_, size := utf8.DecodeRune(b[i:])
		for range size - 1 {
			s.wide = append(s.wide, n+1)
		}
		i += size
	}
	return s
}

// units is the length of the set in units.
func (s *set) units() int { return len(s.octets) - len(s.wide) }

// offset returns where unit n begins.
func (s *set) offset(n int) int {
	return n + sort.SearchInts(s.wide, n+1)
}
