package deflate

import (
	"math/bits"
	"slices"
)

// A code is that of a symbol, in the order in which its bits are written.
type code struct {
	bits uint16
	n    uint8
}

// A plan is the codes of a dynamic block, and how they are sent.
type plan struct {
	lens   [maxLitlen + maxDist]uint8 // of both codes, as they are sent
	litlen [maxLitlen + 2]code
	dist   [maxDist + 2]code

	nlit, ndist, ncodel int
	codelLens           [19]uint8
	codel               [19]code
	symbols             []codelSymbol
	order               []uint32 // scratch of codeLengths
}

// A codelSymbol is a symbol of the code length code, with its extra bits.
type codelSymbol struct{ symbol, extra uint8 }

// makePlan makes codes for the tokens. It returns how many bits the block takes, less
// the first three and the extra bits of lengths and distances.
func (c *Compressor) makePlan() int {
	p := &c.plan
	var litLens [maxLitlen]uint8
	var distLens [maxDist]uint8
	p.codeLengths(litLens[:], c.litlen[:], maxBits)
	p.codeLengths(distLens[:], c.dist[:], maxBits)
	p.nlit, p.ndist = used(litLens[:], 257), used(distLens[:], 1)
	n := copy(p.lens[:], litLens[:p.nlit])
	n += copy(p.lens[n:], distLens[:p.ndist])
	assign(p.litlen[:], litLens[:])
	assign(p.dist[:], distLens[:])

	header := p.runs(p.lens[:n])
	return header + cost(c.litlen[:], litLens[:]) + cost(c.dist[:], distLens[:])
}

// used returns how many symbols have to be sent, at least some number.
func used(lens []uint8, least int) int {
	n := len(lens)
	for n > least && lens[n-1] == 0 {
		n--
	}
	return n
}

// runs writes lens in the symbols of the code length code, and returns how many bits they will take.
func (p *plan) runs(lens []uint8) int {
	p.symbols = p.symbols[:0]
	var count [19]uint32
	add := func(s, extra int) {
		p.symbols = append(p.symbols, codelSymbol{uint8(s), uint8(extra)})
		count[s]++
	}
	for i := 0; i < len(lens); {
		v, k := lens[i], 1
		for i+k < len(lens) && lens[i+k] == v {
			k++
		}
		i += k
		if v != 0 {
			add(int(v), 0)
			k--
		}
		for k >= 3 {
			switch {
			case v != 0:
				n := min(k, 6)
				add(16, n-3)
				k -= n
			case k <= 10:
				add(17, k-3)
				k = 0
			default:
				n := min(k, 138)
				add(18, n-11)
				k -= n
			}
		}
		for range k {
			add(int(v), 0)
		}
	}
	p.codeLengths(p.codelLens[:], count[:], 7)
	assign(p.codel[:], p.codelLens[:])
	p.ncodel = 19
	for p.ncodel > 4 && p.codelLens[codelOrder[p.ncodel-1]] == 0 {
		p.ncodel--
	}
	n := 14 + 3*p.ncodel + cost(count[:], p.codelLens[:])
	for i, r := range codelRepeat {
		n += r.bits * int(count[16+i])
	}
	return n
}

// write writes the codes.
func (p *plan) write(w *bitWriter) {
	w.put(uint64(p.nlit-257|(p.ndist-1)<<5|(p.ncodel-4)<<10), 14)
	for _, s := range codelOrder[:p.ncodel] {
		w.put(uint64(p.codelLens[s]), 3)
	}
	for _, s := range p.symbols {
		k := p.codel[s.symbol]
		w.put(uint64(k.bits), uint(k.n))
		if s.symbol >= 16 {
			w.put(uint64(s.extra), uint(codelRepeat[s.symbol-16].bits))
		}
	}
}

// codeLengths sets the lengths of an optimal code for symbols that occur so often, or of
// one that is nearly so if that would have codes of more than longest bits.
// There are always two codes at least, as some inflaters insist on.
func (p *plan) codeLengths(lens []uint8, count []uint32, longest int) {
	clear(lens)
	order := p.order[:0]
	for s, k := range count {
		if k > 0 {
			order = append(order, k<<9|uint32(s)) // a block has less than 1<<17 symbols
		}
	}
	for s := uint32(0); len(order) < 2; s++ {
		if len(order) == 0 || order[0]&0x1ff != s {
			order = append(order, s)
		}
	}
	p.order = order
	slices.Sort(order)
	var depth [maxLitlen]int32
	for i, x := range order {
		depth[i] = int32(x >> 9)
	}
	minimumRedundancy(depth[:len(order)])
	var number [32]int // of codes of each length
	for _, n := range depth[:len(order)] {
		number[min(n, 31)]++
	}
	shorten(&number, longest)
	i := len(order)
	for n := 1; n <= longest; n++ {
		for range number[n] {
			i--
			lens[order[i]&0x1ff] = uint8(n)
		}
	}
}

// minimumRedundancy replaces frequencies, which ascend, by the lengths of the codes, in place,
// after Moffat and Katajainen.
func minimumRedundancy(a []int32) {
	n := len(a)
	// a[:next] become parents of the inner nodes, whose frequencies are there first.
	root, leaf := 0, 0
	for next := range n - 1 {
		var f int32
		for range 2 {
			if leaf >= n || root < next && a[root] < a[leaf] {
				f += a[root]
				a[root] = int32(next)
				root++
			} else {
				f += a[leaf]
				leaf++
			}
		}
		a[next] = f
	}
	// Depths of the inner nodes.
	a[n-2] = 0
	for next := n - 3; next >= 0; next-- {
		a[next] = a[a[next]] + 1
	}
	// Depths of the leaves: as many as the inner nodes of each depth leave free.
	free, depth, next := 1, int32(0), n-1
	for root := n - 2; free > 0; depth++ {
		inner := 0
		for root >= 0 && a[root] == depth {
			inner++
			root--
		}
		for ; free > inner; free-- {
			a[next] = depth
			next--
		}
		free = 2 * inner
	}
}

// shorten changes the number of codes of each length so that none has more than longest bits.
func shorten(number *[32]int, longest int) {
	for n := longest + 1; n < len(number); n++ {
		number[longest] += number[n]
		number[n] = 0
	}
	total := 0
	for n := 1; n <= longest; n++ {
		total += number[n] << (longest - n)
	}
	// Each step takes a code of the most bits away, and makes two of one with less.
	for ; total > 1<<longest; total-- {
		number[longest]--
		for n := longest - 1; n > 0; n-- {
			if number[n] > 0 {
				number[n]--
				number[n+1] += 2
				break
			}
		}
	}
}

// assign gives each symbol the code that its length entails.
func assign(codes []code, lens []uint8) {
	var next [maxBits + 2]uint16
	for _, n := range lens {
		if n > 0 {
			next[n+1]++
		}
	}
	for n := 1; n < len(next); n++ { // next[n] is the number of codes of n-1 bits, then the first of n bits
		next[n] = (next[n] + next[n-1]) << 1
	}
	for s, n := range lens {
		if n > 0 {
			codes[s] = code{bits.Reverse16(next[n]) >> (16 - n), n}
			next[n]++
		} else {
			codes[s] = code{}
		}
	}
}

// fixedCodes are those of a fixed block.
var fixedCodes = makeFixedCodes()

func makeFixedCodes() *plan {
	p := new(plan)
	assign(p.litlen[:], fixedLens[:])
	assign(p.dist[:], fixedDistLens[:])
	return p
}
