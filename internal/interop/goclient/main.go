// Command goclient drives another implementation's server with the client of this module.
//
//	goclient [FLAG...] URL                  run all checks
//	goclient [FLAG...] URL CHECK            run one
//	goclient [FLAG...] URL refused TEXT     expect no connection, and an error with TEXT
//	goclient [FLAG...] URL agreed ANSWER    expect permessage-deflate with the parameters of ANSWER, or "none"
//
// The server behaves by path as node/server.mjs, python/server.py and goserver do, but
// going-away, idle, lost and refused work with any that echoes; see extra.
// Without -proxy the environment says which proxy there is. Without -compress no compression is offered.
// It prints a line for each check and exits with status 1 at the first that fails.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// deadline is how long one check may take.
const deadline = 10 * time.Second

var checks = []struct {
	name string
	run  func(context.Context, server) error
}{
	{"text and binary messages", messages},
	{"a message of 1 MiB", bigMessage},
	{"a message sent in fragments", fragmentsOut},
	{"a message received in fragments, with a ping inside", fragmentsIn},
	{"a ping is answered", pingOut},
	{"a ping is answered by us", pingIn},
	{"the server gets our close code and reason, and answers with the code", closeOut},
	{"the server closes with 1000, 1001 and 4002", closeIn},
	{"a subprotocol is agreed on", subprotocol},
	{"no subprotocol is agreed on", noSubprotocol},
	{"twenty clients at once", many},
}

// extra checks run if asked for by name.
var extra = map[string]func(context.Context, server) error{
	"echo":       messages,
	"big":        bigMessage,
	"going-away": goingAway,
	"idle":       staysOpen,
	"lost":       isLost,
	"from":       isForwarded,
}

func main() {
	ca := flag.String("ca", "", "trust the certificate in this file")
	proxy := flag.String("proxy", "", "`URL` of the proxy; by default that of the environment")
	keepalive := flag.Duration("keepalive", 0, "`time` between two pings; 0: none")
	compress := flag.Bool("compress", false, "offer permessage-deflate")
	takeover := flag.Bool("takeover", false, "with context takeover")
	window := flag.Int("window", 15, "largest window of compression in `bits`, 8 to 15")
	flag.Parse()
	s, err := newServer(flag.Arg(0), *ca, *proxy, *keepalive)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if *compress {
		s.cfg.Conn.Compression = &conn.Compression{Takeover: *takeover, Window: *window}
	}
	switch name := flag.Arg(1); name {
	case "":
		for _, c := range checks {
			s.check(c.name, c.run)
		}
	case "refused":
		s.check("no connection: "+flag.Arg(2), func(ctx context.Context, s server) error {
			return refused(ctx, s, flag.Arg(2))
		})
	case "agreed":
		s.check(agreedName(s, flag.Arg(2)), func(ctx context.Context, s server) error {
			return agreed(ctx, s, flag.Arg(2))
		})
	default:
		s.check(name, extra[name])
	}
}

// A server is where the other implementation listens, and how to get there.
type server struct {
	url string // without a path
	cfg client.Config
}

func newServer(rawURL, ca, proxy string, keepalive time.Duration) (server, error) {
	s := server{url: rawURL}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return s, err
		}
		s.cfg.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
		s.cfg.TLS.RootCAs.AppendCertsFromPEM(pem)
		s.cfg.ProxyTLS = s.cfg.TLS
	}
	if proxy != "" {
		u, err := url.Parse(proxy)
		if err != nil {
			return s, err
		}
		s.cfg.Proxy = client.ProxyURL(u)
	}
	if keepalive > 0 {
		s.cfg.Conn.Keepalive = &conn.Keepalive{Interval: keepalive}
	}
	return s, nil
}

// check runs a check and ends the program if it fails.
func (s server) check(name string, run func(context.Context, server) error) {
	label, _, _ := strings.Cut(s.url, ":")
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if err := run(ctx, s); err != nil {
		fmt.Printf("FAIL go: %s: %s: %v\n", label, name, err)
		os.Exit(1)
	}
	fmt.Printf("ok   go: %s: %s\n", label, name)
}

func (s server) dial(ctx context.Context, path string, subprotocols ...string) (*conn.Conn, error) {
	cfg := s.cfg
	cfg.Subprotocols = subprotocols
	return client.Dial(ctx, s.url+path, &cfg)
}

// with runs f on a connection to path and closes it with 1000.
func (s server) with(ctx context.Context, path string, f func(*conn.Conn) error) error {
	c, err := s.dial(ctx, path)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	if err := f(c); err != nil {
		return err
	}
	return c.Close(frame.StatusNormalClosure, "")
}

func messages(ctx context.Context, s server) error {
	return s.with(ctx, "/echo", func(c *conn.Conn) error {
		for _, text := range []string{"Hello, 世界 🦫", "", strings.Repeat("x", 125), strings.Repeat("x", 126), strings.Repeat("x", 65536)} {
			if err := echo(ctx, c, frame.Text, []byte(text)); err != nil {
				return err
			}
		}
		return echo(ctx, c, frame.Binary, []byte{0, 1, 127, 128, 255})
	})
}

func bigMessage(ctx context.Context, s server) error {
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(i % 251)
	}
	return s.with(ctx, "/echo", func(c *conn.Conn) error {
		return echo(ctx, c, frame.Binary, data)
	})
}

func fragmentsOut(ctx context.Context, s server) error {
	return s.with(ctx, "/echo", func(c *conn.Conn) error {
		return echoPieces(ctx, c, frame.Text, [][]byte{[]byte("one "), []byte("two "), []byte("three")})
	})
}

func fragmentsIn(ctx context.Context, s server) error {
	return s.with(ctx, "/fragments", func(c *conn.Conn) error {
		return receive(ctx, c, frame.Text, []byte("one two three"))
	})
}

// pingOut pings while a read is waiting, and ends that with a message.
func pingOut(ctx context.Context, s server) error {
	return s.with(ctx, "/echo", func(c *conn.Conn) error {
		pinged := make(chan error, 1)
		go func() {
			_, err := c.Ping(ctx)
			pinged <- errors.Join(err, c.Write(ctx, frame.Text, []byte("pinged")))
		}()
		err := receive(ctx, c, frame.Text, []byte("pinged"))
		return errors.Join(<-pinged, err)
	})
}

func pingIn(ctx context.Context, s server) error {
	return s.with(ctx, "/ping", func(c *conn.Conn) error {
		return receive(ctx, c, frame.Text, []byte("pong: are you there"))
	})
}

func closeOut(ctx context.Context, s server) error {
	for _, want := range []conn.CloseError{
		{Code: frame.StatusNormalClosure},
		{Code: frame.StatusNormalClosure, Reason: "bye"},
		{Code: 4001, Reason: "a reason"},
		{Code: 4999, Reason: strings.Repeat("x", 123)},
	} {
		c, err := s.dial(ctx, "/echo")
		if err != nil {
			return err
		}
		defer c.CloseNow()
		if err := c.Close(want.Code, want.Reason); err != nil {
			return fmt.Errorf("close with %d: %w", want.Code, err)
		}
		if err := closed(ctx, c, want.Code); err != nil {
			return err
		}
		if err := lastClose(ctx, s, fmt.Sprintf("%d %s", want.Code, want.Reason)); err != nil {
			return err
		}
	}
	return nil
}

// lastClose waits until the server has noticed a close as want describes it.
func lastClose(ctx context.Context, s server, want string) error {
	for {
		err := s.with(ctx, "/last-close", func(c *conn.Conn) error {
			return receive(ctx, c, frame.Text, []byte(want))
		})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func closeIn(ctx context.Context, s server) error {
	for _, code := range []frame.StatusCode{frame.StatusNormalClosure, frame.StatusGoingAway, 4002} {
		c, err := s.dial(ctx, fmt.Sprintf("/close-%d", int(code)))
		if err != nil {
			return err
		}
		defer c.CloseNow()
		if err := closed(ctx, c, code); err != nil {
			return err
		}
		_, _, err = c.Read(ctx)
		if ce, ok := errors.AsType[*conn.CloseError](err); !ok || ce.Reason != "bye" || !ce.ByPeer {
			return fmt.Errorf("got %v, want the reason \"bye\"", err)
		}
	}
	return nil
}

func subprotocol(ctx context.Context, s server) error {
	c, err := s.dial(ctx, "/subprotocol", "v2.chat", "v1.chat")
	if err != nil {
		return err
	}
	defer c.CloseNow()
	if got := c.Subprotocol(); got != "v1.chat" {
		return fmt.Errorf("got subprotocol %q, want v1.chat", got)
	}
	return receive(ctx, c, frame.Text, []byte("subprotocol: v1.chat"))
}

func noSubprotocol(ctx context.Context, s server) error {
	return s.with(ctx, "/subprotocol", func(c *conn.Conn) error {
		if got := c.Subprotocol(); got != "" {
			return fmt.Errorf("got subprotocol %q, want none", got)
		}
		return nil
	})
}

func many(ctx context.Context, s server) error {
	errs := make(chan error)
	const clients = 20
	for i := range clients {
		go func() {
			errs <- s.with(ctx, "/echo", func(c *conn.Conn) error {
				for j := range 20 {
					if err := echo(ctx, c, frame.Text, fmt.Appendf(nil, "client %d, message %d", i, j)); err != nil {
						return err
					}
				}
				return nil
			})
		}()
	}
	var all []error
	for range clients {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// goingAway says "ready", then expects the server to close with 1001.
func goingAway(ctx context.Context, s server) error {
	c, err := s.dial(ctx, "/echo")
	if err != nil {
		return err
	}
	defer c.CloseNow()
	if err := echo(ctx, c, frame.Text, []byte("we are on")); err != nil {
		return err
	}
	fmt.Println("ready")
	return closed(ctx, c, frame.StatusGoingAway)
}

// quiet is how long connections are idle. Proxies under test lose them after 2 s.
const quiet = 5 * time.Second

// staysOpen expects that a connection can be used after it was idle.
func staysOpen(ctx context.Context, s server) error {
	return s.with(ctx, "/echo", func(c *conn.Conn) error {
		short, cancel := context.WithTimeout(ctx, quiet)
		defer cancel()
		if _, _, err := c.Read(short); !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("after %v: %w", quiet, err)
		}
		return echo(ctx, c, frame.Text, []byte("still here"))
	})
}

// isLost expects that a connection is lost when it is idle.
func isLost(ctx context.Context, s server) error {
	c, err := s.dial(ctx, "/echo")
	if err != nil {
		return err
	}
	defer c.CloseNow()
	short, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	_, _, err = c.Read(short)
	if ce, ok := errors.AsType[*conn.CloseError](err); !ok || ce.Code != frame.StatusAbnormalClosure {
		return fmt.Errorf("got %v, want an end without a close frame", err)
	}
	return nil
}

// isForwarded expects the proxy in front of a goserver to replace what a client says of its address.
func isForwarded(ctx context.Context, s server) error {
	s.cfg.Header = http.Header{"X-Forwarded-For": {"203.0.113.9"}}
	return s.with(ctx, "/from", func(c *conn.Conn) error {
		return receive(ctx, c, frame.Text, []byte("127.0.0.1"))
	})
}

// refused expects an error that says want.
func refused(ctx context.Context, s server, want string) error {
	c, err := s.dial(ctx, "/echo")
	if err == nil {
		c.CloseNow()
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		return fmt.Errorf("got the error %v", err)
	}
	return nil
}

// echo sends a message and expects it back.
func echo(ctx context.Context, c *conn.Conn, typ frame.Opcode, p []byte) error {
	if err := c.Write(ctx, typ, p); err != nil {
		return err
	}
	return receive(ctx, c, typ, p)
}

// echoPieces sends one message in pieces, as fragments, and expects it back.
func echoPieces(ctx context.Context, c *conn.Conn, typ frame.Opcode, pieces [][]byte) error {
	w, err := c.Writer(ctx, typ)
	if err != nil {
		return err
	}
	for _, p := range pieces {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return receive(ctx, c, typ, slices.Concat(pieces...))
}

// receive expects a message.
func receive(ctx context.Context, c *conn.Conn, typ frame.Opcode, want []byte) error {
	gotTyp, got, err := c.Read(ctx)
	switch {
	case err != nil:
		return err
	case gotTyp != typ || !bytes.Equal(got, want):
		return fmt.Errorf("got %v %.60q (%d bytes), want %v %.60q (%d bytes)", gotTyp, got, len(got), typ, want, len(want))
	default:
		return nil
	}
}

// closed expects a read to fail because the server closed with code.
func closed(ctx context.Context, c *conn.Conn, code frame.StatusCode) error {
	_, _, err := c.Read(ctx)
	var ce *conn.CloseError
	if !errors.As(err, &ce) || ce.Code != code || ce.Err != nil {
		return fmt.Errorf("got %v, want a close with %d", err, code)
	}
	return nil
}
