package hist

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Every value is in a bucket whose middle is near, and buckets are in the order of their values.
func TestBuckets(t *testing.T) {
	last := -1
	for _, v := range []uint64{0, 1, 63, 64, 127, 128, 129, 130, 255, 256, 257, 1000, 4095, 4096, 1e6, 1e9, 36e11, 1 << 62, math.MaxInt64} {
		i := bucket(v)
		if i < last {
			t.Errorf("%d is in bucket %d, after %d", v, i, last)
		}
		last = i
		m := float64(middle(i))
		if d := math.Abs(m - float64(v)); d > float64(v)/64 {
			t.Errorf("%d is in a bucket around %.0f", v, m)
		}
	}
}

// Buckets have no gaps: the bucket after that of v begins with the first value that is not in it.
func TestNeighbours(t *testing.T) {
	for v := uint64(0); v < 1<<14; v++ {
		if d := bucket(v+1) - bucket(v); d != 0 && d != 1 {
			t.Fatalf("from %d to %d it is %d buckets", v, v+1, d)
		}
	}
}

func TestPercentile(t *testing.T) {
	var h Histogram
	if h.Percentile(50) != 0 {
		t.Error("a percentile of nothing is not zero")
	}
	var all []time.Duration
	for range 10000 {
		d := time.Duration(rand.ExpFloat64() * 1e6)
		all = append(all, d)
		h.Add(d)
	}
	slices.Sort(all)
	for _, p := range []float64{0, 1, 50, 90, 99, 99.9, 100} {
		want := all[min(int(p/100*10000), 9999)]
		got := h.Percentile(p)
		if d := (got - want).Abs(); d > want/64+1 {
			t.Errorf("percentile %v: got %v, want %v", p, got, want)
		}
	}
	if h.Max() != all[9999] || h.Count() != 10000 {
		t.Errorf("max %v, count %d", h.Max(), h.Count())
	}
	if h.Percentile(100) > h.Max() {
		t.Error("a percentile is above the maximum")
	}
}

func TestNegative(t *testing.T) {
	var h Histogram
	h.Add(-time.Second)
	if h.Max() != 0 || h.Percentile(100) != 0 || h.Count() != 1 {
		t.Error("a negative duration is not counted as zero")
	}
}
