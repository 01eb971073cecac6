package report

import (
	"slices"
	"strings"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// indexView is what the index shows.
type indexView struct {
	chrome
	When     string
	Agents   []agentView
	Sections []sectionView
	Chips    []chip
	Groups   []groupView
	Cases    int
}

type agentView struct {
	Name           string
	Passed, Total  int
	Time           string
	Counts         []chip
	Failing, Loose []problem // cases to look at: those that fail, those that are NON-STRICT
}

// A chip counts the cases with a verdict.
type chip struct {
	mark
	Key   string // of the filter
	Count int
}

// A problem is a case that needs attention.
type problem struct {
	ID, Href          string
	Behavior, Closing mark
	Sent, Expected    string
	Before, End       string // what was received before the closing, and in it
}

type sectionView struct {
	ID, Title string
	Cells     []tally
}

// A tally counts the verdicts of an agent in a section.
type tally struct {
	Passed, Total int
	Counts        []chip
}

type groupView struct {
	ID, Title string
	Section   string
	Above     string // the title of the section, if this is the first part of it
	Rows      []rowView
}

type rowView struct {
	ID, Description string
	Keys            string // of the filter
	Cells           []cell
}

// A cell is the result of an agent in a case.
type cell struct {
	Href              string
	Behavior, Closing mark
	Code, Time, Rates string
	Agent             string // if there are several
}

// indexPage returns the page that lists all cases.
func (b *book) indexPage() ([]byte, error) {
	v := indexView{
		chrome: newChrome("WebSocket conformance report", "index"),
		When:   b.when(),
		Cases:  len(b.cases),
	}
	for _, a := range b.agents {
		v.Agents = append(v.Agents, a.view())
	}
	v.Sections = b.sections()
	v.Groups = b.groups()
	v.Chips = chips(v.Groups)
	return render("index.html", v)
}

// when says when the results came about.
func (b *book) when() string {
	var first, last time.Time
	for _, a := range b.agents {
		for _, r := range a.results {
			if first.IsZero() || r.Started.Before(first) {
				first = r.Started
			}
			if end := r.Started.Add(r.Duration); end.After(last) {
				last = end
			}
		}
	}
	if first.IsZero() {
		return ""
	}
	return first.UTC().Format("2006-01-02 15:04:05 UTC") + ", " + last.Sub(first).Round(time.Second/10).String()
}

func (a *agent) view() agentView {
	v := agentView{Name: visible(a.name, 100), Total: len(a.results)}
	for _, r := range a.results {
		if Passed(r, false) {
			v.Passed++
		}
		switch {
		case !Passed(r, false):
			v.Failing = append(v.Failing, a.problem(r))
		case !Passed(r, true):
			v.Loose = append(v.Loose, a.problem(r))
		}
	}
	v.Counts = tallyOf(a.results).Counts
	return v
}

func (a *agent) problem(r *fuzzer.Result) problem {
	before, end := receivedParts(r)
	return problem{
		ID:       r.Case.ID,
		Href:     a.file(r.Case.ID) + ".html",
		Behavior: markBehavior(r.Behavior),
		Closing:  markClosing(r.BehaviorClose),
		Sent:     sent(r.Case),
		Expected: expected(r.Case),
		Before:   before,
		End:      end,
	}
}

// sections returns the results in each section, by agent.
func (b *book) sections() []sectionView {
	var views []sectionView
	for _, s := range suite.Sections() {
		if !slices.ContainsFunc(b.cases, func(c *suite.Case) bool { return s.Has(c.ID) }) {
			continue
		}
		v := sectionView{ID: s.Number, Title: s.Title}
		for _, a := range b.agents {
			var in []*fuzzer.Result
			for _, r := range a.results {
				if s.Has(r.Case.ID) {
					in = append(in, r)
				}
			}
			v.Cells = append(v.Cells, tallyOf(in))
		}
		views = append(views, v)
	}
	return views
}

// tallyOf counts verdicts. Those of a closing count if the behavior is no failure.
func tallyOf(results []*fuzzer.Result) tally {
	t := tally{Total: len(results)}
	for _, r := range results {
		if Passed(r, false) {
			t.Passed++
		}
		t.Counts = count(t.Counts, overall(r))
	}
	sortChips(t.Counts)
	return t
}

// overall returns the mark of the verdict that matters most.
func overall(r *fuzzer.Result) mark {
	if m := markBehavior(r.Behavior); m.Class == "fa" || closedWell(r) {
		return m
	}
	return markClosing(r.BehaviorClose)
}

// count adds one to the chip of a mark.
func count(chips []chip, m mark) []chip {
	for i := range chips {
		if chips[i].Word == m.Word {
			chips[i].Count++
			return chips
		}
	}
	return append(chips, chip{mark: m, Key: key(m), Count: 1})
}

// key returns the name of a verdict in the filter.
func key(m mark) string {
	return strings.ReplaceAll(strings.ToLower(m.Word), " ", "-")
}

// ranks has the verdicts in the order in which they are shown.
var ranks = []string{
	"OK", "INFORMATIONAL", "NON-STRICT", "UNIMPLEMENTED", "WRONG CODE", "FAILED BY CLIENT", "UNCLEAN", "FAILED", "Missing",
}

func sortChips(chips []chip) {
	slices.SortFunc(chips, func(a, b chip) int { return slices.Index(ranks, a.Word) - slices.Index(ranks, b.Word) })
}

// groups returns the rows of the cases, by subsection.
func (b *book) groups() []groupView {
	var groups []groupView
	last := ""
	for _, c := range b.cases {
		above, aboveTitle := suite.SectionOf(c.ID)
		id, title := suite.PartOf(c.ID)
		if id == "" {
			id, title = above, aboveTitle
		}
		if n := len(groups); n == 0 || groups[n-1].ID != id {
			g := groupView{ID: id, Title: title, Section: above}
			if above != last {
				g.Above, last = aboveTitle, above
			}
			groups = append(groups, g)
		}
		g := &groups[len(groups)-1]
		g.Rows = append(g.Rows, b.row(c))
	}
	return groups
}

func (b *book) row(c *suite.Case) rowView {
	v := rowView{ID: c.ID, Description: c.Description}
	var keys []string
	for _, a := range b.agents {
		r := a.byID[c.ID]
		x := cell{Behavior: missing}
		if r != nil {
			x = a.cell(r)
			keys = append(keys, key(overall(r)))
		} else {
			keys = append(keys, key(missing))
		}
		if len(b.agents) > 1 {
			x.Agent = visible(a.name, 40)
		}
		v.Cells = append(v.Cells, x)
	}
	slices.Sort(keys)
	v.Keys = strings.Join(slices.Compact(keys), " ")
	return v
}

func (a *agent) cell(r *fuzzer.Result) cell {
	x := cell{
		Href:     a.file(r.Case.ID) + ".html",
		Behavior: markBehavior(r.Behavior),
		Closing:  markClosing(r.BehaviorClose),
		Code:     codeText(r.RemoteClose),
	}
	if timed(r) {
		x.Time = millis(r.Duration)
	}
	if r.Traffic != nil {
		x.Rates = ratio(r.Traffic.In) + " / " + ratio(r.Traffic.Out)
	}
	return x
}

// chips returns the verdicts that the filter offers, with the number of their rows.
func chips(groups []groupView) []chip {
	var all []chip
	for _, g := range groups {
		for _, r := range g.Rows {
			for k := range strings.FieldsSeq(r.Keys) {
				all = count(all, markOf(k))
			}
		}
	}
	sortChips(all)
	return all
}

// markOf returns the mark with a key.
func markOf(k string) mark {
	for _, v := range ranks {
		if m := markBehavior(suite.Verdict(v)); m.Word == v && key(m) == k {
			return m
		}
		if m := markClosing(suite.Verdict(v)); m.Word == v && key(m) == k {
			return m
		}
	}
	return missing
}
