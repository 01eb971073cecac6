// Package frame translates between bytes and WebSocket frames.
//
// The words are those of RFC 6455. A frame is a [Header] followed by a
// payload. A payload that travels from client to server is masked with the
// key in its header ([Mask]). The payload of a close frame holds a
// [StatusCode] and a reason ([ConsumeClose], [AppendClose]). The payloads of
// a text message, joined, are UTF-8 ([UTF8]).
//
// A function named Consume decodes from the start of a slice and says how
// much it used; one named Append encodes to the end of a slice.
//
// # What it does not do
//
// The package knows what frames look like, not what they mean. It does not
// decide which frame may follow which, which side must mask, or which
// reserved bits an extension allows. It does no I/O, starts no goroutines,
// allocates nothing per frame, and keeps no reference to a slice it is given.
//
// # Concurrency
//
// Functions may be called from any goroutine. A [UTF8] belongs to one
// goroutine at a time.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5
package frame
