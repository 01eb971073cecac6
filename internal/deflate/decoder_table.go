package deflate

import "math/bits"

// A slot of a decode table tells what the next bits mean. From the lowest bit:
//
//	bits 0-5    how many bits to take: the code and its extra bits
//	bits 8-11   how many of these are the code; of slotSub, index bits of the second table
//	bit  12     slotEnd: end of block
//	bit  13     slotSub: the code goes on in a second table, at the value
//	bit  14     slotInvalid: no code, or a symbol that stands for nothing
//	bits 16-30  the value: a literal, the base of a length or distance, a place in the table
//	bit  31     slotLiteral
//
// Bits of the first table are taken before the second is looked into;
// there, the counts are of what follows.
type slot uint32

const (
	slotEnd     slot = 1 << 12
	slotSub     slot = 1 << 13
	slotInvalid slot = 1 << 14
	slotLiteral slot = 1 << 31

	slotSpecial = slotEnd | slotSub | slotInvalid
)

// take returns how many bits the code and its extra bits have.
func (s slot) take() uint { return uint(s & 63) }

// code returns how many bits the code has, or indexes a second table.
func (s slot) code() uint { return uint(s>>8) & 15 }

// value returns the literal, the base or the place of the second table.
func (s slot) value() int { return int(s >> 16 & 0x7FFF) }

// extended returns the base plus the extra bits, which follow the code at the start of hold.
func (s slot) extended(hold uint64) int {
	return s.value() + int(hold&(1<<s.take()-1)>>s.code())
}

// Sizes of decode tables. The first table is for codes of so many bits; what it and the second
// tables for longer codes can need at most was computed over all complete codes of 15 bits.
const (
	litlenBits = 10
	distBits   = 8
	clenBits   = maxClenBits

	litlenSize = 1332
	distSize   = 400
)

type (
	litlenTable [litlenSize]slot
	distTable   [distSize]slot
)

// What the symbols of each alphabet mean: slots without the bits of a code.
var (
	litlenSymbols = newLitlenSymbols()
	distSymbols   = newDistSymbols()
	clenSymbols   = newClenSymbols()
)

func newLitlenSymbols() (all [fixedCodes]slot) {
	for i := range all {
		switch k := i - firstLength; {
		case i < endOfBlock:
			all[i] = slotLiteral | slot(i)<<16
		case i == endOfBlock:
			all[i] = slotEnd
		case k < len(lengthBase):
			all[i] = slot(lengthBase[k])<<16 | slot(lengthExtra[k])
		default:
			all[i] = slotInvalid
		}
	}
	return all
}

func newDistSymbols() (all [32]slot) {
	for i := range all {
		if i < maxDist {
			all[i] = slot(distBase[i])<<16 | slot(distExtra[i])
		} else {
			all[i] = slotInvalid
		}
	}
	return all
}

// In the code for code lengths, each symbol is a length and how often it comes: instead of the value,
// bits 16-19 are the least number of times, and bits 20-24 the length, or previousLength.
func newClenSymbols() (all [maxClen]slot) {
	for i := range all {
		all[i] = slot(i)<<20 | 1<<16
	}
	all[16] = previousLength<<20 | 3<<16 | 2
	all[17] = 0<<20 | 3<<16 | 3
	all[18] = 0<<20 | 11<<16 | 7
	return all
}

const (
	previousLength = 16
	maxRepeat      = 6 // how often a length other than 0 comes
)

// repeat returns the length and how often it comes, of which the rest follows the code at the start of hold.
func (s slot) repeat(hold uint64) (length uint, times int) {
	return uint(s >> 20 & 31), int(s>>16&15) + int(hold&(1<<s.take()-1)>>s.code())
}

// The tables of fixed codes.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.6
var (
	fixedLitlenTable = newFixedLitlenTable()
	fixedDistTable   = newFixedDistTable()
)

const (
	fixedLitlenBits = 9
	fixedDistBits   = 5
)

func newFixedLitlenTable() *litlenTable {
	var lens [fixedCodes]codeLen
	var count lenCount
	for i := range lens {
		lens[i] = count.add(i, uint(fixedLength(i)))
	}
	t := new(litlenTable)
	makeTable(t[:], litlenBits, lens[:], &count, litlenSymbols[:], new(sortedSlots))
	return t
}

func newFixedDistTable() *distTable {
	var lens [32]codeLen
	var count lenCount
	for i := range lens {
		lens[i] = count.add(i, fixedDistBits)
	}
	t := new(distTable)
	makeTable(t[:], distBits, lens[:], &count, distSymbols[:], new(sortedSlots))
	return t
}

// A codeLen is a symbol (from bit 16), the length of its code (4 bits), which is not 0, and how many
// symbols before it have a code of this length (12 bits).
type codeLen uint32

func newCodeLen(symbol int, length uint, rank uint) codeLen {
	return codeLen(symbol)<<16 | codeLen(length)<<12 | codeLen(rank)
}

func (c codeLen) symbol() int  { return int(c >> 16) }
func (c codeLen) length() uint { return uint(c>>12) & 15 }
func (c codeLen) rank() uint   { return uint(c & 0xFFF) }

// A lenCount is how many codes there are of each length.
type lenCount [maxCodeBits + 1]uint16

// add counts a symbol with a code of this length.
func (c *lenCount) add(symbol int, length uint) codeLen {
	rank := c[length]
	c[length]++
	return newCodeLen(symbol, length, uint(rank))
}

// sortedSlots are symbols in the order of their codes: memory that makeTable works in.
type sortedSlots [fixedCodes]slot

// What a set of code lengths is.
type codeSet uint8

const (
	setComplete   codeSet = iota
	setEmpty              // no code
	setSingle             // one code of one bit
	setIncomplete         // bits that are no code; there is no table
	setOver               // more codes than there is room for; there is no table
)

// makeTable makes the table for a code by the lengths of its codes, which are in the order of the
// symbols. It returns how many bits index the first part of the table: the longest code, up to root.
// What is no code, in a set of none or one, is slotInvalid.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.2
func makeTable(table []slot, root int, lens []codeLen, count *lenCount, symbols []slot, sorted *sortedSlots) (int, codeSet) {
	var first [maxCodeBits + 1]uint // where the symbols of each length begin
	left, sum, longest := 1, uint(0), 0
	for l := 1; l <= maxCodeBits; l++ {
		first[l] = sum
		sum += uint(count[l])
		left = left<<1 - int(count[l])
		if left < 0 {
			return 0, setOver
		}
		if count[l] != 0 {
			longest = l
		}
	}
	if left > 0 {
		return makeSmallTable(table, lens, symbols)
	}
	for _, l := range lens {
		sorted[first[l.length()]+l.rank()] = symbols[l.symbol()]
	}
	root = min(root, longest)
	fillTable(table, root, longest, count, sorted)
	return root, setComplete
}

// makeSmallTable makes the table for a set that is not complete, if it may have one.
func makeSmallTable(table []slot, lens []codeLen, symbols []slot) (int, codeSet) {
	table[0], table[1] = slotInvalid|0x101, slotInvalid|0x101
	switch {
	case len(lens) == 0:
		return 1, setEmpty
	case len(lens) == 1 && lens[0].length() == 1:
		table[0] = symbols[lens[0].symbol()] + 0x101
		return 1, setSingle
	default:
		return 0, setIncomplete
	}
}

// fillTable fills table for a complete code, of which sorted are the symbols in the order of their codes.
func fillTable(table []slot, root, longest int, count *lenCount, sorted *sortedSlots) {
	code := uint16(0) // the next one
	i := 0
	for l := 1; l <= root; l++ {
		if i > 0 {
			n := 1 << (l - 1)
			copy(table[n:2*n], table[:n])
		}
		for _, s := range sorted[i : i+int(count[l])] {
			table[bits.Reverse16(code)>>(16-l)] = s + slot(l)*0x101
			code++
		}
		i += int(count[l])
		code <<= 1
	}

	size, prefix := 1<<root, -1 // slots in use; first bits of the codes in the second table
	place, sub := 0, 0          // of that
	for l := root + 1; l <= longest; l++ {
		for k := range int(count[l]) {
			c := int(bits.Reverse16(code) >> (16 - l))
			if p := c & (1<<root - 1); p != prefix {
				prefix, place, sub = p, size, count.subBits(l, root, longest, k)
				size += 1 << sub
				table[p] = slotSub | slot(place)<<16 | slot(sub)<<8 | slot(root)
			}
			for c >>= root; c < 1<<sub; c += 1 << (l - root) {
				table[place+c] = sorted[i] + slot(l-root)*0x101
			}
			i++
			code++
		}
		code <<= 1
	}
}

// subBits returns the bits of a second table that starts with the k-th code of length l:
// as many as it takes until the codes that follow fill it.
func (c *lenCount) subBits(l, root, longest, k int) int {
	left := 1<<(l-root) - (int(c[l]) - k)
	for left > 0 && l < longest {
		l++
		left = left<<1 - int(c[l])
	}
	return l - root
}
