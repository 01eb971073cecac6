package conn_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
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

// The same behind a message in fragments, for which both wait.
func TestSendAndWriteKeepOrderBehindStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, b := counted(t, 64<<10)
		w, _ := c.Writer(background, frame.Text)
		w.Write([]byte("first"))
		for _, p := range []string{"a", "c", "e"} {
			send(t, c, p)
			go c.Write(background, frame.Text, []byte{p[0] + 1})
			synctest.Wait()
		}
		w.Close()
		wantFrames(t, "in the order of the calls", b, "first", "continuation ", "a", "b", "c", "d", "e", "f")
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

// What has queued up leaves together.
func TestQueueLeavesInOneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n, b := counted(t, 64<<10)
		ended, cancel := context.WithCancel(background)
		w, _ := c.Writer(ended, frame.Text) // they come to wait behind it
		for range 100 {
			send(t, c, "x")
		}
		cancel()
		w.Close()
		if got := arrived(b); len(got) != 100 || n.writes.Load() != 1 {
			t.Errorf("%d frames in %d writes", len(got), n.writes.Load())
		}
	})
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

// The same if the network took nothing of the message at all.
func TestSendToFullNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.PipeSize(100)
		defer b.Close()
		c := conn.New(a, conn.Opening{Side: frame.Server}, &conn.Config{WriteTimeout: 3 * time.Second})
		c.Write(background, frame.Text, make([]byte, 98))
		send(t, c, "x")
		e := as[*conn.CloseError](t, (<-read(c, background)).err)
		as[*conn.LimitError](t, e.Err)
	})
}

// What has left is no longer counted.
func TestBuffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := slow(t, nil)
		for range 3 {
			send(t, c, strings.Repeat("y", 40<<10))
		}
		wantBuffered(t, c, 4, 147+3*(40<<10))
		io.ReadFull(b, make([]byte, 4+147))
		wantBuffered(t, c, 3, 3*(40<<10))
		io.ReadFull(b, make([]byte, 4+(40<<10)))
		wantBuffered(t, c, 2, 2*(40<<10))
	})
}

// All that waits is dropped before its turn: then there is nothing to tell of when that comes.
func TestQueueDroppedBeforeItsTurn(t *testing.T) {
	var d diary
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.Pipe()
		c := conn.New(a, conn.Opening{Side: frame.Server}, &conn.Config{MaxQueuedMessages: 1, WhenFull: conn.CloseSlow, Hooks: &conn.Hooks{
			MessageOut: func(_ *conn.Conn, typ frame.Opcode, size int64) { d.add("%v %d", typ, size) },
		}})
		defer c.CloseNow()
		defer b.Close()
		w, _ := c.Writer(background, frame.Text)
		send(t, c, "a")
		as[*conn.LimitError](t, c.Send(background, frame.Text, []byte("b")))
		w.Close()
		d.want(t, "only what was sent", "text 0")
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

// What is queued behind a Write leaves before the close frame, too.
func TestCloseAfterSendBehindWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, b := counted(t, 64<<10)
		w, _ := c.Writer(background, frame.Text)
		send(t, c, "a")
		go c.Write(background, frame.Text, []byte("b"))
		synctest.Wait()
		send(t, c, "c")
		go c.Close(1000, "")
		synctest.Wait()
		w.Close()
		wantFrames(t, "the close frame comes last", b, "", "a", "b", "c", "close \x03\xe8")
	})
}

// What cannot leave, as a message before it has no end, does not keep back the close frame.
func TestCloseDoesNotWaitForQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.Pipe()
		defer b.Close()
		c := conn.New(a, conn.Opening{Side: frame.Server}, &conn.Config{CloseTimeout: 4 * time.Second})
		defer c.CloseNow()
		c.Writer(background, frame.Text)
		send(t, c, "a")
		go c.Close(1000, "")
		time.Sleep(2001 * time.Millisecond)
		wantFrames(t, "after half of the time", b, "close \x03\xe8")
	})
}

// A message that is abandoned takes the connection with it at once: nothing that is queued behind it can be sent.
func TestAbandonMessageBeforeQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, b := counted(t, 64<<10)
		ended, cancel := context.WithCancel(background)
		w, _ := c.Writer(ended, frame.Text)
		w.Write([]byte("half"))
		send(t, c, "queued")
		cancel()
		closing := start(w.Close)
		wantFrames(t, "the close frame", b, "half", "close \x03\xf3message abandoned")
		b.Write(masked(frame.Close, "\x03\xf3"))
		b.CloseWrite()
		if err := now(t, closing); err != context.Canceled {
			t.Error(err)
		}
		wantBuffered(t, c, 0, 0)
	})
}

// The peer breaks a limit while messages and pongs are on their way: it is told which.
func TestPeerMeetsLimitWhileSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.PipeSize(30)
		hooks := &conn.Hooks{MessageOut: func(*conn.Conn, frame.Opcode, int64) { t.Error("no message was sent") }}
		c := conn.New(a, conn.Opening{Side: frame.Server}, &conn.Config{MaxMessageSize: 10, Hooks: hooks})
		defer c.CloseNow()
		reading := read(c, background)
		b.Write(masked(frame.Ping, strings.Repeat("p", 20)))
		synctest.Wait()
		b.Write(masked(frame.Ping, strings.Repeat("q", 20)))
		synctest.Wait()
		send(t, c, "queued")
		send(t, c, "behind it")
		synctest.Wait()
		b.Write(masked(frame.Text, "more than ten bytes"))
		wantFrames(t, "the answers and the reason", b, "pong "+strings.Repeat("p", 20), "pong "+strings.Repeat("q", 20),
			"close \x03\xf1message larger than 10 bytes")
		b.Close()
		as[*conn.LimitError](t, now(t, reading).err)
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
	if e := as[*conn.CloseError](t, server.Send(background, frame.Text, nil)); e.Err != nil {
		t.Errorf("after the end: %v", e)
	}
}

// A large message that the network does not take at once is queued from there on: the caller may change it,
// what is sent meanwhile comes behind it, and it goes before the close frame.
func TestSendLargeOverSocket(t *testing.T) {
	const huge = 20 << 20
	for _, agreement := range []handshake.Agreement{{}, agreed(t, "")} {
		for _, side := range []frame.Side{frame.Server, frame.Client} {
			t.Run(fmt.Sprintf("%v, %v", side, agreement.Extensions), func(t *testing.T) {
				noGoroutineLeft(t)
				a, b := socketPair(t, "tcp")
				cfg := &conn.Config{MaxMessageSize: huge, MaxQueuedBytes: 2 * huge, Compression: &conn.Compression{Takeover: true}}
				c := conn.New(a, conn.Opening{Side: side, Agreement: agreement}, cfg)
				peer := conn.New(b, conn.Opening{Side: frame.Client - side, Agreement: agreement}, cfg)
				defer c.CloseNow()
				defer peer.CloseNow()
				random := rand.NewChaCha8([32]byte{1})
				var sent [][]byte
				for i, n := range []int{8191, 8192, 8193, 32 << 10, 65535, 65536, 300 << 10, huge, 10, 8192, 100, 1 << 20} {
					p := make([]byte, n)
					random.Read(p)
					if i%2 == 0 {
						p = bytes.Repeat(p[:1+n/100], 100)[:n] // to be compressed
					}
					sent = append(sent, bytes.Clone(p))
					if err := c.Send(background, frame.Binary, p); err != nil {
						t.Fatal(err)
					}
					clear(p)
					if m, b := c.Buffered(); n == huge && side == frame.Server && (m != 1 || b < 1<<20 || b >= huge) {
						t.Errorf("%d messages and %d bytes are queued; want the rest of one", m, b)
					}
				}
				pong := start(func() error { _, err := c.Ping(background); return err })
				closing := start(func() error { <-pong; return c.Close(1000, "") })
				for i, want := range sent {
					if _, p, err := peer.Read(background); err != nil || !bytes.Equal(p, want) {
						t.Fatalf("message %d: %d bytes, %v; want %d", i, len(p), err, len(want))
					}
				}
				peer.Read(background)
				if err := <-closing; err != nil {
					t.Error(err)
				}
				if m, b := c.Buffered(); m != 0 || b != 0 {
					t.Errorf("%d messages and %d bytes remain", m, b)
				}
			})
		}
	}
}

// The rest of a large message is given up when the peer does not read, or has gone.
func TestSendLargeInVain(t *testing.T) {
	for _, tt := range []struct {
		name string
		peer func(*net.TCPConn)
		want func(t *testing.T, err error)
	}{
		{"does not read", func(*net.TCPConn) {}, func(t *testing.T, err error) {
			if e, ok := err.(*conn.CloseError).Err.(*conn.LimitError); !ok || e.Option != "WriteTimeout" {
				t.Errorf("got %v", err)
			}
		}},
		{"resets", func(nc *net.TCPConn) { nc.SetLinger(0); nc.Close() }, func(t *testing.T, err error) {
			if conn.CloseCode(err) != frame.StatusAbnormalClosure {
				t.Errorf("got %v", err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			noGoroutineLeft(t)
			a, b := socketPair(t, "tcp")
			defer a.Close()
			c := conn.New(b, conn.Opening{Side: frame.Server}, &conn.Config{WriteTimeout: 100 * time.Millisecond})
			defer c.CloseNow()
			if err := c.Send(background, frame.Binary, make([]byte, 20<<20)); err != nil {
				t.Fatal(err)
			}
			tt.peer(a.(*net.TCPConn))
			<-c.Context().Done()
			tt.want(t, context.Cause(c.Context()))
			if err := c.Send(background, frame.Binary, nil); err == nil {
				t.Error("Send goes on")
			}
		})
	}
}

// Over a socket, too, Send in a batch waits for its end.
func TestSendInBatchOverSocket(t *testing.T) {
	client, b := socketPair(t, "tcp")
	defer client.Close()
	server := conn.New(b, conn.Opening{Side: frame.Server}, nil)
	defer server.CloseNow()
	in := make([]byte, 100)
	server.Batch(background, func() error {
		send(t, server, "a")
		send(t, server, "b")
		client.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if n, err := client.Read(in); err == nil {
			t.Errorf("%q arrives in the batch", in[:n])
		}
		return nil
	})
	client.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, _ := io.ReadFull(client, in[:6]); string(in[:n]) != "\x81\x01a\x81\x01b" {
		t.Errorf("%q arrives", in[:n])
	}
}

// The answers to more pings than a buffer has room for are in the way. The message is whole nevertheless.
func TestSendBehindManyPongs(t *testing.T) {
	message := make([]byte, 10<<10)
	client, b := socketPair(t, "tcp")
	server := conn.New(b, conn.Opening{Side: frame.Server}, &conn.Config{
		MaxQueuedPongs: 1000,
		Hooks: &conn.Hooks{MessageIn: func(c *conn.Conn, _ frame.Opcode, _ int64) {
			c.Send(background, frame.Binary, message)
		}},
	})
	defer server.CloseNow()
	var in []byte
	for range 200 {
		in = append(in, masked(frame.Ping, strings.Repeat("x", 125))...)
	}
	client.Write(append(in, masked(frame.Text, "")...))
	reading := read(server, background)
	defer func() { client.Close(); <-reading }()
	var out []byte
	for size := 200*127 + 4 + len(message); len(out) < size; {
		buf := make([]byte, size)
		n, err := client.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, buf[:n]...)
	}
	for len(out) > 0 {
		h, n, _ := frame.Consume(out)
		if n == 0 || h.Opcode != frame.Pong && h.Length != int64(len(message)) {
			t.Fatalf("a frame %+v", h)
		}
		out = out[n+int(h.Length):]
	}
}

// A network that fails under a Send ends the connection, and Send says it like Write.
func TestSendToPeerThatIsGone(t *testing.T) {
	noGoroutineLeft(t)
	client, b := socketPair(t, "tcp")
	ended := make(chan error, 1)
	server := conn.New(b, conn.Opening{Side: frame.Server}, &conn.Config{
		Hooks: &conn.Hooks{Close: func(_ *conn.Conn, err error) { ended <- err }},
	})
	client.(*net.TCPConn).SetLinger(0)
	client.Close()
	for {
		if err := server.Send(background, frame.Text, []byte("x")); err != nil {
			as[*conn.CloseError](t, err)
			break
		}
	}
	as[*conn.CloseError](t, <-ended)
	as[*conn.CloseError](t, server.Send(background, frame.Text, nil))
}

// The hooks are told of each message sent, in whichever way, and of each that was dropped.
func TestSendingHooks(t *testing.T) {
	var d diary
	hooks := &conn.Hooks{
		MessageOut: func(_ *conn.Conn, typ frame.Opcode, size int64) { d.add("%v %d", typ, size) },
		Drop:       func(_ *conn.Conn, typ frame.Opcode, size int64) { d.add("drop %v %d", typ, size) },
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
		d.want(t, "in the order in which they left", "drop binary 6", "text 147", "binary 5", "text 7", "text 8", "text 8")
	})
}

// Messages that come faster than the sending goroutine has its turn are not those of a slow peer.
func TestSendBurst(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // a turn for others then is one, whatever the system does
	for _, policy := range []conn.FullPolicy{conn.DropNew, conn.DropOld, conn.CloseSlow} {
		onBothSides(t, &conn.Config{MaxQueuedMessages: 2, WhenFull: policy}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			begin := time.Now()
			for i := range 500 {
				if err := c.Send(background, frame.Text, []byte(fmt.Sprint(i))); err != nil {
					t.Fatal(err)
				}
			}
			elapsed(t, begin, 0)
			for i := range 500 {
				peer.Want("all arrive, in order", frame.Text, fmt.Sprint(i))
			}
			if n := c.Dropped(); n != 0 {
				t.Errorf("%d were dropped", n)
			}
		})
	}
}

// An application that closes because Send failed does not hide why.
func TestSlowGoesBeforeClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var end error
		hooks := &conn.Hooks{Close: func(_ *conn.Conn, err error) { end = err }}
		c, b := slow(t, &conn.Config{MaxQueuedMessages: 1, WhenFull: conn.CloseTryLater, Hooks: hooks})
		as[*conn.LimitError](t, c.Send(background, frame.Text, nil))
		closing := start(func() error { return c.Close(1000, "") })
		got := arrived(b)
		if len(got) != 2 || !strings.HasPrefix(got[1], "close \x03\xf5too slow") {
			t.Errorf("got %.300q, want status 1013", got)
		}
		b.Close()
		<-closing

		// A peer that never reads is not told, but the application is.
		c, _ = slow(t, &conn.Config{MaxQueuedMessages: 1, WhenFull: conn.CloseTryLater, Hooks: hooks})
		as[*conn.LimitError](t, c.Send(background, frame.Text, nil))
		wantSlow := func(err error) {
			t.Helper()
			if e := as[*conn.LimitError](t, as[*conn.CloseError](t, err)); e.Option != "MaxQueuedMessages" || e.Code != 1013 {
				t.Errorf("%+v", e)
			}
		}
		wantSlow(c.Send(background, frame.Text, nil))
		_, _, err := c.Read(background)
		wantSlow(err)
		wantSlow(end)
	})
}

func TestNothingPrepared(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		for _, m := range []*conn.Prepared{nil, new(conn.Prepared)} {
			for _, err := range []error{c.WritePrepared(background, m), c.SendPrepared(background, m), c.TrySendPrepared(m)} {
				if err != conn.ErrMessageType {
					t.Error(err)
				}
			}
		}
		peer.WantIdle("nothing is sent")
	})
}

func TestFullPolicyNames(t *testing.T) {
	for p, want := range map[conn.FullPolicy]string{conn.Block: "Block", conn.DropNew: "DropNew", conn.DropOld: "DropOld",
		conn.CloseSlow: "CloseSlow", conn.CloseTryLater: "CloseTryLater", 17: "FullPolicy(17)", -1: "FullPolicy(-1)"} {
		if p.String() != want {
			t.Errorf("%d is %v", int(p), p)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c, b := slow(t, &conn.Config{MaxQueuedMessages: 1, WhenFull: 17})
		done := start(func() error { return c.Send(background, frame.Text, nil) })
		wantWaiting(t, done, "a policy that there is not waits, as Block does")
		go io.Copy(io.Discard, b)
		if err := now(t, done); err != nil {
			t.Error(err)
		}
	})
}
