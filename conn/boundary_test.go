package conn_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// These tests are about where one message ends and the next begins.

// A message that is delivered to its last byte is complete, whatever becomes of the context then:
// if its end were not told, the next message would be taken for its rest.
func TestReaderCancelledAtTheEnd(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Write(frame.Text, "one")
		peer.Write(frame.Text, "two")
		ctx, cancel := context.WithCancel(background)
		_, r, err := c.Reader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 3)
		if n, err := io.ReadFull(r, p); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		cancel()
		if n, err := r.Read(p); n != 0 || err != io.EOF {
			t.Errorf("Read = %d, %v, want the end of the message", n, err)
		}
		wantRead(t, c, frame.Text, "two")
	})
}

// Config.MessageTimeout is for each message, also if the stream never pauses between two.
func TestMessageTimeoutIsPerMessage(t *testing.T) {
	cfg := &conn.Config{MessageTimeout: 10 * time.Second}
	for _, op := range []frame.Opcode{frame.Text, frame.Ping} {
		onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			b := peer.Frame(frame.Header{Fin: true, Opcode: op}, "message")
			reading := read(c, background)
			peer.WriteBytes(b[:4])
			for range 30 {
				time.Sleep(time.Second)
				peer.WriteBytes(append(bytes.Clone(b[4:]), b[:4]...))
				if op == frame.Ping {
					wantWaiting(t, reading, "a Read during pings")
					continue
				}
				if r := now(t, reading); r.String() != `text "message"` {
					t.Fatal(r)
				}
				reading = read(c, background)
			}
			peer.Conn().Close()
			now(t, reading)
		})
	}
}

// A ping between messages that are read ahead is answered, also if the last of them is one too many.
func TestPingBeforeAheadIsFull(t *testing.T) {
	onBothSides(t, &conn.Config{MaxMessageSize: 100}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		c.Context()
		time.Sleep(time.Second)
		b := peer.Frame(frame.Header{Fin: true, Opcode: frame.Text}, "a")
		b = append(b, peer.Frame(frame.Header{Fin: true, Opcode: frame.Ping}, "ping")...)
		b = append(b, peer.Frame(frame.Header{Fin: true, Opcode: frame.Text}, "more than there is room for after that")...)
		peer.WriteBytes(b)
		peer.Want("the ping is answered", frame.Pong, "ping")
	})
}
