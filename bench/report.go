package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ws6455/ws/bench/internal/load"
	"github.com/ws6455/ws/bench/internal/proc"
)

// A Report is all that was measured, and where.
type Report struct {
	Date     time.Time    `json:"date"`
	Machine  proc.Machine `json:"machine"`
	Revision string       `json:"revision,omitempty"` // of this repository
	Pinned   bool         `json:"pinned"`             // server and load each had a CPU, and the server GOMAXPROCS=1
	Quick    bool         `json:"quick,omitempty"`
	Rounds   int          `json:"rounds"` // that were completed
	Minutes  float64      `json:"minutes"`
	Entrants []*Entrant   `json:"servers"`
	Points   []*Point     `json:"points"`
	Runs     []*Run       `json:"runs"`
}

// A Run is one measurement of one server.
type Run struct {
	Point     string      `json:"point"`
	Group     string      `json:"group"`
	Entrant   string      `json:"server"`
	Round     int         `json:"round"`
	Result    load.Result `json:"result"`
	Repeated  bool        `json:"repeated,omitempty"`  // the first try failed, or was disturbed
	Disturbed bool        `json:"disturbed,omitempty"` // and so was the second
	Error     string      `json:"error,omitempty"`

	// FirstError is why it was repeated, if that was a failure.
	FirstError string `json:"first_error,omitempty"`
}

func newReport(ctx context.Context, entrants []*Entrant, points []*Point) *Report {
	r := &Report{Date: time.Now().UTC().Truncate(time.Second), Machine: proc.This(), Quick: *quick}
	r.Entrants, r.Points = entrants, points
	if out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12").Output(); err == nil {
		r.Revision = strings.TrimSpace(string(out))
	}
	return r
}

func readReport(file string) (*Report, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := new(Report)
	return r, json.Unmarshal(b, r)
}

func (r *Report) write(file string) error {
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o666)
}

// render writes the table and the plots to dir.
func (r *Report) render(dir string) error {
	files := r.plots()
	files["table.md"] = []byte(r.table())
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// A metric is a figure of a result.
type metric func(load.Result) float64

// A cell is what is known of one server at one point: the median of its good runs.
type cell struct {
	value     float64
	runs      int  // good ones
	failed    int  // others
	disturbed bool // at least half of the good ones
}

// cell returns the median of m.
func (r *Report) cell(p *Point, e *Entrant, m metric) cell {
	var c cell
	var values []float64
	noisy := 0
	for _, run := range r.Runs {
		switch {
		case run.Point != p.Name || run.Group != p.Group || run.Entrant != e.Name:
		case run.Error != "":
			c.failed++
		default:
			values = append(values, m(run.Result))
			if run.Disturbed {
				noisy++
			}
		}
	}
	c.runs = len(values)
	c.value = median(values)
	c.disturbed = noisy > 0 && 2*noisy >= len(values)
	return c
}

// floor returns the server that others are compared to: of those that check nothing, the first. There may be none.
func (r *Report) floor() *Entrant {
	i := slices.IndexFunc(r.Entrants, func(e *Entrant) bool { return e.About.Floor })
	if i < 0 {
		return nil
	}
	return r.Entrants[i]
}

// median returns the middle of values, or the mean of the two in the middle; 0 if there are none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Metrics.
func cpu(r load.Result) float64        { return r.CPU }
func perSecond(r load.Result) float64  { return r.PerSecond }
func p50(r load.Result) float64        { return r.P50 }
func p99(r load.Result) float64        { return r.P99 }
func quietP99(r load.Result) float64   { return r.QuietP99 }
func openBytes(r load.Result) float64  { return r.OpenBytes }
func echoBytes(r load.Result) float64  { return r.EchoBytes }
func replyBytes(r load.Result) float64 { return r.ReplyBytes }
