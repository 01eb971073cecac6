package server_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/server"
	"github.com/ws6455/ws/wstest"
)

// A refusals is a Server.Refused that remembers.
type refusals struct {
	mu   sync.Mutex
	errs []error
}

func (r *refusals) refused(_ *http.Request, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs = append(r.errs, err)
}

// take returns the errors since the last time, one a line.
func (r *refusals) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := errors.Join(r.errs...)
	r.errs = nil
	if err == nil {
		return ""
	}
	return err.Error()
}

// open returns a client that is accepted.
func (s *site) open(changes ...string) *client {
	s.t.Helper()
	c := s.dial()
	c.send(request(changes...))
	c.want("accepted", accepted())
	return c
}

// leave closes the connection of c, whose handler waits for messages.
func (c *client) leave() {
	c.t.Helper()
	c.sendFrame(frame.Close, normalClosure)
	c.wantEnd("the close is answered", unmasked(frame.Close, normalClosure))
	c.hangUp()
}

// hangUp closes the network, which the server waits for after the closing handshake.
func (c *client) hangUp() {
	c.nc.Close()
	synctest.Wait()
}

// wantRefused fails the test unless a request with changes is refused,
// with a text for the client and one for the server.
func (s *site) wantRefused(told *refusals, status int, text, why string, changes ...string) *http.Response {
	s.t.Helper()
	c := s.dial()
	c.send(request(changes...))
	resp := c.wantResponse("refused", status, text)
	if got := told.take(); got != why {
		s.t.Errorf("the server is told %q, want %q", got, why)
	}
	return resp
}

// A server can be used with nothing set: it answers pings and drops messages.
func TestServerZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s server.Server
		c := serve(t, &s).open()
		if n := s.Len(); n != 1 {
			t.Errorf("Len is %d, want 1", n)
		}
		c.sendFrame(frame.Text, "Hello")
		c.sendFrame(frame.Binary, strings.Repeat("x", 1<<20))
		c.sendFrame(frame.Ping, "!")
		c.want("messages are dropped, a ping is answered", unmasked(frame.Pong, "!"))
		c.leave()
		if n := s.Len(); n != 0 {
			t.Errorf("Len is %d when all have left", n)
		}
	})
}

// The same things happen at the end of a handler as with Go.
func TestServerHandlerEnds(t *testing.T) {
	for _, tt := range endings {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := server.Server{Handler: tt.f}
				at := serve(t, &s)
				s.ErrorLog = at.ErrorLog
				c := at.dial()
				c.send(sampleRequest + masked(frame.Text, "Hello"))
				got, _ := c.take()
				if want := unmasked(frame.Close, tt.code); !strings.HasPrefix(got, accepted()) || !strings.HasSuffix(got, want) {
					t.Errorf("at the end of the handler the peer got %q, want %q at the end", got, want)
				}
				if n := s.Len(); n != 1 {
					t.Errorf("Len is %d before the closing handshake is complete", n)
				}
				c.sendFrame(frame.Close, tt.code)
				c.wantEnd("the closing handshake is complete", "")
				checkLog(t, at.log.String(), tt.logged)
				if c.hangUp(); s.Len() != 0 {
					t.Errorf("Len is %d after it", s.Len())
				}
			})
		})
	}
}

// What net/http keeps for a request goes while the handler runs.
func TestServerReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serve(t, &server.Server{Handler: echo}).open()
		for _, stack := range goroutines() {
			if strings.Contains(stack, "net/http.(*conn).serve") {
				t.Errorf("net/http is still there:\n%s", stack)
			}
		}
	})
}

// Select sees a request that is a handshake, and decides what becomes of it.
func TestServerSelect(t *testing.T) {
	says := func(s string) func(*conn.Conn) {
		return func(c *conn.Conn) { c.Write(context.Background(), frame.Text, []byte(s)); c.CloseNow() }
	}
	teapot := &handshake.Error{Status: 418, Header: http.Header{"X-Pot": {"tea"}}, Reason: "short and stout"}
	for _, tt := range []struct {
		name   string
		sel    func(*http.Request) (func(*conn.Conn), error)
		status int
		text   string // sent, or in the body
	}{
		{"a function", func(r *http.Request) (func(*conn.Conn), error) { return says("at " + r.URL.Path), nil }, 101, "at /chat"},
		{"nothing", func(*http.Request) (func(*conn.Conn), error) { return nil, nil }, 101, "handler"},
		{"an answer", func(*http.Request) (func(*conn.Conn), error) { return nil, teapot }, 418, "short and stout"},
		{"a wrapped answer", func(*http.Request) (func(*conn.Conn), error) { return nil, fmt.Errorf("no: %w", teapot) }, 418, "short and stout"},
		{"an error", func(*http.Request) (func(*conn.Conn), error) { return nil, errors.New("user 7 owes us money") }, 403, "does not accept"},
		{"an error and a function", func(*http.Request) (func(*conn.Conn), error) { return echo, errors.New("!") }, 403, "does not accept"},
		{"an answer that is nil", func(*http.Request) (func(*conn.Conn), error) { return nil, (*handshake.Error)(nil) }, 403, "does not accept"},
		{"a status that is none", func(*http.Request) (func(*conn.Conn), error) { return nil, &handshake.Error{Reason: "why"} }, 500, "why"},
		{"a status that is no refusal", func(*http.Request) (func(*conn.Conn), error) { return nil, &handshake.Error{Status: 101} }, 500, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told refusals
				s := server.Server{Handler: says("handler"), Select: tt.sel, Refused: told.refused}
				c := serve(t, mux(&s)).dial()
				c.send(sampleRequest)
				if tt.status == 101 {
					c.wantEnd("the function runs", accepted()+unmasked(frame.Text, tt.text))
					return
				}
				resp := c.wantResponse("Select's answer", tt.status, tt.text)
				if e, ok := errors.AsType[*handshake.Error](told.errs[0]); ok && e == teapot && resp.Header.Get("X-Pot") != "tea" {
					t.Errorf("the fields of the answer are %v", resp.Header)
				}
				if strings.Contains(tt.text, "money") || s.Len() != 0 {
					t.Errorf("Len is %d", s.Len())
				}
				c.wantStillHTTP()
			})
		})
	}
}

// Select is not asked about requests that are refused anyway.
func TestServerSelectComesLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		var told refusals
		s := server.Server{MaxConns: 1, Refused: told.refused, Select: func(*http.Request) (func(*conn.Conn), error) {
			asked++
			return nil, nil
		}}
		at := serve(t, &s)
		at.wantRefused(&told, 426, "Upgrade", `websocket: field Upgrade is missing: want "websocket" (a proxy on the way must pass it on)`, "-Upgrade")
		resp := at.dial()
		resp.send(request("Origin: http://evil.example.com"))
		resp.wantResponse("a foreign origin", 403, "is not allowed")
		told.take()
		at.open()
		at.wantRefused(&told, 503, "as many connections", "websocket: more than Server.MaxConns of 1")
		if asked != 1 {
			t.Errorf("Select was asked %d times, want once", asked)
		}
	})
}

// A server whose Config is malformed accepts nobody. It is looked at once.
func TestServerMisconfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told refusals
		s := server.Server{Config: server.Config{Origins: []string{"http://example.com/"}}, Refused: told.refused}
		at := serve(t, &s)
		for range 2 {
			at.wantRefused(&told, 500, "websocket: the server is misconfigured\n",
				`websocket: server.Config: origin pattern "http://example.com/": want [scheme://][*.]host[:port] or *`)
		}
	})
}

// Subprotocols, fields of the response and limits are those of Config.
func TestServerConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{Handler: echo, Config: server.Config{
			Subprotocols: []string{"chat"},
			Header:       http.Header{"X-Config": {"yes"}},
			Conn:         conn.Config{MaxMessageSize: 5},
		}}
		c := serve(t, &s).dial()
		c.send(request("Sec-WebSocket-Protocol: chat"))
		c.want("accepted", accepted("Sec-WebSocket-Protocol: chat", "X-Config: yes"))
		c.sendFrame(frame.Text, "Hello!")
		c.wantEnd("too large a message", unmasked(frame.Close, "\x03\xf1message larger than 5 bytes"))
	})
}

// Connections have a Keepalive, if nobody says otherwise.
func TestServerKeepalive(t *testing.T) {
	for _, tt := range []struct {
		name  string
		s     *server.Server
		first time.Duration // when the first ping comes; zero if never
	}{
		{"by default", &server.Server{}, 30 * time.Second},
		{"of Config", &server.Server{Config: server.Config{Conn: conn.Config{Keepalive: &conn.Keepalive{Interval: time.Minute}}}}, time.Minute},
		{"of Config in any case", &server.Server{NoKeepalive: true,
			Config: server.Config{Conn: conn.Config{Keepalive: &conn.Keepalive{Interval: time.Minute}}}}, time.Minute},
		{"none", &server.Server{NoKeepalive: true}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := serve(t, tt.s).open()
				if tt.first == 0 {
					time.Sleep(24 * time.Hour)
					c.want("silence does no harm", "")
					return
				}
				time.Sleep(tt.first * 9 / 10)
				c.want("it is too early for a ping", "")
				time.Sleep(tt.first / 10)
				if got, eof := c.take(); len(got) == 0 || got[0] != 0x89 || eof {
					t.Fatalf("after %v came %q, want a ping", tt.first, got)
				}
				time.Sleep(20 * time.Second)
				if got, _ := c.take(); !strings.HasPrefix(got, "\x88") {
					t.Errorf("without an answer came %q, want a close frame", got)
				}
				if c.hangUp(); tt.s.Len() != 0 {
					t.Errorf("Len is %d", tt.s.Len())
				}
			})
		})
	}
}

// ways are the ways in which a request can end without a connection, or a connection end.
// The header X-Way says which one is meant.
var ways = []struct {
	name string
	act  func(c *client) // after the request
}{
	{"refused by Select", func(c *client) { c.wantResponse("refused", 403, "") }},
	{"panic in Select", func(c *client) { c.wantResponse("refused", 500, "could not decide") }},
	{"http.ErrAbortHandler in Select", func(c *client) { c.wantResponse("refused", 500, "could not decide") }},
	{"runtime.Goexit in Select", func(c *client) { synctest.Wait() }},
	{"panic in Key", func(c *client) { c.wantResponse("refused", 500, "could not decide") }},
	{"no hijacker", func(c *client) { c.wantResponse("refused", 500, "no http.Hijacker") }},
	{"panic in Hijack", func(c *client) { synctest.Wait() }},
	{"network broken", func(c *client) { c.wantEnd("nobody is there", "") }},
	{"network stuck", func(c *client) { time.Sleep(10 * time.Second); c.wantEnd("for HandshakeTimeout", "") }},
	{"handler returns", func(c *client) {
		c.want("closed", accepted()+unmasked(frame.Close, normalClosure))
		c.sendFrame(frame.Close, normalClosure)
		c.hangUp()
	}},
	{"handler panics", func(c *client) {
		c.want("closed", accepted()+unmasked(frame.Close, internalError))
		c.sendFrame(frame.Close, internalError)
		c.hangUp()
	}},
	{"client silent", func(c *client) {
		c.sendFrame(frame.Text, "")
		time.Sleep(5 * time.Second)
	}},
	{"client leaves", func(c *client) { c.want("accepted", accepted()); c.leave() }},
	{"client resets", func(c *client) { c.want("accepted", accepted()); c.nc.Reset() }},
}

// Whatever becomes of a request, its place is free again in the end.
func TestServerPlaces(t *testing.T) {
	for _, tt := range ways {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told refusals
				s := server.Server{MaxConns: 1, MaxConnsPerKey: 1, Key: wayward, Select: selectWay, Refused: told.refused}
				at := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					s.ServeHTTP(writerFor(w, r), r)
				}))
				s.ErrorLog = at.ErrorLog
				for range 2 {
					c := at.dial()
					c.send(request("X-Way: " + tt.name))
					tt.act(c)
					synctest.Wait()
				}
				at.open()
				if s.Len() != 1 {
					t.Errorf("Len is %d, want 1", s.Len())
				}
				told.take()
				at.wantRefused(&told, 503, "as many", "websocket: more than Server.MaxConns of 1")
			})
		})
	}
}

func wayward(r *http.Request) string {
	if r.Header.Get("X-Way") == "panic in Key" {
		panic("which key?")
	}
	return "key"
}

func selectWay(r *http.Request) (func(*conn.Conn), error) {
	switch r.Header.Get("X-Way") {
	case "refused by Select":
		return nil, errors.New("no")
	case "panic in Select":
		panic("which way?")
	case "http.ErrAbortHandler in Select":
		panic(http.ErrAbortHandler)
	case "runtime.Goexit in Select":
		runtime.Goexit()
	case "handler returns":
		return func(*conn.Conn) {}, nil
	case "handler panics":
		return func(*conn.Conn) { panic("no way") }, nil
	case "client silent":
		return func(c *conn.Conn) { c.Read(context.Background()) }, nil
	}
	return nil, nil
}

// writerFor returns w with what makes the Hijack of r fail.
func writerFor(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	switch r.Header.Get("X-Way") {
	case "no hijacker":
		return struct{ http.ResponseWriter }{w}
	case "panic in Hijack":
		return &hijacked{w, func(net.Conn) net.Conn { panic(http.ErrAbortHandler) }}
	case "network broken":
		return &hijacked{w, func(nc net.Conn) net.Conn { nc.Close(); return nc }}
	case "network stuck":
		return &hijacked{w, func(nc net.Conn) net.Conn { full, _ := wstest.PipeSize(1); return stuck{nc, full} }}
	}
	return w
}

// stuck is a connection that takes no more.
type stuck struct {
	net.Conn
	full *wstest.PipeConn
}

func (s stuck) Write(p []byte) (int, error)        { return s.full.Write(p) }
func (s stuck) SetWriteDeadline(t time.Time) error { return s.full.SetWriteDeadline(t) }
