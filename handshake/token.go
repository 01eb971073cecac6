package handshake

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ows is the optional white space around the elements of a list.
//
// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3
const ows = " \t"

// maxTokens is how many elements a list of tokens may have.
const maxTokens = 64

// Reasons to refuse a list.
var (
	errNoElement     = errors.New("the list has no element")
	errTooManyTokens = fmt.Errorf("the list has more than %d elements", maxTokens)
)

// IsToken reports whether s is a token.
//
//	token = 1*tchar
//	tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "."
//	      / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
//
// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
func IsToken(s string) bool {
	return s != "" && tokenLen(s) == len(s)
}

// tokenLen returns the length of the token at the start of s, 0 if there is none.
func tokenLen(s string) int {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return i
		}
	}
	return len(s)
}

// isTokenByte reports whether c is a tchar.
func isTokenByte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// isAlphanumeric reports whether c is an ASCII letter or digit.
func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// Tokens returns the elements, in order, of a list of tokens
// that is spread over lines, the values of one field.
// Empty elements are skipped, but one element at least there must be.
// More than 64 elements are refused. Without lines there is no list and no error.
//
//	1#token
//
// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1
func Tokens(lines []string) ([]string, error) {
	var tokens []string
	for _, rest := range lines {
		for rest != "" {
			var e string
			e, rest = cutElement(rest)
			switch {
			case e == "":
				continue
			case !IsToken(e):
				return nil, fmt.Errorf("%s is not a token", quote(e))
			case len(tokens) == maxTokens:
				return nil, errTooManyTokens
			}
			tokens = append(tokens, e)
		}
	}
	if len(lines) > 0 && len(tokens) == 0 {
		return nil, errNoElement
	}
	return tokens, nil
}

// HasToken reports whether token is an element of the list
// that the fields of h with the given name hold, be it in upper or lower case.
//
// Elements of another form, such as "websocket/13", match no token.
// A line with a quote is not a list of tokens and matches none either,
// since a comma in it may be text.
func HasToken(h http.Header, name, token string) bool {
	return hasToken(h.Values(name), token)
}

// hasToken is HasToken for the lines of a field.
func hasToken(lines []string, token string) bool {
	for _, line := range lines {
		if lineHasToken(line, token) {
			return true
		}
	}
	return false
}

// lineHasToken is HasToken for a single line.
func lineHasToken(line, token string) bool {
	if strings.IndexByte(line, '"') >= 0 {
		return false
	}
	for line != "" {
		var e string
		e, line = cutElement(line)
		if e != "" && equalFold(e, token) {
			return true
		}
	}
	return false
}

// cutElement returns what comes before the first comma of line,
// without the white space around it, and what comes after the comma.
func cutElement(line string) (element, rest string) {
	element, rest, _ = strings.Cut(line, ",")
	return strings.Trim(element, ows), rest
}

// equalFold reports whether a and b are equal if the case of ASCII letters
// does not count. One of them must be ASCII: the letters of other alphabets
// which Unicode folds to ASCII are longer, hence the comparison of lengths.
func equalFold(a, b string) bool {
	return len(a) == len(b) && strings.EqualFold(a, b)
}
