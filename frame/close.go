package frame

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// MaxCloseReason is the size in bytes of the longest reason: what the status
// code leaves of a control frame's payload.
const MaxCloseReason = MaxControlPayload - 2

// What can be wrong with the payload of a close frame.
var (
	// ErrCloseTruncated reports a payload of one byte: half a status code.
	ErrCloseTruncated = errors.New("close payload of one byte")

	// ErrCloseCode reports a status code that may not stand in a close frame.
	ErrCloseCode = errors.New("invalid close code")

	// ErrCloseReasonUTF8 reports a reason that is not valid UTF-8.
	ErrCloseReasonUTF8 = errors.New("close reason is not valid UTF-8")

	// ErrCloseReasonTooLong reports a reason of more than MaxCloseReason bytes.
	// Only AppendClose returns it.
	ErrCloseReasonTooLong = errors.New("close reason longer than 123 bytes")

	// ErrCloseReasonAlone reports a reason without a status code.
	// Only AppendClose returns it.
	ErrCloseReasonAlone = errors.New("close reason without a code")
)

// ConsumeClose decodes the payload of a close frame.
// An empty payload yields [StatusNoStatus] and no reason.
//
// The errors are [ErrCloseTruncated], [ErrCloseCode] and [ErrCloseReasonUTF8].
// With the last two, code is the number that was received.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
func ConsumeClose(p []byte) (code StatusCode, reason string, err error) {
	switch len(p) {
	case 0:
		return StatusNoStatus, "", nil
	case 1:
		return 0, "", ErrCloseTruncated
	}
	code = StatusCode(binary.BigEndian.Uint16(p))
	switch {
	case !code.Valid():
		return code, "", ErrCloseCode
	case !utf8.Valid(p[2:]):
		return code, "", ErrCloseReasonUTF8
	default:
		return code, string(p[2:]), nil
	}
}

// AppendClose appends the payload of a close frame to b.
// For [StatusNoStatus] with no reason, that is nothing.
//
// The errors are [ErrCloseCode], [ErrCloseReasonAlone],
// [ErrCloseReasonTooLong] and [ErrCloseReasonUTF8]; with one, b is returned
// as it was.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
func AppendClose(b []byte, code StatusCode, reason string) ([]byte, error) {
	switch {
	case code == StatusNoStatus && reason == "":
		return b, nil
	case code == StatusNoStatus:
		return b, ErrCloseReasonAlone
	case !code.Valid():
		return b, ErrCloseCode
	case len(reason) > MaxCloseReason:
		return b, ErrCloseReasonTooLong
	case !utf8.ValidString(reason):
		return b, ErrCloseReasonUTF8
	default:
		b = binary.BigEndian.AppendUint16(b, uint16(code))
		return append(b, reason...), nil
	}
}
