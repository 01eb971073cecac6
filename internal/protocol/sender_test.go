package protocol

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ws6455/ws/frame"
)

// whole returns the event of a message in one frame, or of a control frame.
func whole(opcode frame.Opcode, data string) Event {
	return Event{Opcode: opcode, Fin: true, Data: []byte(data)}
}

// part returns the event of a fragment that is not the last one.
func part(opcode frame.Opcode, data string) Event {
	return Event{Opcode: opcode, Data: []byte(data)}
}

// compressed returns ev as one of a compressed message.
func compressed(ev Event) Event {
	ev.Compressed = true
	return ev
}

// A sending is an event for a Sender, and what it makes of it.
type sending struct {
	ev    Event
	first byte   // of the frame
	err   string // instead of a frame
}

// A senderTest is a number of events that are sent one after the other.
type senderTest struct {
	name        string
	compression bool
	send        []sending
}

// messageSendings are events that make frames.
var messageSendings = []senderTest{
	{"messages in one frame", false, []sending{
		{whole(frame.Text, "Hello"), 0x81, ""},
		{whole(frame.Binary, "\xff\x00"), 0x82, ""},
		{whole(frame.Text, ""), 0x81, ""}}},
	{"a message in fragments", false, []sending{
		{part(frame.Text, "ab"), 0x01, ""},
		{part(frame.Text, "c"), 0x00, ""},
		{part(frame.Text, "de"), 0x00, ""},
		{whole(frame.Text, "f"), 0x80, ""}}},
	{"empty fragments", false, []sending{
		{part(frame.Binary, ""), 0x02, ""},
		{part(frame.Binary, ""), 0x00, ""},
		{whole(frame.Binary, ""), 0x80, ""}}},
	{"one message after the other", false, []sending{
		{part(frame.Binary, "a"), 0x02, ""},
		{whole(frame.Binary, "b"), 0x80, ""},
		{whole(frame.Text, "c"), 0x81, ""},
		{part(frame.Text, "d"), 0x01, ""},
		{whole(frame.Text, "e"), 0x80, ""}}},
	{"control frames between fragments", false, []sending{
		{part(frame.Text, "ab"), 0x01, ""},
		{whole(frame.Ping, "x"), 0x89, ""},
		{whole(frame.Pong, ""), 0x8A, ""},
		{part(frame.Text, "c"), 0x00, ""},
		{whole(frame.Close, ""), 0x88, ""}}},
	{"the longest control frames", false, []sending{
		{whole(frame.Ping, strings.Repeat("x", 125)), 0x89, ""},
		{whole(frame.Pong, strings.Repeat("x", 125)), 0x8A, ""},
		{whole(frame.Close, "\x03\xe8"+strings.Repeat("x", 123)), 0x88, ""}}},
	{"payloads with each form of a length", false, []sending{
		{whole(frame.Text, strings.Repeat("x", 125)), 0x81, ""},
		{whole(frame.Text, strings.Repeat("x", 126)), 0x81, ""},
		{whole(frame.Text, strings.Repeat("x", 65535)), 0x81, ""},
		{whole(frame.Text, strings.Repeat("x", 65536)), 0x81, ""}}},

	{"RSV1 on a compressed message", true, []sending{
		{compressed(whole(frame.Text, "ab")), 0xC1, ""},
		{compressed(whole(frame.Binary, "")), 0xC2, ""},
		{whole(frame.Text, "c"), 0x81, ""}}},
	{"RSV1 on the first fragment of a compressed message", true, []sending{
		{compressed(part(frame.Text, "ab")), 0x41, ""},
		{whole(frame.Ping, "x"), 0x89, ""},
		{compressed(part(frame.Text, "c")), 0x00, ""},
		{compressed(whole(frame.Text, "d")), 0x80, ""},
		{part(frame.Text, "e"), 0x01, ""},
		{whole(frame.Text, ""), 0x80, ""}}},
}

// refusedSendings are events of which some make no frame.
// What is sent after them shows that they changed nothing.
var refusedSendings = []senderTest{
	{"reserved opcodes", true, []sending{
		{whole(0x3, "a"), 0, "not an opcode that can be sent"},
		{part(0x3, "a"), 0, "not an opcode that can be sent"},
		{whole(0x4, "a"), 0, "not an opcode that can be sent"},
		{whole(0x5, "a"), 0, "not an opcode that can be sent"},
		{whole(0x6, "a"), 0, "not an opcode that can be sent"},
		{whole(0x7, "a"), 0, "not an opcode that can be sent"},
		{whole(0xB, "a"), 0, "not an opcode that can be sent"},
		{whole(0xC, "a"), 0, "not an opcode that can be sent"},
		{whole(0xD, "a"), 0, "not an opcode that can be sent"},
		{whole(0xE, "a"), 0, "not an opcode that can be sent"},
		{whole(0xF, "a"), 0, "not an opcode that can be sent"},
		{whole(0x10, "a"), 0, "not an opcode that can be sent"},
		{whole(0x81, "a"), 0, "not an opcode that can be sent"},
		{compressed(whole(0x3, "")), 0, "not an opcode that can be sent"},
		{whole(frame.Text, "a"), 0x81, ""}}},
	{"continuation, which is for the Sender to say", false, []sending{
		{whole(frame.Continuation, ""), 0, "not an opcode that can be sent"},
		{part(frame.Continuation, "a"), 0, "not an opcode that can be sent"},
		{part(frame.Text, "a"), 0x01, ""},
		{whole(frame.Continuation, "b"), 0, "not an opcode that can be sent"},
		{whole(frame.Text, "b"), 0x80, ""}}},
	{"control frames that are too long", false, []sending{
		{whole(frame.Ping, strings.Repeat("x", 126)), 0, "control frame of more than 125 bytes"},
		{whole(frame.Pong, strings.Repeat("x", 126)), 0, "control frame of more than 125 bytes"},
		{whole(frame.Close, "\x03\xe8"+strings.Repeat("x", 124)), 0, "control frame of more than 125 bytes"},
		{part(frame.Text, "a"), 0x01, ""},
		{whole(frame.Ping, strings.Repeat("x", 65536)), 0, "control frame of more than 125 bytes"},
		{whole(frame.Text, "b"), 0x80, ""}}},
	{"control frames in fragments", false, []sending{
		{part(frame.Ping, "a"), 0, "fragmented control frame"},
		{part(frame.Pong, ""), 0, "fragmented control frame"},
		{part(frame.Close, ""), 0, "fragmented control frame"},
		{part(frame.Binary, "a"), 0x02, ""},
		{part(frame.Ping, "a"), 0, "fragmented control frame"},
		{whole(frame.Binary, "b"), 0x80, ""}}},
	{"a message inside another", false, []sending{
		{part(frame.Text, "a"), 0x01, ""},
		{whole(frame.Binary, "x"), 0, "message begun inside another"},
		{part(frame.Binary, ""), 0, "message begun inside another"},
		{part(frame.Text, "b"), 0x00, ""},
		{whole(frame.Text, "c"), 0x80, ""},
		{part(frame.Binary, "d"), 0x02, ""},
		{whole(frame.Text, "x"), 0, "message begun inside another"},
		{whole(frame.Binary, "e"), 0x80, ""}}},
	{"compressed messages where that was not agreed", false, []sending{
		{compressed(whole(frame.Text, "a")), 0, "compressed frame without compression"},
		{compressed(part(frame.Binary, "")), 0, "compressed frame without compression"},
		{part(frame.Text, "a"), 0x01, ""},
		{compressed(whole(frame.Text, "b")), 0, "compressed frame without compression"},
		{whole(frame.Text, "b"), 0x80, ""}}},
	{"compressed control frames", true, []sending{
		{compressed(whole(frame.Ping, "a")), 0, "compressed frame without compression"},
		{compressed(whole(frame.Pong, "")), 0, "compressed frame without compression"},
		{compressed(whole(frame.Close, "")), 0, "compressed frame without compression"},
		{compressed(whole(frame.Text, "a")), 0xC1, ""}}},
	{"close frames that make no sense", false, []sending{
		{whole(frame.Close, "\x03"), 0, "close payload of one byte"},
		{whole(frame.Close, "\x00\x00"), 0, "invalid close code"},
		{whole(frame.Close, "\x03\xe7"), 0, "invalid close code"},
		{whole(frame.Close, "\x03\xec"), 0, "invalid close code"},
		{whole(frame.Close, "\x03\xed"), 0, "invalid close code"},
		{whole(frame.Close, "\x03\xee"), 0, "invalid close code"},
		{whole(frame.Close, "\x03\xf7"), 0, "invalid close code"},
		{whole(frame.Close, "\x03\xf8"), 0, "invalid close code"},
		{whole(frame.Close, "\x0b\xb7"), 0, "invalid close code"},
		{whole(frame.Close, "\x13\x88"), 0, "invalid close code"},
		{whole(frame.Close, "\x03\xe8\xff"), 0, "close reason is not valid UTF-8"},
		{whole(frame.Text, "a"), 0x81, ""},
		{whole(frame.Close, "\x03\xe8"), 0x88, ""}}},
	{"all but pongs after a close frame", true, []sending{
		{part(frame.Text, "a"), 0x01, ""},
		{whole(frame.Close, "\x03\xe8"), 0x88, ""},
		{whole(frame.Text, "b"), 0, "close frame already sent"},
		{whole(frame.Close, "\x03\xe8"), 0, "close frame already sent"},
		{whole(frame.Pong, "x"), 0x8A, ""},
		{whole(frame.Text, "b"), 0, "close frame already sent"},
		{part(frame.Text, "b"), 0, "close frame already sent"},
		{compressed(whole(frame.Binary, "b")), 0, "close frame already sent"},
		{whole(frame.Ping, ""), 0, "close frame already sent"},
		{whole(frame.Close, ""), 0, "close frame already sent"},
		{whole(0x3, ""), 0, "close frame already sent"},
		{whole(frame.Pong, strings.Repeat("x", 126)), 0, "control frame of more than 125 bytes"},
		{part(frame.Pong, ""), 0, "fragmented control frame"},
		{compressed(whole(frame.Pong, "")), 0, "compressed frame without compression"},
		{whole(frame.Pong, ""), 0x8A, ""},
		{whole(frame.Ping, ""), 0, "close frame already sent"}}},
}

// Requirements: 6455-5.2-02, 6455-5.2-11, 6455-5.3-05, 6455-5.4-01, 6455-5.4-02, 6455-5.4-06, 6455-5.4-11,
// 6455-5.4-12, 6455-5.4-17
func TestSender(t *testing.T) {
	for _, tt := range messageSendings {
		tt.run(t)
	}
}

// Requirements: 6455-5.2-02, 6455-5.2-05, 6455-5.4-06, 6455-5.5-01, 6455-5.5-03, 6455-5.5.1-03, 6455-5.5.1-04,
// 6455-5.5.1-07, 6455-7.4.1-02, 6455-7.4.1-03, 6455-7.4.1-04, 6455-7.4.1-05, 6455-7.4.2-01, 6455-7.4.2-02,
// 6455-7.4.2-05, 6455-9.1-06, 6455-11.8-01
func TestSenderRefuses(t *testing.T) {
	for _, tt := range refusedSendings {
		tt.run(t)
	}
}

// run sends the events from both sides.
func (tt senderTest) run(t *testing.T) {
	for _, side := range bothSides {
		t.Run(tt.name+" by a "+side.String(), func(t *testing.T) {
			s := Sender{Side: side, Compression: tt.compression}
			for i, want := range tt.send {
				want.check(t, &s, testKey(i))
			}
		})
	}
}

// check sends the event with s.
func (want sending) check(t *testing.T, s *Sender, key [4]byte) {
	t.Helper()
	payload := bytes.Clone(want.ev.Data)
	before, twin := *s, *s
	h, headerErr := twin.AppendHeader([]byte("before"), want.ev, key)
	b, err := s.Append([]byte("before"), want.ev, key)
	if !bytes.Equal(payload, want.ev.Data) {
		t.Fatalf("Append(%.40v) has changed the caller's payload to %x", want.ev, want.ev.Data)
	}
	if headerErr != err && verdict(headerErr) != verdict(err) || twin != *s {
		t.Fatalf("Append(%.40v) = %v and then %+v; AppendHeader: %v and %+v", want.ev, err, *s, headerErr, twin)
	}
	if want.err != "" {
		if err == nil || err.Error() != want.err || string(b) != "before" || string(h) != "before" {
			t.Fatalf("Append(%.40v) = %q, %v; AppendHeader: %q; want %s", want.ev, b, err, h, want.err)
		}
		if *s != before {
			t.Fatalf("Append(%.40v) fails, but the state is no longer %+v but %+v", want.ev, before, *s)
		}
		return
	}
	if err != nil {
		t.Fatalf("Append(%.40v): %v", want.ev, err)
	}
	wantFrame := f{first: want.first, payload: string(payload)}
	if want := wantFrame.append([]byte("before"), peer(s.Side), key); !bytes.Equal(b, want) {
		t.Fatalf("Append = %.40x, want %.40x", b, want)
	}
	if want := b[:len(b)-len(payload)]; !bytes.Equal(h, want) {
		t.Fatalf("AppendHeader = %x, want %x", h, want)
	}
	if data := !want.ev.Opcode.IsControl(); data && s.Open() == want.ev.Fin || !data && s.Open() != before.Open() {
		t.Fatalf("Append(%.40v): Open is %v, was %v", want.ev, s.Open(), before.Open())
	}
}

// peer returns the other side.
func peer(side frame.Side) frame.Side {
	if side == frame.Server {
		return frame.Client
	}
	return frame.Server
}

// Misuse that a caller has to know apart.
func TestSenderErrClosed(t *testing.T) {
	var s Sender
	if _, err := s.Append(nil, whole(frame.Close, ""), [4]byte{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(nil, whole(frame.Text, ""), [4]byte{}); err != ErrClosed {
		t.Errorf("Append = %v, want %v", err, ErrClosed)
	}
}

// A Receiver at the other side gets what was sent.
//
// Requirements: 6455-5.2-16, 6455-5.3-05, 6455-5.4-08, 6455-5.4-12, 6455-6.2-05, 6455-6.2-06
func TestRoundTrip(t *testing.T) {
	for _, tt := range append(messageSendings, refusedSendings...) {
		for _, side := range bothSides {
			t.Run(tt.name+" by a "+side.String(), func(t *testing.T) {
				var sent []Event
				for _, s := range tt.send {
					sent = append(sent, s.ev)
				}
				roundTrip(t, Sender{Side: side, Compression: tt.compression}, sent)
			})
		}
	}
}

// roundTrip sends what s lets out of events, up to a close frame, and receives it again.
func roundTrip(t *testing.T, s Sender, events []Event, cut ...int) {
	var wire []byte
	var sent []Event
	compressed := false
	for i, ev := range events {
		open, closed := s.Open(), s.closed
		b, err := s.Append(wire, ev, testKey(i))
		switch {
		case err != nil:
			continue
		case closed && ev.Opcode != frame.Pong:
			t.Fatalf("%v was sent after a close frame", ev)
		case closed:
			continue // the peer does not read it
		case !ev.Opcode.IsControl():
			if !open {
				compressed = ev.Compressed
			}
			ev.Compressed = compressed // the first fragment speaks for all
		}
		wire, sent = b, join(sent, ev)
	}
	for i := range cut {
		cut[i] = min(cut[i], len(wire))
	}
	r := Receiver{Side: peer(s.Side), Compression: s.Compression}
	want := result{events: describe(sent), consumed: len(wire), fed: len(wire)}
	if got := receive(t, &r, wire, cut...); got != want {
		t.Fatalf("received %+v\nwant %+v", got, want)
	}
	if r.Open() != s.Open() || r.Left() != 0 {
		t.Fatalf("at the end Open = %v, Left = %d; the Sender's Open is %v", r.Open(), r.Left(), s.Open())
	}
}
