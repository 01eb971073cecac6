package suite

import (
	"fmt"
	"time"
)

// What is offered to a server.
const (
	offerPlain        = "permessage-deflate; client_no_context_takeover; client_max_window_bits"
	offerNoTakeover   = offerPlain + "; server_no_context_takeover"
	offerWindow9      = offerPlain + "; server_max_window_bits=9"
	offerWindow15     = offerPlain + "; server_max_window_bits=15"
	offerNoTakeover9  = offerNoTakeover + "; server_max_window_bits=9"
	offerNoTakeover15 = offerNoTakeover + "; server_max_window_bits=15"
)

// An agreement is how permessage-deflate is negotiated in a section.
type agreement struct {
	Deflate
	text string // of Accept
}

// agreements are those of sections 13.1 to 13.7; the first is that of section 12 too.
var agreements = []agreement{
	{Deflate{offerPlain, []Demand{{}}}, "nothing"},
	{Deflate{offerNoTakeover, []Demand{{NoTakeover: true}}}, "client_no_context_takeover"},
	{Deflate{offerWindow9, []Demand{{Window: 9}}}, "client_max_window_bits=9"},
	{Deflate{offerWindow15, []Demand{{Window: 15}}}, "client_max_window_bits=15"},
	{Deflate{offerNoTakeover9, []Demand{{NoTakeover: true, Window: 9}}}, "client_no_context_takeover and client_max_window_bits=9"},
	{Deflate{offerNoTakeover15, []Demand{{NoTakeover: true, Window: 15}}}, "client_no_context_takeover and client_max_window_bits=15"},
	{
		Deflate{
			offerNoTakeover9 + ", " + offerNoTakeover + ", " + offerPlain,
			[]Demand{{NoTakeover: true, Window: 9}, {NoTakeover: true}, {}},
		},
		"client_no_context_takeover and client_max_window_bits=9 if an offer allows that, else client_no_context_takeover, else nothing",
	},
}

// contents are the messages of sections 12.1 to 12.5; the first is that of section 13 too.
var contents = []struct {
	set    DataSet
	opcode byte
	text   string // ends the sentence "messages of 16"
}{
	{JSON, OpText, "characters of JSON"},
	{Image, OpBinary, "octets of a picture"},
	{Prose, OpBinary, "octets of prose"},
	{Page, OpText, "characters of HTML"},
	{PDF, OpBinary, "octets of a PDF file"},
}

// compression returns sections 12 and 13.
func compression() []*Case {
	var cases []*Case
	for i := range contents {
		cases = append(cases, exchanges(fmt.Sprintf("12.%d", i+1), i, 0)...)
	}
	for i := range agreements {
		cases = append(cases, exchanges(fmt.Sprintf("13.%d", i+1), 0, i)...)
	}
	return cases
}

// exchanges returns the 18 cases of a section.
func exchanges(section string, content, agreed int) []*Case {
	plan := []struct {
		unit, frag int
		limit      time.Duration
	}{
		{16, 0, 60}, {64, 0, 60}, {256, 0, 120}, {1024, 0, 240}, {4096, 0, 480},
		{8192, 0, 480}, {16384, 0, 480}, {32768, 0, 480}, {65536, 0, 480}, {131072, 0, 480},
		{8192, 256, 480}, {16384, 256, 480}, {32768, 256, 480}, {65536, 256, 480}, {131072, 256, 480},
		{131072, 1024, 480}, {131072, 4096, 480}, {131072, 32768, 480},
	}
	c, a := contents[content], agreements[agreed]
	var cases []*Case
	for i, p := range plan {
		limit := p.limit * time.Second
		frames := "one frame each"
		if p.frag > 0 {
			frames = fmt.Sprintf("each in frames of %d octets if it has more after compression", p.frag)
		}
		kind := "text"
		if c.opcode == OpBinary {
			kind = "binary"
		}
		cases = append(cases, &Case{
			ID: fmt.Sprintf("%s.%d", section, i+1),
			Description: fmt.Sprintf("Sends 1000 compressed %s messages of %d %s, %s, every one after the echo of the last. "+
				"As client the fuzzer offers %s. As server it demands %s.", kind, p.unit, c.text, frames, a.Offers, a.text),
			Expectation: fmt.Sprintf("The peer agrees to permessage-deflate and echoes each message, unchanged, all within %s.", seconds(limit)) +
				thenClose + " UNIMPLEMENTED if it does not agree.",
			Deflate: &Deflate{Offers: a.Offers, Accept: a.Accept},
			Steps: []Step{
				Loop{Opcode: c.opcode, Count: 1000, Unit: p.unit, Data: c.set, AutoFrag: p.frag, Verify: true},
				CloseAfter{limit},
			},
			Close: normal,
		})
	}
	return cases
}
