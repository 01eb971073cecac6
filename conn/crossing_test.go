package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
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
