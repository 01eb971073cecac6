package main

import (
	"bytes"
	"fmt"
)

// problems reports what is wrong with t, one sentence each,
// where written is the report as it is on disk.
func (t *table) problems(written []byte) []string {
	all := t.untested()
	all = append(all, t.staleExceptions()...)
	all = append(all, t.unknownIDs()...)
	if !bytes.Equal(written, t.report()) {
		all = append(all, reportPath+" is out of date: go run ./internal/conformance -w")
	}
	return all
}

// untested reports the requirements that have neither a test nor an exception.
func (t *table) untested() (all []string) {
	excused := t.reasons()
	for _, r := range t.requirements {
		if r.needsTest() && len(t.carriers.tests[r.id]) == 0 && excused[r.id] == "" {
			all = append(all, fmt.Sprintf("%s has no test: %s", r.id, r.text))
		}
	}
	return all
}

// staleExceptions reports the exceptions that excuse nothing.
func (t *table) staleExceptions() (all []string) {
	byID := map[string]requirement{}
	for _, r := range t.requirements {
		byID[r.id] = r
	}
	for _, e := range t.exceptions {
		r, ok := byID[e.id]
		switch tests := t.carriers.tests[e.id]; {
		case !ok:
			all = append(all, fmt.Sprintf("%s is an exception to no requirement", e.id))
		case e.reason == "":
			all = append(all, fmt.Sprintf("%s is an exception without a reason", e.id))
		case !r.needsTest():
			all = append(all, fmt.Sprintf("%s is an exception, and needs no test", e.id))
		case len(tests) > 0:
			all = append(all, fmt.Sprintf("%s is an exception, and %s tests it", e.id, tests[0].name))
		}
	}
	return all
}

// unknownIDs reports the ids in test files that no requirement has.
func (t *table) unknownIDs() (all []string) {
	known := map[string]bool{}
	for _, r := range t.requirements {
		known[r.id] = true
	}
	for _, m := range t.carriers.mentions {
		if !known[m.id] {
			all = append(all, fmt.Sprintf("%s in %s is the id of no requirement", m.id, m.file))
		}
	}
	return all
}

// reasons returns the exceptions' reasons by id.
func (t *table) reasons() map[string]string {
	m := map[string]string{}
	for _, e := range t.exceptions {
		m[e.id] = e.reason
	}
	return m
}
