// Command goclient drives another implementation's server with the client of this module.
//
//	goclient [-ca FILE] URL
//
// The server behaves by path as node/server.mjs and python/server.py do.
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
	"os"
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
	{"the server closes with 4002", closeIn},
	{"a subprotocol is agreed on", subprotocol},
	{"no subprotocol is agreed on", noSubprotocol},
	{"twenty clients at once", many},
}

func main() {
	ca := flag.String("ca", "", "trust the certificate in this file")
	flag.Parse()
	s := server{url: flag.Arg(0)}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		s.tls = &tls.Config{RootCAs: x509.NewCertPool()}
		s.tls.RootCAs.AppendCertsFromPEM(pem)
	}
	label, _, _ := strings.Cut(s.url, ":")
	for _, c := range checks {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		err := c.run(ctx, s)
		cancel()
		if err != nil {
			fmt.Printf("FAIL go: %s: %s: %v\n", label, c.name, err)
			os.Exit(1)
		}
		fmt.Printf("ok   go: %s: %s\n", label, c.name)
	}
}

// A server is where the other implementation listens.
type server struct {
	url string // without a path
	tls *tls.Config
}

func (s server) dial(ctx context.Context, path string, subprotocols ...string) (*conn.Conn, error) {
	return client.Dial(ctx, s.url+path, &client.Config{TLS: s.tls, Subprotocols: subprotocols})
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
		w, err := c.Writer(ctx, frame.Text)
		if err != nil {
			return err
		}
		for _, piece := range []string{"one ", "two ", "three"} {
			if _, err := w.Write([]byte(piece)); err != nil {
				return err
			}
		}
		if err := w.Close(); err != nil {
			return err
		}
		return receive(ctx, c, frame.Text, []byte("one two three"))
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
	c, err := s.dial(ctx, "/close-4002")
	if err != nil {
		return err
	}
	defer c.CloseNow()
	if err := closed(ctx, c, 4002); err != nil {
		return err
	}
	_, _, err = c.Read(ctx)
	var ce *conn.CloseError
	if !errors.As(err, &ce) || ce.Reason != "bye" {
		return fmt.Errorf("got %v, want the reason \"bye\"", err)
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

// echo sends a message and expects it back.
func echo(ctx context.Context, c *conn.Conn, typ frame.Opcode, p []byte) error {
	if err := c.Write(ctx, typ, p); err != nil {
		return err
	}
	return receive(ctx, c, typ, p)
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
