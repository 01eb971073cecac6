// Command echo is a WebSocket echo server. It listens on 127.0.0.1:9001, echoes on every path,
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
	cert      = flag.String("cert", "", "TLS certificate `file`; with -key, serves wss and https")
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
	var all group
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" && r.Method == http.MethodGet {
			w.Write(page)
			return
		}
		if err := server.Go(w, r, cfg, all.echo); err != nil && *verbose {
			log.Printf("%v refused: %v", r.RemoteAddr, err)
		}
	})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second}
	go func() {
		scheme, err := "ws", error(nil)
		if *cert != "" {
			scheme = "wss"
		}
		log.Printf("echoing on %s://%v", scheme, ln.Addr())
		if *cert != "" {
			err = s.ServeTLS(ln, *cert, *key)
		} else {
			err = s.Serve(ln)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	<-ctx.Done()
	stop()
	s.Close()
	all.close()
}

// A group is the connections that are open.
type group struct {
	conns sync.Map // *conn.Conn to nothing
	wg    sync.WaitGroup
}

// echo sends back every message of c until the end.
func (g *group) echo(c *conn.Conn) {
	g.conns.Store(c, nil)
	defer g.conns.Delete(c)
	ctx := context.Background()
	for {
		typ, p, err := c.Read(ctx)
		if err == nil {
			err = c.Write(ctx, typ, p)
		}
		if err != nil {
			if *verbose {
				log.Printf("%v: %v", c.RemoteAddr(), err)
			}
			return
		}
	}
}

// close says goodbye to all.
func (g *group) close() {
	g.conns.Range(func(c, _ any) bool {
		g.wg.Go(func() { c.(*conn.Conn).Close(frame.StatusGoingAway, "server stops") })
		return true
	})
	g.wg.Wait()
}
