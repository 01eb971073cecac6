package corpus

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// Messages have the size asked for, text is text, and only the seed decides what they are.
func TestMessages(t *testing.T) {
	for _, c := range All() {
		t.Run(c.Name, func(t *testing.T) {
			for _, size := range []int{0, 1, 2, 3, 100, 1021, 1022, 1023, 1024, 1 << 20} {
				a, b, other := c.Messages(1, 3, size), c.Messages(1, 3, size), c.Messages(2, 3, size)
				for i := range a {
					if len(a[i]) != size {
						t.Errorf("message %d has %d bytes, want %d", i, len(a[i]), size)
					}
					if !bytes.Equal(a[i], b[i]) {
						t.Errorf("size %d: message %d differs for the same seed", size, i)
					}
					if size >= 100 && bytes.Equal(a[i], other[i]) {
						t.Errorf("size %d: message %d is the same for another seed", size, i)
					}
					if c.Text && !utf8.Valid(a[i]) {
						t.Errorf("size %d: message %d is not UTF-8", size, i)
					}
				}
				if size >= 100 && bytes.Equal(a[0], a[1]) {
					t.Errorf("size %d: a connection sends the same message twice", size)
				}
			}
		})
	}
}

// A character cut at the end becomes spaces, a whole one stays.
func TestEndText(t *testing.T) {
	for in, want := range map[string]string{
		"":              "",
		"a":             "a",
		"aé":            "aé",
		"a👍":            "a👍",
		"a\xc3":         "a ",
		"a\xf0\x9f":     "a  ",
		"a\xf0\x9f\x91": "a   ",
		"\xf0":          " ",
	} {
		b := []byte(in)
		endText(b)
		if string(b) != want {
			t.Errorf("endText(%q) = %q, want %q", in, b, want)
		}
	}
}
