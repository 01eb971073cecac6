package wstest

import (
	"context"
	"log"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Serve runs an http.Server in memory that serves h, and returns what to dial:
//
//	l := wstest.Serve(t, h)
//	c, err := client.Dial(ctx, "ws://example.com/chat", &client.Config{DialContext: l.DialContext})
//
// At the end of the test all clients hang up, and the test waits until the handlers
// have returned and the server has stopped, but not for the functions that server.Go and
// a server.Server run on goroutines of their own: Shutdown of the latter waits for those.
// What the server has to say, such as the panic of a handler, is logged to t.
func Serve(t testing.TB, h http.Handler) *Listener {
	var serving, handlers sync.WaitGroup
	said := &errorLog{t: t}
	s := &http.Server{ErrorLog: log.New(said, "", 0)}
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		h.ServeHTTP(w, r)
	})
	t.Cleanup(func() {
		s.Shutdown(context.Background()) // waits for all handlers but those of WebSocket connections
		handlers.Wait()
		serving.Wait()
		said.end()
	})
	l := Listen(t) // its cleanup runs before that above
	serving.Go(func() { s.Serve(l) })
	return l
}

// An errorLog writes what a server has to say to its test, until that ends.
type errorLog struct {
	mu sync.Mutex
	t  testing.TB // nil when the test has ended
}

func (e *errorLog) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.t != nil {
		e.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

func (e *errorLog) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.t = nil
}
