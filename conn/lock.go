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
//
// One that wants the lock to send a message can leave that to the holder, who takes it
// off the queue and serves it, or puts it back.
type waiter struct {
	turn chan struct{} // closed when the lock is handed to this waiter, or it is served
	next *waiter

	message outgoing // to be sent; none if it has no type
	end     int      // for the holder: where the frame ends in the output
	gone    bool     // gave up while it was taken
	call    func()   // called when the lock is handed to this waiter; may be nil
	served  bool     // with err. Valid once turn is closed
	err     error
}

// try takes the lock if it is free.
func (l *lock) try() bool { return l.state.CompareAndSwap(free, held) }

// acquire takes the lock, or gives up and returns false when done is closed.
func (l *lock) acquire(done <-chan struct{}) bool {
	if l.try() {
		return true
	}
	w := l.enqueue(outgoing{})
	return w == nil || l.await(w, done, nil)
}

// enqueue takes the lock and returns nil, or joins the queue.
// message is to be sent then, if it has a type.
func (l *lock) enqueue(message outgoing) *waiter {
	return l.join(&waiter{message: message})
}

// enqueueCall is enqueue for a caller that does not wait: call is called when the lock is handed to it.
func (l *lock) enqueueCall(call func()) *waiter { return l.join(&waiter{call: call}) }

// join is enqueue for a new place in the queue.
func (l *lock) join(w *waiter) *waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.state.CompareAndSwap(held, contended) && l.state.Load() != contended {
		if l.try() {
			return nil
		}
	}
	w.turn = make(chan struct{})
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

// leave removes w from the queue. It returns false if w is not there any more:
// the lock has been handed to it, or it is being served.
func (l *lock) leave(w *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	w.gone = true
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
	w := l.first()
	if w == nil {
		return
	}
	close(w.turn)
	if w.call != nil {
		w.call()
	}
}

// first takes the first off the queue, who has the lock then, or frees the lock and returns nil.
func (l *lock) first() *waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.queue
	if w == nil { // the last one left just now
		l.state.Store(free)
		return nil
	}
	l.queue = w.next
	l.settle()
	return w
}

// last returns the last in the queue; nil if that is empty.
func (l *lock) last() *waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.queue
	for w != nil && w.next != nil {
		w = w.next
	}
	return w
}

// take removes the first in the queue if it has a message that fits into n bytes; else it returns nil.
// The holder then serves it or puts it back.
func (l *lock) take(n int) *waiter {
	if l.state.Load() != contended {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.queue
	if w == nil || w.message.typ == 0 || len(w.message.data) > n {
		return nil
	}
	l.queue = w.next
	w.next = nil
	l.settle()
	return w
}

// putBack puts w and those linked to it, which were taken, back to the front of the queue.
// Those who gave up meanwhile are served with err.
func (l *lock) putBack(w *waiter, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	place := &l.queue
	for w != nil {
		next := w.next
		if w.gone {
			w.serve(err)
		} else {
			w.next, *place = *place, w
			place = &w.next
		}
		w = next
	}
	l.settle()
}

// anyGone reports whether w or one of those linked to it, which were taken, gave up.
func (l *lock) anyGone(w *waiter) bool {
	if w == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for w != nil && !w.gone {
		w = w.next
	}
	return w != nil
}

// over reports whether the waiting of w is over.
func (w *waiter) over() bool {
	select {
	case <-w.turn:
		return true
	default:
		return false
	}
}

// serve ends the waiting of w, which was taken.
func (w *waiter) serve(err error) {
	w.served, w.err = true, err
	close(w.turn)
}

// settle notes that the queue may have become empty, or not to be so any more.
func (l *lock) settle() {
	if l.queue == nil {
		l.state.Store(held)
	} else {
		l.state.Store(contended)
	}
}
