package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestEveryRequirementHasATest holds the tests of the module to the tables,
// and docs/conformance.md to both.
func TestEveryRequirementHasATest(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	table, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(root, reportPath))
	if err != nil {
		t.Error(err)
	}
	for _, p := range table.problems(written) {
		t.Error(p)
	}
}

// A small module in which nothing is wrong.
const (
	testRequirements = "id\trfc\tsection\trole\tlevel\trequirement\ttestable\ttest_note\n" +
		"6455-5.1-01\t6455\t5.1\tclient\tMUST\tFrames are masked.\twire\tRead a frame.\n" +
		"6455-5.1-02\t6455\t5.1\tserver\tMUST\tFrames are unmasked.\tapi\tRead a frame.\n" +
		"6455-5.5.1-01\t6455\t5.5.1\tclient\tMUST NOT\tThe reason is shown.\tno\tA rule for screens.\n" +
		"8441-5-01\t8441\t5\tboth\tMUST\tMessages | frames\twire\tRead.\n"
	testExceptions = "6455-5.1-02\tThere is no server.\n"
	testSource     = "package p\n\n// TestMask checks 6455-5.1-01.\nfunc TestMask(t *testing.T) {}\n"
)

func TestProblems(t *testing.T) {
	type module struct{ requirements, exceptions, source string }
	for _, tt := range []struct {
		name   string
		change func(*module)
		want   string // part of the one problem, or of none
	}{
		{"nothing is wrong", func(m *module) {}, ""},
		{"a test loses its id", func(m *module) { m.source = "package p\nfunc TestMask() {}" },
			"6455-5.1-01 has no test: Frames are masked."},
		{"a helper that no test uses has the id", func(m *module) { m.source = "package p\nfunc help() { _ = `6455-5.1-01` }" },
			"6455-5.1-01 has no test"},
		{"an exception is removed", func(m *module) { m.exceptions = "" }, "6455-5.1-02 has no test"},
		{"an api row needs a test as a config row does", func(m *module) {
			m.requirements = strings.Replace(m.requirements, "\tapi\t", "\tconfig\t", 1)
			m.exceptions = ""
		}, "6455-5.1-02 has no test"},
		{"an exception is tested", func(m *module) { m.source += "// 6455-5.1-02\nfunc TestUnmasked() {}" },
			"6455-5.1-02 is an exception, and p.TestUnmasked tests it"},
		{"an exception has an unknown id", func(m *module) { m.exceptions += "6455-9-01\tNo.\n" },
			"6455-9-01 is an exception to no requirement"},
		{"an exception has no reason", func(m *module) {
			m.exceptions = "6455-5.1-02\t\n"
			m.source += "// 6455-5.1-02\nfunc TestUnmasked() {}"
		}, "6455-5.1-02 is an exception without a reason"},
		{"an untestable row has an exception", func(m *module) { m.exceptions += "6455-5.5.1-01\tNo.\n" },
			"6455-5.5.1-01 is an exception, and needs no test"},
		{"a test has an unknown id", func(m *module) { m.source += "// 6455-5.1-03\nfunc TestOther() {}" },
			"6455-5.1-03 in p/p_test.go is the id of no requirement"},
		{"a test has an id cut short", func(m *module) { m.source += "// 6455-5.1-1\nfunc TestOther() {}" },
			"6455-5.1-1 in p/p_test.go is the id of no requirement"},
		{"a row of an absent RFC may have a test", func(m *module) { m.source += "// 8441-5-01\nfunc TestOther() {}" }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := module{testRequirements, testExceptions, testSource}
			tt.change(&m)
			table := testTable(t, m.requirements, m.exceptions, m.source)
			got := table.problems(table.report())
			if tt.want == "" && len(got) == 0 {
				return
			}
			if len(got) != 1 || !strings.Contains(got[0], tt.want) || tt.want == "" {
				t.Errorf("problems %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReportOutOfDate(t *testing.T) {
	table := testTable(t, testRequirements, testExceptions, testSource)
	got := table.problems(append(table.report(), '\n'))
	if len(got) != 1 || !strings.Contains(got[0], "out of date") {
		t.Errorf("problems %q, want one about the report", got)
	}
}

func TestReport(t *testing.T) {
	got := string(testTable(t, testRequirements, testExceptions, testSource).report())
	for _, want := range []string{
		"| 6455 | 3 | 1 | 1 | 1 | 0 |\n| 8441 | 1 | 0 | 0 | 0 | 1 |\n",
		"## RFC 6455\n\n### RFC 6455, [section 5.1](https://www.rfc-editor.org/rfc/rfc6455#section-5.1)\n",
		"| 6455-5.1-01 | client | MUST | Frames are masked. | [p.TestMask](../p/p_test.go) |\n" +
			"| 6455-5.1-02 | server | MUST | Frames are unmasked. | *There is no server.* |\n",
		"| The reason is shown. | *Not testable: A rule for screens.* |\n",
		"## RFC 8441\n\nNot covered by this version: no HTTP/2.\n",
		"| Messages \\| frames | *no HTTP/2* |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the report has no %q:\n%s", want, got)
		}
	}
}

func TestParseTSVErrors(t *testing.T) {
	for _, tt := range []struct{ tsv, want string }{
		{"a\tb\nc\n", "line 2 has 1 columns, want 2"},
		{"a\tb\tc\n", "line 1 has 3 columns, want 2"},
		{"a\tb\na\tc\n", "line 2 repeats a"},
	} {
		if _, err := parseTSV(tt.tsv, 2); err == nil || err.Error() != tt.want {
			t.Errorf("parseTSV(%q): error %v, want %q", tt.tsv, err, tt.want)
		}
	}
}

func TestScan(t *testing.T) {
	const id = "6455-5.1-01"
	for _, tt := range []struct {
		name   string
		source string
		want   string // the tests that carry id
	}{
		{"doc comment", "// 6455-5.1-01\nfunc TestA() {}", "p.TestA"},
		{"comment inside", "func TestA() { /* 6455-5.1-01 */ }", "p.TestA"},
		{"string inside", "func FuzzA() { f(`6455-5.1-01 masked`) }", "p.FuzzA"},
		{"example", "func ExampleA() { _ = `6455-5.1-01` }", "p.ExampleA"},
		{"more than one id in a comment", "// 6455-5.1-02, 6455-5.1-01.\nfunc TestA() {}", "p.TestA"},
		{"the body that a synctest bubble runs",
			"func TestA(t *testing.T) { synctest.Test(t, testA) }\n// 6455-5.1-01\nfunc testA(t *testing.T) {}", "p.TestA"},
		{"a table used by two tests",
			"var rows = []string{`6455-5.1-01`}\nfunc TestA() { use(rows) }\nfunc TestB() { use(rows) }", "p.TestA p.TestB"},
		{"a comment above a group of variables", "// 6455-5.1-01\nvar (\n\trows = 1\n)\nfunc TestA() { use(rows) }", "p.TestA"},
		{"a helper of a helper", "func TestA() { f() }\nfunc f() { g() }\nfunc g() { f(); _ = `6455-5.1-01` }", "p.TestA"},
		{"a field with the name of a helper", "func TestA() { x.f() }\nfunc f() { _ = `6455-5.1-01` }", ""},
		{"a comment between functions", "func TestA() {}\n\n// 6455-5.1-01\n\nfunc TestB() {}", ""},
		{"a name that is no test's", "// 6455-5.1-01\nfunc Testify() {}\n// 6455-5.1-01\nfunc TestMain() {}", ""},
		{"another id", "// 6455-5.1-011 16455-5.1-01 6455-5.1.01\nfunc TestA() {}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := testScan(t, map[string]string{"p/p_test.go": "package p\n" + tt.source})
			if got := testNames(c, id); got != tt.want {
				t.Errorf("%s is carried by %q, want %q", id, got, tt.want)
			}
		})
	}
}

func TestScanFiles(t *testing.T) {
	c := testScan(t, map[string]string{
		"go.mod":                   "module m",
		"a/a_test.go":              "package a\nfunc TestA() { rows() }",
		"a/rows_test.go":           "package a\nfunc rows() { _ = `6455-5.1-01` }",
		"a/x_test.go":              "package a_test\nfunc TestX() { rows() }",
		"a/y_test.go":              "package a_test\nfunc TestY() { _ = `6455-5.1-01` }",
		"a/a.go":                   "package a\n// 6455-5.1-02\nfunc TestZ() {}",
		"cmd/echo/main_test.go":    "package main\nfunc TestEcho() { _ = `6455-5.1-01` }",
		"nested/go.mod":            "module n",
		"nested/n_test.go":         "package n\nfunc TestN() { _ = `6455-5.1-01` }",
		"a/testdata/t_test.go":     "package t\nfunc TestT() { _ = `6455-5.1-01` }",
		"_old/o_test.go":           "package o\nfunc TestO() { _ = `6455-5.1-01` }",
		self + "/self_test.go":     "package main\nfunc TestS() { _ = `6455-5.1-01` }",
		"node_modules/m/m_test.go": "package m\nfunc TestM() { _ = `6455-5.1-01` }",
	})
	if got, want := testNames(c, "6455-5.1-01"), "a.TestA a.TestY echo.TestEcho"; got != want {
		t.Errorf("carried by %q, want %q", got, want)
	}
	want := []mention{{"6455-5.1-01", "a/rows_test.go"}, {"6455-5.1-01", "a/y_test.go"}, {"6455-5.1-01", "cmd/echo/main_test.go"}}
	if !slices.Equal(c.mentions, want) {
		t.Errorf("mentions %v, want %v", c.mentions, want)
	}
}

func TestScanSyntaxError(t *testing.T) {
	fsys := fstest.MapFS{"p/p_test.go": {Data: []byte("package p\nfunc {")}}
	if _, err := scan(fsys); err == nil || !strings.Contains(err.Error(), "p/p_test.go") {
		t.Errorf("error %v, want one that names the file", err)
	}
}

// testTable returns the table of a module with one test file.
func testTable(t *testing.T, requirements, exceptions, source string) *table {
	t.Helper()
	rs, err := parseRequirements(requirements)
	if err != nil {
		t.Fatal(err)
	}
	es, err := parseExceptions(exceptions)
	if err != nil {
		t.Fatal(err)
	}
	return &table{rs, es, testScan(t, map[string]string{"p/p_test.go": source})}
}

func testScan(t *testing.T, files map[string]string) carriers {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, src := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(src)}
	}
	c, err := scan(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// testNames returns the names of the tests that carry id.
func testNames(c carriers, id string) string {
	var names []string
	for _, t := range c.tests[id] {
		names = append(names, t.name)
	}
	return strings.Join(names, " ")
}
