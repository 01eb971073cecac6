package wstest

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// echo sends back every message of c.
func echo(c *conn.Conn) {
	ctx := context.Background()
	for m, err := range c.Messages(ctx) {
		if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
			return
		}
	}
}

// bubbles runs test outside of a bubble and inside of one.
func bubbles(t *testing.T, test func(t *testing.T)) {
	t.Run("outside", test)
	t.Run("inside", func(t *testing.T) { synctest.Test(t, test) })
}

// What the library's client and server say to each other arrives.
func TestServe(t *testing.T) {
	bubbles(t, func(t *testing.T) {
		l := Serve(t, server.Handler(echo, nil))
		c, err := client.Dial(t.Context(), "ws://example.com/", &client.Config{DialContext: l.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(t.Context(), frame.Text, []byte("Hello")); err != nil {
			t.Error(err)
		}
		if _, p, err := c.Read(t.Context()); string(p) != "Hello" || err != nil {
			t.Errorf("read %q, %v", p, err)
		}
		if err := c.Close(frame.StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
	})
}

// A test waits at its end for handlers, to which the clients have hung up.
func TestServeCleanup(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answers bool
		handler func(w http.ResponseWriter, r *http.Request)
	}{
		{"with a connection", true, func(w http.ResponseWriter, r *http.Request) {
			c, err := server.Accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			echo(c)
			c.CloseNow()
		}},
		{"still without", false, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbles(t, func(t *testing.T) {
				var begun, ended atomic.Int64
				t.Cleanup(func() { // runs after that of Serve
					if ended.Load() != 3 {
						t.Errorf("%d handlers have ended, want 3", ended.Load())
					}
				})
				l := Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					begun.Add(1)
					defer ended.Add(1)
					tt.handler(w, r)
					time.Sleep(time.Millisecond) // for those who do not wait
				}))
				for range 3 {
					nc, err := l.DialContext(t.Context(), "tcp", "")
					if err != nil {
						t.Fatal(err)
					}
					nc.Write(request("/", nil))
					if tt.answers {
						nc.Read(make([]byte, 1)) // the handler gets its connection before all hang up
					}
				}
				for begun.Load() < 3 {
					time.Sleep(time.Millisecond)
				}
			})
		})
	}
}

// A loggedTB records what is logged.
type loggedTB struct {
	testing.TB
	said chan string
}

func (l *loggedTB) Log(args ...any) { l.said <- args[0].(string) }

// A panic in a handler is in the log of the test.
func TestServePanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &loggedTB{TB: t, said: make(chan string, 10)}
		l := Serve(log, server.Handler(func(*conn.Conn) { panic("oops") }, nil))
		peer := DialPeer(t, l, "/", nil)
		peer.WantClose("the connection is closed", frame.StatusInternalError, "")
		if got := <-log.said; !strings.HasPrefix(got, "websocket: panic serving 192.0.2.2:49152: oops\n") {
			t.Errorf("logged %q", got)
		}
	})
}

// What a server has to say when its test is over is nobody's.
func TestServeLogAfterTest(t *testing.T) {
	log := &loggedTB{said: make(chan string, 10)}
	var late *http.Server
	t.Run("test", func(t *testing.T) {
		log.TB = t
		l := Serve(log, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			late = r.Context().Value(http.ServerContextKey).(*http.Server)
			late.ErrorLog.Print("during")
		}))
		Handshake(t, l, "/", nil)
	})
	late.ErrorLog.Print("after")
	if len(log.said) != 1 || <-log.said != "during" {
		t.Error("want one line in the log")
	}
}
