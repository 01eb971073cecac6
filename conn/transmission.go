package conn

import (
	"cmp"
	"context"
	"errors"
	"sync"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// A company is what a frame may leave with, beside what is held back.
type company int

const (
	alone  = company(iota)
	riders // messages of those who wait for their turn
	more   // another frame of the caller, which follows at once
)

// send sends one frame, or what is held back if ev has no opcode.
func (c *Conn) send(ctx context.Context, ev protocol.Event) error {
	return c.sendWith(ctx, ev, alone)
}

// sendWith is send with company.
func (c *Conn) sendWith(ctx context.Context, ev protocol.Event, with company) error {
	t := newTransmission(c, ctx, with)
	t.ev = ev
	return t.finish(t.send())
}

// transmit sends ev, if that has an opcode, behind what is held back and the pongs that are due.
// If ev completes a message, all that may be held back, too: then there is no error.
//
// The caller holds c.wr, and c.msg for a data frame. After an error nothing of ev was sent,
// or the connection has ended, or err is a [*brokenError].
func (c *Conn) transmit(ctx context.Context, ev protocol.Event) error {
	t := newTransmission(c, ctx, alone)
	t.ev = ev
	defer t.free()
	return t.transmit()
}

// A transmission is what leaves in one piece: what was held back, a frame,
// and the messages of riders, who wait for their turn and need not any more.
//
// It is not on the stack, which has to be small: that of a goroutine which sends once
// would otherwise grow for good.
type transmission struct {
	c      *Conn
	ctx    context.Context
	ev     protocol.Event // the frame; none if its Opcode is zero. Data is what is not in c.out, to be masked with c.txKey
	with   company
	before protocol.Sender // c.tx before the frame
	start  int             // where the frame begins in c.out
	end    int             // and ends, as far as it fits there
	sent   int             // up to where c.out is sent
	riders *waiter         // in the order of their messages, which are in c.out behind the frame
	packed []byte          // room for the payload of ev, compressed, and then for those of riders
}

var transmissions = sync.Pool{New: func() any { return new(transmission) }}

func newTransmission(c *Conn, ctx context.Context, with company) *transmission {
	t := transmissions.Get().(*transmission)
	t.c, t.ctx, t.with = c, ctx, with
	return t
}

// packedMost is the room for compressed messages that is kept for others.
const packedMost = 64 << 10

// free forgets everything.
func (t *transmission) free() {
	packed := t.packed[:0]
	if cap(packed) > packedMost {
		packed = nil
	}
	*t = transmission{packed: packed}
	transmissions.Put(t)
}

// finish frees t and returns the error for err, with which it ended.
func (t *transmission) finish(err error) error {
	c := t.c
	t.free()
	if err != nil {
		err = c.sendError(err)
	}
	return err
}

// pack makes m the frame to be sent. The caller holds c.msg.
func (t *transmission) pack(m outgoing) {
	t.ev = t.c.compressor.pack(m, &t.packed)
}

// sendMessage compresses m, if that is agreed on, and sends it. The caller holds c.msg.
func (t *transmission) sendMessage(m outgoing) error {
	if err := cmp.Or(t.ctx.Err(), t.c.failed()); err != nil {
		return err // before it costs anything
	}
	t.pack(m)
	return t.send()
}

// send takes c.wr and transmits.
func (t *transmission) send() error {
	compressed := t.ev.Compressed
	err := t.sendFrame()
	if err != nil && compressed {
		t.c.compressor.undo() // riders have seen to it that there is nothing behind this
	}
	return err
}

func (t *transmission) sendFrame() error {
	c := t.c
	if !c.wr.acquire(t.ctx.Done()) {
		return t.ctx.Err()
	}
	err := t.ctx.Err()
	if err == nil {
		err = t.transmit()
	}
	if err == nil && t.with == more {
		c.wr.release() // what came meanwhile leaves with the next frame
		return nil
	}
	c.unlockWriting()
	return err
}

// transmit does what Conn.transmit says.
func (t *transmission) transmit() error {
	leaves, err := t.load()
	if leaves {
		err = t.write()
	}
	if leaves || err != nil {
		t.c.released()
	}
	return err
}

// load puts the frame, and riders, into the output, and reports whether that has to leave now.
func (t *transmission) load() (leaves bool, err error) {
	c := t.c
	if err := c.failed(); err != nil && t.ev.Opcode != frame.Close {
		return false, err
	}
	c.fetchPongs()
	if err := t.encode(); err != nil {
		return false, err
	}
	if !t.whole() {
		return true, nil
	}
	if t.with == riders {
		t.board()
	}
	if c.hold(t.with == more) {
		t.arrive()
		return false, nil
	}
	return true, nil
}

// whole reports whether the frame ends a message, and all of it is in the output.
func (t *transmission) whole() bool {
	return len(t.ev.Data) == 0 && !t.ev.Opcode.IsControl() && t.ev.Opcode != 0 && !t.c.tx.Open()
}

// encode puts the frame, if there is one, behind the output, as far as it fits.
func (t *transmission) encode() error {
	o := &t.c.out
	t.before = t.c.tx
	if t.ev.Opcode == 0 {
		t.sent, t.start, t.end = o.from, o.to, o.to
		return nil
	}
	room := o.room() // which may move what is there
	t.sent, t.start = o.from, o.to
	err := t.c.encode(room, &t.ev)
	t.end = o.to
	return err
}

// apartSize is how large a payload is that is not copied to be sent with what is before it, if that need not be.
const apartSize = 8 << 10

// apart reports whether a payload of n bytes is given to the network from where it is.
// A client has to mask it elsewhere, and without a raw connection that would take two writes.
func (c *Conn) apart(n int) bool {
	return n >= apartSize && c.tx.Side == frame.Server && c.raw != nil
}

// encode puts the frame for ev into the output, whose free space is room, as far as it fits.
// The rest of the payload, or all that goes apart, is left in ev.Data.
func (c *Conn) encode(room []byte, ev *protocol.Event) error {
	if c.tx.Side == frame.Client {
		c.txKey = newKey()
	}
	b, err := c.tx.AppendHeader(room[:0], *ev, c.txKey)
	if err != nil {
		return err
	}
	if c.apart(len(ev.Data)) {
		c.out.to += len(b)
		return nil
	}
	n := copy(room[len(b):], ev.Data)
	if c.tx.Side == frame.Client {
		c.txKey = frame.Mask(room[len(b):len(b)+n], c.txKey)
	}
	c.out.to += len(b) + n
	ev.Data = ev.Data[n:]
	return nil
}

// board encodes messages of those who wait for their turn behind the frame, as far as they fit.
func (t *transmission) board() {
	c := t.c
	last := &t.riders
	for {
		w := c.msg.take(min(bufferSize-c.out.to-reserve/2, apartSize-1))
		if w == nil {
			return
		}
		ev := c.compressor.pack(w.message, &t.packed)
		if err := c.encode(c.out.room(), &ev); err != nil { // cannot be: the one before was no different
			c.compressor.forget()
			w.serve(err)
			continue
		}
		w.end = c.out.to
		*last, last = w, &w.next
	}
}

// arrive tells the riders that their messages are sent.
func (t *transmission) arrive() { t.fail(nil) }

// fail tells the riders that their messages ended with err.
func (t *transmission) fail(err error) {
	for w := t.riders; w != nil; {
		next := w.next
		w.serve(err)
		w = next
	}
	t.riders = nil
}

// unboard puts those riders back into the queue of whose messages nothing was sent.
// Where a part was sent, the rest stays in the output, and the message counts as sent.
func (t *transmission) unboard() {
	to := t.end
	for t.riders != nil && t.sent > to {
		w := t.riders
		t.riders, to = w.next, w.end
		w.serve(nil)
	}
	if t.riders == nil {
		return
	}
	t.c.compressor.forget()
	t.c.msg.putBack(t.riders, errGone)
	t.riders = nil
	t.c.out.cut(to)
}

// write gives the output to the network, and the rest of the frame.
// With riders it need not take all: what it does not take at once is not waited for.
func (t *transmission) write() error {
	c := t.c
	if c.raw != nil && c.out.buf != nil {
		if err := t.writeOnce(); err != nil {
			return t.failed(err)
		}
	}
	if c.out.buf != nil || len(t.ev.Data) > 0 {
		return t.writeRest()
	}
	t.arrive()
	return nil
}

// writeOnce gives the network the output, and a payload that goes apart, as far as it takes them at once.
// An error is a [*brokenError].
func (t *transmission) writeOnce() error {
	var payload []byte
	if t.c.tx.Side == frame.Server {
		payload = t.ev.Data
	}
	out := t.c.out.bytes()
	n, err := t.c.writeRaw(out, payload)
	t.left(min(n, len(out)))
	if n > len(out) {
		t.ev.Data = t.ev.Data[n-len(out):]
	}
	if err != nil {
		return &brokenError{err}
	}
	return nil
}

// writeRest waits until the network takes what it did not take at once.
func (t *transmission) writeRest() error {
	c := t.c
	if c.raw != nil && c.out.buf != nil {
		t.unboard()
	}
	err := t.waitOut()
	if err == nil && len(t.ev.Data) > 0 {
		err = c.transmitRest(t.ctx, t.ev.Data)
	}
	if err != nil {
		return t.failed(err)
	}
	t.arrive()
	return nil
}

// failed decides what becomes of the frame and the riders after err.
func (t *transmission) failed(err error) error {
	c := t.c
	switch {
	case isBroken(err):
		c.out.discard()
		t.fail(err)
		return err
	case t.sent > t.start || !t.mayGoOn(err):
		err = c.end(c.closeError(err))
		c.out.discard() // a close frame may still be tried, and needs room
		t.fail(err)
		return err
	}
	t.takeBack()
	return err
}

// takeBack undoes encode. Nothing of the frame was sent, nor of what is behind it.
func (t *transmission) takeBack() {
	t.unboard()
	t.c.out.cut(t.start)
	t.c.tx = t.before
}

// waitOut waits until the network has taken the frame, as far as that is in the output.
func (t *transmission) waitOut() error {
	c := t.c
	for c.out.buf != nil && t.sent < t.end {
		n, err := c.writeWaiting(t.ctx, c.out.bytes(), t.riders)
		t.left(n)
		if err == nil {
			continue
		}
		if !t.mayGoOn(err) {
			return err
		}
		t.unboard()
		if err != errGone && t.sent < t.end {
			return err
		}
	}
	return nil
}

// mayGoOn reports whether the network can be written to after err, with what it did not take.
// TLS cannot tell how much that is.
func (t *transmission) mayGoOn(err error) bool {
	return !isBroken(err) && below(t.c.nc) == nil && !t.c.over.Load()
}

// left notes that n more bytes of the output left.
func (t *transmission) left(n int) {
	t.sent += n
	t.c.out.sent(n)
}

// errGone says that a context ended while the message written with it was being sent together with others.
var errGone = errors.New("the context of a message that was being sent ended")

// directWrite is how much of a payload is given to the network at once, without copying it.
const directWrite = 256 << 10

// transmitRest writes p, the rest of a payload. A client's goes through a buffer, to be masked.
func (c *Conn) transmitRest(ctx context.Context, p []byte) error {
	var buf *buffer
	if c.tx.Side == frame.Client {
		buf = borrow()
		defer buf.giveBack()
	}
	for len(p) > 0 {
		piece := p[:min(len(p), directWrite)]
		if buf != nil {
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
