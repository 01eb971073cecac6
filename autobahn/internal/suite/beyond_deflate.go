package suite

import (
	"bytes"
	"compress/flate"
	"fmt"
	"strings"
	"sync"
)

// Compressed messages, octet by octet. Their text is "Hello" if nothing else is said.
const (
	deflated      = "\xf2\x48\xcd\xc9\xc9\x07\x00"
	deflatedAgain = "\xf2\x00\x11\x00\x00"             // refers to a "Hello" before it
	deflatedFinal = "\xf3\x48\xcd\xc9\xc9\x07\x00\x00" // in a block with BFINAL set
	storedBlock   = "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"
	twoBlocks     = "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"
	afterFinal    = "\x01\x02\x00\xfd\xff\x48\x65\xca\xc9\xc9\x07\x00" // "He" with BFINAL set, then "llo"
	deflatedEmpty = "\x00"                                             // ""
)

// Octets that are no compressed message.
const (
	badBlock    = "\xff\xff\xff\xff"                             // a block of the reserved type
	badStored   = "\x00\x05\x00\x00\x00\x48\x65\x6c\x6c\x6f\x00" // its length and the complement of that differ
	cutMessage  = "\xf2\x48\xcd"
	cutStored   = "\x00\x05\x00\xfa\xff\x48\x65"
	zlibMessage = "\x78\x9c" + deflated
)

// deflate returns c with permessage-deflate agreed on, with as few parameters as the peer allows.
func deflate(c *Case) *Case {
	return deflateOffer("permessage-deflate", c)
}

// deflateOffer is deflate with another offer.
func deflateOffer(offers string, c *Case) *Case {
	// The demand concerns only what a client sends, and there are clients that insist on it.
	c.Deflate = &Deflate{Offers: offers, Accept: []Demand{{NoTakeover: true}}}
	c.Description = "permessage-deflate is agreed on. " + c.Description
	c.Expectation += " UNIMPLEMENTED if it does not agree to permessage-deflate."
	return c
}

// rsv1 returns f with RSV1 set, as the first frame of a compressed message has.
func rsv1(f Frame) Frame { return reserved(4, f) }

// beyondDeflate returns group x.4: what holds, and what holds still, when permessage-deflate is agreed on.
func beyondDeflate() []*Case {
	var cases []*Case
	for _, group := range [][]*Case{strictDeflate(), goodDeflate(), badDeflate()} {
		for _, c := range group {
			cases = append(cases, deflate(c))
		}
	}
	fallback := accepts("7692-7-03 7692-7-07",
		`The fuzzer, as client, offers it first with a parameter that does not exist and then without any. It sends a compressed "Hello".`,
		"The peer takes the second offer and echoes the message.",
		[]Event{textOf(once("Hello"))}, rsv1(text(deflated)))
	fallback.Role = Client
	return append(append(cases, deflateOffer("permessage-deflate; x_unknown=1, permessage-deflate", fallback)), bombs()...)
}

// strictDeflate returns the cases of rules that compression does not change.
func strictDeflate() []*Case {
	var cases []*Case
	add := func(c ...*Case) { cases = append(cases, c...) }
	for _, rsv := range []byte{2, 1} {
		add(
			refuses("6455-5.2-03", protocolError, fmt.Sprintf("Sends an uncompressed text frame with %s set.", bits(rsv)),
				reserved(rsv, text("Hello"))),
			refuses("6455-5.2-03", protocolError, fmt.Sprintf("Sends a compressed text frame with %s set.", bits(4|rsv)),
				reserved(4|rsv, text(deflated))),
		)
	}
	for _, kind := range controls {
		for _, rsv := range []byte{4, 2} {
			c := refuses("7692-6.1-05 6455-5.2-03", protocolError,
				fmt.Sprintf("Sends %s with %s set, then a text frame that is correct.", kind.what, bits(rsv)),
				reserved(rsv, kind.frame), text(hello))
			c.CodeDecides = kind.frame.Opcode == OpClose
			add(c)
		}
	}
	bad := once(closePayload(1000, "\xc3\x28"))
	oneOctet := refuses("6455-5.5.1-03", protocolError, "Sends a close frame with one octet, half a code.",
		Frame{Opcode: OpClose, Payload: once("\x03")})
	badReason := refuses("6455-5.5.1-04", badClose, "Sends a close frame with 1000 and a reason that is not UTF-8.",
		Frame{Opcode: OpClose, Payload: bad})
	oneOctet.CodeDecides, badReason.CodeDecides = true, true
	return append(cases,
		refuses("7692-6.1-06", protocolError, "Sends a compressed text message in two frames, both with RSV1 set.",
			rsv1(first(deflated[:3])), rsv1(last(deflated[3:]))),
		refuses("7692-6.1-06", protocolError, "Sends an uncompressed text message in two frames, the second with RSV1 set.",
			first("Hel"), rsv1(last("lo"))),
		refuses(masking, protocolError, "Sends a compressed text frame with the wrong masking: a client does not mask it, a server does.",
			wrongMask(rsv1(text(deflated)))),
		refuses(masking, protocolError, "Sends a ping with the wrong masking: a client does not mask it, a server does.", wrongMask(ping(hello))),
		refuses("6455-5.2-04", protocolError, "Sends a frame with the reserved opcode 3 and RSV1 set.",
			rsv1(Frame{Opcode: 3, Payload: once(deflated)})),
		refuses("6455-5.2-08", []int{1002, 1009}, "Sends the header of a compressed text frame with a 64-bit length whose top bit is set.",
			Frame{Opcode: OpText, RSV: 4, LengthForm: 64, Claim: -1}),
		refuses("6455-5.5-02", protocolError, "Sends a ping of 126 octets.", Frame{Opcode: OpPing, Payload: repeat("*", 126)}),
		refuses("6455-5.5-03", protocolError, "Sends a ping that is not final, and a continuation frame.",
			Frame{Opcode: OpPing, NotFin: true, Payload: once("a")}, last("b")),
		refuses("6455-5.4-03", protocolError, "Sends a final continuation frame without a message to continue.", last("Hello")),
		refuses("6455-5.4-04", protocolError, "Sends the first frame of a compressed text message, then a whole one.",
			rsv1(first(deflated[:3])), rsv1(text(deflated))),
		oneOctet, badReason,
	)
}

// goodDeflate returns the cases of messages that are correct, if unusual.
func goodDeflate() []*Case {
	const echoes = "The peer echoes the message, compressed or not."
	hello := textOf(once("Hello"))
	var octetwise []Step
	for i := range deflated {
		octetwise = append(octetwise, more(deflated[i:i+1]))
	}
	octetwise[0] = rsv1(first(deflated[:1]))
	octetwise[len(octetwise)-1] = last(deflated[len(deflated)-1:])
	long := strings.Repeat("The window goes on from message to message. ", 5)

	far := accepts("7692-7.1.2.2-07 7692-7.2.2-06",
		"The fuzzer is the client. Sends a text of 32771 octets: 32768 in a stored block, then three that are a match at a distance of 32768, the largest.",
		echoes, []Event{textOf(once(string(repeat(windowPattern, 32768).Bytes()) + windowPattern[:3]))}, rsv1(text(fullWindow())))
	far.Role = Client
	return []*Case{
		accepts("7692-6-04 7692-6.2-02", "Sends an uncompressed text message.", echoes, []Event{hello}, text("Hello")),
		accepts("7692-6-02 7692-7.2.3.2-01", `Sends a compressed "Hello", an uncompressed "plain" and a compressed "Hello".`,
			"The peer echoes the three messages.", []Event{hello, textOf(once("plain")), hello},
			rsv1(text(deflated)), text("plain"), rsv1(text(deflated))),
		accepts("7692-6.1-07", `Sends "Hello" as a compressed binary message.`, echoes, []Event{binaryOf(once("Hello"))},
			rsv1(bin(deflated))),
		accepts("7692-6-03 7692-7.2.3.1-01", `Sends a compressed "Hello" in two frames.`, echoes, []Event{hello},
			rsv1(first(deflated[:3])), last(deflated[3:])),
		accepts("7692-6-03", `Sends a compressed "Hello" in frames of one octet.`, echoes, []Event{hello}, octetwise...),
		slow(accepts("7692-6-03 6455-5.4-11", `Sends a compressed "Hello" in 1,003 frames: the first, the last and 1,000 in the middle have no payload.`,
			echoes, []Event{hello}, rsv1(first("")), times(500, more("")), more(deflated), times(500, more("")), last(""))),
		accepts("7692-6-01 6455-5.4-10", `Sends a compressed "Hello" in two frames with a ping between them, which is not compressed.`,
			"The peer answers the ping and echoes the message.", []Event{pongOf("ping"), hello},
			rsv1(first(deflated[:3])), ping("ping"), last(deflated[3:])),
		accepts("7692-7.2.3.6-02", "Sends a compressed message that is empty: its payload is the octet 00.", echoes,
			[]Event{textOf(once(""))}, rsv1(text(deflatedEmpty))),
		accepts("7692-7.2.3.3-01", `Sends "Hello" in a stored block.`, echoes, []Event{hello}, rsv1(text(storedBlock))),
		accepts("7692-7.2.3.5-01", `Sends "Hello" in two blocks with an empty stored block between them.`, echoes, []Event{hello},
			rsv1(text(twoBlocks))),
		accepts("7692-7.2.3.4-01 7692-7.2.1-03", `Sends "Hello" in a block with BFINAL set, then "Hello" in one without.`,
			"The peer echoes both messages.", []Event{hello, hello}, rsv1(text(deflatedFinal)), rsv1(text(deflated))),
		accepts("7692-7.2.3.4-01 7692-7.2.1-04", `Sends "Hello" in two blocks, the first of which has BFINAL set.`, echoes, []Event{hello},
			rsv1(text(afterFinal))),
		accepts("7692-7.2.1-03", fmt.Sprintf("Sends a text of %d octets in a block with Huffman codes of its own.", len(dynamicText)), echoes,
			[]Event{textOf(once(dynamicText))}, rsv1(text(deflateText(dynamicText)))),
		accepts("7692-7.2.2-02 7692-7.2.2-03", "Sends the same text of 220 octets three times, compressed. Unless no_context_takeover was agreed on, "+
			"the second and the third refer back to the first.",
			"The peer echoes the three messages.", []Event{textOf(once(long)), textOf(once(long)), textOf(once(long))},
			message(long), message(long), message(long)),
		accepts("7692-7.2.3.2-01 7692-7.2.2-02 7692-7.2.2-03", "Sends the same text of 220 octets compressed, uncompressed and compressed. "+
			"Unless no_context_takeover was agreed on, the third refers back to the first.",
			"The peer echoes the three messages.", []Event{textOf(once(long)), textOf(once(long)), textOf(once(long))},
			message(long), text(long), message(long)),
		accepts("7692-6.1-08", "Sends a compressed text in two frames that are cut inside a code point, in a stored block.", echoes,
			[]Event{textOf(once("€"))}, rsv1(first("\x00\x03\x00\xfc\xff\xe2\x82")), last("\xac\x00")),
		far,
		// What RFC 7692 leaves open.
		orRefuses(accepts("7692-7.2.3.6-03", "Sends a frame with RSV1 set and no payload: not even the octet of an empty message.",
			"The peer echoes an empty message.", []Event{textOf(once(""))}, rsv1(text(""))), badData),
		orRefuses(accepts("7692-7.2.1-02", `Sends "Hello" in a block with BFINAL set, without the empty block that has to follow.`,
			echoes, []Event{hello}, rsv1(text(deflatedFinal[:7]))), badData),
	}
}

// message returns a text message that the fuzzer compresses in the agreed context.
func message(s string) Message { return Message{Opcode: OpText, Payload: once(s), Compressed: true} }

// badDeflate returns the cases of compressed messages that are wrong.
func badDeflate() []*Case {
	var cases []*Case
	for _, bad := range []struct{ what, payload string }{
		{"a block of the reserved type", badBlock},
		{"a stored block whose length is not confirmed by its complement", badStored},
		{"a match that reaches back before the first octet of the connection", deflatedAgain},
		{"a zlib header before the compressed octets", zlibMessage},
	} {
		cases = append(cases, refuses("7692-7.2.2-08", badData, "Sends a text message with RSV1 set and "+bad.what+".",
			rsv1(text(bad.payload)), text(hello)))
	}
	// The octets that a receiver appends can be read as the end of the block.
	cut := refuses("7692-7.2.2-09", badData, "Sends a compressed message that ends inside a block.", rsv1(text(cutMessage)))
	cut.Expectation += " NON-STRICT if it takes what there is for the message."
	cut.Instead = &Outcome{NonStrict, nil, normal}
	cases[3].Requirements = append(cases[3].Requirements, "7692-7.3-02")
	return append(cases,
		refuses("7692-7.2.2-08", badData, `Sends the text "Hello" with RSV1 set, not compressed.`, rsv1(text("Hello")), text(hello)),
		cut,
		refuses("7692-7.2.2-09", badData, "Sends a compressed message that ends inside a stored block.", rsv1(text(cutStored)), text(hello)),
		refuses("7692-6.1-08 6455-8.1-02", []int{1007}, "Sends a compressed text message that is not UTF-8: the octet ff in a stored block.",
			rsv1(text("\x00\x01\x00\xfe\xff\xff\x00"))),
		refuses("7692-6.1-08 6455-8.1-02", []int{1007}, "Sends a compressed text message that ends inside a code point, in two frames.",
			rsv1(first("\x00\x02\x00\xfd\xff\xe2")), last("\x82\x00")),
	)
}

// A bomb of 64 MiB, made of blocks that inflate to 1 MiB each and stand alone.
const (
	bombBlock = 1 << 20
	bombSize  = 64
)

// bombs returns the cases of messages that become too large only when they are inflated.
func bombs() []*Case {
	one := bomb()
	total := fmt.Sprintf("64 MiB of zeros in %d KiB", bombSize*len(one)>>10)
	frames := []Step{
		Frame{Opcode: OpBinary, NotFin: true, RSV: 4, Payload: once(one)},
		times(bombSize-2, more(one)), last(cutTail(one)),
	}
	const ids = "7692-8-02 6455-10.4-01 6455-10.4-02 6455-7.4.1-07"
	cases := []*Case{
		refuses(ids, tooMuch, "Sends a binary message of "+total+" in one frame.",
			Frame{Opcode: OpBinary, RSV: 4, Payload: Payload{Pattern: []byte(one), N: bombSize*len(one) - len(tail)}}),
		refuses(ids, tooMuch, fmt.Sprintf("Sends a binary message of "+total+" in %d frames that each inflate to 1 MiB.", bombSize), frames...),
		refuses(ids, append([]int{1007}, tooMuch...), "Sends a text message of "+total+" in one frame.",
			Frame{Opcode: OpText, RSV: 4, Payload: Payload{Pattern: []byte(one), N: bombSize*len(one) - len(tail)}}),
	}
	for _, c := range cases {
		slow(deflate(c))
		c.Close.Fatal = false
		c.Expectation += " The budget is 10 s. NON-STRICT if it takes the message: it need not have a limit, but should."
		c.Instead = &Outcome{NonStrict, nil, Closing{Codes: []int{1000, 1001}}}
	}
	return cases
}

// tail ends the output of a flush, and is left out at the end of a message.
const tail = "\x00\x00\xff\xff"

func cutTail(s string) string { return strings.TrimSuffix(s, tail) }

// bomb returns the compressed form of bombBlock zeros, with the tail.
var bomb = sync.OnceValue(func() string { return flush(make([]byte, bombBlock), flate.BestCompression) })

// dynamicText has few characters of very different frequency, so that codes of its own pay.
var dynamicText = strings.Repeat("aaaabaacaaaadaaeabaaaacaafaaaaabaaaaca", 5) + "0123456789"

// deflateText returns the payload of a message that is compressed without matches.
func deflateText(s string) string { return cutTail(flush([]byte(s), flate.HuffmanOnly)) }

// flush returns p compressed, up to the end of a flush.
func flush(p []byte, level int) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, level)
	w.Write(p)
	w.Flush()
	return b.String()
}

// windowPattern fills a window. What follows in it is not what the largest distance leads to.
const windowPattern = "0123456789abcdefghijklmnopqrstuvwxyz"

// fullWindow returns a message of a full window and a match with the largest distance.
func fullWindow() string {
	const stored = "\x00\x00\x80\xff\x7f"
	const match = "\x02\xde\xff\x0f\x00" // length 3, distance 32768, end of block, header of an empty stored block
	return stored + string(repeat(windowPattern, 32768).Bytes()) + match
}
