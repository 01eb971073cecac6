package conn

import (
	"sync"
	"sync/atomic"
)

// A lock is a mutex whose waiters can give up.
// It is handed to them in the order in which they came.
// The zero lock is free.
type lock struct {
	state atomic.Int32

	mu    sync.Mutex // guards queue, and state while it is contended
	queue *waiter
}

// States of a lock.
const (
	free      = int32(iota)
	held      // and nobody waits
	contended // and the queue is not empty
)

// A waiter is a place in the queue of a lock.
type waiter struct {
	turn chan struct{} // closed when the lock is handed to this waiter
	next *waiter
}

// try takes the lock if it is free.
func (l *lock) try() bool { return l.state.CompareAndSwap(free, held) }

// acquire takes the lock, or gives up and returns false when done is closed.
func (l *lock) acquire(done <-chan struct{}) bool {
	if l.try() {
		return true
	}
	w := l.enqueue()
	return w == nil || l.await(w, done, nil)
}

// enqueue takes the lock and returns nil, or joins the queue.
func (l *lock) enqueue() *waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.state.CompareAndSwap(held, contended) && l.state.Load() != contended {
		if l.try() {
			return nil
		}
	}
	w := &waiter{turn: make(chan struct{})}
	last := &l.queue
	for *last != nil {
		last = &(*last).next
	}
	*last = w
	return w
}

// await waits for w's turn and reports whether it came.
// It gives up when one of the two channels is closed.
func (l *lock) await(w *waiter, done, also <-chan struct{}) bool {
	select {
	case <-w.turn:
		return true
	case <-done:
	case <-also:
	}
	return !l.leave(w)
}

// leave removes w from the queue.
// It returns false if the lock has been handed to w already.
func (l *lock) leave(w *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := &l.queue; *p != nil; p = &(*p).next {
		if *p == w {
			*p = w.next
			l.settle()
			return true
		}
	}
	return false
}

// release hands the lock to the first in the queue, or frees it.
func (l *lock) release() {
	if l.state.CompareAndSwap(held, free) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.queue
	if w == nil { // the last one left just now
		l.state.Store(free)
		return
	}
	l.queue = w.next
	l.settle()
	close(w.turn)
}

// settle notes that the queue may have become empty.
func (l *lock) settle() {
	if l.queue == nil {
		l.state.Store(held)
	}
}
