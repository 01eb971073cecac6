package fuzzer

import (
	"net"
	"slices"
	"sync"
	"time"
)

// readSize is how much is read at a time.
const readSize = 64 << 10

// A reader hands what it reads to the session, a read at a time.
type reader struct {
	chunks chan chunk    // closed when nothing more comes
	done   chan struct{} // takes a chunk back
	quit   chan struct{}
	ended  chan struct{}
}

// A chunk is what one read returned.
type chunk struct {
	b  []byte
	at time.Time
}

func startReader(nc net.Conn) *reader {
	r := &reader{make(chan chunk), make(chan struct{}), make(chan struct{}), make(chan struct{})}
	go r.run(nc)
	return r
}

func (r *reader) run(nc net.Conn) {
	defer close(r.ended)
	buf := make([]byte, readSize)
	for {
		n, err := nc.Read(buf)
		if n > 0 {
			select {
			case r.chunks <- chunk{buf[:n], time.Now()}:
			case <-r.quit:
				return
			}
			select {
			case <-r.done:
			case <-r.quit:
				return
			}
		}
		if err != nil {
			close(r.chunks)
			return
		}
	}
}

// stop ends the reader, whose connection is closed.
func (r *reader) stop() {
	close(r.quit)
	<-r.ended
}

// A writer writes what the session sends, so that the session never waits for the network.
type writer struct {
	moved chan struct{} // has an element when backlog has become smaller
	ended chan struct{}

	mu    sync.Mutex
	more  sync.Cond // of mu
	queue []piece
	size  int // octets in queue, and of the write that is under way
	quit  bool

	writes map[int]int // size of a write -> how many there were
	log    []Entry     // of those that are to be in the log; At counts from the start of the writer
}

func startWriter(nc net.Conn) *writer {
	w := &writer{moved: make(chan struct{}, 1), ended: make(chan struct{}), writes: map[int]int{}}
	w.more.L = &w.mu
	go w.run(nc)
	return w
}

// put takes what s sends, with prefix before it in the same write.
func (w *writer) put(s *session, prefix []byte) {
	pieces := s.take()
	if prefix != nil {
		if len(pieces) == 0 {
			pieces = []piece{{}}
		}
		pieces[0].prefix = len(prefix)
		pieces[0].b = append(prefix, pieces[0].b...)
	}
	if len(pieces) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range pieces {
		w.size += len(p.b)
	}
	w.queue = append(w.queue, pieces...)
	w.more.Signal()
}

// backlog returns how many octets are not written yet.
func (w *writer) backlog() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.size
}

// stop ends the writer, whose connection is closed.
func (w *writer) stop() {
	w.mu.Lock()
	w.quit = true
	w.more.Signal()
	w.mu.Unlock()
	<-w.ended
}

// cut forgets the writes that are kept apart, and what is behind them.
func (w *writer) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.queue, func(p piece) bool { return p.apart })
	if i < 0 {
		return
	}
	for _, p := range w.queue[i:] {
		w.size -= len(p.b)
	}
	w.queue = w.queue[:i]
}

func (w *writer) run(nc net.Conn) {
	defer close(w.ended)
	start := time.Now()
	failed := false
	for {
		p, ok := w.next()
		if !ok {
			return
		}
		if !failed {
			at := time.Since(start)
			// What cannot be written is of no interest: the end of TCP is noticed by reading.
			_, err := nc.Write(p.b)
			failed = err != nil
			w.count(p, at)
		}
		w.wrote(len(p.b))
		if p.pause > 0 && !failed {
			time.Sleep(p.pause)
		}
	}
}

// next waits for something to write. It returns false at the end.
func (w *writer) next() (piece, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 && !w.quit {
		w.more.Wait()
	}
	if w.quit {
		return piece{}, false
	}
	p := w.queue[0]
	w.queue[0] = piece{}
	w.queue = w.queue[1:]
	return p, true
}

// count takes note of a write. What has been noted is read when the writer has ended.
func (w *writer) count(p piece, at time.Duration) {
	p.b = p.b[p.prefix:]
	if len(p.b) == 0 {
		return
	}
	w.writes[len(p.b)]++
	if p.logged && len(w.log) < keepLog {
		w.log = append(w.log, Entry{At: at, What: TxOctets, Size: len(p.b), Octets: head(p.b), Late: p.apart})
	}
}

func (w *writer) wrote(n int) {
	w.mu.Lock()
	w.size -= n
	w.mu.Unlock()
	select {
	case w.moved <- struct{}{}:
	default:
	}
}
