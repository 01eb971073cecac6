package conn

import (
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/internal/deflate"
)

// A compressor is the permessage-deflate of a connection.
type compressor struct {
	in  inflater // guarded by Conn.rd
	out deflater // guarded by Conn.msg
}

// A reach is how far back the messages of one direction may refer.
type reach struct {
	bits     int  // of the window
	takeover bool // the window goes on from one message to the next
}

// newCompressor returns the compressor of one side. p is what was agreed on,
// limits say what is this side's to choose.
//
// https://www.rfc-editor.org/rfc/rfc7692#section-7.2
func newCompressor(side frame.Side, p handshake.DeflateParams, limits *Config) *compressor {
	own := limits.Compression
	if own == nil {
		own = new(Compression) // it is somebody else's handshake that agreed on it
	}
	out, in := reach{p.ServerWindow, !p.ServerNoTakeover}, reach{p.ClientWindow, !p.ClientNoTakeover}
	if side == frame.Client {
		out, in = in, out
	}
	// Less than what was agreed on is allowed for its own messages.
	out.bits = min(out.bits, own.Deflate().WindowBits())
	out.takeover = out.takeover && own.Takeover
	return &compressor{
		in:  inflater{reach: in, most: limits.MaxMessageSize},
		out: deflater{reach: out, level: own.Level.encoding(), threshold: own.threshold(out.takeover)},
	}
}

// threshold returns the size from which on messages are compressed.
func (c *Compression) threshold(takeover bool) int {
	switch {
	case c.Threshold != 0:
		return c.Threshold
	case takeover:
		return 32
	}
	return 128
}

// encoding returns l as package deflate calls it.
func (l CompressionLevel) encoding() deflate.Level {
	switch l {
	case Fastest:
		return deflate.Fastest
	case Best:
		return deflate.Best
	}
	return deflate.Balanced
}
