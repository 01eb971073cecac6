package deflate

import "encoding/binary"

// What fast wants to have to spare.
const (
	fastIn  = 16 // bytes of src: two loads of 8 bytes, of which the first consumes 7
	fastOut = 16 // bytes of dst: literals, and what a copy writes too much

	padding = 8 + fastIn // zeros behind the end of the payload, for fastEnd
)

// fast decodes symbols of a block in src from ns on, as long as src and dst have room to spare.
// It returns where it stopped: at a symbol that is better decoded by itself. That is the end of the
// block, an error, or a match that dst is too small for.
//
// In here, bits of hold above the lowest n may be those that come next. In the loop, n is at least 56.
// A symbol is looked up before hold is filled again, so that it need not wait for that.
func (d *Decoder) fast(src []byte, ns int) int {
	litlen, dists, litlenMask, distMask := d.tables()
	dst, nd := d.dst, d.nd
	hold, n := d.hold, d.n
	window := d.window

	hold |= binary.LittleEndian.Uint64(src[ns:]) << (n & 63)
	ns += int((n ^ 63) >> 3)
	n |= 56
	s := litlen[hold&litlenMask]
	for ns <= len(src)-fastIn && nd <= len(dst)-fastOut {
		// Four literals have at most 40 bits, if each is in the first part of the table.
		if s&slotLiteral != 0 {
			to := dst[nd : nd+4]
			to[0] = byte(s >> 16)
			nd++
			hold, n = hold>>s.take(), n-s.take()
			s = litlen[hold&litlenMask]
			if s&slotLiteral != 0 {
				to[1] = byte(s >> 16)
				nd++
				hold, n = hold>>s.take(), n-s.take()
				s = litlen[hold&litlenMask]
				if s&slotLiteral != 0 {
					to[2] = byte(s >> 16)
					nd++
					hold, n = hold>>s.take(), n-s.take()
					s = litlen[hold&litlenMask]
					if s&slotLiteral != 0 {
						to[3] = byte(s >> 16)
						nd++
						hold, n = hold>>s.take(), n-s.take()
						s = litlen[hold&litlenMask]
					}
				}
			}
			hold |= binary.LittleEndian.Uint64(src[ns:]) << (n & 63)
			ns += int((n ^ 63) >> 3)
			n |= 56
			continue
		}

		// A length and a distance have at most 48 bits. They are taken when all is well.
		h, k := hold, n
		if s&slotSpecial != 0 {
			if s&slotSub == 0 {
				break
			}
			h, k = h>>s.take(), k-s.take()
			s = litlen[s.value()+int(h&(1<<s.code()-1))]
			if s&slotSpecial != 0 {
				break
			}
			if s&slotLiteral != 0 {
				dst[nd] = byte(s >> 16)
				nd++
				hold, n = h>>s.take(), k-s.take()
				s = litlen[hold&litlenMask]
				hold |= binary.LittleEndian.Uint64(src[ns:]) << (n & 63)
				ns += int((n ^ 63) >> 3)
				n |= 56
				continue
			}
		}
		length := s.extended(h)
		h, k = h>>s.take(), k-s.take()
		s = dists[h&distMask]
		if s&slotSpecial != 0 {
			if s&slotSub == 0 {
				break
			}
			h, k = h>>s.take(), k-s.take()
			s = dists[s.value()+int(h&(1<<s.code()-1))]
			if s&slotSpecial != 0 {
				break
			}
		}
		dist := s.extended(h)
		from, end := nd-dist, nd+length
		if dist > window.size || end > len(dst)-fastOut || -from > window.n {
			break
		}
		hold, n = h>>s.take(), k-s.take()
		s = litlen[hold&litlenMask]
		hold |= binary.LittleEndian.Uint64(src[ns:]) << (n & 63)
		ns += int((n ^ 63) >> 3)
		n |= 56

		at := dst
		switch {
		case from < 0:
			at = window.tail(-from)
			if length > min(-from, len(at)-fastOut) {
				nd += window.read(dst[nd:end], -from)
				for nd < end {
					nd += copy(dst[nd:end], dst[:nd])
				}
				continue
			}
		case dist < 8:
			repeat(dst[from:], dist, dist+length)
			nd = end
			continue
		default:
			at = dst[from:]
		}
		to := dst[nd:]
		nd = end
		binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(at))
		binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(at[8:]))
		for i := 16; i < length; i += 8 {
			binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(at[i:]))
		}
	}
	d.nd = nd
	d.hold, d.n = hold&(1<<n-1), n
	return ns
}

// repeat repeats the first dist bytes of b, less than 8, up to end and a few bytes beyond.
func repeat(b []byte, dist, end int) {
	v := binary.LittleEndian.Uint64(b) & (1<<(8*dist) - 1)
	for n := dist; n < 8; n *= 2 {
		v |= v << (8 * n)
	}
	step := 8 / dist * dist
	for i := dist; i < end; i += step {
		binary.LittleEndian.PutUint64(b[i:], v)
	}
}

// fastEnd is fast for the end of the payload: a copy with the tail and zeros behind it.
// If it takes one of these for data, the message has no end, and nothing has happened.
func (d *Decoder) fastEnd() {
	var padded [fastIn + len(tail) + padding]byte
	rest := copy(padded[:], d.src[d.ns:])
	end := rest + copy(padded[rest:], tail)
	hold, n, nd := d.hold, d.n, d.nd
	ns := d.fast(padded[:end+padding], 0)
	if ns > end {
		zeros := uint(ns-end) * 8
		if d.n < zeros {
			d.hold, d.n, d.nd = hold, n, nd
			return
		}
		d.n -= zeros
		ns = end
	}
	d.ns += min(ns, rest)
	d.tail = max(0, ns-rest)
}
