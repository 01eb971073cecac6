package fuzzer

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A Target is what a client asks a server for.
type Target struct {
	Host      string // of the Host field, with the port
	Path      string // with the query
	Origin    string // none if empty
	Protocols []string
}

// PlayClient plays c against the server at the other end of nc, on which nothing has been sent:
// it does the opening handshake, and returns when TCP has ended. It closes nc.
func PlayClient(nc net.Conn, to Target, c *suite.Case, o *Options) *Result {
	defer nc.Close()
	r := &Result{Case: c, Client: true, Started: time.Now()}
	defer func() { r.Duration = time.Since(r.Started) }()
	key := newKey()
	r.HTTPRequest = request(to, c, key, o)
	early, err := ask(nc, r, o)
	if c.Refusal != nil {
		scoreAnswer(r, err)
		return r
	}
	if err != nil {
		r.DroppedByMe = r.OpeningTimeout
		neverOpened(r, err.Error())
		return r
	}
	agreed, err := checkResponse(r.HTTPResponse, r.HTTPRequest, key, c)
	if err != nil {
		r.DroppedByMe = true
		neverOpened(r, err.Error())
		return r
	}
	r.Started = time.Now()
	drive(nc, newSession(c, true, agreed, r, o), nil, early, nil)
	return r
}

// ask sends the request and reads the response. It returns what came behind that.
func ask(nc net.Conn, r *Result, o *Options) ([]byte, error) {
	if o.OpenHandshakeTimeout > 0 {
		nc.SetDeadline(time.Now().Add(o.OpenHandshakeTimeout))
		defer nc.SetDeadline(time.Time{})
	}
	// A server may answer before it has read all of a request that it does not like.
	_, sent := nc.Write([]byte(r.HTTPRequest))
	text, early, err := readHead(nc)
	r.HTTPResponse = text
	if errors.Is(err, os.ErrDeadlineExceeded) {
		r.OpeningTimeout = true
		return nil, fmt.Errorf("no response within %v", o.OpenHandshakeTimeout)
	}
	if err != nil && sent != nil {
		return nil, fmt.Errorf("the request could not be sent: %w", sent)
	}
	if err != nil {
		return nil, fmt.Errorf("no response: %w", err)
	}
	return early, nil
}

// scoreAnswer judges a server that had to refuse a request.
func scoreAnswer(r *Result, err error) {
	const ended = 0 // stands among the statuses for a connection that is closed without one
	want := r.Case.Refusal
	m := parseHead(r.HTTPResponse)
	_, status, _ := strings.Cut(m.start, " ")
	code, _, _ := strings.Cut(status, " ")
	n, bad := strconv.Atoi(code)
	r.LocalClose.Code, r.RemoteClose.Code = suite.NoCode, suite.NoCode
	r.BehaviorClose, r.CloseText = suite.OK, "the server refused the request"
	switch {
	case r.OpeningTimeout:
		r.Behavior, r.Text = suite.Failed, "the server did not answer"
		r.BehaviorClose, r.CloseText = suite.Failed, r.Text
	case err != nil:
		r.Behavior, r.Text = suite.NonStrict, "the server ended the connection without an HTTP status"
		if slices.Contains(want.Statuses, ended) {
			r.Behavior = suite.OK
		}
	case bad == nil && slices.Contains(want.Statuses, n):
		r.Behavior, r.Text = suite.OK, "the server answered "+status
		if name := want.Field; name != "" && m.fields[strings.ToLower(name)] == nil {
			r.Behavior, r.Text = suite.NonStrict, r.Text+", without the field "+name
		}
	case bad == nil && n >= 400:
		r.Behavior, r.Text = suite.NonStrict, fmt.Sprintf("the server answered %s, expected was %s", status, statuses(want.Statuses))
	default:
		r.Behavior, r.Text = suite.Failed, fmt.Sprintf("the server answered %q, expected was %s", status, statuses(want.Statuses))
		r.BehaviorClose, r.CloseText = suite.Failed, "the server did not refuse the request"
	}
}

// statuses returns the HTTP statuses of a list in words.
func statuses(list []int) string {
	return codes(slices.DeleteFunc(slices.Clone(list), func(n int) bool { return n == 0 }))
}

// PlayServer answers the opening handshake q with success and plays c against the client
// at the other end of nc. It returns when TCP has ended. It closes nc.
func PlayServer(nc net.Conn, q *Request, c *suite.Case, o *Options) *Result {
	r := &Result{Case: c, Started: time.Now(), HTTPRequest: q.Text}
	text, agreed := response(q, c)
	r.HTTPResponse = text
	drive(nc, newSession(c, false, agreed, r, o), []byte(text), q.early, nil)
	r.Duration = time.Since(r.Started)
	return r
}

// Serve answers the opening handshake q with success and keeps the connection, until it ends.
// It runs the steps that come from the channel, which may be nil,
// and calls message, if not nil, with each text message, which is valid during the call only.
func Serve(nc net.Conn, q *Request, o *Options, steps <-chan []suite.Step, message func(text []byte)) {
	r := &Result{Case: &suite.Case{}, Started: time.Now(), HTTPRequest: q.Text}
	text, _ := response(q, r.Case)
	s := newSession(r.Case, false, nil, r, o)
	s.hold, s.message = true, message
	drive(nc, s, []byte(text), q.early, steps)
}
