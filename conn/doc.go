// Package conn is a WebSocket connection: whole messages and streams, pings,
// the closing handshake, and limits for all that a peer can do.
//
// A [Conn] comes from package server or client. Its methods may be called from any goroutine.
//
// # Usage
//
// Read and write whole messages:
//
//	for m, err := range c.Messages(ctx) {
//		if err != nil {
//			return err
//		}
//		if err := c.Write(ctx, m.Type, m.Data); err != nil {
//			return err
//		}
//	}
//
// [Conn.ReadAppend] reads without allocating; [Conn.Reader] and [Conn.Writer] stream.
// [Conn.ReadJSON] and [Conn.WriteJSON] are for messages that are JSON,
// and [Conn.Stream] makes a net.Conn of the connection, for what speaks through one.
// [Conn.Close] closes politely, [Conn.CloseNow] at once, and [Conn.StartClose] without waiting.
//
// # Sending
//
// [Conn.Write] waits until the network has taken the message, so that a slow peer slows its sender down.
// Messages of writers that wait for their turn leave in one write to the network, and so do
// the replies to messages that came together; [Conn.Batch] does that on request.
//
// [Conn.Send] does not wait: it queues what the network does not take at once. [Config] bounds the queue
// and says what happens when it is full. To send one message to many, [Prepare] it.
//
// # Compression
//
// If both sides want it, messages are compressed by permessage-deflate (RFC 7692): Config.Compression is one field,
// and the zero [Compression] is right for most. Nothing else changes: sizes, limits and types are
// those of the message. [Uncompressed] excepts single messages, which is for secrets:
// who can see how large a compressed message is, and can have text of their own in it
// or, with Takeover, in those before it, can find out what else is in there.
//
// # Contexts
//
// The context of a call bounds the waiting of that call and nothing else.
// A read whose context ends leaves the connection as it is and loses no byte.
// A write whose context ends before the network has taken a byte of the frame does, too;
// in the middle of a frame there is no way back and the connection ends.
//
// # The end
//
// A connection ends once, for one reason, and every method that was waiting or is called later returns it:
//
//   - [*CloseError]: closed by one of the sides, or lost; it says who closed with what, in which order.
//   - [*ProtocolError]: the peer broke a rule of RFC 6455 or RFC 7692.
//   - [*LimitError]: the peer met a limit of [Config].
//
// They may be wrapped: use errors.As. [Conn.Context] is cancelled with the same error as its cause.
//
// # Limits
//
// [Config] says what a peer may do. Of a compressed message, it is what it inflates to that counts.
// Memory grows with what has arrived, never with what a header announces,
// and a connection that waits for input holds no buffer.
//
// # Control frames
//
// Pings are answered and the peer's close is completed while some call reads:
// Read and its kind, Ping, or Close. After the first call of Context
// that also happens while the application does something else.
//
// A [Keepalive] pings, for any number of connections, and fails those whose peer has gone silent.
//
// # Observation
//
// [Hooks] are told when a connection begins and ends, of each message in and out,
// of round-trip times, and of what a full queue dropped.
package conn
