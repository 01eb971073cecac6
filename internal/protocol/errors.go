package protocol

import (
	"errors"
	"fmt"

	"github.com/ws6455/ws/frame"
)

// An Error is a rule that a frame breaks.
type Error struct {
	Code frame.StatusCode // to fail the connection with, if the peer sent the frame
	Rule string           // what is wrong, for a person
}

func (e *Error) Error() string { return e.Rule }

// Rules that a Receiver holds headers against.
var (
	errAfterClose      = &Error{frame.StatusProtocolError, "frame after a close frame"}
	errMasked          = &Error{frame.StatusProtocolError, "masked frame from a server"}
	errUnmasked        = &Error{frame.StatusProtocolError, "unmasked frame from a client"}
	errReservedBits    = &Error{frame.StatusProtocolError, "reserved bit set"}
	errReservedOpcode  = &Error{frame.StatusProtocolError, "reserved opcode"}
	errControlLong     = &Error{frame.StatusProtocolError, "control frame of more than 125 bytes"}
	errControlFragment = &Error{frame.StatusProtocolError, "fragmented control frame"}
	errNoMessage       = &Error{frame.StatusProtocolError, "continuation frame outside a message"}
	errMessageOpen     = &Error{frame.StatusProtocolError, "new message inside a fragmented one"}
)

// ErrUTF8 says that a text message is not valid UTF-8.
var ErrUTF8 error = &Error{frame.StatusInvalidPayload, "text message is not valid UTF-8"}

// checkClose reports what is wrong with the payload of a close frame.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
func checkClose(p []byte) error {
	_, _, err := frame.ConsumeClose(p)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, frame.ErrCloseReasonUTF8):
		return &Error{frame.StatusInvalidPayload, err.Error()}
	default:
		return &Error{frame.StatusProtocolError, err.Error()}
	}
}

// A Limit is one of a Receiver's limits.
type Limit int

// The limits, by the names of their fields.
const (
	MaxMessage Limit = iota
	MaxFragments
)

// A LimitError says that a message passes a limit of the Receiver.
type LimitError struct {
	Limit     Limit
	Most, Got int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("limit %d: %d of at most %d", e.Limit, e.Got, e.Most)
}
