package deflate

import (
	"bytes"
	"testing"
)

// Any messages come back as they were, by either implementation, and stay inside the window.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint8(0), true, []byte("Hello"), []byte("Hello Hello"))
	f.Add(uint8(3), false, []byte(""), bytes.Repeat([]byte("abc"), 1000))
	f.Add(uint8(7), true, bytes.Repeat([]byte{0}, 3000), []byte{0})
	for i, set := range sets {
		f.Add(uint8(i), i%2 == 0, set.Message(i, 500), set.Message(2*i, 2000))
	}
	f.Fuzz(func(t *testing.T, bits uint8, takeover bool, a, b []byte) {
		window := 8 + int(bits%8)
		c := NewCompressor(window, takeover)
		d := NewDecompressor(window, takeover)
		std := &inflater{takeover: takeover}
		var out []byte
		for _, m := range [][]byte{a, b, a, append(b[:len(b):len(b)], a...)} {
			p := c.Append(nil, m)
			if got, err := d.Append(nil, p, len(m)); err != nil || !bytes.Equal(got, m) {
				t.Fatalf("message of %d octets: %v", len(m), err)
			}
			if got, err := std.message(p); err != nil || !bytes.Equal(got, m) {
				t.Fatalf("message of %d octets: compress/flate: %v", len(m), err)
			}
			steps, _, err := message(p)
			if err != nil {
				t.Fatal(err)
			}
			if !takeover {
				out = nil
			}
			if out, err = expand(out, steps, 1<<window); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Whatever is in a message, what comes out is the same however it goes in,
// it is what another implementation makes of it, and it is not more than the limit.
func FuzzDecompress(f *testing.F) {
	for _, set := range sets {
		f.Add(NewCompressor(15, false).Append(nil, set.Message(1, 300)), uint8(15))
	}
	f.Add([]byte("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), uint8(8))
	f.Add([]byte{0, 5, 0, 0xfa, 0xff, 1, 2, 3, 4, 5, 0}, uint8(9))
	f.Fuzz(func(t *testing.T, p []byte, bits uint8) {
		const limit = 100_000
		window := 8 + int(bits%8)
		got, err := NewDecompressor(window, false).Append(nil, p, limit)
		if len(got) > limit || cap(got) > 3*limit {
			t.Fatalf("%d octets in %d", len(got), cap(got))
		}
		d := NewDecompressor(window, true)
		d.hist = append(d.hist, "something"...) // matches take the other way then
		if again, err2 := d.Append(nil, p, limit); err == nil && (err2 != nil || !bytes.Equal(again, got)) {
			t.Fatalf("got %d octets, then %d, %v", len(got), len(again), err2)
		}
		steps, _, bad := message(p)
		if bad != nil || err == ErrTooLong {
			return
		}
		want, bad := expand(nil, steps, 1<<window)
		if bad == nil && (err != nil || !bytes.Equal(got, want)) {
			t.Fatalf("got %d octets, error %v; want %d", len(got), err, len(want))
		}
	})
}
