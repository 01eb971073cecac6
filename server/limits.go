package server

import (
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/ws6455/ws/handshake"
)

// A LimitError is a limit of a [Server] that a request met.
type LimitError struct {
	Option string           // the field of Server
	Limit  int              // its value
	Key    string           // whose connections were counted, if Option is MaxConnsPerKey
	Answer *handshake.Error // what the client was answered; nil if nothing
}

func (e *LimitError) Error() string {
	s := fmt.Sprintf("websocket: more than Server.%s of %d", e.Option, e.Limit)
	if e.Key != "" {
		s += fmt.Sprintf(" for %q", e.Key)
	}
	return s
}

// Unwrap returns e.Answer, if there is one.
func (e *LimitError) Unwrap() error {
	if e.Answer == nil {
		return nil
	}
	return e.Answer
}

// takeToken counts a handshake, or says that there are too many. s.mu is held.
//
// Those that were counted share the time evenly, one after the other.
// That may go on for a second from now, but not longer.
func (s *Server) takeToken() error {
	if s.MaxHandshakesPerSecond <= 0 {
		return nil
	}
	now := time.Now()
	share := time.Second / time.Duration(s.MaxHandshakesPerSecond)
	end := s.shared.Add(share)
	if s.shared.Before(now) {
		end = now.Add(share)
	}
	if end.Sub(now) > time.Second {
		return limitError("MaxHandshakesPerSecond", s.MaxHandshakesPerSecond, http.StatusServiceUnavailable,
			"the server begins no more connections in this second", "1")
	}
	s.shared = end
	return nil
}

// admit takes a place for a connection of the client that key stands for,
// or says why there is none. release gives the place back.
func (s *Server) admit(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down != nil:
		return shuttingDown()
	case s.MaxConns > 0 && s.places >= s.MaxConns:
		return limitError("MaxConns", s.MaxConns, http.StatusServiceUnavailable,
			"the server has as many connections as it takes", "")
	case s.counts(key) && s.perKey[key] >= s.MaxConnsPerKey:
		e := limitError("MaxConnsPerKey", s.MaxConnsPerKey, http.StatusTooManyRequests,
			"this client has as many connections as it may have", "10")
		e.Key = key
		return e
	}
	s.places++
	if s.counts(key) {
		s.count(key)
	}
	return nil
}

// counts reports whether connections are counted by key.
func (s *Server) counts(key string) bool { return s.MaxConnsPerKey > 0 && key != "" }

// count counts a place for key. s.mu is held.
func (s *Server) count(key string) {
	if s.perKey == nil {
		s.perKey = make(map[string]int)
	}
	s.perKey[key]++
}

// release gives back a place that admit took.
func (s *Server) release(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.places--
	if s.counts(key) {
		s.perKey[key]--
		if s.perKey[key] == 0 {
			delete(s.perKey, key)
		}
	}
	if s.places == 0 && s.down != nil {
		close(s.down.ended)
	}
}

// limitError returns the error of a limit that a request met, with the answer to that.
// retryAfter is in seconds.
func limitError(option string, limit, status int, reason, retryAfter string) *LimitError {
	e := &handshake.Error{Status: status, Reason: reason}
	if retryAfter != "" {
		e.Header = http.Header{"Retry-After": {retryAfter}}
	}
	return &LimitError{Option: option, Limit: limit, Answer: e}
}

// key returns what MaxConnsPerKey counts r by.
func (s *Server) key(r *http.Request) string {
	if s.Key != nil {
		return s.Key(r)
	}
	return clientKey(r.RemoteAddr)
}

// clientKey returns what tells a client from others if Server.Key is nil.
// Whoever has one IPv6 address has the 2^64 that share its first half.
// An address that is none of IP, such as that of a Unix socket, stands for itself.
func clientKey(remote string) string {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	a := ap.Addr().Unmap()
	if a.Is4() {
		return a.String()
	}
	p, _ := a.Prefix(64)
	return p.String()
}
