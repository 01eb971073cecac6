package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// Bounds of a page, whatever the peer sent.
const (
	maxEvents = 200
	maxLog    = 1500
	maxHTTP   = 4000
	maxSizes  = 100
	maxText   = 200 // octets of a payload that are shown as text
)

// caseView is what the page of a case shows.
type caseView struct {
	chrome
	ID, Agent, Section       string
	Description, Expectation string
	Requirements             []string
	Behavior, Closing        mark
	Code                     string
	Started, Duration, Role  string
	Prev, Next               *link
	Others                   []link
	Data                     string // the JSON file

	Why      []string
	Expected []eventList
	Instead  string // what is expected, if that is no list
	Received eventList
	Got      string // what was received, if that is no list
	Ending   []string
	Rules    []rule

	Log               []logView
	LogCut            string
	Request, Response string
	Flags             []fact
	Frames            []sizes
	Octets            []sizes
	Traffic           []sizes
}

type link struct {
	Href, Text string
	Mark       mark
}

// An eventList is a list of events beside another.
type eventList struct {
	Title string
	Items []eventView
	More  int
	Any   bool // what the events are does not matter
}

type eventView struct {
	Kind      string
	Text, Hex string
	Size      string
	Same      bool
	Beside    string // how it compares with the event beside it
}

// A fact is a line of a table.
type fact struct {
	Name, Value string
}

// sizes is a line of a table with a column for each direction.
type sizes struct {
	Name, In, Out string
}

// casePage returns the page of result i of an agent.
func (b *book) casePage(a *agent, i int) ([]byte, error) {
	r := a.results[i]
	c := r.Case
	name := visible(a.name, 100)
	v := caseView{
		chrome:       newChrome(c.ID+" "+overall(r).Word+" · "+name, "case"),
		ID:           c.ID,
		Agent:        name,
		Section:      path(c.ID),
		Description:  c.Description,
		Expectation:  c.Expectation,
		Requirements: c.Requirements,
		Behavior:     markBehavior(r.Behavior),
		Closing:      markClosing(r.BehaviorClose),
		Code:         codeText(r.RemoteClose),
		Started:      r.Started.UTC().Format("2006-01-02 15:04:05.000 UTC"),
		Duration:     millis(r.Duration),
		Role:         pick(r.Client, "the peer is the server", "the peer is the client"),
		Prev:         a.link(i - 1),
		Next:         a.link(i + 1),
		Others:       b.others(a, c.ID),
		Data:         a.file(c.ID) + ".json",

		Why:      why(r),
		Received: eventsView("", r.Received, c.OK, "not expected"),
		Ending:   ending(r),

		Log:      logViews(r),
		LogCut:   logEnd(r),
		Request:  visibleLines(r.HTTPRequest, maxHTTP),
		Response: visibleLines(r.HTTPResponse, maxHTTP),
		Flags:    flags(r),
		Frames:   frameCounts(r),
		Octets:   octetCounts(r),
		Traffic:  traffic(r.Traffic),
	}
	v.compare(r)
	return render("case.html", v)
}

// compare fills in what was expected beside what was received.
func (v *caseView) compare(r *fuzzer.Result) {
	c := r.Case
	if r.Opened && c.Refusal == nil {
		v.Rules = rules(r)
	}
	if c.OK == nil {
		v.Instead = expected(c)
	} else {
		v.Expected = append(v.Expected, eventsView("", c.OK, r.Received, "did not come"))
	}
	if c.NonStrict != nil {
		v.Expected = append(v.Expected, eventsView("or, for NON-STRICT", c.NonStrict, r.Received, "did not come"))
	}
	if in := c.Instead; in != nil {
		l := eventsView("or, for "+string(in.Verdict)+", then "+closing(in.Close), in.Events, r.Received, "did not come")
		l.Any = in.Events == nil
		v.Expected = append(v.Expected, l)
	}
	if hasLoop(c) || c.Length != nil || !r.Opened {
		v.Got = received(r)
	}
}

// path names the section and the subsection of a case.
func path(id string) string {
	n, title := suite.SectionOf(id)
	text := n + " " + title
	if n, title := suite.PartOf(id); n != "" {
		text += " › " + n + " " + title
	}
	return text
}

// link returns the link to result i, or nil if there is none.
func (a *agent) link(i int) *link {
	if i < 0 || i >= len(a.results) {
		return nil
	}
	r := a.results[i]
	return &link{Href: a.file(r.Case.ID) + ".html", Text: r.Case.ID, Mark: overall(r)}
}

// others returns the links to the same case of the other agents.
func (b *book) others(a *agent, id string) []link {
	var links []link
	for _, o := range b.agents {
		if r := o.byID[id]; r != nil && o != a {
			links = append(links, link{Href: o.file(id) + ".html", Text: visible(o.name, 60), Mark: overall(r)})
		}
	}
	return links
}

// eventsView shows events, compared with others. Alone is said of those that have none beside them.
func eventsView(title string, list, others []suite.Event, alone string) eventList {
	l := eventList{Title: title, More: max(0, len(list)-maxEvents)}
	for i, e := range list[:min(len(list), maxEvents)] {
		v := eventView{Kind: kind(e.Kind), Beside: "differs"}
		switch {
		case i >= len(others):
			v.Beside = alone
		case e.Equal(others[i]):
			v.Same, v.Beside = true, "same"
		}
		if e.Kind == suite.Timeout {
			v.Text = e.Tag
		} else {
			v.Size = octets(e.Size)
			v.Text, v.Hex = textHex(e.Payload, e.Size)
		}
		l.Items = append(l.Items, v)
	}
	return l
}

func kind(k suite.Kind) string {
	switch k {
	case suite.TextMessage:
		return "text message"
	case suite.BinaryMessage:
		return "binary message"
	case suite.Pong:
		return "pong"
	}
	return "timer"
}

// flags returns what is known about the end of the connection.
func flags(r *fuzzer.Result) []fact {
	yes := func(b bool) string { return pick(b, "yes", "no") }
	return []fact{
		{"Opening handshake complete", yes(r.Opened)},
		{"Opening handshake took too long", yes(r.OpeningTimeout)},
		{"The fuzzer sent the first close frame", yes(r.ClosedByMe)},
		{"The fuzzer failed the connection", yes(r.FailedByMe)},
		{"The fuzzer ended TCP", yes(r.DroppedByMe)},
		{"Clean: a close frame from both sides", yes(r.WasClean)},
		{"The close frame of the peer came too late", yes(r.ClosingTimeout)},
		{"The server ended TCP too late", yes(r.ServerDropTimeout)},
		{"Close code and reason of the fuzzer", statusText(r.LocalClose)},
		{"Close code and reason of the peer", statusText(r.RemoteClose)},
	}
}

func statusText(s fuzzer.Status) string {
	if s.Code == suite.NoCode && s.Reason == "" {
		return "none"
	}
	return strings.TrimPrefix(status(s), "close ")
}

// frameCounts returns the number of frames by opcode.
func frameCounts(r *fuzzer.Result) []sizes {
	return table(r.RxFrames, r.TxFrames, func(n int) string { return opcode(byte(n)) })
}

// octetCounts returns the number of reads and writes by size.
func octetCounts(r *fuzzer.Result) []sizes {
	return table(r.RxOctets, r.TxOctets, octets)
}

func table(in, out map[int]int, name func(int) string) []sizes {
	keys := maps.Clone(in)
	if keys == nil {
		keys = make(map[int]int)
	}
	maps.Copy(keys, out)
	var list []sizes
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if len(list) == maxSizes {
			return append(list, sizes{fmt.Sprintf("%d more", len(keys)-maxSizes), "…", "…"})
		}
		list = append(list, sizes{name(k), number(in[k]), number(out[k])})
	}
	return list
}

func number(n int) string {
	if n == 0 {
		return "–"
	}
	return strconv.Itoa(n)
}

// traffic returns what was counted in a case with compression.
func traffic(t *fuzzer.Traffic) []sizes {
	if t == nil {
		return nil
	}
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	return []sizes{
		{"messages", n(t.In.Messages), n(t.Out.Messages)},
		{"frames", n(t.In.Frames), n(t.Out.Frames)},
		{"octets before compression", n(t.In.App), n(t.Out.App)},
		{"octets of payload", n(t.In.Payload), n(t.Out.Payload)},
		{"octets of TCP", n(t.In.Wire), n(t.Out.Wire)},
		{"compression ratio", ratio(t.In), ratio(t.Out)},
		{"octets of the opening handshake", strconv.Itoa(t.PreopenIn), strconv.Itoa(t.PreopenOut)},
	}
}
