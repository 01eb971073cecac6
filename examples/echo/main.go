// Command echo is a WebSocket echo server. It echoes on every path,
// and answers a plain GET with a page to try it from a browser.
// With -raw it does without net/http, and there is no page.
package main

import (
	"context"
	"crypto/tls"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

//go:embed page.html
var page []byte

var (
	addr      = flag.String("addr", "127.0.0.1:9001", "`address` to listen on")
	raw       = flag.Bool("raw", false, "serve without net/http; there is no page then")
	loop      = flag.Bool("loop", false, "as -raw, and without a goroutine for each connection")
	cert      = flag.String("cert", "", "TLS certificate `file`; with -key, for wss and https")
	key       = flag.String("key", "", "TLS key `file`")
	origins   = flag.String("origins", "", "comma-separated `patterns` of other origins that may connect")
	message   = flag.Int64("max-message", 16<<20, "largest message in `bytes`; -1: no limit")
	fragments = flag.Int("max-fragments", 1<<17, "most frames in a message; -1: no limit")
	compress  = flag.Bool("compress", true, "accept permessage-deflate")
	takeover  = flag.Bool("takeover", false, "compress with what earlier messages had; takes memory for each connection")
	window    = flag.Int("window", 15, "largest window of compression in `bits`, 8 to 15")
	level     = flag.String("level", "balanced", "`how` to compress: fastest, balanced or best")
	keepalive = flag.Duration("keepalive", 30*time.Second, "`time` between two pings; 0: none")
	verbose   = flag.Bool("v", false, "log connections and refused requests")
)

func main() {
	flag.Parse()
	compression, err := compression()
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ln, err := listen()
	if err != nil {
		log.Fatal(err)
	}
	s := newServer(compression)
	go func() {
		if err := serve(s, ln); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()
	<-ctx.Done()
	stop() // a second signal does not wait
	end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.Shutdown(end); err != nil {
		log.Print(err)
	}
}

// levels are the values of -level.
var levels = map[string]conn.CompressionLevel{"fastest": conn.Fastest, "balanced": conn.Balanced, "best": conn.Best}

// compression returns what the flags say about it: nil for none.
func compression() (*conn.Compression, error) {
	l, ok := levels[*level]
	switch {
	case *window < 8 || *window > 15:
		return nil, fmt.Errorf("-window %d: want 8 to 15 bits", *window)
	case !ok:
		return nil, fmt.Errorf("-level %s: want fastest, balanced or best", *level)
	case !*compress:
		return nil, nil
	}
	return &conn.Compression{Takeover: *takeover, Window: *window, Level: l}, nil
}

// listen listens on -addr, with TLS if there is a certificate, and says where.
func listen() (net.Listener, error) {
	cfg := net.ListenConfig{KeepAlive: -1} // the pings of the server find out more
	ln, err := cfg.Listen(context.Background(), "tcp", *addr)
	if err != nil {
		return nil, err
	}
	if *cert == "" {
		log.Printf("echoing on ws://%v", ln.Addr())
		return ln, nil
	}
	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		return nil, err
	}
	log.Printf("echoing on wss://%v", ln.Addr())
	return tls.NewListener(ln, &tls.Config{
		Certificates: []tls.Certificate{pair},
		NextProtos:   []string{"http/1.1"},
	}), nil
}

// newServer returns the server that the flags ask for.
func newServer(compression *conn.Compression) *server.Server {
	s := &server.Server{
		Handler: echo,
		Refused: func(r *http.Request, err error) { logf("refused: %v", err) },
	}
	s.Config.Conn = conn.Config{MaxMessageSize: *message, MaxFragments: *fragments, Compression: compression}
	if *origins != "" {
		s.Config.Origins = strings.Split(*origins, ",")
	}
	if *loop {
		s.Events = &events
	}
	if *keepalive > 0 {
		s.Config.Conn.Keepalive = &conn.Keepalive{Interval: *keepalive}
	} else {
		s.NoKeepalive = true
	}
	return s
}

// serve serves WebSocket and, unless -raw is set, the page.
func serve(s *server.Server, ln net.Listener) error {
	if *raw || *loop {
		return s.Serve(ln)
	}
	web := &http.Server{ReadHeaderTimeout: 10 * time.Second}
	web.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" && r.Method == http.MethodGet {
			w.Write(page)
		} else {
			s.ServeHTTP(w, r)
		}
	})
	return web.Serve(ln)
}

// echo sends back what c receives until the end.
func echo(c *conn.Conn) {
	logf("%v: connected, extensions %v", c.RemoteAddr(), c.Extensions())
	ctx := context.Background()
	var buf []byte // for the next message
	for {
		typ, p, err := c.ReadAppend(ctx, buf[:0])
		if err == nil {
			err = c.Write(ctx, typ, p)
		}
		if err != nil {
			logf("%v: %v", c.RemoteAddr(), err)
			return
		}
		if buf = p; cap(buf) > 2<<20 {
			buf = nil // too large to keep while waiting
		}
	}
}

// events do what echo does.
var events = server.Events{
	Open: func(c *conn.Conn) { logf("%v: connected", c.RemoteAddr()) },
	Message: func(c *conn.Conn, typ frame.Opcode, p []byte) {
		if err := c.Send(context.Background(), typ, p); err != nil {
			logf("%v: %v", c.RemoteAddr(), err)
		}
	},
	Close: func(c *conn.Conn, err error) { logf("%v: %v", c.RemoteAddr(), err) },
}

func logf(format string, v ...any) {
	if *verbose {
		log.Printf(format, v...)
	}
}
