package fuzzer_test

import (
	"bytes"
	"testing"
	"time"
)

// notEchoed are the verdicts on a peer that gives the wrong answer to messages, and is correct otherwise.
var notEchoed = []row{
	{"killed", failed, wrongCode, 1001}, // it sends back the code that the fuzzer failed the connection with
	{"waited mixed", failed, ok, none},  // the fuzzer closes without a code, and so does it
	{"late", failed, ok, 1002},
	{"lengths loops packed", failed, ok, 1000}, // any answer makes the fuzzer close
}

// Peers that echo messages wrongly, or do something else as well.
func TestBrokenEcho(t *testing.T) {
	for _, b := range []broken{
		// Fragments are as good as a frame.
		{name: "in fragments", habits: habits{echo: func(p *peer, op byte, m []byte) { p.fragments(op, m, max(1, len(m)/3)) }}},
		{name: "in fragments, with pings between", habits: habits{echo: func(p *peer, op byte, m []byte) {
			p.between = func() { p.send(opPing, []byte("still there?")) }
			p.fragments(op, m, max(1, len(m)/3))
		}}},
		{name: "octet by octet", habits: habits{drips: true},
			cases: "1.1.1-1.1.5 1.2.1-1.2.5 2.* 3.* 4.* 5.* 6.1.* 6.2.* 6.3.* 6.4.* 6.5.* 6.6.* 7.1.1-7.1.5 7.3.* 7.7.* 9.7.1 12.1.1"},

		{name: "never", habits: habits{echo: func(*peer, byte, []byte) {}},
			want: append(notEchoed,
				row{"late", nonStrict, ok, 1002},
				row{"lengths loops packed", failed, ok, none})}, // time ran out
		{name: "twice", habits: habits{echo: func(p *peer, op byte, m []byte) { p.send(op, m); p.send(op, m) }},
			want: []row{
				// The second comes while the fuzzer is closing, and still counts.
				{"killed waited mixed", failed, ok, 1000},
				{"late", failed, ok, 1002},
				{"packed", failed, ok, 1000}, // the second is taken for the echo of the next message
				// Lengths do not show that; and one right message is enough.
				{"lengths loops", ok, ok, 1000},
			}},
		{name: "and a word of thanks",
			habits: habits{echo: func(p *peer, op byte, m []byte) { p.send(op, m); p.send(opText, []byte("thank you")) }},
			want: []row{
				{"killed waited mixed", failed, ok, 1000},
				{"late", failed, ok, 1002},
				{"loops packed", failed, ok, 1000},
				{"lengths", ok, ok, 1000},
			}},
		{name: "125 octets at most", habits: habits{echo: func(p *peer, op byte, m []byte) { p.send(op, m[:min(125, len(m))]) }},
			want: []row{
				{"1.1.3-1.1.8 1.2.3-1.2.8 10.1.1", failed, wrongCode, 1001},
				{"lengths 9.7.4 12.1.3", failed, ok, 1000},
			}, cases: small + " 9.7.3 9.7.4 12.1.2 12.1.3"},
		{name: "as many x", habits: habits{echo: func(p *peer, op byte, m []byte) { p.send(op, bytes.Repeat([]byte("x"), len(m))) }},
			want: append(notEchoed,
				row{"1.1.1 1.2.1 6.1.1 6.1.2", ok, ok, 1000}, // nothing is nothing
				row{"lengths loops", ok, ok, 1000},           // content does not count there
			)},
		{name: "text as binary", habits: habits{echo: func(p *peer, op byte, m []byte) { p.send(opBinary, m) }},
			want: append(notEchoed, row{"1.2.* 9.2.* 9.8.*", ok, ok, 1000})},
		{name: "binary as text", habits: habits{echo: func(p *peer, op byte, m []byte) { p.send(opText, m) }},
			cases: "1.* 2.1 3.2 5.3 6.2.1 7.1.1 9.1.1 9.2.1 9.4.5 9.6.6 9.7.2 9.8.1 9.8.2 12.1.1 13.1.1",
			want: []row{
				{"1.2.1", failed, wrongCode, 1001}, // empty: text, but not what was sent
				// It is not UTF-8. The fuzzer finds that twice, in the piece and at the end of the message:
				// it closes with 1007, and then drops TCP before there is an answer.
				{"1.2.2-1.2.8 9.2.* 9.6.* 9.8.2", failed, unclean, none},
				{"9.4.5 9.8.1", failed, ok, 1000}, // it is, by chance, UTF-8
			}},
		{name: "in a pong", habits: habits{echo: func(p *peer, op byte, m []byte) { p.send(opPong, m[:min(125, len(m))]) }}, want: notEchoed},
		{name: "after 0.7 s", habits: habits{echo: func(p *peer, op byte, m []byte) { p.pause(700 * time.Millisecond); p.send(op, m) }},
			long: true,
			want: []row{
				{"valid", failed, wrongCode, 1001}, // the limit there is half a second
				{"loops packed", failed, ok, none}, // a thousand take too long
				{"7.1.6", info, info, none},        // there are two messages before the close frame
			}},
		{name: "after 2 s", habits: habits{echo: func(p *peer, op byte, m []byte) { p.pause(2 * time.Second); p.send(op, m) }},
			cases: "1.1.1 1.1.6 3.2 4.1.3 5.15 6.5.1 7.1.1 9.1.1 10.1.1",
			want: []row{
				{"1.1.1", failed, unclean, none}, // nor does it answer the close frame in time
				{"6.5.1 7.1.1", failed, unclean, none},
				{"late", nonStrict, failed, none}, // it sees the violation too late: the fuzzer closes first
			}},

		// The close frame of the fuzzer goes out at the echo, so that of the peer is its answer.
		{name: "and closes", habits: habits{echo: func(p *peer, op byte, m []byte) { p.send(op, m); p.close(1000, ""); p.over = true }},
			want: []row{
				{"late", ok, wrongCode, 1000},
				{"loops packed", failed, failed, 1000}, // there it is the first
			}},
		{name: "and hangs up", habits: habits{echo: func(p *peer, op byte, m []byte) { p.send(op, m); p.hangUp() }},
			want: []row{
				{"killed waited mixed lengths", ok, unclean, none},
				{"late", ok, ok, none},
				{"loops packed", failed, failed, none}, // nobody closed
				{"7.1.6", info, info, none},
			}},
		{name: "and hangs up halfway", habits: habits{echo: func(p *peer, op byte, m []byte) {
			p.send(op, m)
			p.out = p.out[:len(p.out)-1]
			p.hangUp()
		}},
			cases: "1.1.1-1.1.5 1.2.1-1.2.5 3.* 4.* 5.3 6.2.1 7.1.1 7.1.6 9.1.1 9.7.1 10.1.1 12.1.1",
			want: []row{
				{"killed waited lengths loops packed", failed, failed, none},
				{"late", nonStrict, ok, none},
				{"7.1.6", info, info, none},
			}},

		{name: "after a greeting", habits: habits{opened: func(p *peer) { p.send(opText, []byte("hello")) }}, want: greeted},
		{name: "after a greeting in fragments", habits: habits{opened: func(p *peer) { p.fragments(opBinary, []byte("hello"), 1) }}, want: greeted},
		{name: "after a greeting along with the request", role: aClient,
			habits: habits{plain: true, eager: true, opened: func(p *peer) { p.send(opText, []byte("hello")) }},
			want:   append(greeted, row{"packed", unimpl, ok, 1000})},
	} {
		judge(t, b)
	}
}

// greeted are the verdicts on a peer that sends a message first, and is correct otherwise.
var greeted = []row{
	{"killed", failed, wrongCode, 1001},
	{"waited mixed pings", failed, ok, none},
	{"lone closes badCloses bad late invalid timed", failed, asIs, sameCode},
	{"lengths", ok, asIs, sameCode},    // the echo comes while the fuzzer is closing, and is right
	{"loops packed", failed, ok, 1000}, // the greeting is taken for the first echo
}

// fragments sends a message in fragments of n octets, and says in between what the peer has to.
func (p *peer) fragments(op byte, m []byte, n int) {
	h := header{op: op}
	if p.deflate {
		h.rsv, m = 4, p.pack(m)
	}
	for ; ; m = m[n:] {
		n = min(n, len(m))
		if len(m) == 0 {
			h.fin = true
		}
		p.frame(h, m[:n])
		if h.fin {
			return
		}
		if p.between != nil {
			p.between()
		}
		h = header{}
	}
}
