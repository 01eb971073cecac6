package load

import (
	"io"
	"net"
	"sync"
	"time"
)

// routines is a poller of two goroutines for each socket, for systems without epoll.
// It costs more than that, but not the server.
type routines struct {
	addr   string
	events chan event
	done   chan struct{}
}

// An event says that a socket is ready.
type event struct {
	c           *client
	s           *routine
	read, write bool
}

func newRoutines(addr string) *routines {
	return &routines{addr, make(chan event, 1024), make(chan struct{})}
}

func (r *routines) dial(c *client) (socket, error) {
	s := &routine{poller: r, c: c, drained: make(chan struct{}, 1), filled: make(chan struct{}, 1), closed: make(chan struct{})}
	go s.run()
	return s, nil
}

func (r *routines) wait(d time.Duration, ready func(c *client, read, write bool)) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case ev := <-r.events:
		r.dispatch(ev, ready)
	case <-timer.C:
	}
	for range len(r.events) {
		r.dispatch(<-r.events, ready)
	}
	return nil
}

// dispatch calls ready, unless the client has another socket meanwhile.
func (r *routines) dispatch(ev event, ready func(c *client, read, write bool)) {
	if ev.c.sock == ev.s {
		ready(ev.c, ev.read, ev.write)
	}
}

func (r *routines) post(ev event) {
	select {
	case r.events <- ev:
	case <-r.done:
	}
}

func (r *routines) close() { close(r.done) }

// A routine is a socket whose goroutines read ahead and write behind, one buffer each.
type routine struct {
	poller  *routines
	c       *client
	drained chan struct{} // in is empty
	filled  chan struct{} // out has something to write
	closed  chan struct{}

	mu  sync.Mutex
	nc  net.Conn // nil before it is connected
	in  []byte   // what was read
	out []byte   // what is being written
	err error
}

// run connects, writes, and starts to read.
func (s *routine) run() {
	nc, err := net.Dial("tcp", s.poller.addr)
	if err != nil {
		s.fail(err)
		return
	}
	defer nc.Close()
	s.mu.Lock()
	s.nc = nc
	s.mu.Unlock()
	s.poller.post(event{s.c, s, false, true})
	go s.readAhead(nc)
	for {
		select {
		case <-s.filled:
		case <-s.closed:
			return
		case <-s.poller.done:
			return
		}
		if _, err := nc.Write(s.out); err != nil {
			s.fail(err)
			return
		}
		s.mu.Lock()
		s.out = s.out[:0]
		s.mu.Unlock()
		s.poller.post(event{s.c, s, false, true})
	}
}

func (s *routine) readAhead(nc net.Conn) {
	for buf := make([]byte, 64<<10); ; {
		n, err := nc.Read(buf)
		if err != nil {
			s.fail(err)
			return
		}
		s.mu.Lock()
		s.in = buf[:n]
		s.mu.Unlock()
		s.poller.post(event{s.c, s, true, false})
		select {
		case <-s.drained:
		case <-s.closed:
			return
		case <-s.poller.done:
			return
		}
	}
}

// fail makes err what there is to read.
func (s *routine) fail(err error) {
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	s.poller.post(event{s.c, s, true, false})
}

func (s *routine) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := copy(p, s.in)
	s.in = s.in[n:]
	switch {
	case n > 0:
		if len(s.in) == 0 {
			s.drained <- struct{}{}
		}
		return n, nil
	case s.err == io.EOF:
		return 0, nil
	case s.err != nil:
		return 0, s.err
	default:
		return 0, errAgain
	}
}

func (s *routine) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return 0, s.err
	case s.nc == nil || len(s.out) > 0:
		return 0, errAgain
	}
	s.out = append(s.out, p[:min(len(p), 64<<10)]...)
	s.filled <- struct{}{}
	return len(s.out), nil
}

func (s *routine) close(reset bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if tcp, ok := s.nc.(*net.TCPConn); ok {
		if reset {
			tcp.SetLinger(0)
		}
		tcp.Close()
	}
	close(s.closed)
}
