package conn_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

var background = context.Background()

// onBothSides runs test for a server and for a client under test, each in a bubble,
// and fails if that leaves a goroutine behind.
func onBothSides(t *testing.T, cfg *conn.Config, test func(t *testing.T, c *conn.Conn, peer *wstest.Peer)) {
	t.Helper()
	onBothSidesAfter(t, func(t *testing.T, side frame.Side) conn.Opening { return conn.Opening{Side: side} }, cfg, test)
}

// onBothSidesAfter is onBothSides after the handshake that o returns.
func onBothSidesAfter(t *testing.T, o func(*testing.T, frame.Side) conn.Opening, cfg *conn.Config, test func(t *testing.T, c *conn.Conn, peer *wstest.Peer)) {
	t.Helper()
	for _, side := range []frame.Side{frame.Server, frame.Client} {
		t.Run(side.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, peer := wstest.OpenPeer(t, o(t, side), cfg)
				test(t, c, peer)
			})
		})
	}
}

// A result is what a call returned.
type result struct {
	typ frame.Opcode
	p   []byte
	err error
}

func (r result) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	return fmt.Sprintf("%s %q", r.typ, r.p)
}

// read starts a Read.
func read(c *conn.Conn, ctx context.Context) <-chan result {
	done := make(chan result, 1)
	go func() {
		typ, p, err := c.Read(ctx)
		done <- result{typ, p, err}
	}()
	return done
}

// wantRead fails the test unless Read returns this message, without time passing.
func wantRead(t *testing.T, c *conn.Conn, typ frame.Opcode, p string) {
	t.Helper()
	got := now(t, read(c, background))
	if want := (result{typ, []byte(p), nil}); got.String() != want.String() {
		t.Fatalf("Read: got %.200v, want %.200v", got, want)
	}
}

// wantEnd fails the test unless Read returns an error with this text, without time passing.
func wantEnd(t *testing.T, c *conn.Conn, text string) error {
	t.Helper()
	got := now(t, read(c, background))
	if got.err == nil || !strings.Contains(got.err.Error(), text) {
		t.Fatalf("Read: got %.200v, want an error with %q", got, text)
	}
	return got.err
}

// now returns what arrives in ch once everything is idle, without time passing.
func now[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	synctest.Wait()
	select {
	case v := <-ch:
		return v
	default:
		t.Fatalf("still waiting\n%s", stacks())
		panic("unreachable")
	}
}

// wantWaiting fails the test if something arrived in ch.
func wantWaiting[T any](t *testing.T, ch <-chan T, what string) {
	t.Helper()
	synctest.Wait()
	select {
	case v := <-ch:
		t.Fatalf("%s did not wait but returned %v", what, v)
	default:
	}
}

func stacks() []byte {
	b := make([]byte, 64<<10)
	return b[:runtime.Stack(b, true)]
}

// start runs f and returns where its result will be.
func start[T any](f func() T) <-chan T {
	done := make(chan T, 1)
	go func() { done <- f() }()
	return done
}

// as returns err as an E, or fails the test.
func as[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("got error %v of type %T, want %T", err, err, e)
	}
	return e
}

// elapsed fails the test unless exactly d has passed since start.
func elapsed(t *testing.T, start time.Time, d time.Duration) {
	t.Helper()
	if got := time.Since(start); got != d {
		t.Errorf("took %v, want %v", got, d)
	}
}

// memory returns how many bytes were allocated so far.
func memory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
