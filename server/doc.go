// Package server accepts WebSocket connections, from net/http or from a listener of its own.
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
// # Many connections
//
// A [Server] does the same, and knows its connections:
//
//	chat := &server.Server{Handler: talk, MaxConnsPerKey: 10}
//	http.Handle("/chat", chat)
//	…
//	chat.Broadcast(message, nil) // to all; nobody waits for those who are slow
//	chat.Shutdown(ctx)           // close frames to all, and an end in time
//
// Its connections have a [conn.Keepalive] by default.
//
// A request is looked at in this order, and refused with
//
//   - 500 if the server's own Config is malformed,
//   - 503 if the server is shutting down,
//   - 503 if there are too many handshakes in a second,
//   - 400, 403, 405, 417 or 426 if it is no handshake, or comes from a foreign origin,
//   - 503 if there are too many connections,
//   - 429 if there are too many of this client,
//   - and last by Select.
//
// Retry-After asks whoever comes too often in a second to wait for 1, and a client with too many connections
// for 10. The text of the answer says what is the matter; Refused gets the error, which names the option.
//
// # Compression
//
// With Config.Conn.Compression set, a connection is compressed if the client offers permessage-deflate,
// as browsers do; without an offer that can be accepted, it is not, which is no error.
// [conn.Conn.Extensions] tells what was agreed on. Every way in decides alike.
// A client gets what it asks for, within what Compression allows: package handshake has the rules.
//
// # Shutdown
//
// The Shutdown method of http.Server neither closes WebSocket connections nor waits for them.
// [Server.Shutdown] does: status 1001 tells clients to come back later, or elsewhere.
// A client that does not answer is cut after Config.Conn.CloseTimeout, and what is left when the context ends.
// A handler notices as its Read or Write returns; one that does neither can wait for [conn.Conn.Context].
//
// # Without net/http
//
// [Server.Serve] and [Server.ListenAndServe] perform the handshake themselves.
// They decide on requests by the same rules as [Server.ServeHTTP], with the same answers,
// but there is no routing: each request is for the server, and [Server].Select tells them apart.
// A refusal ends the connection. An [http.Request] is made only for those who look at one:
// Select, Refused, and MaxConnsPerKey with Key.
//
// Behind a listener, there are clients that mean no good. What they can cost is bounded:
// a handshake has one time for all of it, Config.HandshakeTimeout;
// its request has at most MaxHeaderBytes bytes and MaxHeaderFields fields;
// at most MaxPendingHandshakes are under way, and each takes some 5 KB while it waits,
// besides what has come of its request.
// What is no request of HTTP/1 is refused at the first byte that tells so.
// After a refusal, the client may go on to send for a second, and 256 KiB, so that the answer
// is not lost to a reset. A connection that is closed before it sent a byte is nobody's concern;
// of all others that come to nothing, [Server].Refused is told.
//
// # Events
//
// A handler waits for messages on a goroutine. With [Server].Events there is none: functions are called
// when a connection has begun, when there is a message, and when it has ended.
//
//	s := &server.Server{Events: &server.Events{
//		Message: func(c *conn.Conn, typ frame.Opcode, p []byte) {
//			c.Send(context.Background(), typ, p)
//		},
//	}}
//	log.Fatal(s.ListenAndServe(":8080"))
//
// An idle connection then has neither a goroutine nor a buffer. Its c is what it is for a handler: any method may be
// called, in the functions and from other goroutines, also those that wait. See [Events] for what that costs.
// Over TLS, and on systems other than Linux, FreeBSD and macOS, each connection has a goroutine,
// and the same functions are called.
//
// The network connection of such a Conn, [conn.Conn.NetConn], is a net.Conn and a syscall.Conn of its own kind.
//
// # Security
//
// By default a browser's page may connect only to the host that it came from:
// see [Config].Origins. Whatever else a request must fulfil (cookies, tokens, paths)
// is for the handler to check before it calls [Accept] or [Go], or for Server.Select.
package server
