package deflate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

// Params are the parameters of a permessage-deflate that was agreed on.
//
// https://www.rfc-editor.org/rfc/rfc7692#section-7.1
type Params struct {
	ServerNoTakeover bool
	ClientNoTakeover bool
	ServerWindow     int // 8 to 15; 0 if it was not named
	ClientWindow     int // 8 to 15; 0 if it was not named

	// ClientWindowOffered is set if client_max_window_bits was there, with a value or without.
	ClientWindowOffered bool
}

const name = "permessage-deflate"

// Accept looks for the first demand that one of the client's offers allows, and in that for the first
// such offer. header is the text of all Sec-WebSocket-Extensions fields, joined by commas.
// It returns what was agreed on, and the answer that says so; ok is false if no offer can be used.
//
// An error is a malformed offer of permessage-deflate, wherever it stands and whatever is demanded.
// Other extensions are no concern of this function.
func Accept(header string, demands []suite.Demand) (p Params, answer string, ok bool, err error) {
	var offers []Params
	for _, e := range split(header, ',') {
		params := split(e, ';')
		if !strings.EqualFold(params[0], name) {
			continue
		}
		o, err := parse(params[1:], true)
		if err != nil {
			return Params{}, "", false, err
		}
		offers = append(offers, o)
	}
	for _, d := range demands {
		for _, o := range offers {
			if d.Window != 0 && !o.ClientWindowOffered {
				continue // only a client that named the parameter can be asked for it: section 7.1.2.2
			}
			// A client can always be asked not to take over the context. What window it offered
			// for itself is of no interest: the demand decides.
			o.ClientNoTakeover, o.ClientWindow = d.NoTakeover, d.Window
			return o, o.answer(), true, nil
		}
	}
	return Params{}, "", false, nil
}

// answer is the text that agrees to p.
func (p Params) answer() string {
	s := name
	if p.ServerNoTakeover {
		s += "; server_no_context_takeover"
	}
	if p.ServerWindow != 0 {
		s += "; server_max_window_bits=" + strconv.Itoa(p.ServerWindow)
	}
	if p.ClientNoTakeover {
		s += "; client_no_context_takeover"
	}
	if p.ClientWindow != 0 {
		s += "; client_max_window_bits=" + strconv.Itoa(p.ClientWindow)
	}
	return s
}

// Answer reads the Sec-WebSocket-Extensions field of a server. ok is false if it names nothing.
// An error is anything but one well-formed permessage-deflate. Whether the answer fits
// what was offered is not looked at: whatever a server chooses is used.
func Answer(header string) (p Params, ok bool, err error) {
	exts := split(header, ',')
	if len(exts) == 0 {
		return Params{}, false, nil
	}
	if len(exts) > 1 {
		return Params{}, false, errors.New("more than one extension")
	}
	params := split(exts[0], ';')
	if !strings.EqualFold(params[0], name) {
		return Params{}, false, fmt.Errorf("extension %q was not offered", params[0])
	}
	p, err = parse(params[1:], false)
	return p, err == nil, err
}

// parse reads the parameters of an offer, or of an answer:
// client_max_window_bits may do without a value in an offer only.
func parse(params []string, offer bool) (Params, error) {
	var p Params
	seen := make(map[string]bool)
	for _, s := range params {
		key, value, has := strings.Cut(s, "=")
		key, value = strings.ToLower(strings.TrimSpace(key)), unquote(strings.TrimSpace(value))
		if seen[key] {
			return Params{}, fmt.Errorf("parameter %q is repeated", key)
		}
		seen[key] = true

		var err error
		switch key {
		case "server_no_context_takeover":
			p.ServerNoTakeover = true
			err = checkFlag(key, has)
		case "client_no_context_takeover":
			p.ClientNoTakeover = true
			err = checkFlag(key, has)
		case "server_max_window_bits":
			p.ServerWindow, err = window(key, value)
		case "client_max_window_bits":
			p.ClientWindowOffered = true
			if has || !offer {
				p.ClientWindow, err = window(key, value)
			}
		default:
			err = fmt.Errorf("parameter %q does not exist", key)
		}
		if err != nil {
			return Params{}, err
		}
	}
	return p, nil
}

// checkFlag returns an error if a parameter that has no value was given one.
func checkFlag(key string, has bool) error {
	if has {
		return fmt.Errorf("parameter %q has a value", key)
	}
	return nil
}

// window reads the value of a window parameter: 8 to 15, without leading zeros.
func window(key, value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 8 || n > 15 || value != strconv.Itoa(n) {
		return 0, fmt.Errorf("parameter %q has the value %q", key, value)
	}
	return n, nil
}

// split cuts s at each sep that is not in a quoted string, and drops what is empty in a list.
// After a semicolon nothing is dropped: an empty parameter is not well-formed.
func split(s string, sep byte) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i <= len(s); i++ {
		switch {
		case i == len(s) || s[i] == sep && !quoted:
			part := strings.Trim(s[start:i], " \t")
			if part != "" || sep == ';' {
				parts = append(parts, part)
			}
			start = i + 1
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '\\' && quoted && i+1 < len(s):
			i++
		}
	}
	return parts
}

// unquote returns what a quoted string says; a token stays what it is.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
