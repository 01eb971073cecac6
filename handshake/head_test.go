package handshake

import (
	"bufio"
	"bytes"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// responseTests are heads that parse.
var responseTests = []struct {
	name, head string
	want       Response
}{
	{"the response of section 1.2", goldenResponse, Response{"HTTP/1.1", 101, "Switching Protocols", http.Header{
		"Upgrade": {"websocket"}, "Connection": {"Upgrade"},
		"Sec-Websocket-Accept": {goldenAccept}, "Sec-Websocket-Protocol": {"chat"}}}},
	{"no field", "HTTP/1.1 200 OK\r\n\r\n", Response{"HTTP/1.1", 200, "OK", http.Header{}}},
	{"no reason", "HTTP/1.1 599 \r\n\r\n", Response{"HTTP/1.1", 599, "", http.Header{}}},
	{"a reason of spaces, tabs and letters", "HTTP/1.1 101 a\t é  \r\n\r\n", Response{"HTTP/1.1", 101, "a\t é  ", http.Header{}}},
	{"HTTP/1.0, so that it can be refused with a reason", "HTTP/1.0 404 Not Found\r\n\r\n", Response{"HTTP/1.0", 404, "Not Found", http.Header{}}},
	{"names in other letters", "HTTP/1.1 101 \r\nsec-WEBSOCKET-accept: x\r\n\r\n", Response{"HTTP/1.1", 101, "", http.Header{"Sec-Websocket-Accept": {"x"}}}},
	{"lines of one name keep their order", "HTTP/1.1 101 \r\nA: 2\r\nB: 3\r\na: 1\r\n\r\n", Response{"HTTP/1.1", 101, "", http.Header{"A": {"2", "1"}, "B": {"3"}}}},
	{"white space around values", "HTTP/1.1 101 \r\nA:1\r\nB: \t 2 \t 3 \t\r\nC:\r\n\r\n", Response{"HTTP/1.1", 101, "", http.Header{"A": {"1"}, "B": {"2 \t 3"}, "C": {""}}}},
	{"a colon in a value", "HTTP/1.1 101 \r\nA: b:c: d\r\n\r\n", Response{"HTTP/1.1", 101, "", http.Header{"A": {"b:c: d"}}}},
	{"128 fields", "HTTP/1.1 101 \r\n" + strings.Repeat("A: 1\r\n", 128) + "\r\n", Response{"HTTP/1.1", 101, "", http.Header{"A": slicesRepeat("1", 128)}}},
}

// slicesRepeat returns n times s.
func slicesRepeat(s string, n int) []string {
	return strings.Split(strings.Repeat(s, n), "")
}

// Requirements: 6455-4.1-40, 6455-4.1-50, 6455-4.1-51
func TestConsumeResponse(t *testing.T) {
	for _, tt := range responseTests {
		t.Run(tt.name, func(t *testing.T) {
			// What follows the head is left alone.
			for _, rest := range []string{"", "\x81\x05Hello", "\r\n\r\n"} {
				got, n, err := ConsumeResponse([]byte(tt.head + rest))
				if err != nil || n != len(tt.head) || !reflect.DeepEqual(got, tt.want) {
					t.Errorf("ConsumeResponse = %v, %d, %v; want %v, %d", got, n, err, tt.want, len(tt.head))
				}
			}
			for i := range tt.head {
				if got, n, err := ConsumeResponse([]byte(tt.head[:i])); n != 0 || err != nil {
					t.Fatalf("the first %d bytes: ConsumeResponse = %v, %d, %v; want to need more", i, got, n, err)
				}
			}
		})
	}
}

// Requirements: 6455-4.1-49, 6455-10.7-01
func TestConsumeResponseMalformed(t *testing.T) {
	const ok = "HTTP/1.1 101 OK\r\n"
	for _, tt := range []struct{ name, head, want string }{
		{"another protocol", "SSH-2.0-OpenSSH", "does not begin with HTTP/"},
		{"a TLS alert", "\x15\x03\x01\x00\x02\x02\x46", "does not begin with HTTP/"},
		{"a first byte that is wrong", "h", "does not begin with HTTP/"},
		{"a fifth byte that is wrong", "HTTP 1.1", "does not begin with HTTP/"},
		{"an empty line in front", "\r\n" + ok + "\r\n", "does not begin with HTTP/"},

		{"no version", "HTTP/ 101 OK\r\n\r\n", "status line"},
		{"a version of one number", "HTTP/1 101 OK\r\n\r\n", "status line"},
		{"a version of three numbers", "HTTP/1.1.1 101 OK\r\n\r\n", "status line"},
		{"a version of letters", "HTTP/a.b 101 OK\r\n\r\n", "status line"},
		{"a long version", "HTTP/1.10 101 OK\r\n\r\n", "status line"},
		{"a longer version", "HTTP/11.1 101 OK\r\n\r\n", "status line"},
		{"no status", "HTTP/1.1\r\n\r\n", `the status line is "HTTP/1.1": want "HTTP/1.1", a code and a reason`},
		{"no space after the status", "HTTP/1.1 101\r\n\r\n", `the status line is "HTTP/1.1 101"`},
		{"two spaces in front of the status", "HTTP/1.1  101 OK\r\n\r\n", "status line"},
		{"a tab in front of the status", "HTTP/1.1\t101 OK\r\n\r\n", "status line"},
		{"a status of two digits", "HTTP/1.1 99 OK\r\n\r\n", "status line"},
		{"a status of four digits", "HTTP/1.1 1010 OK\r\n\r\n", "status line"},
		{"a status below 100", "HTTP/1.1 099 OK\r\n\r\n", "status line"},
		{"a status with a sign", "HTTP/1.1 +10 OK\r\n\r\n", "status line"},
		{"a status of letters", "HTTP/1.1 1o1 OK\r\n\r\n", "status line"},
		{"a reason with NUL", "HTTP/1.1 101 \x00\r\n\r\n", "status line"},
		{"a reason with CR", "HTTP/1.1 101 a\rb\r\n\r\n", "status line"},

		{"a status line that ends with LF", "HTTP/1.1 101 OK\n", "ends without CR"},
		{"a field that ends with LF", ok + "A: b\n", "ends without CR"},
		{"an empty line that ends with LF", ok + "A: b\r\n\n", "ends without CR"},
		{"CR and LF the wrong way round", ok + "A: b\n\r", "ends without CR"},
		{"a folded field", ok + "A: b\r\n c\r\n\r\n", "begins with white space"},
		{"a field folded with a tab", ok + "A: b\r\n\tc: d\r\n\r\n", "begins with white space"},
		{"a first field that is folded", ok + " A: b\r\n\r\n", "begins with white space"},
		{"a line of white space", ok + " \r\n\r\n", "begins with white space"},
		{"no colon", ok + "A\r\n\r\n", `line "A" of the response has no colon`},
		{"no name", ok + ": b\r\n\r\n", `field name "" of the response is not a token`},
		{"a space after the name", ok + "A : b\r\n\r\n", `field name "A " of the response is not a token`},
		{"a space in the name", ok + "A B: c\r\n\r\n", `field name "A B" of the response is not a token`},
		{"a name that is not ASCII", ok + "é: c\r\n\r\n", `is not a token`},
		{"a value with NUL", ok + "A: b\x00c\r\n\r\n", `field "A" of the response has a control character in its value: "\x00" after 2 bytes`},
		{"a value with CR", ok + "A: b\rc\r\n\r\n", "control character"},
		{"a value that ends with CR", ok + "A: b\r\r\n\r\n", "control character"},
		{"a value with DEL", ok + "A: \x7F\r\n\r\n", "control character"},
		{"129 fields", ok + strings.Repeat("A: b\r\n", 129) + "\r\n", "more than 128 fields"},
		{"129 fields, and the end has not come", ok + strings.Repeat("A: b\r\n", 129), "more than 128 fields"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, n, err := ConsumeResponse([]byte(tt.head))
			wantReason(t, err, tt.want)
			if n != 0 || !reflect.DeepEqual(r, Response{}) {
				t.Errorf("ConsumeResponse = %v, %d with an error", r, n)
			}
		})
	}
}

// A head that trickles in is not parsed again and again.
func TestConsumeResponseTrickle(t *testing.T) {
	head := "HTTP/1.1 101 OK\r\n" + strings.Repeat("A: "+strings.Repeat("b", 500)+"\r\n", 64) + "\r\n"
	start := time.Now()
	for i := range head {
		if _, n, err := ConsumeResponse([]byte(head)[:i]); n != 0 || err != nil {
			t.Fatalf("the first %d bytes: %d, %v", i, n, err)
		}
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("%d bytes, one at a time, took %v", len(head), d)
	}
	b := []byte(head)
	if got := testing.AllocsPerRun(100, func() { ConsumeResponse(b[:len(b)-1]) }); got != 0 {
		t.Errorf("to find that the end has not come allocates %v times", got)
	}
}

// Any bytes give a response, an error or the wish for more. A response
// does not depend on what follows it, does not come early, and is what
// net/http reads.
func FuzzResponse(f *testing.F) {
	for _, tt := range responseTests {
		f.Add([]byte(tt.head), uint16(10))
	}
	f.Add([]byte("HTTP/1.1 101 OK\r\nA: b\r\n c\r\n\r\nrest"), uint16(3))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		r, n, err := ConsumeResponse(b)
		if n == 0 || err != nil {
			// A refusal is final: more bytes do not turn it into a response.
			if _, n, err2 := ConsumeResponse(append(bytes.Clone(b), "\r\n\r\n"...)); err != nil && err2 == nil {
				t.Errorf("%q is refused with %v, but accepted (%d) when it is longer", b, err, n)
			}
			return
		}
		if again, m, err := ConsumeResponse(b[:n]); m != n || err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("the head alone: %v, %d, %v; with what follows: %v, %d", again, m, err, r, n)
		}
		if r, m, err := ConsumeResponse(b[:int(cut)%n]); m != 0 || err != nil {
			t.Errorf("%d of %d bytes: %v, %d, %v; want to need more", int(cut)%n, n, r, m, err)
		}
		o := &Offer{Key: goldenKey, Subprotocols: []string{"chat"}, Extensions: []Extension{deflate}}
		if a, err := o.Check(&r); err != nil {
			wantReason(t, err, "")
		} else if len(r.Header["Sec-Websocket-Accept"]) != 1 || a.Subprotocol != r.Header.Get("Sec-WebSocket-Protocol") {
			t.Errorf("Check(%v) = %v", r, a)
		}
		for _, name := range []string{"Content-Length", "Transfer-Encoding", "Trailer", "Pragma"} {
			if r.Header[name] != nil {
				return // net/http gives them a meaning
			}
		}
		std, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), nil)
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", b[:n], err)
		}
		if std.Proto != r.Proto || std.StatusCode != r.Status || !reflect.DeepEqual(std.Header, r.Header) {
			t.Errorf("net/http reads %s %d %q; ConsumeResponse %v", std.Proto, std.StatusCode, std.Header, r)
		}
	})
}
