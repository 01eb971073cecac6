package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/internal/corpus"
)

// agreedName names the check agreed.
func agreedName(s server, answer string) string {
	offer := "no offer"
	if own := s.cfg.Conn.Compression; own != nil {
		offer = fmt.Sprintf("takeover %t, window %d", own.Takeover, own.Window)
	}
	return fmt.Sprintf("compression: %s → %s", offer, cmp.Or(answer, "no parameters"))
}

// agreed expects that both sides say that they agreed on answer, and that messages
// come back that show it by their size.
func agreed(ctx context.Context, s server, answer string) error {
	var passed counter
	s.cfg.DialContext = passed.dial
	if err := s.with(ctx, "/extensions", func(c *conn.Conn) error { return bothSay(ctx, c, answer) }); err != nil {
		return err
	}
	err := s.with(ctx, "/echo", func(c *conn.Conn) error {
		if err := weigh(ctx, c, ways(answer, s.cfg.Conn.Compression, &passed)); err != nil {
			return err
		}
		return manyKinds(ctx, c)
	})
	if err != nil {
		return err
	}
	return fragmentsIn(ctx, s)
}

// bothSay expects both sides of a connection to say that answer was agreed on, in whatever order.
func bothSay(ctx context.Context, c *conn.Conn, answer string) error {
	got := handshake.FormatExtensions(c.Extensions())
	want := strings.TrimSuffix("permessage-deflate; "+answer, "; ")
	if answer == "none" {
		want = ""
	}
	sorted := func(s string) []string { return slices.Sorted(strings.SplitSeq(s, "; ")) }
	if !slices.Equal(sorted(got), sorted(want)) {
		return fmt.Errorf("agreed on %q, want %q", got, want)
	}
	return receive(ctx, c, frame.Text, []byte("extensions: "+got))
}

// A counter counts the bytes that pass over a connection.
type counter struct{ out, in atomic.Int64 }

func (n *counter) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, addr)
	return counted{nc, n}, err
}

// A counted is a connection with a counter.
type counted struct {
	net.Conn
	n *counter
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n.in.Add(int64(n))
	return n, err
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.n.out.Add(int64(n))
	return n, err
}

// A way is how messages of one direction are compressed.
type way struct {
	name     string
	count    *atomic.Int64
	plain    bool // not at all
	takeover bool
	window   int // in bits
}

// ways returns what answer means for messages that go out and come in,
// if our own compression is as own says.
func ways(answer string, own *conn.Compression, n *counter) []way {
	out, in := way{name: "out", count: &n.out}, way{name: "in", count: &n.in}
	if answer == "none" {
		out.plain, in.plain = true, true
		return []way{out, in}
	}
	out.takeover = own.Takeover && !strings.Contains(answer, "client_no_context_takeover")
	out.window = min(own.Window, bits(answer, "client_max_window_bits"))
	in.takeover = !strings.Contains(answer, "server_no_context_takeover")
	in.window = bits(answer, "server_max_window_bits")
	return []way{out, in}
}

// bits returns the value of a parameter of answer, 15 if it is not there.
func bits(answer, param string) int {
	_, rest, _ := strings.Cut(answer, param+"=")
	value, _, _ := strings.Cut(rest, ";")
	n, _ := strconv.Atoi(value)
	return cmp.Or(n, 15)
}

// weights are texts that tell from their size on the wire how they are compressed.
var weights = []struct {
	name  string
	p     []byte
	times int
	few   int64 // bytes: less if it is compressed well the last time
	well  func(way) bool
}{
	{"8 KiB of JSON", slices.Concat(messagesOf("chat", 8, 1024)...), 1, 5000, func(w way) bool { return true }},
	{"150 bytes", hex(75), 2, 50, func(w way) bool { return w.takeover }},
	{"2000 bytes", hex(1000), 2, 200, func(w way) bool { return w.takeover && w.window >= 12 }},
}

// weigh expects the weights to have the size that they should have, there and back.
func weigh(ctx context.Context, c *conn.Conn, ways []way) error {
	for _, weight := range weights {
		before := make([]int64, len(ways))
		for range weight.times {
			for i, w := range ways {
				before[i] = w.count.Load()
			}
			if err := echo(ctx, c, frame.Text, weight.p); err != nil {
				return err
			}
		}
		for i, w := range ways {
			got, well := w.count.Load()-before[i], !w.plain && weight.well(w)
			if (got < weight.few) != well {
				return fmt.Errorf("%s take %d bytes %s the last time: compressed well: %t, want %t",
					weight.name, got, w.name, !well, well)
			}
		}
	}
	return nil
}

// manyKinds expects messages of all kinds back, whole and in fragments.
func manyKinds(ctx context.Context, c *conn.Conn) error {
	texts := [][]byte{{}, {}, []byte("a"), []byte("🦫"), []byte("世"), []byte("世")}
	texts = slices.Concat(texts, messagesOf("chat", 8, 1024), messagesOf("html", 1, 1<<19))
	binaries := [][]byte{{}, {}, {0}, make([]byte, 1<<20)}
	for _, size := range []int{100, 300, 33000, 1 << 20} {
		p := messagesOf("random", 1, size)[0]
		binaries = append(binaries, p, p)
	}
	return errors.Join(
		echoAll(ctx, c, frame.Text, texts),
		echoAll(ctx, c, frame.Binary, binaries),
		echoPieces(ctx, c, frame.Text, texts),
		echoPieces(ctx, c, frame.Binary, messagesOf("protobuf", 20, 10000)),
	)
}

// messagesOf returns n messages of a corpus.
func messagesOf(name string, n, size int) [][]byte {
	all := corpus.All()
	i := slices.IndexFunc(all, func(c corpus.Corpus) bool { return c.Name == name })
	return all[i].Messages(7692, n, size)
}

// hex returns text of 2*size bytes that cannot be made smaller than half of it.
func hex(size int) []byte { return fmt.Appendf(nil, "%x", messagesOf("random", 1, size)[0]) }

// echoAll expects messages back, one after the other.
func echoAll(ctx context.Context, c *conn.Conn, typ frame.Opcode, messages [][]byte) error {
	for _, p := range messages {
		if err := echo(ctx, c, typ, p); err != nil {
			return err
		}
	}
	return nil
}
