// Package tasks has common tasks in as few lines as they take: each between a line that names it
// and says how many lines it has, and an empty one. A test counts them.
package tasks

import (
	"context"
	_ "embed"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
	"github.com/ws6455/ws/wstest"
)

var ctx = context.Background()

func TestEcho(t *testing.T) {
	// Task: an echo server, 7 lines
	handler := server.Handler(func(c *conn.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
				return
			}
		}
	}, nil)

	s := httptest.NewServer(handler)
	defer s.Close()
	url, p := "ws"+strings.TrimPrefix(s.URL, "http"), []byte(nil)

	// Task: an echo client, one round trip, 4 lines
	c, err := client.Dial(ctx, url, nil)
	if err == nil && c.Write(ctx, frame.Text, []byte("hello")) == nil {
		_, p, err = c.Read(ctx)
	}

	if string(p) != "hello" || err != nil {
		t.Errorf("%q, %v", p, err)
	}

	// Task: close with a code, wait at most 5 seconds for the peer, 1 line
	err = c.Close(frame.StatusNormalClosure, "done")

	if err != nil {
		t.Error(err)
	}
}

func TestJSON(t *testing.T) {
	a, b := wstest.Pair(t, nil)
	go func() {
		var n int
		b.ReadJSON(ctx, &n)
		b.WriteJSON(ctx, map[string]int{"Double": 2 * n})
	}()
	var v struct{ Double int }

	// Task: JSON out and in, 2 lines
	err1 := a.WriteJSON(ctx, 21)
	err2 := a.ReadJSON(ctx, &v)

	if v.Double != 42 || err1 != nil || err2 != nil {
		t.Errorf("%+v, %v, %v", v, err1, err2)
	}
}

func TestReadWithLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := wstest.NewPeer(t, frame.Client, nil)
		cancel := func() {}
		defer func() { cancel() }()

		// Task: a read with a limit of 10 seconds that keeps the connection, 2 lines
		short, cancel := context.WithTimeout(ctx, 10*time.Second)
		_, p, err := c.Read(short)

		if err != context.DeadlineExceeded {
			t.Errorf("%q, %v", p, err)
		}
		peer.Write(frame.Text, "late")
		if _, p, err := c.Read(ctx); string(p) != "late" {
			t.Errorf("%q, %v", p, err)
		}
		cancel()
	})
}

func TestKeepalive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := new(conn.Config)

		// Task: keepalive, and an end to dead peers, 1 line
		cfg.Keepalive = &conn.Keepalive{Interval: 20 * time.Second, Timeout: 10 * time.Second}

		c, peer := wstest.NewPeer(t, frame.Server, cfg)
		begin := time.Now()
		_, _, err := c.Read(ctx)
		if d := time.Since(begin); d < 30*time.Second || d > 36*time.Second {
			t.Errorf("the peer counted as dead after %v: %v", d, err)
		}
		if got := peer.Next(); !strings.HasPrefix(got, "ping") {
			t.Error(got)
		}
	})
}

func TestCompression(t *testing.T) {
	cfg := new(conn.Config)

	// Task: compression with context takeover, 1 line
	cfg.Compression = &conn.Compression{Takeover: true}

	a, b := wstest.Pair(t, cfg)
	var got []string
	go a.Write(ctx, frame.Text, []byte("a message like the one before"))
	go a.Write(ctx, frame.Text, []byte("a message like the one before"))
	for range 2 {
		_, p, err := b.Read(ctx)
		got = append(got, string(p))
		if err != nil {
			t.Fatal(err)
		}
	}
	if got[0] != got[1] || !strings.Contains(fmt.Sprint(a.Extensions()), "permessage-deflate") || strings.Contains(fmt.Sprint(a.Extensions()), "takeover") {
		t.Errorf("%q, %v", got, a.Extensions())
	}
}

func TestBroadcast(t *testing.T) {
	var room server.Server
	defer room.Close()

	// Task: broadcast to all, those dropped who are too slow, 5 lines
	room.Handler = func(c *conn.Conn) {
		for m := range c.Messages(ctx) {
			room.Broadcast(m.Prepared(), nil)
		}
	}

	room.Config.Conn.MaxQueuedMessages = 3
	l := wstest.Listen(t)
	go room.Serve(l)
	cfg := &client.Config{DialContext: l.DialContext, Proxy: client.NoProxy}
	var talker, listener, slow *conn.Conn
	for _, c := range []**conn.Conn{&talker, &listener, &slow} {
		var err error
		if *c, err = client.Dial(ctx, "ws://room/", cfg); err != nil {
			t.Fatal(err)
		}
	}
	for room.Len() < 3 {
		time.Sleep(time.Millisecond)
	}
	long := strings.Repeat("x", 20<<10)
	for range 10 { // more than the network and the queue hold for one who does not read
		talker.Write(ctx, frame.Text, []byte(long))
		for _, c := range []*conn.Conn{talker, listener} {
			if _, p, err := c.Read(ctx); string(p) != long {
				t.Fatalf("%d bytes, %v", len(p), err)
			}
		}
	}
	for {
		_, _, err := slow.Read(ctx)
		if err == nil {
			continue
		}
		if conn.CloseCode(err) != frame.StatusPolicyViolation {
			t.Errorf("the slow one ended with %v", err)
		}
		break
	}

	ends := make(chan error)
	for _, c := range []*conn.Conn{talker, listener} {
		go func() {
			_, _, err := c.Read(ctx)
			ends <- err
		}()
	}

	// Task: shut all down with 1001, 1 line
	room.Shutdown(ctx)

	for range 2 {
		if err := <-ends; conn.CloseCode(err) != frame.StatusGoingAway {
			t.Errorf("%v after Shutdown", err)
		}
	}
}

func TestReconnect(t *testing.T) {
	var visits atomic.Int32
	s := httptest.NewServer(server.Handler(func(c *conn.Conn) {
		visits.Add(1)
		c.Close(frame.StatusNormalClosure, "that is all")
	}, nil))
	defer s.Close()
	url := "ws" + strings.TrimPrefix(s.URL, "http")
	use := func(c *conn.Conn, err error) {
		if err != nil {
			t.Error(err)
			return
		}
		c.Read(ctx)
	}

	// Task: reconnect with backoff, 3 lines
	for c, err := range client.Reconnect(ctx, url, nil) {
		use(c, err)
	}

	if visits.Load() != 1 {
		t.Errorf("%d connections: status 1000 is the end", visits.Load())
	}
}

//go:embed tasks_test.go
var source string

// Each task has as many lines as it says.
func TestLines(t *testing.T) {
	tasks := regexp.MustCompile(`(?s)// Task: ([^\n]*), (\d+) lines?\n(.*?)\n\n`).FindAllStringSubmatch(source, -1)
	for _, m := range tasks {
		if got := fmt.Sprint(strings.Count(m[3], "\n") + 1); got != m[2] {
			t.Errorf("%s takes %s lines, not %s", m[1], got, m[2])
		}
	}
	if n := strings.Count(source, "\t// Task: "); n != len(tasks) || n < 10 {
		t.Errorf("%d of %d tasks were counted", len(tasks), n)
	}
}
