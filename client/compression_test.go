package client

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

const (
	extensions = "Sec-WebSocket-Extensions"
	pmd        = "permessage-deflate"
	noTakeover = "; server_no_context_takeover; client_no_context_takeover"
)

// Requirements: 7692-5-01
func TestCompressionOffer(t *testing.T) {
	for _, tt := range []struct {
		id, name    string
		compression *conn.Compression
		want        string
	}{
		{"7692-5-01 7692-8-01", "none by default", nil, ""},
		{"7692-7.1.1.1-01 7692-7.1.1.2-01", "nothing is kept by default", new(conn.Compression), pmd + noTakeover + "; client_max_window_bits"},
		{"7692-7.1.2.2-01", "all is allowed", &conn.Compression{Takeover: true}, pmd + "; client_max_window_bits"},
		{"7692-5-02 7692-5-03 7692-5-04 7692-7.1.2.1-01", "a small window, or a large one that is not kept", &conn.Compression{Takeover: true, Window: 10},
			pmd + "; server_max_window_bits=10; client_max_window_bits=10, " +
				pmd + "; server_no_context_takeover; client_max_window_bits=10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			head := request(t, "ws://h", Config{Conn: conn.Config{Compression: tt.compression}})
			if got := fieldOf(head, extensions); got != tt.want {
				t.Errorf("offered %q, want %q", got, tt.want)
			}
		})
	}
}

// What a server answers to a client that wants a window of 10 bits, and whether that can be.
// A message follows that is the sample of RFC 7692 section 7.2.3.1.
func TestCompressionAnswer(t *testing.T) {
	const want10 = `parameter "server_max_window_bits" was offered and is not in the answer`
	for _, tt := range []struct {
		id, name, answer string
		want             string // part of the error; accepted if empty
	}{
		{"7692-5-16", "the first offer", pmd + "; server_max_window_bits=10; client_max_window_bits=10", ""},
		{"7692-7.1.2.1-04", "a smaller window", pmd + `; server_max_window_bits="8"`, ""},
		{"7692-7.1.3-01", "the second offer", pmd + "; server_no_context_takeover", ""},
		{"7692-7.1.1.2-03", "more than was asked for", pmd + noTakeover + "; server_max_window_bits=9; client_max_window_bits=8", ""},
		{"7692-5-15", "neither offer", pmd, want10},
		{"7692-7.1.2.1-07", "a larger window", pmd + "; server_max_window_bits=11", "is 11: want 10 at most, as offered"},
		{"7692-7-08 6455-9.1-05", "a parameter that nobody knows", pmd + "; server_max_window_bits=10; foo", `parameter "foo" is unknown`},
		{"7692-7-09", "a window without value", pmd + "; server_max_window_bits=10; client_max_window_bits", `"client_max_window_bits" has no value`},
		{"7692-7-09", "a window too large", pmd + "; server_max_window_bits=16", `has the value "16": want 8 to 15`},
		{"7692-7-10", "a parameter twice", pmd + "; server_max_window_bits=10; server_max_window_bits=10", "occurs twice"},
		{"7692-5-10", "two answers", pmd + "; server_max_window_bits=10, " + pmd + "; server_no_context_takeover", "accepted twice"},
		{"7692-5-15", "another extension", "x-webkit-deflate-frame", "was not offered"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Config{Conn: conn.Config{Compression: &conn.Compression{Takeover: true, Window: 10}}}
			c, err := dialStub(t, cfg, accepted+extensions+": "+tt.answer+"\r\n\r\n", "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00")
			if tt.want != "" {
				e, ok := errors.AsType[*HandshakeError](err)
				if !ok || e.Status != 101 || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("Dial = %v, want a HandshakeError with %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if _, p, err := c.Read(t.Context()); string(p) != "Hello" || err != nil {
				t.Errorf("Read = %q, %v; want Hello", p, err)
			}
		})
	}
}

// A server that does not answer the offer gets, and sends, messages as they are.
//
// Requirements: 7692-5-14, 6455-9.1-06
func TestCompressionDeclined(t *testing.T) {
	s := &stub{pieces: []string{accepted + "\r\n", "\x81\x02hi", "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"}}
	cfg := &Config{DialContext: s.dial, Conn: conn.Config{Compression: &conn.Compression{Takeover: true, Threshold: -1}}}
	c, err := dial(t.Context(), "ws://h", cfg, sampleNonce)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(t.Context(), frame.Text, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if _, sent, _ := strings.Cut(s.sent.String(), "\r\n\r\n"); !strings.HasPrefix(sent, "\x81\xe4") {
		t.Errorf("sent %q, want a text frame of 100 bytes without RSV1", sent)
	}
	if _, p, err := c.Read(t.Context()); string(p) != "hi" || err != nil {
		t.Errorf("Read = %q, %v; want hi", p, err)
	}
	if _, p, err := c.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "reserved bit") {
		t.Errorf("Read = %q, %v; want an error for RSV1", p, err)
	}
}

// The offer goes to wherever a redirect leads.
func TestCompressionRedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.hosts["example.com:80"] = w.redirects(302, "ws://other.example/")
		w.hosts["other.example:80"] = w.server(extensions + ": " + pmd + "\r\n")
		cfg := w.config("")
		cfg.Conn.Compression = &conn.Compression{Takeover: true}
		w.checkHi("ws://example.com/", cfg)
		for _, head := range w.heads {
			if got := fieldOf(head, extensions); got != pmd+"; client_max_window_bits" {
				t.Errorf("offered %q", got)
			}
		}
		if len(w.heads) != 2 {
			t.Errorf("there are %d requests, want 2", len(w.heads))
		}
	})
}
