package fuzzer

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/ws6455/ws/autobahn/internal/deflate"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// in is the receiving side of a session. It goes on after an error as far as that makes sense:
// what follows can make a verdict worse.
type in struct {
	header  []byte // the start of a header that is not complete
	inFrame bool
	refused bool // there was an error in the frame

	// The frame that is being received.
	opcode  byte
	fin     bool
	rsv     byte
	masked  bool
	key     [4]byte
	length  uint64
	got     uint64
	first   []byte // the first octets of its payload
	control kept   // the payload of a control frame

	// The message that is being received.
	inMessage  bool
	binary     bool
	check      bool // its UTF-8 is checked
	compressed bool
	utf8       utf8Check
	data       kept
	inflate    *deflate.Decompressor // nil if there is no compression
	lost       bool                  // inflate no longer knows the context
}

// kept is a payload, of which no more than a limit is kept.
type kept struct {
	b    []byte
	size int
}

func (k *kept) add(p []byte, limit int) {
	k.size += len(p)
	k.b = append(k.b, p[:max(0, min(len(p), limit-len(k.b)))]...)
}

// receive takes what one read from the network returned.
func (s *session) receive(p []byte) {
	if s.state == closed {
		return
	}
	s.r.RxOctets[len(p)]++
	if s.r.Traffic != nil {
		s.r.Traffic.In.Wire += int64(len(p))
	}
	s.log(Entry{What: RxOctets, Size: len(p), Octets: head(p)})
	if len(s.in.header) > 0 {
		p = append(s.in.header, p...)
		s.in.header = nil
	}
	for s.state != closed {
		if !s.in.inFrame {
			n := s.consumeHeader(p)
			if n == 0 {
				s.in.header = bytes.Clone(p)
				return
			}
			p = p[n:]
			continue
		}
		n := int(min(uint64(len(p)), s.in.length-s.in.got))
		s.payload(p[:n])
		p = p[n:]
		if s.in.got < s.in.length {
			return
		}
		s.frameEnd()
	}
}

// consumeHeader reads the header of the next frame and returns its size, or 0 if p ends before it.
// Its first two octets are judged as soon as they are there, and again with the rest.
func (s *session) consumeHeader(p []byte) int {
	if len(p) < 2 {
		return 0
	}
	s.in.refused = false
	s.checkHeader(p[0], p[1])
	n := 2
	length := uint64(p[1] & 0x7F)
	switch {
	case length == 126 && len(p) >= 4:
		length = uint64(binary.BigEndian.Uint16(p[2:]))
		n = 4
		if length < 126 {
			s.violation("length is not in the shortest form")
		}
	case length == 127 && len(p) >= 10:
		length = binary.BigEndian.Uint64(p[2:])
		n = 10
		if length > math.MaxInt64 {
			s.violation("length has its top bit set")
		}
		if length <= math.MaxUint16 {
			s.violation("length is not in the shortest form")
		}
	case length > 125:
		return 0
	}
	masked := p[1]&0x80 != 0
	if masked && len(p) < n+4 {
		return 0
	}
	if limit := s.o.MaxFramePayloadSize; limit > 0 && p[0]&0xF < 8 && length > uint64(limit) {
		s.refuse(1009, "frame is longer than maxFramePayloadSize")
	}
	f := &s.in
	f.opcode, f.fin, f.rsv = p[0]&0xF, p[0]&0x80 != 0, p[0]>>4&7
	f.masked, f.length, f.got = masked, length, 0
	f.inFrame, f.first, f.control = true, nil, kept{}
	if masked {
		n += copy(f.key[:], p[n:])
	}
	if f.opcode < 8 && !f.inMessage {
		s.messageBegin()
	}
	return n
}

// checkHeader judges the first two octets of a header.
func (s *session) checkHeader(first, second byte) {
	fin, rsv, opcode := first&0x80 != 0, first>>4&7, first&0xF
	masked, length := second&0x80 != 0, second&0x7F
	deflated := s.in.inflate != nil && rsv == 4
	if rsv != 0 && !deflated {
		s.violation("reserved bits are set")
	}
	if masked && s.client && !s.o.AcceptMaskedServerFrames {
		s.violation("a frame of a server is masked")
	}
	if !masked && !s.client && s.o.RequireMaskedClientFrames {
		s.violation("a frame of a client is not masked")
	}
	if opcode > 7 {
		if !fin {
			s.violation("a control frame is fragmented")
		}
		if length > 125 {
			s.violation("a control frame is longer than 125 octets")
		}
		if opcode > suite.OpPong {
			s.violation("reserved opcode")
		}
		if opcode == suite.OpClose && length == 1 {
			s.violation("the payload of a close frame is one octet")
		}
		if deflated {
			s.violation("a control frame is compressed")
		}
		return
	}
	if opcode > suite.OpBinary {
		s.violation("reserved opcode")
	}
	if !s.in.inMessage && opcode == suite.OpContinuation {
		s.violation("a continuation frame without a message to continue")
	}
	if s.in.inMessage && opcode != suite.OpContinuation {
		s.violation("a new message inside another")
	}
	if s.in.inMessage && deflated {
		s.violation("RSV1 is set on a frame that is not the first of its message")
	}
}

func (s *session) violation(what string) { s.refuse(1002, what) }

func (s *session) refuse(code int, what string) {
	if s.state == closed {
		return
	}
	s.in.refused = true
	s.r.PeerError = cmp.Or(s.r.PeerError, what)
	s.note("error of the peer: " + what)
	s.fail(code, what)
}

func (s *session) messageBegin() {
	f := &s.in
	f.inMessage = true
	f.binary = f.opcode == suite.OpBinary
	f.check = f.opcode == suite.OpText && s.o.UTF8ValidateIncoming
	f.compressed = f.inflate != nil && f.rsv == 4
	f.utf8 = utf8Check{}
	f.data = kept{}
}

// payload takes the next octets of the payload of the frame.
func (s *session) payload(p []byte) {
	f := &s.in
	if len(p) == 0 {
		return
	}
	if f.masked {
		p = bytes.Clone(p)
		if s.o.ApplyMask {
			mask(p, f.key, int(f.got&3))
		}
	}
	f.got += uint64(len(p))
	if len(f.first) < 64 {
		f.first = append(f.first, p[:min(len(p), 64-len(f.first))]...)
	}
	switch {
	case f.opcode > 7:
		f.control.add(p, keepMessage)
	case f.compressed:
		f.data.add(p, keepDeflate)
	default:
		s.text(p)
		f.data.add(p, s.keep())
	}
	if limit := s.o.MaxMessagePayloadSize; limit > 0 && f.opcode < 8 && f.data.size > limit && f.data.size-len(p) <= limit {
		s.refuse(1009, "message is longer than maxMessagePayloadSize")
	}
}

// keep returns how much of a message is kept.
func (s *session) keep() int {
	if s.c.Length != nil || s.loop != nil && !s.loop.Verify {
		return 0
	}
	return keepMessage
}

// text checks the next octets of a text message.
func (s *session) text(p []byte) {
	if s.in.check && !s.in.utf8.valid(p) {
		s.refuse(1007, "text is not valid UTF-8")
	}
}

func (s *session) frameEnd() {
	f := &s.in
	f.inFrame = false
	s.r.RxFrames[int(f.opcode)]++
	if f.opcode == suite.OpClose {
		s.aloud()
	}
	s.log(Entry{
		What: RxFrame, Size: int(min(f.length, math.MaxInt32)), Octets: f.first, Opcode: f.opcode, Fin: f.fin, RSV: f.rsv,
		Masked: f.masked, Key: f.key, Refused: f.refused,
	})
	if t := s.r.Traffic; t != nil && f.opcode < 8 {
		t.In.Frames++
		t.In.Payload += int64(f.length)
	}
	switch {
	case f.opcode == suite.OpClose:
		s.closeReceived(f.control.b)
	case f.opcode == suite.OpPing:
		if s.state == open {
			s.frame(suite.Frame{Opcode: suite.OpPong}, f.control.b)
		}
	case f.opcode == suite.OpPong:
		s.ponged(f.control.b)
		s.record(suite.Event{Kind: suite.Pong, Payload: f.control.b, Size: f.control.size})
	case f.opcode < 8 && f.fin:
		s.messageEnd()
	}
}

func (s *session) messageEnd() {
	f := &s.in
	f.inMessage = false
	if f.compressed && !s.decompress() {
		return
	}
	if f.check && !f.utf8.complete() {
		s.refuse(1007, "text is not valid UTF-8, or stops inside a character")
	}
	if t := s.r.Traffic; t != nil {
		t.In.Messages++
		t.In.App += int64(f.data.size)
	}
	if s.r.FailedByMe || s.state == closed {
		return
	}
	kind := suite.TextMessage
	if f.binary {
		kind = suite.BinaryMessage
	}
	s.received(suite.Event{Kind: kind, Payload: f.data.b, Size: f.data.size})
	f.data = kept{}
}

// decompress replaces the message by what it was before its compression.
func (s *session) decompress() bool {
	f := &s.in
	if f.lost || f.data.size > len(f.data.b) {
		s.crash("a compressed message of the peer is too long to go on")
		return false
	}
	p, err := f.inflate.Append(nil, f.data.b, keepMessage)
	f.data = kept{b: p, size: len(p)}
	if err == deflate.ErrTooLong {
		f.lost = true
		f.data.size++ // it is not what was kept
		f.check = false
		return true
	}
	if err != nil {
		s.crash("the peer sent a compressed message that cannot be decompressed: " + err.Error())
		return false
	}
	s.text(p)
	return true
}

// closeReceived takes the payload of a close frame.
func (s *session) closeReceived(p []byte) {
	s.r.RemoteClose = Status{Code: suite.NoCode}
	if len(p) >= 2 {
		code := int(binary.BigEndian.Uint16(p))
		s.r.RemoteClose = Status{Code: code, Reason: printable(p[2:])}
		if !s.allowed(code) {
			s.violation("a close code that may not be sent")
		}
		var u utf8Check
		if !u.valid(p[2:]) {
			s.refuse(1007, "the reason in a close frame is not valid UTF-8")
		}
		if !utf8.Valid(p[2:]) {
			s.crash("the reason in the close frame of the peer is not valid UTF-8")
			return
		}
	}
	switch s.state {
	case open:
		s.r.WasClean = true
		s.answerClose(p)
	case closing:
		s.disarm(closeReply)
		s.r.WasClean = true
		if !s.client {
			s.end(dropAbort)
		} else if d := s.o.ServerConnectionDropTimeout; d > 0 && !s.armed(serverDrop) {
			s.arm(d, serverDrop)
		}
	case closed:
		s.r.WasClean = false
	}
}

// answerClose answers the first close frame, which was the peer's. A server ends TCP then; a client waits for it.
func (s *session) answerClose(p []byte) {
	code, reason := 1000, []byte(nil)
	if s.o.EchoCloseCodeReason {
		code = s.r.RemoteClose.Code
		if len(p) > 2 {
			reason = p[2:]
		}
	}
	s.closeFrame(code, reason)
	if !s.client {
		s.end(dropFlush)
	}
}

// allowed reports whether a peer may send a close code. The registry has grown since: only cases that ask for it
// know the codes that came later.
func (s *session) allowed(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1011, code >= 3000 && code <= 4999:
		return true
	case code >= 1012 && code <= 1014:
		return s.c.ModernCodes
	}
	return false
}
