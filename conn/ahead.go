package conn

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ws6455/ws/internal/protocol"
)

// idleTime is how long the application may do something else than read
// before a connection whose Context is in use reads ahead.
const idleTime = 20 * time.Millisecond

// messageCost is what a message in an aheadQueue costs beside its bytes.
const messageCost = 64

// errFull says that pump has no room for more.
var errFull = errors.New("read ahead as far as allowed")

// An aheadQueue holds messages that were decoded before the application asked for them.
// The last of them may be unfinished.
type aheadQueue struct {
	pieces []protocol.Event // their Data is their own
	size   int64            // bytes in pieces, and messageCost for each
	taken  chan struct{}    // closed when a piece is; nil if nobody waits for that
}

// pushAhead appends a copy of ev to c.ahead.
func (c *Conn) pushAhead(ev protocol.Event) {
	if c.ahead == nil {
		c.ahead = new(aheadQueue)
	}
	q := c.ahead
	if n := len(q.pieces); n > 0 && !q.pieces[n-1].Fin {
		last := &q.pieces[n-1]
		last.Data = append(last.Data, ev.Data...)
		last.Fin = ev.Fin
	} else {
		ev.Data = append([]byte(nil), ev.Data...) // a clone of nothing would keep the buffer alive
		q.pieces = append(q.pieces, ev)
		q.size += messageCost
	}
	q.size += int64(len(ev.Data))
}

// unread puts a piece in front. Its Data is the queue's from now on.
func (c *Conn) unread(ev protocol.Event) {
	if c.ahead == nil {
		c.ahead = new(aheadQueue)
	}
	q := c.ahead
	q.pieces = slices.Insert(q.pieces, 0, ev)
	q.size += int64(len(ev.Data)) + messageCost
}

// popAhead removes and returns the first piece of c.ahead, which is not nil.
func (c *Conn) popAhead() protocol.Event {
	q := c.ahead
	ev := q.pieces[0]
	q.pieces[0] = protocol.Event{}
	q.pieces = q.pieces[1:]
	q.size -= int64(len(ev.Data)) + messageCost
	if q.taken != nil {
		close(q.taken)
		q.taken = nil
	}
	if len(q.pieces) == 0 {
		c.ahead = nil
	}
	return ev
}

// pump reads ahead until enough returns true, the connection or ctx ends, or a reader waits.
// What it has no room for stays unread, so that the peer is slowed down, unless c.dropping is set.
// The caller holds c.rd.
func (c *Conn) pump(ctx context.Context, enough func() bool) error {
	c.pumping.Store(true)
	defer c.pumping.Store(false)
	for {
		if c.aheadFull() && !c.dropping {
			if c.reader != nil {
				c.reader.keep()
			}
			c.releaseInput()
			c.flush()
			return errFull
		}
		ev, ok, err := c.receive()
		switch {
		case err != nil:
			return err
		case ok:
			c.pushAhead(ev)
			if c.readers.Load() > 0 {
				return errYield
			}
			continue
		case enough():
			c.flush()
			return nil
		}
		if err := c.fill(ctx, nil); err != nil {
			return err
		}
	}
}

// roomAhead returns a channel that is closed when a reader takes some of what was read ahead,
// of which there is something. The caller holds c.rd.
func (c *Conn) roomAhead() <-chan struct{} {
	if c.ahead.taken == nil {
		c.ahead.taken = make(chan struct{})
	}
	return c.ahead.taken
}

// aheadMost is how much is read ahead where Config.MaxMessageSize allows more.
const aheadMost = 16 << 20

// aheadFull reports whether as much is read ahead as may be, to within one read.
func (c *Conn) aheadFull() bool {
	return c.ahead != nil && c.ahead.size >= min(c.limits.MaxMessageSize, aheadMost)
}

// lockReading takes c.rd for a reader, which goes before those that read ahead.
func (c *Conn) lockReading(ctx context.Context) error {
	done := ctx.Done() // a nil ctx panics here, while nothing is locked
	if !c.rd.try() && !c.lockBefore(done) {
		return ctx.Err()
	}
	err := ctx.Err()
	if err != nil {
		c.unlockReading()
	}
	return err
}

// lockBefore takes c.rd when its holder is done, or gives up when done is closed.
// A holder that reads ahead is asked to be done.
func (c *Conn) lockBefore(done <-chan struct{}) bool {
	c.readers.Add(1)
	defer c.readers.Add(-1)
	w := c.rd.enqueue(outgoing{})
	if w == nil {
		return true
	}
	if c.pumping.Load() {
		c.wakeReader()
	}
	return c.rd.await(w, done, nil)
}

// lockPumping takes c.rd for pump, or gives up when one of the two channels is closed.
func (c *Conn) lockPumping(done, also <-chan struct{}) bool {
	if c.rd.try() {
		return true
	}
	w := c.rd.enqueue(outgoing{})
	return w == nil || c.rd.await(w, done, also)
}

// unlockReading releases c.rd, and the buffer of the input if there is nothing in it.
func (c *Conn) unlockReading() {
	c.releaseReading()
	c.nobodyReads()
}

// releaseReading is unlockReading for a caller that knows who reads then.
func (c *Conn) releaseReading() {
	c.stowAtEnd()
	if c.reader == nil || !c.reader.borrows {
		c.releaseInput()
	}
	c.setPipelined(c.ready())
	if c.socket != nil {
		c.noteRest()
	}
	c.rd.release()
}

// nobodyReads sees to it that somebody does if need be, as c.rd has been released.
func (c *Conn) nobodyReads() {
	if c.loopReads() {
		return
	}
	c.readerLeft()
	if t := c.idle.Load(); t != nil && !c.over.Load() {
		t.Reset(idleTime)
	}
}

// stowAtEnd lets go what reading holds, if the connection has ended. The caller releases c.rd next.
func (c *Conn) stowAtEnd() {
	if c.over.Load() {
		c.stow()
		c.compressor.forgetInput()
	}
}

// releaseInput gives back the buffers that nothing lies in any more.
func (c *Conn) releaseInput() {
	c.compressor.giveBack()
	if len(c.in.b) == 0 && !c.compressor.pending() {
		c.in.release()
	}
}

// keepReading makes the connection read ahead whenever nobody has read for a while.
func (c *Conn) keepReading() {
	if c.idle.Load() != nil || c.over.Load() {
		return
	}
	t := time.AfterFunc(idleTime, c.readIdle)
	if !c.idle.CompareAndSwap(nil, t) {
		t.Stop()
	}
}

// readIdle reads ahead until a reader comes, or the connection ends.
func (c *Conn) readIdle() {
	c.enter()
	defer c.leave()
	if c.loopReads() || !c.rd.try() {
		return // a reader is there, and starts the timer anew when it leaves
	}
	if c.pump(context.Background(), func() bool { return false }) == errYield {
		c.unlockReading() // the reader may have given up, so the timer starts anew
		return
	}
	c.stowAtEnd()
	c.rd.release()
	c.readerLeft()
}
