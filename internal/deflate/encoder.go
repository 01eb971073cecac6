package deflate

// A Level is how hard an [Encoder] looks for matches.
type Level int

const (
	Balanced Level = iota // close to the best size at a fraction of its cost
	Fastest
	Best
)

// blockSymbols is how many literals and matches a block has, after which it ends
// with the next piece: codes go out of date, and the tables of a new block cost little then.
const blockSymbols = 1 << 14

// pieceSize is how much of a message is searched between looks at the size of the block.
const pieceSize = 1 << 13

// An Encoder compresses messages. It keeps nothing between them that makes a difference,
// so that any number of connections may share one, one after the other.
type Encoder struct {
	level Level
	out   bitWriter
	index index // of the message, if there is no window
	used  int   // positions in index since it was clear

	// The block that is being put together.
	raw     []byte  // the rest of the message, from the start of the block
	size    int     // how much of raw the block has
	covered int     // how much of it up to the last match
	symbols int     // literals and matches in that
	matches []match // kept for its capacity; at most blockSymbols and those of a piece

	// The message, if it is compressed only to get smaller.
	total    int  // its size; 0 for others
	start    int  // where its compressed form begins
	hopeless bool // it does not get smaller, as far as it was looked at

	codes blockCodes
}

// NewEncoder returns an encoder for messages at a level.
func NewEncoder(level Level) *Encoder {
	return &Encoder{
		level:   level,
		index:   newSharedIndex(level),
		used:    1 << 16,
		matches: make([]match, 0, 1<<10),
	}
}

// Append appends the compressed form of msg to dst, which it may use up to its capacity.
// It grows dst as append does, never if there is room for len(msg) + len(msg)/1024 + 32 bytes.
//
// The message goes on from w, of the same level. If w is nil, it refers to nothing but
// itself, at most 2^bits bytes back; otherwise bits has no meaning.
//
// If msg ends the message, the tail 00 00 ff ff is cut off. Otherwise it is a fragment,
// and what comes next is appended to another slice or to the same one.
//
// https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1
func (e *Encoder) Append(dst, msg []byte, w *EncoderWindow, bits int, last bool) []byte {
	e.out = bitWriter{buf: dst}
	e.raw = msg
	if w != nil {
		e.search(msg, w)
	} else {
		e.searchAlone(msg, 0, 1<<bits)
	}
	if e.size > 0 {
		e.endBlock()
	}
	e.flush(last)
	dst = e.out.buf
	e.out.buf, e.raw = nil, nil
	return dst
}

// enough is how much of a message is looked at before the rest is given up.
const enough = 256 << 10

// AppendSmaller is Append for a whole message that is worth it only if it gets smaller. If it does not,
// of which the first 256 KiB are enough to tell, it returns false and dst as it was, and w has nothing of it.
func (e *Encoder) AppendSmaller(dst, msg []byte, w *EncoderWindow, bits int) ([]byte, bool) {
	e.total, e.start = len(msg), len(dst)
	out := e.Append(dst, msg, w, bits, true)
	ok := !e.hopeless && len(out)-len(dst) < len(msg)
	e.total, e.hopeless = 0, false
	if ok {
		return out, true
	}
	if w != nil {
		w.Undo()
	}
	return out[:len(dst)], false
}

// search finds the matches of msg in w, which then has msg at its end.
func (e *Encoder) search(msg []byte, w *EncoderWindow) {
	w.added = 0
	if large := 1 << max(w.bits, 10); len(msg) >= 2*large {
		e.searchWindow(msg[:large], w)
		e.searchAlone(msg, large, 1<<w.bits)
		w.Add(msg)
		return
	}
	e.searchWindow(msg, w)
}

// searchWindow finds the matches of msg in the buffer of w.
func (e *Encoder) searchWindow(msg []byte, w *EncoderWindow) {
	for len(msg) > 0 {
		from := w.grow(msg)
		w.index.insert(w.buf, from) // the end of the message before
		e.find(&w.index, w.buf, from, len(w.buf), 1<<w.bits)
		w.index.done = max(w.index.done, len(w.buf)-hashLen+1)
		msg = msg[len(w.buf)-from:]
		e.endPiece(len(w.buf) - from)
	}
}

// searchAlone finds the matches of msg[from:] in msg.
func (e *Encoder) searchAlone(msg []byte, from, reach int) {
	// Positions of earlier messages are further back than this one goes, until
	// there are no more positions: no message may depend on an earlier one.
	if e.used+len(msg) >= 1<<16 {
		e.index.clear()
		e.index.base, e.used = 1, 1
	}
	x := e.index.use(len(msg))
	x.insert(msg, from)
	for i := from; i < len(msg) && !e.hopeless; {
		next := e.find(&x, msg, i, min(i+pieceSize, len(msg)), reach)
		e.endPiece(next - i)
		i = next
	}
	e.index.base += uint16(len(msg))
	e.used += len(msg)
}

// find searches buf from from up to to and returns where it has come to: to, or further
// if the last match goes on.
func (e *Encoder) find(x *index, buf []byte, from, to, reach int) int {
	s := search{buf: buf, reach: reach, anchor: from - (e.size - e.covered), matches: e.matches, effort: efforts[e.level]}
	if e.level == Fastest {
		to = s.fastest(x, from, to)
	} else {
		to = s.lazy(x, from, to)
	}
	for _, m := range s.matches[len(e.matches):] {
		e.symbols += int(m.literals) + 1
	}
	e.matches = s.matches
	e.covered = e.size + s.anchor - from
	return to
}

// endPiece adds a piece of n bytes to the block, and ends the block if it has become large.
func (e *Encoder) endPiece(n int) {
	e.size += n
	if e.symbols+e.size-e.covered >= blockSymbols {
		e.endBlock()
		done := e.total - len(e.raw)
		e.hopeless = done >= enough && len(e.out.buf)-e.start >= done
	}
}

// flush ends the message or the fragment with an empty stored block.
func (e *Encoder) flush(last bool) {
	e.out.reserve(48)
	e.out.write(0, 3)
	e.out.align()
	if !last {
		e.out.write(0xffff0000, 32)
	}
}
