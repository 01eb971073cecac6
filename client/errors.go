package client

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A HandshakeError says why an answer of the server opened no connection.
type HandshakeError struct {
	// Status is that of the response: 101 if the server agreed but broke a rule,
	// and 0 if there was no response that could be read.
	Status int

	// Header has the fields of the response; nil if Status is 0.
	// Of interest may be Location, Retry-After, Www-Authenticate
	// and Sec-Websocket-Version.
	Header http.Header

	// Body is the start of the response's body, without its chunked encoding:
	// at most 4 KiB, and what came within a second. It is nil if Status is 101.
	Body []byte

	// Err is what is wrong, such as the rule that a response with status 101
	// breaks, or a *conn.LimitError if Config.MaxHeaderBytes was met.
	Err error
}

// maxShown is how much of a body, or of what is no response, an error shows.
const maxShown = 100

// Error tells what is wrong, and the beginning of the body.
func (e *HandshakeError) Error() string {
	s := "websocket: handshake failed: " + unprefixed(e.Err)
	if len(e.Body) > 0 {
		s += "; the body begins with " + quote(e.Body)
	}
	return s
}

// Unwrap returns e.Err.
func (e *HandshakeError) Unwrap() error { return e.Err }

// quote returns the start of b as an error shows it.
func quote(b []byte) string {
	return fmt.Sprintf("%+q", b[:min(len(b), maxShown)])
}

// unprefixed returns what err says without the prefix of this module.
func unprefixed(err error) string {
	if err == nil {
		return "no reason"
	}
	return strings.TrimPrefix(err.Error(), "websocket: ")
}

// A contextError is the end of a context. It is both what the context's Err
// returned and its cause, which is the one that it shows.
type contextError struct{ err, cause error }

// Error tells the cause.
func (e *contextError) Error() string { return unprefixed(e.cause) }

// Unwrap returns both errors.
func (e *contextError) Unwrap() []error { return []error{e.err, e.cause} }

// failure returns err, with which a step ended, as Dial returns it.
// If it is the context that made the step end, that is what counts:
// err then merely tells that somebody closed the connection.
func failure(ctx context.Context, step string, err error) error {
	if ended(ctx) {
		err = &contextError{ctx.Err(), context.Cause(ctx)}
	}
	return fmt.Errorf("websocket: %s: %w", step, err)
}

// ended reports whether ctx is over. The deadline of a socket
// may fire a moment before the timer of the context that it comes from.
func ended(ctx context.Context) bool {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}
