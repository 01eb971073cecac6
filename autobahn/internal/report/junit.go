package report

import (
	"encoding/xml"
	"fmt"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// WriteJUnit writes results to a file of JUnit XML, with a test suite for each section of each agent.
// A case that did not pass is a failure, one that the peer does not implement is skipped.
// problem, if not nil, is what kept the run from being complete; it is an error of its own.
func WriteJUnit(path string, results []*fuzzer.Result, strict bool, problem error) error {
	all := junit(results, strict)
	if problem != nil {
		all.incomplete(problem)
	}
	data, err := xml.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	return replace(path, append([]byte(xml.Header), append(data, '\n')...))
}

// incomplete adds a suite for a run that is not complete.
func (t *testSuites) incomplete(problem error) {
	n := counts{Tests: 1, Errors: 1}
	t.Tests++
	t.Errors++
	t.Suites = append(t.Suites, &testSuite{Name: "autobahn", counts: n, Timestamp: time.Now().UTC().Format("2006-01-02T15:04:05"), Cases: []testCase{{
		Class: "autobahn", Name: "the run", Error: &outcome{Message: visible(problem.Error(), 1000)},
	}}})
}

type testSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	counts
	Suites []*testSuite `xml:"testsuite"`
}

type testSuite struct {
	Name string `xml:"name,attr"`
	counts
	Timestamp string     `xml:"timestamp,attr"`
	Cases     []testCase `xml:"testcase"`
}

type counts struct {
	Tests    int  `xml:"tests,attr"`
	Failures int  `xml:"failures,attr"`
	Errors   int  `xml:"errors,attr"`
	Skipped  int  `xml:"skipped,attr"`
	Time     secs `xml:"time,attr"`
}

type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    secs     `xml:"time,attr"`
	Failure *outcome `xml:"failure"`
	Error   *outcome `xml:"error"`
	Skipped *outcome `xml:"skipped"`
}

type outcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// secs is a time as JUnit writes it.
type secs time.Duration

func (s secs) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%.3f", time.Duration(s).Seconds()), nil
}

// add counts a case.
func (n *counts) add(c testCase) {
	n.Tests++
	n.Time += c.Time
	if c.Failure != nil {
		n.Failures++
	}
	if c.Skipped != nil {
		n.Skipped++
	}
}

// junit sorts results into test suites.
func junit(results []*fuzzer.Result, strict bool) *testSuites {
	all := &testSuites{Name: "WebSocket conformance"}
	for _, a := range newBook(results, nil).agents {
		var s *testSuite
		last := ""
		for _, r := range a.results {
			if n, title := suite.SectionOf(r.Case.ID); s == nil || n != last {
				last = n
				s = &testSuite{
					Name:      visible(a.name, 100) + ": " + n + " " + title,
					Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05"),
				}
				all.Suites = append(all.Suites, s)
			}
			c := junitCase(r, strict)
			s.Cases = append(s.Cases, c)
			s.add(c)
			all.add(c)
		}
	}
	return all
}

func junitCase(r *fuzzer.Result, strict bool) testCase {
	n, _ := suite.SectionOf(r.Case.ID)
	c := testCase{
		Class: visible(r.Agent, 100) + "." + n,
		Name:  r.Case.ID + " " + r.Case.Description,
		Time:  secs(r.Duration),
	}
	switch {
	case !Passed(r, strict):
		c.Failure = &outcome{
			Message: Line(r),
			Type:    fmt.Sprintf("%s / %s", r.Behavior, r.BehaviorClose),
			Text:    visible(r.Text, 1000) + "\n" + visible(r.CloseText, 1000) + "\n",
		}
	case r.Behavior == suite.Unimplemented:
		c.Skipped = &outcome{Message: "the peer does not implement it"}
	}
	return c
}
