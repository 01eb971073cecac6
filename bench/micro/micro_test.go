package micro

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/gorilla/websocket"
	"github.com/ws6455/ws/frame"
)

// perRFC masks as the RFC defines it, a byte at a time.
func perRFC(b []byte, key [4]byte) {
	for i := range b {
		b[i] ^= key[i%4]
	}
}

func BenchmarkMask(b *testing.B) {
	key := [4]byte{1, 2, 3, 4}
	for _, size := range []int{16, 125, 1 << 10, 16 << 10, 1 << 20} {
		p := make([]byte, size)
		for _, f := range []struct {
			lib  string
			mask func()
		}{
			{"ws", func() { frame.Mask(p, key) }},
			{"gobwas", func() { ws.Cipher(p, key, 0) }},
			{"bytewise", func() { perRFC(p, key) }},
		} {
			b.Run(fmt.Sprintf("size=%d/lib=%s", size, f.lib), func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					f.mask()
				}
			})
		}
	}
}

func BenchmarkUTF8(b *testing.B) {
	for _, text := range []struct{ name, sample string }{
		{"ascii", "The quick brown fox jumps over the lazy dog. "},
		{"german", "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. "},
		{"japanese", "いろはにほへと ちりぬるを わかよたれそ つねならむ "},
	} {
		for _, size := range []int{64, 4 << 10} {
			p := sample(text.sample, size)
			for _, f := range []struct {
				lib   string
				valid func() bool
			}{
				{"ws", func() bool { var u frame.UTF8; return u.Check(p) && u.Complete() }},
				{"gobwas", gobwasUTF8(p)},
				{"std", func() bool { return utf8.Valid(p) }}, // of a whole message only
			} {
				b.Run(fmt.Sprintf("text=%s/size=%d/lib=%s", text.name, size, f.lib), func(b *testing.B) {
					b.SetBytes(int64(len(p)))
					for b.Loop() {
						if !f.valid() {
							b.Fatal("not valid")
						}
					}
				})
			}
		}
	}
}

// sample returns about size bytes of text that do not end inside a character.
func sample(text string, size int) []byte {
	p := []byte(strings.Repeat(text, size/len(text)+1))[:size]
	for !utf8.Valid(p) {
		p = p[:len(p)-1]
	}
	return p
}

// gobwasUTF8 returns a check of p with the reader that gobwas has for it. It reads into a buffer of the same size.
func gobwasUTF8(p []byte) func() bool {
	src := bytes.NewReader(nil)
	r := wsutil.NewUTF8Reader(src)
	buf := make([]byte, len(p))
	return func() bool {
		src.Reset(p)
		r.Reset(src)
		n, err := r.Read(buf)
		return n == len(p) && err == nil && r.Valid()
	}
}

// The headers of a client's frames, with each form of the length.
var lengths = []int64{100, 10_000, 1_000_000}

func BenchmarkReadHeader(b *testing.B) {
	for _, length := range lengths {
		h := frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Key: [4]byte{1, 2, 3, 4}, Length: length}
		encoded := h.Append(nil)
		r := bytes.NewReader(nil)
		for _, f := range []struct {
			lib  string
			read func() bool
		}{
			{"ws", func() bool { got, _, err := frame.Consume(encoded); return err == nil && got.Length == length }},
			{"gobwas", func() bool {
				r.Reset(encoded)
				got, err := ws.ReadHeader(r)
				return err == nil && got.Length == length
			}},
		} {
			b.Run(fmt.Sprintf("length=%d/lib=%s", length, f.lib), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if !f.read() {
						b.Fatal("another header")
					}
				}
			})
		}
	}
}

func BenchmarkWriteHeader(b *testing.B) {
	for _, length := range lengths {
		ours := frame.Header{Fin: true, Opcode: frame.Binary, Length: length}
		theirs := ws.Header{Fin: true, OpCode: ws.OpBinary, Length: length}
		var buf []byte
		var w bytes.Buffer
		for _, f := range []struct {
			lib   string
			write func() int
		}{
			{"ws", func() int { buf = ours.Append(buf[:0]); return len(buf) }},
			{"gobwas", func() int { w.Reset(); ws.WriteHeader(&w, theirs); return w.Len() }},
		} {
			b.Run(fmt.Sprintf("length=%d/lib=%s", length, f.lib), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if f.write() != ours.Size() {
						b.Fatal("another header")
					}
				}
			})
		}
	}
}

// sink holds what was made, as a program would that sends it.
var sink []byte

func BenchmarkWriteClose(b *testing.B) {
	const reason = "see you later"
	var buf []byte
	for _, f := range []struct {
		lib   string
		write func() int
	}{
		{"ws", func() int { buf, _ = frame.AppendClose(buf[:0], frame.StatusGoingAway, reason); return len(buf) }},
		{"gobwas", func() int { sink = ws.NewCloseFrameBody(ws.StatusGoingAway, reason); return len(sink) }},
		{"gorilla", func() int { sink = websocket.FormatCloseMessage(websocket.CloseGoingAway, reason); return len(sink) }},
	} {
		b.Run("lib="+f.lib, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if f.write() != 2+len(reason) {
					b.Fatal("another payload")
				}
			}
		})
	}
}
