package conn

import (
	"sync"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/deflate"
	"github.com/ws6455/ws/internal/protocol"
)

// Uncompressed can be added to the type of a message that is to be sent as it is,
// though the connection compresses others: frame.Text|conn.Uncompressed.
// It goes wherever a type goes: [Conn.Write], [Conn.Send], [Conn.Writer], [Conn.Stream], [Prepare].
// It is not sent, and makes no difference where nothing is compressed.
// JSON with a secret takes json.Marshal and Write, as [Conn.WriteJSON] is given no type.
//
// That is for messages that are compressed already, and for secrets:
// the size of a compressed message tells something about what is in it.
const Uncompressed frame.Opcode = 0x80

// A deflater compresses what this side sends. Who uses it holds Conn.msg,
// so that messages refer to each other in the order in which they leave.
//
// Between messages it holds the window, with takeover, and nothing without.
type deflater struct {
	reach
	level     deflate.Level
	threshold int
	window    *deflate.EncoderWindow
}

const levels = 3

var (
	encoders       [levels]sync.Pool
	encoderWindows [levels][deflate.MaxWindowBits + 1]sync.Pool // by level and bits
)

// pack returns the frame that sends m, compressed if that was agreed on and makes it smaller.
// Its payload may then be in room, whose content is lost.
func (c *compressor) pack(m outgoing, room *[]byte) protocol.Event {
	ev := m.event()
	if c == nil || m.plain || len(m.data) == 0 || len(m.data) < c.out.threshold {
		return ev
	}
	if m.prepared != nil {
		if p := m.prepared.packed(&c.out); p != nil {
			c.out.add(m.data)
			ev.Data, ev.Compressed = p, true
		}
		return ev
	}
	var smaller bool
	if *room, smaller = c.out.deflateSmaller((*room)[:0], m.data, c.out.kept()); smaller {
		ev.Data, ev.Compressed = *room, true
	}
	return ev
}

// deflate appends p to dst, compressed to go on from w, which may be nil. If last, it ends the message.
func (z *deflater) deflate(dst, p []byte, w *deflate.EncoderWindow, last bool) []byte {
	e := z.encoder()
	dst = e.Append(dst, p, w, z.bits, last)
	encoders[z.level].Put(e)
	return dst
}

// deflateSmaller appends a message to dst, compressed to go on from w, which may be nil,
// or returns false and dst as it was if it does not get smaller.
func (z *deflater) deflateSmaller(dst, p []byte, w *deflate.EncoderWindow) ([]byte, bool) {
	e := z.encoder()
	dst, ok := e.AppendSmaller(dst, p, w, z.bits)
	encoders[z.level].Put(e)
	return dst, ok
}

// encoder borrows an encoder.
func (z *deflater) encoder() *deflate.Encoder {
	if e, ok := encoders[z.level].Get().(*deflate.Encoder); ok {
		return e
	}
	return deflate.NewEncoder(z.level)
}

// kept returns the window that goes on from message to message; nil without takeover.
func (z *deflater) kept() *deflate.EncoderWindow {
	if z.window == nil && z.takeover {
		z.window = deflate.NewEncoderWindow(z.bits, z.level)
	}
	return z.window
}

// add notes that p was sent compressed, but not by this deflater.
func (z *deflater) add(p []byte) {
	if w := z.kept(); w != nil {
		w.Add(p)
	}
}

// undo notes that what was compressed last is not sent: the peer's window does not have it.
func (c *compressor) undo() {
	if c.out.window != nil {
		c.out.window.Undo()
	}
}

// forget notes that several messages that were compressed are not sent:
// those that are from now on refer to none before.
func (c *compressor) forget() {
	if c != nil && c.out.window != nil {
		c.out.window.Reset()
	}
}

// borrowWindow returns an empty window for a message in fragments.
func (z *deflater) borrowWindow() *deflate.EncoderWindow {
	w, ok := encoderWindows[z.level][z.bits].Get().(*deflate.EncoderWindow)
	if !ok {
		w = deflate.NewEncoderWindow(z.bits, z.level)
	}
	return w
}

// giveBack ends the use of a borrowed window.
func (z *deflater) giveBack(w *deflate.EncoderWindow) {
	w.Reset()
	encoderWindows[z.level][z.bits].Put(w)
}
