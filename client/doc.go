// Package client opens WebSocket connections: over TCP, TLS or Unix sockets, directly or through proxies.
//
// # Usage
//
//	c, err := client.Dial(ctx, "wss://example.com/chat", nil)
//	if err != nil {
//		return err
//	}
//	defer c.CloseNow()
//	err = c.Write(ctx, frame.Text, []byte("hello"))
//
// The context bounds Dial and has no power over the connection afterwards.
// What to do with a connection is told by package conn.
//
// # Reconnecting
//
// [Reconnect] is a loop over connections to the same URL: the next one is made when one has ended,
// after a random delay that grows from failure to failure, until ctx ends or there is no use in it.
// [Reconnector] has its settings; [Permanent] tells what it gives up for.
//
// # Errors
//
// [Dial] returns a [*HandshakeError] if the server's answer is not an acceptance:
// it has the status, the fields and the start of the body. A [*ProxyError] is the same of a proxy.
// What the network, TLS or the context had to say is wrapped,
// for errors.Is and errors.As. A URL or a [Config] that cannot be used
// is an error before anything is sent or looked up.
// No error quotes the user information or the query of a URL, the server's or the proxy's.
//
// # Compression
//
// With Config.Conn.Compression set, permessage-deflate is offered. The server may decline:
// then messages are sent as they are, and [conn.Conn.Extensions] is empty.
// An answer that the offer does not allow is a [HandshakeError].
//
// # TLS
//
// A wss URL means TLS with the defaults of crypto/tls, or with [Config.TLS].
// The certificate must be for the host of the URL.
//
// # Proxies
//
// Without [Config.Proxy], the environment says which proxy to use, as it does for most programs:
// HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, see [ProxyFromEnvironment].
// HTTP proxies are asked for a tunnel with CONNECT, for ws as for wss; SOCKS is version 5.
// A proxy that gives no tunnel is a [*ProxyError].
// Config.DialContext opens the connection to the proxy, if there is one.
//
// # Unix sockets
//
// A URL such as ws+unix:///run/app.sock:/events leads to a Unix socket, see [Dial].
//
// # Redirects, cookies, authentication
//
// Up to 10 redirects are followed, see [Config.MaxRedirects]:
// never from wss to ws, and without credentials once another origin is reached.
// Cookies are fields like others, or those of [Config.Jar].
// A user in the URL is sent for basic authentication; other kinds are fields of [Config.Header].
// The challenge of a 401 is in the [HandshakeError], the delay that
// a 429 or 503 asks for in its RetryAfter.
//
// # Concurrency
//
// Any number of goroutines may call Dial, with the same Config, too.
// No goroutine is left when it returns.
//
// # Limits
//
// Everything up to the end of the opening handshake is bounded in time by
// Config.HandshakeTimeout, and each answer in size by Config.MaxHeaderBytes.
// Config.Conn limits what the server may do later.
//
// # Security
//
//   - The nonce of each handshake comes from crypto/rand.
//   - Nothing in a URL or a Config can add a line or a field to the request
//     that is not meant: what would is an error.
//   - User information of a URL is sent as a field, over ws without encryption.
//   - A response is checked rule by rule before the connection is handed out.
//   - The caller, the environment (see Config.Proxy) and the servers on the way
//     (see Config.MaxRedirects) say where to connect to: a client that dials URLs
//     of strangers may check every address in Config.DialContext, and see Config.Serialize.
package client
