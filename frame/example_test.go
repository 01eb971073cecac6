package frame_test

import (
	"fmt"

	"github.com/ws6455/ws/frame"
)

// How is a frame read?
func ExampleConsume() {
	received := []byte("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")

	h, n, err := frame.Consume(received)
	if n == 0 || err != nil {
		return // read more, or fail the connection
	}
	payload := received[n:][:h.Length]
	frame.Mask(payload, h.Key)
	fmt.Printf("%v: %s\n", h.Opcode, payload)
	// Output: text: Hello
}

// What if only a part of the header has arrived?
func ExampleConsume_incomplete() {
	received := []byte("\x8a\xfe\x01")

	h, n, err := frame.Consume(received)
	fmt.Println(n, err)
	fmt.Printf("a %v, masked %v, of %d bytes or more\n", h.Opcode, h.Masked, h.Length)
	// Output:
	// 0 <nil>
	// a pong, masked true, of 126 bytes or more
}

// How is a frame written?
func ExampleHeader_Append() {
	h := frame.Header{Fin: true, Opcode: frame.Text, Length: 5}
	b := h.Append(nil)
	b = append(b, "Hello"...)
	fmt.Printf("% x\n", b)
	// Output: 81 05 48 65 6c 6c 6f
}

// How is a payload masked in pieces?
func ExampleMask() {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	first, rest := []byte("Hel"), []byte("lo")

	key = frame.Mask(first, key)
	frame.Mask(rest, key)
	fmt.Printf("% x % x\n", first, rest)
	// Output: 7f 9f 4d 51 58
}

// What does a close frame say?
func ExampleConsumeClose() {
	code, reason, err := frame.ConsumeClose([]byte("\x03\xe9see you"))
	fmt.Printf("%v, %q, %v\n", code, reason, err)

	code, reason, err = frame.ConsumeClose(nil)
	fmt.Printf("%v, %q, %v\n", code, reason, err)

	_, _, err = frame.ConsumeClose([]byte("\x03\xee"))
	fmt.Println(err)
	// Output:
	// 1001 (going away), "see you", <nil>
	// 1005 (no status), "", <nil>
	// invalid close code
}

// How is the payload of a close frame made?
func ExampleAppendClose() {
	p, err := frame.AppendClose(nil, frame.StatusNormalClosure, "bye")
	fmt.Printf("%q, %v\n", p, err)

	_, err = frame.AppendClose(nil, frame.StatusAbnormalClosure, "")
	fmt.Println(err)
	// Output:
	// "\x03\xe8bye", <nil>
	// invalid close code
}

// How is text checked that arrives in pieces?
func ExampleUTF8() {
	var v frame.UTF8
	fmt.Println(v.Check([]byte("\xe2\x82")), v.Complete())
	fmt.Println(v.Check([]byte("\xac")), v.Complete())
	fmt.Println(v.Check([]byte("\xc0")), v.Complete())
	// Output:
	// true false
	// true true
	// false false
}
