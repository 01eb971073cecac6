package client

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What Retry-After says, in seconds or as a date.
func TestRetryAfter(t *testing.T) { synctest.Test(t, testRetryAfter) }
func testRetryAfter(t *testing.T) {
	in := func(d time.Duration) string { return time.Now().UTC().Add(d).Format(http.TimeFormat) }
	for _, tt := range []struct {
		name, value string
		want        time.Duration
		ok          bool
	}{
		{"seconds", "120", 2 * time.Minute, true},
		{"zero", "0", 0, true},
		{"zeros in front", "007", 7 * time.Second, true},
		{"more seconds than a Duration has", "99999999999", math.MaxInt64 / time.Second * time.Second, true},
		{"more seconds than an integer has", strings.Repeat("9", 99), math.MaxInt64 / time.Second * time.Second, true},
		{"a date", in(time.Hour), time.Hour, true},
		{"a date that has passed", in(-time.Hour), 0, true},
		{"a date in an older form", time.Now().UTC().Add(time.Minute).Format(time.ANSIC), time.Minute, true},
		{"nothing", "", 0, false},
		{"a sign", "-5", 0, false},
		{"another sign", "+5", 0, false},
		{"a fraction", "1.5", 0, false},
		{"a word", "soon", 0, false},
	} {
		e := &HandshakeError{Header: http.Header{}}
		if tt.value != "" {
			e.Header.Set("Retry-After", tt.value)
		}
		if d, ok := e.RetryAfter(); d != tt.want || ok != tt.ok {
			t.Errorf("%s: %v, %v; want %v, %v", tt.name, d, ok, tt.want, tt.ok)
		}
	}
	if d, ok := new(HandshakeError).RetryAfter(); d != 0 || ok {
		t.Errorf("without a response: %v, %v", d, ok)
	}
}

// Answers that ask for something, with and without a body: what a person needs is in the error.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, in, field, value, body string
		status                       int
	}{
		{"401 with a body", "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x\"\r\nContent-Length: 5\r\n\r\nlogin", "Www-Authenticate", `Bearer realm="x"`, "login", 401},
		{"401 without", "401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", "Www-Authenticate", "Basic", "", 401},
		{"407 of the server itself", "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\nx", "Proxy-Authenticate", "Basic", "x", 407},
		{"429 in chunks", "429 Too Many Requests\r\nRetry-After: 9\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nslow\r\n5\r\n down\r\n0\r\n\r\n", "Retry-After", "9", "slow down", 429},
		{"503 without a body", "503 Service Unavailable\r\nRetry-After: 9\r\nConnection: close\r\n\r\n", "Retry-After", "9", "", 503},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dialStub(t, Config{}, "HTTP/1.1 "+tt.in)
			e, ok := errors.AsType[*HandshakeError](err)
			if !ok || e.Status != tt.status || e.Header.Get(tt.field) != tt.value || string(e.Body) != tt.body || e.URL != "ws://h/" {
				t.Fatalf("Dial = %+v, want status %d and %q", err, tt.status, tt.body)
			}
			if d, ok := e.RetryAfter(); ok != (tt.field == "Retry-After") || ok && d != 9*time.Second {
				t.Errorf("RetryAfter = %v, %v", d, ok)
			}
		})
	}
}
