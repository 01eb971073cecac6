package conn

// smallSize is the size of the buffer in which a connection waits for input
// where it cannot wait without one. The longest thing that is ever left
// undecoded fits: a control frame that lacks its last byte.
const smallSize = 192

// An input is the bytes that came from the network and are not yet decoded.
// It borrows a buffer while there are many, and keeps none while there are none.
type input struct {
	b   []byte
	buf *buffer // that b lies in; nil if it lies elsewhere

	small *[smallSize]byte // to wait with, for connections without a raw one
}

// grow returns room for input in a borrowed buffer, with a place before it for b, which lies in none.
// Then comes either grown or shrink.
func (in *input) grow() []byte {
	in.buf = borrow()
	return in.buf[len(in.b):]
}

// growSmall is grow in a small buffer. b moves there at once.
func (in *input) growSmall() []byte {
	if in.small == nil {
		in.small = new([smallSize]byte)
	}
	in.b = in.small[:copy(in.small[:], in.b)]
	return in.small[len(in.b):]
}

// grown notes that n bytes were read into the room.
func (in *input) grown(n int) {
	if in.buf != nil {
		in.b = in.buf[:copy(in.buf[:], in.b)]
	}
	in.b = in.b[:len(in.b)+n]
}

// shrink notes that nothing was read into the room.
func (in *input) shrink() {
	if in.buf != nil {
		in.buf.giveBack()
		in.buf = nil
	}
}

// stow gives the borrowed buffer back. What is left of a frame moves to a place of its own.
func (in *input) stow() {
	if in.buf == nil && len(in.b) > 0 {
		return
	}
	var left []byte // not even an empty slice of the buffer, which would keep it alive
	if len(in.b) > 0 {
		left = append(make([]byte, 0, len(in.b)), in.b...)
	}
	in.release()
	in.b = left
}

// release gives the borrowed buffer back and forgets what is in it.
func (in *input) release() {
	if in.buf != nil {
		in.buf.giveBack()
	}
	in.b, in.buf = nil, nil
}
