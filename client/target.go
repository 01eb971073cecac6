package client

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A target is where a URL leads to: what the RFC calls
// /host/, /port/, /resource name/ and the /secure/ flag.
//
//	ws-URI  = "ws:"  "//" host [ ":" port ] path [ "?" query ]
//	wss-URI = "wss:" "//" host [ ":" port ] path [ "?" query ]
//
// https://www.rfc-editor.org/rfc/rfc6455#section-3
type target struct {
	origin
	zone     string // of an IPv6 address, for this machine only
	socket   string // the path of a Unix socket that is dialed instead of host and port
	resource string // path and query, escaped, as the request has them
	user     *url.Userinfo
}

// An origin is whom a client talks to, as far as it decides who may know a secret.
//
// https://www.rfc-editor.org/rfc/rfc6454#section-4
type origin struct {
	secure bool
	host   string // a name in ASCII, or an IP address without brackets and zone
	port   uint16
}

// Reasons to refuse a URL. They quote nothing of it: any part may be secret,
// the password to begin with, and in a malformed URL nobody knows where that is.
var (
	errURLScheme    = errors.New("URL: the scheme is not ws, wss, ws+unix or wss+unix")
	errURLFragment  = errors.New(`URL: it has a fragment: write "#" that is data as %23`)
	errURLControl   = errors.New("URL: it has a space or a control character")
	errURLEncoding  = errors.New("URL: it is not valid UTF-8")
	errURLEscape    = errors.New("URL: a % in the path or the query has no two hexadecimal digits after it")
	errURLAuthority = errors.New("URL: what follows // is not [user[:password]@]host[:port]")
	errURLHost      = errors.New("URL: it has no host")
	errURLIPv6      = errors.New("URL: the host in brackets is not an IPv6 address")
	errURLName      = errors.New("URL: the host is not a domain name, internationalized or not")
	errURLPort      = errors.New("URL: the port is not from 1 to 65535")
	errURLSocket    = errors.New("URL: what follows ws+unix: is not /path/to/socket[:/path]")
	errURLUser      = errors.New("URL: the user name has a colon")
)

// parseTarget returns where rawURL leads to.
func parseTarget(rawURL string) (target, error) {
	if err := checkText(rawURL); err != nil {
		return target{}, err
	}
	scheme, rest, _ := strings.Cut(rawURL, "://")
	secure, ok := schemes[strings.ToLower(scheme)]
	if !ok {
		return parseSocketTarget(rawURL)
	}
	end := strings.IndexAny(rest+"/", "/?") // of the authority
	resource, err := resourceName(rest[end:])
	if err != nil {
		return target{}, err
	}
	t := target{origin: origin{secure: secure}, resource: resource}
	return t, t.setAuthority(rest[:end])
}

// schemes are those of WebSocket, and whether they are secure.
// They are compared in lower case: folding would take "wſ" for "ws".
var schemes = map[string]bool{"ws": false, "wss": true}

// checkText reports why s cannot be a URL, whatever its parts are.
//
// "The fragment identifier is not meaningful in the context of WebSocket URIs
// and MUST NOT be used on these URIs."
// https://www.rfc-editor.org/rfc/rfc6455#section-3
func checkText(s string) error {
	switch {
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7F }):
		return errURLControl
	case strings.Contains(s, "#"):
		return errURLFragment
	case !utf8.ValidString(s):
		return errURLEncoding
	default:
		return nil
	}
}

// resourceName returns the resource name of s, the end of a URL from its path on.
//
// It works on the text as it came: net/url would leave a query
// as it is, and undo escapes such as %2F in a path with other letters.
//
//	resource-name = "/" path [ "?" query ]
//
// https://www.rfc-editor.org/rfc/rfc6455#section-3
func resourceName(s string) (string, error) {
	path, query, _ := strings.Cut(s, "?")
	if path == "" {
		path = "/"
	}
	if query != "" {
		query = "?" + query
	}
	b := make([]byte, 0, len(path)+len(query))
	return appendEscaped(b, path+query)
}

// appendEscaped returns b followed by s, in which every byte
// is escaped that cannot stand in a path or a query.
// Escapes that s has are kept as they are.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-11.1.1,
// https://www.rfc-editor.org/rfc/rfc3986#section-3.3
func appendEscaped(b []byte, s string) (string, error) {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '%' && !isEscape(s[i:]):
			return "", errURLEscape
		case c == '%' || isPathByte(c):
			b = append(b, c)
		default:
			b = fmt.Appendf(b, "%%%02X", c)
		}
	}
	return string(b), nil
}

// isEscape reports whether s begins with a percent-encoded byte.
func isEscape(s string) bool {
	if len(s) < len("%XX") {
		return false
	}
	_, err := strconv.ParseUint(s[1:3], 16, 8)
	return err == nil
}

// isPathByte reports whether c may stand in a path or a query as it is:
// a pchar, "/" or "?".
func isPathByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("-._~!$&'()*+,;=:@/?", c) >= 0
}

// setAuthority sets what the part of a URL between "//" and the path says.
//
//	authority = [ userinfo "@" ] host [ ":" port ]
//
// https://www.rfc-editor.org/rfc/rfc3986#section-3.2
func (t *target) setAuthority(authority string) error {
	u, err := url.Parse("ws://" + authority)
	switch {
	case err != nil:
		return errURLAuthority
	case strings.Contains(u.User.Username(), ":"):
		return errURLUser
	}
	t.user = u.User
	if t.port, err = portNumber(u.Port(), t.defaultPort()); err != nil {
		return err
	}
	return t.setHost(u)
}

// defaultPort returns the port of a URL that has none.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-3
func (t *target) defaultPort() uint16 {
	if t.secure {
		return 443
	}
	return 80
}

// portNumber returns the port that s is, byDefault if s is empty.
func portNumber(s string, byDefault uint16) (uint16, error) {
	if s == "" {
		return byDefault, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, errURLPort
	}
	return uint16(n), nil
}

// setHost sets host and zone to those of u.
func (t *target) setHost(u *url.URL) (err error) {
	name := u.Hostname()
	switch {
	case name == "":
		return errURLHost
	case strings.HasPrefix(u.Host, "["):
		return t.setIPv6(name)
	}
	t.host, err = asciiHost(name)
	return err
}

// setIPv6 sets host and zone to those of s, which stood in brackets.
//
// https://www.rfc-editor.org/rfc/rfc6874#section-2
func (t *target) setIPv6(s string) error {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return errURLIPv6
	}
	t.host, t.zone = ip.WithZone("").String(), ip.Zone()
	return nil
}

// network returns the network in which to dial addr.
func (t *target) network() string {
	if t.socket != "" {
		return "unix"
	}
	return "tcp"
}

// addr returns what to dial.
func (t *target) addr() string {
	if t.socket != "" {
		return t.socket
	}
	host := t.host
	if t.zone != "" {
		host += "%" + t.zone
	}
	return net.JoinHostPort(host, strconv.Itoa(int(t.port)))
}

// hostPort returns whom a proxy is asked for.
// It knows nothing of this machine's zones.
func (t *target) hostPort() string {
	return net.JoinHostPort(t.host, strconv.Itoa(int(t.port)))
}

// hostField returns the Host field.
//
// "[It] contain[s] /host/ plus optionally ":" followed by /port/
// (when not using the default port)."
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func (t *target) hostField() string {
	s := t.hostPort()
	if t.port == t.defaultPort() {
		s = s[:strings.LastIndexByte(s, ':')]
	}
	return s
}

// url returns the URL of t without the user, for those who want to know where
// a connection leads to. The scheme is one of the two, the second if t is secure.
func (t *target) url(plain, secure string) *url.URL {
	escaped, query, _ := strings.Cut(t.resource, "?")
	path, _ := url.PathUnescape(escaped) // parseTarget has checked it
	u := &url.URL{Host: t.hostField(), Path: path, RawPath: escaped, RawQuery: query}
	u.Scheme = plain
	if t.secure {
		u.Scheme = secure
	}
	return u
}

// String returns the URL of t without what may be secret: the user and the query.
func (t *target) String() string {
	path, _, _ := strings.Cut(t.resource, "?")
	u := t.url("ws", "wss")
	if t.socket != "" {
		return u.Scheme + "+unix://" + escapeSocket(t.socket) + ":" + path
	}
	return u.Scheme + "://" + u.Host + path
}

// fields returns h, with the user of the URL in an Authorization field
// if there is one and h has none. h is not modified.
func (t *target) fields(h http.Header) http.Header {
	return withUser(h, "Authorization", t.user)
}

// withUser returns h with the user in the field, which is one for credentials,
// unless there is no user or h has that field. h is not modified.
//
// https://www.rfc-editor.org/rfc/rfc7617#section-2
func withUser(h http.Header, field string, user *url.Userinfo) http.Header {
	password, _ := user.Password()
	credentials := user.Username() + ":" + password
	if credentials == ":" || hasField(h, field) {
		return h
	}
	return with(h, field, "Basic "+base64.StdEncoding.EncodeToString([]byte(credentials)))
}

// with returns a copy of h in which the field has that value.
func with(h http.Header, field, value string) http.Header {
	h = h.Clone()
	if h == nil {
		h = make(http.Header)
	}
	h.Set(field, value)
	return h
}

// hasField reports whether h has the field, be its name in upper or lower case.
func hasField(h http.Header, name string) bool {
	for key := range h {
		if http.CanonicalHeaderKey(key) == name {
			return true
		}
	}
	return false
}
