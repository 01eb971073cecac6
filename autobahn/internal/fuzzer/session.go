package fuzzer

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/ws6455/ws/autobahn/internal/deflate"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A state is that of the fuzzer's end of a connection.
type state int

const (
	open    state = iota
	closing       // a close frame was sent
	closed        // the fuzzer has ended TCP, or found it ended
)

// A drop says how the fuzzer ends TCP.
type drop int

const (
	dropNone  drop = iota
	dropFlush      // when what was sent is out
	dropAbort      // at once, with a reset
)

// Limits on what is kept of a peer that sends too much. Its verdict does not depend on them:
// whatever is larger than these equals nothing that a case expects.
const (
	keepMessage = 1 << 20 // octets of a message
	keepEvents  = 4096    // events of a case
	keepTotal   = 8 << 20 // octets of all its events
	keepLog     = 4096    // entries of the log
	keepDeflate = 64 << 20
)

// hangTime is how long a session without a timer goes on: the peer has started to close,
// got its answer, and does not end TCP.
const hangTime = 10 * time.Second

// A session is one connection of the fuzzer, in which it plays a case.
type session struct {
	c      *suite.Case
	o      *Options
	client bool
	r      *Result

	// hold keeps the session going without a timer.
	hold bool
	// message is called with each text message, if not nil.
	message func(p []byte)

	now     time.Duration // since the end of the opening handshake
	state   state
	dropped drop
	hung    bool // ended by hangTime
	timers  []timer
	pinged  []byte // payload of the ping that waits for its answer

	// Sending.
	steps   []suite.Step // those still to run
	out     []piece      // to be taken by the driver
	part    part         // the last frame with a Claim
	deflate *deflate.Compressor

	// Receiving.
	in in

	// Judging.
	loop     *loop
	kept     int  // octets of the events
	overflow bool // there were more events than are kept
	quiet    bool // the log is off
}

// A part is a frame whose payload is not sent all at once.
type part struct {
	masked bool
	key    [4]byte
	sent   int // octets of its payload
}

// A piece is a part of what a session sends.
type piece struct {
	b      []byte
	apart  bool          // it is a write of its own
	pair   bool          // it was joined with another
	logged bool          // it is to be in the log
	prefix int           // octets at its start that are not the session's
	pause  time.Duration // before the next write
}

// newSession returns a session that plays c. The result is filled in from where the opening handshake ends;
// agreed holds the parameters of permessage-deflate, if it was agreed on.
func newSession(c *suite.Case, client bool, agreed *deflate.Params, r *Result, o *Options) *session {
	s := &session{c: c, o: o, client: client, r: r, steps: c.Steps}
	r.Opened = true
	r.LocalClose.Code, r.RemoteClose.Code = suite.NoCode, suite.NoCode
	r.RxOctets = map[int]int{}
	r.RxFrames, r.TxFrames = map[int]int{}, map[int]int{}
	r.Behavior = suite.Failed
	if agreed != nil {
		s.agree(*agreed)
	}
	return s
}

// agree sets up compression.
func (s *session) agree(p deflate.Params) {
	sw, cw := window(p.ServerWindow), window(p.ClientWindow)
	if s.client {
		s.deflate = deflate.NewCompressor(cw, !p.ClientNoTakeover)
		s.in.inflate = deflate.NewDecompressor(sw, !p.ServerNoTakeover)
	} else {
		s.deflate = deflate.NewCompressor(sw, !p.ServerNoTakeover)
		s.in.inflate = deflate.NewDecompressor(cw, !p.ClientNoTakeover)
	}
}

func window(bits int) int {
	if bits == 0 {
		return 15
	}
	return bits
}

// start runs the first steps. It comes before any octet of the peer is looked at.
func (s *session) start() {
	s.quiet = s.measures()
	if s.quiet {
		s.note("the log is off until the end of the case")
	}
	if s.o.AutoPingInterval > 0 {
		s.arm(s.o.AutoPingInterval, autoPing)
	}
	if s.c.Deflate != nil && s.deflate == nil {
		s.r.Behavior = suite.Unimplemented
		s.steps = nil
		s.close(1000, nil)
		return
	}
	if s.c.Deflate != nil && s.measures() {
		s.r.Traffic = &Traffic{PreopenIn: len(s.r.HTTPResponse), PreopenOut: len(s.r.HTTPRequest)}
		if !s.client {
			s.r.Traffic.PreopenIn, s.r.Traffic.PreopenOut = s.r.Traffic.PreopenOut, s.r.Traffic.PreopenIn
		}
	}
	s.run()
}

// measures reports whether the case is about size and speed, and not about events.
func (s *session) measures() bool { return s.c.Length != nil || loopOf(s.c) != nil }

// more appends steps to those that the session runs.
func (s *session) more(steps ...suite.Step) {
	waits := len(s.steps) > 0
	s.steps = append(slices.Clone(s.steps), steps...)
	if !waits {
		s.run()
	}
}

// ended reports whether the session is over.
func (s *session) ended() bool { return s.state == closed }

// lost tells the session that the peer has ended TCP.
func (s *session) lost() {
	if s.state == closed {
		return
	}
	s.state = closed
	if !s.r.WasClean {
		s.r.NotCleanReason = "the peer ended TCP without a closing handshake"
	}
}

// take returns what is to be written, and forgets it.
func (s *session) take() []piece {
	out := s.out
	s.out = nil
	return out
}

// run runs the steps up to the next Wait.
func (s *session) run() {
	for len(s.steps) > 0 {
		step := s.steps[0]
		s.steps = s.steps[1:]
		switch step := step.(type) {
		case suite.Frame:
			s.frames(step)
		case suite.Octets:
			s.octets(step.Payload.Bytes())
		case suite.Message:
			s.send(step.Opcode, step.Payload.Bytes(), step.Frag, step.Compressed)
		case suite.Close:
			s.close(step.Code, step.Reason)
		case suite.KillAfter:
			s.log(Entry{What: KillSet, Delay: step.D})
			s.arm(step.D, killAfter)
		case suite.CloseAfter:
			s.log(Entry{What: CloseSet, Delay: step.D})
			s.arm(step.D, closeAfter)
		case suite.Loop:
			s.loop = &loop{Loop: step}
			s.next()
		case suite.Wait:
			s.log(Entry{What: DelaySet, Delay: step.For})
			s.add(timer{at: s.now + step.For, what: waitOver, wait: step})
			return
		}
	}
}

// frames sends a frame, as often as it says.
func (s *session) frames(f suite.Frame) {
	for range max(f.Times, 1) {
		s.frame(f, f.Payload.Bytes())
	}
}

// frame sends one frame, whatever the state.
func (s *session) frame(f suite.Frame, payload []byte) {
	p := part{masked: s.masks() != f.WrongMask}
	if p.masked {
		binary.LittleEndian.PutUint32(p.key[:], rand.Uint32())
	}
	b := make([]byte, 0, 14+len(payload))
	b = appendHeader(b, f, len(payload), p.masked, p.key)
	b = p.append(b, payload, s.o.ApplyMask)
	if f.Claim != 0 {
		s.part = p
	}
	s.r.TxFrames[int(f.Opcode)]++
	if t := s.r.Traffic; t != nil && f.Opcode < 8 {
		t.Out.Frames++
		t.Out.Payload += int64(len(payload))
	}
	s.log(Entry{
		What: TxFrame, Size: len(payload), Octets: head(payload), Opcode: f.Opcode, Fin: !f.NotFin, RSV: f.RSV,
		Masked: p.masked, Key: p.key, Chop: f.Chop, Sync: f.Sync,
	})
	s.cut(b, f)
}

// cut hands over the octets of f as it is to be written.
func (s *session) cut(b []byte, f suite.Frame) {
	pause := pauseTime
	if s.c.NonStrict != nil {
		pause = longPauseTime
	}
	switch {
	case f.Chop > 0:
		if len(b)/f.Chop > maxPauses {
			pause = 0
		}
		for chunk := range slices.Chunk(b, f.Chop) {
			s.write(piece{b: chunk, apart: true, pause: pause})
		}
	case f.Sync:
		s.write(piece{b: b, apart: true, pause: pause})
	default:
		s.write(piece{b: b})
	}
}

// Pauses between the writes of a frame that is sent in pieces.
const (
	pauseTime = 10 * time.Microsecond

	// longPauseTime is for cases in which a peer that sees several writes at once may get a lesser verdict:
	// it is long enough for that not to depend on how busy the machine is.
	longPauseTime = 5 * time.Millisecond

	maxPauses = 1000 // a frame in more writes than this has none
)

// masks reports whether the frames of the fuzzer are masked.
func (s *session) masks() bool {
	if s.client {
		return s.o.MaskClientFrames
	}
	return s.o.MaskServerFrames
}

// octets sends more payload of the last frame with a Claim.
func (s *session) octets(p []byte) {
	s.write(piece{b: s.part.append(nil, p, s.o.ApplyMask)})
}

// append appends payload as the next octets of the frame.
func (p *part) append(b, payload []byte, apply bool) []byte {
	n := len(b)
	b = append(b, payload...)
	if p.masked && apply {
		mask(b[n:], p.key, p.sent)
	}
	p.sent += len(payload)
	return b
}

// write hands over a piece. Pieces that are not apart leave together at the end of the turn. So do the first two
// that are apart: in the original, too, the second is handed over before the network is given the first.
func (s *session) write(p piece) {
	if n := len(s.out); n > 0 && p.apart == s.out[n-1].apart && (!p.apart || n == 1 && !s.out[0].pair) {
		s.out[n-1].b = append(s.out[n-1].b, p.b...)
		s.out[n-1].pair = true
		return
	}
	p.logged = !s.quiet
	s.out = append(s.out, p)
}

// written tells the session what was written to the network: the sizes of the writes, and entries for its log.
func (s *session) written(writes map[int]int, log []Entry) {
	s.r.TxOctets = writes
	if s.r.Traffic != nil {
		for size, n := range writes {
			s.r.Traffic.Out.Wire += int64(size) * int64(n)
		}
	}
	s.r.Log = append(s.r.Log, log...)
	slices.SortStableFunc(s.r.Log, func(a, b Entry) int { return cmp.Compare(a.At, b.At) })
}

// send sends a message, if the connection is open.
func (s *session) send(opcode byte, p []byte, frag int, compressed bool) {
	if s.state != open {
		return
	}
	if frag == 0 && s.c.Deflate == nil { // a case with compression says itself how it wants it
		frag = s.o.AutoFragmentSize
	}
	if t := s.r.Traffic; t != nil {
		t.Out.Messages++
		t.Out.App += int64(len(p))
	}
	var rsv byte
	if compressed && s.deflate != nil {
		p = s.deflate.Append(nil, p)
		rsv = 4
	}
	if frag <= 0 || len(p) <= frag {
		s.frame(suite.Frame{Opcode: opcode, RSV: rsv}, p)
		return
	}
	for len(p) >= frag {
		s.frame(suite.Frame{Opcode: opcode, RSV: rsv, NotFin: true}, p[:frag])
		p, opcode, rsv = p[frag:], suite.OpContinuation, 0
	}
	s.frame(suite.Frame{Opcode: opcode}, p)
}

// close starts the closing handshake, if the connection is open.
func (s *session) close(code int, reason []byte) {
	if s.state != open {
		return
	}
	s.r.ClosedByMe = true
	s.closeFrame(code, reason)
	if s.o.CloseHandshakeTimeout > 0 {
		s.arm(s.o.CloseHandshakeTimeout, closeReply)
	}
}

// closeFrame sends a close frame, which the connection must be open for.
func (s *session) closeFrame(code int, reason []byte) {
	s.aloud()
	s.state = closing
	for _, t := range []due{closeAfter, autoPing, autoPong} {
		s.disarm(t) // it does nothing from here on
	}
	s.r.LocalClose = Status{Code: code, Reason: printable(reason)}
	p := reason
	if code != suite.NoCode {
		p = append([]byte{byte(code >> 8), byte(code)}, reason...)
	}
	s.frame(suite.Frame{Opcode: suite.OpClose}, p)
}

// fail fails the connection.
func (s *session) fail(code int, reason string) {
	if s.state == closed {
		return
	}
	s.aloud()
	s.r.FailedByMe = true
	switch {
	case s.o.FailByDrop:
		s.r.WasClean = false
		s.r.NotCleanReason = "the fuzzer failed the connection: " + reason
		s.end(dropAbort)
	case s.state == open:
		s.close(code, []byte(reason))
	default:
		s.end(dropFlush)
	}
}

// end ends TCP.
func (s *session) end(how drop) {
	s.state = closed
	s.dropped = how
	s.r.DroppedByMe = true
}

// crash ends TCP because of something in the octets of the peer that leaves nothing to be done.
// None of the facts that verdicts are made of changes.
func (s *session) crash(why string) {
	s.r.PeerError = cmp.Or(s.r.PeerError, why)
	s.note(why)
	if s.state != closed {
		s.state = closed
		s.dropped = dropFlush
	}
	if !s.r.WasClean {
		s.r.NotCleanReason = why
	}
}

// log adds to the log.
func (s *session) log(e Entry) {
	if s.quiet && e.What < DelaySet {
		return
	}
	if len(s.r.Log) >= keepLog {
		s.r.LogCut = true
		return
	}
	e.At = s.now
	s.r.Log = append(s.r.Log, e)
}

// aloud switches the log on again.
func (s *session) aloud() {
	if s.quiet {
		s.quiet = false
		s.note("the log is on again")
	}
}

func (s *session) note(text string) { s.log(Entry{What: Note, Text: text}) }

// head returns a copy of the first octets of p.
func head(p []byte) []byte { return bytes.Clone(p[:min(len(p), 64)]) }

// printable returns p as text, in hexadecimal if it is none.
func printable(p []byte) string {
	if utf8.Valid(p) {
		return string(p)
	}
	return hex.EncodeToString(p)
}

// appendHeader appends the header of f, which has a payload of n octets.
func appendHeader(b []byte, f suite.Frame, n int, masked bool, key [4]byte) []byte {
	first := f.Opcode&0xF | f.RSV<<4
	if !f.NotFin {
		first |= 0x80
	}
	length := uint64(n)
	if f.Claim != 0 {
		length = uint64(f.Claim)
	}
	form := f.LengthForm
	if form == 0 {
		form = lengthForm(length)
	}
	var second byte
	if masked {
		second = 0x80
	}
	switch form {
	case 7:
		b = append(b, first, second|byte(length))
	case 16:
		b = append(b, first, second|126, byte(length>>8), byte(length))
	default:
		b = append(b, first, second|127)
		for shift := 56; shift >= 0; shift -= 8 {
			b = append(b, byte(length>>shift))
		}
	}
	if masked {
		b = append(b, key[:]...)
	}
	return b
}

// lengthForm returns the bits of the shortest form of a length.
func lengthForm(n uint64) int {
	switch {
	case n <= 125:
		return 7
	case n <= math.MaxUint16:
		return 16
	}
	return 64
}
