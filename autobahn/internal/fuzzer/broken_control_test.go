package fuzzer_test

import (
	"slices"
	"testing"
	"time"
)

// Peers that answer pings wrongly, or send control frames of their own.
func TestBrokenPongs(t *testing.T) {
	// Without the right pongs the fuzzer closes after a while, without a code.
	missed := []row{{"pings mixed", failed, ok, none}}
	for _, b := range []broken{
		{name: "never", want: missed,
			habits: habits{ping: func(*peer, []byte) {}}},
		{name: "with another payload", want: missed,
			habits: habits{ping: func(p *peer, b []byte) { p.send(opPong, slices.Concat([]byte{'p'}, b[:min(len(b), 124)])) }}},
		{name: "without the payload", want: append(missed, row{"2.1", ok, ok, 1000}),
			habits: habits{ping: func(p *peer, b []byte) { p.send(opPong, nil) }}},
		{name: "with pings", want: missed, // which the fuzzer answers, to no end
			habits: habits{ping: func(p *peer, b []byte) { p.send(opPing, b) }}},
		{name: "with text", want: missed,
			habits: habits{ping: func(p *peer, b []byte) { p.send(opBinary, b) }}},
		{name: "the last one first", cases: "2.*", want: []row{{"2.10 2.11", failed, ok, none}},
			habits: habits{ping: keepPing, turn: func(p *peer) {
				for _, b := range slices.Backward(p.pings) {
					p.send(opPong, b)
				}
				p.pings = nil
			}}},
		{name: "only the last one", cases: "2.*", want: []row{{"2.10 2.11", failed, ok, none}}, // which the RFC allows
			habits: habits{ping: keepPing, turn: func(p *peer) {
				if n := len(p.pings); n > 0 {
					p.send(opPong, p.pings[n-1])
				}
				p.pings = nil
			}}},
		{name: "after everything else", want: []row{{"mixed", failed, ok, none}}, // the pong has to come before the message
			habits: habits{ping: keepPing, turn: func(p *peer) {
				for _, b := range p.pings {
					p.send(opPong, b)
				}
				p.pings = nil
			}}, cases: "2.* 5.6 5.19"},
		{name: "twice",
			habits: habits{ping: func(p *peer, b []byte) { p.send(opPong, b); p.send(opPong, b) }},
			want: []row{
				{"pings", failed, ok, 1000},           // the second comes while the fuzzer is closing
				{"2.10 2.11 mixed", failed, ok, none}, // the list is wrong before it is complete
			}},
		{name: "padded to 126 octets",
			habits: habits{ping: func(p *peer, b []byte) { p.send(opPong, append(b[:len(b):len(b)], make([]byte, 126-len(b))...)) }},
			want: []row{
				{"pings mixed", failed, wrongCode, 1002}, // a violation, and the peer sends back the code
				{"2.10 2.11", failed, unclean, none},     // the second one makes the fuzzer drop TCP
			}},
		{name: "after 0.7 s",
			habits: habits{ping: func(p *peer, b []byte) { p.pause(700 * time.Millisecond); p.send(opPong, b) }},
			cases:  "2.1-2.9 5.6-5.8"},
	} {
		judge(t, b)
	}

	unsolicited := []row{
		{"killed", failed, wrongCode, 1001},
		{"waited mixed pings", failed, ok, none},
		{"lone closes badCloses bad late invalid timed", failed, asIs, sameCode},
		// There any pong makes the fuzzer close at once. One echo may still come.
		{"lengths", ok, ok, 1000},
		{"loops packed", failed, ok, 1000},
	}
	for _, b := range []broken{
		{name: "to pongs",
			habits: habits{pong: func(p *peer, b []byte) { p.send(opPong, b) }},
			want: []row{
				{"lone", failed, ok, 1000},
				{"2.9", failed, ok, none},
			}},
		{name: "to nothing", want: unsolicited,
			habits: habits{opened: func(p *peer) { p.send(opPong, []byte("I am here")) }}},
		{name: "to nothing, empty", want: append(unsolicited,
			row{"2.1", failed, ok, 1000}), // it looks like the right one, which comes too late
			habits: habits{opened: func(p *peer) { p.send(opPong, nil) }}},
		{name: "to nothing, and goes on after the close frame", cases: "9.1.1 9.7.1 9.8.2 12.1.1",
			habits: habits{allow: afterClose, stays: true, reply: goOn, opened: func(p *peer) { p.send(opPong, nil) }},
			want: []row{
				{"lengths", ok, unclean, none},
				{"loops packed", failed, unclean, none}, // no message is sent after the close frame
			}},
		{name: "to the third message too",
			habits: habits{echo: func(p *peer, op byte, m []byte) {
				if p.echoes == 3 {
					p.send(opPong, nil)
				}
				p.send(op, m)
			}},
			want: []row{{"loops packed", failed, ok, 1000}}},
		{name: "to messages too", // the right echo closes the case before the pong is there
			habits: habits{echo: func(p *peer, op byte, m []byte) { p.send(op, m); p.send(opPong, nil) }},
			want: []row{
				{"killed waited mixed", failed, ok, 1000},
				{"late", failed, ok, 1002},
				{"loops packed", failed, ok, 1000},
			}},
	} {
		b.name = "unasked " + b.name
		judge(t, b)
	}
}

// keepPing puts off the answer to a ping.
func keepPing(p *peer, payload []byte) { p.pings = append(p.pings, payload) }

// Peers may send pings. They are answered, and are no events.
func TestPingingPeer(t *testing.T) {
	for _, b := range []broken{
		{name: "once",
			habits: habits{opened: func(p *peer) { p.send(opPing, []byte("are you there?")) }},
			want: []row{
				// The pong goes out inside the unfinished frame, as part of its payload,
				// and is not UTF-8 there: the peer fails the connection before time.
				{"6.4.3 6.4.4", failed, ok, 1007},
			},
			// Masked twice it is noise, which may happen to be UTF-8 for a while.
			servers: []row{{"6.4.3 6.4.4", failed, anyVerdict, anyCode}}},
		{name: "all the time", cases: "1.1.1 2.* 3.1 3.2 5.* 6.1.* 6.2.* 6.4.1 6.4.2 6.5.* 7.1.1 7.3.* 9.1.1",
			habits: habits{opened: func(p *peer) {
				nc, ping := p.nc, header{fin: true, op: opPing, masked: !p.server, length: 1}.append(nil, []byte("?"))
				p.flush()
				go func() {
					for range 50 {
						if _, err := nc.Write(ping); err != nil {
							return
						}
						time.Sleep(90 * time.Millisecond)
					}
				}()
			}}},
		{name: "before every echo",
			habits: habits{echo: func(p *peer, op byte, m []byte) { p.send(opPing, nil); p.send(op, m) }}},
	} {
		judge(t, b)
	}
}
