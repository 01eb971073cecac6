//go:build !purego

package frame

// hasVectors reports whether the processor and the operating system have
// AVX2, which the functions in vectors_amd64.s need.
var hasVectors = hasAVX2()

// The sizes from which vectors are worth their call.
const (
	minMaskVectors = 64 // at least 32
	minUTF8Vectors = 35 // at least 35
)

// hasAVX2 asks the processor, and what the operating system told it.
func hasAVX2() bool

// maskVectors masks b, which has at least 32 bytes. The octets of k are
// applied from the lowest up.
//
//go:noescape
func maskVectors(b []byte, k uint32)

// validVectors reports whether each octet of p from the fourth on may follow
// the three before it. p has at least 35 bytes.
//
//go:noescape
func validVectors(p []byte) bool
