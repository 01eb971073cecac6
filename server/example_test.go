package server_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"time"

	peer "github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/server"
)

// How do I write an echo server?
func ExampleHandler() {
	h := server.Handler(func(c *conn.Conn) {
		ctx := context.Background()
		for m, err := range c.Messages(ctx) {
			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
				return
			}
		}
	}, nil)

	s := httptest.NewServer(h) // or http.Handle("/echo", h)
	defer s.Close()
	fmt.Println(ask(s, nil, "hello"))
	// Output:
	// 101 Switching Protocols: "hello"
}

// How do I let in only those who may come in?
func ExampleAccept() {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if password != "sesame" {
			w.Header().Set("WWW-Authenticate", "Basic realm=chat")
			http.Error(w, "who is there?", http.StatusUnauthorized)
			return
		}
		c, err := server.Accept(w, r, nil)
		if err != nil {
			return // the client has been told
		}
		defer c.CloseNow()
		c.Write(r.Context(), frame.Text, []byte("welcome, "+user))
		c.Close(frame.StatusNormalClosure, "")
	})

	s := httptest.NewServer(h)
	defer s.Close()
	fmt.Println(ask(s, nil, ""))
	fmt.Println(ask(s, http.Header{"Authorization": {"Basic YWxpOnNlc2FtZQ=="}}, ""))
	// Output:
	// 401 Unauthorized: "who is there?\n"
	// 101 Switching Protocols: "welcome, ali"
}

// How do I tell the connection what the request said?
func ExampleGo() {
	h := func(w http.ResponseWriter, r *http.Request) {
		room := r.PathValue("room") // r is gone when the function below runs
		server.Go(w, r, nil, func(c *conn.Conn) {
			c.Write(context.Background(), frame.Text, []byte("this is the "+room))
		})
	}

	m := http.NewServeMux()
	m.HandleFunc("GET /rooms/{room}", h)
	s := httptest.NewServer(m)
	defer s.Close()
	fmt.Println(ask(s, nil, "hello"))
	// Output:
	// 101 Switching Protocols: "this is the kitchen"
}

// How do I make a chat room, which drops those who are too slow for it?
func ExampleServer_Broadcast() {
	var room server.Server
	room.Handler = func(c *conn.Conn) {
		for m := range c.Messages(context.Background()) {
			room.Broadcast(m.Prepared(), nil)
		}
	}

	s := httptest.NewServer(&room)
	defer s.Close()
	ctx := context.Background()
	ann := enter(s, "ann")
	ann.Write(ctx, frame.Text, []byte("anybody?"))
	ann.Read(ctx) // who speaks hears it, too
	bob := enter(s, "bob")
	bob.Write(ctx, frame.Text, []byte("hello"))
	for _, c := range []*conn.Conn{ann, bob} {
		_, p, _ := c.Read(ctx)
		fmt.Printf("%s\n", p)
	}
	room.Close()
	// Output:
	// hello
	// hello
}

// How do I close all connections with status 1001?
func ExampleServer_Shutdown() {
	ws := &server.Server{}
	s := httptest.NewServer(ws)
	defer s.Close()
	c := enter(s, "ann")
	told := make(chan error)
	go func() {
		_, _, err := c.Read(context.Background())
		told <- err
	}()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := ws.Shutdown(ctx)

	fmt.Println(err)
	fmt.Println(<-told)
	// Output:
	// <nil>
	// websocket: closed by the peer with 1001 (going away) "server is shutting down"
}

// How do I stop an http.Server that has WebSocket connections, too?
func ExampleServer_StartShutdown() {
	ws := &server.Server{Handler: echo, Jitter: 5 * time.Second}
	http.Handle("/ws", ws)
	hs := &http.Server{Addr: "localhost:8080"}
	hs.RegisterOnShutdown(ws.StartShutdown)
	go hs.ListenAndServe()

	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)
	<-interrupt
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	hs.Shutdown(ctx) // which does not wait for WebSocket connections
	ws.Shutdown(ctx)
}

// How do I find out soon that a client is gone?
func ExampleServer_keepalive() {
	var s server.Server
	s.Config.Conn.Keepalive = &conn.Keepalive{Interval: 10 * time.Second, Timeout: 5 * time.Second}
	http.Handle("/ws", &s)
}

// How do I compress messages, but not the one that has a secret?
func ExampleConfig_compression() {
	cfg := new(server.Config)
	cfg.Conn.Compression = &conn.Compression{} // 80 KB more per connection with Takeover: true
	h := server.Handler(func(c *conn.Conn) {
		ctx := context.Background()
		c.Write(ctx, frame.Text, bytes.Repeat([]byte("news "), 1000))
		c.Write(ctx, frame.Text|conn.Uncompressed, []byte("session=1f83c0"))
	}, cfg)

	s := httptest.NewServer(h)
	defer s.Close()
	ctx := context.Background()
	c, err := peer.Dial(ctx, "ws"+s.URL[len("http"):], &peer.Config{Conn: cfg.Conn})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	fmt.Println(c.Extensions())
	for m := range c.Messages(ctx) {
		fmt.Println(len(m.Data), "bytes")
	}
	// Output:
	// [permessage-deflate; server_no_context_takeover; client_no_context_takeover]
	// 5000 bytes
	// 14 bytes
}

// How many connections may a user have?
func ExampleServer_limits() {
	ws := &server.Server{
		MaxConns:       10_000,
		MaxConnsPerKey: 2,
		Key: func(r *http.Request) string {
			user, _, _ := r.BasicAuth()
			return user
		},
		Refused: func(r *http.Request, err error) { fmt.Println(err) },
	}

	s := httptest.NewServer(ws)
	defer s.Close()
	for _, user := range []string{"ann", "ann", "ann", "bob"} {
		if enter(s, user) != nil {
			fmt.Println("welcome,", user)
		}
	}
	ws.Close()
	// Output:
	// welcome, ann
	// welcome, ann
	// websocket: more than Server.MaxConnsPerKey of 2 for "ann"
	// welcome, bob
}

// How do I let in those who are logged in, and know who is who?
func ExampleServer_select() {
	sessions := map[string]string{"4f7a": "ann"}
	ws := &server.Server{
		Select: func(r *http.Request) (func(*conn.Conn), error) {
			cookie, err := r.Cookie("session")
			if err != nil {
				return nil, &handshake.Error{Status: http.StatusUnauthorized, Reason: "log in first"}
			}
			user, ok := sessions[cookie.Value]
			if !ok {
				return nil, errors.New("no such session") // status 403
			}
			return func(c *conn.Conn) {
				c.Write(context.Background(), frame.Text, []byte("hello, "+user))
			}, nil
		},
	}

	s := httptest.NewServer(ws)
	defer s.Close()
	fmt.Println(ask(s, nil, ""))
	fmt.Println(ask(s, http.Header{"Cookie": {"session=0000"}}, ""))
	fmt.Println(ask(s, http.Header{"Cookie": {"session=4f7a"}}, ""))
	// Output:
	// 401 Unauthorized: "log in first\n"
	// 403 Forbidden: "the server does not accept this connection\n"
	// 101 Switching Protocols: "hello, ann"
}

// enter returns a connection to s as the user; nil if it is refused.
func enter(s *httptest.Server, user string) *conn.Conn {
	u := "ws://" + user + ":secret@" + s.Listener.Addr().String()
	c, _ := peer.Dial(context.Background(), u, nil)
	return c
}

// ask sends a message to /rooms/kitchen at s, if it is let in and the message is not empty,
// and returns what s says.
func ask(s *httptest.Server, header http.Header, message string) string {
	nc, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	offer := handshake.Offer{Key: sampleKey}
	b, err := offer.AppendRequest(nil, "example.com", "/rooms/kitchen", header)
	if err != nil {
		log.Fatal(err)
	}
	nc.Write(b)
	in := bufio.NewReader(nc)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		log.Fatal(err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(resp.Body)
		nc.Close()
		return fmt.Sprintf("%s: %q", resp.Status, body)
	}
	early, _ := in.Peek(in.Buffered())
	c := conn.New(nc, conn.Opening{Side: frame.Client, Early: early}, nil)
	defer c.Close(frame.StatusNormalClosure, "")
	ctx := context.Background()
	if message != "" {
		c.Write(ctx, frame.Text, []byte(message))
	}
	_, p, err := c.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	return fmt.Sprintf("%s: %q", resp.Status, p)
}
