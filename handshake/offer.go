package handshake

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
)

// An Offer is what a client asks for.
type Offer struct {
	Key          string      // see NewKey
	Subprotocols []string    // in order of preference
	Extensions   []Extension // in order of preference
}

// Validate reports why o cannot be sent.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func (o *Offer) Validate() error {
	if !ValidKey(o.Key) {
		return fmt.Errorf("key %s is not the base64 text of 16 bytes", quote(o.Key))
	}
	if err := checkSubprotocols(o.Subprotocols); err != nil {
		return err
	}
	if len(o.Extensions) > maxExtensions {
		return fmt.Errorf("there are more than %d extensions", maxExtensions)
	}
	for _, e := range o.Extensions {
		if err := e.checkOffer(); err != nil {
			return err
		}
	}
	return nil
}

// checkOffer reports why e cannot be offered.
func (e Extension) checkOffer() error {
	err := e.check()
	if err == nil && isDeflate(e) {
		_, err = parseDeflate(e, inOffer)
		err = ofDeflate(err)
	}
	return err
}

// AppendRequest appends to b the request that makes the offer to host
// ("host" or "host:port") for target, which is "/path?query"
// or an absolute http or https URI.
// The fields of extra follow those of the handshake, sorted by name.
//
// If o, host, target or extra cannot be sent, it returns b as it was and an error.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func (o *Offer) AppendRequest(b []byte, host, target string, extra http.Header) ([]byte, error) {
	if err := cmp.Or(o.Validate(), checkTarget(host, target), CheckFields(extra)); err != nil {
		return b, err
	}
	b = append(append(append(b, "GET "...), target...), " HTTP/1.1\r\n"...)
	b = appendField(b, "Host", host)
	b = append(b, "Upgrade: websocket\r\n"...)
	b = append(b, "Connection: Upgrade\r\n"...)
	b = appendField(b, "Sec-WebSocket-Key", o.Key)
	b = appendField(b, "Sec-WebSocket-Version", version)
	if len(o.Subprotocols) > 0 {
		b = appendField(b, "Sec-WebSocket-Protocol", strings.Join(o.Subprotocols, ", "))
	}
	if len(o.Extensions) > 0 {
		b = appendField(b, "Sec-WebSocket-Extensions", FormatExtensions(o.Extensions))
	}
	b = appendFields(b, extra)
	return append(b, "\r\n"...), nil
}

// checkTarget reports why a request cannot be for target at host.
//
// https://www.rfc-editor.org/rfc/rfc9112#section-3.2
func checkTarget(host, target string) error {
	_, _, ok := splitHost(host)
	switch {
	case !ok:
		return fmt.Errorf("host %s is not host[:port] in ASCII", quote(host))
	case !hasTargetForm(target):
		return fmt.Errorf("target %s begins with neither / nor http:// nor https://", quote(target))
	case !isTargetText(target):
		return fmt.Errorf("target %s has a character that must be percent-encoded, or a fragment", quote(target))
	default:
		return nil
	}
}

// hasTargetForm reports whether s begins as an origin-form or absolute-form does.
func hasTargetForm(s string) bool {
	return strings.HasPrefix(s, "/") || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// isTargetText reports whether s is printable ASCII without space or "#".
func isTargetText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '#' {
			return false
		}
	}
	return true
}
