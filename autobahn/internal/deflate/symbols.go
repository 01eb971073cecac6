package deflate

import "encoding/binary"

// codes decodes symbols up to the end of the block.
func (d *Decompressor) codes() error {
	for {
		d.fast()
		if end, err := d.symbol(); end || err != nil {
			return err
		}
	}
}

// symbol decodes one symbol, whatever it is, or nothing if the input ends inside it.
func (d *Decompressor) symbol() (end bool, err error) {
	pos, buf, n := d.pos, d.buf, d.n
	e, err := d.lookup(d.litlen)
	if err == nil {
		switch {
		case e&literal != 0:
			if _, err = d.grow(1); err == nil {
				d.out[d.q] = byte(e >> valueShift)
				d.q++
			}
		case e&endOfBlock != 0:
			d.endBlock()
			end = true
		default:
			err = d.match(e)
		}
	}
	if err == errStarved {
		d.pos, d.buf, d.n = pos, buf, n
	}
	return end, err
}

// match decodes the rest of a match whose length has the entry e, and copies it.
func (d *Decompressor) match(e entry) error {
	length, err := d.value(e)
	if err != nil {
		return err
	}
	if e, err = d.lookup(d.dist); err != nil {
		return err
	}
	dist, err := d.value(e)
	if err != nil {
		return err
	}
	for length > 0 {
		k, err := d.grow(length)
		if err != nil {
			return err
		}
		if dist > d.q+d.reach { // again if it goes on in another stretch
			return ErrCorrupt
		}
		d.copyMatch(dist, k)
		length -= k
	}
	return nil
}

// copyMatch copies k octets from dist octets ago, possibly out of the window.
func (d *Decompressor) copyMatch(dist, k int) {
	if old := dist - (d.q - d.base); old > 0 {
		m := copy(d.out[d.q:d.q+k], d.hist[len(d.hist)-old:])
		d.q, k = d.q+m, k-m
	}
	repeat(d.out, d.q, dist, k)
	d.q += k
}

// repeat copies k octets of o to o[q] from dist octets before, where they may overlap.
func repeat(o []byte, q, dist, k int) {
	from, end := q-dist, q+k
	for q < end {
		q += copy(o[q:end], o[from:q])
	}
}

// lookup decodes one code.
func (d *Decompressor) lookup(t *table) (entry, error) {
	for {
		e := t.entries[d.buf&t.mask]
		if e&subtable != 0 {
			e = t.sub(e, d.buf)
		}
		switch k := uint(e & codeMask); {
		case k <= d.n && e&invalid != 0:
			return 0, ErrCorrupt
		case k <= d.n:
			d.drop(k)
			return e, nil
		case !d.fill(d.n + 1):
			return 0, errStarved
		}
	}
}

// value decodes the extra bits of a length or a distance.
func (d *Decompressor) value(e entry) (int, error) {
	v, ok := d.bits(int(e >> extraShift & 31))
	if !ok {
		return 0, errStarved
	}
	return int(e>>valueShift) + v, nil
}

// fastRoom is the place that one round of fast may need: some literals and a match, which is
// copied in whole words.
const fastRoom = 8 + 258 + 16

// fast decodes literals, and matches inside the message, while there is much input and much place.
// It may stop in front of any symbol.
func (d *Decompressor) fast() {
	stop := min(len(d.out), d.room, d.limit) - fastRoom
	in, pos, buf, n := d.in, d.pos, d.buf, d.n
	out, q := d.out, d.q
	litlen, litlenMask := d.litlen, d.litlen.mask&(tableSize-1)
	far, farMask := d.dist, d.dist.mask&(tableSize-1)
loop:
	for q < stop && pos+8 <= len(in) {
		buf |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
		pos += int((63 - n) >> 3)
		n |= 56

		e := litlen.entries[buf&litlenMask]
		for e&literal != 0 {
			buf >>= e & codeMask
			n -= uint(e & codeMask)
			out[q] = byte(e >> valueShift)
			q++
			if n < 48 {
				continue loop
			}
			e = litlen.entries[buf&litlenMask]
		}

		// What follows has 48 bits at the most: a code of 15 and 5 more, another and 13 more.
		b := buf
		if e&subtable != 0 {
			e = litlen.sub(e, b)
		}
		if e&(literal|endOfBlock|invalid) != 0 {
			break
		}
		x := e >> extraShift & 31
		b >>= e & codeMask
		length := int(e>>valueShift) + int(b&(1<<x-1))
		b >>= x
		used := uint(e&codeMask + x)

		if e = far.entries[b&farMask]; e&subtable != 0 {
			e = far.sub(e, b)
		}
		x = e >> extraShift & 31
		b >>= e & codeMask
		dist := int(e>>valueShift) + int(b&(1<<x-1))
		b >>= x
		used += uint(e&codeMask + x)
		if e&invalid != 0 || dist > q+d.reach || dist > q-d.base {
			break // symbol finds out what it is
		}
		buf, n = b, n-used
		if length <= 16 && dist >= 8 {
			binary.LittleEndian.PutUint64(out[q:], binary.LittleEndian.Uint64(out[q-dist:]))
			binary.LittleEndian.PutUint64(out[q+8:], binary.LittleEndian.Uint64(out[q-dist+8:]))
		} else {
			repeat(out, q, dist, length)
		}
		q += length
	}
	d.pos, d.buf, d.n, d.q = pos, buf, n, q
}
