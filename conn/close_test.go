package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// Requirements: 6455-5.5.1-01, 6455-5.5.1-06, 6455-5.5.1-08, 6455-5.5.1-09, 6455-5.5.1-10, 6455-5.5.1-12
// Requirements: 6455-7.1.2-02, 6455-7.1.5-01, 6455-7.1.6-01, 6455-7.4-01, 6455-7.4.1-10, 6455-7.4.2-03, 6455-7.4.2-04
func TestPeerCloses(t *testing.T) {
	for _, tt := range []struct {
		code   frame.StatusCode
		reason string
	}{
		{1000, ""}, {1001, "bye"}, {1011, ""}, {1012, ""}, {1013, "later"}, {1014, ""},
		{3000, ""}, {3999, "x"}, {4000, ""}, {4999, strings.Repeat("r", 123)},
		{frame.StatusNoStatus, ""},
	} {
		onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			reading := read(c, background)
			if tt.code == frame.StatusNoStatus {
				peer.Write(frame.Close, "")
			} else {
				peer.WriteClose(tt.code, tt.reason)
			}
			peer.WantClose("a close frame is answered with what it says", tt.code, tt.reason)
			hangUp(t, c, peer)
			e := as[*conn.CloseError](t, now(t, reading).err)
			want := conn.CloseError{Code: tt.code, Reason: tt.reason, Sent: tt.code, SentReason: tt.reason, ByPeer: true}
			if *e != want {
				t.Errorf("got %+v, want %+v", *e, want)
			}
			if got := conn.CloseCode(fmt.Errorf("wrapped: %w", e)); got != tt.code {
				t.Errorf("CloseCode = %v", got)
			}
			if err := c.Close(1000, ""); err != nil {
				t.Errorf("Close after a complete handshake: %v", err)
			}
			if err := c.Write(background, frame.Text, nil); err != error(e) {
				t.Errorf("Write after the end: %v", err)
			}
		})
	}
}

// hangUp ends TCP after a closing handshake. The server has to do that first.
func hangUp(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
	t.Helper()
	if c.Side() == frame.Client {
		peer.WantIdle("a client leaves it to the server to close TCP first")
		peer.Conn().CloseWrite()
		peer.WantEOF("and follows")
		return
	}
	peer.WantEOF("a server closes TCP at once")
	peer.Conn().CloseWrite()
}

// Requirements: 6455-7.4.1-09
func TestServerDoesNotSend1010(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := wstest.NewPeer(t, frame.Server, nil)
		if err := c.Close(1010, ""); err == nil {
			t.Error("Close(1010) of a server: no error")
		}
		reading := read(c, background)
		peer.WriteClose(1010, "ext")
		peer.WantClose("1010 is for clients", 1000, "")
		hangUp(t, c, peer)
		if e := as[*conn.CloseError](t, now(t, reading).err); e.Code != 1010 || e.Sent != 1000 {
			t.Errorf("%+v", e)
		}
	})
}

// Requirements: 6455-6.1-01, 6455-5.5.1-02, 6455-5.5.1-14, 6455-7.1.1-04, 6455-7.1.2-01, 6455-7.1.3-01, 6455-7.3-02, 6455-7.4.1-01
func TestClose(t *testing.T) {
	codes := []frame.StatusCode{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4999, frame.StatusNoStatus}
	for _, code := range codes {
		onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			reason := "why"
			if code == frame.StatusNoStatus {
				reason = ""
			}
			closing := start(func() error { return c.Close(code, reason) })
			peer.WantClose("Close sends a close frame", code, reason)
			wantWaiting(t, closing, "Close without an answer")
			e := as[*conn.CloseError](t, c.Write(background, frame.Text, nil))
			if e.Sent != code || e.Code != 1006 || e.ByPeer || e.Err == nil {
				t.Errorf("Write while closing: %+v", e)
			}
			peer.WantIdle("nothing follows the close frame")
			peer.WriteClose(4321, "ok")
			hangUp(t, c, peer)
			if err := now(t, closing); err != nil {
				t.Fatal(err)
			}
			got := *as[*conn.CloseError](t, wantEnd(t, c, "closed by this side"))
			want := conn.CloseError{Code: 4321, Reason: "ok", Sent: code, SentReason: reason}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// Requirements: 6455-5.5-01, 6455-5.5.1-04, 6455-7.4.1-02, 6455-7.4.1-03, 6455-7.4.1-04, 6455-7.4.1-05
// Requirements: 6455-7.4.2-01, 6455-7.4.2-02, 6455-7.4.2-05, 6455-11.7-01
func TestCloseRefuses(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		for _, code := range []frame.StatusCode{0, 1, 999, 1004, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
			if err := c.Close(code, ""); err == nil || !strings.HasPrefix(err.Error(), "websocket: ") {
				t.Errorf("Close(%d): %v", code, err)
			}
		}
		for _, reason := range []string{"\xff", strings.Repeat("x", 124)} {
			if err := c.Close(1000, reason); err == nil {
				t.Errorf("Close with reason %q: no error", reason)
			}
		}
		if err := c.Close(frame.StatusNoStatus, "reason"); err == nil {
			t.Error("a reason without code: no error")
		}
		peer.WantIdle("nothing was sent")
		peer.Write(frame.Text, "and nothing is lost")
		wantRead(t, c, frame.Text, "and nothing is lost")
	})
}

// Requirements: 6455-5.5.1-15
func TestCloseFramesCross(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteClose(4002, "theirs")
		closing := start(func() error { return c.Close(4001, "ours") })
		peer.WantClose("our close frame left before theirs was read", 4001, "ours")
		peer.Conn().CloseWrite()
		peer.WantEOF("and is the only one")
		if err := now(t, closing); err != nil {
			t.Error(err)
		}
		e := as[*conn.CloseError](t, wantEnd(t, c, ""))
		if e.Code != 4002 || e.Sent != 4001 || e.ByPeer {
			t.Errorf("%+v", e)
		}
	})
}

// Requirements: 6455-7.1.1-02, 6455-7.1.1-03, 6455-5.5.1-13
func TestServerClosesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := wstest.NewPeer(t, frame.Server, nil)
		closing := start(func() error { return c.Close(1000, "") })
		peer.WantClose("a close frame", 1000, "")
		peer.WriteClose(1000, "")
		peer.WantEOF("a server closes TCP at once")
		peer.Conn().CloseWrite()
		now(t, closing)
	})
}

// Whatever the peer does, Close is over in time, and so is everything that waits.
//
// Requirements: 6455-5.5.1-17, 6455-7.1.1-05
func TestCloseIsOverInTime(t *testing.T) {
	cfg := &conn.Config{CloseTimeout: 3 * time.Second, MaxMessageSize: 100 << 10}
	for _, tt := range []struct {
		name string
		peer func(t *testing.T, peer *wstest.Peer)
	}{
		{"never answers", func(t *testing.T, peer *wstest.Peer) {}},
		{"stalls inside a header", func(t *testing.T, peer *wstest.Peer) { peer.WriteBytes([]byte{0x81}) }},
		{"stalls inside a frame", func(t *testing.T, peer *wstest.Peer) {
			b := peer.Frame(frame.Header{Fin: true, Opcode: frame.Text}, strings.Repeat("x", 50000))
			peer.WriteBytes(b[:1000])
		}},
		{"stalls inside a control frame", func(t *testing.T, peer *wstest.Peer) {
			b := peer.Frame(frame.Header{Fin: true, Opcode: frame.Close}, "\x03\xe8bye")
			peer.WriteBytes(b[:5])
		}},
		{"floods with messages", func(t *testing.T, peer *wstest.Peer) { flood(t, peer, frame.Binary, 1000) }},
		{"floods with pings and does not read", func(t *testing.T, peer *wstest.Peer) {
			peer.Pause()
			flood(t, peer, frame.Ping, 125)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
				tt.peer(t, peer)
				synctest.Wait()
				begin := time.Now()
				ping := start(func() error { _, err := c.Ping(background); return err })
				err := <-start(func() error { return c.Close(1000, "") })
				elapsed(t, begin, 3*time.Second)
				var limit *conn.LimitError
				if !errors.As(err, &limit) || limit.Option != "CloseTimeout" {
					t.Errorf("Close: %v", err)
				}
				as[*conn.CloseError](t, err)
				as[*conn.CloseError](t, now(t, ping))
				if err := c.Close(1000, ""); err == nil {
					t.Error("a second Close tells the same")
				}
			})
		})
	}
}

// flood writes frames until the connection is closed, with a moment between them:
// in a bubble, time passes only when everything waits.
func flood(t *testing.T, peer *wstest.Peer, op frame.Opcode, size int) {
	b := peer.Frame(frame.Header{Fin: true, Opcode: op}, strings.Repeat("x", size))
	done := make(chan struct{})
	t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		for {
			if _, err := peer.Conn().Write(b); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
}

// A peer that finds time to answer behind a flood is heard.
//
// Requirements: 6455-5.5.1-17
func TestCloseBehindAFlood(t *testing.T) {
	onBothSides(t, &conn.Config{MaxMessageSize: 100 << 10}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		closing := start(func() error { return c.Close(1000, "") })
		peer.WantClose("a close frame", 1000, "")
		go func() {
			for range 200 {
				peer.Write(frame.Binary, strings.Repeat("x", 50000))
			}
			peer.WriteClose(1000, "")
			peer.Conn().CloseWrite()
		}()
		begin := time.Now()
		if err := <-closing; err != nil {
			t.Error(err)
		}
		elapsed(t, begin, 1250*time.Millisecond)
		// What was kept of it is whole.
		for {
			_, p, err := c.Read(background)
			if err != nil {
				as[*conn.CloseError](t, err)
				break
			}
			if len(p) != 50000 {
				t.Fatalf("a message of %d bytes", len(p))
			}
		}
	})
}

// A slow reader gets everything that the peer sends before its close frame.
func TestSlowReaderWhileClosing(t *testing.T) {
	cfg := &conn.Config{MaxMessageSize: 100 << 10, CloseTimeout: time.Minute}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		go func() {
			for range 50 {
				peer.Write(frame.Binary, strings.Repeat("x", 50000))
			}
			peer.WriteClose(1000, "")
			peer.Conn().CloseWrite()
		}()
		closing := start(func() error { return c.Close(1000, "") })
		for range 50 {
			time.Sleep(time.Second)
			if _, p, err := c.Read(background); len(p) != 50000 || err != nil {
				t.Fatal(len(p), err)
			}
		}
		if err := <-closing; err != nil {
			t.Error(err)
		}
	})
}

// A stuck writer does not keep Close from ending in time, and learns why.
func TestCloseBehindStuckWriter(t *testing.T) {
	cfg := &conn.Config{CloseTimeout: 2 * time.Second}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		stuck := stall(t, c, peer)
		begin := time.Now()
		err := <-start(func() error { return c.Close(1000, "") })
		elapsed(t, begin, 2*time.Second)
		as[*conn.CloseError](t, err)
		as[*conn.CloseError](t, now(t, stuck))
	})
}

// Whoever waits when the connection ends gets the error that says why.
func TestEverybodyLearns(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		ctx := c.Context()
		first, second := read(c, background), read(c, background)
		w, _ := c.Writer(background, frame.Text)
		writing := start(func() error { return c.Write(background, frame.Text, nil) })
		ping := start(func() error { _, err := c.Ping(background); return err })
		synctest.Wait()
		peer.Skip()
		peer.WriteClose(4000, "all of you")
		peer.Conn().CloseWrite()
		for i, err := range []error{now(t, first).err, now(t, second).err, now(t, writing), now(t, ping), context.Cause(ctx), w.Close()} {
			e, ok := err.(*conn.CloseError)
			if !ok || e.Code != 4000 || e.Reason != "all of you" || !e.ByPeer || e.Err != nil {
				t.Errorf("number %d: %v", i, err)
			}
		}
		if ctx.Err() != context.Canceled || c.Context().Err() == nil {
			t.Error("the context goes on")
		}
	})
}

// Messages that the peer sent before its close frame are delivered, also after Close was called.
//
// Requirements: 6455-7.1.4-01
func TestMessagesBeforeTheEnd(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		closing := start(func() error { return c.Close(1000, "") })
		peer.WantClose("a close frame", 1000, "")
		peer.Write(frame.Text, "on its way")
		peer.WriteFragment(frame.Text, "unfinished")
		peer.WriteClose(1000, "")
		peer.Conn().CloseWrite()
		if err := now(t, closing); err != nil {
			t.Error(err)
		}
		wantRead(t, c, frame.Text, "on its way")
		wantEnd(t, c, "1000")
		wantEnd(t, c, "1000")
	})
}

// A reader goes on while another goroutine closes.
func TestReadWhileClosing(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		reading := read(c, background)
		synctest.Wait()
		closing := start(func() error { return c.Close(1000, "") })
		peer.WantClose("a close frame", 1000, "")
		peer.Write(frame.Text, "still delivered")
		if r := now(t, reading); string(r.p) != "still delivered" {
			t.Fatal(r)
		}
		reading = read(c, background)
		peer.Write(frame.Ping, "p")
		peer.Want("pings are answered until the peer closes", frame.Pong, "p")
		peer.WriteClose(1000, "")
		peer.Conn().CloseWrite()
		if err := now(t, closing); err != nil {
			t.Error(err)
		}
		as[*conn.CloseError](t, now(t, reading).err)
	})
}

// What is dropped because nobody reads during the closing handshake leaves no gap: nothing behind it is delivered.
func TestDroppedWhileClosing(t *testing.T) {
	onBothSides(t, &conn.Config{MaxMessageSize: 16, CloseTimeout: 8 * time.Second}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		closing := start(func() error { return c.Close(1000, "") })
		peer.WantClose("a close frame", 1000, "")
		peer.Write(frame.Text, "kept")
		synctest.Wait()
		peer.Write(frame.Text, "dropped")
		time.Sleep(3 * time.Second)
		wantRead(t, c, frame.Text, "kept")
		reading := read(c, background)
		synctest.Wait()
		peer.Write(frame.Text, "behind")
		synctest.Wait()
		peer.WriteClose(1000, "")
		peer.Conn().CloseWrite()
		if r := now(t, reading); r.err == nil {
			t.Errorf("got %q", r.p)
		}
		if err := now(t, closing); err != nil {
			t.Error(err)
		}
	})
}

// Requirements: 6455-5.5.1-16, 6455-7.1.7-06
func TestNothingCountsAfterClose(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		reading := read(c, background)
		b := peer.Frame(frame.Header{Fin: true, Opcode: frame.Close}, "\x03\xe8")
		b = append(b, peer.Frame(frame.Header{Fin: true, Opcode: frame.Ping}, "p")...)
		b = append(b, peer.Frame(frame.Header{Fin: true, Opcode: frame.Text}, "late")...)
		b = append(b, peer.Frame(frame.Header{Fin: true, Opcode: frame.Close}, "\x0f\xa0")...)
		peer.WriteBytes(b)
		peer.WantClose("the first close frame counts", 1000, "")
		peer.Conn().CloseWrite()
		peer.WantEOF("and what follows does not")
		if e := as[*conn.CloseError](t, now(t, reading).err); e.Code != 1000 {
			t.Error(e)
		}
		wantEnd(t, c, "1000")
	})
}

// Requirements: 6455-7.1.4-01, 6455-7.1.5-01, 6455-7.2.1-02
func TestLost(t *testing.T) {
	for _, tt := range []struct {
		name string
		peer func(peer *wstest.Peer)
		err  error
	}{
		{"hangs up", func(peer *wstest.Peer) { peer.Conn().Close() }, io.ErrUnexpectedEOF},
		{"half-closes", func(peer *wstest.Peer) { peer.Conn().CloseWrite() }, io.ErrUnexpectedEOF},
		{"hangs up inside a header", func(peer *wstest.Peer) {
			peer.WriteBytes([]byte{0x81})
			peer.Conn().CloseWrite()
		}, io.ErrUnexpectedEOF},
		{"hangs up inside a message", func(peer *wstest.Peer) {
			peer.WriteFragment(frame.Text, "part")
			peer.Conn().CloseWrite()
		}, io.ErrUnexpectedEOF},
		{"resets", func(peer *wstest.Peer) { peer.Conn().Reset() }, wstest.ErrReset},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
				reading := read(c, background)
				synctest.Wait()
				tt.peer(peer)
				e := as[*conn.CloseError](t, now(t, reading).err)
				want := conn.CloseError{Code: 1006, Sent: 1006, Err: tt.err}
				if *e != want {
					t.Errorf("got %+v, want %+v", *e, want)
				}
				if err := c.Close(1000, ""); err != error(e) {
					t.Errorf("Close: %v", err)
				}
				wantEnd(t, c, "without a close frame")
			})
		})
	}
}

func TestCloseNow(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		reading := read(c, background)
		synctest.Wait()
		if err := c.CloseNow(); err != nil {
			t.Error(err)
		}
		peer.WantEOF("no close frame")
		if err := now(t, reading).err; !errors.Is(err, net.ErrClosed) || conn.CloseCode(err) != 1006 {
			t.Error(err)
		}
		if err := c.CloseNow(); err != nil {
			t.Error(err)
		}
		if _, err := c.Ping(background); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := context.Cause(c.Context()); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// CloseNow does not wait for a Close that waits.
func TestCloseNowWhileClosing(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		closing := start(func() error { return c.Close(1000, "") })
		peer.WantClose("a close frame", 1000, "")
		c.CloseNow()
		if e := as[*conn.CloseError](t, now(t, closing)); e.Sent != 1000 || !errors.Is(e, net.ErrClosed) {
			t.Errorf("%+v", e)
		}
	})
}

// Many goroutines may close; one close frame leaves, and all get the same answer.
func TestConcurrentClose(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		first := start(func() error { return c.Close(4001, "first") })
		peer.WantClose("the first counts", 4001, "first")
		second := start(func() error { return c.Close(4002, "second") })
		peer.WantIdle("the second waits for the end of it")
		peer.WriteClose(1000, "")
		peer.Conn().CloseWrite()
		if err := errors.Join(now(t, first), now(t, second)); err != nil {
			t.Error(err)
		}
	})
}

// A client whose server completes the closing handshake but keeps TCP open does not wait longer than allowed.
func TestServerKeepsTCPOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := wstest.NewPeer(t, frame.Client, &conn.Config{CloseTimeout: time.Second})
		begin := time.Now()
		reading := read(c, background)
		peer.WriteClose(1000, "")
		peer.WantClose("answered", 1000, "")
		r := <-reading
		elapsed(t, begin, time.Second)
		if e := as[*conn.CloseError](t, r.err); e.Err != nil || e.Code != 1000 {
			t.Errorf("the handshake was complete: %+v", e)
		}
	})
}

// A peer that keeps its side open after it was failed does not hold up anybody for longer than allowed.
func TestFailedPeerStays(t *testing.T) {
	cfg := &conn.Config{CloseTimeout: 4 * time.Second}
	for _, flooding := range []bool{false, true} {
		onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			begin := time.Now()
			peer.Write(0x3, "")
			if flooding {
				flood(t, peer, frame.Text, 1000)
			}
			_, _, err := c.Read(background)
			as[*conn.ProtocolError](t, err)
			elapsed(t, begin, 4*time.Second)
		})
	}
}

// A large message fills the buffer and does not leave. The close frame that waits behind it
// comes when the time is over, and finds nothing of the message in its way.
func TestCloseBehindStuckWrite(t *testing.T) {
	for name, tt := range map[string]struct {
		size int // of the network's buffer
		wrap func(nc *wstest.PipeConn) net.Conn
	}{
		"nothing was sent":      {1, func(nc *wstest.PipeConn) net.Conn { return layered{nc} }},
		"a byte was sent":       {1, func(nc *wstest.PipeConn) net.Conn { return nc }},
		"a part was sent":       {1000, func(nc *wstest.PipeConn) net.Conn { return nc }},
		"nobody knows what was": {1000, func(nc *wstest.PipeConn) net.Conn { return layered{nc} }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, peer := wstest.PipeSize(tt.size)
				defer peer.Close()
				cfg := &conn.Config{CloseTimeout: time.Second}
				c := conn.New(tt.wrap(nc), conn.Opening{Side: frame.Server}, cfg)
				writing := start(func() error { return c.Write(background, frame.Binary, make([]byte, 100<<10)) })
				synctest.Wait()
				begin := time.Now()
				as[*conn.CloseError](t, c.Close(frame.StatusGoingAway, ""))
				elapsed(t, begin, time.Second)
				as[*conn.CloseError](t, now(t, writing))
			})
		})
	}
}

// The fields of a CloseError make a sentence.
func TestCloseErrorText(t *testing.T) {
	for _, tt := range []struct {
		e    conn.CloseError
		want string
	}{
		{conn.CloseError{Code: 1000, Sent: 1000, ByPeer: true}, "websocket: closed by the peer with 1000 (normal closure)"},
		{conn.CloseError{Code: 4000, Reason: "bye", Sent: 4000, ByPeer: true}, `websocket: closed by the peer with 4000 "bye"`},
		{conn.CloseError{Code: 1005, Sent: 1001}, "websocket: closed by this side with 1001 (going away), answered with 1005 (no status)"},
		{conn.CloseError{Code: 1006, Sent: 1001, Err: io.ErrUnexpectedEOF}, "websocket: closed by this side with 1001 (going away): unexpected EOF"},
		{conn.CloseError{Code: 1006, Sent: 1006, Err: net.ErrClosed}, "websocket: connection ended without a close frame: use of closed network connection"},
	} {
		if got := tt.e.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}
