package client

import (
	"context"
	"crypto/tls"
	"math"
	"net"
	"net/http"
	"net/url"
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
	// Proxies do not get to see them, unless the URL is a ws URL.
	Header http.Header

	// Host is the Host field, "host" or "host:port", instead of the URL's.
	// Where to connect to and the name in the certificate are still the URL's.
	Host string

	// Jar has the cookies to send, besides those that Header may have,
	// and gets those that responses set: the one that opens the connection,
	// redirects and refusals. It is asked for the URL of the handshake
	// with the scheme http for ws and https for wss.
	// If nil, cookies are sent only if Header has them, and none is kept.
	Jar http.CookieJar

	// MaxRedirects is how many redirects (301, 302, 303, 307, 308) may be followed
	// on the way to one connection; so a circle has an end. One more
	// is a [HandshakeError] that wraps a *conn.LimitError and has the last response.
	// If zero, it is 10. If negative, no redirect is followed.
	//
	// A Location may have the scheme ws or http, which mean the same, wss or https.
	// One that leads from wss to ws, or has user information, is not followed:
	// that is a HandshakeError, too.
	//
	// When scheme, host or port change, these are not sent, then and afterwards:
	// the user of the URL, Host, the client's certificate of TLS, and the fields of Header
	// whose name has auth, cookie, credential, jwt, key, passw, secret, session, signature or token in it.
	// Jar decides for itself. Proxy is asked again for each URL.
	MaxRedirects int

	// Proxy returns the URL of the proxy that leads to target, or nil if none does.
	// target has the scheme ws or wss, the host, the port if it is not that of the scheme,
	// path and query, but no user. It is not asked about Unix sockets. An error ends Dial.
	// If nil, it is [ProxyFromEnvironment], also if DialContext is set. [NoProxy] uses none.
	//
	// The scheme is http or https for CONNECT, socks5 or socks5h for SOCKS;
	// all four are asked for the host by name if it is one, and look it up themselves.
	// The default ports are 80, 443 and 1080. The user of the URL is for the proxy:
	// basic authentication or that of RFC 1929.
	Proxy func(target *url.URL) (proxy *url.URL, err error)

	// ProxyHeader has fields for the CONNECT request to an http or https proxy,
	// such as User-Agent or Proxy-Authorization, which then counts instead of the user of its URL.
	// What Header may not have, it may not have either. None is sent by default.
	ProxyHeader http.Header

	// ProxyTLS is for https proxies, as TLS is for wss URLs, and as independent of it
	// as the proxy is of the server.
	// If nil, everything is as crypto/tls has it.
	ProxyTLS *tls.Config

	// Subprotocols are those to offer, in order of preference, without duplicates.
	// The server may choose one of them or none: see Subprotocol of the connection.
	// A server that Dial is redirected to gets the same offer: a secret does not belong here.
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
	// The network is "tcp" and addr is "host:port", in ASCII: those of the proxy
	// if there is one. For a ws+unix URL, the network is "unix" and addr the path.
	// For a wss URL, TLS is put on top of what it returns, whatever that is.
	// It must obey ctx, and Close of the result must end its blocked Read and Write.
	// If nil, a net.Dialer does it, which tries IPv6 and IPv4 at once.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// HandshakeTimeout is how long Dial may take in all: name lookup, TCP, the proxy, TLS,
	// the opening handshake, all redirects, and the turn if Serialize is set.
	// When it has passed, the error is a *conn.LimitError and
	// context.DeadlineExceeded, both wrapped.
	// If zero, it is 30 seconds. If negative, there is no limit but the context.
	HandshakeTimeout time.Duration

	// MaxHeaderBytes is how many bytes the head of a response may have,
	// together with the interim responses before it (100, 103).
	// More are a [HandshakeError], or a [ProxyError] if it is the proxy's response,
	// that wraps a *conn.LimitError.
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
	// Through a proxy, the turn is that for the host and port of the URL,
	// and no more than 16 Dials of the process wait for proxies at the same time.
	//
	// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
	Serialize bool

	// Conn has the limits of the connection after the handshake. If Conn.Compression is set,
	// permessage-deflate is offered, to servers that Dial is redirected to as well.
	Conn conn.Config
}

// Defaults of Config.
const (
	defaultHandshakeTimeout = 30 * time.Second
	defaultMaxHeaderBytes   = 16 << 10
	defaultMaxRedirects     = 10
)

// resolved returns c with its defaults filled in.
// MaxHeaderBytes without limit becomes the largest int,
// HandshakeTimeout without limit stays negative, as does MaxRedirects for none.
func (c *Config) resolved() Config {
	if c == nil {
		c = new(Config)
	}
	r := *c
	if r.Proxy == nil {
		r.Proxy = ProxyFromEnvironment
	}
	if r.MaxRedirects == 0 {
		r.MaxRedirects = defaultMaxRedirects
	}
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
