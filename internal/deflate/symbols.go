package deflate

// Symbols of the two alphabets of a block.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.5
const (
	endOfBlock  = 256
	firstLength = 257

	maxLitlen  = 286 // literals, end of block, lengths
	maxDist    = 30  // distances
	fixedCodes = 288 // of the fixed code for literals and lengths; the last two stand for nothing

	minMatch = 3
	maxMatch = 258

	maxCodeBits   = 15 // of a code for either alphabet
	maxClenBits   = 7  // of a code for code lengths
	maxClen       = 19 // symbols of the alphabet of code lengths
	maxStored     = 65535
	maxWindowBits = 15
	minWindowBits = 8
)

// Lengths and distances are a base, by symbol, and the value of so many extra bits.
var (
	lengthBase = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
		35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2,
		3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}

	distBase = [maxDist]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193,
		257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra = [maxDist]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6,
		7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// clenOrder is the order in which the lengths of the codes for code lengths stand.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.7
var clenOrder = [maxClen]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// The sizes that a window can have, in bits.
const (
	MinWindowBits = minWindowBits
	MaxWindowBits = maxWindowBits
)
