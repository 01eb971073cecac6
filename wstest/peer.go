package wstest

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// A Peer is the other end of a connection under test, in the hands of a script.
// It sends the frames that it is told to, however wrong, and does nothing by itself:
// it answers neither pings nor closes.
//
// A Peer is used inside a testing/synctest bubble. What is wanted of the connection
// must have happened when everything there is idle; time does not pass meanwhile.
type Peer struct {
	t    testing.TB
	side frame.Side // of the peer
	nc   *PipeConn
	key  [4]byte

	mu     sync.Mutex
	frames []string // received and not yet wanted, as show writes them
	eof    string   // how the stream ended; empty before
	paused bool
	resume *sync.Cond
}

// NewPeer returns a connection for the given side, with cfg, and its scripted peer.
// Both are closed at the end of the test.
func NewPeer(t testing.TB, side frame.Side, cfg *conn.Config) (*conn.Conn, *Peer) {
	t.Helper()
	a, b := Pipe()
	c := conn.New(a, conn.Opening{Side: side}, cfg)
	p := newPeer(t, frame.Server+frame.Client-side, b)
	t.Cleanup(func() { c.CloseNow() })
	return c, p
}

// newPeer returns a script for the given side on nc.
func newPeer(t testing.TB, side frame.Side, nc *PipeConn) *Peer {
	p := &Peer{t: t, side: side, nc: nc, key: [4]byte{0x37, 0xfa, 0x21, 0x3d}}
	p.resume = sync.NewCond(&p.mu)
	go p.receive()
	t.Cleanup(func() {
		p.Resume()
		nc.Close()
	})
	return p
}

// Write sends a frame with Fin set, masked if the peer is a client.
func (p *Peer) Write(op frame.Opcode, payload string) {
	p.t.Helper()
	p.WriteFrame(frame.Header{Fin: true, Opcode: op}, payload)
}

// WriteFragment sends a frame without Fin.
func (p *Peer) WriteFragment(op frame.Opcode, payload string) {
	p.t.Helper()
	p.WriteFrame(frame.Header{Opcode: op}, payload)
}

// WriteClose sends a close frame.
func (p *Peer) WriteClose(code frame.StatusCode, reason string) {
	p.t.Helper()
	p.Write(frame.Close, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

// WriteFrame sends a frame with the header's Fin, RSV and Opcode, masked as the peer's side has to.
func (p *Peer) WriteFrame(h frame.Header, payload string) {
	p.t.Helper()
	p.WriteBytes(p.Frame(h, payload))
}

// Frame returns the bytes that WriteFrame sends.
func (p *Peer) Frame(h frame.Header, payload string) []byte {
	h.Masked, h.Key, h.Length = p.side == frame.Client, p.key, int64(len(payload))
	b := h.Append(nil)
	n := len(b)
	b = append(b, payload...)
	if h.Masked {
		frame.Mask(b[n:], h.Key)
	}
	return b
}

// WriteBytes sends b as it is.
func (p *Peer) WriteBytes(b []byte) {
	p.t.Helper()
	if _, err := p.nc.Write(b); err != nil {
		p.t.Errorf("write to the connection under test: %v", err)
	}
}

// Want fails the test unless the next frame that arrived has this opcode and payload, and Fin set.
// expectation is a sentence that says why.
func (p *Peer) Want(expectation string, op frame.Opcode, payload string) {
	p.t.Helper()
	p.want(expectation, show(frame.Header{Fin: true, Opcode: op}, []byte(payload)))
}

// WantFragment is Want for a frame without Fin.
func (p *Peer) WantFragment(expectation string, op frame.Opcode, payload string) {
	p.t.Helper()
	p.want(expectation, show(frame.Header{Opcode: op}, []byte(payload)))
}

// WantClose is Want for a close frame; StatusNoStatus stands for an empty one.
func (p *Peer) WantClose(expectation string, code frame.StatusCode, reason string) {
	p.t.Helper()
	payload, err := frame.AppendClose(nil, code, reason)
	if err != nil {
		p.t.Fatalf("WantClose: %v", err)
	}
	p.want(expectation, show(frame.Header{Fin: true, Opcode: frame.Close}, payload))
}

// WantIdle fails the test if a frame arrived that was not wanted, or the stream ended.
func (p *Peer) WantIdle(expectation string) {
	p.t.Helper()
	p.want(expectation, "nothing")
}

// WantEOF fails the test unless everything that arrived was wanted
// and the connection under test has hung up.
func (p *Peer) WantEOF(expectation string) {
	p.t.Helper()
	p.want(expectation, "end of stream")
}

// Skip forgets the frames that have arrived and returns how many there were.
func (p *Peer) Skip() int {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.frames)
	p.frames = nil
	return n
}

// Next takes the first thing that arrived and was not wanted yet, as Want would show it:
// such as `text "hi"` or `ping "" without FIN`; "nothing" if there is none.
func (p *Peer) Next() string {
	synctest.Wait()
	return p.next()
}

// Pause makes the peer stop reading, so that the writes of the connection under test get stuck
// once the buffers between are full. One read may still be under way.
func (p *Peer) Pause() { p.pause(true) }

// Resume undoes Pause.
func (p *Peer) Resume() { p.pause(false) }

func (p *Peer) pause(paused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = paused
	p.resume.Broadcast()
}

// Conn returns the peer's end of the network, to close, half-close or reset it.
func (p *Peer) Conn() *PipeConn { return p.nc }

// want takes the first thing that arrived and compares it.
func (p *Peer) want(expectation, want string) {
	p.t.Helper()
	synctest.Wait()
	if got := p.next(); got != want {
		p.t.Fatalf("%s:\n got %s\nwant %s", expectation, got, want)
	}
}

// next takes the first thing that arrived.
func (p *Peer) next() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.frames) > 0:
		got := p.frames[0]
		p.frames = p.frames[1:]
		return got
	case p.eof != "":
		return p.eof
	}
	return "nothing"
}

// receive decodes what the connection under test sends.
func (p *Peer) receive() {
	var in []byte
	buf := make([]byte, 4096)
	for {
		n, err := p.nc.Read(buf)
		in = p.decode(append(in, buf[:n]...))
		p.mu.Lock()
		for p.paused {
			p.resume.Wait()
		}
		if err != nil {
			p.eof = ending(err, in)
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
	}
}

// ending says how the stream ended, for which err stands, when in was left of a frame.
func ending(err error, in []byte) string {
	switch {
	case err == ErrReset:
		return "reset"
	case err != io.EOF:
		return "closed by the peer itself"
	case len(in) > 0:
		return fmt.Sprintf("end of stream inside a frame, after % x", in)
	}
	return "end of stream"
}

// decode takes the complete frames off in and returns the rest.
func (p *Peer) decode(in []byte) []byte {
	for {
		h, n, err := frame.Consume(in)
		if err != nil {
			p.arrived(fmt.Sprintf("malformed frame % x: %v", in, err))
			return nil
		}
		if n == 0 || int64(len(in)-n) < h.Length {
			return in
		}
		payload := in[n : n+int(h.Length)]
		in = in[n+int(h.Length):]
		if h.Masked {
			frame.Mask(payload, h.Key)
		}
		text := show(h, payload)
		if h.Masked != (p.side == frame.Server) {
			text = fmt.Sprintf("%s with MASK %t", text, h.Masked)
		}
		p.arrived(text)
	}
}

func (p *Peer) arrived(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frames = append(p.frames, text)
}

// show writes a frame for a person. Two frames that differ look different.
func show(h frame.Header, payload []byte) string {
	text := fmt.Sprintf("%s %q", h.Opcode, payload)
	if h.Opcode == frame.Close && len(payload) >= 2 {
		text = fmt.Sprintf("%s %d %q", h.Opcode, binary.BigEndian.Uint16(payload), payload[2:])
	}
	if !h.Fin {
		text += " without FIN"
	}
	if h.RSV != 0 {
		text += fmt.Sprintf(" with RSV %03b", h.RSV)
	}
	return text
}
