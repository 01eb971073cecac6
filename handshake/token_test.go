package handshake

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Requirements: 6455-4.1-35, 6455-11.4-01, 6455-11.5-01
func TestIsToken(t *testing.T) {
	const tchar = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if !IsToken(tchar) {
		t.Errorf("IsToken(%q) = false", tchar)
	}
	if IsToken("") {
		t.Error("IsToken of nothing = true")
	}
	for c := range 256 {
		s := "a" + string([]byte{byte(c)}) + "b"
		if got, want := IsToken(s), strings.IndexByte(tchar, byte(c)) >= 0; got != want {
			t.Errorf("IsToken(%q) = %t, want %t", s, got, want)
		}
	}
}

// Requirements: 6455-4.3-03, 6455-4.1-37, 6455-11.3.4-01
func TestTokens(t *testing.T) {
	for _, tt := range []struct {
		name    string
		lines   []string
		want    []string
		wantErr string
	}{
		{"no field, no list", nil, nil, ""},
		{"one element", []string{"chat"}, []string{"chat"}, ""},
		{"the order is kept", []string{"b, a"}, []string{"b", "a"}, ""},
		{"lines are one list", []string{"b,c", "a"}, []string{"b", "c", "a"}, ""},
		{"white space is optional", []string{" a\t,b ,\t c "}, []string{"a", "b", "c"}, ""},
		{"empty elements are skipped", []string{",", ", a,,b ,", ""}, []string{"a", "b"}, ""},
		{"an empty line lists nothing", []string{""}, nil, "no element"},
		{"a comma lists nothing", []string{",", " , "}, nil, "no element"},
		{"10,000 commas list nothing", []string{strings.Repeat(",", 10_000)}, nil, "no element"},
		{"an element with a space", []string{"a b"}, nil, `"a b" is not a token`},
		{"an element with a slash", []string{"a, b/c"}, nil, `"b/c" is not a token`},
		{"an element in quotes", []string{`"a"`}, nil, `"\"a\"" is not a token`},
		{"an element that is not ASCII", []string{"é"}, nil, `"\xc3\xa9" is not a token`},
		{"an element with a line break", []string{"a\r\nb"}, nil, `"a\x0d\x0ab" is not a token`},
		{"64 elements", []string{strings.Repeat("a,", 64)}, strings.Split(strings.Repeat("a", 64), ""), ""},
		{"65 elements", []string{strings.Repeat("a,", 64), "a"}, nil, "more than 64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Tokens(tt.lines)
			if tt.wantErr != "" {
				wantReason(t, err, tt.wantErr)
			} else if err != nil {
				t.Errorf("Tokens(%q): %v", tt.lines, err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("Tokens(%q) = %q, want %q", tt.lines, got, tt.want)
			}
		})
	}
}

// Requirements: 6455-4.2.1-06, 6455-4.2.1-07, 6455-4.1-43
func TestHasToken(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		want  bool
	}{
		{"no field", nil, false},
		{"the token alone", []string{"upgrade"}, true},
		{"in other letters", []string{"uPGRADE"}, true},
		{"last of a list", []string{"keep-alive,\tUpgrade "}, true},
		{"first of a list", []string{"Upgrade ,close"}, true},
		{"on a second line", []string{"keep-alive", "Upgrade"}, true},
		{"after an element that is malformed", []string{"a b, Upgrade"}, true},
		{"end of another token", []string{"not-upgrade"}, false},
		{"start of another token", []string{"upgraded"}, false},
		{"one of two words", []string{"keep-alive upgrade"}, false},
		{"with a version", []string{"upgrade/1"}, false},
		{"with a parameter", []string{"upgrade; q=1"}, false},
		{"in quotes", []string{`"upgrade"`}, false},
		{"a word in quotes", []string{`"a, upgrade, b"`}, false},
		{"other commas", []string{"upgrade;close"}, false},
		{"letters that Unicode takes for ASCII", []string{"upgrad\u212F"}, false},
		{"nothing but commas", []string{",,"}, false},
		{"an empty line", []string{""}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{"Connection": tt.lines}
			if got := HasToken(h, "connection", "Upgrade"); got != tt.want {
				t.Errorf("HasToken(%q) = %t, want %t", tt.lines, got, tt.want)
			}
		})
	}
	t.Run("the empty token is in no list", func(t *testing.T) {
		if HasToken(http.Header{"Connection": {"a,,b"}}, "Connection", "") {
			t.Error("HasToken = true")
		}
	})
	t.Run("a long s is not an s", func(t *testing.T) {
		if HasToken(http.Header{"Upgrade": {"web\u017Focket", "webso\u212Aket"}}, "Upgrade", "websocket") {
			t.Error("HasToken = true")
		}
	})
}
