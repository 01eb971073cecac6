package load

import (
	"bytes"
	"testing"

	"github.com/ws6455/ws/frame"
)

var sizes = []int{0, 1, 125, 126, 127, 65535, 65536, 100000}

// What is sent is a frame to the library, with the payload that was meant.
func TestAppendFrame(t *testing.T) {
	key := [4]byte{9, 8, 7, 6}
	for _, size := range sizes {
		p := bytes.Repeat([]byte("abcde"), size/5+1)[:size]
		b := appendFrame([]byte("before"), fin|rsv1|text, key, p)[len("before"):]
		h, n, err := frame.Consume(b)
		if err != nil || n == 0 {
			t.Fatalf("%d bytes: %v", size, err)
		}
		want := frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.Text, Masked: true, Key: key, Length: int64(size)}
		if h != want {
			t.Errorf("%d bytes: %+v", size, h)
		}
		frame.Mask(b[n:], key)
		if !bytes.Equal(b[n:], p) {
			t.Errorf("%d bytes: another payload", size)
		}
	}
}

// What the library sends is understood, once all of it has come.
func TestParseHeader(t *testing.T) {
	for _, size := range sizes {
		b := frame.Header{Fin: true, Opcode: frame.Binary, Length: int64(size)}.Append(nil)
		for i := range b {
			if _, n, err := parseHeader(b[:i]); n != 0 || err != nil {
				t.Errorf("%d of %d bytes of a header: %d, %v", i, len(b), n, err)
			}
		}
		h, n, err := parseHeader(append(b, 1, 2, 3))
		if h != (header{fin | binaryData, uint64(size)}) || n != len(b) || err != nil {
			t.Errorf("%d bytes: %v, %d, %v", size, h, n, err)
		}
	}
	if _, _, err := parseHeader([]byte{fin | binaryData, 0x80, 1, 2, 3, 4}); err == nil {
		t.Error("a masked frame is no error")
	}
}
