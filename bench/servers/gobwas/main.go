// Command gobwas echoes with github.com/gobwas/ws in its low-level form:
// header and payload read straight from the connection, unmasked in place, one write per message,
// and a buffer that the connection keeps.
package main

import (
	"io"
	"net"
	"sync"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
	"github.com/ws6455/ws/bench/internal/echo"
)

var about = echo.About{
	Module:   "github.com/gobwas/ws",
	Compress: true, Broadcast: true,
	Note: "checks neither the rules of frames nor UTF-8: both are extra calls",
}

var options echo.Options

func main() {
	echo.Main(about, func(o echo.Options) error {
		options = o
		ln, err := net.Listen("tcp", o.Addr)
		if err != nil {
			return err
		}
		for {
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			go serve(c)
		}
	})
}

func serve(c net.Conn) {
	defer c.Close()
	var flate wsflate.Extension
	var upgrader ws.Upgrader
	if options.Compress {
		flate.Parameters = wsflate.DefaultParameters
		upgrader.Negotiate = flate.Negotiate
	}
	if _, err := upgrader.Upgrade(c); err != nil {
		return
	}
	if options.Broadcast {
		join(c)
		defer leave(c)
	}
	if _, ok := flate.Accepted(); ok {
		echoFlate(c)
	} else {
		echoFrames(c)
	}
}

// echoFrames sends back each frame as it is.
func echoFrames(c net.Conn) {
	var buf frame
	for {
		h, err := ws.ReadHeader(c)
		if err != nil {
			return
		}
		key := h.Mask
		h.Masked, h.Mask = false, [4]byte{}
		buf = buf.start(h)
		payload := buf[ws.HeaderSize(h):]
		if _, err := io.ReadFull(c, payload); err != nil {
			return
		}
		ws.Cipher(payload, key, 0)
		if options.Broadcast && echo.ToAll(payload) {
			broadcast(buf)
		} else if _, err := c.Write(buf); err != nil || h.OpCode == ws.OpClose {
			return
		}
	}
}

// A frame is an encoded frame, with an unmasked payload.
type frame []byte

// start returns a frame with header h and room for its payload, in the memory of f if that will do.
func (f frame) start(h ws.Header) frame {
	f = f[:0]
	if size := ws.HeaderSize(h) + int(h.Length); cap(f) < size {
		f = make(frame, 0, size)
	}
	ws.WriteHeader(&f, h)
	return f[:len(f)+int(h.Length)]
}

// Write appends p.
func (f *frame) Write(p []byte) (int, error) {
	*f = append(*f, p...)
	return len(p), nil
}

// echoFlate inflates each message and deflates it again.
func echoFlate(c net.Conn) {
	for {
		f, err := readFrame(c)
		if err != nil || f.Header.OpCode == ws.OpClose {
			return
		}
		if f.Header.Rsv1() {
			if f, err = wsflate.DecompressFrame(f); err != nil {
				return
			}
		}
		f, err = wsflate.CompressFrame(ws.NewFrame(f.Header.OpCode, true, f.Payload))
		if err != nil || ws.WriteFrame(c, f) != nil {
			return
		}
	}
}

// readFrame reads a frame and unmasks it.
func readFrame(c net.Conn) (ws.Frame, error) {
	h, err := ws.ReadHeader(c)
	if err != nil {
		return ws.Frame{}, err
	}
	if h.Length > echo.MaxMessage {
		return ws.Frame{}, ws.ErrHeaderLengthUnexpected
	}
	p := make([]byte, h.Length)
	if _, err := io.ReadFull(c, p); err != nil {
		return ws.Frame{}, err
	}
	return ws.UnmaskFrameInPlace(ws.Frame{Header: h, Payload: p}), nil
}

// In broadcasts, the connection's own lock keeps the one write of a frame together.
var (
	mu      sync.RWMutex
	members = map[net.Conn]struct{}{}
)

func join(c net.Conn) {
	mu.Lock()
	defer mu.Unlock()
	members[c] = struct{}{}
}

func leave(c net.Conn) {
	mu.Lock()
	defer mu.Unlock()
	delete(members, c)
}

func broadcast(f frame) {
	mu.RLock()
	defer mu.RUnlock()
	for c := range members {
		c.Write(f)
	}
}
