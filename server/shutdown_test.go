package server_test

import (
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
	"github.com/ws6455/ws/wstest"
)

// goingAway is the payload of the close frames of Shutdown.
const goingAway = "\x03\xe9server is shutting down"

// A shutdown is a call of Shutdown under way.
type shutdown struct {
	t     *testing.T
	start time.Time
	err   error
	after time.Duration // that it took
	over  chan struct{}
}

// shutDown calls Shutdown. The context ends after the time, if that is not zero.
func shutDown(t *testing.T, s *server.Server, limit time.Duration) *shutdown {
	ctx, cancel := context.WithCancel(context.Background())
	if limit != 0 {
		ctx, cancel = context.WithTimeout(context.Background(), limit)
	}
	t.Cleanup(cancel)
	return shutDownWith(t, s, ctx)
}

func shutDownWith(t *testing.T, s *server.Server, ctx context.Context) *shutdown {
	d := &shutdown{t: t, start: time.Now(), over: make(chan struct{})}
	go func() {
		defer close(d.over)
		d.err = s.Shutdown(ctx)
		d.after = time.Since(d.start)
	}()
	synctest.Wait()
	return d
}

// wantWaiting fails the test if Shutdown has returned.
func (d *shutdown) wantWaiting(expectation string) {
	d.t.Helper()
	synctest.Wait()
	select {
	case <-d.over:
		d.t.Fatalf("%s: Shutdown returned %v", expectation, d.err)
	default:
	}
}

// want fails the test unless Shutdown took this long and returned an error of this text.
func (d *shutdown) want(expectation string, after time.Duration, text string) {
	d.t.Helper()
	<-d.over
	got := ""
	if d.err != nil {
		got = d.err.Error()
	}
	if got != text || d.after != after {
		d.t.Fatalf("%s: Shutdown returned %q after %v, want %q after %v", expectation, got, d.after, text, after)
	}
}

// cutText is the text of a ShutdownError.
func cutText(cut, busy string, cause error) string {
	return "websocket: shutdown cut " + cut + " connections and left " + busy + " others to their handlers: " + cause.Error()
}

// goAway answers the close frame of a shutdown.
func (c *client) goAway() {
	c.t.Helper()
	c.want("the client is told", unmasked(frame.Close, goingAway))
	c.sendFrame(frame.Close, "\x03\xe9")
	c.wantEnd("and the server hangs up", "")
	c.hangUp()
}

// Nobody is there.
func TestShutdownEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{Jitter: time.Hour}
		for range 10 {
			shutDown(t, &s, 0).want("nothing to wait for", 0, "")
			shutDown(t, &s, -1).want("even if there is no time", 0, "")
		}
		s.StartShutdown()
		s.Close()
	})
}

// Clients that answer keep Shutdown no longer than that.
func TestShutdownIdle(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler func(*conn.Conn)
	}{
		{"reading", echo},
		{"dropping", nil},
		{"reading with an iterator and a Context", func(c *conn.Conn) {
			for range c.Messages(c.Context()) {
			}
		}},
		{"waiting for the end", func(c *conn.Conn) { <-c.Context().Done() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := server.Server{Handler: tt.handler}
				at := serve(t, &s)
				one, other := at.open(), at.open()
				d := shutDown(t, &s, time.Minute)
				one.goAway()
				time.Sleep(time.Second)
				d.wantWaiting("one client has not answered")
				if s.Len() != 1 {
					t.Errorf("Len is %d, want 1", s.Len())
				}
				other.goAway()
				d.want("all are gone", time.Second, "")
				if s.Len() != 0 {
					t.Errorf("Len is %d, want 0", s.Len())
				}
			})
		})
	}
}

// From the start of Shutdown on there is nothing but 503.
func TestShutdownRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told refusals
		s := server.Server{Refused: told.refused, MaxHandshakesPerSecond: 1}
		at := serve(t, &s)
		c := at.open()
		d := shutDown(t, &s, time.Minute)
		for _, change := range []string{"X-A: 1", "-Upgrade", "Origin: http://evil.example.com"} {
			resp := at.wantRefused(&told, 503, "the server is shutting down\n", "websocket: the server is shutting down", change)
			if !resp.Close {
				t.Error("the connection is not announced to be closed")
			}
		}
		d.wantWaiting("one client is left")
		c.goAway()
		d.want("it is gone", 0, "")
		at.wantRefused(&told, 503, "the server is shutting down\n", "websocket: the server is shutting down")
	})
}

// Clients that never answer are cut by CloseTimeout, or by the context.
func TestShutdownSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s server.Server
		c := serve(t, &s).open()
		d := shutDown(t, &s, time.Minute)
		c.want("told", unmasked(frame.Close, goingAway))
		time.Sleep(5*time.Second - 1)
		c.want("it has time to answer", "")
		d.want("CloseTimeout is over", 5*time.Second, "")
		c.wantEnd("cut", "")
	})
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{Handler: echo}
		at := serve(t, &s)
		silent, deaf, polite := at.open(), at.connect(1), at.open()
		deaf.Write([]byte(sampleRequest))
		buf := make([]byte, len(accepted()))
		for n := 0; n < len(buf); {
			m, err := deaf.Read(buf[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += m
		}
		d := shutDown(t, &s, time.Second)
		polite.goAway()
		d.want("the context has ended", time.Second, cutText("2", "0", context.DeadlineExceeded))
		silent.wantEnd("cut after it was told", unmasked(frame.Close, goingAway))
		if e, ok := errors.AsType[*server.ShutdownError](d.err); !ok || e.Cut != 2 || !errors.Is(d.err, context.DeadlineExceeded) {
			t.Errorf("the error is %#v", d.err)
		}
		if n := s.Len(); n != 0 {
			t.Errorf("Len is %d, want 0", n)
		}
		shutDown(t, &s, time.Second).want("the same end for those who ask later", 0, cutText("2", "0", context.DeadlineExceeded))
	})
}

// A handler that does something else is waited for, as long as the context allows.
func TestShutdownBusyHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan bool)
		s := server.Server{Handler: func(*conn.Conn) { <-free }}
		at := serve(t, &s)
		polite, silent := at.open(), at.open()
		d := shutDown(t, &s, time.Minute)
		polite.goAway()
		silent.want("told", unmasked(frame.Close, goingAway))
		time.Sleep(time.Second)
		d.wantWaiting("both handlers are busy")
		short := shutDown(t, &s, time.Second)
		short.want("it has less time", time.Second, cutText("1", "1", context.DeadlineExceeded))
		silent.wantEnd("cut", "")
		d.wantWaiting("handlers are still busy")
		shutDown(t, &s, time.Second).want("nothing more to cut", time.Second, cutText("0", "2", context.DeadlineExceeded))
		close(free)
		d.want("handlers have returned", 3*time.Second, cutText("1", "0", context.DeadlineExceeded))
	})
}

// If all connections were closed as they should be, the end is good even if a handler took its time.
func TestShutdownLateHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan bool)
		s := server.Server{Handler: func(*conn.Conn) { <-free }}
		c := serve(t, &s).open()
		d := shutDown(t, &s, time.Second)
		c.goAway()
		d.want("the handler is busy", time.Second, cutText("0", "1", context.DeadlineExceeded))
		close(free)
		shutDown(t, &s, 0).want("it has returned", 0, "")
	})
}

// A handler that returns because of the shutdown, and before the close frame, says the same.
func TestShutdownHandlerKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		s := server.Server{Jitter: time.Hour, Handler: func(c *conn.Conn) { c.Read(ctx) }}
		c := serve(t, &s).open()
		d := shutDown(t, &s, 0)
		cancel()
		c.goAway()
		d.want("and that is all", 0, "")
	})
}

// The handler's own close counts if it comes first.
func TestShutdownHandlerCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{Handler: func(c *conn.Conn) { c.Close(frame.StatusTryAgainLater, "soon") }}
		c := serve(t, &s).dial()
		c.send(sampleRequest)
		c.want("closed by the handler", accepted()+unmasked(frame.Close, "\x03\xf5soon"))
		d := shutDown(t, &s, 0)
		c.want("there is no second close frame", "")
		c.sendFrame(frame.Close, "\x03\xf5")
		c.hangUp()
		d.want("that one is waited for", 0, "")
	})
}

// A handshake that began before Shutdown becomes a connection, which is closed with 1001.
func TestShutdownDuringHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan bool)
		s := server.Server{Handler: echo, Select: func(*http.Request) (func(*conn.Conn), error) {
			<-free
			return nil, nil
		}}
		c := serve(t, &s).dial()
		c.send(sampleRequest)
		synctest.Wait()
		d := shutDown(t, &s, time.Minute)
		d.wantWaiting("Select has not returned")
		close(free)
		c.want("accepted and closed", accepted()+unmasked(frame.Close, goingAway))
		c.sendFrame(frame.Close, "\x03\xe9")
		c.hangUp()
		d.want("gone", 0, "")
	})
}

// A handshake that is not over when the context ends comes to nothing.
func TestShutdownCutsHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan bool)
		s := server.Server{Handler: echo, Select: func(*http.Request) (func(*conn.Conn), error) {
			<-free
			return nil, nil
		}}
		c := serve(t, &s).dial()
		c.send(sampleRequest)
		synctest.Wait()
		shutDown(t, &s, time.Second).want("Select has not returned", time.Second, cutText("0", "1", context.DeadlineExceeded))
		close(free)
		c.wantEnd("cut", accepted())
		shutDown(t, &s, 0).want("gone", 0, "")
	})
}

// A shutdown that begins while a request is looked at has the last word.
func TestShutdownDuringReview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told refusals
		s := server.Server{MaxConnsPerKey: 1, Refused: told.refused}
		s.Key = func(*http.Request) string {
			s.StartShutdown()
			return ""
		}
		at := serve(t, &s)
		at.wantRefused(&told, 503, "the server is shutting down\n", "websocket: the server is shutting down")
		shutDown(t, &s, time.Minute).want("nobody has come in", 0, "")
	})
}

// Any number of callers wait for the same end. The context that ends first cuts.
func TestShutdownTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{Config: server.Config{Conn: conn.Config{CloseTimeout: -1}}}
		c := serve(t, &s).open()
		var all []*shutdown
		for range 3 {
			all = append(all, shutDown(t, &s, 0))
		}
		c.want("told once", unmasked(frame.Close, goingAway))
		ctx, cancel := context.WithCancel(context.Background())
		last := shutDownWith(t, &s, ctx)
		time.Sleep(time.Hour)
		cancel()
		last.want("cut", time.Hour, cutText("1", "0", context.Canceled))
		for _, d := range all {
			d.want("cut by the last", time.Hour, cutText("1", "0", context.Canceled))
		}
		c.wantEnd("cut", "")
	})
}

// A context that is over leaves no time for close frames.
func TestShutdownExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{Handler: echo}
		at := serve(t, &s)
		one, other := at.open(), at.open()
		shutDown(t, &s, -1).want("cut at once", 0, cutText("2", "0", context.DeadlineExceeded))
		one.wantEnd("cut", "")
		other.wantEnd("cut", "")
		for range 10 {
			shutDown(t, &s, 0).want("over", 0, cutText("2", "0", context.DeadlineExceeded))
			shutDown(t, &s, -1).want("over", 0, cutText("2", "0", context.DeadlineExceeded))
		}
	})
}

// Close cuts, and ends a Shutdown that waits.
func TestServerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan bool)
		s := server.Server{Handler: func(*conn.Conn) { <-free }, Jitter: time.Hour}
		at := serve(t, &s)
		one, other := at.open(), at.open()
		d := shutDown(t, &s, 0)
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		got, _ := one.take()
		if !strings.HasSuffix(unmasked(frame.Close, goingAway), got) {
			t.Errorf("the client got %q", got)
		}
		other.take()
		one.wantEnd("cut", "")
		other.wantEnd("cut", "")
		d.wantWaiting("handlers are busy")
		for _, stack := range goroutines() {
			if strings.Contains(stack, "dismiss") {
				t.Errorf("somebody still waits for the end of Jitter:\n%s", stack)
			}
		}
		close(free)
		d.want("handlers have returned", 0, cutText("2", "0", net.ErrClosed))
		c := at.dial()
		c.send(sampleRequest)
		c.wantResponse("over", 503, "shutting down")
	})
}

// StartShutdown does not wait, and cuts after ShutdownTimeout.
func TestStartShutdown(t *testing.T) {
	for _, tt := range []struct {
		name          string
		timeout, want time.Duration
		text          string
	}{
		{"by default", 0, 30 * time.Second, cutText("1", "0", context.DeadlineExceeded)},
		{"as configured", time.Hour, time.Hour, cutText("1", "0", context.DeadlineExceeded)},
		{"never", -1, 24 * time.Hour, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := server.Server{ShutdownTimeout: tt.timeout, Config: server.Config{Conn: conn.Config{CloseTimeout: -1}}}
				c := serve(t, &s).open()
				s.StartShutdown()
				d := shutDown(t, &s, 0)
				c.want("told at once", unmasked(frame.Close, goingAway))
				time.Sleep(tt.want - 1)
				d.wantWaiting("there is time")
				if tt.timeout < 0 {
					time.Sleep(time.Nanosecond)
					c.sendFrame(frame.Close, "\x03\xe9")
					c.hangUp()
				}
				d.want("over", tt.want, tt.text)
			})
		})
	}
}

// When StartShutdown returns there are no new connections.
func TestStartShutdownAtOnce(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			var s server.Server
			s.StartShutdown()
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if w.Code != 503 {
				t.Errorf("the status is %d", w.Code)
			}
		})
	}
}

// A later Shutdown has its own deadline.
func TestStartShutdownThenShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s server.Server
		c := serve(t, &s).open()
		s.StartShutdown()
		c.want("told at once", unmasked(frame.Close, goingAway))
		time.Sleep(time.Second)
		shutDown(t, &s, time.Second).want("cut", time.Second, cutText("1", "0", context.DeadlineExceeded))
	})
}

// The http.Server can begin it.
func TestRegisterOnShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s server.Server
		at := serve(t, &s)
		at.RegisterOnShutdown(s.StartShutdown)
		c := at.open()
		if err := at.Shutdown(t.Context()); err != nil {
			t.Errorf("http.Server.Shutdown: %v", err)
		}
		c.want("told", unmasked(frame.Close, goingAway))
		d := shutDown(t, &s, time.Minute)
		c.sendFrame(frame.Close, "\x03\xe9")
		c.hangUp()
		d.want("gone", 0, "")
	})
}

// departures returns when n clients get their close frame after f has begun a shutdown.
func departures(t *testing.T, s *server.Server, n int, f func()) (at []time.Duration) {
	s.Handler = func(c *conn.Conn) { // as seen by the server, so that there are not so many goroutines
		c.Read(context.Background())
	}
	site := serve(t, s)
	var mu sync.Mutex
	var start time.Time
	for range n {
		nc := site.connect(4096)
		nc.Write([]byte(sampleRequest))
		go func() {
			c := skipResponse(nc)
			_, _, err := c.Read(context.Background())
			mu.Lock()
			defer mu.Unlock()
			if e, ok := errors.AsType[*conn.CloseError](err); ok && e.Code == frame.StatusGoingAway {
				at = append(at, time.Since(start))
			}
		}()
	}
	synctest.Wait()
	if s.Len() != n {
		t.Fatalf("Len is %d, want %d", s.Len(), n)
	}
	start = time.Now()
	f()
	synctest.Wait()
	mu.Lock()
	defer mu.Unlock()
	return at
}

// skipResponse returns the client's connection that begins behind the response to sampleRequest.
func skipResponse(nc *wstest.PipeConn) *conn.Conn {
	buf := make([]byte, len(accepted()))
	for n := 0; n < len(buf); {
		m, err := nc.Read(buf[n:])
		if err != nil {
			break
		}
		n += m
	}
	return conn.New(nc, conn.Opening{Side: frame.Client}, nil)
}

// wantSpread fails the test unless the n times are spread over the window as chance would have it.
func wantSpread(t *testing.T, at []time.Duration, n int, from, to time.Duration) {
	t.Helper()
	if len(at) != n {
		t.Fatalf("%d clients were told, want %d", len(at), n)
	}
	slices.Sort(at)
	if at[0] < from || at[n-1] > to {
		t.Errorf("the window is from %v to %v, but close frames came from %v to %v", from, to, at[0], at[n-1])
	}
	most := 0.0 // how far they are from evenly spread
	for i, d := range at {
		most = max(most, math.Abs(float64(d-from)/float64(to-from)-float64(i)/float64(n)))
	}
	if limit := 2.5 / math.Sqrt(float64(n)); most > limit { // once in 100,000 runs by chance
		t.Errorf("%d close frames from %v to %v are not spread evenly: %.3f, want at most %.3f", n, from, to, most, limit)
	}
}

// Close frames are spread over Jitter.
func TestShutdownJitter(t *testing.T) {
	const n = 400
	for _, tt := range []struct {
		name                  string
		jitter, limit, window time.Duration
	}{
		{"none", 0, 0, 1},
		{"negative", -time.Second, 0, 1},
		{"without a deadline", time.Minute, 0, time.Minute},
		{"a deadline behind it", time.Minute, time.Minute, time.Minute},
		{"a deadline before it", time.Minute, time.Minute - time.Second, 29500 * time.Millisecond},
		{"the largest", math.MaxInt64, time.Hour, 30 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := server.Server{Jitter: tt.jitter}
				var d *shutdown
				at := departures(t, &s, n, func() {
					d = shutDown(t, &s, tt.limit)
					<-d.over
				})
				if tt.window == 1 {
					if at[0] != 0 || at[n-1] != 0 {
						t.Errorf("close frames came from %v to %v, want at once", at[0], at[n-1])
					}
					return
				}
				wantSpread(t, at, n, 0, tt.window)
				if d.err != nil || d.after > tt.window {
					t.Errorf("Shutdown returned %v after %v", d.err, d.after)
				}
			})
		})
	}
}

// A second caller who has less time makes the rest leave earlier.
func TestShutdownJitterShortened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{Jitter: time.Hour}
		at := departures(t, &s, 400, func() {
			shutDown(t, &s, 0)
			time.Sleep(30 * time.Minute)
			shutDown(t, &s, time.Hour) // enough
			d := shutDown(t, &s, time.Minute)
			<-d.over
			if d.err != nil {
				t.Errorf("Shutdown: %v", d.err)
			}
		})
		slices.Sort(at)
		half, _ := slices.BinarySearch(at, 30*time.Minute)
		if half < 150 || half > 250 {
			t.Errorf("%d of 400 left in the first half of an hour", half)
		}
		wantSpread(t, at[half:], 400-half, 30*time.Minute, 30*time.Minute+30*time.Second)
	})
}

// When all have left by themselves, nothing waits for the end of Jitter.
func TestShutdownJitterAllLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.Server{Jitter: 1000 * time.Hour}
		at := serve(t, &s)
		one, other := at.open(), at.open()
		d := shutDown(t, &s, 0)
		one.leave()
		other.leave()
		d.want("nobody is left", 0, "")
	})
}

// Connections that come while a shutdown begins are closed as well.
func TestShutdownRace(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			s := server.Server{Handler: echo}
			at := serve(t, &s)
			var told sync.WaitGroup
			for range 50 {
				nc := at.connect(4096)
				told.Add(1)
				go func() {
					defer told.Done()
					nc.Write([]byte(sampleRequest))
					buf := make([]byte, 12)
					nc.Read(buf)
					if string(buf) == "HTTP/1.1 503" {
						nc.Close()
						return
					}
					rest := make([]byte, len(accepted())-len(buf))
					nc.Read(rest)
					c := conn.New(nc, conn.Opening{Side: frame.Client}, nil)
					_, _, err := c.Read(context.Background())
					if code := conn.CloseCode(err); code != frame.StatusGoingAway {
						t.Errorf("a client got %v", err)
					}
				}()
			}
			if err := s.Shutdown(context.Background()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			told.Wait()
		})
	}
}

// Of many clients a tenth never answers. All are told.
func TestShutdownMany(t *testing.T) {
	if testing.Short() {
		t.Skip("5,000 connections")
	}
	const n = 5000
	synctest.Test(t, func(t *testing.T) {
		wantNoGoroutines(t)
		s := server.Server{Handler: echo, Jitter: 2 * time.Second}
		site := serve(t, &s)
		var told, wrong sync.Map
		for i := range n {
			nc := site.connect(4096)
			nc.Write([]byte(sampleRequest))
			switch i % 10 {
			case 0: // reads, and answers nothing
				go func() {
					got := readAll(nc)
					if got != accepted()+unmasked(frame.Close, goingAway) {
						wrong.Store(i, got)
					}
					told.Store(i, true)
				}()
			default:
				go func() {
					_, _, err := skipResponse(nc).Read(context.Background())
					if conn.CloseCode(err) != frame.StatusGoingAway {
						wrong.Store(i, err)
					}
					told.Store(i, true)
				}()
			}
		}
		synctest.Wait()
		if s.Len() != n {
			t.Fatalf("Len is %d", s.Len())
		}
		d := shutDown(t, &s, 4*time.Second)
		<-d.over
		e, ok := errors.AsType[*server.ShutdownError](d.err)
		if !ok || e.Cut != n/10 || e.Busy != 0 || d.after != 4*time.Second {
			t.Errorf("Shutdown returned %v after %v, want %d to be cut after 4s", d.err, d.after, n/10)
		}
		synctest.Wait()
		if s.Len() != 0 {
			t.Errorf("Len is %d afterwards", s.Len())
		}
		count := 0
		told.Range(func(any, any) bool { count++; return true })
		wrong.Range(func(i, v any) bool { t.Errorf("client %v: %v", i, v); return true })
		if count != n {
			t.Errorf("%d of %d clients were told", count, n)
		}
	})
}

// readAll returns what comes until the end.
func readAll(nc net.Conn) string {
	var b strings.Builder
	buf := make([]byte, 512)
	for {
		n, err := nc.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}
