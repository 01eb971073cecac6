package conn

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// A CloseError says how a connection was closed: who said what, and in which order.
// Every method returns it once the connection has ended that way.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5
type CloseError struct {
	// Code and Reason are those of the close frame received.
	// Code is 1005 if that was empty, and 1006 if none was received.
	Code   frame.StatusCode
	Reason string

	// Sent and SentReason are those of the close frame sent.
	// Sent is 1005 if that was empty, and 1006 if none was sent.
	Sent       frame.StatusCode
	SentReason string

	// ByPeer is true if the peer's close frame came first.
	ByPeer bool

	// Err is why the closing handshake was not completed:
	// the network's error, io.ErrUnexpectedEOF if the peer just hung up,
	// net.ErrClosed after CloseNow, a *LimitError, or the error of a context
	// that ended in the middle of a frame. It is nil after a complete handshake.
	Err error
}

func (e *CloseError) Error() string {
	var b strings.Builder
	b.WriteString("websocket: ")
	received, sent := describe(e.Code, e.Reason), describe(e.Sent, e.SentReason)
	switch {
	case e.ByPeer:
		b.WriteString("closed by the peer with " + received)
	case e.Sent == frame.StatusAbnormalClosure:
		b.WriteString("connection ended without a close frame")
	case e.Code == frame.StatusAbnormalClosure:
		b.WriteString("closed by this side with " + sent)
	default:
		b.WriteString("closed by this side with " + sent + ", answered with " + received)
	}
	if e.Err != nil {
		b.WriteString(": " + strings.TrimPrefix(e.Err.Error(), "websocket: "))
	}
	return b.String()
}

// Unwrap returns e.Err.
func (e *CloseError) Unwrap() error { return e.Err }

func describe(code frame.StatusCode, reason string) string {
	if reason == "" {
		return code.String()
	}
	return fmt.Sprintf("%s %q", code, reason)
}

// A ProtocolError is a rule that the peer broke.
// The connection was failed with Code.
type ProtocolError struct {
	Code frame.StatusCode
	Rule string // what the peer did, for a person
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("websocket: protocol error of the peer: %s", e.Rule)
}

// A LimitError is a limit of a [Config] that was met.
type LimitError struct {
	Option string           // the field of Config
	Limit  int64            // its value; nanoseconds for times
	Got    int64            // what was met with; zero for times, which just passed
	Code   frame.StatusCode // what the connection was failed with; zero if it was not
}

func (e *LimitError) Error() string {
	if strings.HasSuffix(e.Option, "Timeout") {
		return fmt.Sprintf("websocket: more than Config.%s of %v passed", e.Option, time.Duration(e.Limit))
	}
	return fmt.Sprintf("websocket: %d is more than Config.%s of %d", e.Got, e.Option, e.Limit)
}

// timeLimit returns the error of a time limit that passed.
func timeLimit(option string, limit time.Duration) *LimitError {
	return &LimitError{Option: option, Limit: int64(limit)}
}

// Timeout reports whether the limit is one of time, as in net.Error.
func (e *LimitError) Timeout() bool { return strings.HasSuffix(e.Option, "Timeout") }

// Misuse of a Conn. The connection is not affected.
var (
	// ErrInvalidUTF8 says that a text message to be sent is not valid UTF-8.
	ErrInvalidUTF8 = errors.New("websocket: text message is not valid UTF-8")

	// ErrMessageType says that a message to be sent is neither Text nor Binary.
	ErrMessageType = errors.New("websocket: message type is neither text nor binary")

	// ErrReaderDone says that a message reader was used
	// after a later call of Read, ReadAppend, Reader or Messages.
	ErrReaderDone = errors.New("websocket: reader of an earlier message")

	// ErrWriterDone says that a message writer was used after its Close.
	ErrWriterDone = errors.New("websocket: writer of a finished message")
)

// CloseCode returns the status code that err carries: of a [CloseError] its Code,
// which is 1006 if no close frame was received, of a [ProtocolError] or [LimitError]
// the one that the connection was failed with. It is 0 if err is none of these.
func CloseCode(err error) frame.StatusCode {
	if e, ok := errors.AsType[*CloseError](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*ProtocolError](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*LimitError](err); ok {
		return e.Code
	}
	return 0
}

// failure returns err, which a Receiver found, as it is shown to the application.
func failure(err error) error {
	switch e := err.(type) {
	case *protocol.Error:
		return &ProtocolError{e.Code, e.Rule}
	case *protocol.LimitError:
		if e.Limit == protocol.MaxMessage {
			return &LimitError{"MaxMessageSize", e.Most, e.Got, frame.StatusMessageTooBig}
		}
		return &LimitError{"MaxFragments", e.Most, e.Got, frame.StatusPolicyViolation}
	}
	return err
}
