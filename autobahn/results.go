package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// results are those of the run so far. Of two for the same agent and case the last counts.
type results struct {
	mu      sync.Mutex
	all     map[key]*fuzzer.Result
	changed chan struct{} // closed at the next change; nil if nobody waits for it
}

// A key is what there is one result for.
type key struct{ agent, id string }

func newResults() *results { return &results{all: map[key]*fuzzer.Result{}} }

// add takes a result.
func (r *results) add(x *fuzzer.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[key{x.Agent, x.Case.ID}] = x
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// sorted returns the results by agent and case.
func (r *results) sorted() []*fuzzer.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(maps.Values(r.all), func(a, b *fuzzer.Result) int {
		return cmp.Or(cmp.Compare(a.Agent, b.Agent), suite.CompareIDs(a.Case.ID, b.Case.ID))
	})
}

// wait returns the result of an agent in a case as soon as there is one, and nil when ctx is done before.
func (r *results) wait(ctx context.Context, agent, id string) *fuzzer.Result {
	for {
		x, changed := r.look(key{agent, id})
		if x != nil {
			return x
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// look returns the result of k, or nil and a channel that is closed when something has changed.
func (r *results) look(k key) (*fuzzer.Result, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if x := r.all[k]; x != nil {
		return x, nil
	}
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return nil, r.changed
}
