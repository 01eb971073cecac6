package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

const want32 = `{
   "agent": "My Lib/1.0",
   "behavior": "FAILED",
   "behaviorClose": "FAILED",
   "case": 29,
   "closedByMe": true,
   "createStats": true,
   "createWirelog": true,
   "description": "Sends a text message, one with RSV2 &amp; a ping.",
   "droppedByMe": false,
   "duration": 1003,
   "expectation": "The peer echoes the first.",
   "expected": {"NON-STRICT": [],"OK": [["message","Hello, world!",false]]},
   "expectedClose": {"closeCode": [1002],"closedByMe": false,"requireClean": false},
   "failedByMe": true,
   "httpRequest": "?",
   "httpResponse": "HTTP/1.1 101 Switching Protocols\r\n\r\n",
   "id": "3.2",
   "isServer": false,
   "localCloseCode": 1001,
   "localCloseReason": "Going Away",
   "received": [["message","Hello, world!",false],["pong",""]],
   "remoteCloseCode": 1000,
   "remoteCloseReason": null,
   "reportCompressionRatio": false,
   "reportTime": false,
   "result": "event 2 was not expected",
   "resultClose": "the fuzzer closed the connection",
   "rxFrameStats": {"1": 1,"8": 1,"10": 1},
   "rxOctetStats": {"21": 1},
   "started": "2026-01-02T03:04:05.060Z",
   "trafficStats": null,
   "txFrameStats": {"1": 2,"8": 1,"9": 1},
   "txOctetStats": {},
   "wasClean": true,
   "wasCloseHandshakeTimeout": false,
   "wasNotCleanReason": null,
   "wasOpenHandshakeTimeout": false,
   "wasServerConnectionDropTimeout": false,
   "wirelog": [["TF",[13,"Hello, world!"],1,true,2,"01020304",null,5,true],["TO",[1,"81"],true],["KL",0.5],["RO",[2,"8a00"]],["RF",[0,""],10,true,0,false,null],["KLE"],["WLM","stopped"]]
}`

func TestCaseJSON(t *testing.T) {
	got := strings.Split(flat(string(caseJSON(failed32()))), "\n")
	want := strings.Split(want32, "\n")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("line %d:\ngot  %s\nwant %s", i+1, got[min(i, len(got)-1)], want[min(i, len(want)-1)])
		}
	}
}

// flat removes the line ends within the members of the outermost object.
func flat(s string) string {
	var b strings.Builder
	for i, line := range strings.Split(s, "\n") {
		inner := strings.TrimLeft(line, " ")
		depth := (len(line) - len(inner)) / 3
		if i > 0 && (depth == 0 || depth == 1 && !strings.HasPrefix(inner, "]") && !strings.HasPrefix(inner, "}")) {
			b.WriteString("\n" + line)
		} else {
			b.WriteString(inner)
		}
	}
	return b.String()
}

func TestIndexJSON(t *testing.T) {
	r := failed32()
	r.RemoteClose.Code = suite.NoCode
	const want = `{
   "My Lib/1.0": {
      "3.2": {
         "behavior": "FAILED",
         "behaviorClose": "FAILED",
         "duration": 1003,
         "remoteCloseCode": null,
         "reportfile": "my_lib_1_0_case_3_2.json"
      }
   }
}`
	if got := string(newBook([]*fuzzer.Result{r}, nil).indexJSON()); got != want {
		t.Errorf("got %s", got)
	}
	if got := string(newBook(nil, nil).indexJSON()); got != "{}" {
		t.Errorf("no results: %s", got)
	}
}

func TestPayloadText(t *testing.T) {
	a := strings.Repeat("a", 70)
	tests := []struct {
		in   string
		size int
		want string
	}{
		{"", 0, ""},
		{"Grüße", 7, "Grüße"},
		{a[:60], 60, a[:60]},
		{a[:61], 61, a[:61] + " ..."},
		{a, 70, a[:64] + " ..."},
		{a[:64], 65536, a[:64] + " ..."},
		{"\xfe\xfe", 2, "0xfefe"},
		{a[:63] + "ß", 65, "0x" + strings.Repeat("61", 63) + "c3 ..."}, // cut inside of a character
	}
	for _, tt := range tests {
		if got := payloadText([]byte(tt.in), tt.size); got != tt.want {
			t.Errorf("%q of %d: %q, want %q", tt.in, tt.size, got, tt.want)
		}
	}
}

func TestTrafficJSON(t *testing.T) {
	r := failed32()
	r.Traffic = &fuzzer.Traffic{
		In:        fuzzer.Flow{Wire: 30, Frames: 2, Messages: 1, Payload: 20, App: 80},
		PreopenIn: 7,
	}
	var got struct {
		TrafficStats map[string]*float64
	}
	if err := json.Unmarshal(caseJSON(r), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"incomingOctetsAppLevel": 80, "incomingOctetsWebSocketLevel": 20, "incomingOctetsWireLevel": 30,
		"incomingWebSocketFrames": 2, "incomingWebSocketMessages": 1,
		"incomingCompressionRatio": 0.25, "incomingWebSocketOverhead": 0.5, "preopenIncomingOctetsWireLevel": 7,
		"outgoingOctetsWireLevel": 0,
	}
	for k, v := range want {
		if p := got.TrafficStats[k]; p == nil || *p != v {
			t.Errorf("%s is not %v", k, v)
		}
	}
	if p, ok := got.TrafficStats["outgoingCompressionRatio"]; !ok || p != nil || len(got.TrafficStats) != 16 {
		t.Errorf("traffic: %v", got.TrafficStats)
	}
}

func TestJSONOfHostileText(t *testing.T) {
	r := broken()
	r.LocalClose.Reason = "a\xed"
	r.Case.Close.Fatal = true
	data := caseJSON(r)
	if i := slices.IndexFunc(data, func(c byte) bool { return c < ' ' && c != '\n' || c > '~' }); i >= 0 {
		t.Errorf("octet %d is %#x", i, data[i])
	}
	var got struct {
		Agent         string
		ExpectedClose map[string]any
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if want := strings.ToValidUTF8(hostile, "\uFFFD"); got.Agent != want {
		t.Errorf("agent %q, want %q", got.Agent, want)
	}
	if got.ExpectedClose["closedByWrongEndpointIsFatal"] != true {
		t.Errorf("expectedClose is %v", got.ExpectedClose)
	}
	if got := string(appendJSON(nil, "a😀\x7f", "\n")); got != `"a\ud83d\ude00\u007f"` {
		t.Errorf("a string becomes %s", got)
	}
}
