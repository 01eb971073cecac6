package protocol

import (
	"math"

	"github.com/ws6455/ws/frame"
)

// A Receiver turns the bytes that a peer sends into events.
//
// It is given slices and owns no buffer: events alias the bytes given to Next.
// The fields above the blank line are set before the first call of Next.
type Receiver struct {
	Side         frame.Side // the end that receives
	Compression  bool       // the first frame of a message may have RSV1 set (RFC 7692, section 6)
	MaxMessage   int64      // largest message in bytes; no limit if zero
	MaxFragments int        // most frames in a message; no limit if zero

	// The unfinished message, if any.
	open       frame.Opcode // Text or Binary; Continuation if there is none
	compressed bool         // its first frame had RSV1 set
	size       int64        // payload bytes announced so far
	fragments  int          // frames so far

	// The unfinished data frame, if any.
	left int64   // payload bytes still to come
	fin  bool    // it is the last of its message
	key  [4]byte // masking key, rotated to the next byte

	closed bool // a close frame has been received
}

// An Event is a control frame, or a piece of a data message.
type Event struct {
	Opcode     frame.Opcode // never Continuation
	Fin        bool         // Data ends the message
	Compressed bool         // the message is compressed
	Data       []byte
}

// Next decodes one event from the start of b, which it unmasks in place,
// and returns how many bytes it consumed.
// If it consumed none, it needs more bytes than b holds.
//
// Pieces of a message are returned as they arrive, control frames only whole.
// A frame that breaks a rule is reported at the byte that breaks it,
// with a [*Error] or a [*LimitError]. Nothing has changed then, neither the state nor b,
// so that every later call with b reports the same.
func (r *Receiver) Next(b []byte) (ev Event, n int, err error) {
	if ev, n = r.Whole(b); n > 0 {
		return ev, n, nil
	}
	if r.left == 0 {
		h, size, err := r.header(b)
		if size == 0 || err != nil {
			return Event{}, 0, err
		}
		if h.Opcode.IsControl() {
			return r.control(h, b, size)
		}
		r.admit(h)
		n = size
	}
	end := n + int(min(int64(len(b)-n), r.left))
	return r.piece(b[n:end:end]), end, nil
}

// Whole is Next for what comes most: a message in one frame that is all there, not compressed,
// and of less than 64 KiB. If it consumes nothing, b may begin with anything, right or wrong, and Next has to tell.
func (r *Receiver) Whole(b []byte) (ev Event, n int) {
	const fin, masked, length16 = 0x80, 0x80, 126
	if len(b) < 8 || r.Open() || r.closed {
		return ev, 0
	}
	op := frame.Opcode(b[0] ^ fin) // if FIN is set, and RSV1 to RSV3 are not
	if op != frame.Text && op != frame.Binary || b[1]&masked != 0 != (r.Side == frame.Server) {
		return ev, 0
	}
	size, length := 2, int(b[1]&^masked)
	if length >= length16 {
		size, length = 4, int(b[2])<<8|int(b[3])
		if b[1]&^masked != length16 || length < length16 {
			return ev, 0
		}
	}
	if r.MaxMessage > 0 && int64(length) > r.MaxMessage {
		return ev, 0
	}
	key := size
	if r.Side == frame.Server {
		size += 4
	}
	n = size + length
	if len(b) < n {
		return ev, 0
	}
	ev = Event{Opcode: op, Fin: true, Data: b[size:n:n]}
	if r.Side == frame.Server {
		frame.Mask(ev.Data, [4]byte(b[key:]))
	}
	return ev, n
}

// Open reports whether a message has begun and not ended.
func (r *Receiver) Open() bool { return r.open != frame.Continuation }

// Left returns how many payload bytes of the data frame under way are still to come.
// The next that many bytes may be given to Next alone, from wherever they are.
func (r *Receiver) Left() int64 { return r.left }

// header decodes the header at the start of b and holds it against the rules and the limits.
// A size of 0 and no error means that b ends before the header does.
func (r *Receiver) header(b []byte) (h frame.Header, size int, err error) {
	h, size, err = frame.Consume(b)
	if len(b) < 2 {
		return h, 0, nil
	}
	// What the first two bytes say is judged before the rest is there.
	if err := r.check(h); err != nil {
		return h, 0, err
	}
	if err != nil {
		return h, 0, &Error{frame.StatusProtocolError, err.Error()}
	}
	if size == 0 {
		return h, 0, nil
	}
	if err := r.checkLimits(h); err != nil {
		return h, 0, err
	}
	return h, size, nil
}

// check reports which rule says that h may not come next.
// Of a longer Length only the lower bound may be known.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.2
func (r *Receiver) check(h frame.Header) error {
	control := h.Opcode.IsControl()
	first := h.Opcode != frame.Continuation
	switch {
	case r.closed:
		return errAfterClose // section 5.5.1
	case h.Masked && r.Side == frame.Client:
		return errMasked // section 5.1
	case !h.Masked && r.Side == frame.Server:
		return errUnmasked // section 5.1
	case h.RSV&(frame.RSV2|frame.RSV3) != 0:
		return errReservedBits // section 5.2
	case h.RSV != 0 && (!r.Compression || control || !first):
		return errReservedBits // RFC 7692, section 6
	case h.Opcode > frame.Binary && !control:
		return errReservedOpcode // section 5.2
	case h.Opcode > frame.Pong:
		return errReservedOpcode // section 5.2
	case control && h.Length > frame.MaxControlPayload:
		return errControlLong // section 5.5
	case control && !h.Fin:
		return errControlFragment // section 5.5
	case control:
		return nil
	case !first && !r.Open():
		return errNoMessage // section 5.4
	case first && r.Open():
		return errMessageOpen // section 5.4
	}
	return nil
}

// checkLimits reports which limit the data frame h would pass.
func (r *Receiver) checkLimits(h frame.Header) error {
	most := r.MaxMessage
	if most == 0 {
		most = math.MaxInt64
	}
	switch {
	case h.Opcode.IsControl():
		return nil
	case h.Length > r.onWire(most, h)-r.size:
		return &LimitError{MaxMessage, most, sum(r.size, h.Length)}
	case r.MaxFragments > 0 && r.fragments >= r.MaxFragments:
		return &LimitError{MaxFragments, int64(r.MaxFragments), int64(r.fragments) + 1}
	}
	return nil
}

// onWire returns how many payload bytes a message of n bytes may have, of which h is the next frame.
// Compression adds a little to what it cannot make smaller, and to each fragment.
// How large a message is that was compressed, whoever inflates it has to see.
func (r *Receiver) onWire(n int64, h frame.Header) int64 {
	if h.RSV&frame.RSV1 != 0 || r.compressed && h.Opcode == frame.Continuation {
		return sum(n, n>>6+16*int64(r.fragments+1))
	}
	return n
}

// sum returns a+b, of numbers that are not negative, or the largest number if that overflows.
func sum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// admit records the header of a data frame.
func (r *Receiver) admit(h frame.Header) {
	if h.Opcode != frame.Continuation {
		r.open, r.compressed = h.Opcode, h.RSV&frame.RSV1 != 0
	}
	r.size += h.Length
	r.fragments++
	r.left, r.fin, r.key = h.Length, h.Fin, h.Key
}

// piece returns p, the next bytes of the data frame under way.
func (r *Receiver) piece(p []byte) Event {
	if r.Side == frame.Server {
		r.key = frame.Mask(p, r.key)
	}
	r.left -= int64(len(p))
	ev := Event{Opcode: r.open, Fin: r.fin && r.left == 0, Compressed: r.compressed, Data: p}
	if ev.Fin {
		r.open, r.size, r.fragments = frame.Continuation, 0, 0
	}
	return ev
}

// control returns the control frame at the start of b,
// whose header h is size bytes long.
func (r *Receiver) control(h frame.Header, b []byte, size int) (ev Event, n int, err error) {
	n = size + int(h.Length)
	if len(b) < n {
		return Event{}, 0, nil
	}
	p := b[size:n:n]
	if h.Masked {
		frame.Mask(p, h.Key)
	}
	if h.Opcode == frame.Close {
		if err := checkClose(p); err != nil {
			frame.Mask(p, h.Key) // as it was
			return Event{}, 0, err
		}
		r.closed = true
	}
	return Event{Opcode: h.Opcode, Fin: true, Data: p}, n, nil
}
