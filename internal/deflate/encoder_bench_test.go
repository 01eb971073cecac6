package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"testing"

	"github.com/ws6455/ws/internal/corpus"
)

// BenchmarkEncode compresses messages of each corpus, alone and with takeover, at each level beside the level of the
// standard library that has the same purpose. The standard library's way to do it is one writer, which
// is reset for a message alone, and flushed. B/msg is the size of a payload without its tail.
func BenchmarkEncode(b *testing.B) {
	for _, c := range corpus.All() {
		for _, size := range []int{1 << 10, 16 << 10, 1 << 20} {
			messages := c.Messages(7, max(3, min(256, 4<<20/size)), size)
			for _, takeover := range []string{"alone", "takeover"} {
				for _, l := range levels {
					name := fmt.Sprintf("%s/%d/%s/%s", c.Name, size, takeover, l.name)
					b.Run(name+"/ours", func(b *testing.B) { benchmarkOurs(b, messages, l.level, takeover == "takeover") })
					b.Run(fmt.Sprintf("%s/std-%d", name, l.std), func(b *testing.B) { benchmarkStd(b, messages, l.std, takeover == "takeover") })
				}
			}
		}
	}
}

func benchmarkOurs(b *testing.B, messages [][]byte, level Level, takeover bool) {
	e := NewEncoder(level)
	var w *EncoderWindow
	if takeover {
		w = NewEncoderWindow(15, level)
	}
	dst := make([]byte, 0, len(messages[0])+1000)
	benchmark(b, messages, func(m []byte) int { return len(e.Append(dst, m, w, 15, true)) })
}

func benchmarkStd(b *testing.B, messages [][]byte, level int, takeover bool) {
	var buf bytes.Buffer
	w, err := flate.NewWriter(&buf, level)
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, messages, func(m []byte) int {
		buf.Reset()
		if !takeover {
			w.Reset(&buf)
		}
		w.Write(m)
		w.Flush()
		return buf.Len() - len(tail)
	})
}

func benchmark(b *testing.B, messages [][]byte, send func([]byte) int) {
	total := 0
	for _, m := range messages { // warm, and each message counts once
		total += send(m)
	}
	i := 0
	b.SetBytes(int64(len(messages[0])))
	b.ReportAllocs()
	for b.Loop() {
		send(messages[i])
		if i++; i == len(messages) {
			i = 0
		}
	}
	b.ReportMetric(float64(total)/float64(len(messages)), "B/msg")
}
