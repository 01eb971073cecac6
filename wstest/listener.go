package wstest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// A Listener is a net.Listener in memory. Its connections are those of [Pipe].
// Their addresses look like those of TCP, and each client has a port of its own.
type Listener struct {
	addr   *net.TCPAddr
	conns  chan *PipeConn // to be accepted
	closed chan struct{}
	close  func() // closes closed, once

	mu    sync.Mutex
	dials int         // so far
	ends  []*PipeConn // of clients, to be closed when the test ends
}

// serverIP and clientIP are addresses that RFC 5737 keeps for documentation.
var (
	serverIP = netip.MustParseAddr("192.0.2.1")
	clientIP = netip.MustParseAddr("192.0.2.2")
)

// errRefused is the error of dialing to a Listener that is closed.
var errRefused = errors.New("wstest: connection refused")

// Listen returns a Listener for a server under test:
//
//	l := wstest.Listen(t)
//	go s.Serve(l)
//
// At the end of the test it is closed, and what clients have open is hung up.
func Listen(t testing.TB) *Listener {
	l := &Listener{
		addr:   &net.TCPAddr{IP: serverIP.AsSlice(), Port: 80},
		conns:  make(chan *PipeConn),
		closed: make(chan struct{}),
	}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	t.Cleanup(func() {
		l.close()
		l.hangUp()
	})
	return l
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
}

// Close implements net.Listener. Connections that were accepted stay open.
func (l *Listener) Close() error {
	l.close()
	return nil
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.addr }

// DialContext connects to the server. It is for client.Config.DialContext and http.Transport.DialContext,
// so that the URL may have any host: network and addr are ignored. It waits until the server accepts.
//
// The connection is a *[PipeConn], which can be reset, or closed half.
func (l *Listener) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return l.dial(ctx, clientIP)
}

// DialFrom returns a DialContext for a client at ip, such as "198.51.100.7":
// for servers that tell clients apart by their address.
// It panics if that is no IP address.
func (l *Listener) DialFrom(ip string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	from := netip.MustParseAddr(ip)
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		return l.dial(ctx, from)
	}
}

// dial connects a client at ip.
func (l *Listener) dial(ctx context.Context, ip netip.Addr) (net.Conn, error) {
	near, far := l.pipe(ip)
	err := errRefused
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
	case <-ctx.Done():
		err = ctx.Err()
	}
	near.Close()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: l.addr, Err: err}
}

// pipe returns the ends of a connection from ip, which does not lead to the server yet.
func (l *Listener) pipe(ip netip.Addr) (near, far *PipeConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	port := 49152 + l.dials%16384 // one that is meant for clients
	l.dials++
	near, far = newPipe(pipeSize, &net.TCPAddr{IP: ip.AsSlice(), Port: port}, l.addr)
	l.ends = append(l.ends, near)
	return near, far
}

// hangUp closes the clients' ends.
func (l *Listener) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, nc := range l.ends {
		nc.Close()
	}
}
