package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// numbered returns a result of a case that has nothing but an id.
func numbered(id, agent string, v suite.Verdict, code int) *fuzzer.Result {
	return &fuzzer.Result{Case: &suite.Case{ID: id}, Agent: agent, Behavior: v, BehaviorClose: v, RemoteClose: fuzzer.Status{Code: code}}
}

func TestExpectedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "expected.json")
	results := []*fuzzer.Result{
		numbered("10.1.1", "b \"x\"", suite.OK, 1000),
		numbered("9.1.1", "b \"x\"", suite.OK, suite.NoCode),
		numbered("1.1.1", "a", suite.Failed, 1006),
	}
	if err := WriteExpected(path, results); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
	"a": {
		"1.1.1": {"behavior": "FAILED", "behaviorClose": "FAILED", "remoteCloseCode": 1006}
	},
	"b \"x\"": {
		"9.1.1": {"behavior": "OK", "behaviorClose": "OK", "remoteCloseCode": null},
		"10.1.1": {"behavior": "OK", "behaviorClose": "OK", "remoteCloseCode": 1000}
	}
}
`
	if string(data) != want {
		t.Errorf("got %s", data)
	}
	e, err := ReadExpected(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := Compare(e, results, nil); d != nil {
		t.Errorf("what was written differs from what is read: %q", d)
	}
}

func TestReadExpectedTakesAnIndex(t *testing.T) {
	dir := t.TempDir()
	results := []*fuzzer.Result{failed32()}
	if err := Write(dir, results, nil); err != nil {
		t.Fatal(err)
	}
	e, err := ReadExpected(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	if d := Compare(e, results, nil); d != nil {
		t.Errorf("differences: %q", d)
	}
}

func TestReadExpectedErrors(t *testing.T) {
	tests := []struct{ in, want string }{
		{``, `f:1: expected an object with a member for each agent: the file ends here`},
		{`[]`, `f:1: expected an object with a member for each agent`},
		{"{\n\"a\": 1}", `f:2: agent "a": expected an object with a member for each case`},
		{"{\n\"a\": {\n\"1.1.1\": [1]}}", `f:3: agent "a", case "1.1.1": expected an object with behavior, behaviorClose and remoteCloseCode`},
		{"{\n\"a\": {\n\"1.1.1\": {\"behavior\": \"GOOD\"}}}", `f:3: agent "a", case "1.1.1": behavior is "GOOD", expected one of ["OK" "NON-STRICT"`},
		{"{\n\"a\": {\n\"1.1.1\": {\"behavior\": \"OK\"}}}", `f:3: agent "a", case "1.1.1": behaviorClose is "", expected one of ["OK" "WRONG CODE"`},
		{"{\n\"a\": {\n\n", `f:4: agent "a": expected an object with a member for each case: the file ends here`},
		{"{\n\"a\": {\n\"1.1.1\" {}}}", `f:3: agent "a", case "1.1.1": expected an object with`},
		{"{\n\"a\": {},\n}", `f:3: expected an object with a member for each agent: invalid character '}'`},
		{"{\n\"a\": {},\n\"a\": {}}", `f:3: agent "a": it appears twice`},
		{"{}\n{}", `f:2: expected the end of the file`},
	}
	path := filepath.Join(t.TempDir(), "f")
	for _, tt := range tests {
		if err := os.WriteFile(path, []byte(tt.in), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := ReadExpected(path)
		if err == nil {
			t.Errorf("%q: no error", tt.in)
			continue
		}
		if got := strings.TrimPrefix(err.Error(), filepath.Dir(path)+string(filepath.Separator)); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%q:\ngot  %s\nwant %s", tt.in, got, tt.want)
		}
	}
	if _, err := ReadExpected(path + "none"); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}

func TestCompare(t *testing.T) {
	ok := func(id, agent string) *fuzzer.Result { return numbered(id, agent, suite.OK, 1000) }
	tests := []struct {
		name      string
		want, got []*fuzzer.Result
		selected  []string
		lines     []string
	}{
		{"nothing at all", nil, nil, nil, nil},
		{"the same", []*fuzzer.Result{ok("1.1.1", "a")}, []*fuzzer.Result{ok("1.1.1", "a")}, nil, nil},
		{"one agent with another name", []*fuzzer.Result{ok("1.1.1", "a")}, []*fuzzer.Result{ok("1.1.1", "b")}, nil, nil},
		{
			"another verdict, in order of ids",
			[]*fuzzer.Result{ok("10.1.1", "a"), ok("2.1", "a")},
			[]*fuzzer.Result{numbered("10.1.1", "a", suite.Failed, suite.NoCode), numbered("2.1", "a", suite.NonStrict, 1000)},
			nil,
			[]string{
				"a 2.1: got NON-STRICT / NON-STRICT, code 1000, expected OK / OK, code 1000",
				"a 10.1.1: got FAILED / FAILED, no code, expected OK / OK, code 1000",
			},
		},
		{
			"another code",
			[]*fuzzer.Result{ok("2.1", "a")}, []*fuzzer.Result{numbered("2.1", "a", suite.OK, 1001)}, nil,
			[]string{"a 2.1: got OK / OK, code 1001, expected OK / OK, code 1000"},
		},
		{
			"no code",
			[]*fuzzer.Result{ok("2.1", "a")}, []*fuzzer.Result{numbered("2.1", "a", suite.OK, suite.NoCode)}, nil,
			[]string{"a 2.1: got OK / OK, no code, expected OK / OK, code 1000"},
		},
		{
			"another code of an informational case",
			[]*fuzzer.Result{numbered("7.13.1", "a", suite.Informational, 1000)},
			[]*fuzzer.Result{numbered("7.13.1", "a", suite.Informational, suite.NoCode)}, nil, nil,
		},
		{
			"a case more and one less",
			[]*fuzzer.Result{ok("2.1", "a")}, []*fuzzer.Result{ok("2.2", "a")}, nil,
			[]string{"a 2.1: no result, expected OK / OK, code 1000", "a 2.2: got OK / OK, code 1000, but no result is expected"},
		},
		{
			"cases that were not selected",
			[]*fuzzer.Result{ok("2.1", "a"), ok("2.2", "a")}, []*fuzzer.Result{ok("2.2", "a")}, []string{"2.2"}, nil,
		},
		{
			"a selected case without a result",
			[]*fuzzer.Result{ok("2.1", "a"), ok("2.2", "a")}, []*fuzzer.Result{ok("2.2", "a")}, []string{"2.1", "2.2"},
			[]string{"a 2.1: no result, expected OK / OK, code 1000"},
		},
		{
			"two agents, one of them another",
			[]*fuzzer.Result{ok("2.1", "a"), ok("2.1", "b\x1b")}, []*fuzzer.Result{ok("2.1", "a"), ok("2.1", "c")}, nil,
			[]string{`b\x1b: no result, expected 1`, "c: 1 results, but the agent is not among those expected"},
		},
		{"no result at all", []*fuzzer.Result{ok("2.1", "a")}, nil, nil, []string{"a: no result, expected 1"}},
		{"no result, and none selected", []*fuzzer.Result{ok("2.1", "a")}, nil, []string{"1.1.1"}, nil},
	}
	for _, tt := range tests {
		if got := Compare(record(tt.want), tt.got, tt.selected); !slices.Equal(got, tt.lines) {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.name, got, tt.lines)
		}
	}
}
