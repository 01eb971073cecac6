package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// Each page is one file that loads nothing: the templates get the style and the scripts as text.
//
//go:embed page
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"first":   func(p []problem) []problem { return p[:min(len(p), 20)] },
	"rest":    func(p []problem) []problem { return p[min(len(p), 20):] },
	"columns": func(a []agentView) int { return 2 + len(a) },
}).ParseFS(files, "page/*.html"))

// A chrome is what all pages have around their content.
type chrome struct {
	Title  string
	Style  template.CSS
	Script template.JS
	Policy string // the browser runs this script only, and loads nothing
}

// newChrome returns that of a page whose style and script have a name.
func newChrome(title, name string) chrome {
	js := asset("theme.js") + asset(name+".js")
	sum := sha256.Sum256([]byte(js))
	return chrome{
		Title:  title,
		Style:  template.CSS(asset("style.css") + asset(name+".css")),
		Script: template.JS(js),
		Policy: "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src 'sha256-" +
			base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
}

// asset returns an embedded file with the line ends that a browser sees, so that its hash is right.
func asset(name string) string {
	b, err := files.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

// render fills in a template.
func render(name string, view any) ([]byte, error) {
	var b bytes.Buffer
	err := pages.ExecuteTemplate(&b, name, view)
	return b.Bytes(), err
}

// A mark shows a verdict: as a word, a sign and a colour.
type mark struct {
	Word, Sign, Class string
}

// markBehavior returns the mark of a behavior. Any verdict that is not known is a failure.
func markBehavior(v suite.Verdict) mark {
	switch v {
	case suite.OK:
		return mark{"OK", "✓", "ok"}
	case suite.NonStrict:
		return mark{"NON-STRICT", "≈", "ns"}
	case suite.Informational:
		return mark{"INFORMATIONAL", "i", "in"}
	case suite.Unimplemented:
		return mark{"UNIMPLEMENTED", "○", "un"}
	}
	return mark{string(suite.Failed), "✗", "fa"}
}

// markClosing returns the mark of the closing.
func markClosing(v suite.Verdict) mark {
	switch v {
	case suite.OK, suite.Informational:
		return markBehavior(v)
	case suite.WrongCode:
		return mark{"WRONG CODE", "≠", "wc"}
	case suite.Unclean:
		return mark{"UNCLEAN", "✗", "fa"}
	case suite.FailedByClient:
		return mark{"FAILED BY CLIENT", "✗", "wc"}
	}
	return mark{string(suite.Failed), "✗", "fa"}
}

var missing = mark{"Missing", "–", "mi"}

// codeText returns the code of a close frame, or the words for none.
func codeText(s fuzzer.Status) string {
	if s.Code == suite.NoCode {
		return "no code"
	}
	return strconv.Itoa(s.Code)
}

// millis shows a time in milliseconds.
func millis(d time.Duration) string {
	return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
}

// ratio shows the octets sent for each octet of content.
func ratio(f fuzzer.Flow) string {
	if f.App == 0 {
		return "–"
	}
	return strconv.FormatFloat(float64(f.Payload)/float64(f.App), 'f', 3, 64)
}
