package conn_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/netloop"
	"github.com/ws6455/ws/wstest"
)

// FuzzConn feeds a connection any bytes, whole and in segments.
// What comes of them must be the same, in a loop as well: messages, the end, and all that is sent.
func FuzzConn(f *testing.F) {
	h := func(b byte) []byte { return []byte{b} }
	f.Add([]byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}, h(3), false, false)
	f.Add([]byte{0x81, 0x05, 'H', 'e', 'l', 'l', 'o', 0x88, 0x02, 0x03, 0xe8}, h(1), true, false)
	f.Add([]byte{0x01, 0x03, 'H', 'e', 'l', 0x89, 0x00, 0x80, 0x02, 'l', 'o', 0x0a}, []byte{2, 9}, true, false)
	f.Add([]byte{0x82, 0x7e, 0x00, 0x7e}, h(2), true, true)
	f.Add([]byte{0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0}, h(9), false, false)
	f.Add([]byte{0x88, 0x80, 1, 2, 3, 4, 0x81, 0x80, 1, 2, 3, 4}, h(7), false, true)
	f.Add([]byte{0x01, 0x02, 0xe2, 0x82, 0x80, 0x01, 0xac}, h(4), true, false)
	f.Add(append([]byte{0x82, 0x7e, 0x20, 0x00}, strings.Repeat("x", 0x2000)...), []byte{5, 200, 100}, true, false)
	f.Add([]byte("\xc1\x07"+hello+"\xc1\x05\xf2\x00\x11\x00\x00"), h(3), true, true)
	f.Add([]byte("\x41\x03"+hello[:3]+"\x00\x00\x89\x01x\x80\x04"+hello[3:]), h(1), true, true)
	f.Add([]byte("\xc1\x0e\x00\x02\x00\xfd\xff\xe2\x28\x00\x00\x00\xff\xff\xff\x00"), h(6), true, true)
	bomb := deflated(f, make([]byte, 5000))
	f.Add(append([]byte{0xc2, byte(len(bomb))}, bomb...), h(2), true, true)
	var bench *loopBench
	if netloop.Supported {
		bench = newLoopBench(f)
	}
	f.Fuzz(func(t *testing.T, b, cuts []byte, client, compressed bool) {
		side := frame.Server
		if client {
			side = frame.Client
		}
		o := conn.Opening{Side: side}
		if compressed {
			o.Agreement = agreed(t, "; server_max_window_bits=8")
		}
		cfg := &conn.Config{MaxMessageSize: 4096, MaxFragments: 16, MaxQueuedPongs: 1 << 20}
		whole, segments := outcome(t, o, cfg, b), split(b, cuts)
		if got := outcome(t, o, cfg, segments...); got != whole {
			t.Errorf("whole:\n%s\nsplit:\n%s", whole, got)
		}
		if client || bench == nil {
			return
		}
		if got, _ := bench.end(t, o, cfg, segments...); got != whole {
			t.Errorf("whole:\n%s\nsplit, in a loop:\n%s", whole, got)
		}
	})
}

// split returns b in segments of sizes cuts, over and over.
func split(b, cuts []byte) (segments [][]byte) {
	for i := 0; len(b) > 0; i++ {
		n := len(b)
		if len(cuts) > 0 {
			n = min(n, 1+int(cuts[i%len(cuts)]))
		}
		segments = append(segments, b[:n])
		b = b[n:]
	}
	return segments
}

// outcome describes what a connection makes of the segments: the messages, the end, and all that is sent.
func outcome(t *testing.T, o conn.Opening, cfg *conn.Config, segments ...[]byte) string {
	t.Helper()
	var s strings.Builder
	synctest.Test(t, func(t *testing.T) {
		a, peer := wstest.Pipe()
		c := conn.New(a, o, cfg)
		sent := start(func() []byte { b, _ := io.ReadAll(peer); return b })
		ended := start(func() error {
			for {
				typ, p, err := c.Read(background)
				if err != nil {
					return err
				}
				describeMessage(&s, typ, p)
			}
		})
		for _, b := range segments {
			if _, err := peer.Write(b); err != nil {
				break
			}
			synctest.Wait()
		}
		peer.CloseWrite()
		time.Sleep(time.Minute)
		describeEnd(&s, now(t, ended), now(t, sent))
	})
	return s.String()
}

func describeMessage(s *strings.Builder, typ frame.Opcode, p []byte) {
	fmt.Fprintf(s, "%v %q\n", typ, p)
}

// describeEnd describes the end of a connection that has sent all these bytes, without their masking keys.
func describeEnd(s *strings.Builder, err error, sent []byte) {
	fmt.Fprintf(s, "%T %d: %v\n", err, conn.CloseCode(err), err)
	for {
		h, n, err := frame.Consume(sent)
		if n == 0 || err != nil || int64(len(sent)-n) < h.Length {
			break
		}
		p := sent[n : n+int(h.Length)]
		sent = sent[n+int(h.Length):]
		frame.Mask(p, h.Key)
		h.Key = [4]byte{}
		fmt.Fprintf(s, "sent %+v %q\n", h, p)
	}
	fmt.Fprintf(s, "and %q\n", sent)
}
