package conn

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/frame"
)

// A rider gives up when its message has been taken along, and the write does not wait yet.
func TestRiderGivesUpBeforeTheWriteWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := New(a, Opening{Side: frame.Server}, nil)
		defer c.CloseNow()
		c.enter()
		defer c.leave()
		c.msg.try()
		c.wr.try()
		message := outgoing{typ: frame.Text, data: []byte("x")}
		w := c.msg.enqueue(message)
		trip := transmission{c: c, ctx: context.Background(), ev: message.event()}
		trip.encode()
		trip.board()
		if c.msg.leave(w) {
			t.Fatal("the rider was not taken along")
		}
		c.hurryWriter(w)
		written := make(chan error, 1)
		go func() { written <- trip.write() }()
		synctest.Wait()
		if !w.over() || w.err != errGone {
			t.Errorf("the rider waits, or is told %v", w.err)
		}
		in := make([]byte, 100)
		if n, _ := b.Read(in); string(in[:n]) != "\x81\x01x" {
			t.Errorf("%q arrives", in[:n])
		}
		if err := <-written; err != nil {
			t.Errorf("the write: %v", err)
		}
	})
}

// A rider gives up when it has just been served, or the context of a write ends when that is done.
// If they are late to say so, that is not for the next write.
func TestLateToGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := net.Pipe()
		c := New(a, Opening{Side: frame.Server}, nil)
		defer c.CloseNow()
		c.enter()
		defer c.leave()
		c.msg.try()
		w := c.msg.enqueue(outgoing{typ: frame.Text})
		c.msg.take(0).serve(nil)
		c.msg.release()
		go c.Write(context.Background(), frame.Text, nil)
		synctest.Wait()
		c.hurryWriter(w)
		c.wakeWriter(c.writes - 1)
		if !c.writing {
			t.Error("a write that has nothing to do with it was woken")
		}
	})
}

// A connection that has ended keeps no buffer, even if something was held back.
func TestNothingIsHeldAfterTheEnd(t *testing.T) {
	for name, end := range map[string]func(c *Conn){
		"in a batch": func(c *Conn) {
			c.Batch(context.Background(), func() error {
				c.Write(context.Background(), frame.Text, nil)
				return c.CloseNow()
			})
		},
		"while replies are held": func(c *Conn) {
			c.pipelined.Store(true)
			c.Write(context.Background(), frame.Text, nil)
			c.CloseNow()
		},
		"in the middle of a frame": func(c *Conn) {
			c.pipelined.Store(true)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			w, _ := c.Writer(ctx, frame.Text)
			w.Write([]byte("x"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				defer b.Close()
				c := New(a, Opening{Side: frame.Server}, nil)
				c.enter()
				defer c.leave()
				go b.Read(make([]byte, 1))
				end(c)
				time.Sleep(time.Millisecond)
				if !c.wr.try() || c.out.buf != nil || c.holding.Load() {
					t.Errorf("%d bytes are kept", len(c.out.bytes()))
				}
			})
		})
	}
}
