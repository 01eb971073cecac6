package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ws6455/ws/frame"
)

// The first byte of a frame: opcode, FIN and RSV1.
const (
	cont   = byte(frame.Continuation)
	text   = byte(frame.Text)
	binary = byte(frame.Binary)
	closes = byte(frame.Close)
	ping   = byte(frame.Ping)
	pong   = byte(frame.Pong)

	fin  = 0x80
	rsv1 = 0x40
)

var bothSides = []frame.Side{frame.Server, frame.Client}

// An f is a frame as the peer sends it.
type f struct {
	first     byte // FIN, RSV1-3, opcode
	payload   string
	length    int64 // what the header says, if that is more than there is
	misMasked bool  // masked if it must not be, unmasked if it must
}

// header returns the header of f on its way to side.
func (f f) header(side frame.Side, key [4]byte) frame.Header {
	h := frame.Header{
		Fin:    f.first&fin != 0,
		RSV:    f.first >> 4 & 0x7,
		Opcode: frame.Opcode(f.first & 0xF),
		Masked: (side == frame.Server) != f.misMasked,
		Length: max(f.length, int64(len(f.payload))),
	}
	if h.Masked {
		h.Key = key
	}
	return h
}

// append appends the bytes of f on its way to side.
func (f f) append(b []byte, side frame.Side, key [4]byte) []byte {
	h := f.header(side, key)
	b = h.Append(b)
	n := len(b)
	b = append(b, f.payload...)
	frame.Mask(b[n:], h.Key)
	return b
}

// testKey returns the masking key of the i-th frame of a test.
func testKey(i int) [4]byte {
	return [4]byte{0x37 + byte(i), 0xfa, 0x21 ^ byte(i), 0x3d}
}

// A place is where in a frame that breaks a rule the Receiver says so.
type place int

const (
	twoBytes    = place(iota) // as soon as FIN, RSV, opcode, MASK and the 7-bit length are there
	wholeHeader               // when the header is complete
	wholeFrame                // when the frame is complete
)

// A receiverTest is what a Receiver makes of frames.
type receiverTest struct {
	name  string
	r     Receiver // its options; the side is added
	in    []f      // if err is not "", the last one breaks a rule
	want  []string
	err   string
	at    place        // of the error
	sides []frame.Side // both if nil
}

// wire returns the bytes of the test's frames on their way to side.
// They are good up to verdict, where the Receiver has seen enough of the last frame, which begins at last.
func (tt receiverTest) wire(side frame.Side) (b []byte, last, verdict int) {
	for i, f := range tt.in {
		last = len(b)
		b = f.append(b, side, testKey(i))
		switch tt.at {
		case twoBytes:
			verdict = last + 2
		case wholeHeader:
			verdict = last + f.header(side, testKey(i)).Size()
		case wholeFrame:
			verdict = len(b)
		}
	}
	return b, last, verdict
}

// A result is what came out of a Receiver.
type result struct {
	events   string // one a line, pieces of a message joined
	err      string
	consumed int // bytes
	fed      int // bytes given to the Receiver before it returned an error
}

// receive feeds wire to r in pieces that end at the offsets cut, which ascend.
func receive(t testing.TB, r *Receiver, wire []byte, cut ...int) (res result) {
	var events []Event
	var buf []byte
	for i := 0; i <= len(cut); i++ {
		to := len(wire)
		if i < len(cut) {
			to = cut[i]
		}
		buf = append(buf, wire[res.fed:to]...)
		res.fed = to
		for {
			ev, n, err := next(t, r, buf)
			if err != nil {
				res.events, res.err = describe(events), verdict(err)
				return res
			}
			if n == 0 {
				break
			}
			events = join(events, ev)
			buf = buf[n:]
			res.consumed += n
		}
	}
	res.events = describe(events)
	return res
}

// next calls r.Next, and holds it to what goes for every call.
func next(t testing.TB, r *Receiver, b []byte) (Event, int, error) {
	// Nothing behind a whole control frame could be changed.
	before := string(b[:min(len(b), frame.MaxHeaderSize+frame.MaxControlPayload)])
	state := *r
	ev, n, err := r.Next(b)
	if cap(ev.Data) != len(ev.Data) {
		t.Fatalf("Next(%x): what is appended to the event's %d bytes overwrites what follows them", before, len(ev.Data))
	}
	if n > 0 && err == nil {
		return ev, n, nil
	}
	if n != 0 || len(ev.Data) != 0 || ev.Fin {
		t.Fatalf("Next(%x) = %+v, %d, %v; want nothing consumed", before, ev, n, err)
	}
	if *r != state {
		t.Fatalf("Next(%x) consumes nothing, but the state is no longer %+v but %+v", before, state, *r)
	}
	if after := b[:len(before)]; string(after) != before {
		t.Fatalf("Next(%x) consumes nothing, but the bytes are now %x", before, after)
	}
	if _, n, again := r.Next(b); n != 0 || verdict(again) != verdict(err) {
		t.Fatalf("Next(%x) = %v; the second time %d, %v", before, err, n, again)
	}
	return ev, n, err
}

// join adds ev to events: to the last one if both are pieces of one message.
func join(events []Event, ev Event) []Event {
	ev.Data = bytes.Clone(ev.Data)
	if n := len(events); n > 0 && !ev.Opcode.IsControl() {
		last := &events[n-1]
		if last.Opcode == ev.Opcode && last.Compressed == ev.Compressed && !last.Fin {
			last.Data, last.Fin = append(last.Data, ev.Data...), ev.Fin
			return events
		}
	}
	return append(events, ev)
}

// describe returns a line such as `text "ab" fin` for each event.
func describe(events []Event) string {
	var b strings.Builder
	for _, ev := range events {
		b.WriteString(ev.Opcode.String())
		if ev.Compressed {
			b.WriteString(" compressed")
		}
		fmt.Fprintf(&b, " %q", ev.Data)
		if ev.Fin {
			b.WriteString(" fin")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// verdict returns what err tells, such as "1002 reserved bit set" or "MaxMessage: 5 of 4".
func verdict(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return fmt.Sprintf("%d %s", e.Code, e.Rule)
	}
	if e, ok := errors.AsType[*LimitError](err); ok {
		return fmt.Sprintf("%s: %d of %d", map[Limit]string{MaxMessage: "MaxMessage", MaxFragments: "MaxFragments"}[e.Limit], e.Got, e.Most)
	}
	if err != nil {
		return fmt.Sprintf("%T %v", err, err)
	}
	return ""
}

// runReceiver runs each test at both ends of a connection.
func runReceiver(t *testing.T, tests []receiverTest) {
	for _, tt := range tests {
		sides := tt.sides
		if sides == nil {
			sides = bothSides
		}
		for _, side := range sides {
			t.Run(tt.name+" at a "+side.String(), func(t *testing.T) { tt.run(t, side) })
		}
	}
}

// run feeds the test's bytes in one piece, and cut in all ways that might make a difference.
func (tt receiverTest) run(t *testing.T, side frame.Side) {
	wire, last, verdict := tt.wire(side)
	want := result{err: tt.err, consumed: len(wire)}
	if tt.err != "" {
		want.consumed = last
	}
	for _, line := range tt.want {
		want.events += line + "\n"
	}
	check := func(wire []byte, cut ...int) (fed int) {
		r := tt.r
		r.Side = side
		got := receive(t, &r, wire, cut...)
		fed, got.fed = got.fed, 0
		if got != want {
			t.Fatalf("%x cut at %d:\n got %+v\nwant %+v", wire[:min(len(wire), 200)], cut[:min(len(cut), 9)], got, want)
		}
		return fed
	}
	check(wire)
	if fed := check(wire, offsets(len(wire))...); tt.err != "" && fed != verdict {
		t.Errorf("the error came after %d bytes of the last frame, want %d", fed-last, verdict-last)
	}
	if tt.err != "" {
		// What follows makes no difference.
		check(f{fin | ping, "x", 0, false}.append(wire, side, testKey(0)))
	}
	// Nor does it where the network cuts the bytes.
	if len(wire) > 64 {
		for _, i := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 64, len(wire) - 1} {
			check(wire, i)
		}
		return
	}
	for i := range wire {
		for j := i; j < len(wire); j++ {
			check(wire, i, j)
		}
	}
}

// offsets returns the numbers from 1 to n-1, in order.
func offsets(n int) (all []int) {
	for i := 1; i < n; i++ {
		all = append(all, i)
	}
	return all
}

// messageTests are frames that break no rule.
var messageTests = []receiverTest{
	{name: "nothing"},
	{name: "a text message", in: []f{{first: fin | text, payload: "Hello"}}, want: []string{`text "Hello" fin`}},
	{name: "an empty message", in: []f{{first: fin | text}}, want: []string{`text "" fin`}},
	{name: "bytes of a binary message are left alone",
		in:   []f{{first: fin | binary, payload: "\xff\x00\xc0"}},
		want: []string{`binary "\xff\x00\xc0" fin`}},
	{name: "the beginning of a frame",
		in:   []f{{first: fin | text, payload: "ab", length: 3}},
		want: []string{`text "ab"`}},
	{name: "a header alone", in: []f{{first: fin | binary, length: 70000}}, want: []string{`binary ""`}},
	{name: "the beginning of a message", in: []f{{first: text, payload: "ab"}}, want: []string{`text "ab"`}},

	{name: "two fragments",
		in:   []f{{first: text, payload: "ab"}, {first: fin | cont, payload: "cde"}},
		want: []string{`text "abcde" fin`}},
	{name: "one byte in each fragment",
		in: []f{{first: binary, payload: "a"}, {first: cont, payload: "b"}, {first: cont, payload: "c"},
			{first: cont, payload: "d"}, {first: fin | cont, payload: "e"}},
		want: []string{`binary "abcde" fin`}},
	{name: "an empty first fragment",
		in:   []f{{first: text}, {first: fin | cont, payload: "abcde"}},
		want: []string{`text "abcde" fin`}},
	{name: "an empty fragment in the middle",
		in:   []f{{first: text, payload: "ab"}, {first: cont}, {first: fin | cont, payload: "cde"}},
		want: []string{`text "abcde" fin`}},
	{name: "an empty last fragment",
		in:   []f{{first: text, payload: "abcde"}, {first: fin | cont}},
		want: []string{`text "abcde" fin`}},
	{name: "nothing but empty fragments",
		in:   []f{{first: binary}, {first: cont}, {first: fin | cont}},
		want: []string{`binary "" fin`}},

	{name: "two messages of different types",
		in:   []f{{first: fin | text, payload: "a"}, {first: fin | binary, payload: "b"}},
		want: []string{`text "a" fin`, `binary "b" fin`}},
	{name: "two messages in fragments",
		in: []f{{first: binary, payload: "a"}, {first: fin | cont, payload: "b"},
			{first: text, payload: "c"}, {first: fin | cont, payload: "d"}},
		want: []string{`binary "ab" fin`, `text "cd" fin`}},
	{name: "frames of all kinds at once",
		in: []f{{first: fin | text, payload: "a"}, {first: fin | binary}, {first: fin | ping, payload: "b"},
			{first: fin | text, payload: "c"}, {first: fin | closes, payload: "\x03\xe8"}},
		want: []string{`text "a" fin`, `binary "" fin`, `ping "b" fin`, `text "c" fin`, `close "\x03\xe8" fin`}},

	{name: "a ping between fragments",
		in:   []f{{first: text, payload: "ab"}, {first: fin | ping, payload: "x"}, {first: fin | cont, payload: "cd"}},
		want: []string{`text "ab"`, `ping "x" fin`, `text "cd" fin`}},
	{name: "a ping behind an empty fragment",
		in:   []f{{first: text}, {first: fin | ping}, {first: fin | cont, payload: "cd"}},
		want: []string{`text ""`, `ping "" fin`, `text "cd" fin`}},
	{name: "control frames between many fragments",
		in: []f{{first: binary, payload: "a"}, {first: fin | pong}, {first: fin | ping}, {first: cont, payload: "b"},
			{first: fin | pong, payload: "x"}, {first: fin | cont, payload: "c"}},
		want: []string{`binary "a"`, `pong "" fin`, `ping "" fin`, `binary "b"`, `pong "x" fin`, `binary "c" fin`}},
	{name: "a close frame inside a message",
		in:   []f{{first: text, payload: "ab"}, {first: fin | closes}},
		want: []string{`text "ab"`, `close "" fin`}},
	{name: "a pong that nobody asked for", in: []f{{first: fin | pong, payload: "\xff"}}, want: []string{`pong "\xff" fin`}},
	{name: "the longest ping",
		in:   []f{{first: fin | ping, payload: strings.Repeat("p", 125)}},
		want: []string{fmt.Sprintf("ping %q fin", strings.Repeat("p", 125))}},

	{name: "126 bytes",
		in:   []f{{first: fin | text, payload: strings.Repeat("p", 126)}, {first: fin | ping}},
		want: []string{fmt.Sprintf("text %q fin", strings.Repeat("p", 126)), `ping "" fin`}},
	{name: "65536 bytes",
		in:   []f{{first: fin | text, payload: strings.Repeat("0123456", 10000)[:65536]}, {first: fin | ping}},
		want: []string{fmt.Sprintf("text %q fin", strings.Repeat("0123456", 10000)[:65536]), `ping "" fin`}},

	{name: "a compressed message", r: Receiver{Compression: true},
		in:   []f{{first: fin | rsv1 | text, payload: "ab"}},
		want: []string{`text compressed "ab" fin`}},
	{name: "a compressed message of no bytes", r: Receiver{Compression: true},
		in:   []f{{first: fin | rsv1 | binary}},
		want: []string{`binary compressed "" fin`}},
	{name: "a message that is not compressed although it might be", r: Receiver{Compression: true},
		in:   []f{{first: text, payload: "ab"}, {first: fin | cont, payload: "c"}},
		want: []string{`text "abc" fin`}},
	{name: "a compressed message in fragments, and one that is not", r: Receiver{Compression: true},
		in: []f{{first: rsv1 | text, payload: "ab"}, {first: fin | ping, payload: "x"}, {first: cont, payload: "c"},
			{first: fin | cont, payload: "d"}, {first: fin | text, payload: "e"}},
		want: []string{`text compressed "ab"`, `ping "x" fin`, `text compressed "cd" fin`, `text "e" fin`}},
}

// What is allowed comes out as it was meant, however the network cuts it.
//
// Requirements: 6455-5.2-11, 6455-5.2-15, 6455-5.2-16, 6455-5.3-05, 6455-5.4-05, 6455-5.4-08, 6455-5.4-11,
// 6455-5.4-12, 6455-5.4-17, 6455-5.6-03, 6455-6.2-01, 6455-6.2-03, 6455-6.2-04, 6455-6.2-05, 6455-6.2-06
func TestReceiverMessages(t *testing.T) {
	runReceiver(t, messageTests)
}

// A message may have any number of fragments, and they may be empty.
//
// Requirements: 6455-5.4-11
func TestReceiverManyFragments(t *testing.T) {
	in := slices.Repeat([]f{{first: cont}}, 5000)
	in[0].first = text
	in = append(in, f{first: fin | cont, payload: "end"}, f{first: fin | binary})
	receiverTest{in: in, want: []string{`text "end" fin`, `binary "" fin`}}.run(t, frame.Server)
}

// A payload of any size, cut anywhere, is unmasked octet by octet as the RFC says,
// where it lies.
//
// Requirements: 6455-5.3-05, 6455-6.2-06
func TestReceiverUnmasks(t *testing.T) {
	key := testKey(7)
	for size := 1; size < 130; size++ {
		plain := strings.Repeat("0123456789", 13)[:size]
		wire := frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Key: key, Length: int64(size)}.Append(nil)
		header := len(wire)
		for i := range plain {
			wire = append(wire, plain[i]^key[i%4])
		}
		for cut := header; cut < len(wire); cut++ {
			b := bytes.Clone(wire)
			r := Receiver{Side: frame.Server}
			first, n, err := next(t, &r, b[:cut])
			if n != cut || err != nil {
				t.Fatalf("%d bytes: Next = %d, %v; want %d", size, n, err, cut)
			}
			second, _, err := next(t, &r, b[cut:])
			if got := string(b[header:]); got != plain || err != nil {
				t.Fatalf("%d bytes cut at %d became %q, %v", size, cut-header, got, err)
			}
			if len(first.Data) > 0 && &first.Data[0] != &b[header] || &second.Data[0] != &b[cut] {
				t.Fatalf("%d bytes cut at %d: the events do not alias the input", size, cut-header)
			}
		}
	}
}

// The example of a masked frame in RFC 6455, section 5.7.
//
// Requirements: 6455-5.3-05
func TestReceiverSample(t *testing.T) {
	wire := "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
	got := receive(t, &Receiver{Side: frame.Server}, []byte(wire))
	if got.events != "text \"Hello\" fin\n" || got.err != "" {
		t.Errorf("received %+v", got)
	}
}

// Left and Open tell at each step what has come and what is to come.
// Payload may be given to Next from anywhere.
func TestReceiverSteps(t *testing.T) {
	r := Receiver{Side: frame.Client}
	steps := []struct {
		name  string
		feed  string
		event string
		n     int
		left  int64
		open  bool
	}{
		{"half a header is not enough", "\x01", "", 0, 0, false},
		{"a header begins a message", "\x01\x05", `text ""`, 2, 5, true},
		{"nothing changes nothing", "", "", 0, 5, true},
		{"payload alone", "ab", `text "ab"`, 2, 3, true},
		{"the end of the frame is not that of the message", "cdeXY", `text "cde"`, 3, 0, true},
		{"half a ping is not enough", "\x89\x02x", "", 0, 0, true},
		{"a ping leaves the message open", "\x89\x02xy", `ping "xy" fin`, 4, 0, true},
		{"an empty fragment", "\x00\x00", `text ""`, 2, 0, true},
		{"the header of the last fragment", "\x80\x02", `text ""`, 2, 2, true},
		{"all but the last byte", "f", `text "f"`, 1, 1, true},
		{"the last byte ends the message", "g", `text "g" fin`, 1, 0, false},
		{"an empty message is over at once", "\x82\x00", `binary "" fin`, 2, 0, false},
		{"a header and some payload", "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00hi", `binary "hi"`, 12, 65534, true},
		{"the rest, and more", strings.Repeat("i", 65534) + "\x88\x00", "binary \"" + strings.Repeat("i", 65534) + "\" fin", 65534, 0, false},
		{"a close frame", "\x88\x00", `close "" fin`, 2, 0, false},
	}
	for _, s := range steps {
		ev, n, err := next(t, &r, []byte(s.feed))
		event := ""
		if n > 0 {
			event = strings.TrimSuffix(describe([]Event{ev}), "\n")
		}
		if event != s.event || n != s.n || err != nil {
			t.Fatalf("%s: Next = %.40s, %d, %v; want %.40s, %d", s.name, event, n, err, s.event, s.n)
		}
		if r.Left() != s.left || r.Open() != s.open {
			t.Fatalf("%s: Left = %d, Open = %v; want %d, %v", s.name, r.Left(), r.Open(), s.left, s.open)
		}
	}
}

// The errors say what is wrong, and how to fail the connection.
func TestErrors(t *testing.T) {
	if got, want := errNoMessage.Error(), errNoMessage.Rule; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
	if got, want := verdict(ErrUTF8), "1007 text message is not valid UTF-8"; got != want {
		t.Errorf("ErrUTF8 is %q, want %q", got, want)
	}
	limit := &LimitError{MaxFragments, math.MaxInt64, 7}
	if got, want := limit.Error(), "limit 1: 7 of at most 9223372036854775807"; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
}
