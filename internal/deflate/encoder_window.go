package deflate

import "fmt"

// minBuffer is the size with which the buffer of a window begins.
const minBuffer = 1 << 10

// An EncoderWindow is what a connection keeps between messages with context takeover:
// the last bytes that it sent, and an index of them. It takes memory as these become more.
type EncoderWindow struct {
	bits  int
	level Level
	buf   []byte // the newest bytes sent, up to all that the window has
	index index  // of buf; has positions of bytes that are gone
	added int    // by the last Append or Add
}

// NewEncoderWindow returns an empty window of 2^bits bytes.
func NewEncoderWindow(bits int, level Level) *EncoderWindow {
	if bits < minWindowBits || bits > maxWindowBits {
		panic(fmt.Sprintf("BUG: window of %d bits", bits))
	}
	return &EncoderWindow{bits: bits, level: level}
}

// Reset forgets everything: what follows refers to nothing before.
// The peer need not know.
func (w *EncoderWindow) Reset() {
	w.index.base += uint16(len(w.buf))
	w.buf = w.buf[:0]
	w.index.done = 0
	w.added = 0
}

// Undo takes back the last Append or Add as if it had not been: what was compressed
// was not sent, or not compressed. It can be called once for each. Of the bytes before, those that
// had to make room do not come back.
func (w *EncoderWindow) Undo() {
	w.buf = w.buf[:max(0, len(w.buf)-w.added)]
	w.index.done = min(w.index.done, len(w.buf))
	w.added = 0
}

// Add says that p was sent compressed by other means. The peer's window has it now.
func (w *EncoderWindow) Add(p []byte) {
	w.added = 0
	if _, keep := w.limits(); len(p) > keep {
		w.Reset()
		p = p[len(p)-keep:]
	}
	for len(p) > 0 {
		from := w.grow(p)
		w.index.insert(w.buf, len(w.buf))
		p = p[len(w.buf)-from:]
	}
}

// grow appends to the buffer as much of p as has room, and returns where it stands.
// It takes all, or so much that searching it is worth the move of what is kept.
func (w *EncoderWindow) grow(p []byte) (from int) {
	if len(p) > cap(w.buf)-len(w.buf) {
		w.makeRoom(len(p))
	}
	from = len(w.buf)
	n := min(len(p), cap(w.buf)-from)
	w.buf = append(w.buf, p[:n]...)
	w.added += n
	return from
}

// makeRoom makes the buffer larger, or moves the newest part to its front.
func (w *EncoderWindow) makeRoom(n int) {
	limit, keep := w.limits()
	if size := cap(w.buf); size < limit {
		size = max(size, min(minBuffer, limit))
		for size < limit && size-len(w.buf) < n {
			size *= 2
		}
		w.buf = append(make([]byte, 0, size), w.buf...)
		base := w.index.base
		w.index = newIndex(w.level, size)
		w.index.base = base
		w.index.insert(w.buf, len(w.buf))
	}
	if gone := len(w.buf) - keep; gone > 0 && len(w.buf)+n > cap(w.buf) {
		w.buf = w.buf[:copy(w.buf, w.buf[gone:])]
		w.index.base += uint16(gone)
		w.index.done -= gone
	}
}

// limits returns the size of the whole buffer, and how much of it stays when it is full.
// A small window has room for all that a match can reach. For a large one that would be
// twice the memory for the sake of few matches, and for the largest, half of it
// searched well is better than all of it searched here and there. Best has more.
func (w *EncoderWindow) limits() (size, keep int) {
	size = 1 << w.bits
	switch {
	case w.bits <= 11:
		return 2 * size, size
	case w.bits == maxWindowBits && w.level == Balanced:
		size /= 2
	}
	return size, size / 8 * 7
}
