package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/report"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A progress is the line that says how far a run is. It is shown on a terminal only.
type progress struct {
	w     io.Writer
	live  bool
	begun time.Time // when the program was started

	mu      sync.Mutex
	what    string // that is tested
	total   int    // cases to run; 0 is unknown
	ended   int
	running int
	shown   bool // the line is there
	stop    chan struct{}
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, begun: time.Now()}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.live = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// begin starts the line for the cases of a peer.
func (p *progress) begin(what string, total int) {
	p.what, p.total, p.ended, p.running = what, total, 0, 0
	if !p.live {
		return
	}
	p.stop = make(chan struct{})
	go func(stop chan struct{}) {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.show()
			case <-stop:
				return
			}
		}
	}(p.stop)
}

// busy takes the number of cases that run.
func (p *progress) busy(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = n
}

// add changes the number of cases that run.
func (p *progress) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running += n
}

// done counts a case that has ended.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended++
}

// end takes the line away.
func (p *progress) end() {
	if p.stop != nil {
		close(p.stop)
		p.stop = nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

// note says something above the line.
func (p *progress) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, "autobahn: "+format+"\n", args...)
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := ""
	if p.total > 0 {
		of = fmt.Sprintf("/%d", p.total)
	}
	elapsed := time.Since(p.begun).Round(time.Second)
	fmt.Fprintf(p.w, "\r\x1b[K%s  %d%s cases, %d running, %v", cut(p.what, 40), p.ended, of, p.running, elapsed)
	p.shown = true
}

// sections are the titles of the sections.
var sections = map[string]string{
	"1": "Framing", "2": "Pings/Pongs", "3": "Reserved Bits", "4": "Opcodes", "5": "Fragmentation", "6": "UTF-8 Handling",
	"7": "Close Handling", "9": "Limits/Performance", "10": "Misc", "12": "Compression", "13": "Compression options",
	"x": "Beyond the original",
}

// A count says how many cases of a section ended how.
type count struct {
	id                                   string
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
	fmt.Fprintf(out, "%-24s", title)
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
		results := slices.DeleteFunc(slices.Clone(all), func(x *fuzzer.Result) bool { return x.Agent != agent })
		if !r.agentSummary(agent, results) {
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

// agentSummary prints the table and the failing cases of an agent, and reports whether it passed all.
func (r *run) agentSummary(agent string, results []*fuzzer.Result) bool {
	fmt.Fprintf(r.out, "\n%-24s  %s\n", cut(agent, 24), strings.Join(columns, "  "))
	var sums []*count
	total := &count{}
	for _, x := range results {
		id, _, _ := strings.Cut(x.Case.ID, ".")
		if len(sums) == 0 || sums[len(sums)-1].id != id {
			sums = append(sums, &count{id: id})
		}
		sums[len(sums)-1].add(x)
		total.add(x)
	}
	for _, n := range sums {
		n.print(r.out, fmt.Sprintf("%-3s %s", n.id, sections[n.id]))
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
		fmt.Fprintf(r.out, "passed all of %d cases\n", len(results))
	case missing == 0:
		fmt.Fprintf(r.out, "%d of %d cases failed\n", bad, len(results))
	default:
		fmt.Fprintf(r.out, "%d of %d cases failed, %d more were not run\n", bad, len(results), missing)
	}
	return bad+missing == 0
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
	fmt.Fprintf(r.out, "\n%d differences from what was expected:\n", len(lines))
	for _, line := range lines {
		fmt.Fprintln(r.out, line)
	}
	return false
}

// oneLine returns s with single spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// cut returns s in one line of at most n characters, none of which a terminal takes for a command.
func cut(s string, n int) string {
	text := []rune(strings.Map(func(c rune) rune {
		if c < ' ' || 0x7F <= c && c < 0xA0 {
			return '?'
		}
		return c
	}, s))
	if len(text) > n {
		text = append(text[:n-1], '…')
	}
	return string(text)
}
