package deflate

import "encoding/binary"

// codeLengths are the code lengths in the header of a dynamic block, as far as they have been read.
type codeLengths struct {
	nlit, ndist, nclen int // symbols of each alphabet

	have     int  // lengths that have been read
	previous uint // the last one
	clens    [maxClen]uint8

	used   int                                      // lens that are there
	lens   [maxLitlen + maxDist + maxRepeat]codeLen // what has a code, distances after the others
	count  lenCount                                 // of both together
	sorted sortedSlots
}

// counts reads how many code lengths follow.
//
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.7
func (d *Decoder) counts() bool {
	if !d.need(14) {
		return false
	}
	c := &d.codes
	c.nlit = int(d.hold&31) + 257    // HLIT (5)
	c.ndist = int(d.hold>>5&31) + 1  // HDIST (5)
	c.nclen = int(d.hold>>10&15) + 4 // HCLEN (4)
	if c.nlit > maxLitlen || c.ndist > maxDist {
		return d.fail(ErrCounts, 14)
	}
	d.drop(14)
	d.step, c.have = stepClens, 0
	clear(c.clens[:])
	return true
}

// clens reads the lengths of the codes for code lengths, and makes their table.
func (d *Decoder) clens() bool {
	c := &d.codes
	for ; c.have < c.nclen; c.have++ {
		if !d.need(3) {
			return false
		}
		c.clens[clenOrder[c.have]] = uint8(d.hold & 7)
		d.drop(3)
	}
	lens, count := c.lens[:0], lenCount{}
	for i, l := range c.clens {
		if l != 0 {
			lens = append(lens, count.add(i, uint(l)))
		}
	}
	root, set := makeTable(d.dists[:], clenBits, lens, &count, clenSymbols[:], &c.sorted)
	if set != setComplete {
		return d.fail(ErrClenCode, 0)
	}
	d.distMask = 1<<root - 1
	c.count = lenCount{}
	d.step, c.have, c.used, c.previous = stepLens, 0, 0, previousLength
	return true
}

// lens reads the code lengths for both alphabets, and makes the tables.
// The lengths go on from one to the other.
//
// What has a length is listed, with few branches, as hardly any could be predicted:
// a symbol without one is overwritten by the next.
func (d *Decoder) lens() bool {
	c := &d.codes
	total := c.nlit + c.ndist
	hold, n, ns := d.hold, d.n, d.ns // bits of hold above n may be those that come next
	have, used, previous := c.have, c.used, c.previous
	for have < total {
		if len(d.src)-ns >= 8 {
			hold |= binary.LittleEndian.Uint64(d.src[ns:]) << (n & 63)
			ns += int(63-n) >> 3
			n |= 56
		} else if n < clenBits+7 {
			d.hold, d.n, d.ns = hold&(1<<n-1), n, ns
			d.fill()
			hold, n, ns = d.hold, d.n, d.ns
		}
		// Four symbols have at most 56 bits.
		for k := 0; k < 4 && have < total; k++ {
			s := d.dists[hold&d.distMask]
			if n < s.take() {
				if k > 0 {
					break
				}
				c.have, c.used, c.previous = have, used, previous
				return d.need(s.take())
			}
			length, repeat := s.repeat(hold)
			if length == previousLength {
				length = previous
				if length == previousLength {
					d.n = n
					return d.fail(ErrRepeat, s.take())
				}
				for i := range repeat {
					c.lens[used+i] = newCodeLen(have+i, length, uint(c.count[length])+uint(i))
				}
			}
			if have+repeat > total {
				d.n = n
				return d.fail(ErrRepeat, s.take())
			}
			hold, n = hold>>s.take(), n-s.take()
			c.lens[used] = newCodeLen(have, length, uint(c.count[length]))
			c.count[length] += uint16(repeat)
			have += repeat
			if length != 0 {
				used += repeat
			}
			previous = length
		}
	}
	d.hold, d.n, d.ns = hold&(1<<n-1), n, ns
	c.used = used
	return d.makeTables()
}

// makeTables makes the tables of a dynamic block. Like zlib, it lets a code be incomplete
// only if it has a single code, of one bit, or none, which literals alone can do without.
func (d *Decoder) makeTables() bool {
	c := &d.codes
	lits, dists, distCount := c.split()
	end := len(lits)
	for end > 0 && lits[end-1].symbol() > endOfBlock {
		end--
	}
	if end == 0 || lits[end-1].symbol() != endOfBlock {
		return d.fail(ErrNoEnd, 0)
	}
	root, set := makeTable(d.litlen[:], litlenBits, lits, &c.count, litlenSymbols[:], &c.sorted)
	if set >= setIncomplete {
		return d.fail(ErrLitlenCode, 0)
	}
	d.litlenMask = 1<<root - 1
	root, set = makeTable(d.dists[:], distBits, dists, &distCount, distSymbols[:], &c.sorted)
	if set >= setIncomplete {
		return d.fail(ErrDistCode, 0)
	}
	d.distMask = 1<<root - 1
	d.step = stepSymbols
	return true
}

// split divides the list and the count into those of the two alphabets.
// The count that stays is that for literals and lengths.
func (c *codeLengths) split() (lits, dists []codeLen, distCount lenCount) {
	all := c.lens[:c.used]
	n := len(all)
	for n > 0 && all[n-1].symbol() >= c.nlit {
		n--
		distCount[all[n].length()]++
	}
	for i := range distCount {
		c.count[i] -= distCount[i]
	}
	lits, dists = all[:n], all[n:]
	for i, l := range dists {
		dists[i] = l - newCodeLen(c.nlit, 0, uint(c.count[l.length()]))
	}
	return lits, dists, distCount
}
