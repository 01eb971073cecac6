package handshake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// The extension of RFC 7692 and its parameters.
//
// https://www.rfc-editor.org/rfc/rfc7692#section-7
const (
	deflateName      = "permessage-deflate"
	serverNoTakeover = "server_no_context_takeover"
	clientNoTakeover = "client_no_context_takeover"
	serverWindowBits = "server_max_window_bits"
	clientWindowBits = "client_max_window_bits"
)

// The bits of a window.
const (
	minWindow = 8
	maxWindow = 15 // also if nothing is said about it
)

// A Deflate says how one side wants permessage-deflate.
// The zero Deflate keeps nothing from one message to the next.
type Deflate struct {
	// Takeover allows both windows to go on from one message to the next.
	// It is a wish: the other side may want none.
	Takeover bool

	// Window is the largest of both windows, in bits: 8 to 15.
	// If zero or negative, it is 15. What else is out of range counts as the nearest that is not.
	Window int
}

// WindowBits returns d.Window within its range.
func (d Deflate) WindowBits() int {
	if d.Window <= 0 {
		return maxWindow
	}
	return min(max(d.Window, minWindow), maxWindow)
}

// Offers returns what a client offers, in order of preference.
//
// A small window is asked for first. The second offer is for servers that have none:
// their window is large, so it must not outlive the message.
// That the client can have a small window is said always.
//
// https://www.rfc-editor.org/rfc/rfc7692#section-7.1.3
func (d Deflate) Offers() []Extension {
	o := DeflateParams{
		ServerNoTakeover: !d.Takeover,
		ClientNoTakeover: !d.Takeover,
		ClientWindow:     d.WindowBits(),
	}
	if o.ClientWindow == maxWindow {
		return []Extension{o.extension()}
	}
	fallback := o
	o.ServerWindow = o.ClientWindow
	fallback.ServerNoTakeover = true
	return []Extension{o.extension(), fallback.extension()}
}

// Answer returns what a server answers to the first of offers that it can accept.
// It is false if there is none. Offers that break the rules of the extension are declined,
// as are other extensions.
//
// "A server MUST decline an extension negotiation offer for this extension
// if any of the following conditions are met"
// https://www.rfc-editor.org/rfc/rfc7692#section-7
func (d Deflate) Answer(offers []Extension) (Extension, bool) {
	for _, e := range offers {
		if !isDeflate(e) {
			continue
		}
		if o, err := parseDeflate(e, inOffer); err == nil {
			return d.answer(o).extension(), true
		}
	}
	return Extension{}, false
}

// answer returns the answer to an offer. A window that o does not mention,
// the answer does not mention either, and one of 15 bits of the client is as good as none.
//
// A client that cannot be told to keep a small window is told to keep none.
func (d Deflate) answer(o DeflateParams) DeflateParams {
	window := d.WindowBits()
	a := DeflateParams{
		ServerNoTakeover: o.ServerNoTakeover || !d.Takeover,
		ClientNoTakeover: o.ClientNoTakeover || !d.Takeover || o.ClientWindow == 0 && window < maxWindow,
		ServerWindow:     min(o.ServerWindow, window),
	}
	if n := min(o.ClientWindow, window); n < maxWindow {
		a.ClientWindow = n
	}
	return a
}

// DeflateParams are the parameters of a permessage-deflate that was agreed on: those of the response.
// Those of the client rule what it sends, those of the server likewise.
type DeflateParams struct {
	ServerNoTakeover, ClientNoTakeover bool // each message begins with an empty window
	ServerWindow, ClientWindow         int  // the largest window in bits, 8 to 15; 15 if the response does not say
}

// Deflate returns the parameters of permessage-deflate.
// ok is false if it was not agreed on, or in a form that [Offer.Check] refuses.
func (a Agreement) Deflate() (p DeflateParams, ok bool) {
	i := slices.IndexFunc(a.Extensions, isDeflate)
	if i < 0 {
		return DeflateParams{}, false
	}
	p, err := parseDeflate(a.Extensions[i], inResponse)
	if err != nil {
		return DeflateParams{}, false
	}
	p.ServerWindow = cmp.Or(p.ServerWindow, maxWindow)
	p.ClientWindow = cmp.Or(p.ClientWindow, maxWindow)
	return p, true
}

// isDeflate reports whether e is permessage-deflate.
func isDeflate(e Extension) bool { return e.Name == deflateName }

// extension returns p as it stands in an offer or a response.
// Here and below, a window is 0 if it is not mentioned.
// One of the client that is mentioned without a value, in an offer, is 15.
func (p DeflateParams) extension() Extension {
	params := make([]Param, 0, 4)
	if p.ServerNoTakeover {
		params = append(params, Param{Name: serverNoTakeover})
	}
	if p.ClientNoTakeover {
		params = append(params, Param{Name: clientNoTakeover})
	}
	if p.ServerWindow > 0 {
		params = append(params, Param{serverWindowBits, strconv.Itoa(p.ServerWindow), true})
	}
	switch p.ClientWindow {
	case 0:
	case maxWindow:
		params = append(params, Param{Name: clientWindowBits})
	default:
		params = append(params, Param{clientWindowBits, strconv.Itoa(p.ClientWindow), true})
	}
	return Extension{deflateName, params}
}

// A place is where an extension stands.
type place int

const (
	inOffer = place(iota)
	inResponse
)

// parseDeflate returns the parameters of e, a permessage-deflate.
// What is wrong with them makes a server decline the offer, and a client fail the connection.
//
// https://www.rfc-editor.org/rfc/rfc7692#section-7
func parseDeflate(e Extension, at place) (p DeflateParams, err error) {
	for i, q := range e.Params {
		switch {
		case slices.ContainsFunc(e.Params[:i], func(r Param) bool { return r.Name == q.Name }):
			err = errRepeated
		case q.Name == serverNoTakeover:
			p.ServerNoTakeover, err = true, q.wantNoValue()
		case q.Name == clientNoTakeover:
			p.ClientNoTakeover, err = true, q.wantNoValue()
		case q.Name == serverWindowBits:
			p.ServerWindow, err = q.window()
		case q.Name == clientWindowBits && at == inOffer && !q.HasValue:
			p.ClientWindow = maxWindow
		case q.Name == clientWindowBits:
			p.ClientWindow, err = q.window()
		default:
			err = errUndefined
		}
		if err != nil {
			return DeflateParams{}, fmt.Errorf("parameter %s %w", quote(q.Name), err)
		}
	}
	return p, nil
}

// Reasons to refuse a parameter.
var (
	errRepeated  = errors.New("occurs twice")
	errUndefined = errors.New("is unknown")
	errNoWindow  = errors.New("has no value: want 8 to 15")
)

// wantNoValue reports why q is not a parameter without value.
func (q Param) wantNoValue() error {
	if q.HasValue {
		return fmt.Errorf("has the value %s: want none", quote(q.Value))
	}
	return nil
}

// windowTexts are the sizes that a window can have.
//
// "a decimal integer value without leading zeroes between 8 to 15, inclusive"
// https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2.1
var windowTexts = []string{"8", "9", "10", "11", "12", "13", "14", "15"}

// window returns the value of q, which is one of windowTexts.
func (q Param) window() (bits int, err error) {
	i := slices.Index(windowTexts, q.Value)
	switch {
	case !q.HasValue:
		return 0, errNoWindow
	case i < 0:
		return 0, fmt.Errorf("has the value %s: want 8 to 15", quote(q.Value))
	}
	return minWindow + i, nil
}

// checkDeflate reports why what answers say about permessage-deflate is not allowed by offers.
func checkDeflate(answers, offers []Extension) error {
	i := slices.IndexFunc(answers, isDeflate)
	if i < 0 {
		return nil
	}
	err := checkDeflateAnswer(answers[i], offers)
	if slices.ContainsFunc(answers[i+1:], isDeflate) {
		err = errTwice
	}
	return ofDeflate(err)
}

// errTwice refuses a response in which two extensions use the bit RSV1.
//
// https://www.rfc-editor.org/rfc/rfc7692#section-5
var errTwice = errors.New("it is accepted twice: want it once at most")

// ofDeflate returns err, unless it is nil, with the name of the extension.
func ofDeflate(err error) error {
	if err != nil {
		err = fmt.Errorf("extension %s: %w", quote(deflateName), err)
	}
	return err
}

// checkDeflateAnswer reports why e is not allowed by any of offers.
// The reason is about the first of those.
func checkDeflateAnswer(e Extension, offers []Extension) error {
	a, reason := parseDeflate(e, inResponse)
	if reason != nil {
		return reason
	}
	for _, e := range offers {
		if !isDeflate(e) {
			continue
		}
		o, err := parseDeflate(e, inOffer)
		if err == nil {
			err = o.checkAnswer(a)
		}
		if err == nil {
			return nil
		}
		reason = cmp.Or(reason, err)
	}
	return reason
}

// checkAnswer reports why a cannot be the answer to o.
// A server may want less takeover and smaller windows than were offered.
// What the offer says of the client's own are hints.
func (o DeflateParams) checkAnswer(a DeflateParams) error {
	switch {
	case o.ServerNoTakeover && !a.ServerNoTakeover: // section 7.1.1.1
		return fmt.Errorf("parameter %s was offered and is not in the answer", quote(serverNoTakeover))
	case o.ServerWindow > 0 && a.ServerWindow == 0: // section 7.1.2.1
		return fmt.Errorf("parameter %s was offered and is not in the answer", quote(serverWindowBits))
	case o.ServerWindow > 0 && a.ServerWindow > o.ServerWindow:
		return fmt.Errorf("parameter %s is %d: want %d at most, as offered", quote(serverWindowBits), a.ServerWindow, o.ServerWindow)
	case a.ClientWindow > 0 && o.ClientWindow == 0: // section 7.1.2.2
		return fmt.Errorf("parameter %s was not offered", quote(clientWindowBits))
	}
	return nil
}
