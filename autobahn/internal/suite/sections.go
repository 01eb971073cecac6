package suite

import (
	"slices"
	"strings"
)

// A Section is a group of cases with a common start of their ids.
type Section struct {
	Number string    // such as "6" or "6.4"
	Title  string    // plain text
	Parts  []Section // in order; none if the cases are not grouped further
}

// Has reports whether the case is in s.
func (s Section) Has(id string) bool { return strings.HasPrefix(id, s.Number+".") }

// Sections returns all sections in order, with their parts. It must not be modified.
func Sections() []Section { return sections }

// SectionOf returns the section of a case, without its parts: "6" and its title for "6.4.1".
// Both are empty if there is none.
func SectionOf(id string) (number, title string) { return find(sections, id) }

// PartOf returns the part of a section that a case is in: "6.4" and its title for "6.4.1".
// Both are empty if there is none.
func PartOf(id string) (number, title string) {
	for _, s := range sections {
		if s.Has(id) {
			return find(s.Parts, id)
		}
	}
	return "", ""
}

func find(list []Section, id string) (number, title string) {
	i := slices.IndexFunc(list, func(s Section) bool { return s.Has(id) })
	if i < 0 {
		return "", ""
	}
	return list[i].Number, list[i].Title
}

var sections = []Section{
	{"1", "Framing", []Section{
		{"1.1", "Text messages in one frame", nil},
		{"1.2", "Binary messages in one frame", nil},
	}},
	{"2", "Pings/Pongs", nil},
	{"3", "Reserved Bits", nil},
	{"4", "Opcodes", []Section{
		{"4.1", "Reserved data opcodes", nil},
		{"4.2", "Reserved control opcodes", nil},
	}},
	{"5", "Fragmentation", nil},
	{"6", "UTF-8 Handling", []Section{
		{"6.1", "Text messages with empty fragments", nil},
		{"6.2", "Valid UTF-8, whole and in fragments", nil},
		{"6.3", "Invalid UTF-8, whole and in fragments", nil},
		{"6.4", "Invalid UTF-8, rejected early", nil},
		{"6.5", "Assorted valid text", nil},
		{"6.6", "Every prefix of a Greek word", nil},
		{"6.7", "The lowest code points of 1 to 4 octets", nil},
		{"6.8", "The lowest sequences of 5 and 6 octets", nil},
		{"6.9", "The highest code points of 1 to 4 octets", nil},
		{"6.10", "The highest sequences of 4 to 6 octets", nil},
		{"6.11", "Code points at the edges of ranges", nil},
		{"6.12", "Continuation octets alone", nil},
		{"6.13", "Leads with a space instead of a continuation octet", nil},
		{"6.14", "Sequences without their last octet", nil},
		{"6.15", "Sequences without their last octet, in a row", nil},
		{"6.16", "Octets that UTF-8 never has", nil},
		{"6.17", "A slash in too many octets", nil},
		{"6.18", "The highest code points in one octet too many", nil},
		{"6.19", "U+0000 in too many octets", nil},
		{"6.20", "Single surrogates", nil},
		{"6.21", "Pairs of surrogates", nil},
		{"6.22", "Noncharacters, which are valid", nil},
		{"6.23", "Specials, which are valid", nil},
	}},
	{"7", "Close Handling", []Section{
		{"7.1", "Frames around a close frame", nil},
		{"7.3", "Payloads of close frames", nil},
		{"7.5", "Reasons that are not valid UTF-8", nil},
		{"7.7", "Status codes that may be sent", nil},
		{"7.9", "Status codes that must not be sent", nil},
		{"7.13", "Status codes out of range", nil},
	}},
	{"9", "Limits/Performance", []Section{
		{"9.1", "A big text message in one frame", nil},
		{"9.2", "A big binary message in one frame", nil},
		{"9.3", "A text message of 4 MiB in fragments", nil},
		{"9.4", "A binary message of 4 MiB in fragments", nil},
		{"9.5", "A text message of 1 MiB in small writes", nil},
		{"9.6", "A binary message of 1 MiB in small writes", nil},
		{"9.7", "Round trips of text messages", nil},
		{"9.8", "Round trips of binary messages", nil},
	}},
	{"10", "Misc", []Section{
		{"10.1", "Automatic fragmentation", nil},
	}},
	{"12", "WebSocket Compression", []Section{
		{"12.1", "JSON, text messages", nil},
		{"12.2", "A picture, binary messages", nil},
		{"12.3", "Prose, binary messages", nil},
		{"12.4", "HTML, text messages", nil},
		{"12.5", "A PDF file, binary messages", nil},
	}},
	{"13", "WebSocket Compression", []Section{
		{"13.1", "No parameters asked of the peer", nil},
		{"13.2", "No context takeover", nil},
		{"13.3", "Windows of 9 bits", nil},
		{"13.4", "Windows of 15 bits", nil},
		{"13.5", "No context takeover, windows of 9 bits", nil},
		{"13.6", "No context takeover, windows of 15 bits", nil},
		{"13.7", "Three offers, the strictest first", nil},
	}},
	{"x", "Beyond the original", []Section{
		{"x.1", "Frames", nil},
		{"x.2", "Fragments", nil},
		{"x.3", "Close frames", nil},
		{"x.4", "Compression", nil},
		{"x.5", "Requests of the opening handshake", nil},
		{"x.6", "Responses of the opening handshake", nil},
	}},
}
