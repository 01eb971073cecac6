package fuzzer_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// TestFacts checks what a report says about the end of a connection, beyond the verdicts.
func TestFacts(t *testing.T) {
	hush := habits{plain: true, opened: silent}
	stay := habits{stays: true}
	for _, test := range []struct {
		name   string
		habits habits
		role   side
		id     string
		want   string
	}{
		{"the fuzzer closes and the server ends TCP", habits{}, aServer, "1.1.1",
			"closedByMe clean; sent 1000, got 1000; 0s"},
		{"the fuzzer closes and ends TCP", habits{}, aClient, "1.1.1",
			"closedByMe droppedByMe clean; sent 1000, got 1000; 0s"},
		{"the server fails", habits{}, aServer, "3.1",
			"clean; sent 1000, got 1002; 0s"},
		{"the client fails", habits{}, aClient, "3.1",
			"droppedByMe clean; sent 1000, got 1002; 0s"},
		{"a close frame without a code", habits{}, aClient, "7.3.1",
			"closedByMe droppedByMe clean; sent no code, got no code; 0s"},
		{"a close frame with a reason", habits{}, aServer, "7.3.4",
			`closedByMe clean; sent 1000 "Hello World!", got 1000; 0s`},

		// kill-after, and a second later the limit for the answer.
		{"no echo and no answer", hush, either, "1.1.1",
			`closedByMe failedByMe droppedByMe closingTimeout; sent 1001 "Going Away", got no code; 2s`},
		{"no echo and no answer, half a second", hush, either, "6.5.1",
			`closedByMe failedByMe droppedByMe closingTimeout; sent 1001 "Going Away", got no code; 1.5s`},
		{"no echo and no answer, ten seconds", hush, either, "1.1.6",
			`closedByMe failedByMe droppedByMe closingTimeout; sent 1001 "Going Away", got no code; 11s`},
		// close-after does not fail the connection.
		{"no pong and no answer", hush, either, "2.1",
			"closedByMe droppedByMe closingTimeout; sent no code, got no code; 2s"},
		{"no pong and no answer, in pieces", hush, either, "2.6",
			"closedByMe droppedByMe closingTimeout; sent no code, got no code; 3s"},
		{"no pong after a wait", hush, either, "5.19",
			"closedByMe droppedByMe closingTimeout; sent no code, got no code; 3s"},
		{"no rejection", hush, either, "6.4.1", // two waits, then kill-after
			`closedByMe failedByMe droppedByMe closingTimeout; sent 1001 "Going Away", got no code; 4s`},
		// The limit for the answer was set before kill-after, which is due at the same time.
		{"no answer", hush, either, "7.1.2",
			"closedByMe droppedByMe closingTimeout; sent 1000, got no code; 1s"},
		{"no answer to a reason that is no text", hush, either, "7.5.1",
			`closedByMe droppedByMe closingTimeout; sent 1000 "cebae1bdb9cf83cebcceb5eda080656469746564", got no code; 1s`},
		{"no compression and no answer", hush, either, "12.1.1",
			"closedByMe droppedByMe closingTimeout; sent 1000, got no code; 1s"},
		{"nothing to the largest message", hush, either, "9.1.1",
			"closedByMe droppedByMe closingTimeout; sent no code, got no code; 11s"},

		{"the server does not end TCP", stay, aServer, "2.1",
			"closedByMe droppedByMe serverDropTimeout; sent 1000, got 1000; 1s"},
		{"the server does not end TCP, kill-after is first", stay, aServer, "1.1.1",
			"closedByMe failedByMe droppedByMe clean; sent 1000, got 1000; 1s"},
		{"the server fails and does not end TCP", stay, aServer, "3.1",
			"failedByMe droppedByMe clean; sent 1000, got 1002; 1s"},
		{"the server ends TCP a little before the limit", habits{lingers: 950 * time.Millisecond}, aServer, "2.1",
			"closedByMe clean; sent 1000, got 1000; 950ms"},
		{"the client does not end TCP", stay, aClient, "2.1",
			"closedByMe droppedByMe clean; sent 1000, got 1000; 0s"},

		{"the peer hangs up", habits{opened: (*peer).hangUp}, either, "1.1.1",
			"notClean; sent no code, got no code; 0s"},
		{"the peer hangs up while the fuzzer waits",
			habits{opened: func(p *peer) { p.pause(300 * time.Millisecond); p.hangUp() }}, either, "6.4.2",
			"notClean; sent no code, got no code; 300ms"},
		{"one violation", habits{opened: func(p *peer) { p.frame(header{fin: true, op: 3}, nil) }}, aServer, "2.1",
			"closedByMe failedByMe clean; sent 1002 and why, got 1002; 0s"},
		{"two violations", habits{opened: func(p *peer) {
			p.frame(header{fin: true, op: 3}, nil)
			p.frame(header{fin: true, op: 3}, nil)
		}}, either, "2.1",
			"closedByMe failedByMe droppedByMe; sent 1002 and why, got no code; 0s"},
		{"text that is none", habits{opened: func(p *peer) { p.send(opText, []byte("\xff")) }}, either, "2.1",
			"closedByMe failedByMe droppedByMe; sent 1007 and why, got no code; 0s"},
		{"a stream that cannot be decompressed", habits{echo: func(p *peer, op byte, m []byte) {
			p.frame(header{fin: true, op: op, rsv: 4}, bytesOf(0xff, 9))
		}}, either, "12.1.1", "notClean; sent no code, got no code; 0s"},

		{"the server does not answer the request", habits{respond: func(*peer, string) string { return "" }}, aServer, "1.1.1",
			"droppedByMe openingTimeout neverOpened; sent no code, got no code"},
		{"the server answers no", habits{respond: func(*peer, string) string { return "HTTP/1.1 403 Forbidden\r\n\r\n" }}, aServer, "1.1.1",
			"droppedByMe neverOpened; sent no code, got no code"},
	} {
		for _, role := range []side{aServer, aClient} {
			if test.role != either && test.role != role {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				b := broken{habits: test.habits}
				r := b.play(t, role == aServer, caseOf(t, test.id))
				if got := facts(r); got != test.want {
					t.Errorf("%s (%s, peer is the server: %v):\n got %s\nwant %s\n%s", test.name, test.id, role == aServer, got, test.want, story(r))
				}
				time.Sleep(patience)
			})
		}
	}
}

// facts tells how a connection ended.
func facts(r *fuzzer.Result) string {
	var words []string
	for _, f := range []struct {
		word string
		is   bool
	}{
		{"closedByMe", r.ClosedByMe},
		{"failedByMe", r.FailedByMe},
		{"droppedByMe", r.DroppedByMe},
		{"clean", r.WasClean},
		{"closingTimeout", r.ClosingTimeout},
		{"serverDropTimeout", r.ServerDropTimeout},
		{"openingTimeout", r.OpeningTimeout},
		{"neverOpened", !r.Opened},
		{"notClean", r.Opened && !r.WasClean && !r.DroppedByMe},
	} {
		if f.is {
			words = append(words, f.word)
		}
	}
	status := func(s fuzzer.Status) string {
		switch {
		case s.Code == none:
			return "no code"
		case r.FailedByMe && s.Code != 1001 && s.Reason != "":
			return fmt.Sprintf("%d and why", s.Code)
		case s.Reason != "":
			return fmt.Sprintf("%d %q", s.Code, s.Reason)
		}
		return fmt.Sprint(s.Code)
	}
	text := fmt.Sprintf("%s; sent %s, got %s", strings.Join(words, " "), status(r.LocalClose), status(r.RemoteClose))
	if r.Opened {
		text += fmt.Sprintf("; %v", r.Duration.Truncate(10*time.Millisecond))
	}
	return text
}

// Events are what came, in order, whenever it came.
func TestEvents(t *testing.T) {
	talk := func(p *peer) {
		p.send(opPing, []byte("no event"))
		p.send(opText, []byte("one"))
		p.fragments(opBinary, []byte("two"), 2)
		p.send(opPong, []byte("three"))
		p.frame(header{op: opText}, []byte("fo"))
		p.send(opPong, nil)
		p.frame(header{fin: true}, []byte("ur"))
	}
	all := []suite.Event{
		{Kind: suite.TextMessage, Payload: []byte("one"), Size: 3},
		{Kind: suite.BinaryMessage, Payload: []byte("two"), Size: 3},
		{Kind: suite.Pong, Payload: []byte("three"), Size: 5},
		{Kind: suite.Pong},
		{Kind: suite.TextMessage, Payload: []byte("four"), Size: 4},
	}
	last := func(p *peer, _ []byte) { p.close(1000, ""); talk(p) }
	first := func(p *peer, _ []byte) { talk(p); p.close(1000, "") }
	for _, test := range []struct {
		name   string
		habits habits
		role   side
		id     string
		want   []suite.Event
	}{
		{"at once", habits{opened: talk}, either, "3.1", all},
		{"while closing", habits{reply: first}, either, "7.1.2", all},
		{"after the close frame of a server", habits{reply: last}, aServer, "7.1.2", all},
		{"after the close frame of a client", habits{reply: last}, aClient, "7.1.2", nil},
		{"after the failing of a server", habits{fails: func(p *peer, _ int) { last(p, nil) }}, aServer, "3.1", all},
		{"after the failing of a client", habits{fails: func(p *peer, _ int) { last(p, nil) }}, aClient, "3.1", nil},
		{"after an error of its own, pongs only",
			habits{opened: func(p *peer) { p.frame(header{fin: true}, nil); talk(p) }}, either, "3.1", all[2:4]},
		{"between the waits", habits{checks: atMessageEnd, opened: func(p *peer) { p.send(opPong, nil) }}, either, "6.4.2",
			[]suite.Event{{Kind: suite.Pong}, {Kind: suite.Timeout, Tag: "A"}, {Kind: suite.Timeout, Tag: "B"}}},
	} {
		for _, role := range []side{aServer, aClient} {
			if test.role != either && test.role != role {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				b := broken{habits: test.habits}
				r := b.play(t, role == aServer, caseOf(t, test.id))
				if !slices.EqualFunc(r.Received, test.want, suite.Event.Equal) {
					t.Errorf("%s (%s, peer is the server: %v):\n got %v\nwant %v", test.name, test.id, role == aServer, r.Received, test.want)
				}
			})
		}
	}
}

// TestMemory checks that a peer cannot make the fuzzer keep what it sends.
func TestMemory(t *testing.T) {
	const sent, limit = 24 << 20, 8 << 20
	block := bytesOf('a', 1<<16)
	for name, opened := range map[string]func(p *peer){
		"a large frame": func(p *peer) {
			p.frame(header{op: opText, length: 1 << 30}, nil)
			for range sent >> 16 {
				p.out = append(p.out, block...)
				p.flush()
			}
		},
		"a message without end": func(p *peer) {
			p.frame(header{op: opBinary}, nil)
			for range sent >> 16 {
				p.frame(header{}, block)
				p.flush()
			}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var before, after runtime.MemStats
			b := broken{habits: habits{plain: true, opened: opened}}
			runtime.ReadMemStats(&before)
			r := b.play(t, true, caseOf(t, "1.1.1"))
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > limit {
				t.Errorf("%s: %d octets were allocated for %d", name, n, sent)
			}
			if len(r.Received) > 0 {
				t.Errorf("%s: %d events", name, len(r.Received))
			}
		})
	}
}

// caseOf returns the case with an id.
func caseOf(t *testing.T, id string) *suite.Case {
	for _, c := range suite.All() {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("there is no case %s", id)
	return nil
}

// bytesOf returns n times c.
func bytesOf(c byte, n int) []byte { return slices.Repeat([]byte{c}, n) }
