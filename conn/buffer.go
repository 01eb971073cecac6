package conn

import (
	"crypto/rand"
	"sync"
)

// bufferSize is the size of the buffers that connections borrow
// while they read or write. No connection keeps one while it waits.
const bufferSize = 32 << 10

type buffer [bufferSize]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func borrow() *buffer       { return buffers.Get().(*buffer) }
func (b *buffer) giveBack() { buffers.Put(b) }

// keyring is a stock of masking keys, each of which is used once.
// It saves a call of the system's generator for each frame.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-10.3
type keyring struct {
	stock [1024]byte
	used  int
}

var keyrings = sync.Pool{New: func() any { return &keyring{used: len(keyring{}.stock)} }}

// newKey returns an unpredictable masking key.
func newKey() (key [4]byte) {
	k := keyrings.Get().(*keyring)
	if k.used == len(k.stock) {
		rand.Read(k.stock[:]) // never fails
		k.used = 0
	}
	k.used += copy(key[:], k.stock[k.used:])
	keyrings.Put(k)
	return key
}
