package conn_test

import (
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/wstest"
)

// A connection that waits after a ping holds no buffer, and does not keep one from being collected.
func TestIdleHoldsNoBuffer(t *testing.T) {
	const connections = 100
	heap := func() uint64 {
		for range 3 { // a pool gives up its buffers after two
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for range connections {
		a, b := socketPair(t, "tcp")
		defer a.Close()
		c := conn.New(b, conn.Opening{Side: frame.Client}, nil)
		defer c.CloseNow()
		go c.Read(background)
		ping := frame.Header{Fin: true, Opcode: frame.Ping, Length: 4}.Append(nil)
		a.Write(append(ping, "ping"...))
		a.Read(make([]byte, 10))
		time.Sleep(time.Millisecond) // until it waits again
		runtime.GC()
		runtime.GC()
	}
	if after := heap(); after > before+connections*(8<<10) {
		t.Errorf("%d bytes per idle connection", (after-before)/connections)
	}
}

// A write that had to wait leaves no deadline behind that a later one would meet.
func TestWriteLongAfterOneThatWaited(t *testing.T) {
	a, b := socketPair(t, "tcp")
	defer a.Close()
	c := conn.New(b, conn.Opening{Side: frame.Server}, &conn.Config{WriteTimeout: 200 * time.Millisecond})
	defer c.CloseNow()
	writing := start(func() error { return c.Write(background, frame.Binary, make([]byte, 16<<20)) })
	time.Sleep(20 * time.Millisecond) // until the network is full
	go io.Copy(io.Discard, a)
	if err := <-writing; err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if err := c.Write(background, frame.Text, []byte("x")); err != nil {
		t.Error(err)
	}
}

func TestSubprotocol(t *testing.T) {
	for _, want := range []string{"", "chat"} {
		a, _ := wstest.Pipe()
		c := conn.New(a, conn.Opening{Agreement: handshake.Agreement{Subprotocol: want}}, nil)
		if got := c.Subprotocol(); got != want {
			t.Errorf("Subprotocol() = %q, want %q", got, want)
		}
	}
}
