package conn

import (
	"context"
	"sync"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// This file has what a Conn keeps between encoding frames and sending them.
//
// A frame is encoded behind those that are held back already, and behind the pongs that are due.
// Then all leave in one piece, unless they can wait:
// the reply to a message waits while the next message is there already,
// what is written inside a Batch waits for its end.

// holdTime is how long a reply waits at most for an application
// that does not come to reading the message that is there already.
const holdTime = 200 * time.Microsecond

// An output is the bytes that are encoded and not yet sent.
// It borrows a buffer while there are any. It is guarded by c.wr.
type output struct {
	buf      *buffer // nil if there are no bytes
	from, to int     // where in buf they are
}

// bytes returns what is to be sent.
func (o *output) bytes() []byte { return o.buf[o.from:o.to] }

// room returns the free space behind the bytes, of which there is some.
func (o *output) room() []byte {
	if o.buf == nil {
		o.buf = borrow()
	}
	if o.from > 0 {
		o.from, o.to = 0, copy(o.buf[:], o.bytes())
	}
	return o.buf[o.to:]
}

// sent notes that the first n bytes left.
func (o *output) sent(n int) {
	o.from += n
	if o.from == o.to {
		o.discard()
	}
}

// cut removes the bytes from the given place on.
func (o *output) cut(to int) {
	o.to = to
	if o.from == o.to {
		o.discard()
	}
}

// discard forgets the bytes.
func (o *output) discard() {
	if o.buf != nil {
		o.buf.giveBack()
	}
	*o = output{}
}

// Room that is left in an output for what must not wait: a header, and some pongs.
const reserve = 4 << 10

// hold keeps the output for later, if there may be later what it can leave with,
// and reports whether it did. more says that there will. The caller holds c.wr.
func (c *Conn) hold(more bool) bool {
	if c.out.to > bufferSize-reserve || !more && !c.mayHold() {
		return false
	}
	if !c.holding.Load() {
		c.holding.Store(true)
	}
	if !more && c.batches.Load() == 0 && !c.timed.Load() {
		c.armHold()
	}
	return true
}

// mayHold reports whether replies can wait: whoever lets them wait calls flush.
func (c *Conn) mayHold() bool { return c.pipelined.Load() || c.batches.Load() > 0 }

// mustLeave reports whether something is held back that has nothing to wait for any more,
// or that nobody else will send.
func (c *Conn) mustLeave() bool {
	return c.holding.Load() && c.batches.Load() == 0 && !(c.pipelined.Load() && c.timed.Load())
}

// armHold sees to it that what is held leaves soon, whatever the application does. The caller holds c.wr.
func (c *Conn) armHold() {
	c.timed.Store(true)
	if c.socket != nil && c.loop.watched.Load() {
		return // the turn ends soon, or else the loop calls holdIsOver
	}
	if c.holdTimer == nil {
		c.holdTimer = time.AfterFunc(holdTime, c.holdIsOver)
		return
	}
	c.holdTimer.Reset(holdTime)
}

// holdIsOver sends what is held back. Whoever is writing just now finds that it must leave.
func (c *Conn) holdIsOver() {
	c.enter()
	defer c.leave()
	c.timed.Store(false)
	c.flush()
}

// released notes that what was held back is sent, except what the network did not take,
// which leaves soon. The caller holds c.wr.
func (c *Conn) released() {
	c.out.cut(c.out.to) // room may have borrowed a buffer for nothing
	switch {
	case c.out.buf != nil:
		c.holding.Store(true)
		c.armHold()
	case c.holding.Load():
		c.holding.Store(false)
		if c.timed.Swap(false) && c.holdTimer != nil {
			c.holdTimer.Stop()
		}
	}
}

// Batch calls f and holds back what is written meanwhile, by any goroutine,
// so that it leaves together when f has returned, in as few writes to the network as possible.
// Inside, Write returns before the network has taken the message.
// What f returns goes first; else an error is that of [Conn.Write], with ctx.
//
// Large messages, pings and the close frame do not wait, and take along what is held.
// Batches may be nested, and run at the same time.
func (c *Conn) Batch(ctx context.Context, f func() error) error {
	c.enter()
	defer c.leave()
	c.batches.Add(1)
	err := c.inBatch(f)
	if !c.holding.Load() || c.batches.Load() > 0 {
		return err
	}
	if e := c.send(ctx, protocol.Event{}); err == nil {
		err = e
	}
	return err
}

// inBatch calls f. The batch ends even if that panics, and then what is held leaves without being waited for.
func (c *Conn) inBatch(f func() error) (err error) {
	returned := false
	defer func() {
		c.batches.Add(-1)
		if !returned {
			c.flush()
		}
	}()
	err = f()
	returned = true
	return err
}

// flush sends what is held back and the pongs that are due,
// or leaves that to whoever is writing: they go with its next frame, or after it.
//
// It does not wait for the network. A peer that does not read now may be waiting to be read from;
// so if the network takes no more, or cannot be asked, a goroutine goes on.
func (c *Conn) flush() {
	for (c.holding.Load() || c.pongCount.Load() > 0) && c.wr.try() {
		if c.over.Load() {
			c.out.discard()
			c.released()
			c.wr.release()
			return
		}
		if !c.flushNow() {
			return // the goroutine has c.wr now
		}
		c.wr.release()
	}
}

// flushPongs is flush if pongs are due.
func (c *Conn) flushPongs() {
	if c.pongCount.Load() > 0 {
		c.flush()
	}
}

// flushNow sends what is held and the pongs that are due as far as that needs no waiting,
// and reports whether that is all there was to do.
// If not, c.wr belongs to a goroutine that does the rest.
func (c *Conn) flushNow() bool {
	c.fetchPongs()
	if c.raw != nil {
		c.sendNow() // if the network failed the reader will see it, and nobody else waits
	}
	if c.raw != nil && c.out.buf == nil {
		c.released()
		return true
	}
	startFlusher(c)
	return false
}

// sendNow gives the output to the network as far as it takes it without waiting.
// After an error, which is a [*brokenError], nothing is left.
func (c *Conn) sendNow() error {
	if c.out.buf == nil {
		return nil
	}
	n, err := c.writeRaw(c.out.bytes(), nil)
	c.out.sent(n)
	if err != nil {
		err = c.broken(err)
	}
	return err
}

// broken forgets the output and returns that the network failed under it.
func (c *Conn) broken(err error) error {
	c.out.discard()
	return &brokenError{err}
}

// A flusher is the goroutine that sends what is held and the pongs when the reader cannot.
type flusher struct {
	c   *Conn
	run func() // f.flush, bound once
}

var flushers sync.Pool

// startFlusher starts the goroutine. The caller holds c.wr, which it takes over.
func startFlusher(c *Conn) {
	f, ok := flushers.Get().(*flusher)
	if !ok {
		f = new(flusher)
		f.run = f.flush
	}
	f.c = c
	c.enter()
	go f.run()
}

// flush sends what is held and then the pongs that are due.
func (f *flusher) flush() {
	c := f.c
	defer c.leave()
	err := c.transmit(context.Background(), protocol.Event{})
	f.c = nil
	flushers.Put(f)
	c.wr.release()
	if err == nil {
		c.flush()
		return
	}
	c.endStuck(err) // the peer keeps us busy but does not read
}

// endStuck ends the connection if err is that the network took nothing for too long.
// It may also be a limit that the peer has met: then the peer is being told.
func (c *Conn) endStuck(err error) {
	if _, ok := err.(*LimitError); ok && c.failed() == nil {
		c.end(c.closeError(err))
	}
}

// fetchPongs appends the frames of the pongs that are due to the output, as far as it has room.
// The caller holds c.wr.
func (c *Conn) fetchPongs() {
	if c.pongCount.Load() == 0 {
		return
	}
	room := c.out.room()
	b := room[:0]
	c.mu.Lock()
	defer c.mu.Unlock()
	n := int32(0)
	for p := c.pongs.b; len(p) > 0 && len(b) < len(room)-reserve/2; p = p[1+p[0]&^isPing:] {
		b = c.appendPong(b, p[0], p[1:1+p[0]&^isPing])
		n++
	}
	c.out.to += len(b)
	c.pongs.drop(n)
	c.pongCount.Add(-n)
	if len(c.pongs.b) == 0 {
		pongQueues.Put(c.pongs)
		c.pongs = nil
	}
}

// appendPong appends the frame of a pong, or of a ping if mark has isPing set.
func (c *Conn) appendPong(b []byte, mark byte, payload []byte) []byte {
	var key [4]byte
	if c.tx.Side == frame.Client {
		key = newKey()
	}
	ev := protocol.Event{Opcode: frame.Pong, Fin: true, Data: payload}
	if mark&isPing != 0 {
		ev.Opcode = frame.Ping
	}
	b, _ = c.tx.Append(b, ev, key) // a pong may always be sent, a ping before the close frame
	return b
}
