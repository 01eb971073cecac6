package report

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

func TestWriteJUnit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junit.xml")
	loose := passed(case32(), "b")
	loose.Behavior = suite.NonStrict
	zipped := passed(&suite.Case{ID: "12.1.1", Description: "Sends."}, "b")
	zipped.Behavior = suite.Unimplemented
	results := []*fuzzer.Result{failed32(), broken(), loose, zipped}
	for _, strict := range []bool{false, true} {
		if err := WriteJUnit(path, results, strict, nil); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(data) || strings.ContainsFunc(string(data), func(c rune) bool { return c < ' ' && c != '\n' }) {
			t.Errorf("characters that XML does not allow: %q", data)
		}
		type counted struct {
			Tests    int     `xml:"tests,attr"`
			Failures int     `xml:"failures,attr"`
			Skipped  int     `xml:"skipped,attr"`
			Time     float64 `xml:"time,attr"`
		}
		var got struct {
			XMLName xml.Name `xml:"testsuites"`
			counted
			Suites []struct {
				Name string `xml:"name,attr"`
				counted
				Cases []struct {
					Class   string `xml:"classname,attr"`
					Name    string `xml:"name,attr"`
					Failure *struct {
						Message string `xml:"message,attr"`
					} `xml:"failure"`
					Skipped *struct{} `xml:"skipped"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		failures := 2
		if strict {
			failures = 3
		}
		if want := (counted{4, failures, 1, 2.006}); got.counted != want {
			t.Errorf("strict %v: %+v, want %+v", strict, got.counted, want)
		}
		if len(got.Suites) != 4 {
			t.Fatalf("%d suites", len(got.Suites))
		}
		mine := got.Suites[1]
		if mine.Name != "My Lib/1.0: 3 Reserved Bits" || mine.counted != (counted{1, 1, 0, 1.003}) {
			t.Errorf("a suite: %+v", mine)
		}
		c := mine.Cases[0]
		if c.Class != "My Lib/1.0.3" || !strings.HasPrefix(c.Name, "3.2 Sends a text message") || c.Failure == nil || c.Failure.Message != Line(failed32()) {
			t.Errorf("a case: %+v", c)
		}
		if last := got.Suites[3].Cases[0]; last.Skipped == nil || last.Failure != nil {
			t.Errorf("what is not implemented is not skipped: %+v", last)
		}
		if middle := got.Suites[2].Cases[0]; (middle.Failure != nil) != strict {
			t.Errorf("strict %v: NON-STRICT is a failure: %v", strict, middle.Failure != nil)
		}
	}
}
