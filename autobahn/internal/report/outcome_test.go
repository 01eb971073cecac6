package report

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

func TestPassed(t *testing.T) {
	tests := []struct {
		behavior, closing suite.Verdict
		loose, strict     bool
	}{
		{suite.OK, suite.OK, true, true},
		{suite.Informational, suite.Informational, true, true},
		{suite.Unimplemented, suite.OK, true, true},
		{suite.NonStrict, suite.OK, true, false},
		{suite.Failed, suite.OK, false, false},
		{suite.OK, suite.Failed, false, false},
		{suite.OK, suite.WrongCode, false, false},
		{suite.OK, suite.Unclean, false, false},
		{suite.OK, suite.FailedByClient, false, false},
		{suite.Unimplemented, suite.Unclean, false, false},
		{"", "", false, false},
	}
	for _, tt := range tests {
		r := &fuzzer.Result{Case: &suite.Case{}, Opened: true, Behavior: tt.behavior, BehaviorClose: tt.closing}
		if loose, strict := Passed(r, false), Passed(r, true); loose != tt.loose || strict != tt.strict {
			t.Errorf("%s / %s: %v, strict %v", tt.behavior, tt.closing, loose, strict)
		}
	}
}

// TestNeverOpened passes no case without an opening handshake, but those that are about one that is refused.
func TestNeverOpened(t *testing.T) {
	r := &fuzzer.Result{Case: &suite.Case{Informational: true}, Behavior: suite.Informational, BehaviorClose: suite.Informational}
	if Passed(r, false) {
		t.Error("a case that was never opened passed")
	}
	r = &fuzzer.Result{Case: &suite.Case{Refusal: &suite.Refusal{}}, Behavior: suite.OK, BehaviorClose: suite.OK}
	if !Passed(r, true) {
		t.Error("a refusal that was asked for did not pass")
	}
}

func TestLine(t *testing.T) {
	long := suite.Event{Kind: suite.BinaryMessage, Payload: []byte("\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe"), Size: 65536}
	late := failed32()
	late.Received = []suite.Event{text("Hello, world!"), text("Hello, world!"), {Kind: suite.Pong}}
	silent := failed32()
	silent.Received, silent.WasClean, silent.ClosingTimeout, silent.DroppedByMe = nil, false, true, true
	silent.RemoteClose.Code = suite.NoCode
	dropped := failed32()
	dropped.Received, dropped.WasClean, dropped.ClosedByMe = nil, false, false
	dropped.RemoteClose.Code = suite.NoCode
	refused := failed32()
	refused.Opened, refused.HTTPResponse = false, "HTTP/1.1 404 Not\tFound\r\nX: y\r\n\r\n"
	mute := failed32()
	mute.Opened, mute.HTTPResponse, mute.OpeningTimeout = false, "", true
	big := passed(&suite.Case{
		ID: "1.2.8", OK: []suite.Event{long},
		Steps: []suite.Step{suite.Frame{Opcode: 2, Payload: suite.Payload{Pattern: []byte{0xfe}, N: 65536}, Chop: 997}},
		Close: suite.Closing{Codes: []int{1000, 1000, 1002}, Clean: true},
	}, "a")
	loop := passed(&suite.Case{
		ID: "9.7.1", Close: suite.Closing{Codes: []int{1000}},
		Steps: []suite.Step{suite.Loop{Opcode: 1, Count: 1000, Unit: 16}, suite.CloseAfter{D: time.Minute}},
	}, "a")
	loop.Text = "received all 1000 echoes"
	request := passed(&suite.Case{ID: "x.2", Description: "As client: the request has no key. More.", Opening: &suite.Opening{}, Refusal: &suite.Refusal{Statuses: []int{400, 0}}}, "a")
	request.Opened, request.HTTPResponse = false, "HTTP/1.1 400 Bad Request\r\n\r\n"

	const sent32 = `sent text "Hello, world!", text RSV=2 "Hello, world!", ping; ` +
		`expected text message "Hello, world!", then close 1002 by the peer, or the end of TCP; received `
	tests := []struct {
		r    *fuzzer.Result
		want string
	}{
		{failed32(), `3.2 FAILED / FAILED: ` + sent32 + `text message "Hello, world!", pong "", then close 1000 in answer to 1001`},
		{late, `3.2 FAILED / FAILED: ` + sent32 + `1 as expected, then text message "Hello, world!", pong "", then close 1000 in answer to 1001`},
		{silent, `3.2 FAILED / FAILED: ` + sent32 + `nothing, then no close frame in answer to 1001, then TCP left open`},
		{dropped, `3.2 FAILED / FAILED: ` + sent32 + `nothing, then no close frame, but the end of TCP`},
		{refused, `3.2 FAILED / FAILED: ` + sent32 + `HTTP/1.1 404 Not\tFound`},
		{mute, `3.2 FAILED / FAILED: ` + sent32 + `no response in time`},
		{big, `1.2.8 OK / OK: sent binary 0xfefefefefefefefefefe… (65536 octets) in writes of 997; ` +
			`expected binary message 0xfefefefefefefefefefe… (65536 octets), then close 1000 or 1002 in answer; ` +
			`received binary message 0xfefefefefefefefefefe… (65536 octets), then close 1000 in answer to 1000`},
		{loop, `9.7.1 OK / OK: sent 1000 text messages of 16 octets; expected the echo of each, then close 1000 in answer; ` +
			`received all 1000 echoes, then close 1000 in answer to 1000`},
		{request, `x.2 OK / OK: sent a request that has no key; expected the opening handshake to be refused ` +
			`with status 400 or by the end of TCP; received HTTP/1.1 400 Bad Request`},
	}
	for _, tt := range tests {
		if got := Line(tt.r); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestLineIsBounded(t *testing.T) {
	for _, c := range append([]*suite.Case{case32()}, suite.All()...) {
		for _, r := range []*fuzzer.Result{broken(), passed(c, "a")} {
			r.Case = c
			r.Text = strings.Repeat(hostile, 100)
			r.ClosedByMe, r.DroppedByMe, r.LocalClose.Code = true, true, suite.NoCode
			for _, opened := range []bool{true, false} {
				r.Opened = opened
				line := Line(r)
				if n := utf8.RuneCountInString(line); n > 340 {
					t.Fatalf("%d characters: %s", n, line)
				}
				if strings.ContainsFunc(line, func(c rune) bool { return !unicode.IsPrint(c) }) {
					t.Errorf("not printable: %q", line)
				}
			}
		}
	}
}
