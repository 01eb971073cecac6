package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A peer stands for a server and the engine of the fuzzer.
type peer struct {
	mu      sync.Mutex
	running int
	most    int      // cases that ran at once
	begun   []string // ids, in the order in which they were begun
}

// play runs do as the case, which is told how many run at once with it.
func (p *peer) play(do func(c *suite.Case, f *flow, others int) (*fuzzer.Result, error)) func(context.Context, *suite.Case, *flow) (*fuzzer.Result, error) {
	return func(_ context.Context, c *suite.Case, f *flow) (*fuzzer.Result, error) {
		p.mu.Lock()
		others := p.running
		p.running++
		p.most = max(p.most, p.running)
		p.begun = append(p.begun, c.ID)
		p.mu.Unlock()
		defer func() {
			p.mu.Lock()
			p.running--
			p.mu.Unlock()
		}()
		return do(c, f, others)
	}
}

// tries returns how many cases were begun.
func (p *peer) tries() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.begun)
}

// A record is what a schedule says.
type record struct {
	*schedule
	verdicts []string
	notes    []string
	err      error
}

// runCases runs cases in a schedule and checks that each has one result at the most.
func runCases(t *testing.T, ctx context.Context, parallel int, cases []*suite.Case, play func(context.Context, *suite.Case, *flow) (*fuzzer.Result, error)) *record {
	t.Helper()
	r := &record{}
	seen := map[string]bool{}
	r.schedule = &schedule{parallel: parallel, heavy: 2, play: play, busy: func(int) {},
		note: func(text string) { r.notes = append(r.notes, text) },
		keep: func(x *fuzzer.Result) {
			if seen[x.Case.ID] {
				t.Errorf("%s has two results", x.Case.ID)
			}
			seen[x.Case.ID] = true
			r.verdicts = append(r.verdicts, fmt.Sprint(x.Case.ID, " ", x.Behavior))
		},
	}
	r.err = r.run(ctx, cases)
	return r
}

// count returns how many results have the verdict.
func (r *record) count(v suite.Verdict) int {
	n := 0
	for _, s := range r.verdicts {
		if strings.HasSuffix(s, " "+string(v)) {
			n++
		}
	}
	return n
}

func result(c *suite.Case, v suite.Verdict) *fuzzer.Result {
	return &fuzzer.Result{Case: c, Opened: true, Behavior: v, BehaviorClose: suite.OK}
}

// unopenedResult is that of a failed opening handshake.
func unopenedResult(c *suite.Case) *fuzzer.Result {
	return &fuzzer.Result{Case: c, Behavior: suite.Failed, BehaviorClose: suite.Failed}
}

// lightCases returns n cases of section 1.
func lightCases(n int) []*suite.Case {
	var cases []*suite.Case
	for i := range n {
		cases = append(cases, &suite.Case{ID: fmt.Sprintf("1.1.%d", i+1), OK: []suite.Event{{}},
			Steps: []suite.Step{suite.KillAfter{D: time.Second}}})
	}
	return cases
}

// heavyCases returns n cases of section 9, the longest last, with a limit of 10 seconds.
func heavyCases(n int) []*suite.Case {
	var cases []*suite.Case
	for i := range n {
		cases = append(cases, &suite.Case{ID: fmt.Sprintf("9.7.%d", i+1), Steps: []suite.Step{
			suite.Loop{Count: 1000, Unit: i * 100}, suite.CloseAfter{D: 10 * time.Second},
		}})
	}
	return cases
}

func ids(cases []*suite.Case) []string {
	var ids []string
	for _, c := range cases {
		ids = append(ids, c.ID)
	}
	return ids
}

func TestOneByOneInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		cases := append(heavyCases(3), lightCases(5)...)
		r := runCases(t, t.Context(), 1, cases, p.play(func(c *suite.Case, _ *flow, _ int) (*fuzzer.Result, error) {
			time.Sleep(time.Second)
			return result(c, suite.Failed), nil
		}))
		if r.err != nil || p.most != 1 || !slices.Equal(p.begun, ids(cases)) || len(r.verdicts) != 8 {
			t.Errorf("got %v at once, order %v, results %v, %v", p.most, p.begun, r.verdicts, r.err)
		}
	})
}

func TestSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		start := time.Now()
		r := runCases(t, t.Context(), 5, append(heavyCases(2), lightCases(20)...), p.play(func(c *suite.Case, _ *flow, _ int) (*fuzzer.Result, error) {
			time.Sleep(time.Second)
			return result(c, suite.OK), nil
		}))
		took := time.Since(start)
		if r.err != nil || p.most != 5 || r.count(suite.OK) != 22 || took > 6*time.Second {
			t.Errorf("got %d at once, %d results in %v, %v", p.most, len(r.verdicts), took, r.err)
		}
		if got := p.begun[20:]; slices.ContainsFunc(got, func(id string) bool { return id[0] != '9' }) {
			t.Errorf("the heavy ones come last; got %v", got)
		}
	})
}

func TestHeavyCasesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		r := runCases(t, t.Context(), 16, heavyCases(8), p.play(func(c *suite.Case, f *flow, _ int) (*fuzzer.Result, error) {
			for range 20 {
				time.Sleep(100 * time.Millisecond)
				f.read()
			}
			return result(c, suite.OK), nil
		}))
		if p.most != 2 || r.count(suite.OK) != 8 {
			t.Errorf("%d ran at once while octets flowed, want 2", p.most)
		}
	})
}

func TestHeavyCasesThatWaitDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		start := time.Now()
		r := runCases(t, t.Context(), 6, heavyCases(12), p.play(func(c *suite.Case, _ *flow, _ int) (*fuzzer.Result, error) {
			time.Sleep(10 * time.Second) // the peer says nothing
			return result(c, suite.Failed), nil
		}))
		if took := time.Since(start); p.most != 6 || took > 22*time.Second || r.count(suite.Failed) != 12 {
			t.Errorf("%d ran at once, in %v", p.most, took)
		}
	})
}

// A server that cannot be connected alone either is given up. What ran before has its results.
func TestGivenUp(t *testing.T) {
	for _, parallel := range []int{1, 8} {
		synctest.Test(t, func(t *testing.T) {
			p := &peer{}
			gone := errors.New("connection refused")
			r := runCases(t, t.Context(), parallel, lightCases(100), p.play(func(c *suite.Case, _ *flow, _ int) (*fuzzer.Result, error) {
				time.Sleep(time.Second)
				if p.tries() > 20 {
					return nil, gone
				}
				return result(c, suite.OK), nil
			}))
			if !errors.Is(r.err, gone) || len(r.verdicts) < 12 || len(r.verdicts) > 20 {
				t.Errorf("with %d at once got %d results and %v", parallel, len(r.verdicts), r.err)
			}
			if len(p.begun) > 40 {
				t.Errorf("%d cases were tried", len(p.begun))
			}
		})
	}
}

// A server that takes one connection at a time has the verdicts that it has one by one.
func TestOneConnectionAtATime(t *testing.T) {
	for how, fail := range map[string]func(c *suite.Case) (*fuzzer.Result, error){
		"TCP": func(*suite.Case) (*fuzzer.Result, error) { return nil, errors.New("connection refused") },
		"the opening handshake": func(c *suite.Case) (*fuzzer.Result, error) {
			r := unopenedResult(c)
			r.OpeningTimeout = true
			return r, nil
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &peer{}
			r := runCases(t, t.Context(), 16, append(lightCases(40), heavyCases(3)...), p.play(func(c *suite.Case, _ *flow, others int) (*fuzzer.Result, error) {
				time.Sleep(time.Second)
				if others > 0 {
					return fail(c)
				}
				return result(c, suite.OK), nil
			}))
			if r.err != nil || r.count(suite.OK) != 43 || len(r.notes) != 1 {
				t.Errorf("%s: got %d OK, notes %q, %v", how, r.count(suite.OK), r.notes, r.err)
			}
			if tries := len(p.begun); tries > 43+15 {
				t.Errorf("%s: %d tries", how, tries)
			}
		})
	}
}

// Opening handshakes that fail alone, too, do not stop the others from running side by side.
func TestRefusedHandshakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		start := time.Now()
		r := runCases(t, t.Context(), 16, lightCases(160), p.play(func(c *suite.Case, _ *flow, others int) (*fuzzer.Result, error) {
			if strings.HasSuffix(c.ID, "5") {
				return unopenedResult(c), nil
			}
			time.Sleep(time.Second)
			return result(c, suite.OK), nil
		}))
		took := time.Since(start)
		if r.err != nil || r.count(suite.OK) != 144 || r.count(suite.Failed) != 16 || len(r.notes) != 0 || took > 13*time.Second {
			t.Errorf("got %d OK, %d failed, notes %q in %v, %v", r.count(suite.OK), r.count(suite.Failed), r.notes, took, r.err)
		}
	})
}

// A server that is silent does not cost every case twice.
func TestSilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		start := time.Now()
		r := runCases(t, t.Context(), 16, lightCases(160), p.play(func(c *suite.Case, _ *flow, _ int) (*fuzzer.Result, error) {
			time.Sleep(5 * time.Second)
			x := unopenedResult(c)
			x.OpeningTimeout = true
			return x, nil
		}))
		if took := time.Since(start); r.err != nil || r.count(suite.Failed) != 160 || took > 70*time.Second {
			t.Errorf("got %d failed in %v, %v", r.count(suite.Failed), took, r.err)
		}
	})
}

// Heavy cases that were out of time in company run again alone.
func TestOutOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		r := runCases(t, t.Context(), 16, heavyCases(6), p.play(func(c *suite.Case, f *flow, others int) (*fuzzer.Result, error) {
			for range 99 {
				time.Sleep(100 * time.Millisecond)
				f.read()
			}
			if others == 0 {
				return result(c, suite.OK), nil
			}
			time.Sleep(200 * time.Millisecond)
			x := result(c, suite.Failed)
			x.Duration = 10100 * time.Millisecond
			return x, nil
		}))
		if r.err != nil || r.count(suite.OK) != 6 {
			t.Errorf("got %v, %v", r.verdicts, r.err)
		}
	})
}

// A slow server fails light cases in company only.
func TestSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		r := runCases(t, t.Context(), 16, lightCases(60), p.play(func(c *suite.Case, _ *flow, others int) (*fuzzer.Result, error) {
			time.Sleep(time.Duration(others+1) * 100 * time.Millisecond)
			x := result(c, suite.OK)
			if x.Duration = time.Duration(others+1) * 100 * time.Millisecond; x.Duration > time.Second {
				x.Behavior = suite.Failed
			}
			return x, nil
		}))
		if r.err != nil || r.count(suite.OK) != 60 {
			t.Errorf("got %d OK, %v", r.count(suite.OK), r.err)
		}
	})
}

// A fast server that fails is believed after a few cases.
func TestFailingServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		r := runCases(t, t.Context(), 16, lightCases(100), p.play(func(c *suite.Case, _ *flow, _ int) (*fuzzer.Result, error) {
			time.Sleep(time.Second)
			return result(c, suite.Failed), nil
		}))
		if again := len(p.begun) - 100; r.err != nil || r.count(suite.Failed) != 100 || again != enough {
			t.Errorf("got %d failed, %d ran again, %v", r.count(suite.Failed), again, r.err)
		}
	})
}

// When the program is stopped, what has ended keeps its result, and what was cut short has none.
func TestStopped(t *testing.T) {
	for _, parallel := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
			defer cancel()
			p := &peer{}
			r := runCases(t, ctx, parallel, lightCases(40), func(ctx context.Context, c *suite.Case, f *flow) (*fuzzer.Result, error) {
				return p.play(func(c *suite.Case, _ *flow, _ int) (*fuzzer.Result, error) {
					select {
					case <-time.After(time.Second):
					case <-ctx.Done():
					}
					return result(c, suite.OK), nil
				})(ctx, c, f)
			})
			if !errors.Is(r.err, context.DeadlineExceeded) || r.count(suite.OK) != 2*parallel {
				t.Errorf("with %d at once got %v, %v", parallel, r.verdicts, r.err)
			}
		})
	}
}

func TestFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFlow(10 * time.Second)
		time.Sleep(time.Second)
		if f.flows(time.Second) {
			t.Error("nothing has moved for a second")
		}
		f.read() // the opening handshake
		time.Sleep(8 * time.Second)
		f.read()
		if f.late.Load() || !f.flows(time.Second) {
			t.Error("two seconds before the limit is not late")
		}
		time.Sleep(1500 * time.Millisecond)
		f.wrote()
		if f.late.Load() {
			t.Error("what the fuzzer writes does not count")
		}
		f.read()
		if !f.late.Load() {
			t.Error("half a second before the limit is late")
		}
		f = newFlow(10 * time.Second)
		f.read()
		time.Sleep(11 * time.Second)
		f.read()
		if f.late.Load() {
			t.Error("after the limit is not before it")
		}
	})
}

func TestSplit(t *testing.T) {
	light, _, long := split(append(heavyCases(3), lightCases(2)...))
	if !slices.Equal(ids(light), []string{"1.1.1", "1.1.2"}) || !slices.Equal(ids(long), []string{"9.7.3", "9.7.2", "9.7.1"}) {
		t.Errorf("got %v and %v, want the light ones in their order and the heavy ones, the longest first", ids(light), ids(long))
	}
	cases, _ := suite.Select([]string{"*"}, nil)
	if _, fine, _ := split(cases); !slices.Equal(ids(fine), []string{"3.3", "3.4", "4.1.5", "4.2.5"}) {
		t.Errorf("got %v as those that run alone", ids(fine))
	}
}

// TestDelicateAlone runs nothing beside a case in which microseconds count.
func TestDelicateAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		cases, _ := suite.Select([]string{"3.*", "4.*", "5.*", "9.7.*"}, nil)
		runCases(t, t.Context(), 16, cases, p.play(func(c *suite.Case, _ *flow, others int) (*fuzzer.Result, error) {
			if delicate(c) && others > 0 {
				t.Errorf("%s runs beside %d others", c.ID, others)
			}
			time.Sleep(time.Second)
			p.mu.Lock()
			defer p.mu.Unlock()
			if delicate(c) && p.running > 1 {
				t.Errorf("%d others were started beside %s", p.running-1, c.ID)
			}
			return result(c, suite.OK), nil
		}))
		if p.most < 10 {
			t.Errorf("no more than %d cases ran at once", p.most)
		}
	})
}

func TestCost(t *testing.T) {
	chopped := cost(&suite.Case{Steps: []suite.Step{suite.Frame{Payload: suite.Payload{N: 1 << 20}, Chop: 64}}})
	whole := cost(&suite.Case{Steps: []suite.Step{suite.Message{Payload: suite.Payload{N: 1 << 20}}}})
	fragments := cost(&suite.Case{Steps: []suite.Step{suite.Message{Payload: suite.Payload{N: 4 << 20}, Frag: 64}}})
	loop := cost(&suite.Case{Steps: []suite.Step{suite.Loop{Count: 1000, Unit: 131072}}})
	if !slices.IsSorted([]int{whole, chopped, fragments, loop}) {
		t.Errorf("got %d, %d, %d, %d", whole, chopped, fragments, loop)
	}
}
