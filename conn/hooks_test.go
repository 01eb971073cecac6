package conn_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// A diary is what hooks were told.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

// want fails the test unless these lines, and no others, were added since the last call.
func (d *diary) want(t *testing.T, expectation string, lines ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if got, want := strings.Join(d.lines, "\n"), strings.Join(lines, "\n"); got != want {
		t.Fatalf("%s: got\n%s\nwant\n%s", expectation, got, want)
	}
	d.lines = nil
}

// hooks returns hooks that write into d, for what concerns receiving.
func (d *diary) hooks() *conn.Hooks {
	return &conn.Hooks{
		Open:  func(c *conn.Conn) { d.add("open %s", c.Side()) },
		Close: func(c *conn.Conn, err error) { d.add("%v", err) },
		MessageIn: func(c *conn.Conn, typ frame.Opcode, size int64) {
			d.add("in: %s of %d", typ, size)
		},
		RTT: func(c *conn.Conn, rtt time.Duration) { d.add("rtt %v %v", rtt, c.RTT()) },
	}
}

func TestHooks(t *testing.T) {
	d := new(diary)
	onBothSides(t, &conn.Config{Hooks: d.hooks()}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		d.want(t, "a new connection", "open "+c.Side().String())

		peer.Write(frame.Text, "hello")
		wantRead(t, c, frame.Text, "hello")
		d.want(t, "Read", "in: text of 5")

		peer.WriteFragment(frame.Binary, strings.Repeat("x", 1000))
		peer.Write(frame.Ping, "p")
		peer.WriteFragment(frame.Continuation, "")
		reading := read(c, background)
		d.want(t, "a message that is not complete")
		peer.Write(frame.Continuation, strings.Repeat("x", 20000))
		now(t, reading)
		d.want(t, "now it is", "in: binary of 21000")
		peer.Want("a pong, of which no hook is told", frame.Pong, "p")

		peer.Write(frame.Text, "")
		_, r, err := c.Reader(background)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, r)
		d.want(t, "Reader", "in: text of 0")

		peer.WriteFragment(frame.Text, "skipped")
		c.Reader(background)
		peer.Write(frame.Continuation, "!")
		peer.Write(frame.Text, "next")
		wantRead(t, c, frame.Text, "next")
		d.want(t, "a message that is not read to the end", "in: text of 8", "in: text of 4")

		ping := start(func() error { _, err := c.Ping(background); return err })
		payload := wantPing(t, peer)
		peer.Write(frame.Text, "ahead")
		d.want(t, "what is read ahead counts when it comes", "in: text of 5")
		time.Sleep(time.Second)
		peer.Write(frame.Pong, payload)
		now(t, ping)
		wantRead(t, c, frame.Text, "ahead")
		d.want(t, "a pong, and nothing again", "rtt 1s 1s")

		peer.WriteFragment(frame.Text, "unfinished")
		peer.WriteClose(4000, "bye")
		peer.Conn().CloseWrite()
		wantEnd(t, c, "4000")
		c.Close(1000, "")
		c.CloseNow()
		d.want(t, "the end, once", `websocket: closed by the peer with 4000 "bye"`)
	})
	onBothSides(t, &conn.Config{Hooks: d.hooks()}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		d.want(t, "a new connection", "open "+c.Side().String())
		peer.Write(frame.Text, "\xff")
		peer.Conn().CloseWrite()
		err := wantEnd(t, c, "UTF-8")
		d.want(t, "text that is none does not count", err.Error())
	})
}

// A hook may call methods that do not wait, and the end is known when it is told.
func TestHooksMayCallMethods(t *testing.T) {
	ended := make(chan error, 1)
	h := &conn.Hooks{
		Open: func(c *conn.Conn) { c.Context() },
		Close: func(c *conn.Conn, err error) {
			if got := context.Cause(c.Context()); got != err {
				t.Errorf("the hook got %v, the context %v", err, got)
			}
			c.CloseNow()
			ended <- err
		},
		MessageIn: func(c *conn.Conn, typ frame.Opcode, size int64) {
			if size == 3 {
				c.CloseNow()
			}
		},
	}
	onBothSides(t, &conn.Config{Hooks: h}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Write(frame.Text, "end")
		wantRead(t, c, frame.Text, "end") // it was there before
		_, _, err := c.Read(background)
		if want := <-ended; err != want {
			t.Errorf("the hook got %v, Read %v", want, err)
		}
	})
	onBothSides(t, &conn.Config{Hooks: h}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.Write(0x3, "")
		peer.Conn().CloseWrite()
		c.Read(background)
		as[*conn.ProtocolError](t, <-ended)
	})
}

// A connection whose hook panics at its beginning has nobody who could close it. It closes itself.
func TestHookPanicsAtOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		cfg := &conn.Config{
			Keepalive: new(conn.Keepalive),
			Hooks: &conn.Hooks{
				Open:  func(*conn.Conn) { panic("no") },
				Close: func(_ *conn.Conn, err error) { ended <- err },
			},
		}
		nc, peer := wstest.Pipe()
		func() {
			defer func() {
				if v := recover(); v != "no" {
					t.Errorf("New panics with %v", v)
				}
			}()
			conn.New(nc, conn.Opening{Side: frame.Server}, cfg)
		}()
		if n, err := peer.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the peer reads %d, %v: want the end", n, err)
		}
		as[*conn.CloseError](t, <-ended)
	})
}

// None of the hooks is needed.
func TestNoHooks(t *testing.T) {
	onBothSides(t, &conn.Config{Hooks: new(conn.Hooks)}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		ping := start(func() error { _, err := c.Ping(background); return err })
		peer.Write(frame.Pong, wantPing(t, peer))
		now(t, ping)
		peer.Write(frame.Text, "x")
		wantRead(t, c, frame.Text, "x")
	})
}
