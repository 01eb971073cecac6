package handshake

import (
	"cmp"
	"slices"
	"strings"
)

// An origin is where a browser says that a request comes from.
// Its port is never implied: it is empty only
// if the scheme has no default that is known here.
type origin struct {
	scheme, host, port string
}

// anyOrigin is the pattern that switches the check off.
const anyOrigin = "*"

// checkOrigin reports why a request for host may not come from the origin
// that lines, the values of the field, name. Without lines there is no browser
// behind it, which alone would let a page of another site act for its user.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-10.2
func (p *Policy) checkOrigin(lines []string, host string) *Error {
	if len(lines) == 0 || slices.Contains(p.Origins, anyOrigin) {
		return nil
	}
	o, ok := parseOrigin(lines[0])
	switch {
	case len(lines) > 1:
		return forbidden(aboutField("Origin", lines, "want it once"))
	case !ok:
		return forbidden(aboutValue("origin ", lines[0], " names no site: want scheme://host[:port]"))
	case o.isHost(host) || slices.ContainsFunc(p.Origins, o.matches):
		return nil
	default:
		return forbidden("origin " + quote(lines[0]) + " is not allowed for host " + quote(host) + ": add it to Config.Origins")
	}
}

// parseOrigin parses the serialization of an origin.
// The opaque origin "null" is not ok, nor is one with a user, a path or a query.
//
// https://www.rfc-editor.org/rfc/rfc6454#section-6.2
func parseOrigin(s string) (o origin, ok bool) {
	scheme, authority, _ := strings.Cut(s, "://")
	host, port, ok := splitHost(authority)
	if !ok || !isScheme(scheme) {
		return origin{}, false
	}
	return origin{scheme, host, cmp.Or(port, defaultPort(scheme))}, true
}

// isHost reports whether o is a site at hostport, the Host of a request.
// Behind a proxy that ends TLS a server cannot know its own scheme,
// so http and https both will do, each with its own port.
func (o origin) isHost(hostport string) bool {
	host, port, ok := splitHost(hostport)
	implied := defaultPort(o.scheme)
	return ok && implied != "" && equalFold(host, o.host) && cmp.Or(port, implied) == o.port
}

// matches reports whether the pattern s allows o.
func (o origin) matches(s string) bool {
	p, ok := parsePattern(s)
	switch {
	case !ok:
		return false
	case p.scheme != "" && !equalFold(p.scheme, o.scheme):
		return false
	case cmp.Or(p.port, defaultPort(o.scheme)) != o.port:
		return false
	case p.below:
		return isBelow(o.host, p.host)
	default:
		return equalFold(o.host, p.host)
	}
}

// isBelow reports whether host has a label or more in front of domain.
func isBelow(host, domain string) bool {
	dot := len(host) - len(domain) - 1
	return dot > 0 && host[dot] == '.' && equalFold(host[dot+1:], domain)
}

// A pattern is an element of Policy.Origins other than anyOrigin.
type pattern struct {
	scheme string // any if empty
	below  bool   // the hosts below host, not host itself
	host   string
	port   string // the default of the origin's scheme if empty
}

// parsePattern parses a pattern.
//
//	[ scheme "://" ] [ "*." ] host [ ":" port ]
func parsePattern(s string) (p pattern, ok bool) {
	scheme, rest, hasScheme := strings.Cut(s, "://")
	if !hasScheme {
		scheme, rest = "", s
	}
	rest, p.below = strings.CutPrefix(rest, "*.")
	p.scheme = scheme
	p.host, p.port, ok = splitHost(rest)
	switch {
	case !ok:
		return pattern{}, false
	case hasScheme && !isScheme(scheme):
		return pattern{}, false
	case p.below && p.host[0] == '[':
		return pattern{}, false // nothing is below an address
	case !hasScheme && equalFold(p.host, "null"):
		return pattern{}, false // the opaque origin, which is not a host
	default:
		return p, true
	}
}

// splitHost splits "host", "host:port", "[address]" or "[address]:port".
// It is ok if both parts have their characters; the port is empty if absent.
func splitHost(s string) (host, port string, ok bool) {
	colon := strings.LastIndexByte(s, ':')
	if colon <= strings.LastIndexByte(s, ']') {
		return s, "", isHostName(s)
	}
	host, port = s[:colon], s[colon+1:]
	return host, port, isHostName(host) && isPort(port)
}

// isHostName reports whether s looks like a host:
// a name in ASCII, an IPv4 address, or an IPv6 address in brackets.
func isHostName(s string) bool {
	if address, ok := strings.CutPrefix(s, "["); ok {
		address, ok = strings.CutSuffix(address, "]")
		return ok && consistsOf(address, "0123456789abcdefABCDEF:.")
	}
	return consistsOf(s, letters+digits+"-._")
}

// isScheme reports whether s is the scheme of a URI.
//
//	scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
//
// https://www.rfc-editor.org/rfc/rfc3986#section-3.1
func isScheme(s string) bool {
	return consistsOf(s, letters+digits+"+-.") && strings.IndexByte(letters, s[0]) >= 0
}

// isPort reports whether s is a decimal number of up to five digits.
func isPort(s string) bool {
	return len(s) <= 5 && consistsOf(s, digits)
}

// The characters of names.
const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// consistsOf reports whether s is not empty and has no bytes but those of set.
func consistsOf(s, set string) bool {
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// defaultPort returns the port that scheme implies, empty if none is known.
func defaultPort(scheme string) string {
	switch {
	case equalFold(scheme, "http"):
		return "80"
	case equalFold(scheme, "https"):
		return "443"
	default:
		return ""
	}
}
