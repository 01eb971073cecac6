package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/ws6455/ws/frame"
)

// A tap is a connection that shows the frames that pass through it.
type tap struct {
	net.Conn
	in, out stream
}

// dialTapped is a client.Config.DialContext that shows frames.
func (p *printer) dialTapped(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return p.tapped(nc), nil
}

// tapped returns nc with a tap.
func (p *printer) tapped(nc net.Conn) net.Conn {
	return &tap{
		Conn: nc,
		in:   stream{show: func(f string) { p.answer("in:  %s", f) }},
		out:  stream{show: func(f string) { p.answer("out: %s", f) }},
	}
}

// Read shows what it reads.
func (t *tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.in.see(b[:n])
	return n, err
}

// Write shows what it is about to write, so that no answer is shown before.
func (t *tap) Write(b []byte) (int, error) {
	t.out.see(b)
	return t.Conn.Write(b)
}

// CloseWrite makes the closing handshake work as without the tap.
func (t *tap) CloseWrite() error {
	if c, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return net.ErrClosed
}

// A stream is one direction: the heads of HTTP requests or responses, and then frames.
type stream struct {
	show func(frame string)

	mu    sync.Mutex
	b     []byte // seen and not understood yet
	skip  int64  // of a payload that is not shown
	heads bool   // there was a head
	off   bool   // it is something else
}

// see takes the next bytes.
func (s *stream) see(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.b = append(s.b, b...); len(s.b) > 0 && !s.off; {
		n := s.next()
		if n == 0 {
			return
		}
		s.b = s.b[n:]
	}
	s.b = nil
}

// next returns the size of what s.b begins with, after showing it. It is 0 if there must be more of it.
func (s *stream) next() int {
	switch {
	case s.skip > 0:
		n := min(s.skip, int64(len(s.b)))
		s.skip -= n
		return int(n)
	case startsHead(s.b):
		s.heads = true
		head, _, ok := bytes.Cut(s.b, endOfHead)
		if !ok {
			return 0
		}
		return len(head) + len(endOfHead)
	case !s.heads:
		s.off = true // such as the words of a SOCKS proxy
		return 0
	}
	return s.frame()
}

var endOfHead = []byte("\r\n\r\n")

// startsHead reports whether b begins with the head of a request or a response, as far as it goes.
// No frame does: its first byte would have a reserved opcode, or that of a fragment of a close frame.
func startsHead(b []byte) bool {
	for _, start := range []string{"GET ", "CONNECT ", "HTTP/"} {
		if n := min(len(b), len(start)); string(b[:n]) == start[:n] {
			return true
		}
	}
	return false
}

// frame is next for a frame. A control frame must be there as a whole.
func (s *stream) frame() int {
	h, n, err := frame.Consume(s.b)
	switch {
	case err != nil:
		s.off = true
		return 0
	case n == 0 || h.Opcode.IsControl() && int64(len(s.b)-n) < h.Length:
		return 0
	case !h.Opcode.IsControl():
		s.skip = h.Length
		s.show(describe(h, nil))
		return n
	}
	payload := bytes.Clone(s.b[n : n+int(h.Length)])
	if h.Masked {
		frame.Mask(payload, h.Key)
	}
	s.show(describe(h, payload))
	return n + len(payload)
}

// rsv1 is the bit that permessage-deflate sets in the first frame of a message that it has compressed.
const rsv1 = 4

// describe shows a frame in words, and the payload if it is that of a control frame.
func describe(h frame.Header, payload []byte) string {
	s := fmt.Sprintf("%v, %d bytes", h.Opcode, h.Length)
	if h.Masked {
		s += ", masked"
	}
	if h.RSV&rsv1 != 0 {
		s += ", compressed"
	}
	if !h.Fin {
		s += ", to be continued"
	}
	switch {
	case h.Opcode == frame.Close:
		code, reason, _ := frame.ConsumeClose(payload)
		s += fmt.Sprintf(": %v %q", code, reason)
	case len(payload) > 0:
		s += fmt.Sprintf(": % x", payload)
	}
	return s
}
