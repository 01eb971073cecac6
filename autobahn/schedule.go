package main

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// How the cases of a server are spread over connections. The rule above all is that no verdict
// depends on it: what may have gone wrong only because of other cases is run again alone, and
// what that says counts.
//
//   - With a limit of one connection the cases run in their order, each when the last has ended.
//   - Otherwise the light ones, of which most wait and the rest is short, run first, as many at once as
//     the limit allows. The heavy ones follow, the longest first, and no more at once than there
//     are processors. One on which nothing has moved for a moment only waits and does not count.
//   - In between, those of which the verdict is a matter of microseconds run one by one.
//   - If TCP cannot be connected, nothing new is started, and when the others have ended the case runs
//     alone. If that cannot be connected either, the server is given up.
//   - A failed opening handshake is tried again alone: the first as soon as the others have
//     ended, further ones after the rest. If it succeeds then, the server takes one connection at a time:
//     what is left runs one by one. After three in a row that time out alone as well the
//     server is taken to be silent, and the others that timed out are not tried again.
//   - A heavy case that was out of time while octets still came is run again alone.
//   - A light case that failed is run again alone if the server is slow: if one of the cases that it passed
//     took longer than slow. If it is not, this ends after three in a row that fail in the same way.
type schedule struct {
	parallel int // cases at once
	heavy    int // of those of which octets flow; 0 is the number of processors

	// play runs a case. Its error is that of connecting TCP. No result and no error means
	// that the case is skipped.
	play func(ctx context.Context, c *suite.Case, f *flow) (*fuzzer.Result, error)

	// These are called from the goroutine that called run.
	keep func(r *fuzzer.Result) // takes each result that counts; nil for a case that is skipped
	note func(text string)      // takes what is to be said on the way
	busy func(n int)            // takes the number of cases that run now
}

const (
	still  = 250 * time.Millisecond // a connection on which nothing moves for so long only waits
	slow   = 250 * time.Millisecond // an echo that takes so long is late
	enough = 3                      // cases in a row that say the same when run again
)

// An attempt is one run of a case.
type attempt struct {
	c       *suite.Case
	flow    *flow
	company bool // other cases ran at the same time
	result  *fuzzer.Result
	err     error
}

// run runs the cases, and returns an error if the server was given up or ctx is done.
func (s *schedule) run(ctx context.Context, cases []*suite.Case) error {
	if s.parallel <= 1 {
		return s.inOrder(ctx, cases)
	}
	light, fine, heavy := split(cases)
	g := &group{schedule: s, running: map[*attempt]bool{}, ended: make(chan *attempt)}
	g.limit = s.parallel
	if err := g.run(ctx, light); err != nil {
		return err
	}
	if err := s.inOrder(ctx, fine); err != nil {
		return err
	}
	g.limit = cmp.Or(s.heavy, runtime.NumCPU())
	return g.run(ctx, heavy)
}

// inOrder runs cases one by one.
func (s *schedule) inOrder(ctx context.Context, cases []*suite.Case) error {
	for _, c := range cases {
		a := s.alone(ctx, c)
		if err := cmp.Or(ctx.Err(), a.err); err != nil {
			return err
		}
		s.keep(a.result)
	}
	return nil
}

// alone runs c while nothing else does.
func (s *schedule) alone(ctx context.Context, c *suite.Case) *attempt {
	s.busy(1)
	defer s.busy(0)
	a := &attempt{c: c, flow: newFlow(limit(c))}
	a.result, a.err = s.play(ctx, c, a.flow)
	return a
}

// A group runs cases side by side.
type group struct {
	*schedule
	limit    int // of the cases of which octets flow
	queue    []*suite.Case
	running  map[*attempt]bool
	ended    chan *attempt
	doubtful []*attempt // those that are to run again
	drain    bool       // nothing is started until those that run have ended

	// What is known about the server.
	refuses   bool          // an opening handshake failed alone, too
	oneByOne  bool          // it takes one connection at a time
	silent    int           // opening handshakes in a row that timed out alone, too
	unchanged int           // cases in a row that say the same when run again
	slowest   time.Duration // of the light cases that it passed
}

// run runs cases, and again what is in doubt.
func (g *group) run(ctx context.Context, cases []*suite.Case) error {
	g.queue = cases
	if err := g.sideBySide(ctx); err != nil {
		return g.giveUp(err)
	}
	if err := g.again(ctx, func(doubt) bool { return true }); err != nil {
		return g.giveUp(err)
	}
	return g.inOrder(ctx, g.queue) // what is left if the server takes one connection at a time
}

// sideBySide runs the queue.
func (g *group) sideBySide(ctx context.Context) error {
	tick := time.NewTicker(still / 5)
	defer tick.Stop()
	var lost error
	for lost == nil && len(g.queue) > 0 && !g.oneByOne || len(g.running) > 0 {
		for lost == nil && len(g.queue) > 0 && !g.drain && g.room() {
			g.start(ctx)
		}
		select {
		case a := <-g.ended:
			lost = cmp.Or(lost, g.end(ctx, a))
		case <-tick.C: // something may have come to a standstill
		}
		if lost == nil && g.drain && len(g.running) == 0 {
			g.drain = false
			lost = g.again(ctx, func(d doubt) bool { return d == unconnected || d == unopened })
		}
	}
	return lost
}

// room reports whether one more case may run.
func (g *group) room() bool {
	flowing := 0
	for a := range g.running {
		if a.flow.flows(still) {
			flowing++
		}
	}
	return len(g.running) < g.parallel && flowing < g.limit
}

// start starts the next case.
func (g *group) start(ctx context.Context) {
	a := &attempt{c: g.queue[0], flow: newFlow(limit(g.queue[0]))}
	g.queue = g.queue[1:]
	g.running[a] = true
	if len(g.running) > 1 {
		for b := range g.running {
			b.company = true
		}
	}
	g.busy(len(g.running))
	go func() {
		a.result, a.err = g.play(ctx, a.c, a.flow)
		g.ended <- a
	}()
}

// end takes note of a case that has ended. It returns an error if no more are to be started.
func (g *group) end(ctx context.Context, a *attempt) error {
	delete(g.running, a)
	g.busy(len(g.running))
	d := a.doubt()
	switch {
	case ctx.Err() != nil: // the case was cut short
		return ctx.Err()
	case !a.company && d == unconnected:
		return a.err
	case !a.company || d == certain:
		g.refuses = g.refuses || d == unopened
		g.settle(a)
		return nil
	}
	g.drain = g.drain || d == unconnected || d == unopened && !g.refuses
	g.doubtful = append(g.doubtful, a)
	return nil
}

// settle keeps the result of a.
func (g *group) settle(a *attempt) {
	g.keep(a.result)
	if a.result != nil && a.result.Behavior == suite.OK && echoes(a.c) {
		g.slowest = max(g.slowest, a.result.Duration)
	}
}

// again runs those whose doubt is one of these again, one by one.
func (g *group) again(ctx context.Context, these func(doubt) bool) error {
	later := g.doubtful
	g.doubtful = nil
	for i, old := range later {
		switch d := old.doubt(); {
		case !these(d):
			g.doubtful = append(g.doubtful, old)
			continue
		case g.believes(old):
			g.keep(old.result)
			continue
		}
		a := g.alone(ctx, old.c)
		if err := cmp.Or(ctx.Err(), a.err); err != nil {
			g.doubtful = append(g.doubtful, later[i:]...)
			return err
		}
		g.keep(a.result)
		g.learn(old, a)
	}
	return nil
}

// learn draws conclusions from a, which is old run again alone.
func (g *group) learn(old, a *attempt) {
	if d := old.doubt(); d == unconnected || d == unopened {
		switch {
		case a.doubt() == unopened:
			g.refuses = true
		case !g.oneByOne:
			g.oneByOne = true
			g.note("the server takes one connection at a time: the cases run one by one")
		}
		g.silent++
		if old.result == nil || !old.result.OpeningTimeout || a.result == nil || !a.result.OpeningTimeout {
			g.silent = 0
		}
		return
	}
	g.unchanged++
	if a.result == nil || a.result.Behavior != old.result.Behavior || a.result.BehaviorClose != old.result.BehaviorClose {
		g.unchanged = 0
	}
}

// believes reports whether a need not run again after all.
func (g *group) believes(a *attempt) bool {
	switch a.doubt() {
	case unopened:
		return a.result.OpeningTimeout && g.silent >= enough
	case failedLight:
		return g.slowest < slow && g.unchanged >= enough
	}
	return false
}

// giveUp keeps the results of those that did not get to run again.
func (g *group) giveUp(err error) error {
	for _, a := range g.doubtful {
		if a.result != nil {
			g.keep(a.result)
		}
	}
	g.doubtful = nil
	return err
}

// A doubt says why a result may be due to other cases that ran at the same time.
type doubt int

const (
	certain     doubt = iota
	unconnected       // TCP was not connected
	unopened          // the opening handshake failed
	outOfTime         // a heavy case had no more time although octets still came
	failedLight       // a light case failed
)

// doubt returns what is doubtful about the result of a, if other cases ran at the same time.
func (a *attempt) doubt() doubt {
	r := a.result
	switch {
	case a.err != nil:
		return unconnected
	case r == nil || !fails(r):
		return certain
	case !r.Opened:
		return unopened
	case !heavy(a.c):
		return failedLight
	case r.Duration >= limit(a.c) && a.flow.late.Load():
		return outOfTime
	}
	return certain
}

// fails reports whether a timer that was too fast can explain the verdicts of r.
func fails(r *fuzzer.Result) bool {
	switch r.BehaviorClose {
	case suite.Failed, suite.Unclean, suite.FailedByClient:
		return true
	}
	return r.Behavior == suite.Failed
}

// heavy reports whether the octets of c are so many that processors and memory decide how long it takes.
func heavy(c *suite.Case) bool {
	section, _, _ := strings.Cut(c.ID, ".")
	return section == "9" || section == "12" || section == "13"
}

// echoes reports whether c is over once the peer has answered.
func echoes(c *suite.Case) bool {
	waits := slices.ContainsFunc(c.Steps, func(s suite.Step) bool {
		_, ok := s.(suite.Wait)
		return ok
	})
	return !waits && !c.Close.ByPeer && len(c.OK) > 0
}

// split parts light cases, in their order, from delicate ones and from heavy ones, the longest first.
func split(cases []*suite.Case) (light, fine, long []*suite.Case) {
	for _, c := range cases {
		switch {
		case heavy(c):
			long = append(long, c)
		case delicate(c):
			fine = append(fine, c)
		default:
			light = append(light, c)
		}
	}
	slices.SortStableFunc(long, func(a, b *suite.Case) int { return cmp.Compare(cost(b), cost(a)) })
	return light, fine, long
}

// delicate reports whether the verdict of c may depend on how soon after a write the peer reads:
// there are writes a moment apart, and a lesser verdict for a peer that sees them at once.
func delicate(c *suite.Case) bool {
	return c.NonStrict != nil && slices.ContainsFunc(c.Steps, func(s suite.Step) bool {
		f, ok := s.(suite.Frame)
		return ok && (f.Chop > 0 || f.Sync)
	})
}

// cost estimates the time that c takes, in that of an octet.
func cost(c *suite.Case) int {
	const write = 200 // as long as so many octets
	sum := 0
	for _, step := range c.Steps {
		switch s := step.(type) {
		case suite.Frame:
			sum += s.Payload.N
			if s.Chop > 0 {
				sum += s.Payload.N / s.Chop * write
			}
		case suite.Message:
			sum += s.Payload.N
			if s.Frag > 0 {
				sum += s.Payload.N / s.Frag * write
			}
		case suite.Loop:
			sum += s.Count * (s.Unit + write)
		}
	}
	return sum
}

// limit returns the time that c has, 0 if it says nothing about it.
func limit(c *suite.Case) time.Duration {
	for _, step := range c.Steps {
		switch s := step.(type) {
		case suite.CloseAfter:
			return s.D
		case suite.KillAfter:
			return s.D
		}
	}
	return 0
}
