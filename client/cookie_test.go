package client

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
	"testing/synctest"
)

// jar returns a jar that has these cookies for http and https at a URL.
func jar(t *testing.T, rawURL string, cookies ...*http.Cookie) *cookiejar.Jar {
	t.Helper()
	j, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	j.SetCookies(u, cookies)
	return j
}

// The cookies of the jar and those of Header go in one field.
func TestJarSends(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		header    http.Header
		want      string
	}{
		{"for ws as for http", "ws://h.example/p", nil, "a=1"},
		{"for wss as for https", "wss://h.example/p", nil, "a=1; s=2"},
		{"whatever the port is", "ws://h.example:81/p", nil, "a=1"},
		{"below the path", "wss://h.example/deep/er", nil, "d=3; a=1; s=2"},
		{"not for another host", "ws://other.example/p", nil, ""},
		{"not for another host, with a cookie of Header", "ws://other.example/p", http.Header{"Cookie": {"x=y"}}, "x=y"},
		{"after those of Header", "ws://h.example/p", http.Header{"Cookie": {"x=y"}, "B": {"c"}}, "x=y; a=1"},
		{"after several fields of Header", "ws://h.example/p", http.Header{"Cookie": {"x=y", "z=1"}}, "x=y; z=1; a=1"},
		{"after one in lower case", "ws://h.example/p", http.Header{"cookie": {"x=y"}}, "x=y; a=1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				for _, addr := range []string{"h.example:80", "h.example:81", "other.example:80"} {
					w.hosts[addr] = w.server("")
				}
				w.hosts["h.example:443"] = secure(w.server(""))
				cfg := w.config("")
				cfg.TLS.InsecureSkipVerify = true // the certificate is for other names
				cfg.Header = tt.header
				cfg.Jar = jar(t, "https://h.example/", &http.Cookie{Name: "a", Value: "1"},
					&http.Cookie{Name: "s", Value: "2", Secure: true}, &http.Cookie{Name: "d", Value: "3", Path: "/deep"})
				before := len(tt.header["Cookie"])
				w.checkHi(tt.url, cfg)
				if got := fieldOf(w.heads[0], "Cookie"); got != tt.want {
					t.Errorf("Cookie %q, want %q", got, tt.want)
				}
				if tt.header != nil && fieldOf(w.heads[0], "B") != tt.header.Get("B") || len(tt.header["Cookie"]) != before {
					t.Errorf("sent %q; Config.Header %v", w.heads[0], tt.header)
				}
			})
		})
	}
}

// The jar gets the cookies of the response that opens the connection, of a refusal,
// and of a redirect, in time for the next request.
func TestJarKeeps(t *testing.T) { synctest.Test(t, testJarKeeps) }
func testJarKeeps(t *testing.T) {
	w := newWorld(t)
	w.hosts["a.example:80"] = w.answering("HTTP/1.1 302 Found\r\nSet-Cookie: r=1\r\nLocation: ws://b.example/x/y\r\n\r\n")
	w.hosts["b.example:80"] = w.server("Set-Cookie: n=3\r\n")
	w.hosts["c.example:80"] = w.answering("HTTP/1.1 401 Unauthorized\r\nSet-Cookie: no=4; Path=/\r\nContent-Length: 0\r\n\r\n")
	cfg := w.config("")
	cfg.Jar = jar(t, "http://b.example/", &http.Cookie{Name: "b", Value: "0"})
	w.checkHi("ws://a.example", cfg)
	if len(w.heads) != 2 || fieldOf(w.heads[0], "Cookie") != "" || fieldOf(w.heads[1], "Cookie") != "b=0" {
		t.Errorf("sent %q", w.heads)
	}
	if _, err := Dial(t.Context(), "ws://c.example/deep", cfg); err == nil {
		t.Error("Dial = nil, want an error")
	}
	for _, tt := range []struct{ url, want string }{
		{"http://a.example/", "r=1"}, {"http://b.example/x/", "n=3; b=0"}, {"http://b.example/", "b=0"}, {"http://c.example/", "no=4"},
	} {
		u, _ := url.Parse(tt.url)
		r := http.Request{Header: http.Header{}}
		for _, c := range cfg.Jar.Cookies(u) {
			r.AddCookie(c)
		}
		if got := r.Header.Get("Cookie"); got != tt.want {
			t.Errorf("the jar has %q for %s, want %q", got, tt.url, tt.want)
		}
	}
}
