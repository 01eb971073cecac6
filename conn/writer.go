package conn

import (
	"cmp"
	"context"
	"io"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/deflate"
	"github.com/ws6455/ws/internal/protocol"
)

// A messageWriter sends one message in fragments. Until Close it holds c.msg.
type messageWriter struct {
	c      *Conn
	ctx    context.Context
	typ    frame.Opcode
	text   frame.UTF8
	plain  bool                   // not to be compressed
	packs  bool                   // the message is compressed; valid once it began
	window *deflate.EncoderWindow // of the message, if it is compressed without takeover
	packed []byte                 // the payload sent last
	began  bool                   // a frame was sent
	size   int                    // bytes sent
	err    error                  // of the first call that failed, or ErrWriterDone
}

// Writer begins a message that is sent in fragments: each Write of the writer
// is one frame, sent at once, and Close sends the last one, which is empty.
// Other messages wait until then; pings, pongs and close frames do not.
// ctx holds for the whole message.
//
// If compression was agreed on, the message is compressed whatever its size, which is not known at its beginning,
// and each fragment takes some 5 bytes more than its content does: Writes should not be small.
//
// A text message may end a fragment inside a character, but not the message:
// a Write after which no text could be valid returns [ErrInvalidUTF8].
//
// The writer must be closed, which finishes the message.
// To abandon it instead, let ctx end before Close: a message of which a part is sent
// can only be abandoned together with the connection, so Close then closes that,
// with status 1011, as [Conn.Close] does. It is the same after a Write that failed.
// The writer is for one goroutine.
func (c *Conn) Writer(ctx context.Context, typ frame.Opcode) (io.WriteCloser, error) {
	c.enter()
	defer c.leave()
	m, err := newOutgoing(typ, nil)
	if err != nil {
		return nil, err
	}
	if err := c.lockMessage(ctx); err != nil {
		return nil, err
	}
	return &messageWriter{c: c, ctx: ctx, typ: m.typ, plain: m.plain}, nil
}

// Write sends p as one fragment. An empty p sends nothing.
func (w *messageWriter) Write(p []byte) (n int, err error) {
	if w.err != nil || len(p) == 0 {
		return 0, w.err
	}
	if w.err = w.send(p, false); w.err != nil {
		return 0, w.err
	}
	w.size += len(p)
	return len(p), nil
}

// Close ends the message.
func (w *messageWriter) Close() error {
	w.c.enter()
	defer w.c.leave()
	if w.err == ErrWriterDone {
		return w.err
	}
	defer w.c.msg.release()
	if w.window != nil {
		defer w.c.compressor.out.giveBack(w.window)
	}
	err := w.err
	if err == nil {
		err = w.send(nil, true)
		if err == nil {
			w.c.limits.Hooks.messageOut(w.c, w.typ, w.size)
		}
	}
	w.err = ErrWriterDone
	if err != nil && w.began && w.c.failed() == nil {
		w.c.dropQueue() // which waits for the end of this message
		w.c.Close(frame.StatusInternalError, "message abandoned")
	}
	return err
}

// send sends one frame of the message.
func (w *messageWriter) send(p []byte, fin bool) error {
	w.c.enter()
	defer w.c.leave()
	if w.typ == frame.Text && !w.text.Check(p) || fin && !w.text.Complete() {
		return ErrInvalidUTF8
	}
	ev := protocol.Event{Opcode: w.typ, Fin: fin, Data: p}
	if !w.began {
		w.packs = w.c.compressor != nil && !w.plain && len(p) > 0
	}
	if err := cmp.Or(w.ctx.Err(), w.c.failed()); err != nil {
		return err
	}
	if w.packs {
		w.pack(&ev)
	}
	err := w.c.send(w.ctx, ev)
	w.began = w.began || err == nil
	return err
}

// pack compresses the payload of ev, which may refer to the fragments before.
//
// "If this is not the final fragment […] the 4 octets […] are not removed"
// https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1
func (w *messageWriter) pack(ev *protocol.Event) {
	z := &w.c.compressor.out
	window := z.kept()
	if window == nil {
		if w.window == nil {
			w.window = z.borrowWindow()
		}
		window = w.window
	}
	w.packed = z.deflate(w.packed[:0], ev.Data, window, ev.Fin)
	ev.Data, ev.Compressed = w.packed, true
}
