package conn

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/ws6455/ws/frame"
)

// Send sends p as one message, like [Conn.Write], but does not wait for the network:
// what that does not take at once is copied and queued, and a goroutine sends it,
// which exists as long as something is queued.
//
// Messages of Send and Write from one goroutine leave in the order of the calls.
// [Conn.Close] sends what is queued before its close frame, if the network takes it in time.
//
// Config.MaxQueuedBytes and Config.MaxQueuedMessages bound the queue, and Config.WhenFull
// says what happens when it is full: Send waits for room until ctx ends, with its error,
// or drops older messages, or returns a [*LimitError], having dropped p or begun to close the connection.
// If the network takes nothing for Config.WriteTimeout, the connection ends.
// Other errors are those of Write.
func (c *Conn) Send(ctx context.Context, typ frame.Opcode, p []byte) error {
	m, err := newOutgoing(typ, p)
	if err != nil {
		return err
	}
	return c.enqueue(ctx, m, c.limits.WhenFull)
}

// SendPrepared is [Conn.Send] for a prepared message, of which no copy is made.
func (c *Conn) SendPrepared(ctx context.Context, m *Prepared) error {
	if !m.valid() {
		return ErrMessageType
	}
	return c.enqueue(ctx, m.outgoing(), c.limits.WhenFull)
}

// TrySendPrepared is [Conn.SendPrepared], but never waits:
// if the queue is full and Config.WhenFull is Block, it does as CloseSlow says.
func (c *Conn) TrySendPrepared(m *Prepared) error {
	if !m.valid() {
		return ErrMessageType
	}
	policy := c.limits.WhenFull
	if policy == Block {
		policy = CloseSlow
	}
	return c.enqueue(context.Background(), m.outgoing(), policy)
}

// Buffered returns how many messages Send has queued that the network has not taken,
// and how many bytes of payload they have.
func (c *Conn) Buffered() (messages, bytes int) {
	c.enter()
	defer c.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queue == nil {
		return 0, 0
	}
	return c.queue.messages, c.queue.bytes
}

// Dropped returns how many messages were dropped because the queue was full.
func (c *Conn) Dropped() int64 { return c.dropped.Load() }

// enqueue sends m at once if that needs no waiting, and else queues it.
func (c *Conn) enqueue(ctx context.Context, m outgoing, policy FullPolicy) error {
	c.enter()
	defer c.leave()
	if err := ctx.Err(); err != nil {
		return err
	}
	if sent, err := c.sendAtOnce(m); sent || err != nil {
		return c.wrote(&m, err)
	}
	begin := time.Now()
	for turns := 0; ; turns++ {
		room, dropped, err := c.queueUp(m, policy, turns < patience && time.Since(begin) < stuckSoon)
		for _, m := range dropped {
			c.drop(m)
		}
		if full, ok := err.(*LimitError); ok && len(dropped) > 0 {
			c.closeSlow(full)
		}
		if err == errClosing {
			err = c.closeError(err)
		}
		if room == nil {
			return err
		}
		if policy != Block {
			runtime.Gosched()
			continue
		}
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		case <-c.done():
			return c.failed()
		}
	}
}

// A queue may be full because the goroutine that sends has not had its turn yet. So before something
// is dropped, others get patience turns, unless that or a write to the network takes longer than stuckSoon.
const (
	patience  = 20000
	stuckSoon = time.Millisecond
)

// closeSlow closes the connection, if that is what a full queue leads to, without waiting for the end.
func (c *Conn) closeSlow(full *LimitError) {
	if full.Code == 0 {
		return
	}
	c.startClosing()
	c.mu.Lock()
	if c.ending != nil && c.ending.slow == nil {
		c.ending.slow = full
	}
	c.mu.Unlock()
	go c.Close(full.Code, failReason(full))
}

// sendAtOnce sends m if nothing is queued and nobody is sending.
// What the network does not take at once goes on without the caller.
func (c *Conn) sendAtOnce(m outgoing) (sent bool, err error) {
	switch {
	case c.raw == nil:
		return false, nil
	case c.compressor != nil || len(m.data) >= apartSize:
		return c.packAtOnce(m)
	}
	if _, loaded := c.loadAtOnce(&m); !loaded {
		return false, nil
	}
	return c.sendLoaded()
}

// packAtOnce is sendAtOnce for a message that is large, or may be compressed.
func (c *Conn) packAtOnce(m outgoing) (sent bool, err error) {
	n := len(m.data)
	switch {
	case c.apart(n):
		n = apartSize // unless it is smaller then
	case n > bufferSize-2*reserve:
		return false, nil
	}
	if !c.msg.try() {
		return false, nil
	}
	if !c.wr.try() {
		c.msg.release()
		return false, nil
	}
	if !c.takesAtOnce(n) {
		c.unlockWriting()
		c.msg.release()
		return false, nil
	}
	t := newTransmission(c, context.Background(), alone)
	t.pack(m)
	if c.apart(len(t.ev.Data)) {
		return c.sendApartAtOnce(t, m)
	}
	defer c.msg.release()
	defer t.free()
	if err := t.encode(); err != nil { // as takesAtOnce has made sure, none
		c.unlockWriting()
		return false, err
	}
	return c.sendLoaded()
}

// takesAtOnce reports whether the output has room for n bytes of payload and what has to go before,
// and nobody has begun to close. The caller holds c.wr.
func (c *Conn) takesAtOnce(n int) bool {
	if c.closes.Load() || c.over.Load() {
		return false
	}
	c.fetchPongs()
	if len(c.out.room()) >= n+reserve/2 {
		return true
	}
	c.released()
	return false
}

// sendLoaded sends the output, which ends with a frame that was put there just now, and releases c.wr.
func (c *Conn) sendLoaded() (sent bool, err error) {
	if !c.hold(false) {
		err = c.sendNow()
		if err == nil && c.out.buf != nil {
			startFlusher(c)
			return true, nil
		}
		c.released()
	}
	c.unlockWriting()
	return c.sentAtOnce(err)
}

// sendApartAtOnce sends the frame of t, whose payload goes apart, and releases c.wr and c.msg.
// What the network does not take is queued.
func (c *Conn) sendApartAtOnce(t *transmission, m outgoing) (sent bool, err error) {
	if err = t.encode(); err == nil {
		err = t.writeOnce()
	}
	if err == nil && (c.out.buf != nil || len(t.ev.Data) > 0) {
		c.queueRest(t, m)
		return true, nil
	}
	c.released()
	c.unlockWriting()
	t.free()
	c.msg.release()
	return c.sentAtOnce(err)
}

// sentAtOnce is the end of sendAtOnce. The network may have failed, with a [*brokenError].
func (c *Conn) sentAtOnce(err error) (sent bool, _ error) {
	if err == nil {
		return true, nil
	}
	c.start(func() { c.sendError(err) })
	return false, c.closeError(networkError(errors.Unwrap(err)))
}

// refusal returns why Send takes no message any more; nil if it does.
func (c *Conn) refusal() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && c.ending != nil {
		return errClosing
	}
	return c.err
}
