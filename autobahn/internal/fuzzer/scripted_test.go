package fuzzer_test

import (
	"bytes"
	"compress/flate"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ws6455/ws/wstest"
)

// A peer is an implementation for the fuzzer to judge. Without habits it is correct and as strict as one can be:
// it echoes messages, answers pings, rejects what is wrong with the right code and at the first octet
// that shows it, and as server ends TCP as soon as the close frame is written.
//
// It takes turns: it reads what is there, thinks for a moment, and writes all that it has to say in one go.
type peer struct {
	habits
	nc     *wstest.PipeConn
	server bool // the peer is

	in  []byte // read and not yet looked at
	out []byte // written at the end of the turn

	head    *header // of the frame that is coming in
	left    int     // octets of its payload that are still missing
	control []byte  // its payload, if it is a control frame

	inside  bool // a message has begun
	op      byte
	packed  bool // the message is compressed
	rsv     byte // its other reserved bits
	message []byte
	checked int // octets of it that are known to be UTF-8

	closing bool // a close frame came, and was answered
	over    bool // nothing is read any more
	gone    bool // TCP is to be ended, whatever the role

	deflate        bool // was agreed on
	narrow, forget bool // what is sent has a small window, or no context
	packer         *flate.Writer
	packing        bytes.Buffer
	window         []byte // the end of what was received before

	seen    []header // of the frames that came
	end     error    // of reading
	echoes  int      // messages that were echoed
	pings   [][]byte // not answered yet
	held    []byte   // the payload of a close frame, not answered yet
	between func()   // is done between fragments
}

const (
	latency  = time.Millisecond // of a peer: so that nothing happens at the same time as in the fuzzer
	patience = time.Hour        // with a fuzzer that does not end TCP
)

// serve plays the peer until TCP ends.
func (p *peer) serve() {
	defer p.nc.Close()
	p.nc.SetDeadline(time.Now().Add(patience))
	if !p.open() {
		_, p.end = io.Copy(io.Discard, p.nc)
		return
	}
	if p.opened != nil && !p.eager {
		p.opened(p)
	}
	buf := make([]byte, 4<<10)
	for {
		for !p.over && p.step() {
		}
		if p.turn != nil {
			p.turn(p)
		}
		p.flush()
		if p.over || p.closing {
			break
		}
		n, err := p.nc.Read(buf)
		if err != nil {
			p.end = err
			return
		}
		time.Sleep(latency)
		p.in = append(p.in, buf[:n]...)
	}
	time.Sleep(p.lingers)
	if !p.gone && !p.ends && (p.stays || !p.server) {
		_, p.end = io.Copy(io.Discard, p.nc)
	}
}

// open does the opening handshake. A server leaves its response to the first turn.
func (p *peer) open() bool {
	if !p.server {
		p.out = append(p.out, p.request()...)
		if p.opened != nil && p.eager {
			p.opened(p)
		}
		p.flush()
	}
	for !bytes.Contains(p.in, []byte("\r\n\r\n")) {
		buf := make([]byte, 4096)
		n, err := p.nc.Read(buf)
		if err != nil {
			return false
		}
		p.in = append(p.in, buf[:n]...)
	}
	head, rest, _ := strings.Cut(string(p.in), "\r\n\r\n")
	p.in = []byte(rest)
	extensions := field(head, "Sec-WebSocket-Extensions")
	if !p.server {
		p.agree(extensions)
		return strings.HasPrefix(head, "HTTP/1.1 101 ")
	}
	sum := sha1.Sum([]byte(field(head, "Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	response := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
	if extensions != "" && !p.plain {
		answer := p.answer(extensions)
		p.agree(answer)
		response += "Sec-WebSocket-Extensions: " + answer + "\r\n"
	}
	response += "\r\n"
	if p.respond != nil {
		response = p.respond(p, response)
	}
	p.out = append(p.out, response...)
	return true
}

// request returns the request of a client.
func (p *peer) request() string {
	r := "GET /runCase?case=1&agent=peer HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
	if !p.plain {
		r += "Sec-WebSocket-Extensions: " + p.offer() + "\r\n"
	}
	return r + "\r\n"
}

// offer returns the offers of a client.
func (p *peer) offer() string {
	if p.offers != "" {
		return p.offers
	}
	return "permessage-deflate; client_max_window_bits"
}

// answer returns the answer of a server: the first offer, without what it says about the client.
func (p *peer) answer(offers string) string {
	if p.answers != "" {
		return p.answers
	}
	first, _, _ := strings.Cut(offers, ",")
	params := strings.Split(first, ";")
	return strings.Join(slices.DeleteFunc(params, func(s string) bool { return strings.Contains(s, "client_") }), ";")
}

// agree does what was agreed on.
func (p *peer) agree(answer string) {
	own := "client_"
	if p.server {
		own = "server_"
	}
	p.deflate = answer != ""
	p.forget = strings.Contains(answer, own+"no_context_takeover")
	p.narrow = strings.Contains(answer, own+"max_window_bits=9") && !p.wide
}

// field returns the value of a header field.
func field(head, name string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		if n, v, _ := strings.Cut(line, ":"); strings.EqualFold(n, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// step takes the next piece of a frame and reports whether there may be more.
func (p *peer) step() bool {
	if p.closing && !p.allows(afterClose) {
		return false
	}
	if p.head == nil {
		h, n := parse(p.in)
		if n == 0 {
			return false
		}
		p.in = p.in[n:]
		p.head, p.left, p.control = &h, int(h.length), nil
		if !p.begin(h) {
			return false
		}
	}
	h := p.head
	n := min(p.left, len(p.in))
	piece := p.in[:n]
	p.in = p.in[n:]
	if h.masked {
		for i := range piece {
			piece[i] ^= h.key[(int(h.length)-p.left+i)%4]
		}
	}
	p.left -= n
	if h.op >= opClose {
		p.control = append(p.control, piece...)
	} else if !h.skip {
		p.message = append(p.message, piece...)
		late := p.left > 0 && p.checks != early || p.checks == atMessageEnd || p.checks == never || p.packed
		if p.op == opText && !late && !p.text(false) {
			p.fail(1007)
			return false
		}
	}
	if p.left > 0 {
		return false
	}
	p.head = nil
	p.seen = append(p.seen, *h)
	p.complete(*h)
	return !p.over
}

// begin judges the header of a frame and reports whether its payload is to be read.
func (p *peer) begin(h header) bool {
	rsv := h.rsv
	if p.deflate && (h.op == opText || h.op == opBinary) {
		rsv &^= 4
	}
	control := h.op >= opClose
	var broken rule
	switch {
	case h.masked != p.server:
		broken = masking
	case rsv != 0:
		broken = reservedBits
	case h.op > opBinary && h.op < opClose || h.op > opPong:
		broken = reservedOpcodes
	case control && !h.fin:
		broken = splitControl
	case control && h.length > 125 && (h.op != opClose || p.reply == nil): // a reply is one to any close frame
		broken = longControl
	case h.op == 0 && !p.inside:
		broken = strayContinuation
	case !control && h.op != 0 && p.inside:
		broken = interleaved
	}
	if broken != 0 && !p.allows(broken) && !p.skips(broken) {
		p.fail(1002)
		return false
	}
	p.head.skip = p.skips(broken) || broken == reservedOpcodes || broken == strayContinuation
	if !p.head.skip && (h.op == opText || h.op == opBinary) {
		p.inside, p.op, p.packed, p.message, p.checked = true, h.op, h.rsv&4 != 0 && p.deflate, nil, 0
		p.rsv = rsv
	}
	return true
}

// complete handles a frame that is complete.
func (p *peer) complete(h header) {
	switch {
	case h.skip:
		if p.skipped != nil {
			p.skipped(p, h)
		}
	case h.op == opClose:
		p.closeFrame(p.control)
	case h.op == opPing && p.ping != nil:
		p.ping(p, p.control)
	case h.op == opPing:
		p.send(opPong, p.control)
	case h.op == opPong && p.pong != nil:
		p.pong(p, p.control)
	case h.op < opClose && h.fin:
		p.inside = false
		if p.packed {
			p.unpack()
		}
		if p.op == opText && p.checks != never && !p.text(true) {
			p.fail(1007)
			return
		}
		p.echoes++
		if p.echo != nil {
			p.echo(p, p.op, p.message)
		} else {
			p.send(p.op, p.message)
		}
	}
}

// text reports whether the message is UTF-8 as far as it goes.
func (p *peer) text(whole bool) bool {
	b := p.message[p.checked:]
	if p.ascii && slices.ContainsFunc(b, func(c byte) bool { return c >= utf8.RuneSelf }) {
		return false
	}
	for len(b) > 0 && !utf8.Valid(b) {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			p.checked = len(p.message) - len(b)
			return !utf8.FullRune(b) && !whole
		}
		b = b[n:]
	}
	p.checked = len(p.message)
	return true
}

// closeFrame answers a close frame.
func (p *peer) closeFrame(payload []byte) {
	p.closing = true
	switch {
	case p.reply != nil:
		p.reply(p, payload)
	case len(payload) == 0:
		p.send(opClose, nil)
	case len(payload) == 1 || !validCode(int(binary.BigEndian.Uint16(payload))):
		p.fail(1002)
	case !utf8.Valid(payload[2:]):
		p.fail(1007)
	default:
		p.send(opClose, payload[:2])
	}
}

// validCode reports whether a close frame may have the code.
func validCode(c int) bool {
	return c >= 1000 && c <= 1003 || c >= 1007 && c <= 1014 || c >= 3000 && c <= 4999
}

// fail fails the connection.
func (p *peer) fail(code int) {
	if p.forgets {
		p.out = nil
	}
	if p.fails != nil {
		p.fails(p, code)
	} else {
		p.close(code, "")
	}
	p.over = true
}

// close sends a close frame; a code of none sends an empty one.
func (p *peer) close(code int, reason string) {
	if code == none {
		p.send(opClose, nil)
		return
	}
	p.send(opClose, append([]byte{byte(code >> 8), byte(code)}, reason...))
}

// hangUp ends TCP, without another word, after what was said before.
func (p *peer) hangUp() {
	p.over, p.gone = true, true
}

// send sends a message, or a control frame, in one frame.
func (p *peer) send(op byte, payload []byte) {
	h := header{fin: true, op: op}
	if op < opClose && p.bits {
		h.rsv = p.rsv
	}
	if op < opClose && p.deflate {
		h.rsv, payload = h.rsv|4, p.pack(payload)
	}
	p.frame(h, payload)
}

// frame sends a frame. It is masked as the role of the peer wants it.
func (p *peer) frame(h header, payload []byte) {
	h.masked = !p.server
	if h.length == 0 {
		h.length = uint64(len(payload))
	}
	if p.spoil != nil {
		p.spoil(&h)
	}
	p.out = h.append(p.out, payload)
}

// flush writes what there is to say.
func (p *peer) flush() {
	if !p.drips {
		p.nc.Write(p.out)
	} else {
		for i := range p.out {
			p.nc.Write(p.out[i : i+1])
			time.Sleep(20 * time.Microsecond)
		}
	}
	p.out = p.out[:0]
}

// pause lets time pass after what was said before.
func (p *peer) pause(d time.Duration) {
	p.flush()
	time.Sleep(d)
}

// pack compresses a message.
func (p *peer) pack(b []byte) []byte {
	if p.packer == nil {
		level := flate.BestSpeed
		if p.narrow {
			level = flate.HuffmanOnly // never refers back
		}
		p.packer, _ = flate.NewWriter(&p.packing, level)
	} else if p.forget {
		p.packer.Reset(&p.packing)
	}
	p.packing.Reset()
	p.packer.Write(b)
	p.packer.Flush()
	return slices.Clone(p.packing.Bytes()[:p.packing.Len()-4])
}

// unpack decompresses the message.
func (p *peer) unpack() {
	tail := "\x00\x00\xff\xff\x01\x00\x00\xff\xff"
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(p.message), strings.NewReader(tail)), p.window)
	p.message, _ = io.ReadAll(r)
	p.window = append(p.window, p.message...)
	p.window = slices.Clone(p.window[max(0, len(p.window)-32<<10):])
}

// A header is that of a frame.
type header struct {
	fin    bool
	rsv    byte
	op     byte
	masked bool
	key    [4]byte
	length uint64
	long   int  // bits of the length field, if it is not to be the shortest
	skip   bool // the frame means nothing
}

const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

// parse reads a header. n is 0 if there is more to come.
func parse(b []byte) (h header, n int) {
	if len(b) < 2 {
		return h, 0
	}
	h = header{fin: b[0]&0x80 != 0, rsv: b[0] >> 4 & 7, op: b[0] & 15, masked: b[1]&0x80 != 0, length: uint64(b[1] & 0x7f)}
	n = 2
	size := map[uint64]int{126: 2, 127: 8}[h.length]
	if h.masked && len(b) < n+size+4 || len(b) < n+size {
		return h, 0
	}
	if size > 0 {
		h.length = 0
		for _, c := range b[n : n+size] {
			h.length = h.length<<8 | uint64(c)
		}
	}
	n += size
	if h.masked {
		n += copy(h.key[:], b[n:])
	}
	return h, n
}

// append appends the frame to b.
func (h header) append(b, payload []byte) []byte {
	first := h.rsv<<4 | h.op
	if h.fin {
		first |= 0x80
	}
	mask := byte(0)
	if h.masked {
		mask = 0x80
	}
	switch {
	case h.length > 0xffff || h.long == 64:
		b = binary.BigEndian.AppendUint64(append(b, first, mask|127), h.length)
	case h.length > 125 || h.long == 16:
		b = binary.BigEndian.AppendUint16(append(b, first, mask|126), uint16(h.length))
	default:
		b = append(b, first, mask|byte(h.length))
	}
	if !h.masked {
		return append(b, payload...)
	}
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, key[:]...)
	for i, c := range payload {
		b = append(b, c^key[i%4])
	}
	return b
}
