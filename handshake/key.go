package handshake

import (
	"crypto/fips140"
	"crypto/sha1"
	"encoding/base64"
)

// GUID is what a server appends to the key before it hashes it.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-1.3
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Lengths of the base64 text of a 16-byte nonce and of a 20-byte hash.
const (
	keyLen    = 24
	acceptLen = 28
)

// strictBase64 refuses text whose padding bits are not zero.
var strictBase64 = base64.StdEncoding.Strict()

// NewKey returns the Sec-WebSocket-Key that stands for nonce.
// The nonce is to be random, and a new one for each connection.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func NewKey(nonce [16]byte) string {
	return base64.StdEncoding.EncodeToString(nonce[:])
}

// ValidKey reports whether key is the base64 text of 16 bytes:
// 24 characters, and no bit set in the padding.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1
func ValidKey(key string) bool {
	if len(key) != keyLen {
		return false
	}
	var nonce [keyLen / 4 * 3]byte
	n, err := strictBase64.Decode(nonce[:], []byte(key))
	return n == 16 && err == nil
}

// AcceptKey returns the Sec-WebSocket-Accept that answers key.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2
func AcceptKey(key string) string {
	var b [acceptLen]byte
	return string(appendAccept(b[:0], key))
}

// appendAccept appends AcceptKey(key) to b.
//
// The hash proves that the server has read the key and guards no secret
// (https://www.rfc-editor.org/rfc/rfc6455#section-10.8),
// so it is computed in a strict FIPS 140-3 mode, too.
func appendAccept(b []byte, key string) []byte {
	var buf [keyLen + len(GUID)]byte
	text := append(append(buf[:0], key...), GUID...)
	var sum [sha1.Size]byte
	fips140.WithoutEnforcement(func() { sum = sha1.Sum(text) })
	return base64.StdEncoding.AppendEncode(b, sum[:])
}
