package wstest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

var _ net.Conn = (*PipeConn)(nil)

// inBubble runs test with both ends of a pipe of the given size, each way round, in a bubble.
func inBubble(t *testing.T, size int, test func(t *testing.T, a, b *PipeConn)) {
	t.Helper()
	for _, swap := range []bool{false, true} {
		t.Run(map[bool]string{false: "ab", true: "ba"}[swap], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := PipeSize(size)
				if swap {
					a, b = b, a
				}
				test(t, a, b)
			})
		})
	}
}

// A result is what Read or Write returned, and when.
type result struct {
	n     int
	err   error
	after time.Duration
}

// start calls f, which is a Read or Write, on a goroutine of its own.
func start(f func([]byte) (int, error), p []byte) <-chan result {
	begin := time.Now()
	done := make(chan result, 1)
	go func() {
		n, err := f(p)
		done <- result{n, err, time.Since(begin)}
	}()
	return done
}

// check checks what Read or Write returned.
func check(t *testing.T, what string, n int, err error, wantN int, want error) {
	t.Helper()
	if n != wantN || err != want {
		t.Errorf("%s = %d, %v; want %d, %v", what, n, err, wantN, want)
	}
}

// wantResult waits for what start began.
func wantResult(t *testing.T, what string, done <-chan result, want result) {
	t.Helper()
	if got := <-done; got != want {
		t.Errorf("%s = %d, %v after %v; want %d, %v after %v", what, got.n, got.err, got.after, want.n, want.err, want.after)
	}
}

// wantWaiting fails the test if what start began is over.
func wantWaiting(t *testing.T, what string, done <-chan result) {
	t.Helper()
	synctest.Wait()
	select {
	case got := <-done:
		t.Errorf("%s = %d, %v; want it to wait", what, got.n, got.err)
	default:
	}
}

func TestPipeReadWrite(t *testing.T) {
	inBubble(t, 64, func(t *testing.T, a, b *PipeConn) {
		n, err := a.Write([]byte("Hello"))
		check(t, "Write with room", n, err, 5, nil)
		if a.Buffered() != 5 || b.Buffered() != 0 {
			t.Errorf("Buffered = %d and %d, want 5 and 0", a.Buffered(), b.Buffered())
		}
		p := make([]byte, 10)
		n, err = b.Read(p[:2])
		check(t, "Read of a part", n, err, 2, nil)
		n, err = b.Read(p[2:])
		check(t, "Read of more than there is", n, err, 3, nil)
		if string(p[:5]) != "Hello" || a.Buffered() != 0 {
			t.Errorf("read %q and left %d bytes, want Hello and none", p[:5], a.Buffered())
		}
		done := start(b.Read, p)
		wantWaiting(t, "Read of nothing", done)
		n, err = a.Write(nil)
		check(t, "Write of no bytes", n, err, 0, nil)
		wantWaiting(t, "Read after a Write of no bytes", done)
		a.Write([]byte("x"))
		wantResult(t, "Read after that", done, result{n: 1})
		n, err = b.Read(nil)
		check(t, "Read of no bytes", n, err, 0, nil)
	})
}

// The bytes that are read are those that were written, in whatever pieces.
func TestPipeStream(t *testing.T) {
	for _, size := range []int{-1, 0, 1, 2, 7, 64, 1000} {
		inBubble(t, size, func(t *testing.T, a, b *PipeConn) {
			want := []byte(strings.Repeat("abcdefghijk", 10))
			go func() {
				for piece := 0; piece < len(want); piece += 11 {
					a.Write(want[piece : piece+11])
				}
				a.CloseWrite()
			}()
			if err := iotest.TestReader(b, want); err != nil {
				t.Error(err)
			}
		})
	}
}

// A full buffer makes Write wait until there is room.
func TestPipeBound(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b *PipeConn) {
		done := start(a.Write, []byte("Hello, world"))
		p := make([]byte, 4)
		for _, want := range []string{"Hell", "o, w"} {
			wantWaiting(t, "Write", done)
			if a.Buffered() != 4 {
				t.Errorf("%d bytes are buffered, want 4", a.Buffered())
			}
			n, err := b.Read(p)
			check(t, "Read", n, err, 4, nil)
			if string(p) != want {
				t.Errorf("read %q, want %q", p, want)
			}
		}
		wantResult(t, "Write", done, result{n: 12})
	})
}

func TestPipeDefaultBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := Pipe()
		n, err := a.Write(make([]byte, 64<<10))
		check(t, "Write of 64 KiB", n, err, 64<<10, nil)
		done := start(a.Write, []byte("x"))
		wantWaiting(t, "Write of one more byte", done)
		a.Close()
		wantResult(t, "that after Close", done, result{err: net.ErrClosed})
	})
}

// Writes of several goroutines leave one after the other, as on a socket.
func TestPipeWritesWhole(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, a, b *PipeConn) {
		var writers sync.WaitGroup
		for i := range 5 {
			writers.Go(func() { a.Write(bytes.Repeat([]byte{'a' + byte(i)}, 10)) })
		}
		go func() {
			writers.Wait()
			a.CloseWrite()
		}()
		synctest.Wait() // now all of them wait
		got, err := io.ReadAll(iotest.OneByteReader(b))
		if len(got) != 50 || err != nil {
			t.Fatalf("read %q, %v", got, err)
		}
		for ; len(got) > 0; got = got[10:] {
			if !bytes.Equal(got[:10], bytes.Repeat(got[:1], 10)) {
				t.Fatalf("mixed up: %q", got)
			}
		}
	})
}

// A deadline holds for those who wait for their turn to write, too.
func TestPipeWriteTurnDeadline(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, a, b *PipeConn) {
		first := start(a.Write, []byte("abc"))
		synctest.Wait()
		second := start(a.Write, []byte("xyz"))
		wantWaiting(t, "second Write", second)
		a.SetWriteDeadline(time.Now().Add(time.Second))
		wantResult(t, "first Write", first, result{1, os.ErrDeadlineExceeded, time.Second})
		wantResult(t, "second Write", second, result{0, os.ErrDeadlineExceeded, time.Second})
		a.SetWriteDeadline(time.Time{})
		third := start(a.Write, []byte("!"))
		got, _ := io.ReadAll(io.LimitReader(b, 2))
		wantResult(t, "a Write after that", third, result{n: 1})
		if string(got) != "a!" {
			t.Errorf("read %q, want a!", got)
		}
	})
}

func TestPipeClose(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b *PipeConn) {
		a.Write([]byte("bye"))
		b.Write([]byte("lost"))
		reading := start(b.Read, make([]byte, 0)) // waits for nothing
		wantResult(t, "Read of no bytes", reading, result{})
		writing := start(b.Write, []byte("more"))
		wantWaiting(t, "Write of the peer", writing)
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		wantResult(t, "Write that waited when the peer closed", writing, result{err: io.ErrClosedPipe})
		n, err := b.Write([]byte("x"))
		check(t, "Write to a closed peer", n, err, 0, io.ErrClosedPipe)

		p := make([]byte, 4)
		n, err = a.Read(p)
		check(t, "Read after Close", n, err, 0, net.ErrClosed)
		n, err = a.Write(p)
		check(t, "Write after Close", n, err, 0, net.ErrClosed)
		n, err = b.Read(p)
		check(t, "Read of what the peer wrote before Close", n, err, 3, nil)
		n, err = b.Read(p)
		check(t, "Read after that", n, err, 0, io.EOF)
		if err := a.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}

// Close ends what waits at this end.
func TestPipeCloseWakes(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b *PipeConn) {
		reading := start(a.Read, make([]byte, 1))
		writing := start(a.Write, []byte("Hello"))
		atPeer := start(b.Read, make([]byte, 10))
		wantResult(t, "Read of the peer", atPeer, result{n: 4})
		wantResult(t, "Write", writing, result{n: 5})
		writing = start(a.Write, []byte("world"))
		wantWaiting(t, "Read", reading)
		wantWaiting(t, "Write", writing)
		time.Sleep(time.Second)
		a.Close()
		wantResult(t, "Read that waited at Close", reading, result{0, net.ErrClosed, time.Second})
		wantResult(t, "Write that waited at Close", writing, result{3, net.ErrClosed, time.Second})
		b.Close()
	})
}

func TestPipeCloseWrite(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b *PipeConn) {
		writing := start(a.Write, []byte("Hello"))
		wantWaiting(t, "Write", writing)
		if err := a.CloseWrite(); err != nil {
			t.Error(err)
		}
		wantResult(t, "Write that waited at CloseWrite", writing, result{n: 4, err: net.ErrClosed})
		n, err := a.Write([]byte("x"))
		check(t, "Write after CloseWrite", n, err, 0, net.ErrClosed)
		got, err := io.ReadAll(b)
		if string(got) != "Hell" || err != nil {
			t.Errorf("the peer reads %q, %v; want Hell and the end", got, err)
		}
		n, err = b.Write([]byte("back"))
		check(t, "Write the other way", n, err, 4, nil)
		n, err = a.Read(make([]byte, 10))
		check(t, "Read after CloseWrite", n, err, 4, nil)
	})
}

// CloseWrite wakes a peer that waits for more.
func TestPipeCloseWriteWakes(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b *PipeConn) {
		reading := start(b.Read, make([]byte, 1))
		wantWaiting(t, "Read", reading)
		a.CloseWrite()
		wantResult(t, "Read", reading, result{err: io.EOF})
	})
}

func TestPipeReset(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b *PipeConn) {
		a.Write([]byte("lost"))
		reading := start(a.Read, make([]byte, 1))
		writing := start(a.Write, []byte("x"))
		wantWaiting(t, "Read", reading)
		wantWaiting(t, "Write", writing)
		b.Reset()
		wantResult(t, "Read that waited", reading, result{err: ErrReset})
		wantResult(t, "Write that waited", writing, result{err: ErrReset})
		for _, c := range []*PipeConn{a, b} {
			n, err := c.Read(make([]byte, 1))
			check(t, "Read after Reset", n, err, 0, ErrReset)
			n, err = c.Write([]byte("x"))
			check(t, "Write after Reset", n, err, 0, ErrReset)
			if c.Buffered() != 0 {
				t.Errorf("%d bytes are left", c.Buffered())
			}
		}
		if !strings.HasSuffix(ErrReset.Error(), "connection reset by peer") {
			t.Errorf("ErrReset says %q", ErrReset)
		}
	})
}

// Deadlines end a Read and a Write that wait, at their time and not before.
func TestPipeDeadline(t *testing.T) {
	for _, tt := range []struct {
		name        string
		set         func(*PipeConn, time.Time) error
		read, write bool
	}{
		{"both", (*PipeConn).SetDeadline, true, true},
		{"read", (*PipeConn).SetReadDeadline, true, false},
		{"write", (*PipeConn).SetWriteDeadline, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, 4, func(t *testing.T, a, b *PipeConn) {
				defer a.Close()
				reading := start(a.Read, make([]byte, 1))
				writing := start(a.Write, []byte("Hello"))
				atPeer := start(b.Read, nil)
				wantResult(t, "Read of no bytes", atPeer, result{})
				if err := tt.set(a, time.Now().Add(time.Hour)); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Hour - time.Nanosecond)
				wantWaiting(t, "Read before its deadline", reading)
				wantWaiting(t, "Write before its deadline", writing)
				time.Sleep(time.Nanosecond)
				if tt.read {
					wantResult(t, "Read", reading, result{0, os.ErrDeadlineExceeded, time.Hour})
				} else {
					wantWaiting(t, "Read", reading)
				}
				if tt.write {
					wantResult(t, "Write", writing, result{4, os.ErrDeadlineExceeded, time.Hour})
				} else {
					wantWaiting(t, "Write", writing)
				}
			})
		})
	}
}

// A deadline that has passed holds for all that comes, until another is set.
func TestPipeDeadlinePast(t *testing.T) {
	for _, past := range []time.Time{time.Unix(1, 0), time.Time{}.Add(1)} {
		inBubble(t, 4, func(t *testing.T, a, b *PipeConn) {
			b.Write([]byte("Hi"))
			reading := start(a.Read, make([]byte, 0))
			wantResult(t, "Read of no bytes", reading, result{})
			a.SetDeadline(past)
			p := make([]byte, 4)
			for range 2 {
				n, err := a.Read(p)
				check(t, "Read of what is there, too late", n, err, 0, os.ErrDeadlineExceeded)
				n, err = a.Write(p)
				check(t, "Write into what room there is, too late", n, err, 0, os.ErrDeadlineExceeded)
			}
			a.SetDeadline(time.Now())
			n, err := a.Read(p)
			check(t, "Read at its deadline", n, err, 0, os.ErrDeadlineExceeded)
			a.SetDeadline(time.Now().Add(time.Second))
			n, err = a.Read(p)
			check(t, "Read with time again", n, err, 2, nil)
			a.SetDeadline(time.Time{})
			n, err = a.Write(p)
			check(t, "Write without a deadline", n, err, 4, nil)
			reading = start(a.Read, p)
			time.Sleep(time.Hour)
			wantWaiting(t, "Read without a deadline", reading)
			a.SetReadDeadline(past)
			wantResult(t, "Read that waited when a past deadline was set", reading, result{0, os.ErrDeadlineExceeded, time.Hour})
		})
	}
}

// A deadline may be moved while somebody waits for it.
func TestPipeDeadlineMoved(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, _ *PipeConn) {
		reading := start(a.Read, make([]byte, 1))
		in := func(d time.Duration) { a.SetReadDeadline(time.Now().Add(d)) }
		in(time.Second)
		time.Sleep(time.Second / 2)
		in(time.Hour)
		time.Sleep(time.Minute)
		wantWaiting(t, "Read with a later deadline", reading)
		a.SetReadDeadline(time.Time{})
		time.Sleep(24 * time.Hour)
		wantWaiting(t, "Read without a deadline", reading)
		in(2 * time.Second)
		in(time.Second)
		wantResult(t, "Read with an earlier one", reading, result{0, os.ErrDeadlineExceeded,
			time.Second/2 + time.Minute + 24*time.Hour + time.Second})
	})
}

// Deadlines are of one end. The other waits on.
func TestPipeDeadlineOneEnd(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b *PipeConn) {
		defer a.Close()
		defer b.Close()
		a.SetDeadline(time.Now())
		wantWaiting(t, "Read of the other end", start(b.Read, make([]byte, 1)))
		n, err := b.Write([]byte("Hi"))
		check(t, "Write of the other end", n, err, 2, nil)
	})
}

// The errors of deadlines are those that net.Conn promises.
func TestPipeDeadlineError(t *testing.T) {
	a, _ := Pipe()
	a.SetDeadline(time.Unix(1, 0))
	_, err := a.Read(make([]byte, 1))
	if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read = %v, want a timeout", err)
	}
}

func TestPipeAddr(t *testing.T) {
	a, b := Pipe()
	if a.LocalAddr() != b.RemoteAddr() || a.RemoteAddr() != b.LocalAddr() || a.LocalAddr() == b.LocalAddr() {
		t.Errorf("addresses: %v-%v and %v-%v", a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr())
	}
	if got := a.LocalAddr(); got.Network() != "pipe" || got.String() != "a" {
		t.Errorf("address: %v %v", got.Network(), got)
	}
}

// All methods may be called at once. It works outside of a bubble, too.
func TestPipeConcurrent(t *testing.T) {
	a, b := PipeSize(100)
	var wg sync.WaitGroup
	const writers, size = 8, 10_000
	for range writers {
		wg.Go(func() {
			if n, err := a.Write(make([]byte, size)); n != size || err != nil {
				t.Errorf("Write = %d, %v", n, err)
			}
		})
		wg.Go(func() {
			if n, err := io.ReadFull(b, make([]byte, size)); n != size || err != nil {
				t.Errorf("ReadFull = %d, %v", n, err)
			}
		})
		wg.Go(func() {
			for range 100 {
				a.SetDeadline(time.Now().Add(time.Hour))
				b.SetDeadline(time.Time{})
				a.Buffered()
			}
		})
	}
	wg.Wait()
	for _, f := range []func() error{a.Close, a.CloseWrite, b.Close, b.CloseWrite} {
		wg.Go(func() { f() })
	}
	wg.Go(a.Reset)
	wg.Wait()
}

func TestPipeAllocations(t *testing.T) {
	a, b := Pipe()
	p := make([]byte, 1000)
	n := testing.AllocsPerRun(100, func() {
		a.SetWriteDeadline(time.Now().Add(time.Hour))
		b.SetReadDeadline(time.Now().Add(time.Hour))
		a.Write(p)
		a.Write(p)
		b.Read(p)
		b.Read(p)
	})
	if n > 0 {
		t.Errorf("%v allocations for writing and reading", n)
	}
}
