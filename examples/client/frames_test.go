package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ws6455/ws/frame"
)

// framed returns a frame.
func framed(h frame.Header, payload string) string {
	h.Length = int64(len(payload))
	b := h.Append(nil)
	n := len(b)
	b = append(b, payload...)
	if h.Masked {
		frame.Mask(b[n:], h.Key)
	}
	return string(b)
}

// However the bytes are cut, the same frames are shown.
func TestStream(t *testing.T) {
	const request, response = "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"
	key := [4]byte{1, 2, 3, 4}
	ping := framed(frame.Header{Fin: true, Opcode: frame.Ping, Masked: true, Key: key}, "hi")
	for _, tt := range []struct{ name, in, want string }{
		{"a request only", request, ""},
		{"a masked ping", request + ping, "ping, 2 bytes, masked: 68 69"},
		{"through a proxy", "CONNECT h:80 HTTP/1.1\r\n\r\n" + request + ping, "ping, 2 bytes, masked: 68 69"},
		{"a message in two frames", response + framed(frame.Header{Opcode: frame.Text}, "GET ") + framed(frame.Header{Fin: true}, "HTTP/"),
			"text, 4 bytes, to be continued|continuation, 5 bytes"},
		{"a message that is compressed", response + framed(frame.Header{RSV: rsv1, Opcode: frame.Text}, "GET ") + framed(frame.Header{Fin: true}, ""),
			"text, 4 bytes, compressed, to be continued|continuation, 0 bytes"},
		{"a close", response + framed(frame.Header{Fin: true, Opcode: frame.Close}, "\x03\xe9bye"), `close, 5 bytes: 1001 (going away) "bye"`},
		{"a close without a code", response + framed(frame.Header{Fin: true, Opcode: frame.Close}, ""), `close, 0 bytes: 1005 (no status) ""`},
		{"a pong without a payload, and half a frame", response + framed(frame.Header{Fin: true, Opcode: frame.Pong}, "") + "\x89", "pong, 0 bytes"},
		{"a refusal", "HTTP/1.1 403 Forbidden\r\n\r\n", ""},
		{"something else", "\x05\x01\x00" + request + ping, ""},
		{"frames that are none", response + "\x82\x7e\x00\x01" + ping, ""},
	} {
		for _, pieces := range [][]string{{tt.in}, strings.Split(tt.in, "")} {
			var got []string
			s := stream{show: func(f string) { got = append(got, f) }}
			for _, p := range pieces {
				s.see([]byte(p))
			}
			if strings.Join(got, "|") != tt.want {
				t.Errorf("%s, in %d pieces: %q, want %q", tt.name, len(pieces), got, tt.want)
			}
		}
	}
}

// With -frames a person sees what passes.
func TestSessionFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm, cfg := newTerminal(t, echo)
		dial := cfg.DialContext
		cfg.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := dial(ctx, network, addr)
			return tm.tapped(nc), err
		}
		go func() {
			tm.typed.Write([]byte("hello\n"))
			tm.typed.Close()
		}()
		if err := tm.report(tm.once(cfg)); exitStatus(err) != exitNormal {
			t.Error(err)
		}
		want := `* connected to ws://user:xxxxx@h/
* out: text, 5 bytes, masked
* in:  text, 5 bytes
< hello
* out: close, 2 bytes, masked: 1000 (normal closure) ""
* in:  close, 2 bytes: 1000 (normal closure) ""
* closed by this side with 1000 (normal closure), answered with 1000 (normal closure)
`
		if got := tm.shown(); got != want {
			t.Errorf("shown is\n%swant\n%s", got, want)
		}
	})
}
