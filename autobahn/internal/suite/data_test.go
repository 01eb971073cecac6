package suite

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

var dataSets = []DataSet{JSON, Image, Prose, Page, PDF}

func TestDataSets(t *testing.T) {
	for _, x := range []struct {
		set           DataSet
		name          string
		units, octets int
		ratio         float64
		text          bool
		start, end    string
	}{
		{JSON, "D-JSON", 194056, 194056, 0.04, true, "{\n   \"", "}\n"},
		{Image, "D-BMP", 263222, 263222, 0.85, false, "BM", ""},
		{Prose, "D-TEXT", 222218, 222218, 0.39, false, "\ufeffDIE", "\n"},
		{Page, "D-HTML", 263620, 263647, 0.055, true, "<!DOCTYPE html>", "</html>\n"},
		{PDF, "D-PDF", 1042328, 1042328, 0.77, false, "%PDF-", "%%EOF\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			start := time.Now()
			b := x.set.Message(0, x.units)
			took := time.Since(start)
			if x.set.String() != x.name || x.set.Text() != x.text {
				t.Errorf("is %v, text %v", x.set, x.set.Text())
			}
			if len(b) != x.octets {
				t.Errorf("has %d octets, want %d", len(b), x.octets)
			}
			if n := utf8.RuneCount(b); x.text && (n != x.units || !utf8.Valid(b)) {
				t.Errorf("has %d characters, valid %v", n, utf8.Valid(b))
			}
			if !strings.HasPrefix(string(b), x.start) || !strings.HasSuffix(string(b), x.end) {
				t.Errorf("is %.20q ... %q", b, b[len(b)-20:])
			}
			r := ratio(t, b)
			if r < x.ratio*0.93 || r > x.ratio*1.07 {
				t.Errorf("compresses to %.3f, want %.3f", r, x.ratio)
			}
			t.Logf("compresses to %.4f; made in %v", r, took)
		})
	}
}

func ratio(t *testing.T, b []byte) float64 {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, 6)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(b)
	w.Close()
	return float64(out.Len()) / float64(len(b))
}

func TestContent(t *testing.T) {
	if !json.Valid(JSON.Message(0, jsonSize)) {
		t.Errorf("%v is not JSON", JSON)
	}
	if b := Prose.Message(0, proseSize); !utf8.Valid(b) || bytes.ContainsRune(b, '\r') {
		t.Errorf("%v is not UTF-8 with LF", Prose)
	}
	b := PDF.Message(0, pdfSize)
	at := bytes.LastIndex(b, []byte("xref\n0 "))
	if !bytes.HasSuffix(b[:at], []byte("endobj\n")) && !bytes.Contains(b[at:], []byte("startxref")) {
		t.Errorf("%v has no table of objects", PDF)
	}
}

// Messages are the set over and over, whatever their length.
func TestMessage(t *testing.T) {
	for _, set := range dataSets {
		s := sets[set]()
		n := s.units()
		whole := set.Message(0, n)
		var want []string // units
		if set.Text() {
			want = strings.Split(string(whole), "")
		}
		for _, units := range []int{0, 1, 16, 1000, 131072, n - 1, n, n + 1, 2*n + 7} {
			for k := range 10 {
				got := set.Message(k*k, units)
				at := int(int64(k*k) * int64(units) % int64(n))
				var w strings.Builder
				for left := units; left > 0; at = 0 {
					m := min(left, n-at)
					if set.Text() {
						w.WriteString(strings.Join(want[at:at+m], ""))
					} else {
						w.Write(whole[at : at+m])
					}
					left -= m
				}
				if string(got) != w.String() {
					t.Fatalf("%v: message %d of %d units is wrong", set, k*k, units)
				}
			}
		}
	}
}

func TestMessagesConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		for _, set := range dataSets {
			wg.Go(func() { set.Message(3, 1000) })
		}
	}
	wg.Wait()
}
