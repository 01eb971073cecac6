//go:build !amd64 || purego

package frame

// hasVectors is false: there are no vector instructions to use.
const hasVectors = false

// Sizes that do not matter without vectors.
const (
	minMaskVectors = 64
	minUTF8Vectors = 35
)

// maskVectors is not called without vectors.
func maskVectors([]byte, uint32) {}

// validVectors is not called without vectors.
func validVectors([]byte) bool { return false }
