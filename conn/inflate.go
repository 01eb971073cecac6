package conn

import (
	"sync"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/deflate"
	"github.com/ws6455/ws/internal/protocol"
)

// This file is the way of a received message that is compressed, inside of receive:
//
//	begin   notes a piece that the Receiver returned
//	next    inflates it, in as many pieces as it takes, each into a borrowed buffer
//
// So what comes after knows nothing of compression: UTF-8, limits and delivery see the message.

// An inflater decompresses what the peer sends.
//
// Between messages it holds the window, with takeover, and nothing without.
type inflater struct {
	reach
	most    int64 // Config.MaxMessageSize
	window  *deflate.DecoderWindow
	decoder *deflate.Decoder // borrowed for a message; nil if none is under way

	// The message under way.
	opcode  frame.Opcode
	src     []byte  // of the piece under way, not yet inflated; lies in the input
	last    bool    // that piece is the last of the message
	pending bool    // next has to be called again before there is a new piece
	size    int64   // inflated so far
	err     error   // what is wrong behind what was inflated
	buf     *buffer // that the last result of next lies in; nil if it was given back
}

var (
	decoders       = sync.Pool{New: func() any { return new(deflate.Decoder) }}
	decoderWindows [deflate.MaxWindowBits + 1]sync.Pool // by bits
)

// begin notes ev, a piece of a compressed message, for next.
func (z *inflater) begin(ev protocol.Event) {
	if z.decoder == nil {
		z.borrow()
		z.opcode, z.size = ev.Opcode, 0
	}
	z.src, z.last, z.pending = ev.Data, ev.Fin, true
}

// next returns the next piece of the message. It is valid until the next call, or giveBack.
// What is wrong with a message is reported behind the pieces that are right,
// so that it makes no difference where the network cuts the payload.
// Of a message that is too large, no more than one byte too many is inflated.
func (z *inflater) next() (ev protocol.Event, err error) {
	if z.err != nil {
		return ev, z.err
	}
	room := z.room()
	n, used, done, err := z.decoder.Decode(room, z.src, z.last)
	if err != nil {
		z.err = &protocol.Error{Code: frame.StatusInvalidPayload, Rule: err.Error()}
	}
	z.size += int64(n)
	if z.size > z.most {
		n, done = n-1, false
		z.err = &protocol.LimitError{Limit: protocol.MaxMessage, Most: z.most, Got: z.size}
	}
	z.src = z.src[used:]
	z.pending = z.err != nil || !done && (len(z.src) > 0 || n == len(room))
	if done {
		z.giveBackAll()
	}
	return protocol.Event{Opcode: z.opcode, Fin: done, Data: room[:n:n]}, nil
}

// room returns where to inflate to.
func (z *inflater) room() []byte {
	if z.buf == nil {
		z.buf = borrow()
	}
	if left := z.most - z.size; left < bufferSize {
		return z.buf[:left+1]
	}
	return z.buf[:]
}

// borrow takes what a message needs.
func (z *inflater) borrow() {
	if z.window == nil && !z.takeover {
		z.window, _ = decoderWindows[z.bits].Get().(*deflate.DecoderWindow)
	}
	if z.window == nil {
		z.window = deflate.NewDecoderWindow(z.bits)
	}
	z.decoder = decoders.Get().(*deflate.Decoder)
	z.decoder.Begin(z.window, z.takeover)
}

// giveBackAll gives back what was borrowed for the message.
func (z *inflater) giveBackAll() {
	decoders.Put(z.decoder)
	z.decoder, z.src = nil, nil
	if !z.takeover {
		decoderWindows[z.bits].Put(z.window)
		z.window = nil
	}
}

// inflating reports whether a compressed message is under way. It may be asked of a Conn without compressor.
func (c *compressor) inflating() bool { return c != nil && c.in.decoder != nil }

// pending reports whether there may be a piece without another from the Receiver.
func (c *compressor) pending() bool { return c != nil && c.in.pending }

// giveBack gives back the buffer that the last piece lies in.
func (c *compressor) giveBack() {
	if c != nil && c.in.buf != nil {
		c.in.buf.giveBack()
		c.in.buf = nil
	}
}

// forgetInput drops what there is of a message, and the window: the connection has ended.
func (c *compressor) forgetInput() {
	if c != nil {
		c.giveBack()
		c.in = inflater{}
	}
}
