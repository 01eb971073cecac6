package client

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/wstest"
)

// proxyURLs are those of the proxies of proxied.
var proxyURLs = []string{
	"http://proxy.example:3128", "https://localhost:3129", "socks5://proxy.example", "socks5h://u:p@proxy.example:1081",
	"HTTP://proxy.example:3128",
}

// proxied returns a world with a proxy of each kind.
func proxied(t *testing.T) *world {
	w := newWorld(t)
	w.hosts["proxy.example:3128"] = w.connectProxy()
	w.hosts["localhost:3129"] = secure(w.connectProxy())
	w.hosts["proxy.example:1080"] = w.socksProxy("")
	w.hosts["proxy.example:1081"] = w.socksProxy("u:p")
	return w
}

// Through each kind of proxy, one is asked for the target's name and port, for ws as for wss;
// TLS and the handshake go through the tunnel.
//
// Requirements: 6455-4.1-09, 6455-4.1-13, 6455-4.1-15, 6455-4.1-16
func TestProxy(t *testing.T) {
	for _, target := range []struct{ url, addr, host string }{
		{"ws://unknown.example", "unknown.example:80", "unknown.example"},
		{"ws://unknown.example:81/p?q", "unknown.example:81", "unknown.example:81"},
		{"wss://example.com", "example.com:443", "example.com"},
		{"wss://bücher.example:8443", "xn--bcher-kva.example:8443", "xn--bcher-kva.example:8443"},
		{"ws://192.0.2.7", "192.0.2.7:80", "192.0.2.7"},
		{"wss://127.0.0.1", "127.0.0.1:443", "127.0.0.1"},
		{"ws://[2001:db8::1]:81", "[2001:db8::1]:81", "[2001:db8::1]:81"},
		{"wss://[fe80::1%25eth0]", "[fe80::1]:443", "[fe80::1]"},
	} {
		for _, proxy := range proxyURLs {
			t.Run(target.url+" by "+proxy, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := proxied(t)
					w.hosts[target.addr] = w.server("")
					if strings.HasPrefix(target.url, "wss") {
						w.hosts[target.addr] = secure(w.server(""))
					}
					w.checkHi(target.url, w.config(proxy))
					want := "CONNECT " + target.addr + " HTTP/1.1\r\nHost: " + target.addr + "\r\n\r\n"
					if strings.HasPrefix(proxy, "socks") {
						want = "SOCKS " + target.addr
					}
					if len(w.dialed) != 1 || len(w.heads) != 2 || w.heads[0] != want {
						t.Errorf("dialed %q, sent %q; want %q first", w.dialed, w.heads, want)
					}
					if host := fieldOf(w.heads[1], "Host"); host != target.host {
						t.Errorf("Host %q, want %q", host, target.host)
					}
				})
			})
		}
	}
}

// The user of a proxy's URL and ProxyHeader are for the proxy and nobody else.
func TestProxyFields(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("u:p@"))
	for _, tt := range []struct {
		name, proxy string
		header      http.Header
		want        string // the CONNECT request after the Host field
	}{
		{"user and password", "http://u:p%40@proxy.example:3128", nil, "Proxy-Authorization: " + basic + "\r\n\r\n"},
		{"fields in order", "http://u:p%40@proxy.example:3128", http.Header{"User-Agent": {"x"}, "A": {"1", "2"}},
			"A: 1\r\nA: 2\r\nProxy-Authorization: " + basic + "\r\nUser-Agent: x\r\n\r\n"},
		{"another way to authenticate", "http://u:p%40@proxy.example:3128", http.Header{"proxy-authorization": {"Bearer x"}},
			"proxy-authorization: Bearer x\r\n\r\n"},
		{"over TLS", "https://u:p%40@localhost:3129", nil, "Proxy-Authorization: " + basic + "\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := proxied(t)
				w.hosts["h:80"] = w.server("")
				cfg := w.config(tt.proxy)
				cfg.ProxyHeader, cfg.Header = tt.header, http.Header{"X": {"y"}, "Authorization": {"z"}}
				w.checkHi("ws://h", cfg)
				if want := "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n" + tt.want; w.heads[0] != want {
					t.Errorf("the proxy was sent %q\nwant %q", w.heads[0], want)
				}
				if s := w.heads[1]; fieldOf(s, "X") != "y" || fieldOf(s, "Authorization") != "z" || fieldOf(s, "Proxy-Authorization") != "" {
					t.Errorf("the server was sent %q, want what is for it", s)
				}
			})
		})
	}
}

// The function of Config.Proxy is asked for a ws or wss URL that has
// what the target has, and no user.
//
// Requirements: 6455-4.1-11
func TestProxyFunc(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"ws://u:p@EXAMPLE.com:80/a%2Fb?c=ä", "ws://example.com/a%2Fb?c=%C3%A4"},
		{"WSS://example.com:80", "wss://example.com:80/"},
		{"wss://bücher.example//x", "wss://xn--bcher-kva.example//x"},
		{"ws://[fe80::1%25eth0]:81/", "ws://[fe80::1]:81/"},
	} {
		var got string
		refuse := errors.New("not today")
		cfg := &Config{DialContext: neverDial(t), Proxy: func(u *url.URL) (*url.URL, error) {
			got = u.String()
			return nil, refuse
		}}
		if _, err := Dial(t.Context(), tt.url, cfg); !errors.Is(err, refuse) || err.Error() != "websocket: not today" {
			t.Errorf("Dial = %v, want the error of Config.Proxy", err)
		}
		if got != tt.want {
			t.Errorf("Config.Proxy is asked for %q, want %q", got, tt.want)
		}
	}
}

// A proxy that cannot be used is an error before anything is dialed, without the password.
func TestProxyBad(t *testing.T) {
	long := strings.Repeat("x", 256)
	for _, tt := range []struct {
		name   string
		url    *url.URL
		header http.Header
		want   string
	}{
		{"no scheme", &url.URL{Host: "h:1"}, nil, "scheme"},
		{"another scheme", &url.URL{Scheme: "ftp", Host: "h:1", User: url.UserPassword("u", "SECRET")}, nil, "scheme"},
		{"no host", &url.URL{Scheme: "http", User: url.UserPassword("u", "SECRET")}, nil, "no host"},
		{"a port that is too large", &url.URL{Scheme: "http", Host: "h:65536"}, nil, "port"},
		{"no IPv6 address in brackets", &url.URL{Scheme: "http", Host: "[x]:1"}, nil, "IPv6"},
		{"a line end in the host", &url.URL{Scheme: "http", Host: "h\r\nX: y"}, nil, "host"},
		{"a colon in the user", &url.URL{Scheme: "http", Host: "h", User: url.UserPassword("u:", "SECRET")}, nil, "colon"},
		{"a user that is too long", &url.URL{Scheme: "socks5", Host: "h", User: url.UserPassword(long, "SECRET")}, nil, "255"},
		{"a password that is too long", &url.URL{Scheme: "socks5", Host: "h", User: url.UserPassword("u", "SECRET"+long)}, nil, "255"},
		{"a password without a user", &url.URL{Scheme: "socks5", Host: "h", User: url.UserPassword("", "SECRET")}, nil, "255"},
		{"a line end in a field", &url.URL{Scheme: "http", Host: "h"}, http.Header{"A": {"b\r\nc: d"}}, "control"},
		{"a Host field", &url.URL{Scheme: "http", Host: "h"}, http.Header{"Host": {"x"}}, "Host"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := &Config{DialContext: neverDial(t), Proxy: ProxyURL(tt.url), ProxyHeader: tt.header}
			_, err := Dial(t.Context(), "ws://x", cfg)
			if err == nil || !strings.HasPrefix(err.Error(), "websocket: proxy ") || !strings.Contains(err.Error(), tt.want) ||
				strings.Contains(err.Error(), "SECRET") {
				t.Errorf("Dial = %v, want an error with %q", err, tt.want)
			}
		})
	}
	cfg := &Config{DialContext: neverDial(t), Proxy: ProxyURL(&url.URL{Scheme: "socks5", Host: "h"})}
	if _, err := Dial(t.Context(), "ws://"+long, cfg); err == nil || !strings.Contains(err.Error(), "255") {
		t.Errorf("Dial of a long name = %v, want an error", err)
	}
}

// dialProxy is a Dial of target through a proxy that speaks the pieces, one for each Read.
// It checks what holds after every one that fails.
func dialProxy(t *testing.T, target, proxy string, pieces ...string) (*conn.Conn, error) {
	t.Helper()
	s := &stub{pieces: pieces}
	u, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	c, err := dial(t.Context(), target, &Config{DialContext: s.dial, Proxy: ProxyURL(u)}, sampleNonce)
	if (c == nil) != (err != nil) || s.isClosed() != (err != nil) {
		t.Errorf("Dial = %v, %v and the connection is closed: %v", c, err, s.isClosed())
	}
	if err != nil && strings.Contains(err.Error(), "SECRET") {
		t.Errorf("Dial = %v, which has the password", err)
	}
	return c, err
}

// tunnels are what proxies answer that open a tunnel.
var tunnels = []struct{ proxy, answer string }{
	{"http://p", "HTTP/1.1 200 OK\r\n\r\n"},
	{"http://p", "HTTP/1.0 299 \r\nVia: x\r\n\r\n"},
	{"http://p", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{"socks5://p", "\x05\x00" + "\x05\x00\x00\x01\x01\x02\x03\x04\x00\x50"},
	{"socks5://p", "\x05\x00" + "\x05\x00\x00\x04" + strings.Repeat("x", 16) + "\x00\x50"},
	{"socks5://p", "\x05\x00" + "\x05\x00\x00\x03\x00\x00\x50"},
	{"socks5://p", "\x05\x00" + "\x05\x00\x00\x03\xFF" + strings.Repeat("x", 255) + "\x00\x50"},
	{"socks5://u:SECRET@p", "\x05\x02" + "\x01\x00" + "\x05\x00\x00\x01\x01\x02\x03\x04\x00\x50"},
	{"socks5://u:SECRET@p", "\x05\x00" + "\x05\x00\x00\x01\x01\x02\x03\x04\x00\x50"},
	{"socks5://u@p", "\x05\x02" + "\x01\x00" + "\x05\x00\x00\x01\x01\x02\x03\x04\x00\x50"},
}

// What comes in one piece with the answer of the proxy is not lost, however it is cut.
func TestProxyEarly(t *testing.T) {
	for _, tt := range tunnels {
		in := tt.answer + accepted + "X: " + strings.Repeat("x", 999) + "\r\n\r\n\x81\x02hi"
		for cut := range len(in) {
			pieces := []string{in[:cut], in[cut:]}
			c, err := dialProxy(t, "ws://h", tt.proxy, pieces[min(1, max(0, 1-cut)):]...)
			if err != nil {
				t.Fatalf("%s, %q cut at %d: %v", tt.proxy, tt.answer, cut, err)
			}
			if _, p, err := c.Read(t.Context()); string(p) != "hi" || err != nil {
				t.Fatalf("%s, %q cut at %d: Read = %q, %v", tt.proxy, tt.answer, cut, p, err)
			}
			c.CloseNow()
		}
	}
}

// What was read too far is read again in pieces of any size, and then the rest.
func TestResumed(t *testing.T) {
	c := &resumed{&stub{pieces: []string{"defg"}, writes: 1}, []byte("abc")}
	b, err := io.ReadAll(iotest.OneByteReader(c))
	if string(b) != "abcdefg" || err != nil {
		t.Errorf("read %q, %v", b, err)
	}
}

// Every byte that is sent to a SOCKS proxy is known.
func TestSOCKSRequest(t *testing.T) {
	for _, tt := range []struct{ name, proxy, target, answer, want string }{
		{"a name", "socks5://p", "ws://h.example", tunnels[3].answer, "\x05\x01\x00" + "\x05\x01\x00\x03\x09h.example\x00\x50"},
		{"an IPv4 address", "socks5://p", "ws://192.0.2.1:258", tunnels[3].answer, "\x05\x01\x00" + "\x05\x01\x00\x01\xC0\x00\x02\x01\x01\x02"},
		{"an IPv6 address", "socks5h://p", "ws://[2001:db8::1]", tunnels[3].answer,
			"\x05\x01\x00" + "\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50"},
		{"an IPv4 address in an IPv6 address", "socks5://p", "ws://[::ffff:192.0.2.1]", tunnels[3].answer,
			"\x05\x01\x00" + "\x05\x01\x00\x01\xC0\x00\x02\x01\x00\x50"},
		{"a user", "socks5://u:SECRET@p", "ws://h", tunnels[7].answer,
			"\x05\x02\x00\x02" + "\x01\x01u\x06SECRET" + "\x05\x01\x00\x03\x01h\x00\x50"},
		{"a user who is not asked", "socks5://u:SECRET@p", "ws://h", tunnels[8].answer, "\x05\x02\x00\x02" + "\x05\x01\x00\x03\x01h\x00\x50"},
		{"a user without a password", "socks5://u@p", "ws://h", tunnels[7].answer,
			"\x05\x02\x00\x02" + "\x01\x01u\x00" + "\x05\x01\x00\x03\x01h\x00\x50"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &stub{pieces: []string{tt.answer}}
			u, _ := url.Parse(tt.proxy)
			Dial(t.Context(), tt.target, &Config{DialContext: s.dial, Proxy: ProxyURL(u)})
			got, _, _ := strings.Cut(s.sent.String(), "GET ")
			if got != tt.want {
				t.Errorf("sent %q\nwant %q", got, tt.want)
			}
		})
	}
}

// What a proxy says against a tunnel is in the error.
//
// Requirements: 6455-4.1-12
func TestProxyRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, proxy, answer string
		status, reply       int
		body, want          string
	}{
		{"407 with a body", "http://u:SECRET@p:3128", "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 3\r\n\r\nwhonot",
			407, 0, "who", `proxy http://p:3128: tunnel to h:81: the status is 407 "Proxy Authentication Required": want 200; the body begins with "who"`},
		{"403 without a body", "http://p", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403, 0, "", `proxy http://p:80: tunnel to h:81: the status is 403 "Forbidden": want 200`},
		{"502 up to the end", "http://p", "HTTP/1.0 502 Bad Gateway\r\n\r\nno such host", 502, 0, "no such host", "502"},
		{"503 in chunks, later", "http://p", "HTTP/1.1 103 \r\n\r\nHTTP/1.1 503 Busy\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbusy\r\n0\r\n\r\n",
			503, 0, "busy", "503"},
		{"a redirect", "http://p", "HTTP/1.1 302 Found\r\nLocation: http://login/\r\nContent-Length: 0\r\n\r\n", 302, 0, "", "302"},
		{"101", "http://p", accepted + "\r\n", 101, 0, "", "101"},
		{"a long body", "http://p", "HTTP/1.1 500 Oops\r\n\r\n" + strings.Repeat("x", 9000), 500, 0, strings.Repeat("x", 4096), "500"},

		{"reply 1", "socks5://p", "\x05\x00\x05\x01", 0, 1, "", "proxy socks5://p:1080: tunnel to h:81: the SOCKS reply is 1, general failure of the proxy"},
		{"reply 2", "socks5h://p", "\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00", 0, 2, "", "proxy socks5h://p:1080: tunnel to h:81: the SOCKS reply is 2, connection not allowed by the rules of the proxy"},
		{"reply 3", "socks5://p", "\x05\x00\x05\x03", 0, 3, "", "network unreachable"},
		{"reply 4", "socks5://p", "\x05\x00\x05\x04", 0, 4, "", "host unreachable"},
		{"reply 5", "socks5://p", "\x05\x00\x05\x05", 0, 5, "", "connection refused"},
		{"reply 6", "socks5://p", "\x05\x00\x05\x06", 0, 6, "", "TTL expired"},
		{"reply 7", "socks5://p", "\x05\x00\x05\x07", 0, 7, "", "command not supported"},
		{"reply 8", "socks5://p", "\x05\x00\x05\x08", 0, 8, "", "address type not supported"},
		{"reply 9", "socks5://p", "\x05\x00\x05\x09", 0, 9, "", "9, a code that RFC 1928 does not have"},
		{"no method", "socks5://p", "\x05\xFF", 0, 0, "", "wants a user and a password"},
		{"a wrong password", "socks5://u:SECRET@p", "\x05\x02\x01\x01", 0, 0, "", "refuses the user or the password"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, pieces := range [][]string{{tt.answer}, bytewise(tt.answer)} {
				_, err := dialProxy(t, "ws://h:81", tt.proxy, pieces...)
				e, ok := errors.AsType[*ProxyError](err)
				if !ok || e.Status != tt.status || e.Reply != tt.reply || string(e.Body) != tt.body || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("Dial = %+v, want %q", err, tt.want)
				}
				if delay, ok := e.RetryAfter(); ok != (tt.status == 503) || ok && delay != 7*time.Second {
					t.Errorf("RetryAfter = %v, %v", delay, ok)
				}
			}
		})
	}
}

// A proxy that does not speak its protocol, or stops in the middle.
func TestProxyGarbage(t *testing.T) {
	for _, tt := range []struct{ name, proxy, answer, want string }{
		{"it hangs up", "http://p", "", "the proxy hung up without an answer"},
		{"it hangs up in the middle of the head", "http://p", "HTTP/1.1 200 OK\r\nA: b\r\n", "the proxy hung up after"},
		{"it hangs up after an interim response", "http://p", "HTTP/1.1 100 \r\n\r\n", "the proxy hung up without an answer"},
		{"SSH", "http://p", "SSH-2.0-x\r\n", `does not begin with HTTP/ but with "SSH-`},
		{"SOCKS for HTTP", "http://p", "\x05\xFF", "the proxy speaks SOCKS, is it a socks5 URL that is meant?"},
		{"TLS", "http://p", "\x15\x03\x01\x00\x02\x02\x46", "the proxy speaks TLS, is it an https URL that is meant?"},
		{"lines without CR", "http://p", "HTTP/1.1 200 OK\n\n", "without CR"},
		{"a field without a colon", "http://p", "HTTP/1.1 200 OK\r\nx\r\n\r\n", "colon"},
		{"an endless line", "http://p", "HTTP/1.1 200 " + strings.Repeat("x", 99999), "more than Config.MaxHeaderBytes of 16384"},
		{"endless fields", "http://p", "HTTP/1.1 200 OK\r\n" + strings.Repeat("x: "+strings.Repeat("y", 200)+"\r\n", 999), "MaxHeaderBytes"},
		{"endless interim responses", "http://p", strings.Repeat("HTTP/1.1 103 \r\n\r\n", 9999), "MaxHeaderBytes"},

		{"HTTP for SOCKS", "socks5://p", "HTTP/1.1 400 Bad Request\r\n\r\n", "the proxy answered in HTTP: is it an http URL that is meant?"},
		{"SOCKS 4", "socks5://p", "\x00\x5A\x00\x00\x00\x00\x00\x00", "a first byte of 0x00"},
		{"SOCKS hangs up", "socks5://p", "", "the proxy hung up, 2 bytes before the end"},
		{"SOCKS hangs up in the middle", "socks5://p", "\x05", "the proxy hung up, 1 bytes before the end"},
		{"SOCKS hangs up after the method", "socks5://p", "\x05\x00", "hung up"},
		{"SOCKS hangs up in the reply", "socks5://p", "\x05\x00\x05\x00\x00\x01\x01", "hung up"},
		{"SOCKS hangs up in a long reply", "socks5://p", "\x05\x00\x05\x00\x00\x03\xFFabc", "hung up"},
		{"SOCKS hangs up at the password", "socks5://u:SECRET@p", "\x05\x02\x01", "hung up"},
		{"a method that was not offered", "socks5://p", "\x05\x02\x01\x00", "method 2, which it was not offered"},
		{"GSSAPI", "socks5://u:SECRET@p", "\x05\x01", "method 1, which it was not offered"},
		{"another version of the password", "socks5://u:SECRET@p", "\x05\x02\x05\x00", "a first byte of 0x05: want 0x01"},
		{"another version of the reply", "socks5://p", "\x05\x00\x04\x00\x00\x01\x00\x00\x00\x00\x00\x00", "a first byte of 0x04"},
		{"another type of address", "socks5://p", "\x05\x00\x05\x00\x00\x02\x00\x00\x00\x00\x00\x00", "address of type 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dialProxy(t, "ws://h", tt.proxy, tt.answer)
			e, ok := errors.AsType[*ProxyError](err)
			if !ok || e.Status != 0 || e.Reply != 0 || e.Header != nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Dial = %v, want a ProxyError with %q", err, tt.want)
			}
			if strings.Contains(tt.want, "hung up") && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("Dial = %v, want io.ErrUnexpectedEOF", err)
			}
			if l, ok := errors.AsType[*conn.LimitError](err); ok != strings.Contains(tt.want, "MaxHeader") || ok && l.Limit != 16<<10 {
				t.Errorf("Dial = %v, which wraps %v", err, l)
			}
		})
	}
	// The body of a tunnel that is none is what the server seems to answer.
	_, err := dialProxy(t, "ws://h", "http://p", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html>")
	if e, ok := errors.AsType[*HandshakeError](err); !ok || e.URL != "ws://h/" || !strings.Contains(err.Error(), "<html>") {
		t.Errorf("Dial = %v, want a HandshakeError", err)
	}
}

// A proxy that cannot be reached, and one whose TLS does not come about.
func TestProxyUnreachable(t *testing.T) { synctest.Test(t, testProxyUnreachable) }
func testProxyUnreachable(t *testing.T) {
	for _, tt := range []struct{ name, proxy, want string }{
		{"no such proxy", "http://u:SECRET@nowhere:1", "websocket: proxy http://nowhere:1: connecting to it: dial tcp: lookup nowhere:1"},
		{"no TLS", "https://proxy.example:3128", "is it an http URL that is meant?"},
		{"a certificate for another name", "https://other.example", "other.example"},
		{"no target", "http://proxy.example:3128", `proxy http://proxy.example:3128: tunnel to h:443: the status is 502 "Bad Gateway"`},
	} {
		w := proxied(t)
		w.hosts["other.example:443"] = secure(w.connectProxy())
		w.hosts["proxy.example:3128"] = w.connectProxy()
		if tt.name == "no TLS" {
			w.hosts["proxy.example:3128"] = func(nc net.Conn) {
				nc.Read(make([]byte, 9999))
				io.WriteString(nc, "HTTP/1.1 400 Bad Request\r\n\r\n")
			}
		}
		_, err := Dial(t.Context(), "wss://h", w.config(tt.proxy))
		if _, ok := errors.AsType[*ProxyError](err); !ok || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: Dial = %v, want %q", tt.name, err, tt.want)
		}
		w.wg.Wait()
		w.checkClosed()
	}
}

// A SOCKS proxy that resets the connection in the middle is the error of the network.
func TestSOCKSReset(t *testing.T) { synctest.Test(t, testSOCKSReset) }
func testSOCKSReset(t *testing.T) {
	for _, answer := range []string{"", "\x05\x00", "\x05\x02", "\x05\x02\x01\x00"} {
		c, s := wstest.Pipe()
		io.WriteString(s, answer)
		go func() {
			synctest.Wait() // until the client waits for more
			s.Reset()
		}()
		cfg := newWorld(t).config("socks5://u:p@p")
		cfg.DialContext = func(context.Context, string, string) (net.Conn, error) { return c, nil }
		_, err := Dial(t.Context(), "ws://h", cfg)
		if e, ok := errors.AsType[*ProxyError](err); !ok || !errors.Is(e, wstest.ErrReset) {
			t.Errorf("after %q: Dial = %v, want a ProxyError that wraps the reset", answer, err)
		}
	}
	broken := &stub{pieces: []string{"\x05\x00"}}
	var nc net.Conn = &brokenStub{broken}
	cfg := newWorld(t).config("socks5://p")
	cfg.DialContext = func(context.Context, string, string) (net.Conn, error) { return nc, nil }
	_, err := Dial(t.Context(), "ws://h", cfg)
	if e, ok := errors.AsType[*ProxyError](err); !ok || !errors.Is(e, io.ErrClosedPipe) || !broken.isClosed() {
		t.Errorf("Dial = %v, want a ProxyError that wraps the error of Write", err)
	}
}

// A brokenStub takes one Write.
type brokenStub struct{ *stub }

func (s *brokenStub) Write(p []byte) (int, error) {
	if s.writes > 0 {
		return 0, io.ErrClosedPipe
	}
	return s.stub.Write(p)
}

// Wherever a proxy is silent, Dial ends in time, closes the connection and names the proxy.
func TestProxySilent(t *testing.T) {
	for _, proxy := range proxyURLs[:4] {
		for n := range 4 { // how much of the answer the proxy sends
			for _, scheme := range []string{"ws", "wss"} {
				t.Run(fmt.Sprint(scheme, " by ", proxy, " after ", n), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { testProxySilent(t, scheme, proxy, n) })
				})
			}
		}
	}
}

func testProxySilent(t *testing.T, scheme, proxy string, n int) {
	w := proxied(t)
	serve := func(nc net.Conn) {
		nc.Read(make([]byte, 512))
		io.WriteString(nc, []string{"", "H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 403 No\r\n\r\n"}[n])
		io.Copy(io.Discard, nc)
	}
	if strings.HasPrefix(proxy, "socks") {
		serve = func(nc net.Conn) {
			nc.Read(make([]byte, 512))
			io.WriteString(nc, []string{"", "\x05", "\x05\x00", "\x05\x00\x05\x00\x00\x01"}[n])
			io.Copy(io.Discard, nc)
		}
	}
	for addr := range w.hosts {
		w.hosts[addr] = serve
		if strings.HasPrefix(proxy, "https") && n > 0 {
			w.hosts[addr] = secure(serve)
		}
	}
	cfg := w.config(proxy)
	cfg.HandshakeTimeout = 10 * time.Second
	start := time.Now()
	_, err := Dial(t.Context(), scheme+"://h", cfg)
	e, ok := errors.AsType[*ProxyError](err)
	if !ok || strings.Contains(e.Proxy, "@") || !strings.HasPrefix(proxy, e.Proxy[:5]) {
		t.Fatalf("Dial = %v, want a ProxyError", err)
	}
	if n == 3 && e.Status == 403 { // the body is not waited for that long
		if d := time.Since(start); d != bodyTimeout {
			t.Errorf("Dial ends after %v, want %v", d, bodyTimeout)
		}
	} else if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second ||
		!strings.HasSuffix(err.Error(), ": more than Config.HandshakeTimeout of 10s passed") {
		t.Errorf("Dial = %v after %v, want the end of its time", err, time.Since(start))
	}
	w.wg.Wait()
	w.checkClosed()
}

// A context that is cancelled while the proxy does not even read ends Dial at once, also below TLS.
func TestProxyCancel(t *testing.T) { synctest.Test(t, testProxyCancel) }
func testProxyCancel(t *testing.T) {
	for _, proxy := range proxyURLs[:4] {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		c, s := wstest.PipeSize(1)
		cfg := newWorld(t).config(proxy)
		cfg.DialContext = func(context.Context, string, string) (net.Conn, error) { return c, nil }
		start := time.Now()
		_, err := Dial(ctx, "wss://h", cfg)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%s: Dial = %v after %v", proxy, err, time.Since(start))
		}
		if _, err := io.Copy(io.Discard, s); err != nil {
			t.Errorf("%s: the proxy reads %v, want the end", proxy, err)
		}
		s.Close()
		cancel()
	}
}

// The TLS of an https proxy has nothing to do with that of the server.
func TestProxyTLS(t *testing.T) { synctest.Test(t, testProxyTLS) }
func testProxyTLS(t *testing.T) {
	w := proxied(t)
	w.hosts["h:80"] = w.server("")
	cfg := w.config("https://localhost:3129")
	cfg.TLS = nil
	w.checkHi("ws://h", cfg)
	cfg.TLS, cfg.ProxyTLS = trusting(), nil
	if _, err := Dial(t.Context(), "ws://h", cfg); !isA[*ProxyError](err) || !isA[x509.UnknownAuthorityError](err) {
		t.Errorf("Dial = %v, want a ProxyError for the certificate", err)
	}
	w.wg.Wait()
	w.checkClosed()
}

// Through the TLS of a proxy, time-outs are in time even if nothing can be sent any more:
// nobody waits for the last words of TLS.
func TestProxyStalled(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         time.Duration
	}{
		{"no answer", "", 10 * time.Second},
		{"a body that does not come", "HTTP/1.1 403 No\r\n\r\n", bodyTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := proxied(t)
				nc := new(stalling)
				w.hosts["h:80"] = func(server net.Conn) {
					w.head(server)
					nc.stalled.Store(true)
					io.WriteString(server, tt.answer)
					io.Copy(io.Discard, server)
				}
				cfg := w.config("https://localhost:3129")
				cfg.HandshakeTimeout = 10 * time.Second
				cfg.DialContext = func(ctx context.Context, network, addr string) (c net.Conn, err error) {
					nc.Conn, err = w.dial(ctx, network, addr)
					return nc, err
				}
				start := time.Now()
				if _, err := Dial(t.Context(), "ws://h", cfg); err == nil || time.Since(start) != tt.want {
					t.Errorf("Dial = %v after %v, want an error after %v", err, time.Since(start), tt.want)
				}
			})
		})
	}
}

// A stalling connection takes nothing any more, and says so after a while.
type stalling struct {
	net.Conn
	stalled atomic.Bool
}

func (s *stalling) Write(p []byte) (int, error) {
	if s.stalled.Load() {
		time.Sleep(5 * time.Second)
		return 0, os.ErrDeadlineExceeded
	}
	return s.Conn.Write(p)
}

// A context that ends when the tunnel has just opened gives no connection.
func TestProxyCancelLate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &cancelStub{stub: stub{pieces: []string{"HTTP/1.1 200 OK\r\n\r\n", accepted + "\r\n"}}, cancel: cancel}
	cfg := &Config{Proxy: ProxyURL(&url.URL{Scheme: "http", Host: "p"})}
	cfg.DialContext = func(context.Context, string, string) (net.Conn, error) { return s, nil }
	c, err := dial(ctx, "ws://h", cfg, sampleNonce)
	if c != nil || !errors.Is(err, context.Canceled) || !s.isClosed() {
		t.Errorf("Dial = %v, %v; the connection is closed: %v", c, err, s.isClosed())
	}
}

// However the answer of a proxy is cut, the outcome is the same: a tunnel, of whose bytes none is lost,
// or a ProxyError and a connection that is closed.
func FuzzProxyAnswer(f *testing.F) {
	for _, tt := range tunnels {
		f.Add(strings.HasPrefix(tt.proxy, "socks"), []byte(tt.answer), 3)
		f.Add(strings.HasPrefix(tt.proxy, "socks"), []byte(tt.answer+accepted+"\r\n"), 30)
	}
	f.Add(false, []byte("HTTP/1.1 407 x\r\n\r\nbody"), 9)
	f.Add(false, []byte("HTTP/1.1 100 x\r\n\r\nHTTP/1.1 099 x"), 9)
	f.Add(true, []byte("\x05\xFF"), 1)
	f.Add(true, []byte("\x05\x00\x05\x01"), 1)
	f.Fuzz(func(t *testing.T, socks bool, answer []byte, cut int) {
		proxy := map[bool]string{false: "http://p", true: "socks5://u:SECRET@p"}[socks]
		pieces := []string{string(answer)}
		if cut > 0 && cut < len(answer) {
			pieces = []string{string(answer[:cut]), string(answer[cut:])}
		}
		c, whole := dialProxy(t, "ws://h", proxy, string(answer))
		if c != nil {
			c.CloseNow()
		}
		c, split := dialProxy(t, "ws://h", proxy, pieces...)
		if c != nil {
			c.CloseNow()
		}
		if fmt.Sprintf("%T", whole) != fmt.Sprintf("%T", split) {
			t.Fatalf("%q: %v in one piece, %v in two", answer, whole, split)
		}
		if a, b := new(ProxyError), new(ProxyError); errors.As(whole, &a) && errors.As(split, &b) {
			if a.Status != b.Status || a.Reply != b.Reply || a.Status/100 == 2 || string(a.Body) != string(b.Body) {
				t.Fatalf("%q: %v in one piece, %v in two", answer, whole, split)
			}
		}
	})
}

// With Serialize, behind a proxy names count, whatever the proxy's address is;
// and all together no more than 16 wait at a time.
//
// Requirements: 6455-4.1-07, 6455-4.1-08
func TestSerializeProxy(t *testing.T) { synctest.Test(t, testSerializeProxy) }
func testSerializeProxy(t *testing.T) {
	for _, tt := range []struct {
		name string
		urls []string
		want []int // seconds after which connections are there
	}{
		{"two names", []string{"ws://a", "ws://b"}, []int{1, 1}},
		{"one name", []string{"ws://a", "ws://a", "ws://a:81"}, []int{1, 1, 2}},
		{"many names", names(17), append(slices.Repeat([]int{1}, 16), 2)},
	} {
		cfg := &Config{Serialize: true, Proxy: ProxyURL(&url.URL{Scheme: "http", Host: "p"})}
		cfg.DialContext = slowProxies(tcp("192.0.2.1", 80))
		start := time.Now()
		ends := make(chan int)
		for _, u := range tt.urls {
			go func() {
				c, err := dial(t.Context(), u, cfg, sampleNonce)
				if err != nil {
					t.Error(err)
				} else {
					c.CloseNow()
				}
				ends <- int(time.Since(start) / time.Second)
			}()
		}
		var got []int
		for range tt.urls {
			got = append(got, <-ends)
		}
		if slices.Sort(got); !slices.Equal(got, tt.want) {
			t.Errorf("%s: connections after %v seconds, want %v", tt.name, got, tt.want)
		}
		checkNoCrossings(t)
	}
}

// Whoever waits for a turn behind a proxy stops when its context ends, with all its turns given back.
//
// Requirements: 6455-4.1-08
func TestSerializeProxyFailure(t *testing.T) { synctest.Test(t, testSerializeProxyFailure) }
func testSerializeProxyFailure(t *testing.T) {
	var turns []*turn
	for _, name := range names(16) {
		turns = append(turns, new(turn))
		if err := turns[len(turns)-1].takeUnseen(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	cfg := &Config{Serialize: true, DialContext: neverDial(t), Proxy: ProxyURL(&url.URL{Scheme: "http", Host: "p"}), HandshakeTimeout: time.Second}
	if _, err := Dial(t.Context(), "ws://h", cfg); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Dial = %v, want the end of its time", err)
	}
	for _, r := range turns {
		r.give()
	}
	checkNoCrossings(t)
}

// names returns n different URLs.
func names(n int) (urls []string) {
	for i := range n {
		urls = append(urls, fmt.Sprint("ws://n", i))
	}
	return urls
}

// slowProxies returns a DialContext for proxies, at one address, to servers that answer after a second.
func slowProxies(at net.Addr) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		c, s := net.Pipe()
		go func() {
			readHead(s)
			io.WriteString(s, "HTTP/1.1 200 OK\r\n\r\n")
			readHead(s)
			time.Sleep(time.Second)
			io.WriteString(s, accepted+"\r\n")
			io.Copy(io.Discard, s)
		}()
		return addressed{c, at}, nil
	}
}
