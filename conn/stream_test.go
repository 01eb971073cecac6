package conn_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"net/rpc"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// count is what Read or Write returned.
type count struct {
	n   int
	err error
}

// readSome starts a Read of up to n bytes.
func readSome(s net.Conn, n int) <-chan result {
	return start(func() result {
		p := make([]byte, n)
		n, err := s.Read(p)
		return result{p: p[:n], err: err}
	})
}

func wantBytes(t *testing.T, s net.Conn, want string) {
	t.Helper()
	if r := now(t, readSome(s, 100)); string(r.p) != want || r.err != nil {
		t.Fatalf("Read: got %q, %v, want %q", r.p, r.err, want)
	}
}

// wantTimeout fails the test unless err is what package net promises for a deadline that passed.
func wantTimeout(t *testing.T, err error) {
	t.Helper()
	e, ok := err.(net.Error)
	if !errors.Is(err, os.ErrDeadlineExceeded) || !ok || !e.Timeout() {
		t.Fatalf("got %v of type %T, want a time-out", err, err)
	}
}

// streams returns both ends of a connection in memory as streams.
func streams(t *testing.T, cfg *conn.Config) (client, server net.Conn) {
	a, b := wstest.Pair(t, cfg)
	return a.Stream(frame.Binary), b.Stream(frame.Binary)
}

// Requirements: 6455-5.4-08, 6455-5.4-10, 6455-5.4-11
func TestStreamRead(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		s := c.Stream(frame.Binary)
		if n, err := s.Read(nil); n != 0 || err != nil {
			t.Error("a Read of nothing waits for nothing:", n, err)
		}
		reading := readSome(s, 100)
		peer.Write(frame.Binary, "")
		peer.WriteFragment(frame.Binary, "")
		wantWaiting(t, reading, "a message without bytes")
		peer.WriteFragment(frame.Continuation, "abc")
		if r := now(t, reading); string(r.p) != "abc" {
			t.Fatal("what has arrived of a message is there:", r)
		}
		peer.Write(frame.Continuation, "defghi")
		for _, want := range []string{"de", "fg", "hi"} {
			if r := now(t, readSome(s, 2)); string(r.p) != want {
				t.Fatal(r)
			}
		}
		peer.Write(frame.Binary, "1")
		peer.Write(frame.Binary, "2")
		p := make([]byte, 2)
		if _, err := io.ReadFull(s, p); string(p) != "12" || err != nil {
			t.Errorf("%q %v", p, err)
		}
		peer.Write(frame.Ping, "p")
		reading = readSome(s, 1)
		peer.Want("pings are answered while the stream is read", frame.Pong, "p")
		peer.Write(frame.Binary, "x")
		now(t, reading)
	})
}

func TestStreamWrite(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		s := c.Stream(frame.Binary)
		s.Write(nil)
		peer.WantIdle("a Write of nothing")
		for _, n := range []int{1, 32 << 10, 32<<10 + 1, 100 << 10} {
			p := strings.Repeat("x", n)
			if m, err := s.Write([]byte(p)); m != n || err != nil {
				t.Fatal(m, err)
			}
			for len(p) > 0 {
				piece := p[:min(len(p), 32<<10)]
				peer.Want("no message is larger than 32 KiB", frame.Binary, piece)
				p = p[len(piece):]
			}
		}
		s = c.Stream(frame.Text)
		text := strings.Repeat("é", 16<<10-1) + "a" + strings.Repeat("é", 10)
		s.Write([]byte(text))
		peer.Want("text is cut between characters", frame.Text, text[:32<<10-1])
		peer.Want("and goes on", frame.Text, text[32<<10-1:])
		if _, err := s.Write([]byte("\xc3")); err != conn.ErrInvalidUTF8 {
			t.Error(err)
		}
		if _, err := c.Stream(frame.Ping).Write([]byte("x")); err != conn.ErrMessageType {
			t.Error(err)
		}
		peer.WantIdle("nothing else is sent")
	})
}

// Requirements: 6455-7.4.1-01
func TestStreamOfTheOtherType(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		s := c.Stream(frame.Binary)
		peer.Write(frame.Binary, "x")
		peer.Write(frame.Text, "y")
		wantBytes(t, s, "x")
		for range 2 {
			r := now(t, readSome(s, 100))
			if r.err == nil || r.err.Error() != "websocket: message of the wrong type for the stream, which is of binary" {
				t.Fatal(r)
			}
		}
		closing := start(s.Close)
		peer.WantClose("the peer learns what is wanted", 1003, "binary messages expected")
		peer.WriteClose(1003, "")
		peer.Conn().CloseWrite()
		now(t, closing)
	})
}

func TestStreamEnds(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		s := c.Stream(frame.Binary)
		peer.Write(frame.Binary, "last")
		peer.WriteClose(1000, "")
		peer.Conn().CloseWrite()
		wantBytes(t, s, "last")
		for range 2 {
			if r := now(t, readSome(s, 1)); r.err != io.EOF {
				t.Fatal(r.err)
			}
		}
		if _, err := s.Write([]byte("x")); conn.CloseCode(err) != 1000 {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteClose(1000, "")
		peer.Conn().Close()
		if r := now(t, readSome(c.Stream(frame.Binary), 1)); r.err != io.EOF {
			t.Error("nothing is missing if the peer does not wait for the answer:", r.err)
		}
	})
	ends := []struct {
		code  frame.StatusCode
		clean bool
	}{{1000, true}, {1001, true}, {1005, true}, {1002, false}, {1006, false}, {1011, false}, {4000, false}}
	for _, end := range ends {
		onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			s := c.Stream(frame.Binary)
			reading := readSome(s, 1)
			switch end.code {
			case 1005:
				peer.Write(frame.Close, "")
			case 1006:
			default:
				peer.WriteClose(end.code, "")
			}
			peer.Conn().CloseWrite()
			r := now(t, reading)
			if e, ok := r.err.(*conn.CloseError); end.clean != (r.err == io.EOF) || !end.clean && (!ok || e.Code != end.code) {
				t.Errorf("status %v: %v", end.code, r.err)
			}
		})
	}
}

func TestStreamClose(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		s := c.Stream(frame.Binary)
		reading, second := readSome(s, 1), readSome(s, 1)
		synctest.Wait()
		begin := time.Now()
		closing := start(s.Close)
		peer.WantClose("the closing handshake begins", 1000, "")
		for _, ch := range []<-chan result{reading, second, readSome(s, 1)} {
			if r := now(t, ch); !errors.Is(r.err, net.ErrClosed) {
				t.Error(r.err)
			}
		}
		if _, err := s.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		for _, f := range []func(time.Time) error{s.SetDeadline, s.SetReadDeadline, s.SetWriteDeadline} {
			if err := f(time.Now()); !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
		if err := s.Close(); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		wantWaiting(t, closing, "Close")
		err := <-closing
		elapsed(t, begin, 5*time.Second)
		if e := as[*conn.LimitError](t, err); e.Option != "CloseTimeout" {
			t.Error(e)
		}
	})
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		s := c.Stream(frame.Binary)
		peer.Pause()
		write := func() count { n, err := s.Write(make([]byte, 200<<10)); return count{n, err} }
		stuck := start(write)
		wantWaiting(t, stuck, "a Write to a peer that does not read")
		waiting := start(write)
		synctest.Wait()
		begin := time.Now()
		s.Close()
		elapsed(t, begin, 5*time.Second)
		for _, ch := range []<-chan count{stuck, waiting} {
			if r := now(t, ch); !errors.Is(r.err, net.ErrClosed) {
				t.Error(r)
			}
		}
	})
}

func TestStreamReadDeadline(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		s := c.Stream(frame.Binary)
		for _, past := range []time.Time{time.Unix(1, 0), time.Now(), time.Now().Add(-time.Second)} {
			peer.Write(frame.Binary, "x")
			s.SetReadDeadline(past)
			for range 2 {
				wantTimeout(t, now(t, readSome(s, 1)).err)
			}
			s.SetReadDeadline(time.Time{})
			wantBytes(t, s, "x")
		}

		begin := time.Now()
		s.SetReadDeadline(begin.Add(time.Second))
		wantTimeout(t, (<-readSome(s, 1)).err)
		elapsed(t, begin, time.Second)
		wantTimeout(t, now(t, readSome(s, 1)).err)

		s.SetDeadline(time.Time{})
		reading := readSome(s, 1)
		wantWaiting(t, reading, "Read without deadline")
		s.SetReadDeadline(begin.Add(5 * time.Second))
		wantWaiting(t, reading, "Read before its deadline")
		s.SetReadDeadline(begin.Add(10 * time.Second))
		time.Sleep(5 * time.Second)
		wantWaiting(t, reading, "Read whose deadline was moved")
		s.SetReadDeadline(begin.Add(7 * time.Second))
		wantTimeout(t, (<-reading).err)
		elapsed(t, begin, 7*time.Second)

		s.SetReadDeadline(begin.Add(time.Hour))
		s.SetReadDeadline(time.Time{})
		reading = readSome(s, 1)
		wantWaiting(t, reading, "Read before its deadline")
		s.SetReadDeadline(time.Unix(1, 0))
		wantTimeout(t, now(t, reading).err)

		s.SetReadDeadline(time.Time{})
		peer.WriteBytes(peer.Frame(frame.Header{Fin: true, Opcode: frame.Binary}, "abc")[:1])
		s.SetReadDeadline(time.Now().Add(time.Second))
		wantTimeout(t, (<-readSome(s, 1)).err)
		peer.WriteBytes(peer.Frame(frame.Header{Fin: true, Opcode: frame.Binary}, "abc")[1:])
		s.SetReadDeadline(time.Now().Add(time.Second))
		wantBytes(t, s, "abc")
		time.Sleep(time.Hour)
		if _, err := s.Write([]byte("x")); err != nil {
			t.Error("a deadline of Read does not concern Write:", err)
		}
		peer.Want("so it is sent", frame.Binary, "x")
	})
}

func TestStreamWriteDeadline(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		s := c.Stream(frame.Binary)
		s.SetWriteDeadline(time.Now())
		_, err := s.Write([]byte("not sent"))
		wantTimeout(t, err)
		peer.WantIdle("a deadline that has passed")

		s.SetWriteDeadline(time.Time{})
		peer.Pause()
		c.Write(background, frame.Binary, nil) // for the read that is under way
		synctest.Wait()
		full := 64<<10 - 4
		if c.Side() == frame.Client {
			full -= 4
		}
		if err := c.Write(background, frame.Binary, make([]byte, full)); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		s.SetWriteDeadline(begin.Add(time.Second))
		n, err := s.Write([]byte("not sent"))
		wantTimeout(t, err)
		elapsed(t, begin, time.Second)
		if n != 0 {
			t.Error(n)
		}
		writing := start(func() count { n, err := s.Write([]byte("now")); return count{n, err} })
		wantTimeout(t, now(t, writing).err)
		s.SetDeadline(time.Time{})
		writing = start(func() count { n, err := s.Write([]byte("now")); return count{n, err} })
		wantWaiting(t, writing, "Write without deadline")
		peer.Resume()
		if r := now(t, writing); r.n != 3 || r.err != nil {
			t.Error("the stream goes on:", r)
		}
		last := ""
		for got := peer.Next(); got != "nothing"; got = peer.Next() {
			last = got
		}
		if last != `binary "now"` {
			t.Error(last)
		}
	})
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		s := c.Stream(frame.Binary)
		peer.Pause()
		writing := start(func() count { n, err := s.Write(make([]byte, 200<<10)); return count{n, err} })
		wantWaiting(t, writing, "Write to a peer that does not read")
		waiting := start(func() count { n, err := s.Write([]byte("x")); return count{n, err} })
		synctest.Wait()
		s.SetWriteDeadline(time.Now())
		r := now(t, writing)
		wantTimeout(t, r.err)
		if r.n == 0 || r.n%(32<<10) != 0 || r.n >= 200<<10 {
			t.Error(r.n)
		}
		wantTimeout(t, now(t, waiting).err)
		s.SetWriteDeadline(time.Time{})
		_, err := s.Write([]byte("x"))
		as[*conn.CloseError](t, err) // in the middle of a frame there is no way back
	})
}

// Each Write is in one piece, whatever others write.
func TestStreamWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := streams(t, nil)
		const writers, size = 5, 100 << 10
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				if _, err := a.Write(bytes.Repeat([]byte{byte('a' + i)}, size)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // until one is in the middle, and the others wait
		p := make([]byte, size)
		for range writers {
			if _, err := io.ReadFull(b, p); err != nil || bytes.Count(p, p[:1]) != size {
				t.Errorf("%v, mixed %t", err, bytes.Count(p, p[:1]) != size)
			}
		}
		all.Wait()
	})
}

// Limits hold for the messages of a stream, not for the stream, and memory does not grow with either.
func TestStreamLimit(t *testing.T) {
	onBothSides(t, &conn.Config{MaxMessageSize: 100}, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		s := c.Stream(frame.Binary)
		for range 10 {
			peer.Write(frame.Binary, strings.Repeat("x", 100))
			wantBytes(t, s, strings.Repeat("x", 100))
		}
		reading := readSome(s, 1)
		peer.Write(frame.Binary, strings.Repeat("x", 101))
		peer.WantClose("too much in one message", 1009, "message larger than 100 bytes")
		peer.Conn().CloseWrite()
		as[*conn.LimitError](t, now(t, reading).err)
	})
}

func TestStreamAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("pools are emptied at random")
	}
	synctest.Test(t, func(t *testing.T) {
		a, b := streams(t, nil)
		go func() {
			for range 1000 {
				a.Write(make([]byte, 1000))
			}
			a.Close()
		}()
		before := memory()
		n, err := io.Copy(io.Discard, b)
		if n != 1000*1000 || err != nil {
			t.Error(n, err)
		}
		if per := (memory() - before) / 1000; per > 2500 {
			t.Errorf("%d bytes per message", per)
		}
	})
}

// A reader of messages and a stream may take turns.
func TestStreamBesideRead(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		s := c.Stream(frame.Binary)
		peer.WriteFragment(frame.Binary, "abc")
		if r := now(t, readSome(s, 1)); string(r.p) != "a" {
			t.Fatal(r)
		}
		peer.Write(frame.Continuation, "d")
		peer.Write(frame.Text, "text")
		wantRead(t, c, frame.Text, "text")
		peer.WriteFragment(frame.Binary, "")
		peer.Write(frame.Continuation, "next")
		wantBytes(t, s, "next")
	})
}

func TestStreamAddresses(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, _ *wstest.Peer) {
		s := c.Stream(frame.Binary)
		if s.LocalAddr() != c.LocalAddr() || s.RemoteAddr() != c.RemoteAddr() {
			t.Error(s.LocalAddr(), s.RemoteAddr())
		}
	})
}

// onStreams runs test with streams over each kind of network.
func onStreams(t *testing.T, test func(t *testing.T, a, b net.Conn)) {
	for name, network := range networks(t) {
		t.Run(name, func(t *testing.T) {
			noGoroutineLeft(t)
			a, b := network()
			client := conn.New(a, conn.Opening{Side: frame.Client}, nil)
			server := conn.New(b, conn.Opening{Side: frame.Server}, nil)
			defer client.CloseNow()
			defer server.CloseNow()
			test(t, client.Stream(frame.Binary), server.Stream(frame.Binary))
		})
	}
}

// What goes in comes out, while deadlines pass all the time.
func TestStreamRacyDeadlines(t *testing.T) {
	onStreams(t, func(t *testing.T, a, b net.Conn) {
		want := make([]byte, 256<<10)
		for i := range want {
			want[i] = byte(rand.Uint32())
		}
		sent := start(func() error {
			_, err := a.Write(want)
			return errors.Join(err, a.Close())
		})
		var got []byte
		p := make([]byte, 3000)
		for {
			b.SetReadDeadline(time.Now().Add(rand.N(200 * time.Microsecond)))
			n, err := b.Read(p)
			got = append(got, p[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				wantTimeout(t, err)
			}
		}
		if err := <-sent; err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
		}
	})
}

// Every method may be called at the same time as every other, and Close ends them all.
func TestStreamConcurrentMethods(t *testing.T) {
	onStreams(t, func(t *testing.T, a, b net.Conn) {
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { a.Read(make([]byte, 100)) })
			all.Go(func() { a.Write(make([]byte, 100<<10)) })
			all.Go(func() { a.SetDeadline(time.Now().Add(time.Millisecond)) })
			all.Go(func() { a.SetReadDeadline(time.Time{}) })
			all.Go(func() { a.SetWriteDeadline(time.Time{}) })
			all.Go(func() { io.CopyN(io.Discard, b, 10<<10) })
		}
		time.Sleep(2 * time.Millisecond)
		all.Go(func() { b.Close() })
		a.Close()
		all.Wait()
	})
}

func TestStreamCopy(t *testing.T) {
	onStreams(t, func(t *testing.T, a, b net.Conn) {
		echoed := start(func() error { _, err := io.Copy(b, b); return errors.Join(err, b.Close()) })
		want := bytes.Repeat([]byte("0123456789"), 20<<10)
		go a.Write(want)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(a, got); err != nil || !bytes.Equal(got, want) {
			t.Error(err)
		}
		a.Close()
		if err := <-echoed; err != nil {
			t.Error(err)
		}
	})
}

// Arith is for net/rpc.
type Arith int

func (Arith) Multiply(args [2]int, product *int) error {
	*product = args[0] * args[1]
	return nil
}

func TestStreamRPC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := streams(t, nil)
		server := rpc.NewServer()
		server.Register(Arith(0))
		go server.ServeConn(b)
		client := rpc.NewClient(a)
		for i := range 100 {
			var got int
			if err := client.Call("Arith.Multiply", [2]int{i, i}, &got); err != nil || got != i*i {
				t.Fatal(got, err)
			}
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestStreamLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, cb := wstest.Pair(t, nil)
		a, b := ca.Stream(frame.Text), cb.Stream(frame.Text)
		go func() {
			w := bufio.NewWriter(a)
			for i := range 1000 {
				fmt.Fprintf(w, "line %d\n", i)
			}
			w.Flush()
			a.Close()
		}()
		n := 0
		for lines := bufio.NewScanner(b); lines.Scan(); n++ {
			if want := fmt.Sprintf("line %d", n); lines.Text() != want {
				t.Fatal(lines.Text())
			}
		}
		if n != 1000 {
			t.Error(n)
		}
	})
}

// certificate returns one that nobody should trust.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(crand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// inner returns a TLS connection through the streams, as a tunnel would have it.
func inner(t *testing.T, a, b net.Conn) (client, server *tls.Conn) {
	t.Helper()
	client = tls.Client(a, &tls.Config{InsecureSkipVerify: true})
	server = tls.Server(b, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	shaken := start(server.Handshake)
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	return client, server
}

func TestStreamTLS(t *testing.T) {
	onStreams(t, func(t *testing.T, a, b net.Conn) {
		client, server := inner(t, a, b)
		go func() {
			io.Copy(server, server)
			server.Close()
		}()
		want := bytes.Repeat([]byte("secret"), 20<<10)
		go client.Write(want)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, want) {
			t.Error(err)
		}
		client.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := client.Read(got)
		wantTimeout(t, err)
		client.Close()
	})
}

// one is a listener with connections that are there already.
type one struct {
	ch   chan net.Conn
	once sync.Once
}

func (l *one) Accept() (net.Conn, error) {
	if c, ok := <-l.ch; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l *one) Close() error   { l.once.Do(func() { close(l.ch) }); return nil }
func (l *one) Addr() net.Addr { return &net.TCPAddr{} }

func TestStreamHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := streams(t, nil)
		ln := &one{ch: make(chan net.Conn, 1)}
		ln.ch <- b
		server := &http.Server{
			ReadTimeout: 5 * time.Second,
			IdleTimeout: 10 * time.Second,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Second)
				p, _ := io.ReadAll(r.Body)
				w.Write(p)
			}),
		}
		served := start(func() error { return server.Serve(ln) })
		client := &http.Client{Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) { return a, nil },
		}}
		for range 3 {
			want := strings.Repeat("x", 100<<10)
			resp, err := client.Post("http://server/", "text/plain", strings.NewReader(want))
			if err != nil {
				t.Fatal(err)
			}
			p, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if string(p) != want || err != nil {
				t.Error(len(p), err)
			}
		}
		if err := server.Shutdown(background); err != nil {
			t.Error(err)
		}
		client.CloseIdleConnections()
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
}
