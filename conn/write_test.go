package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// The peer checks masking: a frame of a client without MASK, or of a server with it, is shown as such.
//
// Requirements: 6455-5.1-01, 6455-5.1-03, 6455-5.1-06, 6455-5.2-02, 6455-5.2-09, 6455-5.3-01, 6455-5.4-01
// Requirements: 6455-6.1-03, 6455-6.1-04, 6455-6.1-05, 6455-6.1-06, 6455-6.1-07, 6455-6.1-08
func TestWrite(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		for _, n := range []int{0, 1, 125, 126, 127, 4096, 32760, 32768, 65535, 65536, 300000} {
			p := strings.Repeat("x", n)
			done := start(func() error { return c.Write(background, frame.Text, []byte(p)) })
			peer.Want(fmt.Sprintf("a message of %d bytes is one frame, sent at once", n), frame.Text, p)
			if err := now(t, done); err != nil {
				t.Fatal(err)
			}
		}
		c.Write(background, frame.Binary, []byte{0xff})
		peer.Want("binary need not be text", frame.Binary, "\xff")
	})
}

// Requirements: 6455-5.3-06
func TestWriteLeavesPayloadAlone(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		p := bytes.Repeat([]byte("payload"), 20000)
		before := bytes.Clone(p)
		if err := c.Write(background, frame.Binary, p); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p, before) {
			t.Error("Write changed its argument")
		}
	})
}

// Requirements: 6455-5.3-02, 6455-5.3-03, 6455-5.3-04, 6455-10.3-01
func TestMaskingKeysDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.PipeSize(1 << 20)
		c := conn.New(a, conn.Opening{Side: frame.Client}, nil)
		defer c.CloseNow()
		const frames = 3000
		for range frames {
			if err := c.Write(background, frame.Binary, nil); err != nil {
				t.Fatal(err)
			}
		}
		in := make([]byte, 6*frames)
		if n, err := b.Read(in); n != len(in) || err != nil {
			t.Fatal(n, err)
		}
		seen, steps := map[[4]byte]int{}, map[[4]byte]int{}
		var last frame.Header
		for range frames {
			h, n, _ := frame.Consume(in)
			in = in[n:]
			seen[h.Key]++
			steps[[4]byte{h.Key[0] - last.Key[0], h.Key[1] - last.Key[1], h.Key[2] - last.Key[2], h.Key[3] - last.Key[3]}]++
			last = h
		}
		// Of 3000 random keys, two are the same once in a thousand runs, and three never.
		if len(seen) < frames-3 || len(steps) < frames-3 {
			t.Errorf("%d different keys, with %d different steps between them, in %d frames", len(seen), len(steps), frames)
		}
	})
}

// Requirements: 6455-5.2-05, 6455-5.6-02
func TestWriteRefuses(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		for op := range frame.Opcode(16) {
			if op == frame.Text || op == frame.Binary {
				continue
			}
			if err := c.Write(background, op, nil); err != conn.ErrMessageType {
				t.Errorf("%v: %v", op, err)
			}
			if _, err := c.Writer(background, op); err != conn.ErrMessageType {
				t.Errorf("Writer of %v: %v", op, err)
			}
		}
		for _, text := range []string{"\xff", "a\xc3", "\xed\xa0\x80"} {
			if err := c.Write(background, frame.Text, []byte(text)); err != conn.ErrInvalidUTF8 {
				t.Errorf("%q: %v", text, err)
			}
		}
		peer.WantIdle("nothing of that was sent")
	})
}

// Requirements: 6455-5.4-02, 6455-5.4-11
func TestWriterSendsFragments(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		w, err := c.Writer(background, frame.Text)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte("eins \xe2"))
		peer.WantFragment("the first frame has the type", frame.Text, "eins \xe2")
		w.Write([]byte("\x82\xac"))
		peer.WantFragment("the second is a continuation", frame.Continuation, "\x82\xac")
		w.Write(nil)
		peer.WantIdle("nothing is nothing")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		peer.Want("the last has FIN", frame.Continuation, "")
		if _, err := w.Write(nil); err != conn.ErrWriterDone {
			t.Error(err)
		}
		if err := w.Close(); err != conn.ErrWriterDone {
			t.Error(err)
		}

		w, _ = c.Writer(background, frame.Binary)
		w.Close()
		peer.Want("a message without a Write is empty", frame.Binary, "")
	})
}

// Control frames go between fragments, other messages wait.
//
// Requirements: 6455-5.4-07, 6455-5.4-09, 6455-5.5.2-02, 6455-5.5.1-11, 6455-5.5.1-07, 6455-6.1-02
func TestBetweenFragments(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		reading := read(c, background)
		w, _ := c.Writer(background, frame.Text)
		w.Write([]byte("a"))
		peer.WantFragment("the message begins", frame.Text, "a")
		other := start(func() error { return c.Write(background, frame.Text, []byte("other")) })
		ctx, cancel := context.WithCancel(background)
		given := start(func() error { return c.Write(ctx, frame.Text, []byte("given up")) })
		wantWaiting(t, other, "another message")
		cancel()
		if err := now(t, given); err != context.Canceled {
			t.Error(err)
		}
		peer.Write(frame.Ping, "p")
		peer.Want("a ping is answered in the middle", frame.Pong, "p")
		w.Write([]byte("b"))
		peer.WantFragment("the message goes on", frame.Continuation, "b")
		w.Close()
		peer.Want("the message ends", frame.Continuation, "")
		if err := now(t, other); err != nil {
			t.Error(err)
		}
		peer.Want("then comes the other one", frame.Text, "other")

		w, _ = c.Writer(background, frame.Text)
		w.Write([]byte("a"))
		peer.WantFragment("another message begins", frame.Text, "a")
		stuck := start(func() error { return c.Write(background, frame.Text, nil) })
		peer.WriteClose(1000, "")
		peer.WantClose("a close ends it", 1000, "")
		peer.Conn().CloseWrite()
		now(t, reading)
		as[*conn.CloseError](t, now(t, stuck))
		_, err := w.Write([]byte("b"))
		as[*conn.CloseError](t, err)
		as[*conn.CloseError](t, w.Close())
		peer.WantEOF("nothing follows the close frame")
	})
}

// A message that cannot be finished must not look finished.
func TestWriterGivesUp(t *testing.T) {
	onBothSides(t, &conn.Config{CloseTimeout: time.Second}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		w, _ := c.Writer(background, frame.Text)
		if _, err := w.Write([]byte("\xff")); err != conn.ErrInvalidUTF8 {
			t.Fatal(err)
		}
		if err := w.Close(); err != conn.ErrInvalidUTF8 {
			t.Fatal(err)
		}
		peer.WantIdle("nothing was sent, and nothing is lost")

		ctx, cancel := context.WithCancel(background)
		w, _ = c.Writer(ctx, frame.Text)
		w.Write([]byte("half"))
		peer.WantFragment("a message begins", frame.Text, "half")
		cancel()
		if _, err := w.Write([]byte("more")); err != context.Canceled {
			t.Fatal(err)
		}
		peer.WantIdle("the context is over")
		closed := start(w.Close)
		peer.WantClose("there is no other way to say that the message will not end", 1011, "message abandoned")
		time.Sleep(time.Second)
		if err := now(t, closed); err != context.Canceled {
			t.Fatal(err)
		}
	})
}

func TestWriterTextEndsInsideCharacter(t *testing.T) {
	onBothSides(t, &conn.Config{CloseTimeout: time.Second}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		w, _ := c.Writer(background, frame.Text)
		w.Write([]byte("\xe2"))
		peer.WantFragment("this could become a character", frame.Text, "\xe2")
		closed := start(w.Close)
		peer.WantClose("it did not", 1011, "message abandoned")
		time.Sleep(time.Second)
		if err := now(t, closed); err != conn.ErrInvalidUTF8 {
			t.Fatal(err)
		}
	})
}

// Concurrent writers send whole messages, one after the other.
func TestConcurrentWriters(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		const writers, messages = 8, 20
		long := strings.Repeat("z", 40000)
		for i := range writers {
			go func() {
				for j := range messages {
					if i == 0 {
						w, err := c.Writer(background, frame.Text)
						if err != nil {
							t.Error(err)
							return
						}
						fmt.Fprintf(w, "%d", j)
						fmt.Fprint(w, long)
						w.Close()
					} else if err := c.Write(background, frame.Text, []byte(long)); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		synctest.Wait()
		whole := 0
		for i := 0; i < messages; {
			got := peer.Next()
			switch {
			case got == fmt.Sprintf(`text %q`, long):
				whole++
			case got == fmt.Sprintf(`text "%d" without FIN`, i):
				peer.WantFragment("the fragments stay together", frame.Continuation, long)
				peer.Want("to the end", frame.Continuation, "")
				i++
			default:
				t.Fatalf("got %.100s", got)
			}
		}
		for ; whole < (writers-1)*messages; whole++ {
			peer.Want("the rest of the messages", frame.Text, long)
		}
	})
}

// A Write whose context ends before the network took a byte leaves the connection as it is.
func TestWriteCancelledBeforeTheFirstByte(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		fill := stall(t, c, peer)
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		if err := c.Write(ctx, frame.Text, []byte("waits for its turn")); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		peer.Resume()
		if err := now(t, fill); err != nil {
			t.Fatal(err)
		}
		peer.Skip()
		if err := c.Write(background, frame.Text, []byte("fine")); err != nil {
			t.Fatal(err)
		}
		peer.Want("the connection still works, and the message given up was not sent", frame.Text, "fine")
	})
}

// stall makes the peer stop reading and returns the Write that is stuck in the middle of a frame.
func stall(t *testing.T, c *conn.Conn, peer *wstest.Peer) <-chan error {
	t.Helper()
	peer.Pause()
	done := start(func() error { return c.Write(background, frame.Binary, make([]byte, 200<<10)) })
	wantWaiting(t, done, "a Write to a peer that does not read")
	return done
}

func TestWriteCancelledInsideFrame(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Pause()
		ctx, cancel := context.WithCancel(background)
		done := start(func() error { return c.Write(ctx, frame.Binary, make([]byte, 200<<10)) })
		wantWaiting(t, done, "a Write to a peer that does not read")
		reading := read(c, background)
		waiting := start(func() error { return c.Write(background, frame.Text, nil) })
		wantWaiting(t, waiting, "the next in line")
		cancel()
		e := as[*conn.CloseError](t, now(t, done))
		if !errors.Is(e, context.Canceled) || e.Code != 1006 {
			t.Fatal(e)
		}
		if err := now(t, waiting); err != error(e) {
			t.Errorf("the next in line: %v", err)
		}
		if err := now(t, reading).err; err != error(e) {
			t.Errorf("the reader: %v", err)
		}
	})
}

// A peer that does not read is not sent a close frame, which it would not read either.
//
// Requirements: 6455-7.1.7-05
func TestWriteTimeout(t *testing.T) {
	cfg := &conn.Config{WriteTimeout: 7 * time.Second}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		begin := time.Now()
		stuck := stall(t, c, peer)
		err := <-stuck
		elapsed(t, begin, 7*time.Second)
		e := as[*conn.LimitError](t, err)
		if e.Option != "WriteTimeout" || e.Limit != int64(7*time.Second) || !e.Timeout() {
			t.Error(e)
		}
		as[*conn.CloseError](t, err)
		if err2 := c.Write(background, frame.Text, nil); err2 != err {
			t.Error("the end stays the end:", err2)
		}
	})
}

// A frame of which nothing is sent when the time is over can be tried again.
func TestWriteTimeoutBeforeTheFirstByte(t *testing.T) {
	cfg := &conn.Config{WriteTimeout: time.Second}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Pause()
		header := 4
		if c.Side() == frame.Client {
			header = 8
		}
		// The network holds exactly these: one read of the peer is under way.
		for _, n := range []int{100, 32<<10 - header, 32<<10 - header} {
			if err := c.Write(background, frame.Binary, make([]byte, n)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		err := c.Write(background, frame.Text, []byte("later"))
		if e := as[*conn.LimitError](t, err); e.Option != "WriteTimeout" {
			t.Fatal(e)
		}
		peer.Resume()
		peer.Skip()
		if err := c.Write(background, frame.Text, []byte("now")); err != nil {
			t.Fatal(err)
		}
		peer.Want("the connection is as it was", frame.Text, "now")
	})
}

// Requirements: 6455-10.3-02
func TestWriteTakesItsArgumentAtOnce(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		p := []byte("before")
		c.Write(background, frame.Text, p)
		copy(p, "after!")
		peer.Want("what was written is what arrives", frame.Text, "before")
	})
}

// When the network fails under a Write, the reason that the peer gave before is found.
func TestWriteToPeerThatClosed(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Write(frame.Text, "last words")
		peer.WriteClose(4001, "enough")
		peer.Conn().Close()
		err := c.Write(background, frame.Text, []byte("x"))
		if e := as[*conn.CloseError](t, err); e.Code != 4001 || e.Reason != "enough" || !e.ByPeer {
			t.Errorf("%+v", e)
		}
		wantRead(t, c, frame.Text, "last words")
		wantEnd(t, c, "4001")
	})
}

func TestWriteToPeerThatReset(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Conn().Reset()
		err := c.Write(background, frame.Text, []byte("x"))
		if e := as[*conn.CloseError](t, err); e.Code != 1006 || !errors.Is(err, wstest.ErrReset) {
			t.Errorf("%+v", e)
		}
	})
}
