package client

import (
	"context"
	"crypto/tls"
	"math"
	"net"
	"net/http"
	"time"

	"github.com/ws6455/ws/conn"
)

// A Config says how to open a connection.
// A nil *Config and the zero Config mean the defaults, which are safe on the open internet.
//
// A Config may be used by many goroutines at once as long as none changes it.
// Dial does not modify it, nor what it refers to.
type Config struct {
	// Header has fields to send besides those of the handshake,
	// such as Cookie, Authorization, User-Agent or Origin. None is sent by default.
	// Host, Upgrade, Connection, Content-Length, Transfer-Encoding
	// and Sec-WebSocket-* are an error: they are the handshake's.
	Header http.Header

	// Host is the Host field, "host" or "host:port", instead of the URL's.
	// Where to connect to and the name in the certificate are still the URL's.
	Host string

	// Subprotocols are those to offer, in order of preference, without duplicates.
	// The server may choose one of them or none: see Subprotocol of the connection.
	//
	// https://www.rfc-editor.org/rfc/rfc6455#section-1.9
	Subprotocols []string

	// TLS is for wss URLs. Dial works on a clone, in which it sets
	// ServerName to the host of the URL if it is empty,
	// and NextProtos to "http/1.1" always, since HTTP/2 has no Upgrade.
	// If nil, everything is as crypto/tls has it: at least TLS 1.2,
	// certificates checked against the roots of the system.
	TLS *tls.Config

	// DialContext opens the connection below the handshake.
	// The network is "tcp" and addr is "host:port", in ASCII.
	// For a wss URL, TLS is put on top of what it returns, whatever that is.
	// It must obey ctx, and Close of the result must end its blocked Read and Write.
	// If nil, a net.Dialer does it, which tries IPv6 and IPv4 at once.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// HandshakeTimeout is how long Dial may take in all: name lookup, TCP, TLS,
	// the opening handshake, and the turn if Serialize is set.
	// When it has passed, the error is a *conn.LimitError and
	// context.DeadlineExceeded, both wrapped.
	// If zero, it is 30 seconds. If negative, there is no limit but the context.
	HandshakeTimeout time.Duration

	// MaxHeaderBytes is how many bytes the head of the response may have,
	// together with the interim responses before it (100, 103).
	// More are a [HandshakeError] that wraps a *conn.LimitError.
	// If zero, it is 16 KiB. If negative, there is no limit:
	// memory then is bounded by what arrives before HandshakeTimeout.
	MaxHeaderBytes int

	// Serialize makes Dial wait until no other Dial of the process that sets it
	// is connecting to the same IP address and port, be it under another name.
	// RFC 6455 asks for that so that a script cannot flood a victim with handshakes:
	// set it if code or URLs come from strangers. It is off by default because
	// a server that is slow to answer holds up all who want to connect to it.
	//
	// The addresses of a name are tried one after another instead of at once.
	// With DialContext, the turn is taken when the connection has been made, by its
	// remote address, or by the host and port of the URL if that is no IP address and port.
	//
	// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
	Serialize bool

	// Conn has the limits of the connection after the handshake.
	Conn conn.Config
}

// Defaults of Config.
const (
	defaultHandshakeTimeout = 30 * time.Second
	defaultMaxHeaderBytes   = 16 << 10
)

// resolved returns c with its defaults filled in.
// MaxHeaderBytes without limit becomes the largest int,
// HandshakeTimeout without limit stays negative.
func (c *Config) resolved() Config {
	if c == nil {
		c = new(Config)
	}
	r := *c
	if r.HandshakeTimeout == 0 {
		r.HandshakeTimeout = defaultHandshakeTimeout
	}
	switch {
	case r.MaxHeaderBytes == 0:
		r.MaxHeaderBytes = defaultMaxHeaderBytes
	case r.MaxHeaderBytes < 0:
		r.MaxHeaderBytes = math.MaxInt
	}
	return r
}

// bound returns ctx with the deadline that c, which is resolved, puts on it.
// The cause of its end then names the option.
func (c *Config) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.HandshakeTimeout < 0 {
		return ctx, func() {}
	}
	limit := &conn.LimitError{Option: "HandshakeTimeout", Limit: int64(c.HandshakeTimeout)}
	return context.WithTimeoutCause(ctx, c.HandshakeTimeout, limit)
}
