package floor

import (
	"bytes"
	"strings"
	"testing"
)

// frame returns a masked frame, and what it is without the mask.
func frame(first byte, size int) (masked, plain []byte) {
	switch {
	case size < 126:
		plain = []byte{first, byte(size)}
	case size < 1<<16:
		plain = []byte{first, 126, byte(size >> 8), byte(size)}
	default:
		plain = []byte{first, 127, 0, 0, 0, 0, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}
	}
	key := [4]byte{1, 2, 3, 250}
	masked = append(bytes.Clone(plain), key[:]...)
	masked[1] |= 0x80
	for i := range size {
		c := byte(i * 7)
		plain = append(plain, c)
		masked = append(masked, c^key[i%4])
	}
	return masked, plain
}

// However the network cuts the frames, the echo is the same.
func TestTurn(t *testing.T) {
	var in, want []byte
	for _, size := range []int{0, 1, 5, 125, 126, 300, 70000, 3, 0} {
		masked, plain := frame(0x82, size)
		in, want = append(in, masked...), append(want, plain...)
	}
	for _, step := range []int{1, 2, 3, 5, 7, 13, 64, 1000, 1 << 20} {
		var e Echo
		var got []byte
		for rest := in; len(rest) > 0; {
			buf := make([]byte, Room+step)
			n := copy(buf[Room:], rest)
			got = append(got, e.Turn(buf, n)...)
			rest = rest[n:]
		}
		if !bytes.Equal(got, want) {
			t.Errorf("reads of %d bytes: the echo differs", step)
		}
	}
}

func TestPayload(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 70000} {
		_, plain := frame(0x82, size)
		if got := Payload(plain); !bytes.Equal(got, plain[len(plain)-size:]) {
			t.Errorf("of %d bytes, there are %d", size, len(got))
		}
	}
	for _, short := range [][]byte{nil, {0x82}, {0x82, 126}, {0x82, 127, 0}} {
		if got := Payload(short); len(got) > 0 {
			t.Errorf("% x has a payload of %d bytes", short, len(got))
		}
	}
}

// The key and its answer are those of RFC 6455, section 1.3.
func TestUpgrade(t *testing.T) {
	request := "GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if got := string(Upgrade([]byte(request))); !strings.Contains(got, "Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") {
		t.Errorf("got %q", got)
	}
	if got := Upgrade([]byte(request[:len(request)-1])); got != nil {
		t.Errorf("an incomplete request was answered: %q", got)
	}
}
