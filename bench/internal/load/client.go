package load

import (
	"errors"
	"fmt"
	"time"
)

// A state is how far a client has come.
type state uint8

const (
	idle       state = iota // has no connection
	connecting              // has not sent its request
	upgrading               // has not got all of the response
	open
)

// A client is one connection, and the messages in it.
type client struct {
	sock     socket
	state    state
	response []byte // as much of it as has come, while upgrading
	began    time.Duration
	enemy    *enemy // if it is hostile

	// The frames of the stream that it sends: those before queued are to be sent,
	// those before unsent are, and so are the first bytes of the one that follows.
	unsent, queued, bytes int
	control               []byte          // pongs that go before the next frame
	due                   []time.Duration // when a frame was queued, by its number modulo the flight

	in  incoming
	got int // replies
}

// incoming is what is known of the message that comes.
type incoming struct {
	head    [10]byte // a header that has come in part
	have    int      // how much of it
	first   byte     // of the header of the frame
	left    uint64   // bytes of the frame's payload that are still to come
	inFrame bool

	inMessage bool
	deflated  bool
	want      []byte // what is still to come of a message that is not compressed
	payload   []byte // what has come of one that is, or of a control frame
}

// dial begins to connect c.
func (e *engine) dial(c *client) {
	c.state, c.began = connecting, e.now()
	sock, err := e.poll.dial(c)
	if err != nil {
		c.state = idle
		e.fail(err)
		return
	}
	c.sock = sock
	e.connecting++
}

// hangUp closes the connection of c, which may dial again.
func (e *engine) hangUp(c *client, reset bool) {
	switch c.state {
	case idle:
		return
	case open:
		e.open--
	default:
		e.connecting--
	}
	c.sock.close(reset)
	*c = client{due: c.due, response: c.response[:0], enemy: c.enemy}
}

// lose is hangUp for a connection that has failed.
func (e *engine) lose(c *client, err error) {
	e.hangUp(c, false)
	if c.enemy == nil {
		e.fail(err)
	}
}

// ready handles what the poller tells of c.
func (e *engine) ready(c *client, read, write bool) {
	if write && c.state != idle {
		e.writable(c)
	}
	if read && c.state != idle {
		e.readable(c)
	}
}

// writable sends what is to be sent.
func (e *engine) writable(c *client) {
	switch {
	case c.enemy != nil && e.enemyWritable(c):
	case c.state == connecting:
		c.state = upgrading
		if n, err := c.sock.write(e.request); err != nil || n < len(e.request) {
			e.lose(c, fmt.Errorf("the request was not sent: %w", err))
		}
	case c.state == open:
		e.flush(c)
	}
}

// send queues n more messages at the time at.
func (e *engine) send(c *client, n int, at time.Duration) {
	for range n {
		c.due[c.queued%len(c.due)] = at
		c.queued++
	}
	e.flush(c)
}

// flush writes what is queued, as far as the socket takes it.
func (e *engine) flush(c *client) {
	for c.unsent < c.queued || len(c.control) > 0 {
		between := c.bytes == 0
		p := c.control
		if !between || len(p) == 0 {
			p = e.stream.frames(c.unsent, c.queued-c.unsent)[c.bytes:]
		}
		n, err := c.sock.write(p)
		switch {
		case err == errAgain:
			return
		case err != nil:
			e.lose(c, err)
			return
		case between && len(c.control) > 0:
			c.control = c.control[n:]
		default:
			c.wrote(e.stream, n)
		}
	}
}

// wrote counts n bytes of frames that are written.
func (c *client) wrote(s *stream, n int) {
	c.bytes += n
	for c.unsent < c.queued {
		size := len(s.frames(c.unsent, 1))
		if c.bytes < size {
			return
		}
		c.bytes -= size
		c.unsent++
	}
}

// readable reads until there is nothing more.
func (e *engine) readable(c *client) {
	for c.state != idle {
		if c.enemy != nil && c.enemy.kind == deaf && c.state == open {
			return
		}
		n, err := c.sock.read(e.buf)
		switch {
		case err == errAgain:
			return
		case err != nil:
			e.lose(c, err)
			return
		case n == 0:
			e.lose(c, errors.New("the server closed a connection"))
			return
		}
		if err := e.receive(c, e.buf[:n]); err != nil {
			e.lose(c, err)
			return
		}
		if n < len(e.buf) {
			return
		}
	}
}

// receive handles bytes of the server.
func (e *engine) receive(c *client, p []byte) error {
	if c.state == upgrading {
		var err error
		if p, err = e.upgrade(c, p); err != nil || c.state != open {
			return err
		}
	}
	if c.enemy != nil {
		return nil
	}
	before := c.got
	at := e.now()
	for len(p) > 0 {
		n, err := e.step(c, p, at)
		if err != nil {
			return err
		}
		p = p[n:]
	}
	if n := c.got - before; n > 0 && e.replied != nil {
		e.replied(c, n)
	}
	return nil
}

// step takes a header or a part of a payload from p.
func (e *engine) step(c *client, p []byte, at time.Duration) (int, error) {
	in := &c.in
	if !in.inFrame {
		k := copy(in.head[in.have:], p)
		h, n, err := parseHeader(in.head[:in.have+k])
		if err != nil || n == 0 {
			in.have += k
			return k, err
		}
		n, in.have = n-in.have, 0
		in.first, in.left, in.inFrame = h.first, h.length, true
		if err := e.begin(c); err != nil || in.left > 0 {
			return n, err
		}
		return n, e.end(c, at)
	}
	k := int(min(in.left, uint64(len(p))))
	if err := in.take(p[:k]); err != nil {
		return k, err
	}
	if in.first&0xF < closing {
		e.payload += int64(k)
	}
	if in.left -= uint64(k); in.left > 0 {
		return k, nil
	}
	return k, e.end(c, at)
}

// begin checks the header of a frame.
func (e *engine) begin(c *client) error {
	in := &c.in
	switch op := in.first & 0xF; {
	case op >= closing:
		in.payload = in.payload[:0]
		return nil
	case in.inMessage != (op == continuation):
		return fmt.Errorf("a frame out of order: its first byte is %#x", in.first)
	case in.first&rsv&^rsv1 != 0 || in.first&rsv1 != 0 && (in.inMessage || !e.coding.deflate):
		return fmt.Errorf("reserved bits are set: the first byte is %#x", in.first)
	case !in.inMessage && op != e.opcode:
		return fmt.Errorf("a reply of another type: its first byte is %#x", in.first)
	case in.inMessage:
		return nil
	}
	if c.got == c.queued && !e.unasked {
		return errors.New("a reply to nothing")
	}
	in.inMessage, in.deflated = true, in.first&rsv1 != 0
	in.want, in.payload = e.stream.message(c.got), in.payload[:0]
	return nil
}

// take compares a part of a payload to what is wanted, or keeps it.
func (in *incoming) take(p []byte) error {
	if in.first&0xF >= closing || in.deflated {
		in.payload = append(in.payload, p...)
		return nil
	}
	if len(p) > len(in.want) {
		return errors.New("a reply is too long")
	}
	if string(p) != string(in.want[:len(p)]) {
		return errors.New("a reply is not what was sent")
	}
	in.want = in.want[len(p):]
	return nil
}

// end handles the end of a frame.
func (e *engine) end(c *client, at time.Duration) error {
	in := &c.in
	in.inFrame = false
	switch op := in.first & 0xF; {
	case op == closing:
		return fmt.Errorf("the server closed a connection: %q", in.payload)
	case op == ping:
		c.control = appendFrame(c.control, fin|pong, [4]byte{1, 2, 3, 4}, in.payload)
		e.flush(c)
		return nil
	case op > closing || in.first&fin == 0:
		return nil
	}
	in.inMessage = false
	if err := e.checkEnd(c); err != nil {
		return err
	}
	e.latency.Add(at - c.due[c.got%len(c.due)])
	e.received++
	c.got++
	return nil
}

// checkEnd checks a message of which all has come.
func (e *engine) checkEnd(c *client) error {
	in := &c.in
	switch {
	case in.deflated:
		return e.flate.check(c.got, in.payload)
	case len(in.want) > 0:
		return errors.New("a reply is too short")
	case e.coding.serverTakeover:
		return errors.New("a reply is not compressed; what follows may or may not refer to it")
	default:
		return nil
	}
}
