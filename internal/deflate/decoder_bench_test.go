package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"testing"

	"github.com/ws6455/ws/internal/corpus"
)

// benchPayloads returns the payloads of n messages as compress/flate makes them.
func benchPayloads(c corpus.Corpus, n, size int, takeover bool) (payloads [][]byte) {
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

// A stdReader inflates the messages of a connection with compress/flate: one reader that is reset for
// each message, with takeover to what was before it.
type stdReader struct {
	src bytes.Reader
	z   io.ReadCloser
	in  []byte
	out []byte // all messages so far
}

func (r *stdReader) decode(payload []byte, size int, takeover bool) error {
	r.in = append(append(r.in[:0], payload...), tail...)
	r.src.Reset(r.in)
	n := len(r.out)
	var window []byte
	if takeover {
		window = r.out[max(0, n-1<<maxWindowBits):]
	}
	if r.z == nil {
		r.z = flate.NewReader(&r.src)
	}
	r.z.(flate.Resetter).Reset(&r.src, window)
	r.out = r.out[:n+size]
	_, err := io.ReadFull(r.z, r.out[n:])
	return err
}

// BenchmarkDecoder decodes the messages of a connection, one after the other, and next to it
// lets compress/flate do the same.
func BenchmarkDecoder(b *testing.B) {
	for _, size := range []int{64, 1024, 1 << 20} {
		for _, takeover := range []bool{false, true} {
			for _, c := range corpus.All() {
				n := max(4, min(256, 1<<18/size))
				payloads := benchPayloads(c, n, size, takeover)
				name := fmt.Sprintf("%d/%s/takeover=%v", size, c.Name, takeover)
				b.Run(name+"/ws", func(b *testing.B) {
					d, w, dst := new(Decoder), NewDecoderWindow(maxWindowBits), make([]byte, size+fastOut)
					b.SetBytes(int64(size))
					b.ReportAllocs()
					for i := 0; b.Loop(); i++ {
						if i%n == 0 {
							w.Reset()
						}
						d.Begin(w, takeover)
						if nd, _, done, err := d.Decode(dst, payloads[i%n], true); nd != size || !done {
							b.Fatal(nd, done, err)
						}
					}
				})
				b.Run(name+"/std", func(b *testing.B) {
					r := stdReader{out: make([]byte, 0, n*size)}
					b.SetBytes(int64(size))
					b.ReportAllocs()
					for i := 0; b.Loop(); i++ {
						if i%n == 0 {
							r.out = r.out[:0]
						}
						if err := r.decode(payloads[i%n], size, takeover); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
