package server

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
)

const shutdownReason = "server is shutting down"

// A ShutdownError says that a shutdown did not end by itself.
type ShutdownError struct {
	Cut  int   // connections that were closed before their closing handshake was complete
	Busy int   // others, whose handler, or opening handshake, was still under way
	Err  error // why there was no more time: the error of a context, or net.ErrClosed after Close
}

func (e *ShutdownError) Error() string {
	return fmt.Sprintf("websocket: shutdown cut %d connections and left %d others to their handlers: %v", e.Cut, e.Busy, e.Err)
}

// Unwrap returns e.Err.
func (e *ShutdownError) Unwrap() error { return e.Err }

// A shutdown is under way, or over.
type shutdown struct {
	ended chan struct{} // closed when no place is taken any more
	cut   chan struct{} // closed when connections are to be cut
	hurry chan struct{} // holds a value when by has become earlier

	// Guarded by Server.mu.
	by    time.Time // when all close frames must be on their way
	count int       // of connections that were cut
	cause error     // why; nil as long as d.cut is open
}

// Shutdown ends the server. From its start, requests get status 503, listeners of Serve are closed,
// and each connection gets a close frame with status 1001 and the reason "server is shutting down",
// spread over Jitter. Shutdown waits until all are closed and all handlers have returned.
//
// If ctx ends before that, what is left is cut, as by Close, and the error is a [*ShutdownError].
// A handler that does not return even then is left alone.
// If the deadline of ctx is nearer than Jitter, close frames are spread over half of the time until then.
//
// Shutdown may be called any number of times, and after StartShutdown:
// every call waits for the same end, and the context that ends first cuts.
// A server does not start again.
func (s *Server) Shutdown(ctx context.Context) error {
	d := s.drain(ctx)
	select {
	case <-d.ended:
		return s.cut(d, nil) // nothing but handshakes of Serve
	case <-ctx.Done():
		return s.cut(d, ctx.Err())
	}
}

// StartShutdown begins what Shutdown does and returns. After ShutdownTimeout what is left is cut.
// It is made for the RegisterOnShutdown method of http.Server, whose own Shutdown
// does not wait for WebSocket connections: call that of s, too, which does.
func (s *Server) StartShutdown() {
	timeout := cmp.Or(s.ShutdownTimeout, 30*time.Second)
	if timeout < 0 {
		timeout = math.MaxInt64
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	s.drain(ctx)
	go func() {
		defer cancel()
		s.Shutdown(ctx)
	}()
}

// Close ends the server as Shutdown does, but cuts connections at once
// and does not wait for handlers. The error is always nil.
func (s *Server) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.cut(s.drain(ctx), net.ErrClosed)
	return nil
}

// draining reports whether the server is shutting down, or has.
func (s *Server) draining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down != nil
}

// shuttingDown returns the answer to those who come too late.
func shuttingDown() *handshake.Error {
	return &handshake.Error{
		Status: http.StatusServiceUnavailable,
		Header: http.Header{"Connection": {"close"}},
		Reason: "the server is shutting down",
	}
}

// addListener makes a shutdown close l. It returns false if that has begun;
// then l is not closed. Two listeners must be comparable.
func (s *Server) addListener(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return false
	}
	s.listening = append(s.listening, l)
	return true
}

// removeListener undoes addListener.
func (s *Server) removeListener(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listening = slices.DeleteFunc(s.listening, func(o net.Listener) bool { return o == l })
}

// drain begins a shutdown that is to be over when ctx ends, or hastens the one that has begun.
func (s *Server) drain(ctx context.Context) *shutdown {
	d, listening, open := s.turnDown(ctx)
	for _, l := range listening {
		l.Close()
	}
	if len(open) > 0 && ctx.Err() == nil {
		go s.dismissAll(d, open)
	}
	return d
}

// turnDown begins a shutdown. It returns the listeners and connections that were open then,
// and none if there is a shutdown already: somebody else looks after them.
func (s *Server) turnDown(ctx context.Context) (d *shutdown, listening []net.Listener, open []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down == nil {
		s.down = s.newShutdown()
		listening, s.listening = s.listening, nil
		open = slices.Clone(s.open)
	}
	s.down.hasten(ctx)
	return s.down, listening, open
}

// newShutdown returns a shutdown of s. s.mu is held.
func (s *Server) newShutdown() *shutdown {
	d := &shutdown{
		ended: make(chan struct{}),
		cut:   make(chan struct{}),
		hurry: make(chan struct{}, 1),
		by:    time.Now().Add(s.Jitter),
	}
	if s.places == 0 {
		close(d.ended)
	}
	return d
}

// hasten makes d.by earlier if ctx will not wait for it. Server.mu is held.
func (d *shutdown) hasten(ctx context.Context) {
	end, ok := ctx.Deadline()
	if !ok || !end.Before(d.by) {
		return
	}
	d.by = time.Now().Add(time.Until(end) / 2)
	select {
	case d.hurry <- struct{}{}:
	default: // nobody has looked since the last time
	}
}

// dismissAll dismisses those that were open at the start of d,
// each at a random moment until d.by. One timer does for all.
func (s *Server) dismissAll(d *shutdown, open []*entry) {
	t := time.NewTimer(0)
	defer t.Stop()
	for i, e := range open {
		if !s.awaitTurn(d, t, len(open)-i) {
			return
		}
		s.dismiss(d, e)
	}
}

// awaitTurn waits for the first of n random moments between now and d.by.
// It returns false if nobody has to be dismissed any more.
func (s *Server) awaitTurn(d *shutdown, t *time.Timer, n int) bool {
	for {
		left := s.timeLeft(d)
		if left <= 0 {
			return true
		}
		// Of n random numbers below 1, the smallest is distributed like this.
		first := 1 - math.Pow(rand.Float64(), 1/float64(n))
		t.Reset(time.Duration(first * float64(left)))
		select {
		case <-t.C:
			return true
		case <-d.hurry:
		case <-d.cut:
			return false
		case <-d.ended:
			return false
		}
	}
}

// timeLeft returns the time until d.by.
func (s *Server) timeLeft(d *shutdown) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Until(d.by)
}

// dismiss closes the connection of e, on a goroutine of its own if that takes time.
func (s *Server) dismiss(d *shutdown, e *entry) {
	select {
	case <-d.cut:
		e.c.CloseNow()
	default:
		go s.dismissPolitely(e)
	}
}

// dismissPolitely performs the closing handshake with the peer of e.
func (s *Server) dismissPolitely(e *entry) {
	e.c.Close(frame.StatusGoingAway, shutdownReason)
	s.mu.Lock()
	e.closed = true
	s.mu.Unlock()
}

// cut closes at once what is open, because of cause, and handshakes of Serve.
// It returns a [*ShutdownError] if there is, or was before, anything to cut.
func (s *Server) cut(d *shutdown, cause error) error {
	s.cutPending()
	open, err := s.giveUp(d, cause)
	for _, e := range open {
		e.c.CloseNow()
	}
	return err
}

// giveUp counts what is to be cut, and returns it with the error that says so.
func (s *Server) giveUp(d *shutdown, cause error) ([]*entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.places == 0 {
		return nil, d.outcome()
	}
	err := &ShutdownError{Err: cause}
	for _, e := range s.open {
		if !e.closed {
			e.closed = true
			err.Cut++
		}
	}
	err.Busy = s.places - err.Cut
	d.count += err.Cut
	if d.cause == nil {
		d.cause = cause
		close(d.cut)
	}
	return slices.Clone(s.open), err
}

// outcome returns what Shutdown returns when all is over. Server.mu is held.
func (d *shutdown) outcome() error {
	if d.count == 0 {
		return nil
	}
	return &ShutdownError{Cut: d.count, Err: d.cause}
}
