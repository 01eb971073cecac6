package server_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// The timeouts of the http.Server are for HTTP.
func TestAcceptServerTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conns := make(chan *conn.Conn, 1)
		c := serveWith(t, &http.Server{
			ReadHeaderTimeout: time.Second,
			ReadTimeout:       time.Second,
			WriteTimeout:      time.Second,
			IdleTimeout:       time.Second,
			Handler: server.Handler(func(c *conn.Conn) {
				conns <- c
				echo(c)
			}, nil),
		}).dial()
		c.send(sampleRequest)
		c.want("accepted", accepted())
		ws := <-conns
		for range 3 {
			time.Sleep(time.Hour)
			c.want("an hour of silence does no harm", "")
			c.sendFrame(frame.Text, "Hello")
			c.want("reading and writing go on", "\x81\x05Hello")
			ws.Write(t.Context(), frame.Text, []byte("Hi"))
			c.want("writing alone does, too", "\x81\x02Hi")
		}
	})
}

// deadlines is a connection that remembers its write deadline.
type deadlines struct {
	net.Conn
	write []time.Time // as they were set
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.write = append(d.write, t)
	return d.Conn.SetWriteDeadline(t)
}

// Accept leaves no deadline behind: neither one that it found nor its own.
func TestAcceptDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var d deadlines
			ws, err := server.Accept(&hijacked{w, func(nc net.Conn) net.Conn {
				nc.SetDeadline(time.Now().Add(time.Second))
				d.Conn = nc
				return &d
			}}, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if n := len(d.write); n == 0 || !d.write[n-1].IsZero() {
				t.Errorf("write deadlines: %v; want none in the end", d.write)
			}
			go echo(ws)
		})).dial()
		c.send(sampleRequest)
		c.want("accepted", accepted())
		time.Sleep(time.Hour)
		c.sendFrame(frame.Text, "Hello")
		c.want("the connection works", "\x81\x05Hello")
	})
}

// hanging returns a handler that wants Accept to give up after exactly the given time.
func hanging(t *testing.T, cfg *server.Config, after time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		ws, err := server.Accept(w, r, cfg)
		if got := time.Since(start); got != after {
			t.Errorf("Accept gave up after %v, want %v", got, after)
		}
		if ws != nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Accept = %v, %v; want %v", ws, err, os.ErrDeadlineExceeded)
		}
	})
}

// Requirements: 6455-7.2.2-01
func TestAcceptHandshakeTimeout(t *testing.T) {
	for _, tt := range []struct {
		name          string
		timeout, want time.Duration
	}{
		{"by default", 0, 10 * time.Second},
		{"as configured", 3 * time.Minute, 3 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := &server.Config{HandshakeTimeout: tt.timeout}
				nc := serve(t, hanging(t, cfg, tt.want)).connect(1)
				io.WriteString(nc, sampleRequest)
				time.Sleep(tt.want)
				synctest.Wait()
				if got, err := io.ReadAll(nc); len(got) > 1 || err != nil {
					t.Errorf("the client then reads %q, %v; want the end", got, err)
				}
				if _, err := nc.Write([]byte("x")); err == nil {
					t.Error("the connection still takes bytes")
				}
			})
		})
	}
}

func TestAcceptHandshakeTimeoutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := &server.Config{HandshakeTimeout: -1}
		nc := serve(t, server.Handler(echo, cfg)).connect(1)
		io.WriteString(nc, sampleRequest)
		time.Sleep(24 * time.Hour)
		b := make([]byte, len(accepted()))
		if _, err := io.ReadFull(nc, b); string(b) != accepted() || err != nil {
			t.Errorf("a day later the client reads %q, %v", b, err)
		}
		io.WriteString(nc, masked(frame.Text, "Hello"))
		b = make([]byte, 7)
		if _, err := io.ReadFull(nc, b); string(b) != "\x81\x05Hello" || err != nil {
			t.Errorf("then it reads %q, %v", b, err)
		}
	})
}

// The handshake's timeout does not hold for what comes after it.
func TestAcceptHandshakeTimeoutOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := &server.Config{HandshakeTimeout: time.Second}
		c := serve(t, server.Handler(echo, cfg)).dial()
		c.send(sampleRequest)
		time.Sleep(time.Minute)
		c.sendFrame(frame.Text, "Hello")
		c.want("it works a minute later", accepted()+"\x81\x05Hello")
	})
}

// With TLS there is no waiting either, to say goodbye to a client that does not read.
func TestAcceptHandshakeTimeoutTLS(t *testing.T) {
	s := httptest.NewTLSServer(nil) // for its certificate
	s.Close()
	certificates := &tls.Config{Certificates: s.TLS.Certificates, SessionTicketsDisabled: true}
	trust := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	trust.ServerName = "example.com"

	synctest.Test(t, func(t *testing.T) {
		nc := serveWith(t, &http.Server{
			TLSConfig: certificates,
			Handler:   hanging(t, nil, 10*time.Second),
		}).connect(1)
		secure := tls.Client(nc, trust)
		if _, err := io.WriteString(secure, sampleRequest); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		if n, err := io.Copy(io.Discard, nc); n > 1 || err != nil {
			t.Errorf("the client then reads %d bytes, %v; want the end", n, err)
		}
	})
}

// serveTLS starts a site with TLS for h on a port of this machine.
func serveTLS(t *testing.T, h http.Handler, http2 bool) *httptest.Server {
	wantNoGoroutines(t)
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = http2
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// Requirements: 6455-10.6-01, 6455-10.5-01, 6455-4.2.2-02
func TestAcceptTLS(t *testing.T) {
	s := serveTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || r.TLS.Version < tls.VersionTLS12 {
			t.Errorf("TLS state before Accept: %v", r.TLS)
		}
		server.Go(w, r, nil, func(c *conn.Conn) {
			if nc, ok := c.NetConn().(*tls.Conn); !ok || !nc.ConnectionState().HandshakeComplete {
				t.Errorf("the connection below is %T, want TLS", c.NetConn())
			}
			echo(c)
		})
	}), false)
	nc, err := tls.Dial("tcp", s.Listener.Addr().String(), s.Client().Transport.(*http.Transport).TLSClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, request("Origin: https://server.example.com")+masked(frame.Text, "Hello"))
	wantBytes(t, nc, accepted()+"\x81\x05Hello")
	io.WriteString(nc, masked(frame.Close, normalClosure))
	got, err := io.ReadAll(nc)
	if want := unmasked(frame.Close, normalClosure); string(got) != want || err != nil {
		t.Errorf("at the end: %q, %v; want %q", got, err, want)
	}
}

// Requirements: 6455-4.2.2-02
func TestAcceptTLSWithout(t *testing.T) {
	s := serveTLS(t, server.Handler(echo, nil), false)
	nc, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, sampleRequest)
	got, _ := io.ReadAll(nc) // until the server closes the connection
	if strings.Contains(string(got), " 101 ") {
		t.Errorf("a request in clear got %q", got)
	}
}

// HTTP/2 has no Upgrade. It is refused, with a reason, whatever the request looks like.
func TestAcceptHTTP2(t *testing.T) {
	s := serveTLS(t, server.Handler(echo, nil), true)
	for _, method := range []string{"GET", "POST"} {
		req, err := http.NewRequest(method, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-WebSocket-Key", sampleKey)
		req.Header.Set("Sec-WebSocket-Version", "13")
		resp, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		want := `the request came over "HTTP/2.0", which has no Upgrade: want HTTP/1.1`
		if resp.ProtoMajor != 2 || resp.StatusCode != 400 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s %s %q; want 400 with %q", method, resp.Proto, resp.Status, body, want)
		}
	}
}

// wantBytes reads want from nc.
func wantBytes(t *testing.T, nc net.Conn, want string) {
	t.Helper()
	nc.SetReadDeadline(time.Now().Add(time.Minute))
	b := make([]byte, len(want))
	n, err := io.ReadFull(nc, b)
	if string(b[:n]) != want {
		t.Fatalf("got %q, %v; want %q", b[:n], err, want)
	}
}
