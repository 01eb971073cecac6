package suite

import (
	"slices"
	"strings"
	"testing"
)

func TestPatternsSelectCases(t *testing.T) {
	tests := []struct {
		name           string
		cases, exclude string // with spaces between the patterns
		n              int
		first, last    string // of the cases that are selected
	}{
		{"everything", "*", "", 517, "1.1.1", "13.7.18"},
		{"nothing", "", "", 0, "", ""},
		{"an id", "6.4.1", "", 1, "6.4.1", "6.4.1"},
		{"an id of two numbers", "2.11", "", 1, "2.11", "2.11"},
		{"a dot is a dot: 1 is not 10", "1.*", "", 16, "1.1.1", "1.2.8"},
		{"without the dot it is", "1*", "", 16 + 1 + 90 + 126, "1.1.1", "13.7.18"},
		{"the end is open", "7.1*", "", 6 + 2, "7.1.1", "7.13.2"},
		{"the start is not", "*.1.6", "", 5, "1.1.6", "13.1.6"},
		{"the end is open after the last star too", "*.1.1", "", 26, "1.1.1", "13.1.18"},
		{"two digits are another number", "6.1.*", "", 3, "6.1.1", "6.1.3"},
		{"a star inside", "6.*.5", "", 13, "6.5.5", "6.23.5"},
		{"two stars inside", "9.*.*", "", 54, "9.1.1", "9.8.6"},
		{"a star for nothing", "2.1*", "", 3, "2.1", "2.11"},
		{"a star after a whole id", "1.1.1*", "", 1, "1.1.1", "1.1.1"},
		{"a union", "2.* 4.1.* 10.1.1", "", 11 + 5 + 1, "2.1", "10.1.1"},
		{"a union in another order", "10.1.1 4.1.* 2.*", "", 11 + 5 + 1, "2.1", "10.1.1"},
		{"a union that overlaps", "2.* 2.1* 2.10", "", 11, "2.1", "2.11"},
		{"all but sections", "*", "9.* 12.* 13.*", 247, "1.1.1", "10.1.1"},
		{"all but an id", "2.*", "2.1", 10, "2.2", "2.11"},
		{"exclusion wins", "2.1 2.2", "2.*", 0, "", ""},
		{"exclusion of what is not selected", "2.*", "3.1", 11, "2.1", "2.11"},
		{"no case matches", "8.*", "", 0, "", ""},
		{"other characters stand for themselves", "[1-2].* 1?1*", "", 0, "", ""},
	}
	for _, tt := range tests {
		got, err := Select(strings.Fields(tt.cases), strings.Fields(tt.exclude))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var first, last string
		if len(got) > 0 {
			first, last = got[0].ID, got[len(got)-1].ID
		}
		if len(got) != tt.n || first != tt.first || last != tt.last {
			t.Errorf("%s: %d cases from %q to %q, want %d from %q to %q",
				tt.name, len(got), first, last, tt.n, tt.first, tt.last)
		}
		if !slices.IsSortedFunc(got, func(a, b *Case) int { return CompareIDs(a.ID, b.ID) }) {
			t.Errorf("%s: not in order", tt.name)
		}
		if len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("%s: a case is there twice", tt.name)
		}
	}
}

func TestIDsInPatternsMustExist(t *testing.T) {
	for _, p := range []string{"6.5", "6.5.6", "1.1.01", "1.1.1 ", "x", "", "7.2.1", "9.9.1"} {
		for _, lists := range [][2][]string{{{"1.*", p}, nil}, {{"*"}, {p}}} {
			_, err := Select(lists[0], lists[1])
			if err == nil || !strings.Contains(err.Error(), `"`+p+`"`) {
				t.Errorf("pattern %q: error %v does not name it", p, err)
			}
		}
	}
}

func TestSectionXIsSelectedByItsNameOnly(t *testing.T) {
	x := len(All()) - 517
	if x == 0 {
		t.Fatal("no case in section x")
	}
	for _, p := range []string{"x*", "x.*", "x.*.*"} {
		if got, err := Select([]string{p}, nil); err != nil || len(got) != x {
			t.Errorf("%q: %d cases and %v, want %d", p, len(got), err, x)
		}
	}
	if got, err := Select([]string{"x.1.1"}, nil); err != nil || len(got) != 1 {
		t.Errorf("x.1.1: %d cases, %v", len(got), err)
	}
	if got, err := Select([]string{"*", "x.*"}, nil); err != nil || len(got) != 517+x || got[517].ID != "x.1.1" {
		t.Errorf("together: %d cases and %v, want %d with x last", len(got), err, 517+x)
	}
	if got, err := Select([]string{"*.1.1"}, nil); err != nil || slices.Contains(got, Lookup("x.1.1")) {
		t.Errorf("*.1.1 selects x.1.1, error %v", err)
	}
	if got, err := Select([]string{"x.*"}, []string{"x.1.*"}); err != nil || len(got) >= x || len(got) == 0 {
		t.Errorf("without x.1: %d cases and %v", len(got), err)
	}
}

func TestExcludedCasesOfAgents(t *testing.T) {
	byAgent := map[string][]string{
		"Slow/1.*": {"9.*", "6.4.1"},
		"Tiny":     {"*"},
		"*/2.0":    {"*.1"},
		"":         {"1.1.2"},
	}
	tests := []struct {
		agent, id string
		want      bool
	}{
		{"Slow/1.0", "9.1.1", true},
		{"Slow/1.", "9.1.1", true},
		{"Slow/1x0", "9.1.1", false},
		{"Slow/2.0", "9.1.2", false},
		{"My Slow/1.0", "9.1.1", false},
		{"Slow/1.0", "6.4.1", true},
		{"Slow/1.0", "6.4.10", false}, // the end is not open
		{"Slow/1.0", "10.9.1", false},
		{"Tiny", "1.1.1", true},
		{"Tiny/1", "1.1.1", false},
		{"tiny", "1.1.1", false},
		{"Any/2.0", "2.1", true},
		{"Any/2.0", "2.11", false},
		{"Any/2.0.1", "2.1", false},
		{"Other", "1.1.1", false},
		{"", "1.1.2", true},
		{"", "1.1.1", false},
	}
	for _, tt := range tests {
		if got := Excluded(byAgent, tt.agent, tt.id); got != tt.want {
			t.Errorf("agent %q, case %s: %t", tt.agent, tt.id, got)
		}
	}
	if Excluded(nil, "Tiny", "1.1.1") {
		t.Error("nil excludes")
	}
}

func TestStarStandsForAnyRun(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"**", "a", true},
		{"a*a", "a", false}, {"a*a", "aa", true}, {"a*a", "aba", true},
		{"a*b*c", "abc", true}, {"a*b*c", "aXbYc", true}, {"a*b*c", "acb", false}, {"a*b*c", "abcb", false},
		{"*b*b*", "b", false}, {"*b*b*", "bb", true}, {"*ab*abc", "abc", false}, {"*ab*abc", "ababc", true},
	}
	for _, tt := range tests {
		if got := match(tt.pattern, tt.s); got != tt.want {
			t.Errorf("%q and %q: %t", tt.pattern, tt.s, got)
		}
	}
}

func TestIDsCompareByNumber(t *testing.T) {
	ordered := []string{"1", "1.1.1", "1.1.2", "1.1.10", "1.2", "2.2", "2.10", "6.4.4", "6.5.1", "6.10.1", "10.1.1", "x", "x.1.2", "x.1.10", "x.2.1"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := CompareIDs(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s: %d", a, b, got)
			}
		}
	}
}

func TestCasesOfOneRole(t *testing.T) {
	both, client, server := &Case{}, &Case{Role: Client}, &Case{Role: Server}
	cases := []*Case{both, client, server}
	for role, want := range map[Role][]*Case{Both: cases, Client: {both, client}, Server: {both, server}} {
		if got := For(role, cases); !slices.Equal(got, want) {
			t.Errorf("role %d: %d cases", role, len(got))
		}
	}
	if n := len(For(Client, original())); n != 517 {
		t.Errorf("a client plays %d of the 517", n)
	}
	if n := len(For(Server, original())); n != 517 {
		t.Errorf("a server plays %d of the 517", n)
	}
}
