package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// These tests are about things that happen at the same time as a closing handshake.

// masked returns a frame of a client, whose key is zero.
func masked(op frame.Opcode, payload string) []byte {
	h := frame.Header{Fin: true, Opcode: op, Masked: true, Length: int64(len(payload))}
	return append(h.Append(nil), payload...)
}

// nearlyFull returns a server whose network takes only so many more bytes,
// and the other end of that.
func nearlyFull(t *testing.T, free int) (*conn.Conn, *wstest.PipeConn) {
	t.Helper()
	a, b := wstest.PipeSize(200)
	c := conn.New(a, conn.Opening{Side: frame.Server}, nil)
	t.Cleanup(func() {
		c.CloseNow()
		b.Close()
	})
	const header = 4
	if err := c.Write(background, frame.Binary, make([]byte, 200-header-free)); err != nil {
		t.Fatal(err)
	}
	return c, b
}

// The peer's close frame comes while ours is stuck. Ours still leaves, whole.
//
// Requirements: 6455-5.5.1-17
func TestCloseFramesCrossWhileOursIsStuck(t *testing.T) {
	for free := range 7 {
		synctest.Test(t, func(t *testing.T) {
			c, b := nearlyFull(t, free)
			closing := start(func() error { return c.Close(1000, "bye") })
			reading := read(c, background)
			synctest.Wait()
			b.Write(masked(frame.Close, "\x0f\xa0"))
			synctest.Wait()
			all, err := io.ReadAll(b)
			b.CloseWrite()
			if !bytes.HasSuffix(all, []byte("\x88\x05\x03\xe8bye")) {
				t.Errorf("with room for %d bytes: the stream ended with % x, %v", free, all[max(0, len(all)-8):], err)
			}
			if err := now(t, closing); err != nil {
				t.Error(err)
			}
			as[*conn.CloseError](t, now(t, reading).err)
		})
	}
}

// A ping that comes while our close frame is on its way is answered behind that.
//
// Requirements: 6455-5.5.2-02
func TestPingWhileCloseFrameIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := nearlyFull(t, 0)
		closing := start(func() error { return c.Close(1000, "bye") })
		read(c, background)
		synctest.Wait()
		b.Write(masked(frame.Ping, "hi"))
		synctest.Wait()
		p := make([]byte, 300)
		n, _ := b.Read(p)
		synctest.Wait()
		m, _ := b.Read(p[n:])
		synctest.Wait()
		if got := p[:n+m]; !bytes.HasSuffix(got, []byte("\x88\x05\x03\xe8bye\x8a\x02hi")) {
			b.SetReadDeadline(time.Now().Add(time.Second))
			k, err := b.Read(p[n+m:])
			if got := p[:n+m+k]; !bytes.HasSuffix(got, []byte("\x88\x05\x03\xe8bye\x8a\x02hi")) {
				t.Errorf("the stream ended with % x, %v", got[max(0, len(got)-12):], err)
			}
		}
		b.Write(masked(frame.Close, "\x03\xe8"))
		b.CloseWrite()
		if err := now(t, closing); err != nil {
			t.Error(err)
		}
	})
}

// The peer sent its close frame and hung up before ours could leave.
func TestCloseToPeerThatClosed(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteClose(4001, "enough")
		peer.Conn().Close()
		err := now(t, start(func() error { return c.Close(1000, "") }))
		e := as[*conn.CloseError](t, err)
		if e.Code != 4001 || e.Sent != 1006 || !e.ByPeer ||
			e.Err == nil || e.Err.Error() != "the peer hung up before its close frame was answered" {
			t.Errorf("%+v", e)
		}
	})
}

// A Write that is cancelled returns at once, also if Close is called in the same moment.
func TestWriteCancelledWhileClosing(t *testing.T) {
	for range 200 {
		onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			peer.Pause()
			ctx, cancel := context.WithCancel(background)
			writing := start(func() error { return c.Write(ctx, frame.Binary, make([]byte, 200<<10)) })
			wantWaiting(t, writing, "a Write to a peer that does not read")
			go c.Close(1000, "")
			cancel()
			if err := now(t, writing); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

// A pong that the network does not take keeps nobody waiting.
func TestMessageBehindStuckPong(t *testing.T) {
	for free := range 9 {
		synctest.Test(t, func(t *testing.T) {
			c, b := nearlyFull(t, free)
			reading := read(c, background)
			b.Write(masked(frame.Ping, "123456"))
			b.Write(masked(frame.Text, "behind the ping"))
			if r := now(t, reading); string(r.p) != "behind the ping" {
				t.Fatal(r)
			}
			ctx, cancel := context.WithCancel(background)
			reading = read(c, ctx)
			b.Write(masked(frame.Ping, "another"))
			wantWaiting(t, reading, "a Read of nothing")
			cancel()
			if r := now(t, reading); r.err != context.Canceled {
				t.Fatal(r)
			}
			writing := start(func() error { return c.Write(background, frame.Text, []byte("x")) })
			p := make([]byte, 1000)
			var got []byte
			for range 4 {
				synctest.Wait()
				n, _ := b.Read(p)
				got = append(got, p[:n]...)
				b.SetReadDeadline(time.Now().Add(time.Second))
			}
			if want := "\x8a\x06123456\x8a\x07another\x81\x01x"; !bytes.HasSuffix(got, []byte(want)) {
				t.Errorf("with room for %d bytes: the stream ended with % x", free, got[max(0, len(got)-30):])
			}
			if err := now(t, writing); err != nil {
				t.Error(err)
			}
		})
	}
}

// Two ends that close at the same time over a network without any buffer do not wait for each other.
func TestCloseWithoutBuffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		client := conn.New(a, conn.Opening{Side: frame.Client}, nil)
		server := conn.New(b, conn.Opening{Side: frame.Server}, nil)
		begin := time.Now()
		one := start(func() error { return client.Close(1000, "") })
		other := start(func() error { return server.Close(1000, "") })
		if err := errors.Join(<-one, <-other); err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d > 100*time.Millisecond {
			t.Errorf("after %v", d)
		}
	})
}

// Two ends that ping each other over such a network do not, either.
func TestPingsWithoutBuffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		ends := []*conn.Conn{
			conn.New(a, conn.Opening{Side: frame.Client}, nil),
			conn.New(b, conn.Opening{Side: frame.Server}, nil),
		}
		var pinging sync.WaitGroup
		for _, c := range ends {
			read(c, background)
			pinging.Go(func() {
				for range 500 {
					if _, err := c.Ping(background); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		pinging.Wait()
		for _, c := range ends {
			c.CloseNow()
		}
	})
}

// A fragment of which nothing could be sent was never begun: the next message begins anew.
func TestFragmentThatWasNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := nearlyFull(t, 0)
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		w, err := c.Writer(ctx, frame.Binary)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("lost")); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		if err := w.Close(); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		if _, err := b.Read(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		if err := c.Write(background, frame.Text, []byte("new")); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 100)
		n, _ := b.Read(p)
		if got := string(p[:n]); got != "\x81\x03new" {
			t.Errorf("sent % x", got)
		}
	})
}

// The connection fails while the application's Close waits for its turn: the peer is told why it failed.
func TestFailureGoesBeforeClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, b := counted(t, 100)
		stuck := start(func() error { return c.Write(background, frame.Text, bytes.Repeat([]byte("x"), 150)) })
		wantWaiting(t, stuck, "a Write to a peer that does not read")
		closing := start(func() error { return c.Close(1000, "") })
		synctest.Wait()
		b.Write([]byte{0xff, 0x80}) // no frame at all
		reading := read(c, background)
		synctest.Wait()
		got := arrived(b)
		if len(got) != 2 || !strings.HasPrefix(got[1], "close \x03\xea") {
			t.Errorf("got %.200q, want a close frame with 1002", got)
		}
		b.Close()
		as[*conn.ProtocolError](t, <-closing)
		as[*conn.ProtocolError](t, (<-reading).err)
	})
}
