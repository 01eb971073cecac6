package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A HandshakeError says why an answer of the server opened no connection.
type HandshakeError struct {
	// URL is where the answer comes from, the last if there were redirects,
	// without user information and query.
	URL string

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
	// breaks, why a redirect was not followed, or a *conn.LimitError
	// if Config.MaxHeaderBytes or Config.MaxRedirects was met.
	Err error

	redirects int // that led to URL
}

// maxShown is how much of a body, or of what is no response, an error shows.
const maxShown = 100

// Error tells what is wrong, the URL if it is not the one that was dialed,
// and the beginning of the body.
func (e *HandshakeError) Error() string {
	s := "websocket: handshake failed: "
	if e.redirects > 0 {
		s = fmt.Sprintf("websocket: handshake with %s (redirect %d) failed: ", e.URL, e.redirects)
	}
	return s + unprefixed(e.Err) + excerpt(e.Body)
}

// Unwrap returns e.Err.
func (e *HandshakeError) Unwrap() error { return e.Err }

// RetryAfter returns how long the server asks to be left alone,
// and whether it does: what is left from now until the time of its
// Retry-After field, which is usual with status 429 and 503.
//
// https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
func (e *HandshakeError) RetryAfter() (time.Duration, bool) { return retryAfter(e.Header) }

// retryAfter returns the delay that h asks for, and whether it does.
//
//	Retry-After = HTTP-date / delay-seconds
func retryAfter(h http.Header) (time.Duration, bool) {
	const most = uint64(math.MaxInt64 / time.Second)
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, most)) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(time.Until(at), 0), true
}

// A ProxyError says why a proxy gave no tunnel to the server.
// The server has not been reached.
type ProxyError struct {
	// Proxy is the proxy's scheme, host and port, such as "http://proxy.example:3128".
	// It never has user information.
	Proxy string

	// Status is that of the response of an http or https proxy,
	// and 0 if there was no response that could be read.
	// A usual one is 407: the proxy wants another user and password.
	Status int

	// Header has the fields of that response; nil if Status is 0.
	Header http.Header

	// Body is the start of its body: at most 4 KiB, and what came within a second.
	Body []byte

	// Reply is the code with which a SOCKS proxy refuses the connection,
	// such as 2 (not allowed) and 5 (connection refused), and 0 if it did not
	// come to that. Err has it in words.
	//
	// https://www.rfc-editor.org/rfc/rfc1928#section-6
	Reply int

	// Err is what is wrong, such as an error of net or crypto/tls from the way
	// to the proxy, io.ErrUnexpectedEOF if the proxy hung up, the end of the context,
	// or a *conn.LimitError if Config.MaxHeaderBytes or Config.HandshakeTimeout was met.
	Err error
}

// Error tells which proxy it is, what is wrong, and the beginning of the body.
func (e *ProxyError) Error() string {
	return "websocket: proxy " + e.Proxy + ": " + unprefixed(e.Err) + excerpt(e.Body)
}

// Unwrap returns e.Err.
func (e *ProxyError) Unwrap() error { return e.Err }

// RetryAfter is that of [HandshakeError], asked for by the proxy.
func (e *ProxyError) RetryAfter() (time.Duration, bool) { return retryAfter(e.Header) }

// excerpt returns the start of a body as it stands at the end of an error.
func excerpt(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	return "; the body begins with " + quote(body)
}

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
func failure(ctx context.Context, step string, err error) error {
	return fmt.Errorf("websocket: %s: %w", step, orContext(ctx, err))
}

// orContext returns err, with which a step ended, or the end of ctx
// if it is that which made the step end:
// err then merely tells that somebody closed the connection.
func orContext(ctx context.Context, err error) error {
	if ended(ctx) {
		return &contextError{ctx.Err(), context.Cause(ctx)}
	}
	return err
}

// ended reports whether ctx is over. The deadline of a socket
// may fire a moment before the timer of the context that it comes from.
func ended(ctx context.Context) bool {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}
