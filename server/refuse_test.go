package server_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/server"
)

// Each row is a request that is refused: it gets a status and a text that says why,
// and nothing of a handshake. The connection is still net/http's, if it came from there.
//
// Requirements: 6455-4.2.1-02, 6455-4.2.2-04, 6455-10.7-04, 6455-7.2.2-01
func TestAcceptRefuses(t *testing.T) {
	const (
		key     = "Sec-WebSocket-Key: "
		version = "Sec-WebSocket-Version: "
		exts    = "Sec-WebSocket-Extensions: "
	)
	for _, tt := range []struct {
		id, name string
		changes  []string
		status   int
		want     string // in the body
	}{
		{"6455-4.2.1-03", "POST", []string{"^POST /chat HTTP/1.1"}, 405, `the method is "POST": want GET`},
		{"6455-4.2.1-03", "POST with a body", []string{"^POST /chat HTTP/1.1", "Content-Length: 6", "+\r\nhi"}, 405, "want GET"},
		{"6455-4.2.1-03", "HTTP/1.0", []string{"^GET /chat HTTP/1.0", "Connection: keep-alive, Upgrade"}, 400, `version "HTTP/1.0": want HTTP/1.1`},

		{"6455-4.2.1-06", "no Upgrade", []string{"-Upgrade"}, 426, `field Upgrade is missing: want "websocket"`},
		{"6455-4.2.1-06", "another Upgrade", []string{"Upgrade: h2c"}, 426, `field Upgrade is "h2c"`},
		{"6455-4.2.1-07", "no Connection", []string{"-Connection"}, 400, `field Connection is missing: want "Upgrade"`},
		{"6455-4.2.1-07", "another Connection", []string{"Connection: not-upgrade"}, 400, `field Connection is "not-upgrade"`},

		{"6455-4.2.1-08", "no key", []string{"-Sec-WebSocket-Key"}, 400, "field Sec-WebSocket-Key is missing"},
		{"6455-4.2.1-08", "an empty key", []string{key}, 400, `field Sec-WebSocket-Key is ""`},
		{"6455-4.2.1-08", "a key of 15 bytes", []string{key + "dGhlIHNhbXBsZSBub25j"}, 400, "want the base64 text of 16 bytes"},
		{"6455-4.2.1-08", "a key of 17 bytes", []string{key + "dGhlIHNhbXBsZSBub25jZWU="}, 400, "want the base64 text of 16 bytes"},
		{"6455-4.3-05", "a key without padding", []string{key + "dGhlIHNhbXBsZSBub25jZQ"}, 400, "want the base64 text of 16 bytes"},
		{"6455-4.3-05", "a key with a space", []string{key + "dGhlIHNhbXBs ZSBub25jZQ=="}, 400, "want the base64 text of 16 bytes"},
		{"6455-11.3.1-01", "two keys", []string{"+" + key + sampleKey}, 400, "field Sec-WebSocket-Key is"},

		{"6455-4.2.1-09", "no version", []string{"-Sec-WebSocket-Version"}, 426, "field Sec-WebSocket-Version is missing"},
		{"6455-4.2.2-06", "version 8", []string{version + "8"}, 426, `field Sec-WebSocket-Version is "8": want 13`},
		{"6455-4.4-01", "version 25", []string{version + "25"}, 426, `field Sec-WebSocket-Version is "25": want 13`},
		{"6455-4.2.1-09", "a choice of versions", []string{version + "13, 8"}, 426, `is "13, 8"`},
		{"6455-11.3.5-01", "two versions", []string{"+" + version + "8"}, 426, "want it once"},
		{"6455-4.3-04", "a version with a zero before", []string{version + "013"}, 426, `is "013"`},
		{"6455-4.3-04", "a version with a sign", []string{version + "+13"}, 426, `is "+13"`},
		{"6455-4.3-04", "a version with a fraction", []string{version + "13.0"}, 426, `is "13.0"`},
		{"6455-4.3-04", "a version too large", []string{version + "256"}, 426, `is "256"`},

		{"6455-4.3-03", "a list of nothing", []string{"Sec-WebSocket-Protocol: ,"}, 400, "the list has no element"},
		{"6455-4.3-01", "a quoted value of two words", []string{exts + `a; x="1 0"`}, 400, "field Sec-WebSocket-Extensions"},
		{"6455-4.3-02", "an extension of two words", []string{exts + "a b"}, 400, "field Sec-WebSocket-Extensions"},
		{"6455-4.2.1-12", "the second line of a list is malformed", []string{exts + "a", "+" + exts + "b;"}, 400, `"a, b;"`},
		{"6455-4.2.1-02", "a body in chunks", []string{"Transfer-Encoding: chunked", "+\r\n0"}, 400, "has a body"},

		{"6455-10.2-02", "a foreign origin", []string{"Origin: http://evil.example.com"}, 403,
			`origin "http://evil.example.com" is not allowed for host "server.example.com": add it to Config.Origins`},
		{"6455-10.2-01", "no origin to speak of", []string{"Origin: null"}, 403, `origin "null"`},
		{"6455-10.2-01", "an origin with the host at its end", []string{"Origin: http://evil-server.example.com"}, 403, "is not allowed"},
		{"6455-10.2-01", "an origin with the host at its beginning", []string{"Origin: http://server.example.com.evil.org"}, 403, "is not allowed"},
		{"6455-4.2.2-05", "an origin at another port", []string{"Origin: http://server.example.com:81"}, 403, "is not allowed"},
		{"6455-10.2-01", "two origins", []string{"Origin: http://server.example.com", "+Origin: http://evil.example.com"}, 403, "want it once"},
		{"6455-10.2-01", "an origin that is not on the list", []string{"Origin: http://example.org"}, 403, "is not allowed"},
	} {
		eachWay(t, tt.name, func(t *testing.T, w way) {
			var err error
			cfg := &server.Config{Origins: []string{"*.example.org"}, Header: http.Header{"X-Config": {"yes"}}}
			c := w.site(t, cfg, &err).dial()
			c.send(request(tt.changes...))
			resp := c.wantResponse(tt.id, tt.status, tt.want)
			checkRefusal(t, resp)
			e, ok := errors.AsType[*handshake.Error](err)
			if !ok || e.Status != tt.status || !strings.Contains(e.Reason, tt.want) {
				t.Errorf("refused with %v", err)
			}
			w.wantAfterRefusal(c)
		})
	}
}

// The answer to a HEAD request tells how long its content would be, and has none.
//
// https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2
func TestRefuseHEAD(t *testing.T) {
	eachWay(t, "HEAD", func(t *testing.T, w way) {
		c := w.site(t, nil, nil).dial()
		c.send(request("^HEAD /chat HTTP/1.1"))
		synctest.Wait()
		got, _ := c.take()
		head, content, _ := strings.Cut(got, "\r\n\r\n")
		if !strings.HasPrefix(head, "HTTP/1.1 405 ") || !strings.Contains(head, "Content-Length: 31") || content != "" {
			t.Errorf("got %q: want a head only", got)
		}
	})
}

// checkRefusal checks the fields of a refusal.
//
// Requirements: 6455-4.2.2-04, 6455-4.2.2-07, 6455-4.4-01, 6455-11.3.5-02
func checkRefusal(t *testing.T, resp *http.Response) {
	t.Helper()
	want := map[string]string{"Content-Type": "text/plain; charset=utf-8", "Sec-Websocket-Accept": "", "X-Config": ""}
	if resp.StatusCode == 405 {
		want["Allow"] = "GET"
	}
	if resp.StatusCode == 426 {
		want["Sec-Websocket-Version"], want["Upgrade"], want["Connection"] = "13", "websocket", "Upgrade"
	} else {
		want["Sec-Websocket-Version"], want["Upgrade"] = "", ""
	}
	if resp.Close {
		delete(want, "Connection") // net/http drops the field with "close" in it
	}
	for name, value := range want {
		if got := strings.Join(resp.Header[name], " and "); got != value {
			t.Errorf("field %s is %q, want %q", name, got, value)
		}
	}
}

// What net/http itself refuses does not reach Accept, nor does it get a handshake;
// Serve refuses it with the same status.
func TestAcceptNeverReached(t *testing.T) {
	for _, tt := range []struct {
		id, name string
		request  string
		status   int
	}{
		{"6455-4.2.1-05", "no Host", request("-Host"), 400},
		{"6455-4.2.1-05", "two Hosts", request("+Host: server.example.com"), 400},
		{"6455-4.2.1-02", "two targets", request("^GET /chat /chat HTTP/1.1"), 400},
		{"6455-4.2.1-02", "a field name that is none", request("+X A: 1"), 400},
		{"6455-4.2.1-02", "a control character in a field", request("+X-A: \x01"), 400},
		{"6455-4.2.1-05", "a Host that is none", request("Host: a b"), 400},
		{"6455-4.2.1-02", "a target that is none", request("^GET /%zz HTTP/1.1"), 400},
		{"6455-4.2.1-02", "a length that is none", request("Content-Length: a"), 400},
		{"6455-4.2.1-02", "an expectation that is not met", request("Expect: 200-ok"), 417},
		{"6455-4.2.1-03", "HTTP/3.0", request("^GET /chat HTTP/3.0"), 505},
	} {
		eachWay(t, tt.name, func(t *testing.T, w way) {
			c := w.site(t, nil, nil).dial()
			c.send(tt.request)
			resp := c.wantResponse(tt.id, tt.status, "")
			if len(resp.Header["Upgrade"]) > 0 {
				t.Errorf("fields of a handshake: %v", resp.Header)
			}
		})
	}
}

// A site whose Config is malformed accepts nobody, and says so to its owner and not to strangers.
func TestAcceptMisconfigured(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  server.Config
		want string
	}{
		{"a field of the handshake", server.Config{Header: http.Header{"sec-websocket-protocol": {"x"}}},
			`websocket: server.Config.Header: field "sec-websocket-protocol" is set by the handshake itself`},
		{"a field that announces a body", server.Config{Header: http.Header{"Content-Length": {"0"}}},
			`websocket: server.Config.Header: field "Content-Length" is set by the handshake itself`},
		{"a field of two lines", server.Config{Header: http.Header{"X-A": {"1\r\nX-B: 2"}}},
			`websocket: server.Config.Header: field "X-A" has a control character`},
		{"a field without a name", server.Config{Header: http.Header{"": {"1"}}},
			`websocket: server.Config.Header: field name "" is not a token`},
		{"an origin with a path", server.Config{Origins: []string{"a.org", "http://example.com/"}},
			`websocket: server.Config: origin pattern "http://example.com/"`},
		{"a subprotocol of two words", server.Config{Subprotocols: []string{"a b"}},
			`websocket: server.Config: subprotocol "a b" is not a token`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var err error
				c := serve(t, mux(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					err = server.Go(w, r, &tt.cfg, echo)
				}))).dial()
				for _, r := range []string{sampleRequest, request("-Upgrade")} {
					c.send(r)
					resp := c.wantResponse("whatever is asked for", 500, "websocket: the server is misconfigured\n")
					checkRefusal(t, resp)
					if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
						t.Errorf("error %v, want %v", err, tt.want)
					}
				}
				c.wantStillHTTP()
			})
		})
	}
}
