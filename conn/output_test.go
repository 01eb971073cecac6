package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// A counter counts the writes to the network below it.
type counter struct {
	net.Conn
	writes atomic.Int32
}

func (n *counter) Write(p []byte) (int, error) {
	n.writes.Add(1)
	return n.Conn.Write(p)
}

// counted returns a server, its network, and the other end of that, which takes size bytes.
func counted(t *testing.T, size int) (*conn.Conn, *counter, *wstest.PipeConn) {
	a, b := wstest.PipeSize(size)
	n := &counter{Conn: a}
	c := conn.New(n, conn.Opening{Side: frame.Server}, nil)
	t.Cleanup(func() {
		c.CloseNow()
		b.Close()
	})
	return c, n, b
}

// arrived returns the frames that are there to be read at b: unmasked text, or opcodes.
func arrived(b *wstest.PipeConn) (frames []string) {
	in, n := make([]byte, 1<<20), 0
	for {
		synctest.Wait()
		b.SetReadDeadline(time.Now().Add(time.Nanosecond))
		m, err := b.Read(in[n:])
		n += m
		if err != nil {
			break
		}
	}
	b.SetReadDeadline(time.Time{})
	in = in[:n]
	for {
		h, size, _ := frame.Consume(in)
		if size == 0 || len(in)-size < int(h.Length) {
			break
		}
		p := string(in[size : size+int(h.Length)])
		if h.Opcode != frame.Text {
			p = h.Opcode.String() + " " + p
		}
		frames, in = append(frames, p), in[size+int(h.Length):]
	}
	if len(in) > 0 {
		frames = append(frames, fmt.Sprintf("and %d bytes", len(in)))
	}
	return frames
}

func wantFrames(t *testing.T, expectation string, b *wstest.PipeConn, want ...string) {
	t.Helper()
	if got := arrived(b); !equal(got, want) {
		t.Fatalf("%s:\n got %.300q\nwant %.300q", expectation, got, want)
	}
}

func equal(a, b []string) bool {
	return strings.Join(a, "\x00") == strings.Join(b, "\x00") && len(a) == len(b)
}

// messages returns masked text messages of one digit each.
func messages(from, to int) (b []byte) {
	for i := from; i <= to; i++ {
		b = append(b, masked(frame.Text, fmt.Sprint(i))...)
	}
	return b
}

func TestRepliesToPipelinedMessagesLeaveTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n, b := counted(t, 64<<10)
		done := start(func() error { return echo(c) })
		b.Write(messages(0, 9))
		wantFrames(t, "each is answered, in order", b, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
		// Without a descriptor a reader waits with a small buffer, which then is filled once more.
		if w := n.writes.Load(); w > 2 {
			t.Errorf("%d writes for the answers to messages that came together", w)
		}
		b.Write(messages(1, 1))
		wantFrames(t, "one alone is answered at once", b, "1")
		b.Write(append(messages(1, 2), masked(frame.Text, "half")[:8]...))
		wantFrames(t, "half a message is nothing to wait for", b, "1", "2")
		b.Close()
		<-done
	})
}

// A reply waits for nothing but messages that are there, and not for an application that dawdles over them.
func TestReplyDoesNotWaitForApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, b := counted(t, 64<<10)
		b.Write(messages(1, 2))
		wantRead(t, c, frame.Text, "1")
		if err := c.Write(background, frame.Text, []byte("first")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		begin := time.Now()
		var in [7]byte
		b.Read(in[:])
		if d := time.Since(begin); string(in[2:]) != "first" || d > time.Millisecond {
			t.Errorf("%q after %v", in, d)
		}
		wantRead(t, c, frame.Text, "2")
		c.Write(background, frame.Text, []byte("second"))
		wantFrames(t, "nothing is left to wait for", b, "second")
	})
}

// A slowContext takes its time over the question whether it has ended. A Write asks that when it may send.
type slowContext struct{ context.Context }

func (c slowContext) Err() error {
	time.Sleep(time.Millisecond)
	return c.Context.Err()
}

// Whatever else is going on when a reply is held back, it leaves soon, though the application reads no more.
func TestHeldRepliesLeaveSoon(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, c *conn.Conn){
		"another writer is busy when the time comes": func(t *testing.T, c *conn.Conn) {
			c.Write(background, frame.Text, []byte("a"))
			c.Write(slowContext{background}, frame.Text, []byte("b"))
		},
		"a queue is sent before": func(t *testing.T, c *conn.Conn) {
			ended, cancel := context.WithCancel(background)
			w, _ := c.Writer(ended, frame.Text) // in the way of the queue, until there are two
			send(t, c, "a")
			send(t, c, "b")
			cancel()
			w.Close()
		},
		"a batch ends": func(t *testing.T, c *conn.Conn) {
			c.Batch(background, func() error {
				c.Write(background, frame.Text, []byte("a"))
				return c.Write(background, frame.Text, []byte("b"))
			})
		},
		"a batch ends while its context has ended": func(t *testing.T, c *conn.Conn) {
			ended, cancel := context.WithCancel(background)
			cancel()
			c.Batch(ended, func() error {
				c.Write(background, frame.Text, []byte("a"))
				return c.Write(background, frame.Text, []byte("b"))
			})
		},
		"a batch panics": func(t *testing.T, c *conn.Conn) {
			defer func() { recover() }()
			c.Batch(background, func() error {
				c.Write(background, frame.Text, []byte("a"))
				c.Write(background, frame.Text, []byte("b"))
				panic("in a batch")
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, b := counted(t, 64<<10)
				b.Write(messages(1, 2))
				wantRead(t, c, frame.Text, "1")
				test(t, c)
				time.Sleep(time.Millisecond)
				wantFrames(t, "nothing is left to wait for", b, "a", "b")
				c.Write(background, frame.Text, []byte("c"))
				time.Sleep(time.Millisecond)
				wantFrames(t, "nor later", b, "c")
			})
		})
	}
}

// One reply after the other does not put off the first.
func TestHoldIsNotPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n, b := counted(t, 64<<10)
		b.Write(messages(1, 2))
		wantRead(t, c, frame.Text, "1")
		for range 10 {
			c.Write(background, frame.Text, []byte("x"))
			time.Sleep(100 * time.Microsecond)
		}
		if n.writes.Load() == 0 {
			t.Error("nothing leaves within 1 ms, though a reply waits for 0.2 at most")
		}
	})
}

// What is written in a batch is there as soon as that is over, whatever there is to be read.
func TestBatchLeavesAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, b := counted(t, 64<<10)
		b.Write(messages(1, 2))
		wantRead(t, c, frame.Text, "1")
		c.Batch(background, func() error { return c.Write(background, frame.Text, []byte("a")) })
		if in := make([]byte, 10); true {
			if n, _ := b.Read(in); string(in[:n]) != "\x81\x01a" {
				t.Errorf("%q", in[:n])
			}
		}
	})
}

// What is held back leaves with what does not wait, and before the reader waits.
func TestHeldRepliesLeaveWith(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(c *conn.Conn)
		want []string
	}{
		"a ping":  {func(c *conn.Conn) { c.Ping(background) }, []string{"reply", "ping"}},
		"a close": {func(c *conn.Conn) { go c.Close(1000, "") }, []string{"reply", "close \x03\xe8"}},
		"a large message": {func(c *conn.Conn) {
			c.Write(background, frame.Text, bytes.Repeat([]byte("x"), 40<<10))
		}, []string{"reply", strings.Repeat("x", 40<<10)}},
		"a fragment": {func(c *conn.Conn) {
			w, _ := c.Writer(background, frame.Text)
			w.Write([]byte("fragment"))
		}, []string{"reply", "fragment"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, n, b := counted(t, 64<<10)
				b.Write(messages(1, 2))
				wantRead(t, c, frame.Text, "1")
				c.Write(background, frame.Text, []byte("reply"))
				if n.writes.Load() > 0 {
					t.Fatal("the reply did not wait")
				}
				ctx, cancel := context.WithTimeout(background, time.Microsecond)
				defer cancel()
				go test.do(c)
				synctest.Wait()
				got := arrived(b)
				if name == "a ping" && len(got) == 2 {
					got[1] = got[1][:4] // its payload is random
				}
				if !equal(got, test.want) {
					t.Errorf("got %.100q", got)
				}
				c.CloseNow()
				<-ctx.Done()
			})
		})
	}
}

func TestBatch(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		err := c.Batch(background, func() error {
			c.Write(background, frame.Text, []byte("one"))
			defer peer.WantIdle("nor at the end of one inside")
			return c.Batch(background, func() error {
				if err := c.Write(background, frame.Binary, []byte("two")); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Hour)
				peer.WantIdle("nothing leaves before the end")
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		peer.Want("then everything does", frame.Text, "one")
		peer.Want("in order", frame.Binary, "two")
		boom := errors.New("boom")
		err = c.Batch(background, func() error {
			c.Write(background, frame.Text, []byte("three"))
			return boom
		})
		if err != boom {
			t.Errorf("the error of the function: %v", err)
		}
		peer.Want("which does not undo what was written", frame.Text, "three")
		func() {
			defer func() { recover() }()
			c.Batch(background, func() error { panic("in a batch") })
		}()
		c.Write(background, frame.Text, []byte("four"))
		peer.Want("a batch that panics is over", frame.Text, "four")
		if err := c.Batch(background, func() error { return nil }); err != nil {
			t.Errorf("an empty batch: %v", err)
		}
		peer.WantIdle("and sends nothing")
	})
}

func TestBatchIsOneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n, b := counted(t, 64<<10)
		c.Batch(background, func() error {
			for range 100 {
				c.Write(background, frame.Text, []byte("x"))
			}
			return nil
		})
		if w := n.writes.Load(); w != 1 {
			t.Errorf("%d writes", w)
		}
		if got := arrived(b); len(got) != 100 {
			t.Errorf("%d frames", len(got))
		}
		n.writes.Store(0)
		c.Batch(background, func() error {
			for range 500 {
				c.Write(background, frame.Text, bytes.Repeat([]byte("x"), 100))
			}
			if n.writes.Load() == 0 {
				t.Error("a batch larger than a buffer is kept in memory")
			}
			return nil
		})
		if w := n.writes.Load(); w != 2 {
			t.Errorf("%d writes for 50 KB", w)
		}
	})
}

// Writers that wait for their turn while the network is busy leave together.
func TestWritersShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n, b := counted(t, 100)
		stuck := start(func() error { return c.Write(background, frame.Text, bytes.Repeat([]byte("x"), 150)) })
		wantWaiting(t, stuck, "a Write to a peer that does not read")
		var waiting []<-chan error
		var want []string
		for i := range 10 {
			p := fmt.Sprint(i)
			waiting = append(waiting, start(func() error { return c.Write(background, frame.Text, []byte(p)) }))
			synctest.Wait()
			want = append(want, p)
		}
		wantFrames(t, "the messages arrive in the order of the calls", b, append([]string{strings.Repeat("x", 150)}, want...)...)
		for _, w := range append(waiting, stuck) {
			if err := now(t, w); err != nil {
				t.Error(err)
			}
		}
		if w := n.writes.Load(); w != 2 {
			t.Errorf("%d writes, want 2: one that was stuck, and one for those who waited", w)
		}
	})
}

// Over a socket that is full, nobody is told that a message was sent of which nothing has left.
// One may be in the middle.
func TestWritersShareOverFullSocket(t *testing.T) {
	noGoroutineLeft(t)
	client, b := socketPair(t, "tcp")
	c := conn.New(b, conn.Opening{Side: frame.Server}, nil)
	var told atomic.Int64
	var writers sync.WaitGroup
	for range 64 {
		writers.Go(func() {
			for c.Write(background, frame.Binary, make([]byte, 1000)) == nil {
				told.Add(1)
			}
		})
	}
	for n := int64(-1); n != told.Load(); time.Sleep(50 * time.Millisecond) {
		n = told.Load()
	}
	sent := told.Load()
	c.CloseNow()
	writers.Wait()
	n, _ := io.Copy(io.Discard, client)
	client.Close()
	if n := n / 1004; n < sent-1 {
		t.Errorf("%d messages arrive, %d were sent", n, sent)
	}
}

// A message for which there is nearly enough room comes in a write of its own.
func TestWritersShareWhatFits(t *testing.T) {
	const first, buffer = 16000, 32 << 10
	for left := -4; left <= 20; left += 2 {
		synctest.Test(t, func(t *testing.T) {
			c, _, b := counted(t, 64<<10)
			second := buffer - first - left
			block, _ := c.Writer(background, frame.Text)
			var writes []<-chan error
			for _, n := range []int{first, second} {
				writes = append(writes, start(func() error { return c.Write(background, frame.Text, bytes.Repeat([]byte("x"), n)) }))
				synctest.Wait()
			}
			block.Close()
			wantFrames(t, fmt.Sprintf("%d bytes behind the first message", second), b, "", strings.Repeat("x", first), strings.Repeat("x", second))
			for _, w := range writes {
				if err := now(t, w); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A stream in fragments, and those behind it, are not overtaken.
func TestWritersDoNotOvertakeStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, b := counted(t, 64<<10)
		first, _ := c.Writer(background, frame.Text)
		first.Write([]byte("a"))
		go c.Write(background, frame.Text, []byte("b"))
		synctest.Wait()
		second := start(func() error {
			w, _ := c.Writer(background, frame.Text)
			w.Write([]byte("c"))
			return w.Close()
		})
		synctest.Wait()
		go c.Write(background, frame.Text, []byte("d"))
		synctest.Wait()
		first.Close()
		<-second
		wantFrames(t, "in the order of the calls", b, "a", "continuation ", "b", "c", "continuation ", "d")
	})
}

// crowd makes a Write fill the network and others wait behind it in one write:
// the first has the context given, the others what ctx returns.
func crowd(t *testing.T, c *conn.Conn, contexts ...context.Context) (results []<-chan error) {
	t.Helper()
	block, _ := c.Writer(background, frame.Text) // they all come to wait behind it
	for i, ctx := range contexts {
		p := strings.Repeat(string(rune('a'+i)), 10)
		results = append(results, start(func() error { return c.Write(ctx, frame.Text, []byte(p)) }))
		synctest.Wait()
	}
	go block.Close() // 2 bytes
	synctest.Wait()
	return results
}

// One of those who share a write gives up. Nothing of its message was sent: the others don't notice.
func TestRiderGivesUp(t *testing.T) {
	for _, size := range []int{1, 2, 5, 14, 20, 26, 30} {
		synctest.Test(t, func(t *testing.T) {
			c, _, b := counted(t, size)
			ctx, cancel := context.WithCancel(background)
			results := crowd(t, c, background, background, ctx, background)
			cancel()
			synctest.Wait()
			if size < 2+12+12+1 {
				if err := now(t, results[2]); err != context.Canceled {
					t.Fatalf("room for %d bytes: %v", size, err)
				}
				wantFrames(t, "the others arrive", b, "", strings.Repeat("a", 10), strings.Repeat("b", 10), strings.Repeat("d", 10))
				for _, i := range []int{0, 1, 3} {
					if err := now(t, results[i]); err != nil {
						t.Errorf("room for %d bytes: message %d: %v", size, i, err)
					}
				}
				return
			}
			// Its message is begun, so it counts as sent, and leaves as the network allows.
			wantFrames(t, "all arrive", b, "", strings.Repeat("a", 10), strings.Repeat("b", 10), strings.Repeat("c", 10), strings.Repeat("d", 10))
			for i, r := range results {
				if err := now(t, r); err != nil {
					t.Errorf("room for %d bytes: message %d: %v", size, i, err)
				}
			}
		})
	}
}

// One gives up while the network is noticing that something is to be done, and the connection is being closed.
func TestRiderGivesUpBesideClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.PipeSize(14)
		defer b.Close()
		c := conn.New(&drowsy{PipeConn: a}, conn.Opening{Side: frame.Server}, nil)
		defer c.CloseNow()
		ctx, cancel := context.WithCancel(background)
		results := crowd(t, c, background, background, ctx)
		cancel()
		synctest.Wait()
		go c.Close(1000, "")
		time.Sleep(time.Second)
		if err := now(t, results[2]); err != context.Canceled {
			t.Error(err)
		}
	})
}

// A drowsy network needs a moment to notice that a write deadline has come.
// Like a socket it does not if the deadline was changed meanwhile.
type drowsy struct {
	*wstest.PipeConn
	last atomic.Pointer[time.Time]
}

func (d *drowsy) SetWriteDeadline(t time.Time) error {
	d.last.Store(&t)
	if time.Until(t) > 0 || t.IsZero() {
		return d.PipeConn.SetWriteDeadline(t)
	}
	go func() {
		time.Sleep(time.Millisecond)
		if *d.last.Load() == t {
			d.PipeConn.SetWriteDeadline(t)
		}
	}()
	return nil
}

// The one whose turn it is gives up: in the middle of its frame that is the end, before it only its own.
func TestDriverGivesUp(t *testing.T) {
	for _, size := range []int{1, 2, 5, 14, 20} {
		synctest.Test(t, func(t *testing.T) {
			c, _, b := counted(t, size)
			ctx, cancel := context.WithCancel(background)
			results := crowd(t, c, ctx, background, background)
			cancel()
			synctest.Wait()
			got := make([]error, 3)
			for i, r := range results {
				select {
				case got[i] = <-r:
				default:
				}
			}
			switch {
			case size <= 2:
				if got[0] != context.Canceled {
					t.Fatalf("room for %d bytes: %v", size, got)
				}
				wantFrames(t, "the others arrive", b, "", strings.Repeat("b", 10), strings.Repeat("c", 10))
			case size < 14:
				for i, err := range got {
					if e := as[*conn.CloseError](t, err); !errors.Is(e, context.Canceled) {
						t.Errorf("message %d: %v", i, err)
					}
				}
			default:
				if got[0] != nil {
					t.Errorf("room for %d bytes, all of it was sent: %v", size, got[0])
				}
				wantFrames(t, "all arrive", b, "", strings.Repeat("a", 10), strings.Repeat("b", 10), strings.Repeat("c", 10))
			}
		})
	}
}

// One gives up whose message has begun to leave. The rest follows, though nobody waits for it.
func TestRiderGivesUpInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, b := counted(t, 2+12+12+5)
		ctx, cancel := context.WithCancel(background)
		results := crowd(t, c, background, background, ctx)
		cancel()
		for _, r := range results {
			if err := now(t, r); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Millisecond)
		wantFrames(t, "all arrive", b, "", strings.Repeat("a", 10), strings.Repeat("b", 10), strings.Repeat("c", 10))
	})
}

// The connection ends in the middle of a message that shares a write. Nobody is told that it was sent.
func TestEndUnderRiders(t *testing.T) {
	for name, end := range map[string]func(c *conn.Conn, b *wstest.PipeConn){
		"the network ends":        func(_ *conn.Conn, b *wstest.PipeConn) { b.Close() },
		"closing takes too long":  func(c *conn.Conn, _ *wstest.PipeConn) { c.Close(1000, "") },
		"the connection is ended": func(c *conn.Conn, _ *wstest.PipeConn) { c.CloseNow() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, b := counted(t, 20)
				results := crowd(t, c, background, background, background)
				end(c, b)
				for _, i := range []int{1, 2} {
					as[*conn.CloseError](t, now(t, results[i]))
				}
			})
		})
	}
}

// layered is a network with a protocol of its own, as TLS.
type layered struct{ *wstest.PipeConn }

func (l layered) NetConn() net.Conn { return l.PipeConn }

func (l layered) Write(p []byte) (int, error) {
	n, err := l.PipeConn.Write(p)
	if err != nil {
		n = 0
	}
	return n, err
}

// In the end no deadline is left behind: such a network writes what nobody asked for, when it reads.
func TestWriteLeavesNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.Pipe()
		defer b.Close()
		c := conn.New(layered{a}, conn.Opening{Side: frame.Server}, nil)
		defer c.CloseNow()
		if err := c.Write(background, frame.Text, []byte("x")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if _, err := a.Write([]byte("x")); err != nil {
			t.Errorf("a write of the network's own: %v", err)
		}
	})
}

// A records is a network as TLS, which takes 100 bytes at a time and then counts those that left.
// After a timeout it can do no more.
type records struct {
	*wstest.PipeConn
	failed error
	tries  int
}

func (r *records) NetConn() net.Conn { return r.PipeConn }

func (r *records) Write(p []byte) (n int, err error) {
	if r.tries++; r.tries > 100 {
		return 0, net.ErrClosed
	}
	for r.failed == nil && len(p) > 0 {
		record := p[:min(len(p), 100)]
		if _, r.failed = r.PipeConn.Write(record); r.failed == nil {
			p, n = p[len(record):], n+len(record)
		}
	}
	return n, r.failed
}

// The frame of the one whose turn it is has left, but not those behind it, when its context ends.
// What is to become of those cannot be told, so nobody is told that they were sent.
func TestDriverGivesUpOverTLS(t *testing.T) {
	for name, end := range map[string]func(c *conn.Conn, cancel func()){
		"its context ends":         func(_ *conn.Conn, cancel func()) { cancel() },
		"the network ends":         func(c *conn.Conn, _ func()) { c.NetConn().Close() },
		"the connection is closed": func(c *conn.Conn, _ func()) { c.CloseNow() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := wstest.PipeSize(250)
				defer b.Close()
				c := conn.New(&records{PipeConn: a}, conn.Opening{Side: frame.Server}, nil)
				defer c.CloseNow()
				block, _ := c.Writer(background, frame.Text)
				block.Write([]byte("x"))
				var results []<-chan error
				ctx, cancel := context.WithCancel(background)
				for _, ctx := range []context.Context{ctx, background, background} {
					results = append(results, start(func() error { return c.Write(ctx, frame.Binary, make([]byte, 98)) }))
					synctest.Wait()
				}
				block.Close()
				synctest.Wait()
				end(c, cancel)
				for _, i := range []int{2, 0} {
					as[*conn.CloseError](t, now(t, results[i]))
				}
				as[*conn.CloseError](t, c.Write(background, frame.Text, nil))
			})
		})
	}
}

// mute is a network that takes nothing any more, though it does not end.
type mute struct{ *wstest.PipeConn }

func (mute) Write([]byte) (int, error) { return 0, errors.New("mute") }

// The peer may have said why the network fails. It is listened to, but not for longer than a closing may take.
func TestWriteToBrokenNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.Pipe()
		c := conn.New(mute{a}, conn.Opening{Side: frame.Server}, &conn.Config{CloseTimeout: 3 * time.Second})
		defer b.Close()
		begin := time.Now()
		as[*conn.CloseError](t, c.Write(background, frame.Text, []byte("x")))
		elapsed(t, begin, 3*time.Second)
	})
}

// Such a network cannot tell how much of a write was taken, nor write again after it gave up.
func TestRiderGivesUpOverTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.PipeSize(20)
		c := conn.New(layered{a}, conn.Opening{Side: frame.Server}, nil)
		defer b.Close()
		ctx, cancel := context.WithCancel(background)
		results := crowd(t, c, background, background, ctx)
		for _, r := range results {
			wantWaiting(t, r, "a Write to a peer that does not read")
		}
		cancel()
		for _, r := range results {
			as[*conn.CloseError](t, now(t, r))
		}
	})
}
