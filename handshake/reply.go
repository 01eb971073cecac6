package handshake

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Check reports why r does not accept o, and what is agreed on if it does.
// Of permessage-deflate, it must be what one of the offers allows, and at most once.
// Whether the parameters of another extension fit what was offered
// is for that extension to say.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func (o *Offer) Check(r *Response) (Agreement, error) {
	if err := o.checkUpgrade(r); err != nil {
		return Agreement{}, err
	}
	exts, err := o.extensions(r.Header[extensionsField])
	if err != nil {
		return Agreement{}, err
	}
	sub, err := o.subprotocol(r.Header[protocolField])
	if err != nil {
		return Agreement{}, err
	}
	return Agreement{sub, exts}, nil
}

// checkUpgrade reports why r does not switch to the WebSocket protocol.
// The numbers are those of the RFC's steps.
func (o *Offer) checkUpgrade(r *Response) error {
	h := r.Header
	switch {
	// 1. "If the status code received from the server is not 101, the
	// client handles the response per HTTP […] procedures."
	case r.Status != statusSwitchingProtocols:
		return statusError(r)
	case r.Proto != "HTTP/1.1":
		return fmt.Errorf("the response has version %s: want HTTP/1.1", quote(r.Proto))

	// 2. "If the response lacks an |Upgrade| header field or the |Upgrade|
	// header field contains a value that is not an ASCII case-insensitive
	// match for the value "websocket""
	case len(h["Upgrade"]) != 1 || !equalFold(trim(h["Upgrade"][0]), "websocket"):
		return fmt.Errorf(`field Upgrade %s: want "websocket"`, found(h["Upgrade"]))

	// 3. "If the response lacks a |Connection| header field or the
	// |Connection| header field doesn't contain a token that is an ASCII
	// case-insensitive match for the value "Upgrade""
	case !HasToken(h, "Connection", "Upgrade"):
		return fmt.Errorf(`field Connection %s: want "Upgrade" in it`, found(h["Connection"]))

	// 4. "If the response lacks a |Sec-WebSocket-Accept| header field or the
	// |Sec-WebSocket-Accept| contains a value other than [that of the key]
	// but ignoring any leading and trailing whitespace"
	case len(h[acceptField]) != 1 || trim(h[acceptField][0]) != AcceptKey(o.Key):
		return fmt.Errorf("field Sec-WebSocket-Accept %s: want %s, once", found(h[acceptField]), quote(AcceptKey(o.Key)))

	default:
		return nil
	}
}

// statusError says that r has not the status 101. If r lists
// the versions that the server speaks, the reason is that 13 is not among them.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.4
func statusError(r *Response) error {
	versions, _ := Tokens(r.Header[versionField]) // none if malformed
	if len(versions) > 0 && !slices.Contains(versions, version) {
		return fmt.Errorf("the status is %d %s: the server speaks versions %s of the protocol, not 13",
			r.Status, quote(r.Reason), quote(strings.Join(versions, ", ")))
	}
	return fmt.Errorf("the status is %d %s: want 101", r.Status, quote(r.Reason))
}

// extensions returns those that lines accept.
//
// 5. "If the response includes a |Sec-WebSocket-Extensions| header field and
// this header field indicates the use of an extension that was not present
// in the client's handshake […], the client MUST _Fail the WebSocket
// Connection_."
func (o *Offer) extensions(lines []string) ([]Extension, error) {
	answers, err := ParseExtensions(lines)
	if err == nil {
		err = checkAnswers(answers, o.Extensions)
	}
	if err != nil {
		return nil, fmt.Errorf("field Sec-WebSocket-Extensions %s: %w", found(lines), err)
	}
	return answers, nil
}

// Reasons to refuse a subprotocol.
var (
	errSeveralProtocols = errors.New("want it once at most")
	errProtocolSyntax   = errors.New("want one token")
	errNotOffered       = errors.New("it was not offered")
)

// subprotocol returns the one that lines choose, which is empty if they are none.
//
// 6. "If the response includes a |Sec-WebSocket-Protocol| header field and
// this header field indicates the use of a subprotocol that was not present
// in the client's handshake […], the client MUST _Fail the WebSocket
// Connection_."
func (o *Offer) subprotocol(lines []string) (string, error) {
	if len(lines) == 0 {
		return "", nil
	}
	sub, reason := trim(lines[0]), error(nil)
	switch {
	case len(lines) > 1:
		reason = errSeveralProtocols // section 11.3.4
	case !IsToken(sub):
		reason = errProtocolSyntax // section 4.3
	case !slices.Contains(o.Subprotocols, sub):
		reason = errNotOffered
	default:
		return sub, nil
	}
	return "", fmt.Errorf("field Sec-WebSocket-Protocol %s: %w", found(lines), reason)
}

// trim returns s without the white space around it.
func trim(s string) string {
	return strings.Trim(s, ows)
}
