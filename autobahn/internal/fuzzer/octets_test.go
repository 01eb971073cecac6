package fuzzer

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf8"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

// TestMask holds mask to the definition in RFC 6455 section 5.3, at every offset.
func TestMask(t *testing.T) {
	key := [4]byte{0x37, 0xFA, 0x21, 0x3D}
	for n := range 600 {
		for offset := range 4 {
			p := bytes.Repeat([]byte("Hello"), 120)[:n]
			got := bytes.Clone(p)
			mask(got, key, offset)
			for i := range p {
				if want := p[i] ^ key[(i+offset)%4]; got[i] != want {
					t.Fatalf("%d octets at offset %d: octet %d is %#x, want %#x", n, offset, i, got[i], want)
				}
			}
		}
	}
}

// TestUTF8Pieces holds the incremental check to that of the standard library,
// for every way to cut a text in two.
func TestUTF8Pieces(t *testing.T) {
	texts := []string{
		"", "a", "κόσμε", "hello\U00024B62world", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xce", "ab\xe1\xbd", "\xf0\x90\x80\x80x",
		"\xc0\x80", "a\xbfb", "\xf4\x8f\xbf\xbf", "\xef\xbf\xbf", "\xf8\x88\x80\x80\x80", "\xe0\x80\xaf",
	}
	for _, text := range texts {
		for i := range len(text) + 1 {
			var u utf8Check
			first := u.valid([]byte(text[:i]))
			second := u.valid([]byte(text[i:]))
			if first && !second != u.bad || !first && second {
				t.Errorf("%q cut at %d: valid says %v and then %v", text, i, first, second)
			}
			if got, want := u.complete(), utf8.ValidString(text); got != want {
				t.Errorf("%q cut at %d: complete is %v, want %v", text, i, got, want)
			}
		}
	}
}

// TestUTF8Early finds a text to be bad at the first octet that cannot be part of a valid one.
func TestUTF8Early(t *testing.T) {
	for text, bad := range map[string]int{"\xed\xa0\x80": 1, "\xf4\x90\x80\x80": 1, "\xc0\x80": 0, "ab\xff": 2, "\xe0\x80": 1, "κ\xce ": 3} {
		var u utf8Check
		for i := range len(text) {
			if got, want := u.valid([]byte{text[i]}), i < bad; got != want {
				t.Errorf("%q: valid is %v at octet %d, want %v", text, got, i, want)
			}
		}
	}
}

func FuzzUTF8(f *testing.F) {
	f.Add([]byte("κόσμε\xed\xa0\x80edited"), uint8(3))
	f.Fuzz(func(t *testing.T, p []byte, cut uint8) {
		var u utf8Check
		for rest := p; len(rest) > 0; {
			n := min(len(rest), int(cut%7)+1)
			u.valid(rest[:n])
			rest = rest[n:]
		}
		if u.complete() != utf8.Valid(p) {
			t.Errorf("%q in pieces of %d: complete is %v", p, cut%7+1, u.complete())
		}
	})
}

// TestHeader encodes headers right and wrong.
func TestHeader(t *testing.T) {
	for _, test := range []struct {
		name string
		f    suite.Frame
		n    int
		want []byte
	}{
		{"empty text", suite.Frame{Opcode: 1}, 0, []byte{0x81, 0}},
		{"fragment", suite.Frame{Opcode: 2, NotFin: true}, 125, []byte{0x02, 125}},
		{"reserved bits", suite.Frame{Opcode: 9, RSV: 5}, 3, []byte{0xD9, 3}},
		{"reserved opcode", suite.Frame{Opcode: 15}, 3, []byte{0x8F, 3}},
		{"16 bits", suite.Frame{Opcode: 1}, 126, []byte{0x81, 126, 0, 126}},
		{"16 bits at most", suite.Frame{Opcode: 1}, 65535, []byte{0x81, 126, 0xFF, 0xFF}},
		{"64 bits", suite.Frame{Opcode: 1}, 65536, []byte{0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
		{"16 bits too long", suite.Frame{Opcode: 1, LengthForm: 16}, 5, []byte{0x81, 126, 0, 5}},
		{"64 bits too long", suite.Frame{Opcode: 1, LengthForm: 64}, 5, []byte{0x81, 127, 0, 0, 0, 0, 0, 0, 0, 5}},
		{"more is announced", suite.Frame{Opcode: 1, Claim: 21}, 5, []byte{0x81, 21}},
		{"top bit", suite.Frame{Opcode: 1, Claim: -1 << 63}, 5, []byte{0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}},
	} {
		if got := appendHeader(nil, test.f, test.n, false, [4]byte{}); !bytes.Equal(got, test.want) {
			t.Errorf("%s: got % x, want % x", test.name, got, test.want)
		}
		masked := append(bytes.Clone(test.want), 1, 2, 3, 4)
		masked[1] |= 0x80
		key := [4]byte{}
		binary.BigEndian.PutUint32(key[:], 0x01020304)
		if got := appendHeader(nil, test.f, test.n, true, key); !bytes.Equal(got, masked) {
			t.Errorf("%s, masked: got % x, want % x", test.name, got, masked)
		}
	}
}
