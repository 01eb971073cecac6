package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/frame"
)

// How does a client say hello?
func ExampleDial() {
	s := httptest.NewServer(http.HandlerFunc(echo)) // some server
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	c, err := client.Dial(ctx, "ws"+strings.TrimPrefix(s.URL, "http"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	c.Write(ctx, frame.Text, []byte("hello"))
	_, p, err := c.Read(ctx)
	fmt.Printf("%s %v\n", p, err)
	// Output:
	// hello <nil>
}

// Why did it not work?
func ExampleHandshakeError() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "come back later", http.StatusServiceUnavailable)
	}))
	defer s.Close()

	_, err := client.Dial(context.Background(), "ws"+strings.TrimPrefix(s.URL, "http"), nil)
	fmt.Println(err)
	if e, ok := errors.AsType[*client.HandshakeError](err); ok {
		fmt.Printf("%d %s", e.Status, e.Body)
	}
	// Output:
	// websocket: handshake failed: the status is 503 "Service Unavailable": want 101; the body begins with "come back later\n"
	// 503 come back later
}

// How are a token, an Origin and a cookie sent?
func ExampleConfig_header() {
	cfg := &client.Config{Header: http.Header{
		"Authorization": {"Bearer " + os.Getenv("TOKEN")},
		"Origin":        {"https://example.com"},
		"Cookie":        {(&http.Cookie{Name: "session", Value: "31d4"}).String()},
	}}
	c, err := client.Dial(context.Background(), "wss://example.com/chat", cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
}

// How is an authority trusted that the system does not know?
func ExampleConfig_tls() {
	pem, err := os.ReadFile("ca.pem")
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	cfg := &client.Config{TLS: &tls.Config{RootCAs: roots}}
	c, err := client.Dial(context.Background(), "wss://internal.example", cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
}

// How is a server reached that listens on a Unix socket?
func ExampleConfig_dialContext() {
	cfg := &client.Config{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", "/run/app.sock")
	}}
	c, err := client.Dial(context.Background(), "ws://localhost/events", cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
}
