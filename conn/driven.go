package conn

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/drive"
	"github.com/ws6455/ws/internal/netloop"
	"github.com/ws6455/ws/internal/protocol"
)

// This file is reading without waiting, for a connection in a loop: see package netloop.
//
// Next takes the place of ReadAppend. It works on the same state, under the same lock, so that whoever wants
// to wait for input can still do so: a handler that calls Read, a Ping, a Close.
// If one of these has c.rd, Next joins the queue for it and leaves; being handed the lock makes for another turn.
//
// As long as no turn is under way, the loop is the one who reads. Ping, Close and Keepalive leave it to that.
// During a turn the handler may be busy, so they read, as they do where nobody else does.

// A looped is what a state needs for a Conn that lives in a loop.
type looped struct {
	place   *waiter     // for c.rd; the turn's
	trying  bool        // Next holds c.rd, and must not wait; guarded by c.rd
	own     bool        // the message that Next reads lies in a place of its own; guarded by c.rd
	drained bool        // there is nothing more to read in this turn; the turn's
	rest    atomic.Bool // something is left for the next read; changed by who has c.rd
	leaving bool        // all is said, and the peer has to hang up; guarded by c.rd
	paused  bool        // not reading, as long as the queue is too long; guarded by c.mu
	watched atomic.Bool // the loop flushes what is held back if the turn takes long
}

// loopReads reports whether a loop reads for c, so that nobody else needs to.
func (c *Conn) loopReads() bool { return c.socket != nil && !c.socket.Busy() }

// A driven is a Conn as the loop sees it.
type driven struct{ c *Conn }

// What Next meets that is neither a message nor the end.
var (
	errNothing = errors.New("nothing to read yet")
	errMore    = errors.New("more to read than is fair")
	errLeft    = errors.New("a goroutine has c.rd now, and ends the connection")
)

// Enter implements drive.Driven.
func (d driven) Enter() { d.c.enter() }

// Leave implements drive.Driven.
func (d driven) Leave() { d.c.leave() }

// Begin implements drive.Driven.
func (d driven) Begin(w *netloop.Worker) {
	c := d.c
	c.loop.drained = false
	watched := w.Watched()
	if c.loop.watched.Load() != watched {
		c.loop.watched.Store(watched)
	}
	if watched && !w.Watched() { // Overstayed may have come before this
		c.loop.watched.Store(false)
	}
}

// Next implements drive.Driven.
func (d driven) Next(w *netloop.Worker, dst []byte) (drive.Status, frame.Opcode, []byte) {
	c := d.c
	if c.loop.drained && !c.loop.rest.Load() && !w.Due {
		c.flush() // as nothing does, without c.rd
		return drive.Nothing, 0, nil
	}
	msg, err := c.tryNext(dst, w.Due)
	switch err {
	case nil:
		return drive.Message, msg.Opcode, msg.Data
	case errNothing, errLeft:
		c.flush() // there will be no reply that could take it along
		return drive.Nothing, 0, nil
	case errMore:
		c.flush()
		return drive.More, 0, nil
	}
	return drive.Ended, 0, nil
}

// tryNext returns the next message, if there is one. due says that some time may be over.
func (c *Conn) tryNext(dst []byte, due bool) (msg protocol.Event, err error) {
	if due {
		if err := c.endOverdue(); err != nil {
			return msg, err
		}
	}
	if c.choked() || !c.takeReading() {
		return msg, errNothing
	}
	c.loop.trying = true
	msg, err = c.tryRead(dst)
	if err == errLeft {
		return msg, err
	}
	c.loop.trying = false
	c.leaveReading(err == nil)
	return msg, err
}

// Err implements drive.Driven.
func (d driven) Err() error { return d.c.failed() }

// Flush implements drive.Driven.
func (d driven) Flush() { d.c.flush() }

// Overstayed implements drive.Driven.
func (d driven) Overstayed() {
	c := d.c
	c.enter()
	defer c.leave()
	c.loop.watched.Store(false)
	c.holdIsOver()
}

// Late implements drive.Driven.
func (d driven) Late() {
	c := d.c
	c.enter()
	defer c.leave()
	c.endOverdue()
}

// endOverdue ends the connection if the time for closing is over, however much there is to read, and returns
// the error that it has ended with then. If the time is still to come, it is set again: what has come may be another one.
func (c *Conn) endOverdue() error {
	by, step := c.closingBy()
	switch {
	case by.IsZero():
		return nil
	case !reached(by):
		c.socket.At(by)
		return nil
	case step == protocol.Disconnect: // but the peer did not
		return c.end(c.closeError(nil))
	}
	return c.end(c.closeError(timeLimit("CloseTimeout", c.limits.CloseTimeout)))
}

// closingBy returns when the closing handshake must be over, and how far it is; the zero time if there is none, or no limit.
func (c *Conn) closingBy() (by time.Time, step protocol.Step) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending == nil {
		return by, step
	}
	return c.ending.by, c.ending.Step()
}

// takeReading takes c.rd, or makes for a turn when it has.
func (c *Conn) takeReading() bool {
	switch {
	case c.loop.place != nil:
		if !c.loop.place.over() {
			return false
		}
		c.loop.place = nil
		c.readers.Add(-1)
		return true
	case c.rd.try():
		return true
	}
	c.readers.Add(1)
	if c.loop.place = c.rd.enqueueCall(c.socket.Ready); c.loop.place == nil {
		c.readers.Add(-1)
		return true
	}
	if c.pumping.Load() {
		c.wakeReader()
	}
	return false
}

// noteRest notes whether the next read has something to begin with, or to go on with. The caller has c.rd.
func (c *Conn) noteRest() {
	rest := len(c.in.b) > 0 || c.rx.Open() || c.ahead != nil || c.reader != nil || c.skip || c.compressor.pending() || c.over.Load()
	if c.loop.rest.Load() != rest {
		c.loop.rest.Store(rest)
	}
}

// leaveReading releases c.rd. message says that the handler gets one.
func (c *Conn) leaveReading(message bool) {
	c.releaseReading()
	if message {
		c.nobodyReads()
	} else if t := c.idle.Load(); t != nil {
		t.Stop()
	}
}

// choked reports whether the peer takes so little of what is sent to it that it is not read from.
// Then there is a turn when it has taken more.
func (c *Conn) choked() bool {
	if c.msg.state.Load() == free || c.over.Load() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loop.paused = c.queueLong()
	return c.loop.paused
}

// queueLong reports whether the queue is half full. It does not matter any more when the connection is closing:
// what is queued may never leave, and the end has to be found. c.mu is held.
func (c *Conn) queueLong() bool {
	q := c.queue
	return q != nil && c.ending == nil && (q.bytes > c.limits.MaxQueuedBytes/2 || q.messages > c.limits.MaxQueuedMessages/2)
}

// unchoke makes for a turn if the queue has become short enough, or does not matter any more. c.mu is held.
func (c *Conn) unchoke() {
	if c.socket != nil && c.loop.paused && !c.queueLong() {
		c.loop.paused = false
		c.socket.Ready()
	}
}

// fairReads is how often a turn may read from the network.
const fairReads = 4

// tryRead is tryNext for a caller that holds c.rd, which it does not any more if the error is errLeft.
func (c *Conn) tryRead(dst []byte) (msg protocol.Event, err error) {
	if c.loop.leaving {
		return msg, c.discard()
	}
	if r := c.reader; r != nil {
		c.abandon(r)
	}
	if !c.by.IsZero() {
		c.waited = c.limits.MessageTimeout - time.Until(c.by)
		c.by = time.Time{}
	}
	msg = c.beginning(dst)
	for reads := 0; ; reads++ {
		err = c.gather(&msg)
		if err == nil && !msg.Fin {
			err = c.readMore(&msg, reads)
		}
		if err != nil || msg.Fin {
			break
		}
	}
	if err == errNothing || err == errMore {
		c.keepBeginning(&msg, len(dst))
	}
	return msg, err
}

// keepBeginning keeps what was read of an unfinished message for another turn, in not much more room than it needs.
// The first n bytes of msg.Data were there before, if that is not a place of its own.
func (c *Conn) keepBeginning(msg *protocol.Event, n int) {
	switch {
	case !c.loop.own:
		c.putBack(msg, n)
	case len(msg.Data) < cap(msg.Data)/4:
		block := msg.Data
		c.putBack(msg, 0)
		drive.GiveBlock(block)
	default:
		c.unread(*msg)
	}
}

// beginning returns what is kept of an unfinished message, in a place of its own, or none, behind dst.
func (c *Conn) beginning(dst []byte) protocol.Event {
	q := c.ahead
	c.loop.own = !c.skip && q != nil && len(q.pieces) == 1 && !q.pieces[0].Fin
	if c.loop.own {
		return c.popAhead()
	}
	return protocol.Event{Data: dst}
}

// gather is collect, behind what is to be skipped.
func (c *Conn) gather(msg *protocol.Event) error {
	for c.skip {
		ev, ok, err := c.poll()
		if !ok || err != nil {
			return err
		}
		c.skip = !ev.Fin
	}
	return c.collect(msg)
}

// readMore reads from the network once, unless the turn has read enough.
func (c *Conn) readMore(msg *protocol.Event, reads int) error {
	switch {
	case c.over.Load():
		return c.failed()
	case c.loop.drained:
		return c.nothing()
	case reads == fairReads:
		return errMore
	}
	n, err := c.readNow(c.room(msg))
	switch {
	case n > 0:
		c.heardOf()
		return nil
	case err == netloop.ErrAgain:
		return c.nothing()
	}
	return c.lost(err)
}

// readNow reads what there is, to where fill says.
func (c *Conn) readNow(room []byte) (n int, err error) {
	p := room
	if room == nil {
		p = c.in.behind()
	}
	n, err = c.socket.TryRead(p)
	c.loop.drained = c.socket.Drained(n, len(p))
	switch {
	case room != nil:
		c.in.b = room[:n]
	case n > 0:
		c.in.grown(n)
	case len(c.in.b) == 0:
		c.in.release()
	}
	return n, err
}

// behind returns room for input in a borrowed buffer, behind b, which moves there.
// If something is read there, then comes grown.
func (in *input) behind() []byte {
	if in.buf == nil {
		in.buf = borrow()
	}
	in.b = in.buf[:copy(in.buf[:], in.b)]
	return in.buf[len(in.b):]
}

// nothing is for the end of a turn: the time for what is unfinished runs.
func (c *Conn) nothing() error {
	c.stow()
	if c.by = c.patience(); c.by.IsZero() {
		return errNothing
	}
	if reached(c.by) {
		return c.failLate()
	}
	c.socket.At(c.by)
	return errNothing
}

// writeSocket writes as much of p, and q behind it, as the network takes without waiting.
func writeSocket(s *netloop.Socket, p, q []byte) (n int, err error) {
	n, err = s.TryWrite(p, q)
	if err == netloop.ErrAgain {
		err = nil
	}
	return n, err
}

// part ends the connection after the peer's close frame, or a failure, without waiting:
// it sends a close frame if none was sent, ends the stream, and discards what comes until the peer has hung up.
// What would have to wait is left to a goroutine.
func (c *Conn) part(code frame.StatusCode, reason string) error {
	if !c.queueEmpty() || !c.sendCloseNow(code, reason) {
		c.start(func() { c.partSlowly(code, reason) })
		return errLeft
	}
	if c.closing(func(*protocol.Closing) {}) == protocol.Answer {
		return c.end(c.closeError(errUnanswered))
	}
	if !c.sayGoodbye() {
		return c.end(c.closeError(nil))
	}
	c.loop.leaving = true
	return c.discard()
}

// partSlowly is part on a goroutine, which has c.rd.
func (c *Conn) partSlowly(code frame.StatusCode, reason string) {
	c.loop.trying = false
	if c.failed() == nil {
		c.awaitQueue()
	}
	c.sendClose(code, reason)
	if c.closing(func(*protocol.Closing) {}) == protocol.Answer {
		c.end(c.closeError(errUnanswered))
	} else {
		c.hangUpAfterPeer()
		c.end(c.closeError(nil))
	}
	c.unlockReading()
}

// discard reads and forgets what there is, for the connection is over but for the peer's hanging up.
func (c *Conn) discard() error {
	c.compressor.giveBack()
	c.in.release()
	buf := borrow()
	defer buf.giveBack()
	for range fairReads {
		n, err := c.socket.TryRead(buf[:])
		switch {
		case err == netloop.ErrAgain:
			return errNothing
		case err != nil:
			return c.end(c.closeError(nil))
		case c.socket.Drained(n, len(buf)):
			return errNothing
		}
	}
	return errMore
}

// sendCloseNow is sendClose if that needs no waiting. If it returns false, the frame may be on its way.
func (c *Conn) sendCloseNow(code frame.StatusCode, reason string) bool {
	if !c.wr.try() {
		return false
	}
	if err := c.cause(); err != nil {
		code, reason = CloseCode(err), failReason(err)
	}
	due := false
	c.closing(func(s *protocol.Closing) {
		due = s.Sent == protocol.Close{}
		if due {
			s.Send(code, reason)
		}
	})
	if due && !c.encodeClose(code, reason) {
		c.closing(func(s *protocol.Closing) { s.Sent = protocol.Close{} })
		c.unlockWriting()
		return false
	}
	if err := c.sendNow(); err == nil && c.out.buf != nil {
		startFlusher(c)
		return false
	}
	c.released()
	c.unlockWriting()
	return true
}

// encodeClose puts a close frame into the output, if there is room. The caller holds c.wr.
func (c *Conn) encodeClose(code frame.StatusCode, reason string) bool {
	p, _ := frame.AppendClose(nil, code, reason)
	c.fetchPongs()
	room := c.out.room()
	if len(room) < reserve/2 {
		return false
	}
	b, err := c.tx.Append(room[:0], protocol.Event{Opcode: frame.Close, Fin: true, Data: p}, [4]byte{})
	if err == nil {
		c.out.to += len(b)
	}
	return true
}

// awaitLoop waits until ch is closed, for as long as the loop reads and ctx allows.
// If there is neither a result nor an error, the caller looks around.
func (c *Conn) awaitLoop(ctx context.Context, ch <-chan struct{}, most time.Duration) error {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-ch:
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done():
		return c.failed()
	}
	return nil
}
