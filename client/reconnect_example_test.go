package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// How does a program stay connected?
func ExampleReconnect() {
	url, stop := newsServer()
	defer stop()
	ctx := context.Background()

	for c, err := range client.Reconnect(ctx, url, nil) {
		if err != nil {
			log.Fatal(err) // there will be no other connection
		}
		for m := range c.Messages(ctx) {
			fmt.Printf("%s\n", m.Data)
		}
	}
	// Output:
	// good news
	// the end
}

// How does it subscribe again, and know what happens?
func ExampleReconnector() {
	url, stop := newsServer()
	defer stop()
	r := &client.Reconnector{
		URL:        url,
		FirstDelay: time.Millisecond, // keep to the default in earnest
		OnConnect: func(ctx context.Context, c *conn.Conn) error {
			return c.Write(ctx, frame.Text, []byte("subscribe"))
		},
		OnRetry: func(err error, retry int, _ time.Duration) {
			fmt.Printf("retry %d because of: %v\n", retry, err)
		},
		Stop: func(err error) bool { // 4001 is what this server says to users that it does not want
			return conn.CloseCode(err) == 4001 || client.Permanent(err)
		},
	}
	for m, err := range r.Messages(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", m.Data)
	}
	// Output:
	// good news
	// the end
}

// How is a token sent that is good for one connection only?
func ExampleReconnector_dial() {
	newToken := func(ctx context.Context) (string, error) { return "", errors.New("not written yet") }
	r := &client.Reconnector{
		Dial: func(ctx context.Context) (*conn.Conn, error) {
			token, err := newToken(ctx)
			if err != nil {
				return nil, err
			}
			cfg := &client.Config{Header: map[string][]string{"Authorization": {"Bearer " + token}}}
			return client.Dial(ctx, "wss://example.com/events", cfg)
		},
		MaxRetries: 10,
	}
	for m, err := range r.Messages(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", m.Data)
	}
}

// newsServer returns the URL of a server that says something and then closes with status 1000.
func newsServer() (url string, stop func()) {
	s := httptest.NewServer(server.Handler(func(c *conn.Conn) {
		c.Write(context.Background(), frame.Text, []byte("good news"))
		c.Write(context.Background(), frame.Text, []byte("the end"))
		c.Close(frame.StatusNormalClosure, "")
	}, nil))
	return "ws" + strings.TrimPrefix(s.URL, "http"), s.Close
}
