package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// connectTimeout is the time for connecting TCP, and TLS.
const connectTimeout = 10 * time.Second

// playClient is what plays a case against a server.
type playClient func(nc net.Conn, to fuzzer.Target, c *suite.Case, o *fuzzer.Options) *fuzzer.Result

// testServers runs the cases against each server in turn. A server that cannot be connected is given up;
// the error names all that were.
func (r *run) testServers(ctx context.Context) error {
	var errs []error
	for _, t := range r.spec.servers {
		p := &player{target: t, play: r.playClient, excluded: r.spec.excludeAgent, numbers: numbers()}
		r.progress.begin(cmp.Or(t.agent, t.url.String()), len(r.cases))
		s := &schedule{parallel: r.parallel, play: p.run, keep: r.keep, note: func(text string) { r.progress.note("%s", text) }, busy: r.progress.busy}
		err := s.run(ctx, r.cases)
		r.progress.end()
		if ctx.Err() != nil {
			return errors.Join(append(errs, errors.New("stopped before all cases had run"))...)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: given up: %w", t.url, err))
		}
	}
	return errors.Join(errs...)
}

// keep takes a result.
func (r *run) keep(x *fuzzer.Result) {
	if x != nil {
		r.results.add(x)
	}
	r.progress.done()
}

// numbers are those of all cases, from 1.
func numbers() map[*suite.Case]int {
	n := map[*suite.Case]int{}
	for i, c := range suite.All() {
		n[c] = i + 1
	}
	return n
}

// A player plays cases against a server.
type player struct {
	*target
	play     playClient
	excluded map[string][]string
	numbers  map[*suite.Case]int
	named    atomic.Pointer[string] // the name that the server gave itself last
	met      atomic.Bool            // the server was connected
}

// run plays c. There is no result if the agent is to skip the case.
func (p *player) run(ctx context.Context, c *suite.Case, f *flow) (*fuzzer.Result, error) {
	agent := p.agent
	if name := p.named.Load(); agent == "" && name != nil {
		agent = *name
	}
	played := c
	if agent != "" && suite.Excluded(p.excluded, agent, c.ID) {
		played = skipped
	}
	nc, err := p.reconnect(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	f.wrote()
	to := fuzzer.Target{Host: net.JoinHostPort(p.url.Hostname(), port(p.url)), Path: p.url.RequestURI(), Origin: p.origin, Protocols: p.protocols}
	r := p.play(&meter{Conn: nc, flow: f}, to, played, p.options)
	if p.agent == "" && (agent == "" || r.HTTPResponse != "") { // one that says nothing is named as it was before
		agent = serverField(r.HTTPResponse)
		p.named.Store(&agent)
	}
	if played == skipped || suite.Excluded(p.excluded, agent, c.ID) {
		return nil, nil
	}
	r.Agent, r.Number = agent, p.numbers[c]
	return r, nil
}

// skipped takes the place of a case that an agent is to skip: the connection is closed at once.
var skipped = &suite.Case{
	ID:    "skipped",
	Steps: []suite.Step{suite.Close{Code: suite.NoCode}},
}

// retryTime is for how long a server that was there before is tried again: it may be starting anew.
const retryTime = 3 * time.Second

// reconnect connects, and tries again for a while if that failed and had succeeded before.
func (p *player) reconnect(ctx context.Context) (net.Conn, error) {
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		nc, err := p.connect(ctx)
		if err == nil {
			p.met.Store(true)
			return nc, nil
		}
		if !p.met.Load() || time.Since(begun) > retryTime || ctx.Err() != nil {
			return nil, err
		}
	}
}

// connect connects TCP, and TLS if the URL asks for it. The certificate may be any.
func (p *player) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", net.JoinHostPort(p.url.Hostname(), port(p.url)))
	if err != nil || p.url.Scheme != "wss" {
		return nc, err
	}
	t := tls.Client(nc, &tls.Config{
		ServerName:         cmp.Or(p.hostname, p.url.Hostname()),
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS10,
	})
	if err := t.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return t, nil
}

// serverField returns the name that a server gives itself in the Server field of its response.
func serverField(response string) string {
	for line := range strings.Lines(response) {
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(textproto.TrimString(name), "Server") && textproto.TrimString(value) != "" {
			return textproto.TrimString(value)
		}
	}
	return "UnknownServer"
}
