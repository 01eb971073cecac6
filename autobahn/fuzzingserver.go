package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// playServer is what plays a case against a client.
type playServer func(nc net.Conn, q *fuzzer.Request, c *suite.Case, o *fuzzer.Options) *fuzzer.Result

// stopTime is how long connections may take to end when the program is stopped.
const stopTime = 2 * time.Second

// A client that sees the end of TCP may go on at once, before the result of its case is there.
// What it does next waits for that for some time, since the case may also be one that still runs.
const (
	endTime  = time.Second            // when it asks for a verdict or for the reports
	lastTime = 200 * time.Millisecond // for cases of other agents, and when the program is stopped
)

// testClients listens until it is stopped, by a signal or by a client.
func (r *run) testClients(ctx context.Context) error {
	l, err := net.Listen("tcp", r.spec.listen.addr)
	if err != nil {
		return err
	}
	s, err := newServer(r, l)
	if err != nil {
		l.Close()
		return err
	}
	ctx, s.stop = context.WithCancel(ctx)
	defer s.stop()
	if web := s.serveWeb(); web != nil {
		defer web.Close()
	}
	r.progress.note("listening on %s%s", s.where(), s.everywhere())
	r.progress.begin("testing clients", 0)
	defer r.progress.end()
	return s.serve(ctx, l)
}

// A server is what clients under test connect to. Paths of the URI say what they want:
// see dispatch. Several clients may be there at once, and run cases as often and in whatever order they like.
type server struct {
	*run
	*listening
	tls   *tls.Config // nil if not secure
	port  string      // that Host fields have to name
	slots chan struct{}
	stop  context.CancelFunc // ends serve

	mu      sync.Mutex
	conns   map[net.Conn]bool
	playing map[key]int // cases that run
	stopped bool        // connections were closed: what has not ended was cut short
}

func newServer(r *run, l net.Listener) (*server, error) {
	s := &server{run: r, listening: r.spec.listen, conns: map[net.Conn]bool{}, playing: map[key]int{}}
	_, s.port, _ = net.SplitHostPort(l.Addr().String())
	if r.parallel > 0 {
		s.slots = make(chan struct{}, r.parallel)
	}
	if s.secure {
		cert, err := tls.LoadX509KeyPair(s.cert, s.key)
		if err != nil {
			return nil, err
		}
		s.tls = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10}
	}
	return s, nil
}

// where returns the URL of s.
func (s *server) where() string {
	name, _, _ := net.SplitHostPort(s.addr)
	scheme := "ws"
	if s.secure {
		scheme = "wss"
	}
	return scheme + "://" + net.JoinHostPort(cmp.Or(name, "127.0.0.1"), s.port)
}

// everywhere says so if s listens on all addresses of the machine.
func (s *server) everywhere() string {
	if name, _, _ := net.SplitHostPort(s.addr); name == "" {
		return " and all other addresses of this machine"
	}
	return ""
}

// serve takes connections from l until ctx is done. It closes l and all connections.
func (s *server) serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { l.Close() })()
	var handlers sync.WaitGroup
	for {
		nc, err := l.Accept()
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			time.Sleep(50 * time.Millisecond) // too many open files, or the like
			continue
		}
		handlers.Go(func() { s.handle(ctx, nc) })
	}
	s.await(lastTime, func(key) bool { return true })
	s.closeAll()
	done := make(chan struct{})
	go func() {
		handlers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(stopTime):
	}
	return nil
}

// handle serves one connection.
func (s *server) handle(ctx context.Context, nc net.Conn) {
	n, forget := s.remember(nc)
	defer forget()
	defer nc.Close()
	if s.tls != nil {
		t := tls.Server(nc, s.tls)
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		err := t.HandshakeContext(ctx)
		cancel()
		if err != nil {
			return
		}
		nc = t
	}
	q, err := fuzzer.ReadRequest(nc, s.port, s.options)
	switch {
	case err != nil:
		if e, ok := errors.AsType[*fuzzer.OpeningError](err); ok && e.Status != "" {
			s.progress.note("%s: refused with %s: %s", nc.RemoteAddr(), e.Status, cut(e.Error(), 200))
		}
	case q.Plain:
		s.plain(nc, q)
	case s.options.MaxConnections > 0 && n > s.options.MaxConnections && s.crowded():
		fuzzer.Refuse(nc, "503 Service Unavailable", "too many connections")
	default:
		if err := s.dispatch(ctx, nc, q); err != nil {
			fuzzer.Refuse(nc, "500 Internal Server Error", "")
			s.progress.note("%s: %s: %v", nc.RemoteAddr(), cut(q.Path, 60), err)
		}
	}
}

// remember keeps nc, to be closed at the end. It returns how many there are, and what forgets it.
func (s *server) remember(nc net.Conn) (n int, forget func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[nc] = true
	return len(s.conns), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, nc)
	}
}

// crowded reports whether there are more connections than there may be, and will be for another moment:
// a client may be back before the connection is forgotten that it has seen the end of.
func (s *server) crowded() bool {
	for end := time.Now().Add(lastTime); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		s.mu.Lock()
		n := len(s.conns)
		s.mu.Unlock()
		if n <= s.options.MaxConnections {
			return false
		}
	}
	return true
}

// closeAll closes all connections.
func (s *server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for nc := range s.conns {
		nc.Close()
	}
}

// await waits until no case of these runs, but no longer than d.
func (s *server) await(d time.Duration, these func(key) bool) {
	for end := time.Now().Add(d); s.plays(these) && time.Now().Before(end); {
		time.Sleep(2 * time.Millisecond)
	}
}

// plays reports whether a case of these runs.
func (s *server) plays(these func(key) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.playing {
		if these(k) {
			return true
		}
	}
	return false
}

// begin notes that a case runs.
func (s *server) begin(k key) {
	s.progress.add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.playing[k]++
}

// end notes that a case has ended, and keeps its result unless it was cut short.
func (s *server) end(k key, r *fuzzer.Result) {
	s.progress.add(-1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.keep(r)
	}
	if s.playing[k]--; s.playing[k] == 0 {
		delete(s.playing, k)
	}
}

// dispatch does what the request asks for. An error is to be answered with 500.
func (s *server) dispatch(ctx context.Context, nc net.Conn, q *fuzzer.Request) error {
	for _, name := range []string{"case", "casetuple", "agent", "shutdownOnComplete"} {
		if len(q.Query[name]) > 1 {
			return fmt.Errorf("parameter %s is given more than once", name)
		}
	}
	switch q.Path {
	case "/getCaseCount":
		s.reply(nc, q, strconv.Itoa(len(s.cases)))
		return nil
	case "/getCaseInfo":
		return s.caseInfo(nc, q)
	case "/runCase":
		return s.runCase(ctx, nc, q)
	case "/getCaseStatus":
		return s.caseStatus(ctx, nc, q)
	case "/updateReports":
		return s.updateReports(nc, q)
	case "/stopServer":
		s.reply(nc, q, "")
		s.stop()
		return nil
	}
	direct(nc, q, s.options)
	return nil
}

// reply answers with one text message and a close frame without a code. Without text there is no message.
func (s *server) reply(nc net.Conn, q *fuzzer.Request, text string) {
	s.playServer(nc, q, &suite.Case{ID: "reply", Steps: reply(text)}, s.options)
}

func reply(text string) []suite.Step {
	closing := suite.Close{Code: suite.NoCode}
	if text == "" {
		return []suite.Step{closing}
	}
	return []suite.Step{suite.Message{Opcode: suite.OpText, Payload: payload(text)}, closing}
}

func payload(text string) suite.Payload { return suite.Payload{Pattern: []byte(text), N: len(text)} }

// caseInfo answers with the id and the description of a case.
func (s *server) caseInfo(nc net.Conn, q *fuzzer.Request) error {
	c, _, err := s.caseOf(q)
	if err != nil {
		return err
	}
	info, err := json.Marshal(struct {
		ID          string `json:"id"`
		Description string `json:"description"`
	}{c.ID, oneLine(c.Description)})
	if err != nil {
		return err
	}
	s.reply(nc, q, string(info))
	return nil
}

// runCase plays a case, and keeps the result.
func (s *server) runCase(ctx context.Context, nc net.Conn, q *fuzzer.Request) error {
	c, number, err := s.caseOf(q)
	if err != nil {
		return err
	}
	agent, err := parameter(q, "agent")
	if err != nil {
		return err
	}
	if suite.Excluded(s.spec.excludeAgent, agent, c.ID) {
		s.playServer(nc, q, skipped, s.options)
		return nil
	}
	if s.slots != nil {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		case <-ctx.Done():
			return nil
		}
	}
	k := key{agent, c.ID}
	s.begin(k)
	r := s.playServer(nc, q, c, s.options)
	r.Agent, r.Number = agent, number
	s.end(k, r)
	return nil
}

// caseStatus answers with the verdict of a case. It waits for it until the client goes away.
func (s *server) caseStatus(ctx context.Context, nc net.Conn, q *fuzzer.Request) error {
	c, _, err := s.caseOf(q)
	if err != nil {
		return err
	}
	agent, err := parameter(q, "agent")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	steps := make(chan []suite.Step, 1)
	go func() {
		s.await(endTime, func(k key) bool { return k == key{agent, c.ID} })
		if r := s.results.wait(ctx, agent, c.ID); r != nil {
			steps <- reply(fmt.Sprintf(`{"behavior": %q}`, r.Behavior))
		}
	}()
	fuzzer.Serve(nc, q, s.options, steps, nil)
	return nil
}

// updateReports writes the reports of all agents. The client may ask to stop after that.
func (s *server) updateReports(nc net.Conn, q *fuzzer.Request) error {
	agent, err := parameter(q, "agent")
	if err != nil {
		return err
	}
	last := ""
	if q.Query["shutdownOnComplete"] != nil {
		if last, err = parameter(q, "shutdownOnComplete"); err != nil {
			return err
		}
	}
	s.await(endTime, func(k key) bool { return k.agent == agent })
	s.await(lastTime, func(key) bool { return true })
	if slices.Contains([]string{"true", "yes"}, strings.ToLower(last)) {
		defer s.stop()
	}
	if err := s.write(); err != nil {
		return err
	}
	s.reply(nc, q, "")
	return nil
}

// caseOf returns the case that the request names, and its number among the selected ones.
func (s *server) caseOf(q *fuzzer.Request) (*suite.Case, int, error) {
	if q.Query["case"] == nil && q.Query["casetuple"] != nil {
		id, err := parameter(q, "casetuple")
		i := slices.IndexFunc(s.cases, func(c *suite.Case) bool { return c.ID == id })
		if err != nil || i < 0 {
			return nil, 0, cmp.Or(err, fmt.Errorf("case %.40q is not among those selected", id))
		}
		return s.cases[i], i + 1, nil
	}
	text, err := parameter(q, "case")
	if err != nil {
		return nil, 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(s.cases) {
		return nil, 0, fmt.Errorf("case %.40q is not a number from 1 to %d", text, len(s.cases))
	}
	return s.cases[n-1], n, nil
}

// parameter returns a parameter of the URI, which has to be there.
func parameter(q *fuzzer.Request, name string) (string, error) {
	if v := q.Query[name]; len(v) > 0 {
		return v[0], nil
	}
	return "", fmt.Errorf("parameter %s is missing", name)
}
