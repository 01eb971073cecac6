package frame

import "strconv"

// A StatusCode says why an endpoint closes a connection.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-7.4
type StatusCode uint16

// The status codes of RFC 6455, section 7.4.1, and of the IANA registry.
//
// https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number
const (
	StatusNormalClosure      StatusCode = 1000 // the purpose of the connection is fulfilled
	StatusGoingAway          StatusCode = 1001 // the server goes down, or the user left the page
	StatusProtocolError      StatusCode = 1002 // the peer broke a rule of the protocol
	StatusUnsupportedData    StatusCode = 1003 // a kind of message that is not accepted, such as binary
	StatusNoStatus           StatusCode = 1005 // never sent: the close frame held no code
	StatusAbnormalClosure    StatusCode = 1006 // never sent: there was no close frame
	StatusInvalidPayload     StatusCode = 1007 // the data does not fit the message's type, such as text that is not UTF-8
	StatusPolicyViolation    StatusCode = 1008 // a message against the endpoint's policy; when no other code fits
	StatusMessageTooBig      StatusCode = 1009 // a message too big to process
	StatusMandatoryExtension StatusCode = 1010 // by clients: the server did not agree to an extension named in the reason
	StatusInternalError      StatusCode = 1011 // an unexpected condition kept the endpoint from going on
	StatusServiceRestart     StatusCode = 1012 // the service restarts; reconnect after a random delay
	StatusTryAgainLater      StatusCode = 1013 // the service is overloaded
	StatusBadGateway         StatusCode = 1014 // a gateway received an invalid response from upstream
	StatusTLSHandshake       StatusCode = 1015 // never sent: the TLS handshake failed

	StatusUnauthorized StatusCode = 3000 // authentication is required
	StatusForbidden    StatusCode = 3003 // the endpoint is not allowed to do this
	StatusTimeout      StatusCode = 3008 // the peer took too long
)

// Valid reports whether c may stand in a close frame.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2
func (c StatusCode) Valid() bool {
	switch {
	case c < 1000: // "not used"
		return false
	case c == 1004, c == StatusNoStatus, c == StatusAbnormalClosure, c == StatusTLSHandshake:
		return false // "a reserved value"
	case c <= StatusTLSHandshake:
		return true
	case c < 3000: // for later versions of the protocol and for extensions
		return false
	default: // 3000-3999 are registered, 4000-4999 are private
		return c < 5000
	}
}

// String returns the number, and the meaning if it is a registered one:
// "1000 (normal closure)", "4001".
func (c StatusCode) String() string {
	s := strconv.Itoa(int(c))
	if m := c.meaning(); m != "" {
		s += " (" + m + ")"
	}
	return s
}

// meaning returns the name of a registered code, and "" for all others.
func (c StatusCode) meaning() string {
	switch c {
	case StatusNormalClosure:
		return "normal closure"
	case StatusGoingAway:
		return "going away"
	case StatusProtocolError:
		return "protocol error"
	case StatusUnsupportedData:
		return "unsupported data"
	case StatusNoStatus:
		return "no status"
	case StatusAbnormalClosure:
		return "abnormal closure"
	case StatusInvalidPayload:
		return "invalid payload"
	case StatusPolicyViolation:
		return "policy violation"
	case StatusMessageTooBig:
		return "message too big"
	case StatusMandatoryExtension:
		return "mandatory extension"
	case StatusInternalError:
		return "internal error"
	case StatusServiceRestart:
		return "service restart"
	case StatusTryAgainLater:
		return "try again later"
	case StatusBadGateway:
		return "bad gateway"
	case StatusTLSHandshake:
		return "TLS handshake"
	case StatusUnauthorized:
		return "unauthorized"
	case StatusForbidden:
		return "forbidden"
	case StatusTimeout:
		return "timeout"
	default:
		return ""
	}
}
