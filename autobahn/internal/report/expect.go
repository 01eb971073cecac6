package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"slices"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// Expected is what an earlier run found out: by agent, then by the id of the case.
type Expected map[string]map[string]Verdicts

// Verdicts are those of a case, with the code in the close frame of the peer, or nil if there was none.
type Verdicts struct {
	Behavior        suite.Verdict `json:"behavior"`
	BehaviorClose   suite.Verdict `json:"behaviorClose"`
	RemoteCloseCode *int          `json:"remoteCloseCode"`
}

func (v Verdicts) String() string {
	if v.RemoteCloseCode == nil {
		return fmt.Sprintf("%s / %s, no code", v.Behavior, v.BehaviorClose)
	}
	return fmt.Sprintf("%s / %s, code %d", v.Behavior, v.BehaviorClose, *v.RemoteCloseCode)
}

// equal reports whether v and w are the same. The code of an informational closing may differ.
func (v Verdicts) equal(w Verdicts) bool {
	if v.Behavior != w.Behavior || v.BehaviorClose != w.BehaviorClose {
		return false
	}
	if v.BehaviorClose == suite.Informational {
		return true
	}
	a, b := v.RemoteCloseCode, w.RemoteCloseCode
	return a == b || a != nil && b != nil && *a == *b
}

// record returns what results say.
func record(results []*fuzzer.Result) Expected {
	e := make(Expected)
	for _, r := range results {
		if e[r.Agent] == nil {
			e[r.Agent] = make(map[string]Verdicts)
		}
		v := Verdicts{Behavior: r.Behavior, BehaviorClose: r.BehaviorClose}
		if n := r.RemoteClose.Code; n != suite.NoCode {
			v.RemoteCloseCode = &n
		}
		e[r.Agent][r.Case.ID] = v
	}
	return e
}

// WriteExpected records results in a file that ReadExpected reads, with a line for each case.
func WriteExpected(path string, results []*fuzzer.Result) error {
	e := record(results)
	b := []byte("{")
	for i, agent := range slices.Sorted(maps.Keys(e)) {
		b = comma(b, i, "\n\t")
		b = append(appendString(b, agent), ": {"...)
		for i, id := range slices.SortedFunc(maps.Keys(e[agent]), suite.CompareIDs) {
			v := e[agent][id]
			b = comma(b, i, "\n\t\t")
			b = append(appendString(b, id), `: {"behavior": `...)
			b = append(appendString(b, string(v.Behavior)), `, "behaviorClose": `...)
			b = append(appendString(b, string(v.BehaviorClose)), `, "remoteCloseCode": `...)
			if v.RemoteCloseCode == nil {
				b = append(b, "null}"...)
			} else {
				b = fmt.Appendf(b, "%d}", *v.RemoteCloseCode)
			}
		}
		b = append(b, "\n\t}"...)
	}
	return replace(path, append(b, "\n}\n"...))
}

// comma starts element i of a list.
func comma(b []byte, i int, line string) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return append(b, line...)
}

// ReadExpected reads a file of WriteExpected, or the index.json of a report.
// An error names the line and says what was expected there.
func ReadExpected(path string) (Expected, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := &decoder{json.NewDecoder(bytes.NewReader(data))}
	e, err := d.agents()
	if err != nil {
		at := min(int(d.InputOffset()), len(data))
		if s, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = min(int(s.Offset), len(data))
		}
		if errors.Is(err, errEnd) {
			at = len(data)
		}
		line := 1 + bytes.Count(data[:at], []byte("\n"))
		return nil, fmt.Errorf("%s:%d: %w", path, line, err)
	}
	return e, nil
}

// A decoder reads an Expected.
type decoder struct{ *json.Decoder }

func (d *decoder) agents() (Expected, error) {
	e := make(Expected)
	err := d.object("expected an object with a member for each agent", func(agent string) error {
		if e[agent] != nil {
			return fmt.Errorf("agent %q: it appears twice", agent)
		}
		e[agent] = make(map[string]Verdicts)
		what := fmt.Sprintf("agent %q: expected an object with a member for each case", agent)
		return d.object(what, func(id string) error {
			if _, ok := e[agent][id]; ok {
				return fmt.Errorf("agent %q: case %q appears twice", agent, id)
			}
			v, err := d.verdicts()
			if err != nil {
				return fmt.Errorf("agent %q, case %q: %w", agent, id, err)
			}
			e[agent][id] = v
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("expected the end of the file after the object")
	}
	return e, nil
}

// object reads an object, with member for the value of each key. What says what it is.
func (d *decoder) object(what string, member func(key string) error) error {
	t, err := d.Token()
	if err != nil {
		return fmt.Errorf("%s: %w", what, end(err))
	}
	if t != json.Delim('{') {
		return errors.New(what)
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return fmt.Errorf("%s: %w", what, end(err))
		}
		if err := member(t.(string)); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("%s: %w", what, end(err))
	}
	return nil
}

// verdicts reads those of a case.
func (d *decoder) verdicts() (Verdicts, error) {
	const what = "expected an object with behavior, behaviorClose and remoteCloseCode"
	var v Verdicts
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("%s: %w", what, end(err))
	}
	if !slices.Contains(behaviors, v.Behavior) {
		return v, fmt.Errorf("behavior is %q, expected one of %q", v.Behavior, behaviors)
	}
	if !slices.Contains(closings, v.BehaviorClose) {
		return v, fmt.Errorf("behaviorClose is %q, expected one of %q", v.BehaviorClose, closings)
	}
	return v, nil
}

// end says in words that a file ends too early.
func end(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errEnd
	}
	return err
}

var errEnd = errors.New("the file ends here")

// The verdicts that exist.
var (
	behaviors = []suite.Verdict{suite.OK, suite.NonStrict, suite.Informational, suite.Unimplemented, suite.Failed}
	closings  = []suite.Verdict{suite.OK, suite.WrongCode, suite.Unclean, suite.FailedByClient, suite.Failed, suite.Informational}
)

// Compare returns a line for each difference between e and results, both ways. Selected has the ids
// of the cases that were to run; nil is all. Agents are matched by name, or whatever their names are
// if there is one on each side.
func Compare(e Expected, results []*fuzzer.Result, selected []string) []string {
	got := record(results)
	if len(e) == 1 && len(got) == 1 {
		e = Expected{only(maps.Keys(got)): only(maps.Values(e))}
	}
	var lines []string
	names := maps.Clone(e)
	maps.Copy(names, got)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		lines = append(lines, compareAgent(visible(name, 60), e[name], got[name], selected)...)
	}
	return lines
}

// only returns the element of a sequence that has one.
func only[T any](seq iter.Seq[T]) T {
	return slices.Collect(seq)[0]
}

// compareAgent compares the results of an agent. Nil is an agent that is not there at all.
func compareAgent(name string, want, got map[string]Verdicts, selected []string) []string {
	if want == nil {
		return []string{fmt.Sprintf("%s: %d results, but the agent is not among those expected", name, len(got))}
	}
	ids := maps.Clone(want)
	if selected != nil {
		maps.DeleteFunc(ids, func(id string, _ Verdicts) bool { return !slices.Contains(selected, id) })
	}
	if got == nil && len(ids) > 0 {
		return []string{fmt.Sprintf("%s: no result, expected %d", name, len(ids))}
	}
	maps.Copy(ids, got)
	var lines []string
	for _, id := range slices.SortedFunc(maps.Keys(ids), suite.CompareIDs) {
		w, wanted := want[id]
		g, there := got[id]
		switch {
		case !there:
			lines = append(lines, fmt.Sprintf("%s %s: no result, expected %s", name, id, w))
		case !wanted:
			lines = append(lines, fmt.Sprintf("%s %s: got %s, but no result is expected", name, id, g))
		case !g.equal(w):
			lines = append(lines, fmt.Sprintf("%s %s: got %s, expected %s", name, id, g, w))
		}
	}
	return lines
}
