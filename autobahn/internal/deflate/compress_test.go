package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

var sets = []suite.DataSet{suite.JSON, suite.Image, suite.Prose, suite.Page, suite.PDF}

// forWindows runs f for each window, with takeover of the context and without.
func forWindows(t *testing.T, f func(t *testing.T, window int, takeover bool)) {
	for window := 8; window <= 15; window++ {
		for _, takeover := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d,%v", window, takeover), func(t *testing.T) { f(t, window, takeover) })
		}
	}
}

// An inflater takes messages apart by another implementation.
type inflater struct {
	takeover bool
	hist     []byte
}

func (f *inflater) message(p []byte) ([]byte, error) {
	if !f.takeover {
		f.hist = nil
	}
	end := "\x00\x00\xff\xff\x01\x00\x00\xff\xff"
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(p), bytes.NewReader([]byte(end))), f.hist)
	m, err := io.ReadAll(r)
	f.hist = append(f.hist, m...)
	f.hist = f.hist[max(0, len(f.hist)-32768):]
	return m, err
}

// messages are of all kinds and sizes, in no order.
func messages() [][]byte {
	r := rand.New(rand.NewPCG(3, 4))
	var all [][]byte
	for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 64, 255, 256, 257, 258, 259, 260, 512, 1000, 4096, 10000} {
		for _, set := range sets {
			all = append(all, set.Message(7, n))
		}
		all = append(all, bytes.Repeat([]byte("a"), n), bytes.Repeat([]byte("abc"), n/3), random(r, n, 256), random(r, n, 4))
	}
	for i, n := range []int{65535, 65536, 65537, 100_000, 131072, 196608, 300 << 10} {
		all = append(all, sets[i%len(sets)].Message(1, n))
	}
	all = append(all, random(r, 65535, 256), random(r, 65536, 256), random(r, 200_000, 256), make([]byte, 300<<10))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func random(r *rand.Rand, n, values int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.IntN(values))
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	all := messages()
	forWindows(t, func(t *testing.T, window int, takeover bool) {
		c := NewCompressor(window, takeover)
		d := NewDecompressor(window, takeover)
		f := &inflater{takeover: takeover}
		for i, m := range all {
			p := c.Append([]byte("x"), m)[1:]
			if len(p) == 0 || len(p) > len(m)+len(m)/1000+16 {
				t.Fatalf("message %d: %d octets are %d compressed", i, len(m), len(p))
			}
			got, err := d.Append([]byte("y"), p, len(m))
			if err != nil || !bytes.Equal(got[1:], m) {
				t.Fatalf("message %d of %d octets: %v", i, len(m), err)
			}
			if got, err = f.message(p); err != nil || !bytes.Equal(got, m) {
				t.Fatalf("message %d of %d octets: compress/flate: %v", i, len(m), err)
			}
		}
	})
}

func TestCompressNothing(t *testing.T) {
	c := NewCompressor(0, true)
	for range 3 {
		if p := c.Append(nil, nil); !bytes.Equal(p, []byte{0}) {
			t.Fatalf("an empty message is %x", p)
		}
		c.Append(nil, []byte("something"))
	}
}

// No match reaches back further than the window, but many do far, and into earlier messages.
func TestWindow(t *testing.T) {
	forWindows(t, func(t *testing.T, window int, takeover bool) {
		size := 1 << window
		for _, set := range []suite.DataSet{suite.JSON, suite.Prose} {
			for _, units := range []int{16, 300, 70_000} {
				c := NewCompressor(window, takeover)
				var out []byte
				furthest, across := 0, false
				for k := range max(1, 70_000/units) {
					if !takeover {
						out = out[:0]
					}
					start := len(out)
					steps, _, err := message(c.Append(nil, set.Message(k, units)))
					if err != nil {
						t.Fatalf("%v, message %d of %d: %v", set, k, units, err)
					}
					for at, i := 0, 0; i < len(steps); i++ {
						furthest = max(furthest, steps[i].dist)
						across = across || steps[i].dist > at
						at += max(1, steps[i].length)
					}
					if out, err = expand(out, steps, size); err != nil {
						t.Fatalf("%v, message %d of %d: %v", set, k, units, err)
					}
					if string(out[start:]) != string(set.Message(k, units)) {
						t.Fatalf("%v, message %d of %d is wrong", set, k, units)
					}
				}
				if (takeover || units > 2*size) && furthest < size/2 {
					t.Errorf("%v, messages of %d: no match reaches back more than %d octets", set, units, furthest)
				}
				if across != (takeover && units < 70_000) {
					t.Errorf("%v, messages of %d: matches in earlier messages: %v", set, units, across)
				}
			}
		}
	})
}

// A message that is as long as the window is found again, the octet at its start too.
func TestWholeWindow(t *testing.T) {
	for window := 8; window <= 15; window++ {
		m := random(rand.New(rand.NewPCG(1, uint64(window))), 1<<window, 256)
		c := NewCompressor(window, true)
		c.Append(nil, m)
		steps, _, err := message(c.Append(nil, m))
		if err != nil || len(steps) == 0 || steps[0].dist != len(m) {
			t.Errorf("window %d: %v, error %v", window, steps[:min(1, len(steps))], err)
		}
	}
}

func TestBlockKinds(t *testing.T) {
	for _, x := range []struct {
		what string
		m    []byte
		kind int
	}{
		{"little text", []byte("Hello, Hello"), 1},
		{"much text", suite.JSON.Message(0, 5000), 2},
		{"noise", random(rand.New(rand.NewPCG(1, 1)), 5000, 256), 0},
	} {
		_, kinds, err := message(NewCompressor(15, false).Append(nil, x.m))
		if err != nil || kinds[x.kind] != 1 || kinds[0]+kinds[1]+kinds[2] != 1 {
			t.Errorf("%s: blocks %v, error %v", x.what, kinds, err)
		}
	}
}

// Positions have 32 bits. What happens when they are used up must not be seen.
func TestManyOctets(t *testing.T) {
	for _, takeover := range []bool{false, true} {
		c := NewCompressor(15, takeover)
		c.at = 1<<31 - 100_000
		d := NewDecompressor(15, takeover)
		for k := range 20 {
			m := suite.JSON.Message(k, 20_000)
			got, err := d.Append(nil, c.Append(nil, m), len(m))
			if err != nil || !bytes.Equal(got, m) {
				t.Fatalf("takeover %v, message %d: %v", takeover, k, err)
			}
		}
		if c.at >= 1<<31 {
			t.Errorf("takeover %v: positions go on", takeover)
		}
	}
}

// Frequencies that grow like Fibonacci's numbers make codes that are too long if nothing is done.
func TestCodeLengths(t *testing.T) {
	for _, longest := range []int{7, 15} {
		for n := 0; n <= 19; n++ {
			count := make([]uint32, 30)
			a, b := uint32(1), uint32(1)
			for i := range n {
				count[29-i] = a
				a, b = b, a+b
			}
			lens := make([]uint8, 30)
			new(plan).codeLengths(lens, count, longest)
			sum := 0
			for s, k := range lens {
				if k > 0 {
					sum += 1 << (longest - int(k))
				}
				if int(k) > longest || count[s] > 0 && k == 0 {
					t.Fatalf("%d symbols: symbol %d has %d bits", n, s, k)
				}
			}
			if sum != 1<<longest {
				t.Fatalf("%d symbols: the code is not complete", n)
			}
		}
	}
}

func TestRatios(t *testing.T) {
	for _, x := range []struct {
		set   suite.DataSet
		units int
		most  float64
	}{
		{suite.JSON, 16, 0.40}, {suite.JSON, 131072, 0.06}, {suite.Image, 131072, 0.90},
		{suite.Prose, 131072, 0.45}, {suite.Page, 131072, 0.08}, {suite.PDF, 131072, 0.83},
	} {
		c := NewCompressor(15, true)
		in, out := 0, 0
		for k := range max(10, 100_000/x.units) {
			m := x.set.Message(k, x.units)
			in, out = in+len(m), out+len(c.Append(nil, m))
		}
		r := float64(out) / float64(in)
		if r > x.most {
			t.Errorf("%v in messages of %d: ratio %.3f, want %.3f at the most", x.set, x.units, r, x.most)
		}
		t.Logf("%v in messages of %d: ratio %.3f", x.set, x.units, r)
	}
}
