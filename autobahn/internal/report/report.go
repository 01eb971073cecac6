// Package report writes what a run of the conformance suite found out: JSON files for programs,
// pages for people, JUnit XML for build servers, and recorded verdicts to compare a later run with.
//
// Whatever a peer sent may be hostile: it is cut to a bounded length and made visible before it is shown.
package report

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// Write writes index.json, index.html, and the file and the page of each case to the folder dir,
// which is made if needed. Order has the cases that the index lists, whether they have a result or not;
// if it is nil, those are the ones that have. Of two results for the same agent and case the last counts.
func Write(dir string, results []*fuzzer.Result, order []*suite.Case) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	b := newBook(results, order)
	for _, a := range b.agents {
		for i, r := range a.results {
			name := filepath.Join(dir, a.file(r.Case.ID))
			if err := os.WriteFile(name+".json", caseJSON(r), 0o666); err != nil {
				return err
			}
			page, err := b.casePage(a, i)
			if err != nil {
				return err
			}
			if err := os.WriteFile(name+".html", page, 0o666); err != nil {
				return err
			}
		}
	}
	page, err := b.indexPage()
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, "index.html"), page); err != nil {
		return err
	}
	return replace(filepath.Join(dir, "index.json"), b.indexJSON())
}

// replace writes a file so that nobody who opens it sees a part of it.
func replace(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = cmp.Or(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
	}
	return err
}

// A book is the results of a run, sorted.
type book struct {
	agents []*agent      // by name
	cases  []*suite.Case // by id: all that the index lists
}

// An agent is an implementation under test.
type agent struct {
	name    string
	stem    string           // of its files, before the case
	results []*fuzzer.Result // by the id of the case
	byID    map[string]*fuzzer.Result
}

// newBook sorts results; see Write for order.
func newBook(results []*fuzzer.Result, order []*suite.Case) *book {
	cases := make(map[string]*suite.Case)
	for _, c := range order {
		cases[c.ID] = c
	}
	agents := make(map[string]*agent)
	for _, r := range results {
		a := agents[r.Agent]
		if a == nil {
			a = &agent{name: r.Agent, byID: make(map[string]*fuzzer.Result)}
			agents[r.Agent] = a
		}
		a.byID[r.Case.ID] = r
		cases[r.Case.ID] = r.Case
	}

	b := &book{cases: slices.Collect(maps.Values(cases))}
	slices.SortFunc(b.cases, func(c, d *suite.Case) int { return suite.CompareIDs(c.ID, d.ID) })
	taken := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(agents)) {
		a := agents[name]
		a.stem = stem(name, taken)
		for _, c := range b.cases {
			if r := a.byID[c.ID]; r != nil {
				a.results = append(a.results, r)
			}
		}
		b.agents = append(b.agents, a)
	}
	return b
}

// file returns the name of the file of a case, without its extension.
func (a *agent) file(id string) string {
	return a.stem + "_case_" + strings.ReplaceAll(id, ".", "_")
}

// stem returns the start of the file names of an agent: the small letters and digits of its name,
// all else underscores. Two agents that are the same this way get numbers.
func stem(name string, taken map[string]bool) string {
	clean := strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return c
		}
		return ' '
	}, strings.ToLower(strings.TrimSpace(name)))
	clean = strings.ReplaceAll(strings.TrimSpace(clean), " ", "_")
	clean = clean[:min(len(clean), 150)] // file systems allow 255 octets
	s := clean
	for n := 2; taken[s]; n++ {
		s = fmt.Sprintf("%s_%d", clean, n)
	}
	taken[s] = true
	return s
}
