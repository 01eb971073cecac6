// Command client talks to a WebSocket server from a terminal or a script.
//
//	client ws://127.0.0.1:9001/                          # each line typed is a message
//	client -x hello -x /ping ws://127.0.0.1:9001/        # send, print what comes, and close
//	echo hello | client -wait 5s wss://example.com/feed  # the same with standard input
//	client -frames ws://127.0.0.1:9001/                  # with all frames: pings, pongs, fragments
//	client -reconnect -H "Authorization: Bearer x" wss://example.com/feed
//
// What arrives is printed after "< ", what happens after "* ", and what goes wrong on standard error.
// Control characters of what arrives are shown as escapes, so that no server controls the terminal.
// A line that begins with a slash is a command: type /help for them.
//
// An interrupt (Ctrl-C) closes the connection with status 1001; a second one does not wait for the answer.
//
// The exit status is 0 if the connection was closed normally, by whichever side,
// 1 if there was none or it ended otherwise, and 2 if the command line is wrong.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// Exit statuses.
const (
	exitNormal = iota
	exitFailed
	exitUsage
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	leave, cut := interrupts(signals)
	os.Exit(run(leave, cut, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// interrupts returns a context that ends with the first signal, and one that ends with the second.
func interrupts(signals <-chan os.Signal) (leave, cut context.Context) {
	leave, endLeave := context.WithCancelCause(context.Background())
	cut, endCut := context.WithCancelCause(context.Background())
	go func() {
		<-signals
		endLeave(errInterrupted)
		<-signals
		endCut(errInterrupted)
	}()
	return leave, cut
}

var errInterrupted = errors.New("interrupted")

// run is the command. It closes the connection when leave ends, and at once when cut does.
func run(leave, cut context.Context, args []string, in io.Reader, out, errOut io.Writer) (status int) {
	o, err := parseOptions(args, errOut)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitNormal
	case err != nil:
		return exitUsage
	}
	reading, stop := context.WithCancel(context.Background())
	defer stop()
	p := &printer{out: out, errOut: errOut, quiet: len(o.lines) > 0 && !o.verbose, verbose: o.verbose}
	s := &session{options: o, printer: p, leave: leave, cut: cut, lines: o.input(reading, in)}
	return exitStatus(s.run())
}

// input returns the lines to send: those of the command line, or else of in.
func (o *options) input(ctx context.Context, in io.Reader) <-chan string {
	if len(o.lines) > 0 {
		in = strings.NewReader(strings.Join(o.lines, "\n") + "\n")
	}
	return readLines(ctx, in)
}

// readLines returns a channel of the lines of r without their ends.
// It is closed at the end of r, and when ctx has ended.
func readLines(ctx context.Context, r io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for b := bufio.NewReader(r); ; {
			line, err := b.ReadString('\n')
			if line == "" {
				return
			}
			select {
			case lines <- strings.TrimRight(line, "\r\n"):
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return lines
}

// exitStatus returns the exit status for the reason that everything ended; nil is a good one.
func exitStatus(err error) int {
	e, ok := errors.AsType[*conn.CloseError](err)
	switch {
	case err == nil:
		return exitNormal
	case !ok || e.Err != nil:
		return exitFailed
	case !e.ByPeer:
		return exitNormal
	}
	switch e.Code {
	case frame.StatusNormalClosure, frame.StatusGoingAway, frame.StatusNoStatus:
		return exitNormal
	}
	return exitFailed
}
