package conn

import (
	"context"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// A ping is a ping that was sent.
type ping struct {
	payload [8]byte
	sent    time.Time
	rtt     time.Duration // valid once pong is closed
	pong    chan struct{} // closed when the pong came; nil if nobody waits for that
	next    *ping         // the one sent before
}

// Ping sends a ping, waits for its pong and returns the round-trip time.
// Any number may be under way at once.
//
// While nobody reads, Ping does, and keeps up to Config.MaxMessageSize bytes of messages
// for the next Read; if the pong is behind more than that, Ping waits until somebody reads.
//
// If ctx ends first, Ping returns its error and the connection stays as it is.
// Other errors are those of [Conn.Write].
func (c *Conn) Ping(ctx context.Context) (rtt time.Duration, err error) {
	c.enter()
	defer c.leave()
	p := c.newPing()
	defer c.forgetPing(p)
	ev := protocol.Event{Opcode: frame.Ping, Fin: true, Data: p.payload[:]}
	if err := c.send(ctx, ev); err != nil {
		return 0, err
	}
	if err := c.awaitPong(ctx, p); err != nil {
		return 0, err
	}
	return p.rtt, nil
}

// awaitPong waits for the answer to p, and reads while nobody else does.
func (c *Conn) awaitPong(ctx context.Context, p *ping) error {
	for !p.answered() {
		if c.loopReads() {
			if err := c.awaitLoop(ctx, p.pong, idleTime); err != nil {
				return err
			}
			continue
		}
		if !c.lockPumping(ctx.Done(), p.pong) {
			return ctx.Err()
		}
		err := c.pump(ctx, p.answered)
		var room <-chan struct{}
		if err == errFull {
			room = c.roomAhead()
		}
		c.unlockReading()
		switch err {
		case nil, errYield:
		case errFull:
			if err := c.awaitReader(ctx, p, room); err != nil {
				return err
			}
		default:
			return err
		}
	}
	return nil
}

// awaitReader waits until a reader has made room for more messages, or has come to the answer to p.
func (c *Conn) awaitReader(ctx context.Context, p *ping, room <-chan struct{}) error {
	select {
	case <-room:
	case <-p.pong:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done():
		return c.failed()
	}
	return nil
}

// newPing registers a ping with a payload of its own.
func (c *Conn) newPing() *ping {
	p := &ping{pong: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addPing(p)
	return p
}

// addPing gives p a payload of its own, and puts it before those that were sent. c.mu is held.
func (c *Conn) addPing(p *ping) {
	a, b := newKey(), newKey()
	copy(p.payload[:], a[:])
	copy(p.payload[4:], b[:])
	p.sent = time.Now()
	p.next, c.pings = c.pings, p
}

// forgetPing removes p, if it is still there.
func (c *Conn) forgetPing(p *ping) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.removePing(p)
}

// removePing is forgetPing with c.mu held.
func (c *Conn) removePing(p *ping) {
	for q := &c.pings; *q != nil; q = &(*q).next {
		if *q == p {
			*q = p.next
			return
		}
	}
}

func (p *ping) answered() bool {
	select {
	case <-p.pong:
		return true
	default:
		return false
	}
}

// pongReceived deals with a pong. One that no ping waits for is unsolicited and means nothing.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3
func (c *Conn) pongReceived(payload []byte) {
	if rtt, ok := c.answerPing(payload); ok {
		c.rtt.Store(int64(rtt))
		c.limits.Hooks.rtt(c, rtt)
	}
}

// answerPing finds the ping that a pong with this payload answers, and returns its round-trip time.
// Those sent before it are answered too: a peer need only answer the most recent one.
func (c *Conn) answerPing(payload []byte) (rtt time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for q := &c.pings; *q != nil; q = &(*q).next {
		p := *q
		if string(p.payload[:]) != string(payload) {
			continue
		}
		*q = nil
		rtt = time.Since(p.sent)
		for ; p != nil; p = p.next {
			p.rtt = time.Since(p.sent)
			if p.pong != nil {
				close(p.pong)
			}
		}
		c.memberAnswered()
		return rtt, true
	}
	return 0, false
}
