package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ws6455/ws/bench/internal/echo"
	"github.com/ws6455/ws/bench/internal/load"
	"github.com/ws6455/ws/bench/internal/proc"
)

// groups are the kinds of points, in the order in which they are measured.
var groups = []string{"echo", "handshake", "deflate", "broadcast", "idle", "sizes", "conns", "hostile"}

// A Point is one measurement that every server has to go through.
type Point struct {
	Name  string    `json:"name"`
	Group string    `json:"group"`
	Spec  load.Spec `json:"spec"`

	// Most is how often to measure it at most, if not zero.
	Most int `json:"most,omitempty"`

	// What the server has to do beside echoing.
	Compress  bool `json:"compress,omitempty"`
	Takeover  bool `json:"takeover,omitempty"`
	Broadcast bool `json:"broadcast,omitempty"`
}

// suits reports whether a server can do what p is about.
func (p *Point) suits(a echo.About) bool {
	return (!p.Compress || a.Compress) && (!p.Takeover || a.Takeover) && (!p.Broadcast || a.Broadcast)
}

// flags returns the flags of the server.
func (p *Point) flags() []string {
	var flags []string
	if p.Compress {
		flags = append(flags, "-compress")
	}
	if p.Takeover {
		flags = append(flags, "-takeover")
	}
	if p.Broadcast {
		flags = append(flags, "-broadcast")
	}
	return flags
}

// What the full and the quick comparison differ in.
type scale struct {
	warmup, duration time.Duration
	idle, broadcast  int
	sizes, conns     []int
}

var (
	full = scale{
		250 * time.Millisecond, 500 * time.Millisecond, 15000, 5000,
		[]int{16, 256, 4 << 10, 64 << 10, 1 << 20, 16 << 20},
		[]int{1, 8, 64, 1000, 4000, 15000},
	}
	short = scale{
		100 * time.Millisecond, 200 * time.Millisecond, 2000, 500,
		[]int{16, 1 << 10, 64 << 10, 1 << 20},
		[]int{1, 64, 1000},
	}
)

// plan returns the points of the groups named in only, or all.
func plan(quick bool, only string) ([]*Point, error) {
	s := full
	if quick {
		s = short
	}
	s.limit(proc.Descriptors())
	var points []*Point
	for _, group := range groups {
		points = append(points, s.points(group)...)
	}
	if only == "" {
		return points, nil
	}
	wanted := strings.Split(only, ",")
	for _, w := range wanted {
		if !slices.Contains(groups, w) {
			return nil, fmt.Errorf("no group %q; there are %s", w, strings.Join(groups, ", "))
		}
	}
	return slices.DeleteFunc(points, func(p *Point) bool { return !slices.Contains(wanted, p.Group) }), nil
}

// limit keeps the numbers of connections below what one process may have.
func (s *scale) limit(descriptors int) {
	most := max(descriptors-200, 16)
	s.idle, s.broadcast = min(s.idle, most), min(s.broadcast, most)
	s.conns = slices.Clone(s.conns)
	for i, n := range s.conns {
		s.conns[i] = min(n, most)
	}
	s.conns = slices.Compact(s.conns)
}

// points returns those of a group.
func (s scale) points(group string) []*Point {
	switch group {
	case "echo":
		return []*Point{
			s.echo(64, 64, 1), s.echo(1<<10, 64, 1), s.echo(16<<10, 64, 1), s.text(),
			s.echo(64, 1000, 1), s.echo(64, 64, 16), s.echo(1<<10, 64, 16),
		}
	case "handshake":
		return []*Point{s.point(group, "handshake: connect, upgrade, close; 32 at once", load.Spec{Test: group, Conns: 32})}
	case "deflate":
		return []*Point{s.deflate(false), s.deflate(true)}
	case "broadcast":
		p := s.point(group, fmt.Sprintf("broadcast of 128 B to %s, per delivery", count(s.broadcast)),
			load.Spec{Test: group, Conns: s.broadcast, Size: 128})
		p.Broadcast = true
		return []*Point{p}
	case "idle":
		p := s.point(group, count(s.idle)+" idle connections", load.Spec{Test: group, Conns: s.idle, Size: 64})
		p.Most = 2
		return []*Point{p}
	case "sizes":
		return s.curve(group, s.sizes, func(size int) *Point { return s.echo(size, 8, 1) })
	case "conns":
		return s.curve(group, s.conns, func(conns int) *Point { return s.echo(64, conns, 1) })
	case "hostile":
		p := s.point(group, "64 connections beside 100 hostile ones", load.Spec{Test: group, Conns: 64, Size: 64})
		p.Spec.Warmup, p.Spec.Duration, p.Most = 3*s.warmup, 2*s.duration, 2
		return []*Point{p}
	}
	return nil
}

// point returns a point of the spec, which takes the usual time.
func (s scale) point(group, name string, spec load.Spec) *Point {
	usual := load.Default()
	spec.Warmup, spec.Duration = s.warmup, s.duration
	spec.Rounds, spec.Hostile, spec.Flight = usual.Rounds, usual.Hostile, max(spec.Flight, 1)
	return &Point{Name: name, Group: group, Spec: spec}
}

func (s scale) echo(size, conns, flight int) *Point {
	name := fmt.Sprintf("echo %s, %s, %d in flight", octets(size), connections(conns), flight)
	p := s.point("echo", name, load.Spec{Test: "echo", Conns: conns, Size: size, Flight: flight})
	if size >= 1<<20 || conns >= 4000 { // it takes a while until there is something to count
		p.Spec.Duration *= 2
	}
	return p
}

func (s scale) text() *Point {
	p := s.echo(16<<10, 64, 1)
	p.Name = strings.Replace(p.Name, "echo", "echo text", 1)
	p.Spec.Text = true
	return p
}

func (s scale) deflate(takeover bool) *Point {
	name := "echo deflated, 1 KiB of JSON, 64 connections"
	if takeover {
		name += ", takeover"
	}
	p := s.point("deflate", name, load.Spec{Test: "echo", Conns: 64, Deflate: true, Takeover: takeover})
	p.Compress, p.Takeover = true, takeover
	return p
}

// curve returns a point for each x.
func (s scale) curve(group string, xs []int, at func(x int) *Point) []*Point {
	var points []*Point
	for _, x := range xs {
		p := at(x)
		p.Group, p.Most = group, 2
		p.Spec.Warmup, p.Spec.Duration = p.Spec.Warmup*2/3, p.Spec.Duration*3/4
		points = append(points, p)
	}
	return points
}

// octets returns a size such as 16 KiB.
func octets(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d B", n)
	}
}

func connections(n int) string {
	if n == 1 {
		return "1 connection"
	}
	return count(n) + " connections"
}

// count returns a number with commas.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
