package conn

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ws6455/ws/frame"
)

// A Keepalive sends pings on any number of connections and fails those whose peer is silent.
// All of them share one timer; none has a goroutine while its peer answers and somebody reads.
//
// Whatever arrives after a ping is a sign of life, not only its pong; the pong tells [Conn.RTT].
// A connection without one within Timeout is failed with status 1008 and a [LimitError],
// whether or not anybody reads: while nobody does, the connection reads ahead until the answer,
// and if more than Config.MaxMessageSize bytes are waiting to be read, it counts as alive.
// While a write waits for the network, Config.WriteTimeout decides instead,
// and once a side has begun to close, Config.CloseTimeout.
//
// Its fields are set before the first connection and not changed later.
type Keepalive struct {
	// Interval is the time between two pings. It should be less than the time
	// after which any proxy or NAT on the way forgets a connection that is idle: often a minute.
	// A ping may leave by 1/64 of Interval earlier, together with those of other connections.
	// If zero, it is 30 seconds. If negative, no pings are sent and nothing is failed.
	Interval time.Duration

	// Timeout is how long after a ping nothing at all may arrive before the peer counts as gone.
	// If it is more than Interval, a ping that nothing follows within Interval
	// delays the next one until Timeout.
	// If zero, it is 20 seconds. If negative, there is no limit: pings are only sent.
	Timeout time.Duration

	mu       sync.Mutex
	began    time.Time   // when the first of the members joined; those after count from there
	fresh    memberList  // whose last ping is younger than both Interval and Timeout
	old      memberList  // whose last ping is older than one of them
	timer    *time.Timer // nil if there are no members
	running  bool        // tick is under way, and sets the timer at its end
	interval time.Duration
	timeout  time.Duration
}

// RTT returns the round-trip time of the last ping that was answered,
// of [Conn.Ping] or of Config.Keepalive; zero if there was none.
func (c *Conn) RTT() time.Duration { return time.Duration(c.rtt.Load()) }

// A member is what a connection needs for a Keepalive to look after it. It is part of the Conn, to save memory.
type member struct {
	// Guarded by Keepalive.mu.
	prev, next *Conn         // in the list
	pinged     time.Duration // when, or when it joined, after Keepalive.began
	in         place

	state atomic.Uint32 // one of the following; changed with Conn.mu held
	ping  *memberPing   // the last one; nil if there was none, or it is answered. Guarded by Conn.mu
}

// A memberPing is a ping of a Keepalive.
type memberPing struct {
	ping
	heard chan struct{} // closed when the state becomes heard; nil unless covered
}

// States of a member.
const (
	heard    = uint32(iota) // something arrived after the last ping
	awaiting                // nothing did yet
	covered                 // nothing did yet, and cover sees to it that somebody reads
)

// A place is the list that a member is in.
type place uint8

const (
	inNone = place(iota)
	inFresh
	inOld
)

// A memberList is a queue of members in the order of their last pings, the oldest first.
// Since the times are the same for all, they are due in that order, too.
type memberList struct{ first, last *Conn }

// list returns the list that p means.
func (k *Keepalive) list(p place) *memberList {
	if p == inFresh {
		return &k.fresh
	}
	return &k.old
}

// append puts c, which is in no list, at the end of one.
func (k *Keepalive) append(c *Conn, p place) {
	l := k.list(p)
	m := &c.member
	m.in, m.prev, m.next = p, l.last, nil
	if l.last != nil {
		l.last.member.next = c
	} else {
		l.first = c
	}
	l.last = c
}

// unlink takes c off its list.
func (k *Keepalive) unlink(c *Conn) {
	m := &c.member
	l := k.list(m.in)
	if m.prev != nil {
		m.prev.member.next = m.next
	} else {
		l.first = m.next
	}
	if m.next != nil {
		m.next.member.prev = m.prev
	} else {
		l.last = m.prev
	}
	m.in, m.prev, m.next = inNone, nil, nil
}

// join makes c, which is new, a member of k.
func (k *Keepalive) join(c *Conn) {
	if k == nil || k.Interval < 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.empty() {
		k.began = time.Now()
		k.interval = min(limit(k.Interval, 30*time.Second), forever)
		k.timeout = min(limit(k.Timeout, 20*time.Second), forever)
	}
	now := time.Since(k.began)
	c.member.pinged = now
	k.append(c, inFresh)
	if k.timer == nil && !k.running {
		k.setTimer(now)
	}
}

// leave makes c, which has ended, no member any more.
func (k *Keepalive) leave(c *Conn) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.member.in == inNone {
		return
	}
	k.unlink(c)
	if k.empty() && k.timer != nil {
		k.timer.Stop()
		k.timer = nil
	}
}

// empty reports whether there are no members. k.mu is held.
func (k *Keepalive) empty() bool { return k.fresh.first == nil && k.old.first == nil }

// forever is as good as no limit, and can be added to any time since k.began.
const forever = time.Duration(math.MaxInt64 / 4)

// grain is by how much a ping may be early.
func (k *Keepalive) grain() time.Duration { return k.interval / 64 }

// setTimer sets the timer to when the next member is due, or drops it. k.mu is held.
func (k *Keepalive) setTimer(now time.Duration) {
	due := time.Duration(math.MaxInt64)
	if c := k.fresh.first; c != nil {
		due = c.member.pinged + min(k.interval, k.timeout)
	}
	if c := k.old.first; c != nil {
		due = min(due, c.member.pinged+max(k.interval, k.timeout))
	}
	switch {
	case due == math.MaxInt64:
		k.timer = nil
	case k.timer == nil:
		k.timer = time.AfterFunc(due-now, k.tick)
	default:
		k.timer.Reset(due - now)
	}
}

// A round is what is to be done with members that are due. It has a bound, as k.mu is held meanwhile.
type round struct {
	n      int
	silent uint64 // bit i says that members[i] may be gone; else it is to be pinged

	members [64]*Conn
}

// tick looks after the members that are due.
func (k *Keepalive) tick() {
	k.mu.Lock()
	second := k.running
	k.running = true
	k.mu.Unlock()
	for !second {
		r := k.collect()
		if r.n == 0 {
			return
		}
		r.do()
	}
}

// collect moves members that are due to where they belong, and returns those with which
// something is to be done. If there are none, it sets the timer.
func (k *Keepalive) collect() (r round) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Since(k.began)
	for k.old.first != nil && r.n < len(r.members) && k.advance(&r, k.old.first, now, max(k.interval, k.timeout)) {
	}
	for k.fresh.first != nil && r.n < len(r.members) && k.advance(&r, k.fresh.first, now, min(k.interval, k.timeout)) {
	}
	if r.n == 0 {
		k.running = false
		k.setTimer(now)
	}
	return r
}

// advance decides about c, the oldest of its list, where members stay until the age limit.
// It reports whether c was due.
func (k *Keepalive) advance(r *round, c *Conn, now, most time.Duration) bool {
	m := &c.member
	age := now - m.pinged
	alive := m.state.Load() == heard
	if alive {
		age += k.grain()
	}
	unlimited := k.timeout == forever
	switch {
	case age < most:
		return false
	case !alive && age >= k.timeout:
		if age < k.timeout+k.timeout/4 {
			r.silent |= 1 << r.n
		} // else the process stood still, and the answer may be there: ask again
	case age < k.interval || !alive && !unlimited:
		k.unlink(c)
		k.append(c, inOld)
		return true
	}
	k.unlink(c)
	m.pinged = now
	k.append(c, inFresh)
	r.members[r.n] = c
	r.n++
	return true
}

// do pings the members, or fails them.
func (r *round) do() {
	for i, c := range r.members[:r.n] {
		if r.silent&(1<<i) != 0 {
			c.expire()
		} else {
			c.sendMemberPing()
		}
	}
}

// sendMemberPing sends a ping without waiting for the network.
// If nobody reads, and so nobody would see the answer, it starts a goroutine that does.
func (c *Conn) sendMemberPing() {
	c.enter()
	defer c.leave()
	c.mu.Lock()
	if c.err != nil || c.ending != nil {
		c.mu.Unlock()
		return
	}
	m := &c.member
	m.state.CompareAndSwap(heard, awaiting)
	if m.ping == nil {
		m.ping = new(memberPing)
	}
	c.removePing(&m.ping.ping)
	c.addPing(&m.ping.ping)
	payload := m.ping.payload
	c.mu.Unlock()
	if c.pongsFull() {
		c.flushPongs() // for there to be room
	}
	c.queuePing(payload[:])
	c.flushPongs()
	if c.rd.state.Load() == free && !c.loopReads() {
		c.cover()
	}
}

// heardOf notes that something arrived.
func (c *Conn) heardOf() {
	if c.member.state.Load() != heard {
		c.heardAtLast()
	}
}

// heardAtLast is heardOf for a member that has been pinged.
func (c *Conn) heardAtLast() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.member.state.Store(heard)
	if p := c.member.ping; p != nil && p.heard != nil {
		close(p.heard)
		p.heard = nil
	}
}

// memberAnswered forgets the member's ping if all that were sent are answered. c.mu is held.
func (c *Conn) memberAnswered() {
	if p := c.member.ping; p != nil && c.pings == nil && p.heard == nil {
		c.member.ping = nil
	}
}

// readerLeft is called when c.rd has been released: if something is waited for, somebody must read.
func (c *Conn) readerLeft() {
	if c.member.state.Load() == awaiting {
		c.cover()
	}
}

// cover starts a goroutine that reads until something has arrived, unless one does.
func (c *Conn) cover() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := &c.member; m.state.Load() == awaiting {
		m.state.Store(covered)
		m.ping.heard = make(chan struct{})
		arrived := m.ping.heard
		c.start(func() { c.readUntil(arrived) })
	}
}

// readUntil reads ahead while nobody else reads, until the channel is closed
// or there is no room for more, which is a sign of life as well.
func (c *Conn) readUntil(answered <-chan struct{}) {
	enough := func() bool { return c.member.state.Load() != covered }
	for c.lockPumping(answered, nil) {
		err := c.pump(context.Background(), enough)
		c.unlockReading()
		switch err {
		case errYield:
		case errFull:
			c.heardOf()
			return
		default:
			return
		}
	}
}

// expire fails the connection, from which nothing came for too long, unless a write is under way:
// then the ping may be behind that, and it has a time limit of its own.
func (c *Conn) expire() {
	c.enter()
	defer c.leave()
	if c.wr.state.Load() != free {
		return
	}
	e := timeLimit("Keepalive.Timeout", c.limits.Keepalive.timeout)
	e.Code = frame.StatusPolicyViolation
	c.mu.Lock()
	gone := c.member.state.Load() != heard && c.err == nil && c.ending == nil
	if gone {
		c.err = e
	}
	c.mu.Unlock()
	if gone {
		c.start(func() { c.failSilent(e) })
	}
}

// failSilent fails the connection with e, which c.err is already. In contrast to fail it reads nothing:
// there was nothing to be read for long, and many connections may come to this at once.
func (c *Conn) failSilent(e *LimitError) {
	c.startClosing()
	c.wakeReader()
	c.sendClose(e.Code, failReason(e))
	c.sayGoodbye()
	c.end(e)
}
