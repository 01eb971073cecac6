package client

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
)

// connectRequest returns the head with which to ask an HTTP proxy
// for a tunnel to hostPort. The fields of h are valid.
//
// https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
func connectRequest(hostPort string, h http.Header) []byte {
	b := fmt.Appendf(nil, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", hostPort, hostPort)
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			b = fmt.Appendf(b, "%s: %s\r\n", name, value)
		}
	}
	return append(b, "\r\n"...)
}

// connect asks the proxy at the other end of nc for a tunnel.
// a is for what it answers; nothing that comes after it is lost.
//
// "A client MUST ignore any Content-Length or Transfer-Encoding header fields
// received in a successful response to CONNECT."
// https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
func (p *proxy) connect(a *answer, nc net.Conn) (net.Conn, error) {
	if _, err := nc.Write(p.request); err != nil {
		return nil, err
	}
	a.from = theProxy
	r, err := a.final()
	if e, ok := errors.AsType[*HandshakeError](err); ok {
		return nil, &ProxyError{Err: e.Err}
	}
	switch early := a.b[min(a.at+r.size, len(a.b)):]; {
	case err != nil:
		return nil, err
	case r.Status < 200 || r.Status > 299:
		return nil, refusedTunnel(a, r)
	case len(early) > 0:
		return &resumed{nc, early}, nil
	default:
		return nc, nil
	}
}

// refusedTunnel returns the error for r, the response at a.at.
func refusedTunnel(a *answer, r received) error {
	e := &ProxyError{Status: r.Status, Header: r.Header}
	e.Err = fmt.Errorf("the status is %d %s: want 200", r.Status, quote([]byte(r.Reason)))
	if r.Status >= 200 {
		e.Body = a.body()
	}
	return e
}

// A resumed connection has been read too far.
type resumed struct {
	net.Conn
	b []byte // to be read before the rest
}

// Read implements net.Conn.
func (c *resumed) Read(p []byte) (int, error) {
	if len(c.b) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.b)
	c.b = c.b[n:]
	return n, nil
}
