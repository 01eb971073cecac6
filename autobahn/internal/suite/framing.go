package suite

import (
	"fmt"
	"time"
)

// framing returns section 1: a message in one frame, with the lengths at which the header changes.
func framing() []*Case {
	sizes := []struct {
		n, chop int
		limit   time.Duration
		what    string
	}{
		{0, 0, time.Second, "it has no payload"},
		{125, 0, time.Second, "the longest with a 7-bit length"},
		{126, 0, time.Second, "the shortest with a 16-bit length"},
		{127, 0, time.Second, "a 16-bit length with the value that announces 64-bit ones"},
		{128, 0, time.Second, "a 16-bit length with a value that 7 bits do not hold"},
		{65535, 0, 10 * time.Second, "the longest with a 16-bit length"},
		{65536, 0, 10 * time.Second, "the shortest with a 64-bit length"},
		{65536, 997, 10 * time.Second, "a 64-bit length; the frame is sent in writes of 997 octets"},
	}
	var cases []*Case
	for i, s := range sizes {
		cases = append(cases, &Case{
			ID:          fmt.Sprintf("1.1.%d", i+1),
			Description: fmt.Sprintf("Sends a text message of %d octets in one frame: %s.", s.n, s.what),
			Expectation: echoed(s.limit),
			Steps:       []Step{Frame{Opcode: OpText, Payload: repeat("*", s.n), Chop: s.chop}, KillAfter{s.limit}},
			OK:          []Event{textOf(repeat("*", s.n))},
			Close:       normal,
		})
	}
	for i, s := range sizes {
		cases = append(cases, &Case{
			ID:          fmt.Sprintf("1.2.%d", i+1),
			Description: fmt.Sprintf("Sends a binary message of %d octets in one frame: %s.", s.n, s.what),
			Expectation: echoed(s.limit),
			Steps:       []Step{Frame{Opcode: OpBinary, Payload: repeat("\xfe", s.n), Chop: s.chop}, KillAfter{s.limit}},
			OK:          []Event{binaryOf(repeat("\xfe", s.n))},
			Close:       normal,
		})
	}
	return cases
}
