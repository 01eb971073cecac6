package server_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// compressed is the sample of RFC 7692 section 7.2.3.1, "Hello", as a client sends it.
var compressed = func() string {
	b := []byte(masked(frame.Text, "\xf2\x48\xcd\xc9\xc9\x07\x00"))
	b[0] |= 0x40 // RSV1
	return string(b)
}()

// handlerSite is the third way in: a Server below net/http.
func handlerSite(t *testing.T, cfg *server.Config, _ *error) *site {
	s := &server.Server{Handler: echo, Config: *cfg, NoKeepalive: true}
	t.Cleanup(func() { s.Close() })
	return serve(t, mux(s))
}

// What clients offer, and what the response says about it, whatever way they come in.
func TestCompression(t *testing.T) {
	const (
		field      = "Sec-WebSocket-Extensions: "
		pmd        = "permessage-deflate"
		noTakeover = "; server_no_context_takeover; client_no_context_takeover"
	)
	takeover := &conn.Compression{Takeover: true}
	small := &conn.Compression{Takeover: true, Window: 10}
	for _, tt := range []struct {
		id, name    string
		compression *conn.Compression
		offers      []string // lines
		want        string   // the answer; empty if there is none
	}{
		{"7692-5-13 7692-5-14 7692-8-01", "the server has none by default", nil, []string{pmd}, ""},
		{"7692-5-14", "the client has none", takeover, nil, ""},
		{"7692-5-06 7692-5-16", "a browser", takeover, []string{pmd + "; client_max_window_bits"}, pmd},
		{"7692-7.1.1.1-04 7692-7.1.1.2-02", "nothing is kept by default", new(conn.Compression), []string{pmd + "; client_max_window_bits"}, pmd + noTakeover},
		{"7692-7.1.1.1-02 7692-7.1.1.1-03", "nothing is kept, as is asked for", takeover, []string{pmd + noTakeover}, pmd + noTakeover},
		{"7692-7.1.2.1-04 7692-7.1.2.1-05", "a small window of the server", takeover, []string{pmd + "; server_max_window_bits=10"}, pmd + "; server_max_window_bits=10"},
		{"7692-7.1.2.2-03 7692-7.1.2.2-04", "a small window of the client", small, []string{pmd + "; client_max_window_bits"}, pmd + "; client_max_window_bits=10"},
		{"7692-7.1.2.2-05", "a client that knows no small window", small, []string{pmd}, pmd + "; client_no_context_takeover"},
		{"7692-7-07 7692-5-05", "the second offer, on a second line", takeover, []string{pmd + "; server_max_window_bits=16", pmd + `; server_max_window_bits="9"`}, pmd + "; server_max_window_bits=9"},
		{"7692-5-13 7692-7-07", "no offer can be accepted", takeover, []string{pmd + "; foo, " + pmd + "; server_max_window_bits"}, ""},
		{"7692-5-13 6455-9.1-04", "other extensions", takeover, []string{"x-webkit-deflate-frame, permessage-bzip2"}, ""},
	} {
		for _, w := range append([]way{{"ServeHTTP", handlerSite, true}}, waysIn...) {
			t.Run(tt.name+" by "+w.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var changes, want []string
					for _, line := range tt.offers {
						changes = append(changes, "+"+field+line)
					}
					if tt.want != "" {
						want = []string{field + tt.want}
					}
					c := w.site(t, &server.Config{Conn: conn.Config{Compression: tt.compression}}, nil).dial()
					c.send(request(changes...))
					c.want(tt.id, accepted(want...))
					c.sendFrame(frame.Text, "Hi")
					c.want("a message may be sent as it is in any case", unmasked(frame.Text, "Hi"))
					c.send(compressed)
					if tt.want != "" {
						c.want("one that is compressed is understood", unmasked(frame.Text, "Hello"))
					} else {
						c.wantEnd("RSV1 means nothing", unmasked(frame.Close, "\x03\xeareserved bit set"))
					}
				})
			})
		}
	}
}

// A list that is malformed is refused, with compression as without.
//
// Requirements: 6455-9.1-01
func TestCompressionMalformed(t *testing.T) {
	for _, offers := range []string{"permessage-deflate;", `permessage-deflate; server_max_window_bits="1 0"`, "permessage-deflate; =10"} {
		eachWay(t, offers, func(t *testing.T, w way) {
			c := w.site(t, &server.Config{Conn: conn.Config{Compression: new(conn.Compression)}}, nil).dial()
			c.send(request("Sec-WebSocket-Extensions: " + offers))
			c.wantResponse("no extension list", http.StatusBadRequest, "Sec-WebSocket-Extensions")
		})
	}
}
