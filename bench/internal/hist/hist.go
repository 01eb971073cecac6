// Package hist counts durations in buckets whose width grows with the duration,
// so that a percentile is right to within one part in 64, of a nanosecond or of an hour.
package hist

import (
	"math/bits"
	"time"
)

// sub is how many buckets there are for each power of two.
const sub = 64

// A Histogram counts durations. The zero Histogram is empty.
type Histogram struct {
	buckets [(64 - 5) * sub]uint64
	count   uint64
	max     time.Duration
}

// Add counts d. A negative one counts as zero.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.buckets[bucket(uint64(d))]++
	h.count++
	h.max = max(h.max, d)
}

// Count returns how many durations were added.
func (h *Histogram) Count() uint64 { return h.count }

// Max returns the longest.
func (h *Histogram) Max() time.Duration { return h.max }

// Percentile returns a duration that p percent of those added do not exceed:
// the middle of the bucket of the last of them, or the longest if that is less.
// Of an empty Histogram it is zero.
func (h *Histogram) Percentile(p float64) time.Duration {
	rank := uint64(p / 100 * float64(h.count)) // how many are before it
	rank = min(rank, max(h.count, 1)-1)
	var before uint64
	for i, n := range h.buckets {
		if before += n; before > rank {
			return min(middle(i), h.max)
		}
	}
	return 0
}

// bucket returns the bucket of v. The first sub*2 have one value each.
// After them, each doubling has sub buckets.
func bucket(v uint64) int {
	shift := max(bits.Len64(v)-7, 0) // keeps 7 bits, of which the first is set if shift > 0
	return shift*sub + int(v>>shift)
}

// middle returns the value in the middle of bucket i.
func middle(i int) time.Duration {
	if i < 2*sub {
		return time.Duration(i)
	}
	shift := i/sub - 1
	low := uint64(i-shift*sub) << shift
	return time.Duration(low + 1<<shift/2)
}
