package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/server"
	"github.com/ws6455/ws/wstest"
)

// A refusal says why, in lines and in a text, and that it is the end.
//
// Requirements: 6455-4.2.2-04, 6455-4.2.2-07
func TestServeRefusal(t *testing.T) {
	const end = "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n" +
		"Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n"
	for _, tt := range []struct{ name, request, want string }{
		{"no GET", request("^POST /chat HTTP/1.1"), "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nConnection: close\r\n" + end +
			"Content-Length: 30\r\n\r\nthe method is \"POST\": want GET\n"},
		{"another version", request("Sec-WebSocket-Version: 8"), "HTTP/1.1 426 Upgrade Required\r\nSec-Websocket-Version: 13\r\nUpgrade: websocket\r\n" +
			"Connection: Upgrade\r\nConnection: close\r\n" + end +
			"Content-Length: 46\r\n\r\nfield Sec-WebSocket-Version is \"8\": want 13\n"},
		{"TLS", "\x16\x03\x01\x02", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n" + end +
			"Content-Length: 89\r\n\r\nthe client speaks TLS, and this server does not: want http or ws, or another port\n"},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: close\r\n" + end +
			"Content-Length: 50\r\n\r\nthe request has version \"HTTP/2.\": want HTTP/1.1\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, body, _ := strings.Cut(tt.want, "\r\n\r\n")
				c := serveSite(t, nil, nil).dial()
				c.send(tt.request)
				c.wantEnd("the answer", strings.Replace(tt.want, tt.want[strings.Index(tt.want, "Content-Length"):],
					fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body), 1))
			})
		})
	}
}

// What is no request is refused at its first impossible byte, and not before it.
//
// Requirements: 6455-4.2.1-02, 6455-10.7-04
func TestServeGarbage(t *testing.T) {
	for _, tt := range []struct {
		name, possible, impossible string
		status                     int
	}{
		{"TLS", "", "\x16", 400},
		{"HTTP/2", "PRI * HTTP/", "2", 505},
		{"SSH", "SSH-2.0-OpenSSH_9.6", "\r", 400},
		{"a frame", "", "\x81", 400},
		{"a line that ends with LF", "GET / HTTP/1.1", "\n", 400},
		{"a folded field", "GET / HTTP/1.1\r\nA: b\r\n", " ", 400},
		{"a name with a space", "GET / HTTP/1.1\r\nA", " ", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var err error
				c := serveSite(t, nil, &err).dial()
				c.send(tt.possible)
				c.want("it may still become a request", "")
				c.send(tt.impossible)
				c.wantResponse("it may not", tt.status, "")
				c.wantEnd("the end", "")
				if e, ok := errors.AsType[*handshake.Error](err); !ok || e.Status != tt.status {
					t.Errorf("the server is told %v", err)
				}
				for range 1000 {
					if _, err := c.nc.Write(make([]byte, 4096)); err != nil {
						return
					}
				}
				t.Error("the client may go on to send without end")
			})
		})
	}
}

// The handshake has one time for all, however busy the client is.
//
// Requirements: 6455-7.2.2-01
func TestServeTimeout(t *testing.T) {
	for _, tt := range []struct {
		name          string
		timeout, want time.Duration
	}{
		{"by default", 0, 10 * time.Second},
		{"as configured", time.Minute, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told := new(refusals)
				s := listen(t, &server.Server{Config: server.Config{HandshakeTimeout: tt.timeout}, Refused: told.refused})
				silent, slow := s.dial(), s.dial()
				for i := range tt.want / time.Second {
					slow.want("the time is not over", "")
					silent.want("nor for who says nothing", "")
					slow.send(sampleRequest[i : i+1])
					time.Sleep(time.Second)
				}
				slow.wantEnd("it is over, whatever has come", "")
				silent.wantEnd("for both", "")
				const why = "websocket: no complete request within Config.HandshakeTimeout: "
				if got := told.take(); strings.Count(got, why) != 2 || !strings.Contains(got, os.ErrDeadlineExceeded.Error()) {
					t.Errorf("the server is told %q, want %q twice", got, why)
				}
			})
		})
	}
}

func TestServeTimeoutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serveSite(t, &server.Config{HandshakeTimeout: -1}, nil).dial()
		c.send(sampleRequest[:10])
		time.Sleep(24 * time.Hour)
		c.send(sampleRequest[10:])
		c.want("a day later", accepted())
	})
}

// The time is for the response, too, and for nothing after it.
//
// Requirements: 6455-7.2.2-01
func TestServeTimeoutResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := new(refusals)
		nc := listen(t, &server.Server{Refused: told.refused}).connect(1)
		time.Sleep(4 * time.Second)
		go io.WriteString(nc, sampleRequest) // nobody reads the answer
		time.Sleep(6*time.Second - time.Nanosecond)
		synctest.Wait()
		if got := told.take(); got != "" {
			t.Errorf("too early: %v", got)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if got, want := told.take(), "websocket: handshake response: "+os.ErrDeadlineExceeded.Error(); got != want {
			t.Errorf("the server is told %q, want %q", got, want)
		}
		nc.Close()
	})
}

// No deadline of the handshake stays.
func TestServeTimeoutOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serveSite(t, nil, nil).dial()
		c.send(sampleRequest[:7])
		time.Sleep(time.Second)
		c.send(sampleRequest[7:])
		c.want("accepted", accepted())
		time.Sleep(time.Hour)
		c.sendFrame(frame.Text, "Hello")
		c.want("an hour later", "\x81\x05Hello")
	})
}

// A request may be as large as the server allows, and not larger, however it comes.
//
// Requirements: 6455-10.4-01
func TestServeHeaderLimits(t *testing.T) {
	head := func(n int) string { // of n bytes
		return request("X-Long: " + strings.Repeat("a", n-len(sampleRequest)-len("X-Long: \r\n")))
	}
	fields := func(n int) string { // n of them
		return strings.TrimSuffix(sampleRequest, "\r\n") + strings.Repeat("A:\r\n", n-5) + "\r\n"
	}
	for _, tt := range []struct {
		name   string
		bytes  int // MaxHeaderBytes
		fields int // MaxHeaderFields
		in     string
		option string // that is met
		limit  int
		reason string
	}{
		{"the largest request", 0, 0, head(16 << 10), "", 0, ""},
		{"one byte more", 0, 0, head(16<<10 + 1), "MaxHeaderBytes", 16 << 10, "the request has more than 16384 bytes"},
		{"a line without end", 0, 0, "GET /" + strings.Repeat("a", 16<<10), "MaxHeaderBytes", 16 << 10, "the request has more than 16384 bytes"},
		{"the largest as configured", 500, 0, head(500), "", 0, ""},
		{"one byte more than configured", 500, 0, head(501), "MaxHeaderBytes", 500, "the request has more than 500 bytes"},
		{"no limit of bytes", -1, 0, head(1 << 20), "", 0, ""},
		{"the most fields", 0, 0, fields(128), "", 0, ""},
		{"one more field", 0, 0, fields(129), "MaxHeaderFields", 128, "the request has more than 128 fields"},
		{"as many fields as configured", 0, 7, fields(7), "", 0, ""},
		{"one more field than configured", 0, 7, fields(8), "MaxHeaderFields", 7, "the request has more than 7 fields"},
		{"no limit of fields", -1, -1, fields(10_000), "", 0, ""},
	} {
		for _, piece := range []int{1 << 30, 1000, 7} {
			t.Run(fmt.Sprintf("%s, in pieces of %d", tt.name, piece), func(t *testing.T) {
				if piece == 7 && len(tt.in) > 20_000 {
					t.Skip("takes long")
				}
				synctest.Test(t, func(t *testing.T) {
					var err error
					c := listen(t, &server.Server{
						MaxHeaderBytes:  tt.bytes,
						MaxHeaderFields: tt.fields,
						Refused:         func(_ *http.Request, e error) { err = e },
					}).dial()
					for in := tt.in; in != ""; {
						n := min(piece, len(in))
						c.nc.Write([]byte(in[:n]))
						in = in[n:]
						if piece < 1000 {
							synctest.Wait()
						}
					}
					if tt.option == "" {
						c.want("accepted", accepted())
						return
					}
					c.wantResponse("refused", 431, tt.reason)
					e, ok := errors.AsType[*server.LimitError](err)
					if !ok || e.Option != tt.option || e.Limit != tt.limit || e.Answer.Reason != tt.reason {
						t.Errorf("the server is told %v, want the limit %s of %d", err, tt.option, tt.limit)
					}
				})
			})
		}
	}
}

// A client that sends a header without end is answered, and then cut.
func TestServeEndless(t *testing.T) {
	for _, line := range []string{"A: b\r\n", strings.Repeat("a", 1000)} {
		synctest.Test(t, func(t *testing.T) {
			c := serveSite(t, nil, nil).dial()
			c.send("GET / HTTP/1.1\r\n")
			sent, err := 0, error(nil)
			for start := time.Now(); err == nil && time.Since(start) < time.Hour; {
				var n int
				n, err = io.WriteString(c.nc, line)
				sent += n
				time.Sleep(time.Millisecond)
			}
			c.wantResponse("the answer", 431, "the request has more than")
			if err == nil || sent > 2<<20 {
				t.Errorf("%d bytes were taken, then %v", sent, err)
			}
		})
	}
}

// Thousands of handshakes that do not go on are bounded, and end in time.
func TestServeCrowd(t *testing.T) {
	const limit, more = 5000, 50
	synctest.Test(t, func(t *testing.T) {
		told := new(refusals)
		s := listen(t, &server.Server{MaxPendingHandshakes: limit, Refused: told.refused})
		var crowd []*wstest.PipeConn
		for i := range limit + more {
			nc := s.connect(1 << 10)
			io.WriteString(nc, sampleRequest[:i%len(sampleRequest)])
			crowd = append(crowd, nc)
		}
		synctest.Wait()
		for _, nc := range crowd[limit:] {
			if n, err := nc.Read(make([]byte, 1)); n > 0 || err != io.EOF {
				t.Fatalf("one too many reads %d bytes, %v", n, err)
			}
		}
		if got := strings.Count(told.take(), "websocket: more than Server.MaxPendingHandshakes of 5000"); got != more {
			t.Errorf("the server is told of %d", got)
		}
		io.WriteString(crowd[0], sampleRequest)
		synctest.Wait()
		s.open() // since one has left
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for i, nc := range crowd[1:limit] {
			if n, err := nc.Read(make([]byte, 1)); n > 0 || err != io.EOF {
				t.Fatalf("%d reads %d bytes, %v after the timeout", i, n, err)
			}
		}
		time.Sleep(time.Second) // some that performed handshakes stay for a moment
		synctest.Wait()
		if left := goroutines(); len(left) > 10 {
			t.Errorf("%d goroutines are left", len(left))
		}
		s.open()
	})
}

// A client that goes away, in whatever state, leaves nothing behind and disturbs nobody.
func TestServeClientGone(t *testing.T) {
	for _, tt := range []struct{ name, sent, got string }{
		{"before it said anything", "", ""},
		{"within the request", sampleRequest[:50], ""},
		{"after the request", sampleRequest, accepted()},
		{"within a frame", sampleRequest + "\x81\xfe", accepted()},
		{"after a refusal", "\x00", "HTTP/1.1 400"},
	} {
		for _, end := range []struct {
			name string
			f    func(nc *wstest.PipeConn)
		}{
			{"resets", (*wstest.PipeConn).Reset},
			{"closes", func(nc *wstest.PipeConn) { nc.Close() }},
			{"closes its side", func(nc *wstest.PipeConn) { nc.CloseWrite() }},
		} {
			t.Run("a client that "+end.name+" "+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					told := new(refusals)
					var srv = &server.Server{Refused: told.refused}
					s := listen(t, srv)
					c := s.dial()
					c.send(tt.sent)
					if got, _ := c.take(); !strings.HasPrefix(got, tt.got) {
						t.Errorf("got %q, want %q", got, tt.got)
					}
					end.f(c.nc)
					time.Sleep(time.Second) // a refusal waits for as long
					synctest.Wait()
					if left := goroutines(); len(left) != 1 { // the listener
						t.Errorf("goroutines left:\n%s", strings.Join(left, "\n\n"))
					}
					if srv.Len() != 0 {
						t.Errorf("%d connections are open", srv.Len())
					}
					if got, quiet := told.take(), tt.sent == "" && end.name != "resets" || tt.got == accepted(); (got == "") != quiet {
						t.Errorf("the server is told %q", got)
					}
					s.open()
				})
			})
		}
	}
}

// Shutdown closes listeners and cuts handshakes; Serve returns what that of net/http does.
func TestServeShutdown(t *testing.T) {
	for _, tt := range []struct {
		name string
		open bool // there is a connection, which keeps Shutdown until its deadline
	}{
		{"at once, if only handshakes are under way", false},
		{"at its deadline, if a peer does not answer", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newSite(t)
				s := &server.Server{Handler: echo, Config: server.Config{HandshakeTimeout: -1}}
				served := make(chan error, 1)
				go func() { served <- s.Serve((*listener)(st)) }()
				if tt.open {
					st.open()
				}
				silent, slow := st.dial(), st.dial()
				slow.send(sampleRequest[:50])
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				start := time.Now()
				ended := make(chan error, 1)
				go func() { ended <- s.Shutdown(ctx) }()
				synctest.Wait()
				if tt.open {
					c := slow
					c.want("a handshake under way is not cut before the deadline", "")
					c.send(sampleRequest[50:])
					c.wantResponse("but its request comes too late", 503, "the server is shutting down")
				}
				err := <-ended
				if (err != nil) != tt.open || time.Since(start) > 3*time.Second {
					t.Errorf("Shutdown = %v after %v", err, time.Since(start))
				}
				silent.wantEnd("silence is cut", "")
				slow.wantEnd("the other, too", "")
				if err := <-served; err != http.ErrServerClosed {
					t.Errorf("Serve = %v, want %v", err, http.ErrServerClosed)
				}
				if err := s.Serve((*listener)(newSite(t))); err != http.ErrServerClosed {
					t.Errorf("a later Serve = %v, want %v", err, http.ErrServerClosed)
				}
				if err := s.ListenAndServe("127.0.0.1:0"); err != http.ErrServerClosed {
					t.Errorf("a later ListenAndServe = %v, want %v", err, http.ErrServerClosed)
				}
			})
		})
	}
}

// A late is a listener with one more connection after it is closed.
type late struct {
	net.Listener
	nc net.Conn
}

func (l *late) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil && l.nc != nil {
		time.Sleep(time.Second)
		nc, err, l.nc = l.nc, nil, nil
	}
	return nc, err
}

func TestServeShutdownLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := wstest.Pipe()
		told := new(refusals)
		s := &server.Server{Config: server.Config{HandshakeTimeout: -1}, Refused: told.refused}
		served := make(chan error, 1)
		go func() { served <- s.Serve(&late{(*listener)(newSite(t)), far}) }()
		synctest.Wait()
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != http.ErrServerClosed {
			t.Errorf("Serve = %v", err)
		}
		if n, err := near.Read(make([]byte, 1)); n > 0 || err != io.EOF {
			t.Errorf("read %d bytes, %v; want the end", n, err)
		}
		if got := told.take(); got != "" {
			t.Errorf("the server is told %q", got)
		}
	})
}

// A failing is a listener whose Accept returns the errors on its list, a connection for nil, and then waits.
type failing struct {
	net.Listener
	errs  []error
	times []time.Time // of calls
}

func (l *failing) Accept() (net.Conn, error) {
	l.times = append(l.times, time.Now())
	if len(l.errs) == 0 {
		return l.Listener.Accept()
	}
	err := l.errs[0]
	l.errs = l.errs[1:]
	if err != nil {
		return nil, err
	}
	near, far := wstest.Pipe()
	near.Close()
	return far, nil
}

// tooManyFiles is a temporary error.
type tooManyFiles struct{}

func (tooManyFiles) Error() string   { return "too many open files" }
func (tooManyFiles) Temporary() bool { return true }

func TestServeAcceptErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs []error
		for range 11 {
			errs = append(errs, tooManyFiles{})
		}
		errs = append(errs, nil, tooManyFiles{})
		var b logBuffer
		l := &failing{Listener: (*listener)(newSite(t)), errs: append(errs, io.ErrUnexpectedEOF)}
		s := &server.Server{ErrorLog: log.New(&b, "", 0)}
		if err := s.Serve(l); err != io.ErrUnexpectedEOF {
			t.Errorf("Serve = %v; want the error of Accept that is not temporary", err)
		}
		var pauses []time.Duration
		for i, at := range l.times[1:] {
			pauses = append(pauses, at.Sub(l.times[i])/time.Millisecond)
		}
		if want := []time.Duration{5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000, 0, 5}; !reflect.DeepEqual(pauses, want) {
			t.Errorf("pauses of %d ms, want %d", pauses, want)
		}
		if got := b.String(); !strings.HasPrefix(got, "websocket: too many open files; the next connection is accepted in 5ms\n") ||
			strings.Count(got, "\n") != 12 {
			t.Errorf("logged %q", got)
		}
		select {
		case <-l.Listener.(*listener).done:
		default:
			t.Error("the listener is open")
		}
	})
}

// A server whose Config is malformed does not listen.
func TestServeMisconfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := (*listener)(newSite(t))
		s := &server.Server{Config: server.Config{Origins: []string{"http://example.com/"}}}
		err := s.Serve(l)
		if want := `websocket: server.Config: origin pattern "http://example.com/"`; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Serve = %v, want %s", err, want)
		}
		<-l.done
	})
}

// What Select, Key and Refused see of a request is what a handler of net/http sees.
func TestServeRequest(t *testing.T) {
	for _, tt := range []struct {
		name    string
		changes []string
	}{
		{"the sample", nil},
		{"a query", []string{"^GET /a%20b/../c?d=e&f HTTP/1.1"}},
		{"a query of nothing", []string{"^GET /a? HTTP/1.1"}},
		{"a target in absolute form", []string{"^GET http://Other.example.com:80/chat?q HTTP/1.2"}},
		{"a target without path", []string{"^GET https://other.example.com HTTP/1.1"}},
		{"two slashes", []string{"^GET //a/b HTTP/1.1"}},
		{"many fields", []string{"x-one: 1", "+X-ONE: 2", "Cookie: a=b; c=d", "X-Empty:", "authorization: Basic YWxpOnNlc2FtZQ==", "Content-Length: 0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			std := decideOn(t, func(t *testing.T, s *server.Server) *site { return serve(t, s) }, request(tt.changes...))
			own := decideOn(t, listen, request(tt.changes...))
			if got, want := view(own), view(std); !reflect.DeepEqual(got, want) {
				t.Errorf("seen %+v\nwant %+v", got, want)
			}
			if a := own.Context().Value(http.LocalAddrContextKey); a != std.Context().Value(http.LocalAddrContextKey) || a == nil {
				t.Errorf("the local address is %v", a)
			}
			if own.Context().Err() == nil {
				t.Error("the context goes on when the handshake is over")
			}
		})
	}
}

// decideOn sends a request to a server that refuses it
// and returns what Key, Select and Refused have seen.
func decideOn(t *testing.T, start func(*testing.T, *server.Server) *site, request string) (r *http.Request) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var seen []*http.Request
		see := func(r *http.Request) { seen = append(seen, r) }
		c := start(t, &server.Server{
			MaxConnsPerKey: 9,
			Key:            func(r *http.Request) string { see(r); return "" },
			Select:         func(r *http.Request) (func(*conn.Conn), error) { see(r); return nil, errors.New("no") },
			Refused:        func(r *http.Request, _ error) { see(r) },
		}).dial()
		c.send(request)
		c.wantResponse("refused", 403, "the server does not accept this connection")
		c.nc.Close()
		synctest.Wait()
		if r = seen[0]; len(seen) != 3 || seen[1] != r || seen[2] != r {
			t.Errorf("they have seen %v", seen)
		}
	})
	return r
}

// view returns what there is to see of r.
func view(r *http.Request) any {
	return struct {
		Method, Proto, Host, RequestURI, RemoteAddr string
		Major, Minor                                int
		URL                                         url.URL
		Header                                      http.Header
		ContentLength                               int64
		Body                                        io.ReadCloser
		TLS                                         bool
	}{r.Method, r.Proto, r.Host, r.RequestURI, r.RemoteAddr, r.ProtoMajor, r.ProtoMinor, *r.URL, r.Header, r.ContentLength, r.Body, r.TLS != nil}
}

// A panic of the application ends one handshake, not the server.
func TestServePanic(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(s *server.Server)
		want string
	}{
		{"of Select", func(s *server.Server) {
			s.Select = func(r *http.Request) (func(*conn.Conn), error) {
				if r.URL.Path == "/panic" {
					panic("oops")
				}
				return nil, nil
			}
		}, "websocket: panic deciding on a: oops"},
		{"of Key", func(s *server.Server) {
			s.MaxConnsPerKey = 5
			s.Key = func(r *http.Request) string {
				if r.URL.Path == "/panic" {
					panic("oops")
				}
				return ""
			}
		}, "websocket: panic deciding on a: oops"},
		{"of Refused", func(s *server.Server) {
			s.MaxConnsPerKey = 5
			s.Key = func(r *http.Request) string {
				if r.URL.Path == "/panic" {
					panic(http.ErrAbortHandler)
				}
				return ""
			}
			s.Refused = func(*http.Request, error) { panic("oops") }
		}, "websocket: panic in the handshake with a: oops"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server.Server{}
				tt.set(s)
				st := listen(t, s)
				c := st.dial()
				c.send(request("^GET /panic HTTP/1.1"))
				if s.Refused == nil {
					c.wantResponse("the client is told", 500, "the server could not decide on the request")
				}
				c.wantEnd("the end", "")
				if !strings.Contains(st.log.String(), tt.want) {
					t.Errorf("logged %q, want %q", st.log.String(), tt.want)
				}
				st.open()
			})
		})
	}
}

// That holds for a connection that is one too many, too.
func TestServePanicTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := listen(t, &server.Server{MaxPendingHandshakes: 1, Refused: func(*http.Request, error) { panic("oops") }})
		first, second := st.dial(), st.dial()
		second.wantEnd("one too many", "")
		if !strings.Contains(st.log.String(), "websocket: panic in the handshake with a: oops") {
			t.Errorf("logged %q", st.log.String())
		}
		first.send(sampleRequest)
		first.want("the other is served", accepted())
		st.open()
	})
}

// An error of Select is answered with the fields that it has, as far as they are fit for that.
func TestServeSelectError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server.Server{Select: func(*http.Request) (func(*conn.Conn), error) {
			return nil, &handshake.Error{Status: 307, Reason: "elsewhere", Header: http.Header{
				"Location": {"/else"}, "X-A": {"1\r\nX-B: 2"}, "X C": {"1"},
				"Content-Length": {"3"}, "transfer-encoding": {"chunked"}, "Connection": {"keep-alive"},
			}}
		}}
		c := listen(t, s).dial()
		c.send(sampleRequest)
		c.wantEnd("a redirect", "HTTP/1.1 307 Temporary Redirect\r\nLocation: /else\r\nX-A: 1  X-B: 2\r\nConnection: close\r\n"+
			"Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"+
			"Date: Sat, 01 Jan 2000 00:00:00 GMT\r\nContent-Length: 10\r\n\r\nelsewhere\n")
	})
}

// Select may take as long as the handshake, and its request's context tells when that is over.
func TestServeSelectWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &server.Server{Select: func(r *http.Request) (func(*conn.Conn), error) {
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		}}
		c := listen(t, s).dial()
		time.Sleep(3 * time.Second)
		c.send(sampleRequest)
		for {
			if _, eof := c.take(); eof {
				break
			}
			time.Sleep(time.Second)
		}
		if got := time.Since(start); got != 10*time.Second {
			t.Errorf("it is over after %v", got)
		}
	})
}

// What arrived of one client is not mixed up with what arrives of others.
func TestServeApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wait := make(chan struct{})
		s := listen(t, &server.Server{NoKeepalive: true, Handler: func(c *conn.Conn) {
			<-wait
			echo(c)
		}})
		clients := make([]*client, 100)
		for i := range clients {
			clients[i] = s.dial()
			clients[i].send(sampleRequest + masked(frame.Text, fmt.Sprint("Hello ", 100+i)))
		}
		slow := s.dial()
		slow.send(sampleRequest[:50])
		synctest.Wait()
		for range clients {
			s.dial().send(request("X-Other: " + strings.Repeat("x", 3000)))
		}
		synctest.Wait()
		slow.send(sampleRequest[50:])
		slow.want("the rest", accepted())
		close(wait)
		for i, c := range clients {
			c.want("the frame behind the request", accepted()+unmasked(frame.Text, fmt.Sprint("Hello ", 100+i)))
		}
	})
}

// A plainListener gives connections that have nothing but what a net.Conn must have.
type plainListener struct{ net.Listener }

func (l plainListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	return struct{ net.Conn }{nc}, err
}

func TestServePlainConn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newSite(t)
		s := &server.Server{Handler: echo}
		go s.Serve(plainListener{(*listener)(st)})
		t.Cleanup(func() { s.Close() })
		st.open()
		c := st.dial()
		c.send(request("Origin: null"))
		c.wantResponse("a refusal", 403, "")
		c.wantEnd("the end", "")
		if _, err := c.nc.Write([]byte("x")); err == nil {
			t.Error("a connection that cannot be half closed is not closed")
		}
	})
}

// Refused sees a request as far as it could be parsed, and no context without an end.
func TestServeRefusedRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []*http.Request
		s := &server.Server{
			Config:  server.Config{HandshakeTimeout: -1},
			Refused: func(r *http.Request, _ error) { seen = append(seen, r) },
		}
		st := listen(t, s)
		for _, r := range []string{request("^GET /%zz HTTP/1.1"), "\x00"} {
			c := st.dial()
			c.send(r)
			c.wantResponse("refused", 400, "")
			c.nc.Close()
		}
		synctest.Wait()
		if r := seen[0]; r == nil || r.RequestURI != "/%zz" || r.URL == nil || r.Host != "server.example.com" || r.Context().Err() == nil {
			t.Errorf("the first request is %v", r)
		}
		if seen[1] != nil {
			t.Errorf("the second request is %v", seen[1])
		}
	})
}

// Many clients at once are served, and the places of those who leave are given back.
func TestServeMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server.Server{Handler: echo, MaxConns: 100, MaxPendingHandshakes: 100}
		st := listen(t, s)
		for range 3 {
			var all sync.WaitGroup
			for i := range 100 {
				all.Go(func() {
					c := st.dial()
					c.send(sampleRequest + masked(frame.Text, fmt.Sprint(i)) + masked(frame.Close, normalClosure))
					c.nc.CloseWrite()
				})
			}
			all.Wait()
			synctest.Wait()
			if s.Len() != 0 {
				t.Fatalf("%d connections are open", s.Len())
			}
		}
	})
}

// Whatever arrives, however cut: if Serve accepts it, so does net/http, and the same frames come back.
func FuzzServe(f *testing.F) {
	for _, changes := range [][]string{
		nil, {"^GET http://a.org/?q HTTP/1.1", "Host: b"}, {"^GET /%zz HTTP/1.1"}, {"^PRI * HTTP/2.0"}, {"-Host"}, {"+Host: a"},
		{"Sec-WebSocket-Protocol: a, chat"}, {"Origin: http://server.example.com"}, {"Origin: null"}, {"Expect: 200-ok"},
		{"Content-Length: 1"}, {"Transfer-Encoding: chunked"}, {"X-A: b\r\n c"}, {"X A: b"}, {"X-A: b\nX-B: c"},
	} {
		f.Add([]byte(request(changes...)+masked(frame.Text, "Hello")), uint16(20), uint16(30))
	}
	f.Add([]byte("\x16\x03\x01"), uint16(0), uint16(1))
	f.Fuzz(func(t *testing.T, in []byte, first, second uint16) {
		cfg := server.Config{Subprotocols: []string{"chat"}, Origins: []string{"a.org"}}
		sites := []func(*testing.T) *site{
			func(t *testing.T) *site { return serve(t, server.Handler(echo, &cfg)) },
			func(t *testing.T) *site { return serveSite(t, &cfg, nil) },
		}
		var got [2]string
		for i, start := range sites {
			synctest.Test(t, func(t *testing.T) {
				c := start(t).dial()
				rest := in
				for _, n := range []uint16{first, second} {
					m := min(len(rest), int(n))
					c.nc.Write(rest[:m])
					rest = rest[m:]
					synctest.Wait()
				}
				c.nc.Write(rest)
				c.nc.CloseWrite()
				got[i], _ = c.take()
			})
		}
		if strings.HasPrefix(got[1], "HTTP/1.1 101 ") && got[0] != got[1] {
			t.Errorf("%q: Serve answers %q, net/http with Accept %q", in, got[1], got[0])
		}
		if got[1] != "" && !bytes.HasPrefix([]byte(got[1]), []byte("HTTP/1.1 ")) {
			t.Errorf("%q: Serve answers %q", in, got[1])
		}
	})
}
