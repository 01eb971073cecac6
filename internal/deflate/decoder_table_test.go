package deflate

import (
	"math/rand/v2"
	"testing"
)

// tableLens lists the symbols, in any order, with so many codes of each length.
func tableLens(counts []int, shuffle func(n int, swap func(i, j int))) (lens []codeLen, count lenCount) {
	var lengths []uint
	for l, n := range counts {
		for range n {
			lengths = append(lengths, uint(l+1))
		}
	}
	shuffle(len(lengths), func(i, j int) { lengths[i], lengths[j] = lengths[j], lengths[i] })
	for i, l := range lengths {
		lens = append(lens, count.add(i, l))
	}
	return lens, count
}

// checkTable looks up each code of lens in table.
func checkTable(t *testing.T, table []slot, root int, lens []codeLen, symbols []slot) {
	t.Helper()
	lengths := make([]int, len(lens))
	for i, l := range lens {
		lengths[i] = int(l.length())
	}
	for code, symbol := range newRefCode(lengths).symbols {
		hold, n := uint64(0), uint(0) // the code, its first bit lowest, before ones
		for ; code>>n > 1; n++ {
			hold = hold<<1 | uint64(code>>n&1)
		}
		hold |= ^uint64(0) << n
		s := table[hold&(1<<root-1)]
		if s&slotSub != 0 {
			n -= s.take()
			s = table[s.value()+int(hold>>s.take()&(1<<s.code()-1))]
		}
		if s != symbols[symbol]+slot(n)*0x101 {
			t.Fatalf("symbol %d with %d bits: slot %#x", symbol, lengths[symbol], s)
		}
	}
}

// The codes that need the largest tables just fit. (Which ones these are came out of trying all ways to
// divide so many codes among the lengths.)
func TestLargestTables(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var litlen litlenTable
	lens, count := tableLens([]int{1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 233, 45, 1, 1, 2}, r.Shuffle)
	root, set := makeTable(litlen[:], litlenBits, lens, &count, litlenSymbols[:], new(sortedSlots))
	if root != litlenBits || set != setComplete || litlen[litlenSize-1] == 0 {
		t.Errorf("literals: %d bits, set %d, last slot %#x", root, set, litlen[litlenSize-1])
	}
	checkTable(t, litlen[:], root, lens, litlenSymbols[:])

	var dists distTable
	lens, count = tableLens([]int{1, 1, 1, 1, 1, 0, 0, 0, 13, 5, 1, 1, 1, 1, 2}, r.Shuffle)
	root, set = makeTable(dists[:], distBits, lens, &count, distSymbols[:], new(sortedSlots))
	if root != distBits || set != setComplete || dists[distSize-1] == 0 {
		t.Errorf("distances: %d bits, set %d, last slot %#x", root, set, dists[distSize-1])
	}
	checkTable(t, dists[:], root, lens, distSymbols[:])
}

// In the table for any complete code, each code stands for its symbol.
func TestMakeTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		counts := make([]int, maxCodeBits)
		left, most := 2, 2+r.IntN(maxLitlen-2)
		for l := range counts {
			if room := most - left; room <= 0 || l == maxCodeBits-1 || r.IntN(8) == 0 {
				counts[l] = left
				break
			}
			counts[l] = left - 1 - r.IntN(min(left, most-left))
			left = 2 * (left - counts[l])
			most -= counts[l]
		}
		lens, count := tableLens(counts, r.Shuffle)
		if len(lens) > maxLitlen {
			continue
		}
		var table litlenTable
		root, set := makeTable(table[:], litlenBits, lens, &count, litlenSymbols[:], new(sortedSlots))
		if set != setComplete {
			t.Fatalf("lengths %v: set %d", counts, set)
		}
		checkTable(t, table[:], root, lens, litlenSymbols[:])
	}
}

// What a set of code lengths is, by how many codes there are of each length.
func TestCodeSets(t *testing.T) {
	for _, tt := range []struct {
		name   string
		counts []int
		want   codeSet
	}{
		{"none", nil, setEmpty},
		{"one of one bit", []int{1}, setSingle},
		{"one of two bits", []int{0, 1}, setIncomplete},
		{"two of one bit", []int{2}, setComplete},
		{"three of one bit", []int{3}, setOver},
		{"three of two bits", []int{0, 3}, setIncomplete},
		{"all lengths", []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}, setComplete},
		{"all lengths, one of 15 bits missing", []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, setIncomplete},
		{"all lengths, one of 15 bits too many", []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3}, setOver},
		{"two of one bit and another", []int{2, 1}, setOver},
	} {
		lens, count := tableLens(tt.counts, func(int, func(i, j int)) {})
		var table litlenTable
		if _, set := makeTable(table[:], litlenBits, lens, &count, litlenSymbols[:], new(sortedSlots)); set != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, set, tt.want)
		}
	}
}
