package protocol

import "github.com/ws6455/ws/frame"

// A Close is what a close frame says.
// Its zero value stands for no close frame.
type Close struct {
	Code   frame.StatusCode // StatusNoStatus if the frame was empty
	Reason string
}

// Closing follows the closing handshake of one connection:
// which close frames there were, and in which order.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-7.1
type Closing struct {
	Side     frame.Side
	Sent     Close
	Received Close
	ByPeer   bool // the peer's close frame came before ours was sent
}

// A Step is what the closing handshake asks for next.
type Step int

const (
	// Open: no close frame yet. Data may flow both ways.
	Open = Step(iota)

	// Wait for the peer's close frame: ours is sent.
	// What comes before it may be delivered or discarded (section 1.4).
	Wait

	// Answer the peer's close frame with one of our own (section 5.5.1).
	Answer

	// Disconnect: both close frames are there, and a server closes TCP at once.
	Disconnect

	// WaitEOF: both close frames are there,
	// and a client leaves it to the server to close TCP first (section 7.1.1).
	WaitEOF
)

// Step returns what comes next.
func (c *Closing) Step() Step {
	sent, received := c.Sent != Close{}, c.Received != Close{}
	switch {
	case !sent && !received:
		return Open
	case !received:
		return Wait
	case !sent:
		return Answer
	case c.Side == frame.Server:
		return Disconnect
	default:
		return WaitEOF
	}
}

// Send records that a close frame was sent.
func (c *Closing) Send(code frame.StatusCode, reason string) {
	c.Sent = Close{code, reason}
}

// Receive records a close frame with payload p, which a Receiver has found valid.
// The first one counts (section 7.1.5).
func (c *Closing) Receive(p []byte) {
	if c.Received != (Close{}) {
		return
	}
	code, reason, _ := frame.ConsumeClose(p)
	c.Received = Close{code, reason}
	c.ByPeer = c.Sent == Close{}
}

// Reply returns what to answer the peer's close frame with:
// the code that came, but for the one that a server may not send (section 7.4.1).
func (c *Closing) Reply() (code frame.StatusCode, reason string) {
	if c.Side == frame.Server && c.Received.Code == frame.StatusMandatoryExtension {
		return frame.StatusNormalClosure, ""
	}
	return c.Received.Code, c.Received.Reason
}
