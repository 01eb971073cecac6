package protocol

import (
	"bytes"
	"slices"
	"testing"

	"github.com/ws6455/ws/frame"
)

// However the network cuts the bytes, the same comes out,
// and no more of it than the limits allow.
//
// Requirements: 6455-6.2-01, 6455-10.4-01
func FuzzReceiver(fz *testing.F) {
	for i, tt := range slices.Concat(messageTests, limitTests, orderTests(), closePayloadTests()) {
		side := bothSides[i%2]
		wire, _, _ := tt.wire(side)
		if len(wire) < 1000 {
			fz.Add(wire, side == frame.Client, tt.r.Compression, uint16(tt.r.MaxMessage), uint8(tt.r.MaxFragments), []byte{byte(i), 3})
		}
	}
	fz.Fuzz(func(t *testing.T, b []byte, client, compression bool, message uint16, fragments uint8, cuts []byte) {
		options := Receiver{Compression: compression, MaxMessage: int64(message), MaxFragments: int(fragments)}
		if client {
			options.Side = frame.Client
		}
		r := options
		want := receive(t, &r, b)
		want.fed = 0
		for _, cut := range [][]int{ascending(cuts, len(b)), offsets(min(len(b), 300))} {
			r := options
			got := receive(t, &r, b, cut...)
			got.fed = 0
			if got != want {
				t.Fatalf("cut at %d: received %+v\nwhole: %+v", cut, got, want)
			}
		}
		checkConsumed(t, b, want)
		checkLimited(t, options, b)
	})
}

// ascending returns sums of the steps, none larger than n.
func ascending(steps []byte, n int) (all []int) {
	sum := 0
	for _, s := range steps[:min(len(steps), 100)] {
		sum += int(s)
		if sum > n {
			break
		}
		all = append(all, sum)
	}
	return all
}

// checkConsumed holds what was consumed of b against where frames end.
func checkConsumed(t *testing.T, b []byte, got result) {
	ends := []int{0}
	for end := 0; ; ends = append(ends, end) {
		h, n, err := frame.Consume(b[end:])
		rest := int64(len(b) - end - n)
		if n == 0 || err != nil || h.Opcode.IsControl() && rest < h.Length {
			break
		}
		end += n + int(min(rest, h.Length))
	}
	last := ends[len(ends)-1]
	if got.err == "" && got.consumed != last || !slices.Contains(ends, got.consumed) {
		t.Fatalf("consumed %d bytes (error %q) of frames that end at %d", got.consumed, got.err, ends)
	}
}

// checkLimited receives b once more, and counts what comes out.
func checkLimited(t *testing.T, r Receiver, b []byte) {
	b = bytes.Clone(b)
	size, frames := int64(0), int64(0)
	for {
		begun := r.Left() > 0
		ev, n, err := next(t, &r, b)
		if n == 0 || err != nil {
			return
		}
		b = b[n:]
		if ev.Opcode.IsControl() {
			continue
		}
		size += int64(len(ev.Data))
		if !begun {
			frames++
		}
		most := r.MaxMessage
		if ev.Compressed {
			most += most/64 + 16*frames
		}
		if r.MaxMessage > 0 && size+r.Left() > most {
			t.Fatalf("%d bytes of a message, and %d to come, where %d are allowed", size, r.Left(), most)
		}
		if ev.Fin {
			size, frames = 0, 0
		}
	}
}

// What a Sender lets out, a Receiver takes in.
//
// Requirements: 6455-5.4-08, 6455-6.2-05
func FuzzRoundTrip(fz *testing.F) {
	for _, tt := range append(messageSendings, refusedSendings...) {
		var script []byte
		for _, s := range tt.send {
			script = appendScript(script, s.ev)
		}
		fz.Add(script, false, tt.compression, uint16(3), uint16(7))
		fz.Add(script, true, tt.compression, uint16(1), uint16(1))
	}
	fz.Fuzz(func(t *testing.T, script []byte, client, compression bool, cut1, cut2 uint16) {
		s := Sender{Compression: compression}
		if client {
			s.Side = frame.Client
		}
		roundTrip(t, s, readScript(script), int(min(cut1, cut2)), int(max(cut1, cut2)))
	})
}

// appendScript appends what readScript reads as ev.
func appendScript(b []byte, ev Event) []byte {
	first := byte(ev.Opcode)
	if ev.Fin {
		first |= fin
	}
	if ev.Compressed {
		first |= rsv1
	}
	data := ev.Data[:min(len(ev.Data), 255)]
	return append(append(b, first, byte(len(data))), data...)
}

// readScript returns the events that b stands for.
func readScript(b []byte) (events []Event) {
	for len(b) >= 2 {
		ev := Event{Opcode: frame.Opcode(b[0] & 0x1F), Fin: b[0]&fin != 0, Compressed: b[0]&rsv1 != 0}
		n := min(int(b[1]), len(b)-2)
		ev.Data = b[2 : 2+n]
		events = append(events, ev)
		b = b[2+n:]
	}
	return events
}
