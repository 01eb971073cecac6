package conn

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
)

// A connection that has read ahead as much as it may keeps no buffer to inflate to,
// and one that has ended no window either.
func TestInflaterLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		agreed := handshake.Agreement{Extensions: []handshake.Extension{{Name: "permessage-deflate"}}}
		c := New(a, Opening{Side: frame.Client, Agreement: agreed}, &Config{MaxMessageSize: 100})
		c.enter()
		defer c.leave()
		c.Context()
		time.Sleep(time.Second) // and it reads ahead
		go func() {
			for range 40 {
				b.Write([]byte("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"))
			}
		}()
		time.Sleep(time.Second)
		c.rd.acquire(nil)
		if !c.aheadFull() || c.compressor.in.buf != nil || c.compressor.in.window == nil {
			t.Errorf("full %t, buffer %p, window %p", c.aheadFull(), c.compressor.in.buf, c.compressor.in.window)
		}
		c.unlockReading()
		b.Close()
		for {
			if _, _, err := c.Read(context.Background()); err != nil {
				break
			}
		}
		synctest.Wait()
		if in := &c.compressor.in; in.window != nil || in.decoder != nil || in.buf != nil || in.src != nil {
			t.Errorf("after the end: %+v", in)
		}
	})
}
