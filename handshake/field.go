package handshake

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Names of the handshake fields in the form that they have as keys
// of an http.Header, which is not the one they have on the wire.
const (
	acceptField     = "Sec-Websocket-Accept"
	extensionsField = "Sec-Websocket-Extensions"
	keyField        = "Sec-Websocket-Key"
	protocolField   = "Sec-Websocket-Protocol"
	versionField    = "Sec-Websocket-Version"
)

// secPrefix begins the name of every field that belongs to the handshake alone.
const secPrefix = "Sec-WebSocket-"

// reservedFields are the other fields that an application may not set.
var reservedFields = []string{"Connection", "Content-Length", "Host", "Transfer-Encoding", "Upgrade"}

// CheckFields reports why extra cannot go along with a handshake:
// a field that the handshake sets itself (Host, Upgrade, Connection,
// Sec-WebSocket-*) or that announces a body (Content-Length,
// Transfer-Encoding), a name that is not a token,
// a value with a control character.
func CheckFields(extra http.Header) error {
	for _, name := range sortedNames(extra) {
		if err := checkField(name, extra[name]); err != nil {
			return err
		}
	}
	return nil
}

// checkField reports why the field with these values cannot go along.
func checkField(name string, values []string) error {
	switch {
	case !IsToken(name):
		return fmt.Errorf("field name %s is not a token", quote(name))
	case isReserved(name):
		return fmt.Errorf("field %s is set by the handshake itself", quote(name))
	}
	for _, v := range values {
		if !isFieldValue(v) {
			return fmt.Errorf("field %s has %s", quote(name), controlText(v))
		}
	}
	return nil
}

// isReserved reports whether the field is not the application's to set.
func isReserved(name string) bool {
	if len(name) >= len(secPrefix) && equalFold(name[:len(secPrefix)], secPrefix) {
		return true
	}
	return slices.ContainsFunc(reservedFields, func(r string) bool { return equalFold(name, r) })
}

// isFieldValue reports whether s is free of control characters, tabs excepted.
//
// https://www.rfc-editor.org/rfc/rfc9110#section-5.5
func isFieldValue(s string) bool { return textLen(s) == len(s) }

// textLen returns how many bytes of s come before its first control character, tabs excepted.
func textLen(s string) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7F {
			return i
		}
	}
	return len(s)
}

// controlText says in an error which control character a value has.
// It shows nothing else of the value, which may be a secret: that of Authorization, read with the line end from a file.
func controlText(value string) string {
	n := textLen(value)
	return fmt.Sprintf("a control character in its value: %s after %d bytes", quote(value[n:n+1]), n)
}

// sortedNames returns the names in h, sorted so that
// the same values give the same bytes and the same error.
func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// appendFields appends the fields of extra to b
// and leaves out those which checkField refuses.
func appendFields(b []byte, extra http.Header) []byte {
	for _, name := range sortedNames(extra) {
		if checkField(name, extra[name]) != nil {
			continue
		}
		for _, v := range extra[name] {
			b = appendField(b, name, v)
		}
	}
	return b
}

// appendField appends one field line to b.
func appendField(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	return append(append(b, value...), "\r\n"...)
}

// maxQuote is how many bytes of a received value an error shows.
const maxQuote = 64

// quote returns s as an error shows it: in quotes, printable ASCII, and not long.
func quote(s string) string {
	b := []byte{'"'}
	for i := range len(s) {
		if len(b) > maxQuote {
			b = append(b, "..."...)
			break
		}
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = fmt.Appendf(b, "\\x%02x", c)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

// aboutField says what came in a field, and what was wanted.
func aboutField(name string, lines []string, want string) string {
	return "field " + name + " " + found(lines) + ": " + want
}

// aboutValue says what came, between two texts.
func aboutValue(before, came, after string) string { return before + quote(came) + after }

// found says in an error what came in a field.
func found(lines []string) string {
	if len(lines) == 0 {
		return "is missing"
	}
	return "is " + quote(strings.Join(lines, ", "))
}
