package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// A room is where the tabs meet.
type room struct {
	server  server.Server
	last    atomic.Int64 // the number of the tab that came last
	tabs    sync.Map     // of *conn.Conn: those that are here
	people  atomic.Int64 // how many those are
	dropped atomic.Int64 // how many were too slow
}

// newRoom returns a room that drops tabs for which more than queue bytes wait.
// They have 20 seconds to learn of it.
func newRoom(queue int) *room {
	r := new(room)
	r.server.Handler = r.visit
	r.server.Config.Conn = conn.Config{
		MaxMessageSize: 4 << 10,
		MaxQueuedBytes: queue,
		WhenFull:       conn.CloseSlow,
		CloseTimeout:   20 * time.Second,
		Hooks:          &conn.Hooks{Drop: r.drop},
	}
	return r
}

// handler serves the page, and the connections of tabs.
func (r *room) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { w.Write(page) })
	mux.Handle("/ws", &r.server)
	return mux
}

// A line is what a tab tells all others.
type line struct {
	From int64  `json:"from"` // the number of the tab
	Name string `json:"name"`
	Text string `json:"text"`
	Done bool   `json:"done"` // until then, it is still being typed
}

// visit is what happens on a connection.
func (r *room) visit(c *conn.Conn) {
	number := r.last.Add(1)
	log.Printf("tab %d comes", number)
	r.tabs.Store(c, true)
	hello, _ := json.Marshal(map[string]int64{"you": number})
	c.Send(context.Background(), frame.Text, hello)
	r.count(1, 0)
	if err := r.pass(c, number); err != nil {
		log.Printf("tab %d: %v", number, err)
	}
	log.Printf("tab %d leaves", number)
	if _, here := r.tabs.LoadAndDelete(c); here {
		r.count(-1, 0)
	}
}

// drop is told of each message that a tab was too slow for, in the middle of sending it to all.
func (r *room) drop(c *conn.Conn, _ frame.Opcode, _ int64) {
	if _, here := r.tabs.LoadAndDelete(c); here {
		go r.count(-1, 1)
	}
}

// pass passes on what c sends, until that ends or makes no sense.
func (r *room) pass(c *conn.Conn, number int64) error {
	for m, err := range c.Messages(context.Background()) {
		if err != nil {
			return err
		}
		l := line{}
		if err := json.Unmarshal(m.Data, &l); err != nil {
			return c.Close(frame.StatusUnsupportedData, "want JSON")
		}
		l.From = number
		r.tell(l)
	}
	return nil
}

// count counts tabs that came, left or were dropped, and tells all how many there are.
func (r *room) count(people, dropped int64) {
	r.tell(map[string]int64{"people": r.people.Add(people), "dropped": r.dropped.Add(dropped)})
}

// tell sends v to all tabs. It waits for none of them.
func (r *room) tell(v any) {
	b, _ := json.Marshal(v)
	if m, err := conn.Prepare(frame.Text, b); err == nil {
		r.server.Broadcast(m, nil)
	}
}

// flood sends n messages of size bytes a second to all tabs.
func (r *room) flood(ctx context.Context, n, size int) {
	if n <= 0 {
		return
	}
	m, _ := conn.Prepare(frame.Binary, make([]byte, size))
	tick := time.Tick(time.Second / time.Duration(n))
	for {
		select {
		case <-tick:
			r.server.Broadcast(m, nil)
		case <-ctx.Done():
			return
		}
	}
}
