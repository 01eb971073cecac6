package fuzzer

import (
	"slices"
	"testing"
	"time"

	"github.com/ws6455/ws/autobahn/internal/deflate"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// script plays a case against octets that a peer has sent, cut into reads of n, with a time between them.
// The peer ends TCP then, or never does.
func script(c *suite.Case, client bool, octets []byte, n int, between time.Duration, ends bool) *Result {
	r := &Result{Case: c, Client: client}
	var agreed *deflate.Params
	if c.Deflate != nil {
		agreed = &deflate.Params{}
	}
	s := newSession(c, client, agreed, r, Defaults())
	s.start()
	now := time.Duration(0)
	for chunk := range slices.Chunk(octets, max(n, 1)) {
		s.receive(slices.Clone(chunk))
		s.take()
		now += between
		s.advance(now)
	}
	if ends {
		s.lost()
	}
	for !s.ended() {
		at, ok := s.deadline()
		if !ok {
			panic("the session never ends")
		}
		s.advance(at)
		s.take()
	}
	s.finish()
	return r
}

// FuzzSession ends every case with verdicts, whatever the peer sends, and keeps no more than it may.
func FuzzSession(f *testing.F) {
	cases := slices.DeleteFunc(slices.Clone(suite.All()), func(c *suite.Case) bool {
		return c.Opening != nil || c.Length != nil // the large ones take too long here
	})
	f.Add(uint16(0), true, uint8(1), []byte("\x81\x00\x88\x02\x03\xe8"))
	f.Add(uint16(40), false, uint8(3), []byte("\x81\x80aaaa\x8a\x80aaaa\x88\x80aaaa"))
	f.Add(uint16(300), true, uint8(200), []byte("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x88\x01\x03\x88\x04\x03\xe8\xff\xff"))
	f.Add(uint16(500), true, uint8(9), []byte("\x01\x03abc\x89\x7e\x00\x05hello\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, which uint16, client bool, n uint8, octets []byte) {
		c := cases[int(which)%len(cases)]
		if l := loopOf(c); l != nil && l.Unit > 1<<10 {
			return
		}
		r := script(c, client, octets, int(n), 10*time.Millisecond, len(octets)%2 == 0)
		behaviors := []suite.Verdict{suite.OK, suite.NonStrict, suite.Informational, suite.Unimplemented, suite.Failed}
		closings := []suite.Verdict{suite.OK, suite.Informational, suite.Failed, suite.WrongCode, suite.Unclean, suite.FailedByClient}
		if !slices.Contains(behaviors, r.Behavior) || !slices.Contains(closings, r.BehaviorClose) || r.Text == "" || r.CloseText == "" {
			t.Errorf("%s: %q (%s) / %q (%s)", c.ID, r.Behavior, r.Text, r.BehaviorClose, r.CloseText)
		}
		if len(r.Received) > keepEvents || len(r.Log) > keepLog {
			t.Errorf("%s: %d events and %d log entries were kept", c.ID, len(r.Received), len(r.Log))
		}
	})
}

// TestCuts gives the same verdict however the octets of a peer are cut into reads.
// They are without errors: a header that is in error and cut counts twice.
func TestCuts(t *testing.T) {
	echo := "\x81\x0dHello, world!"
	for id, octets := range map[string]string{
		"1.1.2": "\x81\x7d" + string(suite.Payload{Pattern: []byte("*"), N: 125}.Bytes()) + "\x88\x02\x03\xe8",
		"3.2":   echo + "\x88\x02\x03\xea",
		"5.6":   "\x8a\x0cping payload\x81\x12fragment1fragment2\x88\x02\x03\xe8",
		"6.2.2": "\x01\x05Hello\x80\x18-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!\x88\x02\x03\xe8",
		"7.1.1": "\x89\x02hi\x81\x0cHello World!\x88\x07\x03\xe8hello",
		"7.3.3": "\x88\x00",
	} {
		c := suite.Lookup(id)
		for n := 1; n <= len(octets); n++ {
			r := script(c, true, []byte(octets), n, 0, true)
			if r.Behavior != suite.OK || r.BehaviorClose != suite.OK {
				t.Errorf("%s in reads of %d: %s / %s: %s; %s", id, n, r.Behavior, r.BehaviorClose, r.Text, r.CloseText)
			}
		}
	}
}

// TestLimits closes cleanly with a peer whose message is too long.
func TestLimits(t *testing.T) {
	o := Defaults()
	o.MaxMessagePayloadSize = 10
	r := &Result{}
	s := newSession(&suite.Case{}, true, nil, r, o)
	s.hold = true
	s.start()
	s.receive([]byte("\x8a\x0ba long pong")) // is no message
	s.receive([]byte("\x01\x08Hello, w"))
	s.receive([]byte("\x00\x08orld, an"))
	s.receive([]byte("\x80\x04d on"))
	s.receive([]byte("\x88\x02\x03\xf1"))
	s.lost()
	if r.LocalClose.Code != 1009 || r.RemoteClose.Code != 1009 || !r.WasClean || r.DroppedByMe || len(r.Received) != 1 {
		t.Errorf("got %+v", r)
	}
}
