package suite

import (
	"fmt"
	"slices"
	"time"
)

// The fragments that section 5 sends.
const (
	part1 = "fragment1"
	part2 = "fragment2"
	part3 = "fragment3"
	part4 = "fragment4"
	part5 = "fragment5"
)

// fragmentation returns section 5.
func fragmentation() []*Case {
	const inner = "ping payload"
	const stray = "non-continuation payload"
	split := []Frame{first(part1), last(part2)}
	pinged := []Frame{first(part1), ping(inner), last(part2)}
	whole := textOf(once(part1 + part2))

	cases := []*Case{
		unfragmentable("5.1", "ping", OpPing),
		unfragmentable("5.2", "pong", OpPong),
	}
	for i, w := range ways {
		cases = append(cases, joined(3+i, "Sends a text message in two fragments", split, w, whole))
	}
	for i, w := range ways {
		cases = append(cases, joined(6+i, "Sends a text message in two fragments with a ping between them", pinged, w,
			pongOf(inner), whole))
	}
	for i, w := range ways {
		cases = append(cases, misplaced(9+i, "a final continuation frame without a message to continue, then a text message",
			[]Frame{last(stray), text(hello)}, w))
	}
	for i, w := range ways {
		cases = append(cases, misplaced(12+i, "a continuation frame that is not final, without a message to continue, then a text message",
			[]Frame{more(stray), text(hello)}, w))
	}
	notFinal := []Frame{more(part1), first(part2), last(part3)}
	final := []Frame{last(part1), first(part2), last(part3)}
	return append(cases,
		&Case{
			ID: "5.15",
			Description: "Sends a text message in two fragments, a continuation frame that is not final and " +
				"without a message to continue, and a text message, in one write.",
			Expectation: failedAfterEcho("the third frame", time.Second),
			Steps:       together.send([]Frame{first(part1), last(part2), more(part3), text(part4)}, KillAfter{time.Second}),
			OK:          []Event{whole},
			NonStrict:   nothing,
			Close:       failure(1002),
		},
		misplaced(16, "a continuation frame that is not final, without a message to continue, and a text message in two fragments, "+
			"all of it twice", slices.Concat(notFinal, notFinal), together),
		misplaced(17, "a final continuation frame without a message to continue, and a text message in two fragments, "+
			"all of it twice", slices.Concat(final, final), together),
		misplaced(18, "the first fragment of a text message, then a text frame where the continuation has to come",
			[]Frame{first(part1), text(part2)}, together),
		paused(19, together),
		paused(20, apart),
	)
}

// unfragmentable returns a case in which a control frame is fragmented.
func unfragmentable(id, name string, opcode byte) *Case {
	return &Case{
		ID:          id,
		Description: fmt.Sprintf("Sends a %s without FIN, then a final continuation frame, in one write. Control frames must not be fragmented.", name),
		Expectation: failed(1002, time.Second),
		Steps:       []Step{Frame{Opcode: opcode, NotFin: true, Payload: once(part1)}, last(part2), KillAfter{time.Second}},
		OK:          nothing,
		Close:       failure(1002),
	}
}

// joined returns case 5.n, in which a message is put together from fragments.
func joined(n int, what string, frames []Frame, w way, want ...Event) *Case {
	expectation := echoed(time.Second)
	if len(want) > 1 {
		expectation = "The peer answers the ping with a pong of the same payload, then echoes the message, unchanged, all within 1 s." + thenClose
	}
	return &Case{
		ID:          fmt.Sprintf("5.%d", n),
		Description: what + ", " + w.text + ".",
		Expectation: expectation,
		Steps:       w.send(frames, CloseAfter{time.Second}),
		OK:          want,
		Close:       normal,
	}
}

// misplaced returns case 5.n, in which the frames do not make up messages.
func misplaced(n int, what string, frames []Frame, w way) *Case {
	return &Case{
		ID:          fmt.Sprintf("5.%d", n),
		Description: "Sends " + what + ", " + w.text + ".",
		Expectation: failed(1002, time.Second),
		Steps:       w.send(frames, KillAfter{time.Second}),
		OK:          nothing,
		Close:       failure(1002),
	}
}

// paused returns case 5.n, in which a message of five fragments has two pings and a pause inside.
func paused(n int, w way) *Case {
	const ping1, ping2 = "pongme 1!", "pongme 2!"
	before := w.send([]Frame{first(part1), more(part2), ping(ping1)}, Wait{For: time.Second})
	after := w.send([]Frame{more(part3), more(part4), ping(ping2), last(part5)}, CloseAfter{time.Second})
	return &Case{
		ID: fmt.Sprintf("5.%d", n),
		Description: "Sends a text message in five fragments with pings after the second and the fourth. " +
			"After the first ping it pauses for 1 s; before and after that it sends the frames " + w.text + ".",
		Expectation: "The peer answers each ping with a pong of the same payload, in their order, then echoes the message, unchanged, " +
			"all within 1 s of the end of the pause." + thenClose,
		Steps: slices.Concat(before, after),
		OK:    []Event{pongOf(ping1), pongOf(ping2), textOf(once(part1 + part2 + part3 + part4 + part5))},
		Close: normal,
	}
}
