package suite

import (
	"fmt"
	"strings"
)

// beyondClosing returns group x.3: close codes, close frames and what follows them.
func beyondClosing() []*Case {
	var cases []*Case
	add := func(c ...*Case) { cases = append(cases, c...) }

	for _, code := range []int{1012, 1013, 1014, 3003, 3008} {
		c := accepts("6455-7.4.1-10 6455-11.7-01",
			fmt.Sprintf("Sends a close frame with %d, which is registered.", code), "", nothing, Close{Code: code})
		if code >= 3000 {
			c.Requirements = []string{"6455-7.4.2-03", "6455-11.7-02"}
		}
		c.Expectation = fmt.Sprintf("The peer answers with a close frame with %d, with 1000 or without a code.", code)
		c.Close.Codes = []int{1000, code}
		c.CodeDecides, c.ModernCodes = true, true
		add(c)
	}
	for _, bad := range []struct {
		requirement string
		code        int
	}{
		{"6455-7.4.1-05", 1004}, {"6455-7.4.1-02", 1005}, {"6455-7.4.1-03", 1006}, {"6455-7.4.1-04", 1015},
		{"6455-7.4.2-02", 1016}, {"6455-7.4.2-02", 2999}, {"6455-7.4.2-05", 5000}, {"6455-7.4.2-05", 65535},
		{"6455-7.4.2-01", 0}, {"6455-7.4.2-01", 999},
	} {
		add(badCloseFrame(bad.requirement, protocolError,
			fmt.Sprintf("%d, which may not be sent, and a reason", bad.code), closePayload(bad.code, "reason")))
	}
	add(
		badCloseFrame("6455-5.5.1-03", protocolError, "one octet, half a code", "\x03"),
		badCloseFrame("6455-5.5.1-04 6455-8.1-01", badClose, "1000 and the reason c3 28, which is not UTF-8", closePayload(1000, "\xc3\x28")),
		badCloseFrame("6455-5.5.1-04 6455-8.1-01", badClose, "1000 and a reason that ends inside a code point", closePayload(1000, "reason \xe2\x82")),
		badCloseFrame("6455-5.5.1-04 6455-8.1-01", badClose, "1000 and the reason ed a0 80, half of a surrogate pair", closePayload(1000, "\xed\xa0\x80")),
		badCloseFrame("6455-5.5.1-04 6455-8.1-01", badClose, "1000 and the reason c0 af, an overlong slash", closePayload(1000, "\xc0\xaf")),
		badCloseFrame("6455-5.5-02", protocolError, "1000 and a reason of 124 octets, so 126 octets", closePayload(1000, strings.Repeat("*", 124))),
		closed("6455-5.5-01 6455-5.5.1-08", "Sends a close frame with 1000 and a reason of 123 octets, the most that there is room for.",
			Close{Code: 1000, Reason: []byte(strings.Repeat("*", 123))}),
		closed("6455-5.5-01 6455-5.5.1-04", "Sends a close frame with 1000 and a reason of 41 code points of three octets each: 123 octets.",
			Close{Code: 1000, Reason: []byte(strings.Repeat("€", 41))}),
		closed("6455-5.5.1-16 6455-7.1.3-01", "Sends a close frame with 1000 and, in the same write, a text message, a binary message in two frames and a ping.",
			Close{Code: 1000}, text(hello), Frame{Opcode: OpBinary, NotFin: true, Payload: once("a")}, last("b"), ping(hello)),
		closed("6455-5.5.1-16 6455-7.1.6-01", "Sends a close frame with 1000 and, in the same write, frames that would be errors before it: "+
			"one with the reserved opcode 15, one with all reserved bits set, a text that is not UTF-8.",
			Close{Code: 1000}, Frame{Opcode: 15}, reserved(7, text(hello)), text("\xff")),
		closed("6455-7.1.5-01 6455-5.5.1-15", "Sends a close frame with 1000 and, in the same write, another with 3000.",
			Close{Code: 1000}, Frame{Opcode: OpClose, Payload: once(closePayload(3000, ""))}),
		pingInClosing(),
		closed("6455-5.5.1-01 6455-5.5.1-08", "Sends a close frame without payload.", Close{Code: NoCode}),
		accepts("6455-5.5.2-01 6455-5.5.1-08", "Sends a ping and a close frame with 1000, in one write.",
			"The peer answers the ping, then the close frame.", []Event{pongOf(hello)}, ping(hello), Close{Code: 1000}),
	)
	return cases
}

// closed returns a case in which the peer answers a close frame, which the first step sends, and nothing else.
func closed(requirements, does string, steps ...Step) *Case {
	c := accepts(requirements, does, "", nothing, steps...)
	c.Expectation = "The peer answers with a close frame with 1000 or without a code. It sends no message and no pong."
	c.CodeDecides = true
	return c
}

// pingInClosing returns a case in which no pong is due any more. One is a waste, and not forbidden.
func pingInClosing() *Case {
	c := closed("6455-5.5.1-16 6455-5.5.2-01", "Sends a ping between two close frames with 1000, all in one write.",
		Close{Code: 1000}, ping(hello), Frame{Opcode: OpClose, Payload: once(closePayload(1000, ""))})
	c.NonStrict = []Event{pongOf(hello)}
	c.Expectation += " NON-STRICT if it answers the ping."
	return c
}

// badCloseFrame returns a case in which a close frame with this payload is an error.
func badCloseFrame(requirements string, codes []int, what, payload string) *Case {
	c := refuses(requirements, codes, "Sends a close frame with "+what+". Then sends a ping.",
		Frame{Opcode: OpClose, Payload: once(payload)}, ping(hello))
	c.CodeDecides = true
	return c
}

// closePayload returns the payload of a close frame.
func closePayload(code int, reason string) string {
	return string([]byte{byte(code >> 8), byte(code)}) + reason
}
