package protocol

import (
	"errors"
	"math"

	"github.com/ws6455/ws/frame"
)

// Misuse that a Sender finds: frames that it does not let out.
var (
	ErrClosed       = errors.New("close frame already sent")
	errOpcode       = errors.New("not an opcode that can be sent")
	errPayloadLong  = errors.New("control frame of more than 125 bytes")
	errPayloadSplit = errors.New("fragmented control frame")
	errInterleaved  = errors.New("message begun inside another")
	errRSV1         = errors.New("compressed frame without compression")
)

// A Sender turns events into the frames of one side.
// It lets out nothing that breaks a rule of the peer's Receiver, except pongs after the
// close frame: pings are answered until the peer's own close frame comes (section 5.5.2).
type Sender struct {
	Side        frame.Side // the end that sends
	Compression bool       // messages may be compressed (RFC 7692, section 6)

	open   frame.Opcode // the message being sent in fragments; Continuation if there is none
	closed bool         // a close frame has been sent
}

// Append appends the frame for ev to b. A client masks it with key.
//
// The Opcode of a data event is that of its message, for each fragment;
// the Sender knows which frames are continuations.
// If an error is returned, the state is not changed.
func (s *Sender) Append(b []byte, ev Event, key [4]byte) ([]byte, error) {
	b, err := s.AppendHeader(b, ev, key)
	if err != nil {
		return b, err
	}
	n := len(b)
	b = append(b, ev.Data...)
	if s.Side == frame.Client {
		frame.Mask(b[n:], key)
	}
	return b, nil
}

// AppendHeader appends the header of the frame for ev, as Append does,
// for a caller that sends the payload from where it is.
func (s *Sender) AppendHeader(b []byte, ev Event, key [4]byte) ([]byte, error) {
	if s.Side == frame.Server && ev.Fin && !ev.Compressed && !s.Open() && !s.closed &&
		(ev.Opcode == frame.Text || ev.Opcode == frame.Binary) {
		first := 0x80 | byte(ev.Opcode)
		switch n := len(ev.Data); { // what comes most goes a short way
		case n < 126:
			return append(b, first, byte(n)), nil
		case n <= math.MaxUint16:
			return append(b, first, 126, byte(n>>8), byte(n)), nil
		}
	}
	h, err := s.header(ev, key)
	if err != nil {
		return b, err
	}
	return h.Append(b), nil
}

// header returns the header of the frame for ev, and notes that it is sent.
func (s *Sender) header(ev Event, key [4]byte) (frame.Header, error) {
	if err := s.check(ev); err != nil {
		return frame.Header{}, err
	}
	h := frame.Header{
		Fin:    ev.Fin,
		Opcode: ev.Opcode,
		Masked: s.Side == frame.Client,
		Length: int64(len(ev.Data)),
	}
	if h.Masked {
		h.Key = key
	}
	if ev.Compressed && s.open == frame.Continuation {
		h.RSV = frame.RSV1
	}
	if ev.Opcode.IsControl() {
		s.closed = s.closed || ev.Opcode == frame.Close
		return h, nil
	}
	if s.open != frame.Continuation {
		h.Opcode = frame.Continuation
	}
	s.open = ev.Opcode
	if ev.Fin {
		s.open = frame.Continuation
	}
	return h, nil
}

// Open reports whether a message has begun and not ended.
func (s *Sender) Open() bool { return s.open != frame.Continuation }

// check reports why ev may not be sent next.
func (s *Sender) check(ev Event) error {
	control := ev.Opcode.IsControl()
	switch {
	case s.closed && ev.Opcode != frame.Pong:
		return ErrClosed // section 5.5.1; pings are still answered, section 5.5.2
	case ev.Opcode == frame.Continuation, ev.Opcode > frame.Binary && !control, ev.Opcode > frame.Pong:
		return errOpcode // section 5.2
	case control && len(ev.Data) > frame.MaxControlPayload:
		return errPayloadLong // section 5.5
	case control && !ev.Fin:
		return errPayloadSplit // section 5.5
	case ev.Compressed && (control || !s.Compression):
		return errRSV1 // RFC 7692, section 6
	case ev.Opcode == frame.Close:
		return checkClose(ev.Data) // section 5.5.1
	case control:
		return nil
	case s.Open() && ev.Opcode != s.open:
		return errInterleaved // section 5.4
	}
	return nil
}
