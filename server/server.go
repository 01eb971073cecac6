package server

import (
	"cmp"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/internal/netloop"
)

// A Server accepts connections, knows all that are open, and bounds how many there are.
// It is an http.Handler, to be mounted in any mux;
// Serve and ListenAndServe do without net/http.
//
// Its fields are set before the first request and not changed later.
// The zero Server works; its methods may be called from any goroutine.
type Server struct {
	// Handler runs with each connection, on a goroutine of its own, as the function of [Go] does.
	// If both Handler and Select are nil, messages are read and dropped,
	// so that the server can be used to broadcast.
	Handler func(*conn.Conn)

	// Select decides on a request that is a valid handshake from an origin that may connect:
	// it returns what runs with the connection, or why there will be none.
	// A *handshake.Error is answered with its Status, Header and Reason, any other error with
	// status 403. The request is not to be kept; what is needed of it goes into the function returned.
	// If Select is nil, or returns nil and no error, Handler runs.
	// A panic is logged and answered with status 500.
	Select func(*http.Request) (func(*conn.Conn), error)

	// Events, if not nil, is what connections are for, instead of Handler. Then Serve needs neither a goroutine
	// nor a buffer for a connection that waits, nor does ServeHTTP, on Linux, FreeBSD and macOS,
	// if the connection is TCP's or that of a Unix socket. Elsewhere, and over TLS, there is a goroutine,
	// and all else is the same. A connection for which Select returns a function is not affected.
	Events *Events

	// SelectEvents is Select for Events: it returns those of one connection, with what they need to know
	// of the request, or why there will be no connection. If it returns nil and no error, it is Events.
	// It is not asked if Select returns a function.
	SelectEvents func(*http.Request) (*Events, error)

	// Config says which requests are accepted, and has the limits of each connection.
	// If Config.Conn.Keepalive is nil, the server's own is used, with the defaults of conn.Keepalive;
	// to have none, see NoKeepalive.
	Config Config

	// NoKeepalive leaves connections without pings if Config.Conn.Keepalive is nil.
	NoKeepalive bool

	// MaxConns is how many connections may be open, handshakes included.
	// Those beyond get status 503. If zero or negative, there is no limit.
	MaxConns int

	// MaxConnsPerKey is how many connections may be open of one client,
	// which Key tells from others. Those beyond get status 429.
	// If zero or negative, there is no limit.
	MaxConnsPerKey int

	// Key returns what MaxConnsPerKey counts by, such as the name of a user.
	// If nil, it is the IP address that the connection comes from, of IPv6 the first 64 bits.
	// Behind a proxy that is the proxy's: then Key takes the client's from the field
	// that the proxy sets, such as X-Forwarded-For, if nobody can get past the proxy
	// and the proxy replaces what clients write there.
	Key func(*http.Request) string

	// MaxHandshakesPerSecond is how many handshakes may begin in a second, and at once
	// after a second without. Those beyond get status 503. If zero or negative, there is no limit.
	MaxHandshakesPerSecond int

	// MaxPendingHandshakes is how many connections of Serve may be without a complete request.
	// Those beyond are closed. If zero, it is 10000. If negative, there is no limit.
	MaxPendingHandshakes int

	// MaxHeaderBytes and MaxHeaderFields bound the request of a connection of Serve.
	// If zero, they are 16 KiB and 128. If negative, there is no limit.
	// A larger request gets status 431.
	MaxHeaderBytes  int
	MaxHeaderFields int

	// Jitter is the time over which Shutdown spreads its close frames,
	// so that clients do not come back all at once. If zero or negative, they leave at once.
	Jitter time.Duration

	// ShutdownTimeout is how long after StartShutdown the connections that are left are cut.
	// If zero, it is 30 seconds. If negative, they are not.
	ShutdownTimeout time.Duration

	// Refused is told of each request that got no connection, and why: a [*LimitError],
	// a [*handshake.Error], the error of Select, one of Config, or one of the network.
	// r is nil if a connection of Serve sent no complete request. It may be called by many at once,
	// and each waits for it: return soon. If Refused is nil, nobody is told.
	Refused func(r *http.Request, err error)

	// ErrorLog gets the panics of handlers and the errors of listeners. If nil, package log does.
	ErrorLog *log.Logger

	once  sync.Once
	setup setup // of the fields above; made once

	// Who is here. Guarded by mu, which is held for moments only.
	mu        sync.Mutex
	places    int            // taken by handshakes and connections
	perKey    map[string]int // places by key
	shared    time.Time      // see takeToken
	open      []*entry       // connections; each entry knows its index
	listening []net.Listener // of Serve
	down      *shutdown      // nil before it begins

	pending pending // handshakes of Serve
	loops   netloop.Group
}

// ServeHTTP accepts r as [Go] does, if it is within the limits of the server.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cfg, err := s.config()
	if err != nil {
		misconfigured(w)
		s.refused(r, err)
		return
	}
	a, refusal := s.review((*parsed)(r))
	if refusal != nil {
		refuse(w, refusal)
		return
	}
	begun := false
	defer func() {
		if !begun { // or a Hijack panicked
			s.release(a.key)
		}
	}()
	nc, early, err := cfg.upgrade(w, r, a.agreement)
	if err != nil {
		s.refused(r, err)
		return
	}
	s.start(nc, early, a)
	begun = true
}

// A setup is what Server.Config comes to.
type setup struct {
	policy *handshake.Policy
	cfg    Config  // with the server's Keepalive
	events *Events // if there are events, for a connection that has none of its own
	err    error   // what is malformed
}

// config returns the configuration of connections, or what is malformed in it.
func (s *Server) config() (*Config, error) {
	s.once.Do(func() {
		s.setup = setup{policy: s.Config.policy(), cfg: s.Config, err: s.Config.validate()}
		s.setup.events = cmp.Or(s.Events, new(Events))
		if c := &s.setup.cfg.Conn; c.Keepalive == nil && !s.NoKeepalive {
			c.Keepalive = new(conn.Keepalive)
		}
	})
	return &s.setup.cfg, s.setup.err
}

// refuses is refused for an applicant.
func (s *Server) refuses(r applicant, err error) {
	if s.Refused != nil {
		s.Refused(r.request(), err)
	}
}

// refused tells the application that r got no connection.
func (s *Server) refused(r *http.Request, err error) {
	if s.Refused != nil {
		s.Refused(r, err)
	}
}

// logf logs to s.ErrorLog.
func (s *Server) logf(format string, args ...any) {
	if s.ErrorLog != nil {
		s.ErrorLog.Printf(format, args...)
	} else {
		log.Printf(format, args...)
	}
}
