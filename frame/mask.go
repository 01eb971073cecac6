package frame

import (
	"encoding/binary"
	"math/bits"
)

// Mask applies a masking key to b in place
// and returns the key rotated for the byte that follows b,
// so that a payload may be masked in pieces.
// Masking a second time with the same key restores b.
//
//	j                   = i MOD 4
//	transformed-octet-i = original-octet-i XOR masking-key-octet-j
//
// https://www.rfc-editor.org/rfc/rfc6455#section-5.3
func Mask(b []byte, key [4]byte) [4]byte {
	k := binary.LittleEndian.Uint32(key[:])
	switch {
	case hasVectors && len(b) >= minMaskVectors:
		maskVectors(b, k)
	case len(b) >= 8:
		maskWords(b, k)
	default:
		maskShort(b, k)
	}
	binary.LittleEndian.PutUint32(key[:], rotateKey(k, len(b)))
	return key
}

// rotateKey returns k turned so that its lowest octet, the first one to be
// applied, is the one for the n-th byte of a payload.
func rotateKey(k uint32, n int) uint32 {
	return bits.RotateLeft32(k, -8*n)
}

// maskWords masks 8 bytes or more, a word at a time. So as not to go through
// the odd bytes at the end one by one, it masks the last eight as one word.
// That word overlaps its neighbor: it is read before anything is written.
func maskWords(b []byte, k uint32) {
	k64 := uint64(k)<<32 | uint64(k)
	end := b[len(b)-8:]
	last := binary.LittleEndian.Uint64(end) ^ bits.RotateLeft64(k64, -8*len(b))
	for len(b) > 32 {
		xorWord(b[0:8], k64)
		xorWord(b[8:16], k64)
		xorWord(b[16:24], k64)
		xorWord(b[24:32], k64)
		b = b[32:]
	}
	for len(b) > 8 {
		xorWord(b, k64)
		b = b[8:]
	}
	binary.LittleEndian.PutUint64(end, last)
}

// xorWord applies k to the first eight bytes of b.
func xorWord(b []byte, k uint64) {
	binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^k)
}

// maskShort masks fewer than 8 bytes,
// four or more of them as two words that may overlap.
func maskShort(b []byte, k uint32) {
	if len(b) >= 4 {
		end := b[len(b)-4:]
		last := binary.LittleEndian.Uint32(end) ^ rotateKey(k, len(b))
		binary.LittleEndian.PutUint32(b, binary.LittleEndian.Uint32(b)^k)
		binary.LittleEndian.PutUint32(end, last)
		return
	}
	for i := range b {
		b[i] ^= byte(k)
		k >>= 8
	}
}
