package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
	"github.com/ws6455/ws/server"
	"github.com/ws6455/ws/wstest"
)

// A terminal is what somebody at a terminal does and sees, with a server in memory.
type terminal struct {
	session
	typed    io.WriteCloser
	endLeave context.CancelFunc
	endCut   context.CancelFunc
	servers  sync.WaitGroup
	dialed   int

	mu     sync.Mutex
	screen bytes.Buffer // standard output and standard error
}

// Write writes to the screen.
func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.screen.Write(p)
}

// shown returns what is on the screen when all has calmed down.
func (t *terminal) shown() string {
	synctest.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.screen.String()
}

// newTerminal returns a terminal whose servers, one for each connection, do what these functions do.
func newTerminal(t *testing.T, servers ...func(*conn.Conn)) (*terminal, *client.Config) {
	tm := &terminal{}
	in, typed := io.Pipe()
	tm.typed = typed
	tm.printer = &printer{out: tm, errOut: tm}
	tm.options = &options{url: "ws://user:secret@h/", wait: time.Second}
	tm.leave, tm.endLeave = context.WithCancel(t.Context())
	tm.cut, tm.endCut = context.WithCancel(t.Context())
	tm.lines = readLines(t.Context(), in)
	t.Cleanup(func() {
		typed.Close()
		tm.servers.Wait()
	})
	cfg := &client.Config{DialContext: func(context.Context, string, string) (net.Conn, error) {
		serve := servers[min(tm.dialed, len(servers)-1)]
		tm.dialed++
		a, b := wstest.Pipe()
		tm.servers.Go(func() { play(b, serve) })
		return a, nil
	}}
	return tm, cfg
}

// play accepts a connection on nc and runs serve with it.
func play(nc net.Conn, serve func(*conn.Conn)) {
	r, err := http.ReadRequest(bufio.NewReader(nc))
	if err != nil {
		return
	}
	nc.Write(handshake.AppendResponse(nil, r.Header.Get("Sec-WebSocket-Key"), handshake.Agreement{}, nil))
	c := conn.New(nc, conn.Opening{Side: frame.Server}, nil)
	defer c.CloseNow()
	serve(c)
}

// echo sends back what it gets.
func echo(c *conn.Conn) {
	for m, err := range c.Messages(context.Background()) {
		if err != nil || c.Write(context.Background(), m.Type, m.Data) != nil {
			return
		}
	}
}

// A person types, sees answers, and leaves.
func TestSession(t *testing.T) {
	const connected = "* connected to ws://user:xxxxx@h/\n"
	for _, tt := range []struct {
		name, typed, want string
		serve             func(*conn.Conn)
		status            int
	}{
		{"a message, and then the end of the input", "hello\n", connected + "< hello\n" +
			"* closed by this side with 1000 (normal closure), answered with 1000 (normal closure)\n", echo, exitNormal},
		{"a last line without its end", "hello", connected + "< hello\n" +
			"* closed by this side with 1000 (normal closure), answered with 1000 (normal closure)\n", echo, exitNormal},
		{"a ping", "/ping\r\n/quit\n", connected + "* pong after 0s\n" +
			"* closed by this side with 1000 (normal closure), answered with 1000 (normal closure)\n", echo, exitNormal},
		{"bytes", "/binary 00 ff\r\n", connected + "< binary, 2 bytes: 00 ff\n" +
			"* closed by this side with 1000 (normal closure), answered with 1000 (normal closure)\n", echo, exitNormal},
		{"what the server must not do to a terminal", "\x1b[2J\n", connected + "< \\x1b[2J\n" +
			"* closed by this side with 1000 (normal closure), answered with 1000 (normal closure)\n", echo, exitNormal},
		{"a close with a code", "/close 4000 bye\n", connected +
			"* closed by this side with 4000 \"bye\", answered with 4000 \"bye\"\n", echo, exitNormal},
		{"lines after the end", "/quit\nhello\n/ping\n", connected +
			"* closed by this side with 1000 (normal closure), answered with 1000 (normal closure)\n", echo, exitNormal},
		{"slips", "/pingg\n\xff\n/quit\n", connected +
			"error: there is no /pingg: see /help; // at the beginning sends a slash\nerror: text message is not valid UTF-8\n" +
			"* closed by this side with 1000 (normal closure), answered with 1000 (normal closure)\n", echo, exitNormal},
		{"the server leaves", "", connected + "* closed by the peer with 1001 (going away) \"bye\\x1b\"\n",
			func(c *conn.Conn) { c.Close(1001, "bye\x1b") }, exitNormal},
		{"the server does not like it", "", connected + "error: closed by the peer with 1008 (policy violation) \"no\"\n",
			func(c *conn.Conn) { c.Close(1008, "no") }, exitFailed},
		{"the server is gone", "", connected + "error: connection ended without a close frame: unexpected EOF\n",
			func(*conn.Conn) {}, exitFailed},
		{"the server does not answer a close", "/quit\n", connected +
			"error: closed by this side with 1000 (normal closure): ",
			func(*conn.Conn) { time.Sleep(time.Minute) }, exitFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tm, cfg := newTerminal(t, tt.serve)
				go func() {
					io.WriteString(tm.typed, tt.typed)
					if tt.typed != "" {
						tm.typed.Close()
					}
				}()
				if got := exitStatus(tm.report(tm.once(cfg))); got != tt.status {
					t.Errorf("exit status %d, want %d", got, tt.status)
				}
				if got := tm.shown(); !strings.HasPrefix(got, tt.want) || strings.HasSuffix(tt.want, "\n") && got != tt.want {
					t.Errorf("shown is\n%swant\n%s", got, tt.want)
				}
			})
		})
	}
}

// The first interrupt closes politely, the second at once.
func TestSessionInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm, cfg := newTerminal(t, echo)
		time.AfterFunc(time.Hour, tm.endLeave)
		if err := tm.once(cfg); exitStatus(err) != exitNormal || conn.CloseCode(err) != 1001 {
			t.Errorf("the end is %v, want a close with 1001", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		tm, cfg := newTerminal(t, func(*conn.Conn) { time.Sleep(2 * time.Hour) })
		start := time.Now()
		time.AfterFunc(time.Hour, tm.endLeave)
		time.AfterFunc(time.Hour+time.Second, tm.endCut)
		err := tm.once(cfg)
		if got := time.Since(start); exitStatus(err) != exitFailed || got != time.Hour+time.Second {
			t.Errorf("the end is %v after %v, want it one second after the first interrupt", err, got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 2)
		leave, cut := interrupts(signals)
		signals <- os.Interrupt
		synctest.Wait()
		if leave.Err() == nil || cut.Err() != nil {
			t.Errorf("after one signal: %v, %v", leave.Err(), cut.Err())
		}
		signals <- os.Interrupt
		synctest.Wait()
		if cut.Err() == nil {
			t.Error("nothing happens after the second signal")
		}
	})
}

// With -reconnect a lost connection is followed by another, and what is typed meanwhile is sent then.
func TestSessionReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm, cfg := newTerminal(t, func(*conn.Conn) {}, func(c *conn.Conn) { c.Close(1001, "") }, echo)
		go func() {
			time.Sleep(time.Hour)
			io.WriteString(tm.typed, "hello\n")
			time.Sleep(time.Hour)
			tm.typed.Close()
		}()
		if err := tm.report(tm.again(cfg)); exitStatus(err) != exitNormal {
			t.Error(err)
		}
		want := `* connected to ws://user:xxxxx@h/
error: connection ended without a close frame: unexpected EOF
* retry 1 in ?
* connected to ws://user:xxxxx@h/
* closed by the peer with 1001 (going away)
* retry 2 in ?
* connected to ws://user:xxxxx@h/
< hello
* closed by this side with 1000 (normal closure), answered with 1000 (normal closure)
`
		if got := regexp.MustCompile(`in [0-9.]+m?s`).ReplaceAllString(tm.shown(), "in ?"); got != want {
			t.Errorf("shown is\n%swant\n%s", got, want)
		}
	})
}

// The whole command, over sockets.
func TestRun(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/echo", server.Handler(echo, &server.Config{
		Subprotocols: []string{"b"},
		Conn:         conn.Config{Compression: &conn.Compression{Takeover: true, Window: 10}},
	}))
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		http.Error(w, "come back later", http.StatusServiceUnavailable)
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	url := strings.TrimPrefix(s.URL, "http://")
	for _, tt := range []struct {
		name   string
		args   []string
		in     string
		status int
		want   string // a regular expression for both outputs
	}{
		{"lines of the command line", []string{"-wait", "100ms", "-x", "one", "-x", "/ping", "-x", "", url + "/echo"}, "not read\n", exitNormal,
			"(?s).*< one\n.*< \n.*"},
		{"lines of the input", []string{"-wait", "100ms", "-subprotocol", "a,b", url + "/echo"}, "one\ntwo\n", exitNormal,
			`\* connected to ws://127.0.0.1:\d+/echo\n\* subprotocol b\n< one\n< two\n\* closed by this side with 1000 .*\n`},
		{"compression", []string{"-wait", "100ms", "-compress", url + "/echo"}, strings.Repeat("one", 100) + "\n", exitNormal,
			`\* connected to ws://127.0.0.1:\d+/echo\n\* extension permessage-deflate; client_max_window_bits=10\n< (one){100}\n\* closed by this side with 1000 .*\n`},
		{"compression, as frames", []string{"-wait", "100ms", "-compress", "-frames", url + "/echo"}, strings.Repeat("one", 100) + "\n", exitNormal,
			`(?s).*\* out: text, \d\d? bytes, masked, compressed\n.*\* in:  text, \d\d? bytes, compressed\n.*`},
		{"a server that is busy", []string{url + "/busy"}, "", exitFailed,
			"error: handshake failed: the status is 503 .*\n  Retry-After: 7\n  Content-Type: text/plain; charset=utf-8\n  \\| come back later\n"},
		{"a URL that is none", []string{"http://h"}, "", exitFailed, "error: URL: .*\n"},
		{"no URL", nil, "", exitUsage, "(?s)the url is missing\nusage: .*"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			args := append([]string{"-proxy", "none"}, tt.args...)
			status := run(t.Context(), t.Context(), args, strings.NewReader(tt.in), &out, &out)
			if status != tt.status {
				t.Errorf("exit status %d, want %d", status, tt.status)
			}
			if !regexp.MustCompile("^" + tt.want + "$").MatchString(out.String()) {
				t.Errorf("printed\n%swant\n%s", out.String(), tt.want)
			}
		})
	}
}
