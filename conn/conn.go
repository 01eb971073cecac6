package conn

import (
	"context"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/internal/netloop"
	"github.com/ws6455/ws/internal/protocol"
)

// A Conn is one end of a WebSocket connection.
// Its methods may be called from any goroutine, at any time.
//
// Its size counts, for those who have a hundred thousand of them: what few connections need is behind a pointer,
// and what a connection in a loop needs only while something is going on lies in its state.
type Conn struct {
	*state // see state.go; nil while nothing is going on with a connection in a loop

	nc         net.Conn
	limits     *Config              // resolved; others may have the same
	member     member               // of Config.Keepalive, if there is one
	agreement  *handshake.Agreement // nil if nothing was agreed on
	compressor *compressor          // nil if no compression was agreed on
	socket     *netloop.Socket      // of nc; nil unless c lives in a loop
	rtt        atomic.Int64         // of the last ping that was answered
	dropped    atomic.Int64         // messages that the queue had no room for

	mu       sync.Mutex   // held for moments only; guards what follows, and part of the state
	users    atomic.Int32 // who use the state; only counted if there may be none
	over     atomic.Bool  // nc is closed; may be read without mu
	lifetime *lifetime    // nil until somebody asks
	err      error        // why the connection ended or is being failed; nil before
	side     frame.Side   // not guarded
}

// A state is the part of a Conn that has its initial value while nothing is going on:
// nobody reads, writes or waits, no message is unfinished, and no side has begun to close.
type state struct {
	raw syscall.RawConn // of nc, if it may be used past nc's back; else nil

	// Reading. Guarded by rd, which is held while input is decoded or waited for.
	rd       lock
	rx       protocol.Receiver
	in       input          // bytes from the network, not yet decoded
	ahead    *aheadQueue    // decoded before the application asked for it; nil if there is nothing
	reader   *messageReader // of the message being delivered, if that is done by one
	received int64          // bytes so far of the message being received, if hooks want to know
	waited   time.Duration  // for the rest of an unfinished message or frame
	by       time.Time      // when that must be there; zero if nothing is unfinished
	text     frame.UTF8     // of the message being received
	skip     bool           // the rest of the message being delivered is unwanted
	dropping bool           // messages from now on: the connection is closing, and nobody reads
	inFull   bool           // the last read filled its room, so there may be more; without raw

	// Who reads. Not guarded.
	pumping atomic.Bool  // rd is held by pump, which lets readers go first
	readers atomic.Int32 // readers that wait for rd
	idle    atomic.Pointer[time.Timer]

	// Writing. msg is held for the length of a message, wr while bytes go out.
	msg       lock
	wr        lock
	tx        protocol.Sender // guarded by wr, as are those up to holdTimer
	txKey     [4]byte         // masking key of the frame under way, rotated to the next byte
	out       output          // encoded and not sent
	holdTimer *time.Timer     // sends out at last; nil as long as nothing was held back
	holding   atomic.Bool     // there is something in out; may be read without wr, as timed
	timed     atomic.Bool     // holdTimer is set
	pipelined atomic.Bool     // a message is there to be read, so its predecessor's reply may wait
	batches   atomic.Int32    // under way

	// The rest is guarded by Conn.mu.
	deadline  bool         // nc has a read deadline
	woken     bool         // it has passed, to wake the reader
	writing   bool         // a write may be waiting for the network
	closes    atomic.Bool  // ending is not nil; may be read without mu
	writes    uint32       // counts writes that may wait
	pongCount atomic.Int32 // pongs that are due; may be read without mu
	since     int64        // when the write that may be waiting began to, in nanoseconds of Unix time
	pongs     *pongQueue   // those that are due; nil if there are none
	queue     *sendQueue   // what Send has queued; nil if there is nothing
	watch     watch        // wakes the reader when its context ends
	pings     *ping        // sent and not answered, the most recent first
	ending    *ending      // nil as long as no side has begun to close

	loop looped // for a connection in a loop
}

// An Opening is the result of an opening handshake.
type Opening struct {
	Side      frame.Side          // the side of the new Conn
	Agreement handshake.Agreement // what both sides settled on
	Early     []byte              // bytes of the peer that followed its handshake
}

// New returns the connection that begins on nc after its opening handshake.
// The Conn owns nc from now on, and o.Early until it is read.
// Packages server and client call this; so may the user of another handshake.
//
// nc must obey deadlines, and its Close must end a blocked Read and Write.
func New(nc net.Conn, o Opening, cfg *Config) *Conn {
	c := newConn(nc, o.Side, cfg.resolved())
	if o.Agreement.Subprotocol != "" || len(o.Agreement.Extensions) > 0 {
		c.agreement = new(handshake.Agreement)
		*c.agreement = o.Agreement
	}
	if p, ok := o.Agreement.Deflate(); ok {
		c.compressor = newCompressor(o.Side, p, c.limits)
	}
	if c.state != nil {
		c.initialize()
	}
	c.enter()
	defer c.leave()
	c.in.b = slices.Clip(o.Early)
	c.limits.Keepalive.join(c)
	c.limits.Hooks.open(c)
	return c
}

// Subprotocol returns the subprotocol that was agreed on; empty if none.
func (c *Conn) Subprotocol() string {
	if c.agreement == nil {
		return ""
	}
	return c.agreement.Subprotocol
}

// Extensions returns the extensions that were agreed on, in the order of the server's response, for logs.
// A caller must not change them.
func (c *Conn) Extensions() []handshake.Extension {
	if c.agreement == nil {
		return nil
	}
	return c.agreement.Extensions
}

// Side returns which end of the connection c is.
func (c *Conn) Side() frame.Side { return c.side }

// LocalAddr returns the local network address.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the peer's network address.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// NetConn returns the connection below, for what only it knows, such as the TLS state.
// Reading, writing, closing it or setting its deadlines breaks c.
func (c *Conn) NetConn() net.Conn { return c.nc }

// lifetime is how the end of a connection is announced.
type lifetime struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// life returns c.lifetime, which it creates at need. c.mu is held.
func (c *Conn) life() *lifetime {
	if c.lifetime == nil {
		ctx, cancel := context.WithCancelCause(context.Background())
		c.lifetime = &lifetime{ctx, cancel}
		if c.over.Load() {
			cancel(c.err)
		}
	}
	return c.lifetime
}

// done returns a channel that is closed when the connection has ended.
func (c *Conn) done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.life().ctx.Done()
}

// Context returns a context that is cancelled when the connection ends.
// context.Cause then tells why, with the error that Read and Write return.
//
// From the first call on, the connection looks after itself
// while the application neither reads nor pings:
// after a moment it reads ahead, answers pings and the peer's close,
// and keeps up to Config.MaxMessageSize bytes of messages for the next Read.
// That takes a goroutine, but none while a Read is under way.
func (c *Conn) Context() context.Context {
	c.enter()
	defer c.leave()
	c.mu.Lock()
	ctx := c.life().ctx
	c.mu.Unlock()
	c.keepReading()
	return ctx
}

// end records why the connection ended, unless that is known already,
// closes the connection below and tells everybody. It returns the error recorded.
// Whoever waits for the network or for a lock gets that error.
func (c *Conn) end(err error) error {
	err, first := c.tearDown(err)
	if first {
		c.limits.Hooks.close(c, err)
		if c.socket != nil {
			c.socket.Ready()
		}
	}
	return err
}

// tearDown does what end says, but for the hook. first is false if that was done before.
func (c *Conn) tearDown(err error) (end error, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	if c.over.Swap(true) {
		return c.err, false
	}
	c.limits.Keepalive.leave(c)
	c.watch.clear()
	if t := c.idle.Load(); t != nil {
		t.Stop()
	}
	if c.lifetime != nil {
		c.lifetime.cancel(c.err)
	}
	hangUp(c.nc)
	return c.err, true
}

// failed returns why the connection ended or is being failed; nil if neither.
func (c *Conn) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
