package conn_test

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/wstest"
)

// Headers of compressed messages.
var (
	packed      = frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.Text}
	packedFirst = frame.Header{RSV: frame.RSV1, Opcode: frame.Text}
	more        = frame.Header{Opcode: frame.Continuation}
	last        = frame.Header{Fin: true, Opcode: frame.Continuation}
)

// hello is "Hello" compressed, in section 7.2.3.1 of RFC 7692.
const hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"

// agreed returns the agreement on permessage-deflate with these parameters, such as "client_max_window_bits=9".
func agreed(t testing.TB, params string) handshake.Agreement {
	t.Helper()
	exts, err := handshake.ParseExtensions([]string{"permessage-deflate" + params})
	if err != nil {
		t.Fatal(err)
	}
	return handshake.Agreement{Extensions: exts}
}

// compressing runs test as onBothSides does, after an agreement on permessage-deflate.
func compressing(t *testing.T, params string, cfg *conn.Config, test func(t *testing.T, c *conn.Conn, peer *wstest.Peer)) {
	t.Helper()
	onBothSidesAfter(t, func(t *testing.T, side frame.Side) conn.Opening {
		return conn.Opening{Side: side, Agreement: agreed(t, params)}
	}, cfg, test)
}

// What arrives, as the examples of RFC 7692 have it, is what was sent.
func TestInflate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		frames []f
		want   []string
	}{
		{"one frame: 7692-6.2-01", []f{{packed, hello}}, []string{"Hello"}},
		{"two frames: 7692-6-03, 7692-7.2.3.1-01, 7692-7.2.2-01",
			[]f{{packedFirst, hello[:3]}, {last, hello[3:]}}, []string{"Hello"}},
		{"takeover: 7692-7.1.1.1-05, 7692-7.1.1.2-04, 7692-7.2.2-02, 7692-7.2.2-03",
			[]f{{packed, hello}, {packed, "\xf2\x00\x11\x00\x00"}}, []string{"Hello", "Hello"}},
		{"not compressed: 7692-6-02, 7692-6-04, 7692-6.2-02",
			[]f{{frame.Header{Fin: true, Opcode: frame.Text}, "Hallo"}}, []string{"Hallo"}},
		{"not compressed in between: 7692-7.2.3.2-01",
			[]f{{packed, hello}, {frame.Header{Fin: true, Opcode: frame.Text}, "Servus"}, {packed, "\xf2\x00\x11\x00\x00"}},
			[]string{"Hello", "Servus", "Hello"}},
		{"stored: 7692-7.2.3.3-01", []f{{packed, "\x00\x05\x00\xfa\xffHello\x00"}}, []string{"Hello"}},
		{"a final block: 7692-7.2.3.4-01", []f{{packed, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"}, {packed, hello}}, []string{"Hello", "Hello"}},
		{"two blocks: 7692-7.2.3.5-01", []f{{packed, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"}}, []string{"Hello"}},
		{"empty: 7692-7.2.3.6-02", []f{{packed, "\x00"}, {packed, hello}}, []string{"", "Hello"}},
		{"as far back as can be: 7692-7.1.2.1-08, 7692-7.1.2.2-07",
			// Length 3 (0000001), distance 32768 (code 29 and 13 extra bits), end of block; an empty stored block.
			[]f{{packed, storedBlock(32768) + bits("0 10 0000001 11101 1111111111111 0000000 0 00")}}, []string{digits(32768) + "012"}},
		{"empty fragments", []f{{packedFirst, ""}, {more, hello}, {more, ""}, {last, ""}}, []string{"Hello"}},
		{"a ping between fragments, not compressed: 7692-6-01",
			[]f{{packedFirst, hello[:3]}, {frame.Header{Fin: true, Opcode: frame.Ping}, hello}, {last, hello[3:]}}, []string{"Hello"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			compressing(t, "", nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
				for _, f := range tt.frames {
					peer.WriteFrame(f.h, f.payload)
				}
				for _, want := range tt.want {
					wantRead(t, c, frame.Text, want)
				}
				if peer.Skip() > 1 {
					t.Error("more than a pong was sent")
				}
			})
		})
	}
}

// An f is a frame that a peer sends.
type f struct {
	h       frame.Header
	payload string
}

// storedBlock returns a block of digits(n).
func storedBlock(n int) string {
	return string([]byte{0, byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}) + digits(n)
}

func digits(n int) string { return strings.Repeat("0123456789", n/10+1)[:n] }

// bits returns the bytes that s, zeros and ones from the first bit on, stands for.
func bits(s string) string {
	s = strings.ReplaceAll(s, " ", "")
	b := make([]byte, (len(s)+7)/8)
	for i := range s {
		b[i/8] |= (s[i] - '0') << (i % 8)
	}
	return string(b)
}

// readAll reads until the end.
func readAll(c *conn.Conn) error {
	for {
		if _, _, err := c.Read(background); err != nil {
			return err
		}
	}
}

// With takeover a stream of messages is small, without it each is by itself;
// either way, in every size of fragment, all kinds of reading deliver what was sent.
//
// Requirements: 7692-6.1-01, 7692-6.1-02, 7692-6.1-07, 7692-7-02, 7692-7.1.1.2-03,
// 7692-7.2.1-07, 7692-7.2.1-08, 7692-7.2.1-09, 7692-7.2.1-10, 7692-7.2.1-11, 7692-7.2.2-05, 7692-7.2.2-06, 7692-7.2.2-07
func TestCompressedPair(t *testing.T) {
	for _, level := range []conn.CompressionLevel{conn.Balanced, conn.Fastest, conn.Best} {
		for bits := 8; bits <= 15; bits++ {
			for _, takeover := range []bool{false, true} {
				cfg := &conn.Config{Compression: &conn.Compression{Takeover: takeover, Window: bits, Level: level, Threshold: -1}}
				t.Run(fmt.Sprintf("%v/%d bits/takeover %t", level, bits, takeover), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { testCompressedPair(t, cfg) })
				})
			}
		}
	}
}

func testCompressedPair(t *testing.T, cfg *conn.Config) {
	client, server := wstest.Pair(t, cfg)
	if len(client.Extensions()) != 1 {
		t.Fatal("nothing was agreed on")
	}
	client.Context() // so that pings are answered
	server.Context()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, ends := range [][2]*conn.Conn{{client, server}, {server, client}} {
		from, to := ends[0], ends[1]
		for i := range 60 {
			p := text(rng, rng.IntN(1<<rng.IntN(18)))
			sent := start(func() error { return sendSomehow(from, p, i) })
			typ, got, err := readSomehow(to, i/7)
			if want := frame.Text + frame.Opcode(i%2); err != nil || typ != want || !bytes.Equal(got, p) {
				t.Fatalf("message %d of %d bytes: got %v, %d bytes, %v", i, len(p), typ, len(got), err)
			}
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
		}
	}
}

// text returns n bytes of words that repeat, with some that do not.
func text(rng *rand.Rand, n int) []byte {
	words := strings.Fields(`{"type":"trade", "price": 1024 quantity lorem ipsum dolor sit amet €uro`)
	var b []byte
	for len(b) < n {
		b = append(b, words[rng.IntN(len(words))]...)
		if rng.IntN(8) == 0 {
			b = fmt.Append(b, rng.Uint64())
		}
	}
	return bytes.ToValidUTF8(b[:n], []byte("?"))
}

// sendSomehow sends p, as the number i has it.
func sendSomehow(c *conn.Conn, p []byte, i int) error {
	typ := frame.Text + frame.Opcode(i%2)
	switch i % 11 {
	case 0, 1:
		return c.Send(background, typ, p)
	case 2, 3:
		m, err := conn.Prepare(typ, p)
		if err != nil {
			return err
		}
		return c.WritePrepared(background, m)
	case 4, 5:
		return c.Write(background, typ|conn.Uncompressed, p)
	case 6, 7:
		w, err := c.Writer(background, typ)
		if err != nil {
			return err
		}
		for n := max(1, len(p)/3); len(p) > 0; p = p[min(n, len(p)):] {
			if _, err := w.Write(p[:min(n, len(p))]); err != nil {
				return err
			}
		}
		return w.Close()
	}
	return c.Write(background, typ, p)
}

// readSomehow reads a message, as the number i has it.
func readSomehow(c *conn.Conn, i int) (typ frame.Opcode, p []byte, err error) {
	switch i % 4 {
	case 0:
		typ, r, err := c.Reader(background)
		if err == nil {
			p, err = io.ReadAll(r)
		}
		return typ, p, err
	case 1:
		typ, p, err = c.ReadAppend(background, []byte("before"))
		return typ, bytes.TrimPrefix(p, []byte("before")), err
	case 2:
		if _, err = c.Ping(background); err != nil { // which reads ahead
			return 0, nil, err
		}
	}
	return c.Read(background)
}

// Control frames are not compressed, and only the first frame of a message says that it is.
//
// Requirements: 7692-6-01, 7692-6.1-03, 7692-6.1-04, 7692-7.2.1-05, 7692-9.2-01
func TestCompressedFrames(t *testing.T) {
	cfg := &conn.Config{Compression: &conn.Compression{Takeover: true}}
	compressing(t, "", cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		fragment := strings.Repeat("fragment ", 10)
		w, _ := c.Writer(background, frame.Text)
		io.WriteString(w, fragment)
		if got := peer.Next(); !strings.HasPrefix(got, "text ") || !strings.HasSuffix(got, `\x00\x00\xff\xff" without FIN with RSV 100`) {
			t.Error("the first frame ends a flush: ", got)
		}
		peer.Write(frame.Ping, "ping")
		go c.Read(background)
		peer.Want("a pong is not compressed", frame.Pong, "ping")
		io.WriteString(w, fragment)
		if got := peer.Next(); !strings.HasPrefix(got, "continuation ") || !strings.HasSuffix(got, `\x00\x00\xff\xff" without FIN`) {
			t.Error("only the first frame has RSV1: ", got)
		}
		w.Close()
		peer.Want("the last fragment, which is empty: 7692-7.2.3.6-01", frame.Continuation, "\x00")
		go c.Close(1000, strings.Repeat("reason ", 17))
		peer.WantClose("a close frame is not compressed", 1000, strings.Repeat("reason ", 17))
	})
}

// A whole message is one frame, as Safari needs it, however large.
// What is small, is wanted uncompressed or does not get smaller is sent as it is.
func TestWhatIsCompressed(t *testing.T) {
	cfg := &conn.Config{Compression: &conn.Compression{Threshold: 100}}
	compressing(t, "", cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		noise := make([]byte, 70_000)
		rand.NewChaCha8([32]byte{}).Read(noise)
		plain, _ := conn.Prepare(frame.Text|conn.Uncompressed, bytes.Repeat([]byte("a"), 100))
		for _, tt := range []struct {
			what string
			send error
			rsv1 bool
		}{
			{"100 bytes", c.Write(background, frame.Text, bytes.Repeat([]byte("a"), 100)), true},
			{"99 bytes", c.Write(background, frame.Text, bytes.Repeat([]byte("a"), 99)), false},
			{"1 MiB", c.Write(background, frame.Binary, make([]byte, 1<<20)), true},
			{"uncompressed", c.Write(background, frame.Text|conn.Uncompressed, bytes.Repeat([]byte("a"), 100)), false},
			{"uncompressed fragments", writeIn(c, frame.Text|conn.Uncompressed, bytes.Repeat([]byte("a"), 100)), false},
			{"prepared uncompressed", c.WritePrepared(background, plain), false},
			{"noise", c.Write(background, frame.Binary, noise[:30_000]), false},
		} {
			got := peer.Next()
			if tt.what == "uncompressed fragments" {
				got = strings.Replace(got, " without FIN", "", 1)
				peer.Want("the end of the fragments", frame.Continuation, "")
			}
			if tt.send != nil || strings.Contains(got, "without FIN") || strings.HasSuffix(got, " with RSV 100") != tt.rsv1 {
				t.Errorf("%s: %v, %.40s … %s", tt.what, tt.send, got, got[max(0, len(got)-20):])
			}
		}
	})
}

// writeIn sends p as one fragment and an empty one.
func writeIn(c *conn.Conn, typ frame.Opcode, p []byte) error {
	w, err := c.Writer(background, typ)
	if err != nil {
		return err
	}
	_, err = w.Write(p)
	return errors.Join(err, w.Close())
}

// A bomb goes off at the limit, and not in memory.
//
// Requirements: 7692-8-02, 6455-10.4-01
func TestBomb(t *testing.T) {
	cfg := &conn.Config{MaxMessageSize: 1 << 16}
	compressing(t, "", cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		bomb := peer.Frame(packed, deflated(t, make([]byte, 16<<20))) // in 16 KiB
		before := memory()
		reading := read(c, background)
		peer.WriteBytes(bomb)
		wantLimit(t, reading, peer, 1009, "message larger than 65536 bytes",
			conn.LimitError{Option: "MaxMessageSize", Limit: 1 << 16, Got: 1<<16 + 1})
		if got := memory() - before; got > 1<<20 {
			t.Errorf("%d bytes were allocated", got)
		}
	})
}

// deflated returns p as compress/flate has it, for a message.
func deflated(t testing.TB, p []byte) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(p)
	w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// The limit is on what a message says, not on its form: what does not get smaller may be a little larger.
func TestCompressedLimit(t *testing.T) {
	cfg := &conn.Config{MaxMessageSize: 5}
	stored := func(p string) string {
		return "\x00" + string([]byte{byte(len(p)), 0, ^byte(len(p)), 0xff}) + p + "\x00"
	}
	compressing(t, "", cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteFrame(packed, stored("Hello"))
		wantRead(t, c, frame.Text, "Hello")
		reading := read(c, background)
		peer.WriteFrame(packed, stored("Hello!"))
		wantLimit(t, reading, peer, 1009, "message larger than 5 bytes", conn.LimitError{Option: "MaxMessageSize", Limit: 5, Got: 6})
	})
	compressing(t, "", cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		reading := read(c, background)
		peer.WriteFrame(packed, strings.Repeat("\x00\x00\x00\xff\xff", 20)+hello)
		wantLimit(t, reading, peer, 1009, "message larger than 5 bytes", conn.LimitError{Option: "MaxMessageSize", Limit: 5, Got: 107})
	})
	compressing(t, "", cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteFrame(packed, stored("Hello!"))
		peer.Conn().CloseWrite()
		_, r, err := c.Reader(background)
		if err != nil {
			t.Fatal(err)
		}
		p, err := io.ReadAll(r)
		if string(p) != "Hello" {
			t.Errorf("a stream delivers %q, then %v", p, err)
		}
		as[*conn.LimitError](t, err)
	})
}

// A message that was compressed and then not sent leaves no gap: the peer's window does not have it.
func TestNotSentNotReferredTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := &conn.Config{Compression: &conn.Compression{Takeover: true}}
		client, server := wstest.Pair(t, cfg)
		ctx, cancel := context.WithCancel(background)
		cancel()
		one, two := bytes.Repeat([]byte("first message "), 20), bytes.Repeat([]byte("second message "), 20)
		for i, p := range [][]byte{one, two, two, one} {
			if err := client.Write(ctx, frame.Text, two); !errors.Is(err, context.Canceled) {
				t.Fatalf("Write = %v", err)
			}
			sent := start(func() error { return client.Write(background, frame.Text, p) })
			wantRead(t, server, frame.Text, string(p))
			if err := <-sent; err != nil {
				t.Fatal(i, err)
			}
		}
	})
}

// A message that shared a write, and then gave up, was compressed in vain, and so were those behind it.
func TestRiderOfCompressedMessagesGivesUp(t *testing.T) {
	cfg := &conn.Config{Compression: &conn.Compression{Takeover: true, Threshold: -1}}
	for size := 1; size < 200; size += 3 {
		for who := range 5 {
			synctest.Test(t, func(t *testing.T) {
				a, b := wstest.PipeSize(size)
				o := conn.Opening{Side: frame.Server, Agreement: agreed(t, "")}
				c := conn.New(a, o, cfg)
				o.Side = frame.Client
				peer := conn.New(b, o, cfg)
				defer peer.CloseNow()
				defer c.CloseNow()
				ctx, cancel := context.WithCancel(background)
				var results []<-chan error
				block, _ := c.Writer(background, frame.Text)
				for i := range 5 {
					ctx := ctx
					if i != who {
						ctx = background
					}
					p := strings.Repeat(fmt.Sprintf("writer %d says this. ", i), 5)
					results = append(results, start(func() error { return c.Write(ctx, frame.Text, []byte(p)) }))
					synctest.Wait()
				}
				go block.Close()
				synctest.Wait() // as many share the write of the first as there are
				cancel()
				synctest.Wait()
				again := start(func() error {
					return c.Write(background, frame.Text, []byte(strings.Repeat("writer 4 says this. writer 0 says this.", 3)))
				})
				if err := readUntil(peer, "writer 4 says this. writer 0"); err != nil {
					if e, ok := errors.AsType[*conn.ProtocolError](err); ok {
						t.Fatalf("room for %d bytes, writer %d gives up: %v", size, who, e)
					}
					return // it was in the middle of a frame
				}
				for i, r := range append(results, again) {
					if err := now(t, r); err != nil && i != who {
						t.Errorf("room for %d bytes: message %d: %v", size, i, err)
					}
				}
			})
		}
	}
}

// readUntil reads up to a message that begins with prefix.
func readUntil(c *conn.Conn, prefix string) error {
	for {
		_, p, err := c.Read(background)
		if err != nil || strings.HasPrefix(string(p), prefix) {
			return err
		}
	}
}

// A message prepared once is compressed once for all connections with the same parameters,
// and fits between those that each connection compresses in its own context.
func TestPreparedCompressed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := []byte(strings.Repeat("to whom it may concern ", 20) + strings.Repeat("x", 1000) + strings.Repeat("to whom it may concern ", 20))
		m, err := conn.Prepare(frame.Text, text)
		if err != nil {
			t.Fatal(err)
		}
		noise, _ := conn.Prepare(frame.Binary, []byte("\x8a\xf3\x01\x9c\x77 nothing is twice in this"))
		for _, z := range []*conn.Compression{nil, {}, {Window: 9}, {Takeover: true}, {Takeover: true, Window: 8, Level: conn.Best}, {Level: conn.Fastest}} {
			client, server := wstest.Pair(t, &conn.Config{Compression: z})
			for range 3 {
				sent := start(func() error {
					return errors.Join(server.WritePrepared(background, m), server.Write(background, frame.Text, text[5:]),
						server.SendPrepared(background, noise), server.Write(background, frame.Text, text))
				})
				wantRead(t, client, frame.Text, string(text))
				wantRead(t, client, frame.Text, string(text[5:]))
				client.Read(background)
				wantRead(t, client, frame.Text, string(text))
				if err := now(t, sent); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// What a reader has left of a piece stays what it is while others read ahead.
func TestReaderKeepsItsPiece(t *testing.T) {
	compressing(t, "", nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteFrame(packed, hello)
		peer.WriteFrame(packed, deflated(t, []byte("something else")))
		_, r, err := c.Reader(background)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 5)
		r.Read(p[:2])
		pinging := start(func() error { _, err := c.Ping(background); return err })
		peer.Write(frame.Pong, peer.WantPing("reads ahead"))
		if err := now(t, pinging); err != nil {
			t.Fatal(err)
		}
		io.ReadFull(r, p[2:])
		if string(p) != "Hello" {
			t.Errorf("the reader got %q", p)
		}
		wantRead(t, c, frame.Text, "something else")
	})
}

// What is not yet inflated is the connection's, however little of a message is read before others have their turn.
func TestPackedInputIsKept(t *testing.T) {
	compressing(t, "", nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		want := text(rand.New(rand.NewPCG(3, 4)), 90_000)
		peer.WriteFrame(packed, deflated(t, want))
		_, r, err := c.Reader(background)
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		for err == nil {
			p := make([]byte, 32<<10) // as much as is inflated at once
			var n int
			n, err = r.Read(p)
			got = append(got, p[:n]...)
			useBuffers(t, 3) // among them those that were given back
		}
		if !bytes.Equal(got, want) || err != io.EOF {
			t.Errorf("got %d bytes, %v, not as they were sent", len(got), err)
		}
	})
}

// useBuffers fills n buffers at the same time.
func useBuffers(t *testing.T, n int) {
	if n == 0 {
		return
	}
	c, _ := wstest.Pair(t, nil)
	c.Batch(background, func() error {
		c.Write(background, frame.Binary, bytes.Repeat([]byte("?"), 20_000))
		useBuffers(t, n-1)
		return nil
	})
}

// What was agreed on for one direction does not hold for the other, and for its own messages
// a side may be content with less.
func TestDirections(t *testing.T) {
	// bytes 0 to 599 occur once; what follows them does again, 300 bytes later, and then at once.
	noise := make([]byte, 600)
	rand.NewChaCha8([32]byte{5}).Read(noise)
	far := append(bytes.Clone(noise), noise[200:500]...)
	for _, tt := range []struct {
		params     string
		side       frame.Side
		z          conn.Compression
		far, again bool // what is sent is small because it refers far back, and to the message before
	}{
		{"", frame.Server, conn.Compression{Takeover: true}, true, true},
		{"", frame.Server, conn.Compression{}, true, false},
		{"", frame.Server, conn.Compression{Takeover: true, Window: 8}, false, false},
		{"; server_no_context_takeover", frame.Server, conn.Compression{Takeover: true}, true, false},
		{"; server_no_context_takeover", frame.Client, conn.Compression{Takeover: true}, true, true},
		{"; client_no_context_takeover", frame.Client, conn.Compression{Takeover: true}, true, false},
		{"; client_no_context_takeover", frame.Server, conn.Compression{Takeover: true}, true, true},
		{"; server_max_window_bits=8", frame.Server, conn.Compression{}, false, false},
		{"; server_max_window_bits=8", frame.Client, conn.Compression{}, true, false},
		{"; client_max_window_bits=8", frame.Client, conn.Compression{}, false, false},
		{"; client_max_window_bits=8", frame.Server, conn.Compression{}, true, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, b := wstest.Pipe()
			defer b.Close()
			c := conn.New(a, conn.Opening{Side: tt.side, Agreement: agreed(t, tt.params)}, &conn.Config{Compression: &tt.z})
			defer c.CloseNow()
			var size [2]int
			for i := range size {
				if err := c.Write(background, frame.Binary, far); err != nil {
					t.Fatal(err)
				}
				size[i], _ = b.Read(make([]byte, 2000))
			}
			if (size[0] < 800) != tt.far || (size[1] < 200) != tt.again {
				t.Errorf("%v, %q, %+v: the messages of %d bytes had %d", tt.side, tt.params, tt.z, len(far), size)
			}
		})
	}
}

// A write that is given up before anything is sent costs the context nothing.
func TestWriteGivenUpKeepsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wstest.Pipe()
		defer b.Close()
		c := conn.New(a, conn.Opening{Side: frame.Server, Agreement: agreed(t, "")}, &conn.Config{Compression: &conn.Compression{Takeover: true}})
		defer c.CloseNow()
		over, cancel := context.WithCancel(background)
		cancel()
		noise := make([]byte, 600)
		rand.NewChaCha8([32]byte{7}).Read(noise)
		p := fmt.Appendf(nil, "%x", noise)
		for i := range 3 {
			if err := c.Write(background, frame.Text, p); err != nil {
				t.Fatal(err)
			}
			if n, _ := b.Read(make([]byte, 4000)); i > 0 && n > 100 {
				t.Errorf("a message like the one before takes %d bytes", n)
			}
			if err := c.Write(over, frame.Text, bytes.Repeat([]byte("x"), 100)); err != context.Canceled {
				t.Error(err)
			}
		}
	})
}

// Compressing and inflating allocate nothing.
func TestNoAllocationsCompressed(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, z := range []conn.Compression{{}, {Takeover: true}, {Takeover: true, Window: 9, Level: conn.Fastest}} {
		cfg := &conn.Config{Compression: &z}
		a, b := socketPair(t, "tcp")
		agreement := agreed(t, "; server_no_context_takeover; client_no_context_takeover")
		if z.Takeover {
			agreement = agreed(t, "")
		}
		client := conn.New(a, conn.Opening{Side: frame.Client, Agreement: agreement}, cfg)
		server := conn.New(b, conn.Opening{Side: frame.Server, Agreement: agreement}, cfg)
		done := start(func() error { return echo(server) })
		msg := text(rand.New(rand.NewPCG(5, 6)), 1000)
		var buf []byte
		exchange := func() {
			if err := client.Write(background, frame.Text, msg); err != nil {
				t.Fatal(err)
			}
			_, p, err := client.ReadAppend(background, buf[:0])
			if err != nil || !bytes.Equal(p, msg) {
				t.Fatal(err)
			}
			buf = p
		}
		for range 100 { // until the windows have their size
			exchange()
		}
		if got := testing.AllocsPerRun(200, exchange); got != 0 {
			t.Errorf("%+v: %v allocations for a message there and back", z, got)
		}
		client.CloseNow()
		<-done
		server.CloseNow()
	}
}
