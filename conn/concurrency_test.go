package conn_test

import (
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
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// These tests call every method of both ends at random, with contexts that end at random,
// over every kind of network, and check what must hold whatever happens:
// messages arrive whole, in order and once; errors are of the documented types;
// everything returns; and no goroutine is left.

// networks returns pairs of connections that behave differently.
func networks(t *testing.T) map[string]func() (a, b net.Conn) {
	pipe := func(size int) func() (a, b net.Conn) {
		return func() (net.Conn, net.Conn) { a, b := wstest.PipeSize(size); return a, b }
	}
	return map[string]func() (a, b net.Conn){
		"pipe":         pipe(64 << 10),
		"pipe of 1000": pipe(1000),
		"pipe of 7":    pipe(7),
		"tcp":          func() (a, b net.Conn) { return socketPair(t, "tcp") },
		"unix":         func() (a, b net.Conn) { return socketPair(t, "unix") },
		"tls":          func() (a, b net.Conn) { a, b = tlsPair(t); return a, b },
		"short reads": func() (net.Conn, net.Conn) {
			a, b := wstest.PipeSize(3000)
			return &choppy{Conn: a}, &choppy{Conn: b}
		},
	}
}

// tlsPair returns the two ends of a TLS connection over a socket.
func tlsPair(t testing.TB) (client, server *tls.Conn) {
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
	a, b := socketPair(t, "tcp")
	client = tls.Client(a, &tls.Config{InsecureSkipVerify: true})
	server = tls.Server(b, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	shaken := start(server.Handshake)
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	return client, server
}

// choppy reads and writes few bytes at a time, and sometimes none.
type choppy struct {
	net.Conn
	reads, writes atomic.Uint32
}

func (c *choppy) Read(p []byte) (int, error) {
	n := c.reads.Add(1)
	if n%5 == 0 {
		return 0, nil
	}
	return c.Conn.Read(p[:min(len(p), 1+int(n%40))])
}

func (c *choppy) Write(p []byte) (int, error) {
	n := c.writes.Add(1)
	return c.Conn.Write(p[:min(len(p), 1+int(n%400))])
}

// A storm is one end of a connection, and what is known of the messages that it sends.
type storm struct {
	t    *testing.T
	name string
	c    *conn.Conn
	stop atomic.Bool // nobody begins anything more
	calm bool        // no write is cancelled once it has begun

	mu    sync.Mutex
	fates map[uint64]fate // of messages by number
	next  uint64
}

type fate int

const (
	pending fate = iota
	sent         // the call said so
	unsent       // the call said so
	lost         // skipped by the receiver, or broken off by the sender
	received
)

func (s *storm) number() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	s.fates[s.next] = pending
	return s.next
}

func (s *storm) decide(number uint64, f fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fates[number] == received && f == unsent {
		s.t.Errorf("%s: message %d arrived, but its Write said that it was not sent", s.name, number)
	}
	if s.fates[number] == pending {
		s.fates[number] = f
	}
}

func (s *storm) arrived(number uint64, f fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.fates[number] {
	case unsent, received:
		s.t.Errorf("%s: message %d arrived, but is number %d of fates", s.name, number, s.fates[number])
	}
	s.fates[number] = f
}

// body returns the payload of the message with the number: ASCII, so it may be text too.
func body(number uint64, size int) []byte {
	p := fmt.Appendf(nil, "%08d %08d ", number, size)
	for i := range size {
		p = append(p, byte('a'+(i+int(number))%23))
	}
	return p
}

const headSize = 18 // of a body

// numberOf checks a message and returns its number.
func numberOf(p []byte) (uint64, error) {
	if len(p) < headSize {
		return 0, fmt.Errorf("a message of %d bytes", len(p))
	}
	number, _ := strconv.ParseUint(string(p[:8]), 10, 64)
	if !bytes.Equal(p, body(number, len(p)-headSize)) {
		return 0, fmt.Errorf("message %d, of %d bytes, is not as it was sent", number, len(p))
	}
	return number, nil
}

// someContext returns a context that mostly lasts, and sometimes ends soon or has ended.
func someContext(often bool) (context.Context, context.CancelFunc) {
	n := rand.IntN(10)
	if often {
		n = rand.IntN(4)
	}
	switch n {
	case 0:
		ctx, cancel := context.WithCancel(background)
		cancel()
		return ctx, cancel
	case 1:
		return context.WithTimeout(background, time.Duration(rand.IntN(2000))*time.Microsecond)
	case 2:
		ctx, cancel := context.WithCancel(background)
		time.AfterFunc(time.Duration(rand.IntN(500))*time.Microsecond, cancel)
		return ctx, cancel
	}
	return context.WithTimeout(background, time.Minute)
}

func someSize() int {
	switch rand.IntN(12) {
	case 0:
		return rand.IntN(100 << 10)
	case 1, 2, 3:
		return rand.IntN(6000)
	}
	return rand.IntN(130)
}

// check fails the test if err is of no documented type, and reports whether the connection goes on.
func (s *storm) check(what string, err error) (goesOn bool) {
	var closed *conn.CloseError
	var limit *conn.LimitError
	switch {
	case err == nil, err == context.Canceled, err == context.DeadlineExceeded:
		return true
	case errors.Is(err, conn.ErrReaderDone), errors.Is(err, conn.ErrWriterDone):
		return true
	case errors.As(err, &closed):
		return false
	case errors.As(err, &limit) && limit.Option == "WriteTimeout":
		return true
	}
	s.t.Errorf("%s: %s: %v, of type %T", s.name, what, err, err)
	return false
}

// write sends messages, some with a Writer.
func (s *storm) write() {
	for !s.stop.Load() {
		number := s.number()
		p := body(number, someSize())
		ctx, cancel := someContext(false)
		if s.calm && ctx.Err() == nil {
			ctx = background
		}
		typ := []frame.Opcode{frame.Text, frame.Binary}[rand.IntN(2)]
		err := s.writeSomehow(ctx, typ, p)
		cancel()
		switch {
		case err == nil:
			s.decide(number, sent)
		case err == ctx.Err():
			s.decide(number, unsent)
		default:
			s.decide(number, lost)
		}
		if !s.check("Write", err) {
			return
		}
	}
}

func (s *storm) writeSomehow(ctx context.Context, typ frame.Opcode, p []byte) (err error) {
	switch rand.IntN(8) {
	case 0, 1:
		return s.writeFragments(ctx, typ, p)
	case 2:
		return s.c.Send(ctx, typ, p)
	case 3:
		m, _ := conn.Prepare(typ, p)
		return s.c.SendPrepared(ctx, m)
	case 4:
		s.c.Batch(background, func() error {
			err = s.c.Write(ctx, typ, p)
			return nil
		})
		return err
	}
	return s.c.Write(ctx, typ, p)
}

func (s *storm) writeFragments(ctx context.Context, typ frame.Opcode, p []byte) error {
	// What is begun must be finished, or the connection is closed: so ctx is for the beginning.
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w, err := s.c.Writer(background, typ)
	if err != nil {
		return err
	}
	for len(p) > 0 {
		n := 1 + rand.IntN(len(p))
		if _, err := w.Write(p[:n]); err != nil {
			w.Close()
			return err
		}
		p = p[n:]
	}
	return w.Close()
}

// read receives what other sends, in every way, until the end.
func (s *storm) read(other *storm) {
	var part, buf []byte
	whole := func(p []byte) {
		p = append(part, p...)
		part = nil
		number, err := numberOf(p)
		if err != nil {
			s.t.Errorf("%s: %v", s.name, err)
			return
		}
		other.arrived(number, received)
	}
	for {
		ctx, cancel := someContext(rand.IntN(3) == 0)
		var err error
		switch rand.IntN(3) {
		case 0:
			var p []byte
			if _, p, err = s.c.Read(ctx); err == nil {
				whole(p)
			}
		case 1:
			dst := append(buf[:0], "before"...)
			var p []byte
			_, p, err = s.c.ReadAppend(ctx, dst)
			if !bytes.HasPrefix(p, []byte("before")) {
				s.t.Errorf("%s: ReadAppend returned %.100q, %v", s.name, p, err)
			}
			if err == nil {
				whole(p[6:])
				buf = p
			} else if len(p) != 6 {
				s.t.Errorf("%s: ReadAppend returned %d bytes with %v", s.name, len(p), err)
			}
		case 2:
			var r io.Reader
			if _, r, err = s.c.Reader(ctx); err == nil {
				err = s.stream(r, ctx, &part, whole, other)
			}
		}
		cancel()
		if !s.check("Read", err) {
			if _, _, again := s.c.Read(background); again != err {
				s.t.Errorf("%s: first %v, then %v", s.name, err, again)
			}
			return
		}
	}
}

// stream reads from r in steps, to the end of the message, until ctx ends, or until it has enough.
func (s *storm) stream(r io.Reader, ctx context.Context, part *[]byte, whole func([]byte), other *storm) error {
	var got []byte
	enough := -1
	if rand.IntN(5) == 0 {
		enough = rand.IntN(1000)
	}
	for {
		p := make([]byte, 1+rand.IntN(5000))
		n, err := r.Read(p)
		got = append(got, p[:n]...)
		switch {
		case err == io.EOF:
			whole(got)
			return nil
		case err != nil && err == ctx.Err():
			*part = append(*part, got...) // the next call goes on
			return err
		case err != nil:
			return err
		case enough >= 0 && len(got) >= enough:
			*part = append(*part, got...)
			if len(*part) >= 8 {
				number, _ := strconv.ParseUint(string((*part)[:8]), 10, 64)
				other.arrived(number, lost)
				*part = nil
				return nil
			}
		}
	}
}

func (s *storm) ping() {
	for !s.stop.Load() {
		ctx, cancel := someContext(true)
		if s.calm && ctx.Err() == nil {
			ctx = background
		}
		_, err := s.c.Ping(ctx)
		cancel()
		if !s.check("Ping", err) {
			return
		}
		time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
	}
}

func TestStorm(t *testing.T) {
	for name, network := range networks(t) {
		t.Run(name, func(t *testing.T) {
			noGoroutineLeft(t)
			oneStorm(t, network, true, inPeace)
			for range 3 {
				oneStorm(t, network, false, inWar)
			}
		})
	}
}

// oneStorm lets one rage for a moment and ends it as end does.
func oneStorm(t *testing.T, network func() (a, b net.Conn), calm bool, end func(client, server *storm)) {
	cfg := &conn.Config{CloseTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, MaxQueuedMessages: 4}
	var o conn.Opening
	if rand.IntN(2) == 0 {
		cfg.Compression = &conn.Compression{Takeover: rand.IntN(2) == 0, Threshold: -1}
		o.Agreement = agreed(t, "")
	}
	a, b := network()
	client := &storm{t: t, name: "client", calm: calm, fates: map[uint64]fate{}}
	server := &storm{t: t, name: "server", calm: calm, fates: map[uint64]fate{}}
	o.Side = frame.Client
	client.c = conn.New(a, o, cfg)
	o.Side = frame.Server
	server.c = conn.New(b, o, cfg)
	if rand.IntN(2) == 0 {
		client.c.Context()
		server.c.Context()
	}
	var busy, reading sync.WaitGroup
	for _, s := range []*storm{client, server} {
		for range 3 {
			busy.Go(s.write)
		}
		for range 2 {
			busy.Go(s.ping)
		}
	}
	reading.Go(func() { client.read(server) })
	reading.Go(func() { server.read(client) })
	time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
	done := start(func() bool {
		client.stop.Store(rand.IntN(2) == 0)
		end(client, server)
		client.stop.Store(true)
		server.stop.Store(true)
		busy.Wait()
		reading.Wait()
		return true
	})
	select {
	case <-done:
	case <-time.After(40 * time.Second):
		t.Fatalf("something does not return\n%s", stacks())
	}
}

// inWar ends a connection in the middle of everything.
func inWar(client, server *storm) {
	one := []*storm{client, server}[rand.IntN(2)]
	switch rand.IntN(4) {
	case 0:
		one.c.CloseNow()
	case 1:
		one.check("Close", one.c.Close(4000, "enough"))
	case 2:
		both := sync.WaitGroup{}
		both.Go(func() { client.check("Close", client.c.Close(4001, "client")) })
		both.Go(func() { server.check("Close", server.c.Close(4002, "server")) })
		both.Wait()
	case 3:
		one.c.NetConn().Close()
	}
	// The other end finds out by itself.
}

// inPeace closes a connection after everything is sent, and checks that all of it arrived.
func inPeace(client, server *storm) {
	t := client.t
	client.stop.Store(true)
	server.stop.Store(true)
	quiet := func(s *storm) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, f := range s.fates {
			if f == pending {
				return false
			}
		}
		queued, _ := s.c.Buffered() // it would be forgotten if the other side closes
		return queued == 0
	}
	for range 2000 {
		if quiet(client) && quiet(server) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	one := []*storm{client, server}[rand.IntN(2)]
	err := one.c.Close(1000, "")
	if err != nil {
		t.Errorf("%s: Close: %v", one.name, err)
		return
	}
	for _, s := range []*storm{client, server} {
		for range 2000 {
			if s.missing() == 0 {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		if n := s.missing(); n > 0 {
			t.Errorf("%s: %d of %d messages that were sent did not arrive", s.name, n, s.next)
		}
	}
}

func (s *storm) missing() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.fates {
		if f == sent {
			n++
		}
	}
	return n
}
