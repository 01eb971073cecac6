// Command broadcast serves a page on which every open tab sees what one types.
//
// A tab that does not keep up is dropped. It may be slow because its network is, because
// its computer sleeps, or because its script is busy: the page has a button for that.
// What it does not read piles up in two kernels and a browser, some megabytes, and only then in
// the queue of its connection. To see that happen, give it more to read: -flood 200.
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
	"syscall"
	"time"
)

//go:embed page.html
var page []byte

var (
	addr  = flag.String("addr", "127.0.0.1:9002", "`address` to listen on")
	queue = flag.Int("queue", 1<<20, "`bytes` that may wait for a tab; it is dropped if there are more")
	flood = flag.Int("flood", 0, "send `n` messages a second that are of no use")
	size  = flag.Int("size", 16<<10, "`bytes` of each message of -flood")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r := newRoom(*queue)
	go r.flood(ctx, *flood, *size)
	if err := serve(ctx, r.handler()); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := r.server.Shutdown(end); err != nil { // it tells all tabs
		log.Print(err)
	}
}

// serve serves HTTP until ctx ends.
func serve(ctx context.Context, h http.Handler) error {
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	log.Printf("open http://%v in a few tabs", ln.Addr())
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { s.Close() })
	return s.Serve(ln)
}
