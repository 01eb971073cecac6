package deflate

import "math/bits"

// The symbols of a block are counted, and then have codes.
type blockCodes struct {
	litlen [fixedCodes]uint32 // how often each occurs
	dist   [maxDist]uint32
	extra  int // bits of the block besides its codes

	litCodes  [fixedCodes]code
	distCodes [maxDist]code
	codeLen   [maxLitlen + maxDist]uint8 // of both alphabets, as in the header

	litHuffman, distHuffman, clenHuffman huffman

	// The header: the numbers of codes in it, the symbols for the lengths of
	// the codes with their extra bits above the eighth, and the codes of these.
	nl, nd, nc  int
	runs        []uint16
	runSpace    [maxLitlen + maxDist]uint16
	clen        [maxClen]uint32
	clenLengths [maxClen]uint8
	clenCodes   [maxClen]code
}

// fixed1 has the codes of a block of type 1.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.6
var fixed1 = func() (t struct {
	lit     [fixedCodes]code
	lengths [fixedCodes]uint8
	dist    [maxDist]code
}) {
	h := huffman{used: fixedCodes}
	var leaves [maxCodeBits + 1]int
	for s := range t.lengths {
		t.lengths[s] = fixedLength(s)
		leaves[t.lengths[s]]++
		h.keys[s] = uint32(s)
	}
	h.assign(t.lengths[:], t.lit[:], &leaves)
	for s := range t.dist {
		t.dist[s] = 5<<16 | code(bits.Reverse8(uint8(s))>>3)
	}
	return t
}()

// fixedLength returns the length of the fixed code for a literal or a length.
func fixedLength(symbol int) uint8 {
	switch {
	case symbol < 144:
		return 8
	case symbol < 256:
		return 9
	case symbol < 280:
		return 7
	}
	return 8
}

// count counts the symbols of a block and returns its size with the fixed codes, in bits.
func (c *blockCodes) count(raw []byte, matches []match) (fixed int) {
	clear(c.litlen[:])
	clear(c.dist[:])
	for _, m := range matches {
		for _, b := range raw[:m.literals] {
			c.litlen[b]++
		}
		raw = raw[int(m.literals)+int(m.length):]
		c.litlen[firstLength+int(lengthSymbol[m.length-minMatch])]++
		s, _ := distSymbol(m.dist)
		c.dist[s]++
	}
	for _, b := range raw {
		c.litlen[b]++
	}
	c.litlen[endOfBlock] = 1

	c.extra = 0
	for s, n := range lengthExtra {
		c.extra += int(n) * int(c.litlen[firstLength+s])
	}
	for s, n := range distExtra {
		c.extra += int(n) * int(c.dist[s])
	}
	c.litHuffman.collect(c.litlen[:maxLitlen])
	fixed = 3 + c.extra + 5*len(matches)
	for _, k := range c.litHuffman.keys[:c.litHuffman.used] {
		fixed += int(k>>9) * int(fixed1.lengths[k&511])
	}
	return fixed
}

// build makes the codes of a dynamic block and returns its size in bits.
func (c *blockCodes) build() int {
	lit, dist := &c.litHuffman, &c.distHuffman
	dist.collect(c.dist[:])
	clear(c.codeLen[:])
	c.nl, c.nd = int(lit.keys[lit.used-1]&511)+1, 1
	if dist.used > 0 {
		c.nd = int(dist.keys[dist.used-1]&511) + 1
	}
	lengths := c.codeLen[:c.nl+c.nd]
	size := 3 + c.extra
	size += lit.build(lengths[:c.nl], c.litCodes[:], maxCodeBits)
	size += dist.build(lengths[c.nl:], c.distCodes[:], maxCodeBits)
	if dist.used == 0 {
		lengths[c.nl] = 1 // never used, but there has to be one, and decoders exist that want it to have bits
	}
	return size + c.buildHeader(lengths)
}

// buildHeader makes the header of a dynamic block, after its type, and returns its size in bits.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.7
func (c *blockCodes) buildHeader(lengths []uint8) int {
	clear(c.clen[:])
	clear(c.clenLengths[:])
	c.runs = c.runSpace[:0]
	for i := 0; i < len(lengths); {
		l, from := lengths[i], i
		for i++; i < len(lengths) && lengths[i] == l; i++ {
		}
		c.addRun(l, i-from)
	}
	c.clenHuffman.collect(c.clen[:])
	size := c.clenHuffman.build(c.clenLengths[:], c.clenCodes[:], maxClenBits)
	for c.nc = maxClen; c.nc > 4 && c.clenLengths[clenOrder[c.nc-1]] == 0; c.nc-- {
	}
	return size + 5 + 5 + 4 + 3*c.nc + 2*int(c.clen[16]) + 3*int(c.clen[17]) + 7*int(c.clen[18])
}

// addRun adds n codes of length l to the header.
func (c *blockCodes) addRun(l uint8, n int) {
	if l == 0 {
		for ; n >= 11; n -= min(n, 138) {
			c.addSymbol(18, min(n, 138)-11)
		}
		if n >= 3 {
			c.addSymbol(17, n-3)
			return
		}
	} else {
		c.addSymbol(l, 0)
		for n--; n >= 3; {
			k := min(n, 6)
			if n == 7 || n == 8 {
				k = 4 // leaves enough for another
			}
			c.addSymbol(16, k-3)
			n -= k
		}
	}
	for range n {
		c.addSymbol(l, 0)
	}
}

func (c *blockCodes) addSymbol(s uint8, extra int) {
	c.runs = append(c.runs, uint16(extra)<<8|uint16(s))
	c.clen[s]++
}

// writeHeader writes the header of a dynamic block, after its type.
func (c *blockCodes) writeHeader(out *bitWriter) {
	// HLIT (5), HDIST (5), HCLEN (4).
	out.write(uint64(c.nl-firstLength)|uint64(c.nd-1)<<5|uint64(c.nc-4)<<10, 14)
	for _, s := range clenOrder[:c.nc] {
		out.write(uint64(c.clenLengths[s]), 3)
	}
	for _, r := range c.runs {
		k := c.clenCodes[r&0xff]
		out.write(k.bits()|uint64(r>>8)<<k.len(), k.len()+uint(clenExtra[r&0xff]))
	}
}

// clenExtra is how many extra bits a symbol has for the lengths of codes.
var clenExtra = [maxClen]uint8{16: 2, 17: 3, 18: 7}
