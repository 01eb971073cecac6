package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// why explains the verdict about the behavior, beyond what the text of the result says.
func why(r *fuzzer.Result) []string {
	lines := sentence(r.Text)
	if r.PeerError != "" {
		lines = append(lines, sentence("the fuzzer took what came for an error: "+r.PeerError)...)
	}
	c := r.Case
	switch {
	case c.Informational:
		lines = append(lines, "This case only shows what the peer does: every outcome is INFORMATIONAL.")
	case c.OK == nil || c.Refusal != nil || !r.Opened || r.Behavior == suite.OK:
	case slices.EqualFunc(c.OK, r.Received, suite.Event.Equal):
		lines = append(lines, "The events are those expected, but in this case the closing decides the behavior too.")
	case r.Behavior == suite.NonStrict:
		lines = append(lines, "For OK it had to be: "+events(c.OK, 200)+".")
	default:
		lines = append(lines, where(c.OK, r.Received)...)
	}
	return lines
}

// sentence returns text with a capital and a full stop.
func sentence(text string) []string {
	if text == "" {
		return nil
	}
	text = visible(text, 600)
	c, n := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(c)) + text[n:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return []string{text}
}

// where says at which octet the first event that is not as it should be begins to differ.
func where(want, got []suite.Event) []string {
	i := 0
	for i < len(want) && i < len(got) && want[i].Equal(got[i]) {
		i++
	}
	if i == len(want) || i == len(got) || want[i].Kind != got[i].Kind || want[i].Kind == suite.Timeout {
		return nil
	}
	w, g := want[i], got[i]
	n := min(len(w.Payload), len(g.Payload))
	at := 0
	for at < n && w.Payload[at] == g.Payload[at] {
		at++
	}
	switch {
	case at < n:
		return []string{fmt.Sprintf("The payload of event %d differs from octet %d on.", i+1, at)}
	case w.Size != g.Size:
		return []string{fmt.Sprintf("The payload of event %d has %s instead of %s.", i+1, octets(g.Size), octets(w.Size))}
	}
	return nil
}

// A rule is a question that the verdict about the closing asks. The first that is broken decides.
type rule struct {
	Question, Expected, Received string
	Broken, Decides              bool
}

// rules returns those of a result whose opening handshake succeeded.
func rules(r *fuzzer.Result) []rule {
	want := closingOf(r)
	all := []rule{
		{
			Question: "Who closes first?",
			Expected: side(!want.ByPeer),
			Received: side(r.ClosedByMe),
			Broken:   r.ClosedByMe == want.ByPeer,
		},
		{
			Question: "A clean closing, with a close frame from both sides?",
			Expected: pick(want.Clean, "yes", "not required"),
			Received: pick(r.WasClean, "yes", "no"),
			Broken:   want.Clean && !r.WasClean,
		},
		{
			Question: "Which code in the close frame of the peer?",
			Expected: or(want.Codes) + ", or none",
			Received: codeText(r.RemoteClose),
			Broken:   r.RemoteClose.Code != suite.NoCode && !slices.Contains(want.Codes, r.RemoteClose.Code),
		},
	}
	if !r.ClosedByMe && !r.WasClean {
		all[0].Received = "nobody sent a close frame: " + pick(r.DroppedByMe, "the fuzzer", "the peer") + " ended TCP"
	}
	if r.Client {
		all = append(all, rule{
			Question: "Who ends TCP?",
			Expected: "the server",
			Received: pick(r.DroppedByMe, "the fuzzer had to", "the server"),
			Broken:   r.DroppedByMe,
		})
	}
	deciding := slices.Index([]suite.Verdict{suite.Failed, suite.Unclean, suite.WrongCode, suite.FailedByClient}, r.BehaviorClose)
	if deciding >= 0 && deciding < len(all) {
		all[deciding].Decides = true
	}
	return all
}

// closingOf returns the closing that was expected: that of the case, or of the other way in which it may go.
func closingOf(r *fuzzer.Result) suite.Closing {
	c, in := r.Case, r.Case.Instead
	if in == nil || r.ClosedByMe == in.Close.ByPeer || in.Events != nil && !slices.EqualFunc(in.Events, r.Received, suite.Event.Equal) {
		return c.Close
	}
	if c.OK != nil && slices.EqualFunc(c.OK, r.Received, suite.Event.Equal) && r.ClosedByMe != c.Close.ByPeer {
		return c.Close
	}
	return in.Close
}

// side names the side of the fuzzer, or the other one.
func side(me bool) string { return pick(me, "the fuzzer", "the peer") }

func pick(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// ending tells how the connection ended.
func ending(r *fuzzer.Result) []string {
	lines := sentence(r.CloseText)
	if !r.Opened {
		return lines
	}
	if r.FailedByMe {
		lines = append(lines, "The fuzzer failed the connection: "+pick(killed(r), "the peer had not ended it in time.", "the peer broke the protocol."))
	}
	switch {
	case r.ClosedByMe && r.WasClean:
		lines = append(lines, "The fuzzer sent "+status(r.LocalClose)+" first; the peer answered with "+status(r.RemoteClose)+".")
	case r.ClosedByMe:
		lines = append(lines, "The fuzzer sent "+status(r.LocalClose)+" first; no valid close frame came back"+pick(r.ClosingTimeout, " in time.", "."))
	case r.WasClean:
		lines = append(lines, "The peer sent "+status(r.RemoteClose)+" first; the fuzzer answered with "+status(r.LocalClose)+".")
	default:
		lines = append(lines, "Neither side started a closing handshake.")
	}
	switch {
	case r.ServerDropTimeout:
		lines = append(lines, "The server did not end TCP in time after the close frames, so the fuzzer did.")
	case r.DroppedByMe:
		lines = append(lines, "The fuzzer ended TCP.")
	default:
		lines = append(lines, "The peer ended TCP.")
	}
	return lines
}

// killed reports whether the time of the case was over before the connection was.
func killed(r *fuzzer.Result) bool {
	return r.LocalClose.Code == 1001 || slices.ContainsFunc(r.Log, func(e fuzzer.Entry) bool { return e.What == fuzzer.KillDue })
}

// status shows the content of a close frame.
func status(s fuzzer.Status) string {
	text := "a close frame without a code"
	if s.Code != suite.NoCode {
		text = "close " + strconv.Itoa(s.Code)
		if name := codeNames[s.Code]; name != "" {
			text += " (" + name + ")"
		}
	}
	if s.Reason != "" {
		text += " " + quote([]byte(s.Reason), len(s.Reason), 123)
	}
	return text
}

// codeNames has the codes that RFC 6455 defines.
var codeNames = map[int]string{
	1000: "normal closure",
	1001: "going away",
	1002: "protocol error",
	1003: "unsupported data",
	1007: "invalid payload data",
	1008: "policy violation",
	1009: "message too big",
	1010: "mandatory extension",
	1011: "internal error",
}
