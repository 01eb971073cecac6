package suite

import (
	"fmt"
	"math"
	"strings"
)

// beyondFraming returns group x.1: headers that break a rule.
func beyondFraming() []*Case {
	var cases []*Case
	add := func(c ...*Case) { cases = append(cases, c...) }

	// Lengths.
	for _, form := range []struct {
		bits    int
		lengths []int
	}{{16, []int{0, 1, 125}}, {64, []int{0, 125, 126, 65535}}} {
		for _, n := range form.lengths {
			p := repeat("*", n)
			add(tolerable(refuses("6455-5.2-10", protocolError,
				fmt.Sprintf("Sends a text message with the length %d in the %d-bit form, although a shorter one would do.", n, form.bits), Frame{Opcode: OpText, Payload: p, LengthForm: form.bits}), textOf(p)))
		}
	}
	for _, form := range []int{16, 64} {
		f := ping(hello)
		f.LengthForm = form
		add(tolerable(refuses("6455-5.2-10 6455-5.5-02", protocolError,
			fmt.Sprintf("Sends a ping with the length 13 in the %d-bit form.", form), f), pongOf(hello)))
	}
	for _, form := range []int{16, 64} {
		f := last(hello)
		f.LengthForm = form
		add(tolerable(refuses("6455-5.2-10", protocolError,
			fmt.Sprintf("Sends a text message in two frames; the length of the second, 13, is in the %d-bit form.", form),
			first(hello), f), textOf(once(hello+hello))))
	}
	for _, top := range []struct {
		claim         int64
		payload, what string
	}{
		{math.MinInt64, "", "80 00 00 00 00 00 00 00, which would be 0 without that bit"},
		{math.MinInt64 + 5, "Hello", "80 00 00 00 00 00 00 05, which would be 5 without that bit; 5 octets follow"},
		{-1, "", "ff ff ff ff ff ff ff ff"},
	} {
		add(refuses("6455-5.2-08 6455-10.7-01", []int{1002, 1009},
			"Sends the header of a text frame with a 64-bit length whose top bit is set: "+top.what+".",
			Frame{Opcode: OpText, LengthForm: 64, Claim: top.claim, Payload: once(top.payload)}))
	}
	add(
		orWaits(refuses("6455-10.4-01 6455-10.4-02", tooMuch,
			"Sends the header of a binary frame of 2^62 octets, and nothing behind it. A peer that takes memory for them breaks down.",
			Frame{Opcode: OpBinary, LengthForm: 64, Claim: 1 << 62})),
		orWaits(refuses("6455-10.4-01 6455-10.4-02", tooMuch,
			"Sends a first fragment of 13 octets, then the header of a last one of 2^63-1 octets: the sum overflows 63 bits.",
			first(hello), Frame{Opcode: OpContinuation, LengthForm: 64, Claim: math.MaxInt64})),
		orWaits(refuses("6455-5.5-02", protocolError,
			"Sends the header of a ping of 65536 octets, and nothing behind it.",
			Frame{Opcode: OpPing, LengthForm: 64, Claim: 65536})),
		orWaits(refuses("6455-5.5-02", protocolError,
			"Sends the header of a close frame of 126 octets, and nothing behind it.",
			Frame{Opcode: OpClose, LengthForm: 16, Claim: 126})),
	)

	// Masking.
	for _, f := range []struct {
		what  string
		frame Frame
	}{
		{"a text frame", text(hello)},
		{"a text frame without payload", text("")},
		{"a binary frame", bin(eight)},
		{"a ping", ping(hello)},
		{"a pong", pong(hello)},
		{"a close frame of 1000", Frame{Opcode: OpClose, Payload: once("\x03\xe8")}},
	} {
		c := refuses(masking, protocolError,
			"Sends "+f.what+" with the wrong masking: a client does not mask it, a server does. Then sends a text frame that is correct.",
			wrongMask(f.frame), text(hello))
		c.CodeDecides = f.frame.Opcode == OpClose
		add(c)
	}
	add(refuses(masking, protocolError,
		"Sends a text message in two frames. The last has the wrong masking: a client does not mask it, a server does.",
		first(hello), wrongMask(last(hello))))

	// Reserved bits.
	for _, rsv := range []byte{4, 2, 1} {
		add(refuses("6455-5.2-03", protocolError,
			fmt.Sprintf("Sends a text message in two frames, the last with %s set. No extension is agreed on.", bits(rsv)),
			first(hello), reserved(rsv, last(hello))))
	}
	for _, kind := range controls {
		for _, rsv := range []byte{4, 2, 1} {
			c := refuses("6455-5.2-03", protocolError,
				fmt.Sprintf("Sends %s with %s set, then a text frame that is correct. No extension is agreed on.", kind.what, bits(rsv)),
				reserved(rsv, kind.frame), text(hello))
			c.CodeDecides = kind.frame.Opcode == OpClose
			add(c)
		}
	}

	// Opcodes.
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		add(refuses("6455-5.2-04 6455-11.8-01", protocolError,
			fmt.Sprintf("Sends a frame with the reserved opcode %d between the two frames of a text message.", op),
			first(hello), Frame{Opcode: op, Payload: once(hello)}, last(hello)))
	}
	return cases
}

// masking are the requirements for both roles of a peer.
const masking = "6455-5.1-02 6455-5.1-04"

func wrongMask(f Frame) Frame {
	f.WrongMask = true
	return f
}

// A kind is a frame and what it is.
type kind struct {
	what  string
	frame Frame
}

// controls are one correct control frame of each kind.
var controls = []kind{
	{"a close frame of 1000", Frame{Opcode: OpClose, Payload: once(closePayload(1000, ""))}},
	{"a ping", ping(hello)},
	{"a pong", pong(hello)},
}

// bits returns the names of reserved bits.
func bits(rsv byte) string {
	var names []string
	for i, bit := range []byte{4, 2, 1} {
		if rsv&bit != 0 {
			names = append(names, fmt.Sprintf("RSV%d", i+1))
		}
	}
	return strings.Join(names, " and ")
}

// beyondFragments returns group x.2: messages in many frames, and what comes between them.
func beyondFragments() []*Case {
	empty := more("")
	cases := []*Case{
		slow(accepts("6455-5.4-05 6455-5.4-11", "Sends a text message in 1,002 frames: 1,000 without payload between the two halves.",
			"The peer echoes the message.", []Event{textOf(once("Hello"))},
			first("Hel"), times(1000, empty), last("lo"))),
		slow(accepts("6455-5.4-05 6455-5.4-11", "Sends a text message in 1,002 frames, all without payload.",
			"The peer echoes the empty message.", []Event{textOf(once(""))},
			first(""), times(1000, empty), last(""))),
		slow(accepts("6455-5.4-05", "Sends a binary message in 1,002 frames of one octet.",
			"The peer echoes the message.", []Event{binaryOf(repeat("*", 1002))},
			Frame{Opcode: OpBinary, NotFin: true, Payload: once("*")}, times(1000, more("*")), last("*"))),
		orRefuses(slow(accepts("6455-10.4-01 6455-5.4-11",
			"Sends a text message in 100,002 frames: 100,000 without payload between the two halves.",
			"The peer echoes the message.", []Event{textOf(once("Hello"))},
			first("Hel"), times(100_000, empty), last("lo"))), []int{1008, 1009, 1002}),
		orRefuses(slow(accepts("6455-10.4-01", "Sends a binary message in 100,002 frames of one octet.",
			"The peer echoes the message.", []Event{binaryOf(repeat("*", 100_002))},
			Frame{Opcode: OpBinary, NotFin: true, Payload: once("*")}, times(100_000, more("*")), last("*"))), []int{1008, 1009, 1002}),
		pingedFragments(),
		manyPings(200, NonStrict, "The peer answers each ping, in their order, then the close frame. "+
			"NON-STRICT if it leaves out some; RFC 6455 allows that with pings that wait."),
		manyPings(1000, OK, "The peer answers the pings, or as few of them as it likes, then the close frame."),
		accepts("6455-5.4-10 6455-5.5.1-08 6455-5.5.1-16",
			"Sends the first frame of a text message, a close frame with 1000, and the last frame.",
			"The peer answers the close frame and sends nothing else.", nothing,
			first(hello), Close{Code: 1000}, last(hello)),
		accepts("6455-5.4-10 6455-5.5.3-03",
			"Sends a text message in two frames with a pong between them that answers nothing.",
			"The peer echoes the message.", []Event{textOf(once("Hello"))},
			first("Hel"), pong(hello), last("lo")),
	}
	for _, r := range []string{"é", "€", "😀"} {
		for cut := 1; cut < len(r); cut++ {
			cases = append(cases, accepts("6455-5.6-01 6455-8.1-03 6455-5.4-10",
				fmt.Sprintf("Sends a text message that is a code point of %d octets, cut after %d; between the two frames a ping.", len(r), cut),
				"The peer answers the ping and echoes the message.", []Event{pongOf("p"), textOf(once(r))},
				first(r[:cut]), ping("p"), last(r[cut:])))
		}
	}
	for _, r := range []string{"é", "€", "😀"} {
		for cut := 1; cut < len(r); cut++ {
			cases = append(cases, refuses("6455-5.6-01 6455-8.1-02 6455-7.4.1-06", []int{1007},
				fmt.Sprintf("Sends a text message in two frames: the first %d of the %d octets of a code point, and a last frame without payload.", cut, len(r)),
				first(r[:cut]), last("")))
		}
	}
	return append(cases, refuses("6455-5.6-01 6455-8.1-02 6455-7.4.1-06", []int{1007},
		`Sends a text message in two frames: the first ends inside a code point, the second goes on with "A".`,
		first("\xe2\x82"), last("A")))
}

// pingedFragments returns a case with pings between the frames of a message.
func pingedFragments() *Case {
	var steps []Step
	var want []Event
	for i := range 10 {
		payload := fmt.Sprint(i)
		steps = append(steps, more("*"), ping(payload))
		want = append(want, pongOf(payload))
	}
	steps[0] = first("*")
	return accepts("6455-5.4-10 6455-5.5.2-01 6455-5.5.3-01",
		"Sends a text message in 11 frames with a ping after each of the first 10, all in one write.",
		"The peer answers each ping, in their order, and echoes the message.",
		append(want, textOf(repeat("*", 11))), append(steps, last("*"))...)
}

// manyPings returns a case with n pings and a close frame, all at once. Fewer pongs than pings have the verdict fewer.
func manyPings(n int, fewer Verdict, expected string) *Case {
	var steps []Step
	var want []Event
	for i := range n {
		payload := fmt.Sprintf("ping %d", i)
		steps = append(steps, ping(payload))
		want = append(want, pongOf(payload))
	}
	c := slow(accepts("6455-5.5.2-01 6455-5.5.3-01 6455-5.5.3-02 6455-5.5.1-08",
		fmt.Sprintf("Sends %d pings with different payloads and a close frame with 1000, all at once.", n),
		expected, want, append(steps, Close{Code: 1000})...))
	c.Instead = &Outcome{fewer, nil, normal}
	return c
}
