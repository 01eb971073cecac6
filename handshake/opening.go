package handshake

import (
	"net/http"
	"net/url"
	"strings"
)

// An opening is what the rules look at in a request, whoever has parsed it.
type opening struct {
	method       string
	proto        string
	major, minor int    // of proto
	target       string // empty if whoever parsed it has found it good
	host         string // that the request is for; empty if missing
	body         bool

	// The lines of the fields that have rules.
	hosts, upgrade, connection, key, version,
	protocol, extensions, origin, expect []string
}

// see sets o to what the rules look at in r, which net/http has parsed.
func (o *opening) see(r *http.Request) {
	o.method, o.proto, o.major, o.minor = r.Method, r.Proto, r.ProtoMajor, r.ProtoMinor
	o.host = r.Host
	o.body = r.ContentLength != 0 || len(r.TransferEncoding) > 0

	h := r.Header
	o.hosts = h["Host"]
	o.upgrade = h["Upgrade"]
	o.connection = h["Connection"]
	o.key = h[keyField]
	o.version = h[versionField]
	o.protocol = h[protocolField]
	o.extensions = h[extensionsField]
	o.origin = h["Origin"]
	o.expect = h["Expect"]
}

// read sets o to what the rules look at in r.
// The slices of o are to be empty; what capacity they have is used.
func (o *opening) read(r *Request) {
	o.method, o.proto = r.Method, r.Proto
	if isVersion(r.Proto) {
		o.major, o.minor = int(r.Proto[5]-'0'), int(r.Proto[7]-'0')
	}
	for name, value := range r.each() {
		if lines := o.lines(name); lines != nil {
			*lines = append(*lines, value)
		} else if announcesBody(name, value) {
			o.body = true
		}
	}
	if len(o.hosts) == 0 {
		return // a target in absolute form does not make up for it
	}
	var ok bool
	if o.host, ok = hostOf(r.Target, o.hosts[0]); !ok {
		o.target = r.Target
	}
}

// lines returns where o keeps the lines of a field; nil if it has no rules.
func (o *opening) lines(name string) *[]string {
	switch {
	case equalFold(name, "Host"):
		return &o.hosts
	case equalFold(name, "Upgrade"):
		return &o.upgrade
	case equalFold(name, "Connection"):
		return &o.connection
	case equalFold(name, keyField):
		return &o.key
	case equalFold(name, versionField):
		return &o.version
	case equalFold(name, protocolField):
		return &o.protocol
	case equalFold(name, extensionsField):
		return &o.extensions
	case equalFold(name, "Origin"):
		return &o.origin
	case equalFold(name, "Expect"):
		return &o.expect
	}
	return nil
}

// announcesBody reports whether a field says that a body follows, or may say so.
func announcesBody(name, value string) bool {
	return equalFold(name, "Transfer-Encoding") || equalFold(name, "Content-Length") && value != "0"
}

// hostOf returns the host that a request for target is for.
// It is ok if target is a path on it, or an http or https URI, which then takes precedence over the field.
//
// https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
func hostOf(target, field string) (host string, ok bool) {
	if strings.HasPrefix(target, "/") {
		path, _, _ := strings.Cut(target, "?")
		return field, isEscaped(path)
	}
	u, err := url.ParseRequestURI(target)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return field, false
	}
	return u.Host, true
}

// isEscaped reports whether each "%" in s is followed by two hexadecimal digits.
//
// https://www.rfc-editor.org/rfc/rfc3986#section-2.1
func isEscaped(s string) bool {
	for {
		_, rest, found := strings.Cut(s, "%")
		if !found {
			return true
		}
		if len(rest) < 2 || !consistsOf(rest[:2], digits+"abcdefABCDEF") {
			return false
		}
		s = rest[2:]
	}
}

// isHostValue reports whether s has no characters but those of host[:port].
//
// https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2
func isHostValue(s string) bool {
	return consistsOf(s, letters+digits+"-._~!$&'()*+,;=%:[]")
}
