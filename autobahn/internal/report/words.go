package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// room is how long the list of what was sent, expected or received may get in a line.
const room = 56

// sent says in a few words what the fuzzer sends in a case.
func sent(c *suite.Case) string {
	var items []string
	if c.Opening != nil {
		items = append(items, opening(c))
	}
	for _, s := range c.Steps {
		if s := step(s); s != "" {
			items = append(items, s)
		}
	}
	return list(items, room)
}

// opening says what is special about the opening handshake of a case that has its own.
func opening(c *suite.Case) string {
	text, _, _ := strings.Cut(strings.TrimSuffix(c.Description, "."), ". ")
	text = strings.Replace(text, "As client: the request ", "a request that ", 1)
	text = strings.Replace(text, "As server: the response ", "a response that ", 1)
	if text == "" {
		return "an opening handshake of its own"
	}
	return visible(text, 90)
}

// step says what the fuzzer does in a step, or nothing if it is only a timer.
func step(s suite.Step) string {
	switch s := s.(type) {
	case suite.Frame:
		return frame(s)
	case suite.Octets:
		return "octets " + payload(s.Payload, 20)
	case suite.Message:
		text := opcode(s.Opcode) + " message " + payload(s.Payload, 20)
		if s.Frag > 0 {
			text += " in frames of " + strconv.Itoa(s.Frag)
		}
		return text
	case suite.Close:
		text := "close " + strconv.Itoa(s.Code)
		if s.Code == suite.NoCode {
			text = "close without a code"
		}
		if len(s.Reason) > 0 {
			text += " " + quote(s.Reason, len(s.Reason), 20)
		}
		return text
	case suite.Wait:
		return "a pause of " + seconds(s.For)
	case suite.Loop:
		unit := "octets"
		if s.Data == suite.JSON || s.Data == suite.Page {
			unit = "characters"
		}
		return fmt.Sprintf("%d %s messages of %d %s", s.Count, opcode(s.Opcode), s.Unit, unit)
	}
	return ""
}

// frame says what is special about a frame.
func frame(f suite.Frame) string {
	text := opcode(f.Opcode)
	if f.NotFin {
		text += " FIN=0"
	}
	if f.RSV != 0 {
		text += fmt.Sprintf(" RSV=%d", f.RSV)
	}
	if f.WrongMask {
		text += " masked wrongly"
	}
	if f.LengthForm != 0 {
		text += fmt.Sprintf(" length in %d bits", f.LengthForm)
	}
	if f.Claim != 0 {
		text += fmt.Sprintf(" length %d", f.Claim)
	}
	if f.Payload.N > 0 {
		text += " " + payload(f.Payload, 20)
	}
	if f.Chop > 0 {
		text += fmt.Sprintf(" in writes of %d", f.Chop)
	}
	if f.Times > 1 {
		text += fmt.Sprintf(" %d times", f.Times)
	}
	return text
}

// expected says in a few words what a correct peer does in a case.
func expected(c *suite.Case) string {
	var text string
	switch {
	case c.Refusal != nil:
		return "the opening handshake to be refused" + statuses(c.Refusal.Statuses)
	case c.Length != nil:
		text = fmt.Sprintf("a %s message of %s", opcode(c.Length.Opcode), octets(c.Length.N))
	case hasLoop(c):
		text = "the echo of each"
	case c.OK == nil:
		text = "any answer"
	default:
		text = events(c.OK, room-10)
	}
	return text + ", then " + closing(c.Close)
}

func statuses(codes []int) string {
	switch {
	case len(codes) == 0:
		return ""
	case codes[0] == 0:
		return " by the end of TCP"
	}
	text := " with status " + or(codes)
	return strings.Replace(text, " or 0", " or by the end of TCP", 1)
}

// closing says how a connection is expected to end.
func closing(c suite.Closing) string {
	text := "close " + or(c.Codes)
	if !c.ByPeer {
		return text + " in answer"
	}
	if !c.Clean {
		return text + " by the peer, or the end of TCP"
	}
	return text + " by the peer"
}

// or joins numbers, each once.
func or(codes []int) string {
	var text string
	for i, n := range codes {
		if i == 0 || n != codes[i-1] {
			text += " or " + strconv.Itoa(n)
		}
	}
	return strings.TrimPrefix(text, " or ")
}

// received says in a few words what came from the peer.
func received(r *fuzzer.Result) string {
	before, end := receivedParts(r)
	return before + end
}

// receivedParts is received in two parts: up to the closing, and the closing.
func receivedParts(r *fuzzer.Result) (before, end string) {
	if !r.Opened {
		return openingEnd(r), ""
	}
	before = came(r)
	if r.Case.Length != nil || hasLoop(r.Case) || r.Behavior == suite.Unimplemented {
		before = visible(strings.TrimPrefix(r.Text, "received "), 60) // the messages are not kept
	}
	if r.PeerError != "" {
		end = ", then an error: " + visible(r.PeerError, 80)
		if !r.WasClean {
			return before, end
		}
	}
	end += ", then " + closeFrame(r)
	if r.ClosedByMe {
		end += " in answer to " + pick(r.LocalClose.Code == suite.NoCode, "one without a code", strconv.Itoa(r.LocalClose.Code))
	}
	switch {
	case r.ClosingTimeout, r.ServerDropTimeout, r.DroppedByMe && r.Client:
		end += ", then TCP left open"
	case !r.ClosedByMe && !r.WasClean && !r.DroppedByMe:
		end += ", but the end of TCP"
	}
	return before, end
}

// came lists what was received. Events that are as expected are only counted if there is no room.
func came(r *fuzzer.Result) string {
	n := 0
	for n < min(len(r.Received), len(r.Case.OK)) && r.Received[n].Equal(r.Case.OK[n]) {
		n++
	}
	if n == 0 || n == len(r.Received) || len(events(r.Received, 1<<20)) < room {
		return events(r.Received, room-10)
	}
	return fmt.Sprintf("%d as expected, then %s", n, events(r.Received[n:], room-20))
}

// hasLoop reports whether the steps of a case judge what comes back.
func hasLoop(c *suite.Case) bool {
	return slices.ContainsFunc(c.Steps, func(s suite.Step) bool {
		_, ok := s.(suite.Loop)
		return ok
	})
}

// closeFrame says which close frame came from the peer.
func closeFrame(r *fuzzer.Result) string {
	switch {
	case r.RemoteClose.Code != suite.NoCode:
		return "close " + strconv.Itoa(r.RemoteClose.Code)
	case r.WasClean:
		return "close without a code"
	}
	return "no close frame"
}

// openingEnd says how an opening handshake ended that did not succeed.
func openingEnd(r *fuzzer.Result) string {
	answer, side := r.HTTPResponse, "response"
	if !r.Client {
		answer, side = r.HTTPRequest, "request"
	}
	first, _, _ := strings.Cut(answer, "\n")
	switch {
	case strings.TrimSpace(first) != "":
		return visible(strings.TrimSpace(first), 60)
	case r.OpeningTimeout:
		return "no " + side + " in time"
	}
	return "no " + side
}

// events lists events in words.
func events(all []suite.Event, limit int) string {
	if len(all) == 0 {
		return "nothing"
	}
	items := make([]string, len(all))
	for i, e := range all {
		items[i] = event(e, 20)
	}
	return list(items, limit)
}

// event names an event and its payload, of which limit octets are shown.
func event(e suite.Event, limit int) string {
	switch e.Kind {
	case suite.Pong:
		return "pong " + quote(e.Payload, e.Size, limit)
	case suite.Timeout:
		return "timer " + e.Tag
	case suite.BinaryMessage:
		return "binary message " + quote(e.Payload, e.Size, limit)
	}
	return "text message " + quote(e.Payload, e.Size, limit)
}

// list joins items. Those after the first that would make it longer than limit are only counted.
func list(items []string, limit int) string {
	var text string
	for i, s := range items {
		if i > 0 && len(text)+len(s) > limit {
			return fmt.Sprintf("%s and %d more", text, len(items)-i)
		}
		if i > 0 {
			text += ", "
		}
		text += s
	}
	if text == "" {
		return "nothing"
	}
	return text
}

// opcode names an opcode.
func opcode(n byte) string {
	switch n {
	case suite.OpContinuation:
		return "continuation"
	case suite.OpText:
		return "text"
	case suite.OpBinary:
		return "binary"
	case suite.OpClose:
		return "close frame"
	case suite.OpPing:
		return "ping"
	case suite.OpPong:
		return "pong"
	}
	return fmt.Sprintf("opcode %d", n)
}

func octets(n int) string {
	if n == 1 {
		return "1 octet"
	}
	return strconv.Itoa(n) + " octets"
}

// seconds shows a time as seconds.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
}
