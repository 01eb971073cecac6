// Command gws echoes with github.com/lxzan/gws: its own server, WriteMessage in OnMessage,
// Broadcaster for broadcasts.
package main

import (
	"sync"
	"time"

	"github.com/lxzan/gws"
	"github.com/ws6455/ws/bench/internal/echo"
)

var about = echo.About{
	Module:   "github.com/lxzan/gws",
	Compress: true, Takeover: true, Broadcast: true,
	Note: "does not check that text is UTF-8, which is its default",
}

func main() {
	echo.Main(about, func(o echo.Options) error {
		var events gws.Event = &echoer{}
		if o.Broadcast {
			events = &broadcaster{members: map[*gws.Conn]struct{}{}}
		}
		return gws.NewServer(events, option(o)).Run(o.Addr)
	})
}

func option(o echo.Options) *gws.ServerOption {
	opt := &gws.ServerOption{}
	if o.Compress {
		opt.PermessageDeflate = gws.PermessageDeflate{
			Enabled:               true,
			ServerContextTakeover: o.Takeover,
			ClientContextTakeover: o.Takeover,
		}
	}
	if o.Takeover { // its default is 12
		opt.PermessageDeflate.ServerMaxWindowBits = 15
		opt.PermessageDeflate.ClientMaxWindowBits = 15
	}
	return opt
}

// An echoer sends each message back.
type echoer struct{ gws.BuiltinEventHandler }

func (e *echoer) OnOpen(c *gws.Conn) { c.SetDeadline(time.Time{}) }

func (e *echoer) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	c.WriteMessage(m.Opcode, m.Bytes())
}

// A broadcaster also sends messages to all.
type broadcaster struct {
	echoer

	mu      sync.RWMutex
	members map[*gws.Conn]struct{}
}

func (b *broadcaster) OnOpen(c *gws.Conn) {
	c.SetDeadline(time.Time{})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.members[c] = struct{}{}
}

func (b *broadcaster) OnClose(c *gws.Conn, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.members, c)
}

func (b *broadcaster) OnMessage(c *gws.Conn, m *gws.Message) {
	if !echo.ToAll(m.Bytes()) {
		b.echoer.OnMessage(c, m)
		return
	}
	defer m.Close()
	message := gws.NewBroadcaster(m.Opcode, m.Bytes())
	defer message.Close()
	b.mu.RLock()
	defer b.mu.RUnlock()
	for c := range b.members {
		message.Broadcast(c)
	}
}
