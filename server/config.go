package server

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/handshake"
)

// A Config says which connections a server accepts.
// A nil *Config and the zero Config accept clients that are not browsers,
// and pages from the host that the request is for.
// A Config may be shared by any number of calls, which do not change it.
type Config struct {
	// Subprotocols are those that the server speaks, in any order.
	// The first that a client lists and that is here is chosen; without one
	// the connection has no subprotocol. See [conn.Conn.Subprotocol].
	Subprotocols []string

	// Origins are patterns of the origins, beside the request's own host,
	// whose pages may connect: "https://app.example.com", "app.example.com",
	// "*.example.com", "https://*.example.com:8443".
	// "*" switches the check off: then any page that a user opens
	// can connect in the user's name, cookies included.
	// See [handshake.Policy]. A malformed pattern is an error of every [Accept].
	Origins []string

	// Header are fields for the 101 response, such as Set-Cookie.
	// Fields that belong to the handshake are an error of every [Accept].
	// What the handler has set in w.Header is sent, too, but for such fields.
	Header http.Header

	// HandshakeTimeout is how long the network may take to accept the 101 response.
	// For a connection of Server.Serve it is the time for all of the handshake:
	// that of TLS, the request, what Server.Select does, and the response.
	// If zero, it is 10 seconds. If negative, there is no limit.
	HandshakeTimeout time.Duration

	// Conn holds the limits of the connections. If Conn.Compression is set,
	// permessage-deflate is accepted when a client offers it.
	Conn conn.Config
}

// policy returns what c says about requests.
func (c *Config) policy() *handshake.Policy {
	p := &handshake.Policy{Subprotocols: c.Subprotocols, Origins: c.Origins}
	if c.Conn.Compression != nil {
		p.Negotiate = negotiate(c.Conn.Compression.Deflate())
	}
	return p
}

// negotiate returns what accepts permessage-deflate as d says, and no other extension.
func negotiate(d handshake.Deflate) func([]handshake.Extension) []handshake.Extension {
	return func(offers []handshake.Extension) []handshake.Extension {
		if e, ok := d.Answer(offers); ok {
			return []handshake.Extension{e}
		}
		return nil
	}
}

// validate reports what is malformed in c. Then no request is accepted, so that it is noticed.
func (c *Config) validate() error {
	if err := c.policy().Validate(); err != nil {
		return fmt.Errorf("websocket: server.Config: %w", err)
	}
	if err := handshake.CheckFields(c.Header); err != nil {
		return fmt.Errorf("websocket: server.Config.Header: %w", err)
	}
	return nil
}

// handshakeDeadline returns when the response must be sent.
func (c *Config) handshakeDeadline() time.Time {
	switch {
	case c.HandshakeTimeout < 0 || c.HandshakeTimeout == math.MaxInt64:
		return time.Time{}
	case c.HandshakeTimeout == 0:
		return time.Now().Add(10 * time.Second)
	}
	return time.Now().Add(c.HandshakeTimeout)
}
