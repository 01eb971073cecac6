package client

import (
	"crypto/tls"
	"errors"
	"net/http"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// Permanent reports whether err, of [Dial] or of a connection, says that there is no use in connecting again
// without a change of something: of the URL, the [Config], the program, or the server.
// It is what a [Reconnector] stops at by default:
//
//   - A URL or a Config that cannot be used, a certificate that is not accepted, a server that does not speak TLS.
//   - An answer of the server that is no acceptance, or of a proxy, with any status but
//     408, 421, 425, 429 and 500 to 599 without 501 and 505.
//   - A SOCKS proxy that does not accept this client or what it asks for.
//   - The peer closed the connection with one of the codes
//     1000 (normal closure),
//     1002, 1003, 1007, 1009 (it does not understand or accept what is sent to it), 1008 (policy violation), 1010,
//     3000 (unauthorized), 3003 (forbidden).
//   - A message of the server met a limit of conn.Config: the next one like it would, too.
//
// Everything else may pass: errors of the network, also that a name is not found,
// limits of time, a server that breaks a rule in the middle of a connection,
// connections that end without a code or without a close frame, 1001, 1011 to 1014, 3008,
// and all codes that only the application knows: those from 4000 to 4999 and the rest of 3000 to 3999.
// What this side closed itself is not permanent either.
func Permanent(err error) bool {
	if e, ok := errors.AsType[*HandshakeError](err); ok {
		return permanentStatus(e.Status)
	}
	if e, ok := errors.AsType[*ProxyError](err); ok && e.Status+e.Reply > 0 {
		return e.Status > 0 && permanentStatus(e.Status) || permanentReply(e.Reply)
	}
	if e, ok := errors.AsType[*conn.CloseError](err); ok {
		return e.ByPeer && permanentCode(e.Code)
	}
	if e, ok := errors.AsType[*conn.LimitError](err); ok {
		return e.Option == "MaxMessageSize" || e.Option == "MaxFragments"
	}
	return misused(err) || mistrusted(err) || misled(err)
}

// permanentStatus judges the status of an answer that is no acceptance.
// 101 is a server that broke a rule, 0 is one that does not speak HTTP.
func permanentStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusMisdirectedRequest, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return true
	}
	return status < 500 || status > 599
}

// permanentReply judges the code with which a SOCKS proxy refuses:
// not allowed, or a command or a type of address that it does not know.
//
// https://www.rfc-editor.org/rfc/rfc1928#section-6
func permanentReply(reply int) bool { return reply == 2 || reply >= 7 }

// permanentCode judges the code of a close frame of the peer.
func permanentCode(code frame.StatusCode) bool {
	switch code {
	case frame.StatusNormalClosure,
		frame.StatusProtocolError, frame.StatusUnsupportedData, frame.StatusInvalidPayload,
		frame.StatusPolicyViolation, frame.StatusMessageTooBig, frame.StatusMandatoryExtension,
		frame.StatusUnauthorized, frame.StatusForbidden:
		return true
	}
	return false
}

// A misuse is a mistake of the program: a URL or a Config that cannot be used.
type misuse struct{ error }

// Unwrap returns the error as it is.
func (m misuse) Unwrap() error { return m.error }

// misused reports whether err is a mistake of the program.
func misused(err error) bool {
	_, ok := errors.AsType[misuse](err)
	return ok || errors.Is(err, errNilConn) || errors.Is(err, errNoConn)
}

// mistrusted reports whether the server of a wss URL is not the one that is meant.
func mistrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok
}

// misled reports whether the proxy is none, or does not let this client in.
func misled(err error) bool {
	return errors.Is(err, errSOCKSHTTP) || errors.Is(err, errSOCKSMethods) || errors.Is(err, errSOCKSPassword)
}

// fulfilled reports whether the peer closed the connection normally: its purpose is fulfilled.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
func fulfilled(err error) bool {
	e, ok := errors.AsType[*conn.CloseError](err)
	return ok && e.ByPeer && e.Code == frame.StatusNormalClosure
}
