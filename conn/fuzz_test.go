package conn_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// FuzzConn feeds a connection any bytes, whole and in segments.
// What comes of them must be the same: messages, the end, and all that is sent.
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
	f.Fuzz(func(t *testing.T, b, cuts []byte, client, compressed bool) {
		side := frame.Server
		if client {
			side = frame.Client
		}
		o := conn.Opening{Side: side}
		if compressed {
			o.Agreement = agreed(t, "; server_max_window_bits=8")
		}
		whole := outcome(t, o, b, nil)
		if split := outcome(t, o, b, cuts); split != whole {
			t.Errorf("whole:\n%s\nsplit:\n%s", whole, split)
		}
	})
}

// outcome describes what a connection makes of b, which arrives in segments of sizes cuts, over and over.
func outcome(t *testing.T, o conn.Opening, b, cuts []byte) string {
	var s strings.Builder
	synctest.Test(t, func(t *testing.T) {
		c, peer := wstest.OpenPeer(t, o, &conn.Config{MaxMessageSize: 4096, MaxFragments: 16, MaxQueuedPongs: 1 << 20})
		done := make(chan error, 1)
		go func() {
			for {
				typ, p, err := c.Read(background)
				if err != nil {
					done <- err
					return
				}
				fmt.Fprintf(&s, "%v %q\n", typ, p)
			}
		}()
		for i := 0; len(b) > 0; i++ {
			n := len(b)
			if len(cuts) > 0 {
				n = min(n, 1+int(cuts[i%len(cuts)]))
			}
			if _, err := peer.Conn().Write(b[:n]); err != nil {
				break
			}
			b = b[n:]
			synctest.Wait()
		}
		peer.Conn().CloseWrite()
		time.Sleep(time.Minute)
		fmt.Fprintf(&s, "%v\n", <-done)
		for got := peer.Next(); got != "end of stream"; got = peer.Next() {
			fmt.Fprintf(&s, "sent %s\n", got)
			if got == "nothing" {
				t.Fatalf("the connection is still open\n%s", &s)
			}
		}
	})
	return s.String()
}
