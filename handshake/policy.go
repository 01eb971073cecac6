package handshake

import (
	"fmt"
	"net/http"
	"slices"
)

// version is the only version of the protocol that became a standard.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-11.6
const version = "13"

// An Agreement is what both sides settled on.
type Agreement struct {
	Subprotocol string      // empty if there is none
	Extensions  []Extension // in the order of the response
}

// A Policy is what a server accepts. It is only read, so many requests
// may be checked at once. A nil Policy is one without fields:
// no subprotocol, no extension, and browsers from the same host only.
type Policy struct {
	// Subprotocols are those that the server speaks, in any order:
	// of those that a client offers, the first that is here is taken,
	// so that it is the client's preference which counts.
	// If there is none in common, the connection has no subprotocol.
	Subprotocols []string

	// Origins are patterns of the origins that may connect
	// besides the host which the request is for:
	//
	//	https://app.example.com       this scheme, this host, the scheme's port
	//	https://app.example.com:8443  this scheme, this host, this port
	//	app.example.com               any scheme, this host, the scheme's port
	//	*.example.com                 hosts below example.com, not itself
	//	https://*.example.com:8443    both
	//	*                             any: this switches the check off
	//
	// A pattern that has none of these forms allows nothing;
	// Validate reports it.
	Origins []string

	// Negotiate answers the extensions that a client offers, if there are any,
	// in the client's order of preference. If nil, none is accepted.
	// An answer with a name that was not offered, or one that is not valid,
	// is a bug: the request is refused with status 500.
	Negotiate func(offers []Extension) []Extension
}

// Validate reports what is malformed in p.
func (p *Policy) Validate() error {
	if p == nil {
		return nil
	}
	for _, s := range p.Origins {
		if _, ok := parsePattern(s); !ok && s != anyOrigin {
			return fmt.Errorf("origin pattern %s: want [scheme://][*.]host[:port] or *", quote(s))
		}
	}
	return checkSubprotocols(p.Subprotocols)
}

// Check decides on r: first whether it is an opening handshake,
// then whether it may come from where it comes from.
// What is agreed on goes to [AppendResponse], together with the key of r.
//
// It reads the fields of r and neither its URL nor its body.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.2
func (p *Policy) Check(r *http.Request) (Agreement, *Error) {
	if p == nil {
		p = &Policy{}
	}
	if err := checkRequest(r); err != nil {
		return Agreement{}, err
	}
	if err := p.checkOrigin(r.Header["Origin"], r.Host); err != nil {
		return Agreement{}, err
	}
	sub, err := p.subprotocol(r.Header[protocolField])
	if err != nil {
		return Agreement{}, err
	}
	exts, err := p.extensions(r.Header[extensionsField])
	if err != nil {
		return Agreement{}, err
	}
	return Agreement{sub, exts}, nil
}

// checkRequest reports why r is no opening handshake.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1
func checkRequest(r *http.Request) *Error {
	h := r.Header
	switch {
	// 1. "An HTTP/1.1 or higher GET request"
	case r.ProtoMajor > 1:
		return badRequest("the request came over " + quote(r.Proto) + ", which has no Upgrade: want HTTP/1.1")
	case !r.ProtoAtLeast(1, 1):
		return badRequest("the request has version " + quote(r.Proto) + ": want HTTP/1.1")
	case r.Method != "GET":
		return methodNotAllowed("the method is " + quote(r.Method) + ": want GET")
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return badRequest("the request has a body: want none, since frames follow")

	// 2. "A |Host| header field containing the server's authority."
	case r.Host == "":
		return badRequest("field Host is missing")
	case len(h["Host"]) > 1:
		return badRequest("field Host " + found(h["Host"]) + ": want it once")

	// 3. "An |Upgrade| header field containing the value "websocket""
	case !HasToken(h, "Upgrade", "websocket"):
		return upgradeRequired("field Upgrade " + found(h["Upgrade"]) +
			`: want "websocket" (a proxy on the way must pass it on)`)

	// 4. "A |Connection| header field that includes the token "Upgrade""
	case !HasToken(h, "Connection", "Upgrade"):
		return badRequest("field Connection " + found(h["Connection"]) +
			`: want "Upgrade" in it (a proxy on the way must pass it on)`)

	// 5. "A |Sec-WebSocket-Key| header field with a base64-encoded […]
	// value that, when decoded, is 16 bytes in length."
	case len(h[keyField]) != 1:
		return badRequest("field Sec-WebSocket-Key " + found(h[keyField]) + ": want it once")
	case !ValidKey(h[keyField][0]):
		return badRequest("field Sec-WebSocket-Key " + found(h[keyField]) + ": want the base64 text of 16 bytes")

	// 6. "A |Sec-WebSocket-Version| header field, with a value of 13."
	case len(h[versionField]) != 1:
		return upgradeRequired("field Sec-WebSocket-Version " + found(h[versionField]) + ": want it once, with the value 13")
	case h[versionField][0] != version:
		return upgradeRequired("field Sec-WebSocket-Version " + found(h[versionField]) + ": want 13")

	default:
		return nil
	}
}

// subprotocol chooses from those that lines offer.
func (p *Policy) subprotocol(lines []string) (string, *Error) {
	offers, err := Tokens(lines)
	if err == nil {
		err = checkSubprotocols(offers)
	}
	if err != nil {
		return "", badRequest("field Sec-WebSocket-Protocol " + found(lines) + ": " + err.Error())
	}
	for _, s := range offers {
		if slices.Contains(p.Subprotocols, s) {
			return s, nil
		}
	}
	return "", nil
}

// checkSubprotocols reports why names cannot be offered.
//
// "The elements that comprise this value MUST be non-empty strings with
// characters in the range U+0021 to U+007E not including separator
// characters […] and MUST all be unique strings."
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func checkSubprotocols(names []string) error {
	if len(names) > maxTokens {
		return errTooManyTokens
	}
	for i, s := range names {
		switch {
		case !IsToken(s):
			return fmt.Errorf("subprotocol %s is not a token", quote(s))
		case slices.Contains(names[:i], s):
			return fmt.Errorf("subprotocol %s is listed twice", quote(s))
		}
	}
	return nil
}

// extensions answers those that lines offer.
func (p *Policy) extensions(lines []string) ([]Extension, *Error) {
	offers, err := ParseExtensions(lines)
	if err != nil {
		return nil, badRequest("field Sec-WebSocket-Extensions " + found(lines) + ": " + err.Error())
	}
	if p.Negotiate == nil || len(offers) == 0 {
		return nil, nil
	}
	answers := p.Negotiate(offers)
	if err := checkAnswers(answers, offers); err != nil {
		return nil, &Error{Status: statusInternalServerError, Reason: "Policy.Negotiate: " + err.Error()}
	}
	return answers, nil
}

// checkAnswers reports why answers cannot be what came of offers.
//
// "A server MUST NOT respond with any extension not requested by the client."
// https://www.rfc-editor.org/rfc/rfc6455#section-9
func checkAnswers(answers, offers []Extension) error {
	for _, a := range answers {
		if err := a.check(); err != nil {
			return err
		}
		if !offered(offers, a.Name) {
			return fmt.Errorf("extension %s was not offered", quote(a.Name))
		}
	}
	return nil
}

// offered reports whether an extension of that name is among offers.
func offered(offers []Extension, name string) bool {
	return slices.ContainsFunc(offers, func(e Extension) bool { return e.Name == name })
}
