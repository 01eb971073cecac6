package load

import "time"

// An enemy is what makes a client hostile.
type enemy struct {
	kind kind
	next time.Duration // when it does something
}

// A kind is how a client is hostile.
type kind uint8

const (
	deaf            kind = iota // sends messages and never reads
	resetting                   // resets its connection in the middle of a frame, and comes back
	dribblesFrame               // sends a frame at a byte a second
	dribblesRequest             // sends its request at a byte a second
	kinds
)

// How often enemies do something.
const (
	dribbleEvery = time.Second
	resetEvery   = 100 * time.Millisecond
	blockedFor   = 50 * time.Millisecond // then one that is deaf tries again
)

// pace is how often a neighbour sends a message.
const pace = 10 * time.Millisecond

// hostile measures the latency of connections that send at a steady pace,
// first alone and then beside hostile ones.
// They go on sending while replies are late, so that the latency of one does not hide that of the next.
func (e *engine) hostile() (Result, error) {
	neighbours := e.newClients(e.spec.Conns)
	if err := e.openAll(neighbours); err != nil {
		return Result{}, err
	}
	send := e.paced(neighbours)
	e.tick = send
	quiet, err := e.window()
	if err != nil {
		return Result{}, err
	}
	var enemies []*client
	for i := range e.spec.Hostile * int(kinds) {
		c := &client{enemy: &enemy{kind: kind(i) % kinds}}
		enemies = append(enemies, c)
		e.dial(c)
	}
	e.tick = func() { send(); e.act(enemies) }
	r, err := e.window()
	r.QuietP50, r.QuietP99, r.QuietMax = quiet.P50, quiet.P99, quiet.Max
	return r, err
}

// paced returns what sends the messages that are due.
func (e *engine) paced(clients []*client) (send func()) {
	began, sent := e.now(), 0
	each := pace / time.Duration(len(clients))
	return func() {
		for ; began+time.Duration(sent)*each <= e.now(); sent++ {
			c := clients[sent%len(clients)]
			if c.queued-c.got < e.spec.Flight {
				e.send(c, 1, e.now())
			}
		}
	}
}

// window measures for a while after the warm-up.
func (e *engine) window() (Result, error) {
	if err := e.drive(e.spec.Warmup, nil); err != nil {
		return Result{}, err
	}
	from, to, err := e.measure(e.spec.Duration)
	if err != nil {
		return Result{}, err
	}
	return e.result(from, to, float64(e.received)), nil
}

// largeFrame is what a hostile client sends, or only a part of.
var largeFrame = appendFrame(nil, fin|binaryData, [4]byte{1, 2, 3, 4}, make([]byte, 16<<10))

// enemyWritable reports whether the socket of c is left to act, instead of doing what others do.
func (e *engine) enemyWritable(c *client) bool {
	if c.state == connecting && c.enemy.kind == dribblesRequest {
		c.state = upgrading
		return true
	}
	return c.state == open
}

// act has each of the enemies do what is due.
func (e *engine) act(enemies []*client) {
	now := e.now()
	for _, c := range enemies {
		if now < c.enemy.next {
			continue
		}
		switch kind := c.enemy.kind; {
		case c.state == idle: // the server closed it
			c.enemy.next = now + dribbleEvery
			e.dial(c)
		case kind == deaf && c.state == open:
			n, err := c.sock.write(largeFrame[c.bytes:])
			if c.bytes = (c.bytes + n) % len(largeFrame); err != nil {
				c.enemy.next = now + blockedFor
			}
		case kind == resetting && c.state == open:
			c.enemy.next = now + resetEvery
			c.sock.write(largeFrame[:len(largeFrame)/2])
			e.hangUp(c, true)
			e.dial(c)
		case kind == dribblesFrame && c.state == open:
			c.enemy.next = now + dribbleEvery
			dribble(c, largeFrame)
		case kind == dribblesRequest && c.state == upgrading:
			c.enemy.next = now + dribbleEvery
			dribble(c, e.request)
		}
	}
}

// dribble sends the next byte of p.
func dribble(c *client, p []byte) {
	if n, err := c.sock.write(p[c.bytes:][:1]); err == nil {
		c.bytes = (c.bytes + n) % len(p)
	}
}
