package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/report"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A count says how many cases of a section ended how.
type count struct {
	number, title                        string
	cases                                int
	ok, lesser, info, none, fail, closed int
}

func (n *count) add(r *fuzzer.Result) {
	n.cases++
	switch r.Behavior {
	case suite.OK:
		n.ok++
	case suite.NonStrict:
		n.lesser++
	case suite.Informational:
		n.info++
	case suite.Unimplemented:
		n.none++
	default:
		n.fail++
	}
	if r.BehaviorClose != suite.OK && r.BehaviorClose != suite.Informational {
		n.closed++
	}
}

func (n *count) print(out io.Writer, title string) {
	fmt.Fprintf(out, "%-26s", title)
	for i, x := range []int{n.cases, n.ok, n.lesser, n.info, n.none, n.fail, n.closed} {
		text := "-"
		if x > 0 || i == 0 {
			text = fmt.Sprint(x)
		}
		fmt.Fprintf(out, "%*s", len(columns[i])+2, text)
	}
	fmt.Fprintln(out)
}

var columns = []string{"cases", "  OK", "non-strict", "informational", "unimplemented", "failed", "closing failed"}

// summary prints what all results say, and reports whether the run passed.
func (r *run) summary(all []*fuzzer.Result) bool {
	if len(all) == 0 {
		fmt.Fprintln(r.out, "no case was run")
		return false
	}
	good := true
	for _, agent := range agents(all) {
		if !r.agentSummary(agent, of(agent, all)) {
			good = false
		}
	}
	if r.expected != nil {
		good = r.differences(all)
	}
	fmt.Fprintf(r.out, "%.1f s, report: %s\n", time.Since(r.progress.begun).Seconds(), r.index())
	return good
}

// agents returns the names of the agents in sorted results.
func agents(all []*fuzzer.Result) []string {
	var names []string
	for _, x := range all {
		if len(names) == 0 || names[len(names)-1] != x.Agent {
			names = append(names, x.Agent)
		}
	}
	return names
}

// of returns the results of an agent.
func of(agent string, all []*fuzzer.Result) []*fuzzer.Result {
	return slices.DeleteFunc(slices.Clone(all), func(x *fuzzer.Result) bool { return x.Agent != agent })
}

// agentSummary prints the table and the failing cases of an agent, and reports whether it passed all.
func (r *run) agentSummary(agent string, results []*fuzzer.Result) bool {
	fmt.Fprintf(r.out, "\n%-26s  %s\n", cut(agent, 26), strings.Join(columns, "  "))
	var sums []*count
	total := &count{}
	for _, x := range results {
		number, title := suite.SectionOf(x.Case.ID)
		if len(sums) == 0 || sums[len(sums)-1].number != number {
			sums = append(sums, &count{number: number, title: title})
		}
		sums[len(sums)-1].add(x)
		total.add(x)
	}
	for _, n := range sums {
		n.print(r.out, fmt.Sprintf("%-3s %s", n.number, n.title))
	}
	if len(sums) > 1 {
		total.print(r.out, "all")
	}
	fmt.Fprintln(r.out)
	bad := 0
	for _, x := range results {
		if !report.Passed(x, r.strict) {
			bad++
			fmt.Fprintln(r.out, report.Line(x))
		}
	}
	missing := r.missing(agent, results)
	switch {
	case bad+missing == 0:
		fmt.Fprintf(r.out, "passed all of %s\n", counted(len(results), "case"))
	case missing == 0:
		fmt.Fprintf(r.out, "%d of %s failed\n", bad, counted(len(results), "case"))
	default:
		fmt.Fprintf(r.out, "NOT COMPLETE: %d of %s failed, %d more were not run\n", bad, counted(len(results), "case"), missing)
	}
	return bad+missing == 0
}

// counted returns a number of things in words.
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprint(n, " ", thing)
}

// missing returns how many cases the agent should have run and did not.
func (r *run) missing(agent string, results []*fuzzer.Result) int {
	n := -len(results)
	for _, c := range r.cases {
		if !suite.Excluded(r.spec.excludeAgent, agent, c.ID) {
			n++
		}
	}
	return max(n, 0)
}

// differences prints where the results are not what was expected, and reports whether there are none.
func (r *run) differences(all []*fuzzer.Result) bool {
	var ids []string
	for _, c := range r.cases {
		ids = append(ids, c.ID)
	}
	lines := report.Compare(r.expected, all, ids)
	if len(lines) == 0 {
		fmt.Fprintln(r.out, "no difference from what was expected")
		return true
	}
	fmt.Fprintf(r.out, "\n%s from what was expected:\n", counted(len(lines), "difference"))
	for _, line := range lines {
		fmt.Fprintln(r.out, line)
	}
	return false
}
