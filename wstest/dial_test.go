package wstest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// A peer speaks frames to a handler, in a bubble and outside of one.
func TestDialPeer(t *testing.T) {
	bubbles(t, func(t *testing.T) {
		l := Serve(t, server.Handler(echo, nil))
		peer := DialPeer(t, l, "/", nil)
		peer.WriteFragment(frame.Text, "Hel")
		peer.Write(frame.Ping, "p")
		peer.Want("a ping inside a message is answered", frame.Pong, "p")
		peer.WantIdle("the message is not finished")
		peer.Write(frame.Continuation, "lo")
		peer.Want("the message comes back", frame.Text, "Hello")
		peer.WriteFrame(frame.Header{Fin: true, RSV: 1, Opcode: frame.Text}, "")
		peer.WantClose("nobody agreed on RSV3", frame.StatusProtocolError, "reserved bit set")
		peer.WantEOF("the server has nothing more to say")
	})
}

// Frames that come in one piece with the response are the peer's.
func TestDialPeerEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen(t)
		answered := make(chan net.Conn, 1)
		go func() {
			nc, _ := l.Accept()
			nc.Read(make([]byte, 4096))
			io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi\x82\x01")
			answered <- nc
		}()
		peer := DialPeer(t, l, "/", nil)
		peer.Want("the first", frame.Text, "hi")
		peer.WantIdle("the second is not finished")
		io.WriteString(<-answered, "x")
		peer.Want("the second, of two pieces", frame.Binary, "x")
	})
}

// A refusal fails the test and says why.
func TestDialPeerRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Serve(t, http.NotFoundHandler())
		f := &fakeTB{TB: t}
		got := f.catch(func() { DialPeer(f, l, "/chat", nil) })
		if want := "handshake for /chat: 404 Not Found: 404 page not found"; got != want {
			t.Errorf("failed with %q, want %q", got, want)
		}
	})
}

// The request has what is asked for, and what a handshake takes.
func TestHandshakeRequest(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header http.Header
		want   []string // fields in the order of their names
	}{
		{"plain", nil, []string{
			"Connection: Upgrade", "Host: example.com", "Sec-Websocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
			"Sec-Websocket-Version: 13", "Upgrade: websocket",
		}},
		{"changed", http.Header{
			"Connection": nil, "Cookie": {"a=b", "c=d"}, "Host": {"chat.example"},
			"Sec-Websocket-Key": {}, "Sec-Websocket-Version": {"8"}, "Upgrade": {"h2c"},
		}, []string{"Cookie: a=b", "Cookie: c=d", "Host: chat.example", "Sec-Websocket-Version: 8", "Upgrade: h2c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			head := string(request("/chat?room=1", tt.header))
			lines := strings.Split(head, "\r\n")
			want := slices.Concat([]string{"GET /chat?room=1 HTTP/1.1"}, tt.want, []string{"", ""})
			if !slices.Equal(lines, want) {
				t.Errorf("request:\n%q, want\n%q", lines, want)
			}
		})
	}
}

// A refusal can be looked at when it is over.
func TestHandshakeRefused(t *testing.T) {
	bubbles(t, func(t *testing.T) {
		l := Serve(t, server.Handler(echo, nil))
		response, peer := Handshake(t, l, "/", http.Header{"Sec-Websocket-Version": {"8"}})
		if peer != nil {
			t.Error("a peer was returned")
		}
		if response.StatusCode != http.StatusUpgradeRequired || response.Header.Get("Sec-WebSocket-Version") != "13" {
			t.Errorf("status %d, fields %v", response.StatusCode, response.Header)
		}
		body, err := io.ReadAll(response.Body)
		if !strings.Contains(string(body), `"8"`) || err != nil {
			t.Errorf("body %q, %v", body, err)
		}
	})
}

// A client that is refused hangs up.
func TestHandshakeHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen(t)
		end := make(chan error, 1)
		go func() {
			nc, _ := l.Accept()
			nc.Read(make([]byte, 4096))
			io.WriteString(nc, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
			_, err := nc.Read(make([]byte, 1))
			end <- err
		}()
		Handshake(t, l, "/", nil)
		if err := <-end; err != io.EOF {
			t.Errorf("after the response the server reads %v, want the end", err)
		}
	})
}

// What goes wrong with HTTP fails the test and says where.
func TestHandshakeFailure(t *testing.T) {
	for _, tt := range []struct {
		name, answer string // after which the server hangs up, if there is one
		want         string
	}{
		{"no answer", "", "handshake for /: waiting for the response: i/o timeout"},
		{"garbage", "hello\r\n\r\n", `handshake for /: waiting for the response: malformed HTTP`},
		{"the end", "HTTP/1.1 101", "handshake for /: waiting for the response: unexpected EOF"},
		{"half a body", "HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nno", "handshake for /: 403 No: reading the body: unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := Listen(t)
				go func() {
					nc, _ := l.Accept()
					nc.Read(make([]byte, 4096))
					if tt.answer != "" {
						io.WriteString(nc, tt.answer)
						nc.Close()
					}
				}()
				f := &fakeTB{TB: t}
				start := time.Now()
				got := f.catch(func() { Handshake(f, l, "/", nil) })
				if !strings.HasPrefix(got, tt.want) {
					t.Errorf("failed with %q, want %q", got, tt.want)
				}
				if d := time.Since(start); d != 0 && d != time.Minute {
					t.Errorf("it took %v", d)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		l := Listen(t)
		l.Close()
		f := &fakeTB{TB: t}
		got := f.catch(func() { Handshake(f, l, "/", nil) })
		if want := "handshake for /: dial tcp 192.0.2.1:80: wstest: connection refused"; got != want {
			t.Errorf("failed with %q, want %q", got, want)
		}
	})
}

// Outside of a bubble a script waits for what it wants, but not for ever.
func TestPeerOutside(t *testing.T) {
	f := &fakeTB{TB: t}
	nc, far := Pipe()
	p := newPeer(f, frame.Client, far, nil)
	later := func(s string) {
		time.AfterFunc(2*time.Millisecond, func() { io.WriteString(nc, s) })
	}
	later("\x81\x01a")
	p.Want("comes later", frame.Text, "a")
	later("\x82\x01b")
	if got := p.Next(); got != `binary "b"` {
		t.Errorf("Next = %s", got)
	}
	later("\x81\x01c")
	if typ, m := p.WantMessage("comes later"); typ != frame.Text || m != "c" {
		t.Errorf("WantMessage = %v, %q", typ, m)
	}
	p.WantIdle("nothing comes")
	later("\x89\x00")
	if got := f.catch(func() { p.WantIdle("why") }); got != "why:\n got ping \"\"\nwant nothing" {
		t.Errorf("WantIdle that is disturbed failed with %q", got)
	}
	if n := p.Skip(); n != 0 {
		t.Errorf("skipped %d frames", n)
	}
	if got := f.catch(func() { p.wantWithin(time.Millisecond, "why", "x") }); got != "why:\n got nothing\nwant x" {
		t.Errorf("Want of what never comes failed with %q", got)
	}
	start := time.Now()
	time.AfterFunc(2*time.Millisecond, func() { nc.Close() })
	p.WantEOF("comes later")
	if d := time.Since(start); d > patience/2 {
		t.Errorf("the end of stream was seen after %v", d)
	}
}

func TestPeerWantPing(t *testing.T) {
	for in, want := range map[string]string{
		"\x89\x02hi":   "hi",
		"\x89\x00":     "",
		"":             "why:\n got nothing\nwant a ping",
		"\x8a\x00":     "why:\n got pong \"\"\nwant a ping",
		"\x81\x00":     "why:\n got text \"\"\nwant a ping",
		"\xc9\x00":     "why:\n got ping \"\" with RSV 100\nwant a ping",
		"\x89\x80abcd": "why:\n got ping \"\" with MASK true\nwant a ping",
		"\x09\x00":     "why:\n got ping \"\" without FIN\nwant a ping",
	} {
		scripted(t, frame.Client, func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn) {
			io.WriteString(nc, in)
			var payload string
			if got := f.catch(func() { payload = p.WantPing("why") }); got+payload != want {
				t.Errorf("%q: got %q, want %q", in, got+payload, want)
			}
		})
	}
}

// Each row is what arrives and what WantMessage makes of it; the messages have no quotes.
func TestPeerWantMessage(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
	}{
		{"text", "\x81\x02hi", `text "hi"`},
		{"binary of no bytes", "\x82\x00", `binary ""`},
		{"fragments", "\x02\x02Hi\x00\x00\x80\x04, Al", `binary "Hi, Al"`},
		{"the first of two", "\x81\x01a\x81\x01b", `text "a"`},

		{"nothing", "", "why:\n got nothing\nwant a message, from its first frame"},
		{"a ping", "\x89\x00", "why:\n got ping \"\"\nwant a message, from its first frame"},
		{"a continuation", "\x80\x00", "why:\n got continuation \"\"\nwant a message, from its first frame"},
		{"half a message", "\x01\x02hi", "why:\n got nothing\nwant a message, from its next frame"},
		{"a message inside", "\x01\x02hi\x81\x00", "why:\n got text \"\"\nwant a message, from its next frame"},
		{"a ping inside", "\x01\x02hi\x89\x00", "why:\n got ping \"\"\nwant a message, from its next frame"},
		{"a reserved bit", "\xc1\x00", "why:\n got text \"\" with RSV 100\nwant a message, from its first frame"},
		{"a reserved opcode", "\x83\x00", "why:\n got opcode 0x3 \"\"\nwant a message, from its first frame"},
		{"a mask", "\x81\x80abcd", "why:\n got text \"\" with MASK true\nwant a message, from its first frame"},
		{"malformed", "\x89\x7e\x00\x00", "why:\n got malformed frame 89 7e"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scripted(t, frame.Client, func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn) {
				io.WriteString(nc, tt.in)
				var typ frame.Opcode
				var payload string
				got := f.catch(func() { typ, payload = p.WantMessage("why") })
				if got == "" {
					got = fmt.Sprintf("%v %q", typ, payload)
				}
				if !strings.HasPrefix(got, tt.want) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}
