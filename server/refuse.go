package server

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/ws6455/ws/handshake"
)

// How long, and for how many bytes, a client that was refused may go on to send.
const (
	lingerTime  = time.Second
	lingerBytes = 256 << 10
)

// turnAway ends a connection that sent no request which could be decided on.
// If the client can be told why, it is.
func (h *half) turnAway(err error) {
	h.s.refused(nil, err)
	if e, ok := errors.AsType[*handshake.Error](err); ok {
		h.refuse(e)
	}
}

// refuse answers with e, and sees to it that the answer arrives.
//
// https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2
func (h *half) refuse(e *handshake.Error) {
	h.raw = nil // every read and write has a deadline from now on
	b := appendRefusal(nil, e, time.Now())
	if h.head.Method == http.MethodHead { // "The server MUST NOT send content"
		b = b[:bytes.Index(b, []byte("\r\n\r\n"))+4]
	}
	if h.write(b) == nil {
		h.linger()
	}
}

// linger waits until the client has closed its side, within bounds.
// If the connection were closed while bytes of the client are unread or under way,
// it would be reset, and the answer might get lost.
//
// https://www.rfc-editor.org/rfc/rfc9112#section-9.6
func (h *half) linger() {
	if w, ok := h.nc.(interface{ CloseWrite() error }); !ok || w.CloseWrite() != nil {
		return
	}
	by := time.Now().Add(lingerTime)
	if h.by.IsZero() || by.Before(h.by) {
		h.nc.SetDeadline(by)
	}
	for n := 0; n < lingerBytes; {
		if h.read() != nil {
			return
		}
		n += h.n
		h.giveBack()
	}
}

// ownFields are those of a refusal that do not come from the Error.
var ownFields = []string{
	"Connection", "Content-Length", "Content-Type", "Date", "Transfer-Encoding", "X-Content-Type-Options",
}

// among returns the names in h, in whatever letters, that are among fields.
func among(h http.Header, fields []string) map[string]bool {
	names := make(map[string]bool)
	for name := range h {
		if slices.Contains(fields, http.CanonicalHeaderKey(name)) {
			names[name] = true
		}
	}
	return names
}

// appendRefusal appends the response that e is answered with. What follows it is the end.
func appendRefusal(b []byte, e *handshake.Error, now time.Time) []byte {
	w := bytes.NewBuffer(b)
	fmt.Fprintf(w, "HTTP/1.1 %03d %s\r\n", e.Status, http.StatusText(e.Status))
	e.Header.WriteSubset(w, among(e.Header, ownFields)) // leaves out or replaces what would be another line
	for _, option := range e.Header["Connection"] {
		if option == "Upgrade" { // it belongs to a field Upgrade
			w.WriteString("Connection: Upgrade\r\n")
		}
	}
	w.WriteString("Connection: close\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n" +
		"X-Content-Type-Options: nosniff\r\n")
	fmt.Fprintf(w, "Date: %s\r\nContent-Length: %d\r\n\r\n%s\n", now.UTC().Format(http.TimeFormat), len(e.Reason)+1, e.Reason)
	return w.Bytes()
}
