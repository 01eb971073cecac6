package conn

import (
	"fmt"

	"github.com/ws6455/ws/frame"
)

// StartClose does what [Conn.Close] does, but does not wait for the end, which takes a round trip at least:
// it is for a handler of events, which holds up others while it waits.
// An error is one of the arguments, and then nothing happens.
func (c *Conn) StartClose(code frame.StatusCode, reason string) error {
	c.enter()
	defer c.leave()
	if err := c.checkClose(code, reason); err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	switch {
	case c.over.Load():
	case c.socket == nil:
		go c.Close(code, reason)
	default:
		c.startClosing()
		if c.queueEmpty() && c.sendCloseNow(code, reason) {
			return nil
		}
		c.start(func() {
			c.awaitQueue()
			c.sendClose(code, reason)
		})
	}
	return nil
}

// queueEmpty reports whether nothing is queued.
func (c *Conn) queueEmpty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queue == nil
}
