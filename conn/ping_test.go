package conn_test

import (
	"bytes"
	"context"
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

// Requirements: 6455-5.5.2-01, 6455-5.5.2-02, 6455-5.5.3-01
func TestPingsAreAnswered(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		reading := read(c, background)
		for _, p := range []string{"", "x", "\x00\xff\xfe", strings.Repeat("p", 125)} {
			peer.Write(frame.Ping, p)
			peer.Want("a pong carries what the ping did", frame.Pong, p)
		}
		peer.WriteFragment(frame.Text, "a")
		peer.Write(frame.Ping, "inside a message")
		peer.Want("also inside a message", frame.Pong, "inside a message")
		peer.Write(frame.Continuation, "b")
		if r := now(t, reading); string(r.p) != "ab" {
			t.Error(r)
		}
		for i := range 10 {
			peer.Write(frame.Ping, fmt.Sprint(i))
		}
		reading = read(c, background)
		for i := range 10 {
			peer.Want("pings that came together are answered one by one", frame.Pong, fmt.Sprint(i))
		}
		peer.Write(frame.Text, "")
		now(t, reading)
		closing := start(func() error { return c.Close(1000, "") })
		peer.WantClose("this side closes", 1000, "")
		peer.Write(frame.Ping, "still")
		peer.Want("and answers pings until the peer does", frame.Pong, "still")
		peer.WriteClose(1000, "")
		peer.Conn().CloseWrite()
		now(t, closing)
	})
}

// Requirements: 6455-5.5.3-03
func TestUnsolicitedPong(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Write(frame.Pong, "")
		peer.Write(frame.Pong, "12345678")
		peer.Write(frame.Text, "x")
		wantRead(t, c, frame.Text, "x")
		peer.WantIdle("no answer")
	})
}

// While the peer does not read, pongs do not pile up, and the reader goes on.
//
// Requirements: 6455-5.5.3-02
func TestPongsToPeerThatDoesNotRead(t *testing.T) {
	cfg := &conn.Config{MaxQueuedPongs: 4}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		stuck := stall(t, c, peer)
		for i := range 1002 {
			peer.Write(frame.Ping, fmt.Sprint(i))
			if i%100 == 0 {
				peer.Write(frame.Text, "message")
				wantRead(t, c, frame.Text, "message")
			}
		}
		peer.Write(frame.Text, "last")
		wantRead(t, c, frame.Text, "last")
		peer.Resume()
		if err := now(t, stuck); err != nil {
			t.Fatal(err)
		}
		peer.Next() // the message that was stuck
		n := 0
		for got := peer.Next(); got != "nothing"; got = peer.Next() {
			if n++; n > 4 {
				t.Fatalf("more pongs than may be queued: %s", got)
			}
			if want := `pong "1001"`; n == 4 && got != want {
				t.Errorf("the most recent ping: got %s, want %s", got, want)
			}
		}
		if n == 0 {
			t.Error("no pong")
		}
	})
}

// A ping that comes while a frame is on its way is answered behind that.
func TestPingDuringWrite(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		reading := read(c, background)
		for range 3 {
			peer.Write(frame.Ping, "before")
			peer.Want("a pong", frame.Pong, "before")
			stuck := stall(t, c, peer)
			peer.Write(frame.Ping, "during")
			synctest.Wait()
			peer.Resume()
			if err := now(t, stuck); err != nil {
				t.Fatal(err)
			}
			peer.Next() // the message that was stuck
			peer.Want("the pong is not forgotten", frame.Pong, "during")
		}
		peer.Write(frame.Text, "")
		now(t, reading)
	})
}

// A peer that sends pings and never reads the answers is cut off after the time for a write.
func TestPingFlood(t *testing.T) {
	cfg := &conn.Config{WriteTimeout: 3 * time.Second}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Pause()
		flood(t, peer, frame.Ping, 125)
		begin := time.Now()
		_, _, err := c.Read(background)
		if e := as[*conn.LimitError](t, err); e.Option != "WriteTimeout" {
			t.Error(e)
		}
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

// Requirements: 6455-5.5.2-03
func TestPing(t *testing.T) {
	for _, reading := range []bool{false, true} {
		onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			var other <-chan result
			if reading {
				other = read(c, background)
			}
			ping := start(func() result {
				rtt, err := c.Ping(background)
				return result{p: []byte(rtt.String()), err: err}
			})
			payload := wantPing(t, peer)
			peer.Write(frame.Pong, "some other pong")
			time.Sleep(30 * time.Millisecond)
			wantWaiting(t, ping, "Ping without its pong")
			peer.Write(frame.Pong, payload)
			if r := now(t, ping); string(r.p) != "30ms" || r.err != nil {
				t.Errorf("Ping = %s, %v", r.p, r.err)
			}
			peer.Write(frame.Text, "x")
			if !reading {
				other = read(c, background)
			}
			if r := now(t, other); string(r.p) != "x" {
				t.Error(r)
			}
		})
	}
}

// wantPing returns the payload of the ping that the peer received.
func wantPing(t *testing.T, peer *wstest.Peer) (payload string) {
	t.Helper()
	got := peer.Next()
	if _, err := fmt.Sscanf(got, "ping %q", &payload); err != nil || len(payload) != 8 {
		t.Fatalf("got %s, want a ping", got)
	}
	return payload
}

// Requirements: 6455-5.5.3-02
func TestPongAnswersEarlierPings(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		ping := func() error { _, err := c.Ping(background); return err }
		first := start(ping)
		wantPing(t, peer)
		second := start(ping)
		payload := wantPing(t, peer)
		third := start(ping)
		last := wantPing(t, peer)
		peer.Write(frame.Pong, payload)
		if err := now(t, second); err != nil {
			t.Error(err)
		}
		if err := now(t, first); err != nil {
			t.Error("a peer may answer the most recent of several pings only:", err)
		}
		wantWaiting(t, third, "a later Ping")
		peer.Write(frame.Pong, last)
		now(t, third)
	})
}

func TestPingCancelled(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		begin := time.Now()
		if _, err := c.Ping(ctx); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		elapsed(t, begin, time.Second)
		payload := wantPing(t, peer)
		peer.Write(frame.Pong, payload) // too late, and nothing
		peer.Write(frame.Text, "x")
		wantRead(t, c, frame.Text, "x")
		if _, err := c.Ping(ctx); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		peer.WantIdle("a context that is over sends nothing")
	})
}

// What Ping reads on the way to its pong is not lost.
func TestPingKeepsMessages(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		ping := start(func() error { _, err := c.Ping(background); return err })
		payload := wantPing(t, peer)
		peer.Write(frame.Text, "one")
		peer.Write(frame.Binary, "")
		peer.WriteFragment(frame.Text, "thr\xc3")
		peer.Write(frame.Ping, "p")
		peer.Want("pings are answered meanwhile", frame.Pong, "p")
		peer.Write(frame.Pong, payload)
		if err := now(t, ping); err != nil {
			t.Fatal(err)
		}
		wantRead(t, c, frame.Text, "one")
		wantRead(t, c, frame.Binary, "")
		peer.Write(frame.Continuation, "\xa9")
		wantRead(t, c, frame.Text, "thré")
	})
}

// A reader that comes while Ping reads takes over.
func TestReadDuringPing(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		ping := start(func() error { _, err := c.Ping(background); return err })
		payload := wantPing(t, peer)
		reading := read(c, background)
		wantWaiting(t, reading, "a Read of nothing")
		peer.Write(frame.Text, "x")
		if r := now(t, reading); string(r.p) != "x" {
			t.Fatal(r)
		}
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		if _, _, err := c.Read(ctx); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		wantWaiting(t, ping, "Ping without its pong")
		peer.Write(frame.Pong, payload)
		if err := now(t, ping); err != nil {
			t.Error(err)
		}
	})
}

// Ping reads ahead only so far. Behind that the peer is slowed down until somebody reads.
func TestPingBehindManyMessages(t *testing.T) {
	cfg := &conn.Config{MaxMessageSize: 64 << 10}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		ping := start(func() error { _, err := c.Ping(background); return err })
		payload := wantPing(t, peer)
		const messages = 100
		sent := start(func() error {
			for range messages {
				peer.Write(frame.Binary, strings.Repeat("x", 10000))
			}
			peer.Write(frame.Pong, payload)
			return nil
		})
		wantWaiting(t, sent, "a peer that sends more than fits")
		wantWaiting(t, ping, "Ping")
		for range messages {
			wantRead(t, c, frame.Binary, strings.Repeat("x", 10000))
		}
		reading := read(c, background)
		if err := now(t, ping); err != nil {
			t.Error(err)
		}
		now(t, sent)
		peer.Write(frame.Text, "")
		now(t, reading)
	})
}

func TestPingBehindManyMessagesGivesUp(t *testing.T) {
	cfg := &conn.Config{MaxMessageSize: 1000}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		for range 100 {
			peer.Write(frame.Binary, strings.Repeat("x", 300))
		}
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		if _, err := c.Ping(ctx); err != context.DeadlineExceeded {
			t.Error(err)
		}
		ping := start(func() error { _, err := c.Ping(background); return err })
		synctest.Wait()
		c.CloseNow()
		as[*conn.CloseError](t, now(t, ping))
	})
}

// With its Context in use, a connection is looked after while the application does something else.
//
// Requirements: 6455-5.5.1-08, 6455-5.5.1-10, 6455-5.5.2-01
func TestContextKeepsReading(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		ctx := c.Context()
		if ctx != c.Context() || ctx.Err() != nil {
			t.Error("there is one context, and it is not over")
		}
		peer.Write(frame.Text, "early")
		wantRead(t, c, frame.Text, "early")

		peer.Write(frame.Ping, "p")
		peer.WantIdle("the application has just read")
		time.Sleep(time.Second)
		peer.Want("but not for long", frame.Pong, "p")
		peer.Write(frame.Ping, "q")
		peer.Want("from now on at once", frame.Pong, "q")

		peer.Write(frame.Text, "kept")
		synctest.Wait()
		wantRead(t, c, frame.Text, "kept")
		reading := read(c, background)
		synctest.Wait()
		peer.Write(frame.Text, "direct")
		if r := now(t, reading); string(r.p) != "direct" {
			t.Fatal(r)
		}
		time.Sleep(time.Second)
		peer.Write(frame.Text, "last")
		peer.WriteClose(4000, "done")
		peer.WantClose("the peer's close is answered", 4000, "done")
		peer.Conn().CloseWrite()
		peer.WantEOF("and completed")
		if e, ok := context.Cause(ctx).(*conn.CloseError); !ok || e.Code != 4000 {
			t.Error(context.Cause(ctx))
		}
		wantRead(t, c, frame.Text, "last")
		wantEnd(t, c, "4000")
	})
}

// A connection whose application only writes notices that the peer is gone.
func TestContextOfWriter(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		ctx := c.Context()
		peer.Conn().Close()
		time.Sleep(time.Second)
		if ctx.Err() == nil {
			t.Error("the context goes on")
		}
	})
}

func TestContextReadsAheadOnlySoFar(t *testing.T) {
	cfg := &conn.Config{MaxMessageSize: 10000}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		c.Context()
		sent := start(func() error {
			for range 50 {
				peer.Write(frame.Binary, strings.Repeat("x", 5000))
			}
			return nil
		})
		time.Sleep(time.Second)
		wantWaiting(t, sent, "a peer that sends more than fits")
		for range 50 {
			wantRead(t, c, frame.Binary, strings.Repeat("x", 5000))
			time.Sleep(time.Second)
		}
		now(t, sent)
	})
}

// While the peer does not read, so many of its pings came that the pongs fill their queue, and then it is time for pings
// of this side. They do not take the place of the answer to the peer's most recent ping.
//
// Requirements: 6455-5.5.3-02
func TestKeepaliveLeavesPong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := slow(t, &conn.Config{MaxQueuedPongs: 2, Keepalive: &conn.Keepalive{Interval: time.Second, Timeout: -1}})
		reading := read(c, background)
		for i := range 5 {
			b.Write(masked(frame.Ping, fmt.Sprint(i)))
		}
		time.Sleep(5 * time.Second)
		var got []string
		for _, f := range arrived(b) {
			got = append(got, f[:min(len(f), 6)])
		}
		if len(got) < 3 || got[1] != "pong 4" || got[2][:4] != "ping" {
			t.Errorf("got %q, want the answer to the last ping, and pings", got)
		}
		c.CloseNow()
		<-reading
	})
}

// So many pings come while the network is full that the answers do not fit into one buffer.
func TestMorePongsThanFitLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := slow(t, &conn.Config{MaxQueuedPongs: 1000})
		reading := read(c, background)
		want := []string{filler}
		for i := range 400 {
			p := fmt.Sprintf("%0125d", i)
			b.Write(masked(frame.Ping, p))
			synctest.Wait()
			want = append(want, "pong "+p)
		}
		wantFrames(t, "all are answered", b, want...)
		c.CloseNow()
		<-reading
	})
}

// So many pings come at once that the answers do not fit into one buffer.
func TestMorePongsThanFit(t *testing.T) {
	noGoroutineLeft(t)
	tcp := func() (a, b net.Conn) { return socketPair(t, "tcp") }
	pipe := func() (a, b net.Conn) { return wstest.Pipe() }
	for name, network := range map[string]func() (a, b net.Conn){"tcp": tcp, "pipe": pipe} {
		a, b := network()
		const pings = 250 // in one buffer; their answers need some room for other things
		a.Write(bytes.Repeat(masked(frame.Ping, strings.Repeat("x", 125)), pings))
		c := conn.New(b, conn.Opening{Side: frame.Server}, &conn.Config{MaxQueuedPongs: 1000})
		reading := read(c, background)
		a.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, err := io.ReadFull(a, make([]byte, pings*127)); err != nil {
			t.Errorf("%s: %d bytes of %d answers: %v", name, n, pings, err)
		}
		c.CloseNow()
		<-reading
		a.Close()
	}
}

// A peer that sends pings all the time and reads no answer keeps the connection for WriteTimeout, not longer.
func TestPingsOfPeerThatDoesNotRead(t *testing.T) {
	noGoroutineLeft(t)
	client, b := socketPair(t, "tcp")
	c := conn.New(b, conn.Opening{Side: frame.Server}, &conn.Config{WriteTimeout: 200 * time.Millisecond})
	flooding := start(func() error {
		flood := bytes.Repeat(masked(frame.Ping, strings.Repeat("x", 125)), 100)
		for {
			if _, err := client.Write(flood); err != nil {
				return err
			}
		}
	})
	_, _, err := c.Read(background)
	e := as[*conn.CloseError](t, err)
	if limit := as[*conn.LimitError](t, e.Err); limit.Option != "WriteTimeout" {
		t.Error(err)
	}
	<-flooding
	client.Close()
}
