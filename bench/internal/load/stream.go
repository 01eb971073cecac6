package load

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// window is how far back a compressed message can refer.
const window = 32 << 10

// A stream is what each client sends: messages that repeat, in frames that are encoded in advance.
// Frames are numbered from 0. Those before intro occur once; they fill the window of a compressor
// that keeps its context. After them, a cycle of one frame for each message occurs over and over.
type stream struct {
	messages [][]byte
	intro    int
	wire     []byte // the intro, the cycle, and again as many frames as can be pending
	start    []int  // where each frame begins, and the end
	flight   int
}

// A coding says how the messages of a stream are compressed.
type coding struct {
	deflate        bool
	clientTakeover bool
	serverTakeover bool
}

// newStream encodes messages into frames whose first byte is opcode and what belongs to it.
func newStream(messages [][]byte, opcode byte, flight int, k coding) *stream {
	s := &stream{messages: messages, flight: flight}
	if k.clientTakeover || k.serverTakeover {
		for n := 0; n < window+len(messages[0]); s.intro += len(messages) {
			for _, m := range messages {
				n += len(m)
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range s.intro + len(messages) + flight {
		s.start = append(s.start, len(s.wire))
		s.wire = s.appendFrame(i, opcode, random.Uint32(), k)
	}
	s.start = append(s.start, len(s.wire))
	return s
}

// appendFrame appends frame i to what is encoded.
func (s *stream) appendFrame(i int, opcode byte, random uint32, k coding) []byte {
	if j := s.position(i); j < i {
		return append(s.wire, s.wire[s.start[j]:s.start[j+1]]...)
	}
	p, first := s.message(i), opcode|fin
	switch {
	case k.clientTakeover:
		p, first = deflate(p, s.history(i)), first|rsv1
	case k.deflate:
		p, first = deflate(p, nil), first|rsv1
	}
	var key [4]byte
	binary.LittleEndian.PutUint32(key[:], random|0x01010101) // no byte is zero
	return appendFrame(s.wire, first, key, p)
}

// position returns the number of the first frame that is the same as frame i.
func (s *stream) position(i int) int {
	if i < s.intro {
		return i
	}
	return s.intro + (i-s.intro)%len(s.messages)
}

// message returns the content of frame i.
func (s *stream) message(i int) []byte { return s.messages[i%len(s.messages)] }

// history returns the content of the frames before i, as far back as a compressor can refer.
func (s *stream) history(i int) []byte {
	var parts [][]byte
	n := 0
	for i--; i >= 0 && n < window; i-- {
		parts = append(parts, s.message(i))
		n += len(s.message(i))
	}
	b := make([]byte, 0, n)
	for j := len(parts) - 1; j >= 0; j-- {
		b = append(b, parts[j]...)
	}
	return b[max(0, len(b)-window):]
}

// frames returns n frames, from frame i on. There must not be more than flight.
func (s *stream) frames(i, n int) []byte {
	j := s.position(i)
	return s.wire[s.start[j]:s.start[j+n]]
}

// randomMessages returns n different messages of the same size, of octets or of text.
func randomMessages(n, size int, isText bool) [][]byte {
	random := rand.New(rand.NewPCG(3, 4))
	all := make([][]byte, n)
	for i := range all {
		p := make([]byte, size)
		for j := range p {
			if p[j] = byte(random.Uint32()); isText {
				p[j] = ' ' + p[j]%95
			}
		}
		all[i] = p
	}
	return all
}

// jsonMessages returns n messages of about 1 KiB, whose fields are the same and whose values are not.
func jsonMessages(n int) [][]byte {
	random := rand.New(rand.NewPCG(5, 6))
	kinds := []string{"temperature", "humidity", "pressure", "luminance"}
	all := make([][]byte, n)
	for i := range all {
		p := fmt.Appendf(nil, `{"station":"%08x","sequence":%d,"readings":[`, random.Uint32(), random.IntN(1e6))
		for len(p) < 950 {
			p = fmt.Appendf(p, `{"sensor":%d,"kind":%q,"value":%d.%02d,"valid":true,"at":"2026-01-%02dT%02d:%02d:%02dZ"},`,
				random.IntN(500), kinds[random.IntN(4)], random.IntN(100), random.IntN(100),
				1+random.IntN(28), random.IntN(24), random.IntN(60), random.IntN(60))
		}
		p[len(p)-1] = ']'
		all[i] = append(p, '}')
	}
	return all
}
