package conn

import "sync"

// A pongQueue holds the payloads of pongs that are due, each behind a byte with its length.
// A reader adds them, whoever writes next takes them along.
// Pings of nobody who waits for them are in it as well: their byte has isPing set.
type pongQueue struct {
	b []byte
}

// isPing marks the length of a ping in a pongQueue. A payload has at most 125 bytes.
const isPing = 0x80

var pongQueues = sync.Pool{New: func() any { return new(pongQueue) }}

// queuePong queues the answer to a ping.
// If too many wait already, the peer is not reading, and they are forgotten for this one.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3
func (c *Conn) queuePong(payload []byte) { c.queueControl(0, payload) }

// queuePing queues a ping to be sent like a pong: flushPongs sends it without waiting.
func (c *Conn) queuePing(payload []byte) { c.queueControl(isPing, payload) }

// queueControl queues a ping if mark is isPing, or a pong if it is 0.
func (c *Conn) queueControl(mark byte, payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pongs == nil {
		c.pongs = pongQueues.Get().(*pongQueue)
	}
	if c.pongsFull() {
		c.pongs.b = c.pongs.b[:0]
		c.pongCount.Store(0)
	}
	c.pongs.b = append(c.pongs.b, byte(len(payload))|mark)
	c.pongs.b = append(c.pongs.b, payload...)
	c.pongCount.Add(1)
}

// pongsFull reports whether as many pongs wait as may.
func (c *Conn) pongsFull() bool { return int(c.pongCount.Load()) >= c.limits.MaxQueuedPongs }

// drop removes the first n pongs.
func (q *pongQueue) drop(n int32) {
	p := q.b
	for range n {
		p = p[1+p[0]&^isPing:]
	}
	q.b = q.b[:copy(q.b, p)]
}
