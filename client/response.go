package client

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/handshake"
)

// A peer is who answers, as errors call it.
type peer struct {
	name string
	tls  string // its URL if it speaks TLS
}

var (
	theServer = peer{"server", "a wss URL"}
	theProxy  = peer{"proxy", "an https URL"}
)

// An answer is what arrives from a peer after the request:
//
//	[ interim response … ] response [ body, or frames ]
//	                       ^ at
//
// All of it is kept until the handshake is over, so that one bound holds for all.
type answer struct {
	from   peer
	nc     io.Reader
	hangUp func() error // ends what waits for nc
	max    int          // Config.MaxHeaderBytes
	b      []byte       // what has arrived
	at     int          // where in b the head begins that is being received
}

// A received is the head of the final response, and how long it is.
type received struct {
	handshake.Response
	size int
}

// final returns the final response, at which a.at then is.
// Those before it, which have a status of 1xx, are skipped, except for 101.
//
// "A client MUST be able to parse one or more 1xx responses
// received prior to a final response"
// https://www.rfc-editor.org/rfc/rfc9110#section-15.2
func (a *answer) final() (received, error) {
	for {
		r, err := a.head()
		if err != nil || r.Status >= 200 || r.Status == http.StatusSwitchingProtocols {
			return r, err
		}
		a.at += r.size
	}
}

// head returns the head at a.at, reading from the network as needed.
// An error that is not from there is a [*HandshakeError].
func (a *answer) head() (received, error) {
	for seen := a.at; ; {
		if a.decided(seen) {
			r, n, err := handshake.ConsumeResponse(a.b[a.at:])
			switch {
			case err != nil:
				return received{}, &HandshakeError{Err: a.malformed(err)}
			case n > 0 && a.at+n <= a.max:
				return received{r, n}, nil
			case n > 0:
				return received{}, a.tooLong(a.at + n)
			}
		}
		if len(a.b) > a.max {
			return received{}, a.tooLong(len(a.b))
		}
		seen = len(a.b)
		if err := a.fill(); err != nil {
			return received{}, err
		}
	}
}

// decided reports whether b[seen:] may make the head at a.at complete, or impossible.
// Asked for each piece that arrives, it looks at every byte once;
// parsing the head for each piece would take quadratic time.
func (a *answer) decided(seen int) bool {
	if seen-a.at < len("HTTP/") {
		return true // it may turn out not to be HTTP at all
	}
	for i := seen; i < len(a.b); i++ {
		// An empty line, or one without CR.
		if a.b[i] == '\n' && (a.b[i-1] != '\r' || a.b[i-2] == '\n') {
			return true
		}
	}
	return false
}

// fill reads at least one byte from the network.
func (a *answer) fill() error {
	a.b = slices.Grow(a.b, 512)
	n, err := a.nc.Read(a.b[len(a.b):cap(a.b)])
	a.b = a.b[:len(a.b)+n]
	switch {
	case n > 0:
		return nil
	case err == io.EOF && len(a.b) > a.at:
		return fmt.Errorf("the %s hung up after %s: %w", a.from.name, quote(a.b[a.at:]), io.ErrUnexpectedEOF)
	case err == io.EOF:
		return fmt.Errorf("the %s hung up without an answer: %w", a.from.name, io.ErrUnexpectedEOF)
	default:
		return err
	}
}

// tooLong refuses an answer for its size.
func (a *answer) tooLong(size int) error {
	return &HandshakeError{Err: &conn.LimitError{
		Option: "MaxHeaderBytes", Limit: int64(a.max), Got: int64(size),
	}}
}

// malformed returns err, which says why the head at a.at is none,
// and shows what is there if it is not HTTP.
func (a *answer) malformed(err error) error {
	b := a.b[a.at:]
	if bytes.HasPrefix(b, []byte("HTTP/")) {
		return err
	}
	return fmt.Errorf("%w but with %s%s", err, quote(b), a.from.guess(b))
}

// guess says what kind of peer b comes from, if that is easy to see.
func (p peer) guess(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte{21, 3}): // alert (21), TLS 1.x
		return fmt.Sprintf(": the %s speaks TLS, is it %s that is meant?", p.name, p.tls)
	case b[0] == socksVersion:
		return fmt.Sprintf(": the %s speaks SOCKS, is it a socks5 URL that is meant?", p.name)
	case len(b) > 3 && b[3] == 4: // the type of a SETTINGS frame, with which a server begins
		return fmt.Sprintf(": the %s speaks HTTP/2", p.name)
	default:
		return ""
	}
}

// Bounds of what is read of a body that explains an error.
const (
	maxBody     = 4 << 10
	bodyTimeout = time.Second
)

// body returns the start of the body of the response at a.at,
// as much as comes in a short time. The connection may be closed then.
func (a *answer) body() []byte {
	defer time.AfterFunc(bodyTimeout, func() { a.hangUp() }).Stop()
	r := bufio.NewReader(io.MultiReader(bytes.NewReader(a.b[a.at:]), a.nc))
	resp, err := http.ReadResponse(r, nil) // as to a GET
	if err != nil {
		return nil
	}
	// resp.Body is not closed: that would wait for the rest of it.
	b, _ := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return b
}
