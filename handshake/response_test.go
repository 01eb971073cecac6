package handshake

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// Requirements: 6455-4.2.2-01, 6455-4.2.2-15, 6455-4.2.2-16, 6455-4.2.2-17,
// 6455-4.2.2-18, 6455-11.3.3-01
func TestAppendResponse(t *testing.T) {
	for _, tt := range []struct {
		id, name string
		a        Agreement
		extra    http.Header
		want     string
	}{
		{"6455-4.2.2-01", "the response of section 1.2", Agreement{Subprotocol: "chat"}, nil, goldenResponse},
		{"6455-4.2.2-10", "no subprotocol, no field", Agreement{}, nil, edit(goldenResponse, "-Sec-WebSocket-Protocol")},
		{"6455-11.3.2-02", "extensions share a line", Agreement{Extensions: []Extension{deflate, ext("foo")}}, nil,
			edit(goldenResponse, "-Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions: "+deflateText+", foo")},
		{"6455-4.2.2-15", "more fields, sorted", Agreement{Subprotocol: "chat"},
			http.Header{"Set-Cookie": {"a=1", "b=\t2"}, "Server": {"é"}, "X-None": nil},
			edit(goldenResponse, "+Server: é", "+Set-Cookie: a=1", "+Set-Cookie: b=\t2")},

		{"6455-4.2.2-14", "no extension from elsewhere", Agreement{Subprotocol: "chat"},
			http.Header{"Sec-Websocket-Extensions": {"foo"}}, goldenResponse},
		{"6455-11.3.3-01", "no second Accept", Agreement{Subprotocol: "chat"},
			http.Header{"Sec-Websocket-Accept": {goldenAccept}}, goldenResponse},
		{"6455-11.3.4-02", "no second subprotocol", Agreement{Subprotocol: "chat"},
			http.Header{"sec-websocket-PROTOCOL": {"superchat"}}, goldenResponse},
		{"6455-4.2.2-15", "no field of a body", Agreement{Subprotocol: "chat"},
			http.Header{"Content-Length": {"0"}, "Transfer-Encoding": {"chunked"}, "content-length": {"1"}}, goldenResponse},
		{"6455-4.2.2-16", "no second Upgrade", Agreement{Subprotocol: "chat"},
			http.Header{"Upgrade": {"h2c"}, "UPGRADE": {"h2c"}}, goldenResponse},
		{"6455-4.2.2-17", "no second Connection", Agreement{Subprotocol: "chat"},
			http.Header{"Connection": {"close"}, "connection": {"close"}}, goldenResponse},
		{"6455-4.2.2-15", "no name that is not a token", Agreement{Subprotocol: "chat"},
			http.Header{"": {"a"}, "A B": {"a"}, "A\r\nB": {"a"}, "Connection ": {"close"}, "C:": {"d"}, "é": {"a"}}, goldenResponse},
		{"6455-4.2.2-15", "no value with a control character", Agreement{Subprotocol: "chat"},
			http.Header{"A": {"b\r\nC: d"}, "B": {"b\nC: d"}, "C": {"b\rC: d"}, "D": {"\x00"}, "E": {"\x7F"}, "F": {"ok", "\x1B"}}, goldenResponse},

		{"6455-4.2.2-11", "no subprotocol that is not a token", Agreement{Subprotocol: "a, b"}, nil,
			edit(goldenResponse, "-Sec-WebSocket-Protocol")},
		{"6455-4.2.2-11", "no subprotocol that starts a line", Agreement{Subprotocol: "a\r\nSet-Cookie: b"}, nil,
			edit(goldenResponse, "-Sec-WebSocket-Protocol")},
		{"6455-11.4-01", "no extension that is malformed", Agreement{Extensions: []Extension{ext("a\r\nB: c"), ext("d", "e=\n")}}, nil,
			edit(goldenResponse, "-Sec-WebSocket-Protocol")},
		{"6455-11.4-01", "the others remain", Agreement{Extensions: []Extension{ext(""), deflate, ext("x y"), ext("foo")}}, nil,
			edit(goldenResponse, "-Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions: "+deflateText+", foo")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := AppendResponse([]byte("before"), goldenKey, tt.a, tt.extra)
			if string(got) != "before"+tt.want {
				t.Errorf("appended\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// What a server appends, a client accepts and net/http understands.
//
// Requirements: 6455-4.2.2-15, 6455-4.2.2-19, 6455-4.1-40
func TestResponseRoundTrip(t *testing.T) {
	o := &Offer{Key: goldenKey, Subprotocols: []string{"a", "b"}, Extensions: []Extension{ext("foo"), deflate}}
	for i, want := range []Agreement{
		{},
		{Subprotocol: "b"},
		{Extensions: []Extension{deflate}},
		{Subprotocol: "a", Extensions: []Extension{deflate, ext("foo", "x=1", "y")}},
	} {
		t.Run(fmt.Sprintf("agreement %d", i), func(t *testing.T) {
			b := AppendResponse(nil, goldenKey, want, http.Header{"X-Extra": {"1", "2"}})
			r := consume(t, string(b))
			if got, err := o.Check(r); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Check = %v, %v; want %v", got, err, want)
			}
			std := readResponse(t, b)
			if std.StatusCode != 101 || std.ContentLength > 0 || !reflect.DeepEqual(std.Header, r.Header) {
				t.Errorf("net/http reads %d %v; ConsumeResponse %v", std.StatusCode, std.Header, r.Header)
			}
		})
	}
}

// Any request is decided on without a panic. An accepted one leads to a response
// that parses, and nothing is agreed on that the client did not ask for.
func FuzzRequest(f *testing.F) {
	add := func(changes ...string) {
		r := request(f, changes...)
		get := r.Header.Get
		f.Add(r.Method, r.Host, get("Upgrade"), get("Connection"), get("Sec-WebSocket-Key"), get("Sec-WebSocket-Version"),
			get("Sec-WebSocket-Protocol"), get("Sec-WebSocket-Extensions"), get("Origin"), "extra")
	}
	add()
	add("Sec-WebSocket-Extensions: "+deflateText+", foo", "Sec-WebSocket-Protocol: b,, a")
	add("Connection: keep-alive, Upgrade", "Origin: https://a.example.com:443")
	add("Upgrade: h2c", "Origin: null")
	p := &Policy{
		Subprotocols: []string{"a", "chat"},
		Origins:      []string{"*.example.com", "https://[::1]:8443", "a b"},
		Negotiate:    func(offers []Extension) []Extension { return offers },
	}
	f.Fuzz(func(t *testing.T, method, host, upgrade, connection, key, version, protocol, extensions, origin, extra string) {
		r := &http.Request{Method: method, Host: host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{
			"Upgrade": {upgrade}, "Connection": {connection}, "Sec-Websocket-Key": {key}, "Sec-Websocket-Version": {version},
			"Sec-Websocket-Protocol": {protocol}, "Sec-Websocket-Extensions": {extensions}, "Origin": {origin},
		}}
		for _, name := range []string{"Sec-Websocket-Protocol", "Sec-Websocket-Extensions", "Origin"} {
			if r.Header.Get(name) == "" {
				delete(r.Header, name)
			}
		}
		a, refusal := p.Check(r)
		if refusal != nil {
			wantReason(t, refusal, "websocket: ")
			return
		}
		head := AppendResponse(nil, key, a, http.Header{"X-" + extra: {extra}})
		if n := strings.Count(string(head), "\r\n\r\n"); n != 1 {
			t.Fatalf("the response has %d ends: %q", n, head)
		}
		offers, err := ParseExtensions(r.Header["Sec-Websocket-Extensions"])
		if err != nil {
			t.Fatal(err)
		}
		subprotocols, err := Tokens(r.Header["Sec-Websocket-Protocol"])
		if err != nil {
			t.Fatal(err)
		}
		o := &Offer{Key: key, Subprotocols: subprotocols, Extensions: offers}
		if err := o.Validate(); err != nil {
			t.Errorf("a client could not have sent what was accepted: %v", err)
		}
		if got, err := o.Check(consume(t, string(head))); err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("the client reads %v, %v; the server agreed on %v", got, err, a)
		}
		readResponse(t, head)
	})
}

// An ordinary request is accepted without garbage.
func TestAcceptAllocs(t *testing.T) {
	r := request(t, "-Sec-WebSocket-Protocol")
	var p *Policy
	out := make([]byte, 0, 512)
	got := testing.AllocsPerRun(100, func() {
		a, err := p.Check(r)
		if err != nil {
			t.Fatal(err)
		}
		out = AppendResponse(out[:0], goldenKey, a, nil)
	})
	if got != 0 {
		t.Errorf("Check and AppendResponse allocate %v times", got)
	}
}

func BenchmarkAccept(b *testing.B) {
	deflateOffer := "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
	p := &Policy{Subprotocols: []string{"chat"}, Negotiate: Deflate{}.negotiate}
	for _, bb := range []struct {
		name    string
		changes []string
		extra   http.Header
	}{
		{"plain", []string{"-Sec-WebSocket-Protocol"}, nil},
		{"subprotocol", nil, nil},
		{"deflate", []string{"-Sec-WebSocket-Protocol", deflateOffer}, nil},
		{"cookie", []string{"-Sec-WebSocket-Protocol"}, http.Header{"Set-Cookie": {"a=b"}}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			r := request(b, bb.changes...)
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				a, err := p.Check(r)
				if err != nil {
					b.Fatal(err)
				}
				out = AppendResponse(out[:0], goldenKey, a, bb.extra)
			}
		})
	}
}
