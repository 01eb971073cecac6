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
		return nil, err
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

// Explanations why TLS did not get along with the peer.
var (
	errPlainHTTP  = errors.New("the server answered in HTTP without TLS: is it a ws URL that is meant?")
	errPlainProxy = errors.New("the proxy answered in HTTP without TLS: is it an http URL that is meant?")
)

// hint returns err, and that it means plain if that is easy to see.
func hint(err, plain error) error {
	if e, ok := errors.AsType[tls.RecordHeaderError](err); ok && string(e.RecordHeader[:]) == "HTTP/" {
		return fmt.Errorf("%w (%w)", plain, err)
	}
	return err
}
