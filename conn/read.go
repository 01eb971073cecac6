package conn

import (
	"context"
	"iter"
	"math"
	"slices"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/drive"
	"github.com/ws6455/ws/internal/protocol"
)

// directSize is the number of payload bytes still to come
// from which on they are read straight into the message.
const directSize = 4 << 10

// growSize is how much room a message gets at least when it grows.
// More than that is only taken for as much as has arrived.
const growSize = 16 << 10

// A Message is a complete message.
type Message struct {
	Type frame.Opcode // frame.Text or frame.Binary
	Data []byte
}

// Read returns the next message. p is the caller's to keep.
//
// If ctx ends first, Read returns its error and nothing is lost:
// the connection stays as it is, and the next read goes on where this one stopped.
// Every other error is the end of the connection, and stays:
// a [*CloseError] if it was closed or lost, a [*ProtocolError] if the peer broke a rule,
// a [*LimitError] if a limit of [Config] was met.
// Messages that came before the end are still delivered.
//
// Pings are answered and the peer's close is completed while a Read is under way;
// see Context for what happens else.
func (c *Conn) Read(ctx context.Context) (typ frame.Opcode, p []byte, err error) {
	return c.ReadAppend(ctx, nil)
}

// ReadAppend is Read, but appends the message to dst and returns the extended slice.
// It allocates nothing if the message fits into dst's capacity.
// If there is an error it returns dst as it was.
func (c *Conn) ReadAppend(ctx context.Context, dst []byte) (typ frame.Opcode, p []byte, err error) {
	c.enter()
	defer c.leave()
	if err := c.beginReading(ctx); err != nil {
		return 0, dst, err
	}
	defer c.unlockReading()
	msg := protocol.Event{Data: dst}
	err = c.collect(&msg)
	for err == nil && !msg.Fin {
		err = c.fill(ctx, c.room(&msg))
		if err == nil {
			err = c.collect(&msg)
		}
	}
	if err != nil {
		c.putBack(&msg, len(dst))
		return 0, dst, err
	}
	c.flushPongs()
	return msg.Opcode, msg.Data, nil
}

// Messages returns an iterator over the messages of the connection, as Read returns them.
// It stops after an error, which is the last thing that it yields, and without one
// if the connection was closed normally: the peer's close frame has status 1000, 1001 or none.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			typ, p, err := c.Read(ctx)
			if e, ok := err.(*CloseError); ok && e.Err == nil && normal(e.Code) {
				return
			}
			if !yield(Message{typ, p}, err) || err != nil {
				return
			}
		}
	}
}

func normal(code frame.StatusCode) bool {
	switch code {
	case frame.StatusNormalClosure, frame.StatusGoingAway, frame.StatusNoStatus:
		return true
	}
	return false
}

// beginReading takes c.rd for a new read,
// and passes over what a Reader left of the message before, if it gave up on it.
// The caller unlocks.
func (c *Conn) beginReading(ctx context.Context) error {
	if err := c.lockReading(ctx); err != nil {
		return err
	}
	if r := c.reader; r != nil {
		c.abandon(r)
	}
	for c.skip {
		ev, err := c.next(ctx)
		if err != nil {
			c.unlockReading()
			return err
		}
		c.skip = !ev.Fin
	}
	return nil
}

// collect appends what is at hand of the message under way to msg.Data.
func (c *Conn) collect(msg *protocol.Event) error {
	if len(c.in.b) == 0 && c.ahead == nil && !c.compressor.pending() {
		return nil // as before most reads from the network
	}
	if n, err := c.collectWhole(msg); n > 0 {
		return err
	}
	for !msg.Fin {
		ev, ok, err := c.poll()
		if !ok || err != nil {
			return err
		}
		ev.Data = join(msg.Data, ev.Data)
		*msg = ev
	}
	return nil
}

// collectWhole is a short way through collect for a whole message at hand, in one frame.
// It returns how much of the input that was; 0 if it is not like that.
func (c *Conn) collectWhole(msg *protocol.Event) (n int, err error) {
	if c.ahead != nil || c.dropping || c.over.Load() || c.compressor.pending() {
		return 0, nil
	}
	ev, n := c.rx.Whole(c.in.b)
	if n == 0 {
		return 0, nil
	}
	c.in.b = c.in.b[n:]
	c.waited = 0
	if err := c.checkText(ev); err != nil {
		return n, err
	}
	c.messageIn(ev)
	ev.Data = append(msg.Data, ev.Data...)
	*msg = ev
	return n, nil
}

// join appends q to p, if it does not stand there already.
func join(p, q []byte) []byte {
	n := len(p)
	if len(q) > 0 && cap(p)-n >= len(q) && &p[:n+1][n] == &q[0] {
		return p[:n+len(q)]
	}
	return append(p, q...)
}

// room returns room behind msg.Data for payload of the frame under way,
// so that it can be read from the network to where it belongs; nil if that is not worth it.
// Memory grows with what has arrived, not with what the header announced.
func (c *Conn) room(msg *protocol.Event) []byte {
	if c.rx.Left() < directSize || c.dropping || c.compressor.inflating() {
		return nil
	}
	n := len(msg.Data)
	left := int(min(c.rx.Left(), math.MaxInt32/4))
	if cap(msg.Data)-n < min(left, growSize) {
		msg.Data = c.grow(msg.Data, min(left, max(3*n, growSize)))
	}
	return msg.Data[n:min(n+left, cap(msg.Data))]
}

// grow returns p with room for n bytes behind it.
func (c *Conn) grow(p []byte, n int) []byte {
	if c.socket == nil || !c.loop.trying {
		return slices.Grow(p, n)
	}
	q := append(drive.Block(len(p)+n), p...)
	if c.loop.own {
		drive.GiveBlock(p)
	}
	c.loop.own = true
	return q
}

// putBack keeps what was read of an unfinished message for the next read.
// The first n bytes of msg.Data were there before.
func (c *Conn) putBack(msg *protocol.Event, n int) {
	if len(msg.Data) > n && !c.over.Load() {
		msg.Data = slices.Clone(msg.Data[n:])
		c.unread(*msg)
	}
}
