// Package protocol decides what WebSocket frames mean (RFC 6455, sections 5 to 7).
//
// It does no I/O, starts no goroutines and reads no clock:
// a [Receiver] turns the peer's bytes into events,
// a [Sender] turns events into bytes,
// and [Closing] follows the closing handshake.
// The blocking connection, an event loop and a test that feeds literal bytes
// all drive the same rules.
//
// Every rule about the header of a received frame stands in [Receiver.check].
package protocol
