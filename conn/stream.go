package conn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/ws6455/ws/frame"
)

// pieceSize is how much of a Write of a stream goes into one message at most.
// That is as much as the strictest of common limits allows.
const pieceSize = 32 << 10

// Stream returns c as a net.Conn, a stream of bytes in messages of the type:
// frame.Binary, or frame.Text if each Write is valid UTF-8.
// What comes is read as it arrives, and where messages begin and end makes no difference;
// limits hold for each message.
//
// Read returns io.EOF if the peer closed normally: its close frame has status 1000, 1001 or none.
// Every other end is an error. A message of the other type is one, too, and makes Close send status 1003.
// Write sends messages of at most 32 KiB; other Writes wait until it is done.
// Close performs the closing handshake with status 1000, as [Conn.Close] does.
//
// Deadlines hold for the stream alone, and a Read or Write that meets one returns
// os.ErrDeadlineExceeded. Then reading can go on, and so can writing if Write returned n == 0,
// unless a part of a frame was sent already, or the network is TLS: then the connection has ended.
//
// The methods of c may be used at the same time; what Read and its kind take is missing in the stream.
func (c *Conn) Stream(typ frame.Opcode) net.Conn {
	s := &stream{c: c, typ: typ}
	s.message.c = c
	s.readBy.set(time.Time{})
	s.writeBy.set(time.Time{})
	return s
}

// A stream is the net.Conn that Stream returns.
type stream struct {
	c      *Conn
	typ    frame.Opcode // of messages sent; may have Uncompressed added
	closed atomic.Bool

	readBy, writeBy deadline

	// Guarded by reading.
	reading lock
	message messageReader // of the message being delivered
	open    bool          // there is one
	other   atomic.Bool   // a message of the other type came; not guarded

	writing lock
}

// opcode returns the type of messages, in both directions.
func (s *stream) opcode() frame.Opcode { return s.typ &^ Uncompressed }

// Read implements net.Conn.
func (s *stream) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	ctx := s.readBy.context()
	if !s.reading.acquire(ctx.Done()) {
		return 0, s.readError(ctx, ctx.Err())
	}
	defer s.reading.release()
	s.message.ctx = ctx
	for n == 0 && err == nil {
		n, err = s.read(p)
	}
	if err != nil {
		return n, s.readError(ctx, err)
	}
	return n, nil
}

// read reads once: no bytes and no error are the end of a message.
func (s *stream) read(p []byte) (n int, err error) {
	if s.other.Load() {
		return 0, errOtherType
	}
	if !s.open {
		typ, err := s.message.begin()
		if err != nil {
			return 0, err
		}
		if typ != s.opcode() {
			s.other.Store(true)
			return 0, errOtherType
		}
		s.open = true
	}
	n, err = s.message.Read(p)
	if err == io.EOF || err == ErrReaderDone {
		s.open, err = false, nil
	}
	return n, err
}

// errOtherType says that a text message came where binary ones are wanted, or the other way round.
var errOtherType = errors.New("message of the wrong type for the stream")

// readError returns err as Read does.
func (s *stream) readError(ctx context.Context, err error) error {
	if err == errOtherType {
		return fmt.Errorf("websocket: %w, which is of %s", err, s.opcode())
	}
	if e, ok := err.(*CloseError); ok && normal(e.Code) && !s.closed.Load() {
		return io.EOF
	}
	return s.callError(ctx, err)
}

// callError returns the error of a call with ctx as package net would.
func (s *stream) callError(ctx context.Context, err error) error {
	switch {
	case s.closed.Load():
		return net.ErrClosed
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return os.ErrDeadlineExceeded
	}
	return err
}

// Write implements net.Conn.
func (s *stream) Write(p []byte) (n int, err error) {
	ctx := s.writeBy.context()
	if !s.writing.acquire(ctx.Done()) {
		return 0, s.callError(ctx, ctx.Err())
	}
	defer s.writing.release()
	for n < len(p) {
		piece := s.piece(p[n:])
		if err := s.c.Write(ctx, s.typ, piece); err != nil {
			return n, s.callError(ctx, err)
		}
		n += len(piece)
	}
	return n, nil
}

// piece returns how much of p goes into one message. Text is not cut inside a character.
func (s *stream) piece(p []byte) []byte {
	if len(p) <= pieceSize {
		return p
	}
	n := pieceSize
	for s.opcode() == frame.Text && n > pieceSize-utf8.UTFMax && !utf8.RuneStart(p[n]) {
		n--
	}
	return p[:n]
}

// Close implements net.Conn.
func (s *stream) Close() error {
	if s.closed.Swap(true) {
		return net.ErrClosed
	}
	s.readBy.stop()
	defer s.writeBy.stop()
	if s.other.Load() {
		return s.c.Close(frame.StatusUnsupportedData, fmt.Sprintf("%s messages expected", s.opcode()))
	}
	return s.c.Close(frame.StatusNormalClosure, "")
}

// LocalAddr implements net.Conn.
func (s *stream) LocalAddr() net.Addr { return s.c.LocalAddr() }

// RemoteAddr implements net.Conn.
func (s *stream) RemoteAddr() net.Addr { return s.c.RemoteAddr() }

// SetDeadline implements net.Conn.
func (s *stream) SetDeadline(t time.Time) error {
	if err := s.SetReadDeadline(t); err != nil {
		return err
	}
	return s.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (s *stream) SetReadDeadline(t time.Time) error { return s.setDeadline(&s.readBy, t) }

// SetWriteDeadline implements net.Conn.
func (s *stream) SetWriteDeadline(t time.Time) error { return s.setDeadline(&s.writeBy, t) }

func (s *stream) setDeadline(d *deadline, t time.Time) error {
	if s.closed.Load() {
		return net.ErrClosed
	}
	d.set(t)
	return nil
}

// A deadline ends a context at a time that can be changed while somebody waits.
type deadline struct {
	mu      sync.Mutex
	ctx     context.Context // of those who wait
	cancel  context.CancelFunc
	timer   *time.Timer // calls cancel; nil if there was none since ctx is new
	running bool        // timer is set
	over    bool        // stop was called
}

// context returns the context that ends at the deadline.
func (d *deadline) context() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ctx
}

// set sets the deadline; the zero time is none.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return
	}
	fired := d.running && !d.timer.Stop()
	d.running = false
	if d.ctx == nil || fired || d.ctx.Err() != nil { // the last deadline has come
		d.ctx, d.cancel = context.WithCancel(context.Background())
		d.timer = nil
	}
	switch {
	case t.IsZero():
	case !time.Now().Before(t):
		d.cancel()
	case d.timer == nil:
		d.timer, d.running = time.AfterFunc(time.Until(t), d.cancel), true
	default:
		d.timer.Reset(time.Until(t))
		d.running = true
	}
}

// stop ends the context for good.
func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.timer != nil {
		d.timer.Stop()
	}
	d.cancel()
}
