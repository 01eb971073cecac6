package conn

import (
	"net"
	"sync"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/drive"
	"github.com/ws6455/ws/internal/protocol"
)

// This file is who has a state.
//
// A Conn outside of a loop always has: somebody reads from it, or will soon.
// One in a loop has none while nothing is going on. So whoever uses it calls enter before and leave after:
// each exported method, each goroutine and each callback. Who leaves last gives back the state,
// if it is what it was at first; it will be again some time, and then it is missed until the next one leaves.

var states = sync.Pool{New: func() any { return new(state) }}

// newConn returns a new Conn, with a state unless it can do without.
func newConn(nc net.Conn, side frame.Side, limits *Config) *Conn {
	if n, ok := nc.(drive.Network); ok {
		c := &Conn{nc: nc, side: side, limits: limits, socket: n.InLoop()}
		n.Attach(driven{c})
		return c
	}
	c := &Conn{nc: nc, side: side, limits: limits}
	if !allStates {
		c.state = new(state)
	}
	return c
}

// initialize sets what the state has from the beginning.
func (c *Conn) initialize() {
	c.raw = rawConn(c.nc)
	c.rx = protocol.Receiver{
		Side:         c.side,
		Compression:  c.compressor != nil,
		MaxMessage:   c.limits.MaxMessageSize,
		MaxFragments: c.limits.MaxFragments,
	}
	c.tx = protocol.Sender{Side: c.side, Compression: c.compressor != nil}
}

// enter sees to it that c has a state until leave is called. The caller does not hold c.mu, or has entered already.
func (c *Conn) enter() {
	if allStates || c.socket != nil {
		c.takeState()
	}
}

// leave undoes enter. The caller does not hold c.mu.
func (c *Conn) leave() {
	if allStates || c.socket != nil {
		c.dropState()
	}
}

// takeState is enter for a Conn in a loop.
func (c *Conn) takeState() {
	for n := c.users.Load(); n > 0; n = c.users.Load() {
		if c.users.CompareAndSwap(n, n+1) {
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == nil {
		c.state = states.Get().(*state)
		c.initialize()
	}
	c.users.Add(1)
}

// dropState is leave for a Conn in a loop.
func (c *Conn) dropState() {
	for n := c.users.Load(); n > 1; n = c.users.Load() {
		if c.users.CompareAndSwap(n, n-1) {
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users.Add(-1) == 0 && c.dormant() {
		c.giveBackState()
	}
}

// giveBackState gives back the state. c.mu is held.
func (c *Conn) giveBackState() {
	if c.deadline {
		c.nc.SetReadDeadline(time.Time{})
	}
	s := c.state
	c.state = nil
	*s = state{}
	states.Put(s)
}

// start calls f on a goroutine that uses c.
func (c *Conn) start(f func()) {
	c.enter()
	go func() {
		defer c.leave()
		f()
	}()
}

// dormant reports whether nothing is going on: the state is what it was at first. There are no users, and c.mu is held.
func (c *Conn) dormant() bool {
	switch {
	case c.rd.state.Load() != free, c.msg.state.Load() != free, c.wr.state.Load() != free:
		return false
	case c.rx.Open(), c.compressor.inflating(), len(c.in.b) > 0, c.ahead != nil, c.reader != nil, c.skip, c.loop.place != nil:
		return false
	case c.out.buf != nil, c.tx.Open(), c.holding.Load(), c.batches.Load() > 0:
		return false
	case c.pongCount.Load() > 0, c.queue != nil, c.pings != nil, c.ending != nil, c.watch.stop != nil, c.idle.Load() != nil:
		return false
	}
	return true
}
