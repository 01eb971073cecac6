// Package badinput is what no peer may send, for the tests of everything that reads it:
// blocking connections and those in a loop, whole and cut anywhere.
package badinput

import (
	"strings"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// Config has the limits that cases meet.
var Config = conn.Config{MaxMessageSize: 1000, MaxFragments: 3}

// A Case is input that fails a connection with Config.
type Case struct {
	Name    string
	Deflate string // permessage-deflate with the parameters agreed on; empty if nothing was agreed on
	Frames  []Frame

	Code  frame.StatusCode // of the close frame that it is answered with
	Text  string           // in the reason
	Limit *conn.LimitError // if a limit is met, and not a rule broken
}

// A Frame is a frame as a peer should not send it.
type Frame struct {
	First     byte // FIN, RSV1-3 and the opcode
	Payload   string
	Length    string // as the header has it, but for MASK; that of Payload if empty
	MisMasked bool   // not masked if a client sends it, masked if a server does
}

// First bytes.
const (
	fin  = 0x80
	rsv1 = 0x40
	rsv2 = 0x20
	rsv3 = 0x10

	cont   = byte(frame.Continuation)
	text   = byte(frame.Text)
	binary = byte(frame.Binary)
	closes = byte(frame.Close)
	ping   = byte(frame.Ping)
	pong   = byte(frame.Pong)
)

// Append appends the bytes of f as a peer of the side sends them.
func (f Frame) Append(b []byte, peer frame.Side) []byte {
	h := frame.Header{Length: int64(len(f.Payload)), Key: [4]byte{0x37, 0xfa, 0x21, 0x3d}}
	h.Masked = (peer == frame.Client) != f.MisMasked
	head := h.Append(nil)
	if f.Length != "" {
		head = append([]byte{0}, f.Length...)
		if h.Masked {
			head[1] |= 0x80
			head = append(head, h.Key[:]...)
		}
	}
	head[0] = f.First
	b = append(append(b, head...), f.Payload...)
	if h.Masked {
		frame.Mask(b[len(b)-len(f.Payload):], h.Key)
	}
	return b
}

// Bytes returns the bytes of f.
func (f Frame) Bytes(peer frame.Side) []byte { return f.Append(nil, peer) }

// Bytes returns what a peer of the side sends.
func (c Case) Bytes(peer frame.Side) (b []byte) {
	for _, f := range c.Frames {
		b = f.Append(b, peer)
	}
	return b
}

// tooLarge is the limit of Config that a message of n bytes meets.
func tooLarge(n int64) *conn.LimitError {
	return &conn.LimitError{Option: "MaxMessageSize", Limit: Config.MaxMessageSize, Got: n, Code: frame.StatusMessageTooBig}
}

// hello is "Hello" compressed, in section 7.2.3.1 of RFC 7692, and again the same by a reference to that.
const (
	hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"
	again = "\xf2\x00\x11\x00\x00"
)

// deflate is permessage-deflate without parameters.
const deflate = "permessage-deflate"

// stored returns n digits as a message of one stored block; the block alone if it is not the last one.
func stored(n int) string { return storedBlock(n) + "\x00" }

func storedBlock(n int) string {
	return string([]byte{0, byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}) + strings.Repeat("0123456789", n/10+1)[:n]
}

// Cases are all of them.
var Cases = []Case{
	// Headers: sections 5.1 and 5.2.
	{Name: "wrong masking", Frames: []Frame{{First: fin | text, Payload: "hi", MisMasked: true}}, Code: 1002, Text: "masked frame"},
	{Name: "wrong masking of an empty ping", Frames: []Frame{{First: fin | ping, MisMasked: true}}, Code: 1002, Text: "masked frame"},
	{Name: "wrong masking of a close frame", Frames: []Frame{{First: fin | closes, Payload: "\x03\xe8", MisMasked: true}}, Code: 1002, Text: "masked frame"},
	{Name: "wrong masking of a continuation", Frames: []Frame{{First: text, Payload: "a"}, {First: fin | cont, Payload: "b", MisMasked: true}},
		Code: 1002, Text: "masked frame"},
	{Name: "RSV1", Frames: []Frame{{First: fin | rsv1 | text, Payload: "x"}}, Code: 1002, Text: "reserved bit"},
	{Name: "RSV1 of an empty message", Frames: []Frame{{First: fin | rsv1 | text}}, Code: 1002, Text: "reserved bit"},
	{Name: "RSV2 of a ping", Frames: []Frame{{First: fin | rsv2 | ping, Payload: "x"}}, Code: 1002, Text: "reserved bit"},
	{Name: "RSV3 of a continuation", Frames: []Frame{{First: binary, Payload: "a"}, {First: fin | rsv3 | cont}}, Code: 1002, Text: "reserved bit"},
	{Name: "reserved opcode", Frames: []Frame{{First: fin | 5, Payload: "x"}}, Code: 1002, Text: "reserved opcode"},
	{Name: "reserved opcode inside a message", Frames: []Frame{{First: text, Payload: "a"}, {First: 3, Payload: "x"}}, Code: 1002, Text: "reserved opcode"},
	{Name: "reserved control opcode", Frames: []Frame{{First: fin | 15}}, Code: 1002, Text: "reserved opcode"},
	{Name: "length with the top bit set", Frames: []Frame{{First: fin | binary, Length: "\x7f\x80\x00\x00\x00\x00\x00\x00\x00"}}, Code: 1002},
	{Name: "length in more bytes than needed", Frames: []Frame{{First: fin | binary, Length: "\x7e\x00\x7d", Payload: strings.Repeat("x", 125)}}, Code: 1002},
	{Name: "length in many more bytes than needed", Frames: []Frame{{First: fin | text, Length: "\x7f\x00\x00\x00\x00\x00\x00\x00\x05", Payload: "Hello"}}, Code: 1002},

	// Control frames and fragments: sections 5.4 and 5.5.
	{Name: "long ping", Frames: []Frame{{First: fin | ping, Payload: strings.Repeat("x", 126)}}, Code: 1002, Text: "125 bytes"},
	{Name: "long close frame", Frames: []Frame{{First: fin | closes, Payload: "\x03\xe8" + strings.Repeat("x", 124)}}, Code: 1002, Text: "125 bytes"},
	{Name: "fragmented ping", Frames: []Frame{{First: ping, Payload: "x"}}, Code: 1002, Text: "fragmented control frame"},
	{Name: "fragmented pong inside a message", Frames: []Frame{{First: text, Payload: "a"}, {First: pong}}, Code: 1002, Text: "fragmented control frame"},
	{Name: "continuation of nothing", Frames: []Frame{{First: fin | cont, Payload: "x"}}, Code: 1002, Text: "outside a message"},
	{Name: "continuation of a message that is over", Frames: []Frame{{First: text, Payload: "a"}, {First: fin | cont, Payload: "b"}, {First: cont}},
		Code: 1002, Text: "outside a message"},
	{Name: "message inside a message", Frames: []Frame{{First: text, Payload: "x"}, {First: fin | text, Payload: "y"}}, Code: 1002, Text: "new message"},
	{Name: "message inside a message, after a ping", Frames: []Frame{{First: binary}, {First: fin | ping, Payload: "p"}, {First: binary}},
		Code: 1002, Text: "new message"},

	// Close frames: sections 5.5.1 and 7.4.
	{Name: "close frame of one byte", Frames: []Frame{{First: fin | closes, Payload: "\x03"}}, Code: 1002},
	{Name: "close frame with 0", Frames: []Frame{{First: fin | closes, Payload: "\x00\x00"}}, Code: 1002},
	{Name: "close frame with 999", Frames: []Frame{{First: fin | closes, Payload: "\x03\xe7"}}, Code: 1002},
	{Name: "close frame with 1004", Frames: []Frame{{First: fin | closes, Payload: "\x03\xec"}}, Code: 1002},
	{Name: "close frame with 1005", Frames: []Frame{{First: fin | closes, Payload: "\x03\xed"}}, Code: 1002},
	{Name: "close frame with 1006", Frames: []Frame{{First: fin | closes, Payload: "\x03\xee"}}, Code: 1002},
	{Name: "close frame with 1015", Frames: []Frame{{First: fin | closes, Payload: "\x03\xf7"}}, Code: 1002},
	{Name: "close frame with 2999", Frames: []Frame{{First: fin | closes, Payload: "\x0b\xb7"}}, Code: 1002},
	{Name: "close frame with 5000", Frames: []Frame{{First: fin | closes, Payload: "\x13\x88"}}, Code: 1002},
	{Name: "close reason that is not UTF-8", Frames: []Frame{{First: fin | closes, Payload: "\x03\xe8\xc3\x28"}}, Code: 1007, Text: "UTF-8"},
	{Name: "close reason that ends inside a character", Frames: []Frame{{First: fin | closes, Payload: "\x03\xe8\xe2\x82"}}, Code: 1007, Text: "UTF-8"},
	{Name: "bad close frame inside a message", Frames: []Frame{{First: text, Payload: "a"}, {First: fin | closes, Payload: "\x03"}}, Code: 1002},

	// Text: section 8.1.
	{Name: "text that is not UTF-8", Frames: []Frame{{First: fin | text, Payload: "\xff"}}, Code: 1007, Text: "UTF-8"},
	{Name: "text that ends inside a character", Frames: []Frame{{First: fin | text, Payload: "a\xe2\x82"}}, Code: 1007, Text: "UTF-8"},
	{Name: "a surrogate", Frames: []Frame{{First: fin | text, Payload: "a\xed\xa0\x80b"}}, Code: 1007, Text: "UTF-8"},
	{Name: "a character too long, over fragments", Frames: []Frame{{First: text, Payload: "\xf0"}, {First: cont, Payload: "\x80"}, {First: fin | cont, Payload: "\x80\x80"}},
		Code: 1007, Text: "UTF-8"},
	{Name: "a character that an empty fragment ends", Frames: []Frame{{First: text, Payload: "\xe2"}, {First: cont}, {First: fin | cont}}, Code: 1007, Text: "UTF-8"},
	{Name: "impossible byte before the end of a frame", Frames: []Frame{{First: text, Length: "\x7e\x03\x00", Payload: "\xce\xba\xff"}}, Code: 1007, Text: "UTF-8"},

	// Limits: section 10.4.
	{Name: "message larger than is allowed", Frames: []Frame{{First: fin | binary, Length: "\x7e\x03\xe9"}},
		Code: 1009, Text: "message larger than 1000 bytes", Limit: tooLarge(1001)},
	{Name: "message larger than can be", Frames: []Frame{{First: fin | binary, Length: "\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"}},
		Code: 1009, Text: "message larger than 1000 bytes", Limit: tooLarge(1<<63 - 1)},
	{Name: "fragments larger than is allowed", Frames: []Frame{{First: text, Payload: strings.Repeat("x", 60)}, {First: fin | cont, Length: "\x7e\x03\xad"}},
		Code: 1009, Text: "message larger than 1000 bytes", Limit: tooLarge(1001)},
	{Name: "more fragments than are allowed", Frames: []Frame{{First: text}, {First: fin | ping, Payload: "p"}, {First: cont}, {First: cont}, {First: fin | cont}},
		Code: 1008, Text: "message of more than 3 fragments",
		Limit: &conn.LimitError{Option: "MaxFragments", Limit: 3, Got: 4, Code: frame.StatusPolicyViolation}},

	// Compression: RFC 7692.
	{Name: "not DEFLATE", Deflate: deflate, Frames: []Frame{{First: fin | rsv1 | text, Payload: "\xff\xff\xff\xff"}}, Code: 1007, Text: "reserved block type"},
	{Name: "a zlib header", Deflate: deflate, Frames: []Frame{{First: fin | rsv1 | text, Payload: "\x78\x9c" + hello}}, Code: 1007},
	{Name: "cut in a block", Deflate: deflate, Frames: []Frame{{First: fin | rsv1 | text, Payload: "\xf2\x48\xcd\x00"}}, Code: 1007, Text: "inside a block"},
	{Name: "cut in a fragment", Deflate: deflate, Frames: []Frame{{First: rsv1 | text, Payload: "\xf2\x48\xcd\x00"}, {First: fin | cont}}, Code: 1007, Text: "inside a block"},
	{Name: "nothing at all", Deflate: deflate, Frames: []Frame{{First: fin | rsv1 | text}}, Code: 1007, Text: "inside a block"},
	{Name: "back before the first message", Deflate: deflate, Frames: []Frame{{First: fin | rsv1 | text, Payload: again}}, Code: 1007, Text: "before the first byte"},
	{Name: "back to an earlier message, without takeover", Deflate: deflate + "; server_no_context_takeover; client_no_context_takeover",
		Frames: []Frame{{First: fin | rsv1 | text, Payload: hello}, {First: fin | rsv1 | text, Payload: again}}, Code: 1007, Text: "before the first byte"},
	{Name: "past the window", Deflate: deflate + "; server_max_window_bits=8; client_max_window_bits=8",
		// Length 3 (0000001), distance 257 (code 16 and 7 extra bits), end of block; an empty stored block.
		Frames: []Frame{{First: fin | rsv1 | text, Payload: storedBlock(257) + "\x02\x06\x00\x00"}}, Code: 1007, Text: "window"},
	{Name: "compressed text that is not UTF-8", Deflate: deflate, Frames: []Frame{{First: fin | rsv1 | text, Payload: "\x00\x01\x00\xfe\xff\xff\x00"}}, Code: 1007, Text: "UTF-8"},
	{Name: "compressed text that ends inside a character", Deflate: deflate, Frames: []Frame{{First: fin | rsv1 | text, Payload: "\x00\x01\x00\xfe\xff\xe2\x00"}}, Code: 1007, Text: "UTF-8"},
	{Name: "RSV1 of a ping", Deflate: deflate, Frames: []Frame{{First: fin | rsv1 | ping, Payload: hello}}, Code: 1002, Text: "reserved bit"},
	{Name: "RSV1 of a continuation", Deflate: deflate, Frames: []Frame{{First: rsv1 | text, Payload: hello[:3]}, {First: fin | rsv1 | cont, Payload: hello[3:]}}, Code: 1002, Text: "reserved bit"},
	{Name: "RSV1 and RSV2", Deflate: deflate, Frames: []Frame{{First: fin | rsv1 | rsv2 | text, Payload: hello}}, Code: 1002, Text: "reserved bit"},
	{Name: "inflated message larger than is allowed", Deflate: deflate, Frames: []Frame{{First: fin | rsv1 | text, Payload: stored(1001)}},
		Code: 1009, Text: "message larger than 1000 bytes", Limit: tooLarge(1001)},
	{Name: "compressed message much larger than is allowed", Deflate: deflate, Frames: []Frame{{First: fin | rsv1 | text, Length: "\x7e\x08\x00"}},
		Code: 1009, Text: "message larger than 1000 bytes", Limit: tooLarge(2048)},
}
