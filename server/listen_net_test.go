package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// This file has the tests of Serve on real sockets, which it reads and writes in a way of their own, and of TLS.

// A network is one that this machine has.
type network struct {
	name, addr string
}

// networks returns those to test on.
func networks(t *testing.T) []network {
	return []network{{"tcp", "127.0.0.1:0"}, {"unix", filepath.Join(t.TempDir(), "s")}}
}

// listenOn starts s on a network and returns a function that connects to it.
func listenOn(t *testing.T, n network, s *server.Server) (dial func() net.Conn) {
	t.Helper()
	l, err := net.Listen(n.name, n.addr)
	if err != nil {
		t.Skip(err)
	}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return func() net.Conn {
		nc, err := net.Dial(n.name, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		return nc
	}
}

// Wherever the network cuts the request, and with frames behind it or not.
func TestServeNetwork(t *testing.T) {
	wantNoGoroutines(t)
	for _, n := range networks(t) {
		t.Run(n.name, func(t *testing.T) {
			s := &server.Server{Handler: echo}
			dial := listenOn(t, n, s)
			in := sampleRequest + masked(frame.Text, "Hello") + masked(frame.Close, normalClosure)
			for i := 0; i < len(in); i += 5 {
				nc := dial()
				io.WriteString(nc, in[:i])
				if i%2 == 0 {
					time.Sleep(time.Millisecond) // so that the server waits for the rest, most likely
				}
				io.WriteString(nc, in[i:])
				wantBytes(t, nc, accepted()+"\x81\x05Hello"+unmasked(frame.Close, normalClosure))
				nc.Close()
			}
		})
	}
}

// The handshake's time is over for silent and for slow clients; one that is accepted is free of it.
func TestServeNetworkTimeout(t *testing.T) {
	wantNoGoroutines(t)
	for _, n := range networks(t) {
		t.Run(n.name, func(t *testing.T) {
			dial := listenOn(t, n, &server.Server{Handler: echo, Config: server.Config{HandshakeTimeout: 50 * time.Millisecond}})
			start := time.Now()
			silent, slow, fine := dial(), dial(), dial()
			io.WriteString(slow, sampleRequest[:50])
			io.WriteString(fine, sampleRequest[:50])
			time.Sleep(time.Millisecond)
			io.WriteString(fine, sampleRequest[50:])
			for _, nc := range []net.Conn{silent, slow} {
				nc.SetReadDeadline(time.Now().Add(time.Minute))
				if got, err := io.ReadAll(nc); len(got) > 0 || err != nil || time.Since(start) < 50*time.Millisecond {
					t.Errorf("read %q, %v after %v", got, err, time.Since(start))
				}
			}
			wantBytes(t, fine, accepted())
			time.Sleep(100 * time.Millisecond)
			io.WriteString(fine, masked(frame.Text, "Hello"))
			wantBytes(t, fine, "\x81\x05Hello")
		})
	}
}

// A refusal arrives, though the client has sent more than the server reads.
func TestServeNetworkRefusal(t *testing.T) {
	wantNoGoroutines(t)
	for _, n := range networks(t) {
		t.Run(n.name, func(t *testing.T) {
			dial := listenOn(t, n, &server.Server{})
			for _, in := range []string{
				request("Origin: null") + strings.Repeat("x", 100<<10),
				"GET / HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", 10<<10),
				"\x16\x03\x01" + strings.Repeat("\x00", 1<<10),
			} {
				nc := dial()
				io.WriteString(nc, in)
				nc.SetReadDeadline(time.Now().Add(time.Minute))
				got, err := io.ReadAll(nc)
				if !strings.HasPrefix(string(got), "HTTP/1.1 4") || !strings.HasSuffix(string(got), "\n") || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
				nc.Close()
			}
		})
	}
}

// Nobody can stay for long after a refusal.
func TestServeNetworkLinger(t *testing.T) {
	wantNoGoroutines(t)
	for _, n := range networks(t) {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			nc := listenOn(t, n, &server.Server{})()
			start := time.Now()
			for time.Since(start) < 8*time.Second { // the handshake would have 10
				if _, err := nc.Write([]byte("\x00")); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
			t.Error("a client that was refused may stay")
		})
	}
}

// A client that resets in any state is no more than an error.
func TestServeNetworkReset(t *testing.T) {
	wantNoGoroutines(t)
	told := new(refusals)
	s := &server.Server{Refused: told.refused, Handler: echo}
	dial := listenOn(t, network{"tcp", "127.0.0.1:0"}, s)
	for _, sent := range []string{"", sampleRequest[:50], sampleRequest, sampleRequest + "\x81", "\x00"} {
		for range 5 {
			nc := dial().(*net.TCPConn)
			nc.SetLinger(0)
			io.WriteString(nc, sent)
			nc.Close()
		}
	}
	nc := dial()
	io.WriteString(nc, sampleRequest)
	wantBytes(t, nc, accepted())
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := told.take(); strings.Contains(got, "panic") {
		t.Error(got)
	}
}

// freeAddr returns a TCP address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// dialSoon connects to a server that is about to listen.
func dialSoon(t *testing.T, addr string) net.Conn {
	t.Helper()
	for range 1000 {
		nc, err := net.Dial("tcp", addr)
		if err == nil {
			t.Cleanup(func() { nc.Close() })
			return nc
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("nobody listens")
	return nil
}

func TestListenAndServe(t *testing.T) {
	wantNoGoroutines(t)
	s, addr, served := &server.Server{Handler: echo}, freeAddr(t), make(chan error, 1)
	go func() { served <- s.ListenAndServe(addr) }()
	nc := dialSoon(t, addr)
	io.WriteString(nc, sampleRequest)
	wantBytes(t, nc, accepted())
	if err := new(server.Server).ListenAndServe(addr); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("a second server at the same address: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	wantBytes(t, nc, unmasked(frame.Close, "\x03\xe9server is shutting down"))
	io.WriteString(nc, masked(frame.Close, "\x03\xe9"))
	nc.Close()
	if err := errors.Join(<-done, <-served); err == nil || err.Error() != http.ErrServerClosed.Error() {
		t.Errorf("Shutdown and ListenAndServe: %v", err)
	}
}

// authority returns certificates for example.com, and a client's configuration that trusts them.
func authority() (certs []tls.Certificate, trust *tls.Config) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	trust = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	trust.ServerName = "example.com"
	return s.TLS.Certificates, trust
}

func TestListenAndServeTLS(t *testing.T) {
	wantNoGoroutines(t)
	certs, trust := authority()
	key, err := x509.MarshalPKCS8PrivateKey(certs[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certs[0].Certificate[0]}), 0o600)
	os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600)
	s, addr := &server.Server{Handler: echo}, freeAddr(t)
	go s.ListenAndServeTLS(addr, certFile, keyFile)
	t.Cleanup(func() { s.Close() })
	trust.NextProtos = []string{"h2", "http/1.1"}
	nc := tls.Client(dialSoon(t, addr), trust)
	io.WriteString(nc, sampleRequest+masked(frame.Text, "Hello"))
	wantBytes(t, nc, accepted()+"\x81\x05Hello")
	if got := nc.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
		t.Errorf("the protocol is %q", got)
	}
	trust.NextProtos = []string{"h2"}
	if err := tls.Client(dialSoon(t, addr), trust).Handshake(); err == nil {
		t.Error("a client of HTTP/2 alone is welcome")
	}
	if err := s.ListenAndServeTLS(addr, "none", keyFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without certificate: %v", err)
	}
}

// listenTLS is listen with TLS.
func listenTLS(t *testing.T, s *server.Server, certs []tls.Certificate) *site {
	st := newSite(t)
	go s.Serve(tls.NewListener((*listener)(st), &tls.Config{Certificates: certs, SessionTicketsDisabled: true}))
	t.Cleanup(func() { s.Close() })
	return st
}

// Requirements: 6455-10.6-01, 6455-4.2.2-02
func TestServeTLS(t *testing.T) {
	certs, trust := authority()
	t.Run("accepted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &server.Server{Handler: echo, NoKeepalive: true}
			s.Select = func(r *http.Request) (func(*conn.Conn), error) {
				if r.TLS == nil || !r.TLS.HandshakeComplete {
					t.Errorf("TLS state of the request: %v", r.TLS)
				}
				return nil, nil
			}
			nc := tls.Client(listenTLS(t, s, certs).connect(64<<10), trust)
			io.WriteString(nc, sampleRequest[:30])
			time.Sleep(9 * time.Second)
			io.WriteString(nc, sampleRequest[30:]+masked(frame.Text, "Hello"))
			wantBytes(t, nc, accepted()+"\x81\x05Hello")
			time.Sleep(time.Hour)
			nc.SetDeadline(time.Time{})
			io.WriteString(nc, masked(frame.Text, "Hello"))
			wantBytes(t, nc, "\x81\x05Hello")
			nc.Close()
		})
	})
	t.Run("a refusal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			nc := tls.Client(listenTLS(t, &server.Server{}, certs).connect(64<<10), trust)
			io.WriteString(nc, request("Origin: null"))
			got, err := io.ReadAll(nc)
			if !strings.HasPrefix(string(got), "HTTP/1.1 403 ") || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
			nc.Close()
		})
	})
	t.Run("a client without TLS is told", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := listenTLS(t, &server.Server{}, certs).dial()
			c.send(sampleRequest)
			c.wantResponse("what is wrong", 400, "this server speaks TLS: want https or wss")
			c.wantEnd("the end", "")
		})
	})
	for _, tt := range []struct{ name, sent string }{
		{"silent", ""}, {"slow", "\x16\x03\x01\x01\x00"},
	} {
		t.Run("a client that is "+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told := new(refusals)
				c := listenTLS(t, &server.Server{Refused: told.refused}, certs).dial()
				c.send(tt.sent)
				time.Sleep(10*time.Second - time.Nanosecond)
				c.want("there is time", "")
				time.Sleep(time.Nanosecond)
				c.wantEnd("it is over", "")
				if !strings.Contains(told.take(), "Config.HandshakeTimeout") {
					t.Error("the server is not told")
				}
			})
		})
	}
	t.Run("garbage", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			told := new(refusals)
			c := listenTLS(t, &server.Server{Refused: told.refused}, certs).dial()
			c.send("\x00\x01\x02\x03\x04\x05\x06\x07")
			if _, eof := c.take(); !eof {
				t.Error("the connection is open")
			}
			if !strings.Contains(told.take(), "first record does not look like a TLS handshake") {
				t.Error("the server is not told")
			}
		})
	})
	t.Run("the time is the same for TLS and the request, and no goodbye adds to it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pipe := listenTLS(t, &server.Server{}, certs).connect(1)
			start := time.Now()
			time.Sleep(6 * time.Second)
			if err := tls.Client(pipe, trust).Handshake(); err != nil {
				t.Fatal(err)
			}
			if _, err := pipe.Write([]byte("\x17")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(start.Add(10 * time.Second)))
			synctest.Wait()
			if _, err := pipe.Write([]byte("\x03")); err == nil {
				t.Error("the connection is open")
			}
			pipe.Close()
		})
	})
}

// Who looks only whether somebody is there is no request that was refused,
// however the connection is closed: some load balancers reset it.
func TestServeKnock(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a reset has another number there, and is told")
	}
	told := make(chan error, 3)
	s := &server.Server{Refused: func(_ *http.Request, err error) { told <- err }}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	go s.Serve(l)
	defer s.Close()
	for _, sent := range []string{"", "GET"} {
		for _, linger := range []int{-1, 0} { // an orderly close, and a reset
			nc, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(nc, sent)
			time.Sleep(10 * time.Millisecond) // until that has been received
			nc.(*net.TCPConn).SetLinger(linger)
			nc.Close()
			if sent == "" {
				continue
			}
			if err := <-told; !strings.HasPrefix(err.Error(), "websocket: handshake request: ") {
				t.Errorf("linger %d, after a part of a request: told %v", linger, err)
			}
		}
	}
	if len(told) > 0 {
		t.Errorf("told of silence: %v", <-told)
	}
}

// BenchmarkServe is connect, handshake and close, for both ways in, with the client's part.
func BenchmarkServe(b *testing.B) {
	own := func(l net.Listener) io.Closer {
		s := &server.Server{Handler: echo}
		go s.Serve(l)
		return s
	}
	std := func(l net.Listener) io.Closer {
		s := &http.Server{Handler: server.Handler(echo, nil)}
		go s.Serve(l)
		return s
	}
	for _, bb := range []struct {
		name  string
		start func(net.Listener) io.Closer
	}{{"Serve", own}, {"Accept", std}} {
		b.Run(bb.name, func(b *testing.B) {
			l, err := (&net.ListenConfig{KeepAlive: -1}).Listen(b.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				b.Skip(err)
			}
			defer bb.start(l).Close()
			request, response := []byte(sampleRequest), make([]byte, len(accepted()))
			b.ReportAllocs()
			for b.Loop() {
				nc, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				nc.Write(request)
				if _, err := io.ReadFull(nc, response); err != nil {
					b.Fatal(err)
				}
				nc.(*net.TCPConn).SetLinger(0)
				nc.Close()
			}
		})
	}
}
