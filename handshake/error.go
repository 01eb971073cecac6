package handshake

import "net/http"

// Status codes of HTTP that the handshake uses.
//
// https://www.rfc-editor.org/rfc/rfc9110#section-15
const (
	statusSwitchingProtocols  = 101
	statusBadRequest          = 400
	statusForbidden           = 403
	statusMethodNotAllowed    = 405
	statusExpectationFailed   = 417
	statusUpgradeRequired     = 426
	statusFieldsTooLarge      = 431
	statusInternalServerError = 500
	statusVersionNotSupported = 505
)

// An Error is why a server refuses a request, and what it answers.
type Error struct {
	// Status is the code of the response:
	// 400 for a malformed request, 403 for an origin that is not allowed,
	// 405 for a method other than GET, 417 for an Expect field that is not met,
	// 426 for a request that asks for no WebSocket or for another version of it,
	// 431 for too many fields, 500 if Policy.Negotiate answered what was not offered,
	// 505 for a version of HTTP other than 1.
	Status int

	// Header has the fields that go with Status, such as
	// Sec-WebSocket-Version with 426. It is nil if there are none.
	Header http.Header

	// Reason says to a person what is wrong and what was expected.
	// It is printable ASCII. It may quote some 100 bytes of the request,
	// so send it as text/plain.
	Reason string
}

// Error returns the reason after the prefix "websocket: ".
func (e *Error) Error() string {
	return "websocket: " + e.Reason
}

// badRequest refuses a request that breaks the syntax of the handshake.
func badRequest(reason string) *Error {
	return &Error{Status: statusBadRequest, Reason: reason}
}

// forbidden refuses a request for where it comes from.
func forbidden(reason string) *Error {
	return &Error{Status: statusForbidden, Reason: reason}
}

// expectationFailed refuses a request that expects more than a handshake.
func expectationFailed(reason string) *Error {
	return &Error{Status: statusExpectationFailed, Reason: reason}
}

// methodNotAllowed refuses a request that is not a GET.
//
// "The origin server MUST generate an Allow header field in a 405 response"
// https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6
func methodNotAllowed(reason string) *Error {
	return &Error{
		Status: statusMethodNotAllowed,
		Header: http.Header{"Allow": {"GET"}},
		Reason: reason,
	}
}

// upgradeRequired refuses a request that asks for something
// other than version 13, and says what it could have asked for.
//
// "The server MUST send an Upgrade header field in a 426 response"
// https://www.rfc-editor.org/rfc/rfc9110#section-15.5.22
func upgradeRequired(reason string) *Error {
	return &Error{
		Status: statusUpgradeRequired,
		Header: http.Header{
			"Upgrade":    {"websocket"},
			"Connection": {"Upgrade"},
			versionField: {version},
		},
		Reason: reason,
	}
}
