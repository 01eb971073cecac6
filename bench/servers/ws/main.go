// Command ws echoes with this library, as examples/echo does:
// ReadAppend and Write on a goroutine for each connection, or Send in the event loop, and Server.Broadcast.
package main

import (
	"context"
	"maps"
	"net"
	"net/http"
	"slices"

	"github.com/ws6455/ws/bench/internal/echo"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// modes are the ways to serve a listener. Another one is another line.
var modes = map[string]func(*server.Server, net.Listener) error{
	"loop":    serveEvents,
	"nethttp": func(s *server.Server, ln net.Listener) error { return http.Serve(ln, s) },
	"serve":   (*server.Server).Serve,
}

func main() {
	about := echo.About{
		Module:    "github.com/ws6455/ws",
		Modes:     slices.Sorted(maps.Keys(modes)),
		Compress:  true,
		Takeover:  true,
		Broadcast: true,
	}
	echo.Main(about, func(o echo.Options) error {
		cfg := net.ListenConfig{KeepAlive: -1} // the pings of the server find out more
		ln, err := cfg.Listen(context.Background(), "tcp", o.Addr)
		if err != nil {
			return err
		}
		return modes[o.Mode](newServer(o), ln)
	})
}

func newServer(o echo.Options) *server.Server {
	s := &server.Server{Handler: echoTo}
	s.Config.Conn.MaxMessageSize = echo.MaxMessage
	if o.Compress {
		s.Config.Conn.Compression = &conn.Compression{Takeover: o.Takeover}
	}
	if o.Broadcast {
		s.Handler = func(c *conn.Conn) { echoOrBroadcast(s, c) }
	}
	return s
}

// serveEvents serves with a handler that has no goroutine.
func serveEvents(s *server.Server, ln net.Listener) error {
	s.Events = &server.Events{Message: func(c *conn.Conn, typ frame.Opcode, p []byte) {
		if echo.ToAll(p) {
			m, _ := conn.Prepare(typ, p)
			s.Broadcast(m, nil)
			return
		}
		c.Send(context.Background(), typ, p)
	}}
	return s.Serve(ln)
}

// echoTo sends back what c receives until the end.
func echoTo(c *conn.Conn) {
	ctx := context.Background()
	var buf []byte // for the next message
	for {
		typ, p, err := c.ReadAppend(ctx, buf[:0])
		if err == nil {
			err = c.Write(ctx, typ, p)
		}
		if err != nil {
			return
		}
		if buf = p; cap(buf) > 2<<20 {
			buf = nil // too large to keep while waiting
		}
	}
}

// echoOrBroadcast is echoTo for a server that broadcasts.
func echoOrBroadcast(s *server.Server, c *conn.Conn) {
	ctx := context.Background()
	for m, err := range c.Messages(ctx) {
		switch {
		case err != nil:
			return
		case echo.ToAll(m.Data):
			s.Broadcast(m.Prepared(), nil)
		case c.Write(ctx, m.Type, m.Data) != nil:
			return
		}
	}
}
