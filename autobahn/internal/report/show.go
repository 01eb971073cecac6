package report

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

// payload shows the start of a payload, which is not made for that.
func payload(p suite.Payload, limit int) string {
	start := suite.Payload{Pattern: p.Pattern, N: min(p.N, limit+1)}
	return quote(start.Bytes(), p.N, limit)
}

// quote shows a payload of size octets that starts with b: in quotes if it is printable, otherwise in hex,
// and no more than limit octets of it, or half as many in hex.
func quote(b []byte, size, limit int) string {
	text := b[:min(len(b), limit)]
	if len(text) < size {
		text = whole(text)
	}
	if printable(text) {
		return strconv.Quote(string(text)) + cut(len(text), size)
	}
	b = b[:min(len(b), limit/2)]
	return "0x" + hex.EncodeToString(b) + cut(len(b), size)
}

// cut says how long a payload is of which only n octets are shown.
func cut(n, size int) string {
	if n == size {
		return ""
	}
	return "… (" + octets(size) + ")"
}

// whole returns b without a character at its end that was cut.
func whole(b []byte) []byte {
	for n := 1; n <= min(3, len(b)); n++ {
		c := b[len(b)-n:]
		if utf8.RuneStart(c[0]) {
			if !utf8.FullRune(c) {
				return b[:len(b)-n]
			}
			break
		}
	}
	return b
}

// printable reports whether b reads better as text, with an escape here and there, than as hex.
func printable(b []byte) bool {
	strange := 0
	for _, c := range string(b) {
		if !unicode.IsPrint(c) {
			strange++
		}
	}
	return utf8.Valid(b) && strange <= len(b)/4
}

// visible returns the first characters of s. What is not printable is shown as its number.
func visible(s string, limit int) string {
	return show(s, limit, "")
}

// visibleLines is like visible, but keeps the ends of lines.
func visibleLines(s string, limit int) string {
	return show(strings.ReplaceAll(s, "\r\n", "\n"), limit, "\n")
}

func show(s string, limit int, keep string) string {
	var b strings.Builder
	n := 0
	for i, c := range s {
		if n++; n > limit {
			return b.String() + "…"
		}
		switch {
		case strings.ContainsRune(keep, c) && c != utf8.RuneError, c == utf8.RuneError && strings.HasPrefix(s[i:], "\uFFFD"):
			b.WriteRune(c)
		case c == utf8.RuneError:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(c):
			b.WriteRune(c)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		}
	}
	return b.String()
}

// textHex shows a payload both ways; as text only if it is printable.
func textHex(b []byte, size int) (text, digits string) {
	if size == 0 {
		return "", ""
	}
	shown := b[:min(len(b), maxText)]
	if len(shown) < size {
		shown = whole(shown)
	}
	if printable(shown) {
		text = strconv.Quote(string(shown)) + pick(len(shown) < size, "…", "")
	}
	digits = spaced(b[:min(len(b), 64)])
	if size > 64 || size > len(b) {
		digits += " …"
	}
	return text, digits
}

// spaced returns octets in hex, four at a time.
func spaced(b []byte) string {
	var parts []string
	for p := range slices.Chunk(b, 4) {
		parts = append(parts, hex.EncodeToString(p))
	}
	return strings.Join(parts, " ")
}
