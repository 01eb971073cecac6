package deflate

import "strings"

// malformedTests are payloads on which decoders went wrong, and neighbors that are right.
var malformedTests = []decoderTest{
	// Of the tests of zlib's inflate.
	{"stored, no complement", []message{{"00 00 00 00 00", "", ErrStoredLength}}},
	{"fixed and final", []message{{"03 00 00", "", nil}}},
	{"reserved type", []message{{"06", "", ErrBlockType}, {"07", "", ErrBlockType}}},
	{"stored and final", []message{{"01 01 00 fe ff 00 00", "\x00", nil}}},
	{"too many symbols", []message{{"fc 00 00", "", ErrCounts}}},
	{"code lengths: over-subscribed", []message{{"04 00 fe ff", "", ErrClenCode}}},
	{"nothing to repeat", []message{{"04 00 24 49 00", "", ErrRepeat}}},
	{"repeat past the end", []message{{"04 00 24 e9 ff ff", "", ErrRepeat}}},
	{"no end of block", []message{{"04 00 24 e9 ff 6d", "", ErrNoEnd}}},
	{"literals: wrong set", []message{{"04 80 49 92 24 49 92 24 71 ff ff 93 11 00", "", ErrLitlenCode}}},
	{"distances: wrong set", []message{{"04 80 49 92 24 49 92 24 0f b4 ff ff c3 84", "", ErrDistCode}}},
	{"no such literal", []message{{"04 c0 81 08 00 00 00 00 20 7f eb 0b 00 00", "", ErrLitlenSymbol}}},
	{"no such distance", []message{{"02 7e ff ff", "", ErrDistSymbol}}},
	{"too far back", []message{{"0c c0 81 00 00 00 00 00 90 ff 6b 04 00", "", ErrTooFar}}},
	{"long codes", []message{{"05 e0 81 91 24 cb b2 2c 49 e2 0f 2e 8b 9a 47 56 9f fb fe ec d2 ff 1f 00", "", nil}}},
	{"long length", []message{{"ed c0 01 01 00 00 00 40 20 ff 57 1b 42 2c 4f 00", strings.Repeat("\x00", 516), nil}}},
	{"long distance", []message{{"ed cf c1 b1 2c 47 10 c4 30 fa 6f 35 1d 01 82 59 3d fb be 2e 2a fc 0f 0c 00", strings.Repeat("\x00", 518), nil}}},
	{"window end", []message{{"ed c0 81 00 00 00 00 80 a0 fd a9 17 a9 00*27 06 00", strings.Repeat("\x00", 27865), nil}}},

	// Of the tests of compress/flate, and its issues.
	{"one code for code lengths", []message{{"05 e0 01 00*5 10 00*32 04 00", "", ErrClenCode}}},
	{"one code for code lengths, of another symbol", []message{{"05 e0 01 04 00*37 10 00", "", ErrClenCode}}},
	{"no code for code lengths", []message{{"05 e0 01 00*38 10 00", "", ErrClenCode}}},
	{"a distance, but no code for one", []message{{"00 01 00 fe ff 00 0d e0 01 04 00 00 00 00 10 00*32 2c 00", "\x00", ErrDistSymbol}}},
	{"no code for code lengths, in the second block", []message{{"00 01 00 fe ff 00 0d e0 01 00*31 06 10 00 00 00 00 40 70 00", "\x00", ErrClenCode}}},
	{"literals without a code", []message{{"05 e0 01 04 00 00 00 00 10 04 00*35 08 00", "", ErrNoEnd}}},
	{"literals without a code, one distance", []message{{"05 e0 01 04 00 00 00 00 10 04 00*31 08 00 00 00 08 00", "", ErrNoEnd}}},
	{"the bit that is no code of one literal", []message{{"05 e0 01 04 00 00 00 00 10 00*32 1c 00", "", ErrLitlenSymbol}}},
	{"31 distances", []message{{"ed ff 87 05 00 00 00 00 20 04 00*31 08 00*7 04 00", "", ErrCounts}}},
	{"lengths repeated past the end", []message{{"ed fd 87 05 00 00 00 00 20 04 00*31 e8 b1 00 00", "", ErrRepeat}}},
	{"30 distances without a code", []message{{"05 fd 01 24 00*5 f8 ff*31 07 00 00 00 fe 01 00", "", nil}}},
	{"31 distances without a code", []message{{"05 fe 01 24 00*5 f8 ff*31 07 00 00 00 fc 03 00", "", ErrCounts}}},
	{"literals: over-subscribed", []message{{"05 e0 01 24 00*5 fc ff*31 07 f0 0f 00", "", ErrLitlenCode}}},
	{"literals: incomplete", []message{{"05 e0 01 24 00*5 fc ff*26 fc ff ff ff ff 07 f0 0f 00", "", ErrLitlenCode}}},
	{"one literal", []message{{"05 e0 01 24 00*5 f8 ff*31 07 f0 0f 00", "\x01", nil}}},
	{"more literals", []message{{"05 e3 01 24 00*5 f8 ff*31 07 80 7f 00", "\x01", nil}}},
	{"one distance of one bit", []message{{"00 01 00 fe ff 00 0d e0 01 04 00 00 00 00 10 00*32 3c 00", "\x00\x00\x00\x00", nil}}},
	{"end of block as the only code, one distance", []message{{"05 e0 01 04 00 00 00 00 10 00*32 0c 00", "", nil}}},
	{"end of block as the only code, no distance", []message{{"05 e0 01 04 00 00 00 00 10 00*32 04 00", "", nil}}},
	{"a repeat over both alphabets", []message{{"ed fd 87 05 00 00 00 00 20 04 00*31 e8 b0 00", "", nil}}},
	{"end of block in a complete code", []message{{"ed e0 01 04 00 00 00 00 10 00*32 04 00 00 40 00 00", "", nil}}},
	{"length 284 with the extra bits for 258", []message{{"00 01 00 fe ff 00 ed e0 01 04 00 00 00 00 10 00*32 04 00 00 40 7f 00 00", strings.Repeat("\x00", 259), nil}}},
	{"literals and matches", []message{{"0c c2 01 0d 00 00 00 82 b0 ac 4a ff 0e b0 7d 27 06 00 00 ff ff 00", "abcabc", nil}}},
	{"symbol 287 of the fixed code", []message{{"33 18 07 00 00", "0", ErrLitlenSymbol}}},
	{"stored", []message{{"01 01 00 fe ff 11 00", "\x11", nil}}},
	{"issue 10426: over-subscribed code lengths", []message{{"34 4c 4a 4e 49 4d 4b 07 00 00 ff 2e 2e ff 2e*5 ff 00", "", ErrClenCode}}},
	{"issue 11030: no distances", []message{{"05 c0 07 06 00 00 00 80 40 0f ff 37 a0 ca 00", "", nil}}},
	{"issue 11033: no distances", []message{{"05 0f b1 09 c0 20 cc a5 d0 17 dc bc a0 44 88 1e e1 03 4e c1 49 c8 98 0b bc 41 3c 2a b3 5b e9 dc b1 47 34 49 92 24 49 92 24 11 20 23 06 ee 97 b0 38 3a 52 1b 4f fd cf 32 17 f9 f7 d3 ad b7 01 00", "100644 he.php\x00]\x055_~\xd9W\xff\x08J\x90\x92]\x19\xe3\xeb\xc6\xd0\xc6\xd7", nil}}},

	// Of reports about others.
	{"three codes of one bit", []message{{"ed c0 01 04 00 00 00 00 10 00*12 03 00*18 80 00 00 00 00", "", ErrLitlenCode}}},
	{"three codes of two bits", []message{{"ed 80 01 04 00 00 00 40 00*12 0c 00*19 02 00 00 00 04", "", ErrLitlenCode}}},
	{"match after too few literals", []message{{"ed c2 01 08 00 00 00 82 20 00*24 3e 00*38 80 02 00*6 40 17 01", "a", ErrTooFar}}},
}
