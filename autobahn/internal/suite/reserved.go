package suite

import (
	"fmt"
	"time"
)

// reservedBits returns section 3: the bits RSV1 to RSV3 without an extension that defines them.
func reservedBits() []*Case {
	return []*Case{
		reservedAlone("3.1", "a text frame with RSV3 set", reserved(1, text(hello))),
		reservedSecond("3.2", together, "a text frame with RSV2 set", reserved(2, text(hello))),
		reservedSecond("3.3", apart, "a text frame with RSV2 and RSV3 set", reserved(3, text(hello))),
		reservedSecond("3.4", octets, "a text frame with RSV1 set", reserved(4, text(hello))),
		reservedAlone("3.5", "a binary frame with RSV1 and RSV3 set", reserved(5, bin(eight))),
		reservedAlone("3.6", "a binary frame with RSV1 and RSV2 set", reserved(6, bin(hello))),
		reservedAlone("3.7", "a close frame without payload and with RSV1, RSV2 and RSV3 set",
			reserved(7, Frame{Opcode: OpClose})),
	}
}

// opcodes returns section 4: the opcodes that no RFC defines.
func opcodes() []*Case {
	const payload = "reserved opcode payload"
	var cases []*Case
	for i, low := range []byte{3, 11} {
		kind := []string{"data", "control"}[i]
		for j := range 5 {
			op := low + byte(j)
			f := Frame{Opcode: op, Payload: once([]string{"", payload, "", hello, hello}[j])}
			what := fmt.Sprintf("a frame with the reserved %s opcode %d and", kind, op)
			if f.Payload.N == 0 {
				what += " no payload"
			} else {
				what += fmt.Sprintf(" %d octets of payload", f.Payload.N)
			}
			id := fmt.Sprintf("4.%d.%d", i+1, j+1)
			switch j {
			case 0, 1:
				cases = append(cases, reservedAlone(id, what, f))
			case 2, 3:
				cases = append(cases, reservedSecond(id, together, what, f))
			case 4:
				cases = append(cases, reservedSecond(id, octets, what, f))
			}
		}
	}
	return cases
}

// reservedAlone returns a case in which bad, which is what, is all that is sent.
func reservedAlone(id, what string, bad Frame) *Case {
	return &Case{
		ID:          id,
		Description: "Sends " + what + ".",
		Expectation: failed(1002, time.Second),
		Steps:       []Step{bad, KillAfter{time.Second}},
		OK:          nothing,
		Close:       failure(1002),
	}
}

// reservedSecond returns a case in which bad, which is what, is sent between a message and a ping.
func reservedSecond(id string, w way, what string, bad Frame) *Case {
	return &Case{
		ID:          id,
		Description: fmt.Sprintf("Sends a text message, %s, and a ping, %s.", what, w.text),
		Expectation: failedAfterEcho("the second frame", time.Second),
		Steps:       w.send([]Frame{text(hello), bad, ping("")}, KillAfter{time.Second}),
		OK:          []Event{textOf(once(hello))},
		NonStrict:   nothing,
		Close:       failure(1002),
	}
}
