package client

import (
	"errors"
	"net/url"
	"runtime"
	"strings"
	"testing"
)

// Which proxy the environment has for a target.
func TestProxyFromEnvironment(t *testing.T) {
	const proxy = "http://proxy.example:3128"
	for _, tt := range []struct {
		name, env, target, want string
	}{
		{"nothing set", "", "ws://h/", ""},
		{"ws", "HTTP_PROXY=http://p", "ws://h/", "http://p"},
		{"ws is not wss", "HTTPS_PROXY=http://p", "ws://h/", ""},
		{"wss", "HTTPS_PROXY=http://p", "wss://h/", "http://p"},
		{"wss is not ws", "HTTP_PROXY=http://p", "wss://h/", ""},
		{"http and https mean the same", "HTTPS_PROXY=http://p", "https://h/", "http://p"},
		{"lower case", "https_proxy=http://p", "wss://h/", "http://p"},
		{"upper case first", "HTTP_PROXY=http://P http_proxy=http://p", "ws://h/", "http://P"},
		{"all", "ALL_PROXY=socks5://p", "ws://h/", "socks5://p"},
		{"all in lower case", "all_proxy=socks5h://p:1", "wss://h/", "socks5h://p:1"},
		{"all comes last", "ALL_PROXY=socks5://a http_proxy=http://p", "ws://h/", "http://p"},
		{"no scheme", "HTTP_PROXY=p:3128", "ws://h/", "http://p:3128"},
		{"no scheme but a user", "HTTP_PROXY=u:p@p:3128", "ws://h/", "http://u:p@p:3128"},
		{"an IP address without a scheme", "HTTP_PROXY=[::1]:3128", "ws://h/", "http://[::1]:3128"},

		{"localhost", "HTTP_PROXY=p", "ws://localhost:81/", ""},
		{"localhost in upper case", "HTTP_PROXY=p", "ws://LOCALHOST./", ""},
		{"below localhost", "HTTP_PROXY=p", "ws://a.localhost/", ""},
		{"not below localhost", "HTTP_PROXY=p", "ws://alocalhost/", "http://p"},
		{"loopback", "HTTP_PROXY=p", "ws://127.1.2.3/", ""},
		{"loopback, version 6", "HTTP_PROXY=p", "ws://[::1]/", ""},
		{"loopback, version 4 in version 6", "HTTP_PROXY=p", "ws://[::ffff:127.0.0.1]/", ""},
		{"another address", "HTTP_PROXY=p", "ws://128.0.0.1/", "http://p"},

		{"CGI", "HTTP_PROXY=http://p REQUEST_METHOD=GET", "ws://h/", "CGI"},
		{"CGI in lower case, which is upper case on Windows", "http_proxy=http://p REQUEST_METHOD=GET", "ws://h/", "CGI"},
		{"CGI and localhost", "HTTP_PROXY=http://p REQUEST_METHOD=GET", "ws://localhost/", ""},
		{"CGI and wss", "HTTPS_PROXY=http://p REQUEST_METHOD=GET", "wss://h/", "http://p"},

		{"another scheme", "HTTP_PROXY=ftp://SECRET@p", "ws://h/", "HTTP_PROXY: URL: the scheme"},
		{"no URL", "HTTPS_PROXY=http://u:SECRET@[p", "wss://h/", "HTTPS_PROXY is not a URL"},
		{"no host", "ALL_PROXY=http://", "wss://h/", "ALL_PROXY: URL: it has no host"},
		{"no port", "HTTP_PROXY=http://p:0", "ws://h/", "HTTP_PROXY: URL: the port"},
		{"no URL that is not needed", "HTTP_PROXY=ftp://p NO_PROXY=h", "ws://h/", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.Contains(tt.env, "HTTP_PROXY=") && strings.Contains(tt.env, "http_proxy=") {
				t.Skip("the two are one variable")
			}
			for pair := range strings.FieldsSeq(tt.env) {
				name, value, _ := strings.Cut(pair, "=")
				t.Setenv(name, value)
			}
			checkProxy(t, tt.target, tt.want)
		})
	}
	for _, tt := range []struct {
		rule     string
		direct   string // targets that it covers
		indirect string // and some that it does not
	}{
		{"example.com", "ws://example.com ws://a.b.example.com:81 ws://EXAMPLE.com.", "ws://xexample.com ws://example.com.de ws://com"},
		{"EXAMPLE.com.", "ws://example.com", "ws://example.org"},
		{".example.com", "ws://a.example.com", "ws://example.com ws://aexample.com"},
		{"*.example.com", "ws://a.example.com", "ws://example.com"},
		{"bücher.example", "ws://xn--bcher-kva.example ws://a.BÜCHER.example", "ws://bucher.example"},
		{".bücher.example", "ws://a.bücher.example", "ws://bücher.example"},
		{"example.com:81", "ws://example.com:81 ws://a.example.com:81", "ws://example.com ws://example.com:82"},
		{"example.com:80", "ws://example.com", "wss://example.com"},
		{"example.com:443", "wss://example.com", "ws://example.com"},
		{".example.com:81", "ws://a.example.com:81", "ws://example.com:81"},
		{"192.0.2.1", "ws://192.0.2.1 ws://[::ffff:192.0.2.1]:81", "ws://192.0.2.10 ws://192.0.2.1.example"},
		{"192.0.2.1:81", "ws://192.0.2.1:81", "ws://192.0.2.1"},
		{"192.0.2.0/24", "ws://192.0.2.255 ws://[::ffff:192.0.2.1]", "ws://192.0.3.0 ws://h"},
		{"2001:db8::1", "ws://[2001:db8::1] ws://[2001:DB8:0::1]:81", "ws://[2001:db8::2]"},
		{"[2001:db8::1]", "ws://[2001:db8::1]", "ws://[2001:db8::2]"},
		{"[2001:db8::1]:81", "ws://[2001:db8::1]:81", "ws://[2001:db8::1]"},
		{"2001:db8::/32", "ws://[2001:db8:1::1] ws://[2001:db8::1%25eth0]", "ws://[2001:db9::1]"},
		{"2.1", "", "ws://192.0.2.1"},
		{"*", "ws://h ws://192.0.2.1 wss://[2001:db8::1]", ""},
		{"a, b,,c d\te", "ws://a ws://b ws://c ws://d ws://e", "ws://f"},
		{", . *. : :80 / [] [ a:b:c %", "", "ws://h ws://192.0.2.1"},
		{"http://example.com", "", "ws://example.com"},
	} {
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			t.Run(name+"="+tt.rule, func(t *testing.T) {
				t.Setenv("ALL_PROXY", proxy)
				t.Setenv(name, tt.rule)
				for target := range strings.FieldsSeq(tt.direct) {
					checkProxy(t, target, "")
				}
				for target := range strings.FieldsSeq(tt.indirect) {
					checkProxy(t, target, proxy)
				}
			})
		}
	}
}

// checkProxy checks which proxy leads to target: its URL, or a part of the error.
func checkProxy(t *testing.T, target, want string) {
	t.Helper()
	var got string
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ProxyFromEnvironment(u)
	switch {
	case err != nil && (want == "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECRET")):
		t.Errorf("%s: %v, want %q", target, err, want)
	case err != nil:
		return
	case p != nil:
		got = p.String()
	}
	if got != want {
		t.Errorf("%s: proxy %q, want %q", target, got, want)
	}
}

// The environment is what counts by default, and NoProxy is not.
func TestProxyDefault(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://u:SECRET@p:3128")
	var dialed string
	_, err := Dial(t.Context(), "ws://h", &Config{DialContext: to(&stub{}, &dialed)})
	if e, ok := errors.AsType[*ProxyError](err); !ok || e.Proxy != "http://p:3128" || dialed != "p:3128" {
		t.Errorf("Dial = %v and dials %s, want the proxy", err, dialed)
	}
	if Dial(t.Context(), "ws://h", &Config{DialContext: to(&stub{}, &dialed), Proxy: NoProxy}); dialed != "h:80" {
		t.Errorf("with NoProxy, Dial dials %s", dialed)
	}
	if Dial(t.Context(), "ws+unix:///s", &Config{DialContext: to(&stub{}, &dialed)}); dialed != "/s" {
		t.Errorf("for a Unix socket, Dial dials %s", dialed)
	}
	t.Setenv("HTTP_PROXY", "ftp://u:SECRET@p:3128")
	_, err = Dial(t.Context(), "ws://h", &Config{DialContext: neverDial(t)})
	if err == nil || !strings.HasPrefix(err.Error(), "websocket: HTTP_PROXY: URL: the scheme is none of") {
		t.Errorf("Dial = %v, want an error of the environment", err)
	}
}

// Nothing in NO_PROXY makes it fail, and a name is covered by itself, whatever stands beside it.
func FuzzNoProxy(f *testing.F) {
	f.Add("example.com,.x", "a.example.com", "81")
	f.Add("[::1]:80 10.0.0.0/8", "h", "80")
	f.Fuzz(func(t *testing.T, rules, host, port string) {
		ascii, err := asciiHost(host)
		if err != nil || strings.Trim(ascii, ".") != ascii {
			return
		}
		u := &url.URL{Scheme: "ws", Host: ascii + ":" + port}
		isDirect(u, rules)
		if u.Port() == port && !isDirect(u, rules+","+ascii) {
			t.Fatalf("%s is not covered by itself, with %q", u.Host, rules)
		}
	})
}
