package fuzzer

import (
	"crypto/rand"
	"slices"
	"time"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A timer is something that happens at a time.
type timer struct {
	at   time.Duration
	what due
	wait suite.Wait // of waitOver
}

// due says what a timer is for.
type due int

const (
	killAfter  due = iota
	closeAfter     // the time limit of a case
	waitOver       // go on with the next steps
	closeReply     // the close frame of the peer is late
	serverDrop     // the server does not end TCP
	autoPing
	autoPong // the answer to an automatic ping is late
	hang
)

// arm starts a timer. One that runs out at the same time as another does so after it.
func (s *session) arm(d time.Duration, what due) { s.add(timer{at: s.now + d, what: what}) }

func (s *session) add(t timer) {
	i := slices.IndexFunc(s.timers, func(x timer) bool { return x.at > t.at })
	if i < 0 {
		i = len(s.timers)
	}
	s.timers = slices.Insert(s.timers, i, t)
}

// disarm stops the timers for what.
func (s *session) disarm(what due) {
	s.timers = slices.DeleteFunc(s.timers, func(t timer) bool { return t.what == what })
}

func (s *session) armed(what due) bool {
	return slices.ContainsFunc(s.timers, func(t timer) bool { return t.what == what })
}

// deadline returns when Advance has to be called, and false if there is no such time.
func (s *session) deadline() (time.Duration, bool) {
	if s.state == closed {
		return 0, false
	}
	if len(s.timers) == 0 && !s.hold {
		s.arm(hangTime, hang)
	}
	if len(s.timers) == 0 {
		return 0, false
	}
	return s.timers[0].at, true
}

// advance tells the session the time since it was opened, and runs what is due.
func (s *session) advance(now time.Duration) {
	for s.state != closed && len(s.timers) > 0 && s.timers[0].at <= now {
		t := s.timers[0]
		s.timers = s.timers[1:]
		s.now = max(s.now, t.at)
		s.due(t)
	}
	s.now = max(s.now, now)
}

// due runs a timer.
func (s *session) due(t timer) {
	switch t.what {
	case killAfter:
		s.log(Entry{What: KillDue})
		s.fail(1001, "Going Away")
	case closeAfter:
		s.log(Entry{What: CloseDue})
		s.close(suite.NoCode, nil)
	case waitOver:
		s.log(Entry{What: DelayDue})
		if t.wait.Tag == "" {
			s.run()
		} else if s.state == open {
			s.record(suite.Event{Kind: suite.Timeout, Tag: t.wait.Tag})
			s.run()
		}
	case closeReply:
		s.r.ClosingTimeout = true
		s.r.WasClean = false
		s.r.NotCleanReason = "the peer did not answer the close frame in time"
		s.end(dropAbort)
	case serverDrop:
		s.r.ServerDropTimeout = true
		s.r.WasClean = false
		s.r.NotCleanReason = "the server did not end TCP in time"
		s.end(dropAbort)
	case autoPing:
		s.ping()
	case autoPong:
		s.r.WasClean = false
		s.r.NotCleanReason = "the peer did not answer a ping in time"
		s.end(dropAbort)
	case hang:
		s.note("the peer has closed, and does not end TCP")
		s.hung = true
		s.dropped = dropAbort
		s.lost()
	}
}

// ping sends an automatic ping.
func (s *session) ping() {
	if s.state != open {
		return
	}
	s.pinged = make([]byte, s.o.AutoPingSize)
	rand.Read(s.pinged)
	s.frame(suite.Frame{Opcode: suite.OpPing}, s.pinged)
	if s.o.AutoPingTimeout > 0 {
		s.arm(s.o.AutoPingTimeout, autoPong)
	} else {
		s.arm(s.o.AutoPingInterval, autoPing)
	}
}

// ponged notes the answer to an automatic ping.
func (s *session) ponged(p []byte) {
	if s.pinged == nil || string(p) != string(s.pinged) {
		return
	}
	s.pinged = nil
	if s.armed(autoPong) {
		s.disarm(autoPong)
		s.arm(s.o.AutoPingInterval, autoPing)
	}
}
