package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/wstest"
)

// An attempt is what happens to somebody who connects.
type attempt struct {
	err    error            // DialContext returns this
	answer string           // or the server answers this,
	serve  func(*conn.Conn) // or it accepts and does this, and then hangs up
}

var errRefused = errors.New("connection refused")

// Attempts that are needed often.
var (
	refused  = attempt{err: errRefused}
	hungUp   = attempt{serve: func(*conn.Conn) {}}
	stays    = attempt{serve: func(c *conn.Conn) { c.Read(context.Background()) }}
	fulfills = closes(1000)
)

// answers returns an attempt that gets an HTTP response with these fields.
func answers(status int, fields string) attempt {
	return attempt{answer: fmt.Sprintf("HTTP/1.1 %d \r\n%sContent-Length: 0\r\n\r\n", status, fields)}
}

// closes returns an attempt that is accepted and closed with code.
func closes(code frame.StatusCode) attempt {
	return attempt{serve: func(c *conn.Conn) { c.Close(code, "") }}
}

// lasts returns an attempt that is accepted and loses the connection after d.
func lasts(d time.Duration) attempt {
	return attempt{serve: func(*conn.Conn) { time.Sleep(d) }}
}

// A stage is a server in memory with a script: one attempt after another, the last one again and again.
// It notes what a Reconnector does, in the time of the bubble.
type stage struct {
	client.Reconnector
	script []attempt

	start   time.Time
	servers sync.WaitGroup
	dialed  []time.Duration // when attempts began
	errs    []error         // of OnRetry
	retries []int
	delays  []time.Duration

	mu    sync.Mutex
	notes []string
}

// note writes down what was seen, in any goroutine.
func (s *stage) note(format string, v ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, fmt.Sprintf(format, v...))
}

// wantNotes waits for the servers and compares what was written down.
func (s *stage) wantNotes(t *testing.T, want ...string) {
	t.Helper()
	s.servers.Wait()
	if got := strings.Join(s.notes, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// newStage returns a stage for the script, on which a Reconnector with no settings plays.
func newStage(script ...attempt) *stage {
	s := &stage{script: script, start: time.Now()}
	s.URL, s.Config = "ws://h", &client.Config{DialContext: s.dial}
	s.NoKeepalive = true
	s.OnRetry = func(err error, retry int, delay time.Duration) {
		s.errs = append(s.errs, err)
		s.retries = append(s.retries, retry)
		s.delays = append(s.delays, delay)
	}
	return s
}

// dial is the DialContext.
func (s *stage) dial(context.Context, string, string) (net.Conn, error) {
	a := s.script[min(len(s.dialed), len(s.script)-1)]
	s.dialed = append(s.dialed, time.Since(s.start))
	if a.err != nil {
		return nil, a.err
	}
	nc, server := wstest.Pipe()
	s.servers.Go(func() { a.play(server) })
	return nc, nil
}

// play does what a says on the server's end of a connection.
func (a *attempt) play(nc net.Conn) {
	defer nc.Close()
	r, err := http.ReadRequest(bufio.NewReader(nc))
	if err != nil {
		return
	}
	if a.answer != "" {
		io.WriteString(nc, a.answer)
		return
	}
	nc.Write(handshake.AppendResponse(nil, r.Header.Get("Sec-WebSocket-Key"), handshake.Agreement{}, nil))
	a.serve(conn.New(nc, conn.Opening{Side: frame.Server}, nil))
}

// run uses each connection until it ends and returns the last error.
func (s *stage) run(ctx context.Context) error {
	defer s.servers.Wait()
	for c, err := range s.Conns(ctx) {
		if err != nil {
			return err
		}
		for _, err := range c.Messages(ctx) {
			_ = err
		}
	}
	return nil
}

// wantDelay checks that retry number i had that number, a delay in this window, and was made after just that.
func (s *stage) wantDelay(t *testing.T, i, retry int, low, high time.Duration) {
	t.Helper()
	if i >= len(s.delays) {
		t.Fatalf("there were %d retries, want more than %d", len(s.delays), i)
	}
	if d := s.delays[i]; s.retries[i] != retry || d < low || d >= high {
		t.Errorf("retry %d after %v, want retry %d in the window from %v to %v", s.retries[i], d, retry, low, high)
	}
}

// The first retry is made after a random time up to 5 seconds, the later ones after longer and longer times,
// and from some time on after a minute at most.
//
// Requirements: 6455-7.2.3-01, 6455-7.2.3-02, 6455-7.2.3-03
func TestReconnectDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const s = time.Second
		windows := [][2]time.Duration{{0, 5 * s}, {5 * s, 10 * s}, {10 * s, 20 * s}, {20 * s, 40 * s}, {30 * s, 60 * s}, {30 * s, 60 * s}}
		shortest, longest := time.Hour, time.Duration(0) // of the first delays
		for range 100 {
			st := newStage(refused)
			st.MaxRetries = len(windows)
			if err := st.run(t.Context()); !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "gave up after 6 retries: connecting to h:80") {
				t.Fatalf("the reason is %v, want that all retries were refused", err)
			}
			if len(st.dialed) != 7 || st.dialed[0] != 0 {
				t.Fatalf("attempts at %v, want the first of 7 at once", st.dialed)
			}
			for i, w := range windows {
				st.wantDelay(t, i, i+1, w[0], w[1])
				if d := st.dialed[i+1] - st.dialed[i]; d != st.delays[i] {
					t.Errorf("retry %d came after %v, announced was %v", i+1, d, st.delays[i])
				}
			}
			shortest, longest = min(shortest, st.delays[0]), max(longest, st.delays[0])
		}
		if shortest > s || longest < 4*s {
			t.Errorf("first delays from %v to %v: they should be anywhere from 0 to 5 s", shortest, longest)
		}
	})
}

// A connection that is lost without a close frame is followed by another, after the same delays.
//
// Requirements: 6455-7.2.3-01, 6455-7.2.3-02, 6455-7.2.3-03
func TestReconnectAfterLoss(t *testing.T) {
	for _, tt := range []struct {
		name    string
		script  []attempt
		retries []int
	}{
		{"a connection that lasted a minute is lost", []attempt{lasts(time.Minute), fulfills}, []int{1}},
		{"one that lasted less is lost, and nothing had failed", []attempt{lasts(59 * time.Second), fulfills}, []int{1}},
		{"the delays grow while the server accepts and hangs up", []attempt{hungUp, hungUp, closes(1001), fulfills}, []int{1, 2, 3}},
		{"they start over when a connection has lasted", []attempt{refused, refused, lasts(time.Minute), fulfills}, []int{1, 2, 1}},
		{"and only then", []attempt{refused, refused, lasts(time.Minute - 1), fulfills}, []int{1, 2, 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStage(tt.script...)
				if err := st.run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if fmt.Sprint(st.retries) != fmt.Sprint(tt.retries) {
					t.Fatalf("retries %v, want %v", st.retries, tt.retries)
				}
				for i, n := range tt.retries {
					high := 5 * time.Second << (n - 1)
					low := high / 2
					if n == 1 {
						low = 0
					}
					st.wantDelay(t, i, n, low, high)
				}
			})
		})
	}
}

// Settings have the effect that they say.
func TestReconnectSettings(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		name   string
		set    func(*client.Reconnector)
		first  attempt
		window [][2]time.Duration
	}{
		{"a first window", func(r *client.Reconnector) { r.FirstDelay = 4 }, refused,
			[][2]time.Duration{{0, 4}, {4, 8}, {8, 16}}},
		{"a negative first window is the default", func(r *client.Reconnector) { r.FirstDelay = -1 }, refused,
			[][2]time.Duration{{0, 5 * s}, {5 * s, 10 * s}}},
		{"the longest delay", func(r *client.Reconnector) { r.MaxDelay = 7 * s }, refused,
			[][2]time.Duration{{0, 5 * s}, {3500 * time.Millisecond, 7 * s}, {3500 * time.Millisecond, 7 * s}}},
		{"which bounds the first one, too", func(r *client.Reconnector) { r.MaxDelay = 1 }, refused,
			[][2]time.Duration{{0, 1}, {0, 1}}},
		{"no longest delay", func(r *client.Reconnector) { r.MaxDelay = -1 }, refused,
			[][2]time.Duration{{0, 5 * s}, {5 * s, 10 * s}, {10 * s, 20 * s}, {20 * s, 40 * s}, {40 * s, 80 * s}, {80 * s, 160 * s}}},
		{"every connection counts as healthy", func(r *client.Reconnector) { r.HealthyAfter = -1 }, hungUp,
			[][2]time.Duration{{0, 5 * s}, {0, 5 * s}, {0, 5 * s}}},
		{"a restart takes a while", nil, closes(1012),
			[][2]time.Duration{{5 * s, 30 * s}, {5 * s, 30 * s}}},
		{"so does an overload", nil, closes(1013),
			[][2]time.Duration{{5 * s, 30 * s}, {5 * s, 30 * s}}},
		{"but not longer than the longest delay", func(r *client.Reconnector) { r.MaxDelay = s }, closes(1012),
			[][2]time.Duration{{s, s + 1}, {s, s + 1}}},
		{"Retry-After in seconds", nil, answers(503, "Retry-After: 100\r\n"),
			[][2]time.Duration{{100 * s, 105 * s}, {105 * s, 110 * s}}},
		{"Retry-After that is too long", nil, answers(429, "Retry-After: 36000\r\n"),
			[][2]time.Duration{{600 * s, 605 * s}}},
		{"Retry-After that is longer than was asked for", func(r *client.Reconnector) { r.MaxRetryAfter = 10 * s }, answers(503, "Retry-After: 11\r\n"),
			[][2]time.Duration{{10 * s, 15 * s}}},
		{"any Retry-After", func(r *client.Reconnector) { r.MaxRetryAfter = -1 }, answers(503, "Retry-After: 36000\r\n"),
			[][2]time.Duration{{36000 * s, 36005 * s}}},
		{"Retry-After of a proxy", nil, attempt{err: &client.ProxyError{Status: 503, Err: errRefused, Header: http.Header{"Retry-After": {"50"}}}},
			[][2]time.Duration{{50 * s, 55 * s}}},
		{"Retry-After that is nonsense", nil, answers(503, "Retry-After: -8\r\n"),
			[][2]time.Duration{{0, 5 * s}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var script []attempt
				for range tt.window {
					script = append(script, tt.first)
				}
				st := newStage(append(script, fulfills)...)
				if tt.set != nil {
					tt.set(&st.Reconnector)
				}
				if err := st.run(t.Context()); err != nil {
					t.Fatal(err)
				}
				for i, w := range tt.window {
					n := i + 1
					if tt.first.serve != nil && st.HealthyAfter < 0 {
						n = 1
					}
					st.wantDelay(t, i, n, w[0], w[1])
				}
			})
		})
	}
}

// A delay that was asked for as an hour of the day, and one that no Duration can hold.
func TestReconnectRetryAfterExtremes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := time.Now().Add(2 * time.Minute).UTC().Format(http.TimeFormat)
		st := newStage(answers(503, "Retry-After: "+at+"\r\n"), fulfills)
		if err := st.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		st.wantDelay(t, 0, 1, 2*time.Minute, 2*time.Minute+5*time.Second)

		st = newStage(answers(503, "Retry-After: 99999999999999999999\r\n"))
		st.MaxRetryAfter = -1
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		if err := st.run(ctx); !errors.Is(err, context.DeadlineExceeded) || len(st.dialed) != 1 {
			t.Errorf("%d attempts, %v; want one, and to wait until the context ends", len(st.dialed), err)
		}
	})
}

// What another attempt cannot make better ends the loop, at once and with the reason.
func TestReconnectStop(t *testing.T) {
	for _, tt := range []struct {
		name  string
		last  attempt
		check func(error) bool
	}{
		{"closed normally", closes(1000), func(err error) bool { return err == nil }},
		{"policy violation", closes(1008), func(err error) bool { return conn.CloseCode(err) == 1008 }},
		{"unauthorized", closes(3000), func(err error) bool { return conn.CloseCode(err) == 3000 }},
		{"status 401", answers(401, ""), func(err error) bool {
			e, ok := errors.AsType[*client.HandshakeError](err)
			return ok && e.Status == 401
		}},
		{"a message that is too large", attempt{serve: func(c *conn.Conn) {
			c.Write(context.Background(), frame.Binary, make([]byte, 1<<20+1))
			c.Read(context.Background())
		}}, func(err error) bool {
			e, ok := errors.AsType[*conn.LimitError](err)
			return ok && e.Option == "MaxMessageSize"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStage(refused, tt.last)
				if err := st.run(t.Context()); !tt.check(err) {
					t.Errorf("the loop ended with %v", err)
				}
				if len(st.dialed) != 2 || len(st.delays) != 1 {
					t.Errorf("%d attempts, %d delays; want none after the last", len(st.dialed), len(st.delays))
				}
			})
		})
	}
}

// Stop decides in place of Permanent.
func TestReconnectStopOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(closes(1000), closes(1008), answers(404, ""), closes(4001), refused)
		st.Stop = func(err error) bool { return conn.CloseCode(err) == 4001 }
		if err := st.run(t.Context()); conn.CloseCode(err) != 4001 || len(st.dialed) != 4 {
			t.Errorf("%v after %d attempts; want the end after 4, with code 4001", err, len(st.dialed))
		}
	})
}

// The retries are counted from the last connection that lasted.
func TestReconnectMaxRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(refused, hungUp, lasts(time.Minute), refused, refused, refused)
		st.MaxRetries = 2
		err := st.run(t.Context())
		if !errors.Is(err, errRefused) || fmt.Sprint(st.retries) != "[1 2 1 2]" || len(st.dialed) != 5 {
			t.Errorf("retries %v and %d attempts, %v; want two retries before and after the connection", st.retries, len(st.dialed), err)
		}
	})
}

// What never gets on is over when AttemptTimeout has passed.
func TestReconnectAttemptTimeout(t *testing.T) {
	wait := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for _, tt := range []struct {
		name string
		set  func(*stage)
		want time.Duration
	}{
		{"in Dial, by default", func(s *stage) {
			s.Reconnector.Dial = func(ctx context.Context) (*conn.Conn, error) { return nil, wait(ctx) }
		}, time.Minute},
		{"in the Dial of the Config", func(s *stage) {
			s.AttemptTimeout = 7 * time.Second
			s.Config.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return nil, wait(ctx) }
		}, 7 * time.Second},
		{"in OnConnect", func(s *stage) {
			s.AttemptTimeout = 8 * time.Second
			s.OnConnect = func(ctx context.Context, c *conn.Conn) error {
				_, _, err := c.Read(ctx)
				return err
			}
		}, 8 * time.Second},
		{"only by HandshakeTimeout", func(s *stage) {
			s.AttemptTimeout = -1
			s.Config.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return nil, wait(ctx) }
		}, 30 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStage(stays)
				tt.set(st)
				st.MaxRetries = 1
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				err := st.run(ctx)
				if got := time.Since(st.start) - st.delays[0]; got != 2*tt.want {
					t.Errorf("two attempts took %v, want %v each", got, tt.want)
				}
				if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil || client.Permanent(err) {
					t.Errorf("the reason is %v, want one that lets retry", err)
				}
				if e, ok := errors.AsType[*conn.LimitError](err); st.Reconnector.Dial == nil && (!ok || e.Limit != int64(tt.want)) {
					t.Errorf("the reason is %v, want the option", err)
				}
			})
		})
	}
}

// OnConnect comes before the loop's body, on each connection, and may refuse it.
func TestReconnectOnConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var st *stage
		greeted := attempt{serve: func(c *conn.Conn) {
			_, p, err := c.Read(context.Background())
			st.note("%q %v", p, err)
			c.Write(context.Background(), frame.Text, p)
			_, _, err = c.Read(context.Background())
			st.note("%v", err)
		}}
		st = newStage(greeted)
		calls := 0
		var used context.Context
		st.OnConnect = func(ctx context.Context, c *conn.Conn) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("OnConnect has no deadline")
			}
			calls++
			used = ctx
			c.Write(ctx, frame.Text, fmt.Appendf(nil, "hello %d", calls))
			if calls == 1 {
				return io.ErrNoProgress
			}
			return nil
		}
		for c, err := range st.Conns(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if used.Err() == nil {
				t.Error("the context of OnConnect is still alive")
			}
			_, p, err := c.Read(t.Context())
			st.note("body %q %v", p, err)
			break
		}
		const closed = "websocket: closed by the peer with 1000 (normal closure)"
		st.wantNotes(t, `"hello 1" <nil>`, closed, `"hello 2" <nil>`, `body "hello 2" <nil>`, closed)
		if len(st.errs) != 1 || !errors.Is(st.errs[0], io.ErrNoProgress) || !strings.Contains(st.errs[0].Error(), "OnConnect") {
			t.Errorf("OnRetry was told %v, want what OnConnect said", st.errs)
		}
	})
}

// A body that goes on with a connection still open wants another one.
func TestReconnectContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var st *stage
		st = newStage(attempt{serve: func(c *conn.Conn) {
			_, _, err := c.Read(context.Background())
			st.note("%v", conn.CloseCode(err))
		}})
		n := 0
		for _, err := range st.Conns(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 3 {
				break
			}
		}
		const normal = "1000 (normal closure)"
		st.wantNotes(t, normal, normal, normal)
		if len(st.errs) != 2 || st.errs[0].(*conn.CloseError).ByPeer {
			t.Errorf("OnRetry was told %v, want that this side closed", st.errs)
		}
	})
}

// A panic in the body leaves no connection behind.
func TestReconnectPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(stays)
		defer st.servers.Wait()
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		for range st.Conns(t.Context()) {
			panic("out of the body")
		}
	})
}

// The end of the context is the end of everything, at once, wherever the loop is.
func TestReconnectContext(t *testing.T) {
	cause := errors.New("the user pressed a key")
	for _, tt := range []struct {
		name   string
		script []attempt
		set    func(*stage)
		want   string
	}{
		{"it is over before", []attempt{stays}, nil, "h:80: the user pressed a key"},
		{"in Dial", []attempt{stays}, func(s *stage) {
			s.Config.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}, "connecting to h:80: the user pressed a key"},
		{"in the handshake", []attempt{stays}, func(s *stage) { s.Config.DialContext = silent }, "response of h:80: the user pressed a key"},
		{"in OnConnect", []attempt{stays}, func(s *stage) {
			s.OnConnect = func(ctx context.Context, c *conn.Conn) error {
				_, _, err := c.Read(ctx)
				return err
			}
		}, "OnConnect: the user pressed a key"},
		{"in the body", []attempt{stays}, nil, "connecting again: the user pressed a key"},
		{"in a delay", []attempt{answers(503, "Retry-After: 600\r\n")}, nil,
			"connecting again: the user pressed a key; the last problem was: handshake failed: the status is 503"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStage(tt.script...)
				if tt.set != nil {
					tt.set(st)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				at := 6 * time.Second
				if tt.name == "it is over before" {
					at = 0
					cancel(cause)
				}
				time.AfterFunc(at, func() { cancel(cause) })
				err := st.run(ctx)
				if got := time.Since(st.start); got != at {
					t.Errorf("the loop ended after %v, want %v", got, at)
				}
				if waited := tt.name == "in a delay"; len(st.errs) > 0 != waited {
					t.Errorf("OnRetry was told %v", st.errs)
				}
				if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("the reason is %v\nwant %s", err, tt.want)
				}
			})
		})
	}
}

// A connection in use is cut when the context has ended, for the server to see.
// What else should be said to it is for the body to say.
func TestReconnectContextCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var st *stage
		st = newStage(attempt{serve: func(c *conn.Conn) {
			_, _, err := c.Read(context.Background())
			st.note("%v", err)
		}})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		for c, err := range st.Conns(ctx) {
			if err != nil {
				break
			}
			c.Read(ctx)
		}
		st.servers.Wait()
		for c, err := range st.Conns(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			c.Close(frame.StatusGoingAway, "bye")
			break
		}
		st.wantNotes(t,
			"websocket: connection ended without a close frame: unexpected EOF",
			`websocket: closed by the peer with 1001 (going away) "bye"`)
	})
}

// silent is a DialContext that leads to a server that never answers.
func silent(context.Context, string, string) (net.Conn, error) {
	nc, _ := wstest.Pipe()
	return nc, nil
}

// A loop that is left closes the connection politely, and at once if the context ends meanwhile.
func TestReconnectContextClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(attempt{serve: func(*conn.Conn) { time.Sleep(time.Minute) }}) // does not answer a close frame
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, err := range st.Conns(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(time.Second, cancel)
			break
		}
		if got := time.Since(st.start); got != time.Second {
			t.Errorf("the loop ended after %v, want 1s", got)
		}
		st.servers.Wait()
	})
}

// A server that vanished without a word is noticed by the pings that nobody answers.
func TestReconnectVanished(t *testing.T) {
	vanished := attempt{serve: func(*conn.Conn) { time.Sleep(time.Hour) }}
	synctest.Test(t, func(t *testing.T) {
		st := newStage(vanished, fulfills)
		st.NoKeepalive = false
		if err := st.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		st.wantDelay(t, 0, 1, 0, 5*time.Second)
		if e, ok := errors.AsType[*conn.LimitError](st.errs[0]); !ok || !strings.Contains(e.Option, "Keepalive") {
			t.Errorf("OnRetry was told %v, want the Keepalive", st.errs[0])
		}
		if d := st.dialed[1] - st.delays[0]; d > time.Minute {
			t.Errorf("it was noticed after %v, want less than a minute", d)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		st := newStage(vanished, fulfills)
		if err := st.run(t.Context()); err != nil || st.dialed[1] < time.Hour {
			t.Errorf("%v, attempts at %v; want that nothing is noticed without a Keepalive", err, st.dialed)
		}
	})
}

// Messages goes on with the next connection where one ends.
func TestReconnectMessages(t *testing.T) {
	say := func(code frame.StatusCode, texts ...string) attempt {
		return attempt{serve: func(c *conn.Conn) {
			for _, s := range texts {
				c.Write(context.Background(), frame.Text, []byte(s))
			}
			c.Close(code, "")
		}}
	}
	synctest.Test(t, func(t *testing.T) {
		st := newStage(refused, say(1001, "a", "b"), say(1011), say(4000, "c"), say(1000, "d"))
		var got []string
		for m, err := range st.Messages(t.Context()) {
			got = append(got, fmt.Sprint(string(m.Data), err))
		}
		if want := "[a<nil> b<nil> c<nil> d<nil>]"; fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}

		st = newStage(say(1001, "a"), answers(403, ""))
		got = nil
		for m, err := range st.Messages(t.Context()) {
			got = append(got, fmt.Sprint(string(m.Data), err != nil))
		}
		if want := "[afalse true]"; fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}

		st = newStage(say(1001, "a", "b"))
		for range st.Messages(t.Context()) {
			break
		}
		if len(st.dialed) != 1 {
			t.Errorf("%d attempts, want no more when the loop is left", len(st.dialed))
		}
	})
}

// Dial makes the connections, if it is set.
func TestReconnectDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := 0
		r := client.Reconnector{Dial: func(ctx context.Context) (*conn.Conn, error) {
			if token++; token == 3 {
				return nil, nil
			}
			return nil, fmt.Errorf("token %d is too old", token)
		}}
		for c, err := range r.Conns(t.Context()) {
			if c != nil || err == nil || !strings.Contains(err.Error(), "neither a connection nor an error") {
				t.Errorf("%v, %v; want that Dial does not work", c, err)
			}
		}
		if token != 3 {
			t.Errorf("%d calls of Dial, want 3", token)
		}
	})
}

// Reconnect is a Reconnector with its defaults, and one may be used again.
func TestReconnectFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(refused, hungUp, answers(410, ""))
		conns := client.Reconnect(t.Context(), st.URL, st.Config)
		for range 2 {
			var got []bool
			for c, err := range conns {
				got = append(got, c != nil, client.Permanent(err))
			}
			if fmt.Sprint(got) != "[true false false true]" {
				t.Errorf("got %v, want a connection and then the reason", got)
			}
			st.dialed = nil
		}
		st.servers.Wait()
	})
}
