package handshake

import (
	"fmt"
	"strings"
)

// An Extension is one element of Sec-WebSocket-Extensions:
// an offer in a request, an answer in a response.
type Extension struct {
	Name   string // a token, compared exactly: case counts
	Params []Param
}

// A Param is a parameter of an [Extension].
// A name may occur twice: whether that means anything is the extension's to say.
type Param struct {
	Name     string // a token, compared exactly: case counts
	Value    string // a token, without the quotes it came in
	HasValue bool   // there was a "=" and a Value
}

// Bounds of what is parsed, and of what is offered.
const (
	maxExtensions = 32 // in all fields of a message
	maxParams     = 16 // of one extension
)

// String returns e as it stands in the field.
func (e Extension) String() string {
	return string(e.append(nil))
}

// FormatExtensions returns the value of the field that lists exts in their order.
func FormatExtensions(exts []Extension) string {
	return string(appendExtensions(nil, exts))
}

// appendExtensions appends FormatExtensions(exts) to b.
func appendExtensions(b []byte, exts []Extension) []byte {
	for i, e := range exts {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = e.append(b)
	}
	return b
}

// append appends e to b. A value is a token, so it needs no quotes.
func (e Extension) append(b []byte) []byte {
	b = append(b, e.Name...)
	for _, p := range e.Params {
		b = append(append(b, "; "...), p.Name...)
		if p.HasValue {
			b = append(append(b, '='), p.Value...)
		}
	}
	return b
}

// check reports why e cannot stand in a field.
func (e Extension) check() error {
	if !IsToken(e.Name) {
		return fmt.Errorf("extension name %s is not a token", quote(e.Name))
	}
	if len(e.Params) > maxParams {
		return tooManyParams(e.Name)
	}
	for _, p := range e.Params {
		if err := p.check(); err != nil {
			return fmt.Errorf("extension %s: %w", quote(e.Name), err)
		}
	}
	return nil
}

// check reports why p cannot stand in a field.
func (p Param) check() error {
	switch {
	case !IsToken(p.Name):
		return fmt.Errorf("parameter name %s is not a token", quote(p.Name))
	case p.HasValue && !IsToken(p.Value):
		return fmt.Errorf("value %s of parameter %s is not a token", quote(p.Value), quote(p.Name))
	case !p.HasValue && p.Value != "":
		return fmt.Errorf("parameter %s has the value %s, but HasValue is false", quote(p.Name), quote(p.Value))
	default:
		return nil
	}
}

// ParseExtensions returns the extensions that lines, the values of one field,
// list, in order. Several lines mean the same as one that joins them.
// Without lines there is no list and no error.
//
//	extension-list  = 1#extension
//	extension       = extension-token *( ";" extension-param )
//	extension-param = token [ "=" (token | quoted-string) ]
//
// https://www.rfc-editor.org/rfc/rfc6455#section-9.1,
// several lines in a response: https://www.rfc-editor.org/errata/eid3433
func ParseExtensions(lines []string) ([]Extension, error) {
	var exts []Extension
	for _, line := range lines {
		var err error
		if exts, err = parseLine(exts, line); err != nil {
			return nil, err
		}
	}
	if len(lines) > 0 && len(exts) == 0 {
		return nil, errNoElement
	}
	return exts, nil
}

// parseLine appends to exts the extensions that line lists.
func parseLine(exts []Extension, line string) ([]Extension, error) {
	s := scanner{strings.Trim(line, ows)}
	for {
		for s.accept(',') { // an empty element
		}
		if s.rest == "" {
			return exts, nil
		}
		e, err := s.extension()
		switch {
		case err != nil:
			return nil, err
		case len(exts) == maxExtensions:
			return nil, fmt.Errorf("there are more than %d extensions", maxExtensions)
		case s.rest != "" && s.rest[0] != ',':
			return nil, fmt.Errorf("after extension %s comes %s: want \",\" or \";\"", quote(e.Name), quote(s.rest))
		}
		exts = append(exts, e)
	}
}

// tooManyParams refuses the extension called name.
func tooManyParams(name string) error {
	return fmt.Errorf("extension %s has more than %d parameters", quote(name), maxParams)
}
