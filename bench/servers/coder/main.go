// Command coder echoes with github.com/coder/websocket: Read and Write.
// It has nothing for broadcasts but to write to each connection.
package main

import (
	"context"
	"net/http"
	"sync"

	"github.com/coder/websocket"
	"github.com/ws6455/ws/bench/internal/echo"
)

var options echo.Options

func main() {
	about := echo.About{Module: "github.com/coder/websocket", Compress: true, Takeover: true, Broadcast: true}
	echo.Main(about, func(o echo.Options) error {
		options = o
		return http.ListenAndServe(o.Addr, http.HandlerFunc(serve))
	})
}

// compression returns the mode that the flags ask for.
func compression() websocket.CompressionMode {
	switch {
	case options.Takeover:
		return websocket.CompressionContextTakeover
	case options.Compress:
		return websocket.CompressionNoContextTakeover
	default:
		return websocket.CompressionDisabled
	}
}

func serve(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: compression()})
	if err != nil {
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(echo.MaxMessage)
	if options.Broadcast {
		join(c)
		defer leave(c)
	}
	ctx := context.Background()
	for {
		typ, p, err := c.Read(ctx)
		if err != nil {
			return
		}
		if options.Broadcast && echo.ToAll(p) {
			broadcast(ctx, typ, p)
		} else if c.Write(ctx, typ, p) != nil {
			return
		}
	}
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

func leave(c *websocket.Conn) {
	mu.Lock()
	defer mu.Unlock()
	delete(members, c)
}

func broadcast(ctx context.Context, typ websocket.MessageType, p []byte) {
	mu.RLock()
	defer mu.RUnlock()
	for c := range members {
		c.Write(ctx, typ, p)
	}
}
