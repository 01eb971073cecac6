package conn

import (
	"cmp"
	"context"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// This file is the way of a sent message through a Conn:
//
//	Write      takes its turn, then the write lock
//	transmit   (transmission.go) encodes a frame behind what is held back, and those of writers that wait behind it
//	writeNet   hands all to the network, for as long as context and limits allow

// Write sends p as one message, in one frame.
// Messages of concurrent calls leave one after the other, in the order of the calls,
// and those that are small together. p must not be changed until Write returns. It is not kept.
//
// Write returns when the network has taken the message. There is one exception: while the next
// message of the peer is there already, for the application to read, small messages are held back,
// so that the replies to messages that came together leave together. They leave when
// there is no complete message left, when they fill a buffer, and after 0.2 ms in any case.
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
	m, err := newOutgoing(typ, p)
	if err != nil {
		return err
	}
	return c.write(ctx, &m)
}

// write is Write for a message that is checked.
func (c *Conn) write(ctx context.Context, m *outgoing) error {
	c.enter()
	defer c.leave()
	if ctx.Err() != nil {
		return c.writeInTurn(ctx, m) // which finds out what to say
	}
	start, loaded := c.loadAtOnce(m)
	if !loaded {
		return c.writeInTurn(ctx, m)
	}
	if !c.hold(false) {
		n, err := c.writeRaw(c.out.bytes(), nil)
		if err = c.left(ctx, m, start, n, err); err != nil {
			return err
		}
	}
	c.unlockWriting()
	return c.wrote(m, nil)
}

// The frames of functions that write calls last are few and small: what happens most takes little of the stack,
// which would else have to grow in the goroutine of each connection.

// loadAtOnce takes c.wr and puts the frame of m into the output, from start on, if that is small and not compressed,
// and nobody is writing.
func (c *Conn) loadAtOnce(m *outgoing) (start int, ok bool) {
	if c.raw == nil || c.compressor != nil || len(m.data) >= apartSize || !c.wr.try() {
		return 0, false
	}
	// No other message is under way, and none can get between the parts of one that is a single frame.
	if c.msg.state.Load() == free && c.takesAtOnce(len(m.data)) {
		room, ev := c.out.room(), m.event()
		start = c.out.to
		if c.encode(room, &ev) == nil {
			return start, true
		}
	}
	c.unlockWriting()
	return 0, false
}

// left goes on after n bytes of the output with the frame of m, which begins at start, have left, or err.
// If there is an error, c.wr is released.
func (c *Conn) left(ctx context.Context, m *outgoing, start, n int, err error) error {
	c.out.sent(n)
	if err != nil {
		err = c.broken(err)
	} else if c.out.buf != nil {
		err = c.writeOn(ctx, m.typ, start)
	}
	c.released()
	if err != nil {
		c.unlockWriting()
		err = c.sendError(err)
	}
	return err
}

// writeOn waits until the network has taken the frame of a message, which begins at start in the output.
func (c *Conn) writeOn(ctx context.Context, typ frame.Opcode, start int) error {
	t := newTransmission(c, ctx, alone)
	t.ev = protocol.Event{Opcode: typ, Fin: true}
	t.before = c.tx // which a whole message does not change
	t.start, t.end, t.sent = start, c.out.to, c.out.from
	err := t.writeRest()
	t.free()
	return err
}

// writeInTurn writes m when its turn has come.
func (c *Conn) writeInTurn(ctx context.Context, m *outgoing) error {
	t := newTransmission(c, ctx, riders)
	served, err := c.lockToWrite(ctx, *m)
	if err == nil && !served {
		err = t.sendMessage(*m)
		if err != nil {
			err = c.sendError(err)
		}
		c.msg.release()
	}
	t.free()
	return c.wrote(m, err)
}

// lockToWrite takes c.msg to send m, unless its holder does that.
func (c *Conn) lockToWrite(ctx context.Context, m outgoing) (served bool, err error) {
	if c.msg.try() {
		return false, nil
	}
	w := c.msg.enqueue(m)
	if w == nil {
		return false, nil
	}
	err = c.await(ctx, w)
	return w.served, err
}

// wrote tells the hook about m, unless err says that it was not sent. It returns err.
func (c *Conn) wrote(m *outgoing, err error) error {
	if err == nil {
		c.limits.Hooks.messageOut(c, m.typ, len(m.data))
	}
	return err
}

// lockMessage takes c.msg for the length of a message.
func (c *Conn) lockMessage(ctx context.Context) error {
	if c.msg.try() {
		return nil
	}
	w := c.msg.enqueue(outgoing{})
	if w == nil {
		return nil
	}
	return c.await(ctx, w)
}

// await waits until c.msg is handed to w, or the message of w is sent, which w.served tells.
// An error means neither.
func (c *Conn) await(ctx context.Context, w *waiter) error {
	select {
	case <-w.turn:
	case <-ctx.Done():
		if c.msg.leave(w) {
			return ctx.Err()
		}
		c.hurryWriter(w) // if it is being served
	case <-c.done():
		if c.msg.leave(w) {
			return c.failed()
		}
	}
	<-w.turn
	switch {
	case w.err == errGone:
		return cmp.Or(ctx.Err(), c.failed())
	case w.err != nil:
		return c.sendError(w.err)
	}
	return nil
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

// unlockWriting releases c.wr. What came meanwhile, or has no reason to wait any more, leaves.
func (c *Conn) unlockWriting() {
	c.wr.release()
	if c.pongCount.Load() > 0 || c.mustLeave() {
		c.flush()
	}
}
