package server_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/server"
)

// Connections in all, with those whose closing handshake is not over.
func TestMaxConns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told refusals
		s := server.Server{MaxConns: 2, Refused: told.refused}
		at := serve(t, &s)
		one, _ := at.open(), at.open()
		for range 2 {
			at.wantRefused(&told, 503, "the server has as many connections as it takes\n", "websocket: more than Server.MaxConns of 2")
		}
		one.leave()
		at.open()
		at.wantRefused(&told, 503, "as many connections", "websocket: more than Server.MaxConns of 2")
		if n := s.Len(); n != 2 {
			t.Errorf("Len is %d, want 2", n)
		}
	})
}

// byUser tells clients by a header field.
func byUser(r *http.Request) string { return r.Header.Get("X-User") }

// Connections of one client do not count for another.
func TestMaxConnsPerKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told refusals
		s := server.Server{MaxConnsPerKey: 2, Key: byUser, Refused: told.refused}
		at := serve(t, &s)
		ann, _ := at.open("X-User: ann"), at.open("X-User: ann")
		resp := at.wantRefused(&told, 429, "this client has as many connections as it may have\n",
			`websocket: more than Server.MaxConnsPerKey of 2 for "ann"`, "X-User: ann")
		if got := resp.Header.Get("Retry-After"); got != "10" {
			t.Errorf("Retry-After is %q", got)
		}
		at.open("X-User: bob")
		at.open("X-User: bob")
		for range 3 {
			at.open() // nobody is not counted
		}
		ann.leave()
		at.open("X-User: ann")
		at.wantRefused(&told, 429, "", `websocket: more than Server.MaxConnsPerKey of 2 for "ann"`, "X-User: ann")
	})
}

// Both limits hold at once, and the one for all is told first.
func TestMaxConnsBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told refusals
		s := server.Server{MaxConns: 2, MaxConnsPerKey: 1, Key: byUser, Refused: told.refused}
		at := serve(t, &s)
		at.open("X-User: ann")
		at.wantRefused(&told, 429, "", `websocket: more than Server.MaxConnsPerKey of 1 for "ann"`, "X-User: ann")
		at.open("X-User: bob")
		at.wantRefused(&told, 503, "", "websocket: more than Server.MaxConns of 2", "X-User: ann")
	})
}

// Who counts as the same client if there is no Key.
func TestClientKey(t *testing.T) {
	for _, tt := range []struct {
		name, one, other string
		same             bool
	}{
		{"another port", "192.0.2.1:1024", "192.0.2.1:65535", true},
		{"another IPv4 address", "192.0.2.1:1024", "192.0.2.2:1024", false},
		{"an IPv4 address in IPv6", "192.0.2.1:1024", "[::ffff:192.0.2.1]:1", true},
		{"two IPv4 addresses in IPv6", "[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:1", false},
		{"an IPv6 address of the same network", "[2001:db8::1]:1", "[2001:db8::ffff:ffff:ffff:ffff]:2", true},
		{"an IPv6 address of the network beside it", "[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
		{"an IPv6 address with a zone", "[fe80::1%eth0]:1", "[fe80::2]:1", true},
		{"the IPv6 network of no address", "[::1]:1", "[::ffff:0.0.0.1]:1", false},
		{"a Unix socket", "@", "@", true},
		{"a Unix socket with a name", "/run/a", "/run/b", false},
		{"no address", "", "@", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := server.Server{MaxConnsPerKey: 1}
				at := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r.RemoteAddr = r.Header.Get("X-From")
					s.ServeHTTP(w, r)
				}))
				at.open("X-From: " + tt.one)
				if !tt.same {
					at.open("X-From: " + tt.other)
				}
				c := at.dial()
				c.send(request("X-From: " + tt.other))
				c.wantResponse("the same client again", 429, "")
			})
		})
	}
}

// Handshakes of a second, whatever becomes of them.
func TestMaxHandshakesPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told refusals
		s := server.Server{MaxHandshakesPerSecond: 4, Refused: told.refused}
		at := serve(t, &s)
		tooMany := func() {
			t.Helper()
			resp := at.wantRefused(&told, 503, "the server begins no more connections in this second\n",
				"websocket: more than Server.MaxHandshakesPerSecond of 4")
			if got := resp.Header.Get("Retry-After"); got != "1" {
				t.Errorf("Retry-After is %q", got)
			}
		}
		for range 2 {
			at.open().leave()
			at.open()
			at.wantRefused(&told, 426, "", `websocket: field Upgrade is missing: want "websocket" (a proxy on the way must pass it on)`, "-Upgrade")
			at.open()
			tooMany() // one after four
			tooMany() // which does not count
			time.Sleep(time.Second/4 - time.Nanosecond)
			tooMany() // almost
			time.Sleep(time.Nanosecond)
			at.open()
			tooMany() // one for each quarter of a second
			time.Sleep(3 * time.Second / 4)
			at.open()
			at.open()
			at.open()
			tooMany()
			time.Sleep(time.Hour) // no more than a second's worth is saved
		}
	})
}

// A rate that time cannot be divided by is no rate of zero.
func TestMaxHandshakesPerSecondLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := serve(t, &server.Server{MaxHandshakesPerSecond: 1 << 30})
		at.open()
		at.open()
	})
}

// Zero and negative mean no limit.
func TestNoLimits(t *testing.T) {
	for _, n := range []int{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			s := server.Server{MaxConns: n, MaxConnsPerKey: n, MaxHandshakesPerSecond: n,
				Key: func(*http.Request) string { t.Error("nobody counts by key"); return "" }}
			at := serve(t, &s)
			for range 20 {
				at.open()
			}
			if s.Len() != 20 {
				t.Errorf("Len is %d, want 20", s.Len())
			}
		})
	}
}

// The error has what a program needs.
func TestLimitError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told refusals
		s := server.Server{MaxConnsPerKey: 1, Key: byUser, Refused: told.refused}
		at := serve(t, &s)
		at.open("X-User: ann")
		c := at.dial()
		c.send(request("X-User: ann"))
		c.wantResponse("refused", 429, "")
		e, ok := errors.AsType[*server.LimitError](told.errs[0])
		if !ok || e.Option != "MaxConnsPerKey" || e.Limit != 1 || e.Key != "ann" {
			t.Errorf("the error is %#v", told.errs[0])
		}
		if a, ok := errors.AsType[*handshake.Error](e); !ok || a.Status != 429 {
			t.Errorf("the answer is %v", a)
		}
	})
}

// Conns is a picture of a moment; its body may do what it likes.
func TestConns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s server.Server
		at := serve(t, &s)
		var clients []*client
		for range 3 {
			clients = append(clients, at.open())
		}
		seen := make(map[*conn.Conn]bool)
		for c := range s.Conns() {
			seen[c] = true
			for d := range s.Conns() {
				d.CloseNow()
			}
			synctest.Wait()
			if s.Len() > 1 {
				t.Errorf("Len is %d in the body", s.Len())
			}
			at.open()
		}
		if len(seen) != 3 {
			t.Errorf("%d connections seen, want the 3 of the beginning", len(seen))
		}
		for _, c := range clients {
			c.wantEnd("closed by the body", "")
		}
		for range s.Conns() {
			break
		}
	})
}

// The registry has exactly those that are open, in whatever order they leave.
func TestLen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s server.Server
		at := serve(t, &s)
		open := make(map[*client]bool)
		for range 300 {
			open[at.open()] = true
		}
		for c := range open { // in random order
			c.leave()
			delete(open, c)
			n := 0
			for range s.Conns() {
				n++
			}
			if s.Len() != len(open) || n != len(open) {
				t.Fatalf("Len is %d with %d in Conns, want %d", s.Len(), n, len(open))
			}
		}
	})
}
