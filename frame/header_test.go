package frame

import (
	"bytes"
	"fmt"
	"math"
	"testing"
)

// headerTests are headers and their encodings.
// They are decoded, encoded, cut short, and given to the fuzzer.
var headerTests = []struct {
	name string
	h    Header
	wire string
}{
	{"unmasked text of 5 bytes", Header{Fin: true, Opcode: Text, Length: 5}, "\x81\x05"},
	{"masked text of 5 bytes", Header{Fin: true, Opcode: Text, Masked: true, Key: [4]byte{0x37, 0xfa, 0x21, 0x3d}, Length: 5}, "\x81\x85\x37\xfa\x21\x3d"},
	{"first fragment", Header{Opcode: Text, Length: 3}, "\x01\x03"},
	{"last fragment", Header{Fin: true, Length: 2}, "\x80\x02"},
	{"middle fragment", Header{Length: 2}, "\x00\x02"},
	{"ping", Header{Fin: true, Opcode: Ping, Length: 5}, "\x89\x05"},
	{"masked pong", Header{Fin: true, Opcode: Pong, Masked: true, Key: [4]byte{1, 2, 3, 4}, Length: 125}, "\x8a\xfd\x01\x02\x03\x04"},
	{"masked close of nothing", Header{Fin: true, Opcode: Close, Masked: true, Key: [4]byte{1, 2, 3, 4}}, "\x88\x80\x01\x02\x03\x04"},
	{"masked with a key of zeros", Header{Opcode: Binary, Masked: true, Length: 1}, "\x02\x81\x00\x00\x00\x00"},

	{"RSV1", Header{RSV: RSV1, Opcode: Text}, "\x41\x00"},
	{"RSV2", Header{RSV: RSV2, Opcode: Text}, "\x21\x00"},
	{"RSV3", Header{RSV: RSV3, Opcode: Text}, "\x11\x00"},
	{"every bit of the first byte", Header{Fin: true, RSV: RSV1 | RSV2 | RSV3, Opcode: 0xF}, "\xff\x00"},

	{"no payload", Header{Fin: true, Opcode: Binary, Length: 0}, "\x82\x00"},
	{"longest in 7 bits", Header{Fin: true, Opcode: Binary, Length: 125}, "\x82\x7d"},
	{"shortest in 16 bits", Header{Fin: true, Opcode: Binary, Length: 126}, "\x82\x7e\x00\x7e"},
	{"127 in 16 bits", Header{Fin: true, Opcode: Binary, Length: 127}, "\x82\x7e\x00\x7f"},
	{"256 bytes", Header{Fin: true, Opcode: Binary, Length: 256}, "\x82\x7e\x01\x00"},
	{"longest in 16 bits", Header{Fin: true, Opcode: Binary, Length: 65535}, "\x82\x7e\xff\xff"},
	{"shortest in 64 bits", Header{Fin: true, Opcode: Binary, Length: 65536}, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"},
	{"1 MiB", Header{Fin: true, Opcode: Binary, Length: 1 << 20}, "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x00"},
	{"every byte of the length in its place", Header{Opcode: Binary, Length: 0x0102030405060708}, "\x02\x7f\x01\x02\x03\x04\x05\x06\x07\x08"},
	{"longest in 64 bits", Header{Fin: true, Opcode: Binary, Length: math.MaxInt64}, "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"},
	{"masked in 16 bits", Header{Opcode: Binary, Masked: true, Key: [4]byte{9, 8, 7, 6}, Length: 258}, "\x02\xfe\x01\x02\x09\x08\x07\x06"},
	{"masked in 64 bits", Header{Opcode: Binary, Masked: true, Key: [4]byte{9, 8, 7, 6}, Length: 65536}, "\x02\xff\x00\x00\x00\x00\x00\x01\x00\x00\x09\x08\x07\x06"},
}

// Requirements: 6455-5.2-01, 6455-5.2-06, 6455-5.2-11, 6455-5.2-12
func TestConsume(t *testing.T) {
	for _, tt := range headerTests {
		t.Run(tt.name, func(t *testing.T) {
			// What follows the header makes no difference.
			for _, payload := range []string{"", "\xff", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"} {
				h, n, err := Consume([]byte(tt.wire + payload))
				if h != tt.h || n != len(tt.wire) || err != nil {
					t.Errorf("Consume = %+v, %d, %v; want %+v, %d", h, n, err, tt.h, len(tt.wire))
				}
			}
		})
	}
}

// Requirements: 6455-5.2-01, 6455-5.2-06, 6455-5.2-07, 6455-5.2-09, 6455-5.2-11, 6455-5.2-12
func TestAppend(t *testing.T) {
	for _, tt := range headerTests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.h.Append([]byte("before"))
			if want := "before" + tt.wire; string(got) != want {
				t.Errorf("Append = %x, want %x", got, want)
			}
			if got := tt.h.Size(); got != len(tt.wire) || got > MaxHeaderSize {
				t.Errorf("Size = %d, want %d", got, len(tt.wire))
			}
		})
	}
}

// A header may arrive in any number of pieces.
//
// Requirements: 6455-5.2-15
func TestConsumePrefix(t *testing.T) {
	for _, tt := range headerTests {
		for size := range len(tt.wire) {
			h, n, err := Consume([]byte(tt.wire[:size]))
			if want := headerPrefix(tt.wire[:size], tt.h); h != want || n != 0 || err != nil {
				t.Errorf("%s: Consume of the first %d bytes = %+v, %d, %v; want %+v, 0", tt.name, size, h, n, err, want)
			}
		}
	}
}

// headerPrefix returns what Consume knows of the header h after wire,
// which is the beginning of its encoding.
func headerPrefix(wire string, h Header) Header {
	if len(wire) < 2 {
		return Header{}
	}
	h.Key = [4]byte{}
	h.Length = int64(wire[1] & 0x7F)
	return h
}

// lengthTests are lengths that a peer may not send.
var lengthTests = []struct {
	name   string
	length string // the 7 bits and what follows
	want   error
}{
	{"0 in 16 bits", "\x7e\x00\x00", ErrLengthNotMinimal},
	{"124 in 16 bits", "\x7e\x00\x7c", ErrLengthNotMinimal},
	{"125 in 16 bits", "\x7e\x00\x7d", ErrLengthNotMinimal},
	{"0 in 64 bits", "\x7f\x00\x00\x00\x00\x00\x00\x00\x00", ErrLengthNotMinimal},
	{"125 in 64 bits", "\x7f\x00\x00\x00\x00\x00\x00\x00\x7d", ErrLengthNotMinimal},
	{"126 in 64 bits", "\x7f\x00\x00\x00\x00\x00\x00\x00\x7e", ErrLengthNotMinimal},
	{"65535 in 64 bits", "\x7f\x00\x00\x00\x00\x00\x00\xff\xff", ErrLengthNotMinimal},
	{"only the top bit", "\x7f\x80\x00\x00\x00\x00\x00\x00\x00", ErrLengthNegative},
	{"the top bit and a short length", "\x7f\x80\x00\x00\x00\x00\x00\x00\x01", ErrLengthNegative},
	{"the top bit and a long length", "\x7f\x80\x00\x00\x00\x00\x01\x00\x00", ErrLengthNegative},
	{"all bits", "\x7f\xff\xff\xff\xff\xff\xff\xff\xff", ErrLengthNegative},
}

// A wrong length is found when its last byte arrives and not before,
// and does not wait for the masking key.
//
// Requirements: 6455-5.2-08, 6455-5.2-10
func TestConsumeLengthError(t *testing.T) {
	for _, tt := range lengthTests {
		for _, masked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, masked %v", tt.name, masked), func(t *testing.T) {
				wire := []byte("\xc2" + tt.length + "\x01\x02\x03\x04")
				want := Header{Fin: true, RSV: RSV1, Opcode: Binary, Masked: masked, Length: int64(wire[1])}
				if masked {
					wire[1] |= 0x80
				}
				for size := 2; size <= len(wire); size++ {
					wantErr := tt.want
					if size < 1+len(tt.length) {
						wantErr = nil
					}
					h, n, err := Consume(wire[:size])
					if h != want || n != 0 || err != wantErr {
						t.Errorf("Consume(%x) = %+v, %d, %v; want %+v, 0, %v", wire[:size], h, n, err, want, wantErr)
					}
				}
			})
		}
	}
}

// Requirements: 6455-5.2-07
func TestAppendNegativeLength(t *testing.T) {
	for _, length := range []int64{-1, math.MinInt64} {
		func() {
			defer func() {
				if got, want := recover(), "frame: Header.Append: negative Length"; got != want {
					t.Errorf("Append of length %d panics with %v, want %q", length, got, want)
				}
			}()
			Header{Length: length}.Append(nil)
		}()
	}
}

// Bits that a Header has no place for do not spill into others.
func TestAppendStrayBits(t *testing.T) {
	h := Header{RSV: 0xF8, Opcode: 0xF0, Key: [4]byte{1, 2, 3, 4}}
	if got, want := h.Append(nil), "\x00\x00"; string(got) != want {
		t.Errorf("Append = %x, want %x", got, want)
	}
}

// Every length near a boundary is encoded in the shortest form and read back.
//
// Requirements: 6455-5.2-06, 6455-5.2-09
func TestLengthBoundaries(t *testing.T) {
	for _, middle := range []int64{0, 125, 127, 256, 65535, 1 << 20, 1 << 31, 1 << 32, math.MaxInt64 - 3} {
		for length := max(0, middle-3); length <= middle+3 && length >= 0; length++ {
			h := Header{Opcode: Binary, Length: length}
			wire := h.Append(nil)
			want := 2
			if length > 125 {
				want = 4
			}
			if length > 65535 {
				want = 10
			}
			if len(wire) != want || h.Size() != want {
				t.Errorf("length %d takes %d bytes and Size is %d; want %d", length, len(wire), h.Size(), want)
			}
			if got, n, err := Consume(wire); got != h || n != want || err != nil {
				t.Errorf("length %d is read back as %+v, %d, %v", length, got, n, err)
			}
			if length == math.MaxInt64 {
				break
			}
		}
	}
}

// sampleFrames are the examples of RFC 6455.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.7
var sampleFrames = []struct {
	name    string
	wire    string
	h       Header
	payload string
}{
	{"a single-frame unmasked text message", "\x81\x05\x48\x65\x6c\x6c\x6f",
		Header{Fin: true, Opcode: Text, Length: 5}, "Hello"},
	{"a single-frame masked text message", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
		Header{Fin: true, Opcode: Text, Masked: true, Key: [4]byte{0x37, 0xfa, 0x21, 0x3d}, Length: 5}, "Hello"},
	{"a fragmented unmasked text message, first", "\x01\x03\x48\x65\x6c",
		Header{Opcode: Text, Length: 3}, "Hel"},
	{"a fragmented unmasked text message, last", "\x80\x02\x6c\x6f",
		Header{Fin: true, Opcode: Continuation, Length: 2}, "lo"},
	{"unmasked ping request", "\x89\x05\x48\x65\x6c\x6c\x6f",
		Header{Fin: true, Opcode: Ping, Length: 5}, "Hello"},
	{"masked pong response", "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
		Header{Fin: true, Opcode: Pong, Masked: true, Key: [4]byte{0x37, 0xfa, 0x21, 0x3d}, Length: 5}, "Hello"},
	{"256 bytes in a single unmasked frame", "\x82\x7e\x01\x00" + string(make([]byte, 256)),
		Header{Fin: true, Opcode: Binary, Length: 256}, string(make([]byte, 256))},
	{"64KiB in a single unmasked frame", "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + string(make([]byte, 65536)),
		Header{Fin: true, Opcode: Binary, Length: 65536}, string(make([]byte, 65536))},
}

// Requirements: 6455-5.7-01, 6455-5.2-01, 6455-5.2-12, 6455-5.3-05
func TestSampleFrames(t *testing.T) {
	for _, tt := range sampleFrames {
		t.Run(tt.name, func(t *testing.T) {
			h, n, err := Consume([]byte(tt.wire))
			if h != tt.h || err != nil {
				t.Fatalf("Consume = %+v, %v; want %+v", h, err, tt.h)
			}
			payload := []byte(tt.wire[n:])
			Mask(payload, h.Key)
			if string(payload) != tt.payload {
				t.Errorf("payload = %q, want %q", payload, tt.payload)
			}
			wire := append(tt.h.Append(nil), tt.payload...)
			Mask(wire[n:], tt.h.Key)
			if string(wire) != tt.wire {
				t.Errorf("frame = %x, want %x", wire, tt.wire)
			}
		})
	}
}

// What is decoded is encoded as the same bytes, and every prefix of those
// asks for more.
func FuzzHeader(f *testing.F) {
	for _, tt := range headerTests {
		f.Add([]byte(tt.wire))
	}
	for _, tt := range lengthTests {
		f.Add([]byte("\x82" + tt.length))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := Consume(b)
		if n == 0 {
			if len(b) >= MaxHeaderSize && err == nil {
				t.Fatalf("Consume(%x) asks for more", b)
			}
			return
		}
		if wire := h.Append(nil); !bytes.Equal(wire, b[:n]) || h.Size() != n || err != nil {
			t.Fatalf("Consume(%x) = %+v, %d, %v, which is encoded as %x", b, h, n, err, wire)
		}
		for size := range n {
			got, m, err := Consume(b[:size])
			if want := headerPrefix(string(b[:size]), h); got != want || m != 0 || err != nil {
				t.Fatalf("Consume(%x) = %+v, %d, %v; want %+v, 0", b[:size], got, m, err, want)
			}
		}
	})
}

func BenchmarkConsume(b *testing.B) {
	wire := []byte("\x82\xfe\x01\x02\x09\x08\x07\x06")
	for b.Loop() {
		Consume(wire)
	}
}

func BenchmarkAppend(b *testing.B) {
	h := Header{Fin: true, Opcode: Text, Masked: true, Length: 258}
	buf := make([]byte, 0, MaxHeaderSize)
	for b.Loop() {
		h.Append(buf)
	}
}
