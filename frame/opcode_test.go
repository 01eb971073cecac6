package frame

import (
	"fmt"
	"testing"
)

// Requirements: 6455-11.8-01
func TestOpcode(t *testing.T) {
	assigned := map[Opcode]string{
		0x0: "continuation", 0x1: "text", 0x2: "binary", 0x8: "close", 0x9: "ping", 0xA: "pong",
	}
	for o := range Opcode(0x10) {
		want, ok := assigned[o]
		if !ok {
			want = fmt.Sprintf("opcode %#x", uint8(o))
		}
		if got := o.String(); got != want {
			t.Errorf("Opcode(%#x).String() = %q, want %q", uint8(o), got, want)
		}
		if got, want := o.IsControl(), o >= 0x8; got != want {
			t.Errorf("Opcode(%#x).IsControl() = %v, want %v", uint8(o), got, want)
		}
	}
}

// The names stand for the numbers of the registry.
//
// Requirements: 6455-11.8-01
func TestOpcodeNumbers(t *testing.T) {
	got := [...]Opcode{Continuation, Text, Binary, Close, Ping, Pong}
	if want := [...]Opcode{0, 1, 2, 8, 9, 10}; got != want {
		t.Errorf("opcodes = %v, want %v", got, want)
	}
}

func TestSide(t *testing.T) {
	if got := fmt.Sprint(Server, Client); got != "server client" {
		t.Errorf("sides = %q", got)
	}
}
