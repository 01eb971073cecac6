package server

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"

	"github.com/ws6455/ws/handshake"
)

// check implements applicant.
func (h *half) check(p *handshake.Policy) (handshake.Agreement, *handshake.Error) {
	return p.CheckRequest(&h.head)
}

// request returns what a handler of net/http would see. It is made when somebody wants to see it.
func (h *half) request() *http.Request {
	if h.seen == nil {
		h.seen = h.newRequest()
	}
	return h.seen
}

// newRequest makes an http.Request of the head.
func (h *half) newRequest() *http.Request {
	p := &h.head
	header := p.Header()
	r := &http.Request{
		Method:     p.Method,
		URL:        parseTarget(p.Target),
		Proto:      p.Proto,
		Header:     header,
		Body:       http.NoBody,
		RequestURI: p.Target,
		RemoteAddr: h.nc.RemoteAddr().String(),
	}
	r.ProtoMajor, r.ProtoMinor, _ = http.ParseHTTPVersion(p.Proto)
	if r.Host = r.URL.Host; r.Host == "" {
		r.Host = header.Get("Host")
	}
	delete(header, "Host")
	if t, ok := h.nc.(interface{ ConnectionState() tls.ConnectionState }); ok {
		state := t.ConnectionState()
		r.TLS = &state
	}
	return r.WithContext(h.context())
}

// parseTarget returns the URL of a target. One that is refused may have none: then it is empty.
func parseTarget(target string) *url.URL {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return new(url.URL)
	}
	return u
}

// context returns a context that ends with the handshake.
func (h *half) context() context.Context {
	ctx := context.WithValue(context.Background(), http.LocalAddrContextKey, h.nc.LocalAddr())
	if h.by.IsZero() {
		ctx, h.cancel = context.WithCancel(ctx)
	} else {
		ctx, h.cancel = context.WithDeadline(ctx, h.by)
	}
	return ctx
}
