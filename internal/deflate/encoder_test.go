package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"testing"

	"github.com/ws6455/ws/internal/corpus"
)

func inflateStd(t testing.TB, p []byte, dict []byte) []byte {
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(p), bytes.NewReader([]byte{0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff})), dict)
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestQuick(t *testing.T) {
	for _, level := range []Level{Fastest, Balanced, Best} {
		e := NewEncoder(level)
		for _, bits := range []int{8, 9, 12, 15} {
			for _, c := range corpus.All() {
				for _, size := range []int{0, 1, 3, 5, 100, 1000, 10000, 100000} {
					w := NewEncoderWindow(bits, level)
					var hist []byte
					for i, m := range c.Messages(1, 30, size) {
						p := e.Append(nil, m, nil, bits, true)
						if got := inflateStd(t, p, nil); !bytes.Equal(got, m) {
							t.Fatal(level, bits, c.Name, size, i, len(got))
						}
						p = e.Append(nil, m, w, bits, true)
						if got := inflateStd(t, p, hist[max(0, len(hist)-1<<bits):]); !bytes.Equal(got, m) {
							t.Fatal("takeover", level, bits, c.Name, size, i, len(got))
						}
						hist = append(hist, m...)
					}
				}
			}
		}
	}
}

var (
	levelNames = []string{"balanced", "fastest", "best"}
	stdLevels  = []int{6, 1, 9}
)

func BenchmarkQuick(b *testing.B) {
	for _, c := range corpus.All() {
		for _, size := range []int{1 << 10, 16 << 10, 1 << 20} {
			n := max(4, min(256, 4<<20/size))
			if size == 1<<20 {
				n = 3
			}
			messages := c.Messages(7, n, size)
			for level, std := range stdLevels {
				for _, takeover := range []string{"alone", "takeover"} {
					b.Run(fmt.Sprintf("%s/%d/%s/%s/ours", c.Name, size, takeover, levelNames[level]), func(b *testing.B) {
						e := NewEncoder(Level(level))
						var w *EncoderWindow
						if takeover == "takeover" {
							w = NewEncoderWindow(15, Level(level))
						}
						dst := make([]byte, 0, size+1000)
						total, i, k := 0, 0, 0
						b.SetBytes(int64(size))
						b.ReportAllocs()
						for b.Loop() {
							dst = e.Append(dst[:0], messages[i], w, 15, true)
							i++
							if k < len(messages) {
								total += len(dst)
								k++
							}
							if i == len(messages) {
								i = 0
							}
						}
						b.ReportMetric(float64(total)/float64(k), "B/msg")
					})
					b.Run(fmt.Sprintf("%s/%d/%s/%s/std", c.Name, size, takeover, levelNames[level]), func(b *testing.B) {
						var buf bytes.Buffer
						w, _ := flate.NewWriter(&buf, std)
						total, i, k := 0, 0, 0
						b.SetBytes(int64(size))
						b.ReportAllocs()
						for b.Loop() {
							buf.Reset()
							if takeover != "takeover" {
								w.Reset(&buf)
							}
							w.Write(messages[i])
							w.Flush()
							i++
							if k < len(messages) {
								total += buf.Len() - 4
								k++
							}
							if i == len(messages) {
								i = 0
							}
						}
						b.ReportMetric(float64(total)/float64(k), "B/msg")
					})
				}
			}
		}
	}
}
