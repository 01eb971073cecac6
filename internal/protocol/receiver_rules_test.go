package protocol

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/ws6455/ws/frame"
)

// A situation is a message, or the lack of one, that a frame arrives in.
type situation struct {
	name string
	in   []f
	want []string
}

var (
	outside = situation{"", nil, nil}
	inside  = situation{" inside a message", []f{{first: text, payload: "a"}}, []string{`text "a"`}}
)

// then returns the test that frame bad gives err in situation s.
func (s situation) then(name string, bad f, err string) receiverTest {
	in := append(s.in[:len(s.in):len(s.in)], bad)
	return receiverTest{name: name + s.name, in: in, want: s.want, err: err}
}

// around returns the situations in which a frame that begins with first may come.
func around(first byte) []situation {
	switch op := frame.Opcode(first & 0xF); {
	case op.IsControl():
		return []situation{outside, inside}
	case op == frame.Continuation:
		return []situation{inside}
	default:
		return []situation{outside}
	}
}

// reservedBitTests are frames that would be good without their reserved bits.
func reservedBitTests() (tests []receiverTest) {
	firsts := []byte{text, fin | text, binary, fin | binary, cont, fin | cont, fin | closes, fin | ping, fin | pong}
	for _, first := range firsts {
		for rsv := byte(1); rsv < 8; rsv++ {
			for _, compression := range []bool{false, true} {
				if compression && rsv == frame.RSV1 && (first&0xF == text || first&0xF == binary) {
					continue // allowed
				}
				for _, s := range around(first) {
					name := fmt.Sprintf("RSV %03b on %02x, compression %v,", rsv, first, compression)
					tt := s.then(name, f{first: first | rsv<<4}, "1002 reserved bit set")
					tt.r.Compression = compression
					tests = append(tests, tt)
				}
			}
		}
	}
	return tests
}

// Requirements: 6455-5.2-03, 6455-9.1-06, 6455-11.9-01
func TestReceiverReservedBits(t *testing.T) {
	runReceiver(t, reservedBitTests())
}

// reservedOpcodeTests are frames of kinds that do not exist.
func reservedOpcodeTests() (tests []receiverTest) {
	for _, opcode := range []byte{3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		for _, first := range []byte{opcode, fin | opcode} {
			for _, payload := range []string{"", "x", strings.Repeat("x", 126)} {
				for _, s := range []situation{outside, inside} {
					name := fmt.Sprintf("%02x with %d bytes", first, len(payload))
					tests = append(tests, s.then(name, f{first: first, payload: payload}, "1002 reserved opcode"))
				}
			}
		}
	}
	return tests
}

// Requirements: 6455-5.2-04, 6455-11.8-01
func TestReceiverReservedOpcodes(t *testing.T) {
	runReceiver(t, reservedOpcodeTests())
}

// maskingTests are frames that are masked by a server, or not by a client.
func maskingTests() (tests []receiverTest) {
	for _, side := range bothSides {
		err := "1002 unmasked frame from a client"
		if side == frame.Client {
			err = "1002 masked frame from a server"
		}
		for _, first := range []byte{text, fin | text, binary, cont, fin | cont, fin | closes, fin | ping, fin | pong} {
			for _, payload := range []string{"", "\x03\xe8"} {
				for _, s := range around(first) {
					name := fmt.Sprintf("%02x with %d bytes", first, len(payload))
					tt := s.then(name, f{first: first, payload: payload, misMasked: true}, err)
					tt.sides = []frame.Side{side}
					tests = append(tests, tt)
				}
			}
		}
	}
	return tests
}

// Requirements: 6455-5.1-02, 6455-5.1-04
func TestReceiverMasking(t *testing.T) {
	runReceiver(t, maskingTests())
}

// A key that changes nothing is a key.
//
// Requirements: 6455-5.1-04
func TestReceiverZeroKey(t *testing.T) {
	wire := []byte("\x81\x82\x00\x00\x00\x00ab")
	if got := receive(t, &Receiver{Side: frame.Server}, wire); got.events != "text \"ab\" fin\n" || got.err != "" {
		t.Errorf("a server received %+v", got)
	}
	if got := receive(t, &Receiver{Side: frame.Client}, wire); got.err != "1002 masked frame from a server" {
		t.Errorf("a client received %+v", got)
	}
}

// controlTests are control frames that are too long or in fragments.
func controlTests() (tests []receiverTest) {
	for _, opcode := range []byte{closes, ping, pong} {
		for _, s := range []situation{outside, inside} {
			for _, bad := range []f{{first: fin | opcode, payload: strings.Repeat("x", 126)}, {first: fin | opcode, length: 65536}, {first: fin | opcode, length: math.MaxInt64}} {
				name := fmt.Sprintf("%02x of %d bytes", bad.first, max(bad.length, 126))
				tests = append(tests, s.then(name, bad, "1002 control frame of more than 125 bytes"))
			}
			for _, payload := range []string{"", "\x03\xe8", strings.Repeat("x", 125)} {
				name := fmt.Sprintf("%02x of %d bytes", opcode, len(payload))
				tests = append(tests, s.then(name, f{first: opcode, payload: payload}, "1002 fragmented control frame"))
			}
		}
	}
	return tests
}

// Requirements: 6455-5.5-02, 6455-5.5-03
func TestReceiverControl(t *testing.T) {
	runReceiver(t, controlTests())
}

// orderTests are frames that are good on their own, where they may not stand.
func orderTests() (tests []receiverTest) {
	noMessage := []situation{
		{" first of all", nil, nil},
		{" after a ping", []f{{first: fin | ping}}, []string{`ping "" fin`}},
		{" after a message", []f{{first: fin | text, payload: "a"}}, []string{`text "a" fin`}},
		{" after an empty message", []f{{first: fin | binary}}, []string{`binary "" fin`}},
		{" after a message in fragments", []f{{first: binary, payload: "a"}, {first: fin | cont, payload: "b"}}, []string{`binary "ab" fin`}},
	}
	message := []situation{
		inside,
		{" inside a binary message", []f{{first: binary}}, []string{`binary ""`}},
		{" after some fragments", []f{{first: text, payload: "a"}, {first: cont}, {first: cont, payload: "b"}}, []string{`text "ab"`}},
		{" inside a message, after a ping", []f{{first: text, payload: "a"}, {first: fin | ping}}, []string{`text "a"`, `ping "" fin`}},
	}
	for _, payload := range []string{"", "x"} {
		for _, end := range []byte{0, fin} {
			for _, s := range noMessage {
				name := fmt.Sprintf("continuation %02x with %q", end|cont, payload)
				tests = append(tests, s.then(name, f{first: end | cont, payload: payload}, "1002 continuation frame outside a message"))
			}
			for _, s := range message {
				for _, opcode := range []byte{text, binary} {
					name := fmt.Sprintf("new message %02x with %q", end|opcode, payload)
					tests = append(tests, s.then(name, f{first: end | opcode, payload: payload}, "1002 new message inside a fragmented one"))
				}
			}
		}
	}
	return tests
}

// Requirements: 6455-5.4-03, 6455-5.4-04
func TestReceiverOrder(t *testing.T) {
	runReceiver(t, orderTests())
}

// afterCloseTests are frames of every kind after a close frame.
func afterCloseTests() (tests []receiverTest) {
	closed := []situation{
		{"", []f{{first: fin | closes}}, []string{`close "" fin`}},
		{" inside a message", []f{{first: text, payload: "a"}, {first: fin | closes, payload: "\x03\xe8"}}, []string{`text "a"`, `close "\x03\xe8" fin`}},
	}
	for _, s := range closed {
		for first := range 0x100 {
			tests = append(tests, s.then(fmt.Sprintf("%02x", first), f{first: byte(first)}, "1002 frame after a close frame"))
		}
	}
	return tests
}

// Nothing is delivered that comes after a close frame.
//
// Requirements: 6455-5.5.1-16
func TestReceiverAfterClose(t *testing.T) {
	runReceiver(t, afterCloseTests())
}

// closePayloadTests are close frames, by what is in them.
func closePayloadTests() (tests []receiverTest) {
	for _, tt := range []struct{ name, payload, err string }{
		{"nothing", "", ""},
		{"half a code", "\x03", "1002 close payload of one byte"},
		{"1000", "\x03\xe8", ""},
		{"1001 and a reason", "\x03\xe9bye", ""},
		{"1002", "\x03\xea", ""},
		{"1003", "\x03\xeb", ""},
		{"1007", "\x03\xef", ""},
		{"1008", "\x03\xf0", ""},
		{"1009", "\x03\xf1", ""},
		{"1010", "\x03\xf2", ""},
		{"1011", "\x03\xf3", ""},
		{"1012", "\x03\xf4", ""},
		{"1013", "\x03\xf5", ""},
		{"1014", "\x03\xf6", ""},
		{"3000", "\x0b\xb8", ""},
		{"3999", "\x0f\x9f", ""},
		{"4000", "\x0f\xa0", ""},
		{"4999", "\x13\x87", ""},
		{"a reason of 123 bytes", "\x03\xe8" + strings.Repeat("é", 61) + "x", ""},

		{"0", "\x00\x00", "1002 invalid close code"},
		{"1", "\x00\x01", "1002 invalid close code"},
		{"999", "\x03\xe7", "1002 invalid close code"},
		{"1004", "\x03\xec", "1002 invalid close code"},
		{"1005", "\x03\xed", "1002 invalid close code"},
		{"1006", "\x03\xee", "1002 invalid close code"},
		{"1015", "\x03\xf7", "1002 invalid close code"},
		{"1016", "\x03\xf8", "1002 invalid close code"},
		{"1100", "\x04\x4c", "1002 invalid close code"},
		{"2000", "\x07\xd0", "1002 invalid close code"},
		{"2999", "\x0b\xb7", "1002 invalid close code"},
		{"5000", "\x13\x88", "1002 invalid close code"},
		{"65535", "\xff\xff", "1002 invalid close code"},
		{"a bad code and a bad reason", "\x03\xed\xff", "1002 invalid close code"},

		{"a reason that is not UTF-8", "\x03\xe8\xc3\x28", "1007 close reason is not valid UTF-8"},
		{"a reason that ends inside a character", "\x03\xe8bye\xe2\x82", "1007 close reason is not valid UTF-8"},
		{"a reason with a surrogate", "\x03\xe8\xed\xa0\x80", "1007 close reason is not valid UTF-8"},
	} {
		for _, s := range []situation{outside, inside} {
			row := s.then("close with "+tt.name, f{first: fin | closes, payload: tt.payload}, tt.err)
			row.at = wholeFrame
			if tt.err == "" {
				row.want = append(row.want[:len(row.want):len(row.want)], fmt.Sprintf("close %q fin", tt.payload))
			}
			tests = append(tests, row)
		}
	}
	return tests
}

// Requirements: 6455-5.5.1-02, 6455-5.5.1-03, 6455-5.5.1-04, 6455-7.4.1-02, 6455-7.4.1-03, 6455-7.4.1-04,
// 6455-7.4.1-05, 6455-7.4.1-10, 6455-7.4.2-01, 6455-7.4.2-02, 6455-7.4.2-03, 6455-7.4.2-04, 6455-7.4.2-05
func TestReceiverClosePayload(t *testing.T) {
	runReceiver(t, closePayloadTests())
}

// A length is judged when its last byte is there, without the key.
//
// Requirements: 6455-5.2-08, 6455-5.2-10
func TestReceiverLength(t *testing.T) {
	for _, tt := range []struct{ name, length, err string }{
		{"0 in 16 bits", "\x7e\x00\x00", "1002 payload length is not in its shortest form"},
		{"125 in 16 bits", "\x7e\x00\x7d", "1002 payload length is not in its shortest form"},
		{"125 in 64 bits", "\x7f\x00\x00\x00\x00\x00\x00\x00\x7d", "1002 payload length is not in its shortest form"},
		{"65535 in 64 bits", "\x7f\x00\x00\x00\x00\x00\x00\xff\xff", "1002 payload length is not in its shortest form"},
		{"the top bit alone", "\x7f\x80\x00\x00\x00\x00\x00\x00\x00", "1002 payload length has its top bit set"},
		{"all bits", "\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "1002 payload length has its top bit set"},
	} {
		for _, side := range bothSides {
			wire := []byte("\x82" + tt.length)
			if side == frame.Server {
				wire[1] |= 0x80
			}
			r := Receiver{Side: side, MaxMessage: 1}
			want := result{err: tt.err, fed: len(wire)}
			if got := receive(t, &r, wire, offsets(len(wire))...); got != want {
				t.Errorf("%s at a %v: received %+v, want %+v", tt.name, side, got, want)
			}
			r = Receiver{Side: side}
			if got := receive(t, &r, append(wire, "key and payload"...)); got.err != tt.err {
				t.Errorf("%s at a %v: received %+v, want %q", tt.name, side, got, tt.err)
			}
		}
	}
}

// limitTests are messages that meet a limit or pass it.
var limitTests = []receiverTest{
	{name: "as many bytes as allowed", r: Receiver{MaxMessage: 4},
		in:   []f{{first: fin | text, payload: "abcd"}},
		want: []string{`text "abcd" fin`}},
	{name: "one byte more than allowed", r: Receiver{MaxMessage: 4},
		in:  []f{{first: fin | text, payload: "abcde"}},
		err: "MaxMessage: 5 of 4", at: wholeHeader},
	{name: "as many bytes as allowed, in three fragments", r: Receiver{MaxMessage: 4},
		in:   []f{{first: binary, payload: "ab"}, {first: cont, payload: "c"}, {first: fin | cont, payload: "d"}},
		want: []string{`binary "abcd" fin`}},
	{name: "one byte more in the third fragment", r: Receiver{MaxMessage: 4},
		in:   []f{{first: binary, payload: "ab"}, {first: cont, payload: "c"}, {first: cont, payload: "de"}},
		want: []string{`binary "abc"`},
		err:  "MaxMessage: 5 of 4", at: wholeHeader},
	{name: "an empty fragment after as many bytes as allowed", r: Receiver{MaxMessage: 4},
		in:   []f{{first: binary, payload: "abcd"}, {first: cont}, {first: fin | cont}},
		want: []string{`binary "abcd" fin`}},
	{name: "one message after the other", r: Receiver{MaxMessage: 4},
		in:   []f{{first: fin | text, payload: "abc"}, {first: fin | text, payload: "def"}, {first: fin | text, payload: "ghij"}},
		want: []string{`text "abc" fin`, `text "def" fin`, `text "ghij" fin`}},
	{name: "one message in fragments after the other", r: Receiver{MaxMessage: 4},
		in: []f{{first: text, payload: "abc"}, {first: fin | cont, payload: "d"},
			{first: text, payload: "e"}, {first: fin | cont, payload: "fgh"}},
		want: []string{`text "abcd" fin`, `text "efgh" fin`}},
	{name: "a later message of more than allowed", r: Receiver{MaxMessage: 4},
		in:   []f{{first: fin | text, payload: "abc"}, {first: fin | text, payload: "defgh"}},
		want: []string{`text "abc" fin`},
		err:  "MaxMessage: 5 of 4", at: wholeHeader},
	{name: "control frames are not counted", r: Receiver{MaxMessage: 4, MaxFragments: 2},
		in: []f{{first: text, payload: "ab"}, {first: fin | ping, payload: "xxxxx"}, {first: fin | pong, payload: "yyyyy"},
			{first: fin | cont, payload: "cd"}, {first: fin | ping, payload: "xxxxx"}},
		want: []string{`text "ab"`, `ping "xxxxx" fin`, `pong "yyyyy" fin`, `text "cd" fin`, `ping "xxxxx" fin`}},

	{name: "the longest frame", r: Receiver{MaxMessage: 4},
		in:  []f{{first: fin | text, length: math.MaxInt64}},
		err: "MaxMessage: 9223372036854775807 of 4", at: wholeHeader},
	{name: "the longest frame as a fragment", r: Receiver{MaxMessage: 4},
		in:   []f{{first: text, payload: "ab"}, {first: cont, length: math.MaxInt64}},
		want: []string{`text "ab"`},
		err:  "MaxMessage: 9223372036854775807 of 4", at: wholeHeader},
	{name: "the longest frame but two as a fragment", r: Receiver{MaxMessage: 4},
		in:   []f{{first: text, payload: "ab"}, {first: cont, length: math.MaxInt64 - 3}},
		want: []string{`text "ab"`},
		err:  "MaxMessage: 9223372036854775806 of 4", at: wholeHeader},
	{name: "a frame of 2^60 bytes", r: Receiver{MaxMessage: 1 << 59},
		in:  []f{{first: fin | text, length: 1 << 60}},
		err: "MaxMessage: 1152921504606846976 of 576460752303423488", at: wholeHeader},
	{name: "the longest frame without a limit",
		in:   []f{{first: fin | text, payload: "ab", length: math.MaxInt64}},
		want: []string{`text "ab"`}},
	{name: "the longest message without a limit",
		in:   []f{{first: text, payload: "ab"}, {first: fin | cont, length: math.MaxInt64 - 2}},
		want: []string{`text "ab"`}},
	{name: "a message whose size can't be counted",
		in:   []f{{first: text, payload: "ab"}, {first: fin | cont, length: math.MaxInt64 - 1}},
		want: []string{`text "ab"`},
		err:  "MaxMessage: 9223372036854775807 of 9223372036854775807", at: wholeHeader},

	{name: "as many bytes as compression may make of those allowed", r: Receiver{MaxMessage: 4, Compression: true},
		in:   []f{{first: rsv1 | text, payload: strings.Repeat("x", 20)}, {first: fin | cont, payload: strings.Repeat("y", 16)}},
		want: []string{`text compressed "` + strings.Repeat("x", 20) + strings.Repeat("y", 16) + `" fin`}},
	{name: "one byte more, compressed", r: Receiver{MaxMessage: 4, Compression: true},
		in:  []f{{first: fin | rsv1 | text, payload: strings.Repeat("x", 21)}},
		err: "MaxMessage: 21 of 4", at: wholeHeader},
	{name: "one byte more in the second compressed fragment", r: Receiver{MaxMessage: 4, Compression: true},
		in:   []f{{first: rsv1 | text}, {first: fin | cont, payload: strings.Repeat("x", 37)}},
		want: []string{`text compressed ""`},
		err:  "MaxMessage: 37 of 4", at: wholeHeader},
	{name: "one byte more, not compressed", r: Receiver{MaxMessage: 4, Compression: true},
		in:   []f{{first: fin | rsv1 | text, payload: "abcde"}, {first: fin | text, payload: "abcde"}},
		want: []string{`text compressed "abcde" fin`},
		err:  "MaxMessage: 5 of 4", at: wholeHeader},
	{name: "a 64th part more, compressed", r: Receiver{MaxMessage: 640, Compression: true},
		in:  []f{{first: fin | rsv1 | text, payload: strings.Repeat("x", 667)}},
		err: "MaxMessage: 667 of 640", at: wholeHeader},
	{name: "the longest compressed frame without a limit", r: Receiver{Compression: true},
		in:   []f{{first: fin | rsv1 | text, payload: "ab", length: math.MaxInt64}},
		want: []string{`text compressed "ab"`}},

	{name: "as many fragments as allowed", r: Receiver{MaxFragments: 3},
		in:   []f{{first: text, payload: "a"}, {first: cont, payload: "b"}, {first: fin | cont, payload: "c"}},
		want: []string{`text "abc" fin`}},
	{name: "one fragment more than allowed", r: Receiver{MaxFragments: 3},
		in:   []f{{first: text, payload: "a"}, {first: cont, payload: "b"}, {first: cont, payload: "c"}, {first: fin | cont, payload: "d"}},
		want: []string{`text "abc"`},
		err:  "MaxFragments: 4 of 3", at: wholeHeader},
	{name: "empty fragments are counted", r: Receiver{MaxFragments: 3, MaxMessage: 4},
		in:   []f{{first: text}, {first: cont}, {first: cont}, {first: cont}},
		want: []string{`text ""`},
		err:  "MaxFragments: 4 of 3", at: wholeHeader},
	{name: "one frame is allowed", r: Receiver{MaxFragments: 1},
		in:   []f{{first: fin | text, payload: "a"}, {first: fin | text, payload: "b"}, {first: fin | binary}},
		want: []string{`text "a" fin`, `text "b" fin`, `binary "" fin`}},
	{name: "one frame is allowed, and another comes", r: Receiver{MaxFragments: 1},
		in:   []f{{first: fin | text}, {first: text}, {first: fin | cont}},
		want: []string{`text "" fin`, `text ""`},
		err:  "MaxFragments: 2 of 1", at: wholeHeader},
	{name: "fragments of one message after the other", r: Receiver{MaxFragments: 2},
		in:   []f{{first: text, payload: "a"}, {first: fin | cont}, {first: binary}, {first: fin | cont, payload: "b"}},
		want: []string{`text "a" fin`, `binary "b" fin`}},
}

// Requirements: 6455-10.4-01
func TestReceiverLimits(t *testing.T) {
	runReceiver(t, limitTests)
}

// A frame that breaks a rule as well as a limit is a violation.
func TestReceiverRulesBeforeLimits(t *testing.T) {
	tests := []receiverTest{
		outside.then("continuation", f{first: cont, length: 1 << 40}, "1002 continuation frame outside a message"),
		inside.then("new message", f{first: binary, length: 1 << 40}, "1002 new message inside a fragmented one"),
	}
	for i := range tests {
		tests[i].r = Receiver{MaxMessage: 1, MaxFragments: 1}
	}
	runReceiver(t, tests)
}
