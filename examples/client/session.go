package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net/url"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// pingTime is how long /ping waits.
const pingTime = 10 * time.Second

// A session is a conversation with a server, over one connection or, with -reconnect, over several.
type session struct {
	*options
	*printer
	leave context.Context // ends when the connection is to be closed politely,
	cut   context.Context // and when that took too long
	lines <-chan string

	finished bool // this side wants no other connection
}

// run connects and talks. It returns how that ended, after telling it.
func (s *session) run() error {
	cfg, err := s.config()
	if s.frames && err == nil {
		cfg.DialContext = s.dialTapped
	}
	switch {
	case err != nil:
		return s.report(err)
	case s.reconnect:
		return s.report(s.again(cfg))
	}
	return s.report(s.once(cfg))
}

// report tells err, if it is a failure, and returns it.
func (s *session) report(err error) error {
	if exitStatus(err) != exitNormal {
		s.problem(err)
	}
	return err
}

// once talks over one connection and returns how it ended.
func (s *session) once(cfg *client.Config) error {
	c, err := client.Dial(s.leave, s.url, cfg)
	if err != nil {
		return err
	}
	return s.talk(c)
}

// again talks over one connection after another, until this side or the reason for an end says that it is enough.
func (s *session) again(cfg *client.Config) error {
	r := &client.Reconnector{
		URL:            s.url,
		Config:         cfg,
		OnRetry:        s.retry,
		AttemptTimeout: -1, // -timeout does it
	}
	for c, err := range r.Conns(s.leave) {
		if err != nil {
			return err
		}
		if err := s.talk(c); s.finished {
			return err
		}
	}
	return nil // closed with status 1000
}

// retry tells about a failure that is not the last word.
func (s *session) retry(err error, retry int, delay time.Duration) {
	s.report(err)
	s.status("retry %d in %v", retry, delay.Round(100*time.Millisecond))
}

// talk sends the lines and prints what arrives, until one side closes. It returns how the connection ended.
func (s *session) talk(c *conn.Conn) error {
	defer c.CloseNow()
	s.connected(c)
	ended := make(chan error, 1)
	go s.receive(c, ended)
	lines, last := s.lines, (<-chan time.Time)(nil)
	for {
		select {
		case err := <-ended:
			s.closed(err)
			return err
		case line, ok := <-lines:
			if ok {
				s.obey(c, line)
			} else {
				lines, last = nil, time.After(s.wait)
			}
		case <-last:
			s.close(c, frame.StatusNormalClosure, "")
			last = nil
		case <-s.leave.Done():
			s.close(c, frame.StatusGoingAway, "")
			err := <-ended
			s.closed(err)
			return err
		}
	}
}

// receive prints messages until the connection ends, and says how it did.
func (s *session) receive(c *conn.Conn, ended chan<- error) {
	for {
		typ, data, err := c.Read(context.Background())
		if err != nil {
			ended <- err
			return
		}
		s.message(typ, data)
	}
}

// obey does what a line asks for. If that fails, the connection may be as it was.
func (s *session) obey(c *conn.Conn, line string) {
	cmd, err := parseCommand(line)
	if err != nil {
		s.problem(err)
		return
	}
	switch cmd.verb {
	case "send":
		err = s.send(c, cmd.typ, cmd.data)
	case "ping":
		err = s.ping(c)
	case "close":
		s.close(c, cmd.code, cmd.reason)
	case "quit":
		s.close(c, frame.StatusNormalClosure, "")
	case "help":
		s.answer("%s", commandHelp)
	}
	// How the connection ended is told in another place.
	if err != nil && conn.CloseCode(err) == 0 && s.leave.Err() == nil {
		s.problem(err)
	}
}

// send sends a message.
func (s *session) send(c *conn.Conn, typ frame.Opcode, data []byte) error {
	start := time.Now()
	if err := c.Write(s.leave, typ, data); err != nil {
		return err
	}
	s.detail("sent %v, %d bytes, in %v", typ, len(data), round(time.Since(start)))
	return nil
}

// ping measures the round-trip time.
func (s *session) ping(c *conn.Conn) error {
	ctx, cancel := context.WithTimeoutCause(s.leave, pingTime, fmt.Errorf("no pong within %v", pingTime))
	defer cancel()
	rtt, err := c.Ping(ctx)
	switch {
	case err == nil:
		s.answer("pong after %v", round(rtt))
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// close performs the closing handshake, unless it is cut short.
func (s *session) close(c *conn.Conn, code frame.StatusCode, reason string) {
	s.finished = true
	stop := context.AfterFunc(s.cut, func() { c.CloseNow() })
	defer stop()
	c.Close(code, reason)
}

// connected tells about a new connection.
func (s *session) connected(c *conn.Conn) {
	s.status("connected to %s", redacted(s.url))
	s.detail("from %v to %v", c.LocalAddr(), c.RemoteAddr())
	if p := c.Subprotocol(); p != "" {
		s.status("subprotocol %s", p)
	}
	for _, e := range c.Extensions() {
		s.status("extension %v", e)
	}
	if t, ok := c.NetConn().(*tls.Conn); ok {
		state := t.ConnectionState()
		s.detail("%s, %s", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite))
	}
}

// redacted returns the URL without its password.
func redacted(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "the server"
	}
	return u.Redacted()
}

// closed tells how a connection ended, if that is no failure: those are told by run and retry.
func (s *session) closed(err error) {
	if exitStatus(err) == exitNormal {
		s.status("%s", unprefixed(err))
	}
}

// round returns d with the digits that are of interest.
func round(d time.Duration) time.Duration {
	return d.Round(cmp.Or(d/1000, 1))
}
