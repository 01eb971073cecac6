package client

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// certificate returns a certificate for names that is its own authority.
// It is valid at the time of a synctest bubble, too, and for long.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "test"},
		NotBefore:             time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames:              []string{"example.com", "xn--bcher-kva.example", "localhost"},
		IPAddresses:           []net.IP{net.ParseIP("127.0.0.1"), net.ParseIP("fe80::1")},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	leaf, _ := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
})

// trusting returns a client's configuration that trusts the certificate.
func trusting() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(certificate().Leaf)
	return &tls.Config{RootCAs: pool}
}

// A tlsServer is a server of one connection in memory, and what it gets to see.
type tlsServer struct {
	cfg     *tls.Config // besides the certificate
	dialed  string
	hello   tls.ClientHelloInfo
	state   tls.ConnectionState
	request string // the head that came through TLS
	err     error  // of the handshake of TLS

	// What a sniffer between the two sees the client send.
	mu      sync.Mutex
	sniffed bytes.Buffer

	wg sync.WaitGroup
}

// dial is a Config.DialContext that leads to s.
func (s *tlsServer) dial(_ context.Context, _, addr string) (net.Conn, error) {
	s.dialed = addr
	c, nc := net.Pipe()
	out := make(chan []byte, 64)
	s.wg.Go(func() {
		for p := range out {
			nc.Write(p)
		}
		nc.Close()
	})
	s.wg.Go(func() { s.serve(buffered{nc, out}) })
	return &sniffer{c, s}, nil
}

// A buffered connection does not wait for the peer to read what is written,
// as TCP does not, and net.Pipe does. It ends when out is closed.
type buffered struct {
	net.Conn
	out chan<- []byte
}

func (b buffered) Write(p []byte) (int, error) {
	b.out <- bytes.Clone(p)
	return len(p), nil
}

// serve answers one handshake on nc.
func (s *tlsServer) serve(nc buffered) {
	defer close(nc.out)
	cfg := s.cfg.Clone()
	cfg.Certificates = []tls.Certificate{certificate()}
	cfg.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		s.hello = *h
		return nil, nil
	}
	t := tls.Server(nc, cfg)
	if s.err = t.Handshake(); s.err != nil {
		return
	}
	s.state = t.ConnectionState()
	if s.request, s.err = readHead(t); s.err == nil {
		io.WriteString(t, accepted+"\r\n\x81\x02hi")
		io.Copy(io.Discard, nc)
	}
}

// A sniffer is the client's end, and keeps what is written to it.
type sniffer struct {
	net.Conn
	s *tlsServer
}

func (c *sniffer) Write(p []byte) (int, error) {
	c.s.mu.Lock()
	c.s.sniffed.Write(p)
	c.s.mu.Unlock()
	return c.Conn.Write(p)
}

// checkSniffed checks that the client has sent a ClientHello first, and TLS records only.
//
//	ContentType type (8), ProtocolVersion (16), length (16), fragment
//
// https://www.rfc-editor.org/rfc/rfc8446#section-5.1
func (s *tlsServer) checkSniffed(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.sniffed.Bytes()
	if len(b) < 6 || b[0] != 22 || b[5] != 1 { // handshake (22), client_hello (1)
		t.Fatalf("sent %.20q first, want a ClientHello", b)
	}
	if bytes.Contains(b, []byte("Sec-WebSocket-Key")) {
		t.Errorf("the request was sent in the clear")
	}
	for len(b) > 0 {
		if len(b) < 5 || b[0] < 20 || b[0] > 23 || b[1] != 3 {
			t.Fatalf("sent %.20q, want a TLS record", b)
		}
		b = b[min(len(b), 5+int(binary.BigEndian.Uint16(b[3:]))):]
	}
}

// TLS is on before anything else is sent, under one name for dialing, for SNI,
// for the certificate and for Host, and over a connection of DialContext.
//
// Requirements: 6455-3-03, 6455-3-04, 6455-4.1-13, 6455-4.1-15, 6455-4.1-16, 6455-4.1-20, 6455-4.1-22, 6455-10.6-01,
// 6455-11.1.2-01, 6455-11.1.2-02
func TestTLS(t *testing.T) {
	for _, tt := range []struct {
		name, url       string
		addr, sni, head string
	}{
		{"a name", "wss://example.com/p?q", "example.com:443", "example.com", "GET /p?q HTTP/1.1\r\nHost: example.com\r\n"},
		{"the scheme in upper case", "WSS://example.com", "example.com:443", "example.com", "GET / HTTP/1.1\r\nHost: example.com\r\n"},
		{"the default port", "wss://example.com:443", "example.com:443", "example.com", "GET / HTTP/1.1\r\nHost: example.com\r\n"},
		{"another port", "wss://example.com:80", "example.com:80", "example.com", "GET / HTTP/1.1\r\nHost: example.com:80\r\n"},
		{"a name that is not ASCII", "wss://BÜCHER.example/ä%2F?ü", "xn--bcher-kva.example:443", "xn--bcher-kva.example",
			"GET /%C3%A4%2F?%C3%BC HTTP/1.1\r\nHost: xn--bcher-kva.example\r\n"},
		{"an IPv4 address", "wss://127.0.0.1", "127.0.0.1:443", "", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"},
		{"an IPv6 address with a zone", "wss://[fe80::1%25eth0]", "[fe80::1%eth0]:443", "", "GET / HTTP/1.1\r\nHost: [fe80::1]\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &tlsServer{cfg: &tls.Config{NextProtos: []string{"h2", "http/1.1"}}}
				c, err := dial(t.Context(), tt.url, &Config{TLS: trusting(), DialContext: s.dial}, sampleNonce)
				if err != nil {
					t.Fatal(err)
				}
				if _, p, err := c.Read(t.Context()); string(p) != "hi" || err != nil {
					t.Errorf("Read = %q, %v; want what came with the response", p, err)
				}
				c.CloseNow()
				s.wg.Wait()
				if s.dialed != tt.addr || s.hello.ServerName != tt.sni || !strings.HasPrefix(s.request, tt.head) {
					t.Errorf("dialed %q, SNI %q, request %q", s.dialed, s.hello.ServerName, s.request)
				}
				if p := s.hello.SupportedProtos; !slices.Equal(p, []string{"http/1.1"}) || s.state.NegotiatedProtocol != "http/1.1" {
					t.Errorf("ALPN offers %q and gets %q, want http/1.1", p, s.state.NegotiatedProtocol)
				}
				s.checkSniffed(t)
			})
		})
	}
}

// Config.TLS is respected, and not modified.
func TestTLSConfig(t *testing.T) { synctest.Test(t, testTLSConfig) }
func testTLSConfig(t *testing.T) {
	s := &tlsServer{cfg: &tls.Config{}}
	cfg := trusting()
	cfg.ServerName, cfg.NextProtos = "localhost", []string{"h2"}
	c, err := dial(t.Context(), "wss://other.example", &Config{TLS: cfg, DialContext: s.dial}, sampleNonce)
	if err != nil {
		t.Fatal(err)
	}
	c.CloseNow()
	s.wg.Wait()
	if s.hello.ServerName != "localhost" || !slices.Equal(s.hello.SupportedProtos, []string{"http/1.1"}) {
		t.Errorf("SNI %q, ALPN %q", s.hello.ServerName, s.hello.SupportedProtos)
	}
	if _, ok := c.NetConn().(*tls.Conn); !ok {
		t.Errorf("NetConn is a %T, want a *tls.Conn", c.NetConn())
	}
	if cfg.ServerName != "localhost" || !slices.Equal(cfg.NextProtos, []string{"h2"}) {
		t.Errorf("Config.TLS was modified: %q, %q", cfg.ServerName, cfg.NextProtos)
	}

	s, cfg = &tlsServer{cfg: &tls.Config{}}, trusting()
	if c, err = dial(t.Context(), "wss://example.com", &Config{TLS: cfg, DialContext: s.dial}, sampleNonce); err == nil {
		c.CloseNow()
	}
	if err != nil || cfg.ServerName != "" || cfg.NextProtos != nil {
		t.Errorf("Dial = %v and Config.TLS was modified: %q, %q", err, cfg.ServerName, cfg.NextProtos)
	}
}

// A handshake of TLS that fails ends the attempt: the server sees no request.
//
// Requirements: 6455-4.1-14, 6455-4.1-20, 6455-10.6-03
func TestTLSBad(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		client    *tls.Config
		server    *tls.Config
		want      string // part of the error
		is        func(error) bool
	}{
		{"an authority that is unknown", "wss://example.com", nil, &tls.Config{}, "unknown authority", isA[x509.UnknownAuthorityError]},
		{"a certificate for another name", "wss://other.example", trusting(), &tls.Config{}, "other.example", isA[x509.HostnameError]},
		{"a certificate for another address", "wss://127.0.0.2", trusting(), &tls.Config{}, "127.0.0.2", isA[x509.HostnameError]},
		{"a server that has TLS 1.1 at most", "wss://example.com", trusting(),
			&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "version", isA[*net.OpError]},
		{"a server that has only weak ciphers", "wss://example.com", trusting(),
			&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}}, "handshake failure", isA[*net.OpError]},
		{"a server that has no HTTP/1.1", "wss://example.com", trusting(), &tls.Config{NextProtos: []string{"acme-tls/1"}},
			"no application protocol", isA[*net.OpError]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &tlsServer{cfg: tt.server}
				c, err := Dial(t.Context(), tt.url, &Config{TLS: tt.client, DialContext: s.dial})
				if c != nil || err == nil || !strings.Contains(err.Error(), tt.want) || !tt.is(err) {
					t.Errorf("Dial = %v, want an error with %q", err, tt.want)
				}
				if err != nil && !strings.HasPrefix(err.Error(), "websocket: TLS handshake with ") {
					t.Errorf("Dial = %v, want one that tells the step", err)
				}
				s.wg.Wait()
				if s.err == nil || s.request != "" {
					t.Errorf("the server sees %v, request %q; want no request", s.err, s.request)
				}
				s.checkSniffed(t)
			})
		})
	}
}

// isA reports whether err is or wraps an E.
func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// Without Config.TLS, everything is as crypto/tls has it.
//
// Requirements: 6455-10.6-03
func TestTLSDefaults(t *testing.T) {
	got := clientTLS(nil, "h")
	if got.MinVersion != 0 || got.MaxVersion != 0 || got.CipherSuites != nil || got.InsecureSkipVerify || got.RootCAs != nil {
		t.Errorf("clientTLS(nil) weakens: %+v", got)
	}
}

// A server that does not speak TLS: the error says so if it is easy to see.
func TestTLSPlain(t *testing.T) {
	for _, tt := range []struct{ name, answer, want string }{
		{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", "the server answered in HTTP without TLS: is it a ws URL that is meant?"},
		{"SSH", "SSH-2.0-OpenSSH\r\n", "first record does not look like a TLS handshake"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dialContext, server := pipe()
				go func() {
					server.Read(make([]byte, 1<<14))
					io.WriteString(server, tt.answer)
					io.Copy(io.Discard, server)
				}()
				_, err := Dial(t.Context(), "wss://h", &Config{DialContext: dialContext})
				if err == nil || !strings.Contains(err.Error(), tt.want) || !isA[tls.RecordHeaderError](err) {
					t.Errorf("Dial = %v, want %q", err, tt.want)
				}
			})
		})
	}
}
