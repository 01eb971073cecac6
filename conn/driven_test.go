package conn_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/badinput"
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

// A tenant is a connection whose turns are given by a test: since its socket enters the loop claimed, nobody else does,
// until the test calls Wait.
type tenant struct {
	netloop.Socket
	c      *conn.Conn
	driven drive.Driven
	far    net.Conn        // the peer's end
	late   chan bool       // has room for one call of Late
	got    strings.Builder // the messages that came
	over   bool            // a turn that the loop gave was the last one; then ended is closed
	ended  chan bool
}

func (x *tenant) InLoop() *netloop.Socket { return &x.Socket }
func (x *tenant) Attach(d drive.Driven)   { x.driven = d }
func (x *tenant) Overstayed()             { x.driven.Overstayed() }
func (x *tenant) Rest()                   {}

func (x *tenant) Turn(w *netloop.Worker) (more bool) {
	if x.over {
		return false
	}
	status := x.turnOnce(w)
	if x.over = status == drive.Ended; x.over {
		close(x.ended)
	}
	return status == drive.More
}

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
	x := &tenant{late: make(chan bool, 1), ended: make(chan bool)}
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

// await gives x turns until the connection has ended. That takes a moment if a goroutine has to see to it.
func (x *tenant) await(t testing.TB) {
	t.Helper()
	x.turnsUntil(t, func(ended bool) bool { return ended })
}

// turnsUntil gives x turns, with what has come of the times that it wants to be told of, until done.
func (x *tenant) turnsUntil(t testing.TB, done func(ended bool) bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(x.turn(len(x.late) > 0)); time.Sleep(10 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("the connection is still open\n%s", stacks())
		}
	}
}

// awaitLoop lets the loop give x turns until the connection has ended.
func (x *tenant) awaitLoop(t testing.TB) {
	t.Helper()
	x.Wait()
	x.wantEnded(t)
}

// wantEnded fails the test unless the connection ends, to which the loop gives turns.
func (x *tenant) wantEnded(t testing.TB) {
	t.Helper()
	select {
	case <-x.ended:
	case <-time.After(10 * time.Second):
		t.Fatalf("the connection is still open\n%s", stacks())
	}
}

// As with a blocking connection, a peer of a loop must finish what it has begun.
//
// Requirements: 6455-10.4-01
func TestMessageTimeoutOfLoop(t *testing.T) {
	b := newLoopBench(t)
	for _, tt := range unfinished {
		t.Run(tt.name, func(t *testing.T) {
			cfg := &conn.Config{MessageTimeout: time.Millisecond}
			x := b.open(t, conn.Opening{Side: frame.Server}, cfg)
			defer x.far.Close()
			x.far.Write(tt.in(frame.Client))
			x.Wait()
			if got, err := io.ReadAll(x.far); string(got) != "\x88\x21\x03\xf0message not finished within 1ms" {
				t.Errorf("sent %q, %v", got, err)
			}
			x.far.Close()
			x.wantEnded(t)
			want := conn.LimitError{Option: "MessageTimeout", Limit: int64(cfg.MessageTimeout), Code: frame.StatusPolicyViolation}
			if e := as[*conn.LimitError](t, x.driven.Err()); *e != want {
				t.Errorf("got %+v, want %+v", *e, want)
			}
		})
	}
}

// A drip does not help, as long as the loop waits for the rest.
func TestMessageTimeoutOfLoopThatIsDrippedOn(t *testing.T) {
	x := newLoopBench(t).open(t, conn.Opening{Side: frame.Server}, &conn.Config{MessageTimeout: 50 * time.Millisecond, MaxFragments: -1})
	defer x.far.Close()
	x.far.Write(badinput.Frame{First: 0x01}.Bytes(frame.Client))
	x.turnsUntil(t, func(bool) bool {
		time.Sleep(time.Millisecond)
		x.far.Write(badinput.Frame{First: 0x00, Payload: "a"}.Bytes(frame.Client))
		return x.driven.Err() != nil
	})
	if e, ok := x.driven.Err().(*conn.LimitError); !ok || e.Option != "MessageTimeout" {
		t.Errorf("the connection ended with %v", x.driven.Err())
	}
}

// A peer of a loop that stays after it was failed, silent or not, does so for CloseTimeout.
func TestFailedPeerOfLoopStays(t *testing.T) {
	b := newLoopBench(t)
	for _, flooding := range []bool{false, true} {
		for _, byLoop := range []bool{false, true} {
			x := b.open(t, conn.Opening{Side: frame.Server}, &conn.Config{CloseTimeout: 20 * time.Millisecond})
			defer x.far.Close()
			x.far.Write(badinput.Frame{First: 0x83}.Bytes(frame.Client))
			if flooding {
				go io.Copy(x.far, &repeat{what: []byte("x")})
			}
			if byLoop {
				x.awaitLoop(t)
			} else {
				x.await(t)
			}
			as[*conn.ProtocolError](t, x.driven.Err())
		}
	}
}

// What is queued for a peer that closes leaves before the answer.
func TestPeerOfLoopClosesBehindQueue(t *testing.T) {
	const size = 4 << 20 // more than the network takes
	x := newLoopBench(t).open(t, conn.Opening{Side: frame.Server}, &conn.Config{MaxQueuedBytes: 10 * size})
	if err := x.c.Send(background, frame.Binary, make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	x.far.Write(masked(frame.Close, "\x03\xe8"))
	if x.turn(false) {
		t.Fatal("the connection has ended before the queue was sent")
	}
	message := frame.Header{Fin: true, Opcode: frame.Binary, Length: size}.Append(nil)
	got := make([]byte, len(message)+size)
	if _, err := io.ReadFull(x.far, got); err != nil || !bytes.HasPrefix(got, message) {
		t.Errorf("got % x, %v, want a message", got[:10], err)
	}
	if got, err := io.ReadAll(x.far); string(got) != "\x88\x02\x03\xe8" || err != nil {
		t.Errorf("then %q, %v, want a close frame", got, err)
	}
	x.far.Close()
	x.await(t)
	if e := as[*conn.CloseError](t, x.driven.Err()); e.Code != 1000 || !e.ByPeer || e.Err != nil {
		t.Errorf("got %+v", e)
	}
}

// A turn reads so much and no more, for others to have theirs.
func TestLoopReadsItsShare(t *testing.T) {
	x := newLoopBench(t).open(t, conn.Opening{Side: frame.Server}, nil)
	defer x.far.Close()
	in := bytes.Repeat(masked(frame.Pong, strings.Repeat("x", 125)), 1100)
	if _, err := x.far.Write(append(in, masked(frame.Text, "Hello")...)); err != nil {
		t.Skip(err) // the network does not take as much
	}
	if status := x.turnOnce(new(netloop.Worker)); status != drive.More || x.got.Len() > 0 {
		t.Errorf("a turn reads to status %v and the message %s", status, &x.got)
	}
	if x.turn(false); x.got.String() != "text \"Hello\"\n" {
		t.Errorf("the next ones read %q", &x.got)
	}
	x.c.CloseNow()
	x.await(t)
}

// What the application leaves of a message that it has begun to read is not the next one.
func TestLoopSkipsRest(t *testing.T) {
	x := newLoopBench(t).open(t, conn.Opening{Side: frame.Server}, nil)
	defer x.far.Close()
	for _, rest := range []string{"", "rest"} {
		x.far.Write(badinput.Frame{First: 0x01, Payload: "unwanted"}.Bytes(frame.Client))
		_, r, err := x.c.Reader(background)
		if err != nil {
			t.Fatal(err)
		}
		r.Read(make([]byte, 2))
		x.turn(false)
		x.far.Write(badinput.Frame{First: 0x00, Payload: rest}.Bytes(frame.Client))
		x.turn(false)
		x.far.Write(badinput.Frame{First: 0x80, Payload: rest}.Bytes(frame.Client))
		x.far.Write(masked(frame.Text, "next"))
		x.turn(false)
		if _, err := r.Read(make([]byte, 1)); err != conn.ErrReaderDone {
			t.Errorf("the reader of the message returns %v", err)
		}
	}
	if got := x.got.String(); got != "text \"next\"\ntext \"next\"\n" {
		t.Errorf("got %q", got)
	}
	x.c.CloseNow()
	x.await(t)
}

// A peer that does not answer a close frame, but sends other things all the time, does so for CloseTimeout.
func TestClosedPeerOfLoopFloods(t *testing.T) {
	for _, flood := range []string{"", string(masked(frame.Pong, strings.Repeat("x", 100))), string(masked(frame.Text, "x"))} {
		x := newLoopBench(t).open(t, conn.Opening{Side: frame.Server}, &conn.Config{CloseTimeout: 20 * time.Millisecond})
		defer x.far.Close()
		if flood != "" {
			go io.Copy(x.far, &repeat{what: []byte(flood)})
		}
		if err := x.c.StartClose(1000, ""); err != nil {
			t.Fatal(err)
		}
		x.awaitLoop(t)
		if e := as[*conn.LimitError](t, x.driven.Err()); e.Option != "CloseTimeout" {
			t.Errorf("the connection ended with %v", e)
		}
	}
}

// The time for closing is not forgotten when that for an unfinished message comes first.
func TestClosedPeerOfLoopDoesNotFinish(t *testing.T) {
	cfg := &conn.Config{MessageTimeout: 10 * time.Millisecond, CloseTimeout: 100 * time.Millisecond}
	x := newLoopBench(t).open(t, conn.Opening{Side: frame.Server}, cfg)
	defer x.far.Close()
	x.far.Write(badinput.Frame{First: 0x01}.Bytes(frame.Client))
	x.turn(false)
	if err := x.c.StartClose(1000, ""); err != nil {
		t.Fatal(err)
	}
	x.awaitLoop(t)
	as[*conn.LimitError](t, x.driven.Err())
}

// A peer that was closed and does not hang up is cut off then. The closing handshake is complete.
func TestClosedPeerOfLoopStays(t *testing.T) {
	for _, byLoop := range []bool{false, true} {
		x := newLoopBench(t).open(t, conn.Opening{Side: frame.Server}, &conn.Config{CloseTimeout: 20 * time.Millisecond})
		defer x.far.Close()
		x.far.Write(masked(frame.Close, "\x03\xe8"))
		x.turn(false)
		if byLoop {
			x.awaitLoop(t)
		} else {
			x.await(t)
		}
		if e := as[*conn.CloseError](t, x.driven.Err()); e.Code != 1000 || e.Err != nil {
			t.Errorf("got %+v", e)
		}
	}
}

// repeat is a stream of the same over and over.
type repeat struct {
	what []byte
	next int // in what
}

func (r *repeat) Read(p []byte) (n int, err error) {
	for n < len(p) {
		m := copy(p[n:], r.what[r.next:])
		n, r.next = n+m, (r.next+m)%len(r.what)
	}
	return n, nil
}

// choke opens a connection whose peer has not read so much that it is not read from.
func (b *loopBench) choke(t *testing.T, cfg conn.Config) *tenant {
	t.Helper()
	cfg.CloseTimeout = time.Hour
	x := b.open(t, conn.Opening{Side: frame.Server}, &cfg)
	if err := x.c.Send(background, frame.Binary, make([]byte, 4<<20)); err != nil {
		t.Fatal(err)
	}
	x.far.Write(masked(frame.Text, "Hello"))
	if x.turn(false) || x.got.Len() > 0 {
		t.Fatalf("from a peer that does not read was read: %s", &x.got)
	}
	return x
}

// The end is noticed of a peer that is not read from because it does not read.
func TestChokedPeerHangsUp(t *testing.T) {
	for _, cfg := range []conn.Config{{MaxQueuedBytes: 7 << 20}, {MaxQueuedBytes: -1, MaxQueuedMessages: 1}} {
		x := newLoopBench(t).choke(t, cfg)
		x.far.Close()
		x.awaitLoop(t)
		if e := as[*conn.CloseError](t, x.driven.Err()); e.Code != 1006 || e.Err == nil {
			t.Errorf("the connection ended with %v", e)
		}
	}
}

// It is read from again when it reads.
func TestChokedPeerReads(t *testing.T) {
	x := newLoopBench(t).choke(t, conn.Config{})
	defer x.far.Close()
	go io.Copy(io.Discard, x.far)
	x.turnsUntil(t, func(bool) bool { return x.got.Len() > 0 })
	if got := x.got.String(); got != "text \"Hello\"\n" {
		t.Errorf("got %q", got)
	}
	x.c.CloseNow()
	x.await(t)
}
