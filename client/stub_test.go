package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// The nonce of section 1.3 of RFC 6455 and what a server makes of it.
var sampleNonce = [16]byte([]byte("the sample nonce"))

const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// accepted is the response to a handshake with sampleNonce, up to its last field.
const accepted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: " + sampleAccept + "\r\n"

// A stub is a server in memory, and a net.Conn that leads to it.
// When the request has come, it sends its pieces, one for each Read, and hangs up.
type stub struct {
	pieces []string

	mu       sync.Mutex
	sent     bytes.Buffer // what the client sent
	writes   int
	closed   bool
	deadline time.Time
}

func (s *stub) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return 0, net.ErrClosed
	case s.writes == 0 || len(s.pieces) == 0:
		return 0, io.EOF
	}
	n := copy(p, s.pieces[0])
	if s.pieces[0] = s.pieces[0][n:]; s.pieces[0] == "" {
		s.pieces = s.pieces[1:]
	}
	return n, nil
}

func (s *stub) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	s.writes++
	return s.sent.Write(p)
}

func (s *stub) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// isClosed reports whether the client has closed s.
func (s *stub) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *stub) SetDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = t
	return nil
}

func (s *stub) SetReadDeadline(time.Time) error  { return nil }
func (s *stub) SetWriteDeadline(time.Time) error { return nil }
func (s *stub) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *stub) RemoteAddr() net.Addr             { return nil }

// dial is a Config.DialContext that leads to s.
func (s *stub) dial(context.Context, string, string) (net.Conn, error) { return s, nil }

// to returns a DialContext that returns nc and records the address in *addr.
func to(nc net.Conn, addr *string) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, _, a string) (net.Conn, error) {
		*addr = a
		return nc, nil
	}
}

// request returns the request that Dial sends for url with cfg, whatever the answer.
func request(t *testing.T, url string, cfg Config) string {
	t.Helper()
	s := &stub{pieces: []string{"HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n"}}
	cfg.DialContext = s.dial
	if _, err := dial(t.Context(), url, &cfg, sampleNonce); err == nil || !s.isClosed() {
		t.Fatalf("Dial = %v and the connection is closed: %v; want an error, true", err, s.isClosed())
	}
	if s.writes > 1 {
		t.Errorf("the request came in %d writes, want 1", s.writes)
	}
	return s.sent.String()
}

// neverDial is a Config.DialContext that must not be called.
func neverDial(t *testing.T) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, _, addr string) (net.Conn, error) {
		t.Errorf("Dial connects to %s, want an error before that", addr)
		return nil, io.ErrUnexpectedEOF
	}
}

// pipe returns a DialContext that leads to one end of a net.Pipe, and the other end.
func pipe() (dial func(context.Context, string, string) (net.Conn, error), server net.Conn) {
	c, s := net.Pipe()
	return func(context.Context, string, string) (net.Conn, error) { return c, nil }, s
}

// readHead reads from nc up to an empty line.
func readHead(nc io.Reader) (string, error) {
	var b []byte
	for p := make([]byte, 1); !bytes.HasSuffix(b, []byte("\r\n\r\n")); b = append(b, p[0]) {
		if _, err := io.ReadFull(nc, p); err != nil {
			return string(b), err
		}
	}
	return string(b), nil
}

// checkGoroutines fails t if more goroutines are left at its end than there were at the beginning.
// Tests in a synctest bubble need none of this: there, one that is left is a failure.
func checkGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		if s := leftOver(before); s != "" {
			t.Error(s)
		}
	})
}

// leftOver waits for the number of goroutines to go down to before,
// and returns the stacks of all if that does not happen.
func leftOver(before int) string {
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			b := make([]byte, 1<<16)
			return fmt.Sprintf("there are %d goroutines left, were %d before:\n%s",
				runtime.NumGoroutine(), before, b[:runtime.Stack(b, true)])
		}
	}
	return ""
}

// proxyVariables are what of the environment may change where a Dial goes.
var proxyVariables = []string{
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD",
}

// TestMain checks that the tests leave no goroutine behind.
// They run without the proxies that this machine may have.
func TestMain(m *testing.M) {
	for _, name := range proxyVariables {
		os.Unsetenv(name)
	}
	before := runtime.NumGoroutine()
	code := m.Run()
	if s := leftOver(before); code == 0 && s != "" && !strings.Contains(strings.Join(os.Args, " "), "-test.fuzz") {
		os.Stderr.WriteString(s)
		code = 1
	}
	os.Exit(code)
}
