// Package suite is the list of the conformance cases: what the fuzzer does in each,
// and what it expects of the peer. It does nothing itself.
//
// The fuzzer is the testing side of a connection, the peer the implementation under test.
// A case reads the same in both roles; the few that make sense in one role only say so.
package suite

import (
	"bytes"
	"time"
)

// A Role is the part that the fuzzer plays in a connection.
type Role int

const (
	Both   Role = iota
	Client      // the fuzzer is the client: it tests servers
	Server      // the fuzzer is the server: it tests clients
)

// A Case is one conformance case.
type Case struct {
	ID          string // such as "6.4.1"
	Description string // what the fuzzer does: plain text, a sentence or two
	Expectation string // what a correct peer does: plain text

	// Requirements are the ids of the rules that the case tests. Only those of section x name them.
	Requirements []string

	// Role is the role that the fuzzer plays if the case exists in one only.
	Role Role

	// Opening replaces the opening handshake, if not nil.
	Opening *Opening

	// Deflate says how permessage-deflate is negotiated, if not nil.
	// A peer that does not agree to it is UNIMPLEMENTED.
	Deflate *Deflate

	// Steps are run in order once the opening handshake is complete.
	Steps []Step

	// One of these judges the events that were received; a Loop among the steps
	// judges them itself.
	OK        []Event  // the events must be these, in this order; nil if there is no such list
	NonStrict []Event  // or these, for the lesser verdict; nil if there is no such list
	Length    *Length  // a message of this type and length
	Refusal   *Refusal // the opening handshake must not succeed

	Close Closing

	// Instead is another way in which the case may go, if not nil.
	Instead *Outcome

	// ModernCodes lets the peer close with 1012, 1013 and 1014 too, which were registered after RFC 6455.
	ModernCodes bool

	// Rules that change the verdicts afterwards.
	CodeDecides   bool // a wrong close code makes the behavior FAILED
	Informational bool // both verdicts are INFORMATIONAL, always
	CountFrames   bool // the behavior is FAILED unless the fuzzer sent 51 frames: 1 text, 50 continuations
}

// Closing says how the connection of a case is expected to end.
type Closing struct {
	ByPeer bool  // the peer closes; otherwise the fuzzer does
	Codes  []int // acceptable in the close frame of the peer; none at all always is
	Clean  bool  // both close frames are required
	Fatal  bool  // if the wrong side closes, the behavior is FAILED
}

// An Outcome is another way in which a case may go. It counts if the events are Events, the right side
// closed by Close, and the case's own list and Close do not fit both. The behavior is Verdict then, and the closing
// is judged by Close; that the fuzzer had to end TCP is no fault. If Events come and Close.ByPeer is false,
// the fuzzer closes with 1000, as it does at the end of the case's own list.
type Outcome struct {
	Verdict Verdict
	Events  []Event // nil if they do not matter: any closes the connection then
	Close   Closing
}

// An Opening is an opening handshake written out, for rules that a correct one cannot test.
type Opening struct {
	// Text is the whole request of a fuzzer that is the client, or the whole response
	// of one that is the server. Lines end in "\n" here and in CR LF on the wire,
	// and there is no empty line at its end: it is added. These are filled in:
	// {path}, {host}, {key} in a request; {accept} in a response.
	Text string
}

// A Refusal judges a case whose opening handshake the peer has to refuse.
//
// As client the fuzzer waits for the response: one of Statuses is OK, another status from 400 on
// or a closed connection NON-STRICT, and 101 FAILED, as is silence.
// As server it follows its response with what Steps say: a peer that ends the connection without having sent
// a frame is OK, one that sends a close frame NON-STRICT, any other FAILED.
type Refusal struct {
	Statuses []int  // 0 among them is a connection closed without a response
	Field    string // the name of a field that the response must have; without it OK becomes NON-STRICT
}

// A Deflate says how permessage-deflate is negotiated in a case.
type Deflate struct {
	Offers string   // the value of Sec-WebSocket-Extensions that the fuzzer sends as client
	Accept []Demand // what it demands as server: the first that an offer allows is agreed on
}

// A Demand is what the fuzzer as server asks of the client, beyond what was offered.
type Demand struct {
	NoTakeover bool // client_no_context_takeover
	Window     int  // client_max_window_bits; 0 is none
}

// Length judges a case by the type and the length of the messages that come back.
type Length struct {
	Opcode byte
	N      int
}

// A Step is something that the fuzzer does. None waits for the peer, except Wait and Loop.
type Step interface{ step() }

// Frame sends a frame, right or wrong, whatever the state of the connection.
type Frame struct {
	Opcode  byte
	NotFin  bool // FIN is clear
	RSV     byte // the three bits as a number: 4 is RSV1, 2 is RSV2, 1 is RSV3
	Payload Payload

	Chop int  // octets in each write; 0 is all in one
	Sync bool // the frame is a write of its own

	Times      int   // how often it is sent; 0 is once
	WrongMask  bool  // masked by a server, not masked by a client
	LengthForm int   // bits of the extended length, 16 or 64; 0 is the shortest that fits
	Claim      int64 // the length in the header, if it is not that of Payload; negative sets the top bit
}

// Octets sends octets as they are: more payload of a Frame with a Claim, masked if that is.
type Octets struct{ Payload Payload }

// Message sends a message, if the connection is open: in one frame, or in frames of Frag octets that
// all have FIN clear, followed by a final one of less than Frag octets, which may be empty.
type Message struct {
	Opcode     byte
	Payload    Payload
	Frag       int
	Compressed bool // by the agreed permessage-deflate
}

// Close sends a close frame and starts the closing handshake, if the connection is open.
type Close struct {
	Code   int // NoCode for none
	Reason []byte
}

// NoCode stands for a close frame without a status code.
const NoCode = -1

// Wait goes on with the next step after a time, unless TCP has ended by then.
// With a Tag it goes on only if the connection is still open, and records the event Timeout.
type Wait struct {
	For time.Duration
	Tag string
}

// KillAfter fails the connection with 1001 after a time, or drops TCP if it is closing then.
type KillAfter struct{ D time.Duration }

// CloseAfter closes the connection without a code after a time, if it is open then.
type CloseAfter struct{ D time.Duration }

// Loop sends messages one at a time, each after the echo of the last, then closes with 1000.
// The behavior is OK if all echoes have the type and the length of what was sent,
// and if Verify is set the same content.
type Loop struct {
	Opcode   byte
	Count    int
	Unit     int     // units in a message: characters of a data set that is text, else octets
	Fill     byte    // the content, if there is no data set
	Data     DataSet // 0 is none
	AutoFrag int     // frames of this many octets, as Message.Frag, counted after compression; 0 is one frame
	Verify   bool
}

func (Frame) step()      {}
func (Octets) step()     {}
func (Message) step()    {}
func (Close) step()      {}
func (Wait) step()       {}
func (KillAfter) step()  {}
func (CloseAfter) step() {}
func (Loop) step()       {}

// A Payload is Pattern, repeated and cut to N octets.
type Payload struct {
	Pattern []byte
	N       int
}

// Bytes returns the octets of the payload in a slice of their own.
func (p Payload) Bytes() []byte {
	b := make([]byte, p.N)
	if len(p.Pattern) == 0 {
		return b
	}
	for i := copy(b, p.Pattern); i < p.N; i *= 2 {
		copy(b[i:], b[:i])
	}
	return b
}

// A Kind is the kind of an Event.
type Kind int

const (
	TextMessage Kind = iota
	BinaryMessage
	Pong
	Timeout
)

func (k Kind) String() string {
	return [...]string{"text message", "binary message", "pong", "timeout"}[k]
}

// An Event is something that happened on a connection: a complete message or a pong was received,
// or the time of a Wait was over.
type Event struct {
	Kind    Kind
	Payload []byte // of a long message only the start, if Size is larger
	Size    int    // octets of the payload
	Tag     string // of a Timeout
}

// Equal reports whether e and x are the same event.
func (e Event) Equal(x Event) bool {
	return e.Kind == x.Kind && e.Tag == x.Tag && e.Size == x.Size && bytes.Equal(e.Payload, x.Payload)
}

// A Verdict says how a peer did, in the behavior or in the closing of a case.
type Verdict string

const (
	OK             Verdict = "OK"
	NonStrict      Verdict = "NON-STRICT"
	Informational  Verdict = "INFORMATIONAL"
	Unimplemented  Verdict = "UNIMPLEMENTED"
	Failed         Verdict = "FAILED"
	WrongCode      Verdict = "WRONG CODE"       // of a closing only
	Unclean        Verdict = "UNCLEAN"          // of a closing only
	FailedByClient Verdict = "FAILED BY CLIENT" // of a closing only
)

// Opcodes that exist.
const (
	OpContinuation = 0
	OpText         = 1
	OpBinary       = 2
	OpClose        = 8
	OpPing         = 9
	OpPong         = 10
)
