package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
)

// dialStub is a Dial to a server that answers with these pieces.
// It offers the subprotocols a and b, and checks what holds after every Dial.
func dialStub(t *testing.T, cfg Config, pieces ...string) (*conn.Conn, error) {
	t.Helper()
	s := &stub{pieces: pieces}
	cfg.DialContext = s.dial
	cfg.Subprotocols = []string{"a", "b"}
	c, err := dial(t.Context(), "ws://h", &cfg, sampleNonce)
	if (c == nil) != (err != nil) || s.isClosed() != (err != nil) {
		t.Errorf("Dial = %v, %v and the connection is closed: %v", c, err, s.isClosed())
	}
	return c, err
}

// bytewise returns s in pieces of one byte.
func bytewise(s string) []string { return strings.Split(s, "") }

// Requirements: 6455-4.1-40, 6455-4.1-41, 6455-4.1-42, 6455-4.1-43, 6455-4.1-45, 6455-4.1-48, 6455-4.1-50
func TestResponse(t *testing.T) {
	for _, tt := range []struct{ name, in, subprotocol string }{
		{"the response of section 1.3", accepted + "\r\n", ""},
		{"names and tokens in other letters", "HTTP/1.1 101 OK\r\nuPGRADE: WebSocket\r\nCONNECTION: keep-alive, UPGRADE\r\n" +
			"sEc-wEbSoCkEt-AcCePt: " + sampleAccept + "\r\n\r\n", ""},
		{"two lines of Connection", "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Accept: " + sampleAccept + "\r\n\r\n", ""},
		{"white space around the accept value", "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Accept: \t" + sampleAccept + " \t\r\n\r\n", ""},
		{"no reason phrase", strings.Replace(accepted, "Switching Protocols", "", 1) + "\r\n", ""},
		{"fields that mean nothing here", accepted + "Server: x\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n", ""},
		{"a subprotocol that was offered", accepted + "Sec-WebSocket-Protocol: b\r\n\r\n", "b"},
		{"an interim response", "HTTP/1.1 100 Continue\r\n\r\n" + accepted + "\r\n", ""},
		{"several interim responses", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 199 \r\n\r\n", 9) + accepted + "\r\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, pieces := range [][]string{{tt.in}, bytewise(tt.in)} {
				c, err := dialStub(t, Config{}, pieces...)
				if err != nil {
					t.Fatalf("in %d pieces: %v", len(pieces), err)
				}
				if got := c.Subprotocol(); got != tt.subprotocol {
					t.Errorf("subprotocol %q, want %q", got, tt.subprotocol)
				}
				c.CloseNow()
			}
		})
	}
}

// A response with status 101 that breaks a rule, or none that could be read (status 0).
// The connection is closed, and the error tells which rule it is.
//
// Requirements: 6455-4.1-40, 6455-4.1-42, 6455-4.1-43, 6455-4.1-44, 6455-4.1-45, 6455-4.1-46, 6455-4.1-47, 6455-4.1-49
func TestResponseBad(t *testing.T) {
	swap := func(from, to string) string { return strings.Replace(accepted, from, to, 1) + "\r\n" }
	for _, tt := range []struct {
		name, in string
		status   int
		want     string // part of the error
	}{
		{"no Upgrade", swap("Upgrade: websocket\r\n", ""), 101, "Upgrade is missing"},
		{"Upgrade to something else", swap("websocket", "h2c"), 101, "field Upgrade"},
		{"Upgrade to something longer", swap("websocket", "websocket2"), 101, "field Upgrade"},
		{"Upgrade with a version", swap("websocket", "websocket/13"), 101, "field Upgrade"},
		{"no Connection", swap("Connection: Upgrade\r\n", ""), 101, "Connection is missing"},
		{"Connection with another token", swap("Connection: Upgrade", "Connection: close"), 101, "field Connection"},
		{"Connection with a longer token", swap("Connection: Upgrade", "Connection: Upgraded"), 101, "field Connection"},
		{"no accept", swap("Sec-WebSocket-Accept: "+sampleAccept+"\r\n", ""), 101, "Sec-WebSocket-Accept is missing"},
		{"an empty accept", swap(sampleAccept, ""), 101, "field Sec-WebSocket-Accept"},
		{"the accept for another key", swap(sampleAccept, "ICX+Yqv66kxgM0FcWaLWlFLwTAI="), 101, "field Sec-WebSocket-Accept"},
		{"the key as the accept", swap(sampleAccept, sampleKey), 101, "field Sec-WebSocket-Accept"},
		{"the accept in lower case", swap(sampleAccept, strings.ToLower(sampleAccept)), 101, "field Sec-WebSocket-Accept"},
		{"the hash in hexadecimal", swap(sampleAccept, "b37a4f2cc0624f1690f64606cf385945b2bec4ea"), 101, "field Sec-WebSocket-Accept"},
		{"the accept twice", accepted + "Sec-WebSocket-Accept: " + sampleAccept + "\r\n\r\n", 101, "once"},
		{"an extension", accepted + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", 101, "was not offered"},
		{"a malformed extension", accepted + "Sec-WebSocket-Extensions: ;\r\n\r\n", 101, "Sec-WebSocket-Extensions"},
		{"a subprotocol that was not offered", accepted + "Sec-WebSocket-Protocol: c\r\n\r\n", 101, "was not offered"},
		{"a subprotocol in upper case", accepted + "Sec-WebSocket-Protocol: A\r\n\r\n", 101, "was not offered"},
		{"an empty subprotocol", accepted + "Sec-WebSocket-Protocol: \r\n\r\n", 101, "Sec-WebSocket-Protocol"},
		{"two subprotocols", accepted + "Sec-WebSocket-Protocol: a, b\r\n\r\n", 101, "Sec-WebSocket-Protocol"},
		{"two fields of subprotocols", accepted + "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n\r\n", 101, "Sec-WebSocket-Protocol"},
		{"HTTP/1.0", swap("HTTP/1.1", "HTTP/1.0"), 101, "HTTP/1.0"},
		{"HTTP/2.0", swap("HTTP/1.1", "HTTP/2.0"), 101, "HTTP/2.0"},

		{"a line that is folded", accepted + "A: b\r\n c\r\n\r\n", 0, "white space"},
		{"a space before the colon", accepted + "A : b\r\n\r\n", 0, "token"},
		{"a line without colon", accepted + "A\r\n\r\n", 0, "colon"},
		{"a control character in a value", accepted + "A: \x00\r\n\r\n", 0, "control character"},
		{"a line that ends without CR", accepted + "A: b\n\r\n", 0, "without CR"},
		{"nothing but LF", strings.ReplaceAll(accepted+"\r\n", "\r\n", "\n"), 0, "without CR"},
		{"a malformed status", "HTTP/1.1 1O1 OK\r\n\r\n", 0, "status line"},
		{"no reason and no space", "HTTP/1.1 101\r\n\r\n", 0, "status line"},
		{"more fields than anyone needs", accepted + strings.Repeat("A: b\r\n", 200) + "\r\n", 0, "128 fields"},
		{"a malformed interim response", "HTTP/1.1 100 Continue\r\nA\r\n\r\n" + accepted + "\r\n", 0, "colon"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, pieces := range [][]string{{tt.in}, bytewise(tt.in)} {
				_, err := dialStub(t, Config{}, pieces...)
				e, ok := errors.AsType[*HandshakeError](err)
				if !ok || e.Status != tt.status || (e.Header == nil) != (tt.status == 0) || e.Body != nil {
					t.Fatalf("in %d pieces: Dial = %#v, want a HandshakeError with status %d", len(pieces), err, tt.status)
				}
				if !strings.HasPrefix(err.Error(), "websocket: handshake failed: ") || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("in %d pieces: Dial = %v, want %q in it", len(pieces), err, tt.want)
				}
			}
		})
	}
}

// Any status but 101 is an error that has what the server said.
//
// Requirements: 6455-4.1-41, 6455-4.4-02
func TestResponseStatus(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1000)
	for _, tt := range []struct {
		name, in, body string
		status         int
		want           string // part of the error
	}{
		{"200 with a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", "hello", 200, `200 "OK": want 101; the body begins with "hello"`},
		{"204", "HTTP/1.1 204 No Content\r\n\r\nno body", "", 204, `204 "No Content"`},
		{"302", "HTTP/1.1 302 Found\r\nLocation: ws://other/\r\nContent-Length: 0\r\n\r\n", "", 302, "302"},
		{"400 with chunks", "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n3;x=y\r\nway\r\n0\r\nT: x\r\n\r\nmore", "noway", 400, `"noway"`},
		{"401 up to the end of the connection", "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\n\r\nwho are you?", "who are you?", 401, `401 "Unauthorized"`},
		{"503 from HTTP/1.0", "HTTP/1.0 503 \r\n\r\nbusy", "busy", 503, "busy"},
		{"a body that is long", "HTTP/1.1 500 Oops\r\nContent-Length: 16000\r\n\r\n" + long, long[:4096], 500, `"0123456789abcdef`},
		{"a chunk that is long", "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n3e80\r\n" + long, long[:4096], 500, ""},
		{"a body that is cut off", "HTTP/1.1 403 No\r\nContent-Length: 50\r\n\r\nbecause", "because", 403, "because"},
		{"chunks that are malformed", "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n", "abc", 403, "abc"},
		{"a length that is malformed", "HTTP/1.1 403 No\r\nContent-Length: x\r\n\r\nabc", "", 403, "403"},
		{"after an interim response", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", "gone", 404, "404"},
		{"all that a success has, but for the status", strings.Replace(accepted, "101", "200", 1) + "Content-Length: 0\r\n\r\n", "", 200, "200"},
		{"426 with versions in several fields", "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8, 7\r\nSec-WebSocket-Version: 0\r\nContent-Length: 0\r\n\r\n", "", 426, `versions "8, 7, 0" of the protocol, not 13`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, pieces := range [][]string{{tt.in}, bytewise(tt.in)} {
				_, err := dialStub(t, Config{MaxRedirects: -1}, pieces...)
				e, ok := errors.AsType[*HandshakeError](err)
				if !ok || e.Status != tt.status || string(e.Body) != tt.body || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("in %d pieces: Dial = %v, want status %d, body %q", len(pieces), err, tt.status, tt.body)
				}
				if e.Header == nil || tt.status == 302 && e.Header.Get("Location") != "ws://other/" ||
					tt.status == 401 && e.Header.Get("WWW-Authenticate") != "Basic realm=x" {
					t.Errorf("Header = %v, want that of the response", e.Header)
				}
			}
		})
	}
}

// What the client does not understand it shows, and it says what it may be.
func TestResponseStrange(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"SSH", "SSH-2.0-OpenSSH_9.9\r\n", `but with "SSH-2.0-OpenSSH_9.9\r\n"`},
		{"SMTP", "220 mail.example.com ESMTP\r\n", `"220 mail.example.com ESMTP\r\n"`},
		{"an alert of TLS", "\x15\x03\x01\x00\x02\x02\x46", `"\x15\x03\x01\x00\x02\x02F": the server speaks TLS, is it a wss URL that is meant?`},
		{"SETTINGS of HTTP/2", "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80", "the server speaks HTTP/2"},
		{"a WebSocket frame", "\x81\x05Hello", `"\x81\x05Hello"`},
		{"something long", strings.Repeat("x", 1000), `"` + strings.Repeat("x", 100) + `"`},
		{"something after an interim response", "HTTP/1.1 100 Continue\r\n\r\nxyz", `but with "xyz"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dialStub(t, Config{}, tt.in)
			e, ok := errors.AsType[*HandshakeError](err)
			if !ok || e.Status != 0 || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("Dial = %v, want %q at the end", err, tt.want)
			}
		})
	}
}

// A server that hangs up is a failure of the network, and what it has sent is shown.
func TestResponseCut(t *testing.T) {
	in := "HTTP/1.1 103 \r\n\r\n" + accepted + "\r\n"
	for cut := range in {
		_, err := dialStub(t, Config{}, in[:cut])
		if _, ok := errors.AsType[*HandshakeError](err); ok || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: Dial = %v, want io.ErrUnexpectedEOF", cut, err)
		}
	}
	want := "websocket: waiting for the response of h:80: the server hung up without an answer: unexpected EOF"
	_, err := dialStub(t, Config{})
	if err.Error() != want {
		t.Errorf("Dial = %v\nwant %v", err, want)
	}
	if _, err = dialStub(t, Config{}, "HTTP/1.1 103 \r\n\r\n"); err.Error() != want {
		t.Errorf("after an interim response, Dial = %v\nwant %v", err, want)
	}
	_, err = dialStub(t, Config{}, "HTTP/1.1 10")
	if want := `websocket: waiting for the response of h:80: the server hung up after "HTTP/1.1 10": unexpected EOF`; err.Error() != want {
		t.Errorf("Dial = %v\nwant %v", err, want)
	}
}

// The head of the response, with interim responses, is bounded to the byte.
//
// Requirements: 6455-4.1-49
func TestMaxHeaderBytes(t *testing.T) {
	pad := func(size int) string { // a response of that size
		return accepted + "A: " + strings.Repeat("x", size-len(accepted)-len("A: \r\n\r\n")) + "\r\n\r\n"
	}
	interim := "HTTP/1.1 100 \r\n\r\n"
	for _, tt := range []struct {
		name string
		max  int // Config.MaxHeaderBytes
		in   string
		want int64 // LimitError.Limit; 0 if there is no error
	}{
		{"the limit", 500, pad(500), 0},
		{"the limit, and frames after it", 500, pad(500) + "\x81\x7E\x04\x00" + strings.Repeat("x", 1024), 0},
		{"one byte more", 500, pad(501), 500},
		{"a head without end", 500, pad(5000)[:4000], 500},
		{"a line without end", 500, "HTTP/1.1 101 " + strings.Repeat("x", 5000), 500},
		{"interim responses count", 500, strings.Repeat(interim, 10) + pad(500-10*len(interim)), 0},
		{"interim responses count, one byte more", 500, strings.Repeat(interim, 10) + pad(501-10*len(interim)), 500},
		{"interim responses without end", 500, strings.Repeat(interim, 100), 500},
		{"the default limit", 0, pad(16 << 10), 0},
		{"the default limit, one byte more", 0, pad(16<<10 + 1), 16 << 10},
		{"no limit", -1, pad(1 << 20), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, pieces := range [][]string{{tt.in}, bytewise(tt.in)} {
				c, err := dialStub(t, Config{MaxHeaderBytes: tt.max}, pieces...)
				if tt.want == 0 {
					if err != nil {
						t.Fatalf("in %d pieces: %v", len(pieces), err)
					}
					c.CloseNow()
					continue
				}
				_, ok := errors.AsType[*HandshakeError](err)
				e, isLimit := errors.AsType[*conn.LimitError](err)
				if !ok || !isLimit || e.Option != "MaxHeaderBytes" || e.Limit != tt.want || e.Got <= tt.want {
					t.Fatalf("in %d pieces: Dial = %v, want a HandshakeError and LimitError of %d", len(pieces), err, tt.want)
				}
				if !strings.Contains(err.Error(), fmt.Sprintf("%d is more than Config.MaxHeaderBytes of %d", e.Got, e.Limit)) {
					t.Errorf("Dial = %v, want both numbers in it", err)
				}
			}
		})
	}
}

// A head that comes byte by byte is not parsed for each byte, which would take quadratic time.
func TestResponseLinear(t *testing.T) {
	in := accepted + strings.Repeat("A: b\r\n", 100) + "\r\n"
	a := &answer{b: []byte("HTTP/1.1 100 \r\n\r\n")}
	a.at = len(a.b)
	parsed := 0
	for i := range in {
		seen := len(a.b)
		if a.b = append(a.b, in[i]); a.decided(seen) {
			parsed++
		}
	}
	if want := len("HTTP/") + 1; parsed != want {
		t.Errorf("parsed %d times, want %d: at the first bytes and at the end", parsed, want)
	}
}

// A body is waited for only a second, less if the context ends, and the error tells what came.
func TestBodyTimeout(t *testing.T) {
	for _, tt := range []struct {
		name       string
		head, body string
		timeout    time.Duration // of the context
		after      time.Duration // when Dial is to end
		hangUp     bool
	}{
		{"a body without end", "", "because", time.Hour, time.Second, false},
		{"a body of known length", "Content-Length: 7\r\n", "because", time.Hour, 0, false},
		{"a body that is shorter than announced", "Content-Length: 8\r\n", "because", time.Hour, time.Second, false},
		{"chunks without end", "Transfer-Encoding: chunked\r\n", "", time.Hour, time.Second, false},
		{"a server that hangs up", "", "because", time.Hour, 0, true},
		{"a context that ends before", "", "because", 300 * time.Millisecond, 300 * time.Millisecond, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dialContext, server := pipe()
				go func() {
					readHead(server)
					io.WriteString(server, "HTTP/1.1 403 Forbidden\r\n"+tt.head+"\r\n"+tt.body)
					if tt.hangUp {
						server.Close()
					}
				}()
				ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
				defer cancel()
				start := time.Now()
				_, err := Dial(ctx, "ws://h", &Config{DialContext: dialContext})
				e, ok := errors.AsType[*HandshakeError](err)
				if !ok || e.Status != 403 || string(e.Body) != tt.body || time.Since(start) != tt.after {
					t.Errorf("after %v, Dial = %v; want 403 with body %q after %v", time.Since(start), err, tt.body, tt.after)
				}
				if _, err := server.Read(make([]byte, 1)); !tt.hangUp && err != io.EOF {
					t.Errorf("the server reads %v, want the end", err)
				}
			})
		})
	}
}

// A HandshakeError of somebody's own making does not panic.
func TestHandshakeErrorZero(t *testing.T) {
	if got, want := new(HandshakeError).Error(), "websocket: handshake failed: no reason"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}

// Whatever a server sends, and however that is cut, Dial returns, and a connection only
// if net/http, too, sees a response in it that is what RFC 6455 asks for.
func FuzzDialResponse(f *testing.F) {
	for _, s := range []string{
		accepted + "\r\n", accepted + "Sec-WebSocket-Protocol: a\r\n\r\n\x81\x05Hello",
		"HTTP/1.1 103 \r\n\r\n" + accepted + "\r\n", accepted + "A: b\r\n c\r\n\r\n", accepted,
		"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 404 \r\n\r\nx", "SSH-2.0", "\x15\x03\x01\x00\x02",
	} {
		f.Add([]byte(s), uint16(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		n := min(int(cut), len(b))
		status := func(pieces ...string) (int, bool) {
			c, err := dialStub(t, Config{MaxHeaderBytes: 1000}, pieces...)
			if err == nil {
				c.CloseNow()
				return 101, true
			}
			e, _ := errors.AsType[*HandshakeError](err)
			if e == nil {
				return -1, false
			}
			return e.Status, false
		}
		whole, ok := status(string(b))
		if split, ok2 := status(string(b[:n]), string(b[n:])); whole != split || ok != ok2 {
			t.Fatalf("whole: %v, %v; cut at %d: %v, %v", whole, ok, n, split, ok2)
		}
		if ok && !validResponse(b) {
			t.Fatalf("Dial accepts %q", b)
		}
	})
}

// validResponse reports whether net/http sees a response to sampleKey at the start of b,
// after interim responses.
func validResponse(b []byte) bool {
	r := bufio.NewReader(bytes.NewReader(b))
	for {
		resp, err := http.ReadResponse(r, nil)
		switch {
		case err != nil:
			return false
		case resp.StatusCode > 101 && resp.StatusCode < 200 || resp.StatusCode == 100:
			continue
		}
		h := resp.Header
		return resp.StatusCode == 101 && resp.Proto == "HTTP/1.1" &&
			strings.EqualFold(h.Get("Upgrade"), "websocket") &&
			strings.Contains(strings.ToLower(strings.Join(h.Values("Connection"), ",")), "upgrade") &&
			h.Get("Sec-WebSocket-Accept") == sampleAccept && len(h.Values("Sec-WebSocket-Extensions")) == 0
	}
}
