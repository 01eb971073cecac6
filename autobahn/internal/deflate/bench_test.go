package deflate

import (
	"fmt"
	"testing"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

var benchmarks = []struct {
	set   suite.DataSet
	units int
}{
	{suite.JSON, 16}, {suite.JSON, 256}, {suite.JSON, 4096}, {suite.JSON, 131072},
	{suite.Image, 131072}, {suite.Prose, 131072}, {suite.Page, 131072}, {suite.PDF, 131072},
}

func BenchmarkCompress(b *testing.B) {
	for _, x := range benchmarks {
		for _, window := range []int{9, 15} {
			b.Run(fmt.Sprintf("%v/%d/%d", x.set, window, x.units), func(b *testing.B) {
				c := NewCompressor(window, true)
				var dst []byte
				in, out, k := 0, 0, 0
				for b.Loop() {
					m := x.set.Message(k, x.units)
					dst = c.Append(dst[:0], m)
					in, out, k = in+len(m), out+len(dst), k+1
				}
				b.SetBytes(int64(x.units))
				b.ReportMetric(float64(out)/float64(in), "ratio")
			})
		}
	}
}

func BenchmarkDecompress(b *testing.B) {
	const window = 15
	for _, x := range benchmarks {
		b.Run(fmt.Sprintf("%v/%d", x.set, x.units), func(b *testing.B) {
			c := NewCompressor(window, true)
			var all [][]byte
			for k := range max(16, min(20000, 4<<20/x.units)) {
				all = append(all, c.Append(nil, x.set.Message(k, x.units)))
			}
			d := NewDecompressor(window, true)
			var dst []byte
			k := 0
			for b.Loop() {
				if k == len(all) {
					d, k = NewDecompressor(window, true), 0
				}
				var err error
				if dst, err = d.Append(dst[:0], all[k], x.units*3); err != nil {
					b.Fatal(err)
				}
				k++
			}
			b.SetBytes(int64(x.units))
		})
	}
}
