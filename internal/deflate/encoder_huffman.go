package deflate

import (
	"math/bits"
	"slices"
)

// A code is the bits that stand for a symbol, the first one lowest, and above 16 how many there are.
type code uint32

func (c code) bits() uint64 { return uint64(c & 0xffff) }
func (c code) len() uint    { return uint(c >> 16) }

// A huffman makes codes for an alphabet of at most 288 symbols. Its work grows with
// the symbols that occur, of which a small message has few.
type huffman struct {
	used   int                // how many symbols occur
	keys   [fixedCodes]uint32 // of these, count<<9 | symbol, in their order
	sorted [fixedCodes]uint32 // the same, rarest first
	node   [fixedCodes]uint32 // the weights of inner nodes, then their parents, then their depths
}

// collect sets keys.
func (h *huffman) collect(count []uint32) {
	n := 0
	for s, c := range count[:min(len(count), len(h.keys))] {
		h.keys[n] = c<<9 | uint32(s)
		n += int((c | -c) >> 31) // if c is not 0: without a branch, as it would be taken at random
	}
	h.used = n
}

// build makes an optimal code, none longer than limit, for the symbols in keys. It sets their lengths
// and codes and no others, and returns how many bits they take in all.
func (h *huffman) build(lengths []uint8, codes []code, limit int) (size int) {
	var leaves [maxCodeBits + 1]int
	switch n := h.used; n {
	case 0:
		return 0
	case 1:
		leaves[1] = 1
		h.sorted[0] = h.keys[0]
	default:
		h.sort()
		h.depths(&leaves, limit)
	}

	sorted := h.sorted[:h.used]
	for l := limit; l > 0; l-- {
		for _, k := range sorted[:leaves[l]] {
			lengths[k&511] = uint8(l)
			size += int(k>>9) * l
		}
		sorted = sorted[leaves[l]:]
	}
	h.assign(lengths, codes, &leaves)
	return size
}

// sortedCounts is how many counts are sorted by a table. Larger ones are rare in small messages.
const sortedCounts = 64

// sort sets sorted.
func (h *huffman) sort() {
	var place [sortedCounts]uint16
	keys := h.keys[:h.used]
	for _, k := range keys {
		place[min(k>>9, sortedCounts-1)]++
	}
	sum := uint16(0)
	for i, n := range place {
		place[i] = sum
		sum += n
	}
	large := place[sortedCounts-1]
	for _, k := range keys {
		p := &place[min(k>>9, sortedCounts-1)]
		h.sorted[*p] = k
		*p++
	}
	slices.Sort(h.sorted[large:h.used])
}

// depths sets how many symbols get a code of each length.
//
// As the rarest symbols come first, so do the nodes made of them: the two next to
// be joined are always at the front of one of two queues, the leaves and the nodes.
func (h *huffman) depths(leaves *[maxCodeBits + 1]int, limit int) {
	n := h.used
	keys, node := h.sorted[:n], h.node[:n-1]
	leaf, root := 0, 0
	for i := range node {
		var sum uint32
		for range 2 {
			if root >= i || leaf < n && keys[leaf]>>9 <= node[root] {
				sum += keys[leaf] >> 9
				leaf++
			} else {
				sum += node[root]
				node[root] = uint32(i)
				root++
			}
		}
		node[i] = sum
	}

	// A depth of inner nodes has twice as many nodes below it, which are inner ones or leaves.
	var inner [32]int
	node[n-2] = 0
	inner[0] = 1
	for i := n - 3; i >= 0; i-- {
		node[i] = node[node[i]] + 1
		inner[node[i]&31]++
	}
	space := 1 << limit // for codes, in those of the longest
	for l := 1; l < limit; l++ {
		leaves[l] = 2*inner[l-1] - inner[l]
		space -= leaves[l] << (limit - l)
		n -= leaves[l]
	}
	leaves[limit] = n // with those that are too deep
	for space -= n; space < 0; space++ {
		l := limit - 1
		for leaves[l] == 0 {
			l--
		}
		leaves[l]-- // it moves down, and one of the deepest becomes its sibling
		leaves[l+1] += 2
		leaves[limit]--
	}
}

// assign sets the canonical codes of these lengths.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.2
func (h *huffman) assign(lengths []uint8, codes []code, leaves *[maxCodeBits + 1]int) {
	var next [maxCodeBits + 1]uint16
	for l := 1; l < maxCodeBits; l++ {
		next[l+1] = (next[l] + uint16(leaves[l])) << 1
	}
	for _, k := range h.keys[:h.used] {
		s := k & 511
		l := lengths[s] & 15
		codes[s] = code(l)<<16 | code(bits.Reverse16(next[l])>>(16-l&15))
		next[l]++
	}
}
