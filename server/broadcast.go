package server

import "github.com/ws6455/ws/conn"

// Broadcast sends m to all connections for which to returns true, or to all if to is nil.
// It returns how many took it. A connection is among them from a moment after its client
// has got the response to its handshake. If m is nil, nothing is sent.
//
// It does not wait for any of them: Config.Conn.WhenFull says what happens
// to those that are slow, as for [conn.Conn.TrySendPrepared].
// It may be called from handlers and by many at once; a connection gets the messages of one caller in order.
func (s *Server) Broadcast(m *conn.Prepared, to func(*conn.Conn) bool) (sent int) {
	if m == nil {
		return 0
	}
	for c := range s.Conns() {
		if to != nil && !to(c) {
			continue
		}
		if c.TrySendPrepared(m) == nil {
			sent++
		}
	}
	return sent
}
