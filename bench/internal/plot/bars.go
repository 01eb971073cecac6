package plot

import "math"

// Bars are panels of horizontal bars. Each panel has a scale of its own.
type Bars struct {
	Title  string
	Note   string // below the title
	Panels []Panel
}

// A Panel has one bar for each series.
type Panel struct {
	Title string
	Bars  []Bar
}

// A Bar has a value that is not negative.
type Bar struct {
	Label  string
	Series int
	Value  float64
}

// Sizes in a drawing of bars.
const (
	columns     = 2
	panelWidth  = 420.0
	labelWidth  = 92.0
	valueWidth  = 56.0
	barHeight   = 17.0
	panelHead   = 30.0
	panelMargin = 20.0
	pageHead    = 60.0
)

// SVG draws the panels, in two columns.
func (b Bars) SVG() []byte {
	most := 0
	for _, p := range b.Panels {
		most = max(most, len(p.Bars))
	}
	rows := (len(b.Panels) + columns - 1) / columns
	height := panelHead + float64(most)*barHeight + panelMargin
	c := begin(columns*panelWidth+panelMargin, pageHead+float64(rows)*height, b.Title)
	c.text(20, 48, "small", "start", b.Note)
	for i, p := range b.Panels {
		p.draw(c, panelMargin+float64(i%columns)*panelWidth, pageHead+float64(i/columns)*height)
	}
	return c.end()
}

// draw draws p with its upper left corner at (x, y).
func (p Panel) draw(c *canvas, x, y float64) {
	c.text(x, y+16, "head", "start", p.Title)
	largest := 0.0
	for _, b := range p.Bars {
		largest = math.Max(largest, b.Value)
	}
	if largest == 0 {
		largest = 1
	}
	room := panelWidth - panelMargin - labelWidth - valueWidth
	y += panelHead
	for _, b := range p.Bars {
		width := room * b.Value / largest
		c.text(x+labelWidth-6, y+12, "", "end", b.Label)
		c.rect(x+labelWidth, y+2, math.Max(width, 1), barHeight-4, "bar "+class(b.Series))
		c.text(x+labelWidth+width+5, y+12, "small", "start", number(b.Value))
		y += barHeight
	}
}
