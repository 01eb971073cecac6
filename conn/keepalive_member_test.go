package conn

import (
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/ws6455/ws/frame"
)

// nowhere takes what is written, and nothing comes from it until it is closed.
type nowhere struct {
	net.Conn
	closed chan struct{}
}

func (n nowhere) Read([]byte) (int, error)         { <-n.closed; return 0, net.ErrClosed }
func (n nowhere) Write(p []byte) (int, error)      { return len(p), nil }
func (n nowhere) Close() error                     { close(n.closed); return nil }
func (n nowhere) SetReadDeadline(time.Time) error  { return nil }
func (n nowhere) SetWriteDeadline(time.Time) error { return nil }

// When the last member has left, there is no timer, and nothing that refers to a member.
func TestKeepaliveDropsTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := new(Keepalive)
		var all []*Conn
		for range 10 {
			all = append(all, New(nowhere{closed: make(chan struct{})}, Opening{Side: frame.Server}, &Config{Keepalive: k}))
		}
		for i, c := range all {
			if k.timer == nil {
				t.Fatal("no timer while there are members")
			}
			if i == 5 {
				time.Sleep(25 * time.Second) // into the other list
			}
			c.CloseNow()
			c.CloseNow()
		}
		if k.timer != nil || k.fresh != (memberList{}) || k.old != (memberList{}) {
			t.Errorf("left behind: %v, %v, %v", k.timer, k.fresh, k.old)
		}
		time.Sleep(time.Hour)
		if k.timer != nil || k.running {
			t.Error("the timer came back")
		}
	})
}

// After a time in which the process stood still, the peer is asked again before it counts as gone.
func TestKeepaliveAfterStandstill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := new(Keepalive)
		c := New(nowhere{closed: make(chan struct{})}, Opening{Side: frame.Server}, &Config{Keepalive: k})
		go c.Read(t.Context())
		time.Sleep(31 * time.Second)
		k.mu.Lock()
		k.began = k.began.Add(-time.Minute) // as if that had passed at once
		k.mu.Unlock()
		k.tick()
		synctest.Wait()
		if c.failed() != nil {
			t.Fatal("failed at once")
		}
		time.Sleep(20*time.Second - time.Nanosecond)
		if c.failed() != nil {
			t.Fatal("failed early")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if c.failed() == nil {
			t.Fatal("not failed")
		}
		c.CloseNow()
	})
}

func TestMemberSize(t *testing.T) {
	if size := unsafe.Sizeof(member{}); size > 40 && unsafe.Sizeof(uintptr(0)) == 8 {
		t.Errorf("a member has %d bytes", size)
	}
}

// Joining and leaving beside 100,000 others, and what a round of the timer costs for each of them.
func BenchmarkKeepalive(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		k := &Keepalive{Interval: time.Hour}
		for range n {
			k.join(&Conn{state: new(state), limits: &Config{Keepalive: k}})
		}
		b.Run(fmt.Sprintf("join and leave/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			c := &Conn{state: new(state), limits: &Config{Keepalive: k}}
			for b.Loop() {
				k.join(c)
				k.leave(c)
			}
		})
		b.Run(fmt.Sprintf("advance/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				k.mu.Lock()
				k.began = k.began.Add(-time.Hour / time.Duration(n)) // one is due
				k.mu.Unlock()
				k.collect()
			}
		})
	}
}
