package handshake

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

// The handshake in section 1.2 of the RFC, with the key of section 1.3
// and one subprotocol chosen of two.
const (
	goldenKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	goldenAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

	goldenRequest = "GET /chat HTTP/1.1\r\n" +
		"Host: server.example.com\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: " + goldenKey + "\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Protocol: chat, superchat\r\n" +
		"Origin: http://server.example.com\r\n" +
		"\r\n"

	goldenResponse = "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + goldenAccept + "\r\n" +
		"Sec-WebSocket-Protocol: chat\r\n" +
		"\r\n"
)

// deflate is an extension with a parameter of each form. It can be offered and answered.
var deflate = Extension{"permessage-deflate", []Param{
	{Name: "server_no_context_takeover"},
	{Name: "server_max_window_bits", Value: "10", HasValue: true},
}}

// deflateText is deflate on the wire.
const deflateText = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10"

// edit returns head with fields changed.
// "Name: value" replaces the lines of a name, "+Name: value" adds a line at the end,
// "-Name" removes the lines, and "^line" replaces the first line.
func edit(head string, changes ...string) string {
	lines := strings.Split(strings.TrimSuffix(head, "\r\n\r\n"), "\r\n")
	for _, c := range changes {
		name, _, _ := strings.Cut(strings.TrimPrefix(c, "-"), ":")
		switch c[0] {
		case '^':
			lines[0] = c[1:]
			continue
		case '+':
			lines = append(lines, c[1:])
			continue
		}
		kept := lines[:1:1]
		for _, l := range lines[1:] {
			if n, _, _ := strings.Cut(l, ":"); !strings.EqualFold(n, name) {
				kept = append(kept, l)
			}
		}
		if lines = kept; c[0] != '-' {
			lines = append(lines, c)
		}
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// readRequest parses head as net/http does.
func readRequest(t testing.TB, head string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		t.Fatalf("net/http refuses the request: %v\n%s", err, head)
	}
	return r
}

// request is the golden request with changes, as net/http parses it.
func request(t testing.TB, changes ...string) *http.Request {
	t.Helper()
	return readRequest(t, edit(goldenRequest, changes...))
}

// readResponse parses head as net/http does.
func readResponse(t testing.TB, head []byte) *http.Response {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(head))), nil)
	if err != nil {
		t.Fatalf("net/http refuses the response: %v\n%s", err, head)
	}
	return r
}

// consume parses head with ConsumeResponse, whole.
func consume(t testing.TB, head string) *Response {
	t.Helper()
	r, n, err := ConsumeResponse([]byte(head))
	if n != len(head) || err != nil {
		t.Fatalf("ConsumeResponse(%q) = %d, %v; want %d", head, n, err, len(head))
	}
	return &r
}

// wantReason checks that err is there, has want in it, and is fit to be shown.
func wantReason(t testing.TB, err error, want string) {
	t.Helper()
	switch {
	case err == nil:
		t.Fatalf("no error; want one with %q", want)
	case !strings.Contains(err.Error(), want):
		t.Errorf("error %q; want %q in it", err, want)
	case len(err.Error()) > 400:
		t.Errorf("error has %d bytes: %q", len(err.Error()), err)
	}
	for _, c := range err.Error() {
		if c < ' ' || c > '~' {
			t.Errorf("error has character %q: %q", c, err)
		}
	}
}
