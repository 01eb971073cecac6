// Package fuzzer plays the conformance cases against a peer and judges it.
//
// A session knows what the fuzzer does and says in a connection. It does no I/O and reads no clock:
// octets, the passing of time and the end of TCP go in, octets to write and a deadline come out.
// [PlayClient] and [PlayServer] do the opening handshake, connect a session to a network and return its [Result].
//
// Nothing here is shared with the WebSocket library that lives in the same module: headers, masks, UTF-8 and
// handshakes are written apart, so that an error there cannot hide behind the same error here.
package fuzzer
