package handshake

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// Requirements: 6455-4.1-18, 6455-4.1-19, 6455-4.1-20, 6455-4.1-22, 6455-4.1-23,
// 6455-4.1-24, 6455-4.1-25, 6455-4.1-26, 6455-4.1-27, 6455-4.1-28, 6455-4.1-33,
// 6455-4.1-34, 6455-11.3.1-01, 6455-11.3.5-01, 6455-11.1.1-03
func TestAppendRequest(t *testing.T) {
	minimal := edit(goldenRequest, "-Sec-WebSocket-Protocol", "-Origin")
	for _, tt := range []struct {
		id, name     string
		offer        Offer
		host, target string
		extra        http.Header
		want         string
	}{
		{"6455-4.1-18", "the request of section 1.2", Offer{Subprotocols: []string{"chat", "superchat"}},
			"server.example.com", "/chat", http.Header{"Origin": {"http://server.example.com"}}, goldenRequest},
		{"6455-4.1-18", "no optional field", Offer{}, "server.example.com", "/chat", nil, minimal},
		{"6455-4.1-21", "a target with a query", Offer{}, "server.example.com", "/~!?a=%23&b=/", nil,
			edit(minimal, "^GET /~!?a=%23&b=/ HTTP/1.1")},
		{"6455-4.1-21", "a target that is an https URI", Offer{}, "server.example.com", "https://server.example.com/chat", nil,
			edit(minimal, "^GET https://server.example.com/chat HTTP/1.1")},
		{"6455-4.1-21", "a target that is an http URI", Offer{}, "server.example.com", "http://server.example.com", nil,
			edit(minimal, "^GET http://server.example.com HTTP/1.1")},
		{"6455-4.1-37", "subprotocols in order of preference", Offer{Subprotocols: []string{"b", "a"}}, "server.example.com", "/chat", nil,
			edit(minimal, "+Sec-WebSocket-Protocol: b, a")},
		{"6455-9.1-08", "extensions in order of preference", Offer{Extensions: []Extension{ext("foo"), deflate}}, "server.example.com", "/chat", nil,
			edit(minimal, "+Sec-WebSocket-Extensions: foo, "+deflateText)},
		{"6455-4.1-38", "more fields, sorted", Offer{}, "server.example.com", "/chat",
			http.Header{"Cookie": {"a=b"}, "Authorization": {"Basic eDp5"}, "X": {"1", "2"}},
			edit(minimal, "+Authorization: Basic eDp5", "+Cookie: a=b", "+X: 1", "+X: 2")},
		{"6455-4.1-32", "an origin, once", Offer{}, "server.example.com", "/chat", http.Header{"Origin": {"https://a.example"}},
			edit(minimal, "+Origin: https://a.example")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.offer.Key = goldenKey
			got, err := tt.offer.AppendRequest([]byte("before"), tt.host, tt.target, tt.extra)
			if err != nil || string(got) != "before"+tt.want {
				t.Errorf("appended %v\n%s\nwant\n%s", err, got, tt.want)
			}
		})
	}
}

// What a client appends, net/http understands and a server accepts.
//
// Requirements: 6455-4.1-18, 6455-4.2.1-01, 6455-9.1-03
func TestRequestRoundTrip(t *testing.T) {
	want := Agreement{"b", []Extension{deflate}}
	o := &Offer{goldenKey, []string{"a", "b"}, []Extension{ext("foo", "x"), deflate}}
	for _, host := range []string{"example.com", "example.com:8080", "127.0.0.1", "[::1]", "[::1]:8080", "a_b-c.example"} {
		t.Run(host, func(t *testing.T) {
			b, err := o.AppendRequest(nil, host, "/chat?room=1", http.Header{"Origin": {"http://" + host}, "Cookie": {"a=b"}})
			if err != nil {
				t.Fatal(err)
			}
			r := readRequest(t, string(b))
			if r.Host != host || r.RequestURI != "/chat?room=1" || r.Header.Get("Cookie") != "a=b" {
				t.Errorf("net/http reads host %q, target %q, fields %v", r.Host, r.RequestURI, r.Header)
			}
			p := &Policy{Subprotocols: []string{"b"}, Negotiate: take("permessage-deflate")}
			if got, err := p.Check(r); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Check = %v, %v; want %v", got, err, want)
			}
		})
	}
}

// What cannot be sent appends nothing.
func TestAppendRequestRefuses(t *testing.T) {
	key := func(s string) func(*Offer) { return func(o *Offer) { o.Key = s } }
	protocols := func(s ...string) func(*Offer) { return func(o *Offer) { o.Subprotocols = s } }
	extensions := func(e ...Extension) func(*Offer) { return func(o *Offer) { o.Extensions = e } }
	for _, tt := range []struct {
		id, name string
		change   func(*Offer)
		want     string
	}{
		{"6455-4.1-28", "no key", key(""), `key "" is not the base64 text of 16 bytes`},
		{"6455-4.1-28", "a key that starts a line", key("dGhlIHNhbXBsZSBub25j\r\na="), "is not the base64 text"},
		{"6455-4.1-35", "an empty subprotocol", protocols(""), `subprotocol "" is not a token`},
		{"6455-4.1-35", "a subprotocol with a space", protocols("a b"), `subprotocol "a b" is not a token`},
		{"6455-4.1-35", "a subprotocol with a comma", protocols("a,b"), `subprotocol "a,b" is not a token`},
		{"6455-4.1-35", "a subprotocol with a slash", protocols("a/b"), `subprotocol "a/b" is not a token`},
		{"6455-11.5-01", "a subprotocol that is not ASCII", protocols("a", "é"), `subprotocol "\xc3\xa9" is not a token`},
		{"6455-4.1-36", "a subprotocol twice", protocols("a", "b", "a"), `subprotocol "a" is listed twice`},
		{"6455-4.1-35", "65 subprotocols", protocols(make([]string, 65)...), "more than 64"},
		{"6455-11.4-01", "an extension without name", extensions(ext("")), `extension name "" is not a token`},
		{"6455-11.4-01", "an extension that starts a line", extensions(ext("a", "b=\r\n")), "is not a token"},
		{"6455-11.4-01", "33 extensions", extensions(repeat(ext("a"), 33)...), "more than 32"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &Offer{Key: goldenKey}
			tt.change(o)
			b, err := o.AppendRequest([]byte("before"), "h", "/", nil)
			wantReason(t, err, tt.want)
			if string(b) != "before" {
				t.Errorf("appended %q", b)
			}
		})
	}
	for _, tt := range []struct {
		id, name     string
		host, target string
		extra        http.Header
		want         string
	}{
		{"6455-4.1-22", "no host", "", "/", nil, `host "" is not host[:port]`},
		{"6455-4.1-22", "a host that starts a line", "h\r\nX: y", "/", nil, `host "h\x0d\x0aX: y" is not`},
		{"6455-4.1-22", "a host that is not ASCII", "bücher.example", "/", nil, "is not host[:port] in ASCII"},
		{"6455-4.1-22", "a host with a user", "u@h", "/", nil, `host "u@h" is not`},
		{"6455-4.1-22", "an address with a zone", "[fe80::1%25eth0]", "/", nil, "is not host[:port]"},
		{"6455-4.1-21", "no target", "h", "", nil, `target "" begins with neither`},
		{"6455-4.1-21", "a target without slash", "h", "chat", nil, `target "chat" begins with neither`},
		{"6455-4.1-21", "a target that is a ws URI", "h", "ws://h/", nil, `target "ws://h/" begins with neither`},
		{"6455-4.1-21", "a target that ends the line", "h", "/ HTTP/1.1\r\nX: y", nil, "must be percent-encoded"},
		{"6455-4.1-21", "a target with a space", "h", "/a b", nil, `target "/a b" has a character`},
		{"6455-4.1-21", "a target that is not ASCII", "h", "/é", nil, "must be percent-encoded"},
		{"6455-4.1-21", "a target with a fragment", "h", "/a#b", nil, "or a fragment"},
		{"6455-11.3.1-01", "a second key", "h", "/", http.Header{"Sec-Websocket-Key": {goldenKey}}, `field "Sec-Websocket-Key" is set by the handshake itself`},
		{"6455-11.3.5-01", "a second version", "h", "/", http.Header{"sec-websocket-version": {"8"}}, `field "sec-websocket-version" is set`},
		{"6455-4.1-38", "a second host", "h", "/", http.Header{"Host": {"other"}}, `field "Host" is set`},
		{"6455-4.1-38", "a field that starts a line", "h", "/", http.Header{"X": {"a\r\nY: b"}}, `field "X" has a control character`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := (&Offer{Key: goldenKey}).AppendRequest([]byte("before"), tt.host, tt.target, tt.extra)
			wantReason(t, err, tt.want)
			if string(b) != "before" {
				t.Errorf("appended %q", b)
			}
		})
	}
}

// What is just within the bounds can be sent, and a server takes it.
func TestOfferBounds(t *testing.T) {
	o := &Offer{Key: goldenKey, Extensions: repeat(ext("a", strings.Split(strings.Repeat("b", 16), "")...), 32)}
	for i := range 64 {
		o.Subprotocols = append(o.Subprotocols, strings.Repeat("a", i+1))
	}
	b, err := o.AppendRequest(nil, "h", "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := new(Policy).Check(readRequest(t, string(b))); err != nil {
		t.Error(err)
	}
}

// Requirements: 6455-11.3.1-01, 6455-11.3.5-01, 6455-4.1-23
func TestAppendRequestOnce(t *testing.T) {
	o := &Offer{Key: goldenKey, Subprotocols: []string{"a"}, Extensions: []Extension{deflate}}
	b, err := o.AppendRequest(nil, "h", "/", http.Header{"X": {"1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
		"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"} {
		if n := strings.Count(string(b), "\r\n"+name+": "); n != 1 {
			t.Errorf("the request has %d lines %s:\n%s", n, name, b)
		}
	}
}
