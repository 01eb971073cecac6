package fuzzer

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ws6455/ws/autobahn/internal/deflate"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// Product names the fuzzer in the opening handshake.
const Product = "ws-autobahn/1"

// maxHead is how long the head of a request or response may be, in octets.
const maxHead = 64 << 10

const upgradeFailed = "the response is not that of a WebSocket server: "

// A message is the head of an HTTP request or response.
type message struct {
	start  string              // the first line
	fields map[string][]string // by lower-case name
}

// readHead reads up to the empty line, and returns what came behind it as well.
func readHead(nc net.Conn) (text string, rest []byte, err error) {
	var b []byte
	buf := make([]byte, 16<<10)
	for {
		n, err := nc.Read(buf)
		from := max(0, len(b)-3)
		b = append(b, buf[:n]...)
		if i := bytes.Index(b[from:], []byte("\r\n\r\n")); i >= 0 {
			end := from + i + 4
			return string(b[:end]), b[end:], nil
		}
		if err != nil {
			return string(b), nil, err
		}
		if len(b) > maxHead {
			return string(b), nil, fmt.Errorf("the head of the HTTP message is longer than %d octets", maxHead)
		}
	}
}

func parseHead(text string) message {
	lines := strings.Split(strings.TrimSuffix(text, "\r\n\r\n"), "\r\n")
	m := message{start: lines[0], fields: map[string][]string{}}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue // whatever it is, it is no field
		}
		name = strings.ToLower(strings.TrimSpace(name))
		m.fields[name] = append(m.fields[name], strings.TrimSpace(value))
	}
	return m
}

// list returns the elements of the comma-separated fields of a name.
func (m message) list(name string) []string {
	var list []string
	for _, v := range m.fields[name] {
		for e := range strings.SplitSeq(v, ",") {
			if e = strings.TrimSpace(e); e != "" {
				list = append(list, e)
			}
		}
	}
	return list
}

func (m message) has(name, token string) bool {
	return slices.ContainsFunc(m.list(name), func(e string) bool { return strings.EqualFold(e, token) })
}

// accept is the value of Sec-WebSocket-Accept that answers key.
func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func newKey() string {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	return base64.StdEncoding.EncodeToString(nonce)
}

// request returns the opening handshake of a client.
func request(to Target, c *suite.Case, key string, o *Options) string {
	if c.Opening != nil {
		return fill(c.Opening.Text, "{path}", to.Path, "{host}", to.Host, "{key}", key)
	}
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\n", to.Path)
	line("User-Agent", Product)
	line("Host", to.Host)
	line("Upgrade", "WebSocket")
	line("Connection", "Upgrade")
	line("Pragma", "no-cache")
	line("Cache-Control", "no-cache")
	line("Sec-WebSocket-Key", key)
	if to.Origin != "" {
		name := "Origin"
		if o.Version < 13 {
			name = "Sec-WebSocket-Origin"
		}
		line(name, to.Origin)
	}
	if len(to.Protocols) > 0 {
		line("Sec-WebSocket-Protocol", strings.Join(to.Protocols, ","))
	}
	if c.Deflate != nil {
		line("Sec-WebSocket-Extensions", c.Deflate.Offers)
	}
	version := 13
	if o.Version < 13 {
		version = 8
	}
	line("Sec-WebSocket-Version", strconv.Itoa(version))
	return b.String() + "\r\n"
}

// fill makes an HTTP head of the text of a case.
func fill(text string, values ...string) string {
	text = strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\r\n")
	return strings.NewReplacer(values...).Replace(text) + "\r\n\r\n"
}

// checkResponse checks the answer of a server to request, and returns what was agreed on.
func checkResponse(text, request, key string, c *suite.Case) (*deflate.Params, error) {
	m := parseHead(text)
	version, status, _ := strings.Cut(m.start, " ")
	code, _, _ := strings.Cut(status, " ")
	accepts := m.fields["sec-websocket-accept"]
	switch {
	case version != "HTTP/1.1":
		return nil, fmt.Errorf("%sit begins with %.40q", upgradeFailed, m.start)
	case code != "101":
		return nil, fmt.Errorf("%sits status is %.40q", upgradeFailed, status)
	case len(m.fields["upgrade"]) != 1 || !strings.EqualFold(m.fields["upgrade"][0], "websocket"):
		return nil, errors.New(upgradeFailed + "Upgrade is not websocket")
	case !m.has("connection", "upgrade"):
		return nil, errors.New(upgradeFailed + "Connection does not name upgrade")
	case len(accepts) != 1:
		return nil, fmt.Errorf("%sit has %d Sec-WebSocket-Accept fields", upgradeFailed, len(accepts))
	case accepts[0] != accept(key):
		return nil, errors.New(upgradeFailed + "Sec-WebSocket-Accept is wrong")
	}
	if err := checkProtocol(m, request); err != nil {
		return nil, err
	}
	return checkExtensions(m, c)
}

func checkProtocol(m message, request string) error {
	protocols := m.fields["sec-websocket-protocol"]
	if len(protocols) == 0 {
		return nil
	}
	asked := parseHead(request)
	if len(protocols) > 1 || protocols[0] != "" && !slices.Contains(asked.list("sec-websocket-protocol"), protocols[0]) {
		return fmt.Errorf("%ssubprotocol %.40q was not offered", upgradeFailed, protocols[0])
	}
	return nil
}

func checkExtensions(m message, c *suite.Case) (*deflate.Params, error) {
	extensions := m.fields["sec-websocket-extensions"]
	switch {
	case len(extensions) == 0:
		return nil, nil
	case len(extensions) > 1:
		return nil, errors.New(upgradeFailed + "several Sec-WebSocket-Extensions fields")
	case c.Deflate == nil && extensions[0] != "":
		return nil, fmt.Errorf("%sextension %.40q was not offered", upgradeFailed, extensions[0])
	}
	p, ok, err := deflate.Answer(extensions[0])
	if err != nil {
		return nil, fmt.Errorf("%s%w", upgradeFailed, err)
	}
	if !ok {
		return nil, nil
	}
	return &p, nil
}

// A Request is the opening handshake that a client sent.
type Request struct {
	Text  string              // as it was sent
	Path  string              // of the URI, decoded
	Query map[string][]string // of the URI, decoded

	// Plain is set if the request is not for a WebSocket at all: it has no Upgrade field.
	Plain bool

	key        string
	extensions string
	early      []byte // what came behind it
}

// An OpeningError says why an opening handshake was refused.
type OpeningError struct {
	Status string // that was answered, such as "400 Bad Request"; none if there was nothing to answer
	Err    error
}

func (e *OpeningError) Error() string { return e.Err.Error() }
func (e *OpeningError) Unwrap() error { return e.Err }

// ReadRequest reads and checks the opening handshake of the client at the other end of nc.
// It answers one that is wrong, closes nc and returns an *[OpeningError].
// port is the one that the Host field has to name.
func ReadRequest(nc net.Conn, port string, o *Options) (*Request, error) {
	if o.OpenHandshakeTimeout > 0 {
		nc.SetReadDeadline(time.Now().Add(o.OpenHandshakeTimeout))
		defer nc.SetReadDeadline(time.Time{})
	}
	text, early, err := readHead(nc)
	if err != nil {
		nc.Close()
		return nil, &OpeningError{Err: err}
	}
	r, status, err := parseRequest(text, port, o)
	if err != nil {
		Refuse(nc, status, err.Error())
		return nil, &OpeningError{Status: status, Err: err}
	}
	r.early = early
	return r, nil
}

// Refuse answers an opening handshake with an HTTP status and a text, and closes nc.
// Without a text the answer is the status line alone.
func Refuse(nc net.Conn, status, text string) {
	nc.SetWriteDeadline(time.Now().Add(time.Second))
	head := "HTTP/1.1 " + status + "\r\n"
	if text != "" {
		text += "\n"
		head += fmt.Sprintf("Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n", len(text))
	}
	nc.Write([]byte(head + "\r\n" + text))
	nc.Close()
}

const badRequest = "400 Bad Request"

// parseRequest checks a request. With an error it returns the status to answer.
func parseRequest(text, port string, o *Options) (*Request, string, error) {
	m := parseHead(text)
	start := strings.Split(m.start, " ")
	if len(start) != 3 || start[2] != "HTTP/1.1" {
		return nil, "505 HTTP Version Not Supported", fmt.Errorf("expected GET with HTTP/1.1, got %.60q", m.start)
	}
	if start[0] != "GET" {
		return nil, "405 Method Not Allowed", fmt.Errorf("expected GET, got %.20q", start[0])
	}
	u, err := url.ParseRequestURI(start[1])
	if err != nil || strings.Contains(start[1], "#") {
		return nil, badRequest, fmt.Errorf("bad request URI %.60q", start[1])
	}
	r := &Request{Text: text, Path: u.Path, Query: parseQuery(u.RawQuery)}
	if err := checkHost(m, port); err != nil {
		return nil, badRequest, err
	}
	if len(m.fields["upgrade"]) == 0 {
		r.Plain = true
		return r, "", nil
	}
	if status, err := checkRequest(m, o); err != nil {
		return nil, status, err
	}
	r.key = m.fields["sec-websocket-key"][0]
	r.extensions = strings.Join(m.fields["sec-websocket-extensions"], ", ")
	if _, _, _, err := deflate.Accept(r.extensions, nil); err != nil {
		return nil, badRequest, err
	}
	return r, "", nil
}

// parseQuery returns the parameters of a query, decoded. Those without a value do not count,
// and what is not well encoded stands for itself.
func parseQuery(raw string) map[string][]string {
	query := map[string][]string{}
	for pair := range strings.FieldsFuncSeq(raw, func(c rune) bool { return c == '&' || c == ';' }) {
		name, value, _ := strings.Cut(pair, "=")
		if value != "" {
			name = unescape(name)
			query[name] = append(query[name], unescape(value))
		}
	}
	return query
}

func unescape(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return strings.ReplaceAll(s, "+", " ")
}

func checkHost(m message, port string) error {
	hosts := m.fields["host"]
	if len(hosts) != 1 {
		return fmt.Errorf("expected one Host field, got %d", len(hosts))
	}
	_, got, err := net.SplitHostPort(hosts[0])
	if err != nil && (port == "80" || port == "443") {
		return nil // the default port need not be named
	}
	if err != nil || got != port {
		return fmt.Errorf("expected a Host with port %s, got %.60q", port, hosts[0])
	}
	return nil
}

// checkRequest checks the fields of a request for a WebSocket. With an error it returns the status to answer.
func checkRequest(m message, o *Options) (string, error) {
	keys, versions := m.fields["sec-websocket-key"], m.fields["sec-websocket-version"]
	origins := append(m.fields["origin"], m.fields["sec-websocket-origin"]...)
	protocols := m.list("sec-websocket-protocol")
	slices.Sort(protocols)
	switch {
	case !m.has("upgrade", "websocket"):
		return badRequest, errors.New("the Upgrade field does not name websocket")
	case !m.has("connection", "upgrade"):
		return badRequest, errors.New("the Connection field does not name upgrade")
	case len(versions) != 1:
		return badRequest, fmt.Errorf("expected one Sec-WebSocket-Version field, got %d", len(versions))
	case !slices.ContainsFunc(o.Versions, func(v int) bool { return strconv.Itoa(v) == versions[0] }):
		return badRequest, fmt.Errorf("Sec-WebSocket-Version %.20q is not spoken here", versions[0])
	case len(keys) != 1:
		return badRequest, fmt.Errorf("expected one Sec-WebSocket-Key field, got %d", len(keys))
	case !validKey(keys[0]):
		return badRequest, fmt.Errorf("Sec-WebSocket-Key %.40q is not 16 octets in base64", keys[0])
	case len(slices.Compact(slices.Clone(protocols))) != len(protocols):
		return badRequest, errors.New("a subprotocol is named twice")
	case len(origins) > 1:
		return badRequest, fmt.Errorf("expected one Origin field at most, got %d", len(origins))
	case len(m.fields["sec-websocket-extensions"]) > 1:
		return badRequest, errors.New("expected one Sec-WebSocket-Extensions field at most")
	case len(origins) == 1 && !allowedOrigin(origins[0], o.AllowedOrigins):
		return "403 Forbidden", fmt.Errorf("origin %.60q is not allowed", origins[0])
	}
	return "", nil
}

func validKey(key string) bool {
	b, err := base64.StdEncoding.DecodeString(key)
	return err == nil && len(b) == 16 && len(key) == 24
}

func allowedOrigin(origin string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		expr := strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*")
		ok, err := regexp.MatchString("(?i)^"+expr+"$", origin)
		return ok && err == nil
	})
}

// response returns the answer to r in a case. agreed is what extension it names, if any.
func response(r *Request, c *suite.Case) (text string, agreed *deflate.Params) {
	if c.Opening != nil {
		return fill(c.Opening.Text, "{accept}", accept(r.key)), nil
	}
	text = "HTTP/1.1 101 Switching Protocols\r\n" +
		"Server: " + Product + "\r\n" +
		"X-Powered-By: " + Product + "\r\n" +
		"Upgrade: WebSocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + accept(r.key) + "\r\n"
	if c.Deflate != nil {
		// What is malformed was refused when the request was read.
		if p, answer, ok, err := deflate.Accept(r.extensions, c.Deflate.Accept); ok && err == nil {
			text += "Sec-WebSocket-Extensions: " + answer + "\r\n"
			agreed = &p
		}
	}
	return text + "\r\n", agreed
}
