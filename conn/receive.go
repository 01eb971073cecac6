package conn

import (
	"context"
	"errors"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// This file is the way of a received message through a Conn:
//
//	poll      a piece of a message, kept or at hand
//	receive   decodes what is at hand, inflates it, answers control frames, checks text
//	fill      waits for the network, for as long as context and limits allow
//
// The caller of each holds c.rd.
//
// While fill waits, little may be on the stack: it doubles when 2 KB do not suffice,
// and never shrinks again. So nothing waits in a function that decodes.

// errYield says that a reader waits while pump holds the lock.
var errYield = errors.New("a reader waits")

// next returns the next piece of a message, waiting for it if need be.
// The piece is valid until the next call of poll or fill.
func (c *Conn) next(ctx context.Context) (protocol.Event, error) {
	for {
		ev, ok, err := c.poll()
		if ok || err != nil {
			return ev, err
		}
		if err := c.fill(ctx, nil); err != nil {
			return protocol.Event{}, err
		}
	}
}

// poll returns the next piece of a message without waiting: what a Reader left of the last one,
// what was read ahead, or what is in the input. ok is false if there is none.
func (c *Conn) poll() (ev protocol.Event, ok bool, err error) {
	if r := c.reader; r != nil && r.rest.Opcode != 0 {
		ev, r.rest = r.rest, protocol.Event{}
		return ev, true, nil
	}
	if c.ahead != nil {
		return c.popAhead(), true, nil
	}
	return c.receive()
}

// receive decodes the next piece of a message from the input,
// having dealt with the control frames before it.
// ok is false if there is none in the input.
func (c *Conn) receive() (ev protocol.Event, ok bool, err error) {
	for !c.over.Load() {
		ev, found, err := c.decode()
		switch {
		case err != nil:
			return ev, false, c.fail(failure(err))
		case !found:
			return ev, false, nil
		case ev.Opcode.IsControl():
			err = c.control(ev)
		default:
			ok, err = !c.dropping, c.checkText(ev)
		}
		if ok && err == nil {
			c.messageIn(ev)
		}
		if ok || err != nil {
			return ev, ok, err
		}
	}
	return ev, false, nil
}

// decode returns the next event in the input, inflated. found is false if there is none.
func (c *Conn) decode() (ev protocol.Event, found bool, err error) {
	if !c.compressor.pending() {
		ev, n, err := c.rx.Next(c.in.b)
		if n == 0 || err != nil {
			return ev, false, err
		}
		c.in.b = c.in.b[n:]
		if !c.rx.Open() {
			c.waited = 0 // what comes next has its own time
		}
		if !ev.Compressed {
			return ev, true, nil
		}
		c.compressor.in.begin(ev)
	}
	if c.reader != nil {
		c.reader.keep() // it may lie where the next piece will
	}
	ev, err = c.compressor.in.next()
	return ev, err == nil, err
}

// checkText holds ev, if it is of a text message, against the rules of UTF-8.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-8.1
func (c *Conn) checkText(ev protocol.Event) error {
	if ev.Opcode != frame.Text {
		return nil
	}
	ok := c.text.Check(ev.Data)
	if ev.Fin {
		ok = ok && c.text.Complete()
		c.text.Reset()
	}
	if !ok {
		return c.fail(failure(protocol.ErrUTF8))
	}
	return nil
}

// control deals with a control frame.
// An error is the end of the connection.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5
func (c *Conn) control(ev protocol.Event) error {
	switch ev.Opcode {
	case frame.Ping:
		if c.pongsFull() {
			c.flushPongs() // they may just have come faster than input was waited for
		}
		c.queuePong(ev.Data)
	case frame.Pong:
		c.pongReceived(ev.Data)
	case frame.Close:
		return c.closeReceived(ev.Data)
	}
	return nil
}

// fill waits for input, which it puts behind c.in, or into room if that is not nil:
// room for payload of the frame under way, while there is no other input.
// Pongs that are due, and replies that are held back, leave before.
func (c *Conn) fill(ctx context.Context, room []byte) error {
	c.setPipelined(false)
	c.flush()
	c.stow()
	for {
		if err := c.arm(ctx); err != nil {
			return err
		}
		n, err := c.readNet(room)
		if err := c.filled(n, err); n > 0 || err != nil {
			return err
		}
	}
}

// setPipelined notes whether a message is there to be read.
func (c *Conn) setPipelined(p bool) {
	if c.pipelined.Load() != p {
		c.pipelined.Store(p)
	}
}

// ready reports whether there is something of a message to be read without waiting for the network.
func (c *Conn) ready() bool {
	if c.ahead != nil || c.reader != nil && c.reader.rest.Opcode != 0 {
		return true
	}
	b := c.in.b
	if len(b) < 2 {
		return false
	}
	if n := int(b[1] & 0x7F); n < 126 { // no need to look further
		return len(b) >= 2+4+n || b[1]&0x80 == 0 && len(b) >= 2+n
	}
	h, n, err := frame.Consume(b)
	return err == nil && n > 0 && int64(len(b)-n) >= h.Length
}

// stow gives back the buffer that the input lies in, before a time of waiting.
func (c *Conn) stow() {
	if r := c.reader; r != nil {
		r.keep()
	}
	c.compressor.giveBack()
	c.in.stow()
}

// arm sets the read deadline, and sees to it that the end of ctx wakes the reader.
// It returns an error if there is nothing to wait for.
func (c *Conn) arm(ctx context.Context) error {
	c.by = c.patience()
	by := c.by
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	c.watch.set(ctx, c)
	if c.ending != nil {
		by = earliest(by, c.ending.by)
	}
	if c.deadline || !by.IsZero() {
		c.nc.SetReadDeadline(by)
		c.deadline, c.woken = !by.IsZero(), false
	}
	// Whoever wakes the reader does so after ctx ended or readers changed,
	// so if that was undone just now, they tell.
	if c.pumping.Load() && c.readers.Load() > 0 {
		return errYield
	}
	return ctx.Err()
}

// patience returns when the peer must have finished what it has begun; the zero time if that is nothing.
func (c *Conn) patience() time.Time {
	if !c.rx.Open() && len(c.in.b) == 0 {
		c.waited = 0
		return time.Time{}
	}
	return after(c.limits.MessageTimeout - c.waited)
}

// wakeReader makes whoever waits for input look around.
func (c *Conn) wakeReader() {
	c.enter()
	defer c.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over.Load() {
		c.nc.SetReadDeadline(past)
		c.deadline, c.woken = true, true
	}
}

// readNet reads from the network once, to where fill says.
func (c *Conn) readNet(room []byte) (n int, err error) {
	switch {
	case c.raw != nil:
		n, err = c.readRaw(room)
	case room != nil:
		n, err = c.nc.Read(room)
	default:
		n, err = c.readBehind()
	}
	if room != nil && n > 0 {
		c.in.b = room[:n]
	}
	return n, err
}

// readBehind reads behind c.in where there is no raw connection.
// A read that may last long has a small buffer.
func (c *Conn) readBehind() (n int, err error) {
	in := &c.in
	p := []byte(nil)
	if c.inFull && (c.rx.Open() || len(in.b) > 0) {
		p = in.grow()
	} else {
		p = in.growSmall()
	}
	n, err = c.nc.Read(p)
	c.inFull = n == len(p)
	if n == 0 {
		in.shrink()
	} else {
		in.grown(n)
	}
	return n, err
}

// filled accounts for a read that brought n bytes, or err.
// If it brought nothing, and the result is nil, it is to be tried again:
// the reader was woken to look around.
func (c *Conn) filled(n int, err error) error {
	if n > 0 {
		c.heardOf()
	}
	if !c.by.IsZero() {
		c.waited = c.limits.MessageTimeout - time.Until(c.by)
	}
	switch {
	case n > 0 || err == nil:
		return nil
	case !isTimeout(err):
		return c.lost(err)
	case c.closeOverdue():
		return c.end(c.closeError(timeLimit("CloseTimeout", c.limits.CloseTimeout)))
	case reached(c.by):
		return c.failLate()
	}
	return nil
}

// failLate fails the connection because the peer has not finished in time what it has begun.
func (c *Conn) failLate() error {
	e := timeLimit("MessageTimeout", c.limits.MessageTimeout)
	e.Code = frame.StatusPolicyViolation
	return c.fail(e)
}

// lost ends the connection because the network failed, or the peer hung up.
func (c *Conn) lost(err error) error {
	if err := c.failed(); err != nil {
		return err
	}
	if c.socket != nil && c.loop.leaving {
		return c.end(c.closeError(nil)) // that is what the peer was to do
	}
	return c.end(c.closeError(networkError(err)))
}
