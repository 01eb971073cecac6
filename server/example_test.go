package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"

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
