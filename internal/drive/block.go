package drive

import (
	"math/bits"
	"sync"
)

// A block is memory for a message that is too large for the buffer of a turn. It is used again for another one:
// memory of that size is expensive to get, and to collect, and a handler does not keep it.

// Sizes of blocks are powers of two, from the least to the most.
const (
	leastBlock = 16 // bits
	mostBlock  = 24
)

var blocks [mostBlock + 1]sync.Pool // of *[]byte, by bits of their capacity

// Block returns an empty slice with room for n bytes or more. What is in the room is arbitrary.
func Block(n int) []byte {
	size := max(bits.Len(uint(n-1)), leastBlock)
	if size > mostBlock {
		return make([]byte, 0, n)
	}
	if p, ok := blocks[size].Get().(*[]byte); ok {
		return (*p)[:0]
	}
	return make([]byte, 0, 1<<size)
}

// GiveBlock makes p, which nobody else has, a block for others, unless it is too small or too large.
func GiveBlock(p []byte) {
	size := bits.Len(uint(cap(p))) - 1
	if size >= leastBlock && size <= mostBlock {
		blocks[size].Put(&p)
	}
}
