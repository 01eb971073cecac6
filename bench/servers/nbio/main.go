// Command nbio echoes with github.com/lesismal/nbio: its own event loop, non-blocking,
// WriteMessage in OnMessage. It has nothing for broadcasts but to write to each connection.
package main

import (
	"net/http"
	"sync"
	"time"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"
	"github.com/ws6455/ws/bench/internal/echo"
)

func main() {
	about := echo.About{Module: "github.com/lesismal/nbio", Compress: true, Broadcast: true}
	echo.Main(about, func(o echo.Options) error {
		logging.SetLevel(logging.LevelNone)
		engine := nbhttp.NewEngine(nbhttp.Config{
			Network:                 "tcp",
			Addrs:                   []string{o.Addr},
			Handler:                 handler(upgrader(o)),
			IOMod:                   nbhttp.IOModNonBlocking,
			ReleaseWebsocketPayload: true,
			MaxLoad:                 1 << 20,
		})
		if err := engine.Start(); err != nil {
			return err
		}
		select {}
	})
}

func handler(u *websocket.Upgrader) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c, err := u.Upgrade(w, r, nil); err == nil {
			c.SetReadDeadline(time.Time{})
		}
	}
}

func upgrader(o echo.Options) *websocket.Upgrader {
	u := websocket.NewUpgrader()
	u.KeepaliveTime = 0
	u.MessageLengthLimit = echo.MaxMessage
	u.EnableCompression(o.Compress)
	u.OnMessage(func(c *websocket.Conn, typ websocket.MessageType, p []byte) {
		if o.Broadcast && echo.ToAll(p) {
			broadcast(typ, p)
		} else {
			c.WriteMessage(typ, p)
		}
	})
	if o.Broadcast {
		u.OnOpen(join)
		u.OnClose(leave)
	}
	return u
}

var (
	mu      sync.RWMutex
	members = map[*websocket.Conn]struct{}{}
)

func join(c *websocket.Conn) {
	mu.Lock()
	defer mu.Unlock()
	members[c] = struct{}{}
}

func leave(c *websocket.Conn, err error) {
	mu.Lock()
	defer mu.Unlock()
	delete(members, c)
}

func broadcast(typ websocket.MessageType, p []byte) {
	mu.RLock()
	defer mu.RUnlock()
	for c := range members {
		c.WriteMessage(typ, p)
	}
}
