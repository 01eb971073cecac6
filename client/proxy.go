package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/ws6455/ws/handshake"
)

// NoProxy is a Config.Proxy that uses none, whatever the environment says.
func NoProxy(*url.URL) (*url.URL, error) { return nil, nil }

// ProxyURL returns a Config.Proxy that uses u for all targets, or none if u is nil.
// u is not modified, and must not be.
func ProxyURL(u *url.URL) func(target *url.URL) (*url.URL, error) {
	return func(*url.URL) (*url.URL, error) { return u, nil }
}

// A proxy is the way to a target.
type proxy struct {
	scheme string // http, https, socks5 or socks5h
	at     target // where it is: host, zone, port and user only

	// Of an http or https proxy.
	request []byte // the head that asks for a tunnel
}

// proxyPorts are the ports of proxies whose URLs have none.
var proxyPorts = map[string]uint16{"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}

// Reasons to refuse a proxy, which quote nothing of its URL.
var (
	errProxyScheme   = errors.New("URL: the scheme is none of http, https, socks5 and socks5h")
	errProxyUser     = errors.New("URL: user name and password have not 1 to 255 bytes each")
	errProxyLongName = errors.New("request: the host name of the target has more than 255 bytes")
)

// chooseProxy returns the proxy that leads to t, nil if none does.
// What can be wrong about it, it finds before anything is dialed.
func chooseProxy(cfg *Config, t *target) (*proxy, error) {
	if t.socket != "" {
		return nil, nil
	}
	u, err := cfg.Proxy(t.url("ws", "wss"))
	if err != nil || u == nil {
		return nil, err
	}
	p, err := parseProxy(u)
	if err == nil {
		err = p.prepare(cfg.ProxyHeader, t)
	}
	if err != nil {
		return nil, misuse{fmt.Errorf("proxy %w", err)}
	}
	return p, nil
}

// parseProxy returns the proxy at u.
func parseProxy(u *url.URL) (*proxy, error) {
	p := &proxy{scheme: strings.ToLower(u.Scheme)}
	byDefault, ok := proxyPorts[p.scheme]
	if !ok {
		return nil, errProxyScheme
	}
	p.at.user = u.User
	var err error
	if p.at.port, err = portNumber(u.Port(), byDefault); err == nil {
		err = p.at.setHost(u)
	}
	return p, err
}

// prepare makes p ready to be asked for t. h has the fields that the user wants it to have.
func (p *proxy) prepare(h http.Header, t *target) (err error) {
	switch {
	case p.isSOCKS():
		return p.checkSOCKS(t)
	case strings.Contains(p.at.user.Username(), ":"):
		return errURLUser
	}
	h = withUser(h, "Proxy-Authorization", p.at.user)
	if err := handshake.CheckFields(h); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	p.request = connectRequest(t.hostPort(), h)
	return nil
}

func (p *proxy) isSOCKS() bool { return strings.HasPrefix(p.scheme, "socks") }

// String returns the URL of p without the user.
func (p *proxy) String() string { return p.scheme + "://" + p.at.hostPort() }

// connectThrough returns a connection to the target by way of p.
// An error that comes from the way is a [*ProxyError].
//
// "If the user agent is configured to use a proxy […], then the user agent
// SHOULD connect to that proxy and ask it to open a TCP connection to the host
// given by /host/ and the port given by /port/."
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func (d *dialer) connectThrough(ctx context.Context, p *proxy) (link, error) {
	if d.cfg.Serialize {
		if err := d.turn.takeUnseen(ctx, d.target.hostPort()); err != nil {
			return link{}, d.failure(ctx, "connecting to", err)
		}
	}
	raw, err := d.netDial(ctx, nil, "tcp", p.at.addr())
	if err != nil {
		return link{}, p.failure(ctx, "connecting to it", err)
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	top, err := d.tunnel(ctx, p, raw)
	if err != nil {
		raw.Close()
		return link{}, p.failure(ctx, "tunnel to "+d.target.hostPort(), err)
	}
	return link{top, raw}, nil
}

// tunnel makes raw, which leads to p, a connection to the target.
// What it returns is closed with raw, whose Close does not wait for anybody.
func (d *dialer) tunnel(ctx context.Context, p *proxy, raw net.Conn) (net.Conn, error) {
	switch {
	case p.isSOCKS():
		return raw, p.socks(raw, &d.target)
	case p.scheme == "https":
		nc, err := startTLS(ctx, raw, d.cfg.ProxyTLS, p.at.host)
		if err != nil {
			return nil, fmt.Errorf("TLS handshake: %w", hint(err, errPlainProxy))
		}
		return p.connect(&answer{nc: nc, hangUp: raw.Close, max: d.cfg.MaxHeaderBytes}, nc)
	default:
		return p.connect(&answer{nc: raw, hangUp: raw.Close, max: d.cfg.MaxHeaderBytes}, raw)
	}
}

// failure returns err, with which a step on the way through p ended, as a [*ProxyError].
// If it is the context that made the step end, that is what counts.
func (p *proxy) failure(ctx context.Context, step string, err error) error {
	e, ok := errors.AsType[*ProxyError](err)
	switch {
	case ok:
		err = e.Err
	default:
		e = new(ProxyError)
		err = orContext(ctx, err)
	}
	e.Proxy, e.Err = p.String(), fmt.Errorf("%s: %w", step, err)
	return e
}
