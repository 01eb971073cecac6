package handshake

import (
	"net/http"
	"strings"
	"testing"
)

// Requirements: 6455-4.1-38, 6455-4.2.2-14
func TestCheckFields(t *testing.T) {
	for _, tt := range []struct {
		name  string
		extra http.Header
		want  string
	}{
		{"none", nil, ""},
		{"ordinary ones", http.Header{"Cookie": {"a=b"}, "Authorization": {"Basic eDp5"}}, ""},
		{"a name that is not ASCII", http.Header{"X-É": nil}, `field name "X-\xc3\x89" is not a token`},
		{"any text in a value", http.Header{"X": {"", "a\té \"(,;)"}}, ""},
		{"Upgrade", http.Header{"Upgrade": {"h2c"}}, `field "Upgrade" is set by the handshake itself`},
		{"Host", http.Header{"host": {"h"}}, `field "host" is set by the handshake itself`},
		{"Connection", http.Header{"Connection": nil}, `field "Connection" is set`},
		{"Content-Length", http.Header{"Content-Length": {"0"}}, `field "Content-Length" is set`},
		{"Transfer-Encoding", http.Header{"Transfer-Encoding": {"chunked"}}, `field "Transfer-Encoding" is set`},
		{"the prefix alone", http.Header{"SEC-websocket-": {"x"}}, `field "SEC-websocket-" is set`},
		{"a field of the handshake to come", http.Header{"Sec-Websocket-New": {"x"}}, `field "Sec-Websocket-New" is set`},
		{"other security fields", http.Header{"Sec-Fetch-Site": {"none"}, "Sec-Websock": {"x"}}, ""},
		{"an empty name", http.Header{"": {"x"}}, `field name "" is not a token`},
		{"a line break", http.Header{"A": {"1", "b\r\nC: d"}}, `field "A" has a control character in its value: "\x0d" after 1 bytes`},
		{"the first of two, by name", http.Header{"B": {"\n"}, "A": {"\n"}}, `field "A"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckFields(tt.extra)
			if tt.want != "" {
				wantReason(t, err, tt.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// What an error shows of the peer's bytes is bounded and printable.
func TestQuote(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", "", `""`},
		{"printable ASCII, first to last", " !}~", `" !}~"`},
		{"a quote and a backslash", `a"b\c`, `"a\"b\\c"`},
		{"control characters", "\x00\r\n\t\x1F\x7F", `"\x00\x0d\x0a\x09\x1f\x7f"`},
		{"what is not ASCII", "é\xFF", `"\xc3\xa9\xff"`},
		{"64 bytes are shown", strings.Repeat("a", 64), `"` + strings.Repeat("a", 64) + `"`},
		{"65 bytes are cut", strings.Repeat("a", 65), `"` + strings.Repeat("a", 64) + `..."`},
		{"an escape is not cut", strings.Repeat("a", 63) + "\x00b", `"` + strings.Repeat("a", 63) + `\x00..."`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := quote(tt.in); got != tt.want {
				t.Errorf("quote(%q) = %s, want %s", tt.in, got, tt.want)
			}
		})
	}
}

// A value that is refused may be a secret, such as a token that was read from a file with its line end:
// the error says what is wrong with it and does not show it.
func TestValuesNotShown(t *testing.T) {
	const secret = "Bearer s3cret"
	line := "Authorization: " + secret + "\x00"
	_, _, refusal := ConsumeRequest([]byte("GET / HTTP/1.1\r\n" + line))
	_, _, err := ConsumeResponse([]byte("HTTP/1.1 101 x\r\n" + line + "\r\n\r\n"))
	for _, err := range []error{
		CheckFields(http.Header{"Authorization": {secret + "\n"}}), refusal, err,
	} {
		if s := err.Error(); strings.Contains(s, "s3cret") || !strings.Contains(s, "Authorization") {
			t.Errorf("got %q: want the name of the field and not its value", s)
		}
	}
}
