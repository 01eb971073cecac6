package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/frame"
)

// maxBytes is how much of a binary message, or of the body of an answer, is shown.
const maxBytes = 256

// A printer writes lines. Nothing gets past it unescaped, whoever it is from.
type printer struct {
	mu      sync.Mutex // one line at a time
	out     io.Writer  // messages and what happens
	errOut  io.Writer  // what goes wrong
	quiet   bool       // only messages and what goes wrong
	verbose bool
}

// message prints a message that arrived.
func (p *printer) message(typ frame.Opcode, data []byte) {
	text := string(data)
	if typ == frame.Binary {
		text = hexdump(data)
	}
	p.line(p.out, "< ", text)
}

// status prints what happens.
func (p *printer) status(format string, v ...any) {
	if !p.quiet {
		p.line(p.out, "* ", fmt.Sprintf(format, v...))
	}
}

// detail prints what only some want to know.
func (p *printer) detail(format string, v ...any) {
	if p.verbose {
		p.status(format, v...)
	}
}

// answer prints what a command asked for.
func (p *printer) answer(format string, v ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, v...), "\n") {
		p.line(p.out, "* ", line)
	}
}

// problem prints what went wrong, and what a server or a proxy answered instead of accepting.
func (p *printer) problem(err error) {
	if e, ok := errors.AsType[*client.HandshakeError](err); ok {
		p.line(p.errOut, "error: ", "handshake failed: "+unprefixed(e.Err))
		p.response(e.Header, e.Body)
		return
	}
	if e, ok := errors.AsType[*client.ProxyError](err); ok {
		p.line(p.errOut, "error: ", "proxy "+e.Proxy+": "+unprefixed(e.Err))
		p.response(e.Header, e.Body)
		return
	}
	p.line(p.errOut, "error: ", unprefixed(err))
}

// response prints what is of interest in an answer.
func (p *printer) response(header http.Header, body []byte) {
	for _, name := range telling {
		for _, value := range header.Values(name) {
			p.line(p.errOut, "  ", name+": "+value)
		}
	}
	body = body[:min(len(body), maxBytes)]
	for line := range strings.Lines(string(body)) {
		p.line(p.errOut, "  | ", strings.TrimRight(line, "\r\n"))
	}
}

// telling are the fields of an answer that may tell why it is no acceptance.
var telling = []string{
	"Location", "Retry-After", "WWW-Authenticate", "Proxy-Authenticate",
	"Sec-WebSocket-Version", "Upgrade", "Server", "Via", "Content-Type",
}

// line writes one line.
func (p *printer) line(w io.Writer, prefix, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	io.WriteString(w, prefix+escape(text)+"\n")
}

// unprefixed returns what err says without the prefix of the library.
func unprefixed(err error) string {
	return strings.TrimPrefix(err.Error(), "websocket: ")
}

// escape returns s with all that is not printed as itself, but for tabs, as Go would write it:
// line ends, the sequences that control terminals, and characters that turn the direction of writing.
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == unicode.ReplacementChar && !strings.HasPrefix(s[i:], string(r)): // not UTF-8
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\t' || unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}

// hexdump returns the size of data and its bytes, or the first of them.
func hexdump(data []byte) string {
	s := fmt.Sprintf("binary, %d bytes: % x", len(data), data[:min(len(data), maxBytes)])
	if len(data) > maxBytes {
		s += " …"
	}
	return strings.TrimSpace(s)
}
