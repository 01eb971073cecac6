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
	err := r.checkOutput()
	if err != nil {
		fmt.Fprintln(r.progress.w, "autobahn:", err)
		return broken
	}
	if r.mode == clientMode {
		err = r.testServers(ctx)
	} else {
		err = r.testClients(ctx)
	}
	all := r.results.sorted()
	if len(all) > 0 {
		err = errors.Join(err, r.write())
	}
	if r.record != "" {
		err = errors.Join(err, r.keepRecord(all, err))
	}
	if r.junit != "" {
		err = errors.Join(err, report.WriteJUnit(r.junit, all, r.strict, err))
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

// checkOutput returns an error if something that is to be written cannot be: now, and not after the run.
func (r *run) checkOutput() error {
	if err := os.MkdirAll(r.spec.outdir, 0o777); err != nil {
		return fmt.Errorf("no folder for the reports: %w", err)
	}
	for what, dir := range map[string]string{"-outdir": r.spec.outdir, "-record": filepath.Dir(r.record), "-junit": filepath.Dir(r.junit)} {
		f, err := os.CreateTemp(dir, ".writable-*")
		if err != nil {
			return fmt.Errorf("%s: nothing can be written to %s", what, dir)
		}
		f.Close()
		os.Remove(f.Name())
	}
	return nil
}

// keepRecord records the verdicts, if the run is complete: a part of them would be no use to compare with.
func (r *run) keepRecord(all []*fuzzer.Result, problem error) error {
	complete := problem == nil && len(all) > 0
	for _, agent := range agents(all) {
		complete = complete && r.missing(agent, of(agent, all)) == 0
	}
	if !complete {
		return fmt.Errorf("%s is not written, since not all cases were run", r.record)
	}
	return report.WriteExpected(r.record, all)
}

// write writes the reports of all results so far.
func (r *run) write() error {
	r.writing.Lock()
	defer r.writing.Unlock()
	return report.Write(r.spec.outdir, r.results.sorted(), r.cases)
}

// index is where the report is read.
func (r *run) index() string {
	name := filepath.Join(r.spec.outdir, "index.html")
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}
