package conn

import (
	"context"
	"sync"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// A pongQueue holds the payloads of pongs that are due, each behind a byte with its length.
// A reader adds them, whoever writes next takes them along.
type pongQueue struct {
	b    []byte
	sent int32 // how many left the queue before those in it, since it was last empty
}

var pongQueues = sync.Pool{New: func() any { return new(pongQueue) }}

// queuePong queues the answer to a ping.
// If too many wait already, the peer is not reading, and they are forgotten for this one.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3
func (c *Conn) queuePong(payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pongs == nil {
		c.pongs = pongQueues.Get().(*pongQueue)
	}
	if c.pongsFull() {
		c.pongs.drop(c.pongCount.Load())
		c.pongCount.Store(0)
	}
	c.pongs.b = append(c.pongs.b, byte(len(payload)))
	c.pongs.b = append(c.pongs.b, payload...)
	c.pongCount.Add(1)
}

// pongsFull reports whether as many pongs wait as may.
func (c *Conn) pongsFull() bool { return int(c.pongCount.Load()) >= c.limits().MaxQueuedPongs }

// drop removes the first n pongs.
func (q *pongQueue) drop(n int32) {
	p := q.b
	for range n {
		p = p[1+p[0]:]
	}
	q.b = q.b[:copy(q.b, p)]
	q.sent += n
}

// appendPongs appends the frames of the pongs that are due, as far as half a buffer holds them.
// They stay in the queue until pongsSent is called. The caller holds c.wr.
func (c *Conn) appendPongs(b []byte) []byte {
	c.txPongs = 0
	if c.pongCount.Load() == 0 {
		return b
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.txPongs = c.pongs.sent
	for p := c.pongs.b; len(p) > 0 && len(b) < bufferSize/2; p = p[1+p[0]:] {
		var key [4]byte
		if c.tx.Side == frame.Client {
			key = newKey()
		}
		ev := protocol.Event{Opcode: frame.Pong, Fin: true, Data: p[1 : 1+p[0]]}
		b, _ = c.tx.Append(b, ev, key) // pongs may always be sent
		c.txPongs++
	}
	return b
}

// pongsSent removes the pongs that were appended last from the queue.
// Others may have come, and even taken the place of some of them.
func (c *Conn) pongsSent() {
	if c.pongCount.Load() == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.txPongs - c.pongs.sent; n > 0 {
		c.pongs.drop(n)
		c.pongCount.Add(-n)
	}
	if len(c.pongs.b) == 0 {
		c.pongs.sent = 0
		pongQueues.Put(c.pongs)
		c.pongs = nil
	}
}

// flushPongs sends the pongs that are due,
// or leaves that to whoever is writing: they go with its next frame, or after it.
//
// It does not wait for the network. A peer that does not read now may be waiting to be read from;
// so if the network takes no more, or cannot be asked, a goroutine goes on.
func (c *Conn) flushPongs() {
	for c.pongCount.Load() > 0 && c.wr.try() {
		if !c.pongsAtOnce() {
			return // the goroutine has c.wr now
		}
		c.wr.release()
	}
}

// pongsAtOnce sends the pongs that are due as far as that needs no waiting,
// and reports whether that is all there was to do.
// If not, c.wr belongs to a goroutine that does the rest.
func (c *Conn) pongsAtOnce() bool {
	if c.raw == nil {
		startPongs(c, nil)
		return false
	}
	buf := borrow()
	defer buf.giveBack()
	b := c.appendPongs(buf[:0])
	n, err := c.writeRaw(b)
	c.pongsSent() // if the network failed, nobody waits for them
	if err != nil || n == len(b) {
		return true
	}
	startPongs(c, b[n:])
	return false
}

// A pongSender is the goroutine that sends pongs when the reader cannot.
type pongSender struct {
	c    *Conn
	rest []byte // of pongs of which a part is sent
	run  func() // p.send, bound once
}

var pongSenders sync.Pool

// startPongs starts the goroutine. The caller holds c.wr, which it takes over.
func startPongs(c *Conn, rest []byte) {
	p, ok := pongSenders.Get().(*pongSender)
	if !ok {
		p = new(pongSender)
		p.run = p.send
	}
	p.c, p.rest = c, append(p.rest[:0], rest...)
	go p.run()
}

// send sends the rest and then the pongs that are due.
func (p *pongSender) send() {
	c := p.c
	err := c.sendPongs(p.rest)
	p.c = nil
	pongSenders.Put(p)
	c.wr.release()
	switch err.(type) {
	case nil:
		c.flushPongs()
	case *LimitError:
		c.end(c.closeError(err)) // the peer sends pings but does not read
	}
}

// sendPongs writes the rest of some pongs, and then those that are due.
// The caller holds c.wr.
func (c *Conn) sendPongs(rest []byte) error {
	if len(rest) > 0 {
		if _, err := c.writeWaiting(context.Background(), rest); err != nil {
			return err
		}
	}
	return c.transmit(context.Background(), new(protocol.Event))
}
