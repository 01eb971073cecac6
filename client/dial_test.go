package client

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

// Every byte of the request is known.
//
// Requirements: 6455-4.1-17, 6455-4.1-19, 6455-4.1-20, 6455-4.1-23, 6455-4.1-24, 6455-4.1-25, 6455-4.1-26,
// 6455-4.1-27, 6455-4.1-32, 6455-4.1-33, 6455-4.1-34, 6455-4.1-37, 6455-4.1-38, 6455-11.1.1-03
func TestRequest(t *testing.T) {
	const fixed = "Upgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: " + sampleKey + "\r\nSec-WebSocket-Version: 13\r\n"
	for _, tt := range []struct {
		name, url string
		cfg       Config
		want      string
	}{
		{"the zero Config adds nothing", "ws://h:81/p?q", Config{},
			"GET /p?q HTTP/1.1\r\nHost: h:81\r\n" + fixed + "\r\n"},
		{"another Host", "ws://h:81/p", Config{Host: "example.com:82"},
			"GET /p HTTP/1.1\r\nHost: example.com:82\r\n" + fixed + "\r\n"},
		{"subprotocols in order of preference", "ws://h", Config{Subprotocols: []string{"b", "a", "C!"}},
			"GET / HTTP/1.1\r\nHost: h\r\n" + fixed + "Sec-WebSocket-Protocol: b, a, C!\r\n\r\n"},
		{"no field for an empty list of subprotocols", "ws://h", Config{Subprotocols: []string{}},
			"GET / HTTP/1.1\r\nHost: h\r\n" + fixed + "\r\n"},
		{"fields of the application, an Origin among them", "ws://h", Config{Header: http.Header{
			"Cookie": {"a=1; b=2"}, "Origin": {"https://example.com"}, "X-Twice": {"1", "2"}}},
			"GET / HTTP/1.1\r\nHost: h\r\n" + fixed +
				"Cookie: a=1; b=2\r\nOrigin: https://example.com\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := request(t, tt.url, tt.cfg); got != tt.want {
				t.Errorf("sent %q\nwant %q", got, tt.want)
			}
		})
	}
}

// The request, with all that can be in it, is made of lines that are what the grammar of HTTP says.
//
//	HTTP-message = start-line CRLF *( field-name ":" OWS field-value OWS CRLF ) CRLF
//
// Requirements: 6455-4.1-18
func TestRequestSyntax(t *testing.T) {
	got := request(t, "ws://%C3%BC:p@bücher.example:81/ä?ö", Config{
		Header:       http.Header{"x-tab": {"a\tb"}, "X-Latin": {"\xE4"}, "X-Empty": {""}, "!#$%&'*+-.^_`|~09": {"x"}},
		Subprotocols: []string{"a", "b"},
	})
	lines := strings.Split(got, "\r\n")
	if n := len(lines); n < 3 || lines[n-1] != "" || lines[n-2] != "" {
		t.Fatalf("sent %q, want an empty line at the end", got)
	}
	if parts := strings.Split(lines[0], " "); len(parts) != 3 || parts[0] != "GET" || parts[1] == "" || parts[2] != "HTTP/1.1" {
		t.Errorf("request line %q", lines[0])
	}
	for _, line := range lines[1 : len(lines)-2] {
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.Trim(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Errorf("line %q has no field name", line)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }) {
			t.Errorf("line %q has a control character", line)
		}
	}
}

// What cannot be sent is an error before anything is dialed.
//
// Requirements: 6455-4.1-35, 6455-4.1-36, 6455-4.1-38, 6455-11.3.1-01
func TestRequestBad(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
		want string // part of the error
	}{
		{"an empty subprotocol", Config{Subprotocols: []string{""}}, "subprotocol"},
		{"a subprotocol with a space", Config{Subprotocols: []string{"a b"}}, "subprotocol"},
		{"a subprotocol with a comma", Config{Subprotocols: []string{"a,b"}}, "subprotocol"},
		{"a subprotocol with a slash", Config{Subprotocols: []string{"a/b"}}, "subprotocol"},
		{"a subprotocol that is not ASCII", Config{Subprotocols: []string{"é"}}, "subprotocol"},
		{"a subprotocol with a line end", Config{Subprotocols: []string{"a\r\nX: y"}}, "subprotocol"},
		{"a subprotocol that occurs twice", Config{Subprotocols: []string{"a", "b", "a"}}, "twice"},
		{"a key of the application", Config{Header: http.Header{"Sec-WebSocket-Key": {sampleKey}}}, "Sec-WebSocket-Key"},
		{"a key in lower case", Config{Header: http.Header{"sec-websocket-key": {sampleKey}}}, "sec-websocket-key"},
		{"a version of the application", Config{Header: http.Header{"Sec-Websocket-Version": {"8"}}}, "Sec-Websocket-Version"},
		{"extensions of the application", Config{Header: http.Header{"Sec-Websocket-Extensions": {"x"}}}, "Sec-Websocket-Extensions"},
		{"a second Host", Config{Header: http.Header{"Host": {"x"}}}, "Host"},
		{"a second Upgrade", Config{Header: http.Header{"Upgrade": {"x"}}}, "Upgrade"},
		{"a second Connection", Config{Header: http.Header{"Connection": {"close"}}}, "Connection"},
		{"a body", Config{Header: http.Header{"Content-Length": {"5"}}}, "Content-Length"},
		{"a line end in a value", Config{Header: http.Header{"A": {"b\r\nC: d"}}}, "control character"},
		{"a line end in a name", Config{Header: http.Header{"A\r\nC": {"d"}}}, "token"},
		{"a Host with a line end", Config{Host: "h\r\nC: d"}, "host"},
		{"a Host with a path", Config{Host: "h/p"}, "host"},
		{"a Host that is not ASCII", Config{Host: "bücher.example"}, "host"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.DialContext = neverDial(t)
			_, err := Dial(t.Context(), "ws://h", &tt.cfg)
			if err == nil || !strings.HasPrefix(err.Error(), "websocket: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Dial = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// Each Dial sends the base64 text of 16 bytes that it has not sent before.
//
// Requirements: 6455-4.1-28, 6455-4.1-29, 6455-4.1-30
func TestNonce(t *testing.T) {
	const dials = 10_000
	seen := map[string]bool{}
	for range dials {
		s := &stub{}
		Dial(t.Context(), "ws://h", &Config{DialContext: s.dial})
		_, rest, _ := strings.Cut(s.sent.String(), "Sec-WebSocket-Key: ")
		key, _, _ := strings.Cut(rest, "\r\n")
		nonce, err := base64.StdEncoding.Strict().DecodeString(key)
		if err != nil || len(nonce) != 16 || seen[key] {
			t.Fatalf("key %q: %d bytes, %v, seen before: %v", key, len(nonce), err, seen[key])
		}
		seen[key] = true
	}
}

// Dial modifies nothing of a Config.
func TestConfigUntouched(t *testing.T) {
	cfg := Config{Header: http.Header{"A": {"b"}}, Subprotocols: []string{"a"}, DialContext: (&stub{}).dial}
	want := Config{Header: http.Header{"A": {"b"}}, Subprotocols: []string{"a"}}
	Dial(t.Context(), "ws://u:p@h", &cfg)
	cfg.DialContext = nil
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("after Dial, Config = %+v, want %+v", cfg, want)
	}
}

// The transport is opened, the request sent, the response read, and only then
// something else may be sent.
//
// Requirements: 6455-4.1-01, 6455-4.1-39
func TestOrder(t *testing.T) { synctest.Test(t, testOrder) }
func testOrder(t *testing.T) {
	dialContext, server := pipe()
	go func() {
		c, err := dial(t.Context(), "ws://h", &Config{DialContext: dialContext}, sampleNonce)
		if err != nil {
			t.Error(err)
			return
		}
		c.Write(t.Context(), frame.Text, []byte("x"))
		c.CloseNow()
	}()
	defer server.Close()
	if _, err := readHead(server); err != nil {
		t.Fatal(err)
	}
	server.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := server.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Read = %d, %v before the response; want silence", n, err)
	}
	server.SetReadDeadline(time.Time{})
	io.WriteString(server, accepted+"\r\n")
	b := make([]byte, 7)
	if _, err := io.ReadFull(server, b); err != nil || b[0] != 0x81 || b[1] != 0x81 {
		t.Errorf("after the response: %x, %v; want a masked text frame", b, err)
	}
}

// Frames in the same segment as the response are not lost, however that is cut.
//
// Requirements: 6455-4.1-51
func TestEarly(t *testing.T) {
	in := "HTTP/1.1 103 \r\n\r\n" + accepted + "\r\n" + "\x81\x05Hello" + "\x82\x01x"
	for cut := 1; cut <= len(in); cut++ {
		s := &stub{pieces: []string{in[:cut], in[cut:]}}
		c, err := dial(t.Context(), "ws://h", &Config{DialContext: s.dial}, sampleNonce)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		for _, want := range []string{"Hello", "x"} {
			if _, p, err := c.Read(t.Context()); string(p) != want || err != nil {
				t.Fatalf("cut at %d: Read = %q, %v; want %q", cut, p, err, want)
			}
		}
		c.CloseNow()
	}
}

// What was agreed on, and the limits of Config.Conn, are those of the connection.
func TestConn(t *testing.T) {
	s := &stub{pieces: []string{accepted + "Sec-WebSocket-Protocol: b\r\n\r\n\x82\x04abcd"}}
	cfg := &Config{DialContext: s.dial, Subprotocols: []string{"a", "b"}, Conn: conn.Config{MaxMessageSize: 3}}
	c, err := dial(t.Context(), "ws://h", cfg, sampleNonce)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if c.Subprotocol() != "b" || c.Side() != frame.Client || c.NetConn() != net.Conn(s) {
		t.Errorf("subprotocol %q, side %v, NetConn %v", c.Subprotocol(), c.Side(), c.NetConn())
	}
	_, _, err = c.Read(t.Context())
	if e, ok := errors.AsType[*conn.LimitError](err); !ok || e.Option != "MaxMessageSize" || e.Limit != 3 {
		t.Errorf("Read = %v, want a LimitError of MaxMessageSize", err)
	}
}

// A deadline that DialContext has left does not end the connection later.
func TestDeadlineCleared(t *testing.T) {
	s := &stub{pieces: []string{accepted + "\r\n"}, deadline: time.Now().Add(time.Hour)}
	c, err := dial(t.Context(), "ws://h", &Config{DialContext: s.dial}, sampleNonce)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if !s.deadline.IsZero() {
		t.Errorf("after Dial, the deadline is %v, want none", s.deadline)
	}
}

// The context bounds Dial and not the connection.
func TestContextAfterDial(t *testing.T) { synctest.Test(t, testContextAfterDial) }
func testContextAfterDial(t *testing.T) {
	dialContext, server := pipe()
	defer server.Close()
	go func() {
		readHead(server)
		io.WriteString(server, accepted+"\r\n")
		time.Sleep(time.Hour)
		io.WriteString(server, "\x81\x01x")
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	c, err := dial(ctx, "ws://h", &Config{DialContext: dialContext}, sampleNonce)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	cancel()
	if _, p, err := c.Read(t.Context()); string(p) != "x" || err != nil {
		t.Errorf("Read after the end of the context of Dial = %q, %v; want %q", p, err, "x")
	}
}

// silentServers are what a client may be waiting for when its time is over.
var silentServers = []struct {
	name, url string
	serve     func(server net.Conn)
	step      string // part of the error
}{
	{"a server that does not take the request", "ws://h", func(net.Conn) {}, "sending the request to h:80"},
	{"a server that takes a part of the request", "ws://h", func(s net.Conn) { s.Read(make([]byte, 9)) }, "sending the request to h:80"},
	{"a server that does not answer", "ws://h", func(s net.Conn) { readHead(s) }, "waiting for the response of h:80"},
	{"a server that answers in part", "ws://h", func(s net.Conn) { readHead(s); io.WriteString(s, accepted) }, "waiting for the response of h:80"},
	{"a server that sends interim responses only", "ws://h", func(s net.Conn) {
		readHead(s)
		io.WriteString(s, "HTTP/1.1 100 Continue\r\n\r\n")
	}, "waiting for the response of h:80"},
	{"a server that does not take the ClientHello", "wss://h", func(net.Conn) {}, "TLS handshake with h:443"},
	{"a server that does not answer the ClientHello", "wss://h", func(s net.Conn) { s.Read(make([]byte, 1<<14)) }, "TLS handshake with h:443"},
	{"a server that answers the ClientHello in part", "wss://h", func(s net.Conn) {
		s.Read(make([]byte, 1<<14))
		io.WriteString(s, "\x16\x03\x03\x00\x7A\x02")
	}, "TLS handshake with h:443"},
}

// Wherever the server is silent, Dial ends when its time is over, closes the connection
// and says what it was waiting for and why it stopped. No goroutine is left (see synctest.Test).
func TestSilentServer(t *testing.T) {
	why := errors.New("had enough")
	for _, end := range []struct {
		name    string
		context func(context.Context) (context.Context, context.CancelFunc)
		timeout time.Duration // Config.HandshakeTimeout
		after   time.Duration // when Dial is to end
		want    []error
		text    string
	}{
		{"deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 2*time.Second)
		}, 0, 2 * time.Second, []error{context.DeadlineExceeded}, "context deadline exceeded"},
		{"deadline without HandshakeTimeout", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Hour)
		}, -1, time.Hour, []error{context.DeadlineExceeded}, "context deadline exceeded"},
		{"cancel", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(3*time.Second, func() { cancel(why) })
			return ctx, func() { cancel(nil) }
		}, 0, 3 * time.Second, []error{context.Canceled, why}, "had enough"},
		{"HandshakeTimeout", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return ctx, func() {}
		}, 4 * time.Second, 4 * time.Second, []error{context.DeadlineExceeded}, "more than Config.HandshakeTimeout of 4s passed"},
		{"the default of HandshakeTimeout", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return ctx, func() {}
		}, 0, 30 * time.Second, []error{context.DeadlineExceeded}, "more than Config.HandshakeTimeout of 30s passed"},
	} {
		for _, tt := range silentServers {
			t.Run(end.name+", "+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					dialContext, server := pipe()
					served := make(chan bool)
					go func() { tt.serve(server); close(served) }()
					ctx, cancel := end.context(t.Context())
					defer cancel()
					start := time.Now()
					c, err := Dial(ctx, tt.url, &Config{DialContext: dialContext, HandshakeTimeout: end.timeout})
					if c != nil || time.Since(start) != end.after {
						t.Errorf("Dial = %v, %v after %v; want an error after %v", c, err, time.Since(start), end.after)
					}
					for _, want := range end.want {
						if !errors.Is(err, want) {
							t.Errorf("Dial = %v, want one that is %v", err, want)
						}
					}
					if want := "websocket: " + tt.step + ": " + end.text; err == nil || err.Error() != want {
						t.Errorf("Dial = %v, want %v", err, want)
					}
					if e, ok := errors.AsType[net.Error](err); end.want[0] == context.DeadlineExceeded && (!ok || !e.Timeout()) {
						t.Errorf("Dial = %v, want a net.Error that is a timeout", err)
					}
					<-served
					if _, err := io.Copy(io.Discard, server); err != nil {
						t.Errorf("the server reads %v, want the end", err)
					}
				})
			})
		}
	}
}

// The error of HandshakeTimeout names the option.
func TestHandshakeTimeout(t *testing.T) { synctest.Test(t, testHandshakeTimeout) }
func testHandshakeTimeout(t *testing.T) {
	hang := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	_, err := Dial(t.Context(), "ws://h", &Config{DialContext: hang})
	e, ok := errors.AsType[*conn.LimitError](err)
	if !ok || e.Option != "HandshakeTimeout" || e.Limit != int64(30*time.Second) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Dial = %v, want a LimitError of HandshakeTimeout", err)
	}
}

// A socket whose deadline comes from the context may end a moment before that:
// the error is the same.
func TestDeadlineRace(t *testing.T) { synctest.Test(t, testDeadlineRace) }
func testDeadlineRace(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := failure(lateContext{ctx}, "waiting", os.ErrDeadlineExceeded)
	if !errors.Is(err, context.DeadlineExceeded) || err.Error() != "websocket: waiting: context deadline exceeded" {
		t.Errorf("failure = %v, want the end of the context", err)
	}
}

// A lateContext is done some time after its deadline.
type lateContext struct{ context.Context }

func (c lateContext) Deadline() (time.Time, bool) {
	d, ok := c.Context.Deadline()
	return d.Add(-time.Second), ok
}

// A context that ends at the last moment, when the response is there,
// gives an error and no connection that is closed already.
func TestCancelLate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &cancelStub{stub: stub{pieces: []string{accepted + "\r\n"}}, cancel: cancel}
	c, err := dial(ctx, "ws://h", &Config{DialContext: func(context.Context, string, string) (net.Conn, error) { return s, nil }}, sampleNonce)
	if c != nil || !errors.Is(err, context.Canceled) || !s.isClosed() {
		t.Errorf("Dial = %v, %v; the connection is closed: %v", c, err, s.isClosed())
	}
}

// A cancelStub is a stub whose first Read cancels a context, and returns a response all the same.
type cancelStub struct {
	stub
	cancel context.CancelFunc
}

func (s *cancelStub) Read(p []byte) (int, error) {
	n, err := s.stub.Read(p)
	s.cancel()
	return n, err
}

// What the network has to say is wrapped, and what was opened is closed.
//
// Requirements: 6455-4.1-12
func TestNetworkError(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	refuse := func(context.Context, string, string) (net.Conn, error) { return nil, refused }
	_, err := Dial(t.Context(), "ws://h:81", &Config{DialContext: refuse})
	if e, ok := errors.AsType[*net.OpError](err); !ok || e != refused || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("Dial = %v, want the error of DialContext", err)
	}
	if want := "websocket: connecting to h:81: dial tcp: connection refused"; err.Error() != want {
		t.Errorf("Dial = %q, want %q", err, want)
	}

	closed := &stub{closed: true}
	if _, err := Dial(t.Context(), "ws://h", &Config{DialContext: closed.dial}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Dial over a closed connection = %v, want net.ErrClosed", err)
	}

	nothing := func(context.Context, string, string) (net.Conn, error) { return nil, nil }
	if _, err := Dial(t.Context(), "ws://h", &Config{DialContext: nothing}); !errors.Is(err, errNilConn) {
		t.Errorf("Dial with a DialContext that returns nothing = %v, want %v", err, errNilConn)
	}
}
