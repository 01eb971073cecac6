package suite

import (
	"fmt"
	"time"
)

// limits returns section 9: big messages, many fragments, many writes, many round trips.
func limits() []*Case {
	var cases []*Case
	for i, kind := range kinds {
		for j, mib := range []float64{1. / 16, 1. / 4, 1, 4, 8, 16} {
			n := int(mib * (1 << 20))
			limit := 10 * time.Second
			if n > 4<<20 || n > 256<<10 && kind.opcode == OpText {
				limit = 100 * time.Second
			}
			cases = append(cases, big(fmt.Sprintf("9.%d.%d", 1+i, j+1), kind.opcode, n, limit,
				fmt.Sprintf("Sends a %s message of %s in one frame.", kind.name, size(n)),
				Frame{Opcode: kind.opcode, Payload: repeat(kind.pattern, n)}))
		}
	}
	for i, kind := range kinds {
		const n = 4 << 20
		for j := range 9 {
			frag := 64 << (2 * j)
			m := Message{Opcode: kind.opcode, Payload: repeat("*", n), Frag: frag}
			if kind.opcode == OpBinary && j == 0 {
				m.Payload = repeat("\xfe", n)
			}
			how := fmt.Sprintf("in %d fragments of %s and an empty final one: %d frames", n/frag, size(frag), n/frag+1)
			if frag == n {
				how = "in 1 frame: fragments would be of 4 MiB"
			}
			cases = append(cases, big(fmt.Sprintf("9.%d.%d", 3+i, j+1), kind.opcode, n, 100*time.Second,
				fmt.Sprintf("Sends a %s message of 4 MiB %s.", kind.name, how), m))
		}
	}
	for i, kind := range kinds {
		const n, header = 1 << 20, 14 // as client; as server it is 10, and the number of writes the same
		for j := range 6 {
			chop := 64 << j
			cases = append(cases, big(fmt.Sprintf("9.%d.%d", 5+i, j+1), kind.opcode, n, 1000*time.Second,
				fmt.Sprintf("Sends a %s message of 1 MiB in one frame, cut into %d writes of %d octets.", kind.name, (n+header+chop-1)/chop, chop),
				Frame{Opcode: kind.opcode, Payload: repeat(kind.pattern, n), Chop: chop}))
		}
	}
	for i, kind := range kinds {
		for j, n := range []int{0, 16, 64, 256, 1024, 4096} {
			cases = append(cases, roundTrips(fmt.Sprintf("9.%d.%d", 7+i, j+1), kind.name, Loop{Opcode: kind.opcode, Count: 1000, Unit: n, Fill: kind.fill},
				[]time.Duration{60, 60, 60, 120, 240, 480}[j]*time.Second))
		}
	}
	return cases
}

// kinds are what section 9 does everything with.
var kinds = []struct {
	name    string
	opcode  byte
	pattern string
	fill    byte
}{
	{"text", OpText, bigText, '*'},
	{"binary", OpBinary, bigBin, 0xfe},
}

// big returns a case in which a message of n octets is sent by step.
func big(id string, opcode byte, n int, limit time.Duration, description string, step Step) *Case {
	return &Case{
		ID:          id,
		Description: description,
		Expectation: fmt.Sprintf("The peer sends back a message of the same type and length within %s.", seconds(limit)) + thenClose,
		Steps:       []Step{step, CloseAfter{limit}},
		Length:      &Length{Opcode: opcode, N: n},
		Close:       normal,
	}
}

// roundTrips returns a case with a loop that is not compressed.
func roundTrips(id, name string, l Loop, limit time.Duration) *Case {
	what := fmt.Sprintf("%d %s messages of %d octets", l.Count, name, l.Unit)
	if l.Unit == 0 {
		what = fmt.Sprintf("%d empty %s messages", l.Count, name)
	}
	return &Case{
		ID:          id,
		Description: "Sends " + what + ", each after the echo of the last.",
		Expectation: fmt.Sprintf("The peer sends back a message of the same type and length for each, all within %s.", seconds(limit)) + thenClose,
		Steps:       []Step{l, CloseAfter{limit}},
		Close:       normal,
	}
}

// size returns n octets as a text.
func size(n int) string {
	switch {
	case n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d octets", n)
}

// misc returns section 10.
func misc() []*Case {
	const n, limit = 65536, 10 * time.Second
	return []*Case{{
		ID:          "10.1.1",
		Description: "Sends a text message of 65536 octets in 50 fragments of 1300 octets and a final one of 536: 51 frames.",
		Expectation: echoed(limit) + " The fragments of the echo may be any.",
		Steps:       []Step{Message{Opcode: OpText, Payload: repeat("*", n), Frag: 1300}, KillAfter{limit}},
		OK:          []Event{textOf(repeat("*", n))},
		Close:       normal,
		CountFrames: true,
	}}
}
