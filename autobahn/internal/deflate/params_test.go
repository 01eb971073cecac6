package deflate

import (
	"testing"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

// What the cases demand of a client.
var (
	anything      = []suite.Demand{{}}
	noTakeover    = []suite.Demand{{NoTakeover: true}}
	window9       = []suite.Demand{{Window: 9}}
	window15      = []suite.Demand{{Window: 15}}
	bothOf9       = []suite.Demand{{NoTakeover: true, Window: 9}}
	bothElseOther = []suite.Demand{{NoTakeover: true, Window: 9}, {NoTakeover: true}, {}}
)

func TestAccept(t *testing.T) {
	for _, x := range []struct {
		header  string
		demands []suite.Demand
		answer  string // "" if nothing is agreed on
	}{
		{"", anything, ""},
		{"permessage-deflate", nil, ""},
		{"permessage-deflate", anything, "permessage-deflate"},
		{"Permessage-Deflate", anything, "permessage-deflate"},
		{"x-webkit-deflate-frame", anything, ""},
		{"permessage-bzip2; x=y; x=y, foo;;bar, permessage-deflate", anything, "permessage-deflate"},
		{"permessage-deflate; client_max_window_bits", anything, "permessage-deflate"},
		{"permessage-deflate; client_no_context_takeover", anything, "permessage-deflate"},
		{"permessage-deflate; client_max_window_bits=10;server_max_window_bits=\"11\" ; server_no_context_takeover", anything,
			"permessage-deflate; server_no_context_takeover; server_max_window_bits=11"},

		{"permessage-deflate", noTakeover, "permessage-deflate; client_no_context_takeover"},

		{"permessage-deflate", window9, ""},
		{"permessage-deflate; client_max_window_bits", window9, "permessage-deflate; client_max_window_bits=9"},
		{"permessage-deflate; client_max_window_bits=8", window15, "permessage-deflate; client_max_window_bits=15"},
		{"permessage-deflate; server_max_window_bits=12, permessage-deflate; client_max_window_bits; server_max_window_bits=10", window9,
			"permessage-deflate; server_max_window_bits=10; client_max_window_bits=9"},

		{"permessage-deflate; client_max_window_bits; server_max_window_bits=10; server_no_context_takeover", bothOf9,
			"permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_no_context_takeover; client_max_window_bits=9"},
		{"permessage-deflate; client_no_context_takeover", bothOf9, ""},

		// The first demand that any offer allows, not the first offer that allows any demand.
		{"permessage-deflate; server_no_context_takeover, permessage-deflate; client_max_window_bits", bothElseOther,
			"permessage-deflate; client_no_context_takeover; client_max_window_bits=9"},
		{"permessage-deflate; server_no_context_takeover, permessage-deflate", bothElseOther,
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
		{"foo", bothElseOther, ""},
	} {
		p, answer, ok, err := Accept(x.header, x.demands)
		if err != nil || answer != x.answer || ok != (x.answer != "") {
			t.Errorf("%q, %v: answer %q, %v, error %v; want %q", x.header, x.demands, answer, ok, err, x.answer)
		}
		if !ok {
			continue
		}
		// The two sides understand the same.
		if q, ok, err := Answer(answer); err != nil || !ok || q.ServerNoTakeover != p.ServerNoTakeover ||
			q.ClientNoTakeover != p.ClientNoTakeover || q.ServerWindow != p.ServerWindow || q.ClientWindow != p.ClientWindow {
			t.Errorf("%q: agreed on %+v, understood %+v, %v", x.header, p, q, err)
		}
	}
}

// Parameters that neither side may send.
var malformed = []string{
	"foo",
	"",
	"=",
	"server_no_context_takeover; server_no_context_takeover",
	"client_no_context_takeover; client_no_context_takeover",
	"server_max_window_bits=9; server_max_window_bits=9",
	"client_max_window_bits=9; client_max_window_bits=9",
	"server_no_context_takeover=1",
	"client_no_context_takeover=",
	"client_no_context_takeover=\"\"",
	"server_max_window_bits",
	"server_max_window_bits=",
	"server_max_window_bits=7",
	"server_max_window_bits=16",
	"server_max_window_bits=08",
	"server_max_window_bits=+8",
	"server_max_window_bits=8x",
	"server_max_window_bits=0x9",
	"server_max_window_bits=99999999999999999999",
	"client_max_window_bits=",
	"client_max_window_bits=7",
	"client_max_window_bits=16",
	"client_max_window_bits=-9",
	"client_max_window_bits=\"9",
	"client_max_window_bits=9; x",
}

func TestMalformed(t *testing.T) {
	for _, s := range malformed {
		for _, header := range []string{name + "; " + s, "foo, " + name + ", " + name + ";" + s, name + ";" + s + "  "} {
			for _, demands := range [][]suite.Demand{nil, anything, window9} {
				if _, answer, ok, err := Accept(header, demands); err == nil || ok || answer != "" {
					t.Errorf("Accept takes %q", header)
				}
			}
		}
		if _, ok, err := Answer(name + "; " + s); err == nil || ok {
			t.Errorf("Answer takes %q", s)
		}
	}
}

func TestAnswer(t *testing.T) {
	for _, x := range []struct {
		header string
		want   Params
		ok     bool
	}{
		{"", Params{}, false},
		{"  ", Params{}, false},
		{",", Params{}, false},
		{"permessage-deflate", Params{}, true},
		{" PERMESSAGE-deflate ,", Params{}, true},
		{"permessage-deflate; server_no_context_takeover", Params{ServerNoTakeover: true}, true},
		{"permessage-deflate;client_no_context_takeover", Params{ClientNoTakeover: true}, true},
		{"permessage-deflate; server_max_window_bits=8", Params{ServerWindow: 8}, true},
		{"permessage-deflate; client_max_window_bits = \"1\\5\"", Params{ClientWindow: 15, ClientWindowOffered: true}, true},
		{"permessage-deflate; client_max_window_bits=10; server_max_window_bits=9; server_no_context_takeover; client_no_context_takeover",
			Params{true, true, 9, 10, true}, true},
	} {
		p, ok, err := Answer(x.header)
		if err != nil || ok != x.ok || p != x.want {
			t.Errorf("%q: %+v, %v, error %v", x.header, p, ok, err)
		}
	}
	for _, header := range []string{
		"foo",
		"permessage-bzip2",
		"permessage-deflate, permessage-deflate",
		"permessage-deflate, foo",
		"foo, permessage-deflate",
		"permessage-deflate; client_max_window_bits", // a value is required here
		"; server_no_context_takeover",
		"\"permessage-deflate\"",
	} {
		if p, ok, err := Answer(header); err == nil || ok {
			t.Errorf("%q: %+v, %v", header, p, ok)
		}
	}
}
