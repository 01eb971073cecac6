package fuzzer_test

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/wstest"
)

// TestSent checks what the frames of the fuzzer look like to a peer that takes any.
func TestSent(t *testing.T) {
	anything := habits{
		allow:  reservedBits | reservedOpcodes | splitControl | longControl | strayContinuation | interleaved | afterClose,
		checks: never, stays: true,
		echo: func(*peer, byte, []byte) {}, ping: func(*peer, []byte) {}, reply: goOn,
	}
	for id, want := range map[string]string{
		"1.1.1": "text 0, close 12",
		"1.1.8": "text 65536, close 12",
		"1.2.5": "binary 128, close 12",
		"2.5":   "ping 126, close 12",
		"2.7":   "pong 0, close 2",
		"3.4":   "text 13, text+4 13, ping 0, close 12",
		"3.7":   "close+7 0, close 12",
		"4.1.2": "op4 23, close 12",
		"4.2.5": "text 13, op15 13, ping 0, close 12",
		"5.1":   "ping- 9, continuation 9, close 12",
		"5.15":  "text- 9, continuation 9, continuation- 9, text 9, close 12",
		"5.20":  "text- 9, continuation- 9, ping 9, 2 continuation- 9, ping 9, continuation 9, close 0",
		// A message that is cut into full fragments ends with an empty one.
		"6.2.4":  "text- 1, 10 continuation- 1, continuation 0, close 0",
		"6.3.2":  "text- 1, 19 continuation- 1, continuation 0, close 12",
		"9.3.7":  "text- 262144, 15 continuation- 262144, continuation 0, close 0",
		"9.3.9":  "text 4194304, close 0",
		"10.1.1": "text- 1300, 49 continuation- 1300, continuation 536, close 12",
		// A frame in three parts, and another to end the message.
		"6.4.3": "text- 21, continuation 0, close 12",
		"6.4.4": "text- 21, continuation 0, close 12",
		// After the close frame.
		"7.1.2": "close 2, close 0",
		"7.1.5": "text- 9, close 2, continuation 9",
		"7.1.6": "text 262144, text 12, close 2, ping 0",
		"7.3.2": "close 1",
		"7.3.6": "close 126",
		"9.7.6": "text 4096, close 0",
	} {
		for _, server := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				b := broken{habits: anything}
				var p *peer
				b.opened = func(q *peer) { p = q }
				r := b.play(t, server, caseOf(t, id))
				if got := sent(p.seen); got != want {
					t.Errorf("%s, peer is the server: %v:\n got %s\nwant %s", id, server, got, want)
				}
				frames := 0
				for _, n := range r.TxFrames {
					frames += n
				}
				if frames != len(p.seen) {
					t.Errorf("%s: the result speaks of %d frames, not %d", id, frames, len(p.seen))
				}
			})
		}
	}
}

// TestLastWords checks how the fuzzer ends TCP, and what it says before.
func TestLastWords(t *testing.T) {
	for _, test := range []struct {
		name   string
		habits habits
		role   side
		id     string
		want   string
		reset  bool
	}{
		{"a client closes", habits{opened: func(p *peer) { p.close(1001, "") }, reply: goOn, allow: afterClose}, aClient, "6.4.1", "text- 11, close 2", false},
		{"a client answers", habits{reply: func(p *peer, _ []byte) { p.close(1000, ""); p.closing = false }}, aClient, "2.1", "ping 0, close 2", true},
		{"a client does not answer", habits{reply: goOn}, aClient, "2.7", "pong 0, close 2", true},
		{"a server does not answer", habits{reply: goOn}, aServer, "2.7", "pong 0, close 2", true},
		{"a server does not end TCP", habits{reply: func(p *peer, _ []byte) { p.close(1000, ""); p.closing = false }}, aServer, "2.1", "ping 0, close 2", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := broken{habits: test.habits}
			var p *peer
			b.turn = func(q *peer) { p = q }
			b.play(t, test.role == aServer, caseOf(t, test.id))
			if got := sent(p.seen); got != test.want {
				t.Errorf("%s (%s):\n got %s\nwant %s", test.name, test.id, got, test.want)
			}
			if reset := errors.Is(p.end, wstest.ErrReset); reset != test.reset {
				t.Errorf("%s (%s): TCP ended with %v, want a reset: %v", test.name, test.id, p.end, test.reset)
			}
		})
	}
}

// sent lists frames: opcode, reserved bits, whether FIN is clear, and length.
func sent(frames []header) string {
	names := map[byte]string{0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
	var list []string
	n := 0 // of frames that look like the last one
	for i, h := range frames {
		name := names[h.op]
		if name == "" {
			name = fmt.Sprintf("op%d", h.op)
		}
		if h.rsv != 0 {
			name += fmt.Sprintf("+%d", h.rsv)
		}
		if !h.fin {
			name += "-"
		}
		s := fmt.Sprintf("%s %d", name, h.length)
		if n++; i == 0 || !strings.HasSuffix(list[len(list)-1], " "+s) && list[len(list)-1] != s {
			list, n = append(list, s), 1
		} else {
			list[len(list)-1] = fmt.Sprintf("%d %s", n, s)
		}
	}
	return strings.Join(list, ", ")
}

// TestWrites checks what leaves together. A peer that parses all of a read before it answers shows the difference.
func TestWrites(t *testing.T) {
	for _, test := range []struct {
		id             string
		server, client []int // octets of the writes of a fuzzer in that role; of a server without the response
	}{
		// Frames leave together, those of a server with the response.
		{"3.2", []int{15 + 15 + 2}, []int{19 + 19 + 6}},
		{"2.10", []int{10 * 11}, []int{10 * 15}},
		{"7.1.3", []int{4 + 2}, []int{8 + 6}},
		{"6.2.4", []int{11*3 + 2}, []int{11*7 + 6}},
		// Unless they are kept apart. The first two are not.
		{"3.3", []int{15 + 15, 2}, []int{19 + 19, 6}},
		{"2.6", append([]int{2}, ones(125)...), append([]int{2}, ones(4+125)...)},
		// A header leaves with the first part of its payload, and the last part with the frame behind it.
		{"6.4.3", []int{2 + 11, 4, 6 + 2}, []int{6 + 11, 4, 6 + 6}},
	} {
		for _, client := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				mine, its := wstest.Pipe()
				p := &peer{habits: habits{plain: true, opened: silent}, nc: its, server: client}
				go p.serve()
				w := &writes{Conn: mine}
				want := test.server
				if client {
					want = test.client
					fuzzer.PlayClient(w, fuzzer.Target{Host: "127.0.0.1:9001", Path: "/"}, caseOf(t, test.id), fuzzer.Defaults())
					w.sizes = w.sizes[1:] // the request
				} else {
					q, err := fuzzer.ReadRequest(w, "9001", fuzzer.Defaults())
					if err != nil {
						t.Fatal(err)
					}
					r := fuzzer.PlayServer(w, q, caseOf(t, test.id), fuzzer.Defaults())
					w.sizes[0] -= len(r.HTTPResponse)
				}
				if got := w.sizes[:min(len(want), len(w.sizes))]; !slices.Equal(got, want) {
					t.Errorf("%s, as client: %v: the writes were %v, want %v", test.id, client, got, want)
				}
			})
		}
	}
}

// ones returns n ones.
func ones(n int) []int { return slices.Repeat([]int{1}, n) }

// A writes counts the octets of each write.
type writes struct {
	net.Conn
	sizes []int
}

func (w *writes) Write(b []byte) (int, error) {
	w.sizes = append(w.sizes, len(b))
	return w.Conn.Write(b)
}
