package fuzzer

import (
	"net"
	"time"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

// maxBacklog is how much may wait to be written before no more is read from the peer.
// It is more than any case sends.
const maxBacklog = 32 << 20

// flushTime is how long the end of TCP waits for a peer that does not read.
const flushTime = 5 * time.Second

// drive connects a session to a network, and returns when TCP has ended and the case is scored.
// prefix is sent together with the first frames; early was received behind the opening handshake.
func drive(nc net.Conn, s *session, prefix, early []byte, steps <-chan []suite.Step) {
	noDelay(nc, s.o.TCPNoDelay)
	start := time.Now()
	in, out := startReader(nc), startWriter(nc)
	due := time.NewTimer(time.Hour)
	defer due.Stop()

	receive := func(c chunk, ok bool) {
		if !ok {
			s.advance(time.Since(start))
			s.lost()
			return
		}
		s.advance(c.at.Sub(start))
		s.receive(c.b)
		in.done <- struct{}{}
	}
	s.start()
	out.put(s, prefix)
	if len(early) > 0 {
		s.receive(early)
	}
	for !s.ended() {
		out.put(s, nil)
		due.Stop()
		if at, ok := s.deadline(); ok {
			due.Reset(time.Until(start.Add(at)))
		}
		chunks := in.chunks
		if out.backlog() > maxBacklog {
			chunks = nil
		}
		select {
		case c, ok := <-chunks:
			receive(c, ok)
		case <-due.C:
			// What has come in time is not late because nobody had the time to look at it.
			select {
			case c, ok := <-chunks:
				receive(c, ok)
			default:
				s.advance(time.Since(start))
			}
		case now := <-steps:
			s.advance(time.Since(start))
			s.more(now...)
		case <-out.moved:
		}
	}
	out.put(s, nil)
	if s.dropped == dropFlush {
		flush(in, out)
	}
	if s.dropped == dropAbort {
		abort(nc)
	}
	nc.Close()
	out.stop()
	in.stop()
	s.written(out.writes, out.log)
	s.finish()
}

// flush waits until all is written, or the peer has ended TCP, or does not read.
// What waits in line behind a write that is kept apart is not written any more.
func flush(in *reader, out *writer) {
	out.cut()
	late := time.NewTimer(flushTime)
	defer late.Stop()
	for out.backlog() > 0 {
		select {
		case _, ok := <-in.chunks:
			if !ok {
				return
			}
			in.done <- struct{}{}
		case <-out.moved:
		case <-late.C:
			return
		}
	}
}

// noDelay sets what TCP does with small writes.
func noDelay(nc net.Conn, on bool) {
	if t, ok := transport(nc).(interface{ SetNoDelay(bool) error }); ok {
		t.SetNoDelay(on)
	}
}

// abort ends TCP with a reset.
func abort(nc net.Conn) {
	switch t := transport(nc).(type) {
	case interface{ SetLinger(int) error }:
		t.SetLinger(0)
		t.(net.Conn).Close()
	case interface{ Reset() }:
		t.Reset()
	}
}

// transport returns what is below TLS.
func transport(nc net.Conn) net.Conn {
	if t, ok := nc.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return nc
}
