package suite

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// beyond returns section x: rules that the other sections do not test.
// Each case names the requirements that it is about.
func beyond() []*Case {
	groups := [][]*Case{
		beyondFraming(),
		beyondFragments(),
		beyondClosing(),
		beyondDeflate(),
		slices.Concat(goodRequests(), badRequests()),
		slices.Concat(goodResponses(), badResponses()),
	}
	var cases []*Case
	for i, group := range groups {
		for j, c := range group {
			c.ID = fmt.Sprintf("x.%d.%d", i+1, j+1)
			cases = append(cases, c)
		}
	}
	return cases
}

// Time limits of section x.
const (
	shortTime = time.Second
	longTime  = 10 * time.Second // of cases with many octets
)

// accepts returns a case in which everything is legal: the events come back, then the fuzzer closes.
// requirements are ids with spaces between them.
func accepts(requirements, does, expected string, want []Event, steps ...Step) *Case {
	return &Case{
		Requirements: strings.Fields(requirements),
		Description:  does,
		Expectation:  expected + thenClose,
		Steps:        append(steps, KillAfter{shortTime}),
		OK:           want,
		Close:        normal,
	}
}

// refuses returns a case in which the peer has to fail the connection with one of codes.
func refuses(requirements string, codes []int, does string, steps ...Step) *Case {
	return &Case{
		Requirements: strings.Fields(requirements),
		Description:  does,
		Expectation:  refused(codes),
		Steps:        append(steps, KillAfter{shortTime}),
		OK:           nothing,
		Close:        Closing{ByPeer: true, Codes: codes, Fatal: true},
	}
}

// refused is the expectation of a case of refuses.
func refused(codes []int) string {
	return fmt.Sprintf("The peer fails the connection: it sends a close frame with %s or without a code, "+
		"or only ends TCP. It sends no message and no pong.", list(codes))
}

// list returns codes as a text.
func list(codes []int) string {
	var texts []string
	for _, c := range codes {
		texts = append(texts, fmt.Sprint(c))
	}
	return strings.Join(texts, ", ")
}

// Codes that fit what a peer refuses.
var (
	protocolError = []int{1002}
	badData       = []int{1007, 1002} // text, or compressed data
	badClose      = []int{1002, 1007} // a close frame
	tooMuch       = []int{1009, 1008, 1002, 1011}
)

// tolerable makes it NON-STRICT that the peer sends events, as if what was sent were correct.
func tolerable(c *Case, events ...Event) *Case {
	c.Expectation += " NON-STRICT if it answers as if all were correct."
	c.Instead = &Outcome{NonStrict, events, normal}
	return c
}

// orWaits makes it NON-STRICT that the peer waits for octets that never come.
func orWaits(c *Case) *Case {
	c.Expectation += " NON-STRICT if it only waits for octets that never come, until the fuzzer ends TCP."
	c.Instead = &Outcome{NonStrict, nothing, Closing{Codes: []int{1000, 1001, 1002}}}
	return c
}

// orRefuses makes it OK as well that the peer fails the connection with one of codes.
func orRefuses(c *Case, codes []int) *Case {
	c.Expectation += fmt.Sprintf(" It is as good to fail the connection with %s or without a code, "+
		"or only to end TCP, without a message or a pong.", list(codes))
	c.Instead = &Outcome{OK, nothing, Closing{ByPeer: true, Codes: codes}}
	return c
}

// slow gives a case more time.
func slow(c *Case) *Case {
	c.Steps[len(c.Steps)-1] = KillAfter{longTime}
	return c
}

// times returns f to be sent n times.
func times(n int, f Frame) Frame {
	f.Times = n
	return f
}
