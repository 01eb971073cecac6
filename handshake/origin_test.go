package handshake

import (
	"net/http"
	"testing"
)

func TestCheckOrigin(t *testing.T) {
	for _, tt := range []struct {
		id, name     string
		origin, host string
		patterns     []string
		want         bool
	}{
		{"6455-10.2-01", "the same host", "http://example.com", "example.com", nil, true},
		{"6455-10.2-01", "the same host over TLS", "https://example.com", "example.com", nil, true},
		{"6455-4.2.2-05", "the same host in other letters", "HTTP://EXAMPLE.COM", "example.com", nil, true},
		{"6455-4.2.2-05", "a Host in other letters", "http://example.com", "Example.Com", nil, true},
		{"6455-4.2.2-05", "the same port", "http://example.com:8080", "example.com:8080", nil, true},
		{"6455-4.2.2-05", "the highest port", "http://example.com:65535", "example.com:65535", nil, true},
		{"6455-4.2.2-05", "port 80 is the default of http", "http://example.com", "example.com:80", nil, true},
		{"6455-4.2.2-05", "port 443 is the default of https", "https://example.com:443", "example.com", nil, true},
		{"6455-4.2.2-05", "the default in other letters", "HTTPS://example.com", "example.com:443", nil, true},
		{"6455-10.2-01", "an IPv4 address", "http://127.0.0.1:8080", "127.0.0.1:8080", nil, true},
		{"6455-10.2-01", "an IPv6 address", "http://[2001:DB8::1]", "[2001:db8::1]", nil, true},
		{"6455-10.2-01", "an IPv6 address with a port", "http://[::1]:8080", "[::1]:8080", nil, true},

		{"6455-10.2-01", "another host", "https://evil.example", "example.com", nil, false},
		{"6455-10.2-01", "a host that ends alike", "https://evil-example.com", "example.com", nil, false},
		{"6455-10.2-01", "a host that begins alike", "https://example.com.evil", "example.com", nil, false},
		{"6455-10.2-01", "a host below", "https://a.example.com", "example.com", nil, false},
		{"6455-10.2-01", "the host above", "https://example.com", "a.example.com", nil, false},
		{"6455-4.2.2-05", "another port", "http://example.com:8081", "example.com:8080", nil, false},
		{"6455-4.2.2-05", "a port and the default", "http://example.com:8080", "example.com", nil, false},
		{"6455-4.2.2-05", "the default of the other scheme", "https://example.com", "example.com:80", nil, false},
		{"6455-4.2.2-05", "the port of the other scheme", "http://example.com:443", "example.com", nil, false},
		{"6455-10.2-01", "another port of an IPv6 address", "http://[::1]:8081", "[::1]:8080", nil, false},
		{"6455-10.2-01", "a scheme that is not of the web", "app://localhost", "localhost", nil, false},
		{"6455-10.2-01", "a Host that is none", "http://a%b", "a%b", nil, false},
		{"6455-10.2-01", "a Host with an empty port", "http://example.com", "example.com:", nil, false},

		{"6455-10.2-01", "a sandboxed page", "null", "example.com", nil, false},
		{"6455-10.2-01", "a sandboxed page and a host called null", "null", "null", []string{"null"}, false},
		{"6455-10.2-01", "nothing", "", "example.com", []string{""}, false},
		{"6455-10.2-01", "no scheme", "example.com", "example.com", nil, false},
		{"6455-10.2-01", "an empty scheme", "://example.com", "example.com", []string{"example.com"}, false},
		{"6455-10.2-01", "a scheme that begins with a digit", "1http://example.com", "example.com", []string{"example.com"}, false},
		{"6455-10.2-01", "no host", "http://", "example.com", nil, false},
		{"6455-10.2-01", "a path", "http://example.com/", "example.com", nil, false},
		{"6455-10.2-01", "a user", "http://example.com@evil.example", "example.com", nil, false},
		{"6455-10.2-01", "a user that looks like a port", "http://example.com:80@evil.example", "example.com", nil, false},
		{"6455-10.2-01", "two origins in one line", "http://example.com http://evil.example", "example.com", nil, false},
		{"6455-10.2-01", "an empty port", "http://example.com:", "example.com:", nil, false},
		{"6455-10.2-01", "a port of six digits", "http://example.com:000080", "example.com:000080", nil, false},
		{"6455-10.2-01", "a port of letters", "http://example.com:http", "example.com", nil, false},
		{"6455-10.2-01", "a bracket that is not closed", "http://[::1", "[::1", nil, false},
		{"6455-10.2-01", "brackets around nothing", "http://[]", "[]", nil, false},
		{"6455-10.2-01", "brackets around a name", "http://[example.com]", "[example.com]", nil, false},
		{"6455-10.2-01", "a Kelvin sign is not a k", "http://\u212A.example", "k.example", nil, false},

		{"6455-10.2-01", "a pattern with scheme", "https://app.example.com", "h", []string{"https://app.example.com"}, true},
		{"6455-10.2-01", "a pattern with scheme, the default port", "https://app.example.com:443", "h", []string{"https://app.example.com"}, true},
		{"6455-4.2.2-05", "a pattern in other letters", "https://app.example.com", "h", []string{"HTTPS://App.Example.com"}, true},
		{"6455-10.2-01", "a pattern with another scheme", "http://app.example.com", "h", []string{"https://app.example.com"}, false},
		{"6455-10.2-01", "a pattern without the port", "https://app.example.com:8443", "h", []string{"https://app.example.com"}, false},
		{"6455-10.2-01", "a pattern with the port", "https://app.example.com:8443", "h", []string{"https://app.example.com:8443"}, true},
		{"6455-10.2-01", "a pattern with another port", "https://app.example.com:8443", "h", []string{"https://app.example.com:8444"}, false},
		{"6455-10.2-01", "a pattern of a host, http", "http://app.example.com", "h", []string{"app.example.com"}, true},
		{"6455-10.2-01", "a pattern of a host, https", "https://app.example.com", "h", []string{"app.example.com"}, true},
		{"6455-10.2-01", "a pattern of a host, another scheme", "app://localhost", "h", []string{"localhost"}, true},
		{"6455-10.2-01", "a pattern of a host, another port", "http://app.example.com:8080", "h", []string{"app.example.com"}, false},
		{"6455-10.2-01", "a pattern of a host and a port", "http://app.example.com:8080", "h", []string{"app.example.com:8080"}, true},
		{"6455-10.2-01", "a pattern of another scheme", "app://localhost", "h", []string{"app://localhost"}, true},
		{"6455-10.2-01", "a pattern of an IPv6 address", "http://[::1]:3000", "h", []string{"[::1]:3000"}, true},
		{"6455-10.2-01", "the second pattern", "http://b.example", "h", []string{"a.example", "b.example"}, true},
		{"6455-10.2-01", "a pattern is not a prefix", "https://app.example.com.evil", "h", []string{"app.example.com"}, false},
		{"6455-10.2-01", "the same host though there are patterns", "http://example.com", "example.com", []string{"a.example"}, true},

		{"6455-10.2-01", "one label below", "https://a.example.com", "h", []string{"*.example.com"}, true},
		{"6455-10.2-01", "two labels below", "https://a.b.example.com", "h", []string{"*.example.com"}, true},
		{"6455-4.2.2-05", "below, in other letters", "https://A.EXAMPLE.com", "h", []string{"*.example.COM"}, true},
		{"6455-10.2-01", "below, with scheme and port", "https://a.example.com:8443", "h", []string{"https://*.example.com:8443"}, true},
		{"6455-10.2-01", "below, another port", "https://a.example.com", "h", []string{"https://*.example.com:8443"}, false},
		{"6455-10.2-01", "below, another scheme", "http://a.example.com", "h", []string{"https://*.example.com"}, false},
		{"6455-10.2-01", "not below, but the domain", "https://example.com", "h", []string{"*.example.com"}, false},
		{"6455-10.2-01", "not below, but an empty label", "https://.example.com", "h", []string{"*.example.com"}, false},
		{"6455-10.2-01", "not below, but ends alike", "https://evil-example.com", "h", []string{"*.example.com"}, false},
		{"6455-10.2-01", "not below, but has it inside", "https://a.example.com.evil", "h", []string{"*.example.com"}, false},

		{"6455-10.2-01", "any origin", "https://evil.example", "h", []string{"*"}, true},
		{"6455-10.2-01", "any origin, a sandboxed page", "null", "h", []string{"a.example", "*"}, true},
		{"6455-10.2-01", "any origin, malformed", "?", "h", []string{"*"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &Policy{Origins: tt.patterns}
			r := request(t)
			r.Host = tt.host
			r.Header["Origin"] = []string{tt.origin}
			if _, err := p.Check(r); tt.want && err != nil {
				t.Errorf("origin %q, host %q, patterns %q: %v", tt.origin, tt.host, tt.patterns, err)
			} else if !tt.want {
				wantRefusal(t, err, 403, "origin "+quote(tt.origin))
			}
		})
	}
}

// Requirements: 6455-4.2.1-10, 6455-4.2.2-04, 6455-10.2-02
func TestCheckOriginReason(t *testing.T) {
	for _, tt := range []struct {
		name    string
		origins []string
		want    string
	}{
		{"another site", []string{"https://evil.example"},
			`origin "https://evil.example" is not allowed for host "server.example.com": add it to Config.Origins`},
		{"a sandboxed page", []string{"null"}, `origin "null" names no site: want scheme://host[:port]`},
		{"two origins", []string{"http://server.example.com", "http://evil.example"},
			`field Origin is "http://server.example.com, http://evil.example": want it once`},
		{"the same origin twice", []string{"http://server.example.com", "http://server.example.com"}, "want it once"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t)
			r.Header["Origin"] = tt.origins
			_, err := new(Policy).Check(r)
			wantRefusal(t, err, 403, tt.want)
		})
	}
	t.Run("none is not a browser", func(t *testing.T) {
		if _, err := new(Policy).Check(request(t, "-Origin")); err != nil {
			t.Error(err)
		}
	})
}

// A typo opens no door, and Validate tells it.
//
// Requirements: 6455-10.2-01
func TestOriginPatternMalformed(t *testing.T) {
	for _, s := range []string{
		"", "**", "*.", "*.*", "*.*.example.com", "*example.com", "foo*.example.com", "example.*", "*:8080",
		"https://", "https://*", "https://*.", "*://example.com", "://example.com", "https:example.com", "https//example.com",
		"https://example.com/", "example.com/chat", "example.com:", "example.com:*", "example.com:123456",
		"user@example.com", "example.com, example.org", " example.com", "bücher.example", "null", "NULL",
		"*.[::1]", "::1", "[::1", "[::1]x", "[x]:80",
	} {
		t.Run("pattern "+s, func(t *testing.T) {
			p := &Policy{Origins: []string{s}}
			wantReason(t, p.Validate(), "origin pattern "+quote(s)+": want [scheme://][*.]host[:port] or *")
			for _, o := range []string{"https://example.com", "https://a.example.com", "http://" + s, s, "null", "https://evil.example"} {
				r := request(t)
				r.Header = http.Header{"Origin": {o}}
				if err := p.checkOrigin(r.Header["Origin"], r.Host); err == nil {
					t.Errorf("the pattern allows the origin %q", o)
				}
			}
		})
	}
}
