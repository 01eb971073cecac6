package deflate

import "math/bits"

// An entry says what a code stands for: its length in bits, extra bits, flags,
// and a literal, the base of a length or a distance, or where a subtable begins.
type entry uint32

const (
	codeMask   entry = 0x1f    // bits of the code
	extraShift       = 8       // extra bits, or those of a subtable, 5 bits wide
	valueShift       = 16      // the value, 16 bits wide
	literal    entry = 1 << 15 // flags from here on
	subtable   entry = 1 << 14
	endOfBlock entry = 1 << 13
	invalid    entry = 1 << 5
)

// tableSize is more than the subtables of any complete code need.
const tableSize = 2048

// A table decodes a Huffman code: the next bits of the input are an index. Codes that have
// more bits than that lead to a subtable.
type table struct {
	bits    uint   // of the first index
	mask    uint64 // 1<<bits - 1
	entries [tableSize]entry
}

const (
	litlenBits = 10
	distBits   = 8
	codelBits  = 7
	maxBits    = 15

	maxLitlen = 286 // symbols that there are
	maxDist   = 30
)

// sub follows e to a subtable: b begins with the code.
func (t *table) sub(e entry, b uint64) entry {
	i := b >> (t.bits & 63) & (1<<(e>>extraShift&31) - 1)
	return t.entries[(uint64(e>>valueShift)+i)&(tableSize-1)]
}

// build makes the table of the code in which symbol i has lens[i] bits and means values[i].
// It returns false unless the code is complete, or has a single symbol of one bit,
// or none at all.
func (t *table) build(width uint, lens []uint8, values []entry) bool {
	var count [maxBits + 1]int
	for _, n := range lens {
		count[n]++
	}
	count[0] = 0
	left, total, longest := 1, 0, 0
	var next [maxBits + 2]int // where the symbols of a length begin in sorted
	for n := 1; n <= maxBits; n++ {
		left = left<<1 - count[n]
		if left < 0 {
			return false // more codes than there are
		}
		if count[n] > 0 {
			longest = n
		}
		next[n] = total
		total += count[n]
	}
	if left > 0 && longest > 1 {
		return false // less
	}
	t.bits, t.mask = width, 1<<width-1
	if left > 0 {
		for i := range 1 << width {
			t.entries[i] = invalid | 1
		}
	}
	var sorted [maxLitlen + 2]uint16
	for s, n := range lens {
		if n > 0 {
			sorted[next[n]] = uint16(s)
			next[n]++
		}
	}
	t.fill(sorted[:total], &count, longest, lens, values)
	return true
}

// fill enters the symbols, which are sorted by the length of their codes.
func (t *table) fill(sorted []uint16, count *[maxBits + 1]int, longest int, lens []uint8, values []entry) {
	width := int(t.bits)
	end := 1 << width // of the entries in use
	sub, subBits, subAt := -1, 0, 0
	code, last := 0, 0
	for i, s := range sorted {
		n := int(lens[s])
		code <<= n - last
		last = n
		e := values[s] | entry(n)
		rev := int(bits.Reverse16(uint16(code)) >> (16 - n))
		code++
		if n <= width {
			for j := rev; j < 1<<width; j += 1 << n {
				t.entries[j] = e
			}
			continue
		}
		if prefix := rev & (1<<width - 1); prefix != sub {
			sub, subAt = prefix, end
			subBits = subtableBits(sorted[i:], lens, width, longest, count)
			end += 1 << subBits
			t.entries[sub] = subtable | entry(subBits)<<extraShift | entry(subAt)<<valueShift
		}
		for j := rev >> width; j < 1<<subBits; j += 1 << (n - width) {
			t.entries[subAt+j] = e
		}
	}
}

// subtableBits returns how many bits the codes that begin with the same width bits as the first
// of sorted have beyond those.
func subtableBits(sorted []uint16, lens []uint8, width, longest int, count *[maxBits + 1]int) int {
	n := int(lens[sorted[0]])
	// Codes of n bits that are left, then those of more.
	here := 0
	for here < len(sorted) && int(lens[sorted[here]]) == n {
		here++
	}
	left := 1<<(n-width) - here
	for left > 0 && n < longest {
		n++
		left = left<<1 - count[n]
	}
	return n - width
}

// values of the symbols.
var (
	litlenValues [maxLitlen + 2]entry
	distValues   [maxDist + 2]entry
	codelValues  [19]entry

	fixedLitlen, fixedDist table
)

func init() {
	for i := range 256 {
		litlenValues[i] = literal | entry(i)<<valueShift
	}
	litlenValues[256] = endOfBlock
	for i := range lengthBase {
		litlenValues[257+i] = entry(lengthExtra[i])<<extraShift | entry(lengthBase[i])<<valueShift
	}
	litlenValues[286], litlenValues[287] = invalid, invalid
	for i := range distBase {
		distValues[i] = entry(distExtra[i])<<extraShift | entry(distBase[i])<<valueShift
	}
	distValues[30], distValues[31] = invalid, invalid
	for i := range codelValues {
		codelValues[i] = entry(i) << valueShift
	}
	fixedLitlen.build(9, fixedLens[:], litlenValues[:])
	fixedDist.build(5, fixedDistLens[:], distValues[:])
}

// dynamicHeader decodes the codes of a dynamic block.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.7
func (d *Decompressor) dynamicHeader() error {
	h, ok := d.bits(14)
	if !ok {
		return errStarved
	}
	nlit, ndist, ncodel := h&31+257, h>>5&31+1, h>>10+4
	if nlit > maxLitlen || ndist > maxDist {
		return ErrCorrupt
	}
	var codel [19]uint8
	for _, i := range codelOrder[:ncodel] {
		n, ok := d.bits(3)
		if !ok {
			return errStarved
		}
		codel[i] = uint8(n)
	}
	t := &d.tables[0]
	if !t.build(codelBits, codel[:], codelValues[:]) || t.entries[0]&invalid != 0 || t.entries[1]&invalid != 0 {
		return ErrCorrupt
	}
	var lens [maxLitlen + maxDist]uint8
	if err := d.codeLengths(lens[:nlit+ndist]); err != nil {
		return err
	}
	if lens[256] == 0 ||
		!d.tables[0].build(litlenBits, lens[:nlit], litlenValues[:]) ||
		!d.tables[1].build(distBits, lens[nlit:nlit+ndist], distValues[:]) {
		return ErrCorrupt
	}
	d.litlen, d.dist, d.mode = &d.tables[0], &d.tables[1], inCodes
	return nil
}

// codeLengths decodes the lengths of the codes of a dynamic block.
func (d *Decompressor) codeLengths(lens []uint8) error {
	for i := 0; i < len(lens); {
		e, err := d.lookup(&d.tables[0])
		if err != nil {
			return err
		}
		s := int(e >> valueShift)
		if s < 16 {
			lens[i] = uint8(s)
			i++
			continue
		}
		r := codelRepeat[s-16]
		k, ok := d.bits(r.bits)
		if !ok {
			return errStarved
		}
		k += r.base
		var v uint8
		if s == 16 {
			if i == 0 {
				return ErrCorrupt
			}
			v = lens[i-1]
		}
		if i+k > len(lens) {
			return ErrCorrupt
		}
		for range k {
			lens[i] = v
			i++
		}
	}
	return nil
}
