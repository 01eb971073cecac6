// Package corpus makes up messages such as connections send, for tests,
// benchmarks and the load generator: of each kind as many as wanted, all different,
// of any size, and the same ones for the same seed.
package corpus

import (
	"math/rand/v2"
	"unicode/utf8"
)

// A Corpus is messages of one kind.
type Corpus struct {
	Name string
	Text bool // the messages are valid UTF-8

	// start begins what one connection sends. What it returns appends the next record.
	start func(r *rand.Rand) func(b []byte) []byte
}

// All returns every corpus, from the most to the least usual on a WebSocket.
func All() []Corpus {
	return []Corpus{
		{Name: "chat", Text: true, start: startChat},
		{Name: "market", Text: true, start: startMarket},
		{Name: "html", Text: true, start: startHTML},
		{Name: "csv", Text: true, start: startCSV},
		{Name: "protobuf", start: startProtobuf},
		{Name: "random", start: startRandom},
	}
}

// Messages returns n messages of exactly size bytes, as one connection sends them
// one after the other. The last record of a message is cut where the size is reached.
func (c Corpus) Messages(seed uint64, n, size int) [][]byte {
	next := c.start(rand.New(rand.NewPCG(seed, uint64(len(c.Name)))))
	messages := make([][]byte, n)
	for i := range messages {
		b := make([]byte, 0, size+256)
		for len(b) < size {
			b = next(b)
		}
		messages[i] = b[:size:size]
		if c.Text {
			endText(messages[i])
		}
	}
	return messages
}

// endText replaces a character that is cut at the end of b by spaces.
func endText(b []byte) {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				for ; i < len(b); i++ {
					b[i] = ' '
				}
			}
			return
		}
	}
}
