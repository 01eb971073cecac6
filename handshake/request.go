package handshake

import (
	"fmt"
	"iter"
	"net/http"
	"strings"
)

// A Request is the head of what a client sent.
// Its strings share one copy of the bytes, with each other and with their fields.
type Request struct {
	Method string
	Target string // as it was sent: "/path?query" or a URI
	Proto  string // such as "HTTP/1.1"

	fields string // the lines after the first, whose syntax has been checked
}

// Value returns the first value of the field with the given name,
// be it in upper or lower case; empty if there is none.
func (r *Request) Value(name string) string {
	for n, value := range r.each() {
		if equalFold(n, name) {
			return value
		}
	}
	return ""
}

// Header returns the fields as a new map.
func (r *Request) Header() http.Header {
	h := make(http.Header)
	for name, value := range r.each() {
		h.Add(name, value)
	}
	return h
}

// each returns the names and values of the fields, in order.
func (r *Request) each() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for rest := r.fields; rest != ""; {
			var line string
			line, rest, _ = strings.Cut(rest, "\r\n")
			name, value, _ := strings.Cut(line, ":")
			if !yield(name, trim(value)) {
				return
			}
		}
	}
}

// ConsumeRequest parses the request head at the start of b and returns its size;
// what follows it in b are frames.
// A size of 0 and no error means that b ends before the head does.
// For a head that arrives in many pieces, see [RequestParser].
//
// The syntax is that of https://www.rfc-editor.org/rfc/rfc9112, and none of the
// liberties that it grants a recipient is taken: lines end with CR LF,
// no field is folded, no field name is followed by white space,
// no empty line comes first. What can never become such a head
// is refused at the first byte that says so.
// How long b may become is the caller's to bound.
func ConsumeRequest(b []byte) (r Request, n int, refusal *Error) {
	return new(RequestParser).Consume(b)
}

// A RequestParser parses the head of one request as it arrives.
// It looks at each byte once, however many pieces there are.
type RequestParser struct {
	// MaxFields is how many fields the request may have.
	// If zero, it is 128. If negative, there is no limit.
	MaxFields int

	part   part // what the next byte should belong to
	at     int  // the next byte
	start  int  // where part begins
	line   int  // where the line begins
	fields int  // seen so far
}

// Consume is [ConsumeRequest], but after a size of 0 and no error the next call
// goes on where the last one stopped: b is then to be what it was, with more behind it.
func (p *RequestParser) Consume(b []byte) (r Request, n int, refusal *Error) {
	if n, refusal = p.scan(b); n == 0 {
		return Request{}, 0, refusal
	}
	return parseRequest(string(b[:n])), n, nil
}

// parseRequest takes a head apart whose syntax has been checked.
func parseRequest(head string) (r Request) {
	line, fields, _ := strings.Cut(head[:len(head)-len("\r\n")], "\r\n")
	r.Method, line, _ = strings.Cut(line, " ")
	r.Target, r.Proto, _ = strings.Cut(line, " ")
	r.fields = fields
	return r
}

// A part is a piece of a head that has one grammar.
type part int

const (
	inMethod = part(iota)
	inTarget
	inVersion
	inName    // of a field, or the CR of the empty line
	inValue   // of a field, with the white space around it
	afterLine // LF
	afterHead // LF
)

// belongs has a bit for each part that a byte is an ordinary member of.
var belongs = func() (set [256]byte) {
	for i := range set {
		c := string([]byte{byte(i)})
		if isTokenByte(byte(i)) {
			set[i] |= 1<<inMethod | 1<<inName
		}
		if isTargetText(c) {
			set[i] |= 1 << inTarget
		}
		if isFieldValue(c) {
			set[i] |= 1 << inValue
		}
	}
	return set
}()

// scan returns the length of the head at the start of b,
// with the empty line that ends it, or 0 if that has not come yet.
//
//	request-line = method SP request-target SP HTTP-version CRLF
//	field-line   = field-name ":" OWS field-value OWS CRLF
//
// https://www.rfc-editor.org/rfc/rfc9112#section-2.1
func (p *RequestParser) scan(b []byte) (n int, refusal *Error) {
	for ; p.at < len(b); p.at++ {
		c := b[p.at]
		if belongs[c]>>p.part&1 != 0 {
			continue
		}
		size := p.at - p.start
		switch {
		case p.part == inMethod && c == ' ' && size > 0:
			p.begin(inTarget)
		case p.part == inTarget && c == ' ' && size > 0:
			p.begin(inVersion)
		case p.part == inVersion && isVersionByte(c, size): // not the last one
		case p.part == inVersion && c == '\r' && size == len("HTTP/1.1"):
			p.begin(afterLine)
		case p.part == inName && c == '\r' && size == 0:
			p.begin(afterHead)
		case p.part == inName && c == ':' && size > 0 && p.fields == p.maxFields():
			return 0, tooManyFields(p.maxFields())
		case p.part == inName && c == ':' && size > 0:
			p.fields++
			p.begin(inValue)
		case p.part == inValue && c == '\r':
			p.begin(afterLine)
		case p.part == afterLine && c == '\n':
			p.begin(inName)
			p.line = p.start
		case p.part == afterHead && c == '\n':
			return p.at + 1, nil
		default:
			return 0, p.refuse(string(b[p.line : p.at+1]))
		}
	}
	return 0, nil
}

// begin says that next comes after the byte at p.at.
func (p *RequestParser) begin(next part) {
	p.part, p.start = next, p.at+1
}

// isVersionByte reports whether c is byte i of an HTTP-version that is 1.0 or a later 1.
//
// https://www.rfc-editor.org/rfc/rfc9112#section-2.3
func isVersionByte(c byte, i int) bool {
	const prefix = "HTTP/1."
	return i < len(prefix) && c == prefix[i] || i == len(prefix) && '0' <= c && c <= '9'
}

// maxFields returns how many fields the request may have, -1 if there is no limit.
func (p *RequestParser) maxFields() int {
	switch {
	case p.MaxFields < 0:
		return -1
	case p.MaxFields == 0:
		return maxFields
	}
	return p.MaxFields
}

// refuse says what is wrong with the line whose last byte belongs to nothing.
func (p *RequestParser) refuse(line string) *Error {
	last := line[len(line)-1]
	switch {
	case p.part == afterLine || p.part == afterHead:
		return badRequest("a line of the request has CR without LF")
	case last == '\n':
		return badRequest("a line of the request ends without CR")
	case p.part == inVersion && p.at-p.start == len("HTTP/") && '0' <= last && last <= '9':
		return unsupportedVersion("the request has version " + quote(line[p.start:]+".") + ": want HTTP/1.1")
	case line == "\x16":
		return badRequest("the client speaks TLS, and this server does not: want http or ws, or another port")
	case p.part < inName:
		return badRequest("the request begins with " + quote(line) + `: want "GET", a target and "HTTP/1.1"`)
	case line == " " || line == "\t":
		return badRequest("a line of the request begins with white space")
	case p.part == inValue:
		name, value, _ := strings.Cut(line, ":")
		return badRequest("field " + quote(name) + " of the request has " + controlText(value))
	case last == '\r':
		return badRequest("line " + quote(line[:len(line)-1]) + " of the request has no colon")
	}
	return badRequest("field name " + quote(line) + " of the request is not a token")
}

// tooManyFields refuses a request with more than n fields.
func tooManyFields(n int) *Error {
	return &Error{Status: statusFieldsTooLarge, Reason: fmt.Sprintf("the request has more than %d fields", n)}
}

// unsupportedVersion refuses another protocol than HTTP/1.
func unsupportedVersion(reason string) *Error {
	return &Error{Status: statusVersionNotSupported, Reason: reason}
}
