package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// Every code that the peer may close a connection with, and the one for none.
func TestPermanentCode(t *testing.T) {
	permanent := map[frame.StatusCode]bool{
		1000: true, 1002: true, 1003: true, 1007: true, 1008: true, 1009: true, 1010: true, 3000: true, 3003: true,
	}
	for code := frame.StatusCode(1000); code < 5000; code++ {
		var err error = &conn.CloseError{Code: code, ByPeer: true}
		if got := Permanent(err); got != permanent[code] {
			t.Errorf("Permanent(%v) = %v, want %v", err, got, permanent[code])
		}
		err = fmt.Errorf("in use: %w", err)
		if got := Permanent(err); got != permanent[code] {
			t.Errorf("Permanent(%v) = %v, want %v", err, got, permanent[code])
		}
		err = &conn.CloseError{Code: code, Sent: code}
		if Permanent(err) {
			t.Errorf("Permanent(%v) = true, and it was this side that closed", err)
		}
	}
}

// Every status of an answer.
func TestPermanentStatus(t *testing.T) {
	for status := range 1000 {
		want := true
		switch {
		case status == 408, status == 421, status == 425, status == 429:
			want = false
		case status >= 500 && status <= 599 && status != 501 && status != 505:
			want = false
		}
		if got := Permanent(&HandshakeError{Status: status}); got != want {
			t.Errorf("status %d: Permanent = %v, want %v", status, got, want)
		}
	}
}

func TestPermanent(t *testing.T) {
	_, badURL := Dial(t.Context(), "http://h", nil)
	_, badConfig := Dial(t.Context(), "ws://h", &Config{Header: http.Header{"Upgrade": {"x"}}})
	_, badDialer := Dial(t.Context(), "ws://h", &Config{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, nil }})
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"no error", nil, false},
		{"any error", io.ErrNoProgress, false},
		{"a URL of another scheme", badURL, true},
		{"a field that may not be set", badConfig, true},
		{"a DialContext that does not work", badDialer, true},
		{"a name that is not found", &net.DNSError{IsNotFound: true}, false},
		{"a connection that is refused", &net.OpError{Op: "dial", Err: errors.New("refused")}, false},
		{"a certificate that is not accepted", fmt.Errorf("x: %w", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), true},
		{"a server that does not speak TLS", fmt.Errorf("x: %w", tls.RecordHeaderError{}), true},
		{"an answer that is too long", &HandshakeError{Err: &conn.LimitError{Option: "MaxHeaderBytes"}}, true},
		{"an attempt that took too long", &conn.LimitError{Option: "HandshakeTimeout"}, false},
		{"a connection that was lost", &conn.CloseError{Code: 1006, Sent: 1006, Err: io.ErrUnexpectedEOF}, false},
		{"a proxy that wants a password", &ProxyError{Status: 407}, true},
		{"a proxy that does not reach the server", &ProxyError{Status: 502}, false},
		{"a proxy that is not reached", &ProxyError{Err: &net.OpError{Op: "dial"}}, false},
		{"a proxy whose certificate is not accepted", &ProxyError{Err: &tls.CertificateVerificationError{}}, true},
		{"a SOCKS proxy that forbids it", &ProxyError{Reply: 2}, true},
		{"a SOCKS proxy that does not reach the server", &ProxyError{Reply: 5}, false},
		{"a SOCKS proxy that does not know what is asked for", &ProxyError{Reply: 8}, true},
		{"a SOCKS proxy that is an HTTP proxy", &ProxyError{Err: fmt.Errorf("x: %w", errSOCKSHTTP)}, true},
		{"a SOCKS proxy that wants a password", &ProxyError{Err: errSOCKSMethods}, true},
		{"a SOCKS proxy that wants another password", &ProxyError{Err: errSOCKSPassword}, true},
		{"a message that is too large", &conn.LimitError{Option: "MaxMessageSize", Code: 1009}, true},
		{"a message of too many fragments", &conn.LimitError{Option: "MaxFragments", Code: 1008}, true},
		{"a message that takes too long", &conn.LimitError{Option: "MessageTimeout", Code: 1008}, false},
		{"messages to a server that does not read", &conn.LimitError{Option: "MaxQueuedBytes", Code: 1008}, false},
		{"a rule that the server broke", &conn.ProtocolError{Code: 1002}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Permanent(tt.err); got != tt.want {
				t.Errorf("Permanent(%v) = %v, want %v", tt.err, got, tt.want)
			}
		})
	}
}
