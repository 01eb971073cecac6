package plot

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Lines are series of points, on logarithmic axes.
type Lines struct {
	Title  string
	Note   string // below the title
	X      string // what the horizontal axis is
	Format func(x float64) string
	Lines  []Line
}

// A Line is a series of points, in the order of their X. X and Y are positive.
type Line struct {
	Label  string
	Series int
	Points []Point
}

// A Point is one of a line.
type Point struct{ X, Y float64 }

// Sizes in a drawing of lines.
const (
	linesWidth  = 860.0
	linesHeight = 460.0
	left, right = 60.0, 720.0
	top, bottom = 70.0, 410.0
	labelStep   = 15.0
)

// SVG draws the lines, with the name of each at its end.
func (l Lines) SVG() []byte {
	c := begin(linesWidth, linesHeight, l.Title)
	c.text(20, 48, "small", "start", l.Note)
	c.text((left+right)/2, bottom+38, "small", "middle", l.X)
	x, y := l.axes()
	if x.high > 0 {
		l.grid(c, x, y)
	}
	for _, line := range l.Lines {
		line.draw(c, x, y)
	}
	l.labels(c, y)
	return c.end()
}

// An axis is logarithmic: low is at from, high at to.
type axis struct{ low, high, from, to float64 }

func (a axis) at(v float64) float64 {
	if a.low == a.high {
		return (a.from + a.to) / 2
	}
	return a.from + (a.to-a.from)*math.Log(v/a.low)/math.Log(a.high/a.low)
}

// axes returns axes that hold all points. Without any, high is 0.
func (l Lines) axes() (x, y axis) {
	x = axis{math.Inf(1), 0, left, right}
	y = axis{math.Inf(1), 0, bottom, top}
	for _, line := range l.Lines {
		for _, p := range line.Points {
			x.low, x.high = math.Min(x.low, p.X), math.Max(x.high, p.X)
			y.low, y.high = math.Min(y.low, p.Y), math.Max(y.high, p.Y)
		}
	}
	if y.high > 0 { // whole steps
		y.low = math.Pow(10, math.Floor(math.Log10(y.low)*3)/3)
		y.high = math.Pow(10, math.Ceil(math.Log10(y.high)*3)/3)
	}
	return x, y
}

// grid draws a line for each X that there is, and for 1, 2 and 5 times each power of ten of Y,
// or for the powers alone if there are many.
func (l Lines) grid(c *canvas, x, y axis) {
	var xs []float64
	for _, line := range l.Lines {
		for _, p := range line.Points {
			xs = append(xs, p.X)
		}
	}
	slices.Sort(xs)
	for _, v := range slices.Compact(xs) {
		c.gridLine(x.at(v), top, x.at(v), bottom)
		c.text(x.at(v), bottom+18, "small", "middle", l.Format(v))
	}
	steps := []float64{1, 2, 5}
	if y.high/y.low > 500 {
		steps = steps[:1]
	}
	for power := math.Pow(10, math.Floor(math.Log10(y.low))); power <= y.high; power *= 10 {
		for _, step := range steps {
			if v := power * step; v >= y.low*0.999 && v <= y.high*1.001 {
				c.gridLine(left, y.at(v), right, y.at(v))
				c.text(left-6, y.at(v)+4, "small", "end", strconv.FormatFloat(v, 'g', 3, 64))
			}
		}
	}
}

func (l Line) draw(c *canvas, x, y axis) {
	var points strings.Builder
	for _, p := range l.Points {
		fmt.Fprintf(&points, "%.1f,%.1f ", x.at(p.X), y.at(p.Y))
	}
	fmt.Fprintf(c, `<polyline points="%s" class="line %s"/>`+"\n", strings.TrimSpace(points.String()), class(l.Series))
	for _, p := range l.Points {
		fmt.Fprintf(c, `<circle cx="%.1f" cy="%.1f" r="3" class="dot %s"/>`+"\n", x.at(p.X), y.at(p.Y), class(l.Series))
	}
}

// labels writes the names beside the ends of the lines, moved apart where they would overlap.
func (l Lines) labels(c *canvas, y axis) {
	type label struct {
		line Line
		y    float64
	}
	var all []label
	for _, line := range l.Lines {
		if n := len(line.Points); n > 0 {
			all = append(all, label{line, y.at(line.Points[n-1].Y)})
		}
	}
	slices.SortStableFunc(all, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	for i := range all[min(1, len(all)):] {
		all[i+1].y = math.Max(all[i+1].y, all[i].y+labelStep)
	}
	for _, a := range all {
		c.text(right+10, a.y+4, "label "+class(a.line.Series), "start", a.line.Label)
	}
}
