package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/ws6455/ws/bench/internal/load"
	"github.com/ws6455/ws/bench/internal/proc"
)

// A pinning says on which CPUs server and load run. If it is not on, they run anywhere.
type pinning struct {
	on           bool
	server, load int
}

// start starts cmd on the given CPU, with one thread for Go code.
func (p pinning) start(cmd *exec.Cmd, cpu int) error {
	if !p.on {
		return cmd.Start()
	}
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	return proc.Start(cmd, cpu)
}

// A process is a server that runs.
type process struct {
	cmd   *exec.Cmd
	addr  string
	input io.Closer // the server ends when this is closed
	log   *tail
	ended chan struct{}
}

// serve starts a server and waits until it accepts connections. It ends with this program, whatever happens.
func serve(ctx context.Context, e *Entrant, p *Point, pin pinning) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	args := append(p.flags(), "-addr", addr, "-supervised")
	if e.Mode != "" {
		args = append(args, "-mode", e.Mode)
	}
	s := &process{cmd: exec.Command(e.path, args...), addr: addr, log: &tail{}, ended: make(chan struct{})}
	s.cmd.Stderr = s.log
	if s.input, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := pin.start(s.cmd, pin.server); err != nil {
		return nil, err
	}
	go func() { s.cmd.Wait(); close(s.ended) }()
	if err := s.accepts(ctx); err != nil {
		s.stop()
		return nil, fmt.Errorf("%w: %s", err, s.log)
	}
	return s, nil
}

// freeAddr returns an address on which nobody listens.
func freeAddr() (string, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// accepts waits until the server accepts a connection.
func (s *process) accepts(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		if c, err := net.Dial("tcp", s.addr); err == nil {
			return c.Close()
		}
		select {
		case <-s.ended:
			return errors.New("the server ended")
		case <-ctx.Done():
			return fmt.Errorf("the server does not listen: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// stop ends the server and waits for that.
func (s *process) stop() {
	s.input.Close()
	select {
	case <-s.ended:
	case <-time.After(2 * time.Second):
		s.cmd.Process.Kill()
		<-s.ended
	}
}

// longest is how long the load may take for one measurement.
const longest = 3 * time.Minute

// load puts the load of p on the server.
func (s *process) load(ctx context.Context, program string, p *Point, pin pinning) (r load.Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	spec := p.Spec
	spec.Addr, spec.PID = s.addr, s.cmd.Process.Pid
	cmd := exec.CommandContext(ctx, program, spec.Args()...)
	var out strings.Builder
	var log tail
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := pin.start(cmd, pin.load); err != nil {
		return r, err
	}
	if err := cmd.Wait(); err != nil {
		return r, fmt.Errorf("%s (%w)", strings.TrimSpace(log.String()), err)
	}
	return r, json.Unmarshal([]byte(out.String()), &r)
}

// A tail keeps the last of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 2000
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-most):]
	return len(p), nil
}

func (t *tail) String() string { return string(t.b) }

// measureOnce measures one server at one point.
func measureOnce(ctx context.Context, e *Entrant, p *Point, program string, pin pinning) (load.Result, error) {
	s, err := serve(ctx, e, p, pin)
	if err != nil {
		return load.Result{}, err
	}
	defer s.stop()
	return s.load(ctx, program, p, pin)
}

// figure formats a number with three digits.
func figure(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return count(int(v + 0.5))
	}
}
