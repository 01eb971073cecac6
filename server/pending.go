package server

import (
	"cmp"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// pending are the connections of Serve whose handshake is under way.
type pending struct {
	mu     sync.Mutex
	all    []*half // each knows its index
	closed bool    // by cutPending
}

// meet begins the handshake of nc on a goroutine, or closes nc if too many are under way.
func (s *Server) meet(nc net.Conn, r *receptionists) {
	h := newHalf(s, nc)
	limit := cmp.Or(s.MaxPendingHandshakes, 10_000)
	if !s.pending.add(h, limit) {
		h.turnBack(limit)
		return
	}
	select {
	case r.next <- h:
		r.called.Store(true)
	default:
		go r.work(h)
	}
}

// receptionists are the goroutines that perform handshakes. Some that have nothing to do stay for a moment:
// a new one would have to grow its stack first, which takes a tenth of the time of a handshake.
type receptionists struct {
	next   chan *half    // for one that has nothing to do; nil tells it to go
	done   chan struct{} // closed when all shall go
	idle   atomic.Int32  // how many have nothing to do
	called atomic.Bool   // there was something to do since dismiss looked
	timer  *time.Timer   // calls dismiss
	timed  atomic.Bool   // it is set
}

const (
	maxIdle  = 32                     // how many receptionists stay
	idleTime = 100 * time.Millisecond // how long, if nobody comes
)

func newReceptionists() *receptionists {
	r := &receptionists{next: make(chan *half), done: make(chan struct{})}
	r.timed.Store(true)
	r.timer = time.AfterFunc(idleTime, r.dismiss)
	return r
}

// work performs the handshake of h, and then others.
func (r *receptionists) work(h *half) {
	for h != nil {
		h.run()
		h = r.await()
	}
}

// await waits for the next handshake. It returns nil if the goroutine is not needed any more.
func (r *receptionists) await() *half {
	defer r.idle.Add(-1)
	if r.idle.Add(1) > maxIdle {
		return nil
	}
	r.setTimer()
	select {
	case h := <-r.next:
		return h
	case <-r.done:
		return nil
	}
}

func (r *receptionists) setTimer() {
	if !r.timed.Load() && !r.timed.Swap(true) {
		r.timer.Reset(idleTime)
	}
}

// dismiss lets those go that have nothing to do, unless there was something a moment ago.
func (r *receptionists) dismiss() {
	r.timed.Store(false)
	for !r.called.Swap(false) {
		select {
		case r.next <- nil:
			continue
		default:
		}
		break
	}
	if r.idle.Load() > 0 {
		r.setTimer()
	}
}

// close lets all go.
func (r *receptionists) close() {
	r.timer.Stop()
	close(r.done)
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
		if x, ok := h.nc.(*session); ok {
			x.Ready() // to notice it
		}
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
	last := p.all[len(p.all)-1]
	p.all[h.index], last.index = last, h.index
	p.all = withoutLast(p.all)
}
