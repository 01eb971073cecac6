package handshake

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What an answer may be, and an offer beyond that.
var (
	answerParam = regexp.MustCompile(`^((server|client)_no_context_takeover|(server|client)_max_window_bits=([89]|1[0-5]))$`)
	offerParam  = regexp.MustCompile(`^((server|client)_no_context_takeover|(server|client)_max_window_bits=([89]|1[0-5])|client_max_window_bits)$`)
)

// deflateValues returns the values of the parameters of e by their names, if all of them match and none occurs twice.
func deflateValues(e Extension, param *regexp.Regexp) (values map[string]string, ok bool) {
	text := strings.Split(e.String(), "; ")
	values = map[string]string{}
	for _, p := range text[1:] {
		name, value, _ := strings.Cut(p, "=")
		if _, again := values[name]; again || !param.MatchString(p) {
			return nil, false
		}
		values[name] = value
	}
	return values, text[0] == "permessage-deflate"
}

// allows is the rule by which an offer allows an answer, written in another way than the code has it.
func allows(offer, answer Extension) bool {
	o, ok1 := deflateValues(offer, offerParam)
	a, ok2 := deflateValues(answer, answerParam)
	has := func(values map[string]string, name string) bool { _, ok := values[name]; return ok }
	bits := func(value string) string { return strings.Repeat("0", 2-len(value)) + value } // in the order of strings
	return ok1 && ok2 &&
		(!has(o, serverNoTakeover) || has(a, serverNoTakeover)) &&
		(!has(o, serverWindowBits) || has(a, serverWindowBits) && bits(a[serverWindowBits]) <= bits(o[serverWindowBits])) &&
		(!has(a, clientWindowBits) || has(o, clientWindowBits))
}

// The answer to offers is one that a client accepts which has made them, and does not exceed what was offered;
// there is none exactly if no offer is well-formed. A client accepts an answer exactly if one of its offers allows it.
//
// Requirements: 7692-5-07, 7692-5-15, 7692-7-03, 7692-7-04, 7692-7-05, 7692-7-08, 7692-7-09, 7692-7-10
func FuzzDeflate(f *testing.F) {
	f.Add(true, 0, offered10or, pmd+"; server_max_window_bits=10")
	f.Add(false, 10, pmd+noTakeover+"; client_max_window_bits=12", pmd+"; client_max_window_bits=9")
	for _, tt := range badParams {
		f.Add(true, 9, pmd+"; "+tt.params+", "+pmd, pmd+"; "+tt.params)
	}
	for _, d := range settings {
		f.Add(d.Takeover, d.Window, FormatExtensions(d.Offers()), pmd+"; server_no_context_takeover")
	}
	f.Fuzz(func(t *testing.T, takeover bool, window int, offerLine, answerLine string) {
		offers, err1 := ParseExtensions([]string{offerLine})
		answers, err2 := ParseExtensions([]string{answerLine})
		if err1 != nil || err2 != nil {
			return
		}
		fuzzAnswer(t, Deflate{takeover, window}, offers)

		deflates := slices.DeleteFunc(slices.Clone(answers), func(e Extension) bool { return !isDeflate(e) })
		want := len(deflates) == 0 || len(deflates) == 1 &&
			slices.ContainsFunc(offers, func(o Extension) bool { return allows(o, deflates[0]) })
		if offered(offers, deflateName) {
			if err := checkDeflate(answers, offers); (err == nil) != want {
				t.Errorf("%v\nafter %v\nis checked with %v, want it to be accepted: %v", answers, offers, err, want)
			}
		}
	})
}

// fuzzAnswer checks the answer of d to offers.
func fuzzAnswer(t *testing.T, d Deflate, offers []Extension) {
	answer, ok := d.Answer(offers)
	i := slices.IndexFunc(offers, func(o Extension) bool { _, ok := deflateValues(o, offerParam); return ok })
	if ok != (i >= 0) {
		t.Fatalf("%v answers %v, %v to %v", d, answer, ok, offers)
	}
	if !ok {
		return
	}
	if !allows(offers[i], answer) || answer.check() != nil || checkAnswers([]Extension{answer}, offers) != nil {
		t.Errorf("%v answers %v to %v: %v", d, answer, offers, checkAnswers([]Extension{answer}, offers))
	}
	p, ok := Agreement{Extensions: []Extension{answer}}.Deflate()
	o, _ := parseDeflate(offers[i], inOffer)
	switch {
	case !ok:
		t.Errorf("%v is no agreement", answer)
	case o.ClientWindow > 0 && p.ClientWindow > min(o.ClientWindow, d.WindowBits()), o.ServerWindow > 0 && p.ServerWindow > d.WindowBits():
		t.Errorf("%v answers %v to %v: a window is too large", d, answer, offers)
	case !d.Takeover && !(p.ClientNoTakeover && p.ServerNoTakeover), p.ClientWindow > d.WindowBits() && !p.ClientNoTakeover:
		t.Errorf("%v answers %v to %v: too much is kept", d, answer, offers)
	}
}
