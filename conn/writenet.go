package conn

import (
	"context"
	"time"
)

// A brokenError says that the network failed under a write.
type brokenError struct{ error }

func (e *brokenError) Unwrap() error { return e.error }

func isBroken(err error) bool {
	_, ok := err.(*brokenError)
	return ok
}

// writeNet writes b to the network and returns how much of it was taken.
// It waits only if it must, and sets a deadline only then, where it can know.
// The caller holds c.wr.
func (c *Conn) writeNet(ctx context.Context, b []byte) (n int, err error) {
	if c.raw != nil {
		n, err = c.writeRaw(b, nil)
		if err != nil {
			return n, &brokenError{err}
		}
		if n == len(b) {
			return n, nil
		}
	}
	m, err := c.writeWaiting(ctx, b[n:], nil)
	return n + m, err
}

// writeWaiting writes b to the network, waiting for it as long as ctx and limits allow.
// When one of the riders gives up, it returns [errGone].
func (c *Conn) writeWaiting(ctx context.Context, b []byte, riders *waiter) (n int, err error) {
	by := after(c.limits.WriteTimeout)
	id := c.startWaiting()
	defer c.disarmWrite()
	c.armWrite(by)
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { c.wakeWriter(id) })()
	}
	for n < len(b) {
		if c.msg.anyGone(riders) {
			return n, errGone
		}
		m, err := c.nc.Write(b[n:])
		n += m
		switch {
		case err == nil:
		case !isTimeout(err):
			return n, &brokenError{err}
		default:
			c.armWrite(by) // before looking for the reason, so that none is missed
			if err := c.writeOverdue(ctx, by); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// startWaiting returns a number for a write that may have to wait.
func (c *Conn) startWaiting() (id uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	return c.writes
}

// armWrite sets the write deadline.
func (c *Conn) armWrite(by time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil {
		by = earliest(by, c.ending.by)
	}
	if !c.writing {
		c.writing, c.since = true, time.Now().UnixNano()
	}
	c.nc.SetWriteDeadline(by)
}

// disarmWrite takes the deadline away, for writes that need none,
// and those of a network below that has something to say for itself.
func (c *Conn) disarmWrite() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = false
	c.nc.SetWriteDeadline(time.Time{})
}

// wakeWriter makes write number id look around, if it still waits.
func (c *Conn) wakeWriter(id uint32) {
	c.enter()
	defer c.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing && c.writes == id {
		c.wakeWriting()
	}
}

// hurryWriter makes the write that has w among its riders look around, if it still waits: w has given up.
func (c *Conn) hurryWriter(w *waiter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing && !w.over() {
		c.wakeWriting()
	}
}

// wakeWriting makes the write that waits look around. c.mu is held.
func (c *Conn) wakeWriting() {
	c.nc.SetWriteDeadline(past)
	c.writing = false // for startClosing, which must not undo that
}

// writeOverdue tells what a write that timed out stands for; nil if nothing is overdue.
func (c *Conn) writeOverdue(ctx context.Context, by time.Time) error {
	switch {
	case c.closeOverdue():
		return c.end(c.closeError(timeLimit("CloseTimeout", c.limits.CloseTimeout)))
	case ctx.Err() != nil:
		return ctx.Err()
	case reached(by):
		return timeLimit("WriteTimeout", c.limits.WriteTimeout)
	}
	return nil
}
