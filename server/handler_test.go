package server_test

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// What net/http keeps for a request goes when the handler returns, while f runs on.
func TestGoReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		returned := make(chan bool, 1)
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := server.Go(w, r, nil, echo); err != nil {
				t.Errorf("Go: %v", err)
			}
			returned <- true
		})).dial()
		c.send(sampleRequest)
		c.want("accepted", accepted())
		<-returned
		for _, stack := range goroutines() {
			if strings.Contains(stack, "net/http.(*conn).serve") {
				t.Errorf("net/http is still there:\n%s", stack)
			}
		}
		c.sendFrame(frame.Text, "Hello")
		c.want("f runs", "\x81\x05Hello")
	})
}

// A refused request does not run f.
func TestGoRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, mux(server.Handler(func(*conn.Conn) {
			t.Error("f runs without a connection")
		}, nil))).dial()
		c.send(request("-Upgrade"))
		c.wantResponse("refused", 426, "Upgrade")
		c.wantStillHTTP()
	})
}

// endings are the ways in which f ends, and what the peer and the log are told.
var endings = []struct {
	name   string
	f      func(*conn.Conn)
	code   string // of the close frame
	logged string // empty if nothing is
}{
	{"return", func(*conn.Conn) {}, normalClosure, ""},
	{"panic", func(*conn.Conn) { panic("the sky is falling") }, internalError, ": the sky is falling\n"},
	{"panic with an error", func(*conn.Conn) { panic(errors.New("a stone")) }, internalError, ": a stone\n"},
	{"panic of the runtime", func(*conn.Conn) { (*http.Request)(nil).UserAgent() }, internalError, ": runtime error: invalid memory address"},
	{"panic with nil", func(*conn.Conn) { panic(nil) }, internalError, ": panic called with nil argument"},
	{"panic inside a message", panicsInside, internalError, ": inside\n"},
	{"http.ErrAbortHandler", func(*conn.Conn) { panic(http.ErrAbortHandler) }, internalError, ""},
	{"runtime.Goexit", func(*conn.Conn) { runtime.Goexit() }, internalError, ""},
}

func panicsInside(c *conn.Conn) {
	w, _ := c.Writer(context.Background(), frame.Text)
	w.Write([]byte("unfinished"))
	for range c.Messages(context.Background()) {
		panic("inside")
	}
}

func TestGoEnds(t *testing.T) {
	for _, tt := range endings {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := http.NewServeMux()
				m.Handle("/chat", server.Handler(tt.f, nil))
				m.Handle("/echo", server.Handler(echo, nil))
				s := serve(t, m)
				other := s.dial()
				other.send(request("^GET /echo HTTP/1.1"))
				other.want("another connection", accepted())

				c := s.dial()
				c.send(sampleRequest + masked(frame.Text, "Hello"))
				got, _ := c.take()
				if want := unmasked(frame.Close, tt.code); !strings.HasPrefix(got, accepted()) || !strings.HasSuffix(got, want) {
					t.Errorf("at the end of f the peer got %q, want %q at the end", got, want)
				}
				c.sendFrame(frame.Close, tt.code)
				c.wantEnd("the closing handshake is complete", "")

				checkLog(t, s.log.String(), tt.logged)
				other.sendFrame(frame.Text, "Hello")
				other.want("the other connection does not care", "\x81\x05Hello")
			})
		})
	}
}

// checkLog checks that a panic of a connection was logged with its value and its stack, or nothing.
func checkLog(t *testing.T, got, want string) {
	t.Helper()
	switch {
	case want == "" && got != "":
		t.Errorf("logged %q, want nothing", got)
	case want == "":
	case !strings.HasPrefix(got, "websocket: panic serving a"+want):
		t.Errorf("logged %q, want panic%s", got, want)
	case !strings.Contains(got, "server_test."):
		t.Errorf("the log does not show where it happened: %s", got)
	}
}

// Without a log of the server there is that of the process.
func TestGoPanicDefaultLog(t *testing.T) {
	for _, tt := range []struct {
		name string
		ctx  context.Context // of the request
	}{
		{"server without a log", context.WithValue(context.Background(), http.ServerContextKey, &http.Server{})},
		{"request without a server", context.Background()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var logged logBuffer
				log.SetOutput(&logged)
				defer log.SetOutput(os.Stderr)
				h := server.Handler(func(*conn.Conn) { panic("ouch") }, nil)
				c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					h.ServeHTTP(w, r.WithContext(tt.ctx))
				})).dial()
				c.send(sampleRequest)
				c.want("closed", accepted()+unmasked(frame.Close, internalError))
				if got := logged.String(); !strings.Contains(got, "websocket: panic serving a: ouch\n") {
					t.Errorf("logged %q", got)
				}
			})
		})
	}
}

// When f has closed the connection itself, nothing follows.
func TestGoClosedByF(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, server.Handler(func(c *conn.Conn) {
			c.Close(frame.StatusTryAgainLater, "busy")
		}, nil)).dial()
		c.send(sampleRequest)
		closing := "\x03\xf5busy"
		c.want("f's own code", accepted()+unmasked(frame.Close, closing))
		c.sendFrame(frame.Close, closing)
		c.wantEnd("and the end", "")
	})
}

// A peer that does not answer the close does not hold the connection for long.
func TestGoPeerSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := &server.Config{Conn: conn.Config{CloseTimeout: time.Minute}}
		c := serve(t, server.Handler(func(*conn.Conn) {}, cfg)).dial()
		c.send(sampleRequest)
		c.want("f has returned", accepted()+unmasked(frame.Close, normalClosure))
		time.Sleep(time.Minute - time.Nanosecond)
		c.want("the peer has time to answer", "")
		time.Sleep(time.Nanosecond)
		c.wantEnd("but not longer", "")
	})
}

// The limits of Config.Conn hold for the connections.
func TestHandlerConnConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := &server.Config{Conn: conn.Config{MaxMessageSize: 5}}
		c := serve(t, server.Handler(echo, cfg)).dial()
		c.send(sampleRequest + masked(frame.Text, "Hello"))
		c.want("a message of five bytes", accepted()+"\x81\x05Hello")
		c.sendFrame(frame.Text, "Hello!")
		c.wantEnd("one of six", unmasked(frame.Close, "\x03\xf1message larger than 5 bytes"))
	})
}
