package server_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
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
	"github.com/ws6455/ws/wstest"
)

// This file has what the tests share: a site, which is an http.Server in memory,
// and a client, which speaks bytes to it. Both live in a testing/synctest bubble.

// The handshake of section 1.2 of the RFC, with the key of section 1.3, without options.
const (
	sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

	sampleRequest = "GET /chat HTTP/1.1\r\n" +
		"Host: server.example.com\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: " + sampleKey + "\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"\r\n"

	// plainRequest is for something else at the same site.
	plainRequest = "GET /plain HTTP/1.1\r\nHost: server.example.com\r\n\r\n"
)

// accepted returns the response to sampleRequest, with further field lines.
func accepted(lines ...string) string {
	head := []string{
		"HTTP/1.1 101 Switching Protocols",
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
	}
	return strings.Join(append(head, lines...), "\r\n") + "\r\n\r\n"
}

// request returns sampleRequest with fields changed: "Name: value" replaces the lines of a name,
// "+Name: value" adds a line, "-Name" removes the lines, and "^line" replaces the first line.
func request(changes ...string) string {
	lines := strings.Split(strings.TrimSuffix(sampleRequest, "\r\n\r\n"), "\r\n")
	for _, c := range changes {
		name, _, _ := strings.Cut(strings.TrimLeft(c, "-+"), ":")
		switch c[0] {
		case '^':
			lines[0] = c[1:]
		case '+':
			lines = append(lines, c[1:])
		case '-':
			lines = without(lines, name)
		default:
			lines = append(without(lines, name), c)
		}
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// without returns the lines that are not of the field.
func without(lines []string, field string) (kept []string) {
	for _, l := range lines {
		if name, _, _ := strings.Cut(l, ":"); !strings.EqualFold(name, field) {
			kept = append(kept, l)
		}
	}
	return kept
}

// echo sends back every message of c.
func echo(c *conn.Conn) {
	ctx := context.Background()
	for m, err := range c.Messages(ctx) {
		if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
			return
		}
	}
}

// A site is an http.Server in memory, with a log of its own.
type site struct {
	*http.Server
	t     *testing.T
	conns chan net.Conn // to be accepted
	done  chan struct{} // closed when the listener is
	once  sync.Once
	log   logBuffer
}

// serve starts a site for h.
func serve(t *testing.T, h http.Handler) *site {
	t.Helper()
	return serveWith(t, &http.Server{Handler: h})
}

// serveWith starts a site for srv, with TLS if that is configured.
// It stops at the end of the test, and then no goroutine may be left.
func serveWith(t *testing.T, srv *http.Server) *site {
	t.Helper()
	s := newSite(t)
	s.Server = srv
	s.ErrorLog = log.New(&s.log, "", 0)
	var l net.Listener = (*listener)(s)
	if s.TLSConfig != nil {
		l = tls.NewListener(l, s.TLSConfig)
	}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return s
}

// newSite returns a site that nobody serves yet. No goroutine may be left after the test.
func newSite(t *testing.T) *site {
	wantNoGoroutines(t)
	return &site{t: t, conns: make(chan net.Conn), done: make(chan struct{})}
}

// A listener is the network side of a site.
type listener site

func (l *listener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// connect returns a new connection to the site with buffers of the given size.
func (s *site) connect(size int) *wstest.PipeConn {
	nc, far := wstest.PipeSize(size)
	s.conns <- far
	s.t.Cleanup(func() { nc.Close() })
	return nc
}

// A client speaks bytes to a site and says which it wants to see.
type client struct {
	t  *testing.T
	nc *wstest.PipeConn

	mu  sync.Mutex
	in  []byte // arrived and not yet taken
	eof bool   // nothing more will
}

// dial returns a new client.
func (s *site) dial() *client {
	c := &client{t: s.t, nc: s.connect(64 << 10)}
	go c.receive()
	return c
}

func (c *client) receive() {
	buf := make([]byte, 4096)
	for {
		n, err := c.nc.Read(buf)
		c.mu.Lock()
		c.in = append(c.in, buf[:n]...)
		c.eof = err != nil
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// send sends s in one segment.
func (c *client) send(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.nc, s); err != nil {
		c.t.Errorf("send: %v", err)
	}
}

// sendFrame sends a masked frame.
func (c *client) sendFrame(op frame.Opcode, payload string) {
	c.t.Helper()
	c.send(masked(op, payload))
}

// take returns what arrived until everything was idle, and forgets it.
func (c *client) take() (got string, eof bool) {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	got = string(c.in)
	c.in = nil
	return got, c.eof
}

// want fails the test unless exactly these bytes arrived and the connection is open.
// expectation is a sentence that says why.
func (c *client) want(expectation, want string) {
	c.t.Helper()
	if got, eof := c.take(); got != want || eof {
		c.t.Fatalf("%s:\n got %q, end %v\nwant %q", expectation, got, eof, want)
	}
}

// wantEnd fails the test unless exactly these bytes arrived and then the end.
func (c *client) wantEnd(expectation, want string) {
	c.t.Helper()
	if got, eof := c.take(); got != want || !eof {
		c.t.Fatalf("%s:\n got %q, end %v\nwant %q and the end", expectation, got, eof, want)
	}
}

// wantResponse fails the test unless one HTTP response arrived, with this status
// and a body that contains text. It returns the response.
func (c *client) wantResponse(expectation string, status int, text string) *http.Response {
	c.t.Helper()
	got, _ := c.take()
	in := bufio.NewReader(strings.NewReader(got))
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		c.t.Fatalf("%s: %v in %q", expectation, err, got)
	}
	body, err := io.ReadAll(resp.Body)
	rest, _ := io.ReadAll(in)
	if resp.StatusCode != status || !strings.Contains(string(body), text) || err != nil || len(rest) > 0 {
		c.t.Fatalf("%s:\n got %q, %v\nwant status %d and %q in its body, and no more", expectation, got, err, status, text)
	}
	return resp
}

// wantStillHTTP fails the test unless the site answers another request on the same connection.
func (c *client) wantStillHTTP() {
	c.t.Helper()
	c.send(plainRequest)
	c.wantResponse("the connection still speaks HTTP", 200, "plain")
}

// plain answers plainRequest.
func plain(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "plain") }

// mux returns a handler with chat at /chat and plain at /plain.
func mux(chat http.Handler) http.Handler {
	m := http.NewServeMux()
	m.Handle("/chat", chat)
	m.HandleFunc("/plain", plain)
	return m
}

// masked returns a frame as a client sends it.
func masked(op frame.Opcode, payload string) string {
	h := frame.Header{Fin: true, Opcode: op, Length: int64(len(payload)), Masked: true, Key: [4]byte{0x37, 0xfa, 0x21, 0x3d}}
	b := h.Append(nil)
	n := len(b)
	b = append(b, payload...)
	frame.Mask(b[n:], h.Key)
	return string(b)
}

// unmasked returns a frame as a server sends it.
func unmasked(op frame.Opcode, payload string) string {
	h := frame.Header{Fin: true, Opcode: op, Length: int64(len(payload))}
	return string(h.Append(nil)) + payload
}

// Payloads of close frames.
const (
	normalClosure = "\x03\xe8" // 1000
	internalError = "\x03\xf3" // 1011
)

// A logBuffer keeps what is logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// wantNoGoroutines fails the test if goroutines of net/http, crypto/tls or this module
// are left when all that the test does later on is cleaned up.
func wantNoGoroutines(t *testing.T) {
	t.Cleanup(func() {
		left := goroutines()
		for range 200 {
			if left == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
			left = goroutines()
		}
		t.Errorf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
	})
}

// goroutines returns the stacks of the goroutines that the code under test or a client has started.
func goroutines() (stacks []string) {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for s := range strings.SplitSeq(string(buf), "\n\n") {
		for _, creator := range []string{"net/http", "crypto/tls", "github.com/ws6455/ws/"} {
			if strings.Contains(s, "\ncreated by "+creator) {
				stacks = append(stacks, s)
			}
		}
	}
	return stacks
}
