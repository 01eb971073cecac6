// Command autobahn is the Autobahn conformance suite for WebSocket: it tests servers as a client,
// and clients as a server, in whatever language they are written.
//
//	go run ./autobahn -url ws://127.0.0.1:9001
//	go run ./autobahn -listen 127.0.0.1:9001
//
// With -m and -s it takes the spec files of the original. It writes the same kind of reports.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/report"
)

// Exit statuses.
const (
	passed = 0
	failed = 1 // a case failed, or differs from what was expected
	broken = 2 // the command, the spec file or a connection is wrong
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program
	status := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	os.Exit(status)
}

// command runs the program and returns its exit status.
func command(ctx context.Context, args []string, out, errOut io.Writer) int {
	c, err := configure(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		help(out)
		return passed
	case err != nil:
		if c != nil {
			c.tell(errOut)
		}
		fmt.Fprintln(errOut, "autobahn:", err)
		return broken
	case c.list:
		return c.print(out)
	}
	c.tell(errOut)
	r := &run{
		config: c, results: newResults(), out: out, progress: newProgress(errOut),
		playClient: fuzzer.PlayClient, playServer: fuzzer.PlayServer,
	}
	return r.run(ctx)
}

// tell says what there is to say about the spec file.
func (c *config) tell(w io.Writer) {
	if c.created != "" {
		fmt.Fprintf(w, "autobahn: wrote %s, for there was none\n", c.created)
	}
	if c.spec != nil {
		for _, note := range c.spec.notes {
			fmt.Fprintln(w, "autobahn:", note)
		}
	}
}

// print lists the selected cases.
func (c *config) print(out io.Writer) int {
	for _, x := range c.cases {
		fmt.Fprintf(out, "%-8s %s\n", x.ID, oneLine(x.Description))
	}
	fmt.Fprintf(out, "%d cases\n", len(c.cases))
	return passed
}

// A run is one run of the program.
type run struct {
	*config
	results  *results
	progress *progress
	out      io.Writer
	writing  sync.Mutex // guards the report files

	playClient playClient
	playServer playServer
}

// run runs the cases, writes all reports, and returns the exit status.
func (r *run) run(ctx context.Context) int {
	var err error
	if r.mode == clientMode {
		err = r.testServers(ctx)
	} else {
		err = r.testClients(ctx)
	}
	all := r.results.sorted()
	err = errors.Join(err, r.write())
	if r.record != "" {
		err = errors.Join(err, report.WriteExpected(r.record, all))
	}
	if r.junit != "" {
		err = errors.Join(err, report.WriteJUnit(r.junit, all, r.strict))
	}
	good := r.summary(all)
	if err != nil {
		fmt.Fprintln(r.progress.w, "autobahn:", err)
		return broken
	}
	if !good {
		return failed
	}
	return passed
}

// write writes the reports of all results so far. Without any there are none.
func (r *run) write() error {
	r.writing.Lock()
	defer r.writing.Unlock()
	all := r.results.sorted()
	if len(all) == 0 {
		return nil
	}
	return report.Write(r.spec.outdir, all, r.cases)
}

// index is where the report is read.
func (r *run) index() string {
	name := filepath.Join(r.spec.outdir, "index.html")
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}
