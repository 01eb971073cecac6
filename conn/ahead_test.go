package conn

import (
	"testing"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/internal/protocol"
)

// What is kept is counted, and what is taken is not any more: else the bound would move.
func TestAheadIsCounted(t *testing.T) {
	c := &Conn{state: new(state)}
	piece := func(s string, fin bool) protocol.Event {
		return protocol.Event{Opcode: frame.Text, Fin: fin, Data: []byte(s)}
	}
	c.pushAhead(piece("one", false))
	c.pushAhead(piece("-and-more", true))
	c.pushAhead(piece("two", true))
	first := c.popAhead()
	if string(first.Data) != "one-and-more" || !first.Fin || c.ahead.size != int64(len("two")+messageCost) {
		t.Errorf("took %q, left %d", first.Data, c.ahead.size)
	}
	c.unread(first)
	if want := int64(len("one-and-more") + len("two") + 2*messageCost); c.ahead.size != want {
		t.Errorf("size %d, want %d", c.ahead.size, want)
	}
	c.popAhead()
	c.popAhead()
	if c.ahead != nil {
		t.Error("nothing is kept, but the queue is")
	}
}
