// Package floor holds the little that an echo needs if nothing may go wrong:
// it answers every request that has a key, and turns frames around in place, whatever is in them.
// Servers made of it show what the system calls cost; they are no WebSocket servers.
package floor

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
)

// Room is how many bytes a buffer needs before what is read into it:
// a header that began in an earlier read moves the echo forward.
const Room = 16

// Upgrade returns the response to a request, or nil if the request is not complete.
func Upgrade(request []byte) []byte {
	if !bytes.HasSuffix(request, []byte("\r\n\r\n")) {
		return nil
	}
	_, key, _ := bytes.Cut(request, []byte("Sec-WebSocket-Key: "))
	key, _, _ = bytes.Cut(key, []byte("\r\n"))
	sum := sha1.Sum(append(bytes.Clone(key), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...))
	b := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
	b = base64.StdEncoding.AppendEncode(b, sum[:])
	return append(b, "\r\n\r\n"...)
}

// Payload returns the payload of the frame at the start of an echo, as far as it is there.
func Payload(echo []byte) []byte {
	n := 2
	switch {
	case len(echo) < 2:
		return nil
	case echo[1] == 126:
		n = 4
	case echo[1] == 127:
		n = 10
	}
	return echo[min(n, len(echo)):]
}

// An Echo turns the frames of one client around. The zero Echo is ready.
type Echo struct {
	head [14]byte // a header that has come in part
	have int      // how much of it
	key  uint64   // the masking key twice, as it applies to the next byte
	left uint64   // bytes of the payload that are still to come
}

// Turn makes the echo of the n bytes that were read to buf[Room:]. It is at the start of buf.
func (e *Echo) Turn(buf []byte, n int) []byte {
	in, out := buf[Room:Room+n], buf[:0]
	for len(in) > 0 {
		if e.left > 0 {
			k := int(min(e.left, uint64(len(in))))
			e.unmask(in[:k])
			out = append(out, in[:k]...) // behind in, or where it is
			in = in[k:]
			e.left -= uint64(k)
			continue
		}
		k, complete := e.header(in)
		if in = in[k:]; complete {
			out = append(out, e.head[:e.have-4]...)
			e.have = 0
		}
	}
	return out
}

// header takes what it needs of in for a header, and turns that into one without a mask.
func (e *Echo) header(in []byte) (n int, complete bool) {
	for n < len(in) {
		size := e.size()
		k := copy(e.head[e.have:size], in[n:])
		n += k
		if e.have += k; e.have == size && size == e.size() {
			e.begin(size)
			return n, true
		}
	}
	return n, false
}

// size returns how long the header is, as far as its first two bytes tell; before, it returns 2.
func (e *Echo) size() int {
	switch {
	case e.have < 2:
		return 2
	case e.head[1]&0x7F == 126:
		return 8
	case e.head[1]&0x7F == 127:
		return 14
	default:
		return 6
	}
}

// begin begins the payload of the header, which is complete.
func (e *Echo) begin(size int) {
	switch size {
	case 6:
		e.left = uint64(e.head[1] & 0x7F)
	case 8:
		e.left = uint64(binary.BigEndian.Uint16(e.head[2:]))
	case 14:
		e.left = binary.BigEndian.Uint64(e.head[2:])
	}
	key := uint64(binary.LittleEndian.Uint32(e.head[size-4:]))
	e.key = key<<32 | key
	e.head[1] &= 0x7F
}

// unmask unmasks b and turns the key to the byte that follows.
func (e *Echo) unmask(b []byte) {
	key := e.key
	for len(b) >= 32 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^key)
		binary.LittleEndian.PutUint64(b[8:], binary.LittleEndian.Uint64(b[8:])^key)
		binary.LittleEndian.PutUint64(b[16:], binary.LittleEndian.Uint64(b[16:])^key)
		binary.LittleEndian.PutUint64(b[24:], binary.LittleEndian.Uint64(b[24:])^key)
		b = b[32:]
	}
	for i := range b {
		b[i] ^= byte(key)
		key = key>>8 | key<<56
	}
	e.key = key
}
