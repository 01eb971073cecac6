package deflate

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

// Streams of compress/flate, of several levels.
func TestDecompressStandard(t *testing.T) {
	all := messages()
	for _, level := range []int{flate.HuffmanOnly, 0, 1, 6, 9} {
		for _, takeover := range []bool{false, true} {
			var b bytes.Buffer
			w, err := flate.NewWriter(&b, level)
			if err != nil {
				t.Fatal(err)
			}
			d := NewDecompressor(15, takeover)
			for i, m := range all {
				b.Reset()
				if !takeover {
					w.Reset(&b)
				}
				w.Write(m)
				w.Flush()
				p, _ := bytes.CutSuffix(b.Bytes(), tail)
				got, err := d.Append([]byte("x"), p, len(m))
				if err != nil || !bytes.Equal(got[1:], m) {
					t.Fatalf("level %d, message %d of %d octets: %v", level, i, len(m), err)
				}
			}
		}
	}
}

func octets(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The examples of RFC 7692, section 7.2.3, and what else a payload may be.
func TestPayloads(t *testing.T) {
	for _, x := range []struct{ what, payloads, want string }{
		{"one block", "f248cdc9c90700", "Hello"},
		{"the same twice", "f248cdc9c90700 f248cdc9c90700", "HelloHello"},
		{"sharing the window", "f248cdc9c90700 f200110000", "HelloHello"},
		{"no compression", "000500faff48656c6c6f00", "Hello"},
		{"a block with BFINAL", "f348cdc9c9070000", "Hello"},
		{"and another message behind", "f348cdc9c9070000 f200110000", "HelloHello"},
		{"two blocks", "f24805000000ffffcac9c90700", "Hello"},
		{"nothing", "00", ""},
		{"nothing at all", "_", ""},
		{"a stored block that is empty", "000000ffff00", ""},
		{"a stored block with BFINAL", "010500faff48656c6c6f00", "Hello"},
	} {
		d := NewDecompressor(15, true)
		var got []byte
		for p := range strings.FieldsSeq(x.payloads) {
			var err error
			if p == "_" {
				p = ""
			}
			if got, err = d.Append(got, octets(t, p), 100); err != nil {
				t.Errorf("%s: %v", x.what, err)
			}
		}
		if string(got) != x.want {
			t.Errorf("%s: %q", x.what, got)
		}
	}
}

func TestCorrupt(t *testing.T) {
	for _, x := range []struct{ what, payload string }{
		{"kind of block that does not exist", "06"},
		{"stored block whose lengths differ", "00050005ff48656c6c6f00"},
		{"literal 286", "1bfd"},
		{"match before the start", "02110000"},
		{"dynamic block with 287 literals", "f4000000"},
		{"dynamic block with 31 distances", "04fe0000"},
		{"dynamic block without a code", "0400000000"},
		{"dynamic block that begins with a repetition", "04c00100000000ff07"},
		{"random octets", "ffffffffff"},
	} {
		for _, takeover := range []bool{false, true} {
			d := NewDecompressor(15, takeover)
			if got, err := d.Append(nil, octets(t, x.payload), 1000); err != ErrCorrupt {
				t.Errorf("%s: %q, error %v", x.what, got, err)
			}
			got, err := d.Append(nil, []byte{0}, 1000)
			if takeover != (err == ErrCorrupt) || len(got) > 0 {
				t.Errorf("%s, then an empty message: error %v", x.what, err)
			}
		}
	}
}

// A message that is cut anywhere gives a part of it. Its rest may come with the next message.
func TestCutMessage(t *testing.T) {
	for _, set := range sets {
		m := set.Message(3, 1500)
		p := NewCompressor(15, false).Append(nil, m)
		for i := range p {
			d := NewDecompressor(15, false)
			got, err := d.Append(nil, p[:i], len(m)*2)
			if err == nil && bytes.Equal(got, m) && i < len(p)-1 {
				t.Fatalf("%v: %d octets of %d are enough", set, i, len(p))
			}
			if got, err := d.Append(nil, p, len(m)); err != nil || !bytes.Equal(got, m) {
				t.Fatalf("%v: after a message that was cut at %d: %v", set, i, err)
			}
		}

		// Cut without a tail in between, as run sees it.
		for i := range p {
			d := NewDecompressor(15, true)
			d.limit = len(m)
			for _, part := range [][]byte{p[:i/2], p[i/2 : i], p[i:], tail} {
				if err := d.run(part); err != nil && err != errStarved {
					t.Fatalf("%v, cut at %d: %v", set, i, err)
				}
			}
			if !bytes.Equal(d.out[:d.q], m) {
				t.Fatalf("%v, cut at %d and %d: wrong", set, i/2, i)
			}
		}
	}
}

func TestLimit(t *testing.T) {
	bomb := make([]byte, 4<<20)
	for _, m := range [][]byte{bomb, suite.JSON.Message(0, 100_000), suite.PDF.Message(5, 70_000), []byte("ab")} {
		p := NewCompressor(15, true).Append(nil, m)
		for _, limit := range []int{-1, 0, 1, 1000, 16384, 16385, 50_000, len(m) - 1, len(m), len(m) + 1} {
			got, err := NewDecompressor(15, true).Append(nil, p, limit)
			want := ErrTooLong
			if limit >= len(m) {
				want = nil
			}
			if err != want || !bytes.Equal(got, m[:max(0, min(limit, len(m)))]) {
				t.Errorf("%d octets, limit %d: got %d, error %v", len(m), limit, len(got), err)
			}
			if cap(got) > 2*max(limit, 0)+4096 {
				t.Errorf("%d octets, limit %d: took %d", len(m), limit, cap(got))
			}
		}
	}
}

// model expands steps as an inflater does that has a window of size octets, and is called with
// room for 16 KiB, 16 KiB, 32 KiB and so on.
func model(hist []byte, steps []step, size int) (m []byte, ok bool) {
	var out []byte // of this call
	room := firstRoom
	total := 0
	put := func(b byte) {
		out = append(out, b)
		total++
	}
	next := func() {
		if len(out) == room {
			hist = append(hist, out...)
			out = nil
			room = total
		}
	}
	defer func() { m = append(m, out...) }()
	hist = hist[max(0, len(hist)-size):]
	before := len(hist)
	for _, s := range steps {
		if s.length == 0 {
			next()
			put(s.octet)
		}
		for range s.length {
			next()
			window := hist[max(0, len(hist)-size):]
			switch i := len(out) - s.dist; {
			case i >= 0:
				put(out[i])
			case i+len(window) >= 0:
				put(window[i+len(window)])
			default:
				return hist[before:], false
			}
		}
	}
	return hist[before:], true
}

// Matches that reach back further than the window are accepted and refused as by the model.
func TestReach(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	refused := 0
	for range 400 {
		window := 8 + r.IntN(8)
		size := 1 << window
		takeover := r.IntN(2) == 0
		d := NewDecompressor(window, takeover)
		var hist []byte
		for range 2 {
			if !takeover {
				hist = nil
			}
			steps := reaching(r, size, len(hist))
			want, ok := model(hist, steps, size)
			got, err := d.Append(nil, encode(steps, r.IntN(2) == 0), 1<<20)
			if (err == nil) != ok || err != nil && err != ErrCorrupt || !bytes.Equal(got, want) {
				t.Fatalf("window %d: got %d octets, error %v; want %d, %v", window, len(got), err, len(want), ok)
			}
			if !ok {
				refused++
				break
			}
			hist = append(hist, got...)
		}
	}
	if refused < 50 || refused > 350 {
		t.Errorf("%d of 400 were refused", refused)
	}
}

// reaching makes a message with a match near a place where the model looks closely.
func reaching(r *rand.Rand, size, before int) []step {
	var steps []step
	for range 40 {
		steps = append(steps, step{octet: byte(r.Uint32())})
	}
	at := 40
	fill := func(to int) {
		for at < to-300 {
			steps = append(steps, step{length: 258, dist: 1 + r.IntN(40)})
			at += 258
		}
		for at < to {
			steps = append(steps, step{octet: byte(r.Uint32())})
			at++
		}
	}
	call := []int{0, 16384, 32768, 65536}[r.IntN(4)]
	fill(call + r.IntN(600) - 300)
	limits := []int{size, at - call + size, before + at, at}
	for range 1 + r.IntN(2) {
		dist := limits[r.IntN(len(limits))] + r.IntN(6) - 4
		length := 3 + r.IntN(256)
		steps = append(steps, step{length: length, dist: max(1, min(dist, 32768))})
		at += length
	}
	fill(at + r.IntN(1000))
	return steps
}

func TestWindowSize(t *testing.T) {
	for _, window := range []int{-1, 1, 7, 16} {
		for name, f := range map[string]func(){
			"NewCompressor":   func() { NewCompressor(window, true) },
			"NewDecompressor": func() { NewDecompressor(window, true) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s takes a window of %d", name, window)
					}
				}()
				f()
			}()
		}
	}
}

// A code is complete, or that of one symbol with one bit, or of none.
func TestTable(t *testing.T) {
	for _, x := range []struct {
		lens string
		ok   bool
	}{
		{"", true}, {"1", true}, {"01", true}, {"2", false}, {"11", true}, {"12", false}, {"111", false},
		{"122", true}, {"1222", false}, {"221", true}, {"22", false}, {"0101", true},
	} {
		var lens []uint8
		for _, c := range x.lens {
			lens = append(lens, uint8(c-'0'))
		}
		if ok := new(table).build(litlenBits, lens, litlenValues[:]); ok != x.ok {
			t.Errorf("lengths %q: %v", x.lens, ok)
		}
	}
}
