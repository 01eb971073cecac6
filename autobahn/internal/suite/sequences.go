package suite

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A sequence is a text message of sections 6.5 to 6.23.
type sequence struct {
	octets string
	bad    int // the first octet that cannot occur in UTF-8, counted from 0; or one of these
	what   string
}

const (
	valid = -1 // UTF-8
	short = -2 // UTF-8 but for the end, which is inside a character
)

// sequences are those of sections 6.5, 6.6 and so on.
var sequences = [][]sequence{
	{ // 6.5
		{"hello$world", valid, "characters of one octet only"},
		{"hello\u00a2world", valid, "with a character of two octets, U+00A2"},
		{"hello\u20acworld", valid, "with a character of three octets, U+20AC"},
		{"hello\U00024b62world", valid, "with a character of four octets, U+24B62"},
		{greek, valid, "a Greek word with characters of two and three octets"},
	},
	startsOf(greek, 2, 5, 7, 9, 11), // 6.6
	{ // 6.7
		{"\x00", valid, "U+0000, the lowest of one octet"},
		{"\xc2\x80", valid, "U+0080, the lowest of two octets"},
		{"\xe0\xa0\x80", valid, "U+0800, the lowest of three octets"},
		{"\xf0\x90\x80\x80", valid, "U+10000, the lowest of four octets"},
	},
	{ // 6.8
		{"\xf8\x88\x80\x80\x80", 0, "0x200000, the lowest of five octets"},
		{"\xfc\x84\x80\x80\x80\x80", 0, "0x4000000, the lowest of six octets"},
	},
	{ // 6.9
		{"\x7f", valid, "U+007F, the highest of one octet"},
		{"\xdf\xbf", valid, "U+07FF, the highest of two octets"},
		{"\xef\xbf\xbf", valid, "U+FFFF, the highest of three octets"},
		{"\xf4\x8f\xbf\xbf", valid, "U+10FFFF, the highest of all"},
	},
	{ // 6.10
		{"\xf7\xbf\xbf\xbf", 0, "0x1FFFFF, the highest that four octets could hold"},
		{"\xfb\xbf\xbf\xbf\xbf", 0, "0x3FFFFFF, the highest that five octets could hold"},
		{"\xfd\xbf\xbf\xbf\xbf\xbf", 0, "0x7FFFFFFF, the highest that six octets could hold"},
	},
	{ // 6.11
		{"\xed\x9f\xbf", valid, "U+D7FF, the last before the surrogates"},
		{"\xee\x80\x80", valid, "U+E000, the first after the surrogates"},
		{"\xef\xbf\xbd", valid, "U+FFFD, the replacement character"},
		{"\xf4\x8f\xbf\xbf", valid, "U+10FFFF, the last of all"},
		{"\xf4\x90\x80\x80", 1, "0x110000, the first that is too high"},
	},
	{ // 6.12
		{"\x80", 0, "the first continuation octet"},
		{"\xbf", 0, "the last continuation octet"},
		{"\x80\xbf", 0, "two continuation octets"},
		{"\x80\xbf\x80", 0, "three continuation octets"},
		{"\x80\xbf\x80\xbf", 0, "four continuation octets"},
		{"\x80\xbf\x80\xbf\x80", 0, "five continuation octets"},
		{"\x80\xbf\x80\xbf\x80\xbf", 0, "six continuation octets"},
		{span(0x80, 0xbe, ""), 0, "the continuation octets from 80 to be"},
	},
	{ // 6.13
		{span(0xc0, 0xde, " "), 0, "the leads of two octets from c0 to de, a space after each"},
		{span(0xe0, 0xee, " "), 1, "the leads of three octets from e0 to ee, a space after each"},
		{span(0xf0, 0xf6, " "), 1, "the leads of four octets from f0 to f6, a space after each"},
		{span(0xf8, 0xfa, " "), 0, "the leads of five octets from f8 to fa, a space after each"},
		{span(0xfc, 0xfc, " "), 0, "a lead of six octets, fc, and a space"},
	},
	truncated, // 6.14
	{ // 6.15
		{joinOctets(truncated), 0, "the ten sequences of 6.14 in a row"},
	},
	{ // 6.16
		{"\xfe", 0, "an octet that UTF-8 never has"},
		{"\xff", 0, "an octet that UTF-8 never has"},
		{"\xfe\xfe\xff\xff", 0, "octets that UTF-8 never has"},
	},
	{ // 6.17
		{"\xc0\xaf", 0, "a slash, U+002F, in two octets"},
		{"\xe0\x80\xaf", 1, "a slash, U+002F, in three octets"},
		{"\xf0\x80\x80\xaf", 1, "a slash, U+002F, in four octets"},
		{"\xf8\x80\x80\x80\xaf", 0, "a slash, U+002F, in five octets"},
		{"\xfc\x80\x80\x80\x80\xaf", 0, "a slash, U+002F, in six octets"},
	},
	{ // 6.18
		{"\xc1\xbf", 0, "U+007F, which fits in one octet, in two"},
		{"\xe0\x9f\xbf", 1, "U+07FF, which fits in two octets, in three"},
		{"\xf0\x8f\xbf\xbf", 1, "U+FFFF, which fits in three octets, in four"},
		{"\xf8\x87\xbf\xbf\xbf", 0, "0x1FFFFF, which would fit in four octets, in five"},
		{"\xfc\x83\xbf\xbf\xbf\xbf", 0, "0x3FFFFFF, which would fit in five octets, in six"},
	},
	{ // 6.19
		{"\xc0\x80", 0, "U+0000 in two octets"},
		{"\xe0\x80\x80", 1, "U+0000 in three octets"},
		{"\xf0\x80\x80\x80", 1, "U+0000 in four octets"},
		{"\xf8\x80\x80\x80\x80", 0, "U+0000 in five octets"},
		{"\xfc\x80\x80\x80\x80\x80", 0, "U+0000 in six octets"},
	},
	{ // 6.20
		{"\xed\xa0\x80", 1, "the surrogate U+D800, the first of all"},
		{"\xed\xad\xbf", 1, "the surrogate U+DB7F"},
		{"\xed\xae\x80", 1, "the surrogate U+DB80"},
		{"\xed\xaf\xbf", 1, "the surrogate U+DBFF, the last high one"},
		{"\xed\xb0\x80", 1, "the surrogate U+DC00, the first low one"},
		{"\xed\xbe\x80", 1, "the surrogate U+DF80"},
		{"\xed\xbf\xbf", 1, "the surrogate U+DFFF, the last of all"},
	},
	{ // 6.21
		{"\xed\xa0\x80\xed\xb0\x80", 1, "the surrogates U+D800 U+DC00"},
		{"\xed\xa0\x80\xed\xbf\xbf", 1, "the surrogates U+D800 U+DFFF"},
		{"\xed\xad\xbf\xed\xb0\x80", 1, "the surrogates U+DB7F U+DC00"},
		{"\xed\xad\xbf\xed\xbf\xbf", 1, "the surrogates U+DB7F U+DFFF"},
		{"\xed\xae\x80\xed\xb0\x80", 1, "the surrogates U+DB80 U+DC00"},
		{"\xed\xae\x80\xed\xbf\xbf", 1, "the surrogates U+DB80 U+DFFF"},
		{"\xed\xaf\xbf\xed\xb0\x80", 1, "the surrogates U+DBFF U+DC00"},
		{"\xed\xaf\xbf\xed\xbf\xbf", 1, "the surrogates U+DBFF U+DFFF"},
	},
	noncharacters(), // 6.22
	{ // 6.23
		{"\ufff9", valid, "U+FFF9, the interlinear annotation anchor"},
		{"\ufffa", valid, "U+FFFA, the interlinear annotation separator"},
		{"\ufffb", valid, "U+FFFB, the interlinear annotation terminator"},
		{"\ufffc", valid, "U+FFFC, the object replacement character"},
		{"\ufffd", valid, "U+FFFD, the replacement character"},
		{"\ufffe", valid, "U+FFFE, a noncharacter"},
		{"\uffff", valid, "U+FFFF, a noncharacter"},
	},
}

// truncated are sequences without their last octet.
var truncated = []sequence{
	{"\xc0", 0, "U+0000 in two octets, without the last"},
	{"\xe0\x80", 1, "U+0000 in three octets, without the last"},
	{"\xf0\x80\x80", 1, "U+0000 in four octets, without the last"},
	{"\xf8\x80\x80\x80", 0, "U+0000 in five octets, without the last"},
	{"\xfc\x80\x80\x80\x80", 0, "U+0000 in six octets, without the last"},
	{"\xdf", short, "U+07FF without its last octet"},
	{"\xef\xbf", short, "U+FFFF without its last octet"},
	{"\xf7\xbf\xbf", 0, "0x1FFFFF in four octets, without the last"},
	{"\xfb\xbf\xbf\xbf", 0, "0x3FFFFFF in five octets, without the last"},
	{"\xfd\xbf\xbf\xbf\xbf", 0, "0x7FFFFFFF in six octets, without the last"},
}

// startsOf returns the first octet of s, the first two, and so on to all of it. Those whose lengths are in whole end with a character.
func startsOf(s string, whole ...int) []sequence {
	var list []sequence
	for n := 1; n <= len(s); n++ {
		p := sequence{s[:n], short, fmt.Sprintf("%d of the 11 octets of 6.5.5", n)}
		if slices.Contains(whole, n) {
			p.bad = valid
		}
		list = append(list, p)
	}
	return list
}

// span returns the octets from lo to hi, with after after each.
func span(lo, hi byte, after string) string {
	var b strings.Builder
	for c := lo; c <= hi; c++ {
		b.WriteByte(c)
		b.WriteString(after)
	}
	return b.String()
}

// joinOctets returns the octets of list in a row.
func joinOctets(list []sequence) string {
	var b strings.Builder
	for _, s := range list {
		b.WriteString(s.octets)
	}
	return b.String()
}

// noncharacters returns the last two code points of every plane.
func noncharacters() []sequence {
	var list []sequence
	for plane := range rune(17) {
		for _, r := range []rune{plane<<16 + 0xFFFE, plane<<16 + 0xFFFF} {
			list = append(list, sequence{string(r), valid, fmt.Sprintf("the noncharacter %U", r)})
		}
	}
	return list
}

// sent returns the case in which s is sent.
func (s sequence) sent(id string) *Case {
	const limit = time.Second / 2
	c := &Case{
		ID:          id,
		Description: s.describe(),
		Steps:       []Step{Message{Opcode: OpText, Payload: once(s.octets)}, KillAfter{limit}},
	}
	if s.bad == valid {
		c.Expectation = echoed(limit)
		c.OK, c.Close = []Event{textOf(once(s.octets))}, normal
	} else {
		c.Expectation = failed(1007, limit)
		c.OK, c.Close = nothing, notUTF8
	}
	return c
}

// describe returns the description of the case in which s is sent.
func (s sequence) describe() string {
	text := fmt.Sprintf("Sends a text message in one frame: % x", s.octets)
	if n := len(s.octets); n > 24 {
		text = fmt.Sprintf("Sends a text message of %d octets in one frame: % x ... % x", n, s.octets[:8], s.octets[n-4:])
	}
	text += " (" + s.what + "). "
	switch s.bad {
	case valid:
		return text + "Valid UTF-8."
	case short:
		return text + "Not valid UTF-8: it ends inside a character, which only the end of the message shows."
	}
	return text + fmt.Sprintf("Not valid UTF-8: octet %d (%02x, counted from 0) cannot occur there.", s.bad, s.octets[s.bad])
}
