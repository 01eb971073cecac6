package main

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ws6455/ws/bench/internal/echo"
	"github.com/ws6455/ws/bench/internal/load"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{5, 1}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 3, 100}, 3.5},
	} {
		in := slices.Clone(test.values)
		if got := median(in); got != test.want {
			t.Errorf("%v: %v", test.values, got)
		}
		if !slices.Equal(in, test.values) {
			t.Errorf("%v was changed", test.values)
		}
	}
}

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.534: "0.53", 9.994: "9.99", 12.34: "12.3", 999.6: "1,000", 1234567: "1,234,567"} {
		if got := figure(v); got != want {
			t.Errorf("%v: %q", v, got)
		}
	}
	for n, want := range map[int]string{16: "16 B", 1 << 10: "1 KiB", 1500: "1500 B", 16 << 20: "16 MiB"} {
		if got := octets(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

// sample returns a report of one point and three servers.
func sample() *Report {
	r := &Report{Entrants: []*Entrant{{Name: "a"}, {Name: "b"}, {Name: "f", About: echo.About{Floor: true}}}}
	r.Points = []*Point{{Name: "p", Group: "echo"}, {Name: "never", Group: "echo"}}
	add := func(server string, cpu float64, disturbed bool, err string) {
		r.Runs = append(r.Runs, &Run{Point: "p", Group: "echo", Entrant: server, Disturbed: disturbed, Error: err, Result: load.Result{CPU: cpu}})
	}
	for _, v := range []float64{3, 30, 2} {
		add("a", v, false, "")
	}
	for _, v := range []float64{2, 1.5, 1.9} {
		add("f", v, false, "")
	}
	add("b", 0, false, "broken pipe")
	return r
}

func TestCell(t *testing.T) {
	r := sample()
	a, b, f := r.Entrants[0], r.Entrants[1], r.Entrants[2]
	p := r.Points[0]
	if r.floor() != f {
		t.Errorf("the floor is %v", r.floor())
	}
	if c := r.cell(p, a, cpu); c != (cell{value: 3, runs: 3}) {
		t.Errorf("a: %+v", c)
	}
	if c := r.cell(p, b, cpu); c != (cell{failed: 1}) {
		t.Errorf("b: %+v", c)
	}
	t1 := table{metric: cpu, ratio: true}
	for e, want := range map[*Entrant]string{a: "3.00 (1.58)", b: "failed", f: "1.90"} {
		if got := r.text(p, e, t1); got != want {
			t.Errorf("%s: %q", e.Name, got)
		}
	}
	if got := r.text(r.Points[1], a, t1); got != "-" {
		t.Errorf("not measured: %q", got)
	}
	r.Runs[0].Disturbed, r.Runs[1].Disturbed = true, true
	if got := r.text(p, a, t1); got != "3.00 (1.58) *" {
		t.Errorf("disturbed: %q", got)
	}
	r.Runs[1].Disturbed = false
	if got := r.text(p, a, t1); strings.Contains(got, "*") {
		t.Errorf("one of three was disturbed: %q", got)
	}
}

func TestTable(t *testing.T) {
	s := sample().table()
	for _, want := range []string{
		"\n| | a | b | f |\n|---|--:|--:|--:|\n| p | 3.00 (1.58) | failed | 1.90 |\n",
		"broken pipe",
		"none was disturbed",
	} {
		if !strings.Contains(s, want) {
			t.Errorf("there is no %q in\n%s", want, s)
		}
	}
	if strings.Contains(s, "never") {
		t.Error("there is a row that was not measured")
	}
}

func TestChoose(t *testing.T) {
	all := []*Entrant{{Name: "ws serve", Mode: "serve"}, {Name: "ws loop", Mode: "loop"}, {Name: "gws"}}
	for wanted, want := range map[string]int{"ws": 2, "ws loop": 1, "gws,ws serve": 2, "ws x": 0} {
		if got := choose(slices.Clone(all), strings.Split(wanted, ",")); len(got) != want {
			t.Errorf("%s: %d", wanted, len(got))
		}
	}
	if got := choose(all, nil); len(got) != 3 {
		t.Errorf("all: %d", len(got))
	}
}

func TestPlan(t *testing.T) {
	points, err := plan(false, "")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range points {
		if id := p.Group + " " + p.Name; seen[id] {
			t.Errorf("%s is there twice", id)
		} else {
			seen[id] = true
		}
	}
	for _, group := range groups {
		if points, err := plan(true, group); err != nil || len(points) == 0 {
			t.Errorf("%s: %d points, %v", group, len(points), err)
		}
	}
	if _, err := plan(false, "ech"); err == nil {
		t.Error("a group that there is not is no error")
	}
	s := full
	s.limit(1200)
	if s.idle != 1000 || s.broadcast != 1000 || !slices.Equal(s.conns, []int{1, 8, 64, 1000}) || len(full.conns) != 6 {
		t.Errorf("with 1200 descriptors: %+v", s)
	}
}

// A short comparison of this library with a floor runs, and leaves results that can be read.
func TestSmoke(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and runs servers")
	}
	ctx := context.Background()
	dir := t.TempDir()
	entrants, err := build(ctx, dir, "ws serve,floor-go")
	if err != nil {
		t.Fatal(err)
	}
	s := scale{20 * time.Millisecond, 60 * time.Millisecond, 20, 10, []int{2000}, []int{5}}
	var points []*Point
	for _, group := range []string{"handshake", "broadcast", "sizes"} {
		points = append(points, s.points(group)...)
	}
	r := newReport(ctx, entrants, points)
	c := &campaign{report: r, rounds: 1, deadline: time.Now().Add(time.Minute), load: filepath.Join(dir, executable("load"))}
	c.pin()
	c.run(ctx)
	if want := len(entrants) * len(points); len(r.Runs) != want {
		t.Errorf("%d runs instead of %d", len(r.Runs), want)
	}
	for _, run := range r.Runs {
		if run.Error != "" || run.Result.Units <= 0 {
			t.Errorf("%s, %s: %+v", run.Entrant, run.Point, run)
		}
	}
	checkFiles(t, r, dir)
}

// checkFiles writes the results and reads them.
func checkFiles(t *testing.T, r *Report, dir string) {
	file := filepath.Join(dir, "results.json")
	if err := r.write(file); err != nil {
		t.Fatal(err)
	}
	again, err := readReport(file)
	if err != nil {
		t.Fatal(err)
	}
	if again.table() != r.table() {
		t.Error("what was read makes another table")
	}
	if err := again.render(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cpu.svg", "sizes.svg"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for d := xml.NewDecoder(f); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}
