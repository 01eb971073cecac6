package frame

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// utf8Tests are texts, and where they stop being UTF-8.
var utf8Tests = []struct {
	name string
	text string
	bad  int // index of the first octet that cannot stand there, or -1
}{
	{"nothing", "", -1},
	{"ASCII", "Hello", -1},
	{"NUL", "\x00", -1},
	{"DEL", "\x7f", -1},
	{"first and last of two octets", "\xc2\x80\xdf\xbf", -1},
	{"first and last of three octets", "\xe0\xa0\x80\xef\xbf\xbf", -1},
	{"first and last of four octets", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", -1},
	{"around the surrogates", "\xed\x9f\xbf\xee\x80\x80", -1},
	{"noncharacters U+FFFE and U+FFFF", "\xef\xbf\xbe\xef\xbf\xbf", -1},
	{"byte order mark", "\xef\xbb\xbfa", -1},
	{"characters of all sizes", "aé人😀é人a😀人éa人😀a", -1},

	{"continuation alone", "\x80", 0},
	{"last continuation alone", "\xbf", 0},
	{"continuation after ASCII", "a\x80", 1},
	{"one continuation too many after two octets", "é\x80", 2},
	{"one continuation too many after three octets", "人\x80", 3},
	{"one continuation too many after four octets", "😀\x80", 4},

	{"overlong NUL", "\xc0\x80", 0},
	{"last overlong of two octets", "\xc1\xbf", 0},
	{"overlong of three octets", "\xe0\x80\x80", 1},
	{"last overlong of three octets", "\xe0\x9f\xbf", 1},
	{"overlong of four octets", "\xf0\x80\x80\x80", 1},
	{"last overlong of four octets", "\xf0\x8f\xbf\xbf", 1},
	{"first surrogate", "\xed\xa0\x80", 1},
	{"last surrogate", "\xed\xbf\xbf", 1},
	{"U+110000", "\xf4\x90\x80\x80", 1},
	{"above U+110000", "\xf4\xbf\xbf\xbf", 1},
	{"F5", "\xf5\x80\x80\x80", 0},
	{"F8", "\xf8\x88\x80\x80\x80", 0},
	{"FC", "\xfc\x84\x80\x80\x80\x80", 0},
	{"FE", "\xfe", 0},
	{"FF", "\xff", 0},

	{"two octets cut by ASCII", "\xc3(", 1},
	{"two octets cut by a lead", "\xc3\xc3\xa9", 1},
	{"three octets cut after one", "\xe4a", 1},
	{"three octets cut after two", "\xe4\xba(", 2},
	{"three octets cut by a lead", "\xe4\xba\xe4\xba\xba", 2},
	{"three octets cut by a lead and ASCII", "\xe4\xba\xe4aa", 2},
	{"three octets cut by a character of two", "\xe4\xba\xc3\xa9", 2},
	{"three octets whose second is a lead", "\xe4\xc3\xbaa", 1},
	{"three octets whose third is a lead, and a character", "\xe4\xba\xc3人", 2},
	{"three octets whose second is a lead, and a character", "\xe4\xc3\xba人", 1},
	{"four octets cut by a character of three", "\xf1\x80\x80人", 3},
	{"two octets and a continuation, and a character", "\xc3\x80\x80人", 2},
	{"four octets cut after one", "\xf0a", 1},
	{"four octets cut after two", "\xf0\x9fa", 2},
	{"four octets cut after three", "\xf0\x9f\x98a", 3},
	{"four octets cut by a lead", "\xf0\x9f\x98\xf0", 3},

	{"two octets that end early", "\xc3", -1},
	{"three octets that end early", "\xe4\xba", -1},
	{"four octets that end early", "\xf0\x9f\x98", -1},
}

// canBecomeUTF8 is the independent judge: whether p is UTF-8, or there are
// octets that make it so.
func canBecomeUTF8(p []byte) bool {
	if utf8.Valid(p) {
		return true
	}
	const tails = "\x80\x8f\x90\x9f\xa0\xbf"
	for _, a := range []byte(tails) {
		if utf8.Valid(append(p[:len(p):len(p)], a)) {
			return true
		}
		for _, b := range []byte(tails) {
			if utf8.Valid(append(p[:len(p):len(p)], a, b)) || utf8.Valid(append(p[:len(p):len(p)], a, b, 0x80)) {
				return true
			}
		}
	}
	return false
}

// firstImpossible returns the index of the first octet of p after which
// nothing can make the text UTF-8, or the size of p.
func firstImpossible(p []byte) int {
	from := 0 // everything before is whole characters
	for from < len(p) {
		r, size := utf8.DecodeRune(p[from:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		from += size
	}
	for i := from; i < len(p); i++ {
		if !canBecomeUTF8(p[from : i+1]) {
			return i
		}
	}
	return len(p)
}

// checkUTF8 checks that a UTF8 finds the octet bad of p impossible and none
// before it, whether p comes whole or cut at any of the given places.
// If bad is the size of p, all are possible.
func checkUTF8(t *testing.T, p []byte, bad int, cuts ...int) {
	t.Helper()
	possible := bad == len(p)
	var v UTF8
	if got := v.Check(p); got != possible {
		t.Fatalf("Check(%x) = %v, want %v", p, got, possible)
	}
	if got, want := v.Complete(), utf8.Valid(p); got != want {
		t.Fatalf("Complete = %v after %x, want %v", got, p, want)
	}
	if got := runWords(boundary, p) != invalid; got != possible {
		t.Fatalf("without vectors: Check(%x) = %v, want %v", p, got, possible)
	}
	for _, cut := range cuts {
		v.Reset()
		if got, want := v.Check(p[:cut]), bad >= cut; got != want {
			t.Fatalf("Check(%x) = %v, want %v", p[:cut], got, want)
		}
		if got := v.Check(p[cut:]); got != possible {
			t.Fatalf("Check(%x) = %v after %x, want %v", p[cut:], got, p[:cut], possible)
		}
		if got, want := v.Complete(), utf8.Valid(p); got != want {
			t.Fatalf("Complete = %v after %x and %x, want %v", got, p[:cut], p[cut:], want)
		}
	}
}

// everywhere returns all places where p may be cut.
func everywhere(p []byte) (cuts []int) {
	for i := range len(p) + 1 {
		cuts = append(cuts, i)
	}
	return cuts
}

// Requirements: 6455-8.1-02, 6455-8.1-03, 6455-8.1-04
func TestUTF8(t *testing.T) {
	for _, tt := range utf8Tests {
		t.Run(tt.name, func(t *testing.T) {
			p := []byte(tt.text)
			bad := tt.bad
			if bad < 0 {
				bad = len(p)
			}
			if got := firstImpossible(p); got != bad {
				t.Fatalf("the judge says %d, the table %d", got, bad)
			}
			checkUTF8(t, p, bad, everywhere(p)...)
		})
	}
}

// Octet by octet, Check turns false at the impossible one and stays so.
//
// Requirements: 6455-8.1-04
func TestUTF8FailsFast(t *testing.T) {
	for _, tt := range utf8Tests {
		var v UTF8
		for i := range len(tt.text) {
			want := tt.bad < 0 || i < tt.bad
			if got := v.Check([]byte(tt.text[i : i+1])); got != want {
				t.Errorf("%s: Check = %v after octet %d, want %v", tt.name, got, i, want)
			}
		}
		if tt.bad < 0 {
			continue
		}
		if v.Check(nil) || v.Check([]byte("a")) || v.Check([]byte(strings.Repeat("a", 99))) || v.Complete() {
			t.Errorf("%s: the text is valid again", tt.name)
		}
		v.Reset()
		if !v.Complete() || !v.Check([]byte("a")) {
			t.Errorf("%s: Reset does not start another text", tt.name)
		}
	}
}

// surroundings are texts to hide others in: of characters of each size,
// so that the automaton, the words and the vectors meet them at any place.
var surroundings = []string{
	strings.Repeat("a", 300),
	strings.Repeat("é", 150),
	strings.Repeat("人", 100),
	strings.Repeat("😀", 75),
	strings.Repeat("a人é😀.", 30),
}

// What surrounds an octet makes no difference, nor does its place in p.
//
// Requirements: 6455-8.1-02, 6455-8.1-03, 6455-8.1-04
func TestUTF8Embedded(t *testing.T) {
	for _, around := range surroundings {
		for _, tt := range utf8Tests {
			for from := range 150 {
				for _, size := range sizesAfter(from) {
					before, after := around[:from], around[:size]
					if !utf8.ValidString(before) || !utf8.ValidString(after) {
						continue
					}
					p := []byte(before + tt.text + after)
					checkUTF8(t, p, firstImpossible(p), from, from+len(tt.text), max(from-1, 0), min(from+1, len(p)))
				}
			}
		}
	}
}

// sizesAfter returns the sizes of what follows the text at the index from:
// many for the first places, which are any place in a word, and a few after.
func sizesAfter(from int) (sizes []int) {
	if from >= 16 {
		return []int{0, 1, 45, 180}
	}
	for size := range 64 {
		sizes = append(sizes, size)
	}
	return sizes
}

// A character may be cut out of a long text anywhere.
//
// Requirements: 6455-8.1-03
func TestUTF8Pieces(t *testing.T) {
	for _, around := range surroundings {
		p := []byte(around)
		checkUTF8(t, p, len(p), everywhere(p)...)
	}
}

// Requirements: 6455-8.1-02
func TestUTF8EveryCharacter(t *testing.T) {
	var v UTF8
	for r := range rune(utf8.MaxRune + 1) {
		if !utf8.ValidRune(r) {
			continue
		}
		if p := utf8.AppendRune(nil, r); !v.Check(p) || !v.Complete() {
			t.Fatalf("%U is not valid", r)
		}
	}
}

// tailEdges are octets on both sides of the borders of what may continue a
// character.
const tailEdges = "\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0"

// All strings of up to three octets that are not two shorter ones, and those
// of four with any first two, are judged as by package utf8: alone, and in the
// middle of a text that is long enough for vectors.
//
// Requirements: 6455-8.1-02
func TestUTF8EveryString(t *testing.T) {
	long := []byte(strings.Repeat("人", 10) + "....." + strings.Repeat("a", 40))
	place := bytes.Index(long, []byte("....."))
	check := func(s ...byte) {
		want := utf8.Valid(s)
		var v UTF8
		if got := v.Check(s) && v.Complete(); got != want {
			t.Fatalf("%x is valid: %v, want %v", s, got, want)
		}
		copy(long[place:], ".....")
		copy(long[place:], s)
		v.Reset()
		if got := v.Check(long); got != want {
			t.Fatalf("%x in a long text is valid: %v, want %v", s, got, want)
		}
		if got := runWords(boundary, long) == boundary; got != want {
			t.Fatalf("%x in a long text, without vectors, is valid: %v, want %v", s, got, want)
		}
	}
	for i := range 1 << 16 {
		a, b := byte(i>>8), byte(i)
		check(b)
		check(a, b)
		for c := range 1 << 8 {
			if a < 0xE0 && c%16 != 0 {
				continue // a does not reach as far as c: a sample will do
			}
			check(a, b, byte(c))
		}
		if a < 0xC0 || b < 0x80 || b >= 0xC0 {
			continue
		}
		for _, c := range []byte(tailEdges) {
			for _, d := range []byte(tailEdges) {
				check(a, b, c, d)
			}
		}
	}
}

func FuzzUTF8(f *testing.F) {
	for _, tt := range utf8Tests {
		f.Add([]byte(tt.text), uint(1))
		f.Add([]byte(surroundings[4]+tt.text), uint(299))
	}
	f.Fuzz(func(t *testing.T, p []byte, cut uint) {
		bad := firstImpossible(p)
		checkUTF8(t, p, bad, int(cut%uint(len(p)+1)), bad, min(bad+1, len(p)))
	})
}

// benchmarkTexts are repeated to the size that a benchmark wants.
var benchmarkTexts = []struct{ name, text string }{
	{"ASCII", "All human beings are born free and equal in dignity and rights. "},
	{"Latin", "Tous les êtres humains naissent libres et égaux en dignité. "},
	{"Cyrillic", "Все люди рождаются свободными и равными в своём достоинстве. "},
	{"CJK", "人人生而自由在尊严和权利上一律平等他们赋有理性和良心"},
	{"Emoji", "😀😃😄😁😆😅🤣😂"},
	{"Mixed", "lol 😂 see you at 8, café ☕, さようなら! Пока 👍 "},
}

func BenchmarkUTF8(b *testing.B) {
	for _, bt := range benchmarkTexts {
		for _, size := range []int{5, 20, 125, 4 << 10, 64 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%d", bt.name, size), func(b *testing.B) {
				p := []byte(strings.Repeat(bt.text, size/len(bt.text)+1)[:size])
				var v UTF8
				b.SetBytes(int64(size))
				for b.Loop() {
					v.Reset()
					v.Check(p)
				}
			})
		}
	}
}
