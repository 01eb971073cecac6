package conn

import (
	"context"
	"io"
	"slices"
	"sync/atomic"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// A messageReader delivers one message as a stream.
// Its fields are guarded by c.rd, if nothing else is said.
type messageReader struct {
	c       *Conn
	ctx     context.Context
	rest    protocol.Event // what is left of the last piece; none if its Opcode is zero
	borrows bool           // rest may lie in the input's buffer

	eof         atomic.Bool // the whole message is delivered; not guarded
	interrupted atomic.Bool // ctx ended before that; not guarded
}

// Reader waits for the next message and returns it as a stream,
// so that it need not fit into memory; Config.MaxMessageSize applies nevertheless.
// ctx holds for the message as well. The stream ends with io.EOF,
// or with an error as of Read; only a message that ends with io.EOF is complete.
//
// Text is checked as it arrives: what was delivered before an error is valid UTF-8,
// but for a character that it may end inside of.
//
// The next call of Read, ReadAppend, Reader or Messages skips what is left of the message.
// If ctx ended in the middle of it, nothing is skipped:
// the next call then delivers the rest, with the same type.
func (c *Conn) Reader(ctx context.Context) (typ frame.Opcode, r io.Reader, err error) {
	m := &messageReader{c: c, ctx: ctx}
	typ, err = m.begin()
	if err != nil {
		return 0, nil, err
	}
	return typ, m, nil
}

// begin waits for the next message and makes r, whose message before is over, its reader.
func (r *messageReader) begin() (typ frame.Opcode, err error) {
	c := r.c
	c.enter()
	defer c.leave()
	if err := c.beginReading(r.ctx); err != nil {
		return 0, err
	}
	defer c.unlockReading()
	ev, err := c.next(r.ctx)
	if err != nil {
		return 0, err
	}
	r.rest = protocol.Event{}
	r.eof.Store(false)
	r.interrupted.Store(false)
	c.reader = r
	r.leave(ev)
	c.flushPongs()
	return ev.Opcode, nil
}

// Read implements io.Reader.
func (r *messageReader) Read(p []byte) (n int, err error) {
	c := r.c
	c.enter()
	defer c.leave()
	if r.eof.Load() { // even if ctx is over: nothing of the message is missing
		return 0, io.EOF
	}
	if err := c.lockReading(r.ctx); err != nil {
		r.interrupted.Store(true)
		return 0, err
	}
	defer c.unlockReading()
	if c.reader != r {
		return 0, ErrReaderDone
	}
	n, err = r.deliver(p)
	if err != nil && err == r.ctx.Err() {
		r.interrupted.Store(true)
	}
	c.flushPongs()
	return n, err
}

// deliver copies more of the message to p.
func (r *messageReader) deliver(p []byte) (n int, err error) {
	for len(p) > 0 && n == 0 && !r.eof.Load() {
		ev, err := r.c.next(r.ctx)
		if err != nil {
			return 0, err
		}
		n = copy(p, ev.Data)
		ev.Data = ev.Data[n:]
		r.leave(ev)
	}
	if r.eof.Load() && n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// leave notes what is left of a piece, and whether that was all.
func (r *messageReader) leave(ev protocol.Event) {
	r.borrows = len(ev.Data) > 0
	switch {
	case r.borrows:
		r.rest = ev
	case ev.Fin:
		r.eof.Store(true)
		r.c.reader = nil
	}
}

// keep moves what is left of the last piece to a place of its own,
// before the buffer that it lies in is given back.
func (r *messageReader) keep() {
	if r.borrows {
		r.rest.Data, r.borrows = slices.Clone(r.rest.Data), false
	}
}

// abandon decides about what r has not delivered of its message.
func (c *Conn) abandon(r *messageReader) {
	c.reader = nil
	c.skip = !r.interrupted.Load()
	if r.rest.Opcode == 0 {
		return
	}
	if c.skip {
		c.skip = !r.rest.Fin
		return
	}
	r.keep()
	c.unread(r.rest)
}
