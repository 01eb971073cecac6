package server

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/handshake"
)

// An admission is what a request got that is accepted.
// It has a place, which begin takes over and release gives back.
type admission struct {
	agreement handshake.Agreement
	key       string           // of the place
	f         func(*conn.Conn) // runs with the connection; nil if events is not
	events    *Events
}

// An applicant is a request that a server decides on, whoever has parsed it.
type applicant interface {
	// check says what p thinks of it.
	check(p *handshake.Policy) (handshake.Agreement, *handshake.Error)

	// request returns it as functions of the application see it; RemoteAddr is the client's.
	// It is only called for one of those.
	request() *http.Request
}

// parsed is an applicant that net/http has parsed.
type parsed http.Request

func (r *parsed) request() *http.Request { return (*http.Request)(r) }

func (r *parsed) check(p *handshake.Policy) (handshake.Agreement, *handshake.Error) {
	return p.Check(r.request())
}

// review decides on r, in the same way for ServeHTTP and Serve.
// A refusal is what to answer; the application has been told of it then.
// The server's configuration is valid.
//
// What costs least comes first, and a place is not taken for a request that is no handshake.
func (s *Server) review(r applicant) (a admission, refusal *handshake.Error) {
	err := s.greet()
	if err == nil {
		a.agreement, err = s.check(r)
	}
	if err == nil {
		a.key, err = s.takePlace(r)
	}
	if err == nil {
		a.f, a.events, err = s.choose(r, a.key)
	}
	if err != nil {
		s.refuses(r, err)
		return admission{}, answer(err)
	}
	return a, nil
}

// greet reports why no handshake may begin now.
func (s *Server) greet() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return shuttingDown()
	}
	return s.takeToken()
}

// check reports why r is no handshake, or not from an origin that may connect.
func (s *Server) check(r applicant) (handshake.Agreement, error) {
	a, refusal := r.check(s.setup.policy)
	if refusal != nil {
		return a, refusal
	}
	return a, nil
}

// takePlace takes a place for the client of r.
func (s *Server) takePlace(r applicant) (key string, err error) {
	if s.MaxConnsPerKey > 0 {
		defer s.rescue(r, &err)
		key = s.key(r.request())
	}
	return key, s.admit(key)
}

// choose returns what runs with the connection of r, or its events.
// If that is neither, it gives back the place of the key.
func (s *Server) choose(r applicant, key string) (f func(*conn.Conn), ev *Events, err error) {
	if s.Select != nil || s.SelectEvents != nil {
		err = errGone // if one of them calls runtime.Goexit
		defer func() {
			if err != nil {
				s.release(key)
			}
		}()
		defer s.rescue(r, &err)
		f, ev, err = s.selected(r)
	}
	switch {
	case err != nil || f != nil || ev != nil:
		return f, ev, err
	case s.hasEvents():
		return nil, s.setup.events, nil
	case s.Handler != nil:
		return s.Handler, nil, nil
	}
	return drop, nil, nil
}

// selected returns what the functions of the application have to say about r.
func (s *Server) selected(r applicant) (f func(*conn.Conn), ev *Events, err error) {
	if s.Select != nil {
		f, err = s.Select(r.request())
	}
	if f == nil && err == nil && s.SelectEvents != nil {
		ev, err = s.SelectEvents(r.request())
	}
	return f, ev, err
}

var errGone = errors.New("websocket: Server.Select did not return")

// rescue turns a panic of a function of the application into a refusal.
func (s *Server) rescue(r applicant, err *error) {
	v := recover()
	if v == nil {
		return
	}
	if v != http.ErrAbortHandler {
		s.logf("websocket: panic deciding on %v: %v\n%s", r.request().RemoteAddr, v, debug.Stack())
	}
	*err = &handshake.Error{Status: http.StatusInternalServerError, Reason: "the server could not decide on the request"}
}

// answer returns what a client is told whose request was refused because of err.
// What only the application knows stays there.
func answer(err error) *handshake.Error {
	e, ok := errors.AsType[*handshake.Error](err)
	switch {
	case !ok || e == nil:
		return &handshake.Error{Status: http.StatusForbidden, Reason: "the server does not accept this connection"}
	case e.Status < 300 || e.Status > 599: // no status to refuse with
		return &handshake.Error{Status: http.StatusInternalServerError, Reason: e.Reason}
	}
	return e
}

// drop reads and drops messages, so that pings and closes are answered.
func drop(c *conn.Conn) {
	for {
		if _, _, err := c.Reader(context.Background()); err != nil {
			return
		}
	}
}
