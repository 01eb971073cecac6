package netloop

import (
	"sync"
	"sync/atomic"
)

// A table has the sockets by descriptor. The system gives out small numbers first, so it is not much larger
// than the number of those that are open. It may be read while it is written.
type table struct {
	mu    sync.Mutex // guards growing
	parts atomic.Pointer[[]*part]
}

// A part has the sockets of neighbouring descriptors.
type part [1024]atomic.Pointer[Socket]

// at returns the socket with the descriptor; nil if there is none.
func (t *table) at(fd int) *Socket {
	return (*t.parts.Load())[fd/len(part{})][fd%len(part{})].Load()
}

// set makes s the socket with the descriptor.
func (t *table) set(fd int, s *Socket) {
	t.place(fd).Store(s)
}

// clear makes place for another socket with the descriptor.
func (t *table) clear(fd int) {
	t.place(fd).Store(nil)
}

// place returns the place of a descriptor.
func (t *table) place(fd int) *atomic.Pointer[Socket] {
	i, j := fd/len(part{}), fd%len(part{})
	if p := t.parts.Load(); p != nil && i < len(*p) {
		return &(*p)[i][j]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var parts []*part
	if p := t.parts.Load(); p != nil {
		parts = append(parts, *p...)
	}
	for len(parts) <= i {
		parts = append(parts, new(part))
	}
	t.parts.Store(&parts)
	return &parts[i][j]
}
