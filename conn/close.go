package conn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// stuckTime is how long Close waits for the network to take its close frame.
// Then it begins to read: the peer may be waiting for that.
const stuckTime = 10 * time.Millisecond

// An ending is the state of a connection that is being closed.
type ending struct {
	protocol.Closing
	by   time.Time   // when everything must be over
	slow *LimitError // why this side began, if its queue was full
}

// Close performs the closing handshake: it sends a close frame, waits for the peer's,
// closes the connection and returns nil if all went well.
// It is over within Config.CloseTimeout, whatever the peer does, and works beside any other call:
// a reader goes on getting the messages that come before the peer's close frame
// and then a [*CloseError], a writer gets that at once.
// Up to Config.MaxMessageSize bytes of messages are kept for one that comes later.
// If more arrive and nobody reads for a quarter of CloseTimeout, at most 5 seconds,
// the rest is dropped.
//
// If the connection is being closed already, Close waits for the end of that;
// its own code and reason count only if no close frame was sent.
// The error is that of [Conn.Read] if the handshake was not completed.
//
// StatusNoStatus (1005) with an empty reason sends an empty close frame.
// A code that may not be sent, or a reason that is not UTF-8 or longer than 123 bytes,
// is an error and nothing happens; servers may not send 1010.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-7.1.2
func (c *Conn) Close(code frame.StatusCode, reason string) error {
	c.enter()
	defer c.leave()
	if err := c.checkClose(code, reason); err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	if !c.over.Load() {
		c.startClosing()
		c.shakeHands(code, reason)
	}
	err := c.failed()
	if e, ok := err.(*CloseError); ok && e.Err == nil {
		return nil
	}
	return err
}

// shakeHands sends a close frame and waits for the end.
func (c *Conn) shakeHands(code frame.StatusCode, reason string) {
	sent := make(chan struct{})
	go func() {
		c.awaitQueue()
		c.sendClose(code, reason)
		close(sent)
	}()
	select {
	case <-sent:
	case <-time.After(stuckTime):
	}
	c.awaitEnd()
	<-sent
}

// CloseNow closes the connection below at once, without a closing handshake.
// Everything that was waiting returns a [*CloseError] with net.ErrClosed.
func (c *Conn) CloseNow() error {
	c.enter()
	defer c.leave()
	c.end(c.closeError(net.ErrClosed))
	return nil
}

var errServer1010 = errors.New("status 1010 is for clients")

// checkClose reports why a close frame may not be sent.
func (c *Conn) checkClose(code frame.StatusCode, reason string) error {
	if code == frame.StatusMandatoryExtension && c.Side() == frame.Server {
		return errServer1010 // section 7.4.1
	}
	_, err := frame.AppendClose(nil, code, reason)
	return err
}

// closeOverdue reports whether the time for the closing handshake is over.
func (c *Conn) closeOverdue() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ending != nil && reached(c.ending.by)
}

// startClosing starts the time that the closing handshake may take, unless that runs already.
// It holds for whoever waits for the network right now, too.
func (c *Conn) startClosing() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil || c.over.Load() {
		return
	}
	c.ending = &ending{by: after(c.limits.CloseTimeout)}
	c.ending.Side = c.Side()
	c.closes.Store(true)
	if by := c.ending.by; !by.IsZero() && !c.woken {
		c.nc.SetReadDeadline(by)
		c.deadline = true
	}
	if by := c.ending.by; !by.IsZero() && c.writing {
		c.nc.SetWriteDeadline(by)
	}
	if by := c.ending.by; !by.IsZero() && c.socket != nil {
		c.socket.At(by)
	}
	c.unchoke()
}

// closing runs f on the state of the closing handshake and returns its next step.
func (c *Conn) closing(f func(*protocol.Closing)) protocol.Step {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending == nil {
		return protocol.Open
	}
	f(&c.ending.Closing)
	return c.ending.Step()
}

// sendClose sends a close frame, unless one is sent already.
// If that is not possible it ends the connection.
func (c *Conn) sendClose(code frame.StatusCode, reason string) {
	c.wr.acquire(nil)
	defer c.unlockWriting()
	due := false
	if err := c.cause(); err != nil {
		code, reason = CloseCode(err), failReason(err) // whatever the application says meanwhile
	}
	c.closing(func(s *protocol.Closing) {
		due = s.Sent == protocol.Close{}
		if due {
			s.Send(code, reason)
		}
	})
	if !due {
		return
	}
	p, _ := frame.AppendClose(nil, code, reason)
	err := c.transmit(context.Background(), protocol.Event{Opcode: frame.Close, Fin: true, Data: p})
	if err == nil {
		return
	}
	c.closing(func(s *protocol.Closing) { s.Sent = protocol.Close{} })
	if !isBroken(err) && err != protocol.ErrClosed { // by an attempt that failed
		c.end(c.closeError(err))
	}
}

// cause returns why this side closes the connection, if not because the application says so.
func (c *Conn) cause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.over.Load():
		return nil
	case CloseCode(c.err) != 0:
		return c.err
	case c.ending != nil && c.ending.slow != nil:
		return c.ending.slow
	}
	return nil
}

// closeReceived answers the peer's close frame, if it came first, and ends the connection.
// The caller holds c.rd.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
func (c *Conn) closeReceived(payload []byte) error {
	c.startClosing()
	var code frame.StatusCode
	var reason string
	c.closing(func(s *protocol.Closing) {
		s.Receive(payload)
		code, reason = s.Reply()
	})
	if c.socket != nil && c.loop.trying {
		return c.part(code, reason)
	}
	c.awaitQueue()
	c.sendClose(code, reason) // or wait until ours, which is on its way, is sent
	switch c.closing(func(*protocol.Closing) {}) {
	case protocol.Answer:
		return c.end(c.closeError(errUnanswered))
	case protocol.WaitEOF:
		c.drain()
		c.sayGoodbye()
	case protocol.Disconnect:
		c.hangUpAfterPeer()
	}
	return c.end(c.closeError(nil))
}

var errUnanswered = errors.New("the peer hung up before its close frame was answered")

// fail fails the connection because of what the peer did: it sends a close frame with
// the status code of cause, closes the connection and returns the error that it ended with.
// Nothing that the peer sent after is looked at. The caller holds c.rd.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-7.1.7
func (c *Conn) fail(cause error) error {
	c.startClosing()
	c.mu.Lock()
	if c.err == nil {
		c.err = cause
	}
	c.mu.Unlock()
	if c.socket != nil && c.loop.trying {
		return c.part(CloseCode(cause), failReason(cause))
	}
	c.sendClose(CloseCode(cause), failReason(cause))
	c.hangUpAfterPeer()
	return c.end(cause)
}

// hangUpAfterPeer ends the stream to the peer, and reads until the peer has hung up.
// Closing a socket with input unread, or with more to come, would take back what is on its way out:
// the close frame.
func (c *Conn) hangUpAfterPeer() {
	if c.sayGoodbye() {
		c.drain()
	}
}

// failReason returns what the peer is told.
func failReason(err error) string {
	switch e := err.(type) {
	case *ProtocolError:
		return e.Rule
	case *LimitError:
		switch e.Option {
		case "MaxMessageSize":
			return fmt.Sprintf("message larger than %d bytes", e.Limit)
		case "MaxFragments":
			return fmt.Sprintf("message of more than %d fragments", e.Limit)
		case "MaxQueuedMessages", "MaxQueuedBytes":
			return "too slow: the messages for you fill the send queue"
		case "MessageTimeout":
			return fmt.Sprintf("message not finished within %v", time.Duration(e.Limit))
		case "Keepalive.Timeout":
			return fmt.Sprintf("keepalive: nothing received within %v after a ping", time.Duration(e.Limit))
		}
	}
	return ""
}

// sayGoodbye ends the stream to the peer, and reports whether it could.
// A TLS connection waits for the network to take its alert; that is bounded, too.
func (c *Conn) sayGoodbye() bool {
	if c.over.Load() {
		return false
	}
	c.mu.Lock()
	by := c.ending.by
	c.mu.Unlock()
	if c.raw == nil && !by.IsZero() {
		t := time.AfterFunc(time.Until(by), func() { hangUp(c.nc) })
		defer t.Stop()
	}
	return closeWrite(c.nc)
}

// drain reads until the peer hangs up, or the closing handshake must be over.
func (c *Conn) drain() {
	buf := borrow()
	defer buf.giveBack()
	for !c.over.Load() {
		c.mu.Lock()
		c.nc.SetReadDeadline(c.ending.by)
		c.mu.Unlock()
		_, err := c.nc.Read(buf[:])
		if err != nil && (!isTimeout(err) || reached(c.ending.by)) {
			return
		}
	}
}

// awaitEnd waits until the connection has ended. It reads while nobody else does.
// The end is near: the time for closing runs.
func (c *Conn) awaitEnd() {
	for !c.over.Load() {
		if c.loopReads() {
			c.awaitLoop(context.Background(), nil, min(c.limits.CloseTimeout/8, time.Second))
			continue
		}
		if !c.lockPumping(c.done(), nil) {
			return
		}
		var room <-chan struct{}
		if c.pump(context.Background(), c.over.Load) == errFull {
			room = c.roomAhead()
		}
		c.stowAtEnd()
		c.rd.release()
		if room != nil {
			c.awaitRoom(room)
		}
	}
}

// awaitRoom waits until a reader has made room for more messages.
// If none does for a while, messages are dropped from now on:
// nothing may keep the peer's close frame from being found in time.
func (c *Conn) awaitRoom(room <-chan struct{}) {
	select {
	case <-room:
		return
	case <-c.done():
		return
	case <-time.After(min(c.limits.CloseTimeout/4, 5*time.Second)):
	}
	if c.lockPumping(c.done(), nil) {
		c.dropping = true
		c.rd.release()
	}
}

// closeError returns the end of the connection as it stands.
// err is why the closing handshake is not complete, if it is not.
func (c *Conn) closeError(err error) *CloseError {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := &CloseError{
		Code: frame.StatusAbnormalClosure,
		Sent: frame.StatusAbnormalClosure,
		Err:  err,
	}
	if c.ending == nil {
		return e
	}
	if r := c.ending.Received; r != (protocol.Close{}) {
		e.Code, e.Reason = r.Code, r.Reason
	}
	if s := c.ending.Sent; s != (protocol.Close{}) {
		e.Sent, e.SentReason = s.Code, s.Reason
	}
	e.ByPeer = c.ending.ByPeer
	if err != nil && c.ending.slow != nil {
		e.Err = c.ending.slow // which tells more
	}
	return e
}

// errClosing is for those who come while the closing handshake is under way.
var errClosing = errors.New("the closing handshake is under way")
