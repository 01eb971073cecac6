package client

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// An addressed connection says what it is told about where it leads to.
type addressed struct {
	net.Conn
	remote net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.remote }

// slowServers returns a DialContext for servers that answer after a second.
// Where a connection leads to is said by remote.
func slowServers(remote func(addr string) net.Addr) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, _, addr string) (net.Conn, error) {
		c, s := net.Pipe()
		go func() {
			readHead(s)
			time.Sleep(time.Second)
			io.WriteString(s, accepted+"\r\n")
			io.Copy(io.Discard, s)
		}()
		return addressed{c, remote(addr)}, nil
	}
}

// tcp returns a TCP address.
func tcp(ip string, port int) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: port} }

// The seconds at which Dials end that begin at the same time.
//
// Requirements: 6455-4.1-04, 6455-4.1-05, 6455-4.1-06
func TestSerialize(t *testing.T) {
	for _, tt := range []struct {
		name   string
		off    bool // Config.Serialize is not set
		urls   []string
		remote func(addr string) net.Addr
		want   []int
	}{
		{"two names of one address", false, []string{"ws://a", "ws://b", "ws://a"},
			func(string) net.Addr { return tcp("192.0.2.1", 80) }, []int{1, 2, 3}},
		{"an IPv4 address in an IPv6 address is the same", false, []string{"ws://4", "ws://6"},
			func(a string) net.Addr {
				if a == "6:80" {
					return stringAddr("[::ffff:192.0.2.1]:80")
				}
				return stringAddr("192.0.2.1:80")
			}, []int{1, 2}},
		{"another port is another server", false, []string{"ws://a:1", "ws://a:2", "ws://a:1"},
			func(a string) net.Addr {
				_, port, _ := net.SplitHostPort(a)
				n, _ := strconv.Atoi(port)
				return tcp("192.0.2.1", n)
			}, []int{1, 1, 2}},
		{"another address is another server", false, []string{"ws://a", "ws://bb"},
			func(a string) net.Addr { return tcp("192.0.2."+strconv.Itoa(len(a)), 80) }, []int{1, 1}},
		{"without an IP address, names count", false, []string{"ws://a", "ws://b", "ws://a", "ws://a:81"},
			func(string) net.Addr { return stringAddr("pipe") }, []int{1, 1, 1, 2}},
		{"without any address, names count", false, []string{"ws://a", "ws://b", "ws://a"},
			func(string) net.Addr { return nil }, []int{1, 1, 2}},
		{"off by default", true, []string{"ws://a", "ws://a"},
			func(string) net.Addr { return tcp("192.0.2.1", 80) }, []int{1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := &Config{DialContext: slowServers(tt.remote), Serialize: !tt.off}
				start := time.Now()
				var mu sync.Mutex
				var got []int
				var wg sync.WaitGroup
				for _, url := range tt.urls {
					wg.Go(func() {
						c, err := dial(t.Context(), url, cfg, sampleNonce)
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						defer mu.Unlock()
						got = append(got, int(time.Since(start)/time.Second))
						c.CloseNow()
					})
				}
				wg.Wait()
				if slices.Sort(got); !slices.Equal(got, tt.want) {
					t.Errorf("connections after %v seconds, want %v", got, tt.want)
				}
				checkNoCrossings(t)
			})
		})
	}
}

// A stringAddr is an address with that text.
type stringAddr string

func (a stringAddr) Network() string { return "tcp" }
func (a stringAddr) String() string  { return string(a) }

// checkNoCrossings checks that no turn is left over.
func checkNoCrossings(t *testing.T) {
	t.Helper()
	crossings.mu.Lock()
	defer crossings.mu.Unlock()
	if n := len(crossings.m); n > 0 {
		t.Errorf("%d addresses are still waited for", n)
	}
}

// Whoever waits for a turn stops when its context ends, and a Dial that fails gives its turn back.
//
// Requirements: 6455-4.1-04
func TestSerializeFailure(t *testing.T) { synctest.Test(t, testSerializeFailure) }
func testSerializeFailure(t *testing.T) {
	silent, server := pipe()
	defer server.Close()
	var closed atomic.Bool
	cfg := &Config{DialContext: silent, Serialize: true, HandshakeTimeout: 10 * time.Second}
	start := time.Now()
	go func() {
		if _, err := Dial(t.Context(), "ws://h", cfg); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Dial to a silent server = %v", err)
		}
	}()
	synctest.Wait()

	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	waiting := &Config{Serialize: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return closeRecorder{&stub{}, &closed}, nil
	}}
	_, err := Dial(ctx, "ws://h", waiting)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second || !closed.Load() {
		t.Errorf("Dial = %v after %v, closed: %v; want the end of its context", err, time.Since(start), closed.Load())
	}

	s := &stub{pieces: []string{accepted + "\r\n"}}
	c, err := dial(t.Context(), "ws://h", &Config{Serialize: true, DialContext: s.dial}, sampleNonce)
	if err != nil || time.Since(start) != 10*time.Second {
		t.Fatalf("Dial = %v after %v, want a connection when the first has failed", err, time.Since(start))
	}
	c.CloseNow()
	checkNoCrossings(t)
}

// A closeRecorder records that it was closed.
type closeRecorder struct {
	net.Conn
	closed *atomic.Bool
}

func (c closeRecorder) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}

// With the built-in dialer, the turn is taken before TCP connects: while the server
// has not answered the first, it sees no other connection, though all want to.
//
// Requirements: 6455-4.1-04, 6455-4.1-05, 6455-4.1-06
func TestSerializeTCP(t *testing.T) {
	checkGoroutines(t)
	const dials = 5
	l, port := listen(t)
	var wg sync.WaitGroup
	for i := range dials {
		wg.Go(func() {
			host := []string{"127.0.0.1", "[::ffff:127.0.0.1]"}[i%2]
			c, err := dial(t.Context(), "ws://"+host+":"+port, &Config{Serialize: true}, sampleNonce)
			if err != nil {
				t.Error(err)
				return
			}
			c.CloseNow()
		})
	}
	var open, done atomic.Int32
	for range dials {
		nc, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			defer nc.Close()
			if n := open.Add(1); n != 1 {
				t.Errorf("%d handshakes at a time", n)
			}
			waitForUsers(t, "127.0.0.1:"+port, dials-int(done.Load())) // all others wait
			readHead(nc)
			done.Add(1)
			open.Add(-1)
			io.WriteString(nc, accepted+"\r\n")
		})
	}
	wg.Wait()
	checkNoCrossings(t)
}

// waitForUsers waits until n connect or want to connect to addr.
func waitForUsers(t *testing.T, addr string, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); users(addr) != n; runtime.Gosched() {
		if time.Now().After(end) {
			t.Errorf("%d want to connect to %s, want %d", users(addr), addr, n)
			return
		}
	}
}

// users returns how many connect or want to connect to addr.
func users(addr string) int {
	crossings.mu.Lock()
	defer crossings.mu.Unlock()
	if c := crossings.m[addr]; c != nil {
		return c.users
	}
	return 0
}

// A name with several addresses: the turn for one that does not answer is given back
// before the turn for the next is taken.
func TestSerializeNextAddress(t *testing.T) {
	var a turn
	if a.netDialer().FallbackDelay >= 0 {
		t.Error("the dialer may race for two turns at once")
	}
	for range 2 {
		if a.take(t.Context(), "192.0.2.1:80") != nil {
			t.Error("a turn cannot be taken twice by the same")
		}
	}
	if a.take(t.Context(), "192.0.2.2:80") != nil || users("192.0.2.1:80") != 0 || users("192.0.2.2:80") != 1 {
		t.Error("the first turn is kept")
	}
	var b turn
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.take(ctx, "192.0.2.2:80"); err != context.Canceled || users("192.0.2.2:80") != 1 {
		t.Errorf("take = %v, want the end of the context", err)
	}
	a.give()
	a.give()
	b.give()
	checkNoCrossings(t)
}

// A refused connection with Serialize is the error of the network, and leaves no turn.
func TestSerializeRefused(t *testing.T) {
	l, port := listen(t)
	l.Close()
	_, err := Dial(t.Context(), "ws://127.0.0.1:"+port, &Config{Serialize: true})
	if _, ok := errors.AsType[*net.OpError](err); !ok || !strings.Contains(err.Error(), port) {
		t.Errorf("Dial = %v, want a *net.OpError", err)
	}
	checkNoCrossings(t)
}

// listen returns a TCP listener on this machine, and its port.
func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return l, port
}
