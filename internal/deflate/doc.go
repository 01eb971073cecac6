// Package deflate compresses and decompresses the messages of permessage-deflate:
// DEFLATE with a window of 8 to 15 bits, slices in and slices out.
// It does no I/O, starts no goroutine and takes no lock.
//
// # Terms
//
//   - The payload of a compressed message is a stream of blocks without its end, the tail 00 00 ff ff.
//   - The window is how far a match may reach back: 2^w bytes for w bits.
//   - Context takeover means that the window goes on from one message to the next.
//
// # Usage
//
// What a connection has to keep between messages, and what it needs only while
// it works on one, are types of their own, so that the latter can be shared by many:
//
//	kept for the connection, with takeover     borrowed for a message
//	[DecoderWindow]                            [Decoder]
//	[EncoderWindow]                            [Encoder]
//
// Each belongs to one goroutine at a time.
//
// https://www.rfc-editor.org/rfc/rfc1951,
// https://www.rfc-editor.org/rfc/rfc7692#section-7.2
package deflate
