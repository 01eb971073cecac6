package deflate

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// noise returns n bytes that do not repeat.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// storedPayload is a message of stored blocks.
func storedPayload(b []byte) []byte {
	w := new(refWriter)
	for c := range slices.Chunk(b, maxStored) {
		w.stored(c)
	}
	return w.end()
}

// A match may reach back as far as the window is large, and no farther, no matter in which
// message and which call of Decode the bytes came: 7692-7.2.2-05, 7692-7.2.2-06, 7692-7.2.1-06.
func TestDecoderWindowSize(t *testing.T) {
	d := new(Decoder)
	for bits := 8; bits <= 15; bits++ {
		size := 1 << bits
		before := noise(size + 100)
		for _, c := range []cutting{whole, {[]int{1 << 20}, []int{1}}, {[]int{1 << 20}, []int{64}}, {[]int{100}, []int{1000}}} {
			for _, literals := range []string{"", "a", string(noise(300))} {
				for _, length := range []int{3, 20, 258} {
					for _, far := range []int{0, 1} {
						if size+far > 1<<15 {
							continue
						}
						w := NewDecoderWindow(bits)
						if _, err := decode(t, d, w, true, storedPayload(before), c); err != nil {
							t.Fatal(err)
						}
						all := append(slices.Clone(before), literals...)
						for range length {
							all = append(all, all[len(all)-size])
						}
						want, wantErr := all[len(before):], (*CorruptError)(nil)
						if far > 0 {
							want, wantErr = []byte(literals), ErrWindow
						}
						got, err := decode(t, d, w, true, refPayload(part{literals, length, size + far}), c)
						if !bytes.Equal(got, want) || !isError(err, wantErr) {
							t.Fatalf("%d bits, cut %v, after %d literals, length %d, distance %d: %d bytes, %v; want %d, %v",
								bits, c, len(literals), length, size+far, len(got), err, len(want), wantErr)
						}
					}
				}
			}
		}
	}
}

// No match reaches back before the first byte of the first message.
func TestDecoderTooFar(t *testing.T) {
	d := new(Decoder)
	for _, c := range cuttings() {
		for _, n := range []int{0, 1, 2, 9, 40} {
			for _, split := range []int{0, n / 2, n} {
				w := NewDecoderWindow(8)
				b := noise(n)
				decode(t, d, w, true, storedPayload(b[:split]), c)
				for dist := max(1, n-1); dist <= n+1; dist++ {
					payload := refPayload(part{string(b[split:]), 4, dist})
					if dist > n {
						if _, err := decode(t, d, w, true, payload, c); err != error(ErrTooFar) {
							t.Fatalf("cut %v: distance %d after %d and %d bytes: %v", c, dist, split, n-split, err)
						}
						continue
					}
					w := NewDecoderWindow(8)
					decode(t, d, w, true, storedPayload(b[:split]), c)
					want, _ := reference(payload, b[:split], 8)
					if got, err := decode(t, d, w, true, payload, c); !bytes.Equal(got, want) || err != nil {
						t.Fatalf("cut %v: distance %d after %d and %d bytes: %q, %v; want %q", c, dist, split, n-split, got, err, want)
					}
				}
			}
		}
	}
}

// Every length comes out of every distance: from dst, from the window, from around its end, from both.
func TestDecoderMatches(t *testing.T) {
	d := new(Decoder)
	for _, before := range []int{0, 200, 256, 300, 511, 1000} {
		history := noise(before)
		for _, literals := range []int{0, 1, 5, 40, 255} {
			for _, dist := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 39, 40, 41, 60, 100, 199, 200, 254, 255, 256} {
				if dist > before+literals {
					continue
				}
				parts := []part{{string(noise(literals)), 3, dist}}
				for _, length := range []int{3, 4, 7, 8, 9, 15, 16, 17, 24, 25, 31, 33, 64, 100, 257, 258} {
					parts = append(parts, part{"ab", length, dist})
				}
				payload := refPayload(parts...)
				want, wantErr := reference(payload, history, 8)
				if wantErr != nil {
					t.Fatal(wantErr)
				}
				for _, c := range []cutting{whole, {[]int{9}, []int{30}}, {[]int{1000}, []int{300}}, {[]int{1000}, []int{1}}} {
					w := NewDecoderWindow(8)
					if got, err := decode(t, d, w, true, storedPayload(history), c); !bytes.Equal(got, history) || err != nil {
						t.Fatal(err)
					}
					if got, err := decode(t, d, w, true, payload, c); !bytes.Equal(got, want) || err != nil {
						t.Fatalf("cut %v: distance %d after %d and %d bytes: %v\n%q, want\n%q", c, dist, before, literals, err, got, want)
					}
				}
			}
		}
	}
}

// A window takes no more memory than has arrived, by powers of two, and in the end its size.
func TestDecoderWindowMemory(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		for _, piece := range []int{1, 100, 1000, 5000, 1 << 16} {
			w := NewDecoderWindow(bits)
			for n := piece; n < 1<<17; n += piece {
				w.write(make([]byte, piece))
				if limit := max(min(1024, 1<<bits), 2*n); cap(w.buf) > min(limit, 1<<bits) {
					t.Fatalf("%d bits: %d bytes of memory after %d", bits, cap(w.buf), n)
				}
			}
			if len(w.buf) != 1<<bits {
				t.Fatalf("%d bits: %d bytes of memory in the end", bits, len(w.buf))
			}
			w.Reset()
			if len(w.buf) != 1<<bits {
				t.Errorf("%d bits: %d bytes of memory after Reset", bits, len(w.buf))
			}
		}
	}
}

// A window is there for 8 to 15 bits.
func TestNewDecoderWindowPanics(t *testing.T) {
	for _, bits := range []int{-1, 0, 7, 16} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic for %d bits", bits)
				}
			}()
			NewDecoderWindow(bits)
		}()
	}
}
