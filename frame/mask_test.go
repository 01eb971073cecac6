package frame

import (
	"bytes"
	"fmt"
	"testing"
)

// maskOctets is the definition of RFC 6455, octet by octet.
func maskOctets(b []byte, key [4]byte) {
	for i := range b {
		b[i] ^= key[i%4]
	}
}

// octets returns n bytes that are not all alike.
func octets(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// A maskPlace says which bytes of a buffer are masked.
type maskPlace struct{ from, size int }

// maskPlaces are all sizes up to 200 at all alignments of a vector,
// and some that are larger.
func maskPlaces() (places []maskPlace) {
	for from := range 33 {
		for size := range 201 {
			places = append(places, maskPlace{from, size})
		}
		for _, size := range []int{255, 256, 257, 287, 300, 511, 1000, 4096, 65537} {
			places = append(places, maskPlace{from, size})
		}
	}
	return places
}

// maskFuncs are the ways to mask, which differ in the sizes they take.
var maskFuncs = []struct {
	name string
	min  int
	mask func(b []byte, k uint32)
}{
	{"words", 8, maskWords},
	{"short", 0, func(b []byte, k uint32) {
		if len(b) < 8 {
			maskShort(b, k)
		} else {
			maskWords(b, k)
		}
	}},
	{"vectors", 32, func(b []byte, k uint32) {
		if hasVectors {
			maskVectors(b, k)
		} else {
			maskWords(b, k)
		}
	}},
}

// Requirements: 6455-5.3-05
func TestMask(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	plain := octets(66000)
	want, got := bytes.Clone(plain), bytes.Clone(plain)
	for _, p := range maskPlaces() {
		to := p.from + p.size
		window := min(len(plain), to+40) // a stray write would be near
		maskOctets(want[p.from:to], key)

		next := Mask(got[p.from:to], key)
		if !bytes.Equal(got[:window], want[:window]) {
			t.Fatalf("Mask of %d bytes at %d differs from the definition", p.size, p.from)
		}
		if want := [4]byte{key[p.size%4], key[(p.size+1)%4], key[(p.size+2)%4], key[(p.size+3)%4]}; next != want {
			t.Fatalf("Mask of %d bytes returns key %x, want %x", p.size, next, want)
		}
		copy(got[:window], plain)

		for _, f := range maskFuncs {
			if p.size < f.min {
				continue
			}
			f.mask(got[p.from:to], 0x3d21fa37)
			if !bytes.Equal(got[:window], want[:window]) {
				t.Fatalf("%s: mask of %d bytes at %d differs from the definition", f.name, p.size, p.from)
			}
			copy(got[:window], plain)
		}
		copy(want[:window], plain)
	}
}

// A payload may be masked in pieces, cut anywhere.
//
// Requirements: 6455-5.3-05
func TestMaskPieces(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for _, size := range []int{0, 1, 7, 8, 40, 200} {
		want := octets(size)
		maskOctets(want, key)
		for i := range size + 1 {
			for j := i; j <= size; j++ {
				got := octets(size)
				Mask(got[j:], Mask(got[i:j], Mask(got[:i], key)))
				if !bytes.Equal(got, want) {
					t.Fatalf("cut at %d and %d of %d: masked %x, want %x", i, j, size, got, want)
				}
			}
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add([]byte("Hello"), []byte{0x37, 0xfa, 0x21, 0x3d}, uint(2))
	f.Add(octets(200), []byte{1, 2, 3, 4}, uint(65))
	f.Fuzz(func(t *testing.T, b, k []byte, cut uint) {
		var key [4]byte
		copy(key[:], k)
		want := bytes.Clone(b)
		maskOctets(want, key)

		whole := bytes.Clone(b)
		next := Mask(whole, key)
		if !bytes.Equal(whole, want) {
			t.Errorf("Mask = %x, want %x", whole, want)
		}
		i := int(cut % uint(len(b)+1))
		if got := Mask(b[i:], Mask(b[:i], key)); !bytes.Equal(b, want) || got != next {
			t.Errorf("cut at %d: masked %x and key %x, want %x and %x", i, b, got, want, next)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	for _, size := range []int{0, 5, 20, 64, 125, 1000, 4 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			p := make([]byte, size+MaxHeaderSize)[MaxHeaderSize:]
			b.SetBytes(int64(size))
			for b.Loop() {
				Mask(p, [4]byte{0x37, 0xfa, 0x21, 0x3d})
			}
		})
	}
}
