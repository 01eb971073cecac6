package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/badinput"
	"github.com/ws6455/ws/server"
)

// These tests use real sockets, as loops do. Whatever the way in, and whether there is a loop or a goroutine for
// each connection, the same happens: each test runs in all of the following ways.

// An eventWay is a way for connections to a server with events.
type eventWay struct {
	name  string
	serve func(t *testing.T, s *server.Server) (dial func() net.Conn)
}

var eventWays = []eventWay{
	{"loop", func(t *testing.T, s *server.Server) func() net.Conn { return serveEvents(t, s, "tcp", sameListener) }},
	{"loop on Unix sockets", func(t *testing.T, s *server.Server) func() net.Conn { return serveEvents(t, s, "unix", sameListener) }},
	{"loop behind net/http", serveEventsHTTP},
	{"loop behind another listener", func(t *testing.T, s *server.Server) func() net.Conn { return serveEvents(t, s, "tcp", hiddenListener) }},
	{"goroutines, for TLS", serveEventsTLS},
}

// eachEventWay runs f for each way.
func eachEventWay(t *testing.T, f func(t *testing.T, w eventWay)) {
	eachEventWayOf(t, eventWays, f)
}

// eachEventWayOf is eachEventWay for some of them.
func eachEventWayOf(t *testing.T, ways []eventWay, f func(t *testing.T, w eventWay)) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			wantNoGoroutines(t)
			wantNoDescriptors(t)
			f(t, w)
		})
	}
}

func sameListener(l net.Listener) net.Listener { return l }

// hiddenListener hides what l is.
func hiddenListener(l net.Listener) net.Listener { return struct{ net.Listener }{l} }

// serveEvents lets s serve a listener, and returns what connects to it.
func serveEvents(t *testing.T, s *server.Server, network string, wrap func(net.Listener) net.Listener) func() net.Conn {
	t.Helper()
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Skip(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(wrap(l)) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Errorf("Serve = %v", err)
		}
	})
	return dialer(t, network, l.Addr().String())
}

// dialer returns what connects to a server.
func dialer(t *testing.T, network, addr string) func() net.Conn {
	return func() net.Conn {
		t.Helper()
		nc, err := net.Dial(network, addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		return nc
	}
}

func serveEventsHTTP(t *testing.T, s *server.Server) func() net.Conn {
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	t.Cleanup(func() { s.Close() })
	return dialer(t, "tcp", web.Listener.Addr().String())
}

func serveEventsTLS(t *testing.T, s *server.Server) func() net.Conn {
	web := httptest.NewUnstartedServer(nil)
	web.StartTLS() // for its certificate
	cfg := web.TLS.Clone()
	web.Close()
	cfg.NextProtos = nil
	dial := serveEvents(t, s, "tcp", func(l net.Listener) net.Listener { return tls.NewListener(l, cfg) })
	return func() net.Conn { return tls.Client(dial(), &tls.Config{InsecureSkipVerify: true}) }
}

// wantNoDescriptors fails the test if more are open at its end than now.
func wantNoDescriptors(t *testing.T) {
	before, ok := descriptors()
	if !ok {
		return
	}
	t.Cleanup(func() {
		after := 0
		for range 200 {
			if after, _ = descriptors(); after <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%d descriptors were open, and %d are", before, after)
	})
}

// descriptors returns how many sockets are open, if the system tells.
func descriptors() (n int, ok bool) {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0, false
	}
	for _, e := range all {
		if target, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n, true
}

// A socketClient speaks frames on a real socket. What it wants has 10 seconds to come.
type socketClient struct {
	t  *testing.T
	nc net.Conn
}

// upgrade returns a client that has been accepted.
func upgrade(t *testing.T, nc net.Conn) *socketClient {
	t.Helper()
	c := &socketClient{t, nc}
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	c.send(sampleRequest)
	c.want("accepted", accepted())
	return c
}

// upgradeAsking returns a client that has been accepted with an extension; with none if it is empty.
func upgradeAsking(t *testing.T, nc net.Conn, extension string) *socketClient {
	t.Helper()
	if extension == "" {
		return upgrade(t, nc)
	}
	const field = "Sec-WebSocket-Extensions: "
	c := &socketClient{t, nc}
	c.send(request(field + extension))
	c.want("accepted", accepted(field+extension))
	return c
}

// send sends s.
func (c *socketClient) send(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.nc, s); err != nil {
		c.t.Errorf("send: %v", err)
	}
}

// sendPieces sends s in pieces of so many bytes, or as much of it as the connection takes.
func (c *socketClient) sendPieces(s string, size int) {
	for s != "" {
		n := min(size, len(s))
		if _, err := io.WriteString(c.nc, s[:n]); err != nil {
			return
		}
		s = s[n:]
	}
}

// want fails the test unless these bytes arrive next.
func (c *socketClient) want(expectation, want string) {
	c.t.Helper()
	c.nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := make([]byte, len(want))
	n, err := io.ReadFull(c.nc, got)
	if string(got[:n]) != want {
		c.t.Fatalf("%s:\n got %.200q, %v\nwant %.200q", expectation, got[:n], err, want)
	}
}

// wantEnd fails the test unless these bytes arrive next, and then the end of the stream.
func (c *socketClient) wantEnd(expectation, want string) {
	c.t.Helper()
	c.want(expectation, want)
	if n, err := c.nc.Read(make([]byte, 100)); err != io.EOF {
		c.t.Fatalf("%s: more came, %d bytes and %v, and not the end", expectation, n, err)
	}
}

// A recorder has events that are noted.
type recorder struct {
	server.Events
	open   chan *conn.Conn
	closed chan error
	busy   sync.Map // by connection: a call is under way
}

// record returns events that note what happens, call message, and fail the test
// if two are told of at once for one connection, or anything after the end.
func record(t *testing.T, message func(c *conn.Conn, typ frame.Opcode, p []byte)) *recorder {
	r := &recorder{open: make(chan *conn.Conn, 1000), closed: make(chan error, 1000)}
	r.Open = func(c *conn.Conn) {
		defer r.alone(t, c, "Open")()
		r.open <- c
	}
	r.Message = func(c *conn.Conn, typ frame.Opcode, p []byte) {
		defer r.alone(t, c, "Message")()
		message(c, typ, p)
	}
	r.Close = func(c *conn.Conn, err error) {
		defer r.alone(t, c, "Close")()
		if err == nil {
			t.Error("Close without a reason")
		}
		r.closed <- err
	}
	return r
}

// alone notes that a function is called for c, and returns what notes that it has returned.
func (r *recorder) alone(t *testing.T, c *conn.Conn, what string) (over func()) {
	before, ok := r.busy.Swap(c, what+" is under way")
	if first := !ok; first != (what == "Open") || ok && before != "" {
		t.Errorf("%s is called while %v", what, before)
	}
	next := ""
	if what == "Close" {
		next = "the connection is over"
	}
	return func() { r.busy.Store(c, next) }
}

// sendBack echoes with Send.
func sendBack(c *conn.Conn, typ frame.Opcode, p []byte) { c.Send(context.Background(), typ, p) }

// writeBack echoes with Write.
func writeBack(c *conn.Conn, typ frame.Opcode, p []byte) { c.Write(context.Background(), typ, p) }

// take returns what comes from ch within 10 seconds.
func take[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(10 * time.Second):
		buf := make([]byte, 1<<20)
		t.Fatalf("no %s\n%s", what, buf[:runtime.Stack(buf, true)])
		panic("unreachable")
	}
}

// wantClosed fails the test unless the connection has ended with a closing handshake, with this code.
func (r *recorder) wantClosed(t *testing.T, code frame.StatusCode, byPeer bool) {
	t.Helper()
	err := take(t, r.closed, "Close")
	e, ok := errors.AsType[*conn.CloseError](err)
	if !ok || e.Code != code || e.ByPeer != byPeer || e.Err != nil {
		t.Errorf("Close is told %v, want code %d, by the peer: %v", err, code, byPeer)
	}
}

func TestEventsEcho(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, sendBack)
		s := &server.Server{Events: &r.Events, Config: server.Config{Conn: conn.Config{MaxMessageSize: 20 << 20}}}
		c := upgrade(t, w.serve(t, s)())
		for _, n := range []int{0, 1, 125, 126, 4000, 24576, 24577, 32754, 32768, 65535, 65536, 1 << 20, 10 << 20} {
			p := strings.Repeat("0123456789abcdef", n/16+1)[:n]
			go c.send(masked(frame.Text, p))
			c.want(fmt.Sprintf("%d bytes", n), unmasked(frame.Text, p))
		}
		c.send(masked(frame.Close, normalClosure))
		c.wantEnd("the closing handshake", unmasked(frame.Close, normalClosure))
		c.nc.Close()
		r.wantClosed(t, 1000, true)
	})
}

// What comes in pieces of any kind, and what comes at once.
func TestEventsPieces(t *testing.T) {
	fragment := func(op frame.Opcode, payload string) string {
		b := []byte(masked(op, payload))
		b[0] &^= 0x80
		return string(b)
	}
	in := fragment(frame.Text, "Hel") + masked(frame.Ping, "now?") + masked(frame.Continuation, "lo") +
		masked(frame.Binary, "") + masked(frame.Pong, "unasked") + masked(frame.Text, "\u00e9")
	out := unmasked(frame.Pong, "now?") + unmasked(frame.Text, "Hello") + unmasked(frame.Binary, "") + unmasked(frame.Text, "\u00e9")
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, sendBack)
		dial := w.serve(t, &server.Server{Events: &r.Events})
		for _, tt := range []struct {
			name string
			size int
		}{{"at once", len(in)}, {"byte by byte", 1}, {"in pieces of seven", 7}} {
			c := upgrade(t, dial())
			for rest := in; rest != ""; {
				n := min(tt.size, len(rest))
				c.send(rest[:n])
				rest = rest[n:]
				if tt.size == 1 {
					time.Sleep(100 * time.Microsecond)
				}
			}
			c.want(tt.name, out)
			c.nc.Close()
			take(t, r.closed, "Close")
		}
	})
}

// Frames that come with the request, which may come in pieces.
func TestEventsEarly(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, sendBack)
		dial := w.serve(t, &server.Server{Events: &r.Events})
		in := sampleRequest + masked(frame.Text, "Hello") + masked(frame.Close, normalClosure)
		for i := 0; i < len(in); i += 11 {
			c := &socketClient{t, dial()}
			c.send(in[:i])
			if i%2 == 0 {
				time.Sleep(time.Millisecond)
			}
			c.send(in[i:])
			c.wantEnd("an echo", accepted()+"\x81\x05Hello"+unmasked(frame.Close, normalClosure))
			c.nc.Close()
			r.wantClosed(t, 1000, true)
		}
	})
}

// Many messages in flight on many connections: each is echoed, in order.
func TestEventsBusy(t *testing.T) {
	const connections, messages = 20, 500
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, sendBack)
		dial := w.serve(t, &server.Server{Events: &r.Events})
		var all sync.WaitGroup
		for range connections {
			c := upgrade(t, dial())
			all.Go(func() {
				var in, out bytes.Buffer
				for i := range messages {
					p := fmt.Sprint(i) + strings.Repeat(".", i*7%900)
					in.WriteString(masked(frame.Binary, p))
					out.WriteString(unmasked(frame.Binary, p))
				}
				go c.send(in.String())
				c.want("all messages", out.String())
				c.nc.Close()
			})
		}
		all.Wait()
		for range connections {
			take(t, r.closed, "Close")
		}
	})
}

// Whatever comes behind bad input makes no difference, and the handler is told what was wrong.
func TestEventsBadInput(t *testing.T) {
	cfg := server.Config{Conn: badinput.Config}
	cfg.Conn.Compression = &conn.Compression{Takeover: true}
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, func(c *conn.Conn, typ frame.Opcode, p []byte) {
			if string(p) == "before" {
				writeBack(c, typ, p)
			}
		})
		dial := w.serve(t, &server.Server{Events: &r.Events, Config: cfg})
		for _, bad := range badinput.Cases {
			in := masked(frame.Text, "before") + string(bad.Bytes(frame.Client)) + masked(frame.Text, "after")
			for _, size := range sizes(w, len(in)) {
				t.Run(fmt.Sprintf("%s in pieces of %d", bad.Name, size), func(t *testing.T) {
					c := upgradeAsking(t, dial(), bad.Deflate)
					go c.sendPieces(in, size)
					c.want("what came before", unmasked(frame.Text, "before"))
					c.wantFailure(bad)
					c.nc.Close()
					if err := take(t, r.closed, "Close"); conn.CloseCode(err) != bad.Code {
						t.Errorf("Close is told %v", err)
					}
				})
			}
		}
	})
}

// sizes returns in what pieces n bytes come in: at once, and for one way byte by byte. Package conn cuts them everywhere.
func sizes(w eventWay, n int) []int {
	if w.name == "loop" {
		return []int{n, 1}
	}
	return []int{n}
}

// wantFailure fails the test unless a close frame comes that says what bad is, and then the end.
func (c *socketClient) wantFailure(bad badinput.Case) {
	c.t.Helper()
	c.nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	got, err := io.ReadAll(c.nc)
	got = bytes.TrimPrefix(got, []byte(unmasked(frame.Pong, "p"))) // of a ping that came before
	h, n, _ := frame.Consume(got)
	code, reason, invalid := frame.ConsumeClose(got[n:])
	if err != nil || invalid != nil || h.Opcode != frame.Close || h.Length != int64(len(got)-n) || code != bad.Code || !strings.Contains(reason, bad.Text) {
		c.t.Errorf("got %q, %v, want a close frame with %d %q and the end", got, err, bad.Code, bad.Text)
	}
}

// A client that is not there any more.
func TestEventsLost(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, sendBack)
		dial := w.serve(t, &server.Server{Events: &r.Events})
		for _, in := range []string{"", "\x81", masked(frame.Text, "Hello")[:8], masked(frame.Text, "Hello")} {
			for _, reset := range []bool{false, true} {
				c := upgrade(t, dial())
				c.send(in)
				if tcp, ok := c.nc.(*net.TCPConn); ok && reset {
					tcp.SetLinger(0)
				}
				c.nc.Close()
				err := take(t, r.closed, "Close")
				if e, ok := errors.AsType[*conn.CloseError](err); !ok || e.Code != 1006 || e.Err == nil {
					t.Errorf("Close is told %v", err)
				}
			}
		}
	})
}

// The ways in which the handler closes.
func TestEventsClose(t *testing.T) {
	for _, tt := range []struct {
		name  string
		close func(c *conn.Conn)
	}{
		{"StartClose", func(c *conn.Conn) { c.StartClose(3000, "bye") }},
		{"Close", func(c *conn.Conn) { c.Close(3000, "bye") }},
		{"Close from elsewhere", func(c *conn.Conn) { go c.Close(3000, "bye") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachEventWay(t, func(t *testing.T, w eventWay) {
				r := record(t, func(c *conn.Conn, _ frame.Opcode, p []byte) {
					if string(p) == "close" {
						tt.close(c)
					} else {
						sendBack(c, frame.Text, p)
					}
				})
				c := upgrade(t, w.serve(t, &server.Server{Events: &r.Events})())
				c.send(masked(frame.Text, "Hello") + masked(frame.Text, "close"))
				c.want("a close frame", unmasked(frame.Text, "Hello")+unmasked(frame.Close, "\x0b\xb8bye"))
				c.send(masked(frame.Close, "\x0b\xb8"))
				c.wantEnd("the end", "")
				c.nc.Close()
				r.wantClosed(t, 3000, false)
			})
		})
	}
}

// A client that does not answer the close frame is cut off in time.
func TestEventsCloseTimeout(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, func(c *conn.Conn, _ frame.Opcode, p []byte) { c.StartClose(1000, "") })
		cfg := server.Config{Conn: conn.Config{CloseTimeout: 50 * time.Millisecond}}
		c := upgrade(t, w.serve(t, &server.Server{Events: &r.Events, Config: cfg})())
		c.send(masked(frame.Text, "close"))
		err := take(t, r.closed, "Close")
		if e, ok := errors.AsType[*conn.LimitError](err); !ok || e.Option != "CloseTimeout" {
			t.Errorf("Close is told %v", err)
		}
	})
}

// CloseNow ends everything at once, wherever it is called.
func TestEventsCloseNow(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, func(c *conn.Conn, _ frame.Opcode, p []byte) { c.CloseNow() })
		dial := w.serve(t, &server.Server{Events: &r.Events})
		c := upgrade(t, dial())
		c.send(masked(frame.Text, "close") + masked(frame.Text, "and more"))
		if err := take(t, r.closed, "Close"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Close is told %v", err)
		}
		take(t, r.open, "Open")
		upgrade(t, dial())
		take(t, r.open, "Open").CloseNow()
		if err := take(t, r.closed, "Close"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Close is told %v", err)
		}
	})
}

// A message that is not finished in time fails the connection; a handler that takes its time does not count.
func TestEventsMessageTimeout(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, func(c *conn.Conn, typ frame.Opcode, p []byte) {
			time.Sleep(120 * time.Millisecond)
			sendBack(c, typ, p)
		})
		cfg := server.Config{Conn: conn.Config{MessageTimeout: 100 * time.Millisecond}}
		c := upgrade(t, w.serve(t, &server.Server{Events: &r.Events, Config: cfg})())
		hello := masked(frame.Text, "Hello")
		c.send(hello + hello[:3])
		c.want("the first", unmasked(frame.Text, "Hello"))
		c.send(hello[3:])
		c.want("the second, for which the time was not over", unmasked(frame.Text, "Hello"))
		c.send(hello[:len(hello)-1])
		c.wantEnd("the third is not finished", unmasked(frame.Close, "\x03\xf0message not finished within 100ms"))
		c.nc.Close()
		if e, ok := errors.AsType[*conn.LimitError](take(t, r.closed, "Close")); !ok || e.Option != "MessageTimeout" {
			t.Errorf("Close is told %v", e)
		}
	})
}

// A client that is silent is found out by pings.
func TestEventsKeepalive(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, sendBack)
		k := &conn.Keepalive{Interval: 50 * time.Millisecond, Timeout: 500 * time.Millisecond}
		c := upgrade(t, w.serve(t, &server.Server{Events: &r.Events, Config: server.Config{Conn: conn.Config{Keepalive: k}}})())
		for range 3 {
			c.want("a ping", "\x89\x08")
			payload := make([]byte, 8)
			io.ReadFull(c.nc, payload)
			c.send(masked(frame.Pong, string(payload)))
		}
		if e, ok := errors.AsType[*conn.LimitError](take(t, r.closed, "Close")); !ok || e.Option != "Keepalive.Timeout" {
			t.Errorf("Close is told %v", e)
		}
	})
}

// While a handler is busy, pings are sent and answered.
func TestEventsKeepaliveBusy(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		over := make(chan bool)
		finish := sync.OnceFunc(func() { close(over) })
		defer finish()
		r := record(t, func(c *conn.Conn, typ frame.Opcode, p []byte) {
			if string(p) == "work" {
				<-over
			}
			sendBack(c, typ, p)
		})
		k := &conn.Keepalive{Interval: 100 * time.Millisecond, Timeout: time.Second}
		c := upgrade(t, w.serve(t, &server.Server{Events: &r.Events, Config: server.Config{Conn: conn.Config{Keepalive: k}}})())
		c.send(masked(frame.Text, "work") + masked(frame.Text, "Hello"))
		for range 11 {
			c.want("a ping", "\x89\x08")
			payload := make([]byte, 8)
			io.ReadFull(c.nc, payload)
			c.send(masked(frame.Pong, string(payload)))
		}
		finish()
		var got []byte
		for !bytes.HasSuffix(got, []byte(unmasked(frame.Text, "work")+unmasked(frame.Text, "Hello"))) {
			b := make([]byte, 1)
			if _, err := io.ReadFull(c.nc, b); err != nil {
				t.Fatalf("got %q, %v", got, err)
			}
			got = append(got, b...)
		}
		c.nc.Close()
		take(t, r.closed, "Close")
	})
}

// Ping waits for its pong inside a handler and outside; so does Read for a message.
func TestEventsPingAndRead(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, func(c *conn.Conn, typ frame.Opcode, p []byte) {
			switch string(p) {
			case "ping":
				if _, err := c.Ping(context.Background()); err != nil {
					t.Error(err)
				}
			case "read":
				var err error
				if typ, p, err = c.Read(context.Background()); err != nil {
					t.Error(err)
				}
			}
			sendBack(c, typ, append([]byte("got "), p...))
		})
		c := upgrade(t, w.serve(t, &server.Server{Events: &r.Events})())
		wantPing := func() {
			t.Helper()
			c.want("a ping", "\x89\x08")
			payload := make([]byte, 8)
			io.ReadFull(c.nc, payload)
			c.send(masked(frame.Text, "x") + masked(frame.Pong, string(payload)))
		}
		c.send(masked(frame.Text, "ping"))
		wantPing()
		c.want("what came meanwhile is handled then", unmasked(frame.Text, "got ping")+unmasked(frame.Text, "got x"))
		server := take(t, r.open, "Open")
		pinged := make(chan error, 1)
		for range 3 {
			go func() {
				_, err := server.Ping(context.Background())
				pinged <- err
			}()
			wantPing()
			c.want("a message before the pong", unmasked(frame.Text, "got x"))
			if err := take(t, pinged, "pong"); err != nil {
				t.Error(err)
			}
		}
		c.send(masked(frame.Text, "read"))
		c.send(masked(frame.Text, "y") + masked(frame.Text, "z"))
		c.want("what Read took", unmasked(frame.Text, "got y")+unmasked(frame.Text, "got z"))
		c.nc.Close()
		take(t, r.closed, "Close")
	})
}

// A handler that waits keeps its connection waiting, and no other.
func TestEventsHandlerWaits(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		over := make(chan bool)
		r := record(t, func(c *conn.Conn, typ frame.Opcode, p []byte) {
			if string(p) == "wait" {
				<-over
			}
			sendBack(c, typ, p)
		})
		dial := w.serve(t, &server.Server{Events: &r.Events})
		var waiting, others []*socketClient
		for range 30 {
			waiting = append(waiting, upgrade(t, dial()))
			others = append(others, upgrade(t, dial()))
		}
		for i, c := range waiting {
			c.send(masked(frame.Text, "first") + masked(frame.Text, "wait") + masked(frame.Text, "last"))
			others[i].send(masked(frame.Text, "Hello"))
		}
		for i, c := range others {
			c.want("an echo", unmasked(frame.Text, "Hello"))
			waiting[i].want("what was answered before leaves", unmasked(frame.Text, "first"))
		}
		close(over)
		for i, c := range waiting {
			c.want("the others in order", unmasked(frame.Text, "wait")+unmasked(frame.Text, "last"))
			c.nc.Close()
			others[i].nc.Close()
			take(t, r.closed, "Close")
			take(t, r.closed, "Close")
		}
	})
}

// It is the same in the turn that began with the handshake, if that took long.
func TestEventsHandlerWaitsAfterHandshake(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		over := make(chan bool)
		finish := sync.OnceFunc(func() { close(over) })
		defer finish()
		r := record(t, func(c *conn.Conn, typ frame.Opcode, p []byte) {
			if string(p) == "wait" {
				<-over
			}
			sendBack(c, typ, p)
		})
		dial := w.serve(t, &server.Server{
			Events: &r.Events,
			SelectEvents: func(*http.Request) (*server.Events, error) {
				time.Sleep(20 * time.Millisecond)
				return nil, nil
			},
		})
		c := &socketClient{t, dial()}
		c.send(sampleRequest + masked(frame.Text, "first") + masked(frame.Text, "wait"))
		c.want("what was answered before leaves", accepted()+unmasked(frame.Text, "first"))
		finish()
		c.want("and the rest", unmasked(frame.Text, "wait"))
		c.nc.Close()
		take(t, r.closed, "Close")
	})
}

// A handler that waits with the context of the connection learns of its end.
func TestEventsContext(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, func(c *conn.Conn, typ frame.Opcode, p []byte) {
			if string(p) == "wait" {
				<-c.Context().Done()
				return
			}
			sendBack(c, typ, p)
		})
		dial := w.serve(t, &server.Server{Events: &r.Events})
		for range 5 {
			c := upgrade(t, dial())
			c.send(masked(frame.Text, "wait"))
			c.send(masked(frame.Close, normalClosure))
			c.wantEnd("the close is answered", unmasked(frame.Close, normalClosure))
			c.nc.Close()
			r.wantClosed(t, 1000, true)
		}
	})
}

// A client that sends and does not read stops being read from, and gets all when it reads.
func TestEventsSlowReader(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		const size, messages = 16 << 10, 2000 // more than the network holds
		var handled atomic.Int64
		var queued atomic.Int64
		r := record(t, func(c *conn.Conn, typ frame.Opcode, p []byte) {
			handled.Add(1)
			if err := c.Send(context.Background(), typ, p); err != nil {
				t.Error(err)
			}
			if _, bytes := c.Buffered(); int64(bytes) > queued.Load() {
				queued.Store(int64(bytes))
			}
		})
		cfg := server.Config{Conn: conn.Config{MaxQueuedBytes: 256 << 10}}
		dial := w.serve(t, &server.Server{Events: &r.Events, Config: cfg})
		c := upgrade(t, dial())
		c.nc.SetDeadline(time.Now().Add(30 * time.Second))
		p := strings.Repeat("x", size)
		go func() {
			for range messages {
				c.send(masked(frame.Binary, p))
			}
		}()
		still := func() bool { // whether nothing is handled any more
			n := handled.Load()
			time.Sleep(50 * time.Millisecond)
			return n > 0 && n == handled.Load()
		}
		for !still() {
		}
		if n := handled.Load(); n == messages {
			t.Error("all was read from a client that does not read")
		}
		other := upgrade(t, dial())
		other.send(masked(frame.Text, "Hello"))
		other.want("another connection does not care", unmasked(frame.Text, "Hello"))
		for range messages {
			c.want("an echo", unmasked(frame.Binary, p))
		}
		if most := queued.Load(); most > 256<<10 {
			t.Errorf("%d bytes were queued", most)
		}
		c.nc.Close()
		take(t, r.closed, "Close")
	})
}

// A client that never reads ends by the time limit for writes, and holds up nobody.
func TestEventsWriteTimeout(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, sendBack)
		cfg := server.Config{Conn: conn.Config{WriteTimeout: 100 * time.Millisecond}}
		c := upgrade(t, w.serve(t, &server.Server{Events: &r.Events, Config: cfg})())
		go func() {
			big := masked(frame.Binary, strings.Repeat("x", 1<<20))
			for {
				if _, err := io.WriteString(c.nc, big); err != nil {
					return
				}
			}
		}()
		if e, ok := errors.AsType[*conn.LimitError](take(t, r.closed, "Close")); !ok || e.Option != "WriteTimeout" {
			t.Errorf("Close is told %v", e)
		}
		c.nc.Close()
	})
}

// Panics end the connection, not the server, and Close is called nevertheless.
func TestEventsPanic(t *testing.T) {
	ends := map[string]func(){
		"panic":          func() { panic("ouch") },
		"runtime.Goexit": runtime.Goexit,
	}
	for name, end := range ends {
		for _, where := range []string{"Open", "Message", "Close"} {
			t.Run(name+" in "+where, func(t *testing.T) {
				eachEventWay(t, func(t *testing.T, w eventWay) {
					var mu sync.Mutex
					var told []string
					in := func(function string, p []byte) {
						mu.Lock()
						told = append(told, function)
						mu.Unlock()
						if function == where && string(p) != "fine" {
							end()
						}
					}
					var logged logBuffer
					s := &server.Server{
						Events: &server.Events{
							Open:    func(*conn.Conn) { in("Open", nil) },
							Message: func(c *conn.Conn, typ frame.Opcode, p []byte) { in("Message", p) },
							Close:   func(*conn.Conn, error) { in("Close", nil) },
						},
						ErrorLog: log.New(&logged, "", 0),
					}
					c := upgrade(t, w.serve(t, s)())
					if where == "Close" {
						c.send(masked(frame.Text, "fine") + masked(frame.Close, normalClosure))
						c.wantEnd("closed", unmasked(frame.Close, normalClosure))
					} else {
						c.send(masked(frame.Text, "x") + masked(frame.Text, "y"))
						c.want("closed", unmasked(frame.Close, internalError))
						c.send(masked(frame.Close, internalError))
						c.wantEnd("the end", "")
					}
					c.nc.Close()
					for range 1000 {
						if s.Len() == 0 {
							break
						}
						time.Sleep(10 * time.Millisecond)
					}
					want := map[string]string{"Open": "Open Close", "Message": "Open Message Close", "Close": "Open Message Close"}[where]
					mu.Lock()
					defer mu.Unlock()
					if got := strings.Join(told, " "); got != want {
						t.Errorf("called were %s, want %s", got, want)
					}
					if got := strings.Contains(logged.String(), "websocket: panic serving "); got != (name == "panic") {
						t.Errorf("logged is %q", logged.String())
					}
				})
			})
		}
	}
}

// Shutdown says 1001, waits for handlers, and no descriptor is left.
func TestEventsShutdown(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, sendBack)
		s := &server.Server{Events: &r.Events}
		dial := w.serve(t, s)
		var clients []*socketClient
		for range 20 {
			c := upgrade(t, dial())
			c.send(masked(frame.Text, "Hello"))
			c.want("an echo", unmasked(frame.Text, "Hello"))
			clients = append(clients, c)
		}
		down := make(chan error, 1)
		go func() { down <- s.Shutdown(context.Background()) }()
		goingAway := "\x03\xe9server is shutting down"
		for _, c := range clients {
			c.want("going away", unmasked(frame.Close, goingAway))
			c.send(masked(frame.Close, goingAway))
			c.wantEnd("the end", "")
			c.nc.Close()
		}
		if err := take(t, down, "end of Shutdown"); err != nil {
			t.Error(err)
		}
		for range clients {
			r.wantClosed(t, 1001, false)
		}
	})
}

// What is left when the time of a shutdown is over is cut.
func TestEventsShutdownCut(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, sendBack)
		s := &server.Server{Events: &r.Events}
		dial := w.serve(t, s)
		for range 20 {
			upgrade(t, dial())
			take(t, r.open, "Open")
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		e, ok := errors.AsType[*server.ShutdownError](s.Shutdown(ctx))
		if !ok || e.Cut != 20 {
			t.Errorf("Shutdown = %v, want 20 connections cut", e)
		}
		for range 20 {
			take(t, r.closed, "Close")
		}
	})
}

// A broadcast reaches all.
func TestEventsBroadcast(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		r := record(t, sendBack)
		s := &server.Server{Events: &r.Events}
		dial := w.serve(t, s)
		var clients []*socketClient
		for range 10 {
			clients = append(clients, upgrade(t, dial()))
			take(t, r.open, "Open")
		}
		m, _ := conn.Prepare(frame.Text, []byte("news"))
		if n := s.Broadcast(m, nil); n != 10 {
			t.Errorf("Broadcast = %d", n)
		}
		for _, c := range clients {
			c.want("the news", unmasked(frame.Text, "news"))
			c.nc.Close()
		}
	})
}

// SelectEvents gives a connection events of its own, or refuses it; Select goes first.
func TestEventsSelect(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		answer := func(with string) *server.Events {
			return &server.Events{Message: func(c *conn.Conn, typ frame.Opcode, p []byte) {
				sendBack(c, typ, []byte(with+" "+string(p)))
			}}
		}
		dial := w.serve(t, &server.Server{
			Events: answer("all"),
			SelectEvents: func(r *http.Request) (*server.Events, error) {
				switch r.URL.Path {
				case "/none":
					return nil, errors.New("not for you")
				case "/panic":
					panic("ouch")
				case "/chat":
					return nil, nil
				}
				return answer(r.URL.Path), nil
			},
			Select: func(r *http.Request) (func(*conn.Conn), error) {
				if r.URL.Path == "/goroutine" {
					return echo, nil
				}
				return nil, nil
			},
			ErrorLog: log.New(io.Discard, "", 0),
		})
		for path, want := range map[string]string{"/chat": "all x", "/own": "/own x", "/goroutine": "x"} {
			c := &socketClient{t, dial()}
			c.send(request("^GET " + path + " HTTP/1.1"))
			c.want("accepted", accepted())
			for range 2 {
				c.send(masked(frame.Text, "x"))
				c.want("the answer", unmasked(frame.Text, want))
				time.Sleep(5 * time.Millisecond)
			}
			c.send(masked(frame.Close, normalClosure))
			c.wantEnd("closed", unmasked(frame.Close, normalClosure))
			c.nc.Close()
		}
		for path, status := range map[string]string{"/none": "403", "/panic": "500"} {
			c := &socketClient{t, dial()}
			c.send(request("^GET " + path + " HTTP/1.1"))
			c.want("refused", "HTTP/1.1 "+status)
			c.nc.Close()
		}
	})
}

// A connection that was accepted knows its addresses, also when it has ended.
func TestEventsAddresses(t *testing.T) {
	eachEventWay(t, func(t *testing.T, w eventWay) {
		var at []string
		told := make(chan bool)
		note := func(c *conn.Conn) { at = append(at, fmt.Sprint(c.LocalAddr(), c.RemoteAddr())) }
		dial := w.serve(t, &server.Server{Events: &server.Events{
			Open:  note,
			Close: func(c *conn.Conn, err error) { note(c); close(told) },
		}})
		nc := dial()
		c := upgrade(t, nc)
		want := fmt.Sprint(nc.RemoteAddr(), nc.LocalAddr())
		c.nc.Close()
		take(t, told, "Close")
		if nc.LocalAddr().Network() == "unix" {
			return // the client has none
		}
		if !slices.Equal(at, []string{want, want}) {
			t.Errorf("addresses are %q, want %q", at, want)
		}
	})
}
