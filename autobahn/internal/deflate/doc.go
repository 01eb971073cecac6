// Package deflate is the fuzzer's own side of permessage-deflate: the negotiation of its parameters,
// a compressor and a decompressor for windows of 8 to 15 bits.
//
// It shares nothing with the library that the fuzzer may be testing, and it does not use
// compress/flate, which has a window of 15 bits only.
//
// # Terms
//
// A window of w bits is 2^w octets: as far as a match may reach back.
// The takeover of the context means that the window goes on from one message to the next.
// The tail is 00 00 ff ff, the end of a sync flush, which is not sent.
//
// # Concurrency
//
// A Compressor and a Decompressor belong to one goroutine at a time.
//
// https://www.rfc-editor.org/rfc/rfc7692#section-7
package deflate

import "errors"

// Errors of a Decompressor.
var (
	ErrCorrupt = errors.New("deflate: corrupt data")
	ErrTooLong = errors.New("deflate: message is too long")
)
