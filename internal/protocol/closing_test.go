package protocol

import (
	"strings"
	"testing"

	"github.com/ws6455/ws/frame"
)

// A closingTest is an order of close frames.
type closingTest struct {
	name   string
	order  string // s: one is sent, r: one is received
	server []Step // at the start, and after each
	client []Step
	byPeer bool
}

var closingTests = []closingTest{
	{"nothing happens", "",
		[]Step{Open}, []Step{Open}, false},
	{"we begin", "s",
		[]Step{Open, Wait}, []Step{Open, Wait}, false},
	{"the peer begins", "r",
		[]Step{Open, Answer}, []Step{Open, Answer}, true},
	{"we begin and the peer answers, or both begin", "sr",
		[]Step{Open, Wait, Disconnect}, []Step{Open, Wait, WaitEOF}, false},
	{"the peer begins and we answer", "rs",
		[]Step{Open, Answer, Disconnect}, []Step{Open, Answer, WaitEOF}, true},
	{"the peer says it twice before the answer", "rrs",
		[]Step{Open, Answer, Answer, Disconnect}, []Step{Open, Answer, Answer, WaitEOF}, true},
	{"the peer says it twice, once as an answer", "srr",
		[]Step{Open, Wait, Disconnect, Disconnect}, []Step{Open, Wait, WaitEOF, WaitEOF}, false},
	{"the peer says it twice, once after the answer", "rsr",
		[]Step{Open, Answer, Disconnect, Disconnect}, []Step{Open, Answer, WaitEOF, WaitEOF}, true},
}

// The steps do not depend on what the close frames say.
//
// Requirements: 6455-5.5.1-08, 6455-5.5.1-15, 6455-7.1.1-02, 6455-7.1.1-04, 6455-7.1.5-01, 6455-7.1.6-01
func TestClosing(t *testing.T) {
	for _, tt := range closingTests {
		for _, payload := range []string{"", "\x03\xe8", "\x0f\xa1bye"} {
			t.Run(tt.name+", with "+payload, func(t *testing.T) {
				tt.run(t, frame.Server, tt.server, payload)
				tt.run(t, frame.Client, tt.client, payload)
			})
		}
	}
}

// run goes through the order at one side.
// All frames received after the first have a payload that differs from it.
func (tt closingTest) run(t *testing.T, side frame.Side, steps []Step, payload string) {
	code, reason, _ := frame.ConsumeClose([]byte(payload))
	sent := Close{frame.StatusGoingAway, "x"}
	c := Closing{Side: side}
	want := Closing{Side: side}
	for i, step := range steps {
		if got := c.Step(); got != step {
			t.Fatalf("%v: step %d after %q is %d, want %d", side, i, tt.order[:i], got, step)
		}
		if c != want {
			t.Fatalf("%v: after %q there is %+v, want %+v", side, tt.order[:i], c, want)
		}
		switch {
		case i == len(tt.order):
			return
		case tt.order[i] == 's':
			c.Send(sent.Code, sent.Reason)
			want.Sent = sent
		case strings.Contains(tt.order[:i], "r"):
			c.Receive([]byte("\x03\xebsecond"))
		default:
			c.Receive([]byte(payload))
			want.Received, want.ByPeer = Close{code, reason}, tt.byPeer
		}
	}
}

// An empty close frame is one that was sent.
//
// Requirements: 6455-7.1.5-01
func TestClosingEmpty(t *testing.T) {
	c := Closing{Side: frame.Server}
	c.Send(frame.StatusNoStatus, "")
	if got := c.Step(); got != Wait {
		t.Errorf("after an empty close frame was sent Step = %d, want %d", got, Wait)
	}
	c.Receive(nil)
	if got := c.Step(); got != Disconnect || c.ByPeer {
		t.Errorf("after the answer Step = %d and ByPeer is %v; want %d", got, c.ByPeer, Disconnect)
	}
	if want := (Close{Code: frame.StatusNoStatus}); c.Received != want {
		t.Errorf("received %+v, want %+v", c.Received, want)
	}
}

// A close frame is answered with what it says, in a frame that may be sent.
//
// Requirements: 6455-5.5.1-02, 6455-5.5.1-09, 6455-7.4.1-09
func TestReply(t *testing.T) {
	for _, tt := range []struct {
		name    string
		side    frame.Side
		payload string
		want    string
	}{
		{"an empty frame to a server", frame.Server, "", ""},
		{"an empty frame to a client", frame.Client, "", ""},
		{"1000 to a server", frame.Server, "\x03\xe8", "\x03\xe8"},
		{"1000 to a client", frame.Client, "\x03\xe8bye", "\x03\xe8bye"},
		{"1009 to a server", frame.Server, "\x03\xf1big", "\x03\xf1big"},
		{"1011 to a server", frame.Server, "\x03\xf3", "\x03\xf3"},
		{"4000 to a server", frame.Server, "\x0f\xa0bye", "\x0f\xa0bye"},
		{"4000 to a client", frame.Client, "\x0f\xa0bye", "\x0f\xa0bye"},
		{"the longest reason", frame.Server, "\x03\xe8" + strings.Repeat("x", 123), "\x03\xe8" + strings.Repeat("x", 123)},
		{"1010, which a server may not send", frame.Server, "\x03\xf2permessage-deflate", "\x03\xe8"},
		{"1010 to a client", frame.Client, "\x03\xf2", "\x03\xf2"},
	} {
		c := Closing{Side: tt.side}
		c.Receive([]byte(tt.payload))
		code, reason := c.Reply()
		got, err := frame.AppendClose(nil, code, reason)
		if string(got) != tt.want || err != nil {
			t.Errorf("%s is answered with %q, %v; want %q", tt.name, got, err, tt.want)
		}
		s := Sender{Side: tt.side}
		if _, err := s.Append(nil, whole(frame.Close, string(got)), testKey(0)); err != nil {
			t.Errorf("%s: the answer is not let out: %v", tt.name, err)
		}
	}
}
