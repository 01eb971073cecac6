package fuzzer_test

import (
	"testing"
	"time"
)

// Peers that have not heard of a rule. The fuzzer waits for them to fail the connection and in the end
// does it itself, with 1001, which they send back: the wrong side closed.
func TestBrokenRules(t *testing.T) {
	for _, b := range []broken{
		{name: "reserved bits", habits: habits{allow: reservedBits},
			want: []row{
				{"3.1-3.6", failed, failed, 1001},
				{"3.7", ok, ok, none}, // an empty close frame, answered with one, by the right side
			}},
		{name: "reserved bits, frames thrown away", habits: habits{skip: reservedBits},
			want: []row{
				{"3.1 3.5-3.7", ok, failed, 1001}, // there nothing is just right
				{"3.2-3.4", failed, failed, 1001}, // but not after an echo: the ping behind is answered
			}},
		{name: "reserved opcodes, frames thrown away", habits: habits{allow: reservedOpcodes},
			want: []row{
				{"4.1.1 4.1.2 4.2.1 4.2.2", ok, failed, 1001},
				{"4.1.3-4.1.5 4.2.3-4.2.5", failed, failed, 1001},
			}},
		{name: "reserved opcodes, frames sent back",
			habits: habits{allow: reservedOpcodes, skipped: func(p *peer, h header) { p.frame(header{fin: true, op: h.op}, nil) }},
			want: []row{
				{"4.1.1 4.1.2 4.2.1 4.2.2", ok, failed, 1002}, // the fuzzer does not like that either
				{"4.1.3-4.1.5 4.2.3-4.2.5", failed, failed, 1002},
			}},
		{name: "reserved bits, frames sent back", habits: habits{allow: reservedBits, bits: true},
			want: []row{
				{"3.1 3.5 3.6", ok, failed, 1002}, // an error, and so no event
				{"3.2-3.4", failed, failed, 1002}, // but the pong behind it is one
				{"3.7", ok, ok, none},
			}},
		{name: "fragmented control frames", habits: habits{allow: splitControl},
			want: []row{{"5.1", failed, ok, 1002}}}, // fails at the continuation, after a pong
		{name: "long pings",
			habits: habits{allow: longControl, ping: func(p *peer, b []byte) { p.send(opPong, b[:min(125, len(b))]) }},
			want: []row{
				{"2.5", failed, failed, 1001},
				{"7.3.6", failed, wrongCode, 1000}, // long close frames, too
			}},
		{name: "long pings, frames thrown away", habits: habits{skip: longControl},
			want: []row{
				{"2.5", ok, failed, 1001},
				{"7.3.6", ok, ok, none}, // the limit for the answer ends TCP
			},
			servers: []row{{"7.3.6", ok, byClient, none}}},
		{name: "continuations of nothing", habits: habits{allow: strayContinuation},
			want: []row{{"5.9-5.17", failed, failed, 1001}}}, // echoes what comes after them
		{name: "fragmented control frames and continuations of nothing", habits: habits{allow: splitControl | strayContinuation},
			want: []row{
				{"5.1", failed, failed, 1001},
				{"5.2", ok, failed, 1001}, // the pong is fine with it
				{"5.9-5.17", failed, failed, 1001},
			}},
		{name: "messages inside messages", habits: habits{allow: interleaved},
			want: []row{{"5.18", failed, failed, 1001}}},
		{name: "any of these", habits: habits{
			allow: reservedBits | reservedOpcodes | splitControl | longControl | strayContinuation | interleaved,
			plain: true,
			ping:  func(p *peer, b []byte) { p.send(opPong, b[:min(125, len(b))]) },
		},
			want: []row{
				{"bad late", failed, failed, 1001},
				{"4.1.1 4.1.2 4.2.1 4.2.2 5.2", ok, failed, 1001},
				{"3.7", ok, ok, none},
				{"7.3.6", failed, wrongCode, 1000},
				{"packed", unimpl, ok, 1000},
			}},
		{name: "what it was about to say when it fails", habits: habits{forgets: true},
			want: []row{
				{"late", nonStrict, ok, 1002},
				{"3.4 4.1.5 4.2.5", ok, ok, 1002}, // there the octets come one by one, with time to answer
			}},
	} {
		b.name = "ignores " + b.name
		judge(t, b)
	}
}

// Peers that fail the connection in another way than they should.
func TestBrokenFailing(t *testing.T) {
	with := func(code int) func(*peer, int) { return func(p *peer, _ int) { p.close(code, "") } }
	wrong := func(code int) []row {
		return []row{
			{"bad late invalid timed", asIs, wrongCode, code},
			{"badCloses", failed, wrongCode, code}, // the code decides there
			{"7.13.*", info, info, code},
		}
	}
	for _, b := range []broken{
		{name: "1000", habits: habits{fails: with(1000)}, want: wrong(1000)},
		{name: "1001", habits: habits{fails: with(1001)}, want: wrong(1001)},
		{name: "1008", habits: habits{fails: with(1008)}, want: wrong(1008)},
		{name: "4000 and a reason", habits: habits{fails: func(p *peer, _ int) { p.close(4000, "no, thank you") }}, want: wrong(4000)},
		{name: "1002", habits: habits{fails: with(1002)},
			want: []row{
				{"invalid timed", ok, wrongCode, 1002},
				{"7.5.1", ok, ok, 1002}, // either will do
			}},
		{name: "1007", habits: habits{fails: with(1007)},
			want: []row{
				{"bad late", ok, wrongCode, 1007},
				{"badCloses", failed, wrongCode, 1007},
				{"7.5.1", ok, ok, 1007},
				{"7.13.*", info, info, 1007},
			}},
		{name: "an empty close frame", habits: habits{fails: with(none)},
			want: []row{
				{"bad late invalid timed badCloses", ok, ok, none},
				{"7.13.*", info, info, none},
			}},
		{name: "the end of TCP", habits: habits{fails: func(p *peer, _ int) { p.hangUp() }},
			want: []row{
				{"bad late invalid timed badCloses", ok, ok, none},
				{"7.13.*", info, info, none},
			}},
		{name: "the end of TCP, and forgets", habits: habits{forgets: true, fails: func(p *peer, _ int) { p.hangUp() }},
			want: []row{
				{"bad late invalid timed badCloses", ok, ok, none},
				{"late", nonStrict, ok, none},
				{"3.4 4.1.5 4.2.5", ok, ok, none},
				{"7.13.*", info, info, none},
			}},
		{name: "two close frames", habits: habits{fails: func(p *peer, code int) { p.close(code, ""); p.close(1000, "") }},
			// A server is heard until TCP ends, and the last code counts. A client is not.
			servers: []row{
				{"bad late invalid timed", ok, wrongCode, 1000},
				{"badCloses", failed, wrongCode, 1000},
				{"7.13.*", info, info, 1000},
			}},
		// These codes are wrong on the wire. The fuzzer fails the connection for that, and so was the first to close.
		{name: "1012", habits: habits{fails: with(1012)}, want: forbidden(1012)},
		{name: "1014", habits: habits{fails: with(1014)}, want: forbidden(1014)},
		{name: "1005", habits: habits{fails: with(1005)}, want: forbidden(1005)},
		{name: "1006", habits: habits{fails: with(1006)}, want: forbidden(1006)},
		{name: "999", habits: habits{fails: with(999)}, want: forbidden(999)},
		{name: "5000", habits: habits{fails: with(5000)}, want: forbidden(5000)},
		{name: "a reason that is not UTF-8", habits: habits{fails: func(p *peer, code int) { p.close(code, "\xff") }},
			want: []row{
				{"bad late", ok, failed, sameCode}, // the fuzzer closes with 1007 for that
				{"invalid timed", failed, failed, 1007},
				{"badCloses", ok, ok, sameCode}, // it has closed already, and drops TCP
			},
			servers: []row{{"badCloses", ok, byClient, sameCode}}},
		{name: "a reason that is cut off", habits: habits{fails: func(p *peer, code int) { p.close(code, "caf\xc3") }}},
		{name: "one octet", habits: habits{fails: func(p *peer, code int) { p.send(opClose, []byte{3}) }},
			want: []row{
				{"bad late", ok, failed, none},
				{"invalid timed", failed, failed, none},
				{"badCloses", ok, ok, none},
				{"7.13.*", info, info, none},
			},
			servers: []row{{"badCloses", ok, byClient, none}}},
		{name: "nothing, and goes on reading", habits: habits{fails: func(p *peer, _ int) { p.stays = true }},
			want: []row{
				{"bad late", asIs, failed, none},
				{"invalid timed", failed, failed, none},
				{"badCloses", ok, ok, none},
				{"7.13.*", info, info, none},
			},
			servers: []row{{"badCloses", ok, byClient, none}}},
		{name: "a close frame, too late", habits: habits{fails: func(p *peer, code int) { p.pause(1200 * time.Millisecond); p.close(code, "") }},
			want: []row{
				// The fuzzer has closed before; this counts as the answer.
				{"bad late", ok, failed, 1002},
				{"invalid", failed, failed, 1007},
				{"timed", nonStrict, ok, 1007}, // the second part is a second before the third
				{"badCloses", ok, ok, none},    // the limit for an answer is one second
				{"7.13.*", info, info, none},
			},
			servers: []row{{"badCloses", ok, byClient, none}}},
	} {
		b.name = "fails with " + b.name
		judge(t, b)
	}
}

// forbidden are the verdicts on a peer that fails with a code that the fuzzer does not accept.
func forbidden(code int) []row {
	return []row{
		{"bad late", ok, failed, code},
		{"invalid timed", failed, failed, code},
		{"badCloses", failed, wrongCode, code},
		{"7.13.*", info, info, code},
	}
}

// Peers that do not look at text as they should.
func TestBrokenText(t *testing.T) {
	for _, b := range []broken{
		{name: "at the end of a frame", habits: habits{checks: atFrameEnd},
			want: []row{{"6.4.3 6.4.4", nonStrict, ok, 1007}}}, // it is the last part that completes the frame
		{name: "at the end of the message", habits: habits{checks: atMessageEnd},
			want: []row{{"timed", nonStrict, ok, 1007}}},
		{name: "at the end of the message, with 1002",
			habits: habits{checks: atMessageEnd, fails: func(p *peer, _ int) { p.close(1002, "") }},
			want: []row{
				{"invalid", ok, wrongCode, 1002},
				{"timed", nonStrict, wrongCode, 1002},
				{"7.5.1", ok, ok, 1002},
			}},
		{name: "at the end of the message, and hangs up",
			habits: habits{checks: atMessageEnd, fails: func(p *peer, _ int) { p.hangUp() }},
			want: []row{
				{"bad late invalid badCloses", ok, ok, none},
				{"timed", nonStrict, ok, none},
				{"7.13.*", info, info, none},
			}},
		{name: "never", habits: habits{checks: never}, cases: "6.* 7.5.1",
			want: []row{
				// The echo is wrong as well: the fuzzer closes with 1007 and then drops TCP.
				{"invalid timed", failed, failed, none},
				// These are cut off inside a character. That is one error, and the peer has time to answer.
				{"6.6.1 6.6.3 6.6.4 6.6.6 6.6.8 6.6.10 6.14.6 6.14.7", failed, failed, 1007},
			}},
		{name: "never, and sends it back in small fragments",
			habits: habits{checks: never, plain: true, echo: func(p *peer, op byte, m []byte) { p.fragments(op, m, 1) }},
			cases:  "6.3.* 6.4.* 6.5.* 6.6.* 6.8.* 6.12.* 6.14.6",
			want: []row{
				{"invalid timed", failed, failed, none},
				{"6.6.1 6.6.3 6.6.4 6.6.6 6.6.8 6.6.10 6.14.6", failed, failed, 1007},
			}},
		{name: "never, and sends it back as binary",
			habits: habits{checks: never, echo: func(p *peer, _ byte, m []byte) { p.send(opBinary, m) }},
			cases:  "invalid timed",
			want:   []row{{"invalid timed", failed, failed, 1001}}}, // at the end of the time the fuzzer fails the connection
		{name: "for ASCII", habits: habits{ascii: true}, cases: "1.1.2 6.* 9.1.1",
			want: []row{
				{"6.2.* valid", failed, failed, 1007},
				{"6.5.1 6.7.1 6.9.1", ok, ok, 1000},
				{"timed", failed, ok, 1007}, // it need not have failed yet
			}},
	} {
		b.name = "looks at text " + b.name
		judge(t, b)
	}
}
