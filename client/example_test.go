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
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
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
func ExampleDial_unixSocket() {
	c, err := client.Dial(context.Background(), "ws+unix:///run/app.sock:/events?since=1", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
}

// How does one go through a proxy that is not the one of the environment?
func ExampleProxyURL() {
	proxy := &url.URL{
		Scheme: "socks5", // or http, https
		Host:   "proxy.example:1080",
		User:   url.UserPassword("me", os.Getenv("PROXY_PASSWORD")),
	}
	c, err := client.Dial(context.Background(), "wss://example.com", &client.Config{Proxy: client.ProxyURL(proxy)})
	if e, ok := errors.AsType[*client.ProxyError](err); ok {
		log.Fatalf("%s does not let us through: %v", e.Proxy, e.Err)
	} else if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
}

// How does a proxy serve some hosts only?
func ExampleConfig_proxy() {
	cfg := &client.Config{Proxy: func(target *url.URL) (*url.URL, error) {
		if strings.HasSuffix(target.Hostname(), ".corp.example") {
			return nil, nil // directly
		}
		return client.ProxyFromEnvironment(target)
	}}
	c, err := client.Dial(context.Background(), "wss://chat.corp.example", cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
}

// How does a connection share the cookies of an HTTP client, with which one has logged in?
func ExampleConfig_jar() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "31d4"})
	})
	mux.HandleFunc("/chat", func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Cookie"))
		echo(w, r)
	})
	s := httptest.NewServer(mux) // some server
	defer s.Close()

	jar, _ := cookiejar.New(nil) // fails never
	web := &http.Client{Jar: jar}
	resp, err := web.Post(s.URL+"/login", "", nil)
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	c, err := client.Dial(context.Background(), "ws"+strings.TrimPrefix(s.URL, "http")+"/chat", &client.Config{Jar: jar})
	if err != nil {
		log.Fatal(err)
	}
	c.CloseNow()
	web.CloseIdleConnections()
	// Output:
	// session=31d4
}

// How does a client that dials the URLs of strangers stay out of private networks?
// The address is checked after the name was looked up, and for redirects, too.
func ExampleConfig_dialContext() {
	dialer := &net.Dialer{Control: func(_, addr string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(addr)
		if ip := a.Addr().Unmap(); err != nil || !ip.IsGlobalUnicast() || ip.IsPrivate() {
			return fmt.Errorf("no connection to %s", addr)
		}
		return nil
	}}
	cfg := &client.Config{DialContext: dialer.DialContext, Proxy: client.NoProxy, Serialize: true}
	_, err := client.Dial(context.Background(), "ws://127.0.0.1/", cfg)
	fmt.Println(err)
	// Output:
	// websocket: connecting to 127.0.0.1:80: dial tcp 127.0.0.1:80: no connection to 127.0.0.1:80
}
