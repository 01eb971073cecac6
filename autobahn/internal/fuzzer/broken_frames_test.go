package fuzzer_test

import "testing"

// wrongMask masks what must not be masked, and the other way round.
func wrongMask(h *header) { h.masked = !h.masked }

// Peers whose frames break the rules. The first that does makes the fuzzer close with 1002: messages are no events
// any more, pongs are. The second makes it drop TCP.
func TestBrokenFrames(t *testing.T) {
	data := func(spoil func(h *header)) func(*header) {
		return func(h *header) {
			if h.op < opClose {
				spoil(h)
			}
		}
	}
	messages := []row{
		{"killed waited mixed lengths loops packed", failed, wrongCode, 1002}, // the peer sends back the code
		{"late", nonStrict, failed, 1002},                                     // its own close frame comes after the echo
		{"7.1.6", info, info, none},                                           // the fuzzer had closed before
	}
	everything := []row{
		{"killed waited mixed lengths loops packed", failed, unclean, none}, // the close frame is the second
		{"pings", ok, unclean, none},                                        // the pong is an event
		{"2.10 2.11", failed, unclean, none},                                // but not the second
		{"lone closes", ok, unclean, none},
		{"badCloses", ok, ok, none},
		{"bad", ok, failed, sameCode}, // its close frame is the first
		{"late", nonStrict, failed, none},
		{"invalid timed", failed, failed, 1007},
		{"info", info, info, none},
	}
	ofServer := []row{{"badCloses", ok, byClient, none}}
	inPieces := []row{
		// A header that comes in pieces is judged with each of them: one frame is enough to drop TCP.
		{"pings", failed, unclean, none},
		{"bad", ok, failed, none},
		{"invalid timed", failed, failed, none},
	}
	for _, b := range []broken{
		{name: "wrong masks", habits: habits{spoil: wrongMask}, want: everything, servers: ofServer},
		{name: "a reserved bit", habits: habits{spoil: func(h *header) { h.rsv |= 1 }}, want: everything, servers: ofServer},
		{name: "a reserved bit in messages", habits: habits{plain: true, spoil: data(func(h *header) { h.rsv |= 1 })},
			want: append(messages, row{"packed", unimpl, ok, 1000})},
		{name: "a reserved opcode in messages", habits: habits{spoil: data(func(h *header) { h.op += 4 })}, want: messages},
		{name: "lengths of 64 bits in messages", cases: small + " 9.7.2 12.1.1",
			habits: habits{spoil: data(func(h *header) { h.long = 64 })},
			want:   append(messages, row{"1.1.7 1.1.8 1.2.7 1.2.8 10.1.1 lengths", ok, ok, 1000})}, // just right for these
		{name: "lengths of 16 bits in messages", cases: small + " 9.7.2 12.1.1",
			habits: habits{spoil: data(func(h *header) { h.long = 16 })},
			want:   append(messages, row{"1.1.3-1.1.8 1.2.3-1.2.8 10.1.1 lengths", ok, ok, 1000})},
		{name: "wrong masks, in pieces", role: aServer, cases: pieces, // of a masked header there is always more than two octets
			habits: habits{spoil: wrongMask, drips: true}, want: append(everything, inPieces...), servers: ofServer},
		{name: "a reserved bit, in pieces", role: aClient, cases: pieces,
			habits: habits{spoil: func(h *header) { h.rsv |= 1 }, drips: true}, want: append(everything, inPieces...)},
		{name: "wrong masks, in pieces, of two octets", role: aClient, cases: pieces, // which is all of a short header
			habits: habits{spoil: wrongMask, drips: true}, want: everything},
	} {
		judge(t, b)
	}
}

// pieces are the cases in which no echo is so long that writing it octet by octet takes long.
const pieces = "1.1.1 1.2.1 2.1 2.7 2.9 2.10 3.1 3.2 4.1.1 4.2.3 5.1 5.3 6.3.1 6.4.1 6.4.3 6.5.1 6.8.1 7.1.1 7.1.2 7.3.1 7.3.2 7.5.1 7.7.2 7.9.1 9.7.1"

// Peers that break a rule right after the opening, once.
func TestBrokenStart(t *testing.T) {
	want := []row{
		{"killed waited mixed lengths loops packed", failed, wrongCode, 1002},
		{"pings", ok, wrongCode, 1002}, // pongs are still events
		{"bad", ok, failed, 1002},
		{"late", nonStrict, failed, 1002},
		{"invalid", failed, failed, 1007},
		{"timed", failed, failed, anyCode}, // that of the fuzzer, or 1007 if this came inside the frame
		// The fuzzer is closing already: it drops TCP.
		{"lone closes", ok, unclean, none},
		{"badCloses", ok, ok, none},
		{"info", info, info, none},
	}
	ofServer := []row{{"badCloses", ok, byClient, none}}
	starts := map[string]func(p *peer){
		"a continuation":            func(p *peer) { p.frame(header{fin: true}, []byte("x")) },
		"an empty continuation":     func(p *peer) { p.frame(header{fin: true}, nil) },
		"a reserved opcode":         func(p *peer) { p.frame(header{fin: true, op: 3}, []byte("x")) },
		"a reserved control opcode": func(p *peer) { p.frame(header{fin: true, op: 15}, nil) },
		"a reserved bit":            func(p *peer) { p.frame(header{fin: true, op: opBinary, rsv: 2}, []byte("x")) },
		"a reserved bit in a ping":  func(p *peer) { p.frame(header{fin: true, op: opPing, rsv: 4}, nil) },
		"a fragmented ping":         func(p *peer) { p.frame(header{op: opPing}, []byte("x")) },
		"a ping of 126 octets":      func(p *peer) { p.frame(header{fin: true, op: opPing}, make([]byte, 126)) },
		"a message within a message": func(p *peer) {
			p.frame(header{op: opBinary}, nil)
			p.frame(header{fin: true, op: opBinary}, nil)
		},
		"a length of too many bits":     func(p *peer) { p.frame(header{fin: true, op: opBinary, long: 64}, []byte("x")) },
		"a length of too many bits, 16": func(p *peer) { p.frame(header{fin: true, op: opBinary, long: 16}, nil) },
	}
	for name, start := range starts {
		judge(t, broken{name: name, habits: habits{opened: start}, want: want, servers: ofServer})
	}
	judge(t, broken{name: "text cut off inside a character",
		habits: habits{opened: func(p *peer) { p.send(opText, []byte("caf\xc3")) }},
		want: append(want,
			row{"killed waited mixed lengths loops packed", failed, wrongCode, 1007},
			row{"pings", ok, wrongCode, 1007}),
		servers: ofServer})
	for name, start := range map[string]func(p *peer){
		"two continuations": func(p *peer) { p.frame(header{fin: true}, nil); p.frame(header{fin: true}, nil) },
		// Too long for a control frame, to judge by the first field, and not the shortest.
		"a ping with a length of 16 bits": func(p *peer) { p.frame(header{fin: true, op: opPing, long: 16}, nil) },
		"text that is not UTF-8":          func(p *peer) { p.send(opText, []byte("caf\xff")) }, // found in the piece, and at the end
	} {
		judge(t, broken{name: name, habits: habits{opened: start}, servers: ofServer,
			want: []row{
				// Closed for the first error, and dropped for the second.
				{"killed waited mixed pings lengths loops packed", failed, unclean, none},
				{"lone closes", ok, unclean, none},
				{"badCloses", ok, ok, none},
				{"bad", ok, failed, none},
				{"late", nonStrict, failed, none},
				{"invalid timed", failed, failed, none},
				{"info", info, info, none},
			}})
	}
}
