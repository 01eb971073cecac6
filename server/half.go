package server

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/ws6455/ws/handshake"
)

// A half is a connection of Serve that is half open: its handshake is under way.
// It has a goroutine, in run, whose stack is to stay small as long as it waits.
//
// A request that is there in one piece is read, decided on and answered
// without a deadline set and without a buffer kept.
type half struct {
	s     *Server
	nc    net.Conn
	raw   syscall.RawConn // of nc, if it may be used past nc's back; else nil
	index int             // in pending.all; guarded by pending.mu

	by      time.Time // when the handshake must be over; zero if there is no limit
	limited bool      // nc has that deadline
	parser  handshake.RequestParser
	in      []byte             // received, if that was not the whole head
	head    handshake.Request  // of the request, once that is complete
	early   []byte             // what followed that
	seen    *http.Request      // made of head; nil if nobody wanted to see it
	cancel  context.CancelFunc // of its context
	begun   bool               // nc is a connection now

	// What goes between raw and its callbacks.
	ready, writable func(fd uintptr) bool // h.readOnce and h.writeOnce, bound once
	buf             *buffer               // that was read into
	out             []byte                // to be written
	n               int                   // bytes read or written
	errno           syscall.Errno         // 0 if there is none
}

// A buffer is borrowed to read a request or to write the response.
type buffer [4096]byte

var (
	halves  = sync.Pool{New: func() any { return bind(new(half)) }}
	buffers = sync.Pool{New: func() any { return new(buffer) }}
)

// bind makes the callbacks of h.
func bind(h *half) *half {
	h.ready, h.writable = h.readOnce, h.writeOnce
	return h
}

// newHalf returns the half that begins on nc.
func newHalf(s *Server, nc net.Conn) *half {
	h := halves.Get().(*half)
	h.s, h.nc, h.raw = s, nc, rawConn(nc)
	h.by = s.setup.cfg.handshakeDeadline()
	h.parser.MaxFields = s.MaxHeaderFields
	return h
}

// free gives h back to be used again.
func (h *half) free() {
	*h = half{ready: h.ready, writable: h.writable}
	halves.Put(h)
}

// run performs the handshake and begins the connection, or closes it.
func (h *half) run() {
	defer h.end()
	err := h.receive()
	switch {
	case err == nil:
		h.decide()
	case err != errSilent:
		h.turnAway(err)
	}
}

// end is close, deferred, since a function of the application may panic.
func (h *half) end() {
	h.rescue(recover())
	h.close()
}

// close closes what did not become a connection, and forgets h.
func (h *half) close() {
	if h.cancel != nil {
		h.cancel()
	}
	if !h.begun {
		hangUp(h.nc)
	}
	h.s.pending.remove(h)
	h.free()
}

// rescue logs what a function of the application has panicked with, if one has.
func (h *half) rescue(v any) {
	if v != nil && v != http.ErrAbortHandler {
		h.s.logf("websocket: panic in the handshake with %v: %v\n%s", h.nc.RemoteAddr(), v, debug.Stack())
	}
}

// limit lets nc fail when the time is over.
func (h *half) limit() {
	if !h.limited && !h.by.IsZero() {
		h.nc.SetDeadline(h.by)
		h.limited = true
	}
}

// errSilent is the error of a connection that ends before it has said anything,
// as those do with which a load balancer looks whether somebody is there.
var errSilent = errors.New("nothing was received")

// receive waits for the request.
func (h *half) receive() error {
	if t, ok := h.nc.(*tls.Conn); ok {
		h.limit()
		if err := t.Handshake(); err != nil {
			return h.tlsError(err)
		}
	}
	for {
		if err := h.read(); err != nil {
			return h.readError(err)
		}
		complete, err := h.consume(h.buf[:h.n])
		h.giveBack()
		if complete || err != nil {
			return err
		}
	}
}

// tlsError returns the error of a handshake of TLS.
// A client that speaks HTTP instead is told so: then the error is an answer, and nc is what it speaks on.
func (h *half) tlsError(err error) error {
	e, ok := errors.AsType[tls.RecordHeaderError](err)
	if !ok || e.Conn == nil {
		return h.readError(err)
	}
	if _, _, refusal := handshake.ConsumeRequest(e.RecordHeader[:]); refusal != nil {
		return h.readError(err)
	}
	h.s.pending.replace(h, e.Conn)
	return &handshake.Error{Status: http.StatusBadRequest, Reason: "this server speaks TLS: want https or wss"}
}

// readError returns the error of a connection from which err kept a request.
func (h *half) readError(err error) error {
	if len(h.in) == 0 && (err == io.EOF || errors.Is(err, syscall.ECONNRESET)) {
		return errSilent
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
		return fmt.Errorf("websocket: no complete request within Config.HandshakeTimeout: %w", err)
	}
	return fmt.Errorf("websocket: handshake request: %w", err)
}

// read waits for bytes to arrive. Then the first n of buf are those.
// The stack is at its deepest here while a connection waits.
func (h *half) read() error {
	if h.raw == nil {
		return h.readPlain()
	}
	if err := h.raw.Read(h.ready); err != nil {
		return err
	}
	return h.readResult()
}

// readPlain is read for a connection of any kind.
func (h *half) readPlain() (err error) {
	h.limit()
	h.buf = buffers.Get().(*buffer)
	if h.n, err = h.nc.Read(h.buf[:]); h.n > 0 {
		return nil
	}
	h.giveBack()
	return cmp.Or(err, io.ErrNoProgress)
}

// readResult returns the error of what readOnce did.
func (h *half) readResult() error {
	if h.errno == 0 && h.n > 0 {
		return nil
	}
	h.giveBack()
	if h.errno == 0 {
		return io.EOF
	}
	return h.errno
}

// giveBack gives back buf.
func (h *half) giveBack() {
	buffers.Put(h.buf)
	h.buf = nil
}

// consume takes what arrived into account and reports whether it completes the request.
func (h *half) consume(p []byte) (complete bool, err error) {
	if len(h.in) > 0 {
		h.in = append(h.in, p...)
		p = h.in
	}
	r, n, refusal := h.parser.Consume(p)
	switch most := h.s.maxHeaderBytes(); {
	case refusal != nil:
		return false, h.malformed(refusal)
	case n > most || n == 0 && len(p) >= most:
		return false, tooLarge(most)
	case n == 0 && len(h.in) == 0:
		h.in = bytes.Clone(p)
	case n > 0 && n < len(p):
		h.early = bytes.Clone(p[n:])
	}
	h.head = r
	return n > 0, nil
}

// malformed returns the error of a request that the parser has refused.
func (h *half) malformed(refusal *handshake.Error) error {
	if refusal.Status != http.StatusRequestHeaderFieldsTooLarge {
		return refusal
	}
	return &LimitError{Option: "MaxHeaderFields", Limit: cmp.Or(h.s.MaxHeaderFields, 128), Answer: refusal}
}

// tooLarge returns the error of a request of more than most bytes.
func tooLarge(most int) error {
	return limitError("MaxHeaderBytes", most, http.StatusRequestHeaderFieldsTooLarge,
		fmt.Sprintf("the request has more than %d bytes", most), "")
}

// maxHeaderBytes returns how large a request may be.
func (s *Server) maxHeaderBytes() int {
	if s.MaxHeaderBytes < 0 {
		return math.MaxInt
	}
	return cmp.Or(s.MaxHeaderBytes, 16<<10)
}

// decide answers the request. If it accepts it, it begins the connection.
func (h *half) decide() {
	a, refusal := h.s.review(h)
	if refusal != nil {
		h.refuse(refusal)
		return
	}
	h.begin(a)
}

// begin sends the response and begins the connection.
func (h *half) begin(a admission) {
	defer func() {
		if !h.begun {
			h.s.release(a.key)
		}
	}()
	if err := h.accept(h.head.Value("Sec-WebSocket-Key"), a.agreement); err != nil {
		h.s.refuses(h, err)
		return
	}
	if h.limited {
		h.nc.SetDeadline(time.Time{})
	}
	h.s.start(h.nc, h.early, a)
	h.begun = true
}

// accept sends the response that agrees on a.
func (h *half) accept(key string, a handshake.Agreement) error {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	if err := h.write(handshake.AppendResponse(b[:0], key, a, h.s.setup.cfg.Header)); err != nil {
		return fmt.Errorf("websocket: handshake response: %w", err)
	}
	return nil
}

// write writes p, without a deadline if the network takes it at once.
func (h *half) write(p []byte) error {
	if h.raw != nil {
		n, err := h.writeRaw(p)
		if n == len(p) || err != nil {
			return err
		}
		p = p[n:]
	}
	h.limit()
	n, err := h.nc.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}

// writeRaw writes as much of p as the network takes without waiting.
func (h *half) writeRaw(p []byte) (n int, err error) {
	h.out = p
	err = h.raw.Write(h.writable)
	h.out = nil
	if err == nil && h.errno != 0 && h.errno != errAgain {
		err = h.errno
	}
	return h.n, err
}
