package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
	"github.com/ws6455/ws/wstest"
)

// prepare returns a message for everybody.
func prepare(t *testing.T, text string) *conn.Prepared {
	t.Helper()
	m, err := conn.Prepare(frame.Text, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// wantSent fails the test unless s sends text to so many.
func wantSent(t *testing.T, s *server.Server, text string, to func(*conn.Conn) bool, want int) {
	t.Helper()
	if got := s.Broadcast(prepare(t, text), to); got != want {
		t.Errorf("%q was sent to %d, want %d", text, got, want)
	}
}

func TestBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{NoKeepalive: true}
		wantSent(t, &s, "anybody?", nil, 0)
		at := serve(t, &s)
		var all []*client
		for i := range 5 {
			all = append(all, at.open())
			wantSent(t, &s, "hello", nil, i+1)
		}
		for i, c := range all {
			c.want("one for each who came", strings.Repeat(unmasked(frame.Text, "hello"), 5-i))
		}
		all[2].leave()
		all[3].nc.Reset()
		synctest.Wait()
		if n := s.Broadcast(nil, nil); n != 0 {
			t.Errorf("nothing was sent to %d", n)
		}
		wantSent(t, &s, "bye", nil, 3)
		for _, c := range []*client{all[0], all[1], all[4]} {
			c.want("those who are left", unmasked(frame.Text, "bye"))
		}
	})
}

// Where there are many connections, each gets each message once, in order.
func TestBroadcastToMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{NoKeepalive: true}
		at := serve(t, &s)
		var all []*client
		for _, n := range []int{63, 64, 65, 97, 150} {
			for len(all) < n {
				all = append(all, at.open())
			}
			synctest.Wait()
			wantSent(t, &s, "first", nil, n)
			wantSent(t, &s, "second", nil, n)
			for _, c := range all {
				c.want("both", unmasked(frame.Text, "first")+unmasked(frame.Text, "second"))
			}
		}
	})
}

// The filter is asked about each connection, once, and may do what it likes.
func TestBroadcastFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{NoKeepalive: true, Config: server.Config{Subprotocols: []string{"a", "b"}}}
		at := serve(t, &s)
		dial := func(sub string) *client {
			c := at.dial()
			c.send(request("Sec-WebSocket-Protocol: " + sub))
			c.want("accepted", accepted("Sec-WebSocket-Protocol: "+sub))
			return c
		}
		a, b, other := dial("a"), dial("b"), dial("a")
		asked := make(map[*conn.Conn]int)
		wantSent(t, &s, "for a", func(c *conn.Conn) bool {
			asked[c]++
			if s.Len() != 3 {
				t.Errorf("Len is %d in the filter", s.Len())
			}
			wantSent(t, &s, "!", func(d *conn.Conn) bool { return d == c }, 1)
			return c.Subprotocol() == "a"
		}, 2)
		if len(asked) != 3 {
			t.Errorf("the filter was asked about %d connections, want 3", len(asked))
		}
		for c, n := range asked {
			if n != 1 {
				t.Errorf("the filter was asked %d times about %p", n, c)
			}
		}
		a.want("all", unmasked(frame.Text, "!")+unmasked(frame.Text, "for a"))
		b.want("what is for all", unmasked(frame.Text, "!"))
		other.want("all", unmasked(frame.Text, "!")+unmasked(frame.Text, "for a"))
		wantSent(t, &s, "nobody", func(*conn.Conn) bool { return false }, 0)
	})
}

// While a filter takes its time, the server goes on.
func TestBroadcastSlowFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{NoKeepalive: true}
		at := serve(t, &s)
		c := at.open()
		free := make(chan bool)
		go s.Broadcast(prepare(t, "late"), func(*conn.Conn) bool { <-free; return true })
		synctest.Wait()
		at.open().leave()
		wantSent(t, &s, "early", nil, 1)
		c.want("others broadcast", unmasked(frame.Text, "early"))
		close(free)
		c.want("the filter has returned", unmasked(frame.Text, "late"))
	})
}

// numbered returns a message that no small network takes as a whole.
func numbered(i int) string { return fmt.Sprintf("%d%s", i, strings.Repeat(".", 200)) }

// A client that does not read does not keep others from getting anything, and is dealt with by the policy.
func TestBroadcastSlowClient(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy conn.FullPolicy
		sent   string           // to how many each message was sent
		got    string           // by the slow client, when it reads at last
		code   frame.StatusCode // of the close frame that it gets then; zero if it is served on
	}{
		{"Block", conn.Block, "22111111", "0", frame.StatusPolicyViolation},
		{"DropNew", conn.DropNew, "22111111", "01", 0},
		{"DropOld", conn.DropOld, "22222222", "07", 0},
		{"CloseSlow", conn.CloseSlow, "22111111", "0", frame.StatusPolicyViolation},
		{"CloseTryLater", conn.CloseTryLater, "22111111", "0", frame.StatusTryAgainLater},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := server.Server{NoKeepalive: true}
				s.Config.Conn = conn.Config{WhenFull: tt.policy, MaxQueuedMessages: 2}
				at := serve(t, &s)
				fast, slow := at.open(), at.connect(len(accepted()))
				slow.Write([]byte(sampleRequest))
				reader := skipResponse(slow)
				synctest.Wait()
				sent := ""
				for i := range len(tt.sent) {
					start := time.Now()
					sent += fmt.Sprint(s.Broadcast(prepare(t, numbered(i)), nil))
					if time.Since(start) > 0 {
						t.Errorf("Broadcast took %v", time.Since(start))
					}
					fast.want("the other client gets it at once", unmasked(frame.Text, numbered(i)))
				}
				if sent != tt.sent {
					t.Errorf("sent to %s, want %s", sent, tt.sent)
				}
				got, code := readNumbers(reader)
				if got != tt.got || code != tt.code {
					t.Errorf("the slow client reads %s and code %d, want %s and code %d", got, code, tt.got, tt.code)
				}
			})
		})
	}
}

// readNumbers returns the numbers of the messages that have come, and the code of a close frame.
func readNumbers(c *conn.Conn) (got string, code frame.StatusCode) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for {
		_, p, err := c.Read(ctx)
		if e, ok := errors.AsType[*conn.CloseError](err); ok {
			return got, e.Code
		}
		if err != nil {
			return got, 0
		}
		got += string(p[:1])
	}
}

// During a shutdown those get messages who have not been told yet.
func TestBroadcastShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 20
		s := server.Server{NoKeepalive: true, Jitter: time.Minute, Config: server.Config{Conn: conn.Config{CloseTimeout: -1}}}
		at := serve(t, &s)
		var all []*client
		for range n {
			all = append(all, at.open())
		}
		shutDown(t, &s, 0)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		sent := s.Broadcast(prepare(t, "still there?"), nil)
		if sent == 0 || sent == n {
			t.Errorf("sent to %d of %d", sent, n)
		}
		for _, c := range all {
			switch got, _ := c.take(); got {
			case unmasked(frame.Close, goingAway):
			case unmasked(frame.Text, "still there?"):
				sent--
			default:
				t.Errorf("a client got %q", got)
			}
		}
		if sent != 0 {
			t.Errorf("%d messages got lost", sent)
		}
		time.Sleep(30 * time.Second)
		wantSent(t, &s, "nobody", nil, 0)
		s.Close()
		wantSent(t, &s, "nobody", nil, 0)
	})
}

// A chat: handlers broadcast what they read. All see the same, and each sees what one says in order.
func TestBroadcastFromHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, messages = 20, 25
		var s server.Server
		s.Handler = func(c *conn.Conn) {
			for m, err := range c.Messages(context.Background()) {
				if err != nil {
					return
				}
				all, _ := conn.Prepare(m.Type, m.Data)
				s.Broadcast(all, nil)
			}
		}
		at := serve(t, &s)
		var ends []*conn.Conn
		for range clients {
			nc := at.connect(64 << 10)
			nc.Write([]byte(sampleRequest))
			ends = append(ends, skipResponse(nc))
		}
		synctest.Wait()
		results := make(chan error, clients)
		for i, c := range ends {
			go func() { results <- say(c, i, messages) }()
			go func() { results <- hear(c, clients, messages) }()
		}
		for range 2 * clients {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		s.Close()
	})
}

// say sends messages as the i-th client.
func say(c *conn.Conn, i, messages int) error {
	for n := range messages {
		if err := c.Write(context.Background(), frame.Text, fmt.Appendf(nil, "%d %d", i, n)); err != nil {
			return err
		}
	}
	return nil
}

// hear reads what all clients say.
func hear(c *conn.Conn, clients, messages int) error {
	next := make([]int, clients)
	for range clients * messages {
		_, p, err := c.Read(context.Background())
		if err != nil {
			return err
		}
		var i, n int
		fmt.Sscanf(string(p), "%d %d", &i, &n)
		if n != next[i] {
			return fmt.Errorf("%q came instead of message %d of %d", p, next[i], i)
		}
		next[i]++
	}
	return nil
}

// Clients come and go while messages are sent.
func TestBroadcastCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s server.Server
		at := serve(t, &s)
		stop := make(chan bool)
		m := prepare(t, "hello")
		for range 2 {
			go func() {
				for {
					select {
					case <-stop:
						return
					default:
						s.Broadcast(m, nil)
						time.Sleep(time.Millisecond)
					}
				}
			}()
		}
		for range 50 {
			nc := at.connect(1 << 10)
			nc.Write([]byte(sampleRequest))
			go func(nc *wstest.PipeConn) {
				c := skipResponse(nc)
				for range 5 {
					if _, p, err := c.Read(context.Background()); err != nil || string(p) != "hello" {
						t.Errorf("a client got %q, %v", p, err)
					}
				}
				c.Close(frame.StatusNormalClosure, "")
			}(nc)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Minute)
		close(stop)
		if s.Len() != 0 {
			t.Errorf("Len is %d", s.Len())
		}
	})
}
