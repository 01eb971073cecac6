package handshake

import (
	"bufio"
	"bytes"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// requestTests are heads that parse.
var requestTests = []struct {
	name, head            string
	method, target, proto string
	header                http.Header
}{
	{"the request of section 1.2", goldenRequest, "GET", "/chat", "HTTP/1.1", http.Header{
		"Host": {"server.example.com"}, "Upgrade": {"websocket"}, "Connection": {"Upgrade"},
		"Sec-Websocket-Key": {goldenKey}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Protocol": {"chat, superchat"}, "Origin": {"http://server.example.com"}}},
	{"no field", "GET / HTTP/1.1\r\n\r\n", "GET", "/", "HTTP/1.1", http.Header{}},
	{"another method, so that it can be refused with a reason", "M-SEARCH * HTTP/1.1\r\n\r\n", "M-SEARCH", "*", "HTTP/1.1", http.Header{}},
	{"HTTP/1.0, so that it can be refused with a reason", "GET / HTTP/1.0\r\n\r\n", "GET", "/", "HTTP/1.0", http.Header{}},
	{"a target of all characters", "GET /!\"$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~ HTTP/1.9\r\n\r\n", "GET", "/!\"$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~", "HTTP/1.9", http.Header{}},
	{"names in other letters", "GET / HTTP/1.1\r\nsec-WEBSOCKET-key: x\r\n\r\n", "GET", "/", "HTTP/1.1", http.Header{"Sec-Websocket-Key": {"x"}}},
	{"lines of one name keep their order", "GET / HTTP/1.1\r\nA: 2\r\nB: 3\r\na: 1\r\n\r\n", "GET", "/", "HTTP/1.1", http.Header{"A": {"2", "1"}, "B": {"3"}}},
	{"white space around values", "GET / HTTP/1.1\r\nA:1\r\nB: \t 2 \t 3 \t\r\nC:\r\n\r\n", "GET", "/", "HTTP/1.1", http.Header{"A": {"1"}, "B": {"2 \t 3"}, "C": {""}}},
	{"a value of other characters", "GET / HTTP/1.1\r\nA: b:c: \"é\xff\r\n\r\n", "GET", "/", "HTTP/1.1", http.Header{"A": {"b:c: \"é\xff"}}},
	{"128 fields", "GET / HTTP/1.1\r\n" + strings.Repeat("A: 1\r\n", 128) + "\r\n", "GET", "/", "HTTP/1.1", http.Header{"A": slicesRepeat("1", 128)}},
}

// Requirements: 6455-4.2.1-01
func TestConsumeRequest(t *testing.T) {
	for _, tt := range requestTests {
		t.Run(tt.name, func(t *testing.T) {
			// What follows the head is left alone.
			for _, rest := range []string{"", "\x81\x05Hello", "\r\n\r\n"} {
				r, n, err := ConsumeRequest([]byte(tt.head + rest))
				if err != nil || n != len(tt.head) {
					t.Fatalf("ConsumeRequest = %d, %v; want %d", n, err, len(tt.head))
				}
				if r.Method != tt.method || r.Target != tt.target || r.Proto != tt.proto || !reflect.DeepEqual(r.Header(), tt.header) {
					t.Errorf("ConsumeRequest = %q %q; want %q %q %q %q", r, r.Header(), tt.method, tt.target, tt.proto, tt.header)
				}
				for name, values := range tt.header {
					if got := r.Value(strings.ToLower(name)); got != values[0] {
						t.Errorf("Value(%q) = %q, want %q", name, got, values[0])
					}
				}
				if got := r.Value("X-None"); got != "" {
					t.Errorf("a field that is not there is %q", got)
				}
			}
			var p RequestParser // sees one byte more at each call
			for i := range tt.head {
				if _, n, err := ConsumeRequest([]byte(tt.head[:i])); n != 0 || err != nil {
					t.Fatalf("the first %d bytes: %d, %v; want to need more", i, n, err)
				}
				if _, n, err := p.Consume([]byte(tt.head[:i])); n != 0 || err != nil {
					t.Fatalf("one by one, the first %d bytes: %d, %v; want to need more", i, n, err)
				}
			}
			r, n, err := p.Consume([]byte(tt.head + "rest"))
			if n != len(tt.head) || err != nil || !reflect.DeepEqual(r.Header(), tt.header) {
				t.Errorf("one by one: %q, %d, %v; want %d", r, n, err, len(tt.head))
			}
		})
	}
}

// Each row ends with the first byte that cannot be: not before it, and not after it, comes the refusal.
//
// Requirements: 6455-4.2.1-02, 6455-10.7-04
func TestConsumeRequestMalformed(t *testing.T) {
	const ok = "GET / HTTP/1.1\r\n"
	for _, tt := range []struct {
		name, head string
		status     int
		want       string
	}{
		{"TLS", "\x16", 400, "the client speaks TLS, and this server does not"},
		{"a frame", "\x81", 400, `the request begins with "\x81": want "GET", a target and "HTTP/1.1"`},
		{"an empty line in front", "\r", 400, `the request begins with "\x0d"`},
		{"a line feed in front", "\n", 400, "ends without CR"},
		{"a space in front", " ", 400, `the request begins with " "`},
		{"NUL", "\x00", 400, `the request begins with "\x00"`},
		{"another protocol", "SSH-2.0-OpenSSH_9.6\r", 400, `the request begins with "SSH-2.0-OpenSSH_9.6\x0d"`},
		{"a method in parentheses", "GET(", 400, `the request begins with "GET("`},
		{"a tab for a space", "GET\t", 400, `the request begins with "GET\x09"`},
		{"no target", "GET  ", 400, `the request begins with "GET  "`},
		{"HTTP/0.9", "GET /\r", 400, `the request begins with "GET /\x0d"`},
		{"a target with a fragment", "GET /#", 400, `the request begins with "GET /#"`},
		{"a target that is not ASCII", "GET /\xc3", 400, `the request begins with "GET /\xc3"`},
		{"a target with a control character", "GET /\x7f", 400, `the request begins with "GET /\x7f"`},
		{"two targets", "GET / /", 400, `the request begins with "GET / /"`},
		{"two spaces in front of the version", "GET /  ", 400, `the request begins with "GET /  "`},
		{"a version in other letters", "GET / h", 400, `the request begins with "GET / h"`},
		{"another name of a version", "GET / HTTQ", 400, `the request begins with "GET / HTTQ"`},
		{"version 0", "GET / HTTP/0", 505, `the request has version "HTTP/0.": want HTTP/1.1`},
		{"the preface of HTTP/2", "PRI * HTTP/2", 505, `the request has version "HTTP/2.": want HTTP/1.1`},
		{"version 3", "GET /chat HTTP/3", 505, `the request has version "HTTP/3.": want HTTP/1.1`},
		{"a version of letters", "GET / HTTP/a", 400, `"GET / HTTP/a"`},
		{"a version of one number", "GET / HTTP/1\r", 400, `"GET / HTTP/1\x0d"`},
		{"a version without its second number", "GET / HTTP/1.\r", 400, `"GET / HTTP/1.\x0d"`},
		{"a version of three numbers", "GET / HTTP/1.1.", 400, `"GET / HTTP/1.1."`},
		{"a long version", "GET / HTTP/1.10", 400, `"GET / HTTP/1.10"`},
		{"a space after the version", "GET / HTTP/1.1 ", 400, `"GET / HTTP/1.1 "`},
		{"a request line that ends with LF", "GET / HTTP/1.1\n", 400, "ends without CR"},
		{"a request line that ends with CR", "GET / HTTP/1.1\rA", 400, "CR without LF"},

		{"a field that ends with LF", ok + "A: b\n", 400, "ends without CR"},
		{"a field that ends with CR", ok + "A: b\rC", 400, "CR without LF"},
		{"a field that ends with two CR", ok + "A: b\r\r", 400, "CR without LF"},
		{"an empty line that ends with LF", ok + "A: b\r\n\n", 400, "ends without CR"},
		{"an empty line that ends with CR", ok + "A: b\r\n\rC", 400, "CR without LF"},
		{"a folded field", ok + "A: b\r\n ", 400, "begins with white space"},
		{"a field folded with a tab", ok + "A: b\r\n\t", 400, "begins with white space"},
		{"a first field that is folded", ok + " ", 400, "begins with white space"},
		{"no colon", ok + "A\r", 400, `line "A" of the request has no colon`},
		{"no name", ok + ":", 400, `field name ":" of the request is not a token`},
		{"a space after the name", ok + "A ", 400, `field name "A " of the request is not a token`},
		{"a name that is not ASCII", ok + "\xc3", 400, "is not a token"},
		{"a value with NUL", ok + "A: b\x00", 400, `field "A" of the request has a control character in its value: "\x00" after 2 bytes`},
		{"a value with DEL", ok + "B: c\r\nA:\x7F", 400, `field "A" of the request has a control character`},
		{"129 fields", ok + strings.Repeat("A: b\r\n", 128) + "A:", 431, "the request has more than 128 fields"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, n, err := ConsumeRequest([]byte(tt.head))
			wantRefusal(t, err, tt.status, tt.want)
			if n != 0 {
				t.Errorf("size %d with an error", n)
			}
			if _, n, err := ConsumeRequest([]byte(tt.head[:len(tt.head)-1])); n != 0 || err != nil {
				t.Errorf("without the last byte: %d, %v; want to need more", n, err)
			}
			var p RequestParser
			for i := 1; err == nil; i++ {
				_, _, err = p.Consume([]byte(tt.head[:i]))
			}
			wantRefusal(t, err, tt.status, tt.want)
		})
	}
}

func TestRequestParserMaxFields(t *testing.T) {
	for _, tt := range []struct {
		name        string
		max, fields int
		ok          bool
	}{
		{"as many as allowed", 3, 3, true},
		{"one more", 3, 4, false},
		{"by default", 0, 128, true},
		{"one more than by default", 0, 129, false},
		{"without limit", -1, 10_000, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := RequestParser{MaxFields: tt.max}
			head := "GET / HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", tt.fields) + "\r\n"
			_, n, err := p.Consume([]byte(head))
			if tt.ok && (n != len(head) || err != nil) {
				t.Errorf("%d fields: %d, %v", tt.fields, n, err)
			} else if !tt.ok {
				wantRefusal(t, err, 431, "fields")
			}
		})
	}
}

// A head that trickles in is not looked at again and again.
func TestRequestParserTrickle(t *testing.T) {
	head := []byte("GET / HTTP/1.1\r\n" + strings.Repeat("A: "+strings.Repeat("b", 500)+"\r\n", 400) + "\r\n")
	p := RequestParser{MaxFields: -1}
	start := time.Now()
	for i := range head {
		if _, n, err := p.Consume(head[:i]); n != 0 || err != nil {
			t.Fatalf("the first %d bytes: %d, %v", i, n, err)
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("%d bytes, one at a time, took %v", len(head), d)
	}
	if got := testing.AllocsPerRun(100, func() { ConsumeRequest([]byte(goldenRequest)[:50]) }); got > 1 {
		t.Errorf("to find that the end has not come allocates %v times", got)
	}
}

// What net/http makes sure of before a handler runs, or its server mux, holds here, too.
//
// Requirements: 6455-4.2.1-04, 6455-4.2.1-05
func TestCheckRequest(t *testing.T) {
	for _, tt := range []struct {
		name    string
		changes []string
		status  int
		want    string
	}{
		{"a target does not make up for a Host that is missing", []string{"^GET http://server.example.com/ HTTP/1.1", "-Host"}, 400, "field Host is missing"},
		{"two Hosts", []string{"+Host: b"}, 400, `field Host is "server.example.com, b": want it once`},
		{"two Hosts and a target with one", []string{"^GET http://a/ HTTP/1.1", "+Host: b"}, 400, "want it once"},
		{"a Host that is none, and a target with one", []string{"^GET http://a/ HTTP/1.1", "Host: a b"}, 400, `field Host is "a b": want host[:port]`},
		{"a path that is escaped wrongly", []string{"^GET /%zz HTTP/1.1"}, 400, `the target is "/%zz": want /path`},
		{"a path whose end is escaped wrongly", []string{"^GET /%2 HTTP/1.1"}, 400, `the target is "/%2"`},
		{"a path without slash", []string{"^GET chat HTTP/1.1"}, 400, `the target is "chat"`},
		{"every resource", []string{"^GET * HTTP/1.1"}, 400, `the target is "*"`},
		{"another scheme", []string{"^GET ws://server.example.com/ HTTP/1.1"}, 400, `the target is "ws://server.example.com/"`},
		{"no host", []string{"^GET http:///chat HTTP/1.1"}, 400, `the target is "http:///chat"`},
		{"a user", []string{"^GET http://a@server.example.com/ HTTP/1.1"}, 400, `the target is "http://a@`},
		{"a port that is none", []string{"^GET http://a:b/ HTTP/1.1"}, 400, `the target is "http://a:b/"`},
		{"a target for another method", []string{"^OPTIONS * HTTP/1.1"}, 405, `the method is "OPTIONS"`},
		{"a body of unknown length", []string{"Content-Length:"}, 400, "has a body"},
		{"a body of two lengths", []string{"Content-Length: 0", "+Content-Length: 1"}, 400, "has a body"},
		{"a body of a length that is none", []string{"Content-Length: 0, 0"}, 400, "has a body"},
		{"a body in another coding", []string{"Transfer-Encoding: identity"}, 400, "has a body"},
		{"a foreign origin", []string{"Origin: http://evil.example"}, 403, "is not allowed"},
		{"a query with a percent sign", []string{"^GET /?% HTTP/1.1"}, 0, ""},
		{"a body of no bytes, said twice", []string{"Content-Length: 0", "+content-length: 0"}, 0, ""},
		{"the expectation that everything is fine", []string{"Expect: 100-continue"}, 0, ""},
		{"a target that names the origin's host", []string{"^GET HTTP://other.example.com HTTP/1.1", "Origin: http://other.example.com"}, 0, ""},
		{"many lines of one field", strings.Split(strings.Repeat("+Upgrade: h2c\n", 11)+"+Upgrade: websocket", "\n"), 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := new(Policy).checkHead(edit(goldenRequest, tt.changes...))
			if tt.status != 0 {
				wantRefusal(t, err, tt.status, tt.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("a request of nothing", func(t *testing.T) {
		_, err := new(Policy).CheckRequest(&Request{})
		wantRefusal(t, err, 400, "want HTTP/1.1")
	})
}

// sane is a head without anything that net/http tolerates and RFC 9112 does not want.
var sane = regexp.MustCompile("^GET /[!-\"$-~]* HTTP/1\\.[0-9]\r\n" +
	"([!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\\x80-\\xff]*\r\n)*\r\n$")

// isSane reports whether net/http and this package should think the same of head.
func isSane(head []byte) bool {
	latin := make([]rune, len(head)) // regexp looks at characters
	for i, c := range head {
		latin[i] = rune(c)
	}
	lower := bytes.ToLower(head)
	return sane.MatchString(string(latin)) && bytes.Count(head, []byte("\r\n")) <= maxFields &&
		bytes.Count(lower, []byte("\nhost:")) == 1 && !bytes.Contains(lower, []byte("\ncontent-length:"))
}

// What is accepted here is accepted by net/http and [Policy.Check], with the same result.
// The reverse holds for what is sane. It makes no difference how the bytes are cut.
func FuzzConsumeRequest(f *testing.F) {
	for _, tt := range requestTests {
		f.Add([]byte(tt.head), uint16(10))
	}
	for _, changes := range [][]string{
		{"^GET http://a.example.com:80/?q HTTP/1.1", "Origin: https://a.example.com"},
		{"^GET /%41%zz HTTP/1.1"}, {"^PRI * HTTP/2.0"}, {"+Host: a"}, {"Host: [::1]:80", "Expect: 100-continue"},
		{"Content-Length: 00"}, {"Transfer-Encoding: chunked"}, {"+X-A: b\r\n c"}, {"+X A: b"}, {"+X-A: b\nX-B: c"},
		{"Sec-WebSocket-Extensions: " + deflateText + ", foo", "Sec-WebSocket-Protocol: b,, a"},
	} {
		f.Add([]byte(edit(goldenRequest, changes...)+"\x81\x00"), uint16(33))
	}
	p := &Policy{
		Subprotocols: []string{"a", "chat"},
		Origins:      []string{"*.example.com"},
		Negotiate:    func(offers []Extension) []Extension { return offers },
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		r, n, refusal := ConsumeRequest(b)
		var pieces RequestParser
		first := int(cut) % (len(b) + 1)
		r2, n2, refusal2 := pieces.Consume(b[:first])
		if n2 == 0 && refusal2 == nil {
			r2, n2, refusal2 = pieces.Consume(b)
		}
		if r2 != r || n2 != n || !reflect.DeepEqual(refusal2, refusal) {
			t.Errorf("cut at %d: %q, %d, %v; whole: %q, %d, %v", first, r2, n2, refusal2, r, n, refusal)
		}
		if refusal != nil {
			wantReason(t, refusal, "websocket: ")
		}
		var a Agreement
		head := b
		if n > 0 {
			head = b[:n]
			if a, refusal = p.CheckRequest(&r); refusal != nil {
				wantReason(t, refusal, "websocket: ")
			}
		}
		accepted := n > 0 && refusal == nil
		if !accepted && !isSane(head) {
			return
		}
		std, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
		if err != nil {
			if accepted {
				t.Errorf("net/http refuses %q: %v", head, err)
			}
			return
		}
		b2, refusal2 := p.Check(std)
		switch {
		case accepted != (refusal2 == nil):
			t.Errorf("%q: CheckRequest says %v, Check %v", head, refusal, refusal2)
		case accepted && (!reflect.DeepEqual(a, b2) || std.Method != r.Method || std.RequestURI != r.Target || std.Proto != r.Proto):
			t.Errorf("%q: %q %v; net/http: %q %v", head, r, a, std.RequestURI, b2)
		case accepted && std.Header["Pragma"] == nil && !reflect.DeepEqual(asNetHTTP(r.Header()), std.Header):
			t.Errorf("%q: fields %q; net/http: %q", head, r.Header(), std.Header)
		}
	})
}

// asNetHTTP removes from h what net/http does.
func asNetHTTP(h http.Header) http.Header {
	delete(h, "Host")
	if l := h["Content-Length"]; len(l) > 1 {
		h["Content-Length"] = l[:1]
	}
	return h
}

// A plain request costs the copy of its head and the table of its lines.
func TestConsumeRequestAllocs(t *testing.T) {
	head := []byte(edit(goldenRequest, "-Sec-WebSocket-Protocol"))
	var p *Policy
	out := make([]byte, 0, 512)
	got := testing.AllocsPerRun(100, func() {
		r, _, err := ConsumeRequest(head)
		if err != nil {
			t.Fatal(err)
		}
		a, err := p.CheckRequest(&r)
		if err != nil {
			t.Fatal(err)
		}
		out = AppendResponse(out[:0], r.Value("Sec-WebSocket-Key"), a, nil)
	})
	if got > 2 {
		t.Errorf("ConsumeRequest, CheckRequest and AppendResponse allocate %v times", got)
	}
}

// BenchmarkRequest is the way from the bytes of a request to those of the response.
func BenchmarkRequest(b *testing.B) {
	browser := edit(goldenRequest, "-Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
		"+Pragma: no-cache", "+Cache-Control: no-cache", "+Accept-Encoding: gzip, deflate, br", "+Accept-Language: en-US,en;q=0.9",
		"+User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
		"+Cookie: session="+strings.Repeat("0123456789abcdef", 8))
	for _, bb := range []struct{ name, head string }{
		{"plain", edit(goldenRequest, "-Sec-WebSocket-Protocol", "-Origin")},
		{"subprotocol", goldenRequest},
		{"browser", browser},
	} {
		b.Run(bb.name, func(b *testing.B) {
			head := []byte(bb.head)
			p := &Policy{Subprotocols: []string{"chat"}}
			var out []byte
			b.ReportAllocs()
			b.SetBytes(int64(len(head)))
			for b.Loop() {
				r, _, err := ConsumeRequest(head)
				if err != nil {
					b.Fatal(err)
				}
				a, err := p.CheckRequest(&r)
				if err != nil {
					b.Fatal(err)
				}
				out = AppendResponse(out[:0], r.Value("Sec-WebSocket-Key"), a, nil)
			}
		})
	}
}
