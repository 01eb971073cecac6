package fuzzer_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/wstest"
)

// silent makes a peer say nothing from here on, and keep TCP.
func silent(p *peer) { p.over, p.stays = true, true }

// silence are the verdicts on a peer that says nothing, and does not hang up.
var silence = []row{
	// The fuzzer closes in the end, and gets no answer.
	{"killed waited mixed pings lengths loops", failed, unclean, none},
	// It closed at once. Nothing came, as it should, but an answer was due.
	{"lone closes", ok, unclean, none},
	{"badCloses", ok, ok, none},
	// The wrong side closes, even though the events are right.
	{"bad", ok, failed, none},
	{"late", nonStrict, failed, none},
	{"invalid timed", failed, failed, none}, // there this is fatal
	{"info", info, info, none},
	{"packed", unimpl, unclean, none},
}

// silenceOfServer: a server has to end TCP after the close frames, so the fuzzer minds doing it.
var silenceOfServer = []row{{"badCloses", ok, byClient, none}}

// Peers that open the connection and take no part in what follows.
func TestBrokenAfterOpening(t *testing.T) {
	gone := []row{
		// Nobody closed; a fuzzer that had to did not.
		{"killed waited mixed pings lengths loops", failed, failed, none},
		{"lone closes", ok, unclean, none}, // it had closed at once
		// A connection that is dropped is a failed one.
		{"bad invalid badCloses", ok, ok, none},
		{"late", nonStrict, ok, none},
		{"timed", failed, ok, none}, // too early: the valid part is no reason
		{"info", info, info, none},
		{"packed", unimpl, unclean, none}, // without compression the fuzzer closes at once
	}
	closed := []row{
		// The fuzzer had not closed when the close frame came. It should have been the first.
		{"killed waited mixed pings lengths loops", failed, failed, 1000},
		// It had closed already, because its first step comes before anything that is received:
		// the close frame of the peer counts as the answer.
		{"lone closes", ok, ok, 1000},
		{"badCloses", failed, wrongCode, 1000}, // but not as the right one; the code decides there
		// The right side closed, with the wrong code. That is not fatal.
		{"bad invalid", ok, wrongCode, 1000},
		{"late", nonStrict, wrongCode, 1000},
		{"timed", failed, wrongCode, 1000}, // the time was not over
		{"info", info, info, 1000},
		{"packed", unimpl, ok, 1000},
	}
	for _, b := range []broken{
		{name: "is silent", want: silence, servers: silenceOfServer, cases: small + " 9.3.4 9.5.5 9.7.1 12.1.1",
			habits: habits{plain: true, opened: silent}},
		{name: "never reads", want: silence, servers: silenceOfServer,
			habits: habits{plain: true, opened: func(p *peer) { p.pause(patience); p.hangUp() }, stays: true}},
		{name: "announces a gigabyte", want: silence, servers: silenceOfServer,
			// Whatever it says afterwards is part of that frame.
			habits: habits{plain: true, stays: true, opened: func(p *peer) {
				p.frame(header{fin: true, op: opBinary, length: 1 << 30}, []byte("and so on"))
			}}},
		{name: "announces a gigabyte in a fragment", want: silence, servers: silenceOfServer,
			habits: habits{plain: true, stays: true, opened: func(p *peer) { p.frame(header{op: opText, length: 1 << 30}, nil) }}},
		{name: "says nothing but half a header", want: silence, servers: silenceOfServer,
			habits: habits{plain: true, opened: func(p *peer) { p.out = append(p.out, 0x81); silent(p) }}},
		{name: "begins a message and is silent", want: silence, servers: silenceOfServer,
			habits: habits{plain: true, opened: func(p *peer) { p.frame(header{op: opText}, []byte("once upon")); silent(p) }}},
		{name: "is silent, but compresses", want: append(silence, row{"packed", failed, unclean, none}), servers: silenceOfServer,
			habits: habits{opened: silent}},
		{name: "floods with messages", want: flooded, servers: []row{{"badCloses", failed, byClient, none}},
			habits: habits{plain: true, opened: func(p *peer) { p.flood(opText, 99, 3500*time.Millisecond) }}},
		{name: "floods with pings", want: silence, servers: silenceOfServer, // which are no events
			habits: habits{plain: true, opened: func(p *peer) { p.flood(opPing, 125, 3500*time.Millisecond) }}},
		{name: "floods with pings and does not read", want: silence, servers: silenceOfServer,
			cases: "1.1.1 1.1.6 2.1 2.7 3.2 6.3.1 7.1.2 7.9.1 9.1.1",
			habits: habits{plain: true, stays: true, opened: func(p *peer) {
				for range 20 { // what the fuzzer answers does not fit into the network
					for range 100 {
						p.send(opPing, make([]byte, 125))
					}
					p.pause(50 * time.Millisecond)
				}
				p.pause(patience)
			}}},

		{name: "hangs up", want: gone, cases: small + " 9.3.4 9.5.5 9.7.1 12.1.1",
			habits: habits{plain: true, opened: (*peer).hangUp}},
		{name: "resets", want: gone,
			habits: habits{plain: true, opened: func(p *peer) { p.flush(); p.nc.Reset(); p.hangUp() }}, role: aClient},
		{name: "resets a little later", want: gone,
			habits: habits{plain: true, opened: func(p *peer) { p.pause(10 * time.Millisecond); p.nc.Reset(); p.hangUp() }}},
		{name: "hangs up on one side", want: gone, // and could still read
			habits: habits{plain: true, opened: func(p *peer) { p.flush(); p.nc.CloseWrite(); silent(p) }}},
		{name: "hangs up before the response", want: gone, role: aClient,
			habits: habits{plain: true, eager: true, opened: func(p *peer) { p.flush(); p.nc.CloseWrite(); silent(p) }}},
		{name: "hangs up inside a frame", want: gone,
			habits: habits{plain: true, opened: func(p *peer) {
				p.frame(header{fin: true, op: opText, length: 9}, []byte("once"))
				p.hangUp()
			}}},

		{name: "closes along with the opening", want: closed, cases: small + " 9.7.1 12.1.1",
			habits: habits{plain: true, opened: func(p *peer) { p.close(1000, ""); p.over = true }}},
		{name: "closes along with the request", want: closed, role: aClient,
			habits: habits{plain: true, eager: true, opened: func(p *peer) { p.close(1000, ""); p.over = true }}},
		{name: "closes along with the opening, keeps TCP", want: closed, role: aServer,
			habits: habits{plain: true, stays: true, opened: func(p *peer) { p.close(1000, ""); p.over = true }},
			servers: []row{
				{"lone packed", asIs, unclean, sameCode}, // a second is the limit for ending TCP
				{"closes", asIs, byClient, sameCode},     // but kill-after comes first here: it was set first
			}},
		{name: "closes along with the opening, right code", want: closed,
			habits: habits{plain: true, opened: func(p *peer) { p.close(1002, ""); p.over = true }},
			servers: []row{
				{"killed waited mixed pings lengths loops info", asIs, asIs, 1002},
				{"bad late", asIs, ok, 1002},
				{"invalid timed", asIs, wrongCode, 1002},
				{"lone closes", ok, wrongCode, 1002},
				{"7.1.2-7.1.5 7.3.* 7.7.*", failed, wrongCode, 1002}, // the code decides
				{"7.7.3 badCloses", ok, ok, 1002},
				{"packed", unimpl, wrongCode, 1002},
			},
			role: aServer},
		{name: "closes along with the opening, and goes on", role: aServer,
			habits: habits{plain: true, stays: true, allow: afterClose, reply: goOn, opened: func(p *peer) { p.close(1000, "") }},
			cases:  "1.1.1 1.1.6 2.1 2.9 5.3 5.6 5.19 5.20 6.1.1 6.5.1 9.1.1 9.7.1",
			want: []row{
				// All that it says is heard until TCP ends. The fuzzer goes on after a wait, too, but sends no message.
				{"*", ok, failed, 1000},
				{"9.7.1", failed, failed, 1000},
			}},
		{name: "closes when nothing happens for half a second",
			habits: habits{opened: func(p *peer) { p.idle(500*time.Millisecond, 1000) }},
			want: []row{
				{"timed", failed, wrongCode, 1000},
				{"5.19 5.20", failed, failed, 1000}, // in the middle of the message, while the fuzzer waits
			}},
	} {
		judge(t, b)
	}
}

// goOn does nothing about a close frame.
func goOn(p *peer, _ []byte) { p.closing = false }

// flooded are the verdicts on a peer that sends messages all the time, and nothing else.
var flooded = append(silence[:len(silence):len(silence)],
	row{"lone closes badCloses", failed, asIs, none},
	row{"bad late", failed, failed, none},
)

// flood sends frames of n octets for a while, at a rate that a test can bear, and does not listen.
func (p *peer) flood(op byte, n int, d time.Duration) {
	go func() {
		buf := make([]byte, 4096)
		for {
			if _, err := p.nc.Read(buf); err != nil {
				return
			}
		}
	}()
	for end := time.Now().Add(d); time.Now().Before(end); {
		for range 2 {
			p.send(op, []byte(strings.Repeat("f", n)))
		}
		p.pause(50 * time.Millisecond)
	}
	silent(p)
}

// idle makes a peer close if the fuzzer says nothing for some time.
func (p *peer) idle(d time.Duration, code int) {
	var timer *time.Timer
	p.turn = func(p *peer) {
		if timer != nil {
			timer.Stop()
		}
		nc, b := p.nc, header{fin: true, op: opClose, masked: !p.server, length: 2}.append(nil, []byte{byte(code >> 8), byte(code)})
		timer = time.AfterFunc(d, func() { nc.Write(b); nc.Close() })
		if p.over || p.closing {
			timer.Stop()
		}
	}
}

// neverOpened are the verdicts if the opening handshake fails.
var neverOpened = []row{
	{"*", failed, failed, none},
	{"info", info, info, none},
}

// Servers whose response is wrong.
func TestBrokenResponse(t *testing.T) {
	replaced := func(old, new string) func(*peer, string) string {
		return func(p *peer, right string) string {
			if !strings.Contains(right, old) {
				panic(old)
			}
			return strings.Replace(right, old, new, 1)
		}
	}
	few := "1.1.1 2.1 2.7 3.1 3.2 5.19 6.4.1 6.4.3 7.1.6 7.3.2 7.7.1 7.9.1 7.13.1 9.1.1 9.7.1 10.1.1 12.1.1 13.7.1"
	for name, respond := range map[string]func(*peer, string) string{
		"nothing":                   func(*peer, string) string { return "" },
		"half of a response":        func(_ *peer, right string) string { return right[:len(right)/2] },
		"half, and hangs up":        func(p *peer, right string) string { p.hangUp(); return right[:len(right)/2] },
		"nothing, and hangs up":     func(p *peer, right string) string { p.hangUp(); return "" },
		"another accept":            replaced("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: x"),
		"no accept":                 replaced("Sec-WebSocket-Accept: ", "X-Accept: "),
		"two accepts":               replaced("Upgrade: ", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nUpgrade: "),
		"404":                       replaced("101 Switching Protocols", "404 Not Found"),
		"200":                       replaced("101 Switching Protocols", "200 OK"),
		"HTTP/1.0":                  replaced("HTTP/1.1", "HTTP/1.0"),
		"no upgrade":                replaced("Upgrade: websocket\r\n", ""),
		"another upgrade":           replaced("Upgrade: websocket", "Upgrade: h2c"),
		"another connection":        replaced("Connection: Upgrade", "Connection: keep-alive"),
		"a protocol out of the air": replaced("Upgrade: ", "Sec-WebSocket-Protocol: chat\r\nUpgrade: "),
		"an unknown extension":      func(_ *peer, right string) string { return withExtension(right, "x-squeeze") },
		"no HTTP":                   func(*peer, string) string { return "220 mail.example ESMTP\r\n\r\n" },
		"no text":                   func(*peer, string) string { return strings.Repeat("\xff\x00\r\n", 99) + "\r\n\r\n" },
		"a frame at once":           func(*peer, string) string { return "\x81\x05hello" },
		"a response without end": func(p *peer, right string) string {
			p.out = append(p.out, right[:len(right)-2]...)
			for range 300 {
				p.out = append(p.out, "X-More: "+strings.Repeat("m", 1000)+"\r\n"...)
				p.pause(20 * time.Millisecond)
			}
			return ""
		},
		"the right one after 6 s": func(p *peer, right string) string { p.pause(6 * time.Second); return right },
	} {
		judge(t, broken{name: name, role: aServer, cases: few, want: neverOpened, habits: habits{respond: respond, stays: true}})
	}

	judge(t, broken{name: "the right one after 4 s", role: aServer,
		habits: habits{respond: func(p *peer, right string) string { p.pause(4 * time.Second); return right }}})
	judge(t, broken{name: "the right one in pieces", role: aServer,
		habits: habits{respond: func(p *peer, right string) string {
			for i := range right {
				p.out = append(p.out, right[i])
				p.pause(time.Millisecond)
			}
			return ""
		}}})
	judge(t, broken{name: "in other letters", role: aServer,
		habits: habits{respond: func(p *peer, right string) string {
			right = strings.Replace(right, "Upgrade: websocket", "uPGRADE:WEBSOCKET", 1)
			return strings.Replace(right, "Connection: Upgrade", "connection: keep-alive,upgrade", 1)
		}}})
	judge(t, broken{name: "compression that was not offered", role: aServer,
		habits: habits{plain: true, respond: func(p *peer, right string) string {
			p.agree("permessage-deflate")
			return withExtension(right, "permessage-deflate")
		}},
		want: append(neverOpened, row{"packed", ok, ok, 1000})}) // but there it was
}

// withExtension adds the field to a response.
func withExtension(response, value string) string {
	return strings.Replace(response, "\r\n\r\n", "\r\nSec-WebSocket-Extensions: "+value+"\r\n\r\n", 1)
}

// Clients whose request does not come, or only in part, cost the limit of the opening handshake.
func TestBrokenRequest(t *testing.T) {
	for _, request := range []string{"", "GET / HT", "GET /runCase?case=1&agent=a HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n"} {
		for _, hangsUp := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				mine, its := wstest.Pipe()
				its.Write([]byte(request))
				if hangsUp {
					its.Close()
				}
				start := time.Now()
				_, err := fuzzer.ReadRequest(mine, "9001", fuzzer.Defaults())
				if d := time.Since(start); err == nil || d > 5*time.Second || hangsUp && d > 0 {
					t.Errorf("request %q, hangs up: %v: error %v after %v", request, hangsUp, err, d)
				}
				if _, err := its.Read(make([]byte, 999)); err == nil && !hangsUp {
					// A response that says why is fine, if the connection ends after it.
					if _, err = its.Read(make([]byte, 999)); err == nil {
						t.Error("the connection stays")
					}
				}
				its.Close()
			})
		}
	}
}

// With FailByDrop the fuzzer ends TCP where it would fail the connection with a close frame.
func TestFailByDrop(t *testing.T) {
	option := func(o *fuzzer.Options) { o.FailByDrop = true }
	judge(t, broken{name: "correct", options: option})
	judge(t, broken{name: "is silent", options: option,
		habits: habits{plain: true, opened: silent},
		want: append(silence,
			row{"killed", failed, failed, none}, // kill-after does not close any more, so nobody did
			row{"bad", ok, ok, none},            // nor does it here: the wrong side did not
			row{"late timed", nonStrict, ok, none},
			row{"invalid", ok, ok, none},
		),
		servers: []row{
			{"bad late invalid timed badCloses", asIs, byClient, none},
		}})
	judge(t, broken{name: "never ends TCP", options: option, role: aServer,
		habits: habits{stays: true}, cases: "1.1.1 1.1.6 2.1 3.1 3.2 6.3.1 6.4.1 7.3.1 7.3.2 7.9.1",
		want: []row{
			{"1.1.1 7.3.1", ok, unclean, sameCode}, // kill-after: the end is not clean any more
			{"1.1.6 2.1", ok, unclean, sameCode},   // the limit for ending TCP
			{"bad late invalid badCloses", ok, byClient, sameCode},
		}})
	judge(t, broken{name: "reserved bits in messages", options: option,
		habits: habits{spoil: func(h *header) {
			if h.op < opClose {
				h.rsv |= 2
			}
		}},
		want: []row{
			{"killed waited mixed lengths loops packed", failed, failed, none}, // dropped, not closed
			{"late", nonStrict, ok, none},
			{"7.1.6", info, info, none},
		},
		servers: []row{{"late", nonStrict, byClient, none}},
	})
}

// More of the options that change what is an error.
func TestOptions(t *testing.T) {
	judge(t, broken{name: "masked server, accepted", role: aServer, habits: habits{spoil: wrongMask},
		options: func(o *fuzzer.Options) { o.AcceptMaskedServerFrames = true }})
	judge(t, broken{name: "unmasked client, accepted", role: aClient, habits: habits{spoil: wrongMask},
		options: func(o *fuzzer.Options) { o.RequireMaskedClientFrames = false }})
	judge(t, broken{name: "no limit for the close frame",
		habits:  habits{reply: func(p *peer, _ []byte) { p.pause(1500 * time.Millisecond); p.close(1000, "") }},
		options: func(o *fuzzer.Options) { o.CloseHandshakeTimeout = 0 }, cases: "2.1-2.4 2.7 2.8 6.1.* 9.1.1",
		want: []row{{"*", ok, ok, 1000}}})
}
