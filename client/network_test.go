package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/wstest"
)

// A world is servers and proxies in memory, by address, and who dialed them.
// It is made inside a synctest bubble.
type world struct {
	t     *testing.T
	hosts map[string]func(nc net.Conn) // what serves a connection; nc is closed when it returns

	mu     sync.Mutex
	dialed []string // addresses in order
	heads  []string // what servers and proxies read, in order
	open   int      // connections that the client has not closed
	wg     sync.WaitGroup
}

func newWorld(t *testing.T) *world {
	return &world{t: t, hosts: map[string]func(net.Conn){}}
}

// config returns a Config that leads into w, through a proxy if that is not empty.
func (w *world) config(proxy string) *Config {
	cfg := &Config{DialContext: w.dial, Proxy: NoProxy, TLS: trusting(), ProxyTLS: trusting()}
	if proxy != "" {
		u, err := url.Parse(proxy)
		if err != nil {
			w.t.Fatal(err)
		}
		cfg.Proxy = ProxyURL(u)
	}
	return cfg
}

// dial is a Config.DialContext.
func (w *world) dial(_ context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if network != "tcp" {
		addr = network + " " + addr
	}
	w.dialed = append(w.dialed, addr)
	serve := w.hosts[addr]
	if serve == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: addr, IsNotFound: true}}
	}
	c, s := wstest.Pipe()
	w.open++
	w.wg.Go(func() {
		defer s.Close()
		serve(s)
	})
	return &worldConn{Conn: c, w: w}, nil
}

// A worldConn is the client's end.
type worldConn struct {
	net.Conn
	w    *world
	once sync.Once
}

func (c *worldConn) Close() error {
	c.once.Do(func() {
		c.w.mu.Lock()
		c.w.open--
		c.w.mu.Unlock()
	})
	return c.Conn.Close()
}

// checkClosed checks that the client has closed all connections.
func (w *world) checkClosed() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open != 0 {
		w.t.Errorf("%d connections are still open", w.open)
	}
}

// head reads a head from nc and keeps it.
func (w *world) head(nc io.Reader) string {
	s, _ := readHead(nc)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heads = append(w.heads, s)
	return s
}

// server returns what accepts a WebSocket, with these fields in the response, and says hi.
func (w *world) server(fields string) func(net.Conn) {
	return func(nc net.Conn) {
		w.accept(nc, w.head(nc), fields)
	}
}

// accept answers a request.
func (w *world) accept(nc net.Conn, head, fields string) {
	key := fieldOf(head, "Sec-WebSocket-Key")
	fmt.Fprintf(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n%s\r\n\x81\x02hi", handshake.AcceptKey(key), fields)
	io.Copy(io.Discard, nc)
}

// answering returns what reads a head and answers with s, whatever it read.
func (w *world) answering(s string) func(net.Conn) {
	return func(nc net.Conn) {
		w.head(nc)
		io.WriteString(nc, s)
		io.Copy(io.Discard, nc)
	}
}

// secure returns what serves over TLS.
func secure(serve func(net.Conn)) func(net.Conn) {
	return func(nc net.Conn) {
		t := tls.Server(nc, &tls.Config{Certificates: []tls.Certificate{certificate()}})
		if t.Handshake() == nil {
			serve(t)
		}
		t.Close()
	}
}

// connectProxy returns an HTTP proxy.
func (w *world) connectProxy() func(net.Conn) {
	return func(nc net.Conn) {
		method, rest, _ := strings.Cut(w.head(nc), " ")
		addr, _, _ := strings.Cut(rest, " ")
		serve := w.hosts[addr]
		if method != "CONNECT" || serve == nil {
			io.WriteString(nc, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\noops")
			return
		}
		io.WriteString(nc, "HTTP/1.1 200 Connection established\r\n\r\n")
		serve(nc)
	}
}

// socksProxy returns a SOCKS proxy. It wants a user and a password if want is not empty.
func (w *world) socksProxy(want string) func(net.Conn) {
	return func(nc net.Conn) {
		r := bufio.NewReader(nc)
		read := func(n int) []byte {
			b := make([]byte, n)
			io.ReadFull(r, b)
			return b
		}
		methods := read(int(read(2)[1]))
		switch {
		case want == "":
			nc.Write([]byte{5, 0})
		case !slices.Contains(methods, 2):
			nc.Write([]byte{5, 0xFF})
			return
		default:
			nc.Write([]byte{5, 2})
			name := read(int(read(2)[1]))
			password := read(int(read(1)[0]))
			if string(name)+":"+string(password) != want {
				nc.Write([]byte{1, 1})
				return
			}
			nc.Write([]byte{1, 0})
		}
		addr := socksAddr(read)
		w.mu.Lock()
		w.heads = append(w.heads, "SOCKS "+addr)
		w.mu.Unlock()
		serve := w.hosts[addr]
		if serve == nil {
			nc.Write([]byte{5, 4, 0, 1, 0, 0, 0, 0, 0, 0})
			return
		}
		nc.Write([]byte{5, 0, 0, 3, 3, 'a', 'b', 'c', 0, 80})
		serve(nc) // the client sends nothing before it has read this, so r is empty
	}
}

// socksAddr reads a request and returns whom it is for.
func socksAddr(read func(int) []byte) string {
	var host string
	switch read(4)[3] {
	case 1:
		host = net.IP(read(4)).String()
	case 4:
		host = net.IP(read(16)).String()
	default:
		host = string(read(int(read(1)[0])))
	}
	port := read(2)
	return net.JoinHostPort(host, fmt.Sprint(int(port[0])<<8|int(port[1])))
}

// fieldOf returns the values of a field of a head, separated by |.
func fieldOf(head, name string) string {
	var all []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if n, v, ok := strings.Cut(line, ": "); ok && strings.EqualFold(n, name) {
			all = append(all, v)
		}
	}
	return strings.Join(all, "|")
}

// checkHi opens a connection and checks that it leads to a server of w.
func (w *world) checkHi(rawURL string, cfg *Config) {
	w.t.Helper()
	start := time.Now()
	c, err := Dial(w.t.Context(), rawURL, cfg)
	if d := time.Since(start); d != 0 {
		w.t.Errorf("Dial took %v, and there is nothing to wait for", d)
	}
	if err != nil {
		w.t.Error(err)
		return
	}
	if _, p, err := c.Read(w.t.Context()); string(p) != "hi" || err != nil {
		w.t.Errorf("Read = %q, %v; want hi", p, err)
	}
	c.CloseNow()
	w.wg.Wait()
	w.checkClosed()
}
