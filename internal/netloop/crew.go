package netloop

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// A Worker is a goroutine that gives turns.
type Worker struct {
	// Buf is room for what a turn needs while it lasts. A turn may leave a larger slice there.
	Buf []byte

	// Due says that a time given to Socket.At has come.
	Due bool

	next *Socket // to be given a turn; nil if there is none

	watched atomic.Bool // this is the driver of a loop

	recent []Tenant // a ring of those that had turns; nil but for a driver
	oldest int      // in recent
}

// Watched reports whether this is the driver of a loop: if so, and the turn takes long, Tenant.Overstayed will be called,
// and Watched is false from then on.
func (w *Worker) Watched() bool { return w.watched.Load() }

// recentTenants is how many of the tenants that had turns last may stay ready for the next one.
const recentTenants = 256

// Stay is for a tenant that can give back memory after a turn, but would soon have to take it again. It returns true
// if Tenant.Rest will be called later, when many others have had turns; if it returns false, it will not.
func (w *Worker) Stay(t Tenant) bool {
	if w.recent == nil {
		return false
	}
	if old := w.recent[w.oldest]; old != nil {
		old.Rest()
	}
	w.recent[w.oldest] = t
	w.oldest = (w.oldest + 1) % len(w.recent)
	return true
}

// retire makes w a worker that is no driver any more.
func (w *Worker) retire() {
	for _, t := range w.recent {
		if t != nil {
			t.Rest()
		}
	}
	w.recent = nil
}

// turn gives s, which is claimed, a turn. It reports whether s needs another one, and is still claimed.
func (w *Worker) turn(s *Socket) (again bool) {
	if s.turn.Load() != claimed {
		s.turn.Store(claimed) // what happened until now is for this turn
	}
	w.Due = s.due.Load() && s.due.Swap(false)
	return s.unclaim(s.tenant.Turn(w))
}

// A crew is the goroutines that give turns when drivers do not. A few of them stay when they have nothing
// to do: a new one would have to grow its stack first.
type crew struct {
	next  chan *Socket // for one that has nothing to do
	over  chan struct{}
	close sync.Once
	idle  atomic.Int32 // how many have nothing to do
}

var workers = sync.Pool{New: func() any { return new(Worker) }}

// maxIdle is how many stay.
const maxIdle = 16

func newCrew() *crew {
	return &crew{next: make(chan *Socket), over: make(chan struct{})}
}

// give has somebody give s, which is claimed, a turn.
func (c *crew) give(s *Socket) {
	select {
	case c.next <- s:
	default:
		w := workers.Get().(*Worker)
		w.next = s
		go c.join(w)
	}
}

// join makes the goroutine of w a member of the crew, until there are enough.
func (c *crew) join(w *Worker) {
	for {
		if w.next != nil {
			c.work(w)
		}
		if w.next = c.await(); w.next == nil {
			workers.Put(w)
			return
		}
	}
}

// work gives a socket turns until it needs none.
func (c *crew) work(w *Worker) {
	over := false
	defer func() {
		if !over { // runtime.Goexit
			c.give(w.next)
		}
	}()
	for w.turn(w.next) {
		runtime.Gosched()
	}
	over = true
}

// await waits for a socket. It returns nil if nobody needs to wait.
func (c *crew) await() *Socket {
	defer c.idle.Add(-1)
	if c.idle.Add(1) > maxIdle {
		return nil
	}
	select {
	case s := <-c.next:
		return s
	case <-c.over:
		return nil
	}
}

// dismiss lets those go that have nothing to do, and the others when they have done it.
func (c *crew) dismiss() { c.close.Do(func() { close(c.over) }) }
