package server

import (
	"cmp"
	"net"
	"sync"
)

// pending are the connections of Serve whose handshake is under way.
type pending struct {
	mu     sync.Mutex
	all    []*half // each knows its index
	closed bool    // by cutPending
}

// meet begins the handshake of nc on a goroutine, or closes nc if too many are under way.
func (s *Server) meet(nc net.Conn) {
	h := newHalf(s, nc)
	limit := cmp.Or(s.MaxPendingHandshakes, 10_000)
	if !s.pending.add(h, limit) {
		h.turnBack(limit)
		return
	}
	go h.run()
}

// turnBack closes a connection that there are too many of, or that comes after a shutdown.
func (h *half) turnBack(limit int) {
	defer h.free()
	defer func() { h.rescue(recover()) }()
	hangUp(h.nc)
	if !h.s.draining() {
		h.s.refused(nil, &LimitError{Option: "MaxPendingHandshakes", Limit: limit})
	}
}

// cutPending closes all connections whose handshake is under way, and those that follow.
func (s *Server) cutPending() {
	p := &s.pending
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, h := range p.all {
		hangUp(h.nc)
	}
}

// add adds h, unless there are as many as limit, if that is not negative.
func (p *pending) add(h *half, limit int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || limit >= 0 && len(p.all) >= limit {
		return false
	}
	h.index = len(p.all)
	p.all = append(p.all, h)
	return true
}

// replace lets h go on with the connection below its own.
func (p *pending) replace(h *half, nc net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h.nc = nc
}

// remove removes h. The last one takes its index.
func (p *pending) remove(h *half) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.all) - 1
	last := p.all[n]
	p.all[h.index], last.index = last, h.index
	p.all[n] = nil
	p.all = p.all[:n]
	if n > 64 && n < cap(p.all)/4 { // a crowd has left
		p.all = append(make([]*half, 0, 2*n), p.all...)
	}
}
