package client

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
)

// Dial opens a connection to rawURL, whose scheme is ws or wss,
// through a proxy if Config.Proxy or the environment says so.
// The connection is the caller's to close. ctx bounds Dial only:
// when it ends earlier, nothing of what was begun is left.
//
// The URL may have user information, which becomes an Authorization field,
// and characters beyond ASCII, which are encoded.
// It has no fragment: a "#" that is data is written %23.
//
// For a server that listens on a Unix socket, the URL has the path of the socket,
// a colon, and the path and query for the server, which may be left out:
// "ws+unix:///run/app.sock:/events?since=1", or wss+unix for TLS on top. A colon in the
// path of the socket is written %3A. The host is "localhost", in the Host field
// (see Config.Host) and in the certificate, and there never is a proxy.
//
// Redirects are followed as Config.MaxRedirects says.
//
// The error is a [*HandshakeError] if the server answered anything but yes,
// and a [*ProxyError] if there is a proxy and no way through it.
// Otherwise it wraps what went wrong: an error of net or crypto/tls,
// context.Canceled or context.DeadlineExceeded and the cause of ctx,
// a *conn.LimitError if Config.HandshakeTimeout passed.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func Dial(ctx context.Context, rawURL string, cfg *Config) (*conn.Conn, error) {
	return dial(ctx, rawURL, cfg, newNonce())
}

// newNonce returns what the key of a handshake is made of.
//
// "The nonce MUST be selected randomly for each connection."
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func newNonce() (nonce [16]byte) {
	rand.Read(nonce[:]) // never fails
	return nonce
}

// dial is Dial with the nonce that is given. Each redirect has another.
func dial(ctx context.Context, rawURL string, cfg *Config, nonce [16]byte) (*conn.Conn, error) {
	t, err := parseTarget(rawURL)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", misuse{err})
	}
	d, err := newDialer(t, cfg.resolved(), nonce)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	ctx, cancel := d.cfg.bound(ctx)
	defer cancel()
	for {
		c, err := d.dial(ctx)
		if d.next == nil {
			return c, err
		}
		d = d.next
	}
}

// A dialer performs one handshake: the first of a call of Dial, or one of a redirect.
type dialer struct {
	cfg       Config // resolved; after a redirect, without what is for another origin
	target    target
	proxy     *proxy // the way to the target; nil if that is direct
	offer     handshake.Offer
	request   []byte  // the head that makes the offer
	turn      turn    // held until dial returns, if cfg.Serialize is set
	redirects int     // that led to target
	next      *dialer // where the answer redirects to, if that is to be followed
}

// newDialer returns the dialer for a target. Whatever can be wrong
// with the URL and the fields of cfg, it finds before anything is dialed.
//
// "The components […] MUST be valid according to the specification of
// WebSocket URIs […]. If any of the components are invalid, the client MUST
// _Fail the WebSocket Connection_ and abort these steps."
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func newDialer(t target, cfg Config, nonce [16]byte) (*dialer, error) {
	d := &dialer{cfg: cfg, target: t}
	d.offer = handshake.Offer{Key: handshake.NewKey(nonce), Subprotocols: cfg.Subprotocols, Extensions: cfg.extensions()}
	host := cmp.Or(cfg.Host, t.hostField())
	fields := t.fields(withCookies(cfg.Header, cfg.Jar, t.url("http", "https")))
	var err error
	if d.request, err = d.offer.AppendRequest(nil, host, t.resource, fields); err != nil {
		return nil, misuse{err}
	}
	d.proxy, err = chooseProxy(&cfg, &d.target)
	return d, err
}

// extensions returns what to offer.
func (c *Config) extensions() []handshake.Extension {
	if c.Conn.Compression == nil {
		return nil
	}
	return c.Conn.Compression.Deflate().Offers()
}

// A link is the connection over which the handshake goes,
// and the one at the bottom of it, whose Close ends whatever waits for either.
type link struct{ top, raw net.Conn }

// dial performs the handshake, or sets d.next if that is redirected.
func (d *dialer) dial(ctx context.Context) (*conn.Conn, error) {
	defer d.turn.give()
	l, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	c, err := d.open(ctx, l)
	if err != nil {
		l.raw.Close()
	}
	return c, err
}

// connect opens the connection below the TLS of the target, waiting for its turn if there are turns.
func (d *dialer) connect(ctx context.Context) (link, error) {
	if d.proxy != nil {
		return d.connectThrough(ctx, d.proxy)
	}
	network, addr := d.target.network(), d.target.addr()
	nc, err := d.netDial(ctx, &d.turn, network, addr)
	if err == nil && d.cfg.Serialize {
		if err = d.turn.take(ctx, remote(nc, addr)); err != nil {
			nc.Close()
		}
	}
	if err != nil {
		return link{}, d.failure(ctx, "connecting to", err)
	}
	return link{nc, nc}, nil
}

// errNilConn is the bug of a Config.DialContext.
var errNilConn = errors.New("Config.DialContext returned neither a connection nor an error")

// netDial dials as the Config says. With a turn, that is taken for each IP address before it is dialed
// if Serialize is set and DialContext is not, which may have other ideas of what it connects to.
func (d *dialer) netDial(ctx context.Context, t *turn, network, addr string) (net.Conn, error) {
	dialContext := d.cfg.DialContext
	switch {
	case dialContext != nil:
	case d.cfg.Serialize && t != nil:
		dialContext = t.netDialer().DialContext
	default:
		dialContext = new(net.Dialer).DialContext
	}
	nc, err := dialContext(ctx, network, addr)
	if err == nil && nc == nil {
		err = errNilConn
	}
	return nc, err
}

// open returns the connection that the handshake opens on top of l.
// If ctx ends first, it closes what is at the bottom, the one thing that ends every wait.
func (d *dialer) open(ctx context.Context, l link) (*conn.Conn, error) {
	stop := context.AfterFunc(ctx, func() { l.raw.Close() })
	defer stop()
	nc, opening, err := d.shakeHands(ctx, l)
	switch e, ok := errors.AsType[*HandshakeError](err); {
	case ok:
		e.URL, e.redirects = d.target.String(), d.redirects
		return nil, err
	case err != nil:
		return nil, err
	case !stop(): // too late: l is closed, or will be in a moment
		return nil, d.failure(ctx, "connecting to", ctx.Err())
	}
	nc.SetDeadline(time.Time{}) // Config.DialContext may have left one
	return conn.New(nc, opening, &d.cfg.Conn), nil
}

// shakeHands performs the handshakes of TLS, if that is wanted, and of WebSocket.
// It returns the connection for frames and what was found out about it.
func (d *dialer) shakeHands(ctx context.Context, l link) (nc net.Conn, o conn.Opening, err error) {
	nc = l.top
	if d.target.secure {
		if nc, err = startTLS(ctx, nc, d.cfg.TLS, d.target.host); err != nil {
			return nil, o, d.failure(ctx, "TLS handshake with", hint(err, errPlainHTTP))
		}
	}
	// The request goes out in one piece, and nothing after it until there is a response.
	if _, err = nc.Write(d.request); err != nil {
		return nil, o, d.failure(ctx, "sending the request to", err)
	}
	a := &answer{from: theServer, nc: nc, hangUp: l.raw.Close, max: d.cfg.MaxHeaderBytes}
	r, err := a.final()
	if _, ok := errors.AsType[*HandshakeError](err); err != nil && !ok {
		err = d.failure(ctx, "waiting for the response of", err)
	}
	if err == nil {
		o, err = d.judge(a, r)
	}
	return nc, o, err
}

// judge returns what r, the response at a.at, opens. If it redirects, it sets d.next.
// An error is a [*HandshakeError].
func (d *dialer) judge(a *answer, r received) (conn.Opening, error) {
	d.keepCookies(r.Header)
	agreement, err := d.offer.Check(&r.Response)
	if err != nil {
		return conn.Opening{}, d.refused(a, r, err)
	}
	return conn.Opening{
		Side:      frame.Client,
		Agreement: agreement,
		Early:     append([]byte(nil), a.b[a.at+r.size:]...), // not all of a.b
	}, nil
}

// refused returns the error for r, which opens nothing because of err.
// If it is a redirect to be followed, that is all: nobody gets to see the error.
func (d *dialer) refused(a *answer, r received, err error) error {
	e := &HandshakeError{Status: r.Status, Header: r.Header, Err: err}
	var why error
	switch d.next, why = d.follow(&r.Response); {
	case d.next != nil:
		return e
	case why != nil:
		e.Err = why
	}
	if r.Status >= 200 {
		e.Body = a.body()
	}
	return e
}

// failure returns err, with which a step of dialing ended, as Dial returns it.
func (d *dialer) failure(ctx context.Context, step string, err error) error {
	return failure(ctx, step+" "+d.target.addr(), err)
}
