package deflate

import "encoding/binary"

// A CorruptError says why a payload is not what an encoder makes.
// There are no others than the variables of this package.
type CorruptError struct{ Reason string }

func (e *CorruptError) Error() string { return "deflate: " + e.Reason }

// What can be wrong with a payload.
var (
	ErrTruncated    = &CorruptError{"message ends inside a block"}
	ErrBlockType    = &CorruptError{"reserved block type"}
	ErrStoredLength = &CorruptError{"length of a stored block does not match its complement"}
	ErrCounts       = &CorruptError{"more codes than there are symbols"}
	ErrClenCode     = &CorruptError{"code for code lengths is not complete"}
	ErrRepeat       = &CorruptError{"code length repeated past the last symbol, or without one before it"}
	ErrNoEnd        = &CorruptError{"no code for the end of the block"}
	ErrLitlenCode   = &CorruptError{"code for literals and lengths is not complete"}
	ErrDistCode     = &CorruptError{"code for distances is not complete"}
	ErrLitlenSymbol = &CorruptError{"bits that are no literal or length"}
	ErrDistSymbol   = &CorruptError{"bits that are no distance"}
	ErrTooFar       = &CorruptError{"distance reaches back before the first byte"}
	ErrWindow       = &CorruptError{"distance larger than the window"}
)

// tail is what the sender removes from the end of each message.
//
// https://www.rfc-editor.org/rfc/rfc7692#section-7.2.2
const tail = "\x00\x00\xff\xff"

// A step is what a Decoder does next.
type step uint8

const (
	stepHeader    step = iota // the three bits at the start of a block
	stepStoredLen             // LEN and NLEN
	stepStored                // bytes of a stored block
	stepCounts                // HLIT, HDIST, HCLEN
	stepClens                 // the code lengths for code lengths
	stepLens                  // the code lengths for both alphabets
	stepSymbols               // literals and matches
	stepMatch                 // the rest of a match that dst was too small for
	stepDone                  // the message is complete
	stepFailed                // err says why
)

// A Decoder is all that decoding needs besides the window: some 10 KB
// that connections can share, as each message begins anew.
// After [Decoder.Begin] it must not be copied, and it belongs to one message until that is complete.
type Decoder struct {
	window   *DecoderWindow // of the message
	takeover bool
	err      *CorruptError

	// Of the running call.
	dst, src []byte
	nd, ns   int // how far they are written and read
	last     bool

	// Input that was read ahead. Bits of hold above the lowest n are zero, except in loops that say so.
	hold uint64
	n    uint
	tail int // bytes of the tail that were read

	step  step
	final bool // the block has BFINAL
	fixed bool // the block has fixed codes
	left  int  // stepStored: bytes to come; stepMatch: the length
	dist  int  // stepMatch

	codes  codeLengths // of a dynamic block
	litlen litlenTable
	dists  distTable // before it is made, the table for code lengths stands there

	litlenMask, distMask uint64 // of the bits that index the first part of each
}

// Begin starts a message, whatever became of the one before.
// It goes on from the content of w, and adds to it; without takeover, w is emptied first.
// Nobody else may use w before the message is complete or has failed.
func (d *Decoder) Begin(w *DecoderWindow, takeover bool) {
	if !takeover {
		w.Reset()
	}
	d.window, d.takeover, d.err = w, takeover, nil
	d.hold, d.n, d.tail = 0, 0, 0
	d.step = stepHeader
}

// Decode inflates src, the next bytes of the payload, to the start of dst, and returns how much
// it wrote and consumed; last says that src ends the payload. It stops when dst is full, src is
// used up or the message is complete (done). As long as it is not, and src is not used up or dst
// was filled, the caller goes on with the rest of src and a new dst; last stays what it was.
//
// What is consumed need not have been decoded to dst yet. Bytes of dst beyond nd may have been
// overwritten.
//
// The error is a [*CorruptError], one of the variables above, and stays until the next Begin.
// It is ErrTruncated, whatever is wrong, if it takes bits of the tail to tell.
func (d *Decoder) Decode(dst, src []byte, last bool) (nd, ns int, done bool, err error) {
	d.dst, d.src, d.nd, d.ns, d.last = dst, src, 0, 0, last
	for d.next() {
	}
	nd, ns = d.nd, d.ns
	d.dst, d.src = nil, nil
	switch {
	case d.err != nil:
		d.window = nil
		return nd, ns, false, d.err
	case d.window == nil:
		return 0, 0, true, nil
	case d.step == stepDone && !d.takeover:
		d.window.Reset()
	default:
		d.window.write(dst[:nd])
	}
	if d.step == stepDone {
		d.window = nil
	}
	return nd, ns, d.step == stepDone, nil
}

// next makes the next step, and tells whether there is another one to make
// with this dst and src.
func (d *Decoder) next() bool {
	switch d.step {
	case stepHeader:
		return d.header()
	case stepStoredLen:
		return d.storedLen()
	case stepStored:
		return d.stored()
	case stepCounts:
		return d.counts()
	case stepClens:
		return d.clens()
	case stepLens:
		return d.lens()
	case stepSymbols:
		return d.symbols()
	case stepMatch:
		return d.match()
	default:
		return false
	}
}

// fail makes the message fail, because of what is before the next bit of hold or the k bits after it.
// If that includes some of the tail, the message is cut off: the tail is not at fault.
func (d *Decoder) fail(err *CorruptError, k uint) bool {
	if d.tail > 0 && d.n < k+8*uint(d.tail) {
		err = ErrTruncated
	}
	d.err, d.step = err, stepFailed
	return false
}

// need makes sure that there are k bits, at most 56, in hold. If there are not, the step cannot
// be made: nothing has changed, unless it is the end of the payload.
func (d *Decoder) need(k uint) bool {
	if d.n >= k {
		return true
	}
	d.fill()
	switch {
	case d.n >= k:
		return true
	case d.last:
		return d.fail(ErrTruncated, 0)
	default:
		return false
	}
}

// fill reads ahead as much as fits into hold: 56 bits to 63, fewer only at the end of src.
func (d *Decoder) fill() {
	if len(d.src)-d.ns >= 8 {
		d.hold |= binary.LittleEndian.Uint64(d.src[d.ns:]) << d.n
		d.ns += int(63-d.n) >> 3
		d.n |= 56
		d.hold &= 1<<d.n - 1
		return
	}
	for d.n < 56 {
		var b byte
		switch {
		case d.ns < len(d.src):
			b = d.src[d.ns]
			d.ns++
		case d.last && d.tail < len(tail):
			b = tail[d.tail]
			d.tail++
		default:
			return
		}
		d.hold |= uint64(b) << d.n
		d.n += 8
	}
}

// drop removes k bits from hold.
func (d *Decoder) drop(k uint) {
	d.hold >>= k
	d.n -= k
}

// header reads the header of a block.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.3
func (d *Decoder) header() bool {
	if !d.need(3) {
		return false
	}
	d.final = d.hold&1 != 0
	kind := d.hold >> 1 & 3
	d.drop(3)
	switch kind {
	case 0:
		d.step = stepStoredLen
	case 1:
		d.step, d.fixed = stepSymbols, true
	case 2:
		d.step, d.fixed = stepCounts, false
	default:
		return d.fail(ErrBlockType, 0)
	}
	return true
}

// endBlock is at the end of a block.
// What follows one with BFINAL starts at the next byte: RFC 7692, section 7.2.1.
func (d *Decoder) endBlock() {
	d.step = stepHeader
	if d.final {
		d.drop(d.n & 7)
	}
}

// storedLen reads the length of a stored block, from the next byte on. If that is the tail, the message
// is complete. It is not if the tail was anything else, even if that ended with it: what is cut off inside
// a block often does, as the end of a block tends to be a code of ones.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4
func (d *Decoder) storedLen() bool {
	d.drop(d.n & 7)
	if !d.need(32) {
		return false
	}
	length, complement := uint16(d.hold), uint16(d.hold>>16)
	if length != ^complement {
		return d.fail(ErrStoredLength, 32)
	}
	d.drop(32)
	if d.n == 0 && d.tail == len(tail) {
		d.step = stepDone
		return false
	}
	d.step, d.left = stepStored, int(length)
	return true
}

// stored copies bytes of a stored block: first those that were read ahead.
func (d *Decoder) stored() bool {
	for d.left > 0 {
		if d.nd == len(d.dst) {
			return false
		}
		if d.n == 0 && d.ns < len(d.src) {
			k := copy(d.dst[d.nd:], d.src[d.ns:min(len(d.src), d.ns+d.left)])
			d.nd, d.ns, d.left = d.nd+k, d.ns+k, d.left-k
			continue
		}
		if !d.need(8) {
			return false
		}
		d.dst[d.nd] = byte(d.hold)
		d.drop(8)
		d.nd++
		d.left--
	}
	d.endBlock()
	return true
}

// tables returns the tables of the block, and the masks of the bits that index their first parts.
func (d *Decoder) tables() (litlen *litlenTable, dists *distTable, litlenMask, distMask uint64) {
	if d.fixed {
		return fixedLitlenTable, fixedDistTable, 1<<fixedLitlenBits - 1, 1<<fixedDistBits - 1
	}
	return &d.litlen, &d.dists, d.litlenMask, d.distMask
}

// symbols decodes a symbol, and a distance if it is a length, or changes nothing.
func (d *Decoder) symbols() bool {
	if len(d.dst)-d.nd >= fastOut {
		switch rest := len(d.src) - d.ns; {
		case rest >= fastIn:
			d.ns = d.fast(d.src, d.ns)
		case d.last && d.tail == 0:
			d.fastEnd()
		}
	}
	if d.n < 48 {
		d.fill()
	}
	litlen, dists, litlenMask, distMask := d.tables()
	hold, n := d.hold, d.n
	s := litlen[hold&litlenMask]
	if s&slotSub != 0 {
		if n < s.take() {
			return d.need(s.take())
		}
		hold, n = hold>>s.take(), n-s.take()
		s = litlen[s.value()+int(hold&(1<<s.code()-1))]
	}
	if n < s.take() {
		return d.need(d.n - n + s.take())
	}
	switch {
	case s&slotInvalid != 0:
		return d.fail(ErrLitlenSymbol, d.n-n+s.take())
	case s&slotLiteral != 0:
		if d.nd == len(d.dst) {
			return false
		}
		d.dst[d.nd] = byte(s.value())
		d.nd++
		d.hold, d.n = hold>>s.take(), n-s.take()
		return true
	case s&slotEnd != 0:
		d.hold, d.n = hold>>s.take(), n-s.take()
		d.endBlock()
		return true
	}
	length := s.extended(hold)
	hold, n = hold>>s.take(), n-s.take()
	return d.distance(dists, distMask, length, hold, n)
}

// distance decodes the distance that follows a length, before which hold and n are the bits.
func (d *Decoder) distance(dists *distTable, distMask uint64, length int, hold uint64, n uint) bool {
	s := dists[hold&distMask]
	if s&slotSub != 0 {
		if n < s.take() {
			return d.need(d.n - n + s.take())
		}
		hold, n = hold>>s.take(), n-s.take()
		s = dists[s.value()+int(hold&(1<<s.code()-1))]
	}
	used := d.n - n + s.take()
	if n < s.take() {
		return d.need(used)
	}
	dist := s.extended(hold)
	switch {
	case s&slotInvalid != 0:
		return d.fail(ErrDistSymbol, used)
	case dist > d.window.size:
		return d.fail(ErrWindow, used)
	case dist > d.nd+d.window.n:
		return d.fail(ErrTooFar, used)
	}
	d.drop(used)
	d.step, d.left, d.dist = stepMatch, length, dist
	return true
}

// match copies a match, from the window and from dst.
func (d *Decoder) match() bool {
	n := min(d.left, len(d.dst)-d.nd)
	d.left -= n
	end := d.nd + n
	if d.dist > d.nd {
		d.nd += d.window.read(d.dst[d.nd:end], d.dist-d.nd)
	}
	for from := d.nd - d.dist; d.nd < end; {
		d.nd += copy(d.dst[d.nd:end], d.dst[from:d.nd])
	}
	if d.left > 0 {
		return false
	}
	d.step = stepSymbols
	return true
}
