package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
)

// elements parses a drawing and counts its elements.
func elements(t *testing.T, svg []byte) map[string]int {
	t.Helper()
	if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
		t.Error("there is a coordinate that is no number")
	}
	n := map[string]int{}
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			n[e.Name.Local]++
		}
	}
}

func TestBars(t *testing.T) {
	b := Bars{Title: "a < b & c", Panels: []Panel{
		{"one", []Bar{{"x", 0, 3}, {"y", 12, 0}, {"<z>", Gray, 1e6}}},
		{"none", []Bar{{"x", 0, 0}}},
		{"empty", nil},
	}}
	n := elements(t, b.SVG())
	if n["rect"] != 1+4 || n["svg"] != 1 {
		t.Errorf("elements: %v", n)
	}
	elements(t, Bars{}.SVG())
}

func TestLines(t *testing.T) {
	l := Lines{Title: "t", X: "x", Format: func(x float64) string { return fmt.Sprint(x) }, Lines: []Line{
		{"a", 0, []Point{{1, 5}, {100, 7}, {10000, 900}}},
		{"b", Gray, []Point{{1, 5}}},
		{"c", 1, nil},
	}}
	n := elements(t, l.SVG())
	if n["polyline"] != 3 || n["circle"] != 4 {
		t.Errorf("elements: %v", n)
	}
	elements(t, Lines{Title: "nothing", Format: l.Format}.SVG())
}

func TestAxis(t *testing.T) {
	a := axis{1, 10000, 0, 100}
	for v, want := range map[float64]float64{1: 0, 100: 50, 10000: 100} {
		if got := a.at(v); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v is at %v, not %v", v, got, want)
		}
	}
}

// Names do not overlap, even if the lines end at one place.
func TestLabels(t *testing.T) {
	l := Lines{Format: func(float64) string { return "" }}
	for i := range 5 {
		l.Lines = append(l.Lines, Line{fmt.Sprint("line", i), i, []Point{{1, 10}, {2, 20}}})
	}
	svg := string(l.SVG())
	seen := map[string]bool{}
	for line := range strings.Lines(svg) {
		if !strings.Contains(line, `class="label`) {
			continue
		}
		_, y, _ := strings.Cut(line, ` y="`)
		y, _, _ = strings.Cut(y, `"`)
		if seen[y] {
			t.Errorf("two names at y = %s", y)
		}
		seen[y] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d names", len(seen))
	}
}
