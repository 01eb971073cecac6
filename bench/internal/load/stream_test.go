package load

import (
	"bytes"
	"compress/flate"
	"io"
	"testing"

	"github.com/ws6455/ws/frame"
)

// payloads returns what is in the frames of a stream, from frame 0 on, as often as frames repeat.
func payloads(t *testing.T, s *stream, n int) [][]byte {
	t.Helper()
	var all [][]byte
	for i := range n {
		b := bytes.Clone(s.frames(i, 1))
		h, k, err := frame.Consume(b)
		if err != nil || int64(len(b)-k) != h.Length {
			t.Fatalf("frame %d: %+v, %v", i, h, err)
		}
		frame.Mask(b[k:], h.Key)
		all = append(all, b[k:])
	}
	return all
}

func TestStream(t *testing.T) {
	s := newStream(randomMessages(4, 300, false), binaryData, 16, coding{})
	for i, p := range payloads(t, s, 50) {
		if !bytes.Equal(p, s.message(i)) {
			t.Errorf("frame %d is not message %d", i, i)
		}
	}
	for i := range 50 { // frames are one after the other, wherever the first is
		var want []byte
		for j := range 16 {
			want = append(want, s.frames(i+j, 1)...)
		}
		if !bytes.Equal(s.frames(i, 16), want) {
			t.Errorf("16 frames from %d on differ", i)
		}
	}
}

// A compressor that keeps its context could have made the stream: one decompressor inflates all of it.
func TestTakeover(t *testing.T) {
	s := newStream(jsonMessages(48), text, 4, coding{deflate: true, clientTakeover: true, serverTakeover: true})
	const n = 200
	var in, want []byte
	all := payloads(t, s, n)
	for i, p := range all {
		in = append(append(in, p...), tail...)
		want = append(want, s.message(i)...)
	}
	got, err := io.ReadAll(flate.NewReader(bytes.NewReader(in)))
	if !bytes.Equal(got, want) {
		t.Fatalf("%d bytes of %d, %v", len(got), len(want), err)
	}
	if a, b := len(all[0]), len(all[100]); b >= a {
		t.Errorf("%d bytes without a history and %d with one", a, b)
	}

	f := &flateCheck{stream: s, takeover: true, known: map[int][]byte{}}
	for i, p := range all { // as if they were replies
		if err := f.check(i, p); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
	}
	if len(f.known) != 2*48 {
		t.Errorf("%d payloads are known", len(f.known))
	}
	if f.check(0, all[1]) == nil || f.check(3, []byte{1, 2, 3}) == nil {
		t.Error("a wrong reply is right")
	}
}

func TestNoTakeover(t *testing.T) {
	s := newStream(jsonMessages(5), text, 2, coding{deflate: true})
	f := &flateCheck{stream: s, known: map[int][]byte{}}
	for i, p := range payloads(t, s, 12) {
		got, err := io.ReadAll(flate.NewReader(bytes.NewReader(append(bytes.Clone(p), tail...))))
		if !bytes.Equal(got, s.message(i)) {
			t.Errorf("frame %d: %v", i, err)
		}
		if err := f.check(i, p); err != nil {
			t.Errorf("frame %d: %v", i, err)
		}
	}
}

func TestParseExtensions(t *testing.T) {
	for value, want := range map[string]coding{
		"":                   {},
		"permessage-deflate": {true, true, true},
		"permessage-deflate; server_no_context_takeover":                            {true, true, false},
		"permessage-deflate;client_no_context_takeover; server_no_context_takeover": {true, false, false},
		"permessage-deflate; server_max_window_bits=12":                             {true, true, true},
	} {
		if got, err := parseExtensions(value); got != want || err != nil {
			t.Errorf("%q: %+v, %v", value, got, err)
		}
	}
	for _, value := range []string{"x", "permessage-deflate; client_max_window_bits=12", "permessage-deflate, x"} {
		if _, err := parseExtensions(value); err == nil {
			t.Errorf("%q is no error", value)
		}
	}
}
