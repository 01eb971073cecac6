package server

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ws6455/ws/conn"
)

// Broadcast sends m to all connections for which to returns true, or to all if to is nil.
// It returns how many took it. A connection is among them from a moment after its client
// has got the response to its handshake. If m is nil, nothing is sent.
//
// It does not wait for any of them: Config.Conn.WhenFull says what happens
// to those that are slow, as for [conn.Conn.TrySendPrepared].
// Sending to many is spread over the processors, after to has been asked about each.
// It may be called from handlers and by many at once; a connection gets the messages of one caller in order.
func (s *Server) Broadcast(m *conn.Prepared, to func(*conn.Conn) bool) (sent int) {
	if m == nil {
		return 0
	}
	all := s.entries()
	if to != nil {
		all = slices.DeleteFunc(all, func(e *entry) bool { return !to(e.c) })
	}
	var n atomic.Int64
	spread(all, func(some []*entry) {
		for _, e := range some {
			if e.c.TrySendPrepared(m) == nil {
				n.Add(1)
			}
		}
	})
	return int(n.Load())
}

// spreadLeast is how many connections are worth a goroutine of their own: sending to them takes some 0.2 ms.
const spreadLeast = 32

// spread calls f with parts of all, at the same time, and waits for them.
func spread(all []*entry, f func([]*entry)) {
	parts := max(1, min(runtime.GOMAXPROCS(0), len(all)/spreadLeast))
	size := (len(all) + parts - 1) / parts
	var others sync.WaitGroup
	defer others.Wait()
	for len(all) > size {
		part := all[:size]
		others.Go(func() { f(part) })
		all = all[size:]
	}
	f(all)
}
