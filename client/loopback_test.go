package client_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
)

// echo is a handler that accepts a WebSocket and sends back what it gets.
func echo(w http.ResponseWriter, r *http.Request) {
	policy := handshake.Policy{Subprotocols: []string{"echo"}}
	agreement, refusal := policy.Check(r)
	if refusal != nil {
		http.Error(w, refusal.Reason, refusal.Status)
		return
	}
	nc, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	nc.Write(handshake.AppendResponse(nil, r.Header.Get("Sec-WebSocket-Key"), agreement, nil))
	c := conn.New(nc, conn.Opening{Side: frame.Server, Agreement: agreement}, nil)
	defer c.CloseNow()
	for m, err := range c.Messages(r.Context()) {
		if err != nil || c.Write(r.Context(), m.Type, m.Data) != nil {
			return
		}
	}
}

// Over real sockets, without and with TLS, and with many at once.
//
// Requirements: 6455-4.1-10, 6455-10.6-01
func TestLoopback(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start func(http.Handler) *httptest.Server
	}{
		{"ws", httptest.NewServer},
		{"wss", httptest.NewTLSServer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkGoroutines(t)
			s := tt.start(http.HandlerFunc(echo))
			defer s.Close()
			cfg := &client.Config{Subprotocols: []string{"x", "echo"}}
			if transport, ok := s.Client().Transport.(*http.Transport); ok {
				cfg.TLS = transport.TLSClientConfig
			}
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() { checkEcho(t, "ws"+strings.TrimPrefix(s.URL, "http"), cfg) })
			}
			wg.Wait()
			s.Client().CloseIdleConnections()
		})
	}
}

// Over real sockets through a real proxy, with many at once.
//
// Requirements: 6455-4.1-09
func TestLoopbackProxy(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start func(http.Handler) *httptest.Server
	}{
		{"an http proxy", httptest.NewServer},
		{"an https proxy", httptest.NewTLSServer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkGoroutines(t)
			s := httptest.NewTLSServer(http.HandlerFunc(echo))
			defer s.Close()
			proxy := tt.start(http.HandlerFunc(tunnel))
			defer proxy.Close()
			u, err := url.Parse(proxy.URL)
			if err != nil {
				t.Fatal(err)
			}
			cfg := &client.Config{Subprotocols: []string{"echo"}, Proxy: client.ProxyURL(u)}
			cfg.TLS = s.Client().Transport.(*http.Transport).TLSClientConfig
			cfg.ProxyTLS = cfg.TLS
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() { checkEcho(t, "wss"+strings.TrimPrefix(s.URL, "https"), cfg) })
			}
			wg.Wait()
		})
	}
}

// tunnel is the handler of an HTTP proxy.
func tunnel(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "CONNECT only", http.StatusMethodNotAllowed)
		return
	}
	to, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer to.Close()
	from, early, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer from.Close()
	io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		io.Copy(to, early) // from is behind it
		to.Close()
	}()
	io.Copy(from, to)
}

// checkEcho opens a connection to an echo server, uses and closes it.
func checkEcho(t *testing.T, url string, cfg *client.Config) {
	c, err := client.Dial(t.Context(), url, cfg)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.CloseNow()
	if err := c.Write(t.Context(), frame.Text, []byte("hello")); err != nil {
		t.Error(err)
	}
	if _, p, err := c.Read(t.Context()); string(p) != "hello" || err != nil {
		t.Errorf("Read = %q, %v; want what was sent", p, err)
	}
	if c.Subprotocol() != "echo" {
		t.Errorf("subprotocol %q, want echo", c.Subprotocol())
	}
	if err := c.Close(frame.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
}

// A cancelled context ends the waiting for a real socket, too.
func TestLoopbackCancel(t *testing.T) {
	for _, scheme := range []string{"ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			checkGoroutines(t)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			defer wg.Wait()
			wg.Go(func() {
				nc, err := l.Accept()
				if err != nil {
					t.Error(err)
					return
				}
				defer nc.Close()
				nc.Read(make([]byte, 1))
				cancel() // when the client has begun
				io.Copy(io.Discard, nc)
			})
			if _, err := client.Dial(ctx, scheme+"://"+l.Addr().String(), nil); !errors.Is(err, context.Canceled) {
				t.Errorf("Dial = %v, want context.Canceled", err)
			}
		})
	}
}

// A closed port is the error of the network.
//
// Requirements: 6455-4.1-12
func TestLoopbackRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = client.Dial(t.Context(), "ws://"+l.Addr().String(), nil)
	if e, ok := errors.AsType[*net.OpError](err); !ok || e.Op != "dial" {
		t.Errorf("Dial = %v, want a *net.OpError", err)
	}
}

// What an HTTP server says to a request that it does not like can be read.
//
// Requirements: 6455-4.1-41
func TestLoopbackHTTPError(t *testing.T) {
	checkGoroutines(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "too many ")
		http.NewResponseController(w).Flush() // hence chunks
		io.WriteString(w, "of you")
	}))
	defer s.Close()
	_, err := client.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http"), nil)
	e, ok := errors.AsType[*client.HandshakeError](err)
	if !ok || e.Status != 503 || e.Header.Get("Retry-After") != "7" || string(e.Body) != "too many of you" {
		t.Errorf("Dial = %v, want what the server said", err)
	}
	s.Client().CloseIdleConnections()

	secure := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	_, err = client.Dial(t.Context(), "ws"+strings.TrimPrefix(secure.URL, "https"), nil)
	if e, ok := errors.AsType[*client.HandshakeError](err); !ok || e.Status != 400 || !strings.Contains(err.Error(), "HTTPS server") {
		t.Errorf("Dial with ws to a TLS port = %v, want what the server said", err)
	}
}

// checkGoroutines fails t if goroutines of this module are left at its end
// which were not there at the beginning.
func checkGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
			if time.Now().After(end) {
				b := make([]byte, 1<<16)
				b = b[:runtime.Stack(b, true)]
				left := slices.DeleteFunc(strings.Split(string(b), "\n\n"), func(s string) bool { return !strings.Contains(s, "ws6455") })
				t.Fatalf("goroutines left:\n%s", strings.Join(left, "\n\n"))
			}
		}
	})
}
