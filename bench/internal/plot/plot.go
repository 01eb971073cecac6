// Package plot draws bars and lines as SVG, readable on a light and on a dark page.
package plot

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Series is the number of different colors. A series of that number or more begins again.
const Series = 10

// Gray is the series of what others are compared to. Those below it are gray, too, and their lines are dashed.
const Gray = -1

// style has a light and a dark color for each series. The gray is for floors.
const style = `
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.head { font-weight: 600 }
.small { font-size: 11px; fill: #59636e }
.page { fill: #ffffff }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.line { fill: none; stroke-width: 2; stroke-linejoin: round }
.line.dashed { stroke-dasharray: 5 4 }
.gray { --c: #818b98 }
.c0 { --c: #0969da } .c1 { --c: #1a7f37 } .c2 { --c: #8250df } .c3 { --c: #bc4c00 } .c4 { --c: #bf3989 }
.c5 { --c: #9a6700 } .c6 { --c: #cf222e } .c7 { --c: #0f7b82 } .c8 { --c: #5a6b00 } .c9 { --c: #7a4b2a }
.bar, .dot { fill: var(--c) }
.line { stroke: var(--c) }
.label { fill: var(--c) }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.small { fill: #9198a1 }
.page { fill: #0d1117 }
.grid { stroke: #3d444d }
.gray { --c: #9198a1 }
.c0 { --c: #58a6ff } .c1 { --c: #3fb950 } .c2 { --c: #bc8cff } .c3 { --c: #f0883e } .c4 { --c: #f778ba }
.c5 { --c: #d29922 } .c6 { --c: #ff7b72 } .c7 { --c: #39c5cf } .c8 { --c: #b3c34d } .c9 { --c: #c99a70 }
.label { fill: var(--c) }
}
`

// class returns the class of a series.
func class(series int) string {
	switch {
	case series == Gray:
		return "gray"
	case series < Gray:
		return "gray dashed"
	}
	return "c" + strconv.Itoa(series%Series)
}

// A canvas is a drawing that is being made.
type canvas struct{ strings.Builder }

// begin begins a drawing with a title.
func begin(width, height float64, title string) *canvas {
	c := &canvas{}
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img">`, width, height, width, height)
	fmt.Fprintf(c, "\n<title>%s</title>\n<style>%s</style>\n", escape(title), style)
	fmt.Fprintf(c, `<rect class="page" width="%.0f" height="%.0f"/>`+"\n", width, height)
	c.text(20, 28, "title", "start", title)
	return c
}

// end returns the drawing.
func (c *canvas) end() []byte {
	c.WriteString("</svg>\n")
	return []byte(c.String())
}

// text writes s at (x, y), which is its start, middle or end, as anchor says.
func (c *canvas) text(x, y float64, class, anchor, s string) {
	fmt.Fprintf(c, `<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>`+"\n", x, y, class, anchor, escape(s))
}

func (c *canvas) rect(x, y, width, height float64, class string) {
	fmt.Fprintf(c, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="%s"/>`+"\n", x, y, width, height, class)
}

func (c *canvas) gridLine(x1, y1, x2, y2 float64) {
	fmt.Fprintf(c, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="grid"/>`+"\n", x1, y1, x2, y2)
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}

// number formats v with two or three digits.
func number(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}
