package deflate

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ws6455/ws/internal/corpus"
)

// A cutting is how a payload arrives and how large the dsts are: by these sizes, again and again.
type cutting struct{ pieces, rooms []int }

var whole = cutting{[]int{1 << 20}, []int{1 << 17}}

// cuttings are small ones, and all combinations of some that are small for one side.
func cuttings() []cutting {
	all := []cutting{whole}
	for n := 1; n <= 12; n++ {
		all = append(all, cutting{[]int{n}, []int{1}}, cutting{[]int{1}, []int{n}}, cutting{[]int{n}, []int{1 << 10}}, cutting{[]int{1 << 20}, []int{n}})
	}
	return append(all, cutting{[]int{0, 3, 20, 1}, []int{0, 5, 300, 8}}, cutting{[]int{100}, []int{280}}, cutting{[]int{64}, []int{1 << 16}})
}

// dstBuf is where decode lets a Decoder write. It is kept, as making one for each message takes long.
var dstBuf [1<<17 + 8]byte

// decode inflates a message, cut like this. What comes out before an error counts too.
func decode(t testing.TB, d *Decoder, w *DecoderWindow, takeover bool, payload []byte, c cutting) (out []byte, err error) {
	t.Helper()
	d.Begin(w, takeover)
	for i, k := 0, 0; ; i++ {
		src := payload[:min(len(payload), c.pieces[i%len(c.pieces)])]
		payload = payload[len(src):]
		last := len(payload) == 0
		for {
			room := c.rooms[k%len(c.rooms)]
			dst, guard := dstBuf[:room], dstBuf[room:room+8]
			copy(guard, "guarding")
			nd, ns, done, err := d.Decode(dst, src, last)
			k++
			out = append(out, dst[:nd]...)
			src = src[ns:]
			if string(guard) != "guarding" {
				t.Fatal("Decode wrote beyond dst")
			}
			switch {
			case err != nil || done && len(src) == 0 && last:
				return out, err
			case done:
				t.Fatalf("done with %d bytes to come, last = %v", len(src), last)
			}
			if len(src) == 0 && nd < len(dst) {
				break
			}
		}
		if last {
			t.Fatal("Decode came to a halt at the end of the payload")
		}
	}
}

// unhex decodes hex with spaces, in which 00*3 stands for three times 00.
func unhex(s string) []byte {
	var all []byte
	for _, f := range strings.Fields(s) {
		octet, times, _ := strings.Cut(f, "*")
		b, err := hex.DecodeString(octet)
		if err != nil {
			panic(err)
		}
		n, _ := strconv.Atoi(times)
		all = append(all, bytes.Repeat(b, max(n, 1))...)
	}
	return all
}

// A message is one payload of a connection and what is in it.
type message struct {
	payload string // hex
	want    string
	err     *CorruptError
}

// A decoderTest is what a connection receives, with context takeover.
type decoderTest struct {
	name     string
	messages []message
}

// rfcTests are the examples of RFC 7692, section 7.2.3, and what follows from its text.
var rfcTests = []decoderTest{
	{"one block: 7692-7.2.3.1-01, 7692-7.2.2-01", []message{{"f2 48 cd c9 c9 07 00", "Hello", nil}}},
	{"sharing the window: 7692-7.2.3.2-01, 7692-7.2.2-02, 7692-7.2.2-03", []message{
		{"f2 48 cd c9 c9 07 00", "Hello", nil},
		{"f2 00 11 00 00", "Hello", nil},
		{"f2 00 11 00 00", "Hello", nil},
	}},
	{"no compression: 7692-7.2.3.3-01", []message{{"00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello", nil}}},
	{"BFINAL: 7692-7.2.3.4-01, 7692-7.2.1-02, 7692-7.2.1-04", []message{
		{"f3 48 cd c9 c9 07 00 00", "Hello", nil},
		{"f2 00 11 00 00", "Hello", nil},
	}},
	{"more blocks after BFINAL: 7692-7.2.3.4-01, 7692-7.2.1-03", []message{
		{"01 02 00 fd ff 48 65 ca c9 c9 07 00", "Hello", nil},
	}},
	{"blocks after BFINAL start after the padding: 7692-7.2.1-04", []message{
		{"f3 48 05 00 00 ca c9 c9 07 00", "He", ErrStoredLength}, // one 00 more is a block's header
		{"f3 48 05 00 ca c9 c9 07 00", "Hello", nil},
	}},
	{"BFINAL without an empty block behind it is cut off", []message{{"f3 48 cd c9 c9 07 00", "Hello", ErrTruncated}}},
	{"two blocks: 7692-7.2.3.5-01, 7692-7.2.1-03", []message{
		{"f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello", nil},
	}},
	{"an empty block whose end is the end of what is read ahead", []message{
		{"4a 04 00 00 00 ff ff 4a 04 00 00 00 ff ff 4a 02 00", "aab", nil},
	}},
	{"an empty message: 7692-7.2.3.6-02", []message{{"00", "", nil}, {"f2 48 cd c9 c9 07 00", "Hello", nil}, {"00", "", nil}, {"f2 00 11 00 00", "Hello", nil}}},
	{"a payload of nothing: 7692-7.2.3.6-03", []message{{"", "", ErrTruncated}}},
	// The tail is decoded like what is missing.
	{"cut inside a block: 7692-7.2.2-09", []message{{"f2 48 cd c9 c9", "Hellh", ErrTruncated}, {"f2 48 cd c9", "Helh", ErrTruncated}}},
	{"corrupt: 7692-7.2.2-08", []message{{"ff ff", "", ErrBlockType}}},
	{"the tail as data: 7692-7.2.2-09", []message{{"00 04 00 fb ff", "\x00\x00\xff\xff", ErrTruncated}}},
}

// Requirements: 7692-6-03, 7692-7.2.3.1-01, 7692-7.2.3.2-01, 7692-7.2.3.3-01, 7692-7.2.3.4-01,
// 7692-7.2.3.5-01, 7692-7.2.3.6-02, 7692-7.2.2-08, 7692-7.2.2-09
func TestDecoder(t *testing.T) {
	d := new(Decoder)
	for _, tt := range slices.Concat(rfcTests, malformedTests) {
		for _, c := range cuttings() {
			w := NewDecoderWindow(15)
			for i, m := range tt.messages {
				got, err := decode(t, d, w, true, unhex(m.payload), c)
				if string(got) != m.want || !isError(err, m.err) {
					t.Fatalf("%s: message %d, cut %v: %q, %v; want %q, %v", tt.name, i, c, got, err, m.want, m.err)
				}
			}
		}
	}
}

// isError reports whether err is want, of which nil is none.
func isError(err error, want *CorruptError) bool {
	if want == nil {
		return err == nil
	}
	return err == error(want)
}

// The reference agrees with the tables.
func TestReference(t *testing.T) {
	for _, tt := range slices.Concat(rfcTests, malformedTests) {
		before := []byte{}
		for i, m := range tt.messages {
			got, err := reference(unhex(m.payload), before, 15)
			before = append(before, got...)
			if string(got) != m.want || !isError(err, m.err) {
				t.Errorf("%s: message %d: %q, %v; want %q, %v", tt.name, i, got, err, m.want, m.err)
			}
		}
	}
}

// Without takeover, nothing goes over to a message or from it, and no window is needed: 7692-7.2.2-04.
func TestDecoderNoTakeover(t *testing.T) {
	d, w := new(Decoder), NewDecoderWindow(15)
	for _, c := range cuttings() {
		for _, m := range []struct {
			takeover bool
			payload  string
			err      *CorruptError
		}{
			{true, "f2 48 cd c9 c9 07 00", nil},
			{false, "f2 00 11 00 00", ErrTooFar},
			{true, "f2 48 cd c9 c9 07 00", nil},
			{false, "f2 48 cd c9 c9 07 00", nil},
			{true, "f2 00 11 00 00", ErrTooFar},
		} {
			if _, err := decode(t, d, w, m.takeover, unhex(m.payload), c); !isError(err, m.err) {
				t.Fatalf("cut %v: takeover = %v, payload %s: %v, want %v", c, m.takeover, m.payload, err, m.err)
			}
		}
		w.Reset()
	}
	w = NewDecoderWindow(15)
	if got, err := decode(t, d, w, false, unhex("f2 48 cd c9 c9 07 00"), whole); string(got) != "Hello" || err != nil || w.buf != nil {
		t.Errorf("%q, %v, and a window of %d bytes", got, err, len(w.buf))
	}
}

// After an error, there is no more until the next message.
func TestDecoderStaysFailed(t *testing.T) {
	d, w := new(Decoder), NewDecoderWindow(15)
	d.Begin(w, true)
	for range 2 {
		nd, ns, done, err := d.Decode(make([]byte, 10), unhex("07 f2 48 cd c9 c9 07 00"), true)
		if nd != 0 || done || err != error(ErrBlockType) {
			t.Errorf("Decode = %d, %d, %v, %v; want %v", nd, ns, done, err, ErrBlockType)
		}
	}
	if got, err := decode(t, d, w, true, unhex("f2 48 cd c9 c9 07 00"), whole); string(got) != "Hello" || err != nil {
		t.Errorf("next message: %q, %v", got, err)
	}
	var corrupt *CorruptError
	if !errors.As(error(ErrBlockType), &corrupt) || corrupt.Error() != "deflate: reserved block type" {
		t.Errorf("error %v", corrupt)
	}
}

// After the message, there is nothing until the next one.
func TestDecoderStaysDone(t *testing.T) {
	d, w := new(Decoder), NewDecoderWindow(15)
	decode(t, d, w, true, unhex("f2 48 cd c9 c9 07 00"), whole)
	if nd, ns, done, err := d.Decode(make([]byte, 10), []byte("more"), true); nd != 0 || ns != 0 || !done || err != nil {
		t.Errorf("Decode = %d, %d, %v, %v", nd, ns, done, err)
	}
}

// A message is complete when its last byte has been written, even if dst is full then.
// What is not wanted is not decoded: a bomb stops where dst does.
func TestDecoderStopsAtDst(t *testing.T) {
	bomb := stdPayload(make([]byte, 1<<20), 9)
	d, w := new(Decoder), NewDecoderWindow(15)
	for _, room := range []int{0, 1, 100, 1<<20 - 1, 1 << 20} {
		d.Begin(w, false)
		nd, ns, done, err := d.Decode(make([]byte, room), bomb, true)
		if nd != room || done != (room == 1<<20) || err != nil {
			t.Errorf("Decode to %d bytes = %d, %d of %d, %v, %v", room, nd, ns, len(bomb), done, err)
		}
	}
}

// stdWriters are by level, from -2. Making one for each message takes long.
var stdWriters [12]*flate.Writer

// stdPayload is a message as compress/flate compresses it.
func stdPayload(message []byte, level int) []byte {
	var b bytes.Buffer
	if stdWriters[level+2] == nil {
		stdWriters[level+2], _ = flate.NewWriter(nil, level)
	}
	z := stdWriters[level+2]
	z.Reset(&b)
	z.Write(message)
	z.Flush()
	return b.Bytes()[:b.Len()-len(tail)]
}

// forStd calls f with messages of every corpus and their payloads as compress/flate makes them.
func forStd(sizes []int, f func(name string, messages, payloads [][]byte)) {
	for _, c := range corpus.All() {
		for _, size := range sizes {
			messages := c.Messages(1, 3, size)
			for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
				var payloads [][]byte
				var b bytes.Buffer
				stdPayload(nil, level)
				z := stdWriters[level+2]
				z.Reset(&b)
				for _, m := range messages {
					b.Reset()
					z.Write(m)
					z.Flush()
					payloads = append(payloads, bytes.Clone(b.Bytes()[:b.Len()-len(tail)]))
				}
				f(fmt.Sprintf("%s of %d bytes, level %d", c.Name, size, level), messages, payloads)
			}
		}
	}
}

// What compress/flate compresses at any level comes out again, with takeover, however it is cut.
func TestDecoderStd(t *testing.T) {
	d := new(Decoder)
	forStd([]int{1, 64, 1024, 20000, 90000}, func(name string, messages, payloads [][]byte) {
		cuts := []cutting{whole, {[]int{1000}, []int{512}}, {[]int{1 << 20}, []int{4096}}, {[]int{7}, []int{1 << 12}}}
		if len(messages[0]) <= 64 {
			cuts = cuttings()
		}
		for _, c := range cuts {
			w := NewDecoderWindow(15)
			for i, p := range payloads {
				got, err := decode(t, d, w, true, p, c)
				if err != nil || !bytes.Equal(got, messages[i]) {
					t.Fatalf("%s: message %d, cut %v: %d bytes, %v", name, i, c, len(got), err)
				}
			}
		}
	})
}

// Blocks follow each other in any order: those with fixed codes and stored ones, and those of compress/flate.
func TestDecoderBlocks(t *testing.T) {
	d, r := new(Decoder), rand.New(rand.NewPCG(1, 2))
	data := corpus.All()[0].Messages(1, 1, 1<<16)[0]
	for range 300 {
		var want []byte
		w := new(refWriter)
		for range 1 + r.IntN(12) {
			at, size := r.IntN(1<<15), r.IntN(1<<r.IntN(10))
			b := data[at : at+size]
			want = append(want, b...)
			switch r.IntN(3) {
			case 0:
				w.fixed(part{literals: string(b)})
			case 1:
				w.stored(b)
			default:
				w.stored(nil)
				w.out = append(append(w.out, stdPayload(b, r.IntN(4)-1)...), tail...)
				w.n = 8 * len(w.out)
			}
		}
		payload := w.end()
		for _, c := range []cutting{whole, {[]int{50}, []int{1 << 10}}, {[]int{1 << 20}, []int{40}}} {
			if got, err := decode(t, d, NewDecoderWindow(15), true, payload, c); !bytes.Equal(got, want) || err != nil {
				t.Fatalf("payload %x, cut %v: %q, %v; want %q", payload, c, got, err, want)
			}
		}
	}
}

// A proper prefix of a payload is a message that is cut off: 7692-7.2.2-09. With the tail behind it, one
// may be a message all the same: if it ends before the length of a stored block, the tail is that.
func TestDecoderPrefixes(t *testing.T) {
	d, w := new(Decoder), NewDecoderWindow(15)
	forStd([]int{1, 64, 1500}, func(name string, messages, payloads [][]byte) {
		p := payloads[0]
		complete := 0
		for n := range p {
			got, err := decode(t, d, w, false, p[:n], whole)
			if err != nil && err != error(ErrTruncated) {
				t.Fatalf("%s: %d of %d bytes: %q, %v; want %v", name, n, len(p), got, err, ErrTruncated)
			}
			if again, _ := decode(t, d, w, false, p[:n], cutting{[]int{1 << 20}, []int{10}}); !bytes.Equal(got, again) {
				t.Fatalf("%s: %d of %d bytes: %q; by 10 bytes: %q", name, n, len(p), got, again)
			}
			if err == nil {
				complete++
			}
		}
		if complete > 1 || complete > 0 && p[0]>>1&3 != 0 {
			t.Errorf("%s: %d prefixes are messages", name, complete)
		}
	})
}

// Decoding allocates nothing, once the window has grown.
func TestDecoderAllocates(t *testing.T) {
	d, w, dst := new(Decoder), NewDecoderWindow(15), make([]byte, 4096)
	p := stdPayload([]byte(strings.Repeat("some text, ", 300)), 6)
	message := func() {
		d.Begin(w, true)
		for done := false; !done; {
			_, n, end, err := d.Decode(dst, p, true)
			if err != nil || n == 0 && !end {
				t.Fatal(err)
			}
			done = end
		}
	}
	for range 20 {
		message()
	}
	if n := testing.AllocsPerRun(100, message); n != 0 {
		t.Errorf("%v allocations for a message", n)
	}
	bad := func() {
		d.Begin(w, true)
		if _, _, _, err := d.Decode(dst, p[:10], true); err == nil {
			t.Error("no error")
		}
	}
	if n := testing.AllocsPerRun(100, bad); n != 0 {
		t.Errorf("%v allocations for an error", n)
	}
}
