package deflate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ws6455/ws/internal/corpus"
)

// Many messages in all windows, of sizes that fill the buffer exactly and nearly.
func TestEncoderSlides(t *testing.T) {
	for _, l := range levels {
		e := NewEncoder(l.level)
		for _, bits := range []int{8, 9, 11, 12, 13, 15} {
			r := rand.New(rand.NewPCG(3, uint64(bits)))
			w := NewEncoderWindow(bits, l.level)
			peer := newReceiver(t, bits)
			all := corpus.All()[0].Messages(5, 1, 1<<18)[0]
			for i := range 150 {
				n := 1<<(bits-r.IntN(6)) + r.IntN(7) - 3
				m := all[r.IntN(len(all)-n):][:n]
				peer.want(fmt.Sprintf("%s, %d bits, message %d of %d bytes", l.name, bits, i, n), e.Append(nil, m, w, 0, true), m)
			}
		}
	}
}

// operations does at random, by choices and data, what a connection may do with a window.
func operations(t testing.TB, level Level, bits int, r *rand.Rand, steps int, data func(i int) []byte) {
	e, w, peer := NewEncoder(level), NewEncoderWindow(bits, level), newReceiver(t, bits)
	other := NewEncoder(Fastest)
	for i := range steps {
		m := data(i)
		name := fmt.Sprintf("level %d, %d bits, step %d", level, bits, i)
		switch r.IntN(8) {
		case 0:
			e.Append(nil, m, w, bits, true)
			w.Undo()
		case 1:
			w.Add(m)
			w.Undo()
		case 2:
			w.Add(m)
			peer.want(name+", added", other.Append(nil, m, nil, bits, true), m)
		case 3:
			if r.IntN(4) == 0 {
				w.Reset()
			}
		case 4:
			n := r.IntN(len(m) + 1)
			p := e.Append(nil, m[:n], w, bits, false)
			p = e.Append(p, m[n:], w, bits, true)
			peer.want(name+", two fragments", p, m)
		case 5:
			peer.want(name+", alone", e.Append(nil, m, nil, bits, true), m)
			w.Add(m)
		default:
			peer.want(name, e.Append(nil, m, w, bits, true), m)
		}
	}
}

// The windows of both sides agree, whatever happens to messages.
func TestEncoderWindow(t *testing.T) {
	for _, l := range levels {
		for bits := minWindowBits; bits <= maxWindowBits; bits++ {
			r := rand.New(rand.NewPCG(9, uint64(bits)))
			all := corpus.All()[1].Messages(3, 1, 1<<17)[0]
			operations(t, l.level, bits, r, 200, func(int) []byte {
				n := r.IntN(1 << r.IntN(bits+2))
				from := r.IntN(len(all) - n)
				return all[from : from+n]
			})
		}
	}
}

// A window has what was sent: a message after Undo is as if the one before had not been,
// and one after Reset as if there had been none.
func TestEncoderWindowForgets(t *testing.T) {
	for _, l := range levels {
		e := NewEncoder(l.level)
		m := corpus.All()[5].Messages(1, 2, 1000)
		w := NewEncoderWindow(15, l.level)
		want := len(e.Append(nil, m[0], w, 15, true))
		again := len(e.Append(nil, m[0], w, 15, true))
		if want < 1000 || again > 50 {
			t.Errorf("%s: noise becomes %d bytes, the same again %d", l.name, want, again)
		}
		w.Reset()
		if n := len(e.Append(nil, m[0], w, 15, true)); n != want {
			t.Errorf("%s: after Reset %d bytes, want %d", l.name, n, want)
		}
		e.Append(nil, m[1], w, 15, true)
		w.Undo()
		if n := len(e.Append(nil, m[1], w, 15, true)); n != want {
			t.Errorf("%s: after Undo %d bytes, want %d", l.name, n, want)
		}
		if n := len(e.Append(nil, m[0], w, 15, true)); n > 50 {
			t.Errorf("%s: the message before one taken back becomes %d bytes", l.name, n)
		}
		w.Reset()
		w.Add(m[0])
		if n := len(e.Append(nil, m[0], w, 15, true)); n > 50 {
			t.Errorf("%s: a message added becomes %d bytes", l.name, n)
		}
	}
}

// Everything in the window is found again: what was added after Undo or after the buffer was full,
// and what begins at the end of one message and goes on in the next.
func TestEncoderWindowFinds(t *testing.T) {
	for _, l := range levels {
		e := NewEncoder(l.level)
		m := corpus.All()[5].Messages(1, 101, 1000)
		w := NewEncoderWindow(15, l.level)
		for i := range 100 {
			e.Append(nil, m[100], w, 15, true)
			w.Undo()
			w.Add(m[i])
			if n := len(e.Append(nil, m[i], w, 15, true)); n > 50 {
				t.Errorf("%s: message %d after it was added becomes %d bytes", l.name, i, n)
			}
		}
		e.Append(nil, m[100][:500], w, 15, true)
		e.Append(nil, m[100][500:], w, 15, true)
		if n := len(e.Append(nil, m[100][498:508], w, 15, true)); n > 6 {
			t.Errorf("%s: what begins at the end of a message becomes %d bytes", l.name, n)
		}
	}
}

// A window takes memory as it gets something to keep, up to a limit.
func TestEncoderWindowMemory(t *testing.T) {
	for _, tt := range []struct {
		level Level
		bits  int
		small int // after a first message of 100 bytes
		full  int
	}{
		{Balanced, 8, 2 << 10, 2 << 10}, {Balanced, 9, 4 << 10, 4 << 10}, {Balanced, 12, 4 << 10, 13 << 10}, {Balanced, 15, 4 << 10, 50 << 10},
		{Fastest, 9, 2 << 10, 2 << 10}, {Fastest, 15, 2 << 10, 48 << 10},
		{Best, 9, 5 << 10, 5 << 10}, {Best, 15, 5 << 10, 104 << 10},
	} {
		e, w := NewEncoder(tt.level), NewEncoderWindow(tt.bits, tt.level)
		if n := windowMemory(w); n != 0 {
			t.Errorf("level %d, %d bits: %d bytes at first", tt.level, tt.bits, n)
		}
		m := corpus.All()[0].Messages(1, 1, 100_000)[0]
		e.Append(nil, m[:100], w, 15, true)
		if n := windowMemory(w); n > tt.small {
			t.Errorf("level %d, %d bits: %d bytes after a short message, want %d", tt.level, tt.bits, n, tt.small)
		}
		for part := range slices.Chunk(m, 1000) {
			e.Append(nil, part, w, 15, true)
		}
		if n := windowMemory(w); n > tt.full {
			t.Errorf("level %d, %d bits: %d bytes at last, want %d", tt.level, tt.bits, n, tt.full)
		}
	}
}

func windowMemory(w *EncoderWindow) int {
	x := &w.index
	return cap(w.buf) + 2*cap(x.heads) + 2*cap(x.chain)
}

func TestNewEncoderWindowPanics(t *testing.T) {
	for _, bits := range []int{-1, 0, 7, 16} {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.HasPrefix(got, "BUG: ") {
					t.Errorf("%d bits: panics with %q", bits, got)
				}
			}()
			NewEncoderWindow(bits, Balanced)
		}()
	}
}
