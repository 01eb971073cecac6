package conn

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/ws6455/ws/frame"
)

// A sendQueue holds messages that Send did not find the network ready for.
// There is one only as long as it is needed. It is guarded by Conn.mu.
type sendQueue struct {
	turns    []*sendTurn   // in the order in which they hold c.msg
	messages int           // not taken by the network
	bytes    int           // of their payloads
	room     chan struct{} // closed when there is more room; nil if nobody waits for that
	empty    chan struct{} // closed when all is sent, or never will be
}

// A sendTurn is the messages that a goroutine sends while it holds c.msg once.
// Those of Send that come behind a waiting Write are for a turn behind that.
type sendTurn struct {
	place   *waiter       // in the queue of c.msg; nil once the turn has come
	rest    *transmission // of a frame that goes first; nil if there is none. The turn has come, and holds c.wr
	waiting []outgoing    // not yet encoded
}

// queueUp queues m and returns nil, or a channel that is closed when there may be room for it.
// dropped are the messages that gave way, among them perhaps m.
// If patient is true, nothing gives way unless the network is stuck.
func (c *Conn) queueUp(m outgoing, policy FullPolicy, patient bool) (room <-chan struct{}, dropped []outgoing, err error) {
	if err := c.refusal(); err != nil {
		return nil, nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.openQueue()
	if full := c.full(len(m.data)); full != nil {
		if policy == Block || patient && !c.stuck() {
			return c.queue.roomChan(), nil, nil
		}
		switch policy {
		case DropNew:
			return nil, []outgoing{m}, full
		case DropOld:
			dropped = c.queue.dropWhile(func() bool { return c.full(len(m.data)) != nil })
		default:
			full.Code = frame.StatusPolicyViolation
			if policy == CloseTryLater {
				full.Code = frame.StatusTryAgainLater
			}
			dropped = c.queue.dropWhile(func() bool { return true })
			return nil, append(dropped, m), full
		}
	}
	c.add(m)
	return nil, dropped, nil
}

// openQueue sees to it that there is a queue. c.mu is held.
func (c *Conn) openQueue() {
	if c.queue == nil {
		c.queue = &sendQueue{empty: make(chan struct{})}
	}
}

// add queues m. c.mu is held.
func (c *Conn) add(m outgoing) {
	if m.prepared == nil { // else nobody changes it
		m.data = bytes.Clone(m.data)
	}
	t := c.lastTurn()
	t.waiting = append(t.waiting, m)
	c.queue.messages++
	c.queue.bytes += len(m.data)
}

// stuck reports whether a write has been waiting for the network for a moment. c.mu is held.
func (c *Conn) stuck() bool {
	return c.writing && time.Now().UnixNano()-c.since >= int64(stuckSoon)
}

// full returns the limit that a message of n bytes meets, if it does.
// One message is queued in any case. c.mu is held.
func (c *Conn) full(n int) *LimitError {
	q, limits := c.queue, c.limits
	switch {
	case q.messages == 0:
		return nil
	case q.messages >= limits.MaxQueuedMessages:
		return &LimitError{Option: "MaxQueuedMessages", Limit: int64(limits.MaxQueuedMessages), Got: int64(q.messages) + 1}
	case n > limits.MaxQueuedBytes-q.bytes:
		return &LimitError{Option: "MaxQueuedBytes", Limit: int64(limits.MaxQueuedBytes), Got: int64(q.bytes) + int64(n)}
	}
	return nil
}

// drop counts a message that is dropped.
func (c *Conn) drop(m outgoing) {
	c.dropped.Add(1)
	c.limits.Hooks.drop(c, m.typ, len(m.data))
}

// lastTurn returns the turn for another message of Send, for which it starts a goroutine at need. c.mu is held.
func (c *Conn) lastTurn() *sendTurn {
	q := c.queue
	if n := len(q.turns); n > 0 && q.turns[n-1].place == c.msg.last() {
		return q.turns[n-1]
	}
	t := new(sendTurn)
	q.turns = append(q.turns, t)
	if !c.msg.try() {
		t.place = c.msg.enqueue(outgoing{})
	}
	place := t.place
	c.start(func() { c.takeTurn(q, t, place) })
	return t
}

// queueRest has a goroutine send the rest of f's frame, which is of m. It gets c.msg and c.wr.
func (c *Conn) queueRest(f *transmission, m outgoing) {
	if m.prepared == nil && !f.ev.Compressed { // else it is not the caller's
		f.ev.Data = bytes.Clone(f.ev.Data)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.openQueue()
	q, t := c.queue, &sendTurn{rest: f}
	q.turns = append(q.turns, t)
	q.messages++
	q.bytes += len(f.ev.Data)
	c.start(func() { c.takeTurn(q, t, nil) })
}

// takeTurn sends the messages of t, whose place in the queue of c.msg is given; nil if its turn has come.
func (c *Conn) takeTurn(q *sendQueue, t *sendTurn, place *waiter) {
	var err error
	if place != nil {
		err = c.await(context.Background(), place)
	}
	if err == nil {
		err = c.sendTurn(q, t)
		c.msg.release()
	}
	if err == nil {
		return
	}
	c.giveUp(q)
	c.endStuck(err) // the peer does not read
}

// sendTurn sends the messages of t, and those that are added meanwhile, until there is none.
// Then t is over. The caller holds c.msg.
func (c *Conn) sendTurn(q *sendQueue, t *sendTurn) error {
	if t.rest != nil {
		n := len(t.rest.ev.Data)
		if err := c.sendRest(t); err != nil || c.sent(q, t, 1, n) {
			return err
		}
	}
	var messages, bytes int // sent, and still counted as queued: they may be held back
	for {
		m, with := c.nextQueued(t)
		if err := c.sendMessage(m, with); err != nil {
			return err
		}
		if m.typ != 0 {
			c.wrote(&m, nil)
			messages, bytes = messages+1, bytes+len(m.data)
		}
		if with == more && bytes < bufferSize {
			continue
		}
		if c.sent(q, t, messages, bytes) {
			return nil
		}
		messages, bytes = 0, 0
	}
}

// sendRest sends what is left of a frame, and releases c.wr.
func (c *Conn) sendRest(t *sendTurn) error {
	f := t.rest
	t.rest = nil
	err := f.writeRest()
	c.released()
	c.unlockWriting()
	return f.finish(err)
}

// sendMessage sends m with company. The caller holds c.msg.
func (c *Conn) sendMessage(m outgoing, with company) error {
	t := newTransmission(c, context.Background(), with)
	return t.finish(t.sendMessage(m))
}

// nextQueued takes the next message off t, and tells whether more follow.
// If none is left, for all were dropped, it has no type.
//
// Riders would be wrong company: Send may have queued a message before they came to write.
func (c *Conn) nextQueued(t *sendTurn) (m outgoing, with company) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.place = nil
	if len(t.waiting) > 0 {
		m = t.pop()
	}
	if len(t.waiting) > 0 {
		return m, more
	}
	return m, alone
}

// sent takes messages that were sent off q, and reports whether t is over, for there are no more of it.
func (c *Conn) sent(q *sendQueue, t *sendTurn, messages, bytes int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	q.gone(messages, bytes)
	c.unchoke()
	if len(t.waiting) > 0 {
		return false
	}
	q.turns = slices.DeleteFunc(q.turns, func(u *sendTurn) bool { return u == t })
	if len(q.turns) == 0 && c.queue == q {
		c.queue = nil
		close(q.empty)
	}
	return true
}

// giveUp forgets q: the connection is closing, or has ended.
func (c *Conn) giveUp(q *sendQueue) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q.dropWhile(func() bool { return true })
	if c.queue == q {
		c.queue = nil
		close(q.empty)
	}
	q.gone(0, 0)
	c.unchoke()
}

// dropQueue begins to close, and forgets what is queued.
func (c *Conn) dropQueue() {
	c.startClosing()
	c.mu.Lock()
	q := c.queue
	c.mu.Unlock()
	if q != nil {
		c.giveUp(q)
	}
}

// dropWhile removes the oldest messages, as far as they are not being sent, while f returns true.
func (q *sendQueue) dropWhile(f func() bool) (dropped []outgoing) {
	for _, t := range q.turns {
		for len(t.waiting) > 0 && f() {
			m := t.pop()
			q.gone(1, len(m.data))
			dropped = append(dropped, m)
		}
	}
	return dropped
}

// gone notes that messages left the queue, so that there may be room for others.
func (q *sendQueue) gone(messages, bytes int) {
	q.messages -= messages
	q.bytes -= bytes
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
}

// roomChan returns a channel that is closed when there may be more room.
func (q *sendQueue) roomChan() <-chan struct{} {
	if q.room == nil {
		q.room = make(chan struct{})
	}
	return q.room
}

// pop removes the first message.
func (t *sendTurn) pop() outgoing {
	m := t.waiting[0]
	t.waiting[0] = outgoing{}
	t.waiting = t.waiting[1:]
	return m
}

// awaitQueue waits until what is queued is sent, but not for all of the time that closing may take:
// the close frame has to leave, too.
func (c *Conn) awaitQueue() {
	c.mu.Lock()
	q := c.queue
	c.mu.Unlock()
	if q == nil {
		return
	}
	select {
	case <-q.empty:
	case <-c.done():
	case <-time.After(c.limits.CloseTimeout / 2):
	}
}
