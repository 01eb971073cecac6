package fuzzer_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/wstest"
)

// compression are the cases of one peer that are about compression, and one that is not.
const compression = "1.1.2 12.1.2 12.1.4 12.2.1 12.3.2 12.4.3 12.5.1 13.1.1 13.2.2 13.3.2 13.4.3 13.5.1 13.6.2 13.7.3"

// Peers that do not compress, or do it wrongly.
func TestBrokenDeflate(t *testing.T) {
	ended := []row{{"packed", failed, failed, none}} // TCP ends at once, and nobody has closed
	for _, b := range []broken{
		{name: "correct", cases: compression},
		{name: "none", habits: habits{plain: true}, want: []row{{"packed", unimpl, ok, 1000}}},
		{name: "none, and hangs up at the close frame", habits: habits{plain: true, reply: func(p *peer, _ []byte) { p.hangUp() }},
			cases: compression, want: []row{{"1.1.2", ok, unclean, none}, {"packed", unimpl, unclean, none}}},
		{name: "none, and closes with another code", habits: habits{plain: true, reply: func(p *peer, _ []byte) { p.close(1001, "") }},
			cases: compression, want: []row{{"1.1.2", ok, wrongCode, 1001}, {"packed", unimpl, wrongCode, 1001}}},
		{name: "agreed, but not used", cases: compression, // nobody has to
			habits: habits{echo: func(p *peer, op byte, m []byte) { p.frame(header{fin: true, op: op}, m) }}},
		{name: "agreed, in fragments", cases: compression,
			habits: habits{echo: func(p *peer, op byte, m []byte) { p.fragments(op, m, 7) }}},
		{name: "every context forgotten", cases: compression, habits: habits{opened: func(p *peer) { p.forget = true }}},
		{name: "nothing reaches back", cases: compression, habits: habits{opened: func(p *peer) { p.narrow = true }}},
		{name: "noise", cases: compression, want: ended,
			habits: habits{echo: func(p *peer, op byte, m []byte) {
				if p.deflate {
					p.frame(header{fin: true, op: op, rsv: 4}, bytes.Repeat([]byte{0xff}, 9)) // a block of a type that does not exist
				} else {
					p.send(op, m)
				}
			}}},
		{name: "the message itself, as if it were compressed", cases: "12.1.1 12.1.2 13.1.1", want: ended,
			habits: habits{echo: func(p *peer, op byte, m []byte) { p.frame(header{fin: true, op: op, rsv: 4}, append([]byte{7}, m...)) }}},
		{name: "RSV1 on continuations", cases: compression,
			habits: habits{echo: func(p *peer, op byte, m []byte) {
				if !p.deflate {
					p.send(op, m)
					return
				}
				b := p.pack(m)
				p.frame(header{op: op, rsv: 4}, b[:1])
				p.frame(header{fin: true, rsv: 4}, b[1:])
			}},
			want: []row{{"packed", failed, wrongCode, 1002}}},
		{name: "RSV1 on pongs", cases: compression,
			habits: habits{opened: func(p *peer) { p.frame(header{fin: true, op: opPong, rsv: 4}, nil) }},
			// One error makes the fuzzer close, whatever else it says.
			want: []row{
				{"1.1.2", failed, wrongCode, 1002},
				{"packed", failed, wrongCode, 1002},
			}},
		{name: "one message wrong", cases: "12.1.1-12.1.3 12.2.1 13.3.2",
			habits: habits{echo: func(p *peer, op byte, m []byte) {
				if p.echoes == 4 {
					m[len(m)/2] ^= 1
				}
				p.send(op, m)
			}},
			want: []row{{"packed", failed, ok, 1000}}},
		// Section 13.3 demands a window of 512 octets. Messages that refer back further break the stream.
		// Without a context they are too short for that (13.5).
		{name: "a larger window than agreed on", habits: habits{wide: true}, cases: "13.1.3 13.2.3 13.3.3 13.4.3 13.5.2 13.6.3 13.7.2",
			want: []row{{"13.3.*", failed, failed, none}}},
	} {
		judge(t, b)
	}
}

// Servers whose answer to the offer of compression is no answer. The opening handshake fails.
func TestBrokenAnswer(t *testing.T) {
	few := "1.1.1 12.1.1 13.1.2 13.3.1 13.7.1"
	wrong := []row{{"packed", failed, failed, none}}
	for _, answer := range []string{
		"permessage-deflate; level=9",
		"permessage-deflate; server_no_context_takeover=1",
		"permessage-deflate; client_no_context_takeover=true",
		"permessage-deflate; server_max_window_bits",
		"permessage-deflate; client_max_window_bits",
		"permessage-deflate; server_max_window_bits=7",
		"permessage-deflate; server_max_window_bits=16",
		"permessage-deflate; server_max_window_bits=many",
		"permessage-deflate; client_max_window_bits=-9",
		"permessage-deflate; server_no_context_takeover; server_no_context_takeover",
		"permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
		"permessage-deflate, permessage-deflate",
		"permessage-deflate, x-squeeze",
		"x-squeeze",
	} {
		judge(t, broken{name: answer, role: aServer, cases: few, want: wrong, habits: habits{answers: answer}})
	}
	for _, answer := range []string{
		// What was not offered, and what was offered and is missing, is fine.
		"permessage-deflate",
		"permessage-deflate; server_max_window_bits=12",
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=10",
	} {
		judge(t, broken{name: answer, role: aServer, cases: few, habits: habits{answers: answer, opened: func(p *peer) { p.narrow = true }}})
	}
}

// Clients whose offer is wrong get an error, whatever the case.
func TestBrokenOffer(t *testing.T) {
	for _, offer := range []string{
		"permessage-deflate; level=9",
		"permessage-deflate; server_no_context_takeover=1",
		"permessage-deflate; server_max_window_bits",
		"permessage-deflate; client_max_window_bits=16",
		"permessage-deflate; client_max_window_bits; client_max_window_bits",
	} {
		synctest.Test(t, func(t *testing.T) {
			mine, its := wstest.Pipe()
			p := &peer{habits: habits{offers: offer}, nc: its}
			its.Write([]byte(p.request()))
			if _, err := fuzzer.ReadRequest(mine, "9001", fuzzer.Defaults()); err == nil {
				t.Errorf("%s: no error", offer)
			}
			its.SetDeadline(time.Now().Add(time.Second))
			response, err := io.ReadAll(its)
			if !strings.HasPrefix(string(response), "HTTP/1.1 400 ") || err != nil && !errors.Is(err, wstest.ErrReset) {
				t.Errorf("%s: response %.99q, %v", offer, response, err)
			}
			its.Close()
		})
	}
	// Offers that can not be agreed to in some cases.
	judge(t, broken{name: "no client_max_window_bits", role: aClient, habits: habits{offers: "permessage-deflate"}, cases: compression,
		want: []row{{"13.3.* 13.4.* 13.5.* 13.6.*", unimpl, ok, 1000}}})
	judge(t, broken{name: "another extension", role: aClient, habits: habits{offers: "x-squeeze; level=9"}, cases: compression,
		want: []row{{"packed", unimpl, ok, 1000}}})
	judge(t, broken{name: "another extension first", role: aClient,
		habits: habits{offers: "x-squeeze, permessage-deflate; client_max_window_bits=15"}, cases: compression})
}
