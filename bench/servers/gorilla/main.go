// Command gorilla echoes with github.com/gorilla/websocket:
// ReadMessage and WriteMessage, the buffers of net/http, PreparedMessage for broadcasts.
package main

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
	"github.com/ws6455/ws/bench/internal/echo"
)

var options echo.Options

func main() {
	about := echo.About{Module: "github.com/gorilla/websocket", Compress: true, Broadcast: true}
	echo.Main(about, func(o echo.Options) error {
		options = o
		return http.ListenAndServe(o.Addr, http.HandlerFunc(serve))
	})
}

func serve(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{EnableCompression: options.Compress}
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	me := &member{c: c}
	if options.Broadcast {
		join(me)
		defer leave(me)
	}
	for {
		typ, p, err := c.ReadMessage()
		if err != nil {
			return
		}
		if options.Broadcast && echo.ToAll(p) {
			err = broadcast(typ, p)
		} else {
			err = c.WriteMessage(typ, p)
		}
		if err != nil {
			return
		}
	}
}

// A member gets broadcasts. Only one goroutine at a time may write to a connection.
type member struct {
	c       *websocket.Conn
	writing sync.Mutex
}

var (
	mu      sync.RWMutex
	members = map[*member]struct{}{}
)

func join(m *member) {
	mu.Lock()
	defer mu.Unlock()
	members[m] = struct{}{}
}

func leave(m *member) {
	mu.Lock()
	defer mu.Unlock()
	delete(members, m)
}

func broadcast(typ int, p []byte) error {
	message, err := websocket.NewPreparedMessage(typ, p)
	if err != nil {
		return err
	}
	mu.RLock()
	defer mu.RUnlock()
	for m := range members {
		m.writing.Lock()
		m.c.WritePreparedMessage(message)
		m.writing.Unlock()
	}
	return nil
}
