package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"testing"

	"github.com/ws6455/ws/internal/corpus"
)

// benchMessages returns the payloads of n messages as compress/flate makes them.
func benchMessages(c corpus.Corpus, n, size int, takeover bool) (payloads [][]byte) {
	var b bytes.Buffer
	z, _ := flate.NewWriter(&b, flate.DefaultCompression)
	for _, m := range c.Messages(1, n, size) {
		if !takeover {
			z.Reset(&b)
		}
		b.Reset()
		z.Write(m)
		z.Flush()
		payloads = append(payloads, bytes.Clone(b.Bytes()[:b.Len()-len(tail)]))
	}
	return payloads
}

// A stdReader inflates messages with compress/flate in the way that costs least: without
// takeover it is reset for each one, with takeover all are one stream.
type stdReader struct {
	src bytes.Reader
	z   io.ReadCloser
	in  []byte
}

func newStdReader() *stdReader {
	r := new(stdReader)
	r.z = flate.NewReader(&r.src)
	return r
}

func (r *stdReader) decode(dst, payload []byte, takeover bool) error {
	rest := r.in[len(r.in)-r.src.Len():] // the tail of the message before
	r.in = append(append(append(r.in[:0], rest...), payload...), tail...)
	r.src.Reset(r.in)
	if !takeover {
		r.z.(flate.Resetter).Reset(&r.src, nil)
	}
	_, err := io.ReadFull(r.z, dst)
	return err
}

// BenchmarkDecoder compares with compress/flate, for messages of a connection.
func BenchmarkDecoder(b *testing.B) {
	for _, size := range []int{64, 1024, 1 << 20} {
		for _, takeover := range []bool{false, true} {
			for _, c := range corpus.All() {
				n := min(256, 4<<20/size)
				payloads := benchMessages(c, n, size, takeover)
				name := fmt.Sprintf("%d/%s/takeover=%v", size, c.Name, takeover)
				dst := make([]byte, size+32)
				b.Run(name+"/ws", func(b *testing.B) {
					d, w := new(Decoder), NewDecoderWindow(15)
					b.SetBytes(int64(size))
					b.ReportAllocs()
					for i := 0; b.Loop(); i++ {
						if i%n == 0 {
							w.Reset()
						}
						d.Begin(w, takeover)
						if nd, _, done, err := d.Decode(dst, payloads[i%n], true); nd != size || !done || err != nil {
							b.Fatal(nd, done, err)
						}
					}
				})
				b.Run(name+"/std", func(b *testing.B) {
					b.SetBytes(int64(size))
					r := newStdReader()
					for i := 0; b.Loop(); i++ {
						if i%n == 0 {
							r.in = nil
							r.src.Reset(nil)
							r.z.(flate.Resetter).Reset(&r.src, nil)
						}
						if err := r.decode(dst[:size], payloads[i%n], takeover); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
