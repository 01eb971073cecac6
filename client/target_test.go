package client

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// Every row is checked on the wire: the address that is dialed, the target and the Host field.
//
// Requirements: 6455-3-02, 6455-3-03, 6455-3-04, 6455-3-05, 6455-4.1-02, 6455-4.1-10, 6455-4.1-21, 6455-4.1-22
func TestTarget(t *testing.T) {
	for _, tt := range []struct {
		name, url             string
		addr, resource, field string
	}{
		{"an empty path is /", "ws://h", "h:80", "/", "h"},
		{"a path of / is kept", "ws://h/", "h:80", "/", "h"},
		{"a query after an empty path", "ws://h?x=1", "h:80", "/?x=1", "h"},
		{"a path and a query", "ws://h/a?b", "h:80", "/a?b", "h"},
		{"an empty query is dropped", "ws://h/a?", "h:80", "/a", "h"},
		{"a ? and a / in the query", "ws://h/a?b?c/d", "h:80", "/a?b?c/d", "h"},
		{"// in the path", "ws://h//a//", "h:80", "//a//", "h"},
		{"an @ and a : in the path", "ws://h/u:p@x", "h:80", "/u:p@x", "h"},
		{"dots in the path are the server's to interpret", "ws://h/a/../b/./c", "h:80", "/a/../b/./c", "h"},
		{"an escaped # is data", "ws://h/a%23b?c%23d", "h:80", "/a%23b?c%23d", "h"},
		{"escapes are not doubled", "ws://h/%41%2f%2F%25?%20+%26", "h:80", "/%41%2f%2F%25?%20+%26", "h"},
		{"characters that RFC 3986 excludes", "ws://h/\"<>\\^`{|}[]?\"<>\\^`{|}[]", "h:80",
			"/%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D?%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D", "h"},
		{"characters that it does not", "ws://h/-._~!$&'()*+,;=:@?-._~!$&'()*+,;=:@/?", "h:80",
			"/-._~!$&'()*+,;=:@?-._~!$&'()*+,;=:@/?", "h"},

		{"ws is port 80", "ws://h/", "h:80", "/", "h"},
		{"the default port is left out of Host", "ws://h:80/", "h:80", "/", "h"},
		{"another port is in Host", "ws://h:8080/", "h:8080", "/", "h:8080"},
		{"443 is another port for ws", "ws://h:443/", "h:443", "/", "h:443"},
		{"port 1", "ws://h:1/", "h:1", "/", "h:1"},
		{"port 65535", "ws://h:65535/", "h:65535", "/", "h:65535"},
		{"an empty port is the default", "ws://h:/", "h:80", "/", "h"},
		{"a port with zeros in front", "ws://h:0080/", "h:80", "/", "h"},
		{"the scheme in upper case", "WS://h/", "h:80", "/", "h"},
		{"the host in upper case", "ws://EXAMPLE.Com/A", "example.com:80", "/A", "example.com"},

		{"an IPv4 address", "ws://127.0.0.1:9/", "127.0.0.1:9", "/", "127.0.0.1:9"},
		{"an IPv6 address", "ws://[::1]:9/", "[::1]:9", "/", "[::1]:9"},
		{"an IPv6 address and the default port", "ws://[2001:DB8::0]/", "[2001:db8::]:80", "/", "[2001:db8::]"},
		{"a zone is for dialing only", "ws://[fe80::1%25eth0]:9/", "[fe80::1%eth0]:9", "/", "[fe80::1]:9"},
		{"an IPv4 address in an IPv6 address", "ws://[::ffff:1.2.3.4]/", "[::ffff:1.2.3.4]:80", "/", "[::ffff:1.2.3.4]"},
		{"an underscore in the host", "ws://a_b.c/", "a_b.c:80", "/", "a_b.c"},
		{"a dot at the end", "ws://a.b./", "a.b.:80", "/", "a.b."},
	} {
		t.Run(tt.name, func(t *testing.T) { checkTarget(t, tt.url, tt.addr, tt.resource, tt.field) })
	}
}

// checkTarget checks what is dialed for url and what comes out there.
func checkTarget(t *testing.T, url, addr, resource, field string) {
	t.Helper()
	var dialed string
	s := &stub{}
	if _, err := Dial(t.Context(), url, &Config{DialContext: to(s, &dialed)}); err == nil {
		t.Fatal("Dial = nil, want an error: there was no response")
	}
	if dialed != addr {
		t.Errorf("dialed %q, want %q", dialed, addr)
	}
	if want := "GET " + resource + " HTTP/1.1\r\nHost: " + field + "\r\n"; !strings.HasPrefix(s.sent.String(), want) {
		t.Errorf("sent %q\nwant %q", s.sent.String(), want)
	}
}

// What is not ASCII becomes ASCII: the same for dialing and for Host.
// TestTLS has the same for wss.
//
// Requirements: 6455-11.1.1-01, 6455-11.1.1-02
func TestTargetUnicode(t *testing.T) {
	for _, tt := range []struct {
		name, url             string
		addr, resource, field string
	}{
		{"letters in the host", "ws://bücher.example", "xn--bcher-kva.example:80", "/", "xn--bcher-kva.example"},
		{"capital letters in the host", "ws://BÜCHER.Example:81", "xn--bcher-kva.example:81", "/", "xn--bcher-kva.example:81"},
		{"a letter in two parts is the letter", "ws://bu\u0308cher.example", "xn--bcher-kva.example:80", "/", "xn--bcher-kva.example"},
		{"letters in the host, escaped", "ws://b%C3%BCcher.example", "xn--bcher-kva.example:80", "/", "xn--bcher-kva.example"},
		{"a full stop of another script", "ws://例え。テスト", "xn--r8jz45g.xn--zckzah:80", "/", "xn--r8jz45g.xn--zckzah"},
		{"digits of another script", "ws://１２７.0.0.1", "127.0.0.1:80", "/", "127.0.0.1"},
		{"the ASCII form itself", "ws://xn--bcher-kva.example", "xn--bcher-kva.example:80", "/", "xn--bcher-kva.example"},
		{"letters in the path and the query", "ws://h/ä?q=ü", "h:80", "/%C3%A4?q=%C3%BC", "h"},
		{"letters beside escapes", "ws://h/ä%2Fb%C3%A4?ü%20", "h:80", "/%C3%A4%2Fb%C3%A4?%C3%BC%20", "h"},
		{"characters of four bytes", "ws://h/\U0001F600", "h:80", "/%F0%9F%98%80", "h"},
		{"spaces and line ends of Unicode", "ws://h/\u00A0\u0085?\u2028", "h:80", "/%C2%A0%C2%85?%E2%80%A8", "h"},
	} {
		t.Run(tt.name, func(t *testing.T) { checkTarget(t, tt.url, tt.addr, tt.resource, tt.field) })
	}
}

// badURLs are refused before anything is dialed.
var badURLs = []struct {
	name, url string
	want      string // part of the error
}{
	{"nothing", "", "scheme"},
	{"no scheme", "h/p", "scheme"},
	{"no scheme but slashes", "//h/p", "scheme"},
	{"http", "http://h/", "scheme"},
	{"https", "https://h/", "scheme"},
	{"a scheme that folds to ws in Unicode", "w\u017F://h/", "scheme"},
	{"a scheme with something in front", "xws://h/", "scheme"},
	{"no slashes", "ws:h/p", "scheme"},
	{"one slash", "ws:/h/p", "scheme"},

	{"a fragment", "ws://h/p#frag", "%23"},
	{"an empty fragment", "ws://h/p#", "%23"},
	{"a fragment after the query", "ws://h/p?q#frag", "%23"},
	{"a fragment after the host", "wss://h#frag", "%23"},

	{"no host", "ws://", "no host"},
	{"no host but a path", "ws:///p", "no host"},
	{"no host but a query", "ws://?q", "no host"},
	{"no host but a port", "ws://:80/", "no host"},
	{"no host but a user", "ws://u:pw@/", "no host"},
	{"an IPv6 address without brackets", "ws://::1/", "host"},
	{"no IPv6 address in brackets", "ws://[h]/", "host"},
	{"an IPv4 address in brackets", "ws://[1.2.3.4]/", "host"},
	{"an IPv6 address with an empty zone", "ws://[fe80::1%25]/", "host"},
	{"nothing in brackets", "ws://[]/", "host"},
	{"a bracket that is not closed", "ws://[::1/", "host"},
	{"something after the bracket", "ws://[::1]x/", "host"},
	{"an escaped ASCII character in the host", "ws://%41/", "host"},
	{"a % in the host", "ws://h%25/", "host"},
	{"a \\ in the host", `ws://h\x/`, "host"},
	{"a | in the host", "ws://h|x/", "host"},
	{"a , in the host", "ws://h,x/", "host"},
	{"a host that is no IDN", "ws://\u00AD/", "host"},
	{"a host that IDNA forbids", "ws://a\u2260b\u200D.example/", "host"},

	{"port 0", "ws://h:0/", "port"},
	{"port 65536", "ws://h:65536/", "port"},
	{"a port of many digits", "ws://h:99999999999999999999/", "port"},
	{"a port of letters", "ws://h:abc/", "port"},
	{"a port with a sign", "ws://h:+80/", "port"},
	{"two ports", "ws://h:1:2/", "host"},

	{"a space in the path", "ws://h/a b", "space"},
	{"a space in front", " ws://h/", "space"},
	{"a space at the end", "ws://h/ ", "space"},
	{"a space in the host", "ws://a b/", "space"},
	{"a tab", "ws://h/\t", "control"},
	{"a line end", "ws://h/\r\nX: y", "control"},
	{"a line end in the query", "ws://h/?\n", "control"},
	{"a zero byte", "ws://h/\x00", "control"},
	{"a delete", "ws://h/\x7F", "control"},
	{"a byte that is no UTF-8", "ws://h/\xFF", "UTF-8"},

	{"a % alone", "ws://h/%", "hexadecimal"},
	{"a % with one digit", "ws://h/%2", "hexadecimal"},
	{"a % with other letters", "ws://h/%zz", "hexadecimal"},
	{"a % with a sign", "ws://h/%+1", "hexadecimal"},
	{"a % alone in the query", "ws://h/?100%", "hexadecimal"},
	{"a % with other letters in the query", "ws://h/?%_1", "hexadecimal"},

	{"a colon in the user name", "ws://a%3Ab:c@h/", "colon"},
	{"a user with a character that must be escaped", "ws://a<b@h/", "user"},
}

// Requirements: 6455-3-01, 6455-4.1-02, 6455-4.1-03
func TestTargetBad(t *testing.T) {
	for _, tt := range badURLs {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Dial(t.Context(), tt.url, &Config{DialContext: neverDial(t)})
			if c != nil || err == nil || !strings.HasPrefix(err.Error(), "websocket: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Dial(%q) = %v; want an error with %q", tt.url, err, tt.want)
			}
		})
	}
}

// The user of a URL becomes an Authorization field and appears nowhere else.
//
// Requirements: 6455-3-06
func TestTargetUser(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		header    http.Header
		want      string // the Authorization fields
	}{
		{"user and password", "ws://user:pw@h/p", nil, "Basic user:pw"},
		{"escaped characters", "ws://us%20er:p%3Aw%C3%A4@h/p", nil, "Basic us er:p:wä"},
		{"an @ in the password", "ws://user:p%40w@h/p", nil, "Basic user:p@w"},
		{"no password", "ws://user@h/p", nil, "Basic user:"},
		{"no user name", "ws://:pw@h/p", nil, "Basic :pw"},
		{"neither", "ws://:@h/p", nil, ""},
		{"nothing before the @", "ws://@h/p", nil, ""},
		{"beside other fields", "ws://user:pw@h/p", http.Header{"A": {"b"}}, "Basic user:pw"},
		{"Header has the field", "ws://user:pw@h/p", http.Header{"Authorization": {"Bearer x"}}, "Bearer x"},
		{"Header has it in lower case", "ws://user:pw@h/p", http.Header{"authorization": {"Bearer x"}}, "Bearer x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(tt.header)
			got := request(t, tt.url, Config{Header: tt.header})
			if !strings.HasPrefix(got, "GET /p HTTP/1.1\r\nHost: h\r\n") {
				t.Errorf("sent %q, want nothing of the user in its first lines", got)
			}
			if a := authorization(got); a != tt.want {
				t.Errorf("Authorization %q, want %q", a, tt.want)
			}
			if len(tt.header) != before {
				t.Errorf("Config.Header was modified: %v", tt.header)
			}
		})
	}
}

// authorization returns the Authorization fields of a request, with what base64 hides.
func authorization(request string) string {
	var all []string
	for line := range strings.SplitSeq(request, "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		if !strings.EqualFold(name, "Authorization") {
			continue
		}
		if s, ok := strings.CutPrefix(value, "Basic "); ok {
			b, _ := base64.StdEncoding.DecodeString(s)
			value = "Basic " + string(b)
		}
		all = append(all, value)
	}
	return strings.Join(all, ", ")
}

// No error shows a password, wherever the URL is malformed.
func TestTargetSecret(t *testing.T) {
	for _, u := range []string{
		"ws://u:SECRET@h:0/", "ws://u:SECRET@h:x/", "ws://u:SECRET@/", "ws://u:SECRET@[h]/", "ws://u:SECRET@h/#f",
		"http://u:SECRET@h/", "ws://u:SEC%RET@h/", "ws://u:SECRET/@h/", "ws://u:SECRET", "ws://u:SECRET <@h/",
		"ws://u:SECRET@\u00AD/", "ws://u:SECRET@a|b/?token=SECRET",
	} {
		_, err := Dial(t.Context(), u, &Config{DialContext: neverDial(t)})
		if err == nil || strings.Contains(err.Error(), "SEC") {
			t.Errorf("Dial(%q) = %v; want an error without the password", u, err)
		}
	}
}

// A URL that is accepted gives a request line that cannot be split,
// and what is sent, written as a URL, leads to the same target.
func FuzzURL(f *testing.F) {
	for _, tt := range badURLs {
		f.Add(tt.url)
	}
	for _, s := range []string{"ws://u:p@h:81/a%2F?b=ä", "WSS://[fe80::1%25en0]:444/?q", "ws://bücher.example/\"<>",
		"ws+unix:///run/a%3Ab.sock:/x?y:z", "WSS+UNIX:/ä.sock", "ws+unix://x:/", "ws+unix:///a?b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseTarget(s)
		if err != nil {
			return
		}
		if line := a.host + a.resource; strings.ContainsFunc(line, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }) {
			t.Fatalf("parseTarget(%q) = host %q, resource %q", s, a.host, a.resource)
		}
		a.user, a.zone = nil, ""
		again := a.url("ws", "wss").String()
		if a.socket != "" {
			again = map[bool]string{false: "ws", true: "wss"}[a.secure] + "+unix:" + escapeSocket(a.socket) + ":" + a.resource
		}
		b, err := parseTarget(again)
		if err != nil || a != b {
			t.Fatalf("parseTarget(%q) = %+v\nand of %q %+v, %v", s, a, again, b, err)
		}
		if _, err := newDialer(a, (&Config{Proxy: NoProxy}).resolved(), sampleNonce); err != nil {
			t.Fatalf("parseTarget accepts %q, but no request can be made: %v", s, err)
		}
	})
}
