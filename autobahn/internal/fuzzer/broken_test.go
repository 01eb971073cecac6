package fuzzer_test

import (
	"cmp"
	"fmt"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
	"github.com/ws6455/ws/wstest"
)

// A broken peer is one with habits, and what the fuzzer has to say about it.
// What is not in the rows is what a correct peer gets; of several rows the last one counts.
type broken struct {
	name string
	habits
	options func(o *fuzzer.Options)
	cases   string // that are run, if not the usual ones
	long    bool   // their loops are as long as they are

	want    []row
	servers []row // more of it if the peer is a server
	clients []row // more of it if the peer is a client
	role    side  // if it exists in one only
}

// A side is the role of a peer.
type side int

const (
	either side = iota
	aServer
	aClient
)

// A row is the verdict in some cases.
type row struct {
	cases           string // names of groups, ids, "2.1-2.4", "7.9.*"
	behavior, close suite.Verdict
	code            int // of the close frame that the peer sent
}

const (
	ok        = suite.OK
	nonStrict = suite.NonStrict
	info      = suite.Informational
	unimpl    = suite.Unimplemented
	failed    = suite.Failed
	wrongCode = suite.WrongCode
	unclean   = suite.Unclean
	byClient  = suite.FailedByClient
	asIs      = suite.Verdict("") // as in the rows before

	none       = suite.NoCode
	anyVerdict = suite.Verdict("any")
	sameCode   = -2 // as in the rows before
	anyCode    = -3
)

// groups are the cases that ask the same of a peer. Each case is in one of them.
var groups = map[string]string{
	// The fuzzer closes once the right events are there. If they are not, it fails the connection with 1001
	// (killed), or closes it without a code (the next three), after a while.
	"killed": "1.* 7.1.1 10.1.1 valid",
	"waited": "5.3-5.5 6.1.* 6.2.*",
	"mixed":  "5.6-5.8 5.19 5.20", // pongs and then a message
	"pings":  "2.1-2.4 2.6 2.9-2.11",
	"valid":  "6.5.* 6.6.2 6.6.5 6.6.7 6.6.9 6.6.11 6.7.* 6.9.* 6.11.1-6.11.4 6.22.* 6.23.*",

	// The fuzzer closes at once, and nothing else may come.
	"lone":      "2.7 2.8", // after a pong; there is no kill-after
	"closes":    "7.1.2-7.1.5 7.3.1 7.3.3-7.3.5 7.7.*",
	"badCloses": "7.3.2 7.3.6 7.5.1 7.9.*", // what it closes with is wrong: it need not be answered

	// The peer has to fail the connection, or to drop it.
	"bad":     "2.5 3.1 3.5-3.7 4.1.1 4.1.2 4.2.1 4.2.2 5.1 5.2 5.9-5.14 5.16-5.18",
	"late":    "3.2-3.4 4.1.3-4.1.5 4.2.3-4.2.5 5.15", // after an echo
	"invalid": "6.3.* 6.6.1 6.6.3 6.6.4 6.6.6 6.6.8 6.6.10 6.8.* 6.10.* 6.11.5 6.12.* 6.13.* 6.14.* 6.15.* 6.16.* 6.17.* 6.18.* 6.19.* 6.20.* 6.21.*",
	"timed":   "6.4.*",

	"info":    "7.1.6 7.13.*",
	"lengths": "9.1.* 9.2.* 9.3.* 9.4.* 9.5.* 9.6.*",
	"loops":   "9.7.* 9.8.*",
	"packed":  "12.* 13.*",
}

// correct are the verdicts on a peer without habits.
var correct = []row{
	{"killed waited mixed pings lone closes lengths loops packed", ok, ok, 1000},
	{"7.3.1", ok, ok, none}, // an empty close frame is answered with one
	{"bad late badCloses", ok, ok, 1002},
	{"invalid timed 7.5.1", ok, ok, 1007},
	{"7.1.6", info, info, 1000},
	{"7.13.*", info, info, 1002},
	{"7.7.2", ok, ok, 1001}, // the code of the close frame is sent back
	{"7.7.3", ok, ok, 1002},
	{"7.7.4", ok, ok, 1003},
	{"7.7.5", ok, ok, 1007},
	{"7.7.6", ok, ok, 1008},
	{"7.7.7", ok, ok, 1009},
	{"7.7.8", ok, ok, 1010},
	{"7.7.9", ok, ok, 1011},
	{"7.7.10", ok, ok, 3000},
	{"7.7.11", ok, ok, 3999},
	{"7.7.12", ok, ok, 4000},
	{"7.7.13", ok, ok, 4999},
}

// usual are the cases that most peers are put through: all shapes of the first sections, and a few of the others.
const usual = "1.1.1-1.1.3 1.2.1 1.2.2 2.* 3.* 4.* 5.* 6.1.* 6.2.* 6.3.* 6.4.* " +
	"6.5.1 6.5.4 6.6.1 6.6.2 6.6.11 6.7.1 6.8.1 6.9.1 6.11.4 6.11.5 6.12.1 6.13.2 6.14.6 6.20.1 6.23.7 " +
	"7.1.1-7.1.5 7.3.* 7.5.* 7.7.2 7.7.3 7.7.6 7.7.13 7.9.1 7.9.2 7.9.4 7.9.9 7.13.* 9.1.1 9.7.1 9.8.2 10.* 12.1.1 13.3.2"

// small are all cases but those of the last sections.
const small = "1.* 2.* 3.* 4.* 5.* 6.* 7.* 9.1.1 9.2.1 10.*"

// large are some of those.
const large = "9.1.2 9.2.3 9.3.4 9.3.9 9.4.6 9.5.5 9.6.6 9.7.4-9.7.6 9.8.1 9.8.3 9.8.6 " +
	"12.1.5 12.1.11 12.2.5 12.3.2 12.4.6 12.5.5 13.1.4 13.2.11 13.3.6 13.4.2 13.5.11 13.6.3 13.7.5"

// loop is the number of messages that a loop is cut down to.
const loop = 9

func TestCorrectPeer(t *testing.T) {
	judge(t, broken{name: "small", cases: small})
	judge(t, broken{name: "large", cases: large})
	judge(t, broken{name: "long", long: true, cases: "9.7.1 12.1.1 13.3.2"})
}

// TestGroups checks that the tables are about every case.
func TestGroups(t *testing.T) {
	n := 0
	for _, c := range suite.All() {
		if strings.HasPrefix(c.ID, "x") {
			continue
		}
		n++
		in := []string{}
		for name := range groups {
			if name != "valid" && inCases(t, name, c.ID) {
				in = append(in, name)
			}
		}
		if len(in) != 1 {
			t.Errorf("%s is in the groups %q", c.ID, in)
		}
	}
	if n != 517 {
		t.Errorf("%d cases", n)
	}
}

// judge puts a peer through its cases, in both roles if it has no other wish.
func judge(t *testing.T, b broken) {
	t.Run(b.name, func(t *testing.T) {
		for _, role := range []side{aServer, aClient} {
			if b.role != either && b.role != role {
				continue
			}
			t.Run(map[side]string{aServer: "server", aClient: "client"}[role], func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { b.judge(t, role == aServer) })
			})
		}
	})
}

// judge plays the cases one after the other and lists the differences.
func (b broken) judge(t *testing.T, server bool) {
	rows := append(correct[:len(correct):len(correct)], b.want...)
	if server {
		rows = append(rows, b.servers...)
	} else {
		rows = append(rows, b.clients...)
	}
	var differences strings.Builder
	played, wrong := 0, 0
	for _, c := range suite.All() {
		if strings.HasPrefix(c.ID, "x") || !inCases(t, cmp.Or(b.cases, usual), c.ID) {
			continue
		}
		want := expected(t, rows, c.ID)
		r := b.play(t, server, c)
		played++
		got := row{c.ID, r.Behavior, r.BehaviorClose, r.RemoteClose.Code}
		if want.code == anyCode {
			got.code = anyCode
		}
		if want.close == anyVerdict {
			got.close = anyVerdict
		}
		if got == want {
			continue
		}
		if wrong++; wrong <= 12 {
			fmt.Fprintf(&differences, "%-8s %v\n    want %v\n%s", c.ID, got, want, story(r))
		}
	}
	time.Sleep(patience) // of peers that do something in the background
	if played == 0 {
		t.Error("there are no such cases")
	}
	if wrong > 0 {
		t.Errorf("%d of %d cases differ:\n%s", wrong, played, differences.String())
	}
}

// String shows a row as in a report.
func (r row) String() string {
	code := map[int]string{none: "no code", anyCode: "any code"}[r.code]
	return fmt.Sprintf("%s / %s / %s", r.behavior, r.close, cmp.Or(code, strconv.Itoa(r.code)))
}

// story tells what happened, for a difference.
func story(r *fuzzer.Result) string {
	s := fmt.Sprintf("    after %v; open %v, closed by me %v, failed %v, dropped %v, clean %v; %s\n    %d events",
		r.Duration, r.Opened, r.ClosedByMe, r.FailedByMe, r.DroppedByMe, r.WasClean, r.NotCleanReason, len(r.Received))
	for i, e := range r.Received {
		if i == 4 {
			s += " ..."
			break
		}
		s += fmt.Sprintf(" %d %.20q%s", e.Kind, e.Payload, e.Tag)
	}
	return s + "\n"
}

// expected returns what the rows say about a case.
func expected(t *testing.T, rows []row, id string) row {
	want := row{cases: id}
	for _, r := range rows {
		if !inCases(t, r.cases, id) {
			continue
		}
		want.behavior = cmp.Or(r.behavior, want.behavior)
		want.close = cmp.Or(r.close, want.close)
		if r.code != sameCode {
			want.code = r.code
		}
	}
	return want
}

// inCases reports whether a case is in a list of groups, patterns and ranges.
func inCases(t *testing.T, list, id string) bool {
	for _, s := range strings.Fields(list) {
		first, last, isRange := strings.Cut(s, "-")
		group, isGroup := groups[s]
		switch {
		case isGroup:
			if inCases(t, group, id) {
				return true
			}
		case isRange:
			if path.Dir(dots(first)) == path.Dir(dots(id)) && number(first) <= number(id) && number(id) <= number(last) {
				return true
			}
		case strings.HasSuffix(s, "*"):
			if strings.HasPrefix(id, strings.TrimSuffix(s, "*")) {
				return true
			}
		case s[0] > '9':
			t.Fatalf("there is no group %q", s)
		case s == id:
			return true
		}
	}
	return false
}

// dots makes a path of an id.
func dots(id string) string { return strings.ReplaceAll(id, ".", "/") }

// number returns the last number of an id.
func number(id string) int {
	n, _ := strconv.Atoi(path.Base(dots(id)))
	return n
}

// play plays one case with a fresh peer.
func (b broken) play(t *testing.T, server bool, c *suite.Case) *fuzzer.Result {
	o := fuzzer.Defaults()
	if b.options != nil {
		b.options(o)
	}
	if !b.long {
		c = shorter(c)
	}
	mine, its := wstest.Pipe()
	p := &peer{habits: b.habits, nc: its, server: server}
	done := make(chan bool)
	go func() {
		p.serve()
		close(done)
	}()
	start := time.Now()
	var r *fuzzer.Result
	if server {
		r = fuzzer.PlayClient(mine, fuzzer.Target{Host: "127.0.0.1:9001", Path: "/"}, c, o)
	} else {
		q, err := fuzzer.ReadRequest(mine, "9001", o)
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		r = fuzzer.PlayServer(mine, q, c, o)
	}
	if d := time.Since(start); d >= patience && !b.stays {
		t.Errorf("%s took %v", c.ID, d)
	}
	mine.Close()
	<-done
	return r
}

// shorter returns c with fewer messages in its loop.
func shorter(c *suite.Case) *suite.Case {
	d := *c
	d.Steps = make([]suite.Step, len(c.Steps))
	for i, s := range c.Steps {
		if l, ok := s.(suite.Loop); ok {
			l.Count = min(l.Count, loop)
			s = l
		}
		d.Steps[i] = s
	}
	return &d
}
