package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// asciiHost returns the host name as it stands in DNS, in certificates and in the
// Host field: in ASCII and in lower case.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-11.1.1
func asciiHost(name string) (string, error) {
	name = strings.ToLower(name)
	if strings.ContainsFunc(name, func(r rune) bool { return r > '~' }) {
		name = lookupName(name)
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) }) {
		return "", errURLName
	}
	return name, nil
}

// isNameRune reports whether r, which is not in upper case, may stand in a host name.
// The underscore is no letter of DNS, but in use.
func isNameRune(r rune) bool {
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == '_'
}

// lookupName returns the name that one has to look up for name
// (UTS 46: mapped to lower case, normalized, in Punycode),
// or name itself if it has no such form.
//
// The standard library does this, but exports no function for it.
// http.Transport, though, tells whoever dials for it what it made of the host,
// so this asks one and dials nothing. (http.Request.Write is not as good:
// it encodes without the mapping, so that "BÜCHER" becomes another name than "bücher".)
func lookupName(name string) (ascii string) {
	t := http.Transport{DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
		ascii, _, _ = net.SplitHostPort(addr)
		return nil, errNotDialed
	}}
	r := http.Request{Method: "GET", URL: &url.URL{Scheme: "http", Host: name}, Header: http.Header{}}
	t.RoundTrip(&r) // never has a response
	return ascii
}

// errNotDialed ends the round trip of lookupName.
var errNotDialed = errors.New("not dialed")
