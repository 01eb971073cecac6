package suite

import (
	"crypto/sha256"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// original returns the cases that are not in section x.
func original() []*Case {
	return slices.DeleteFunc(slices.Clone(All()), func(c *Case) bool { return strings.HasPrefix(c.ID, "x") })
}

func TestEachGroupHasItsCases(t *testing.T) {
	groups := []struct {
		number string
		n      int
	}{
		{"1", 16}, {"1.1", 8}, {"1.2", 8}, {"2", 11}, {"3", 7}, {"4", 10}, {"4.1", 5}, {"4.2", 5}, {"5", 20},
		{"6", 145}, {"6.1", 3}, {"6.2", 4}, {"6.3", 2}, {"6.4", 4}, {"6.5", 5}, {"6.6", 11}, {"6.7", 4}, {"6.8", 2},
		{"6.9", 4}, {"6.10", 3}, {"6.11", 5}, {"6.12", 8}, {"6.13", 5}, {"6.14", 10}, {"6.15", 1}, {"6.16", 3},
		{"6.17", 5}, {"6.18", 5}, {"6.19", 5}, {"6.20", 7}, {"6.21", 8}, {"6.22", 34}, {"6.23", 7},
		{"7", 37}, {"7.1", 6}, {"7.3", 6}, {"7.5", 1}, {"7.7", 13}, {"7.9", 9}, {"7.13", 2},
		{"9", 54}, {"9.1", 6}, {"9.2", 6}, {"9.3", 9}, {"9.4", 9}, {"9.5", 6}, {"9.6", 6}, {"9.7", 6}, {"9.8", 6},
		{"10", 1}, {"10.1", 1},
		{"12", 90}, {"12.1", 18}, {"12.2", 18}, {"12.3", 18}, {"12.4", 18}, {"12.5", 18},
		{"13", 126}, {"13.1", 18}, {"13.2", 18}, {"13.3", 18}, {"13.4", 18}, {"13.5", 18}, {"13.6", 18}, {"13.7", 18},
	}
	for _, g := range groups {
		n := 0
		for _, c := range original() {
			if strings.HasPrefix(c.ID, g.number+".") {
				n++
			}
		}
		if n != g.n {
			t.Errorf("section %s has %d cases, want %d", g.number, n, g.n)
		}
	}
	if n := len(original()); n != 517 {
		t.Errorf("%d cases without section x, want 517", n)
	}
}

func TestIDsAreUniqueAndInOrder(t *testing.T) {
	id := regexp.MustCompile(`^(\d+|x)(\.[1-9]\d*){1,2}$`)
	for i, c := range All() {
		if !id.MatchString(c.ID) {
			t.Errorf("strange id %q", c.ID)
		}
		if i > 0 && CompareIDs(All()[i-1].ID, c.ID) >= 0 {
			t.Errorf("%s comes after %s", c.ID, All()[i-1].ID)
		}
		if Lookup(c.ID) != c {
			t.Errorf("Lookup(%q) is another case", c.ID)
		}
	}
}

func TestEachCaseIsExplained(t *testing.T) {
	seen := make(map[string]string)
	for _, c := range All() {
		for _, text := range []string{c.Description, c.Expectation} {
			if len(text) < 20 || !strings.HasSuffix(text, ".") || strings.ContainsAny(text, "<>\n\t") ||
				strings.Contains(text, "  ") || strings.Contains(text, "%!") || !utf8.ValidString(text) {
				t.Errorf("%s: not a plain sentence: %q", c.ID, text)
			}
		}
	}
	for _, c := range original() {
		// 13.1 is what 12.1 is, and some strings of section 6 are in several groups.
		if other := seen[c.Description]; other != "" && !strings.HasPrefix(c.ID, "6.") && !strings.HasPrefix(c.ID, "13.1.") {
			t.Errorf("%s has the description of %s", c.ID, other)
		}
		seen[c.Description] = c.ID
	}
}

func TestEachCaseHasOneWayToBeJudged(t *testing.T) {
	for _, c := range original() {
		ways := 0
		if c.OK != nil {
			ways++
		}
		if c.Length != nil {
			ways++
		}
		if slices.ContainsFunc(c.Steps, is[Loop]) {
			ways++
		}
		if ways != 1 || c.Refusal != nil {
			t.Errorf("%s: %d of a list, a length and a loop", c.ID, ways)
		}
		if c.NonStrict != nil && (c.OK == nil || slices.EqualFunc(c.OK, c.NonStrict, Event.Equal)) {
			t.Errorf("%s: NON-STRICT expects the same as OK", c.ID)
		}
	}
}

func TestEachCaseEndsWithItsTimeLimit(t *testing.T) {
	for _, c := range original() {
		for i, s := range c.Steps {
			limit := is[KillAfter](s) || is[CloseAfter](s)
			if end := i == len(c.Steps)-1; limit != end {
				t.Errorf("%s: step %d of %d is %T", c.ID, i+1, len(c.Steps), s)
			}
		}
	}
}

func is[S Step](s Step) bool {
	_, ok := s.(S)
	return ok
}

func TestClosingsMakeSense(t *testing.T) {
	for _, c := range original() {
		k := c.Close
		switch {
		case len(k.Codes) == 0:
			t.Errorf("%s: no code is acceptable", c.ID)
		case k.ByPeer && (k.Clean || k.Codes[0] != 1002 && k.Codes[0] != 1007):
			t.Errorf("%s: the peer closes with %d", c.ID, k.Codes[0])
		case k.Fatal != slices.Equal(k.Codes, []int{1007}):
			t.Errorf("%s: fatal is %t with %d", c.ID, k.Fatal, k.Codes)
		case k.Clean && k.Codes[0] != 1000:
			t.Errorf("%s: the fuzzer closes with %d", c.ID, k.Codes[0])
		case c.CodeDecides && (k.ByPeer || !strings.HasPrefix(c.ID, "7.")):
			t.Errorf("%s: the code decides", c.ID)
		}
		for _, code := range k.Codes {
			if code != 1000 && code < 5000 && !c.Informational && !validCode(code) {
				t.Errorf("%s: a peer must not send %d", c.ID, code)
			}
		}
	}
}

// validCode reports whether RFC 6455 allows the code in a close frame.
func validCode(code int) bool {
	return code >= 1000 && code <= 1011 && (code < 1004 || code > 1006) || code >= 3000 && code < 5000
}

// In section 6 a peer may echo what unicode/utf8 takes for valid, and has to refuse anything else.
func TestUTF8IsValidWhereAnEchoIsExpected(t *testing.T) {
	for _, c := range original() {
		if !strings.HasPrefix(c.ID, "6.") {
			continue
		}
		var sent []byte
		for _, s := range c.Steps {
			switch s := s.(type) {
			case Frame:
				sent = append(sent, s.Payload.Bytes()...)
			case Octets:
				sent = append(sent, s.Payload.Bytes()...)
			case Message:
				sent = append(sent, s.Payload.Bytes()...)
			}
		}
		if echo := !c.Close.ByPeer; echo != utf8.Valid(sent) {
			t.Errorf("%s: an echo of %x is expected: %t", c.ID, sent, echo)
		} else if echo && (len(c.OK) != 1 || string(c.OK[0].Payload) != string(sent)) {
			t.Errorf("%s: the echo of %x is something else", c.ID, sent)
		}
	}
}

func TestFirstOctetThatCannotOccur(t *testing.T) {
	for i, list := range sequences {
		for j, s := range list {
			if bad := firstBad([]byte(s.octets)); bad != s.bad {
				t.Errorf("6.%d.%d: % x: %d, want %d", i+5, j+1, s.octets, s.bad, bad)
			}
		}
	}
	for _, s := range []string{surrogate, tooHigh} {
		if bad := firstBad([]byte(s)); bad != 12 {
			t.Errorf("% x: %d, want 12", s, bad)
		}
	}
}

// firstBad returns the first octet after which b cannot become UTF-8, or valid, or short.
func firstBad(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r != utf8.RuneError || n > 1 {
			i += n
			continue
		}
		for end := i + 1; end <= len(b); end++ {
			if utf8.FullRune(b[i:end]) {
				return end - 1
			}
		}
		return short
	}
	return valid
}

// The cases in which something has to be split as described are split so.
func TestFragmentsAddUp(t *testing.T) {
	for _, c := range original() {
		for _, s := range c.Steps {
			if m, ok := s.(Message); ok && m.Frag > 1 {
				frames := m.Payload.N/m.Frag + 1
				if m.Payload.N <= m.Frag {
					frames = 1
				}
				if want := fmt.Sprintf("%d frame", frames); !strings.Contains(c.Description, want) {
					t.Errorf("%s: %q does not say %q", c.ID, c.Description, want)
				}
			}
		}
	}
}

func TestEachCaseIsInASection(t *testing.T) {
	for _, c := range All() {
		number, title := SectionOf(c.ID)
		if number != strings.Split(c.ID, ".")[0] || title == "" {
			t.Errorf("%s is in section %q, %q", c.ID, number, title)
		}
		part, title := PartOf(c.ID)
		parts := strings.Count(c.ID, ".") == 2
		if !parts && part != "" || parts && (part != c.ID[:strings.LastIndex(c.ID, ".")] || title == "") {
			t.Errorf("%s is in part %q, %q", c.ID, part, title)
		}
	}
	if number, _ := SectionOf("8.1"); number != "" {
		t.Errorf("8.1 is in section %q", number)
	}
	if number, _ := PartOf("7.2.1"); number != "" {
		t.Errorf("7.2.1 is in part %q", number)
	}
}

func TestSectionsAreInOrderAndNotEmpty(t *testing.T) {
	var last string
	check := func(s Section) {
		if last != "" && CompareIDs(last, s.Number) >= 0 {
			t.Errorf("section %s comes after %s", s.Number, last)
		}
		last = s.Number
		if !slices.ContainsFunc(All(), func(c *Case) bool { return s.Has(c.ID) }) {
			t.Errorf("section %s has no case", s.Number)
		}
	}
	for _, s := range Sections() {
		check(s)
		for _, p := range s.Parts {
			check(p)
		}
	}
}

// digest is that of all that the fuzzer does and expects in the 517 cases. Verdicts are comparable
// with those of the original only as long as it stays the same. If a change is meant, and every case it
// touches was compared with the original, copy the new digest from the failure of this test.
const digest = "571a26fe63ef045348f0a751d5c8de322de2b91d434d70a5743239f9cd309a33"

func TestNoCaseChanges(t *testing.T) {
	h := sha256.New()
	for _, c := range original() {
		facts := *c
		facts.Description, facts.Expectation = "", ""
		dump(h, reflect.ValueOf(facts))
		fmt.Fprintln(h)
	}
	if have := fmt.Sprintf("%x", h.Sum(nil)); have != digest {
		t.Errorf("a case has changed: the digest is %s", have)
	}
}

// dump writes v with the names of all types and fields. Fields that are zero are left out.
func dump(w io.Writer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		dump(w, v.Elem())
	case reflect.Struct:
		fmt.Fprintf(w, "%s{", v.Type().Name())
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				fmt.Fprintf(w, "%s:", v.Type().Field(i).Name)
				dump(w, f)
				fmt.Fprint(w, ";")
			}
		}
		fmt.Fprint(w, "}")
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			fmt.Fprintf(w, "%x", v.Bytes())
			return
		}
		fmt.Fprint(w, "[")
		for i := range v.Len() {
			dump(w, v.Index(i))
			fmt.Fprint(w, ",")
		}
		fmt.Fprint(w, "]")
	default:
		fmt.Fprintf(w, "%v", v)
	}
}
