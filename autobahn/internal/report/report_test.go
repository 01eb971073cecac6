package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// hostile is what a peer may send to break a report.
const hostile = "</script><script>alert(1)</script>\"'><img src=http://example.com/x>\x00\x1b[31m\u202e\xff]]>&amp;\r\n"

func text(s string) suite.Event {
	return suite.Event{Kind: suite.TextMessage, Payload: []byte(s), Size: len(s)}
}

func frameOf(opcode byte, rsv byte, s string) suite.Step {
	return suite.Frame{Opcode: opcode, RSV: rsv, Payload: suite.Payload{Pattern: []byte(s), N: len(s)}}
}

// case32 is like case 3.2.
func case32() *suite.Case {
	return &suite.Case{
		ID:          "3.2",
		Description: "Sends a text message, one with RSV2 & a ping.",
		Expectation: "The peer echoes the first.",
		Steps: []suite.Step{
			frameOf(suite.OpText, 0, "Hello, world!"), frameOf(suite.OpText, 2, "Hello, world!"), frameOf(suite.OpPing, 0, ""),
			suite.KillAfter{D: time.Second},
		},
		OK:        []suite.Event{text("Hello, world!")},
		NonStrict: []suite.Event{},
		Close:     suite.Closing{ByPeer: true, Codes: []int{1002}},
	}
}

// failed32 is the result of a server that ignores the bits.
func failed32() *fuzzer.Result {
	return &fuzzer.Result{
		Case: case32(), Agent: "My Lib/1.0", Number: 29, Client: true,
		Started: time.Date(2026, 1, 2, 3, 4, 5, 60e6, time.UTC), Duration: 1003 * time.Millisecond,
		Behavior: suite.Failed, BehaviorClose: suite.Failed,
		Text: "event 2 was not expected", CloseText: "the fuzzer closed the connection",
		Received: []suite.Event{text("Hello, world!"), {Kind: suite.Pong}},
		Opened:   true, ClosedByMe: true, FailedByMe: true, WasClean: true,
		LocalClose:   fuzzer.Status{Code: 1001, Reason: "Going Away"},
		RemoteClose:  fuzzer.Status{Code: 1000},
		HTTPResponse: "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		RxFrames:     map[int]int{1: 1, 8: 1, 10: 1}, TxFrames: map[int]int{1: 2, 9: 1, 8: 1},
		RxOctets: map[int]int{21: 1}, TxOctets: map[int]int{},
		Log: []fuzzer.Entry{
			{At: time.Millisecond, What: fuzzer.TxFrame, Size: 13, Octets: []byte("Hello, world!"), Opcode: 1, Fin: true, RSV: 2, Masked: true, Key: [4]byte{1, 2, 3, 4}, Chop: 5, Sync: true},
			{What: fuzzer.TxOctets, Size: 1, Octets: []byte{0x81}, Late: true},
			{What: fuzzer.KillSet, Delay: time.Second / 2},
			{What: fuzzer.RxOctets, Size: 2, Octets: []byte{0x8a, 0}},
			{What: fuzzer.RxFrame, Opcode: 10, Fin: true},
			{What: fuzzer.KillDue},
			{What: fuzzer.Note, Text: "stopped"},
		},
	}
}

// passed is the result of a server that does what c asks for.
func passed(c *suite.Case, agent string) *fuzzer.Result {
	r := &fuzzer.Result{
		Case: c, Agent: agent, Client: true, Opened: true, WasClean: true,
		Behavior: suite.OK, BehaviorClose: suite.OK,
		Received: c.OK, ClosedByMe: !c.Close.ByPeer,
		LocalClose: fuzzer.Status{Code: 1000}, RemoteClose: fuzzer.Status{Code: suite.NoCode},
	}
	if len(c.Close.Codes) > 0 {
		r.RemoteClose.Code = c.Close.Codes[0]
	}
	return r
}

// broken is failed32 by a peer that puts hostile text wherever it can.
func broken() *fuzzer.Result {
	r := failed32()
	r.Agent = hostile
	r.Text, r.CloseText, r.NotCleanReason = hostile, hostile, hostile
	r.HTTPRequest, r.HTTPResponse = hostile, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat(hostile, 1000)
	r.RemoteClose.Reason = hostile
	r.Received = []suite.Event{text(hostile), {Kind: suite.BinaryMessage, Payload: []byte(hostile), Size: 1 << 20}}
	r.Log = append(r.Log, fuzzer.Entry{What: fuzzer.RxFrame, Opcode: 8, Size: 20, Octets: []byte("\x03\xe8" + hostile[:18])},
		fuzzer.Entry{What: fuzzer.Note, Text: hostile})
	return r
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "reports", "servers")
	other := &suite.Case{ID: "1.1.1", OK: []suite.Event{}, Close: suite.Closing{Codes: []int{1000}}}
	none := &suite.Case{ID: "7.1.1"}
	early := passed(case32(), "My Lib/1.0") // a later result replaces it
	results := []*fuzzer.Result{early, failed32(), passed(other, "My Lib/1.0"), passed(other, "my lib 1 0"), broken()}
	for range 2 { // a report is written over an earlier one
		if err := Write(dir, results, []*suite.Case{none, other}); err != nil {
			t.Fatal(err)
		}
	}

	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for _, want := range []string{
		"index.html", "index.json", "my_lib_1_0_case_3_2.json", "my_lib_1_0_case_3_2.html",
		"my_lib_1_0_case_1_1_1.json", "my_lib_1_0_2_case_1_1_1.json",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if len(names) != 2+2*4 {
		t.Errorf("files: %q", names)
	}

	var index map[string]map[string]struct {
		Behavior, BehaviorClose, ReportFile string
		RemoteCloseCode                     *int
		Duration                            int
	}
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &index); err != nil {
		t.Fatal(err)
	}
	x := index["My Lib/1.0"]["3.2"]
	if x.Behavior != "FAILED" || x.Duration != 1003 || x.ReportFile != "my_lib_1_0_case_3_2.json" {
		t.Errorf("index.json has %+v", x)
	}
	if got := index["my lib 1 0"]["1.1.1"].ReportFile; got != "my_lib_1_0_2_case_1_1_1.json" {
		t.Errorf("the file of the second agent is %s", got)
	}
	if len(index) != 3 || len(index["My Lib/1.0"]) != 2 {
		t.Errorf("index.json has cases that did not run: %v", index)
	}
}

func TestStem(t *testing.T) {
	tests := []struct{ name, want string }{
		{"My Lib/1.0", "my_lib_1_0"},
		{"  a--b  ", "a__b"},
		{"(a)", "a"},
		{"Grüße", "gr__e"},
		{"../../etc/passwd", "etc_passwd"},
		{"", ""},
		{strings.Repeat("a", 300), strings.Repeat("a", 150)},
	}
	for _, tt := range tests {
		if got := stem(tt.name, map[string]bool{}); got != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.name, got, tt.want)
		}
	}

	taken := map[string]bool{"a_2": true}
	if a, b := stem("A", taken), stem("a!", taken); a != "a" || b != "a_3" {
		t.Errorf("agents that are the same as files: %s, %s", a, b)
	}
}
