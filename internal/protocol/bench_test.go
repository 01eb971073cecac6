package protocol

import (
	"strings"
	"testing"

	"github.com/ws6455/ws/frame"
)

// received are frames that a server gets.
var received = []struct {
	name string
	f    f
}{
	{"text of 64 bytes", f{first: fin | text, payload: strings.Repeat("x", 64)}},
	{"text of 1 KiB", f{first: fin | text, payload: strings.Repeat("x", 1024)}},
	{"ping", f{first: fin | ping, payload: "12345678"}},
}

// sent are events that a side sends.
var sent = []struct {
	name string
	side frame.Side
	ev   Event
}{
	{"text of 64 bytes by a server", frame.Server, whole(frame.Text, strings.Repeat("x", 64))},
	{"text of 64 bytes by a client", frame.Client, whole(frame.Text, strings.Repeat("x", 64))},
	{"text of 1 KiB by a client", frame.Client, whole(frame.Text, strings.Repeat("x", 1024))},
	{"pong by a server", frame.Server, whole(frame.Pong, "12345678")},
}

// receiveAll gives wire, which is one frame, to r.
// What was masked before is unmasked after, and the other way round.
func receiveAll(tb testing.TB, r *Receiver, wire []byte) {
	if _, n, err := r.Next(wire); n != len(wire) || err != nil {
		tb.Fatalf("Next = %d, %v", n, err)
	}
}

func BenchmarkReceiver(b *testing.B) {
	for _, bb := range received {
		b.Run(bb.name, func(b *testing.B) {
			wire := bb.f.append(nil, frame.Server, testKey(0))
			r := Receiver{Side: frame.Server, MaxMessage: 1 << 20, MaxFragments: 1000}
			b.SetBytes(int64(len(wire)))
			b.ReportAllocs()
			for b.Loop() {
				receiveAll(b, &r, wire)
			}
		})
	}
}

func BenchmarkSender(b *testing.B) {
	for _, bb := range sent {
		b.Run(bb.name, func(b *testing.B) {
			s := Sender{Side: bb.side}
			wire := make([]byte, 0, 2048)
			b.SetBytes(int64(len(bb.ev.Data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Append(wire, bb.ev, testKey(0)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Frames are received and sent without allocating.
func TestNoAllocations(t *testing.T) {
	for _, tt := range received {
		wire := tt.f.append(nil, frame.Server, testKey(0))
		r := Receiver{Side: frame.Server}
		if n := testing.AllocsPerRun(100, func() { receiveAll(t, &r, wire) }); n != 0 {
			t.Errorf("to receive %s takes %v allocations", tt.name, n)
		}
	}
	for _, tt := range sent {
		s := Sender{Side: tt.side}
		wire := make([]byte, 0, 2048)
		if n := testing.AllocsPerRun(100, func() { s.Append(wire, tt.ev, testKey(0)) }); n != 0 {
			t.Errorf("to send %s takes %v allocations", tt.name, n)
		}
	}
}
