package main

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/frame"
)

func TestEscape(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"text", "Grüße, 世界 🙂", "Grüße, 世界 🙂"},
		{"quotes and backslashes", `{"a":"\n'"}`, `{"a":"\n'"}`},
		{"a tab", "a\tb", "a\tb"},
		{"line ends", "a\r\nb", `a\r\nb`},
		{"a line of this program", "a\n* closed", `a\n* closed`},
		{"clear the screen", "\x1b[2J", `\x1b[2J`},
		{"set the title", "\x1b]0;x\a", `\x1b]0;x\a`},
		{"eight-bit escapes", "\u009b2J", `\u009b2J`},
		{"backspace and delete", "a\b\x7f", `a\b\x7f`},
		{"the other direction", "\u202eabc", `\u202eabc`},
		{"nothing visible", "\u200b\ufeff", `\u200b\ufeff`},
		{"not UTF-8", "a\xff\xc3", `a\xff\xc3`},
		{"the sign for that", "\ufffd", "\ufffd"},
	} {
		if got := escape(tt.in); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Whatever comes in, what is shown is valid text on one line without control characters.
func FuzzEscape(f *testing.F) {
	f.Add("a\x1b[2J\xff\u202e\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := escape(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r != '\t' && !unicode.IsPrint(r) }) {
			t.Errorf("escape(%q) = %q", s, got)
		}
	})
}

func TestPrintMessage(t *testing.T) {
	var out bytes.Buffer
	p := &printer{out: &out}
	p.message(frame.Text, []byte("hi\x1b"))
	p.message(frame.Binary, []byte{0, 255})
	p.message(frame.Binary, make([]byte, maxBytes+1))
	p.status("shown")
	p.detail("not shown")
	p.quiet = true
	p.status("not shown")
	p.answer("shown %d", 2)
	want := "< hi\\x1b\n< binary, 2 bytes: 00 ff\n< binary, 257 bytes:" + strings.Repeat(" 00", maxBytes) + " …\n* shown\n* shown 2\n"
	if out.String() != want {
		t.Errorf("printed\n%swant\n%s", out.String(), want)
	}
}

func TestPrintProblem(t *testing.T) {
	var out bytes.Buffer
	p := &printer{errOut: &out}
	p.problem(errors.New("websocket: no luck\n"))
	p.problem(&client.HandshakeError{
		Status: 503,
		Header: http.Header{"Retry-After": {"7"}, "Www-Authenticate": {"Basic", "Bearer\x1b"}, "Date": {"today"}},
		Body:   []byte("too many\r\nof you\x1b[2J"),
		Err:    errors.New("the status is 503"),
	})
	p.problem(&client.ProxyError{Proxy: "http://p", Status: 407, Header: http.Header{"Proxy-Authenticate": {"Basic"}}, Err: errors.New("the status is 407")})
	want := `error: no luck\n
error: handshake failed: the status is 503
  Retry-After: 7
  WWW-Authenticate: Basic
  WWW-Authenticate: Bearer\x1b
  | too many
  | of you\x1b[2J
error: proxy http://p: the status is 407
  Proxy-Authenticate: Basic
`
	if out.String() != want {
		t.Errorf("printed\n%swant\n%s", out.String(), want)
	}
}
