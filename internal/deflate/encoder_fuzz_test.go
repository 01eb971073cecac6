package deflate

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ws6455/ws/internal/corpus"
)

// FuzzEncoder sends parts of data, and repeats of them, through a window of any size, with anything that may
// happen to a message in between. The peer always has what was sent, and no match goes beyond its window.
func FuzzEncoder(f *testing.F) {
	for i, c := range corpus.All() {
		f.Add(byte(i), uint64(i), c.Messages(1, 1, 300*i)[0])
	}
	f.Fuzz(func(t *testing.T, kind byte, choices uint64, data []byte) {
		level, bits := Level(kind/8%3), minWindowBits+int(kind%8)
		r := rand.New(rand.NewPCG(choices, 0))
		operations(t, level, bits, r, 12, func(int) (m []byte) {
			for range r.IntN(5) {
				from := r.IntN(len(data) + 1)
				part := data[from : from+r.IntN(len(data)-from+1)]
				m = append(m, bytes.Repeat(part, 1<<r.IntN(5))...)
			}
			return m[:min(len(m), 1<<r.IntN(18))]
		})
	})
}
