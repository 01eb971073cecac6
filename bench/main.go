// Command bench compares WebSocket libraries for Go with each other, and with servers that check nothing.
//
//	go -C bench run .            everything, in 15 minutes
//	go -C bench run . -quick     a look, in two or three
//
// It builds the servers, puts the same load on each in turn, several times over, and writes
// results.json, table.md and plots to the folder results. See README.md for what is measured and how.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

var (
	quick   = flag.Bool("quick", false, "one round of short runs with fewer connections; the figures are rough")
	rounds  = flag.Int("rounds", 3, "`times` to measure each point; curves, memory and hostile clients twice at most")
	only    = flag.String("only", "", "comma-separated `groups` of points: "+strings.Join(groups, ","))
	servers = flag.String("servers", "", "comma-separated `names` of servers, such as \"ws,gws,floor-epoll\" or \"ws serve\"")
	out     = flag.String("o", "results", "`folder` for the results")
	budget  = flag.Duration("time", 14*time.Minute, "`time` after which no more is measured")
	render  = flag.Bool("render", false, "measure nothing; write table and plots of the results.json that is there")
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	file := filepath.Join(*out, "results.json")
	if *render {
		r, err := readReport(file)
		if err != nil {
			return err
		}
		return r.render(*out)
	}
	r, err := measure(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*out, 0o777); err != nil {
		return err
	}
	if err := r.write(file); err != nil {
		return err
	}
	return r.render(*out)
}

// measure builds the servers and runs the comparison.
func measure(ctx context.Context) (*Report, error) {
	began := time.Now()
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	log.Print("building the servers")
	entrants, err := build(ctx, dir, *servers)
	if err != nil {
		return nil, err
	}
	points, err := plan(*quick, *only)
	if err != nil {
		return nil, err
	}
	r := newReport(ctx, entrants, points)
	if *quick {
		*rounds = 1
	}
	c := &campaign{report: r, rounds: *rounds, deadline: began.Add(*budget), load: filepath.Join(dir, executable("load"))}
	c.pin()
	c.run(ctx)
	r.Minutes = time.Since(began).Minutes()
	if len(r.Runs) == 0 {
		return nil, context.Cause(ctx)
	}
	return r, nil
}
