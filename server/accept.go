package server

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
)

// Accept performs the server's side of the opening handshake on r and returns the connection.
// cfg may be nil.
//
// If r is refused, Accept has answered it with a status and a text that says what is wrong,
// and returns a [*handshake.Error]. After any error the handler just returns.
//
// w may be wrapped by middleware if that has an Unwrap method, as for [http.ResponseController].
// The connection outlives the handler and r.Context(), but net/http keeps the request
// and a goroutine for as long as the handler runs: see [Go].
// Timeouts of the http.Server do not apply to the connection.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.2
func Accept(w http.ResponseWriter, r *http.Request, cfg *Config) (*conn.Conn, error) {
	if cfg == nil {
		cfg = new(Config)
	}
	if err := cfg.validate(); err != nil {
		misconfigured(w)
		return nil, err
	}
	agreement, refusal := cfg.policy().Check(r)
	if refusal != nil {
		refuse(w, refusal)
		return nil, refusal
	}
	nc, early, err := cfg.upgrade(w, r, agreement)
	if err != nil {
		return nil, err
	}
	return conn.New(nc, conn.Opening{Side: frame.Server, Agreement: agreement, Early: early}, &cfg.Conn), nil
}

// misconfigured answers any request to a server whose configuration is malformed.
// What is wrong is not for strangers.
func misconfigured(w http.ResponseWriter) {
	http.Error(w, "websocket: the server is misconfigured", http.StatusInternalServerError)
}

// upgrade answers r, which is accepted, with status 101. It returns the network connection,
// and the bytes that the client sent behind its request.
// If that is not possible, w is answered with an error, or is beyond that.
func (c *Config) upgrade(w http.ResponseWriter, r *http.Request, a handshake.Agreement) (nc net.Conn, early []byte, err error) {
	header := merge(w.Header(), c.Header)
	nc, early, err = hijack(w)
	if err == http.ErrHijacked {
		return nil, nil, err // somebody else answers
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return nil, nil, err
	}
	b := handshake.AppendResponse(nil, r.Header.Get("Sec-WebSocket-Key"), a, header)
	if err := respond(nc, b, c.handshakeDeadline()); err != nil {
		hangUp(nc)
		return nil, nil, err
	}
	return nc, early, nil
}

// refuse answers a request that is not accepted.
func refuse(w http.ResponseWriter, e *handshake.Error) {
	maps.Copy(w.Header(), e.Header)
	http.Error(w, e.Reason, e.Status)
}

// merge returns the fields of the response that the handler and the configuration ask for.
func merge(handler, config http.Header) http.Header {
	switch {
	case len(handler) == 0:
		return config
	case len(config) == 0:
		return handler
	}
	h := handler.Clone()
	for name, values := range config {
		h[name] = append(h[name], values...)
	}
	return h
}

// hijack takes the connection over from net/http,
// with the bytes that the client sent behind its request.
func hijack(w http.ResponseWriter) (nc net.Conn, early []byte, err error) {
	nc, rw, err := http.NewResponseController(w).Hijack()
	if errors.Is(err, http.ErrNotSupported) {
		err = fmt.Errorf("websocket: %s is no http.Hijacker and has no Unwrap method: "+
			"it stands between the handler and the connection", innermost(w))
	}
	if err != nil {
		return nil, nil, err
	}
	if n := rw.Reader.Buffered(); n > 0 {
		p, _ := rw.Reader.Peek(n)
		early = slices.Clone(p)
	}
	nc.SetDeadline(time.Time{})
	return nc, early, nil
}

// innermost returns the type of the ResponseWriter that w unwraps to.
func innermost(w http.ResponseWriter) string {
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return fmt.Sprintf("%T", w)
		}
		w = u.Unwrap()
	}
}

// respond writes the response.
func respond(nc net.Conn, b []byte, by time.Time) error {
	nc.SetWriteDeadline(by)
	n, err := nc.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("websocket: handshake response: %w", err)
	}
	nc.SetWriteDeadline(time.Time{})
	return nil
}

// hangUp closes nc at once. A TLS connection would first wait for the network to take its goodbye.
func hangUp(nc net.Conn) {
	if t, ok := nc.(interface{ NetConn() net.Conn }); ok {
		nc = t.NetConn()
	}
	nc.Close()
}
