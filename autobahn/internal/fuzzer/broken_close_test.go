package fuzzer_test

import (
	"testing"
	"time"
)

// byFuzzer are the cases that the fuzzer closes itself, after the right events, with a code that may be answered.
const byFuzzer = "killed waited mixed pings lone closes lengths loops packed"

// Peers that answer the close frame of the fuzzer wrongly.
func TestBrokenClosing(t *testing.T) {
	answer := func(code int) func(*peer, []byte) { return func(p *peer, _ []byte) { p.close(code, "") } }
	info := func(code int) row { return row{"info", info, info, code} }
	// unanswered are the verdicts on a peer that does not answer, or too late, or not in a way that counts.
	unanswered := []row{
		{byFuzzer, ok, unclean, none},
		{"badCloses", ok, ok, none}, // these need no answer
		info(none),
	}
	serverStays := []row{{"badCloses", ok, byClient, none}} // but a server has to end TCP
	// refused are those on a peer that answers with a code that the fuzzer drops TCP for.
	refused := func(code int) []row {
		return []row{
			{byFuzzer, ok, unclean, code},
			{"badCloses", failed, wrongCode, code}, // a clean end is not asked for, the right code is
			info(code),
		}
	}
	for _, b := range []broken{
		{name: "nothing", want: unanswered, servers: serverStays,
			habits: habits{reply: func(p *peer, _ []byte) { p.stays = true }}},
		{name: "nothing and goes on", want: unanswered, servers: serverStays,
			habits: habits{allow: afterClose, stays: true, reply: goOn}, cases: closing},
		{name: "the end of TCP", want: unanswered,
			habits: habits{reply: func(p *peer, _ []byte) { p.hangUp() }}},
		{name: "1000", habits: habits{reply: answer(1000)},
			want: []row{
				{"7.3.1 7.7.*", ok, ok, 1000},
				{"badCloses", failed, wrongCode, 1000},
				info(1000),
			}},
		{name: "an empty close frame", habits: habits{reply: answer(none)},
			want: []row{{byFuzzer + " badCloses", ok, ok, none}, info(none)}}, // which is always fine
		{name: "1001", habits: habits{reply: answer(1001)},
			want: []row{
				{byFuzzer, ok, wrongCode, 1001},
				{"7.1.1 closes badCloses", failed, wrongCode, 1001}, // the code decides in section 7
				{"7.7.2", ok, ok, 1001},
				info(1001),
			}},
		{name: "the code and the reason", cases: "1.1.1 2.1 2.7 5.3 7.* 9.1.1", // as they are, valid or not; what is too long is cut
			habits: habits{reply: func(p *peer, b []byte) { p.send(opClose, b[:min(len(b), 125)]) }},
			want: []row{
				{"7.3.2", ok, ok, none}, // one octet makes the fuzzer drop TCP, which will do
				{"7.3.6", failed, wrongCode, 1000},
				{"7.5.1", failed, wrongCode, 1000}, // the reason is not UTF-8, but the code decides
				{"7.9.1", failed, wrongCode, 0},
				{"7.9.2", failed, wrongCode, 999},
				{"7.9.3", failed, wrongCode, 1004},
				{"7.9.4", failed, wrongCode, 1005},
				{"7.9.5", failed, wrongCode, 1006},
				{"7.9.6", failed, wrongCode, 1016},
				{"7.9.7", failed, wrongCode, 1100},
				{"7.9.8", failed, wrongCode, 2000},
				{"7.9.9", failed, wrongCode, 2999},
				{"7.13.1", asIs, asIs, 5000},
				{"7.13.2", asIs, asIs, 65535},
			},
			servers: []row{{"7.3.2", ok, byClient, none}}},
		{name: "1005", habits: habits{reply: answer(1005)}, want: refused(1005)},
		{name: "1006", habits: habits{reply: answer(1006)}, want: refused(1006)},
		{name: "1012", habits: habits{reply: answer(1012)}, want: refused(1012)},
		{name: "1015", habits: habits{reply: answer(1015)}, want: refused(1015)},
		{name: "2999", habits: habits{reply: answer(2999)}, want: refused(2999)},
		{name: "one octet", want: unanswered, servers: serverStays,
			habits: habits{reply: func(p *peer, _ []byte) { p.send(opClose, []byte{3}) }}},
		{name: "a reason that is not UTF-8", want: refused(1000),
			habits: habits{reply: func(p *peer, _ []byte) { p.close(1000, "bye\xff") }}},
		{name: "a reason that is cut off", want: refused(1000),
			habits: habits{reply: func(p *peer, _ []byte) { p.close(1000, "caf\xc3") }}},
		{name: "a close frame in two fragments", want: unanswered, servers: serverStays,
			habits: habits{reply: func(p *peer, b []byte) {
				p.frame(header{op: opClose}, []byte{3})
				p.frame(header{fin: true}, []byte{0xe8})
			}}},
		{name: "a close frame of 126 octets", servers: serverStays,
			habits: habits{reply: func(p *peer, _ []byte) { p.send(opClose, append([]byte{3, 0xe8}, make([]byte, 124)...)) }},
			want:   unanswered},
		{name: "two close frames, the second with 1002",
			habits: habits{reply: func(p *peer, _ []byte) { p.close(1000, ""); p.close(1002, "") }},
			// The second counts, if the fuzzer still listens. To a server it does, until TCP ends.
			servers: []row{
				{byFuzzer, ok, wrongCode, 1002},
				{"7.1.1 closes", failed, wrongCode, 1002},
				{"7.7.3 badCloses", ok, ok, 1002},
				info(1002),
			},
			clients: []row{
				{"7.3.1 7.7.*", ok, ok, 1000},
				{"badCloses", failed, wrongCode, 1000},
				info(1000),
			}},
		{name: "two close frames, the second with 1012",
			habits: habits{reply: func(p *peer, _ []byte) { p.close(1000, ""); p.close(1012, "") }},
			// The second is an error, for which the fuzzer drops TCP: the end is not clean any more.
			servers: refused(1012),
			clients: []row{
				{"7.3.1 7.7.*", ok, ok, 1000},
				{"badCloses", failed, wrongCode, 1000},
				info(1000),
			}},
		{name: "two close frames, the second empty",
			habits:  habits{reply: func(p *peer, _ []byte) { p.close(1008, ""); p.close(none, "") }},
			servers: []row{{byFuzzer + " badCloses", ok, ok, none}, info(none)},
			clients: []row{
				{byFuzzer, ok, wrongCode, 1008},
				{"7.1.1 closes badCloses", failed, wrongCode, 1008},
				{"7.7.6", ok, ok, 1008},
				info(1008),
			}},
		{name: "a message and a close frame",
			habits: habits{reply: func(p *peer, _ []byte) { p.send(opText, []byte("wait!")); p.close(1000, "") }},
			want: []row{
				{byFuzzer, failed, ok, 1000},
				{"lengths", ok, ok, 1000}, // the verdict stands there
				{"badCloses", failed, wrongCode, 1000},
				info(1000),
			}},
		{name: "a close frame and a message",
			habits: habits{reply: func(p *peer, _ []byte) { p.close(1000, ""); p.send(opText, []byte("oh, and ...")) }},
			want: []row{
				{"7.3.1 7.7.*", ok, ok, 1000},
				{"badCloses", failed, wrongCode, 1000},
				info(1000),
			},
			// What comes after the close frame is still an event, if the peer is a server.
			servers: []row{{"killed waited mixed pings lone closes loops packed", failed, ok, 1000}}},
		{name: "something after 0.6 s",
			habits: habits{reply: func(p *peer, b []byte) { p.pause(600 * time.Millisecond); p.close(1000, "") }},
			want: []row{
				{"7.3.1 7.7.*", ok, ok, 1000},
				{"valid", ok, unclean, none}, // kill-after ends TCP there after half a second
				{"badCloses", failed, wrongCode, 1000},
				info(1000),
			}},
		{name: "something after 1.5 s", want: unanswered, servers: serverStays,
			habits: habits{reply: func(p *peer, b []byte) { p.pause(1500 * time.Millisecond); p.close(1000, "") }}},
	} {
		b.name = "answers with " + b.name
		judge(t, b)
	}
}

// TestSecondReason: the end of TCP that a bad reason brings about does not undo a clean end.
func TestSecondReason(t *testing.T) {
	judge(t, broken{name: "cut off", role: aServer, cases: "1.1.1 2.1 2.7 5.3 7.1.1-7.1.5 9.1.1",
		habits: habits{reply: func(p *peer, _ []byte) { p.close(1000, ""); p.close(1000, "caf\xc3") }}})
}

// closing are cases that end with a close frame of the fuzzer, with nothing behind it.
const closing = "1.1.1 1.1.6 2.1 2.7 5.3 5.6 6.1.1 6.5.1 7.1.1 7.3.* 7.5.1 7.7.* 7.9.* 7.13.* 9.1.1 9.7.1 12.1.1"

// Peers that do not know when it is over.
func TestBrokenEnd(t *testing.T) {
	for _, b := range []broken{
		// After its own close frame a server is still heard, a client is not.
		{name: "goes on after its close frame", habits: habits{allow: afterClose},
			servers: []row{
				{"7.1.2", ok, ok, none}, // it answers the second close frame, too, which is empty
				{"7.1.3-7.1.5", failed, ok, 1000},
			}},
		// Before it, either is.
		{name: "answers what came before and after the close frame first",
			habits: habits{allow: afterClose,
				reply: func(p *peer, b []byte) {
					if p.held == nil {
						p.held = append([]byte{}, b...)
					}
				},
				turn: func(p *peer) {
					if p.held != nil {
						b := p.held
						p.reply, p.turn = nil, nil
						p.closeFrame(b)
					}
				}},
			want: []row{
				{"7.1.3-7.1.5", failed, ok, 1000},
				{"7.3.6", failed, wrongCode, 1000}, // it looks at the code only
			}},

		// A server has to end TCP. kill-after ends it if it comes before the limit for that,
		// and the end stays a clean one then.
		{name: "never ends TCP", role: aServer, cases: small + " 9.7.1 12.1.1", habits: habits{stays: true},
			want: []row{
				{"killed closes badCloses bad late invalid", asIs, byClient, sameCode},
				{"1.1.6-1.1.8 1.2.6-1.2.8 10.1.1", asIs, unclean, sameCode},             // ten seconds are too long
				{"waited mixed pings lone lengths loops packed", ok, unclean, sameCode}, // there is no kill-after
				{"timed", ok, ok, 1007}, // no limit at all: the fuzzer waits for TCP to end
			}},
		{name: "ends TCP after 0.7 s", role: aServer, habits: habits{lingers: 700 * time.Millisecond},
			want: []row{{"valid invalid", ok, byClient, sameCode}, {"6.3.*", ok, ok, sameCode}}}, // kill-after is earlier
		{name: "ends TCP after 2 s", role: aServer, habits: habits{lingers: 2 * time.Second},
			want: []row{
				{"killed closes badCloses bad late invalid", asIs, byClient, sameCode},
				{"1.1.6-1.1.8 1.2.6-1.2.8 10.1.1", asIs, unclean, sameCode},
				{"waited mixed pings lone lengths loops packed", ok, unclean, sameCode},
			}},
		// It does not matter to a fuzzer that is a server: it ends TCP itself.
		{name: "ends TCP at once", role: aClient, habits: habits{ends: true}},
	} {
		judge(t, b)
	}
}
