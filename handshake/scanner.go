package handshake

import (
	"errors"
	"fmt"
	"strings"
)

// A scanner takes an extension list apart from left to right.
// Its methods never step back, so the whole takes linear time.
type scanner struct {
	rest string // what is still to be read
}

// accept steps over c and the white space around it, if c comes next.
// If not, it steps over the white space only.
//
// RFC 6455 has the rules of RFC 2616, where white space
// may stand between any two words: so also around ";" and "=".
// https://www.rfc-editor.org/rfc/rfc2616#section-2.1
func (s *scanner) accept(c byte) bool {
	s.rest = strings.TrimLeft(s.rest, ows)
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = strings.TrimLeft(s.rest[1:], ows)
	return true
}

// extension reads an extension-token and its parameters.
func (s *scanner) extension() (e Extension, err error) {
	if e.Name = s.token(); e.Name == "" {
		return Extension{}, fmt.Errorf("at %s: want the name of an extension", quote(s.rest))
	}
	for s.accept(';') {
		p, err := s.param()
		switch {
		case err != nil:
			return Extension{}, fmt.Errorf("extension %s: %w", quote(e.Name), err)
		case len(e.Params) == maxParams:
			return Extension{}, tooManyParams(e.Name)
		}
		e.Params = append(e.Params, p)
	}
	return e, nil
}

// param reads an extension-param.
func (s *scanner) param() (p Param, err error) {
	if p.Name = s.token(); p.Name == "" {
		return Param{}, fmt.Errorf("at %s: want the name of a parameter", quote(s.rest))
	}
	if !s.accept('=') {
		return p, nil
	}
	if p.Value, err = s.value(); err != nil {
		return Param{}, fmt.Errorf("parameter %s: %w", quote(p.Name), err)
	}
	p.HasValue = true
	return p, nil
}

// value reads what may follow the "=" of a parameter.
//
// "When using the quoted-string syntax variant, the value after
// quoted-string unescaping MUST conform to the 'token' ABNF."
// https://www.rfc-editor.org/rfc/rfc6455#section-9.1
func (s *scanner) value() (v string, err error) {
	if strings.HasPrefix(s.rest, `"`) {
		if v, err = s.quoted(); err == nil && !IsToken(v) {
			err = fmt.Errorf("the quoted value %s is not a token", quote(v))
		}
		return v, err
	}
	if v = s.token(); v == "" {
		return "", fmt.Errorf("at %s: want a value", quote(s.rest))
	}
	return v, nil
}

// token reads a token, and nothing if none comes next.
func (s *scanner) token() string {
	n := tokenLen(s.rest)
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

// errUnterminated refuses a quoted-string without an end.
var errUnterminated = errors.New("a quoted value has no closing quote")

// quoted reads a quoted-string and returns the text that it stands for.
//
//	quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
//	quoted-pair   = "\" ( HTAB / SP / VCHAR / obs-text )
//
// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.4
func (s *scanner) quoted() (string, error) {
	var text []byte
	for i := 1; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '"':
			s.rest = s.rest[i+1:]
			return string(text), nil
		case '\\':
			if i++; i == len(s.rest) {
				return "", errUnterminated
			}
		}
		text = append(text, s.rest[i])
	}
	return "", errUnterminated
}
