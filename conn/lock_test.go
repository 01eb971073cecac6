package conn

import (
	"sync"
	"testing"
	"time"
)

// The only waiter gives up in the moment in which the holder lets go.
func TestLockLeftAndReleasedAtOnce(t *testing.T) {
	var l lock
	l.acquire(nil)
	w := l.enqueue(outgoing{})
	l.mu.Lock()
	released := make(chan struct{})
	go func() {
		defer close(released)
		l.release()
	}()
	time.Sleep(10 * time.Millisecond) // until release has found the lock contended
	l.queue = w.next                  // as leave does
	l.settle()
	l.mu.Unlock()
	<-released
	if !l.try() {
		t.Error("the lock is held by nobody")
	}
}

// Waiters that give up keep neither the lock nor each other from their turn.
func TestLockOfManyThatGiveUp(t *testing.T) {
	var l lock
	var all sync.WaitGroup
	holders := 0 // guarded by l
	for i := range 8 {
		all.Go(func() {
			for j := range 2000 {
				done := make(chan struct{})
				if (i+j)%3 == 0 {
					go close(done)
				}
				if !l.acquire(done) {
					continue
				}
				if holders++; holders != 1 {
					t.Error("the lock is held twice")
				}
				holders--
				l.release()
			}
		})
	}
	all.Wait()
	if !l.try() {
		t.Error("the lock is held by nobody")
	}
}
