package deflate

import (
	"bytes"
	"compress/flate"
	"io"
	"testing"
)

// seedDecoder adds the payloads of the tables, and some of compress/flate.
func seedDecoder(f *testing.F, add func(payload []byte)) {
	for _, tests := range [][]decoderTest{rfcTests, malformedTests} {
		for _, tt := range tests {
			for _, m := range tt.messages {
				add(unhex(m.payload))
			}
		}
	}
	forStd([]int{40, 600}, func(name string, messages, payloads [][]byte) { add(payloads[1]) })
}

// fuzzedCutting makes one of the fuzzer's bytes.
func fuzzedCutting(b []byte) cutting {
	c := cutting{[]int{1 + len(b)}, []int{1}}
	for i, v := range b {
		if i%2 == 0 {
			c.pieces = append(c.pieces, int(v))
		} else {
			c.rooms = append(c.rooms, int(v))
		}
	}
	return c
}

// stdInflate inflates payload and its tail with compress/flate, block by BFINAL block, and what
// follows as well. It is complete if an empty final block, of either kind, can follow.
func stdInflate(payload []byte) (out []byte, complete bool, err error) {
	for _, end := range []string{"", "\x01\x00\x00\xff\xff", "\x03\x00"} {
		src := bytes.NewReader(append(append(payload[:len(payload):len(payload)], tail...), end...))
		var all []byte
		err = nil
		for err == nil && src.Len() > 0 {
			var b []byte
			b, err = io.ReadAll(flate.NewReaderDict(src, all))
			all = append(all, b...)
		}
		switch {
		case end == "":
			out = all
		case err != nil || !bytes.Equal(all, out):
			return out, false, err
		}
	}
	return out, true, nil
}

// Decoder and compress/flate agree on any bytes, but for what compress/flate takes: a code for code lengths
// of a single code, a block that can have no end, and a message that ends with its tail although that is
// not what its sender removed. And however the payload is cut, the same comes out.
//
// Requirements: 7692-6-03, 7692-7.2.2-08, 7692-7.2.2-09
func FuzzDecoderStd(f *testing.F) {
	seedDecoder(f, func(payload []byte) { f.Add(payload, []byte{7, 3, 1, 40, 200, 255}) })
	f.Fuzz(func(t *testing.T, payload, cuts []byte) {
		d, w := new(Decoder), NewDecoderWindow(15)
		got, err := decode(t, d, w, false, payload, whole)
		want, complete, stdErr := stdInflate(payload)
		switch {
		case !bytes.HasPrefix(want, got):
			t.Fatalf("%d bytes, %v; compress/flate: %d others, %v", len(got), err, len(want), stdErr)
		case err == error(ErrClenCode), err == error(ErrNoEnd), err == error(ErrTruncated):
		case len(got) != len(want), err == nil && !complete, err != nil && stdErr == nil:
			t.Fatalf("%d bytes, %v; compress/flate: %d, complete = %v, %v", len(got), err, len(want), complete, stdErr)
		}
		if len(got) < 1<<16 {
			again, againErr := decode(t, d, w, true, payload, fuzzedCutting(cuts))
			if !bytes.Equal(again, got) || againErr != err {
				t.Fatalf("whole: %d bytes, %v; cut: %d, %v", len(got), err, len(again), againErr)
			}
		}
	})
}

// Decoder and the reference agree on any messages, one after the other with takeover, for any window,
// as to bytes and as to the error. A message that fails is not the last, for the sake of the test.
//
// Requirements: 7692-6-03, 7692-7.2.2-02, 7692-7.2.2-03, 7692-7.2.2-08, 7692-7.2.2-09
func FuzzDecoderWindow(f *testing.F) {
	seedDecoder(f, func(payload []byte) {
		f.Add(payload, payload, uint8(0), []byte{100, 255})
		f.Add(storedPayload(noise(250)), payload, uint8(1), []byte{100, 30, 100, 0})
	})
	f.Fuzz(func(t *testing.T, first, second []byte, bits uint8, cuts []byte) {
		windowBits := 8 + int(bits%8)
		d, w := new(Decoder), NewDecoderWindow(windowBits)
		cut := whole
		if len(cuts) > 0 {
			cut = fuzzedCutting(cuts)
		}
		var before []byte
		for i, payload := range [][]byte{first, second, first} {
			want, wantErr := reference(payload, before, windowBits)
			if len(want) > 1<<18 {
				return
			}
			got, err := decode(t, d, w, true, payload, cut)
			if !bytes.Equal(got, want) || err != wantErr {
				t.Fatalf("message %d, %d bits: %d bytes, %v; want %d, %v", i, windowBits, len(got), err, len(want), wantErr)
			}
			if err != nil {
				return
			}
			before = append(before, got...)
			if len(w.buf) > w.size {
				t.Fatalf("a window of %d bytes", len(w.buf))
			}
		}
	})
}
