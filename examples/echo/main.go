// Command echo is a WebSocket echo server. It echoes on every path,
// and answers a plain GET with a page to try it from a browser.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
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
	cert      = flag.String("cert", "", "TLS certificate `file`; with -key, for wss and https")
	key       = flag.String("key", "", "TLS key `file`")
	origins   = flag.String("origins", "", "comma-separated `patterns` of other origins that may connect")
	message   = flag.Int64("max-message", 16<<20, "largest message in `bytes`; -1: no limit")
	fragments = flag.Int("max-fragments", 1<<17, "most frames in a message; -1: no limit")
	verbose   = flag.Bool("v", false, "log connections")
)

func main() {
	flag.Parse()
	cfg := &server.Config{Conn: conn.Config{MaxMessageSize: *message, MaxFragments: *fragments}}
	if *origins != "" {
		cfg.Origins = strings.Split(*origins, ",")
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" && r.Method == http.MethodGet {
			w.Write(page)
		} else if err := server.Go(w, r, cfg, echo); err != nil {
			logf("%v: %v", r.RemoteAddr, err)
		}
	})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	sayGoodbye()
}

// serve serves HTTP until ctx ends.
func serve(ctx context.Context) error {
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { s.Close() })
	if *cert == "" {
		log.Printf("echoing on ws://%v", ln.Addr())
		return s.Serve(ln)
	}
	log.Printf("echoing on wss://%v", ln.Addr())
	return s.ServeTLS(ln, *cert, *key)
}

var open sync.Map // of *conn.Conn

// echo sends back what c receives until the end.
func echo(c *conn.Conn) {
	open.Store(c, true)
	defer open.Delete(c)
	logf("%v: connected", c.RemoteAddr())
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
		if buf = p; cap(buf) > 64<<10 {
			buf = nil // too large to keep while waiting
		}
	}
}

// sayGoodbye closes all connections.
func sayGoodbye() {
	var closing sync.WaitGroup
	for c := range open.Range {
		closing.Go(func() { c.(*conn.Conn).Close(frame.StatusGoingAway, "the server stops") })
	}
	closing.Wait()
}

func logf(format string, v ...any) {
	if *verbose {
		log.Printf(format, v...)
	}
}
