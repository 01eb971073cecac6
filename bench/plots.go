package main

import (
	"fmt"

	"github.com/ws6455/ws/bench/internal/load"
	"github.com/ws6455/ws/bench/internal/plot"
)

// plots returns the drawings by the name of their file. Those of groups that were not measured are missing.
func (r *Report) plots() map[string][]byte {
	files := map[string][]byte{}
	if b := r.bars(cpu, "echo", "handshake", "deflate", "broadcast"); len(b.Panels) > 0 {
		b.Title = "Server CPU per message, µs"
		files["cpu.svg"] = b.SVG()
	}
	if b := r.bars(echoBytes, "idle"); len(b.Panels) > 0 {
		b.Title = "Memory of an idle connection, bytes of RSS, after one message"
		files["memory.svg"] = b.SVG()
	}
	if b := r.hostile(); len(b.Panels) > 0 {
		files["hostile.svg"] = b.SVG()
	}
	size := func(s load.Spec) int { return s.Size }
	if l := r.lines("sizes", size); len(l.Lines) > 0 {
		l.Title, l.X = "Server CPU per message by its size, µs", "bytes in a message; 8 connections"
		l.Format = func(x float64) string { return octets(int(x)) }
		files["sizes.svg"] = l.SVG()
	}
	conns := func(s load.Spec) int { return s.Conns }
	if l := r.lines("conns", conns); len(l.Lines) > 0 {
		l.Title, l.X = "Server CPU per message by the number of connections, µs", "connections; 64 B messages"
		l.Format = func(x float64) string { return count(int(x)) }
		files["conns.svg"] = l.SVG()
	}
	return files
}

// note says in a line where and when, below the title of a drawing.
func (r *Report) note() string {
	s := fmt.Sprintf("%s, %s, %s, %s. Less is better.",
		r.Date.Format("2006-01-02"), r.Machine.CPU, r.Machine.OS, r.Machine.Go)
	noisy := 0
	for _, run := range r.Runs {
		if run.Disturbed {
			noisy++
		}
	}
	switch {
	case noisy > 0:
		s += fmt.Sprintf(" %d of %d runs were disturbed.", noisy, len(r.Runs))
	case r.Quick:
		s += " Quick: rough figures."
	}
	return s
}

// series returns the color of a server: its number, or one of the grays.
func (r *Report) series(i int) int {
	if !r.Entrants[i].About.Floor {
		return i
	}
	gray := plot.Gray
	for _, e := range r.Entrants[:i] {
		if e.About.Floor {
			gray--
		}
	}
	return gray
}

// bars returns a panel for each point of the groups.
func (r *Report) bars(m metric, groups ...string) plot.Bars {
	b := plot.Bars{Note: r.note()}
	for _, group := range groups {
		for _, p := range r.Points {
			if p.Group == group && r.measured(p) {
				b.Panels = append(b.Panels, r.panel(p, p.Name, m))
			}
		}
	}
	return b
}

func (r *Report) panel(p *Point, title string, m metric) plot.Panel {
	panel := plot.Panel{Title: title}
	for i, e := range r.Entrants {
		if c := r.cell(p, e, m); c.runs > 0 {
			panel.Bars = append(panel.Bars, plot.Bar{Label: e.Name, Series: r.series(i), Value: c.value})
		}
	}
	return panel
}

// hostile returns the latency of neighbours before and beside hostile clients.
func (r *Report) hostile() plot.Bars {
	b := plot.Bars{Title: "The neighbours of hostile clients: slowest 1 % of latencies, µs", Note: r.note()}
	for _, p := range r.Points {
		if p.Group == "hostile" && r.measured(p) {
			b.Panels = append(b.Panels, r.panel(p, "before they came", quietP99), r.panel(p, p.Name, p99))
		}
	}
	return b
}

// lines returns a line for each server through the points of a group.
func (r *Report) lines(group string, x func(load.Spec) int) plot.Lines {
	l := plot.Lines{Note: r.note()}
	for i, e := range r.Entrants {
		line := plot.Line{Label: e.Name, Series: r.series(i)}
		for _, p := range r.Points {
			if p.Group != group {
				continue
			}
			if c := r.cell(p, e, cpu); c.runs > 0 && c.value > 0 {
				line.Points = append(line.Points, plot.Point{X: float64(x(p.Spec)), Y: c.value})
			}
		}
		if len(line.Points) > 0 {
			l.Lines = append(l.Lines, line)
		}
	}
	return l
}
