package conn_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/internal/drive"
	"github.com/ws6455/ws/internal/netloop"
)

// These tests give turns to connections in a loop themselves, one after the other: so they know when
// what has come was read, and when there is nothing more to be done.

// A loopBench makes connections in a loop.
type loopBench struct {
	g netloop.Group
	l net.Listener
}

// newLoopBench returns a bench until the end of the test, which is skipped if there are no loops.
func newLoopBench(t testing.TB) *loopBench {
	t.Helper()
	b := new(loopBench)
	var err error
	if b.l, err = net.Listen("unix", t.TempDir()+"/s"); err != nil {
		t.Skip(err)
	}
	if err := b.g.Enter(); err != nil {
		b.l.Close()
		t.Skip(err)
	}
	t.Cleanup(func() {
		b.l.Close()
		b.g.Leave()
	})
	return b
}

// A tenant is a connection whose turns are given by a test: since its socket enters the loop claimed, and is never
// waited for, nobody else does.
type tenant struct {
	netloop.Socket
	c      *conn.Conn
	driven drive.Driven
	far    net.Conn        // the peer's end
	late   chan bool       // has room for one call of Late
	got    strings.Builder // the messages that came
}

func (x *tenant) InLoop() *netloop.Socket   { return &x.Socket }
func (x *tenant) Attach(d drive.Driven)     { x.driven = d }
func (x *tenant) Turn(*netloop.Worker) bool { panic("a turn was given by the loop") }
func (x *tenant) Overstayed()               { x.driven.Overstayed() }
func (x *tenant) Rest()                     {}

func (x *tenant) Late() {
	x.driven.Late()
	select {
	case x.late <- true:
	default:
	}
}

// open returns a new connection.
func (b *loopBench) open(t testing.TB, o conn.Opening, cfg *conn.Config) *tenant {
	t.Helper()
	x := &tenant{late: make(chan bool, 1)}
	var err error
	if x.far, err = net.Dial("unix", b.l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	near, err := b.l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.g.Adopt(&x.Socket, x, near); err != nil {
		t.Fatal(err)
	}
	o.Early = bytes.Clone(o.Early) // it will be unmasked
	x.c = conn.New(x, o, cfg)
	x.far.SetDeadline(time.Now().Add(10 * time.Second))
	return x
}

// turn gives x turns until there is nothing to be done for now. It reports whether the connection has ended.
func (x *tenant) turn(due bool) (ended bool) {
	status := drive.More
	for status == drive.More {
		status = x.turnOnce(&netloop.Worker{Due: due})
	}
	return status == drive.Ended
}

// turnOnce gives x a turn, as a session does.
func (x *tenant) turnOnce(w *netloop.Worker) drive.Status {
	x.driven.Enter()
	defer x.driven.Leave()
	x.driven.Begin(w)
	for {
		status, typ, p := x.driven.Next(w, w.Buf[:0])
		if status != drive.Message {
			return status
		}
		describeMessage(&x.got, typ, p)
		w.Buf = p
	}
}

// end is outcome for a connection in a loop. It also returns the error of the end.
func (b *loopBench) end(t testing.TB, o conn.Opening, cfg *conn.Config, segments ...[]byte) (outcome string, err error) {
	t.Helper()
	x := b.open(t, o, cfg)
	defer x.far.Close()
	x.turn(false)
	for _, p := range segments {
		x.far.Write(p)
		x.turn(false)
	}
	x.far.(*net.UnixConn).CloseWrite()
	x.await(t)
	sent, err := io.ReadAll(x.far)
	if err != nil {
		t.Errorf("the peer reads to %v", err)
	}
	describeEnd(&x.got, x.driven.Err(), sent)
	return x.got.String(), x.driven.Err()
}

// await gives x turns until it has ended. That takes a moment if a goroutine has to see to it.
func (x *tenant) await(t testing.TB) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !x.turn(false); time.Sleep(10 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("the connection is still open\n%s", stacks())
		}
	}
}
