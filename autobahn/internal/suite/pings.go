package suite

import (
	"fmt"
	"time"
)

// pings returns section 2.
func pings() []*Case {
	const payload = "ping payload"
	const unsolicited = "unsolicited pong payload"
	long := repeat("\xfe", 125)
	longPong := Event{Kind: Pong, Payload: long.Bytes(), Size: long.N}
	return []*Case{
		onePing("2.1", "Sends a ping without payload.", ping(""), pongOf(""), time.Second),
		onePing("2.2", "Sends a ping with a payload of text.", ping(hello), pongOf(hello), time.Second),
		onePing("2.3", "Sends a ping with a payload of 8 octets that are not text: 00 ff fe fd fc fb 00 ff.",
			ping(eight), pongOf(eight), time.Second),
		onePing("2.4", "Sends a ping of 125 octets, the most that a control frame may have.",
			Frame{Opcode: OpPing, Payload: long}, longPong, time.Second),
		{
			ID:          "2.5",
			Description: "Sends a ping of 126 octets, one more than a control frame may have, with a 16-bit length.",
			Expectation: failed(1002, time.Second),
			Steps:       []Step{Frame{Opcode: OpPing, Payload: repeat("\xfe", 126)}, KillAfter{time.Second}},
			OK:          nothing,
			Close:       failure(1002),
		},
		onePing("2.6", "Sends a ping of 125 octets in writes of one octet.",
			Frame{Opcode: OpPing, Payload: long, Chop: 1}, longPong, 2*time.Second),
		onePong("2.7", "Sends a pong that answers nothing, without payload, and at once a close frame with 1000.", ""),
		onePong("2.8", "Sends a pong that answers nothing, with a payload, and at once a close frame with 1000.", unsolicited),
		{
			ID:          "2.9",
			Description: "Sends a pong that answers nothing, with a payload, then a ping with a different one.",
			Expectation: "The peer ignores the pong and answers the ping, and only that, within 1 s with a pong of the same payload." + thenClose,
			Steps:       []Step{pong(unsolicited), ping(payload), CloseAfter{time.Second}},
			OK:          []Event{pongOf(payload)},
			Close:       normal,
		},
		tenPings("2.10", together),
		tenPings("2.11", octets),
	}
}

// onePing returns a case in which a ping is answered.
func onePing(id, description string, f Frame, want Event, limit time.Duration) *Case {
	return &Case{
		ID:          id,
		Description: description,
		Expectation: fmt.Sprintf("The peer answers within %s with a pong of the same payload.", seconds(limit)) + thenClose,
		Steps:       []Step{f, CloseAfter{limit}},
		OK:          []Event{want},
		Close:       normal,
	}
}

// onePong returns a case in which a pong that answers nothing is ignored.
func onePong(id, description, payload string) *Case {
	return &Case{
		ID:          id,
		Description: description,
		Expectation: "The peer ignores the pong: all that it sends is a close frame with 1000 or without a code.",
		Steps:       []Step{pong(payload), Close{Code: 1000}, CloseAfter{time.Second}},
		OK:          nothing,
		Close:       normal,
	}
}

// tenPings returns a case in which ten pings are answered in order.
func tenPings(id string, w way) *Case {
	var frames []Frame
	var pongs []Event
	for i := range 10 {
		payload := fmt.Sprintf("payload-%d", i)
		frames = append(frames, ping(payload))
		pongs = append(pongs, pongOf(payload))
	}
	return &Case{
		ID:          id,
		Description: fmt.Sprintf("Sends ten pings with ten different payloads, %s, without waiting for the answers.", w.text),
		Expectation: "The peer answers each ping with a pong of the same payload, in their order, all within 3 s. " +
			"RFC 6455 allows a peer to answer the last one only, this case does not." + thenClose,
		Steps: w.send(frames, CloseAfter{3 * time.Second}),
		OK:    pongs,
		Close: normal,
	}
}
