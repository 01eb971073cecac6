package server_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// These tests are about clients that do what nobody wants of them, in a loop that others share:
// those are served meanwhile, and nothing is left behind.

// A neighbour is a client that is served whatever others do.
type neighbour struct{ *socketClient }

// served fails the test unless a message comes back.
func (c neighbour) served() {
	c.t.Helper()
	c.send(masked(frame.Text, "Hello"))
	c.want("others are served", unmasked(frame.Text, "Hello"))
}

// reset ends the connection of c in the rudest way that its network has.
func (c *socketClient) reset() {
	nc := c.nc
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	if t, ok := nc.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	nc.Close()
}

// wantNoMoreClose fails the test if Close is called again before s, which is closed, has no connection.
func (r *recorder) wantNoMoreClose(t *testing.T, s *server.Server) {
	t.Helper()
	s.Close()
	for range 1000 {
		if s.Len() == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n, left := len(r.closed), s.Len(); n > 0 || left > 0 {
		t.Errorf("Close was called %d times more; %d connections are left", n, left)
	}
}

// A client that sends its handshake and its frames byte by byte is served, and between any two of them others are.
func TestEventsDrip(t *testing.T) {
	in := sampleRequest + masked(frame.Text, "Hello") + "\x01\x80\x00\x00\x00\x00" + masked(frame.Ping, "now?") +
		masked(frame.Continuation, "\u00e9") + masked(frame.Close, normalClosure)
	out := accepted() + unmasked(frame.Text, "Hello") + unmasked(frame.Pong, "now?") + unmasked(frame.Text, "\u00e9") +
		unmasked(frame.Close, normalClosure)
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, writeBack)
		dial := w.serve(t, &server.Server{Events: &r.Events})
		other := neighbour{upgrade(t, dial())}
		slow := &socketClient{t, dial()}
		for i := range in {
			slow.send(in[i : i+1])
			other.served()
		}
		slow.wantEnd("all is answered", out)
		slow.nc.Close()
		r.wantClosed(t, 1000, true)
		other.served()
	})
}

// A client whose handshake takes too long is cut off, whether it says nothing or a little at a time; others are served.
func TestEventsHandshakeTimeout(t *testing.T) {
	eachEventWayOf(t, eventWays[:2], func(t *testing.T, w eventWay) { // net/http has its own time-outs
		r := record(t, sendBack)
		told := make(chan error, 100)
		s := &server.Server{
			Events:  &r.Events,
			Config:  server.Config{HandshakeTimeout: 200 * time.Millisecond},
			Refused: func(_ *http.Request, err error) { told <- err },
		}
		dial := w.serve(t, s)
		other := neighbour{upgrade(t, dial())}
		silent, slow := &socketClient{t, dial()}, &socketClient{t, dial()}
		for i := 0; ; i = min(i+1, 100) { // and never the last line
			if _, err := slow.nc.Write([]byte(sampleRequest[i : i+1])); err != nil {
				break
			}
			other.served()
		}
		slow.nc.Close()
		silent.wantEnd("cut off without an answer", "")
		silent.nc.Close()
		for range 2 {
			if err := take(t, told, "refusal"); !strings.Contains(err.Error(), "Config.HandshakeTimeout") {
				t.Errorf("refused with %v", err)
			}
		}
		other.served()
		if n := len(r.open); n != 1 {
			t.Errorf("Open was called for %d connections, want one", n)
		}
	})
}

// A client that never reads is dealt with by the policy. Others get every broadcast, and what is queued is bounded.
func TestEventsBroadcastNeverReads(t *testing.T) {
	const most, size = 4, 256 << 10
	for _, policy := range []conn.FullPolicy{conn.Block, conn.DropNew, conn.DropOld, conn.CloseSlow, conn.CloseTryLater} {
		drops := policy == conn.DropNew || policy == conn.DropOld
		t.Run(policy.String(), func(t *testing.T) {
			eachEventWayOf(t, eventWays[:2], func(t *testing.T, w eventWay) {
				r := record(t, sendBack)
				s := &server.Server{Events: &r.Events, NoKeepalive: true}
				s.Config.Conn = conn.Config{WhenFull: policy, MaxQueuedMessages: most, MaxQueuedBytes: -1, CloseTimeout: 50 * time.Millisecond}
				dial := w.serve(t, s)
				other := upgrade(t, dial())
				take(t, r.open, "Open")
				never := upgrade(t, dial())
				stuck := take(t, r.open, "Open")
				dealt := func() bool { return len(r.closed) > 0 || drops && stuck.Dropped() >= 3 }
				for i := 0; !dealt() && i < 1000; i++ {
					text := fmt.Sprint(i) + strings.Repeat(".", size)
					s.Broadcast(prepare(t, text), nil)
					other.want("the others get it", unmasked(frame.Text, text))
					if n, _ := stuck.Buffered(); n > most {
						t.Fatalf("%d messages are queued", n)
					}
				}
				if !drops {
					err := take(t, r.closed, "Close")
					if e, ok := errors.AsType[*conn.LimitError](err); !ok || e.Option != "MaxQueuedMessages" {
						t.Errorf("Close is told %v", err)
					}
				} else if stuck.Dropped() < 3 {
					t.Error("nothing was dropped")
				}
				never.nc.Close()
				neighbour{other}.served()
				if drops {
					take(t, r.closed, "Close")
				}
				other.nc.Close()
				take(t, r.closed, "Close")
				r.wantNoMoreClose(t, s)
			})
		})
	}
}

// Where a client may reset: what it has sent, and what has come from the server until then.
var resets = []struct {
	name     string
	in       string
	want     string
	complete bool // the closing handshake
}{
	{"after the handshake", "", "", false},
	{"in a header", "\x81", "", false},
	{"in a length", "\x82\xfe\x01", "", false},
	{"in a long length", "\x82\xff\x00\x00\x00\x00\x00", "", false},
	{"in a masking key", "\x81\x85\x37\xfa", "", false},
	{"in a payload", masked(frame.Text, "Hello")[:8], "", false},
	{"in a large payload", masked(frame.Binary, strings.Repeat("x", 100<<10))[:50<<10], "", false},
	{"in a ping", masked(frame.Ping, "Hello")[:8], "", false},
	{"in a close frame", masked(frame.Close, normalClosure)[:7], "", false},
	{"between fragments", "\x01\x80\x00\x00\x00\x00", "", false},
	{"after a message", masked(frame.Text, "Hello"), unmasked(frame.Text, "Hello"), false},
	{"with an echo unread", masked(frame.Text, "Hello"), "", false},
	{"after closing", masked(frame.Close, normalClosure), unmasked(frame.Close, normalClosure), true},
	{"instead of an answer to a close frame", masked(frame.Text, "close"), unmasked(frame.Close, normalClosure), false},
	{"in the answer to a close frame", masked(frame.Text, "close") + masked(frame.Close, normalClosure)[:3], unmasked(frame.Close, normalClosure), false},
	{"after bad input", "\xff\xff", unmasked(frame.Close, "\x03\xeareserved bit set"), true},
	{"while the handler waits", masked(frame.Text, "wait"), "", false},
	{"while the handler waits, in a payload", masked(frame.Text, "wait") + masked(frame.Text, "Hello")[:8], "", false},
	{"while the handler reads", masked(frame.Text, "read") + "\x81", "", false},
	{"while the handler pings", masked(frame.Text, "ping"), "\x89\x08", false},
	{"while the handler writes", masked(frame.Text, "write"), "", false},
	{"while the handler sends", masked(frame.Text, "send"), "", false},
	{"while the handler closes", masked(frame.Text, "Close"), unmasked(frame.Close, normalClosure), false},
}

// large is more than the network holds.
var large [16 << 20]byte

// busy echoes, or does what the message says, which may take long.
func busy(c *conn.Conn, typ frame.Opcode, p []byte) {
	ctx := context.Background()
	switch string(p) {
	case "wait":
		<-c.Context().Done()
	case "read":
		c.Read(ctx)
	case "ping":
		c.Ping(ctx)
	case "write":
		c.Write(ctx, frame.Binary, large[:])
	case "send":
		for c.Send(ctx, frame.Binary, large[:1<<20]) == nil {
		}
	case "close":
		c.StartClose(1000, "")
	case "Close":
		c.Close(1000, "")
	default:
		sendBack(c, typ, p)
	}
}

// A client that resets in the middle of anything is one call of Close. Others are served, and nothing is left.
func TestEventsReset(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, busy)
		s := &server.Server{Events: &r.Events, NoKeepalive: true}
		dial := w.serve(t, s)
		other := neighbour{upgrade(t, dial())}
		for _, tt := range resets {
			t.Run(tt.name, func(t *testing.T) {
				c := upgrade(t, dial())
				c.send(tt.in)
				c.want("before that", tt.want)
				other.served()
				c.reset()
				err := take(t, r.closed, "Close")
				if e, ok := errors.AsType[*conn.CloseError](err); !tt.complete && (!ok || e.Err == nil) {
					t.Errorf("Close is told %v", err)
				}
				other.served()
			})
		}
		other.nc.Close()
		take(t, r.closed, "Close")
		r.wantNoMoreClose(t, s)
	})
}

// A client that resets in the middle of its handshake is nobody: no function is called. Others are served.
func TestEventsResetHandshake(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, sendBack)
		s := &server.Server{Events: &r.Events}
		dial := w.serve(t, s)
		other := neighbour{upgrade(t, dial())}
		take(t, r.open, "Open")
		for i := 0; i < len(sampleRequest); i += 15 {
			c := &socketClient{t, dial()}
			c.send(sampleRequest[:i])
			if i%2 == 0 {
				other.served()
			}
			c.reset()
			other.served()
		}
		if n := len(r.open); n > 0 {
			t.Errorf("Open was called %d times", n)
		}
		for range 20 { // the response may still come, or not
			c := &socketClient{t, dial()}
			c.send(sampleRequest + masked(frame.Text, "Hello")[:8])
			c.reset()
			other.served()
		}
		other.nc.Close()
		take(t, r.closed, "Close")
		s.Close()
		for range 1000 {
			if s.Len() == 0 && len(r.open) == len(r.closed) {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("Open was called %d times, and Close %d times; %d connections are left", len(r.open), len(r.closed), s.Len())
	})
}

// All of them at once, over and over: whoever behaves gets every echo, in order.
func TestEventsHostileCrowd(t *testing.T) {
	eachEventWayOf(t, eventWays[:2], func(t *testing.T, w eventWay) {
		r := record(t, busy)
		r.closed = make(chan error, 100_000)
		r.open = make(chan *conn.Conn, 100_000)
		s := &server.Server{Events: &r.Events, Config: server.Config{Conn: conn.Config{MaxQueuedBytes: 64 << 10}}, NoKeepalive: true}
		dial := w.serve(t, s)
		var others, crowd sync.WaitGroup
		var over atomic.Bool
		for range 3 {
			deaf, drip := upgrade(t, dial()), upgrade(t, dial())
			crowd.Go(func() { // sends, and never reads
				deaf.sendPieces(strings.Repeat(masked(frame.Binary, string(large[:16<<10])), 1000), 64<<10)
			})
			drip.send("\x01\x80\x00\x00\x00\x00")
			crowd.Go(func() { // never comes to an end
				for !over.Load() {
					drip.sendPieces("\x00\x80\x00\x00\x00\x00", 1)
					time.Sleep(time.Millisecond)
				}
			})
			t.Cleanup(deaf.reset)
		}
		for range 5 {
			c := neighbour{upgrade(t, dial())}
			others.Go(func() {
				for range 100 {
					c.served()
				}
			})
		}
		crowd.Go(func() {
			others.Wait()
			over.Store(true)
		})
		for i := 0; !over.Load(); i++ {
			c := upgrade(t, dial())
			c.send(resets[i%len(resets)].in)
			c.reset()
		}
		s.Close()
		crowd.Wait()
	})
}

// An idle connection in a loop has no goroutine, whatever it has done before.
func TestEventsIdle(t *testing.T) {
	const most = 50
	for connections, ways := range map[int][]eventWay{500: eventWays[:1], 100: eventWays[1:4]} {
		eachEventWayOf(t, ways, func(t *testing.T, w eventWay) {
			over := make(chan bool)
			r := record(t, func(c *conn.Conn, typ frame.Opcode, p []byte) {
				if string(p) == "wait" {
					<-over
				}
				sendBack(c, typ, p)
			})
			dial := w.serve(t, &server.Server{Events: &r.Events})
			var waiting []*socketClient
			for i := range connections {
				c := upgrade(t, dial())
				take(t, r.open, "Open")
				switch i % 3 {
				case 0:
					neighbour{c}.served()
				case 1:
					c.send(masked(frame.Text, "Hello")[:8])
				case 2:
					c.send(masked(frame.Text, "wait"))
					waiting = append(waiting, c)
				}
			}
			close(over)
			for _, c := range waiting {
				c.want("an echo at last", unmasked(frame.Text, "wait"))
			}
			n := 0
			for range 1000 {
				if n = runtime.NumGoroutine(); n < most {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Errorf("%d idle connections, and %d goroutines", connections, n)
		})
	}
}
