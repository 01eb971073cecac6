// Package server accepts WebSocket connections from net/http.
//
// # Usage
//
// An echo server:
//
//	http.Handle("/echo", server.Handler(func(c *conn.Conn) {
//		ctx := context.Background()
//		for m, err := range c.Messages(ctx) {
//			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
//				return
//			}
//		}
//	}, nil))
//
// [Handler] is for connections that need nothing of their request.
// A handler that looks at the request first calls [Go], or [Accept] to keep the connection to itself.
//
// # Security
//
// By default a browser's page may connect only to the host that it came from:
// see [Config].Origins. Whatever else a request must fulfil (cookies, tokens, paths)
// is for the handler to check before it calls [Accept] or [Go].
package server
