package handshake

import (
	"fmt"
	"strings"
	"testing"
)

// extensions parses a list.
func extensions(t testing.TB, line string) []Extension {
	t.Helper()
	if line == "" {
		return nil
	}
	exts, err := ParseExtensions([]string{line})
	if err != nil {
		t.Fatal(err)
	}
	return exts
}

// negotiate is a Policy.Negotiate that accepts what d does.
func (d Deflate) negotiate(offers []Extension) []Extension {
	if e, ok := d.Answer(offers); ok {
		return []Extension{e}
	}
	return nil
}

// String says in an error of a test what d is.
func (d Deflate) String() string {
	return fmt.Sprintf("takeover %v, window %d", d.Takeover, d.Window)
}

// settings are all that a Deflate can say.
var settings = func() (all []Deflate) {
	for _, window := range []int{0, 8, 9, 10, 11, 12, 13, 14, 15} {
		all = append(all, Deflate{true, window}, Deflate{false, window})
	}
	return all
}()

const (
	noTakeover  = "; server_no_context_takeover; client_no_context_takeover"
	pmd         = "permessage-deflate"
	browserPMD  = "permessage-deflate; client_max_window_bits"
	offered10   = "permessage-deflate; client_max_window_bits; server_max_window_bits=10" // section 7.1.3
	offered10or = offered10 + ", " + browserPMD                                           // likewise
)

// Requirements: 7692-5-01, 7692-5-04, 7692-7-01, 7692-7.1.2.1-02, 7692-7.1.2.2-02
func TestDeflateOffers(t *testing.T) {
	for _, tt := range []struct {
		id, name string
		deflate  Deflate
		want     string
	}{
		{"7692-7.1.1.1-01 7692-7.1.1.2-01", "nothing is kept by default", Deflate{},
			pmd + noTakeover + "; client_max_window_bits"},
		{"7692-7.1.2.2-01 7692-7.3-01", "all is allowed, windows of 15 bits", Deflate{Takeover: true}, browserPMD},
		{"7692-7.1.2.2-01 7692-7.3-01", "15 bits are the default", Deflate{Takeover: true, Window: 15}, browserPMD},
		{"7692-5-02 7692-5-03 7692-7.1.2.1-01", "a small window, or a large one that is not kept", Deflate{Takeover: true, Window: 10},
			pmd + "; server_max_window_bits=10; client_max_window_bits=10, " +
				pmd + "; server_no_context_takeover; client_max_window_bits=10"},
		{"7692-5-02 7692-5-03", "a small window that is not kept", Deflate{Window: 9},
			pmd + noTakeover + "; server_max_window_bits=9; client_max_window_bits=9, " +
				pmd + noTakeover + "; client_max_window_bits=9"},
		{"7692-7.1.2.1-02", "less than the smallest is the smallest", Deflate{Takeover: true, Window: 7},
			pmd + "; server_max_window_bits=8; client_max_window_bits=8, " +
				pmd + "; server_no_context_takeover; client_max_window_bits=8"},
		{"7692-7.1.2.1-02", "more than the largest is the largest", Deflate{Takeover: true, Window: 16}, browserPMD},
		{"7692-7.1.2.1-02", "a negative limit is none", Deflate{Takeover: true, Window: -1}, browserPMD},
	} {
		t.Run(tt.name, func(t *testing.T) {
			offers := tt.deflate.Offers()
			if got := FormatExtensions(offers); got != tt.want {
				t.Errorf("%v offers %s\nwant %s", tt.deflate, got, tt.want)
			}
			if err := (&Offer{Key: goldenKey, Extensions: offers}).Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Requirements: 7692-7-06, 7692-5-07, 7692-7.1.2.1-05
func TestDeflateAnswer(t *testing.T) {
	full := Deflate{Takeover: true}
	none := Deflate{}
	small := Deflate{Takeover: true, Window: 10}
	for _, tt := range []struct {
		id, name string
		deflate  Deflate
		offers   string
		want     string
	}{
		{"7692-5-06", "the simplest of offers", full, pmd, pmd},
		{"7692-5-06", "a browser's", full, browserPMD, pmd},
		{"7692-7.1.1.1-04 7692-7.1.1.2-02", "nothing is kept, asked for or not", none, pmd, pmd + noTakeover},
		{"7692-7.1.1.1-02 7692-7.1.1.1-03", "the server is asked to keep nothing", full, pmd + "; server_no_context_takeover", pmd + "; server_no_context_takeover"},
		{"7692-7.1.1.2-02", "a hint that the client keeps nothing", full, pmd + "; client_no_context_takeover", pmd + "; client_no_context_takeover"},
		{"7692-7.1.1.1-02", "asked for what is so anyway", none, pmd + noTakeover, pmd + noTakeover},

		{"7692-7.1.2.1-04", "the server is asked for a small window", full, pmd + "; server_max_window_bits=10", pmd + "; server_max_window_bits=10"},
		{"7692-7.1.2.1-04", "the server has a smaller one", small, pmd + "; server_max_window_bits=12; client_max_window_bits=10", pmd + "; server_max_window_bits=10; client_max_window_bits=10"},
		{"7692-7.1.2.1-04", "the server has a larger one", small, pmd + "; server_max_window_bits=8; client_max_window_bits=10", pmd + "; server_max_window_bits=8; client_max_window_bits=10"},
		{"7692-7.1.2.1-04", "the server is asked for the largest window", full, pmd + "; server_max_window_bits=15", pmd + "; server_max_window_bits=15"},
		{"7692-7.1.2.1-06", "a small window of the server is not told unasked", small, browserPMD, pmd + "; client_max_window_bits=10"},

		{"7692-7.1.2.2-03", "the client can have a small window, and needs none", full, browserPMD, pmd},
		{"7692-7.1.2.2-03", "the client is to have a small window", small, browserPMD, pmd + "; client_max_window_bits=10"},
		{"7692-7.1.2.2-03", "the client has a smaller one", small, pmd + "; client_max_window_bits=9", pmd + "; client_max_window_bits=9"},
		{"7692-7.1.2.2-03", "the client has a larger one", small, pmd + "; client_max_window_bits=12", pmd + "; client_max_window_bits=10"},
		{"7692-7.1.2.2-03", "a hint to a server with a large one", full, pmd + "; client_max_window_bits=12", pmd + "; client_max_window_bits=12"},
		{"7692-7.1.2.2-03 7692-7.1.2.2-04", "15 is as good as nothing", full, pmd + "; client_max_window_bits=15", pmd},
		{"7692-7.1.2.2-05", "the client cannot have a small window, so it keeps none", small, pmd, pmd + "; client_no_context_takeover"},
		{"7692-7.1.2.2-05", "nor if it was asked about the server's", small, pmd + "; server_max_window_bits=15",
			pmd + "; client_no_context_takeover; server_max_window_bits=10"},
		{"7692-7.1.2.2-08", "256 bytes", Deflate{true, 8}, pmd + "; server_max_window_bits=8; client_max_window_bits",
			pmd + "; server_max_window_bits=8; client_max_window_bits=8"},
		{"7692-5.2-01", "values in quotes", full, pmd + `; server_max_window_bits="10"; client_max_window_bits="\1\1"`,
			pmd + "; server_max_window_bits=10; client_max_window_bits=11"},
		{"7692-5-07", "all at once, in another order", full,
			pmd + "; client_max_window_bits=14; server_max_window_bits=13; client_no_context_takeover; server_no_context_takeover",
			pmd + noTakeover + "; server_max_window_bits=13; client_max_window_bits=14"},

		{"7692-7.1.3-01", "a list of section 7.1.3", full, offered10or, pmd + "; server_max_window_bits=10"},
		{"7692-5-05 7692-5-06 6455-9.1-08", "the first of two, and no other", full, pmd + "; server_no_context_takeover, " + pmd, pmd + "; server_no_context_takeover"},
		{"7692-5-05 6455-9.1-08", "the first of two in the other order", full, pmd + ", " + pmd + "; server_no_context_takeover", pmd},
		{"7692-7-07 7692-5-05", "the second, since the first is wrong", full, pmd + "; foo, " + pmd + "; server_max_window_bits=9", pmd + "; server_max_window_bits=9"},
		{"7692-7-07", "the third", full, pmd + "; foo, bar, " + pmd, pmd},
		{"7692-5-09", "another extension that compresses is declined", full, "permessage-bzip2, " + pmd + ", x-webkit-deflate-frame", pmd},

		{"7692-5-13", "nothing is offered", full, "", ""},
		{"7692-5-13", "other extensions are offered", full, "foo, permessage-bzip2", ""},
		{"6455-9.1-04", "the name that it had before it was registered", full, "x-webkit-deflate-frame; max_window_bits=10, deflate-frame", ""},
		{"6455-9.1-09 7692-7-01", "the name in other letters", full, "Permessage-Deflate, PERMESSAGE-DEFLATE", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t)
			if tt.offers != "" {
				r.Header["Sec-Websocket-Extensions"] = []string{tt.offers}
			}
			a, err := (&Policy{Negotiate: tt.deflate.negotiate}).Check(r)
			if got := FormatExtensions(a.Extensions); got != tt.want || err != nil {
				t.Errorf("%v answers %s, %v\nwant %s", tt.deflate, got, err, tt.want)
			}
		})
	}
}

// badParams are parameters that neither an offer nor a response may have, and why.
var badParams = []struct{ id, params, reason string }{
	{"7692-7-03 7692-7-08 6455-9.1-05", "foo", `"foo" is unknown`},
	{"7692-7-03 7692-7-08 6455-9.1-05", "foo=1", `"foo" is unknown`},
	{"7692-7-03 7692-7-08", "max_window_bits=10", `"max_window_bits" is unknown`},
	{"7692-7-03 7692-7-08 6455-9.1-09", "Server_No_Context_Takeover", `"Server_No_Context_Takeover" is unknown`},
	{"7692-7-03 7692-7-08", "server_no_context_takeover; foo", `"foo" is unknown`},
	{"7692-7-03 7692-7-08", "foo; server_no_context_takeover", `"foo" is unknown`},

	{"7692-7-04 7692-7-09", "server_no_context_takeover=1", `"server_no_context_takeover" has the value "1": want none`},
	{"7692-7-04 7692-7-09", "client_no_context_takeover=true", `"client_no_context_takeover" has the value "true": want none`},
	{"7692-7-04 7692-7-09", "server_max_window_bits", `"server_max_window_bits" has no value: want 8 to 15`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=7", `"server_max_window_bits" has the value "7": want 8 to 15`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=16", `has the value "16": want 8 to 15`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=0", `has the value "0"`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=08", `has the value "08"`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=010", `has the value "010"`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=+10", `has the value "+10"`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=-10", `has the value "-10"`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=10.0", `has the value "10.0"`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=1e1", `has the value "1e1"`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=0xa", `has the value "0xa"`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=abc", `has the value "abc"`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=100", `has the value "100"`},
	{"7692-7-04 7692-7-09", "server_max_window_bits=18446744073709551626", `has the value "18446744073709551626"`},
	{"7692-7-04 7692-7-09 7692-5.2-01", `server_max_window_bits="16"`, `has the value "16"`},
	{"7692-7-04 7692-7-09", "client_max_window_bits=7", `"client_max_window_bits" has the value "7": want 8 to 15`},
	{"7692-7-04 7692-7-09", "client_max_window_bits=16", `has the value "16"`},
	{"7692-7-04 7692-7-09", "client_max_window_bits=x", `has the value "x"`},
	{"7692-7-04 7692-7-09", "client_max_window_bits=09", `has the value "09"`},

	{"7692-7-05 7692-7-10", "server_no_context_takeover; server_no_context_takeover", `"server_no_context_takeover" occurs twice`},
	{"7692-7-05 7692-7-10", "client_no_context_takeover; server_no_context_takeover; client_no_context_takeover", `"client_no_context_takeover" occurs twice`},
	{"7692-7-05 7692-7-10", "server_max_window_bits=10; server_max_window_bits=10", `"server_max_window_bits" occurs twice`},
	{"7692-7-05 7692-7-10", "server_max_window_bits=10; server_max_window_bits=11", `"server_max_window_bits" occurs twice`},
	{"7692-7-05 7692-7-10", "client_max_window_bits=10; client_max_window_bits=10", `"client_max_window_bits" occurs twice`},
	{"7692-7-05 7692-7-10", "client_max_window_bits=10; client_max_window_bits", `"client_max_window_bits" occurs twice`},
}

// An offer with a bad parameter is declined. The next one is considered, and the handshake goes on.
// No client of this package makes such an offer.
//
// Requirements: 7692-7-07, 7692-5-13, 6455-9-02
func TestDeflateDeclines(t *testing.T) {
	for _, tt := range badParams {
		t.Run(tt.params, func(t *testing.T) {
			bad := pmd + "; " + tt.params
			for _, d := range settings {
				if e, ok := d.Answer(extensions(t, bad)); ok {
					t.Errorf("%v answers %v to %s", d, e, bad)
				}
			}
			for offers, want := range map[string]string{bad: "", bad + ", " + pmd: pmd, pmd + ", " + bad: pmd} {
				r := request(t, "Sec-WebSocket-Extensions: "+offers)
				a, err := (&Policy{Negotiate: Deflate{Takeover: true}.negotiate}).Check(r)
				if got := FormatExtensions(a.Extensions); err != nil || got != want {
					t.Errorf("offers %s: answer %s, %v; want %q", offers, got, err, want)
				}
			}
			o := &Offer{Key: goldenKey, Extensions: extensions(t, bad)}
			wantReason(t, o.Validate(), `extension "permessage-deflate": parameter "`)
			wantReason(t, o.Validate(), tt.reason)
		})
	}
	t.Run("client_max_window_bits twice, without a value", func(t *testing.T) { // 7692-7-05
		if e, ok := (Deflate{}).Answer(extensions(t, browserPMD+"; client_max_window_bits")); ok {
			t.Errorf("answer %v", e)
		}
	})
}

// checkAnswer holds the answers of a server against the offers of a client.
func checkAnswer(t testing.TB, offers, answers string) (Agreement, error) {
	t.Helper()
	o := &Offer{Key: goldenKey, Extensions: extensions(t, offers)}
	return o.Check(consume(t, edit(goldenResponse, "-Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions: "+answers)))
}

// What the response says is what counts, whichever offer it answers.
//
// Requirements: 7692-5-08, 6455-9-02
func TestDeflateParams(t *testing.T) {
	for _, tt := range []struct {
		id, name        string
		offers, answers string
		want            DeflateParams
	}{
		{"7692-5-06", "the simplest of all", pmd, pmd, DeflateParams{false, false, 15, 15}},
		{"7692-7.1.1.1-02", "the server keeps nothing, as was asked", pmd + "; server_no_context_takeover", pmd + "; server_no_context_takeover", DeflateParams{true, false, 15, 15}},
		{"7692-7.1.1.1-04", "the server keeps nothing, unasked", pmd, pmd + "; server_no_context_takeover", DeflateParams{true, false, 15, 15}},
		{"7692-7.1.1.2-03", "the client is to keep nothing, unasked", pmd, pmd + "; client_no_context_takeover", DeflateParams{false, true, 15, 15}},
		{"7692-7.1.1.2-01", "the client need not keep to its hint", pmd + "; client_no_context_takeover", pmd, DeflateParams{false, false, 15, 15}},
		{"7692-7-02", "each side has its parameters", offered10, pmd + "; server_max_window_bits=9; client_max_window_bits=12; client_no_context_takeover", DeflateParams{false, true, 9, 12}},
		{"7692-7.1.2.1-04", "the window that was asked for", offered10, pmd + "; server_max_window_bits=10", DeflateParams{false, false, 10, 15}},
		{"7692-7.1.2.1-06", "a small window, unasked", pmd, pmd + "; server_max_window_bits=8", DeflateParams{false, false, 8, 15}},
		{"7692-7.1.2.1-06", "the largest window, unasked", pmd, pmd + "; server_max_window_bits=15", DeflateParams{false, false, 15, 15}},
		{"7692-7.1.2.2-03", "a small window of the client", browserPMD, pmd + "; client_max_window_bits=8", DeflateParams{false, false, 15, 8}},
		{"7692-7.1.2.2-03", "a smaller window than the hint", pmd + "; client_max_window_bits=10", pmd + "; client_max_window_bits=9", DeflateParams{false, false, 15, 9}},
		{"7692-7.1.2.2-03", "a larger window than the hint", pmd + "; client_max_window_bits=10", pmd + "; client_max_window_bits=12", DeflateParams{false, false, 15, 12}},
		{"7692-7.1.2.2-03", "the hint is not followed", pmd + "; client_max_window_bits=10", pmd, DeflateParams{false, false, 15, 15}},
		{"7692-5.2-01", "a value in quotes", browserPMD, pmd + `; server_max_window_bits="10"; client_max_window_bits="9"`, DeflateParams{false, false, 10, 9}},
		{"7692-7.1.3-01", "the first option of section 7.1.3", offered10or, pmd + "; server_max_window_bits=10", DeflateParams{false, false, 10, 15}},
		{"7692-7.1.3-01", "the second option of section 7.1.3", offered10or, pmd, DeflateParams{false, false, 15, 15}},
		{"7692-5-08", "among other extensions", "foo, " + pmd + ", bar", "bar, " + pmd + "; client_no_context_takeover, foo", DeflateParams{false, true, 15, 15}},
		{"7692-5-08", "the other way of a small window", FormatExtensions(Deflate{true, 10}.Offers()), pmd + "; server_no_context_takeover; client_no_context_takeover", DeflateParams{true, true, 15, 15}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := checkAnswer(t, tt.offers, tt.answers)
			if p, ok := a.Deflate(); !ok || p != tt.want || err != nil {
				t.Errorf("offers %s\nanswer %s\nagreed on %+v, %v, %v; want %+v", tt.offers, tt.answers, p, ok, err, tt.want)
			}
		})
	}
}

// The answer must be one that some offer allows.
//
// Requirements: 7692-5-15, 6455-9-02, 7692-7-11
func TestDeflateWrongAnswer(t *testing.T) {
	const serverMissing = `parameter "server_max_window_bits" was offered and is not in the answer`
	for _, tt := range []struct {
		id, name, offers, answers, reason string
	}{
		{"7692-5-15", "not offered at all", "foo", pmd, "was not offered"},
		{"7692-7.1.1.1-02", "the server wants to keep what it must not", pmd + "; server_no_context_takeover", pmd + "; client_no_context_takeover", `parameter "server_no_context_takeover" was offered and is not in the answer`},
		{"7692-7.1.2.1-07", "a window larger than offered", offered10, pmd + "; server_max_window_bits=11", `parameter "server_max_window_bits" is 11: want 10 at most, as offered`},
		{"7692-7.1.2.1-07", "the largest window", pmd + "; server_max_window_bits=14", pmd + "; server_max_window_bits=15", `is 15: want 14 at most`},
		{"7692-7.1.2.1-07", "no window", offered10, pmd, serverMissing},
		{"7692-7.1.2.1-04", "no window, though any was offered", pmd + "; server_max_window_bits=15", pmd, serverMissing},
		{"7692-7.1.2.2-06", "a window of the client that was not offered", pmd, pmd + "; client_max_window_bits=10", `parameter "client_max_window_bits" was not offered`},
		{"7692-7.1.2.2-06", "the largest, which was not offered either", pmd + "; server_max_window_bits=15", pmd + "; server_max_window_bits=15; client_max_window_bits=15", `parameter "client_max_window_bits" was not offered`},
		{"7692-7-09 7692-7.1.2.2-04", "a window of the client without value", browserPMD, pmd + "; client_max_window_bits", `parameter "client_max_window_bits" has no value: want 8 to 15`},
		{"7692-7-09", "the offer itself is no answer", offered10, offered10, `parameter "client_max_window_bits" has no value`},
		{"7692-5-10", "two answers to two offers", offered10or, pmd + "; server_max_window_bits=10, " + pmd, "accepted twice"},
		{"7692-5-10", "one answer given twice", pmd, pmd + ", " + pmd, "accepted twice"},
		{"7692-5-10", "two answers with another between", pmd + ", foo", pmd + ", foo, " + pmd, "accepted twice"},
		{"7692-5-10 7692-5-15", "another extension that compresses", pmd, pmd + ", permessage-bzip2", `extension "permessage-bzip2" was not offered`},
		{"7692-5-15", "half of one offer, half of the other", pmd + "; server_max_window_bits=10, " + browserPMD + "; server_no_context_takeover",
			pmd + "; client_max_window_bits=10", serverMissing},
		{"7692-5-15", "what only the offer of another extension allows", "foo, " + pmd + "; server_max_window_bits=10", pmd, serverMissing},
		{"7692-5-15", "neither of the ways to a small window", FormatExtensions(Deflate{true, 10}.Offers()), pmd, serverMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := checkAnswer(t, tt.offers, tt.answers)
			wantReason(t, err, "field Sec-WebSocket-Extensions is ")
			wantReason(t, err, tt.reason)
			if !strings.HasSuffix(tt.reason, "not offered") && !strings.Contains(err.Error(), `extension "permessage-deflate": `) {
				t.Errorf("error %q does not name the extension", err)
			}
			if p, ok := a.Deflate(); ok {
				t.Errorf("agreed on %+v", p)
			}
		})
	}
	for _, tt := range badParams {
		t.Run(tt.params, func(t *testing.T) {
			_, err := checkAnswer(t, browserPMD, pmd+"; "+tt.params)
			wantReason(t, err, `extension "permessage-deflate": parameter "`)
			wantReason(t, err, tt.reason)
		})
	}
}

// A server of one's own that says what no offer allows says nothing.
//
// Requirements: 7692-5-09, 6455-9-02
func TestDeflateNegotiateWrong(t *testing.T) {
	for _, tt := range []struct{ name, answers, want string }{
		{"twice", pmd + ", " + pmd, "accepted twice"},
		{"the offer", browserPMD, `"client_max_window_bits" has no value`},
		{"a bad parameter", pmd + "; foo", `"foo" is unknown`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &Policy{Negotiate: answer(extensions(t, tt.answers)...)}
			_, err := p.Check(request(t, "Sec-WebSocket-Extensions: "+browserPMD))
			wantRefusal(t, err, 500, `Policy.Negotiate: extension "permessage-deflate": `)
			wantReason(t, err, tt.want)
		})
	}
}

// What Check would not have let pass is no agreement on permessage-deflate.
func TestAgreementWithoutDeflate(t *testing.T) {
	for _, answers := range []string{
		"", "foo", "Permessage-Deflate", browserPMD, pmd + "; foo", pmd + "; server_no_context_takeover=1",
		pmd + "; server_max_window_bits=10; server_max_window_bits=10",
	} {
		p, ok := Agreement{Extensions: extensions(t, answers)}.Deflate()
		if ok || p != (DeflateParams{}) {
			t.Errorf("%q: agreed on %+v, %v", answers, p, ok)
		}
	}
}

// Each client and each server agree, and mean the same by it.
// Neither keeps a window larger than its own from one message to the next.
//
// Requirements: 7692-5-07, 7692-5-08, 7692-7-02, 7692-7.1.2.1-04, 7692-7.1.2.1-05, 7692-7.1.2.2-04
func TestDeflateAll(t *testing.T) {
	for _, c := range settings {
		for _, s := range settings {
			o := &Offer{Key: goldenKey, Extensions: c.Offers()}
			p := agree(t, o, s)
			name := fmt.Sprintf("client %v, server %v: %+v", c, s, p)
			takeover := c.Takeover && s.Takeover
			if p.ServerNoTakeover == takeover || p.ClientNoTakeover == takeover {
				t.Errorf("%s: want takeover %v", name, takeover)
			}
			if p.ClientWindow != min(c.WindowBits(), s.WindowBits()) {
				t.Errorf("%s: the client's window is not the smaller one", name)
			}
			if p.ServerWindow > c.WindowBits() {
				t.Errorf("%s: the server's window is larger than the client wants", name)
			}
		}
	}
}

// Clients of any kind get an answer from any server, and no server has to remember
// more of what they send than it wants to.
//
// Requirements: 7692-5-07, 7692-5-08, 7692-7.1.2.2-05
func TestDeflateOtherClients(t *testing.T) {
	for _, offers := range []string{pmd, browserPMD, pmd + noTakeover, offered10, offered10or, pmd + "; server_max_window_bits=15; client_max_window_bits=8"} {
		for _, s := range settings {
			p := agree(t, &Offer{Key: goldenKey, Extensions: extensions(t, offers)}, s)
			if !p.ClientNoTakeover && (!s.Takeover || p.ClientWindow > s.WindowBits()) {
				t.Errorf("%s and server %v: agreed on %+v", offers, s, p)
			}
		}
	}
}

// agree returns what comes of an offer to a server that wants s, by way of a request and a response.
func agree(t *testing.T, o *Offer, s Deflate) DeflateParams {
	t.Helper()
	b, err := o.AppendRequest(nil, "h", "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	server, refusal := (&Policy{Negotiate: s.negotiate}).Check(readRequest(t, string(b)))
	if refusal != nil {
		t.Fatal(refusal)
	}
	client, err := o.Check(consume(t, string(AppendResponse(nil, o.Key, server, nil))))
	if err != nil {
		t.Fatalf("%v\nis answered with %v\nwhich is refused: %v", o.Extensions, server.Extensions, err)
	}
	p, ok := server.Deflate()
	q, ok2 := client.Deflate()
	if !ok || !ok2 || p != q {
		t.Errorf("the server means %+v, %v by %v\nand the client %+v, %v", p, ok, server.Extensions, q, ok2)
	}
	return p
}
