package main

import (
	"fmt"
	"slices"
	"strings"
)

// A table is a part of the results: a row for each point, a column for each server.
type table struct {
	title  string
	groups []string
	metric metric
	note   string
	ratio  bool // compare to the floor
}

var tables = []table{
	{
		title: "Server CPU, µs per message", metric: cpu, ratio: true,
		groups: []string{"echo", "handshake", "deflate", "broadcast"},
		note:   "Per handshake or delivery where the row says so.",
	},
	{title: "Bytes of a deflated reply", metric: replyBytes, groups: []string{"deflate"}},
	{title: "Memory of an idle connection, bytes of RSS", metric: openBytes, groups: []string{"idle"}, ratio: true},
	{title: "The same, after one message in each", metric: echoBytes, groups: []string{"idle"}, ratio: true},
	{
		title: "Server CPU to open a connection, µs", metric: cpu, groups: []string{"idle"}, ratio: true,
	},
	{title: "Messages, handshakes or deliveries per second", metric: perSecond, groups: []string{"echo", "handshake", "deflate", "broadcast"}},
	{title: "Median latency, µs", metric: p50, groups: []string{"echo", "handshake", "deflate", "broadcast"}},
	{title: "Latency of the slowest 1 %, µs", metric: p99, groups: []string{"echo", "handshake", "deflate", "broadcast"}},
	{title: "Server CPU by size of message, µs", metric: cpu, groups: []string{"sizes"}, ratio: true},
	{title: "Server CPU by number of connections, µs per message", metric: cpu, groups: []string{"conns"}, ratio: true},
	{
		title: "Beside hostile clients: the neighbours' slowest 1 %, µs", metric: p99, groups: []string{"hostile"},
		note: "25 clients each that send and never read, reset their connection in the middle of a frame ten times a second, " +
			"send a frame at a byte a second, and send their request at a byte a second.",
	},
	{title: "The same before they came", metric: quietP99, groups: []string{"hostile"}},
}

// table returns the results in Markdown.
func (r *Report) table() string {
	var b strings.Builder
	b.WriteString("# Results\n\n")
	r.conditions(&b)
	for _, t := range tables {
		r.section(&b, t)
	}
	r.servers(&b)
	r.failures(&b)
	return b.String()
}

// conditions says where and how it was measured.
func (r *Report) conditions(b *strings.Builder) {
	m := r.Machine
	fmt.Fprintf(b, "%s. %s (%d CPUs), %s/%s", r.Date.Format("2006-01-02 15:04 UTC"), m.CPU, m.CPUs, m.OS, m.Arch)
	if m.Memory > 0 {
		fmt.Fprintf(b, ", %.0f GiB", float64(m.Memory)/(1<<30))
	}
	fmt.Fprintf(b, ", %s. ", m.Go)
	if r.Revision != "" {
		fmt.Fprintf(b, "This library at %s. ", r.Revision)
	}
	if r.Pinned {
		b.WriteString("The server has one CPU and `GOMAXPROCS=1`, the load another. ")
	} else {
		b.WriteString("Server and load share the CPUs. ")
	}
	fmt.Fprintf(b, "Complete rounds: %d, in %.0f minutes.", r.Rounds, r.Minutes)
	if r.Quick {
		b.WriteString(" **Quick: short runs, the figures are rough.**")
	}
	b.WriteString("\n\nFigures are medians. ")
	if f := r.floor(); f != nil {
		fmt.Fprintf(b, "In parentheses: how many times that of %s. ", f.Name)
	}
	fmt.Fprintf(b, "A minus is what a server does not do.\n\n%s\n", r.disturbance())
}

// disturbance says how quiet the machine was.
func (r *Report) disturbance() string {
	var others []float64
	noisy, repeated := 0, 0
	for _, run := range r.Runs {
		if run.Error == "" && run.Result.Other >= 0 {
			others = append(others, run.Result.Other)
		}
		if run.Disturbed {
			noisy++
		}
		if run.Repeated {
			repeated++
		}
	}
	if len(others) == 0 {
		return "What else the machine did is not known."
	}
	s := fmt.Sprintf("Other processes used %.0f %% of one CPU in the median run and %.0f %% in the worst. "+
		"%d of %d runs were repeated", median(others), slices.Max(others), repeated, len(r.Runs))
	if noisy == 0 {
		return s + "; none was disturbed in the end."
	}
	return s + fmt.Sprintf("; **%d were disturbed again**: more than %d %% of one CPU. "+
		"A star marks figures of which at least half the runs were.", noisy, disturbed)
}

// section writes one table, if there is anything in it.
func (r *Report) section(b *strings.Builder, t table) {
	var rows []*Point
	for _, p := range r.Points {
		if slices.Contains(t.groups, p.Group) && r.measured(p) {
			rows = append(rows, p)
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", t.title)
	if t.note != "" {
		fmt.Fprintf(b, "%s\n\n", t.note)
	}
	b.WriteString("| |")
	for _, e := range r.Entrants {
		fmt.Fprintf(b, " %s |", e.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(r.Entrants)) + "\n")
	for _, p := range rows {
		fmt.Fprintf(b, "| %s |", p.Name)
		for _, e := range r.Entrants {
			fmt.Fprintf(b, " %s |", r.text(p, e, t))
		}
		b.WriteString("\n")
	}
}

// measured reports whether there is any run of p.
func (r *Report) measured(p *Point) bool {
	return slices.ContainsFunc(r.Runs, func(run *Run) bool { return run.Point == p.Name && run.Group == p.Group })
}

// text returns the content of a cell.
func (r *Report) text(p *Point, e *Entrant, t table) string {
	c := r.cell(p, e, t.metric)
	switch {
	case c.runs == 0 && c.failed > 0:
		return "failed"
	case c.runs == 0:
		return "-"
	}
	s := figure(c.value)
	if f := r.floor(); t.ratio && f != nil && f != e {
		if base := r.cell(p, f, t.metric); base.runs > 0 && base.value > 0 {
			s += fmt.Sprintf(" (%.2f)", c.value/base.value)
		}
	}
	if c.disturbed {
		s += " *"
	}
	return s
}

// servers says what was compared.
func (r *Report) servers(b *strings.Builder) {
	b.WriteString("\n## Servers\n\n")
	for _, e := range r.Entrants {
		fmt.Fprintf(b, "- %s:", e.Name)
		switch a := e.About; {
		case a.Floor:
			b.WriteString(" a floor")
		case a.Version == "":
			fmt.Fprintf(b, " %s as it is here", a.Module)
		default:
			fmt.Fprintf(b, " %s %s", a.Module, a.Version)
		}
		if e.About.Note != "" {
			fmt.Fprintf(b, "; %s", e.About.Note)
		}
		b.WriteString("\n")
	}
}

// failures lists the runs that failed, and those that did before they were repeated.
func (r *Report) failures(b *strings.Builder) {
	var list []string
	for _, run := range r.Runs {
		where := fmt.Sprintf("- round %d, %s, %s: ", run.Round, run.Entrant, run.Point)
		switch {
		case run.Error != "":
			list = append(list, where+run.Error)
		case run.FirstError != "":
			list = append(list, where+"right at the second try; at the first: "+run.FirstError)
		}
	}
	if len(list) > 0 {
		fmt.Fprintf(b, "\n## Failures\n\n%s\n", strings.Join(list, "\n"))
	}
}
