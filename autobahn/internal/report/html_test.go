package report

import (
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// allPages returns the index and the pages of all results.
func allPages(t *testing.T, results []*fuzzer.Result, order []*suite.Case) map[string]string {
	t.Helper()
	b := newBook(results, order)
	index, err := b.indexPage()
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{"index": string(index)}
	for _, a := range b.agents {
		for i, r := range a.results {
			page, err := b.casePage(a, i)
			if err != nil {
				t.Fatal(err)
			}
			pages[a.file(r.Case.ID)] = string(page)
		}
	}
	return pages
}

func TestPagesAreWellFormed(t *testing.T) {
	x := &suite.Case{ID: "x.1", Requirements: []string{"6455-5.2-01"}, Refusal: &suite.Refusal{Statuses: []int{400, 0}}}
	refused := &fuzzer.Result{Case: x, Agent: "a", HTTPResponse: "HTTP/1.1 404 Not Found\r\n\r\n", RemoteClose: fuzzer.Status{Code: suite.NoCode}}
	results := []*fuzzer.Result{failed32(), broken(), refused}
	for _, c := range suite.All() {
		results = append(results, passed(c, "a"))
	}
	for name, page := range allPages(t, results, suite.All()) {
		checkPage(t, name, page)
	}
	checkPage(t, "no results", allPages(t, nil, nil)["index"])
}

var script = regexp.MustCompile(`(?s)<script>.*?</script>`)

// checkPage checks that the elements of a page are closed, that it loads nothing and runs its own script only.
func checkPage(t *testing.T, name, page string) {
	t.Helper()
	if n := len(script.FindAllString(page, -1)); n != 1 {
		t.Errorf("%s: %d scripts", name, n)
	}
	if strings.ContainsFunc(page, func(c rune) bool { return c < ' ' && c != '\n' || c == '\u202e' || c == 0x7f }) {
		t.Errorf("%s: control characters", name)
	}
	d := xml.NewDecoder(strings.NewReader(script.ReplaceAllString(page, "")))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.AutoClose = []string{"meta", "input", "br"}
	known := strings.Fields("html head meta br title style body a header h1 h2 h3 main span button div section strong p i b small " +
		"table thead tbody tr th td ul ol li details summary select option input nav label code pre")
	ids := make(map[string]bool)
	for {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains(known, e.Name.Local) {
			t.Errorf("%s: element %s", name, e.Name.Local)
		}
		for _, a := range e.Attr {
			switch {
			case strings.HasPrefix(a.Name.Local, "on"), a.Name.Local == "src",
				strings.Contains(a.Value, "://"), a.Name.Local == "href" && strings.ContainsAny(a.Value, ":/"):
				t.Errorf("%s: attribute %s=%q", name, a.Name.Local, a.Value)
			case a.Name.Local == "id" && ids[a.Value]:
				t.Errorf("%s: id %q appears twice", name, a.Value)
			case a.Name.Local == "id":
				ids[a.Value] = true
			}
		}
	}
}

func TestPagesAreBounded(t *testing.T) {
	r := broken()
	r.Agent = strings.Repeat("agent ", 10000)
	r.Text = strings.Repeat("x", 1<<20)
	r.HTTPResponse = strings.Repeat("y", 1<<20)
	for range 20000 {
		r.Log = append(r.Log, fuzzer.Entry{What: fuzzer.RxFrame, Size: 3, Octets: []byte("abc"), Opcode: 1})
		r.Received = append(r.Received, text("abc"))
	}
	r.RxOctets = make(map[int]int)
	for i := range 20000 {
		r.RxOctets[i] = 1
	}
	for name, page := range allPages(t, []*fuzzer.Result{r}, nil) {
		if len(page) > 600<<10 {
			t.Errorf("%s has %d octets", name, len(page))
		}
	}
}

func TestIndexIsSmall(t *testing.T) {
	var results []*fuzzer.Result
	var order []*suite.Case
	for _, c := range suite.All() {
		if n, _ := suite.SectionOf(c.ID); n != "x" {
			order = append(order, c)
			results = append(results, passed(c, "a"))
		}
	}
	pages := allPages(t, results, order)
	if n := len(pages["index"]); n > 400<<10 {
		t.Errorf("the index of %d cases has %d octets", len(order), n)
	}
	for name, page := range pages {
		if name != "index" && len(page) > 64<<10 {
			t.Errorf("%s has %d octets", name, len(page))
		}
	}
}

func TestIndexPage(t *testing.T) {
	missed := &suite.Case{ID: "7.1.1", Description: "Sends nothing."}
	echo := &suite.Case{ID: "12.1.1", OK: nil, Steps: []suite.Step{suite.Loop{Opcode: 1, Count: 1000, Unit: 16}}, Close: suite.Closing{Codes: []int{1000}}}
	timed := passed(echo, "My Lib/1.0")
	timed.Duration = 1234e6
	timed.Traffic = &fuzzer.Traffic{In: fuzzer.Flow{Payload: 1, App: 4}, Out: fuzzer.Flow{Payload: 1, App: 8}}
	page := allPages(t, []*fuzzer.Result{failed32(), timed, passed(echo, "Other")}, []*suite.Case{missed})["index"]
	for what, want := range map[string]string{
		"a summary":                    "<strong>1</strong> of 2 passed",
		"what was received":            `text message &#34;Hello, world!&#34;, pong &#34;&#34;</span>`,
		"a link to the case":           `<a href="my_lib_1_0_case_3_2.html">3.2</a>`,
		"a case without a result":      `<i>–</i>Missing`,
		"a section":                    `3 Reserved Bits</th>`,
		"a part of one":                `12.1 JSON, text messages</th>`,
		"the key of a row":             `<tr data-v="failed missing"><th scope="row" class="id">3.2</th>`,
		"the time":                     `<small>1234 ms</small>`,
		"the rates":                    `<small>0.250 / 0.125</small>`,
		"the verdict about a closing":  `<i>✗</i>FAILED 1000`,
		"the count of a filter button": `data-v="missing" aria-pressed="false"><i>–</i>Missing 2`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the index does not have %s: %s", what, want)
		}
	}
}

func TestCasePage(t *testing.T) {
	first := &suite.Case{ID: "3.1", Requirements: []string{"6455-5.2-01"}, OK: []suite.Event{}, Close: suite.Closing{ByPeer: true, Codes: []int{1002}}}
	r := failed32()
	r.Log[4].Refused = true
	pages := allPages(t, []*fuzzer.Result{r, passed(first, "My Lib/1.0"), passed(case32(), "Other")}, nil)
	page := pages["my_lib_1_0_case_3_2"]
	for what, want := range map[string]string{
		"the case before":         `id="prev" href="my_lib_1_0_case_3_1.html"`,
		"the other agent":         `<a href="other_case_3_2.html">Other</a>`,
		"the data":                `href="my_lib_1_0_case_3_2.json"`,
		"why":                     "<p>Event 2 was not expected.</p>",
		"an event that is right":  "✓ same",
		"an event too much":       "✗ not expected",
		"who was to close":        "<td>the peer</td><td>the fuzzer</td><td>✗ decides</td>",
		"a frame that was sent":   "→ sent</td>",
		"its bits":                `<span class="bit odd">RSV2</span> <span class="bit">mask 01020304</span>`,
		"its octets":              "48656c6c 6f2c2077 6f726c64 21",
		"a frame that is refused": `<span class="bit odd">refused</span>`,
		"a timer":                 "The connection will be failed after 0.5 s",
		"how it was closed":       "The fuzzer sent close 1001 (going away) &#34;Going Away&#34; first; the peer answered with close 1000 (normal closure).",
		"the response":            "HTTP/1.1 101 Switching Protocols\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %s: %s", what, want)
		}
	}
	if want := "tests <code>6455-5.2-01</code>"; !strings.Contains(pages["my_lib_1_0_case_3_1"], want) {
		t.Errorf("the page does not have %s", want)
	}
}
