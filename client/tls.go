package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
)

// startTLS returns the TLS connection on top of nc, with its handshake done.
//
// "If /secure/ is true, the client MUST perform a TLS handshake over the
// connection after opening the connection and before sending the handshake data."
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func startTLS(ctx context.Context, nc net.Conn, cfg *tls.Config, host string) (net.Conn, error) {
	t := tls.Client(nc, clientTLS(cfg, host))
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, hint(err)
	}
	return t, nil
}

// clientTLS returns a copy of cfg for a connection to host.
//
// Without ALPN some servers choose HTTP/2; with "h2" in it all may.
// Over HTTP/2 there is no Upgrade.
func clientTLS(cfg *tls.Config, host string) *tls.Config {
	if cfg == nil {
		cfg = new(tls.Config)
	}
	cfg = cfg.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName = host // crypto/tls leaves IP addresses out of SNI
	}
	cfg.NextProtos = []string{"http/1.1"}
	return cfg
}

// errPlainHTTP explains why TLS did not get along with the server.
var errPlainHTTP = errors.New("the server answered in HTTP without TLS: is it a ws URL that is meant?")

// hint returns err, and what it may mean if that is known.
func hint(err error) error {
	if e, ok := errors.AsType[tls.RecordHeaderError](err); ok && string(e.RecordHeader[:]) == "HTTP/" {
		return fmt.Errorf("%w (%w)", errPlainHTTP, err)
	}
	return err
}
