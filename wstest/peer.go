package wstest

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// A Peer is the other end of a connection under test, in the hands of a script.
// It sends the frames that it is told to, however wrong, and does nothing by itself:
// it answers neither pings nor closes.
//
// Inside a testing/synctest bubble, what is wanted of the connection
// must have happened when everything there is idle; time does not pass meanwhile.
// Elsewhere a script waits for what it wants, up to 10 seconds,
// and takes the connection for idle when nothing has come for 50 milliseconds.
type Peer struct {
	t    testing.TB
	side frame.Side // of the peer
	nc   *PipeConn
	key  [4]byte

	mu      sync.Mutex
	changed sync.Cond // anything below
	frames  []arrival // received and not yet wanted
	eof     string    // how the stream ended; empty before
	paused  bool
}

// An arrival is a frame that a Peer received.
type arrival struct {
	text    string // as show writes it, with what is wrong
	header  frame.Header
	payload string
	data    bool // part of a message, without fault
}

// How long a script waits outside of a bubble: for what it wants, and for nothing.
const (
	patience = 10 * time.Second
	quiet    = 50 * time.Millisecond
)

// NewPeer returns a connection for the given side, with cfg, and its scripted peer.
// They have agreed on no subprotocol and no extension, whatever cfg says.
// Both are closed at the end of the test.
func NewPeer(t testing.TB, side frame.Side, cfg *conn.Config) (*conn.Conn, *Peer) {
	t.Helper()
	return OpenPeer(t, conn.Opening{Side: side}, cfg)
}

// OpenPeer is [NewPeer] after a handshake with the given result.
// If compression was agreed on, the script sees and sends the compressed payloads.
func OpenPeer(t testing.TB, o conn.Opening, cfg *conn.Config) (*conn.Conn, *Peer) {
	t.Helper()
	a, b := Pipe()
	c := conn.New(a, o, cfg)
	p := newPeer(t, frame.Server+frame.Client-o.Side, b, nil)
	t.Cleanup(func() { c.CloseNow() })
	return c, p
}

// newPeer returns a script for the given side on nc, of which early is already read.
func newPeer(t testing.TB, side frame.Side, nc *PipeConn, early []byte) *Peer {
	p := &Peer{t: t, side: side, nc: nc, key: [4]byte{0x37, 0xfa, 0x21, 0x3d}}
	p.changed.L = &p.mu
	go p.receive(early)
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

// WantPing takes the next frame that arrived, which has to be a ping, and returns its payload,
// for [Peer.Write] to answer. It fails the test if anything else is next.
func (p *Peer) WantPing(expectation string) (payload string) {
	p.t.Helper()
	a := p.take(patience)
	if a.header.Opcode != frame.Ping || a.text != show(frame.Header{Fin: true, Opcode: frame.Ping}, []byte(a.payload)) {
		p.t.Fatalf("%s:\n got %s\nwant a ping", expectation, a.text)
	}
	return a.payload
}

// WantMessage takes the next message that arrived, whatever it says, for the script to look into.
// It fails the test if anything else is next, such as a ping between the fragments.
func (p *Peer) WantMessage(expectation string) (typ frame.Opcode, payload string) {
	p.t.Helper()
	for {
		a := p.take(patience)
		if first := typ == 0; !a.data || first != (a.header.Opcode != frame.Continuation) {
			p.t.Fatalf("%s:\n got %s\nwant a message, from its %s frame", expectation, a.text, which(first))
		}
		if typ == 0 {
			typ = a.header.Opcode
		}
		payload += a.payload
		if a.header.Fin {
			return typ, payload
		}
	}
}

// which names a frame of a message.
func which(first bool) string {
	if first {
		return "first"
	}
	return "next"
}

// WantIdle fails the test if a frame arrived that was not wanted, or the stream ended.
func (p *Peer) WantIdle(expectation string) {
	p.t.Helper()
	p.wantWithin(quiet, expectation, "nothing")
}

// WantEOF fails the test unless everything that arrived was wanted
// and the connection under test has hung up.
func (p *Peer) WantEOF(expectation string) {
	p.t.Helper()
	p.want(expectation, "end of stream")
}

// Skip forgets the frames that have arrived and returns how many there were.
// Outside of a bubble, others may be on their way.
func (p *Peer) Skip() int {
	idle()
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.frames)
	p.frames = nil
	return n
}

// Next takes the first thing that arrived and was not wanted yet, as Want would show it:
// such as `text "hi"` or `ping "" without FIN`; "nothing" if there is none.
func (p *Peer) Next() string {
	return p.take(patience).text
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
	p.changed.Broadcast()
}

// Conn returns the peer's end of the network, to close, half-close or reset it.
func (p *Peer) Conn() *PipeConn { return p.nc }

// want takes the first thing that arrived and compares it.
func (p *Peer) want(expectation, want string) {
	p.t.Helper()
	p.wantWithin(patience, expectation, want)
}

// wantWithin is want that waits for d outside of a bubble.
func (p *Peer) wantWithin(d time.Duration, expectation, want string) {
	p.t.Helper()
	if got := p.take(d).text; got != want {
		p.t.Fatalf("%s:\n got %s\nwant %s", expectation, got, want)
	}
}

// take takes the first thing that arrived, for which it waits for d outside of a bubble.
// The end of the stream, and nothing, are only a text.
func (p *Peer) take(d time.Duration) arrival {
	bubble := idle()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !bubble {
		p.await(d)
	}
	switch {
	case len(p.frames) > 0:
		a := p.frames[0]
		p.frames = p.frames[1:]
		return a
	case p.eof != "":
		return arrival{text: p.eof}
	}
	return arrival{text: "nothing"}
}

// await waits until there is something to take, or d has passed. p.mu is held.
func (p *Peer) await(d time.Duration) {
	end := time.Now().Add(d)
	defer time.AfterFunc(d, p.wake).Stop()
	for len(p.frames) == 0 && p.eof == "" && time.Now().Before(end) {
		p.changed.Wait()
	}
}

func (p *Peer) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changed.Broadcast()
}

// idle waits until everything in the bubble is idle. It reports whether there is a bubble.
func idle() (bubble bool) {
	defer func() {
		if v := recover(); v != nil && v != noBubble {
			panic(v)
		}
	}()
	synctest.Wait()
	return true
}

// noBubble is what synctest.Wait panics with outside of a bubble. There is no other way to ask.
const noBubble = "goroutine is not in a bubble"

// receive decodes what the connection under test sends, after early.
func (p *Peer) receive(early []byte) {
	in := p.decode(slices.Clone(early))
	buf := make([]byte, 4096)
	for {
		n, err := p.nc.Read(buf)
		in = p.decode(append(in, buf[:n]...))
		if p.ended(err, in) {
			return
		}
	}
}

// ended waits while the peer is paused. It reports whether a Read was the last one,
// which returned err, when in was left of a frame.
func (p *Peer) ended(err error, in []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.paused {
		p.changed.Wait()
	}
	if err != nil {
		p.eof = ending(err, in)
		p.changed.Broadcast()
	}
	return err != nil
}

// ending says how the stream ended, for which err stands, when in was left of a frame.
func ending(err error, in []byte) string {
	switch {
	case err == ErrReset:
		return "reset"
	case err != io.EOF:
		return "closed by the peer itself"
	case len(in) > 0:
		return "end of stream inside a frame, after " + showBytes(in)
	}
	return "end of stream"
}

// decode takes the complete frames off in and returns the rest.
func (p *Peer) decode(in []byte) []byte {
	for {
		h, n, err := frame.Consume(in)
		if err != nil {
			p.arrived(arrival{text: fmt.Sprintf("malformed frame %s: %v", showBytes(in), err)})
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
		p.arrived(p.judge(h, payload))
	}
}

// judge returns a frame that has arrived, with what is wrong about it.
func (p *Peer) judge(h frame.Header, payload []byte) arrival {
	a := arrival{text: show(h, payload), header: h, payload: string(payload)}
	rightly := h.Masked == (p.side == frame.Server)
	if !rightly {
		a.text = fmt.Sprintf("%s with MASK %t", a.text, h.Masked)
	}
	a.data = rightly && h.RSV == 0 && h.Opcode <= frame.Binary
	return a
}

func (p *Peer) arrived(a arrival) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frames = append(p.frames, a)
	p.changed.Broadcast()
}

// showBytes writes what is no frame for a person, or the start of it.
func showBytes(b []byte) string {
	const most = 32
	if len(b) > most {
		return fmt.Sprintf("% x … (%d bytes)", b[:most], len(b))
	}
	return fmt.Sprintf("% x", b)
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
