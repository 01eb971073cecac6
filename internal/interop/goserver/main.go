// Command goserver is what node/server.mjs and python/server.py are, made of the server of this module.
//
//	goserver [-raw] [-per-client N] [CERT KEY]
//
// It prints the address it listens on. -raw does without net/http.
// Messages are compressed, with takeover, if the client offers it.
// /from sends what a proxy says in X-Forwarded-For.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/server"
)

var paths = map[string]func(*conn.Conn){
	"/echo":        echo,
	"/last-close":  sendLastClose,
	"/close-1000":  closing(frame.StatusNormalClosure),
	"/close-1001":  closing(frame.StatusGoingAway),
	"/close-4002":  closing(4002),
	"/ping":        ping,
	"/fragments":   fragments,
	"/subprotocol": subprotocol,
}

func main() {
	raw := flag.Bool("raw", false, "serve without net/http")
	perClient := flag.Int("per-client", 0, "`connections` of a client, which X-Forwarded-For tells from others; 0: no limit")
	flag.Parse()
	ln, err := listen(flag.Arg(0), flag.Arg(1))
	if err != nil {
		log.Fatal(err)
	}
	s := &server.Server{
		Select: byPath,
		Config: server.Config{
			Subprotocols: []string{"v1.chat"},
			Conn:         conn.Config{Compression: &conn.Compression{Takeover: true}},
		},
		MaxConnsPerKey: *perClient,
		Key:            func(r *http.Request) string { return r.Header.Get("X-Forwarded-For") },
	}
	log.Printf("listening on %v", ln.Addr())
	if *raw {
		log.Fatal(s.Serve(ln))
	}
	log.Fatal(http.Serve(ln, s))
}

// listen listens on some port, with TLS if there is a certificate.
func listen(cert, key string) (net.Listener, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil || cert == "" {
		return ln, err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	return tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{pair}}), err
}

func byPath(r *http.Request) (func(*conn.Conn), error) {
	if f := paths[r.URL.Path]; f != nil {
		return f, nil
	}
	if r.URL.Path == "/from" {
		from := strings.Join(r.Header.Values("X-Forwarded-For"), ", ")
		return func(c *conn.Conn) { send(c, from) }, nil
	}
	return nil, &handshake.Error{Status: http.StatusNotFound, Reason: "no such path"}
}

// lastClose is the "CODE REASON" of the connection to /echo that closed last.
var lastClose atomic.Value

func echo(c *conn.Conn) {
	ctx := context.Background()
	for {
		typ, p, err := c.Read(ctx)
		if err == nil {
			err = c.Write(ctx, typ, p)
		}
		if e, ok := errors.AsType[*conn.CloseError](err); ok {
			lastClose.Store(fmt.Sprintf("%d %s", e.Code, e.Reason))
		}
		if err != nil {
			return
		}
	}
}

func sendLastClose(c *conn.Conn) {
	text, _ := lastClose.Load().(string)
	send(c, text)
}

// send sends text and waits for the end.
func send(c *conn.Conn, text string) {
	c.Write(context.Background(), frame.Text, []byte(text))
	c.Read(context.Background())
}

// closing closes with code "bye".
func closing(code frame.StatusCode) func(*conn.Conn) {
	return func(c *conn.Conn) { c.Close(code, "bye") }
}

func ping(c *conn.Conn) {
	if _, err := c.Ping(context.Background()); err == nil {
		send(c, "pong: are you there")
	}
}

func fragments(c *conn.Conn) {
	w, err := c.Writer(context.Background(), frame.Text)
	if err != nil {
		return
	}
	io.WriteString(w, "one ")
	c.Ping(context.Background())
	io.WriteString(w, "two ")
	io.WriteString(w, "three")
	w.Close()
	c.Read(context.Background())
}

func subprotocol(c *conn.Conn) { send(c, "subprotocol: "+c.Subprotocol()) }
