package handshake

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A Response is the head of what a server answered.
type Response struct {
	Proto  string // such as "HTTP/1.1"
	Status int    // three digits
	Reason string // the text after the status; it may be empty
	Header http.Header
}

// maxFields is how many fields a response may have.
const maxFields = 128

// Reasons to refuse the head of a response.
var (
	errNotHTTP       = errors.New("the answer does not begin with HTTP/")
	errBareLF        = errors.New("a line of the response ends without CR")
	errTooManyFields = fmt.Errorf("the response has more than %d fields", maxFields)
	errFolded        = errors.New("a line of the response begins with white space")
)

// ConsumeResponse parses the response head at the start of b and returns its
// size; what follows it in b is a body, or frames.
// A size of 0 and no error means that b ends before the head does.
//
// Nothing is parsed before the end is there, and to look for it
// takes one pass over b. How long b may become is the caller's to bound.
//
// The syntax is that of https://www.rfc-editor.org/rfc/rfc9112, and none of the
// liberties that it grants a recipient is taken: lines end with CR LF,
// no field is folded, no field name is followed by white space.
func ConsumeResponse(b []byte) (r Response, n int, err error) {
	if n, err = headLen(b); n == 0 {
		return Response{}, 0, err
	}
	line, rest, _ := strings.Cut(string(b[:n-len("\r\n")]), "\r\n")
	if r, err = parseStatusLine(line); err != nil {
		return Response{}, 0, err
	}
	if r.Header, err = parseFields(rest); err != nil {
		return Response{}, 0, err
	}
	return r, n, nil
}

// headLen returns the length of the head at the start of b,
// with the empty line that ends it, or 0 if that has not come yet.
// What can never become a head is refused as soon as it is seen.
func headLen(b []byte) (int, error) {
	const prefix = "HTTP/"
	if seen := min(len(b), len(prefix)); string(b[:seen]) != prefix[:seen] {
		return 0, errNotHTTP
	}
	start := 0
	for line := 0; ; line++ { // line 0 is the status
		i := bytes.IndexByte(b[start:], '\n')
		switch {
		case i < 0:
			return 0, nil
		case b[start+i-1] != '\r': // b begins with a letter, so there is such a byte
			return 0, errBareLF
		case i == 1:
			return start + len("\r\n"), nil
		case line > maxFields:
			return 0, errTooManyFields
		}
		start += i + 1
	}
}

// parseStatusLine parses the first line.
//
//	status-line = HTTP-version SP status-code SP [ reason-phrase ]
//
// https://www.rfc-editor.org/rfc/rfc9112#section-4
func parseStatusLine(line string) (r Response, err error) {
	proto, rest, _ := strings.Cut(line, " ")
	code, reason, ok := strings.Cut(rest, " ")
	switch {
	case !ok || !isVersion(proto) || !isStatus(code) || !isFieldValue(reason):
		return Response{}, fmt.Errorf(`the status line is %s: want "HTTP/1.1", a code and a reason`, quote(line))
	default:
		status := int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
		return Response{Proto: proto, Status: status, Reason: reason}, nil
	}
}

// isVersion reports whether s is an HTTP-version.
//
//	HTTP-version = "HTTP" "/" DIGIT "." DIGIT
//
// https://www.rfc-editor.org/rfc/rfc9112#section-2.3
func isVersion(s string) bool {
	major, minor, _ := strings.Cut(strings.TrimPrefix(s, "HTTP/"), ".")
	return len(major) == 1 && len(minor) == 1 && consistsOf(major+minor, digits)
}

// isStatus reports whether s is three digits that are not below 100.
func isStatus(s string) bool {
	return len(s) == 3 && s[0] != '0' && consistsOf(s, digits)
}

// parseFields parses the lines after the first, each of which ends with CR LF.
func parseFields(rest string) (http.Header, error) {
	h := make(http.Header)
	for rest != "" {
		var line string
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, err := parseField(line)
		if err != nil {
			return nil, err
		}
		h.Add(name, value)
	}
	return h, nil
}

// parseField parses a field line.
//
//	field-line = field-name ":" OWS field-value OWS
//
// https://www.rfc-editor.org/rfc/rfc9112#section-5
func parseField(line string) (name, value string, err error) {
	name, value, ok := strings.Cut(line, ":")
	switch {
	case strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"):
		return "", "", errFolded // obs-fold
	case !ok:
		return "", "", fmt.Errorf("line %s of the response has no colon", quote(line))
	case !IsToken(name):
		return "", "", fmt.Errorf("field name %s of the response is not a token", quote(name))
	case !isFieldValue(value):
		return "", "", fmt.Errorf("field %s of the response has %s", quote(name), controlText(value))
	default:
		return name, trim(value), nil
	}
}
