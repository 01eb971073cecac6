package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// Requirements: 6455-4.2.2-01, 6455-4.2.2-15, 6455-4.2.2-16, 6455-4.2.2-17, 6455-4.2.2-18,
// 6455-11.3.3-01
func TestAcceptGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, server.Handler(echo, nil)).dial()
		c.send(sampleRequest)
		c.want("the response is that of the RFC, without a body and what announces one", accepted())
		c.sendFrame(frame.Text, "Hello")
		c.want("what follows are frames", "\x81\x05Hello")
	})
}

// Each row is a request that differs from the sample, and what the server adds to its response.
func TestAcceptRequests(t *testing.T) {
	const subprotocol = "Sec-WebSocket-Protocol: "
	for _, tt := range []struct {
		id, name string
		cfg      server.Config
		changes  []string
		want     []string
	}{
		{"6455-4.2.1-01", "unknown fields in any order", server.Config{},
			[]string{"Host: server.example.com", "X-One: 1", "+X-One: 2", "Cookie: a=b; c=d", "Upgrade: websocket"}, nil},
		{"6455-4.2.1-03", "a later version of HTTP/1", server.Config{}, []string{"^GET /chat HTTP/1.2"}, nil},
		{"6455-4.2.1-04", "a target in absolute form", server.Config{},
			[]string{"^GET http://server.example.com/chat HTTP/1.1", "Origin: http://server.example.com"}, nil},
		{"6455-4.2.1-04", "a target in absolute form with https", server.Config{},
			[]string{"^GET https://server.example.com/chat?q HTTP/1.1"}, nil},
		{"6455-4.2.1-04", "a target in absolute form, which names the host", server.Config{},
			[]string{"^GET http://other.example.com/chat HTTP/1.1", "Origin: http://other.example.com"}, nil},
		{"6455-4.2.1-06", "Upgrade in other letters, among others", server.Config{}, []string{"Upgrade: h2c, WebSocket"}, nil},
		{"6455-4.2.1-07", "Connection in other letters, on two lines", server.Config{},
			[]string{"Connection: keep-alive", "+Connection: UPGRADE"}, nil},
		{"6455-4.2.1-10", "no Origin, so no browser", server.Config{}, []string{"-Origin"}, nil},
		{"6455-4.2.1-11", "unknown options", server.Config{},
			[]string{subprotocol + "x", "Sec-WebSocket-Extensions: x-foo; bar=1"}, nil},

		{"6455-4.2.2-09", "the client's first choice", server.Config{Subprotocols: []string{"b", "a"}},
			[]string{subprotocol + "a, b"}, []string{subprotocol + "a"}},
		{"6455-4.2.2-12", "the client's next choice", server.Config{Subprotocols: []string{"c", "b"}},
			[]string{subprotocol + "a, b, c"}, []string{subprotocol + "b"}},
		{"6455-4.2.1-12 6455-11.3.4-01", "a choice on two lines is one list", server.Config{Subprotocols: []string{"c"}},
			[]string{subprotocol + "a, b", "+" + subprotocol + "c"}, []string{subprotocol + "c"}},
		{"6455-4.3-06 6455-11.3.4-02", "one token on one line, whatever was offered", server.Config{Subprotocols: []string{"a", "b"}},
			[]string{subprotocol + "a", "+" + subprotocol + "b"}, []string{subprotocol + "a"}},
		{"6455-4.2.2-10", "no subprotocol in common", server.Config{Subprotocols: []string{"x"}}, []string{subprotocol + "a, b"}, nil},
		{"6455-4.2.2-10", "a subprotocol in other letters is another", server.Config{Subprotocols: []string{"a"}}, []string{subprotocol + "A"}, nil},
		{"6455-4.2.2-11", "no subprotocol offered", server.Config{Subprotocols: []string{"x"}}, nil, nil},

		{"6455-4.2.2-13", "an extension that is not selected", server.Config{}, []string{"Sec-WebSocket-Extensions: permessage-foo"}, nil},
		{"6455-4.3-01", "a parameter in quotes", server.Config{}, []string{`Sec-WebSocket-Extensions: x-foo; a="10"`}, nil},
		{"6455-4.3-02", "white space in a list", server.Config{}, []string{"Sec-WebSocket-Extensions: x-foo ; a = 10 , x-bar"}, nil},
		{"6455-4.3-03", "empty elements of a list", server.Config{Subprotocols: []string{"b"}},
			[]string{subprotocol + ", a,,b", "Sec-WebSocket-Extensions: , x-foo,,x-bar"}, []string{subprotocol + "b"}},
		{"6455-11.3.2-01", "extensions on two lines", server.Config{},
			[]string{"Sec-WebSocket-Extensions: x-foo", "+Sec-WebSocket-Extensions: x-bar"}, nil},

		{"6455-10.2-01", "the origin is the host", server.Config{}, []string{"Origin: https://server.example.com"}, nil},
		{"6455-4.2.2-05", "the origin is the host in other letters", server.Config{}, []string{"Origin: HTTP://SERVER.Example.COM"}, nil},
		{"6455-10.2-01", "the origin has the host's port", server.Config{},
			[]string{"Host: localhost:8080", "Origin: http://localhost:8080"}, nil},
		{"6455-10.2-01", "an origin of the list", server.Config{Origins: []string{"https://app.example.com:8443"}},
			[]string{"Origin: https://app.example.com:8443"}, nil},
		{"6455-4.2.2-05", "an origin of the list in other letters", server.Config{Origins: []string{"http://App.example.com"}},
			[]string{"Origin: HTTP://APP.EXAMPLE.COM"}, nil},
		{"6455-10.2-01", "an origin below one of the list", server.Config{Origins: []string{"a.org", "*.example.org"}},
			[]string{"Origin: http://a.b.example.org"}, nil},
		{"6455-10.2-01", "any origin", server.Config{Origins: []string{"*"}}, []string{"Origin: null"}, nil},
	} {
		eachWay(t, tt.name, func(t *testing.T, w way) {
			c := w.site(t, &tt.cfg, nil).dial()
			c.send(request(tt.changes...))
			c.want(tt.id, accepted(tt.want...))
		})
	}
}

// Requirements: 6455-4.2.2-12
func TestAcceptSubprotocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := &server.Config{Subprotocols: []string{"v1", "v2"}}
		c := serve(t, server.Handler(func(c *conn.Conn) {
			c.Write(t.Context(), frame.Text, []byte(c.Subprotocol()+" "+c.Side().String()))
		}, cfg)).dial()
		c.send(request("Sec-WebSocket-Protocol: v3, v2, v1"))
		c.want("the connection knows what was agreed on", accepted("Sec-WebSocket-Protocol: v2")+
			unmasked(frame.Text, "v2 server")+unmasked(frame.Close, normalClosure))
	})
}

// Fields of the application follow those of the handshake, and cannot add to them.
//
// Requirements: 6455-4.2.2-14, 6455-4.2.2-15, 6455-11.3.2-02, 6455-11.3.3-01, 6455-11.3.4-02
func TestAcceptHeader(t *testing.T) {
	const cookies = "Set-Cookie: "
	for _, tt := range []struct {
		name            string
		config, handler http.Header
		want            []string
	}{
		{"of the configuration", http.Header{"Set-Cookie": {"a=1", "b=2"}, "X-Config": {"yes"}}, nil,
			[]string{cookies + "a=1", cookies + "b=2", "X-Config: yes"}},
		{"of the handler", nil, http.Header{"Set-Cookie": {"a=1", "b=2"}, "X-Handler": {""}},
			[]string{cookies + "a=1", cookies + "b=2", "X-Handler: "}},
		{"of both", http.Header{"Set-Cookie": {"c=3"}, "X-Config": {"yes"}}, http.Header{"Set-Cookie": {"a=1", "b=2"}},
			[]string{cookies + "a=1", cookies + "b=2", cookies + "c=3", "X-Config: yes"}},
		{"of the handshake", nil, http.Header{
			"Upgrade": {"h2c"}, "Connection": {"close"}, "Host": {"x"},
			"Sec-Websocket-Accept": {"x"}, "sec-websocket-ACCEPT": {"y"}, "Sec-Websocket-Version": {"8"},
			"Sec-Websocket-Protocol": {"x"}, "Sec-Websocket-Extensions": {"permessage-deflate"},
			"Content-Length": {"5"}, "Transfer-Encoding": {"chunked"},
		}, nil},
		{"that would be two lines", nil, http.Header{
			"X-A": {"1\r\nSec-WebSocket-Protocol: x"}, "X-B": {"1\n\n\x81\x00"}, "X-C": {"\x00"},
			"X-D: 1\r\nSec-WebSocket-Protocol": {"x"}, "X E": {"1"}, "": {"1"}, "X-F": {"fine"},
		}, []string{"X-F: fine"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := &server.Config{Header: tt.config, Subprotocols: []string{"chat"}}
				before := tt.config.Clone()
				c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					for name, values := range tt.handler {
						w.Header()[name] = values
					}
					server.Go(w, r, cfg, echo)
				})).dial()
				c.send(sampleRequest)
				c.want("fields of the application", accepted(tt.want...))
				if len(before) != len(tt.config) || len(before["Set-Cookie"]) != len(tt.config["Set-Cookie"]) {
					t.Errorf("Config.Header is now %v, was %v", tt.config, before)
				}
			})
		})
	}
}

// What the client sends behind its request belongs to the connection, wherever the network cuts it.
func TestAcceptEarly(t *testing.T) {
	in := sampleRequest + masked(frame.Text, "first") + masked(frame.Ping, "p") + masked(frame.Binary, "second")
	out := accepted() + unmasked(frame.Text, "first") + unmasked(frame.Pong, "p") + unmasked(frame.Binary, "second")
	for i := range in {
		eachWay(t, "", func(t *testing.T, w way) {
			c := w.site(t, nil, nil).dial()
			c.send(in[:i])
			synctest.Wait()
			c.send(in[i:])
			c.want(fmt.Sprintf("cut at %d", i), out)
		})
	}
}

// More than net/http had room for is not lost.
func TestAcceptEarlyLong(t *testing.T) {
	eachWay(t, "", func(t *testing.T, w way) {
		c := w.site(t, nil, nil).dial()
		long := strings.Repeat("long ", 5000)
		c.send(sampleRequest + masked(frame.Text, long) + masked(frame.Text, "next"))
		c.want("both messages come back", accepted()+unmasked(frame.Text, long)+unmasked(frame.Text, "next"))
	})
}

// Requirements: 6455-4.2.2-20, 6455-5.1-06
func TestAcceptServerFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, server.Handler(func(c *conn.Conn) {
			c.Write(t.Context(), frame.Text, []byte("Hello"))
			echo(c)
		}, nil)).dial()
		c.send(sampleRequest)
		c.want("the server may speak first", accepted()+"\x81\x05Hello")
		c.sendFrame(frame.Text, "Hi")
		c.want("then the client", "\x81\x02Hi")
	})
}

// Requirements: 6455-4.2.2-08
func TestAcceptRouter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, mux(server.Handler(echo, nil))).dial()
		c.send(request("^GET /elsewhere HTTP/1.1"))
		c.wantResponse("there is nothing", 404, "not found")
		c.send(sampleRequest)
		c.want("the same connection may be upgraded later", accepted())
	})
}

// A handler decides by whatever the request says, before it accepts.
//
// Requirements: 6455-4.2.2-03, 6455-10.5-01
func TestAcceptAuthentication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := http.NewServeMux()
		m.HandleFunc("/chat", func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			if password != "sesame" {
				w.Header().Set("WWW-Authenticate", "Basic realm=chat")
				http.Error(w, "who is there?", http.StatusUnauthorized)
				return
			}
			server.Go(w, r, nil, func(c *conn.Conn) { c.Write(t.Context(), frame.Text, []byte(user)) })
		})
		m.Handle("/old", http.RedirectHandler("/chat", http.StatusTemporaryRedirect))
		c := serve(t, m).dial()

		c.send(request("^GET /old HTTP/1.1"))
		resp := c.wantResponse("a redirect is no handshake", 307, "")
		if got := resp.Header.Get("Location"); got != "/chat" {
			t.Errorf("Location is %q, want /chat", got)
		}
		c.send(request())
		resp = c.wantResponse("a stranger", 401, "who is there?")
		if got := resp.Header.Get("WWW-Authenticate"); got != "Basic realm=chat" {
			t.Errorf("WWW-Authenticate is %q", got)
		}
		c.send(request("Authorization: Basic YWxpOnNlc2FtZQ=="))
		c.want("a friend", accepted()+unmasked(frame.Text, "ali")+unmasked(frame.Close, normalClosure))
	})
}

// The connection is the application's, whatever becomes of the request.
func TestAcceptOutlivesRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var request context.Context
		conns := make(chan *conn.Conn, 1)
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			request = r.Context()
			ws, err := server.Accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			conns <- ws
		})).dial()
		c.send(sampleRequest)
		c.want("accepted", accepted())
		if request.Err() == nil {
			t.Error("the request's context lives on after the handler")
		}
		ws := <-conns
		if err := ws.Context().Err(); err != nil {
			t.Errorf("the connection's context ended with the request's: %v", err)
		}
		go echo(ws)
		c.sendFrame(frame.Text, "Hello")
		c.want("the connection works", "\x81\x05Hello")
	})
}

// A client that goes away leaves nothing behind, whether somebody reads or not.
func TestAcceptClientGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, server.Handler(echo, nil)).dial()
		c.send(sampleRequest)
		c.want("accepted", accepted())
		c.nc.Reset()
		c.wantEnd("reset", "")
		if left := goroutines(); len(left) != 1 { // the server's listener
			t.Errorf("goroutines left:\n%s", strings.Join(left, "\n\n"))
		}
	})
}

// A second Accept is an error, about which nobody is told on the wire or in the log.
func TestAcceptTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			server.Go(w, r, nil, echo)
			if c, err := server.Accept(w, r, nil); c != nil || !errors.Is(err, http.ErrHijacked) {
				t.Errorf("second Accept = %v, %v; want %v", c, err, http.ErrHijacked)
			}
		}))
		c := s.dial()
		c.send(sampleRequest)
		c.want("one response", accepted())
		c.sendFrame(frame.Text, "Hello")
		c.want("the first connection works", "\x81\x05Hello")
		if s.log.String() != "" {
			t.Errorf("logged %q", s.log.String())
		}
	})
}

// transparent is middleware's ResponseWriter as it should be.
type transparent struct{ http.ResponseWriter }

func (w transparent) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// opaque is one that hides what is below.
type opaque struct{ http.ResponseWriter }

func TestAcceptWrapped(t *testing.T) {
	for _, tt := range []struct {
		name string
		wrap func(http.ResponseWriter) http.ResponseWriter
		want string // in the error; accepted if empty
	}{
		{"one", func(w http.ResponseWriter) http.ResponseWriter { return transparent{w} }, ""},
		{"two", func(w http.ResponseWriter) http.ResponseWriter { return transparent{&transparent{w}} }, ""},
		{"opaque", func(w http.ResponseWriter) http.ResponseWriter { return opaque{w} }, "websocket: server_test.opaque is"},
		{"opaque below", func(w http.ResponseWriter) http.ResponseWriter { return transparent{&opaque{w}} }, "websocket: *server_test.opaque is"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var err error
				cfg := &server.Config{Header: http.Header{"X-Config": {"yes"}}}
				c := serve(t, mux(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Handler", "yes")
					err = server.Go(tt.wrap(w), r, cfg, echo)
				}))).dial()
				c.send(sampleRequest)
				if tt.want == "" {
					c.want("a transparent wrapper is no obstacle", accepted("X-Config: yes", "X-Handler: yes"))
					return
				}
				resp := c.wantResponse("the obstacle is named", 500, tt.want)
				if got := resp.Header["X-Config"]; got != nil {
					t.Errorf("what is for a 101 is in a 500, too: %q", got)
				}
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, want %q in it", err, tt.want)
				}
				c.wantStillHTTP()
			})
		})
	}
}

func TestAcceptTimeoutHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, http.TimeoutHandler(server.Handler(echo, nil), 1e9, "")).dial()
		c.send(sampleRequest)
		c.wantResponse("the obstacle is named", 500, "*http.timeoutWriter is no http.Hijacker")
	})
}

// hijacked is a ResponseWriter whose connection goes through wrap.
type hijacked struct {
	http.ResponseWriter
	wrap func(net.Conn) net.Conn
}

func (w *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	return w.wrap(nc), rw, err
}

// short is a connection that takes less than it should, and says nothing.
type short struct{ net.Conn }

func (short) Write(p []byte) (int, error) { return len(p) - 1, nil }

// A response that is not sent in full is an error, and the end of the connection.
//
// Requirements: 6455-7.2.2-01
func TestAcceptResponseCut(t *testing.T) {
	for _, tt := range []struct {
		name string
		wrap func(net.Conn) net.Conn
		want error
	}{
		{"taken in part", func(nc net.Conn) net.Conn { return short{nc} }, io.ErrShortWrite},
		{"closed", func(nc net.Conn) net.Conn { nc.Close(); return nc }, net.ErrClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					ws, err := server.Accept(&hijacked{w, tt.wrap}, r, nil)
					if ws != nil || !errors.Is(err, tt.want) || !strings.HasPrefix(err.Error(), "websocket: handshake response: ") {
						t.Errorf("Accept = %v, %v; want %v", ws, err, tt.want)
					}
				})).dial()
				c.send(sampleRequest)
				c.wantEnd("closed, and no frame sent", "")
			})
		})
	}
}
