package frame

// The states of the automaton that reads UTF-8: what may come next.
//
// Each is also the place, in bits, of its entry in a row of the transition
// table. So a step is one load and one shift, without a branch, and what
// follows it in the row may stay above the low six bits for the next step.
//
// https://www.rfc-editor.org/rfc/rfc3629#section-4
const (
	boundary = 6 * iota // a character, or the end of the text
	invalid             // nothing: the text cannot be completed
	tail1               // UTF8-tail (80-BF)
	tail2               // 2( UTF8-tail )
	tail3               // 3( UTF8-tail )
	afterE0             // A0-BF UTF8-tail
	afterED             // 80-9F UTF8-tail
	afterF0             // 90-BF 2( UTF8-tail )
	afterF4             // 80-8F 2( UTF8-tail )

	stateBits = 63 // the bits of a shifted row that are the state
)

// transitions is the table: transitions[octet] >> state is, in its low six
// bits, the state that follows.
var transitions = makeTransitions()

// runOctets returns the state that follows s after p, octet by octet.
func runOctets(s uint64, p []byte) uint64 {
	for _, c := range p {
		s = transitions[c] >> (s & stateBits)
	}
	return s & stateBits
}

// runWord returns the state that follows s after the octets of w,
// from the lowest up.
func runWord(s, w uint64) uint64 {
	s = transitions[byte(w)] >> (s & stateBits)
	s = transitions[byte(w>>8)] >> (s & stateBits)
	s = transitions[byte(w>>16)] >> (s & stateBits)
	s = transitions[byte(w>>24)] >> (s & stateBits)
	s = transitions[byte(w>>32)] >> (s & stateBits)
	s = transitions[byte(w>>40)] >> (s & stateBits)
	s = transitions[byte(w>>48)] >> (s & stateBits)
	s = transitions[byte(w>>56)] >> (s & stateBits)
	return s & stateBits
}

// grammar has every transition that does not end in invalid.
var grammar = []struct {
	from   int
	lo, hi byte
	to     int
}{
	{boundary, 0x00, 0x7F, boundary},
	{boundary, 0xC2, 0xDF, tail1}, // C0 and C1 would be overlong
	{boundary, 0xE0, 0xE0, afterE0},
	{boundary, 0xE1, 0xEC, tail2},
	{boundary, 0xED, 0xED, afterED},
	{boundary, 0xEE, 0xEF, tail2},
	{boundary, 0xF0, 0xF0, afterF0},
	{boundary, 0xF1, 0xF3, tail3},
	{boundary, 0xF4, 0xF4, afterF4}, // F5 and above would pass U+10FFFF

	{tail1, 0x80, 0xBF, boundary},
	{tail2, 0x80, 0xBF, tail1},
	{tail3, 0x80, 0xBF, tail2},
	{afterE0, 0xA0, 0xBF, tail1}, // less would be overlong
	{afterED, 0x80, 0x9F, tail1}, // more would be a surrogate
	{afterF0, 0x90, 0xBF, tail2}, // less would be overlong
	{afterF4, 0x80, 0x8F, tail2}, // more would pass U+10FFFF
}

// makeTransitions returns the table for the grammar.
func makeTransitions() (rows [256]uint64) {
	for c := range rows {
		for from := boundary; from <= afterF4; from += 6 {
			rows[c] |= invalid << from
		}
	}
	for _, g := range grammar {
		for c := int(g.lo); c <= int(g.hi); c++ {
			rows[c] ^= uint64(invalid^g.to) << g.from
		}
	}
	return rows
}
