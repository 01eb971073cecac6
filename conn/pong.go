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
		c.pongCount.Store(c.pongs.forget(mark))
	}
	c.pongs.b = append(c.pongs.b, byte(len(payload))|mark)
	c.pongs.b = append(c.pongs.b, payload...)
	c.pongCount.Add(1)
}

// pongsFull reports whether as many pongs wait as may.
func (c *Conn) pongsFull() bool { return int(c.pongCount.Load()) >= c.limits.MaxQueuedPongs }

// forget removes all that is queued before a ping if mark is isPing, or a pong if it is 0,
// and returns how many are left: a ping stands for no pong, so the most recent of these stays.
func (q *pongQueue) forget(mark byte) (left int32) {
	var last []byte
	for p := q.b; len(p) > 0; p = p[1+p[0]&^isPing:] {
		if mark == isPing && p[0]&isPing == 0 {
			last, left = p[:1+p[0]], 1
		}
	}
	q.b = append(q.b[:0], last...)
	return left
}

// drop removes the first n pongs.
func (q *pongQueue) drop(n int32) {
	p := q.b
	for range n {
		p = p[1+p[0]&^isPing:]
	}
	q.b = q.b[:copy(q.b, p)]
}
