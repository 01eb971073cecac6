package conn_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

const keepaliveReason = "keepalive: nothing received within 20s after a ping"

// wantSilent fails the test unless the connection is failed because the peer is silent.
func wantSilent(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
	t.Helper()
	peer.WantClose("the peer learns why", 1008, keepaliveReason)
	peer.WantEOF("and that this is all")
	_, _, err := c.Read(background)
	e := as[*conn.LimitError](t, err)
	want := conn.LimitError{Option: "Keepalive.Timeout", Limit: int64(20 * time.Second), Code: 1008}
	if *e != want || !e.Timeout() {
		t.Errorf("got %+v, want %+v", *e, want)
	}
	if got := e.Error(); got != "websocket: more than Config.Keepalive.Timeout of 20s passed" {
		t.Error(got)
	}
}

// until sleeps until d after begin.
func until(begin time.Time, d time.Duration) { time.Sleep(time.Until(begin.Add(d))) }

// Requirements: 6455-5.5.2-03
func TestKeepalivePings(t *testing.T) {
	var hooked []time.Duration
	cfg := &conn.Config{
		Keepalive: new(conn.Keepalive),
		Hooks:     &conn.Hooks{RTT: func(_ *conn.Conn, d time.Duration) { hooked = append(hooked, d) }},
	}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		begin := time.Now()
		reading := read(c, background)
		hooked = nil
		if c.RTT() != 0 {
			t.Error("a round-trip time before any ping")
		}
		seen := map[string]bool{}
		for i := 1; i <= 5; i++ {
			until(begin, time.Duration(i)*30*time.Second-time.Nanosecond)
			peer.WantIdle("the interval is not over")
			until(begin, time.Duration(i)*30*time.Second)
			payload := wantPing(t, peer)
			if seen[payload] {
				t.Error("a payload came twice")
			}
			seen[payload] = true
			rtt := time.Duration(i) * 25 * time.Millisecond
			time.Sleep(rtt)
			peer.Write(frame.Pong, payload)
			synctest.Wait()
			if c.RTT() != rtt || len(hooked) != i || hooked[i-1] != rtt {
				t.Errorf("RTT = %v, want %v; the hook got %v", c.RTT(), rtt, hooked)
			}
			time.Sleep(rtt)
			peer.Write(frame.Pong, payload) // unsolicited by now
			synctest.Wait()
			if c.RTT() != rtt {
				t.Error("a second pong counts")
			}
		}
		wantWaiting(t, reading, "Read of nothing")
	})
}

// A Ping of the application has its own pong, and tells the time as well.
func TestKeepaliveBesidePing(t *testing.T) {
	cfg := &conn.Config{Keepalive: new(conn.Keepalive)}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		read(c, background)
		ping := start(func() error { _, err := c.Ping(background); return err })
		own := wantPing(t, peer)
		time.Sleep(30 * time.Second)
		kept := wantPing(t, peer)
		peer.Write(frame.Pong, own)
		if err := now(t, ping); err != nil || c.RTT() != 30*time.Second {
			t.Error(err, c.RTT())
		}
		time.Sleep(time.Second)
		peer.Write(frame.Pong, kept)
		synctest.Wait()
		if c.RTT() != time.Second {
			t.Error(c.RTT())
		}
		ping = start(func() error { _, err := c.Ping(background); return err })
		wantPing(t, peer)
		time.Sleep(29 * time.Second)
		peer.Write(frame.Pong, wantPing(t, peer))
		if err := now(t, ping); err != nil {
			t.Error("a later pong answers earlier pings:", err)
		}
	})
}

// The peer is failed when nothing arrived, whoever reads.
func TestKeepaliveTimeout(t *testing.T) {
	cfg := &conn.Config{Keepalive: new(conn.Keepalive)}
	readers := map[string]func(*conn.Conn) <-chan error{
		"Read": func(c *conn.Conn) <-chan error {
			return start(func() error { _, _, err := c.Read(background); return err })
		},
		"Ping": func(c *conn.Conn) <-chan error {
			return start(func() error { _, err := c.Ping(background); return err })
		},
		"Context": func(c *conn.Conn) <-chan error {
			ctx := c.Context()
			return start(func() error { <-ctx.Done(); return context.Cause(ctx) })
		},
		"a reader that polls": func(c *conn.Conn) <-chan error {
			return start(func() error {
				for {
					ctx, cancel := context.WithTimeout(background, 10*time.Millisecond)
					_, _, err := c.Read(ctx)
					cancel()
					if err != context.DeadlineExceeded {
						return err
					}
					time.Sleep(7 * time.Second)
				}
			})
		},
	}
	for name, reader := range readers {
		t.Run(name, func(t *testing.T) {
			onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
				done := reader(c)
				time.Sleep(30 * time.Second)
				for peer.Skip() > 0 {
				}
				time.Sleep(20*time.Second - time.Nanosecond)
				wantWaiting(t, done, name)
				peer.WantIdle("the peer may still answer")
				time.Sleep(10 * time.Second)
				wantSilent(t, c, peer)
				as[*conn.LimitError](t, now(t, done))
			})
		})
	}
	t.Run("nobody", func(t *testing.T) {
		onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			time.Sleep(50 * time.Second)
			wantPing(t, peer)
			wantSilent(t, c, peer)
		})
	})
}

// Any byte after the ping is a sign of life.
func TestKeepaliveAnyByteCounts(t *testing.T) {
	cfg := &conn.Config{Keepalive: new(conn.Keepalive), MessageTimeout: -1}
	for _, reads := range []bool{true, false} {
		onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			if reads {
				read(c, background)
			}
			begin := time.Now()
			b := peer.Frame(frame.Header{Fin: true, Opcode: frame.Text}, "slow")
			for i := range b {
				until(begin, time.Duration(i+1)*30*time.Second)
				wantPing(t, peer)
				time.Sleep(20*time.Second - time.Nanosecond)
				peer.WriteBytes(b[i : i+1])
			}
			until(begin, time.Duration(len(b)+1)*30*time.Second)
			wantPing(t, peer)
			until(begin, time.Duration(len(b)+1)*30*time.Second+20*time.Second)
			wantSilentClose(t, peer)
		})
	}
}

func wantSilentClose(t *testing.T, peer *wstest.Peer) {
	t.Helper()
	peer.WantClose("nothing came any more", 1008, keepaliveReason)
}

// Bytes that came before the ping do not count.
func TestKeepaliveEarlierBytes(t *testing.T) {
	cfg := &conn.Config{Keepalive: new(conn.Keepalive)}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		reading := read(c, background)
		time.Sleep(30*time.Second - time.Nanosecond)
		peer.Write(frame.Text, "early")
		now(t, reading)
		read(c, background)
		time.Sleep(time.Nanosecond)
		wantPing(t, peer)
		time.Sleep(20 * time.Second)
		wantSilent(t, c, peer)
	})
}

// An application that is busy does not make its peer look dead, and loses nothing.
func TestKeepaliveWhileNobodyReads(t *testing.T) {
	cfg := &conn.Config{Keepalive: new(conn.Keepalive)}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		begin := time.Now()
		for i := 1; i <= 20; i++ {
			until(begin, time.Duration(i)*30*time.Second)
			payload := wantPing(t, peer)
			rtt := time.Duration(i) * time.Second / 2
			time.Sleep(rtt)
			wantReadingAhead(t, true)
			if i%5 == 0 {
				peer.Write(frame.Text, "kept")
			} else {
				peer.Write(frame.Pong, payload)
				synctest.Wait()
				if c.RTT() != rtt {
					t.Fatal(c.RTT())
				}
			}
			wantReadingAhead(t, false)
		}
		for range 4 {
			wantRead(t, c, frame.Text, "kept")
		}
	})
}

// wantReadingAhead fails the test unless there is a goroutine that reads for the sake of a ping, or none.
func wantReadingAhead(t *testing.T, want bool) {
	t.Helper()
	synctest.Wait()
	if got := strings.Contains(string(stacks()), "readUntil("); got != want {
		t.Fatalf("a goroutine that reads ahead: %t, want %t", got, want)
	}
}

// A reader may leave between a ping and the answer.
func TestKeepaliveReaderLeaves(t *testing.T) {
	cfg := &conn.Config{Keepalive: new(conn.Keepalive), MaxMessageSize: 1000}
	leave := map[string]func(*conn.Conn, *wstest.Peer){
		"its context ends": func(c *conn.Conn, _ *wstest.Peer) {
			ctx, cancel := context.WithTimeout(background, 35*time.Second)
			defer cancel()
			c.Read(ctx)
		},
		"a Ping gives up": func(c *conn.Conn, _ *wstest.Peer) {
			ctx, cancel := context.WithTimeout(background, 35*time.Second)
			defer cancel()
			c.Ping(ctx)
		},
		"it comes, and gives up, while another reads ahead": func(c *conn.Conn, _ *wstest.Peer) {
			c.Context()
			time.Sleep(35 * time.Second)
			ctx, cancel := context.WithCancel(background)
			cancel()
			c.Read(ctx)
		},
		"it takes what was there before": func(c *conn.Conn, peer *wstest.Peer) {
			peer.WriteBytes(append(peer.Frame(frame.Header{Fin: true, Opcode: frame.Text}, "1"),
				peer.Frame(frame.Header{Fin: true, Opcode: frame.Text}, "2")...))
			c.Read(background)
			time.Sleep(35 * time.Second)
			c.Read(background)
		},
	}
	for name, leave := range leave {
		t.Run(name, func(t *testing.T) {
			onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
				begin := time.Now()
				leave(c, peer)
				peer.Skip()
				until(begin, 49*time.Second)
				peer.Write(frame.Text, "life")
				until(begin, 60*time.Second-time.Nanosecond)
				peer.WantIdle("the peer is not failed")
				wantRead(t, c, frame.Text, "life")
			})
		})
	}
}

// A peer whose messages nobody takes has shown that it is alive.
func TestKeepaliveFull(t *testing.T) {
	cfg := &conn.Config{Keepalive: new(conn.Keepalive), MaxMessageSize: 1000}
	for _, inUse := range []bool{false, true} {
		onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			if inUse {
				c.Context()
			}
			for range 100 {
				peer.Write(frame.Binary, strings.Repeat("x", 600))
			}
			for range 10 {
				time.Sleep(30 * time.Second)
				wantPing(t, peer)
			}
			for range 100 {
				wantRead(t, c, frame.Binary, strings.Repeat("x", 600))
			}
			time.Sleep(20 * time.Second)
			peer.WantIdle("what was read just now came after the last ping, as far as anybody knows")
			if inUse {
				return
			}
			time.Sleep(30 * time.Second)
			wantPing(t, peer)
			wantSilent(t, c, peer)
		})
	}
}

// While the connection is being closed there are no pings.
func TestKeepaliveWhileClosing(t *testing.T) {
	cfg := &conn.Config{Keepalive: new(conn.Keepalive), CloseTimeout: 5 * time.Minute}
	for _, before := range []time.Duration{29 * time.Second, 31 * time.Second} {
		onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			time.Sleep(before)
			peer.Skip()
			closing := start(func() error { return c.Close(1000, "") })
			peer.WantClose("this side closes", 1000, "")
			time.Sleep(4 * time.Minute)
			peer.WantIdle("and sends nothing more")
			wantWaiting(t, closing, "Close")
			peer.WriteClose(1000, "")
			peer.Conn().CloseWrite()
			if err := now(t, closing); err != nil {
				t.Error(err)
			}
		})
	}
}

// A connection whose network is full holds up no other.
func TestKeepaliveOfStuckConnections(t *testing.T) {
	cfg := &conn.Config{Keepalive: new(conn.Keepalive), WriteTimeout: 5 * time.Minute}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		other, otherPeer := wstest.NewPeer(t, c.Side(), cfg)
		stuck := stall(t, c, peer)
		begin := time.Now()
		for i := 1; i <= 8; i++ {
			until(begin, time.Duration(i)*30*time.Second)
			otherPeer.Write(frame.Pong, wantPing(t, otherPeer))
		}
		wantWaiting(t, stuck, "a write, for which WriteTimeout holds")
		time.Sleep(2 * time.Minute)
		as[*conn.LimitError](t, now(t, stuck))
		other.CloseNow()
	})
}

// Failing a connection whose network takes nothing more is bounded by CloseTimeout,
// and neither its reader nor other connections wait for that.
func TestKeepaliveFailsStuckConnection(t *testing.T) {
	cfg := &conn.Config{Keepalive: new(conn.Keepalive)}
	onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		begin := time.Now()
		peer.Pause()
		c.Write(background, frame.Binary, nil) // for the read that is under way
		synctest.Wait()
		n := 64<<10 - 4 - 2 - 8 // the ping just fits
		if c.Side() == frame.Client {
			n -= 4 + 4
		}
		if err := c.Write(background, frame.Binary, make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		reading := read(c, background)
		until(begin, 22*time.Second)
		_, other := wstest.NewPeer(t, c.Side(), cfg)
		until(begin, 50*time.Second-time.Nanosecond)
		wantWaiting(t, reading, "Read")
		until(begin, 50*time.Second)
		as[*conn.LimitError](t, now(t, reading).err)
		ctx := c.Context()
		if ctx.Err() != nil {
			t.Error("the close frame may still leave")
		}
		until(begin, 52*time.Second)
		wantPing(t, other)
		until(begin, 55*time.Second)
		synctest.Wait()
		if e := as[*conn.LimitError](t, context.Cause(ctx)); e.Option != "Keepalive.Timeout" {
			t.Error(e)
		}
	})
}

// Connections that are due at about the same time are pinged at once.
func TestKeepaliveManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := &conn.Config{Keepalive: new(conn.Keepalive)}
		begin := time.Now()
		var peers []*wstest.Peer
		for range 200 {
			c, peer := wstest.NewPeer(t, frame.Server, cfg)
			read(c, background)
			peers = append(peers, peer)
			time.Sleep(2 * time.Millisecond)
		}
		for i := 1; i <= 3; i++ {
			until(begin, time.Duration(i)*30*time.Second-time.Nanosecond)
			peers[0].WantIdle("the interval is not over")
			time.Sleep(time.Nanosecond)
			for _, peer := range peers {
				peer.Write(frame.Pong, wantPing(t, peer))
			}
		}
	})
}

// One that joins later has times of its own, and so have those that leave no trace.
func TestKeepaliveComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := &conn.Config{Keepalive: new(conn.Keepalive)}
		begin := time.Now()
		first, _ := wstest.NewPeer(t, frame.Server, cfg)
		time.Sleep(10 * time.Second)
		_, second := wstest.NewPeer(t, frame.Client, cfg)
		first.CloseNow()
		until(begin, 40*time.Second-time.Nanosecond)
		second.WantIdle("its interval is not over")
		until(begin, 40*time.Second)
		wantPing(t, second)
		until(begin, 60*time.Second)
		wantSilentClose(t, second)

		time.Sleep(time.Hour)
		begin = time.Now()
		_, third := wstest.NewPeer(t, frame.Client, cfg)
		until(begin, 30*time.Second-time.Nanosecond)
		third.WantIdle("its interval is not over")
		until(begin, 50*time.Second-time.Nanosecond)
		wantPing(t, third)
		third.WantIdle("the time-out is not over")
		time.Sleep(time.Nanosecond)
		wantSilentClose(t, third)
	})
}

// Pings may be early to leave together, but nobody is failed early because another is due.
func TestKeepaliveFailsNobodyEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := &conn.Config{Keepalive: new(conn.Keepalive)}
		begin := time.Now()
		_, first := wstest.NewPeer(t, frame.Server, cfg)
		until(begin, 19700*time.Millisecond)
		_, second := wstest.NewPeer(t, frame.Server, cfg)
		until(begin, 49900*time.Millisecond)
		wantPing(t, second)
		wantPing(t, first)
		first.WantIdle("its time-out is not over")
		until(begin, 50*time.Second)
		wantSilentClose(t, first)
	})
}

func TestKeepaliveOptions(t *testing.T) {
	run := func(name string, k *conn.Keepalive, test func(t *testing.T, begin time.Time, c *conn.Conn, peer *wstest.Peer)) {
		t.Run(name, func(t *testing.T) {
			cfg := &conn.Config{Keepalive: k}
			onBothSides(t, cfg, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
				read(c, background)
				test(t, time.Now(), c, peer)
			})
		})
	}
	type T = testing.T
	run("no pings", &conn.Keepalive{Interval: -1}, func(t *T, _ time.Time, c *conn.Conn, peer *wstest.Peer) {
		time.Sleep(time.Hour)
		peer.WantIdle("nothing is sent")
	})
	run("no time-out", &conn.Keepalive{Interval: time.Minute, Timeout: -1}, func(t *T, begin time.Time, c *conn.Conn, peer *wstest.Peer) {
		for i := 1; i <= 10; i++ {
			until(begin, time.Duration(i)*time.Minute)
			wantPing(t, peer)
		}
		peer.WantIdle("nothing else")
	})
	run("time-out after several intervals", &conn.Keepalive{Interval: 10 * time.Second, Timeout: 35 * time.Second}, func(t *T, begin time.Time, c *conn.Conn, peer *wstest.Peer) {
		for i := 1; i <= 5; i++ {
			until(begin, time.Duration(i)*10*time.Second)
			peer.Write(frame.Pong, wantPing(t, peer))
		}
		until(begin, 60*time.Second)
		wantPing(t, peer)
		until(begin, 95*time.Second-time.Nanosecond)
		peer.Write(frame.Text, "")
		peer.WantIdle("the peer may still answer")
		until(begin, 95*time.Second)
		wantPing(t, peer)
		until(begin, 130*time.Second-time.Nanosecond)
		peer.WantIdle("the peer may still answer")
		until(begin, 130*time.Second)
		peer.WantClose("now it is too late", 1008, "keepalive: nothing received within 35s after a ping")
	})
	run("both the same", &conn.Keepalive{Interval: 10 * time.Second, Timeout: 10 * time.Second}, func(t *T, begin time.Time, c *conn.Conn, peer *wstest.Peer) {
		for i := 1; i <= 5; i++ {
			until(begin, time.Duration(i)*10*time.Second)
			peer.Write(frame.Pong, wantPing(t, peer))
		}
		until(begin, 60*time.Second)
		wantPing(t, peer)
		until(begin, 70*time.Second)
		peer.WantClose("nothing came", 1008, "keepalive: nothing received within 10s after a ping")
	})
}

// Over real networks, with two ends that are busy, idle, or gone.
func TestKeepaliveOverNetworks(t *testing.T) {
	for name, network := range networks(t) {
		t.Run(name, func(t *testing.T) {
			noGoroutineLeft(t)
			cfg := &conn.Config{Keepalive: &conn.Keepalive{Interval: 2 * time.Millisecond, Timeout: 5 * time.Second}}
			a, b := network()
			client := conn.New(a, conn.Opening{Side: frame.Client}, cfg)
			server := conn.New(b, conn.Opening{Side: frame.Server}, cfg)
			echoed := start(func() error { return echo(server) })
			for i := range 100 {
				want := strings.Repeat("x", rand.IntN(5000))
				if err := client.Write(background, frame.Text, []byte(want)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(rand.N(2 * time.Millisecond))
				ctx, cancel := context.WithTimeout(background, rand.N(time.Millisecond))
				_, p, err := client.Read(ctx)
				cancel()
				if err == context.DeadlineExceeded {
					_, p, err = client.Read(background)
				}
				if err != nil || string(p) != want {
					t.Fatalf("message %d: %d bytes of %d, %v", i, len(p), len(want), err)
				}
			}
			// A pong that came later than the next ping was not measured; now nothing is in its way.
			for i := 0; client.RTT() == 0 || server.RTT() == 0; i++ {
				ctx, cancel := context.WithTimeout(background, 10*time.Millisecond)
				client.Read(ctx)
				cancel()
				if i == 500 {
					t.Fatal("no pong came")
				}
			}
			if err := client.Close(1000, ""); err != nil {
				t.Error(err)
			}
			as[*conn.CloseError](t, <-echoed)
		})
	}
}

func TestKeepaliveSilenceOverNetworks(t *testing.T) {
	for name, network := range networks(t) {
		t.Run(name, func(t *testing.T) {
			noGoroutineLeft(t)
			cfg := &conn.Config{
				Keepalive:    &conn.Keepalive{Interval: time.Millisecond, Timeout: 10 * time.Millisecond},
				CloseTimeout: 50 * time.Millisecond,
			}
			a, b := network()
			go io.Copy(io.Discard, a)
			defer hangUpBelow(a)
			for _, reads := range []bool{true, false} {
				c := conn.New(b, conn.Opening{Side: frame.Client}, cfg)
				if reads {
					read(c, background)
				}
				ctx := c.Context()
				<-ctx.Done()
				if e := as[*conn.LimitError](t, context.Cause(ctx)); e.Option != "Keepalive.Timeout" {
					t.Error(e)
				}
				a, b = network()
				go io.Copy(io.Discard, a)
				defer hangUpBelow(a)
			}
			hangUpBelow(b)
		})
	}
}

// hangUpBelow closes nc without a goodbye that the network would have to take.
func hangUpBelow(nc net.Conn) {
	if t, ok := nc.(interface{ NetConn() net.Conn }); ok {
		nc = t.NetConn()
	}
	nc.Close()
}
