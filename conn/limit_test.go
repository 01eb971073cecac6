package conn_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/badinput"
	"github.com/ws6455/ws/wstest"
)

// wantLimit fails the test unless the connection is failed because of a limit.
func wantLimit(t *testing.T, reading <-chan result, peer *wstest.Peer, code frame.StatusCode, reason string, want conn.LimitError) {
	t.Helper()
	peer.WantClose("the peer learns which limit it met", code, reason)
	peer.Conn().CloseWrite()
	e := as[*conn.LimitError](t, now(t, reading).err)
	want.Code = code
	if *e != want {
		t.Errorf("got %+v, want %+v", *e, want)
	}
	if !strings.Contains(e.Error(), "Config."+want.Option) || conn.CloseCode(e) != code {
		t.Errorf("%v with %v", e, conn.CloseCode(e))
	}
}

// Requirements: 6455-7.4.1-07, 6455-10.4-02
func TestMaxMessageSize(t *testing.T) {
	cfg := &conn.Config{MaxMessageSize: 1000}
	reason := "message larger than 1000 bytes"
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Write(frame.Text, strings.Repeat("x", 1000))
		wantRead(t, c, frame.Text, strings.Repeat("x", 1000))
		peer.WriteFragment(frame.Text, strings.Repeat("x", 999))
		peer.Write(frame.Continuation, "x")
		wantRead(t, c, frame.Text, strings.Repeat("x", 1000))
		reading := read(c, background)
		b := peer.Frame(frame.Header{Fin: true, Opcode: frame.Text}, strings.Repeat("x", 1001))
		peer.WriteBytes(b[:len(b)-1001]) // the header is enough
		wantLimit(t, reading, peer, 1009, reason, conn.LimitError{Option: "MaxMessageSize", Limit: 1000, Got: 1001})
	})
}

// The limit holds for streams, too.
func TestMaxMessageSizeOfReader(t *testing.T) {
	onBothSides(t, &conn.Config{MaxMessageSize: 10}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteFragment(frame.Text, "12345")
		_, r, err := c.Reader(background)
		if err != nil {
			t.Fatal(err)
		}
		reading := start(func() result { p, err := io.ReadAll(r); return result{0, p, err} })
		peer.WriteFragment(frame.Continuation, "678901")
		wantLimit(t, reading, peer, 1009, "message larger than 10 bytes", conn.LimitError{Option: "MaxMessageSize", Limit: 10, Got: 11})
	})
}

func TestDefaultLimits(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		go peer.Write(frame.Binary, strings.Repeat("x", 1<<20))
		wantRead(t, c, frame.Binary, strings.Repeat("x", 1<<20))
		reading := read(c, background)
		b := peer.Frame(frame.Header{Fin: true, Opcode: frame.Binary}, strings.Repeat("x", 1<<20+1))
		peer.WriteBytes(b[:14])
		wantLimit(t, reading, peer, 1009, "message larger than 1048576 bytes",
			conn.LimitError{Option: "MaxMessageSize", Limit: 1 << 20, Got: 1<<20 + 1})
	})
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		reading := read(c, background)
		peer.WriteFragment(frame.Text, "")
		for range 16383 {
			peer.WriteFragment(frame.Continuation, "")
		}
		wantWaiting(t, reading, "a message that is not finished")
		peer.Write(frame.Continuation, "")
		wantLimit(t, reading, peer, 1008, "message of more than 16384 fragments",
			conn.LimitError{Option: "MaxFragments", Limit: 16384, Got: 16385})
	})
}

func TestMaxFragments(t *testing.T) {
	onBothSides(t, &conn.Config{MaxFragments: 3}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		for range 2 {
			peer.WriteFragment(frame.Text, "a")
			peer.Write(frame.Ping, "not a fragment")
			peer.WriteFragment(frame.Continuation, "")
			peer.Write(frame.Continuation, "b")
			wantRead(t, c, frame.Text, "ab")
			peer.Want("a pong", frame.Pong, "not a fragment")
		}
	})
}

func TestNoLimits(t *testing.T) {
	cfg := &conn.Config{MaxMessageSize: -1, MaxFragments: -1, MessageTimeout: -1, WriteTimeout: -1, CloseTimeout: -1, MaxQueuedPongs: -1}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		go func() {
			peer.WriteFragment(frame.Binary, strings.Repeat("x", 3<<20))
			for range 20000 {
				peer.WriteFragment(frame.Continuation, "")
			}
			time.Sleep(1000 * time.Hour)
			peer.Write(frame.Continuation, "y")
		}()
		_, p, err := c.Read(background)
		if len(p) != 3<<20+1 || err != nil {
			t.Fatal(len(p), err)
		}
		closing := start(func() error { return c.Close(1000, "") })
		time.Sleep(1000 * time.Hour)
		wantWaiting(t, closing, "a Close without limit")
		peer.WriteClose(1000, "")
		peer.Conn().CloseWrite()
		now(t, closing)
	})
}

// A connection on which nothing happens stays open.
//
// Requirements: 6455-7.1.7-07, 6455-7.2.1-03
func TestIdle(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		reading := read(c, background)
		c.Context()
		time.Sleep(10000 * time.Hour)
		peer.WantIdle("no side has a reason to close")
		wantWaiting(t, reading, "a Read of nothing")
		peer.Write(frame.Text, "still here")
		if r := now(t, reading); string(r.p) != "still here" {
			t.Error(r)
		}
	})
}

// unfinished is what a peer of a side may begin, and has to finish.
var unfinished = []struct {
	name string
	in   func(peer frame.Side) []byte
}{
	{"the first byte of a header", func(frame.Side) []byte { return []byte{0x81} }},
	{"a fragment", badinput.Frame{First: 0x01, Payload: "a"}.Bytes},
	{"part of a frame", badinput.Frame{First: 0x81, Length: "\x7e\x4e\x20", Payload: strings.Repeat("x", 10000)}.Bytes},
	{"part of a ping", badinput.Frame{First: 0x89, Length: "\x05", Payload: "ping"}.Bytes},
	{"nothing of a fragment that has to follow", badinput.Frame{First: 0x02}.Bytes},
}

// What a peer has begun it must finish in time, in one go or in drips.
//
// Requirements: 6455-10.4-01
func TestMessageTimeout(t *testing.T) {
	cfg := &conn.Config{MessageTimeout: 10 * time.Second}
	want := conn.LimitError{Option: "MessageTimeout", Limit: int64(10 * time.Second)}
	test := func(name string, send func(peer *wstest.Peer, side frame.Side)) {
		t.Run(name, func(t *testing.T) {
			onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
				time.Sleep(time.Hour) // to be idle is fine
				reading := read(c, background)
				send(peer, otherSide(c.Side()))
				time.Sleep(10*time.Second - time.Nanosecond)
				peer.WantIdle("there is time")
				time.Sleep(time.Nanosecond)
				wantLimit(t, reading, peer, 1008, "message not finished within 10s", want)
			})
		})
	}
	for _, tt := range unfinished {
		test(tt.name, func(peer *wstest.Peer, side frame.Side) { peer.WriteBytes(tt.in(side)) })
	}
	test("a drip of fragments and pings", func(peer *wstest.Peer, _ frame.Side) {
		peer.WriteFragment(frame.Text, "a")
		go func() {
			for range 9 {
				time.Sleep(time.Second)
				peer.WriteFragment(frame.Continuation, "a")
				peer.Write(frame.Pong, "")
			}
		}()
	})
}

// The time counts only while somebody waits for the peer, over all the reads that do.
func TestMessageTimeoutCountsWaiting(t *testing.T) {
	cfg := &conn.Config{MessageTimeout: 10 * time.Second}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteFragment(frame.Text, "a")
		_, r, err := c.Reader(background)
		if err != nil {
			t.Fatal(err)
		}
		r.Read(make([]byte, 1))
		for range 3 {
			more := start(func() error { _, err := r.Read(make([]byte, 1)); return err })
			time.Sleep(3 * time.Second)
			peer.WriteFragment(frame.Continuation, "a")
			if err := now(t, more); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour) // the application takes its time
		}
		peer.Conn().CloseWrite()
		_, err = r.Read(make([]byte, 1))
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	})
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteFragment(frame.Text, "a")
		for range 3 { // and is as long again for the next message
			reading := read(c, background)
			time.Sleep(9 * time.Second)
			peer.Write(frame.Continuation, "b")
			now(t, reading)
			peer.WriteFragment(frame.Text, "a")
			synctest.Wait()
		}
	})
}

// However small a peer cuts its bytes, the work for them is bounded: no quadratic parsing.
func TestOneByteSegments(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		text := strings.Repeat("0123456789", 2000)
		reading := read(c, background)
		for _, b := range peer.Frame(frame.Header{Fin: true, Opcode: frame.Text}, text) {
			peer.WriteBytes([]byte{b})
		}
		if r := now(t, reading); string(r.p) != text {
			t.Fatal(r.err)
		}
	})
}

func TestLimitErrorText(t *testing.T) {
	for _, tt := range []struct {
		e    conn.LimitError
		want string
	}{
		{conn.LimitError{Option: "MaxMessageSize", Limit: 10, Got: 12}, "websocket: 12 is more than Config.MaxMessageSize of 10"},
		{conn.LimitError{Option: "CloseTimeout", Limit: int64(time.Second)}, "websocket: more than Config.CloseTimeout of 1s passed"},
	} {
		if got := tt.e.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		if tt.e.Timeout() != (tt.e.Option == "CloseTimeout") {
			t.Errorf("%s: Timeout() = %t", tt.e.Option, tt.e.Timeout())
		}
	}
	if got := conn.CloseCode(fmt.Errorf("something else")); got != 0 {
		t.Errorf("CloseCode = %v", got)
	}
}
