package suite

import (
	"fmt"
	"time"
)

// helloAgain is the message of section 7.
const helloAgain = "Hello World!"

// closing returns section 7.
func closing() []*Case {
	cases := sequencing()
	cases = append(cases, closePayloads()...)
	for i, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		cases = append(cases, permitted(fmt.Sprintf("7.7.%d", i+1), code))
	}
	for i, code := range []int{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999} {
		cases = append(cases, forbidden(fmt.Sprintf("7.9.%d", i+1), code))
	}
	for i, code := range []int{5000, 65535} {
		cases = append(cases, outOfRange(fmt.Sprintf("7.13.%d", i+1), code))
	}
	return cases
}

// sequencing returns section 7.1: what is sent around a close frame.
func sequencing() []*Case {
	ignored := func(id, description, what string, steps ...Step) *Case {
		return &Case{
			ID:          id,
			Description: description,
			Expectation: "The peer answers the close frame with 1000 or without a code within 1 s, and ignores " + what + ".",
			Steps:       append(steps, KillAfter{time.Second}),
			OK:          nothing,
			Close:       normal,
			CodeDecides: true,
		}
	}
	goodbye := Close{Code: 1000}
	return []*Case{
		{
			ID:          "7.1.1",
			Description: "Sends a text message, and a close frame with 1000 after its echo.",
			Expectation: echoed(time.Second),
			Steps:       []Step{text(helloAgain), KillAfter{time.Second}},
			OK:          []Event{textOf(once(helloAgain))},
			Close:       normal,
			CodeDecides: true,
		},
		ignored("7.1.2", "Sends a close frame with 1000, then a second close frame without payload, in one write.",
			"the second close frame", goodbye, Frame{Opcode: OpClose}),
		ignored("7.1.3", "Sends a close frame with 1000, then a ping, in one write.",
			"the ping: no pong comes", goodbye, ping("")),
		ignored("7.1.4", "Sends a close frame with 1000, then a text message, in one write.",
			"the message: no echo comes", goodbye, text(helloAgain)),
		ignored("7.1.5", "Sends the first fragment of a text message, a close frame with 1000, then the last fragment, in one write.",
			"the message: no echo comes", first(part1), goodbye, last(part2)),
		{
			ID:          "7.1.6",
			Description: "Sends a text message of 256 KiB, a text message of 12 octets, a close frame with 1000 and a ping, in one write.",
			Expectation: "Informational: shows how much of what came before the close frame the peer still echoes. Any outcome will do.",
			Steps: []Step{
				Frame{Opcode: OpText, Payload: repeat(bigText, 256<<10)}, text(helloAgain), goodbye, ping(""),
				KillAfter{time.Second},
			},
			OK:            []Event{textOf(once(helloAgain))},
			NonStrict:     nothing,
			Close:         normal,
			Informational: true,
		},
	}
}

// closePayloads returns sections 7.3 and 7.5: payloads of close frames, good and bad.
func closePayloads() []*Case {
	const refuses = "The peer fails the connection within 1 s: it sends a close frame with %s or without a code, or only ends TCP. Nothing else comes from it."
	good := func(id, description string, c Close) *Case {
		return &Case{
			ID:          id,
			Description: description,
			Expectation: "The peer answers with a close frame with 1000 or without a code within 1 s. Nothing else comes from it.",
			Steps:       []Step{c, KillAfter{time.Second}},
			OK:          nothing,
			Close:       normal,
			CodeDecides: true,
		}
	}
	bad := func(id, description, name string, c Close, codes ...int) *Case {
		return &Case{
			ID:          id,
			Description: description,
			Expectation: fmt.Sprintf(refuses, name),
			Steps:       []Step{c, KillAfter{time.Second}},
			OK:          nothing,
			Close:       Closing{Codes: codes},
			CodeDecides: true,
		}
	}
	return []*Case{
		good("7.3.1", "Sends a close frame without payload.", Close{Code: NoCode}),
		bad("7.3.2", "Sends a close frame whose payload is one octet, 61: half a status code.", "1002",
			Close{Code: NoCode, Reason: []byte("a")}, 1002),
		good("7.3.3", "Sends a close frame with 1000 and no reason.", Close{Code: 1000}),
		good("7.3.4", "Sends a close frame with 1000 and a reason of 12 octets.",
			Close{Code: 1000, Reason: []byte(helloAgain)}),
		good("7.3.5", "Sends a close frame with 1000 and a reason of 123 octets: 125 in all, the most that a control frame may have.",
			Close{Code: 1000, Reason: repeat("*", 123).Bytes()}),
		bad("7.3.6", "Sends a close frame with 1000 and a reason of 124 octets: 126 in all, one more than a control frame may have, with a 16-bit length.",
			"1002", Close{Code: 1000, Reason: repeat("*", 124).Bytes()}, 1002),
		bad("7.5.1", "Sends a close frame with 1000 and a reason of 20 octets that is not valid UTF-8: "+
			"octets 11 to 13 of it (counted from 0) are ed a0 80, the surrogate U+D800, and octet 12 is the first that cannot occur.",
			"1007 or 1002", Close{Code: 1000, Reason: []byte(surrogate)}, 1002, 1007),
	}
}

// permitted returns a case with a status code that may be sent.
func permitted(id string, code int) *Case {
	expected := fmt.Sprintf("with %d, with 1000", code)
	if code == 1000 {
		expected = "with 1000"
	}
	return &Case{
		ID:          id,
		Description: fmt.Sprintf("Sends a close frame with %d: %s.", code, meaning(code)),
		Expectation: fmt.Sprintf("The peer answers with a close frame within 1 s: %s, or without a code. Nothing else comes from it.", expected),
		Steps:       []Step{Close{Code: code}, KillAfter{time.Second}},
		OK:          nothing,
		Close:       Closing{Codes: []int{1000, code}, Clean: true},
		CodeDecides: true,
	}
}

// forbidden returns a case with a status code that must not be sent.
func forbidden(id string, code int) *Case {
	return &Case{
		ID:          id,
		Description: fmt.Sprintf("Sends a close frame with %d: %s.", code, meaning(code)),
		Expectation: "The peer fails the connection within 1 s: it sends a close frame with 1002 or without a code, or only ends TCP. " +
			"It does not send the code back, and nothing else.",
		Steps:       []Step{Close{Code: code}, KillAfter{time.Second}},
		OK:          nothing,
		Close:       Closing{Codes: []int{1002}},
		CodeDecides: true,
	}
}

// outOfRange returns a case with a status code that RFC 6455 says nothing about.
func outOfRange(id string, code int) *Case {
	return &Case{
		ID:            id,
		Description:   fmt.Sprintf("Sends a close frame with %d: above 4999, about which RFC 6455 says nothing.", code),
		Expectation:   fmt.Sprintf("Informational: shows what the peer does. It may answer with %d, 1000, 1002 or without a code, or only end TCP.", code),
		Steps:         []Step{Close{Code: code}, KillAfter{time.Second}},
		OK:            nothing,
		Close:         Closing{Codes: []int{1000, code, 1002}},
		Informational: true,
	}
}

// meaning says what a status code stands for.
func meaning(code int) string {
	switch code {
	case 1000:
		return "normal closure"
	case 1001:
		return "going away"
	case 1002:
		return "protocol error"
	case 1003:
		return "a type of data that is not accepted"
	case 1004:
		return "reserved, its meaning is not defined"
	case 1005:
		return "stands for a close frame without a code and must not be sent"
	case 1006:
		return "stands for a connection that ended without a close frame and must not be sent"
	case 1007:
		return "data that is not what its type says"
	case 1008:
		return "a policy is violated"
	case 1009:
		return "the message is too big"
	case 1010:
		return "an extension is missing"
	case 1011:
		return "an error inside the endpoint"
	}
	switch {
	case code < 1000:
		return "below 1000, not used"
	case code < 3000:
		return "not assigned, in the range that RFC 6455 keeps for the protocol"
	case code < 4000:
		return "in the range for libraries and frameworks"
	}
	return "in the range for private use"
}
