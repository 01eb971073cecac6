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
	// An answer with a name that was not offered, one that is not valid,
	// or a permessage-deflate that no offer allows is a bug:
	// the request is refused with status 500. See [Deflate.Answer].
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
	var o opening
	o.see(r)
	return p.check(&o)
}

// CheckRequest is [Policy.Check] for a request that [ConsumeRequest] has parsed:
// the same rules, and what net/http makes sure of before it lets a handler see a request.
func (p *Policy) CheckRequest(r *Request) (Agreement, *Error) {
	var one [9]string // most fields have one line
	o := opening{
		hosts:      one[0:0:1],
		upgrade:    one[1:1:2],
		connection: one[2:2:3],
		key:        one[3:3:4],
		version:    one[4:4:5],
		protocol:   one[5:5:6],
		extensions: one[6:6:7],
		origin:     one[7:7:8],
		expect:     one[8:8:9],
	}
	o.read(r)
	return p.check(&o)
}

// check decides on o.
func (p *Policy) check(o *opening) (Agreement, *Error) {
	if p == nil {
		p = &Policy{}
	}
	if err := o.check(); err != nil {
		return Agreement{}, err
	}
	if err := p.checkOrigin(o.origin, o.host); err != nil {
		return Agreement{}, err
	}
	sub, err := p.subprotocol(o.protocol)
	if err != nil {
		return Agreement{}, err
	}
	exts, err := p.extensions(o.extensions)
	if err != nil {
		return Agreement{}, err
	}
	return Agreement{sub, exts}, nil
}

// check reports why o is no opening handshake.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1
func (o *opening) check() *Error {
	switch {
	// 1. "An HTTP/1.1 or higher GET request"
	case o.major > 1:
		return badRequest(aboutValue("the request came over ", o.proto, ", which has no Upgrade: want HTTP/1.1"))
	case o.major < 1 || o.minor < 1:
		return badRequest(aboutValue("the request has version ", o.proto, ": want HTTP/1.1"))

	// 2. "A |Host| header field containing the server's authority."
	// Without it the status is 400 whatever the method is:
	// https://www.rfc-editor.org/rfc/rfc9112#section-3.2
	case o.host == "":
		return badRequest("field Host is missing")
	case len(o.hosts) > 1:
		return badRequest(aboutField("Host", o.hosts, "want it once"))
	case len(o.hosts) == 1 && !isHostValue(o.hosts[0]):
		return badRequest(aboutField("Host", o.hosts, "want host[:port]"))
	case !isHostValue(o.host):
		return badRequest(aboutValue("the request is for host ", o.host, ": want host[:port]"))

	case o.method != "GET":
		return methodNotAllowed(aboutValue("the method is ", o.method, ": want GET"))
	case o.target != "":
		return badRequest(aboutValue("the target is ", o.target, ": want /path, or an http or https URI"))
	case o.body:
		return badRequest("the request has a body: want none, since frames follow")
	case slices.ContainsFunc(o.expect, isUnmet):
		return expectationFailed(aboutField("Expect", o.expect, "want none"))

	// 3. "An |Upgrade| header field containing the value "websocket""
	case !hasToken(o.upgrade, "websocket"):
		return upgradeRequired(aboutField("Upgrade", o.upgrade, `want "websocket" (a proxy on the way must pass it on)`))

	// 4. "A |Connection| header field that includes the token "Upgrade""
	case !hasToken(o.connection, "Upgrade"):
		return badRequest(aboutField("Connection", o.connection, `want "Upgrade" in it (a proxy on the way must pass it on)`))

	// 5. "A |Sec-WebSocket-Key| header field with a base64-encoded […]
	// value that, when decoded, is 16 bytes in length."
	case len(o.key) != 1:
		return badRequest(aboutField("Sec-WebSocket-Key", o.key, "want it once"))
	case !ValidKey(o.key[0]):
		return badRequest(aboutField("Sec-WebSocket-Key", o.key, "want the base64 text of 16 bytes"))

	// 6. "A |Sec-WebSocket-Version| header field, with a value of 13."
	case len(o.version) != 1:
		return upgradeRequired(aboutField("Sec-WebSocket-Version", o.version, "want it once, with the value 13"))
	case o.version[0] != version:
		return upgradeRequired(aboutField("Sec-WebSocket-Version", o.version, "want 13"))

	default:
		return nil
	}
}

// isUnmet reports whether a value of Expect asks for what no handshake gives.
// The expectation that is defined is for a body, of which there is none.
//
// https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
func isUnmet(value string) bool {
	return !equalFold(value, "100-continue")
}

// subprotocol chooses from those that lines offer.
func (p *Policy) subprotocol(lines []string) (string, *Error) {
	offers, err := Tokens(lines)
	if err == nil {
		err = checkSubprotocols(offers)
	}
	if err != nil {
		return "", badRequest(aboutField("Sec-WebSocket-Protocol", lines, err.Error()))
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
		return nil, badRequest(aboutField("Sec-WebSocket-Extensions", lines, err.Error()))
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
	return checkDeflate(answers, offers)
}

// offered reports whether an extension of that name is among offers.
func offered(offers []Extension, name string) bool {
	return slices.ContainsFunc(offers, func(e Extension) bool { return e.Name == name })
}
