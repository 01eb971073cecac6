package server

import (
	"log"
	"net/http"
	"runtime/debug"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// Handler returns a handler that accepts connections and runs f with each,
// on a goroutine of its own, as [Go] does.
func Handler(f func(*conn.Conn), cfg *Config) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Go(w, r, cfg, f)
	})
}

// Go is [Accept], and then runs f with the connection on a new goroutine.
// The handler can return, and lets go what net/http keeps while it runs:
// the request, two buffers and a goroutine with a deep stack, some 9 KB.
// f must not use r, whose context ends with the handler; it may use what the handler found in it.
//
// When f returns, the connection is closed with status 1000, if it is still open.
// A panic in f closes it with status 1011 and is logged to http.Server.ErrorLog,
// as net/http does with a panic in a handler.
func Go(w http.ResponseWriter, r *http.Request, cfg *Config, f func(*conn.Conn)) error {
	c, err := Accept(w, r, cfg)
	if err != nil {
		return err
	}
	var errorLog *log.Logger
	if s, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok {
		errorLog = s.ErrorLog
	}
	go func() {
		code := frame.StatusInternalError
		defer func() { finish(c, code, recover(), errorLog) }()
		f(c)
		code = frame.StatusNormalClosure
	}()
	return nil
}

// finish closes c after its function returned or panicked with v.
func finish(c *conn.Conn, code frame.StatusCode, v any, errorLog *log.Logger) {
	logPanic(c, v, errorLog)
	c.Close(code, "")
}

// logPanic logs what f panicked with, if it did.
func logPanic(c *conn.Conn, v any, errorLog *log.Logger) {
	if v == nil || v == http.ErrAbortHandler {
		return
	}
	if errorLog == nil {
		errorLog = log.Default()
	}
	errorLog.Printf("websocket: panic serving %v: %v\n%s", c.RemoteAddr(), v, debug.Stack())
}
