package deflate

import "strconv"

// firstWindow is how much memory a DecoderWindow starts with, unless it is a smaller one.
const firstWindow = 1024

// A DecoderWindow is what a connection keeps between messages with context takeover:
// the last 2^bits bytes of output.
type DecoderWindow struct {
	buf  []byte // a ring as soon as it has its full size; before that, it is used from its start
	size int    // 2^bits
	n    int    // bytes that are there
	pos  int    // where the next byte goes, or the end; n, as long as the ring is not full
}

// NewDecoderWindow returns an empty window of 2^bits bytes, for 8 to 15 bits.
// Its memory grows with what arrives, up to that size.
func NewDecoderWindow(bits int) *DecoderWindow {
	if bits < minWindowBits || bits > maxWindowBits {
		panic("BUG: a window of " + strconv.Itoa(bits) + " bits")
	}
	return &DecoderWindow{size: 1 << bits}
}

// Reset forgets all content. It keeps the memory.
func (w *DecoderWindow) Reset() { w.n, w.pos = 0, 0 }

// write adds p, which is newer than all else.
func (w *DecoderWindow) write(p []byte) {
	if len(p) >= w.size {
		w.grow(w.size)
		w.n, w.pos = w.size, 0
		copy(w.buf, p[len(p)-w.size:])
		return
	}
	w.grow(min(w.n+len(p), w.size))
	k := copy(w.buf[w.pos:], p)
	w.pos += k
	if k < len(p) {
		w.pos = copy(w.buf, p[k:])
	}
	w.n = min(w.n+len(p), w.size)
}

// grow makes room for n bytes in all.
func (w *DecoderWindow) grow(n int) {
	if n <= len(w.buf) {
		return
	}
	size := max(2*len(w.buf), min(firstWindow, w.size))
	for size < n {
		size *= 2
	}
	buf := make([]byte, size)
	copy(buf, w.buf[:w.n])
	w.buf = buf
}

// read copies to dst what begins back bytes before the window's end, as far as there is,
// and returns how much that was. The caller knows that 1 <= back <= w.n.
func (w *DecoderWindow) read(dst []byte, back int) int {
	dst = dst[:min(len(dst), back)]
	from := w.pos - back
	if from >= 0 {
		return copy(dst, w.buf[from:w.pos])
	}
	k := copy(dst, w.buf[from+w.size:])
	return k + copy(dst[k:], w.buf)
}

// tail returns the ring from back bytes before the window's end on, up to the end of the ring,
// which may be beyond the window's end or before it.
func (w *DecoderWindow) tail(back int) []byte {
	from := w.pos - back
	if from < 0 {
		from += w.size
	}
	return w.buf[from:]
}
