package conn

import (
	"cmp"
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// A Config holds the limits of a connection.
// A nil *Config and the zero Config mean the defaults, which are safe on the open internet.
//
// Times are of the process's clock; no limit outlives the connection.
type Config struct {
	// MaxMessageSize is the size in bytes of the largest message accepted.
	// A larger one fails the connection with status 1009 and a [LimitError],
	// as soon as its size is announced and before memory is taken for it,
	// or, if it is compressed, as soon as it inflates to more. (What announces
	// that it is larger even compressed is refused at once, with some allowance for what DEFLATE adds.)
	// If zero, it is 1 MiB. If negative, there is no limit.
	MaxMessageSize int64

	// MaxFragments is the number of frames that a message may come in.
	// One more fails the connection with status 1008 and a [LimitError].
	// If zero, it is 16384. If negative, there is no limit.
	MaxFragments int

	// MessageTimeout is how long a peer may keep a reader waiting
	// for the rest of a message or frame that it has begun.
	// Time in which the application does not read is not counted.
	// When it has passed, the connection fails with status 1008 and a [LimitError].
	// If zero, it is 1 minute. If negative, there is no limit.
	MessageTimeout time.Duration

	// WriteTimeout is how long the network may take to accept a frame,
	// or each part of one that is larger than 32 KiB.
	// When it has passed, the write returns a [LimitError];
	// if a part of the frame is already sent, the connection ends.
	// If zero, it is 30 seconds. If negative, there is no limit.
	WriteTimeout time.Duration

	// CloseTimeout is how long a closing handshake may take in all, whoever begins it,
	// from the first close frame until TCP is closed.
	// If zero, it is 5 seconds. If negative, there is no limit.
	CloseTimeout time.Duration

	// MaxQueuedPongs is the number of pongs that may wait to be sent
	// while the peer does not read. When there are more, only the most recent is kept:
	// RFC 6455 section 5.5.3 asks for no more, so this is never an error.
	// If zero, it is 16. If negative, it is 1.
	MaxQueuedPongs int

	// MaxQueuedBytes and MaxQueuedMessages are how much [Conn.Send] queues
	// while the peer does not read: payload bytes, and messages.
	// One message is queued in any case, however large. WhenFull says what happens to more.
	// Over TLS, everything passes through the queue: it should hold the largest burst.
	// If zero, they are 1 MiB and 1024. If negative, there is no limit.
	MaxQueuedBytes    int
	MaxQueuedMessages int

	// WhenFull is what Send does when the queue is full. If it is no [FullPolicy], it is [Block].
	WhenFull FullPolicy

	// Compression is how messages are compressed, by permessage-deflate.
	// A client with it offers that, a server with it accepts it.
	// If nil, messages are not compressed.
	Compression *Compression

	// Keepalive sends pings and fails the connection if the peer is silent.
	// One Keepalive serves any number of connections. If nil, nothing is sent.
	Keepalive *Keepalive

	// Hooks are told what happens to the connection. If nil, nobody is.
	Hooks *Hooks
}

// A FullPolicy is what happens to messages that the queue of a connection has no room for.
type FullPolicy int

const (
	// Block makes Send wait for room until its context ends.
	// What cannot wait, such as a broadcast, closes the connection instead, as CloseSlow does.
	Block = FullPolicy(iota)

	// DropNew drops the message that there is no room for.
	DropNew

	// DropOld drops the oldest messages of the queue to make room.
	DropOld

	// CloseSlow drops all and closes the connection with status 1008, policy violation.
	CloseSlow

	// CloseTryLater drops all and closes the connection with status 1013, try again later.
	CloseTryLater
)

// recent is the Config that was resolved last: it is likely to be asked for again.
var recent atomic.Pointer[Config]

// resolved returns c with its defaults filled in and "no limit" as the largest value.
// It is not to be changed: connections that begin one after the other share it.
func (c *Config) resolved() *Config {
	if c == nil {
		c = new(Config)
	}
	r := c.withDefaults()
	if p := recent.Load(); p != nil && *p == r {
		return p
	}
	shared := new(Config) // not r, which then need not be on the heap
	*shared = r
	recent.Store(shared)
	return shared
}

// withDefaults does what resolved says, for c that is not nil.
func (c *Config) withDefaults() Config {
	return Config{
		// A message must fit into a slice, on 32-bit targets too.
		MaxMessageSize: min(limit(c.MaxMessageSize, 1<<20), math.MaxInt),
		MaxFragments:   limit(c.MaxFragments, 16384),
		MessageTimeout: limit(c.MessageTimeout, time.Minute),
		WriteTimeout:   limit(c.WriteTimeout, 30*time.Second),
		CloseTimeout:   limit(c.CloseTimeout, 5*time.Second),
		MaxQueuedPongs: max(cmp.Or(c.MaxQueuedPongs, 16), 1),

		MaxQueuedBytes:    limit(c.MaxQueuedBytes, 1<<20),
		MaxQueuedMessages: limit(c.MaxQueuedMessages, 1024),
		WhenFull:          c.WhenFull.resolved(),
		Compression:       c.Compression,
		Keepalive:         c.Keepalive,
		Hooks:             c.Hooks,
	}
}

// limit returns n, byDefault if n is zero, and the largest value if n is negative.
func limit[T int | int64 | time.Duration](n, byDefault T) T {
	switch {
	case n == 0:
		return byDefault
	case n > 0:
		return n
	}
	switch most := any(&n).(type) {
	case *int:
		*most = math.MaxInt
	case *int64:
		*most = math.MaxInt64
	case *time.Duration:
		*most = math.MaxInt64
	}
	return n
}

// resolved returns p, or Block if p is none of the above.
func (p FullPolicy) resolved() FullPolicy {
	if p < Block || p > CloseTryLater {
		return Block
	}
	return p
}

// String returns the name of p.
func (p FullPolicy) String() string {
	switch p {
	case Block:
		return "Block"
	case DropNew:
		return "DropNew"
	case DropOld:
		return "DropOld"
	case CloseSlow:
		return "CloseSlow"
	case CloseTryLater:
		return "CloseTryLater"
	}
	return fmt.Sprintf("FullPolicy(%d)", int(p))
}
