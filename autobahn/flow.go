package main

import (
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"
)

// A flow is what the scheduler sees of a case that runs: when octets move.
type flow struct {
	start time.Time
	last  atomic.Int64 // when octets last moved, since start
	first atomic.Int64 // when octets first came from the peer, since start; 0 is never

	// late is set if octets came from the peer shortly before limit was over.
	limit time.Duration // of the case, from the end of the opening handshake; 0 is none
	late  atomic.Bool
}

// newFlow returns the flow of a case that starts now.
func newFlow(limit time.Duration) *flow {
	return &flow{start: time.Now(), limit: limit}
}

// wrote notes that octets went to the peer.
func (f *flow) wrote() { f.last.Store(int64(time.Since(f.start))) }

// read notes that octets came from the peer.
func (f *flow) read() {
	now := time.Since(f.start)
	f.last.Store(int64(now))
	f.first.CompareAndSwap(0, max(int64(now), 1))
	open := now - time.Duration(f.first.Load())
	if open < f.limit && open > f.limit-max(f.limit/10, time.Second) {
		f.late.Store(true)
	}
}

// flows reports whether octets moved within the last d.
func (f *flow) flows(d time.Duration) bool {
	return time.Since(f.start)-time.Duration(f.last.Load()) < d
}

// A meter is a connection that tells a flow what moves on it.
type meter struct {
	net.Conn
	flow *flow
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	if n > 0 {
		m.flow.read()
	}
	return n, err
}

func (m *meter) Write(b []byte) (int, error) {
	n, err := m.Conn.Write(b)
	if n > 0 {
		m.flow.wrote()
	}
	return n, err
}

// NetConn returns the connection to the network itself, below TLS.
func (m *meter) NetConn() net.Conn {
	if t, ok := m.Conn.(*tls.Conn); ok {
		return t.NetConn()
	}
	return m.Conn
}
