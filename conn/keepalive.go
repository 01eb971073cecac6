package conn

import "time"

// A Keepalive sends pings on any number of connections and fails those whose peer is silent.
type Keepalive struct {
	// Interval is the time between two pings. If zero, it is 30 seconds.
	Interval time.Duration

	// Timeout is how long after a ping nothing at all may arrive before the peer counts as gone.
	// If zero, it is 20 seconds.
	Timeout time.Duration
}

// RTT returns the round-trip time of the last ping that was answered; zero if there was none.
func (c *Conn) RTT() time.Duration { return 0 }
