package handshake

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// take returns a Negotiate that accepts, as they are, the offers of these names.
func take(names ...string) func([]Extension) []Extension {
	return func(offers []Extension) (answers []Extension) {
		for _, e := range offers {
			if slices.Contains(names, e.Name) {
				answers = append(answers, e)
			}
		}
		return answers
	}
}

// answer returns a Negotiate that says exts, whatever is offered.
func answer(exts ...Extension) func([]Extension) []Extension {
	return func([]Extension) []Extension { return exts }
}

// Requirements: 6455-4.2.1-01, 6455-4.2.2-01
func TestCheckAccepts(t *testing.T) {
	for _, tt := range []struct {
		id, name string
		changes  []string
	}{
		{"6455-4.2.1-01", "the request of section 1.2", nil},
		{"6455-4.2.1-01", "fields that nobody knows", []string{"X-One: 1", "+X-One: 2", "Cookie: a=b; c=d"}},
		{"6455-4.2.1-01", "no optional field", []string{"-Sec-WebSocket-Protocol", "-Origin"}},
		{"6455-4.2.1-03", "a later version of HTTP/1", []string{"^GET / HTTP/1.2"}},
		{"6455-4.2.1-04", "a target that is an http URI", []string{"^GET http://server.example.com/chat HTTP/1.1", "Host: elsewhere.example.com"}},
		{"6455-4.2.1-04", "a target that is an https URI", []string{"^GET https://server.example.com/chat?a=b HTTP/1.1"}},
		{"6455-4.2.1-06", "Upgrade in other letters", []string{"Upgrade: WebSocket"}},
		{"6455-4.2.1-06", "Upgrade with a choice", []string{"Upgrade: h2c, websocket"}},
		{"6455-4.2.1-06", "Upgrade on two lines", []string{"Upgrade: h2c", "+Upgrade: websocket"}},
		{"6455-4.2.1-07", "Connection with a choice", []string{"Connection: keep-alive, Upgrade"}},
		{"6455-4.2.1-07", "Connection in other letters", []string{"Connection: UPGRADE"}},
		{"6455-4.2.1-07", "Connection on two lines", []string{"Connection: keep-alive", "+Connection: upgrade"}},
		{"6455-4.2.1-10", "no Origin, so not a browser", []string{"-Origin"}},
		{"6455-4.2.1-11", "an extension that nobody knows", []string{"Sec-WebSocket-Extensions: x-foo; bar=1"}},
		{"6455-4.2.1-11", "a subprotocol that nobody knows", []string{"Sec-WebSocket-Protocol: x-foo"}},
		{"6455-4.1-50", "names in other letters", []string{
			"-Upgrade", "+uPGRADE: websocket", "-Connection", "+CONNECTION: Upgrade",
			"-Sec-WebSocket-Key", "+sec-websocket-key: " + goldenKey,
			"-Sec-WebSocket-Version", "+sEc-WeBsOcKeT-vErSiOn: 13"}},
		{"6455-4.2.1-08", "white space around the key", []string{"Sec-WebSocket-Key: \t" + goldenKey + " "}},
		{"6455-4.2.1-03", "a body of no bytes", []string{"Content-Length: 0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p *Policy // accepts no subprotocol and no extension
			a, err := p.Check(request(t, tt.changes...))
			if err != nil || !reflect.DeepEqual(a, Agreement{}) {
				t.Errorf("Check = %v, %v; want no subprotocol, no extension, no error", a, err)
			}
			if a, err := p.checkHead(edit(goldenRequest, tt.changes...)); err != nil || !reflect.DeepEqual(a, Agreement{}) {
				t.Errorf("CheckRequest = %v, %v; want no subprotocol, no extension, no error", a, err)
			}
		})
	}
}

// checkHead decides on head as this package parses it.
func (p *Policy) checkHead(head string) (Agreement, *Error) {
	r, n, err := ConsumeRequest([]byte(head))
	switch {
	case err != nil:
		return Agreement{}, err
	case n == 0:
		return Agreement{}, badRequest("the head has no end")
	}
	return p.CheckRequest(&r)
}

// Each row breaks one rule.
//
// Requirements: 6455-4.2.1-02, 6455-10.7-01, 6455-10.7-04
func TestCheckRefuses(t *testing.T) {
	const needKey = "Sec-WebSocket-Key: "
	for _, tt := range []struct {
		id, name   string
		changes    []string
		wantStatus int
		want       string
	}{
		{"6455-4.2.1-03", "POST", []string{"^POST /chat HTTP/1.1"}, 405, `the method is "POST": want GET`},
		{"6455-4.2.1-03", "HEAD", []string{"^HEAD /chat HTTP/1.1"}, 405, `the method is "HEAD": want GET`},
		{"6455-4.2.1-03", "get", []string{"^get /chat HTTP/1.1"}, 405, `the method is "get": want GET`},
		{"6455-4.2.1-03", "HTTP/1.0", []string{"^GET /chat HTTP/1.0"}, 400, `version "HTTP/1.0": want HTTP/1.1`},
		{"6455-11.1.1-03", "HTTP/0.9", []string{"^GET /chat HTTP/0.9"}, 400, `version "HTTP/0.9": want HTTP/1.1`},
		{"6455-4.2.1-03", "HTTP/2", []string{"^GET /chat HTTP/2.0"}, 400, `over "HTTP/2.0", which has no Upgrade`},
		{"6455-4.2.1-03", "HTTP/3 and no GET", []string{"^POST /chat HTTP/3.0"}, 400, `over "HTTP/3.0", which has no Upgrade`},
		{"6455-4.2.1-02", "a body of known length", []string{"Content-Length: 5"}, 400, "has a body"},
		{"6455-4.2.1-02", "a body in chunks", []string{"Transfer-Encoding: chunked"}, 400, "has a body"},
		{"6455-4.2.1-05", "no Host", []string{"-Host"}, 400, "field Host is missing"},
		{"6455-4.2.1-05", "an empty Host", []string{"Host:"}, 400, "field Host is missing"},
		{"6455-4.2.1-05", "no Host, and no GET", []string{"-Host", "^POST /chat HTTP/1.1"}, 400, "field Host is missing"},
		{"6455-4.2.1-05", "a Host with a path", []string{"Host: a/b"}, 400, `host "a/b": want host[:port]`},
		{"6455-4.2.1-05", "a target with a host that is none", []string{"^GET http://%C3%A9/chat HTTP/1.1"}, 400, `host "\xc3\xa9": want host[:port]`},
		{"6455-4.2.1-02", "an expectation", []string{"Expect: 200-ok"}, 417, `field Expect is "200-ok": want none`},

		{"6455-4.2.1-06", "no Upgrade", []string{"-Upgrade"}, 426, `field Upgrade is missing: want "websocket"`},
		{"6455-4.2.1-06", "another Upgrade", []string{"Upgrade: h2c"}, 426, `field Upgrade is "h2c": want "websocket"`},
		{"6455-4.2.1-06", "Upgrade with a version", []string{"Upgrade: websocket/13"}, 426, `is "websocket/13"`},
		{"6455-4.2.1-06", "Upgrade is a longer word", []string{"Upgrade: websockets"}, 426, `is "websockets"`},
		{"6455-4.2.1-06", "Upgrade is two words", []string{"Upgrade: a websocket"}, 426, `is "a websocket"`},
		{"6455-4.2.1-07", "no Connection", []string{"-Connection"}, 400, `field Connection is missing: want "Upgrade"`},
		{"6455-4.2.1-07", "another Connection", []string{"Connection: close"}, 400, `field Connection is "close": want "Upgrade"`},
		{"6455-4.2.1-07", "Connection is a longer word", []string{"Connection: not-upgrade"}, 400, `is "not-upgrade"`},
		{"6455-4.2.1-07", "two Connections", []string{"Connection: a", "+Connection: b"}, 400, `is "a, b"`},

		{"6455-4.2.1-08", "no key", []string{"-Sec-WebSocket-Key"}, 400, "field Sec-WebSocket-Key is missing: want it once"},
		{"6455-4.2.1-08", "an empty key", []string{needKey}, 400, `field Sec-WebSocket-Key is "": want the base64`},
		{"6455-4.2.1-08", "a key of 15 bytes", []string{needKey + "dGhlIHNhbXBsZSBub25j"}, 400, "want the base64 text of 16 bytes"},
		{"6455-4.2.1-08", "a key of 17 bytes", []string{needKey + "dGhlIHNhbXBsZSBub25jZWU="}, 400, "want the base64 text of 16 bytes"},
		{"6455-4.2.1-08", "a key that is not base64", []string{needKey + "????????????????????????"}, 400, "want the base64 text of 16 bytes"},
		{"6455-4.3-05", "a key with a space", []string{needKey + "dGhlIHNhbXBs ZSBub25jZQ=="}, 400, "want the base64 text of 16 bytes"},
		{"6455-4.3-05", "a key without padding", []string{needKey + "dGhlIHNhbXBsZSBub25jZQ"}, 400, "want the base64 text of 16 bytes"},
		{"6455-11.3.1-01", "two keys", []string{"+" + needKey + goldenKey}, 400, "want it once"},
		{"6455-11.3.1-01", "two keys on a line", []string{needKey + goldenKey + ", " + goldenKey}, 400, "want the base64 text of 16 bytes"},

		{"6455-4.3-03", "an empty list of subprotocols", []string{"Sec-WebSocket-Protocol:"}, 400, "Sec-WebSocket-Protocol is \"\": the list has no element"},
		{"6455-4.1-35", "a subprotocol of two words", []string{"Sec-WebSocket-Protocol: a b"}, 400, `"a b" is not a token`},
		{"6455-4.1-36", "a subprotocol offered twice", []string{"Sec-WebSocket-Protocol: a, b, a"}, 400, `subprotocol "a" is listed twice`},
		{"6455-4.1-36", "a subprotocol offered on two lines", []string{"Sec-WebSocket-Protocol: a", "+Sec-WebSocket-Protocol: a"}, 400, `subprotocol "a" is listed twice`},
		{"6455-9.1-01", "an extension without parameter after the semicolon", []string{"Sec-WebSocket-Extensions: a;"}, 400, "Sec-WebSocket-Extensions is \"a;\": extension \"a\""},
		{"6455-9.1-01", "a quoted value of two words", []string{`Sec-WebSocket-Extensions: a; x="a b"`}, 400, "not a token"},
		{"6455-9.1-01", "the second line is malformed", []string{"Sec-WebSocket-Extensions: a", "+Sec-WebSocket-Extensions: b c"}, 400, `comes "c"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t, tt.changes...)
			_, err := new(Policy).Check(r)
			wantRefusal(t, err, tt.wantStatus, tt.want)
			_, own := new(Policy).checkHead(edit(goldenRequest, tt.changes...))
			switch {
			case r.ProtoMajor != 1:
				wantRefusal(t, own, 505, "want HTTP/1.1")
			case tt.want == `host "a/b": want host[:port]`:
				wantRefusal(t, own, 400, `field Host is "a/b": want host[:port]`)
			case !reflect.DeepEqual(own, err):
				t.Errorf("CheckRequest refuses it with %v, Check with %v", own, err)
			}
		})
	}
	t.Run("a body in chunks, by whatever parser", func(t *testing.T) {
		r := request(t)
		r.TransferEncoding = []string{"chunked"}
		_, err := new(Policy).Check(r)
		wantRefusal(t, err, 400, "has a body")
	})
	t.Run("one Host among the fields, by whatever parser, is none too many", func(t *testing.T) {
		r := request(t)
		r.Header["Host"] = []string{r.Host}
		if _, err := new(Policy).Check(r); err != nil {
			t.Error(err)
		}
	})
	t.Run("two Hosts, which net/http would not let through", func(t *testing.T) {
		r := request(t)
		r.Header["Host"] = []string{"a", "b"}
		_, err := new(Policy).Check(r)
		wantRefusal(t, err, 400, `field Host is "a, b": want it once`)
	})
	t.Run("a request of nothing", func(t *testing.T) {
		_, err := new(Policy).Check(&http.Request{})
		wantRefusal(t, err, 400, "want HTTP/1.1")
	})
}

// wantRefusal checks the status of err, that its reason has want in it,
// and that it has the fields which go with the status.
func wantRefusal(t *testing.T, err *Error, status int, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted; want status %d", status)
	}
	wantReason(t, err, want)
	if err.Error() != "websocket: "+err.Reason {
		t.Errorf("Error() = %q; want the reason after a prefix", err.Error())
	}
	header := map[int]http.Header{
		405: {"Allow": {"GET"}},
		426: {"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}},
	}[status]
	if err.Status != status || !reflect.DeepEqual(err.Header, header) {
		t.Errorf("refused with %d and %v; want %d and %v", err.Status, err.Header, status, header)
	}
}

// Requirements: 6455-4.2.1-09, 6455-4.2.2-06, 6455-4.2.2-07, 6455-4.3-04,
// 6455-4.4-01, 6455-11.3.5-01, 6455-11.6-01
func TestCheckVersion(t *testing.T) {
	for _, v := range []string{
		"", "0", "7", "8", "9", "10", "11", "12", "14", "25", "113", "130", "255", "256", "-1", "-13", "+13",
		"013", "0013", "0x0d", "13.0", "1 3", "13, 8", "8, 13", "13,", "13;", `"13"`, "thirteen",
	} {
		t.Run(fmt.Sprintf("version %q is not 13", v), func(t *testing.T) {
			_, err := new(Policy).Check(request(t, "Sec-WebSocket-Version: "+v))
			wantRefusal(t, err, 426, "field Sec-WebSocket-Version is "+quote(v)+": want 13")
		})
	}
	t.Run("no version", func(t *testing.T) {
		_, err := new(Policy).Check(request(t, "-Sec-WebSocket-Version"))
		wantRefusal(t, err, 426, "field Sec-WebSocket-Version is missing: want it once")
	})
	for _, second := range []string{"8", "13"} {
		t.Run("a second version "+second, func(t *testing.T) {
			_, err := new(Policy).Check(request(t, "+Sec-WebSocket-Version: "+second))
			wantRefusal(t, err, 426, `is "13, `+second+`": want it once`)
		})
	}
}

func TestCheckSubprotocol(t *testing.T) {
	for _, tt := range []struct {
		id, name string
		server   []string
		offers   []string // lines
		want     string
	}{
		{"6455-4.2.2-12", "the client's preference counts", []string{"c", "b", "a"}, []string{"a, b, c"}, "a"},
		{"6455-4.2.2-12", "the first that the server speaks", []string{"c", "b"}, []string{"a, b, c"}, "b"},
		{"6455-4.2.1-12", "lines are one list", []string{"c"}, []string{"a", "b, c"}, "c"},
		{"6455-11.3.4-01", "the first line is preferred", []string{"c", "a"}, []string{"a", "b, c"}, "a"},
		{"6455-4.2.2-10", "none in common", []string{"x"}, []string{"a, b"}, ""},
		{"6455-4.2.2-09", "none offered", []string{"x"}, nil, ""},
		{"6455-4.2.2-09", "case counts", []string{"Chat"}, []string{"chat"}, ""},
		{"6455-4.2.2-11", "the empty one is none", []string{""}, []string{"a,,b"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t)
			r.Header["Sec-Websocket-Protocol"] = tt.offers
			a, err := (&Policy{Subprotocols: tt.server}).Check(r)
			if err != nil || a.Subprotocol != tt.want {
				t.Errorf("server %q, client %q: Check = %q, %v; want %q", tt.server, tt.offers, a.Subprotocol, err, tt.want)
			}
		})
	}
}

func TestCheckExtensions(t *testing.T) {
	for _, tt := range []struct {
		id, name  string
		negotiate func([]Extension) []Extension
		offers    []string // lines
		want      []Extension
	}{
		{"6455-4.2.2-13", "a server without extensions accepts none", nil, []string{deflateText}, nil},
		{"6455-4.2.2-13", "nothing offered, nothing asked", answer(deflate), nil, nil},
		{"6455-4.2.2-13", "a server that declines", answer(), []string{"foo"}, nil},
		{"6455-4.2.2-13", "an answer may have other parameters", answer(ext("foo", "b=1")), []string{"foo; a"}, []Extension{ext("foo", "b=1")}},
		{"6455-4.2.1-12", "an offer on the second line", take("permessage-deflate"), []string{"foo", deflateText}, []Extension{deflate}},
		{"6455-11.3.2-01", "one of each line", take("a", "c"), []string{"a, b", "c"}, []Extension{ext("a"), ext("c")}},
		{"6455-9.1-08", "offers come in the client's order", take("a", "b"), []string{"b; x, a", "b"}, []Extension{ext("b", "x"), ext("a"), ext("b")}},
		{"6455-9.1-09", "a name in other letters is another name", take("permessage-deflate"), []string{"Permessage-Deflate"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t)
			r.Header["Sec-Websocket-Extensions"] = tt.offers
			a, err := (&Policy{Negotiate: tt.negotiate}).Check(r)
			if err != nil || !reflect.DeepEqual(a.Extensions, tt.want) {
				t.Errorf("Check = %v, %v; want %v", a.Extensions, err, tt.want)
			}
		})
	}
}

// An answer that was not offered never reaches the wire.
//
// Requirements: 6455-4.2.2-14, 6455-9-01, 6455-9.1-09, 6455-11.4-01
func TestCheckWrongAnswer(t *testing.T) {
	for _, tt := range []struct {
		name      string
		negotiate func([]Extension) []Extension
		want      string
	}{
		{"another name", answer(ext("bar")), `extension "bar" was not offered`},
		{"one that was offered, one that was not", answer(ext("foo"), ext("bar")), `extension "bar" was not offered`},
		{"a name in other letters", answer(ext("Foo")), `extension "Foo" was not offered`},
		{"an empty name", answer(ext("")), `extension name "" is not a token`},
		{"a parameter that starts a line", answer(ext("foo", "a=1\r\nSet-Cookie: b")), "is not a token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &Policy{Negotiate: tt.negotiate}
			a, err := p.Check(request(t, "Sec-WebSocket-Extensions: foo"))
			wantRefusal(t, err, 500, "Policy.Negotiate: ")
			wantReason(t, err, tt.want)
			if a.Extensions != nil {
				t.Errorf("agreed on %v", a.Extensions)
			}
		})
	}
}

// Requirements: 6455-11.5-01
func TestPolicyValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy *Policy
		want   string
	}{
		{"no policy", nil, ""},
		{"an empty policy", &Policy{}, ""},
		{"all that is allowed", &Policy{Subprotocols: []string{"a", "b"}, Origins: []string{
			"*", "example.com", "example.com:8080", "*.example.com", "https://example.com",
			"https://*.example.com:8443", "app://localhost", "127.0.0.1", "http://[::1]:80", "http://null"}}, ""},
		{"an empty subprotocol", &Policy{Subprotocols: []string{""}}, `subprotocol "" is not a token`},
		{"a list in place of a subprotocol", &Policy{Subprotocols: []string{"a, b"}}, `subprotocol "a, b" is not a token`},
		{"a subprotocol twice", &Policy{Subprotocols: []string{"a", "b", "a"}}, `subprotocol "a" is listed twice`},
		{"65 subprotocols", &Policy{Subprotocols: make([]string, 65)}, "more than 64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.policy.Validate()
			if tt.want != "" {
				wantReason(t, err, tt.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// A reason shows a bounded part of what came, without control characters.
func TestReasonIsBounded(t *testing.T) {
	long := strings.Repeat("\x00é\"\\\n", 10_000)
	r := request(t)
	for _, name := range []string{"Upgrade", "Connection", "Sec-Websocket-Key", "Sec-Websocket-Version", "Origin",
		"Sec-Websocket-Protocol", "Sec-Websocket-Extensions"} {
		t.Run(name, func(t *testing.T) {
			old := r.Header[name]
			r.Header[name] = []string{long}
			_, err := new(Policy).Check(r)
			wantReason(t, err, `\x00`)
			r.Header[name] = old
		})
	}
	name := strings.Repeat("a", 1000)
	for _, value := range []string{
		name + strings.Repeat(" \x10", 1000), name + "; " + name + strings.Repeat(" \x10", 1000),
		name + "; " + name + "=" + strings.Repeat("\x10", 1000), name + "; " + name + `="` + strings.Repeat("\x10", 1000) + `"`,
	} {
		r.Header["Sec-Websocket-Extensions"] = []string{value}
		_, err := new(Policy).Check(r)
		wantReason(t, err, `\x10`)
	}
}
