package suite

import (
	"fmt"
	"time"
)

// Payloads that several sections use.
const (
	hello   = "Hello, world!"
	eight   = "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
	bigText = "BAsd7&jh23"           // the pattern of big text messages
	bigBin  = "\x00\xfe\x23\xfa\xf0" // the pattern of big binary messages
)

// repeat returns the payload that is pattern, repeated and cut to n octets.
func repeat(pattern string, n int) Payload { return Payload{Pattern: []byte(pattern), N: n} }

// once returns the payload that is s.
func once(s string) Payload { return repeat(s, len(s)) }

// Frames that are correct, taken alone.

func text(s string) Frame { return Frame{Opcode: OpText, Payload: once(s)} }
func bin(s string) Frame  { return Frame{Opcode: OpBinary, Payload: once(s)} }
func ping(s string) Frame { return Frame{Opcode: OpPing, Payload: once(s)} }
func pong(s string) Frame { return Frame{Opcode: OpPong, Payload: once(s)} }

// The fragments of a text message: the first, one in the middle, the last.

func first(s string) Frame { return Frame{Opcode: OpText, NotFin: true, Payload: once(s)} }
func more(s string) Frame  { return Frame{Opcode: OpContinuation, NotFin: true, Payload: once(s)} }
func last(s string) Frame  { return Frame{Opcode: OpContinuation, Payload: once(s)} }

// reserved returns f with the reserved bits set that rsv has.
func reserved(rsv byte, f Frame) Frame {
	f.RSV = rsv
	return f
}

// A way is how the frames of a case are cut into writes.
type way struct {
	chop int
	sync bool
	text string // ends the sentence "Sends two frames"
}

var (
	together = way{text: "in one write"}
	apart    = way{sync: true, text: "each in a write of its own"}
	octets   = way{chop: 1, text: "in writes of one octet"}

	ways = []way{together, apart, octets}
)

// send returns the steps that send the frames in this way, then what follows them.
func (w way) send(frames []Frame, then ...Step) []Step {
	var steps []Step
	for _, f := range frames {
		f.Chop, f.Sync = w.chop, w.sync
		steps = append(steps, f)
	}
	return append(steps, then...)
}

// nothing is the list of a case in which no event may be received.
var nothing = []Event{}

func textOf(p Payload) Event   { return Event{Kind: TextMessage, Payload: p.Bytes(), Size: p.N} }
func binaryOf(p Payload) Event { return Event{Kind: BinaryMessage, Payload: p.Bytes(), Size: p.N} }
func pongOf(s string) Event    { return Event{Kind: Pong, Payload: []byte(s), Size: len(s)} }
func timeout(tag string) Event { return Event{Kind: Timeout, Tag: tag} }

// normal is the closing of a case that goes well: the fuzzer sends 1000, the peer answers.
var normal = Closing{Codes: []int{1000}, Clean: true}

// failure is the closing of a case in which the peer has to fail the connection with code.
func failure(code int) Closing { return Closing{ByPeer: true, Codes: []int{code}} }

// Sentences of expectations.

const thenClose = " It answers the close frame that follows with its own, with 1000 or without a code."

// echoed is the expectation that the message comes back.
func echoed(limit time.Duration) string {
	return fmt.Sprintf("The peer echoes the message, unchanged, within %s.", seconds(limit)) + thenClose
}

// failed is the expectation that the peer fails the connection with code.
func failed(code int, limit time.Duration) string {
	return fmt.Sprintf("The peer fails the connection within %s: it sends a close frame with %d or without a code, "+
		"or only ends TCP. It sends no message and no pong.", seconds(limit), code)
}

// failedAfterEcho is the expectation that the peer echoes the first message, and fails the connection
// with 1002 at what comes next.
func failedAfterEcho(at string, limit time.Duration) string {
	return fmt.Sprintf("The peer echoes the first message. At %s it fails the connection: within %s it sends a close frame "+
		"with 1002 or without a code, or only ends TCP. Nothing else comes from it. "+
		"NON-STRICT if it does not echo the first message.", at, seconds(limit))
}

// seconds returns d as a text.
func seconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }
