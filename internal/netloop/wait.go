package netloop

import (
	"net"
	"os"
	"sync"
	"time"
)

// Waits is what a socket needs for goroutines that wait for it, in Read and Write, and for their deadlines.
type waits struct {
	mu          sync.Mutex
	read, write side
}

// A side is one direction. It is guarded by waits.mu.
type side struct {
	by    time.Time     // the deadline; zero if there is none
	woken chan struct{} // closed to let those look around who wait; nil if nobody does
	timer *time.Timer   // wakes them at the deadline; nil as long as nobody has waited with one
}

// of returns the side that waits for what.
func (w *waits) of(what uint32) *side {
	if what == readable {
		return &w.read
	}
	return &w.write
}

// makeWaits returns s.waits, which it makes at need.
func (s *Socket) makeWaits() *waits {
	if w := s.waits.Load(); w != nil {
		return w
	}
	s.waits.CompareAndSwap(nil, new(waits))
	return s.waits.Load()
}

// await waits until s is ready, closed or overdue.
func (s *Socket) await(what uint32) error {
	w := s.makeWaits()
	d := w.of(what)
	w.mu.Lock()
	defer w.mu.Unlock()
	for s.ready.Load()&what == 0 {
		if s.closed() {
			return net.ErrClosed
		}
		if d.overdue() {
			return os.ErrDeadlineExceeded
		}
		if d.woken == nil {
			d.woken = make(chan struct{})
			d.setTimer(w)
		}
		woken := d.woken
		w.mu.Unlock()
		<-woken
		w.mu.Lock()
	}
	return nil
}

// overdue returns the error of a deadline that has passed.
func (s *Socket) overdue(what uint32) error {
	w := s.waits.Load()
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of(what).overdue() {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// setDeadline sets the deadline of one direction; the zero time is none.
func (s *Socket) setDeadline(what uint32, t time.Time) error {
	if s.closed() {
		return net.ErrClosed
	}
	if t.IsZero() && s.waits.Load() == nil {
		return nil
	}
	w := s.makeWaits()
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.of(what)
	d.by = t
	d.wake()
	return nil
}

// wake lets those look around who wait for what.
func (s *Socket) wake(what uint32) {
	w := s.waits.Load()
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if what&readable != 0 {
		w.read.wake()
	}
	if what&writable != 0 {
		w.write.wake()
	}
}

func (d *side) overdue() bool { return !d.by.IsZero() && !time.Now().Before(d.by) }

// setTimer sets the timer to the deadline, if there is one.
func (d *side) setTimer(w *waits) {
	switch {
	case d.by.IsZero():
	case d.timer != nil:
		d.timer.Reset(time.Until(d.by))
	default:
		d.timer = time.AfterFunc(time.Until(d.by), func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			d.wake()
		})
	}
}

// wake lets those look around who wait.
func (d *side) wake() {
	if d.woken == nil {
		return
	}
	close(d.woken)
	d.woken = nil
	if d.timer != nil {
		d.timer.Stop()
	}
}
