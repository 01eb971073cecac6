package conn_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// slow returns a server with cfg on a network that takes 100 bytes and is full.
// The message that fills it was sent with Send: 49 bytes of it are on their way.
func slow(t *testing.T, cfg *conn.Config) (*conn.Conn, *wstest.PipeConn) {
	t.Helper()
	a, b := wstest.PipeSize(100)
	c := conn.New(a, conn.Opening{Side: frame.Server}, cfg)
	t.Cleanup(func() {
		c.CloseNow()
		b.Close()
	})
	send(t, c, strings.Repeat("x", 147))
	synctest.Wait()
	return c, b
}

func send(t *testing.T, c *conn.Conn, p string) {
	t.Helper()
	if err := c.Send(background, frame.Text, []byte(p)); err != nil {
		t.Fatalf("Send: %v", err)
	}
}

func wantBuffered(t *testing.T, c *conn.Conn, messages, bytes int) {
	t.Helper()
	synctest.Wait()
	if m, b := c.Buffered(); m != messages || b != bytes {
		t.Fatalf("%d messages of %d bytes are queued, want %d of %d", m, b, messages, bytes)
	}
}

var filler = strings.Repeat("x", 147)

func TestSend(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		p := []byte("one")
		if err := c.Send(background, frame.Text, p); err != nil {
			t.Fatal(err)
		}
		copy(p, "two") // it is not kept
		peer.Want("a message", frame.Text, "one")
		for _, bad := range []string{"\xff", "a\xc3"} {
			if err := c.Send(background, frame.Text, []byte(bad)); err != conn.ErrInvalidUTF8 {
				t.Error(err)
			}
		}
		if err := c.Send(background, frame.Ping, nil); err != conn.ErrMessageType {
			t.Error(err)
		}
		ended, cancel := context.WithCancel(background)
		cancel()
		if err := c.Send(ended, frame.Text, nil); err != context.Canceled {
			t.Error(err)
		}
		peer.WantIdle("nothing of that is sent")
		c.CloseNow()
		as[*conn.CloseError](t, c.Send(background, frame.Text, nil))
	})
}

func TestSendDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := slow(t, nil)
		for i := range 9 {
			send(t, c, fmt.Sprint(i))
		}
		wantBuffered(t, c, 10, 147+9)
		wantFrames(t, "all leave when the peer reads", b, filler, "0", "1", "2", "3", "4", "5", "6", "7", "8")
		wantBuffered(t, c, 0, 0)
		send(t, c, "more")
		wantFrames(t, "and later ones", b, "more")
	})
}

// Messages leave in the order of the calls, whichever these are.
func TestSendAndWriteKeepOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := slow(t, nil)
		want := []string{filler}
		var writes []<-chan error
		for i := range 20 {
			p := fmt.Sprint(i)
			want = append(want, p)
			if i%5 != 3 {
				send(t, c, p)
				continue
			}
			writes = append(writes, start(func() error { return c.Write(background, frame.Text, []byte(p)) }))
			synctest.Wait()
		}
		wantFrames(t, "in the order of the calls", b, want...)
		for _, w := range writes {
			if err := now(t, w); err != nil {
				t.Error(err)
			}
		}
		wantBuffered(t, c, 0, 0)
	})
}

// Who sends all the time does not keep a writer out.
func TestSendLetsWritersIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := slow(t, &conn.Config{MaxQueuedMessages: 5})
		stop := make(chan bool)
		sender := start(func() error {
			for {
				select {
				case <-stop:
					return nil
				default:
					if err := c.Send(background, frame.Text, []byte("s")); err != nil {
						return err
					}
				}
			}
		})
		synctest.Wait()
		write := start(func() error { return c.Write(background, frame.Text, []byte("w")) })
		buf := make([]byte, 50)
		for range 20 {
			synctest.Wait()
			b.Read(buf)
		}
		if err := now(t, write); err != nil {
			t.Error(err)
		}
		close(stop)
		go io.Copy(io.Discard, b)
		<-sender
	})
}

func TestSendWhenFull(t *testing.T) {
	for _, limit := range []conn.Config{{MaxQueuedMessages: 3}, {MaxQueuedBytes: 147 + 2}} {
		option, got := "MaxQueuedMessages", int64(4)
		most := int64(3)
		if limit.MaxQueuedBytes > 0 {
			option, most, got = "MaxQueuedBytes", 149, 150
		}
		scenario := func(name string, policy conn.FullPolicy, test func(t *testing.T, c *conn.Conn, b *wstest.PipeConn)) {
			t.Run(name+" "+option, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg := limit
					cfg.WhenFull = policy
					c, b := slow(t, &cfg)
					send(t, c, "1")
					send(t, c, "2")
					test(t, c, b)
				})
			})
		}
		wantLimit := func(t *testing.T, err error, code frame.StatusCode) {
			t.Helper()
			if e := as[*conn.LimitError](t, err); *e != (conn.LimitError{Option: option, Limit: most, Got: got, Code: code}) {
				t.Errorf("%+v", e)
			}
		}
		third := func(c *conn.Conn, ctx context.Context) error { return c.Send(ctx, frame.Text, []byte("3")) }

		scenario("block", conn.Block, func(t *testing.T, c *conn.Conn, b *wstest.PipeConn) {
			ctx, cancel := context.WithCancel(background)
			gone := start(func() error { return third(c, ctx) })
			wantWaiting(t, gone, "Send without room")
			cancel()
			if err := now(t, gone); err != context.Canceled {
				t.Error(err)
			}
			done := start(func() error { return third(c, background) })
			wantWaiting(t, done, "Send without room")
			wantFrames(t, "what waited comes last", b, filler, "1", "2", "3")
			if err := now(t, done); err != nil {
				t.Error(err)
			}
			if c.Dropped() != 0 {
				t.Error("messages were dropped")
			}
		})
		scenario("drop new", conn.DropNew, func(t *testing.T, c *conn.Conn, b *wstest.PipeConn) {
			wantLimit(t, third(c, background), 0)
			if n := c.Dropped(); n != 1 {
				t.Errorf("%d dropped", n)
			}
			wantFrames(t, "the new one is missing", b, filler, "1", "2")
			send(t, c, "4")
			wantFrames(t, "the connection goes on", b, "4")
		})
		scenario("drop old", conn.DropOld, func(t *testing.T, c *conn.Conn, b *wstest.PipeConn) {
			if err := third(c, background); err != nil {
				t.Error(err)
			}
			if n := c.Dropped(); n != 1 {
				t.Errorf("%d dropped", n)
			}
			wantFrames(t, "the oldest that has not begun to leave is missing", b, filler, "2", "3")
		})
		for policy, code := range map[conn.FullPolicy]frame.StatusCode{
			conn.CloseSlow: frame.StatusPolicyViolation, conn.CloseTryLater: frame.StatusTryAgainLater,
		} {
			scenario(fmt.Sprint("close with ", code), policy, func(t *testing.T, c *conn.Conn, b *wstest.PipeConn) {
				reading := read(c, background)
				wantLimit(t, third(c, background), code)
				if n := c.Dropped(); n != 3 {
					t.Errorf("%d dropped", n)
				}
				as[*conn.CloseError](t, third(c, background))
				got := arrived(b)
				if len(got) != 2 || !strings.HasPrefix(got[1], "close") || !strings.Contains(got[1], "queue") {
					t.Fatalf("got %q, want what had begun to leave and a close frame that says why", got)
				}
				b.Write(masked(frame.Close, got[1][len("close "):][:2]))
				b.CloseWrite()
				if e := as[*conn.CloseError](t, now(t, reading).err); e.Sent != code || e.Err != nil {
					t.Error(e)
				}
			})
		}
		scenario("try", conn.Block, func(t *testing.T, c *conn.Conn, b *wstest.PipeConn) {
			m, _ := conn.Prepare(frame.Text, []byte("3"))
			wantLimit(t, c.TrySendPrepared(m), frame.StatusPolicyViolation)
		})
	}
}

// One message is queued in any case, and without limits all are.
func TestSendQueueBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := slow(t, &conn.Config{MaxQueuedBytes: 1, MaxQueuedMessages: 1, WhenFull: conn.DropNew})
		as[*conn.LimitError](t, c.Send(background, frame.Text, nil))
		wantFrames(t, "a message larger than the queue", b, filler)

		c, b = slow(t, &conn.Config{MaxQueuedBytes: -1, MaxQueuedMessages: -1, WhenFull: conn.CloseSlow})
		for range 3000 {
			send(t, c, strings.Repeat("y", 1000))
		}
		wantBuffered(t, c, 3001, 3000147)
		go io.Copy(io.Discard, b)
		wantBuffered(t, c, 0, 0)
	})
}

// The peer never reads: the connection ends after WriteTimeout, and nothing is left.
func TestSendToPeerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		c, _ := slow(t, &conn.Config{WriteTimeout: 3 * time.Second, MaxQueuedMessages: 2})
		waiting := start(func() error {
			c.Send(background, frame.Text, nil)
			return c.Send(background, frame.Text, nil)
		})
		reading := read(c, background)
		for _, err := range []error{<-waiting, (<-reading).err} {
			e := as[*conn.LimitError](t, as[*conn.CloseError](t, err))
			if e.Option != "WriteTimeout" {
				t.Error(e)
			}
		}
		elapsed(t, begin, 3*time.Second)
		wantBuffered(t, c, 0, 0)
	})
}

// Close sends what is queued first, unless the network does not take it in half of the time.
func TestCloseAfterSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := slow(t, nil)
		send(t, c, "last words")
		closing := start(func() error { return c.Close(1000, "") })
		wantWaiting(t, closing, "Close with a queue")
		as[*conn.CloseError](t, c.Send(background, frame.Text, nil))
		wantFrames(t, "the close frame comes last", b, filler, "last words", "close \x03\xe8")
		b.Write(masked(frame.Close, "\x03\xe8"))
		b.CloseWrite()
		if err := now(t, closing); err != nil {
			t.Error(err)
		}

		c, _ = slow(t, &conn.Config{CloseTimeout: 4 * time.Second})
		begin := time.Now()
		if err := c.Close(1000, ""); err == nil {
			t.Error("Close to a peer that does not read succeeded")
		}
		elapsed(t, begin, 4*time.Second)
		wantBuffered(t, c, 0, 0)
	})
}

// The peer closes while messages are queued: it is answered, and they are forgotten.
func TestPeerClosesWhileQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := slow(t, nil)
		for range 3 {
			send(t, c, strings.Repeat("y", 40<<10))
		}
		reading := read(c, background)
		synctest.Wait()
		b.Write(masked(frame.Close, "\x03\xe8"))
		synctest.Wait()
		got := arrived(b)
		if last := got[len(got)-1]; last != "close \x03\xe8" {
			t.Errorf("the last frame is %.20q", last)
		}
		b.Close()
		as[*conn.CloseError](t, now(t, reading).err)
		wantBuffered(t, c, 0, 0)
	})
}

// A prepared message is the same for all, and needs no copy.
func TestPrepared(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		p := []byte("prepared")
		m, err := conn.Prepare(frame.Text, p)
		if err != nil {
			t.Fatal(err)
		}
		clear(p)
		for range 3 {
			if err := c.WritePrepared(background, m); err != nil {
				t.Fatal(err)
			}
			peer.Want("each time the same", frame.Text, "prepared")
		}
		if err := c.SendPrepared(background, m); err != nil {
			t.Fatal(err)
		}
		peer.Want("also from the queue", frame.Text, "prepared")
		if err := c.TrySendPrepared(m); err != nil {
			t.Fatal(err)
		}
		peer.Want("also without waiting", frame.Text, "prepared")
		if _, err := conn.Prepare(frame.Text, []byte{0xff}); err != conn.ErrInvalidUTF8 {
			t.Error(err)
		}
		if _, err := conn.Prepare(frame.Close, nil); err != conn.ErrMessageType {
			t.Error(err)
		}
		if err := c.WritePrepared(background, (conn.Message{Type: frame.Text, Data: []byte("of a message")}).Prepared()); err != nil {
			t.Error(err)
		}
		peer.Want("a message as it was received", frame.Text, "of a message")
		for _, m := range []conn.Message{{}, {Type: frame.Text, Data: []byte{0xff}}} {
			if m.Prepared() != nil {
				t.Errorf("%v can be sent", m)
			}
		}
	})
}

// Over a socket what the network takes at once is not queued, and the rest goes on by itself.
func TestSendOverSocket(t *testing.T) {
	noGoroutineLeft(t)
	client, server := tcpPair(t, "tcp", nil)
	message := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i%26)}, 1000+i%1000) }
	sent := 0
	for {
		if m, _ := server.Buffered(); m > 300 {
			break
		}
		if err := server.Send(background, frame.Text, message(sent)); err != nil {
			t.Fatal(err)
		}
		sent++
	}
	for i := range sent {
		if _, p, err := client.Read(background); err != nil || !bytes.Equal(p, message(i)) {
			t.Fatalf("message %d: %d bytes, %v", i, len(p), err)
		}
	}
	if err := server.Send(background, frame.Text, []byte("bye")); err != nil {
		t.Error(err)
	}
	closing := start(func() error { return server.Close(1000, "") })
	if _, p, err := client.Read(background); string(p) != "bye" {
		t.Errorf("%.100q, %v", p, err)
	}
	client.Read(background)
	if err := <-closing; err != nil {
		t.Error(err)
	}
}

// The hooks are told of each message sent, in whichever way, and of each that was dropped.
func TestSendingHooks(t *testing.T) {
	var got []string
	hooks := &conn.Hooks{
		MessageOut: func(_ *conn.Conn, typ frame.Opcode, size int64) { got = append(got, fmt.Sprint(typ, " ", size)) },
		Drop: func(_ *conn.Conn, typ frame.Opcode, size int64) {
			got = append(got, fmt.Sprint("drop ", typ, " ", size))
		},
	}
	synctest.Test(t, func(t *testing.T) {
		c, b := slow(t, &conn.Config{Hooks: hooks, MaxQueuedMessages: 2, WhenFull: conn.DropNew})
		c.Send(background, frame.Binary, make([]byte, 5))
		c.Send(background, frame.Binary, make([]byte, 6))
		go io.Copy(io.Discard, b)
		synctest.Wait()
		w, _ := c.Writer(background, frame.Text)
		w.Write([]byte("abc"))
		w.Write([]byte("defg"))
		synctest.Wait()
		riding := start(func() error { return c.Write(background, frame.Text, make([]byte, 8)) })
		synctest.Wait()
		last := start(func() error { return c.Write(background, frame.Text, make([]byte, 8)) })
		synctest.Wait()
		w.Close()
		now(t, riding)
		now(t, last)
		c.Write(background, frame.Text, []byte{0xff})
		c.CloseNow()
		c.Write(background, frame.Text, nil)
		want := []string{"drop binary 6", "text 147", "binary 5", "text 7", "text 8", "text 8"}
		if !equal(got, want) {
			t.Errorf("got %q\nwant %q", got, want)
		}
	})
}
