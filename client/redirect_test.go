package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
)

// redirects returns what answers with a redirect.
func (w *world) redirects(status int, location string) func(net.Conn) {
	return w.answering(fmt.Sprintf("HTTP/1.1 %d Go\r\nLocation: %s\r\nContent-Length: 4\r\n\r\naway", status, location))
}

// byPath returns what serves each request line by its path, and anything else with a server.
func (w *world) byPath(redirects map[string]string) func(net.Conn) {
	return func(nc net.Conn) {
		head := w.head(nc)
		path := strings.Fields(head + " x x")[1]
		to, ok := redirects[path]
		if !ok {
			w.accept(nc, head, "")
			return
		}
		fmt.Fprintf(nc, "HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n", to)
		io.Copy(io.Discard, nc)
	}
}

// Locations, and where they lead to from ws://example.com/a/b?c.
//
// Requirements: 6455-4.1-41
func TestRedirect(t *testing.T) {
	for _, tt := range []struct{ name, location, addr, resource, host string }{
		{"ws", "ws://other.example/x?y", "other.example:80", "/x?y", "other.example"},
		{"http", "http://other.example:81/x?y", "other.example:81", "/x?y", "other.example:81"},
		{"wss", "wss://localhost/x", "localhost:443", "/x", "localhost"},
		{"https in upper case", "HTTPS://LOCALHOST", "localhost:443", "/", "localhost"},
		{"a path", "/x", "example.com:80", "/x", "example.com"},
		{"a path and a query", "/x?y=%2F", "example.com:80", "/x?y=%2F", "example.com"},
		{"a relative path", "x", "example.com:80", "/a/x", "example.com"},
		{"a path upwards", "../x", "example.com:80", "/x", "example.com"},
		{"a query", "?x", "example.com:80", "/a/b?x", "example.com"},
		{"another host", "//other.example/x", "other.example:80", "/x", "other.example"},
		{"a fragment", "/x#y", "example.com:80", "/x", "example.com"},
		{"escapes", "/%41%2Fx%20y?%20", "example.com:80", "/%41%2Fx%20y?%20", "example.com"},
		{"letters", "http://BÜCHER.example/ä?ö", "xn--bcher-kva.example:80", "/%C3%A4?%C3%B6", "xn--bcher-kva.example"},
		{"the same place", "/a/b?d", "example.com:80", "/a/b?d", "example.com"},
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprint(status, " ", tt.name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.hosts[tt.addr] = w.server("")
					if strings.HasSuffix(tt.addr, ":443") {
						w.hosts[tt.addr] = secure(w.server(""))
					}
					next := w.hosts["example.com:80"]
					w.hosts["example.com:80"] = func(nc net.Conn) {
						w.hosts["example.com:80"] = next
						w.redirects(status, tt.location)(nc)
					}
					cfg := w.config("")
					cfg.Subprotocols = []string{"p"}
					w.checkHi("ws://example.com/a/b?c", cfg)
					if len(w.dialed) != 2 || w.dialed[1] != tt.addr {
						t.Errorf("dialed %q, want %q", w.dialed, tt.addr)
					}
					if want := "GET " + tt.resource + " HTTP/1.1\r\nHost: " + tt.host + "\r\n"; !strings.HasPrefix(w.heads[1], want) {
						t.Errorf("sent %q, want %q", w.heads[1], want)
					}
					key := "Sec-WebSocket-Key"
					if fieldOf(w.heads[0], key) == fieldOf(w.heads[1], key) || fieldOf(w.heads[1], "Sec-WebSocket-Protocol") != "p" {
						t.Errorf("sent %q, want another key and the same subprotocols", w.heads)
					}
				})
			})
		}
	}
}

// Responses that lead nowhere: the error has what the server said.
func TestRedirectRefused(t *testing.T) {
	for _, tt := range []struct {
		name, url, head, want string
	}{
		{"wss to ws", "wss://example.com/a", "302 Found\r\nLocation: ws://example.com/SECRET\r\n", "the status is 302, a redirect that is not followed: its Location leads away from TLS"},
		{"wss to http", "wss://example.com/a", "308 Go\r\nLocation: http://example.com/SECRET\r\n", "leads away from TLS"},
		{"a user", "ws://example.com/a", "302 Found\r\nLocation: http://u:SECRET@example.com/\r\n", "user information"},
		{"another scheme", "ws://example.com/a", "302 Found\r\nLocation: ftp://example.com/SECRET\r\n", "none of ws, wss, http and https"},
		{"a Unix socket", "ws://example.com/a", "302 Found\r\nLocation: ws+unix:///SECRET\r\n", "none of ws, wss, http and https"},
		{"no host", "ws://example.com/a", "302 Found\r\nLocation: http:SECRET\r\n", "none of ws, wss, http and https"},
		{"no host but slashes", "ws://example.com/a", "302 Found\r\nLocation: http:///SECRET\r\n", "no host"},
		{"no URL", "ws://example.com/a", "302 Found\r\nLocation: http://%zz/SECRET\r\n", "not a URL"},
		{"a port that is too large", "ws://example.com/a", "302 Found\r\nLocation: http://h:65536/SECRET\r\n", "port"},
		{"no Location", "ws://example.com/a", "302 Found\r\n", "no Location"},
		{"an empty Location", "ws://example.com/a", "302 Found\r\nLocation:\r\n", "no Location"},
		{"two", "ws://example.com/a", "302 Found\r\nLocation: /x\r\nLocation: /y\r\n", "several"},
		{"300", "ws://example.com/a", "300 Multiple Choices\r\nLocation: /x\r\n", "want 101"},
		{"304", "ws://example.com/a", "304 Not Modified\r\nLocation: /x\r\n", "want 101"},
		{"201", "ws://example.com/a", "201 Created\r\nLocation: /x\r\n", "want 101"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				answer := w.answering("HTTP/1.1 " + tt.head + "Content-Length: 2\r\n\r\nxy")
				w.hosts["example.com:80"], w.hosts["example.com:443"] = answer, secure(answer)
				_, err := Dial(t.Context(), tt.url, w.config(""))
				e, ok := errors.AsType[*HandshakeError](err)
				if !ok || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "SECRET") {
					t.Fatalf("Dial = %v, want a HandshakeError with %q", err, tt.want)
				}
				if e.URL != tt.url || fmt.Sprint(e.Status) != tt.head[:3] || e.Header == nil || e.Status != 304 && string(e.Body) != "xy" {
					t.Errorf("Dial = %+v", e)
				}
				if len(w.dialed) != 1 {
					t.Errorf("dialed %q", w.dialed)
				}
				w.wg.Wait()
				w.checkClosed()
			})
		})
	}
}

// MaxRedirects is the end of a circle. The last response is in the error.
func TestMaxRedirects(t *testing.T) {
	for _, tt := range []struct {
		name       string
		max, dials int
		want       string
	}{
		{"the default", 0, 11, "websocket: handshake with ws://h/b (redirect 10) failed: 11 is more than Config.MaxRedirects of 10; the body begins with \"away\""},
		{"one", 1, 2, "websocket: handshake with ws://h/a (redirect 1) failed: 2 is more than Config.MaxRedirects of 1"},
		{"none", -1, 1, `websocket: handshake failed: the status is 302 "Go": want 101`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				n := 0
				w.hosts["h:80"] = func(nc net.Conn) {
					n++
					w.redirects(302, []string{"/b?SECRET", "/a?SECRET"}[n%2])(nc)
				}
				cfg := w.config("")
				cfg.MaxRedirects = tt.max
				start := time.Now()
				_, err := Dial(t.Context(), "ws://u:SECRET@h/", cfg)
				e, ok := errors.AsType[*HandshakeError](err)
				if !ok || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "SECRET") || e.Status != 302 || string(e.Body) != "away" {
					t.Errorf("Dial = %v, want %q", err, tt.want)
				}
				if l, ok := errors.AsType[*conn.LimitError](err); ok != (tt.max >= 0) || ok && int(l.Limit) != max(tt.max, tt.dials-1) {
					t.Errorf("Dial = %v, which wraps %v", err, l)
				}
				keys := map[string]bool{}
				for _, head := range w.heads {
					keys[fieldOf(head, "Sec-WebSocket-Key")] = true
				}
				if len(keys) != tt.dials {
					t.Errorf("%d keys for %d requests", len(keys), tt.dials)
				}
				if len(w.dialed) != tt.dials || time.Since(start) != 0 {
					t.Errorf("%d connections in %v, want %d at once", len(w.dialed), time.Since(start), tt.dials)
				}
				w.wg.Wait()
				w.checkClosed()
			})
		})
	}
}

// What is secret stays at the origin that it is for, and does not come back with it.
func TestRedirectSecrets(t *testing.T) {
	header := http.Header{
		"Authorization": {"x"}, "cookie": {"x=y"}, "Proxy-Authorization": {"x"}, "X-API-Key": {"x"}, "x-csrf-token": {"x"},
		"X-Session-Id": {"x"}, "X-Amz-Signature": {"x"}, "My-Password": {"x"}, "Client-Secret": {"x"},
		"Origin": {"https://o.example"}, "User-Agent": {"ua"}, "X-Tenant": {"t"},
	}
	kept := []string{"Origin", "User-Agent", "X-Tenant"}
	for _, tt := range []struct {
		name, url string
		steps     map[string]string // by path
		secret    []bool            // whether each request has what is secret
	}{
		{"the same origin", "ws://u:p@example.com/", map[string]string{"/": "/1", "/1": "http://EXAMPLE.com:80/2"}, []bool{true, true, true}},
		{"another host", "ws://u:p@example.com/", map[string]string{"/": "ws://other.example/1"}, []bool{true, false}},
		{"a host below", "ws://u:p@example.com/", map[string]string{"/": "ws://a.example.com/1"}, []bool{true, false}},
		{"another port", "ws://u:p@example.com/", map[string]string{"/": "ws://example.com:81/1"}, []bool{true, false}},
		{"another scheme", "ws://u:p@example.com/", map[string]string{"/": "wss://example.com/1"}, []bool{true, false}},
		{"there and back", "ws://u:p@example.com/", map[string]string{"/": "ws://other.example/1", "/1": "ws://example.com/2"}, []bool{true, false, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				for _, addr := range []string{"example.com:80", "example.com:81", "other.example:80", "a.example.com:80"} {
					w.hosts[addr] = w.byPath(tt.steps)
				}
				w.hosts["example.com:443"] = secure(w.byPath(tt.steps))
				cfg := w.config("")
				cfg.Header, cfg.Host = header.Clone(), "front.example"
				w.checkHi(tt.url, cfg)
				for i, head := range w.heads {
					checkSecrets(t, head, header, kept, tt.secret[i])
				}
				if len(w.heads) != len(tt.secret) {
					t.Errorf("sent %q, want %d requests", w.heads, len(tt.secret))
				}
				if len(cfg.Header) != len(header) || cfg.Host == "" {
					t.Errorf("the Config was modified: %v", cfg)
				}
			})
		})
	}
	// The user of the URL, without an Authorization field that takes its place.
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.hosts["h:80"] = w.byPath(map[string]string{"/": "/1", "/1": "ws://other/2"})
		w.hosts["other:80"] = w.server("")
		w.checkHi("ws://user:pw@h/", w.config(""))
		for i, want := range []string{"Basic user:pw", "Basic user:pw", ""} {
			if got := authorization(w.heads[i]); got != want {
				t.Errorf("request %d has Authorization %q, want %q", i, got, want)
			}
		}
	})
}

// checkSecrets checks which fields of header a request has: all, or those that are kept.
func checkSecrets(t *testing.T, head string, header http.Header, kept []string, secret bool) {
	t.Helper()
	for name := range header {
		want := secret || slices.Contains(kept, name)
		if has := fieldOf(head, name) != ""; has != want {
			t.Errorf("%q has %s: %v, want %v", head, name, has, want)
		}
	}
	if has := fieldOf(head, "Host") == "front.example"; has != secret {
		t.Errorf("%q has the Host of Config: %v, want %v", head, has, secret)
	}
}

// The client's certificate and ServerName are for the first origin; the roots are for all.
func TestRedirectTLS(t *testing.T) {
	cfg := trusting()
	cfg.ServerName, cfg.Certificates = "name", []tls.Certificate{certificate()}
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return nil, nil }
	c := Config{TLS: cfg}
	c.leave(false)
	if c.TLS == cfg || c.TLS.ServerName != "name" || c.TLS.Certificates != nil || c.TLS.GetClientCertificate != nil || c.TLS.RootCAs != cfg.RootCAs {
		t.Errorf("at another port, TLS is %+v", c.TLS)
	}
	if c.leave(true); c.TLS.ServerName != "" {
		t.Errorf("at another host, TLS is %+v", c.TLS)
	}
	if cfg.ServerName != "name" || cfg.Certificates == nil || cfg.GetClientCertificate == nil {
		t.Errorf("Config.TLS was modified: %+v", cfg)
	}
}

// Each URL on the way has a proxy of its own.
func TestRedirectProxy(t *testing.T) { synctest.Test(t, testRedirectProxy) }
func testRedirectProxy(t *testing.T) {
	w := proxied(t)
	w.hosts["a:80"] = w.redirects(302, "ws://b/")
	w.hosts["b:80"] = w.redirects(302, "wss://localhost/")
	w.hosts["localhost:443"] = secure(w.server(""))
	cfg := w.config("")
	cfg.Proxy = func(u *url.URL) (*url.URL, error) {
		return map[string]*url.URL{
			"a": {Scheme: "http", Host: "proxy.example:3128"}, "b": {Scheme: "socks5", Host: "proxy.example"},
		}[u.Host], nil
	}
	w.checkHi("ws://a", cfg)
	if want := []string{"proxy.example:3128", "proxy.example:1080", "localhost:443"}; !slices.Equal(w.dialed, want) {
		t.Errorf("dialed %q, want %q", w.dialed, want)
	}
	w.hosts["b:80"] = nil
	_, err := Dial(t.Context(), "ws://a", cfg)
	if e, ok := errors.AsType[*ProxyError](err); !ok || e.Reply != 4 {
		t.Errorf("Dial = %v, want the error of the second proxy", err)
	}
	w.hosts["b:80"] = w.redirects(302, "ws://c/")
	bad, ask := errors.New("not to c"), cfg.Proxy
	cfg.Proxy = func(u *url.URL) (*url.URL, error) {
		if u.Host == "c" {
			return nil, bad
		}
		return ask(u)
	}
	_, err = Dial(t.Context(), "ws://a", cfg)
	if e, ok := errors.AsType[*HandshakeError](err); !ok || e.Status != 302 || e.URL != "ws://b/" || !errors.Is(err, bad) {
		t.Errorf("Dial = %v, want the error of Config.Proxy in that of the redirect", err)
	}
	w.wg.Wait()
	w.checkClosed()
}

// A server behind a Unix socket redirects within it, also by its name, and away from it.
func TestRedirectSocket(t *testing.T) { synctest.Test(t, testRedirectSocket) }
func testRedirectSocket(t *testing.T) {
	w := newWorld(t)
	w.hosts["unix /s"] = w.byPath(map[string]string{"/": "/1", "/1": "http://localhost/2", "/2": "ws://h/3"})
	w.hosts["h:80"] = w.server("")
	w.checkHi("ws+unix:///s", w.config(""))
	if want := []string{"unix /s", "unix /s", "unix /s", "h:80"}; !slices.Equal(w.dialed, want) {
		t.Errorf("dialed %q, want %q", w.dialed, want)
	}
}

// The zone of an address is kept as long as the address is the same.
func TestRedirectZone(t *testing.T) { synctest.Test(t, testRedirectZone) }
func testRedirectZone(t *testing.T) {
	w := newWorld(t)
	w.hosts["[fe80::1%eth0]:80"] = w.byPath(map[string]string{"/": "/1", "/1": "http://[fe80::2]/2"})
	w.hosts["[fe80::2]:80"] = w.server("")
	w.checkHi("ws://[fe80::1%25eth0]", w.config(""))
	if want := []string{"[fe80::1%eth0]:80", "[fe80::1%eth0]:80", "[fe80::2]:80"}; !slices.Equal(w.dialed, want) {
		t.Errorf("dialed %q, want %q", w.dialed, want)
	}
}

// The time is for all redirects together, and the turn is for each.
func TestRedirectTime(t *testing.T) { synctest.Test(t, testRedirectTime) }
func testRedirectTime(t *testing.T) {
	w := newWorld(t)
	w.hosts["h:80"] = func(nc net.Conn) {
		time.Sleep(4 * time.Second)
		w.redirects(302, "/")(nc)
	}
	cfg := w.config("")
	cfg.HandshakeTimeout, cfg.Serialize = 10*time.Second, true
	start := time.Now()
	_, err := Dial(t.Context(), "ws://h", cfg)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second || len(w.dialed) != 3 {
		t.Errorf("Dial = %v after %v and %d connections", err, time.Since(start), len(w.dialed))
	}
	w.wg.Wait()
	w.checkClosed()
	checkNoCrossings(t)
}

// Whatever a Location is: it leads to a target that a request can be made for,
// from wss to nothing else, and nothing of the user goes to another origin.
func FuzzLocation(f *testing.F) {
	for _, s := range []string{"/x", "ws://other/", "//u@h", "http:x", "wss://[::1]:81/%41?b#c", "https://bücher.example", "?", "../..", "HTTP://H:80"} {
		f.Add("ws://u:p@h/a/b?c", s)
		f.Add("wss://h", s)
	}
	f.Fuzz(func(t *testing.T, from, location string) {
		a, err := parseTarget(from)
		if err != nil {
			return
		}
		b, err := a.resolve(location)
		switch {
		case err != nil:
			return
		case a.secure && !b.secure:
			t.Fatalf("%q leads from %v to %v", location, a, b)
		case b.origin != a.origin && (b.user != nil || b.socket != "" || b.zone != "" && !strings.Contains(location, "%25")):
			t.Fatalf("%q leads from %v to %v", location, a, b)
		}
		if _, err := newDialer(b, (&Config{Proxy: NoProxy}).resolved(), sampleNonce); err != nil {
			t.Fatalf("%q leads from %v to %v: %v", location, a, b, err)
		}
	})
}
