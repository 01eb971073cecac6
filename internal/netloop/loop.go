package netloop

import (
	"sync/atomic"
	"time"
)

// A Loop waits for sockets and gives them turns.
type Loop struct {
	group  *Group
	crew   *crew
	poller poller
	alarms alarms

	// state counts up at the beginning and at the end of each turn that the driver gives on its own goroutine,
	// so that it is odd during one. If somebody else has counted the end, the loop is not the driver's any more.
	state atomic.Uint64
	seen  uint64 // state when the monitor looked last; the monitor's

	// The driver's, and handed to the next one with state.
	queue   []*Socket // whose turn has come; from head on
	head    int
	worker  *Worker // of the driver
	current *Socket // whose turn it is
	pause   pause
}

func newLoop(g *Group, c *crew, p poller) *Loop {
	l := &Loop{group: g, crew: c, poller: p}
	l.alarms.ring = ring
	return l
}

// drive is what the driver does: rounds of turns, and looking for what has happened between them.
func (l *Loop) drive() {
	w := &Worker{recent: make([]Tenant, recentTenants)}
	w.watched.Store(true)
	l.worker = w
	driver := true
	defer func() {
		if driver { // also if a turn has ended the goroutine
			w.retire()
		}
	}()
	for l.round(w) {
		l.tidy()
		if !l.poll() {
			l.disband()
			return
		}
	}
	driver = false
	w.retire()
	l.crew.join(w) // with the turn during which the loop was taken over. Then w is somebody else's
}

// disband is the end of the loop. The last sockets may still need a turn after they have been closed.
func (l *Loop) disband() {
	for _, s := range l.queue {
		l.crew.give(s)
	}
}

// round gives a turn to each socket in the queue. It returns false if somebody else is the driver now.
func (l *Loop) round(w *Worker) bool {
	apart := l.pause.active()
	for n := len(l.queue) - l.head; n > 0; n-- {
		s := l.queue[l.head]
		l.queue[l.head] = nil
		l.head++
		if apart {
			l.crew.give(s)
		} else if !l.give(s, w) {
			return false
		}
	}
	return true
}

// tidy makes room in the queue.
func (l *Loop) tidy() {
	n := copy(l.queue, l.queue[l.head:])
	clear(l.queue[n:])
	l.queue, l.head = l.queue[:n], 0
}

// give gives s a turn. It returns false if somebody else is the driver now:
// then s is still claimed, by w.
func (l *Loop) give(s *Socket, w *Worker) (mine bool) {
	l.current = s
	n := l.state.Add(1)
	if !l.group.watching.Load() {
		l.group.watchOver()
	}
	over := false
	defer func() {
		if !over { // runtime.Goexit
			l.desert(n, s)
		}
	}()
	again := w.turn(s)
	over = true
	if !l.state.CompareAndSwap(n, n+1) {
		if again {
			w.next = s
		}
		return false
	}
	l.current = nil
	if again {
		l.queue = append(l.queue, s)
	}
	return true
}

// desert finds others to go on with, when the driver's goroutine ends in the turn of s that began with state n.
func (l *Loop) desert(n uint64, s *Socket) {
	if l.state.CompareAndSwap(n, n+1) {
		go l.drive()
	}
	l.crew.give(s)
}

// poll looks for what has happened, and waits for it if there is nothing else to do.
// It returns false if the loop is over.
func (l *Loop) poll() bool {
	events, err := l.poller.wait(len(l.queue) == 0)
	if err != nil {
		return false
	}
	for _, e := range events {
		if s := l.group.sockets.at(int(e.fd)); s != nil && s.happened(e.what) {
			l.queue = append(l.queue, s)
		}
	}
	return true
}

// look finds a new driver if the same turn is under way as the last time, and reports
// whether anything is going on. It is for the monitor.
func (l *Loop) look() (busy bool) {
	n := l.state.Load()
	odd, same := n%2 == 1, n == l.seen
	l.seen = n
	if odd && same && l.state.CompareAndSwap(n, n+1) {
		l.takeOver()
	}
	return odd || !same
}

// takeOver makes another goroutine the driver. The caller is it, for the moment.
func (l *Loop) takeOver() {
	s := l.current
	l.current = nil
	l.worker.watched.Store(false) // before s is told, who may be about to ask
	l.pause.begin(time.Now())
	go s.tenant.Overstayed() // not here, where locks are held that it may have to wait for
	go l.drive()
}

// ring tells s that a time has come which it wanted to be told of.
func ring(s *Socket) {
	s.due.Store(true)
	if s.claim() {
		s.loop.crew.give(s)
	} else {
		s.tenant.Late()
	}
}

// A pause is a time in which the driver gives turns on goroutines of their own,
// because they have taken long on its own. The next one is longer if it comes soon after.
type pause struct {
	on     bool
	length time.Duration
	until  time.Time
}

// How long pauses are.
const (
	shortPause = 50 * time.Millisecond
	longPause  = 64 * shortPause
)

// active reports whether the pause is on.
func (p *pause) active() bool {
	p.on = p.on && time.Now().Before(p.until)
	return p.on
}

// begin begins a pause.
func (p *pause) begin(now time.Time) {
	if now.Sub(p.until) > 8*p.length {
		p.length = shortPause
	} else {
		p.length = min(2*p.length, longPause)
	}
	p.on, p.until = true, now.Add(p.length)
}
