package conn

import (
	"context"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// This file is the way of a sent message through a Conn:
//
//	Write      takes its turn, then the write lock
//	transmit   encodes a frame behind the pongs that are due
//	writeNet   hands it to the network, for as long as context and limits allow

// directWrite is how much of a payload is given to the network at once, without copying it.
const directWrite = 256 << 10

// Write sends p as one message, in one frame.
// Messages of concurrent calls leave one after the other, in the order of the calls.
// p must not be changed until Write returns. It is not kept.
//
// If ctx ends while Write waits for its turn, or before the network took a byte,
// the message is not sent and the connection stays as it is.
// In the middle of a frame there is no way back: then the connection ends,
// and so does one over TLS, which cannot tell.
// If Config.WriteTimeout passes, it is the same, with a [*LimitError].
//
// A text message that is not valid UTF-8 is refused with [ErrInvalidUTF8].
// Once a side has begun to close, Write returns what [Conn.Read] does at the end.
func (c *Conn) Write(ctx context.Context, typ frame.Opcode, p []byte) error {
	if err := checkMessage(typ, p); err != nil {
		return err
	}
	if err := c.lockMessage(ctx); err != nil {
		return err
	}
	defer c.msg.release()
	return c.send(ctx, &protocol.Event{Opcode: typ, Fin: true, Data: p})
}

// checkMessage reports why p may not be sent as a message of the type.
func checkMessage(typ frame.Opcode, p []byte) error {
	switch typ {
	case frame.Binary:
		return nil
	case frame.Text:
		var text frame.UTF8
		if text.Check(p) && text.Complete() {
			return nil
		}
		return ErrInvalidUTF8
	}
	return ErrMessageType
}

// lockMessage takes c.msg for the length of a message.
func (c *Conn) lockMessage(ctx context.Context) error {
	if c.msg.try() {
		return nil
	}
	w := c.msg.enqueue()
	if w == nil || c.msg.await(w, ctx.Done(), c.done()) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.failed()
}

// send sends one frame. It may change ev.
func (c *Conn) send(ctx context.Context, ev *protocol.Event) error {
	if !c.wr.acquire(ctx.Done()) {
		return ctx.Err()
	}
	err := ctx.Err()
	if err == nil {
		err = c.transmit(ctx, ev)
	}
	c.unlockWriting()
	if err == nil {
		return nil
	}
	return c.sendError(err)
}

// sendError finds out why a frame could not be sent.
// The caller holds neither c.wr nor c.rd.
func (c *Conn) sendError(err error) error {
	if err == protocol.ErrClosed {
		if err := c.failed(); err != nil {
			return err
		}
		return c.closeError(errClosing)
	}
	if _, ok := err.(*brokenError); ok {
		// The peer may have said why before it hung up.
		c.startClosing()
		c.awaitEnd()
		return c.failed()
	}
	return err
}

// unlockWriting releases c.wr. Pongs that came meanwhile leave.
func (c *Conn) unlockWriting() {
	c.wr.release()
	c.flushPongs()
}

// transmit sends the pongs that are due and then ev, if that has an opcode.
// The caller holds c.wr.
//
// After an error nothing of ev was sent, or the connection has ended, or err is a [*brokenError].
func (c *Conn) transmit(ctx context.Context, ev *protocol.Event) error {
	if err := c.failed(); err != nil && ev.Opcode != frame.Close {
		return err
	}
	c.txBefore = c.tx
	buf := borrow()
	defer buf.giveBack()
	n, err := c.encode(buf, ev)
	if err != nil || n == 0 {
		return err
	}
	n, err = c.writeNet(ctx, buf[:n])
	if err == nil && len(ev.Data) > 0 {
		err = c.transmitRest(ctx, buf, ev.Data)
	}
	if err != nil {
		return c.unsent(n, err)
	}
	c.pongsSent()
	return nil
}

// unsent decides what becomes of a frame of which n bytes were sent, or some more, when err came between.
func (c *Conn) unsent(n int, err error) error {
	switch {
	case isBroken(err):
		return err
	case n > 0 || below(c.nc) != nil:
		return c.end(c.closeError(err))
	}
	c.tx = c.txBefore
	return err
}

// encode puts the pongs that are due into buf, and the frame for ev as far as it fits.
// What does not fit of the payload is left in ev.Data, to be masked with c.txKey.
func (c *Conn) encode(buf *buffer, ev *protocol.Event) (n int, err error) {
	b := c.appendPongs(buf[:0])
	if ev.Opcode == 0 {
		return len(b), nil
	}
	if c.tx.Side == frame.Client {
		c.txKey = newKey()
	}
	h, err := c.tx.Header(*ev, c.txKey)
	if err != nil {
		return 0, err
	}
	b = h.Append(b)
	n = copy(buf[len(b):], ev.Data)
	if h.Masked {
		c.txKey = frame.Mask(buf[len(b):len(b)+n], c.txKey)
	}
	ev.Data = ev.Data[n:]
	return len(b) + n, nil
}

// transmitRest writes p, the rest of a payload. A client's goes through buf, to be masked.
func (c *Conn) transmitRest(ctx context.Context, buf *buffer, p []byte) error {
	for len(p) > 0 {
		piece := p[:min(len(p), directWrite)]
		if c.tx.Side == frame.Client {
			piece = buf[:copy(buf[:], p)]
			c.txKey = frame.Mask(piece, c.txKey)
		}
		if _, err := c.writeNet(ctx, piece); err != nil {
			return err
		}
		p = p[len(piece):]
	}
	return nil
}
