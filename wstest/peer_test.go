package wstest

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// A fakeTB is a test that may fail.
type fakeTB struct {
	testing.TB
	said []string // by Errorf and Fatalf
}

func (f *fakeTB) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// catch calls call and returns what it failed with; empty if it did not.
func (f *fakeTB) catch(call func()) string {
	done := make(chan bool)
	go func() {
		defer close(done)
		call()
	}()
	<-done
	defer func() { f.said = nil }()
	return strings.Join(f.said, "\n")
}

// scripted calls test with a Peer of the given side that may fail, and the network to it.
func scripted(t *testing.T, side frame.Side, test func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeTB{TB: t}
		nc, far := Pipe()
		defer nc.Close()
		test(t, f, newPeer(f, side, far, nil), nc)
	})
}

// Each row is what arrives at the peer of a server, what the script wants,
// and how the test fails for that; empty if it does not.
func TestPeerWant(t *testing.T) {
	const eof = "EOF" // in the input: the end of the stream
	want := func(op frame.Opcode, payload string) func(p *Peer) {
		return func(p *Peer) { p.Want("why", op, payload) }
	}
	fragment := func(op frame.Opcode, payload string) func(p *Peer) {
		return func(p *Peer) { p.WantFragment("why", op, payload) }
	}
	closing := func(code frame.StatusCode, reason string) func(p *Peer) {
		return func(p *Peer) { p.WantClose("why", code, reason) }
	}
	idle := func(p *Peer) { p.WantIdle("why") }
	end := func(p *Peer) { p.WantEOF("why") }
	differ := func(got, want string) string { return "why:\n got " + got + "\nwant " + want }

	for _, tt := range []struct {
		name, in string
		want     func(*Peer)
		failure  string
	}{
		{"text", "\x81\x02hi", want(frame.Text, "hi"), ""},
		{"binary of no bytes", "\x82\x00", want(frame.Binary, ""), ""},
		{"ping", "\x89\x01p", want(frame.Ping, "p"), ""},
		{"a long frame", "\x82\x7e\x01\x00" + strings.Repeat("x", 256), want(frame.Binary, strings.Repeat("x", 256)), ""},
		{"fragment", "\x01\x02hi", fragment(frame.Text, "hi"), ""},
		{"continuation", "\x80\x02hi", want(frame.Continuation, "hi"), ""},
		{"close", "\x88\x05\x03\xe8bye", closing(frame.StatusNormalClosure, "bye"), ""},
		{"empty close", "\x88\x00", closing(frame.StatusNoStatus, ""), ""},
		{"silence", "", idle, ""},
		{"end", eof, end, ""},

		{"nothing", "", want(frame.Text, "hi"), differ("nothing", `text "hi"`)},
		{"end instead", eof, want(frame.Text, "hi"), differ("end of stream", `text "hi"`)},
		{"another type", "\x82\x02hi", want(frame.Text, "hi"), differ(`binary "hi"`, `text "hi"`)},
		{"another payload", "\x81\x02h\n", want(frame.Text, "hi"), differ(`text "h\n"`, `text "hi"`)},
		{"the first of two", "\x8a\x00\x81\x02hi", want(frame.Text, "hi"), differ(`pong ""`, `text "hi"`)},
		{"a fragment", "\x01\x02hi", want(frame.Text, "hi"), differ(`text "hi" without FIN`, `text "hi"`)},
		{"no fragment", "\x81\x02hi", fragment(frame.Text, "hi"), differ(`text "hi"`, `text "hi" without FIN`)},
		{"a payload that looks like more", "\x81\x01\"", want(frame.Text, ""), differ(`text "\""`, `text ""`)},
		{"a reserved bit", "\xc1\x02hi", want(frame.Text, "hi"), differ(`text "hi" with RSV 100`, `text "hi"`)},
		{"a reserved opcode", "\x83\x02hi", want(frame.Text, "hi"), differ(`opcode 0x3 "hi"`, `text "hi"`)},
		{"a mask", "\x81\x82\x37\xfa\x21\x3d\x5f\x93", want(frame.Text, "hi"), differ(`text "hi" with MASK true`, `text "hi"`)},
		{"another code", "\x88\x02\x03\xe9", closing(frame.StatusNormalClosure, ""), differ(`close 1001 ""`, `close 1000 ""`)},
		{"another reason", "\x88\x03\x03\xe8x", closing(frame.StatusNormalClosure, ""), differ(`close 1000 "x"`, `close 1000 ""`)},
		{"a code instead of none", "\x88\x02\x03\xe8", closing(frame.StatusNoStatus, ""), differ(`close 1000 ""`, `close ""`)},
		{"half a code", "\x88\x01\x03", closing(frame.StatusNormalClosure, ""), differ(`close "\x03"`, `close 1000 ""`)},
		{"a code that cannot be wanted", "", closing(frame.StatusAbnormalClosure, ""), "WantClose: "},

		{"a frame instead of silence", "\x81\x00", idle, differ(`text ""`, "nothing")},
		{"end instead of silence", eof, idle, differ("end of stream", "nothing")},
		{"silence instead of the end", "", end, differ("nothing", "end of stream")},
		{"a frame instead of the end", "\x81\x00" + eof, end, differ(`text ""`, "end of stream")},
		{"a header cut", "\x81" + eof, end, differ("end of stream inside a frame, after 81", "end of stream")},
		{"a payload cut", "\x81\x03hi" + eof, end, differ("end of stream inside a frame, after 81 03 68 69", "end of stream")},
		{"a long payload cut", "\x81\x7d" + strings.Repeat("a", 100) + eof, end,
			differ("end of stream inside a frame, after 81 7d"+strings.Repeat(" 61", 30)+" … (102 bytes)", "end of stream")},
		{"a cut frame is none", "\x81\x03hi", idle, ""},
		{"malformed", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", idle, "malformed frame 82 7f 80 00 00 00 00 00 00 00: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scripted(t, frame.Client, func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn) {
				in, ends := strings.CutSuffix(tt.in, eof)
				for i := range in {
					nc.Write([]byte{in[i]}) // in any pieces
					if i%2 == 0 {
						synctest.Wait()
					}
				}
				if ends {
					nc.CloseWrite()
				}
				got := f.catch(func() { tt.want(p) })
				if got == "" != (tt.failure == "") || !strings.Contains(got, tt.failure) {
					t.Errorf("failed with %q, want %q", got, tt.failure)
				}
			})
		})
	}
}

// The peer of a client shows a frame without a mask, and takes the others' off.
func TestPeerMask(t *testing.T) {
	scripted(t, frame.Server, func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn) {
		nc.Write([]byte("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x81\x02hi"))
		p.Want("the example of section 5.7", frame.Text, "Hello")
		got := f.catch(func() { p.Want("why", frame.Text, "hi") })
		if want := "why:\n got text \"hi\" with MASK false\nwant text \"hi\""; got != want {
			t.Errorf("failed with %q, want %q", got, want)
		}
	})
}

// In a bubble a script takes no time, whatever it waits for in vain.
func TestPeerTakesNoTime(t *testing.T) {
	scripted(t, frame.Client, func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn) {
		start := time.Now()
		p.WantIdle("nothing comes")
		f.catch(func() { p.Want("why", frame.Text, "") })
		f.catch(func() { p.WantMessage("why") })
		p.Next()
		p.Skip()
		if d := time.Since(start); d != 0 {
			t.Errorf("it took %v", d)
		}
	})
}

// Frames are wanted in the order in which they arrived, each once.
func TestPeerOrder(t *testing.T) {
	scripted(t, frame.Client, func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn) {
		nc.Write([]byte("\x81\x01a\x82\x01b\x88\x00"))
		nc.Close()
		p.Want("first", frame.Text, "a")
		if got, want := p.Next(), `binary "b"`; got != want {
			t.Errorf("Next = %s, want %s", got, want)
		}
		p.WantClose("third", frame.StatusNoStatus, "")
		p.WantEOF("then the end")
		p.WantEOF("which stays")
		if got := p.Next(); got != "end of stream" {
			t.Errorf("Next = %s", got)
		}
	})
}

func TestPeerSkip(t *testing.T) {
	scripted(t, frame.Client, func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn) {
		nc.Write([]byte("\x81\x01a\x82\x01b"))
		if n := p.Skip(); n != 2 {
			t.Errorf("skipped %d frames, want 2", n)
		}
		p.WantIdle("all is skipped")
		if n := p.Skip(); n != 0 {
			t.Errorf("skipped %d frames, want none", n)
		}
		nc.Write([]byte("\x81\x01c"))
		nc.CloseWrite()
		if n := p.Skip(); n != 1 {
			t.Errorf("skipped %d frames, want 1", n)
		}
		p.WantEOF("the end is no frame")
	})
}

// How the stream ends is told apart.
func TestPeerEnds(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(p *Peer, nc *PipeConn)
		want string
	}{
		{"reset", func(_ *Peer, nc *PipeConn) { nc.Reset() }, "reset"},
		{"closed by the script", func(p *Peer, _ *PipeConn) { p.Conn().Close() }, "closed by the peer itself"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scripted(t, frame.Client, func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn) {
				tt.end(p, nc)
				got := f.catch(func() { p.WantEOF("why") })
				if want := "why:\n got " + tt.want + "\nwant end of stream"; got != want {
					t.Errorf("failed with %q, want %q", got, want)
				}
			})
		})
	}
}

func TestPeerPause(t *testing.T) {
	scripted(t, frame.Client, func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn) {
		p.Pause()
		nc.Write([]byte("\x81\x00"))
		p.Want("one read is still under way", frame.Text, "")
		nc.Write([]byte("\x82\x01x"))
		p.WantIdle("no other")
		if nc.Buffered() != 3 {
			t.Errorf("%d bytes are buffered, want 3", nc.Buffered())
		}
		done := start(nc.Write, make([]byte, pipeSize))
		wantWaiting(t, "Write to a peer that does not read", done)
		p.Resume()
		p.Want("reads again", frame.Binary, "x")
		if got := <-done; got.err != nil {
			t.Errorf("Write = %v", got.err)
		}
	})
}

// The script writes any frame, masked as its side has to.
func TestPeerWrite(t *testing.T) {
	for _, tt := range []struct {
		name           string
		write          func(*Peer)
		server, client string // what a peer of that side sends
	}{
		{"Write", func(p *Peer) { p.Write(frame.Text, "Hello") },
			"\x81\x05Hello", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"},
		{"WriteFragment", func(p *Peer) { p.WriteFragment(frame.Text, "Hello") },
			"\x01\x05Hello", "\x01\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"},
		{"WriteClose", func(p *Peer) { p.WriteClose(frame.StatusNormalClosure, "") },
			"\x88\x02\x03\xe8", "\x88\x82\x37\xfa\x21\x3d\x34\x12"},
		{"WriteClose with what may not be sent", func(p *Peer) { p.WriteClose(1005, "\xff") },
			"\x88\x03\x03\xed\xff", "\x88\x83\x37\xfa\x21\x3d\x34\x17\xde"},
		{"WriteFrame", func(p *Peer) { p.WriteFrame(frame.Header{RSV: 7, Opcode: 0xB, Length: 99, Masked: true}, "") },
			"\x7b\x00", "\x7b\x80\x37\xfa\x21\x3d"},
		{"WriteBytes", func(p *Peer) { p.WriteBytes([]byte("\xff\x00")) }, "\xff\x00", "\xff\x00"},
	} {
		for side, want := range map[frame.Side]string{frame.Server: tt.server, frame.Client: tt.client} {
			t.Run(tt.name+" of a "+side.String(), func(t *testing.T) {
				scripted(t, side, func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn) {
					tt.write(p)
					b := make([]byte, 100)
					n, err := nc.Read(b)
					if !bytes.Equal(b[:n], []byte(want)) || err != nil {
						t.Errorf("sent % x, want % x", b[:n], want)
					}
				})
			})
		}
	}
}

// A write that does not reach the connection under test fails the test.
func TestPeerWriteError(t *testing.T) {
	scripted(t, frame.Client, func(t *testing.T, f *fakeTB, p *Peer, nc *PipeConn) {
		nc.Close()
		got := f.catch(func() { p.Write(frame.Text, "Hello") })
		if !strings.HasPrefix(got, "write to the connection under test: ") {
			t.Errorf("failed with %q", got)
		}
	})
}

// A connection of either side meets a peer of the other.
func TestNewPeer(t *testing.T) {
	for _, side := range []frame.Side{frame.Server, frame.Client} {
		t.Run(side.String(), func(t *testing.T) {
			var c *conn.Conn
			synctest.Test(t, func(t *testing.T) {
				var peer *Peer
				c, peer = NewPeer(t, side, &conn.Config{MaxMessageSize: 5})
				if c.Side() != side {
					t.Errorf("the connection is a %v, want a %v", c.Side(), side)
				}
				go c.Read(t.Context())
				peer.Write(frame.Ping, "p")
				peer.Want("a ping is answered", frame.Pong, "p")
				if err := c.Write(t.Context(), frame.Text, []byte("Hello")); err != nil {
					t.Error(err)
				}
				peer.Want("a message", frame.Text, "Hello")
				peer.Write(frame.Text, "longer")
				peer.WantClose("the limits are those of the configuration", frame.StatusMessageTooBig, "message larger than 5 bytes")
			})
			if _, _, err := c.Read(context.Background()); err == nil {
				t.Error("the connection is open after the test")
			}
		})
	}
}

// The end of a test closes what is paused and in use, too, and takes no time.
func TestNewPeerCleanup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		t.Cleanup(func() { // runs after that of NewPeer
			if got := time.Since(start); got != 0 {
				t.Errorf("it took %v", got)
			}
		})
		c, peer := NewPeer(t, frame.Server, nil)
		peer.Pause()
		go c.Read(context.Background())
		go c.Write(context.Background(), frame.Binary, make([]byte, 3*pipeSize))
		synctest.Wait()
	})
}
