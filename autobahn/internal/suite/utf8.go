package suite

import (
	"fmt"
	"time"
)

// Text that section 6 puts together.
const (
	greek  = "\u03ba\u1f79\u03c3\u03bc\u03b5" // 11 octets
	edited = "edited"

	surrogate = greek + "\xed\xa0\x80" + edited     // octet 12, a0, cannot occur
	tooHigh   = greek + "\xf4\x90\x80\x80" + edited // octet 12, 90, cannot occur
)

// utf8Handling returns section 6.
func utf8Handling() []*Case {
	cases := []*Case{
		emptyFragments("6.1.1", "Sends a text message without payload in one frame.", "", text("")),
		emptyFragments("6.1.2", "Sends a text message without payload in three fragments.", "",
			first(""), more(""), last("")),
		emptyFragments("6.1.3", "Sends a text message in three fragments of which the first and the last are empty.",
			"middle frame payload", first(""), more("middle frame payload"), last("")),
	}
	cases = append(cases, validText()...)
	cases = append(cases, invalidText()...)
	cases = append(cases, early()...)
	for i, list := range sequences {
		for j, s := range list {
			cases = append(cases, s.sent(fmt.Sprintf("6.%d.%d", i+5, j+1)))
		}
	}
	return cases
}

func emptyFragments(id, description, payload string, frames ...Frame) *Case {
	return &Case{
		ID:          id,
		Description: description,
		Expectation: echoed(time.Second),
		Steps:       together.send(frames, CloseAfter{time.Second}),
		OK:          []Event{textOf(once(payload))},
		Close:       normal,
	}
}

// validText returns section 6.2.
func validText() []*Case {
	const before, after = "Hello-µ@ßöä", "üàá-UTF-8!!"
	echo := func(id, description, payload string, steps ...Step) *Case {
		return &Case{
			ID:          id,
			Description: description,
			Expectation: echoed(time.Second),
			Steps:       append(steps, CloseAfter{time.Second}),
			OK:          []Event{textOf(once(payload))},
			Close:       normal,
		}
	}
	return []*Case{
		echo("6.2.1", "Sends a text message of valid UTF-8, 29 octets with characters of one and two octets, in one frame.",
			before+after, Message{Opcode: OpText, Payload: once(before + after)}),
		echo("6.2.2", "Sends the text message of 6.2.1 in two fragments that meet between two characters.",
			before+after, first(before), last(after)),
		echo("6.2.3", "Sends the text message of 6.2.1 in 29 fragments of one octet and an empty final one.",
			before+after, Message{Opcode: OpText, Payload: once(before + after), Frag: 1}),
		echo("6.2.4", "Sends a text message of valid UTF-8, 11 octets with characters of two and three octets, "+
			"in 11 fragments of one octet and an empty final one.",
			greek, Message{Opcode: OpText, Payload: once(greek), Frag: 1}),
	}
}

// invalidText returns section 6.3.
func invalidText() []*Case {
	refuse := func(id, how string, frag int) *Case {
		return &Case{
			ID: id,
			Description: fmt.Sprintf("Sends a text message of 20 octets, %s. Not valid UTF-8: "+
				"octets 11 to 13 (counted from 0) are ed a0 80, the surrogate U+D800, and octet 12 is the first that cannot occur.", how),
			Expectation: failed(1007, time.Second),
			Steps:       []Step{Message{Opcode: OpText, Payload: once(surrogate), Frag: frag}, KillAfter{time.Second}},
			OK:          nothing,
			Close:       notUTF8,
		}
	}
	return []*Case{
		refuse("6.3.1", "in one frame", 0),
		refuse("6.3.2", "in 20 fragments of one octet and an empty final one, without pauses", 1),
	}
}

// notUTF8 is the closing of a case in which the peer has to refuse a text message.
var notUTF8 = Closing{ByPeer: true, Codes: []int{1007}, Fatal: true}

// early returns section 6.4: text that is valid, then impossible, then complete.
func early() []*Case {
	const say = "Sends a text message of 21 octets in %s of %s octets, with a pause of 1 s after the first (A) and the second (B)%s. " +
		"Not valid UTF-8: octets 11 to 14 (counted from 0) are f4 90 80 80, above U+10FFFF, and octet 12, %s, is the first that cannot occur."
	const split, inside = "three fragments", "one frame, its payload in three parts"
	const tail = "; an empty final continuation frame follows the third"
	const at4, at1 = "in the second part", "which is the second part"
	bursts := []struct{ a, b, c, sizes, at string }{
		{tooHigh[:11], tooHigh[11:15], tooHigh[15:], "11, 4 and 6", at4},
		{tooHigh[:12], tooHigh[12:13], tooHigh[13:], "12, 1 and 8", at1},
	}
	var cases []*Case
	for i, s := range bursts {
		cases = append(cases, rejected(fmt.Sprintf("6.4.%d", 1+i), fmt.Sprintf(say, split, s.sizes, "", s.at),
			first(s.a), Wait{For: time.Second, Tag: "A"},
			more(s.b), Wait{For: time.Second, Tag: "B"},
			last(s.c)))
	}
	for i, s := range bursts {
		cases = append(cases, rejected(fmt.Sprintf("6.4.%d", 3+i), fmt.Sprintf(say, inside, s.sizes, tail, s.at),
			Frame{Opcode: OpText, NotFin: true, Claim: int64(len(tooHigh)), Payload: once(s.a)}, Wait{For: time.Second, Tag: "A"},
			Octets{once(s.b)}, Wait{For: time.Second, Tag: "B"},
			Octets{once(s.c)}, last("")))
	}
	return cases
}

// rejected returns a case in which the peer has to fail the connection between A and B.
func rejected(id, description string, steps ...Step) *Case {
	return &Case{
		ID:          id,
		Description: description,
		Expectation: "The peer fails the connection as soon as it has the second part, before B: it sends a close frame with 1007 or " +
			"without a code, or only ends TCP. NON-STRICT if it does so only after the third part, within 1 s. " +
			"It sends no message, and does nothing before A.",
		Steps:     append(steps, KillAfter{time.Second}),
		OK:        []Event{timeout("A")},
		NonStrict: []Event{timeout("A"), timeout("B")},
		Close:     notUTF8,
	}
}
