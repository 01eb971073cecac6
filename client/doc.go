// Package client opens WebSocket connections: over TCP or TLS, to ws and wss URLs.
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
// # Errors
//
// [Dial] returns a [*HandshakeError] if the server's answer is not an acceptance:
// it has the status, the fields and the start of the body.
// What the network, TLS or the context had to say is wrapped,
// for errors.Is and errors.As. A URL or a [Config] that cannot be used
// is an error before anything is sent or looked up.
// No error quotes the user information or the query of the URL.
//
// # TLS
//
// A wss URL means TLS with the defaults of crypto/tls, or with [Config.TLS].
// The certificate must be for the host of the URL.
//
// # Redirects, cookies, proxies
//
// No redirect is followed: the Location field is in the [HandshakeError].
// Cookies are fields like others, see [Config.Header].
// There is no support for proxies, and HTTP_PROXY and its like have no effect.
// Config.DialContext may return a connection that leads through one.
//
// # Concurrency
//
// Any number of goroutines may call Dial, with the same Config, too.
// No goroutine is left when it returns.
//
// # Limits
//
// Everything up to the end of the opening handshake is bounded in time by
// Config.HandshakeTimeout, and the server's answer in size by Config.MaxHeaderBytes.
// Config.Conn limits what the server may do later.
//
// # Security
//
//   - The nonce of each handshake comes from crypto/rand.
//   - Nothing in a URL or a Config can add a line or a field to the request
//     that is not meant: what would is an error.
//   - User information of a URL is sent as a field, over ws without encryption.
//   - A response is checked rule by rule before the connection is handed out.
//   - Nobody but the caller says where to connect to: a client that dials URLs
//     of strangers may check addresses in Config.DialContext, and see Config.Serialize.
package client
