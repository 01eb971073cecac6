package conn

import (
	"fmt"

	"github.com/ws6455/ws/handshake"
)

// A Compression says how a connection uses permessage-deflate, if both sides agree on that.
// The zero Compression is right for most. It is read when a connection begins,
// any number of which may share it, and must not be changed while they do.
//
// What it saves, what it costs and when not to use it:
// https://github.com/ws6455/ws/blob/main/docs/compression.md
//
// https://www.rfc-editor.org/rfc/rfc7692
type Compression struct {
	// Takeover lets messages refer to those before them, in both directions,
	// which makes a stream of small messages a great deal smaller.
	// For that the connection keeps memory while it is idle: see Window.
	// The peer may decline it, for itself or for both.
	// If false, a connection keeps nothing, and each message is compressed by itself.
	Takeover bool

	// Window is how far back a message may refer, as the power of two of a number of bytes:
	// 8 (256 bytes) to 15 (32 KiB). It holds for both directions, as far as the peer goes along.
	// With Takeover it decides about memory, together with Level: some 82 KiB per connection
	// for 15 bits (136 with [Best]), 17 for 12, 4 for 9.
	// If zero or negative, it is 15. What else is out of range counts as the nearest that is not.
	Window int

	// Threshold is the size in bytes from which on a message is compressed.
	// A larger one is sent as it is, too, if it does not get smaller.
	// It does not hold for a [Conn.Writer], which cannot know how large its message will be.
	// If zero, it is 128, or 32 with Takeover. If negative, no message is too small.
	Threshold int

	// Level is how much time is spent on finding a small form.
	// If it is no [CompressionLevel], it is [Balanced].
	Level CompressionLevel
}

// A CompressionLevel is a choice between time and size.
type CompressionLevel int

const (
	// Balanced is for most.
	Balanced = CompressionLevel(iota)

	// Fastest takes the least time.
	Fastest

	// Best takes the least space on the wire.
	Best
)

// String returns the name of l.
func (l CompressionLevel) String() string {
	switch l {
	case Balanced:
		return "Balanced"
	case Fastest:
		return "Fastest"
	case Best:
		return "Best"
	}
	return fmt.Sprintf("CompressionLevel(%d)", int(l))
}

// Deflate returns what c asks of the opening handshake.
func (c *Compression) Deflate() handshake.Deflate {
	return handshake.Deflate{Takeover: c.Takeover, Window: c.Window}
}
