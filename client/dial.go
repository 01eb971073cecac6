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

// Dial opens a connection to rawURL, whose scheme is ws or wss.
// The connection is the caller's to close. ctx bounds Dial only:
// when it ends earlier, nothing of what was begun is left.
//
// The URL may have user information, which becomes an Authorization field,
// and characters beyond ASCII, which are encoded.
// It has no fragment: a "#" that is data is written %23.
//
// The error is a [*HandshakeError] if the server answered anything but yes.
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

// dial is Dial with the nonce that is given.
func dial(ctx context.Context, rawURL string, cfg *Config, nonce [16]byte) (*conn.Conn, error) {
	d, err := newDialer(rawURL, cfg.resolved(), nonce)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	ctx, cancel := d.cfg.bound(ctx)
	defer cancel()
	defer d.turn.give()
	raw, err := d.connect(ctx)
	if err != nil {
		return nil, d.failure(ctx, "connecting to", err)
	}
	c, err := d.open(ctx, raw)
	if err != nil {
		raw.Close()
	}
	return c, err
}

// A dialer is one call of Dial.
type dialer struct {
	cfg     Config // resolved
	target  target
	offer   handshake.Offer
	request []byte // the head that makes the offer
	turn    turn   // held until Dial returns, if cfg.Serialize is set
}

// newDialer returns the dialer for a URL. Whatever can be wrong
// with the URL and the fields of cfg, it finds before anything is dialed.
//
// "The components […] MUST be valid according to the specification of
// WebSocket URIs […]. If any of the components are invalid, the client MUST
// _Fail the WebSocket Connection_ and abort these steps."
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func newDialer(rawURL string, cfg Config, nonce [16]byte) (*dialer, error) {
	t, err := parseTarget(rawURL)
	if err != nil {
		return nil, err
	}
	d := &dialer{cfg: cfg, target: t}
	d.offer = handshake.Offer{Key: handshake.NewKey(nonce), Subprotocols: cfg.Subprotocols}
	host := cmp.Or(cfg.Host, t.hostField())
	d.request, err = d.offer.AppendRequest(nil, host, t.resource, t.fields(cfg.Header))
	return d, err
}

// errNilConn is the bug of a Config.DialContext.
var errNilConn = errors.New("Config.DialContext returned neither a connection nor an error")

// connect opens the connection below TLS and waits for its turn if there are turns.
func (d *dialer) connect(ctx context.Context) (net.Conn, error) {
	dialContext := d.cfg.DialContext
	switch {
	case dialContext == nil && d.cfg.Serialize:
		dialContext = d.turn.netDialer().DialContext
	case dialContext == nil:
		dialContext = new(net.Dialer).DialContext
	}
	nc, err := dialContext(ctx, "tcp", d.target.addr())
	switch {
	case err != nil:
		return nil, err
	case nc == nil:
		return nil, errNilConn
	case d.cfg.Serialize:
		err = d.turn.take(ctx, remote(nc, d.target.addr()))
	}
	if err != nil {
		nc.Close()
	}
	return nc, err
}

// open returns the connection that the handshake opens on top of raw.
// If ctx ends first, it closes raw, the one thing that ends every wait.
func (d *dialer) open(ctx context.Context, raw net.Conn) (*conn.Conn, error) {
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	nc, opening, err := d.shakeHands(ctx, raw)
	switch {
	case err != nil:
		return nil, err
	case !stop(): // too late: raw is closed, or will be in a moment
		return nil, d.failure(ctx, "connecting to", ctx.Err())
	}
	nc.SetDeadline(time.Time{}) // Config.DialContext may have left one
	return conn.New(nc, opening, &d.cfg.Conn), nil
}

// shakeHands performs the handshakes of TLS, if that is wanted, and of WebSocket.
// It returns the connection for frames and what was found out about it.
func (d *dialer) shakeHands(ctx context.Context, raw net.Conn) (nc net.Conn, o conn.Opening, err error) {
	nc = raw
	if d.target.secure {
		if nc, err = startTLS(ctx, raw, d.cfg.TLS, d.target.host); err != nil {
			return nil, o, d.failure(ctx, "TLS handshake with", err)
		}
	}
	// The request goes out in one piece, and nothing after it until there is a response.
	if _, err = nc.Write(d.request); err != nil {
		return nil, o, d.failure(ctx, "sending the request to", err)
	}
	a := &answer{nc: nc, hangUp: raw.Close, max: d.cfg.MaxHeaderBytes}
	r, err := a.final()
	if _, ok := errors.AsType[*HandshakeError](err); err != nil && !ok {
		err = d.failure(ctx, "waiting for the response of", err)
	}
	if err == nil {
		o, err = d.judge(a, r)
	}
	return nc, o, err
}

// judge returns what r, the response at a.at, opens.
// An error is a [*HandshakeError].
func (d *dialer) judge(a *answer, r received) (conn.Opening, error) {
	agreement, err := d.offer.Check(&r.Response)
	if err != nil {
		e := &HandshakeError{Status: r.Status, Header: r.Header, Err: err}
		if r.Status >= 200 {
			e.Body = a.body()
		}
		return conn.Opening{}, e
	}
	return conn.Opening{
		Side:      frame.Client,
		Agreement: agreement,
		Early:     append([]byte(nil), a.b[a.at+r.size:]...), // not all of a.b
	}, nil
}

// failure returns err, with which a step of dialing ended, as Dial returns it.
func (d *dialer) failure(ctx context.Context, step string, err error) error {
	return failure(ctx, step+" "+d.target.addr(), err)
}
