package fuzzer

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A loop is a suite.Loop at work.
type loop struct {
	suite.Loop
	echoes int
	last   []byte // what was sent last
}

// loopOf returns the loop of a case, or nil.
func loopOf(c *suite.Case) *suite.Loop {
	for _, step := range c.Steps {
		if l, ok := step.(suite.Loop); ok {
			return &l
		}
	}
	return nil
}

// next sends the next message of the loop.
func (s *session) next() {
	l := s.loop
	if l.Data != 0 {
		l.last = l.Data.Message(l.echoes, l.Unit)
	} else if l.last == nil {
		l.last = bytes.Repeat([]byte{l.Fill}, l.Unit)
	}
	s.send(l.Opcode, l.last, l.AutoFrag, true)
}

// received takes a complete message.
func (s *session) received(e suite.Event) {
	switch {
	case s.message != nil:
		s.message(e.Payload)
	case s.r.Behavior == suite.Unimplemented:
	case s.c.Length != nil:
		s.judgeLength(e)
	case s.loop != nil:
		s.judgeEcho(e)
	default:
		s.record(e)
	}
}

// judgeLength judges a message by its type and length. A right one is enough.
func (s *session) judgeLength(e suite.Event) {
	want := s.c.Length
	if e.Kind == messageKind(want.Opcode) && e.Size == want.N {
		s.r.Behavior = suite.OK
		s.r.Text = fmt.Sprintf("received a %s of %d octets, as expected", e.Kind, e.Size)
	} else {
		s.r.Text = fmt.Sprintf("expected a %s of %d octets, received a %s of %d",
			messageKind(want.Opcode), want.N, e.Kind, e.Size)
	}
	s.close(1000, nil)
}

// judgeEcho judges an echo of the loop and sends the next message.
// Every message counts as the echo of what was sent last.
func (s *session) judgeEcho(e suite.Event) {
	l := s.loop
	problem := ""
	switch {
	case e.Kind != messageKind(l.Opcode):
		problem = fmt.Sprintf("expected a %s, received a %s", messageKind(l.Opcode), e.Kind)
	case l.Verify && !bytes.Equal(e.Payload, l.last), e.Size != len(l.last):
		problem = fmt.Sprintf("expected the echo of %d octets, received %d octets", len(l.last), e.Size)
		if e.Size == len(l.last) {
			problem += " that differ"
		}
	}
	if problem != "" {
		s.r.Behavior = suite.Failed
		s.r.Text = fmt.Sprintf("message %d of %d: %s", l.echoes+1, l.Count, problem)
		s.close(1000, nil)
		return
	}
	l.echoes++
	if l.echoes >= l.Count {
		s.r.Behavior = suite.OK
		s.r.Text = fmt.Sprintf("received all %d echoes", l.Count)
		s.close(1000, nil)
		return
	}
	s.next()
}

// record adds an event, and closes if it was the last that was expected.
func (s *session) record(e suite.Event) {
	if len(s.r.Received) < keepEvents && s.kept < keepTotal {
		s.r.Received = append(s.r.Received, e)
		s.kept += len(e.Payload)
	} else {
		s.overflow = true
	}
	if e.Kind == suite.Timeout || s.c.Refusal != nil || s.hold {
		return
	}
	if !s.c.Close.ByPeer && s.complete() || s.instead() && !s.c.Instead.Close.ByPeer {
		s.close(closeCode(s.c), nil)
	}
}

// instead reports whether the events are those of the other way in which the case may go.
func (s *session) instead() bool {
	x := s.c.Instead
	return x != nil && (x.Events == nil || s.equal(x.Events))
}

// complete reports whether the events are equal to every list that the case has.
// A case that is not judged by lists is complete with any event.
func (s *session) complete() bool {
	for _, list := range [][]suite.Event{s.c.OK, s.c.NonStrict} {
		if list != nil && !s.equal(list) {
			return false
		}
	}
	return true
}

func (s *session) equal(list []suite.Event) bool {
	return !s.overflow && slices.EqualFunc(s.r.Received, list, suite.Event.Equal)
}

// closeCode returns the code that the fuzzer closes a case with.
func closeCode(c *suite.Case) int {
	if !c.Close.ByPeer && len(c.Close.Codes) > 0 {
		return c.Close.Codes[0]
	}
	return 1000
}

func messageKind(opcode byte) suite.Kind {
	if opcode == suite.OpText {
		return suite.TextMessage
	}
	return suite.BinaryMessage
}

// finish scores the case. It is called once, when TCP has ended.
func (s *session) finish() {
	r := s.r
	if s.c.Refusal != nil {
		s.scoreRefusal()
		return
	}
	s.scoreBehavior()
	if r.Behavior == suite.Unimplemented {
		s.scoreClose(suite.Closing{Codes: []int{1000}, Clean: true}) // the fuzzer closed at once
		return
	}
	s.scoreClose(s.c.Close)
	if s.scoreInstead() {
		return
	}
	if s.c.Close.Fatal && r.ClosedByMe == s.c.Close.ByPeer {
		r.Behavior = suite.Failed
		r.Text = "the peer had to close the connection, and did not"
	}
	if s.c.CodeDecides && r.BehaviorClose == suite.WrongCode {
		r.Behavior = suite.Failed
		r.Text = r.CloseText
	}
	if s.c.CountFrames && (r.TxFrames[suite.OpText] != 1 || r.TxFrames[suite.OpContinuation] != 50) {
		r.Behavior = suite.Failed
		r.Text = fmt.Sprintf("the fuzzer sent %d text and %d continuation frames", r.TxFrames[suite.OpText], r.TxFrames[suite.OpContinuation])
	}
	if s.c.Informational {
		r.Behavior, r.BehaviorClose = suite.Informational, suite.Informational
	}
}

func (s *session) scoreBehavior() {
	r := s.r
	switch {
	case r.Behavior == suite.Unimplemented:
		r.Text = "the peer did not agree to permessage-deflate"
	case s.c.Length != nil:
		if r.Text == "" {
			r.Text = "no message was received within the time limit"
		}
	case s.loop != nil:
		if r.Text == "" {
			r.Text = fmt.Sprintf("%d of %d echoes were received before the time limit or the end", s.loop.echoes, s.loop.Count)
		}
	case s.c.OK != nil && s.equal(s.c.OK):
		r.Behavior = suite.OK
		r.Text = "received what was expected"
	case s.c.NonStrict != nil && s.equal(s.c.NonStrict):
		r.Behavior = suite.NonStrict
		r.Text = "received what is tolerable, not what was expected"
	default:
		r.Text = s.difference()
	}
}

// difference says where the events leave what was expected.
func (s *session) difference() string {
	want, got := s.c.OK, s.r.Received
	for i, e := range got {
		if i >= len(want) {
			return fmt.Sprintf("event %d, %s, was not expected", i+1, describe(e))
		}
		if !e.Equal(want[i]) {
			return fmt.Sprintf("event %d is %s, expected was %s", i+1, describe(e), describe(want[i]))
		}
	}
	if len(got) < len(want) {
		return fmt.Sprintf("event %d, %s, did not come", len(got)+1, describe(want[len(got)]))
	}
	return "received more than was expected"
}

// describe returns an event in words, cut to a line.
func describe(e suite.Event) string {
	if e.Kind == suite.Timeout {
		return "timeout " + e.Tag
	}
	p := e.Payload[:min(len(e.Payload), 32)]
	text := "0x" + hex.EncodeToString(p)
	if utf8.Valid(p) && !strings.ContainsFunc(string(p), func(r rune) bool { return r < ' ' || r == 0x7F }) {
		text = `"` + string(p) + `"`
	}
	if e.Size > len(p) {
		text += fmt.Sprintf("... (%d octets)", e.Size)
	}
	return e.Kind.String() + " " + text
}

// scoreInstead scores a case that went the other way in which it may go, and reports whether it did.
func (s *session) scoreInstead() bool {
	x, r := s.c.Instead, s.r
	asPlanned := r.Behavior == suite.OK && r.ClosedByMe != s.c.Close.ByPeer
	if !s.instead() || asPlanned || r.ClosedByMe == x.Close.ByPeer {
		return false
	}
	r.Behavior = x.Verdict
	r.Text = "received what is as good as what was expected"
	if x.Verdict != suite.OK {
		r.Text = "received what is tolerable, not what was expected"
	}
	s.scoreClose(x.Close)
	if r.BehaviorClose == suite.FailedByClient {
		r.BehaviorClose, r.CloseText = suite.OK, asItShould
	}
	return true
}

const asItShould = "the connection ended as it should"

// scoreClose judges how the connection ended: the first rule that applies decides.
func (s *session) scoreClose(want suite.Closing) {
	r := s.r
	code := r.RemoteClose.Code
	switch {
	case r.ClosedByMe == want.ByPeer:
		r.BehaviorClose = suite.Failed
		r.CloseText = "the fuzzer closed the connection, which the peer had to do"
		if !want.ByPeer {
			r.CloseText = "the fuzzer had to close the connection, but the peer closed or ended it first"
		}
	case want.Clean && !r.WasClean:
		r.BehaviorClose = suite.Unclean
		r.CloseText = "the connection did not end with close frames of both sides"
	case code != suite.NoCode && !slices.Contains(want.Codes, code):
		r.BehaviorClose = suite.WrongCode
		r.CloseText = fmt.Sprintf("the peer closed with code %d, expected was %s", code, codes(want.Codes))
	case s.client && r.DroppedByMe:
		r.BehaviorClose = suite.FailedByClient
		r.CloseText = "the server should have ended TCP: the fuzzer did"
	default:
		r.BehaviorClose = suite.OK
		r.CloseText = asItShould
	}
	if r.NotCleanReason != "" && r.BehaviorClose != suite.OK {
		r.CloseText += " (" + r.NotCleanReason + ")"
	}
}

func codes(list []int) string {
	text := ""
	for i, c := range slices.Compact(slices.Clone(list)) {
		if i > 0 {
			text += " or "
		}
		text += fmt.Sprint(c)
	}
	return text
}

// scoreRefusal judges a peer that had to refuse a response, by the frames that it sent.
func (s *session) scoreRefusal() {
	r := s.r
	frames := 0
	for _, n := range r.RxFrames {
		frames += n
	}
	r.BehaviorClose, r.CloseText = suite.OK, "the client ended the connection"
	switch {
	case frames == 0 && !r.DroppedByMe && !s.hung && !r.ClosedByMe:
		r.Behavior, r.Text = suite.OK, "the client refused the response"
	case frames == r.RxFrames[suite.OpClose] && frames > 0:
		r.Behavior, r.Text = suite.NonStrict, "the client took the response and closed the connection then"
	default:
		r.Behavior, r.Text = suite.Failed, "the client took the response"
		r.BehaviorClose, r.CloseText = suite.Failed, "the client did not end the connection"
	}
}

// neverOpened scores a case whose opening handshake was not completed.
func neverOpened(r *Result, why string) {
	r.Behavior, r.BehaviorClose = suite.Failed, suite.Failed
	if r.Case.Informational {
		r.Behavior, r.BehaviorClose = suite.Informational, suite.Informational
	}
	r.Text = "the opening handshake was not completed: " + why
	r.CloseText = r.Text
	r.LocalClose.Code, r.RemoteClose.Code = suite.NoCode, suite.NoCode
	r.NotCleanReason = why
}
