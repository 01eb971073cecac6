package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// Requirements: 6455-5.4-05, 6455-5.4-12, 6455-5.4-17, 6455-5.6-03, 6455-6.2-03, 6455-6.2-04, 6455-6.2-05
func TestMessagesAsSent(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Write(frame.Text, "hello")
		wantRead(t, c, frame.Text, "hello")
		peer.Write(frame.Binary, "\xff\x00\xfe")
		wantRead(t, c, frame.Binary, "\xff\x00\xfe")
		peer.Write(frame.Text, "")
		wantRead(t, c, frame.Text, "")

		peer.WriteFragment(frame.Text, "")
		peer.WriteFragment(frame.Continuation, "frag")
		peer.WriteFragment(frame.Continuation, "")
		peer.Write(frame.Continuation, "ments")
		wantRead(t, c, frame.Text, "fragments")

		peer.WriteFragment(frame.Binary, "\x80")
		peer.Write(frame.Continuation, "")
		wantRead(t, c, frame.Binary, "\x80")
		peer.WantIdle("messages need no answer")
	})
}

// Many frames in one segment, and segments of one byte, give the same messages.
//
// Requirements: 6455-5.2-15, 6455-5.2-16, 6455-5.4-08, 6455-5.4-10
func TestSegmentsDoNotMatter(t *testing.T) {
	long := strings.Repeat("0123456789", 1300)
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		var stream []byte
		add := func(h frame.Header, payload string) { stream = append(stream, peer.Frame(h, payload)...) }
		add(frame.Header{Fin: true, Opcode: frame.Text}, "one")
		add(frame.Header{Opcode: frame.Text}, "tw")
		add(frame.Header{Fin: true, Opcode: frame.Ping}, "a")
		add(frame.Header{Fin: true, Opcode: frame.Continuation}, "o")
		add(frame.Header{Fin: true, Opcode: frame.Pong}, "unsolicited")
		add(frame.Header{Fin: true, Opcode: frame.Binary}, long)
		add(frame.Header{Fin: true, Opcode: frame.Ping}, "b")

		for _, size := range []int{1, 2, 3, 7, 100, 191, 192, 193, 4096, len(stream)} {
			for b := stream; len(b) > 0; {
				n := min(size, len(b))
				got := read(c, background)
				for ; len(b) > 0; n = min(size, len(b)) {
					peer.WriteBytes(b[:n])
					b = b[n:]
					synctest.Wait()
				}
				if r := now(t, got); r.String() != `text "one"` {
					t.Fatalf("segments of %d: got %v", size, r)
				}
				wantRead(t, c, frame.Text, "two")
				wantRead(t, c, frame.Binary, long)
				next := read(c, background)
				peer.Want("the first ping is answered", frame.Pong, "a")
				peer.Want("the ping behind the last message is answered, too", frame.Pong, "b")
				peer.Write(frame.Text, "end")
				now(t, next)
			}
		}
	})
}

// A read whose context ends loses nothing, wherever in the stream that is.
func TestReadCancelledEverywhere(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		var stream []byte
		add := func(h frame.Header, payload string) { stream = append(stream, peer.Frame(h, payload)...) }
		add(frame.Header{Opcode: frame.Text}, "gr\xc3")
		add(frame.Header{Fin: true, Opcode: frame.Ping}, "!")
		add(frame.Header{Fin: true, Opcode: frame.Continuation}, "\xbc\xc3\x9fe")
		for i := range stream {
			ctx, cancel := context.WithCancel(background)
			got := read(c, ctx)
			peer.WriteBytes(stream[:i])
			synctest.Wait()
			cancel()
			if r := now(t, got); r.err != context.Canceled {
				t.Fatalf("cancelled after %d bytes: %v", i, r)
			}
			peer.WriteBytes(stream[i:])
			wantRead(t, c, frame.Text, "grüße")
			peer.Want("the ping is answered once", frame.Pong, "!")
			peer.WantIdle("and only once")
		}
	})
}

func TestReadDeadline(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		for range 3 {
			ctx, cancel := context.WithTimeout(background, time.Second)
			begin := time.Now()
			_, p, err := c.Read(ctx)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || p != nil {
				t.Fatalf("Read: %q, %v", p, err)
			}
			elapsed(t, begin, time.Second)
		}
		peer.Write(frame.Text, "still here")
		wantRead(t, c, frame.Text, "still here")
	})
}

func TestReadWithContextThatIsOver(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		ctx, cancel := context.WithCancel(background)
		cancel()
		peer.Write(frame.Text, "x")
		if r := now(t, read(c, ctx)); r.err != context.Canceled {
			t.Fatalf("Read: %v", r)
		}
		if _, _, err := c.Reader(ctx); err != context.Canceled {
			t.Fatalf("Reader: %v", err)
		}
		wantRead(t, c, frame.Text, "x")
	})
}

func TestReadAppend(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Write(frame.Text, "two")
		typ, p, err := c.ReadAppend(background, []byte("one"))
		if typ != frame.Text || string(p) != "onetwo" || err != nil {
			t.Fatalf("ReadAppend: %v %q %v", typ, p, err)
		}

		// An error leaves the slice as it was, and the message unread.
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		peer.WriteFragment(frame.Text, "th")
		_, p, err = c.ReadAppend(ctx, []byte("one"))
		if string(p) != "one" || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("ReadAppend: %q %v", p, err)
		}
		peer.Write(frame.Continuation, "ree")
		_, p, err = c.ReadAppend(background, p)
		if string(p) != "onethree" || err != nil {
			t.Fatalf("ReadAppend: %q %v", p, err)
		}
	})
}

// A large message arrives in pieces and is read to where it belongs.
func TestLargeMessage(t *testing.T) {
	big := strings.Repeat("größer als der Puffer ", 20000)
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		for range 3 {
			go peer.Write(frame.Text, big)
			wantRead(t, c, frame.Text, big)
			go func() {
				peer.WriteFragment(frame.Text, big[:100001])
				peer.Write(frame.Continuation, big[100001:])
				peer.Write(frame.Binary, "next")
			}()
			wantRead(t, c, frame.Text, big)
			wantRead(t, c, frame.Binary, "next")
		}
	})
}

// Memory grows with what has arrived, not with what a header announces.
//
// Requirements: 6455-10.4-01
func TestAnnouncedLengthTakesNoMemory(t *testing.T) {
	cfg := &conn.Config{MaxMessageSize: -1}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		h := peer.Frame(frame.Header{Fin: true, Opcode: frame.Binary}, strings.Repeat("x", 1<<16))
		h = h[:len(h)-1<<16]
		h[6], h[7] = 0x7f, 0xff // in the 64-bit length: nearly 2 GiB
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		before := memory()
		peer.WriteBytes(append(h, "and not much more"...))
		if _, _, err := c.Read(ctx); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		if got := memory() - before; got > 256<<10 {
			t.Errorf("%d bytes allocated for a frame of which 17 arrived", got)
		}
	})
}

func TestReaderStreams(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteFragment(frame.Text, "ab")
		typ, r, err := c.Reader(background)
		if typ != frame.Text || err != nil {
			t.Fatal(typ, err)
		}
		p := make([]byte, 8)
		if n, err := r.Read(p); string(p[:n]) != "ab" || err != nil {
			t.Fatalf("%q %v: what is there should be delivered at once", p[:n], err)
		}
		more := start(func() result { n, err := r.Read(p); return result{0, p[:n], err} })
		wantWaiting(t, more, "a Read with nothing to read")
		peer.WriteFragment(frame.Continuation, "")
		wantWaiting(t, more, "a Read of an empty fragment")
		peer.Write(frame.Continuation, "c")
		if r := now(t, more); string(r.p) != "c" || r.err != nil {
			t.Fatal(r)
		}
		for range 2 {
			if n, err := r.Read(p); n != 0 || err != io.EOF {
				t.Fatalf("at the end: %d, %v", n, err)
			}
		}

		peer.Write(frame.Text, "")
		if _, r, err = c.Reader(background); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); len(b) != 0 || err != nil {
			t.Fatalf("an empty message: %q %v", b, err)
		}
		if n, err := r.Read(nil); n != 0 || err != io.EOF {
			t.Fatalf("Read(nil) at the end: %d %v", n, err)
		}
	})
}

// A Reader with a small buffer gets every byte, whatever else reads the connection.
func TestReaderSmallSteps(t *testing.T) {
	text := strings.Repeat("abcdefghij", 3000)
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		go func() {
			peer.WriteFragment(frame.Text, text[:12345])
			peer.Write(frame.Continuation, text[12345:])
			peer.Write(frame.Binary, "next")
		}()
		_, r, err := c.Reader(background)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		for i := 0; ; i++ {
			n, err := io.CopyN(&got, r, 7)
			if err == io.EOF {
				break
			}
			if err != nil || n != 7 {
				t.Fatal(n, err)
			}
			if i%500 == 250 {
				// Somebody else reads ahead while a piece is half delivered.
				ctx, cancel := context.WithTimeout(background, time.Millisecond)
				c.Ping(ctx)
				cancel()
			}
		}
		if got.String() != text {
			t.Errorf("got %d bytes, want %d, or other ones", got.Len(), len(text))
		}
		wantRead(t, c, frame.Binary, "next")
	})
}

func TestReaderAbandoned(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		for _, rest := range []string{"", "rest", strings.Repeat("rest", 5000)} {
			peer.WriteFragment(frame.Text, "first")
			_, r, err := c.Reader(background)
			if err != nil {
				t.Fatal(err)
			}
			io.ReadFull(r, make([]byte, 2))
			peer.Write(frame.Continuation, rest)
			peer.Write(frame.Text, "second")
			wantRead(t, c, frame.Text, "second")
			if _, err := r.Read(make([]byte, 1)); err != conn.ErrReaderDone {
				t.Fatalf("the old reader: %v", err)
			}
		}
		// The rest of the last piece, with and without more behind it.
		peer.Write(frame.Text, "single")
		c.Reader(background)
		peer.Write(frame.Text, "third")
		wantRead(t, c, frame.Text, "third")
	})
}

// When its context ends, a Reader leaves the rest of its message to the next read.
func TestReaderInterrupted(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		peer.WriteFragment(frame.Text, "abc")
		_, r, err := c.Reader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 2)
		io.ReadFull(r, p)
		time.Sleep(2 * time.Second)
		if _, err := r.Read(p); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		peer.Write(frame.Continuation, "def")
		wantRead(t, c, frame.Text, "cdef")
		peer.Write(frame.Text, "next")
		wantRead(t, c, frame.Text, "next")
	})
}

func TestSkipInterrupted(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteFragment(frame.Text, "unwanted")
		c.Reader(background)
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		if _, _, err := c.Read(ctx); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		peer.Write(frame.Continuation, "unwanted, too")
		peer.Write(frame.Text, "wanted")
		wantRead(t, c, frame.Text, "wanted")
	})
}

func TestMessagesIterator(t *testing.T) {
	for _, payload := range []string{"\x03\xe8", "\x03\xe9bye", ""} {
		onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			peer.Write(frame.Text, "a")
			peer.Write(frame.Binary, "b")
			peer.Write(frame.Close, payload)
			var got []string
			for m, err := range c.Messages(background) {
				got = append(got, result{m.Type, m.Data, err}.String())
			}
			if s := strings.Join(got, ", "); s != `text "a", binary "b"` {
				t.Errorf("got %s: a normal end is no error", s)
			}
		})
	}
}

func TestMessagesIteratorError(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Write(frame.Text, "a")
		peer.WriteClose(1011, "oops")
		var got []string
		for m, err := range c.Messages(background) {
			got = append(got, result{m.Type, m.Data, err}.String())
		}
		if len(got) != 2 || !strings.Contains(got[1], "1011") {
			t.Errorf("got %q", got)
		}
		for range c.Messages(background) {
			break // and leaving the loop is fine
		}
	})
}

// Readers in several goroutines get whole messages, each one once.
func TestConcurrentReaders(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		var waiting []<-chan result
		for range 5 {
			waiting = append(waiting, read(c, background))
			synctest.Wait()
		}
		for _, s := range []string{"0", "1", "2", "3", "4"} {
			peer.WriteFragment(frame.Text, s)
			peer.Write(frame.Continuation, s)
		}
		seen := map[string]bool{}
		for _, w := range waiting {
			seen[now(t, w).String()] = true
		}
		if len(seen) != 5 {
			t.Errorf("got %v", seen)
		}
	})
}

func TestWaitingReaderCancelled(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		first := read(c, background)
		synctest.Wait()
		ctx, cancel := context.WithCancel(background)
		second := read(c, ctx)
		third := read(c, background)
		synctest.Wait()
		cancel()
		if r := now(t, second); r.err != context.Canceled {
			t.Fatal(r)
		}
		peer.Write(frame.Text, "a")
		now(t, first)
		peer.Write(frame.Text, "b")
		now(t, third)
	})
}

// Requirements: 6455-5.6-01, 6455-7.4.1-06, 6455-8.1-01, 6455-8.1-02, 6455-8.1-03, 6455-8.1-04
func TestText(t *testing.T) {
	for _, tt := range []struct {
		name  string
		parts []string
		fails int // part at which it is refused; -1 if it is valid
	}{
		{"character over a fragment border", []string{"\xe2", "\x82", "\xac"}, -1},
		{"overlong", []string{"\xc0\x80"}, 0},
		{"surrogate", []string{"ab\xed", "\xa0"}, 1},
		{"beyond U+10FFFF", []string{"\xf4", "\x90", "never sent"}, 1},
		{"stray continuation", []string{"a", "\x80"}, 1},
		{"ends inside a character", []string{"ok\xe2", "\x82"}, 1},
		{"noncharacters and NUL", []string{"\xef\xbf\xbe\xef\xbf\xbf\x00"}, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
				got := read(c, background)
				for i, part := range tt.parts {
					h := frame.Header{Opcode: frame.Continuation, Fin: i == len(tt.parts)-1}
					if i == 0 {
						h.Opcode = frame.Text
					}
					wantWaiting(t, got, "a read of unfinished text")
					peer.WriteFrame(h, part)
					if i == tt.fails {
						peer.WantClose("refused at once", 1007, "text message is not valid UTF-8")
						peer.WantEOF("and hung up")
						peer.Conn().Close()
						e := as[*conn.ProtocolError](t, now(t, got).err)
						if e.Code != 1007 {
							t.Error(e.Code)
						}
						return
					}
				}
				if r := now(t, got); string(r.p) != strings.Join(tt.parts, "") {
					t.Fatal(r)
				}
			})
		})
	}
}

// Text is refused at the byte that is wrong, also inside a frame of which more is to come.
func TestTextInsideFrame(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		got := read(c, background)
		b := peer.Frame(frame.Header{Fin: true, Opcode: frame.Text}, "valid \xf4\x90 more")
		n := len(b) - len("\x90 more")
		peer.WriteBytes(b[:n])
		peer.WantIdle("f4 can begin a character")
		peer.WriteBytes(b[n : n+1])
		peer.WantClose("but not before 90", 1007, "text message is not valid UTF-8")
		peer.Conn().Close()
		now(t, got)
	})
}

// A nil context panics, as everywhere; whoever survives that can go on reading.
func TestReadWithoutContext(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			var ctx context.Context
			c.Read(ctx)
		}()
		peer.Write(frame.Text, "hello")
		wantRead(t, c, frame.Text, "hello")
	})
}
