package server

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// ListenAndServe listens on the TCP address addr, such as ":8080", and calls [Server.Serve].
//
// The system's own keepalive is off for these connections, as the pings of the server
// find out more: not only whether the peer's system is there, but whether its program is.
// It is on if NoKeepalive is.
func (s *Server) ListenAndServe(addr string) error {
	l, err := s.listen(addr)
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// ListenAndServeTLS is [Server.ListenAndServe] with TLS: for clients of wss.
// certFile and keyFile hold a certificate, followed by those of its issuers if need be,
// and its key, in PEM form. For any other choice give Serve a [tls.NewListener].
func (s *Server) ListenAndServeTLS(addr, certFile, keyFile string) error {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return err
	}
	l, err := s.listen(addr)
	if err != nil {
		return err
	}
	return s.Serve(tls.NewListener(l, &tls.Config{
		Certificates: []tls.Certificate{cert},
		NextProtos:   []string{"http/1.1"},
	}))
}

// listen returns a listener on addr, none if the server is shutting down.
func (s *Server) listen(addr string) (net.Listener, error) {
	if s.draining() {
		return nil, http.ErrServerClosed
	}
	var cfg net.ListenConfig
	if !s.NoKeepalive {
		cfg.KeepAlive = -1 // saves four system calls for each connection
	}
	return cfg.Listen(context.Background(), "tcp", addr)
}

// Serve accepts connections from l, without net/http, and performs their opening handshakes.
// It decides on a request as ServeHTTP does, and answers one that it refuses with the same
// status and text. There is no routing: see Select. After a refusal the connection is closed.
//
// Config.HandshakeTimeout is the time for all of a handshake, that of TLS included.
// MaxHeaderBytes, MaxHeaderFields and MaxPendingHandshakes bound what handshakes cost.
// A connection that waits for its request has a goroutine with a small stack, and no buffer
// unless a part of the request is there, or l is neither of TCP nor of Unix sockets.
//
// Serve closes l and returns when l fails, or [http.ErrServerClosed] after Shutdown.
// A temporary error, such as too many open files, is logged, and Serve goes on after a while.
// If Config is malformed, Serve says so at once. Any number of Serve may run.
func (s *Server) Serve(l net.Listener) error {
	own := &listener{l}
	defer own.Close()
	if _, err := s.config(); err != nil {
		return err
	}
	if !s.addListener(own) {
		return http.ErrServerClosed
	}
	defer s.removeListener(own)
	if a := s.acceptor(l); a != nil {
		return s.serveLoops(a)
	}
	r := newReceptionists()
	defer r.close()
	return s.acceptAll(func() error {
		nc, err := own.Accept()
		if err == nil {
			s.meet(nc, r)
		}
		return err
	})
}

// acceptAll calls accept, which accepts a connection, until that fails for good.
func (s *Server) acceptAll(accept func() error) error {
	var pause time.Duration
	for {
		err := accept()
		switch {
		case err == nil:
			pause = 0
		case s.draining():
			return http.ErrServerClosed
		case !isTemporary(err):
			return err
		default:
			pause = longer(pause)
			s.logf("websocket: %v; the next connection is accepted in %v", err, pause)
			time.Sleep(pause)
		}
	}
}

// A listener is a net.Listener that can be compared, whatever it is.
type listener struct{ net.Listener }

// isTemporary reports whether a later Accept may succeed.
func isTemporary(err error) bool {
	t, ok := err.(interface{ Temporary() bool })
	return ok && t.Temporary()
}

// longer returns the pause after one of length d.
func longer(d time.Duration) time.Duration {
	if d == 0 {
		return 5 * time.Millisecond
	}
	return min(2*d, time.Second)
}
