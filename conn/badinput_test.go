package conn_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/internal/badinput"
	"github.com/ws6455/ws/wstest"
)

// onBadInput runs test for each case of bad input.
func onBadInput(t *testing.T, test func(t *testing.T, bad badinput.Case)) {
	for _, bad := range badinput.Cases {
		t.Run(bad.Name, func(t *testing.T) { test(t, bad) })
	}
}

// opening returns how the connection begins on which bad comes.
func opening(t *testing.T, bad badinput.Case, side frame.Side) conn.Opening {
	t.Helper()
	o := conn.Opening{Side: side}
	if bad.Deflate != "" {
		exts, err := handshake.ParseExtensions([]string{bad.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		o.Agreement.Extensions = exts
	}
	return o
}

// wantFailure fails the test unless err says what bad is.
func wantFailure(t *testing.T, err error, bad badinput.Case) {
	t.Helper()
	if bad.Limit != nil {
		e := as[*conn.LimitError](t, err)
		if *e != *bad.Limit || !strings.Contains(e.Error(), "Config."+e.Option) {
			t.Errorf("got %+v, want %+v", *e, *bad.Limit)
		}
	} else if e := as[*conn.ProtocolError](t, err); !strings.Contains(e.Rule, bad.Text) || e.Rule == "" {
		t.Errorf("got the rule %q, want one with %q", e.Rule, bad.Text)
	}
	if got := conn.CloseCode(err); got != bad.Code {
		t.Errorf("the connection was failed with %d, want %d", got, bad.Code)
	}
}

// After the peer broke a rule the connection is failed: a close frame, and TCP is closed.
// Its input is read on, so that the close frame gets through, but not looked at.
//
// Requirements: 6455-5.1-02, 6455-5.1-04, 6455-5.1-05, 6455-5.2-03, 6455-5.2-04, 6455-5.2-08, 6455-5.2-10
// Requirements: 6455-5.4-03, 6455-5.4-04, 6455-5.5-02, 6455-5.5-03, 6455-5.5.1-03, 6455-5.5.1-04, 6455-6.2-01, 6455-6.2-02
// Requirements: 6455-7.1.1-01, 6455-7.1.7-01, 6455-7.1.7-02, 6455-7.1.7-04, 6455-7.1.7-06, 6455-7.2.1-01
// Requirements: 6455-5.2-14, 6455-5.8-01, 6455-7.1.7-03, 6455-7.4.1-07, 6455-10.4-02
// Requirements: 6455-10.7-01, 6455-10.7-02, 6455-10.7-03, 6455-11.8-01, 6455-11.9-01
// Requirements: 7692-6.1-05, 7692-6.1-06, 7692-6.1-08, 7692-7.2.2-08, 7692-7.2.2-09, 7692-7.3-02
func TestPeerBreaksRule(t *testing.T) {
	onBadInput(t, func(t *testing.T, bad badinput.Case) {
		opened := func(t *testing.T, side frame.Side) conn.Opening { return opening(t, bad, side) }
		onBothSidesAfter(t, opened, &badinput.Config, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
			peer.WriteBytes(around(bad, otherSide(c.Side())))
			wantRead(t, c, frame.Text, "before")
			reading := start(func() error { return readAll(c) })
			got := peer.Next()
			for strings.HasPrefix(got, "pong ") {
				got = peer.Next()
			}
			if !strings.HasPrefix(got, fmt.Sprintf("close %d ", bad.Code)) || !strings.Contains(got, bad.Text) {
				t.Fatalf("the connection is failed with %d %q: got %s", bad.Code, bad.Text, got)
			}
			peer.WantEOF("the stream ends; nothing behind the violation was answered")
			peer.WriteBytes(make([]byte, 300<<10)) // read, so that nothing is reset
			wantWaiting(t, reading, "the end of TCP")
			peer.Conn().CloseWrite()
			err := now(t, reading)
			wantFailure(t, err, bad)
			for range 2 {
				if later := wantEnd(t, c, ""); later != err {
					t.Error("another error later:", later)
				}
			}
			if later := c.Write(background, frame.Text, nil); later != err {
				t.Errorf("Write: %v", later)
			}
			if later := c.Close(1000, ""); later != err {
				t.Errorf("Close: %v", later)
			}
		})
	})
}

// otherSide returns the side of the peer.
func otherSide(side frame.Side) frame.Side { return frame.Server + frame.Client - side }

// around returns bad as a peer of the side sends it, between a good message and other good frames.
func around(bad badinput.Case, peer frame.Side) []byte {
	b := badinput.Frame{First: 0x81, Payload: "before"}.Bytes(peer)
	b = append(b, bad.Bytes(peer)...)
	b = badinput.Frame{First: 0x89, Payload: "p"}.Append(b, peer)
	return badinput.Frame{First: 0x81, Payload: "after"}.Append(b, peer)
}

// What fails a connection fails one in a loop in the same way, wherever the network cuts it, with the same bytes sent;
// and so does what comes of it before the peer hangs up.
//
// Requirements: 6455-5.1-02, 6455-5.1-04, 6455-5.1-05, 6455-5.2-03, 6455-5.2-04, 6455-5.2-08, 6455-5.2-10
// Requirements: 6455-5.4-03, 6455-5.4-04, 6455-5.5-02, 6455-5.5-03, 6455-5.5.1-03, 6455-5.5.1-04, 6455-6.2-01, 6455-6.2-02
// Requirements: 6455-7.1.1-01, 6455-7.1.7-01, 6455-7.1.7-02, 6455-7.1.7-04, 6455-7.1.7-06, 6455-7.4.1-07, 6455-10.4-02
func TestPeerOfLoopBreaksRule(t *testing.T) {
	b := newLoopBench(t)
	onBadInput(t, func(t *testing.T, bad badinput.Case) {
		o, in := opening(t, bad, frame.Server), around(bad, frame.Client)
		whole := outcome(t, o, &badinput.Config, in)
		if want := fmt.Sprintf(`"\x%02x\x%02x`, byte(bad.Code>>8), byte(bad.Code)); !strings.Contains(whole, want) {
			t.Fatalf("there is no close frame with %d:\n%s", bad.Code, whole)
		}
		_, err := b.end(t, o, &badinput.Config, in)
		wantFailure(t, err, bad)
		const before = 12 // bytes of around
		b.wantEverywhere(t, o, &badinput.Config, in, before, before+len(bad.Bytes(frame.Client))+1)
	})
}

// What a loop makes of good input is what a blocking connection makes of it.
func TestLoopAsBlocking(t *testing.T) {
	b := newLoopBench(t)
	frames := func(frames ...badinput.Frame) (in []byte) {
		for _, f := range frames {
			in = f.Append(in, frame.Client)
		}
		return in
	}
	for _, tt := range []struct {
		name string
		in   []byte
	}{
		{"messages and fragments", frames(
			badinput.Frame{First: 0x81, Payload: "one"}, badinput.Frame{First: 0x01, Payload: "gr\xc3"},
			badinput.Frame{First: 0x89, Payload: "ping"}, badinput.Frame{First: 0x00}, badinput.Frame{First: 0x80, Payload: "\xbc\xc3\x9fe"},
			badinput.Frame{First: 0x82}, badinput.Frame{First: 0x8a, Payload: "unasked"}, badinput.Frame{First: 0x89})},
		{"frames behind a close frame", frames(
			badinput.Frame{First: 0x81, Payload: "one"}, badinput.Frame{First: 0x88, Payload: "\x0f\xa0bye"},
			badinput.Frame{First: 0x89, Payload: "p"}, badinput.Frame{First: 0x81, Payload: "late"}, badinput.Frame{First: 0x88, Payload: "\x03\xe8"})},
		{"an empty close frame and no frames at all", append(frames(badinput.Frame{First: 0x88}), "\xff\xff\xff"...)},
		{"a close frame inside a message", frames(badinput.Frame{First: 0x01, Payload: "a"}, badinput.Frame{First: 0x88, Payload: "\x03\xe9"})},
	} {
		t.Run(tt.name, func(t *testing.T) { b.wantEverywhere(t, conn.Opening{Side: frame.Server}, nil, tt.in, 0, len(tt.in)) })
	}
	t.Run("compressed messages", func(t *testing.T) {
		in := frames(
			badinput.Frame{First: 0xc1, Payload: hello}, badinput.Frame{First: 0x41, Payload: hello[:3]}, badinput.Frame{First: 0x89, Payload: "p"},
			badinput.Frame{First: 0x00}, badinput.Frame{First: 0x80, Payload: hello[3:]}, badinput.Frame{First: 0x81, Payload: "plain"},
			badinput.Frame{First: 0xc2, Payload: "\xf2\x00\x11\x00\x00"})
		b.wantEverywhere(t, conn.Opening{Side: frame.Server, Agreement: agreed(t, "")}, nil, in, 0, len(in))
	})
}

// More pongs are due than fit into a buffer with the close frame. That comes nevertheless, behind pongs.
func TestLoopManyPongs(t *testing.T) {
	in := bytes.Repeat(badinput.Frame{First: 0x89, Payload: strings.Repeat("p", 125)}.Bytes(frame.Client), 400)
	in = append(in, badinput.Frame{First: 0x83}.Bytes(frame.Client)...)
	cfg := &conn.Config{MaxQueuedPongs: 1000}
	got, err := newLoopBench(t).end(t, conn.Opening{Side: frame.Server}, cfg, in)
	as[*conn.ProtocolError](t, err)
	if !strings.HasSuffix(got, ` "\x03\xeareserved opcode"`+"\nand \"\"\n") || !strings.Contains(got, `"ppp`) {
		t.Errorf("got …%s", got[max(0, len(got)-300):])
	}
}

// wantEverywhere fails the test unless a connection in a loop makes of in what a blocking one does:
// byte by byte, and cut in two anywhere from one byte to another, as such, with the first part behind the handshake,
// and without the second.
func (b *loopBench) wantEverywhere(t *testing.T, o conn.Opening, cfg *conn.Config, in []byte, from, to int) {
	t.Helper()
	whole := outcome(t, o, cfg, in)
	want := func(how, want string, segments ...[]byte) {
		t.Helper()
		if got, _ := b.end(t, o, cfg, segments...); got != want {
			t.Fatalf("%s:\n%s\nwant:\n%s", how, got, want)
		}
	}
	want("byte by byte", whole, each(in)...)
	if got := outcome(t, o, cfg, each(in)...); got != whole {
		t.Fatalf("a blocking connection, byte by byte:\n%s\nwant:\n%s", got, whole)
	}
	for i := from; i < to; i++ {
		if i-from > 32 && to-i > 32 {
			continue // inside a payload
		}
		want(fmt.Sprint("cut at ", i), whole, in[:i], in[i:])
		want(fmt.Sprint("ended at ", i), outcome(t, o, cfg, in[:i]), in[:i])
		o.Early = in[:i]
		want(fmt.Sprint("begun with ", i), whole, in[i:])
		o.Early = nil
	}
}

// each returns the bytes of in, one by one.
func each(in []byte) (segments [][]byte) {
	for i := range in {
		segments = append(segments, in[i:i+1])
	}
	return segments
}
