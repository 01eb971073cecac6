package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ws6455/ws/internal/corpus"
)

var levels = []struct {
	level Level
	name  string
	std   int
}{{Fastest, "fastest", 1}, {Balanced, "balanced", 6}, {Best, "best", 9}}

// A receiver is the peer of an encoder. It decodes with three decoders: ours, which fails if a match
// goes beyond the window, the standard library's, and for small messages the reference.
type receiver struct {
	t    testing.TB
	bits int
	seen []byte // the messages so far, as many as are needed
	w    *DecoderWindow
	d    Decoder
	std  io.ReadCloser
	got  []byte
}

func newReceiver(t testing.TB, bits int) *receiver {
	return &receiver{t: t, bits: bits, w: NewDecoderWindow(bits), std: flate.NewReader(nil)}
}

// wantAlone fails the test unless payload is msg without anything before.
func (r *receiver) wantAlone(name string, payload, msg []byte) {
	r.t.Helper()
	r.seen = r.seen[:0]
	r.w.Reset()
	r.want(name+", alone", payload, msg)
}

// want fails the test unless payload is msg. It may refer to what was received before.
func (r *receiver) want(name string, payload, msg []byte) {
	r.t.Helper()
	if len(msg) <= 2000 {
		if got, err := reference(payload, r.seen, r.bits); err != nil || !bytes.Equal(got, msg) {
			r.t.Fatalf("%s: the reference decodes %d bytes to %d, want %d; error %v; differs at %d", name, len(payload), len(got), len(msg), err, differs(got, msg))
		}
	}
	got := append(r.got[:0], make([]byte, len(msg)+1)...)
	r.got = got
	r.std.(flate.Resetter).Reset(io.MultiReader(bytes.NewReader(payload), strings.NewReader(tail+"\x01\x00\x00\xff\xff")), r.seen)
	if n, err := io.ReadFull(r.std, got); err != io.ErrUnexpectedEOF && len(msg) > 0 || !bytes.Equal(got[:n], msg) {
		r.t.Fatalf("%s: compress/flate decodes %d bytes to %d, want %d; error %v; differs at %d", name, len(payload), n, len(msg), err, differs(got[:n], msg))
	}
	r.d.Begin(r.w, true)
	if n, _, done, err := r.d.Decode(got, payload, true); err != nil || !done || !bytes.Equal(got[:n], msg) {
		r.t.Fatalf("%s: ours decodes %d bytes to %d, want %d; done %t; error %v; differs at %d", name, len(payload), n, len(msg), done, err, differs(got[:n], msg))
	}
	r.seen = append(r.seen, msg...)
	r.seen = append(r.seen[:0], r.seen[max(0, len(r.seen)-1<<maxWindowBits):]...)
}

// differs returns where a and b begin to differ.
func differs(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// The tail that ends a message is cut off, that of a fragment is not. An empty message is one
// byte: 7692-7.2.1-01, 7692-7.2.1-02, 7692-7.2.1-05, 7692-7.2.3.6-01, 7692-7.3-02.
func TestEncoderGolden(t *testing.T) {
	for _, l := range levels {
		e := NewEncoder(l.level)
		w := NewEncoderWindow(15, l.level)
		for _, tt := range []struct {
			name string
			msg  string
			w    *EncoderWindow
			last bool
			want string
		}{
			{"empty message", "", nil, true, "00"},
			{"empty message with window", "", w, true, "00"},
			{"empty fragment", "", nil, false, "00 00 00 ff ff"},
			{"one byte", "a", nil, true, "4a 04 00"},
			{"section 7.2.3.1", "Hello", w, true, "f2 48 cd c9 c9 07 00"},
			{"section 7.2.3.2, in one match", "Hello", w, true, "02 13 00 00"},
			{"fragment", "Hello", nil, false, "f2 48 cd c9 c9 07 00 00 00 ff ff"},
		} {
			if got := fmt.Sprintf("% x", e.Append(nil, []byte(tt.msg), tt.w, 15, tt.last)); got != tt.want {
				t.Errorf("%s, %s: %s, want %s", l.name, tt.name, got, tt.want)
			}
		}
	}
}

// Every message comes out as it went in, alone and with takeover, and no match reaches back further than
// the window: 7692-7.2.1-06, 7692-7.2.1-07, 7692-7.2.1-08, 7692-7.2.1-10, 7692-7.2.1-11.
func TestEncoder(t *testing.T) {
	for _, l := range levels {
		e := NewEncoder(l.level)
		for _, bits := range []int{8, 9, 10, 12, 13, 15} {
			for _, c := range corpus.All() {
				t.Run(fmt.Sprintf("%s/%d/%s", l.name, bits, c.Name), func(t *testing.T) {
					for _, size := range []int{7, 70, 700, 3000, 20_000, 70_000} {
						w := NewEncoderWindow(bits, l.level)
						peer, other := newReceiver(t, bits), newReceiver(t, bits)
						for i, m := range c.Messages(1, max(2, min(60, 30_000/size)), size) {
							name := fmt.Sprintf("message %d of %d bytes", i, size)
							other.wantAlone(name, e.Append(nil, m, nil, bits, true), m)
							peer.want(name+", with takeover", e.Append(nil, m, w, bits, true), m)
						}
					}
				})
			}
		}
	}
}

// hard returns messages of one size that meet the limits of an encoder.
func hard(size int) map[string][]byte {
	r := rand.New(rand.NewPCG(uint64(size), 1))
	random, few, fours, far := make([]byte, size), make([]byte, size), make([]byte, size), make([]byte, size)
	for i := range size {
		random[i] = byte(r.Uint32())
		few[i] = "0123456789abcdef"[r.IntN(16)] // no matches worth it
		fours[i] = byte(r.Uint32())             // little but shortest matches
		if i >= 600 && i%5 != 0 {
			fours[i] = fours[i-i%5-500+i%5]
		}
		far[i] = byte(r.Uint32()) // matches at the largest distance
		if i >= 1<<maxWindowBits {
			far[i] = far[i-1<<maxWindowBits]
		}
	}
	return map[string][]byte{
		"run":    bytes.Repeat([]byte{'x'}, size),
		"period": bytes.Repeat([]byte("abcdefg"), size/7+1)[:size],
		"random": random,
		"few":    few,
		"fours":  fours,
		"far":    far,
	}
}

// Messages of all small sizes and around every limit.
func TestEncoderSizes(t *testing.T) {
	var sizes []int
	for n := range 300 {
		sizes = append(sizes, n)
	}
	for _, n := range []int{258, 259, 1 << 9, 1 << 10, pieceSize, blockSymbols, 1 << 15, 7 << 12, maxStored, 1 << 16, 1 << 17} {
		for d := -6; d <= 6; d += 3 {
			sizes = append(sizes, n+d)
		}
		sizes = append(sizes, 2*n+1)
	}
	for _, l := range levels {
		e := NewEncoder(l.level)
		peer := newReceiver(t, 15)
		for _, size := range sizes {
			for kind, m := range hard(size) {
				name := fmt.Sprintf("%s, %s, %d bytes", l.name, kind, size)
				room := make([]byte, 0, size+size/1024+32)
				p := e.Append(room, m, nil, 15, true)
				peer.wantAlone(name, p, m)
				if &p[:1][0] != &room[:1][0] {
					t.Errorf("%s: %d bytes had no room in %d", name, len(p), cap(room))
				}
				if limit := size + 5*(size/pieceSize+1) + 1; len(p) > limit {
					t.Errorf("%s: becomes %d bytes, more than stored blocks", name, len(p))
				}
			}
		}
	}
}

// A message in fragments is the same as a whole one to the peer: 7692-7.2.1-05.
func TestEncoderFragments(t *testing.T) {
	for _, l := range levels {
		e := NewEncoder(l.level)
		w := NewEncoderWindow(15, l.level)
		peer := newReceiver(t, 15)
		for i, m := range corpus.All()[0].Messages(1, 50, 900) {
			whole, alone := []byte("before"), []byte(nil)
			for from := 0; from < len(m); from += 30 * i {
				if i == 0 {
					break
				}
				part := m[from:min(from+30*i, len(m))]
				whole = e.Append(whole, part, w, 15, false)
				alone = e.Append(alone, part, nil, 15, false)
				if !bytes.HasSuffix(whole, []byte("\x00\x00\xff\xff")) {
					t.Fatalf("a fragment ends in % x", whole[len(whole)-4:])
				}
			}
			if i == 0 {
				m = nil
			}
			whole, alone = e.Append(whole, nil, w, 15, true), e.Append(alone, nil, nil, 15, true)
			if whole[len(whole)-1] != 0 || !bytes.HasPrefix(whole, []byte("before")) {
				t.Fatalf("an empty last fragment is %#x; the message begins with %q", whole[len(whole)-1], whole[:6])
			}
			peer.want("with takeover", whole[6:], m)
			newReceiver(t, 15).wantAlone("fragments", alone, m)
		}
	}
}

// A stored block of any size has the size that was foreseen, wherever in a byte it begins.
func TestEncoderStored(t *testing.T) {
	for _, size := range []int{1, 100, maxStored, maxStored + 1, 2*maxStored + 100} {
		m := bytes.Repeat([]byte("0123456"), size/7+1)[:size]
		for before := range uint(8) {
			e := NewEncoder(Fastest)
			e.raw, e.size = m, size
			e.out.reserve(100)
			e.out.write(1<<1, 3) // a block of type 1
			e.out.write(0, 7)    // with its end
			e.out.write(1<<1, 3) // another
			for range before {   // with so many literals of nine bits
				e.out.write(fixed1.lit[200].bits(), 9)
			}
			e.out.write(0, 7)
			from, want := 8*len(e.out.buf)+int(e.out.n), e.storedBits()
			e.writeStored()
			if got := 8*len(e.out.buf) + int(e.out.n) - from; got != want {
				t.Errorf("%d bytes after %d literals: %d bits, foreseen were %d", size, before, got, want)
			}
			e.flush(true)
			newReceiver(t, 15).wantAlone("stored", e.out.buf, append(bytes.Repeat([]byte{200}, int(before)), m...))
		}
	}
}

// A dynamic block without matches has a code for one distance: without any, some decoders fail.
func TestEncoderNoDistances(t *testing.T) {
	for _, l := range levels {
		e := NewEncoder(l.level)
		m := hard(1000)["few"]
		e.Append(nil, m, nil, 8, true)
		m = slices.Clone(m[:4])
		for b := range byte(60) {
			m = append(m, b, b)
		}
		newReceiver(t, 8).wantAlone(l.name, e.Append(nil, m, nil, 8, true), m)
		if c := &e.codes; c.distHuffman.used != 0 || c.nd != 1 || c.codeLen[c.nl] != 1 {
			t.Errorf("%s: %d distances, %d codes, the first of %d bits", l.name, c.distHuffman.used, c.nd, c.codeLen[c.nl])
		}
	}
}

// What an encoder did before makes no difference to a message without window, not even
// which of its matches are found: 7692-7.2.1-07, 7692-7.2.1-08.
func TestEncoderKeepsNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := [][]byte{corpus.All()[0].Messages(3, 1, 1<<17)[0], corpus.All()[3].Messages(3, 1, 1<<17)[0]}
	for _, l := range levels {
		used := NewEncoder(l.level)
		w := NewEncoderWindow(15, l.level)
		for i := range 3000 {
			all := texts[i%2]
			n := r.IntN(1 << (6 + r.IntN(8)))
			if i%50 == 0 {
				n = r.IntN(100_000)
			}
			from := r.IntN(min(1000<<r.IntN(8), len(all)-n)) // many have the same bytes at the same places
			m := all[from : from+n]
			if i%10 == 0 {
				used.Append(nil, m, w, 15, true)
			}
			bits := minWindowBits + i%8
			got := used.Append(nil, m, nil, bits, true)
			if want := NewEncoder(l.level).Append(nil, m, nil, bits, true); !bytes.Equal(got, want) {
				t.Fatalf("%s: message %d of %d bytes depends on those before", l.name, i, n)
			}
		}
	}
}

// A message is at most a little larger than the standard library makes it.
func TestEncoderSize(t *testing.T) {
	for _, l := range levels {
		for _, c := range corpus.All() {
			for _, size := range []int{1 << 10, 1 << 14, 1 << 16} {
				for _, takeover := range []bool{false, true} {
					messages := c.Messages(4, max(2, min(100, 1<<17/size)), size)
					got, want := totalSize(messages, l.level, takeover), totalSizeStd(messages, l.std, takeover)
					limit := 1.03
					if takeover && l.level == Balanced {
						limit = 1.08 // it has a fifteenth of the memory
					}
					if ratio := float64(got) / float64(want); ratio > limit {
						t.Errorf("%s, %s, %d bytes, takeover %t: %.3f of the size", l.name, c.Name, size, takeover, ratio)
					}
				}
			}
		}
	}
}

func totalSize(messages [][]byte, level Level, takeover bool) (n int) {
	e := NewEncoder(level)
	var w *EncoderWindow
	if takeover {
		w = NewEncoderWindow(15, level)
	}
	for _, m := range messages {
		n += len(e.Append(nil, m, w, 15, true))
	}
	return n
}

func totalSizeStd(messages [][]byte, level int, takeover bool) (n int) {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, level)
	for _, m := range messages {
		if !takeover {
			w.Reset(&b)
		}
		w.Write(m)
		w.Flush()
		n -= len(tail)
	}
	return n + b.Len()
}

// Nothing is allocated for a message, once the window is full and the payload has room.
func TestEncoderAllocates(t *testing.T) {
	for _, l := range levels {
		e, w := NewEncoder(l.level), NewEncoderWindow(15, l.level)
		messages := corpus.All()[0].Messages(1, 50, 3000)
		dst := make([]byte, 0, 4000)
		i := 0
		send := func() {
			m := messages[i%len(messages)]
			i++
			e.Append(dst, m, w, 15, true)
			w.Undo()
			w.Add(m)
			e.Append(dst, m, nil, 15, true)
		}
		for range 50 {
			send()
		}
		if n := testing.AllocsPerRun(100, send); n != 0 {
			t.Errorf("%s: %v allocations", l.name, n)
		}
	}
}

// AppendSmaller is Append, unless the message does not get smaller: then nothing is left of it,
// and a large one is not looked at to its end.
func TestAppendSmaller(t *testing.T) {
	noise := corpus.All()[len(corpus.All())-1].Messages(3, 1, 2<<20)[0]
	texts := corpus.All()[0].Messages(3, 2, 100_000)
	late := append(bytes.Clone(noise[:100_000]), bytes.Repeat(texts[0], 4)...)
	for _, l := range levels {
		for _, w := range []*EncoderWindow{nil, NewEncoderWindow(15, l.level), NewEncoderWindow(8, l.level)} {
			e, r := NewEncoder(l.level), newReceiver(t, 15)
			prefix := []byte("prefix")
			for i, tt := range []struct {
				msg     []byte
				smaller bool
			}{{texts[0], true}, {noise[:1000], false}, {noise, false}, {nil, false}, {late, true}, {texts[1], true}} {
				got, ok := e.AppendSmaller(prefix, tt.msg, w, 15)
				if ok != tt.smaller || !bytes.HasPrefix(got, prefix) || !ok && len(got) > len(prefix) {
					t.Fatalf("%s: message %d: %d bytes, %t", l.name, i, len(got), ok)
				}
				switch name := fmt.Sprintf("%s: message %d", l.name, i); {
				case !ok: // the peer does not get it
				case w == nil:
					r.wantAlone(name, got[len(prefix):], tt.msg)
				default:
					r.want(name, got[len(prefix):], tt.msg)
				}
			}
		}
	}
}
