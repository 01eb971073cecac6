package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// accepting listens, and accepts connections of which nothing is read or written. With a config it does so over TLS.
func accepting(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			if cfg != nil {
				go tls.Server(nc, cfg).Handshake()
			}
			t.Cleanup(func() { nc.Close() })
		}
	}()
	return l.Addr().String()
}

// closedPort returns an address on which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A played is a case that was played, and how.
type played struct {
	id string
	to fuzzer.Target
	o  *fuzzer.Options
}

// testWith runs the servers of a spec file with an engine that finds all well, and that the servers give names.
func testWith(t *testing.T, text string, server func(id string) string) (r *run, all []played, status int, out string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "spec.json")
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	c, err := configure([]string{"-m", "fuzzingclient", "-s", name, "-outdir", t.TempDir(), "-parallel", "1"})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var b bytes.Buffer
	r = &run{config: c, results: newResults(), progress: newProgress(&b), out: &b}
	r.playClient = func(nc net.Conn, to fuzzer.Target, c *suite.Case, o *fuzzer.Options) *fuzzer.Result {
		defer nc.Close()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, played{c.ID, to, o})
		x := result(c, suite.OK)
		x.HTTPResponse = server(c.ID)
		return x
	}
	status = r.run(t.Context())
	return r, all, status, b.String()
}

func TestServersInTurn(t *testing.T) {
	one, two := accepting(t, nil), accepting(t, nil)
	r, all, status, out := testWith(t, `{"cases": ["1.1.1", "9.1.1", "2.1"], "exclude-agent-cases": {"t*": ["2.*"]}, "servers": [
		{"url": "ws://`+one+`/a?b=c", "agent": "one", "origin": "http://o", "protocols": ["p"]},
		{"url": "ws://`+closedPort(t)+`", "agent": "gone"},
		{"url": "ws://`+two+`", "agent": "two", "options": {"failByDrop": true}}]}`,
		func(string) string { return "" })

	var order []string
	for _, p := range all {
		order = append(order, p.id)
	}
	if want := []string{"1.1.1", "2.1", "9.1.1", "1.1.1", "skipped", "9.1.1"}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
	if to := all[0].to; to.Path != "/a?b=c" || to.Host != one || to.Origin != "http://o" || to.Protocols[0] != "p" || all[0].o.FailByDrop {
		t.Errorf("got %+v", all[0])
	}
	if to := all[5].to; to.Path != "/" || !all[5].o.FailByDrop {
		t.Errorf("got %+v", all[5])
	}
	var got []key
	for _, x := range r.results.sorted() {
		got = append(got, key{x.Agent, x.Case.ID})
	}
	if want := []key{{"one", "1.1.1"}, {"one", "2.1"}, {"one", "9.1.1"}, {"two", "1.1.1"}, {"two", "9.1.1"}}; !slices.Equal(got, want) {
		t.Errorf("got results for %v, want %v", got, want)
	}
	if n := r.results.sorted()[1].Number; n != 17 {
		t.Errorf("case 2.1 has number %d in the list of all, want 17", n)
	}
	if status != broken || !strings.Contains(out, "given up") {
		t.Errorf("got status %d and\n%s", status, out)
	}
	if _, err := os.Stat(filepath.Join(r.spec.outdir, "index.json")); err != nil {
		t.Error("the reports of what ran are written:", err)
	}
}

// A server that has no name in the spec is called what it calls itself in each response.
func TestServerNamesItself(t *testing.T) {
	addr := accepting(t, nil)
	spec := `{"cases": ["1.1.1", "1.1.2", "1.1.3"], "exclude-agent-cases": {"Secret/1": ["1.1.*"]}, "servers": [{"url": "ws://` + addr + `"}]}`
	r, all, _, _ := testWith(t, spec, func(id string) string {
		return map[string]string{
			"1.1.1": "HTTP/1.1 101 OK\r\nX-Server: a\r\nserver:  My Lib/2 \r\n\r\n",
			"1.1.2": "HTTP/1.1 101 OK\r\n\r\n",
			"1.1.3": "HTTP/1.1 101 OK\r\nServer: Secret/1\r\n\r\n",
		}[id]
	})
	var got []string
	for _, x := range r.results.sorted() {
		got = append(got, x.Agent)
	}
	if want := []string{"My Lib/2", "UnknownServer"}; !slices.Equal(got, want) || len(all) != 3 {
		t.Errorf("got results for %v, want %v", got, want)
	}
}

func TestConnectWithTLS(t *testing.T) {
	key, cert := certificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	names := make(chan string, 10)
	addr := accepting(t, &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		names <- h.ServerName
		return &pair, nil
	}})
	_, all, status, out := testWith(t, `{"cases": ["1.1.1"], "servers": [{"url": "wss://`+addr+`", "agent": "a", "hostname": "example.com"}]}`,
		func(string) string { return "" })
	if status != passed || len(all) != 1 {
		t.Errorf("got status %d and\n%s", status, out)
	}
	if got := <-names; got != "example.com" {
		t.Errorf("the server was asked for %q", got)
	}
}

// When the program is stopped, connections are closed and what has ended is reported.
func TestStopClient(t *testing.T) {
	c, err := configure([]string{"-url", "ws://" + accepting(t, nil), "-cases", "1.*", "-outdir", t.TempDir(), "-parallel", "4"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	r := &run{config: c, results: newResults(), progress: newProgress(&out), out: &out, playClient: fuzzer.PlayClient}
	time.AfterFunc(200*time.Millisecond, cancel)
	start := time.Now()
	status := r.run(ctx)
	if took := time.Since(start); status != broken || took > 4*time.Second || !strings.Contains(out.String(), "stopped before all cases had run") {
		t.Errorf("got status %d after %v and\n%s", status, took, out.String())
	}
}

// The program tests a server, and compares what it finds with what it recorded.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	addr := echoServer(t)
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, x := range []struct {
		what, args string
		status     int
		want       string
	}{
		{"all passes", "-cases 1.1.*,2.1,2.2 -record " + file("good.json") + " -junit " + file("junit.xml"), passed, "passed all of 10 cases"},
		{"a case fails", "-cases 1.1.1,3.1 -parallel 1 -record " + file("bad.json"), failed, "3.1 OK / FAILED"},
		{"a known failure is expected", "-cases 1.1.1,3.1 -expect " + file("bad.json"), passed, "no difference"},
		{"of what is expected only the selected cases count", "-cases 3.1 -expect " + file("bad.json"), passed, "no difference"},
		{"a result that nobody expects is a difference", "-cases 1.1.1,3.1 -expect " + file("good.json"), failed, "1 difference from"},
	} {
		var out, errOut bytes.Buffer
		args := append(strings.Fields(x.args), "-url", "ws://"+addr, "-agent", "a", "-outdir", file("out"))
		if got := command(t.Context(), args, &out, &errOut); got != x.status || !strings.Contains(out.String(), x.want) {
			t.Errorf("%s: got status %d\n%s%s", x.what, got, out.String(), errOut.String())
		}
	}
	for _, name := range []string{"good.json", "bad.json", "junit.xml", "out/index.json", "out/index.html", "out/a_case_3_1.json"} {
		if info, err := os.Stat(file(name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestIncomplete records nothing of a run that did not get to its end, and says so to a build server.
func TestIncomplete(t *testing.T) {
	dir := t.TempDir()
	known, junit := filepath.Join(dir, "known.json"), filepath.Join(dir, "junit.xml")
	if err := os.WriteFile(known, []byte("as it was"), 0o666); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	args := []string{"-url", "ws://127.0.0.1:1", "-agent", "a", "-outdir", dir, "-record", known, "-junit", junit}
	if status := command(t.Context(), args, &out, &errOut); status != broken || !strings.Contains(errOut.String(), "is not written") {
		t.Errorf("got status %d and\n%s", status, errOut.String())
	}
	if b, _ := os.ReadFile(known); string(b) != "as it was" {
		t.Errorf("what was recorded has become %q", b)
	}
	if b, _ := os.ReadFile(junit); !strings.Contains(string(b), "<error message=") {
		t.Errorf("JUnit has no error:\n%s", b)
	}
}

// TestUnwritable is told before the run, not after it.
func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-outdir", filepath.Join(file, "x")},
		{"-outdir", t.TempDir(), "-record", filepath.Join(file, "x.json")},
		{"-outdir", t.TempDir(), "-junit", filepath.Join(file, "x.xml")},
	} {
		var out, errOut bytes.Buffer
		if status := command(t.Context(), append(args, "-listen", "127.0.0.1:0"), &out, &errOut); status != broken {
			t.Errorf("%v: got status %d", args, status)
		}
	}
}

func TestHelpAndList(t *testing.T) {
	var out, errOut bytes.Buffer
	if status := command(t.Context(), []string{"-h"}, &out, &errOut); status != passed || !strings.Contains(out.String(), "-expect file") {
		t.Errorf("got status %d and\n%s", status, out.String())
	}
	out.Reset()
	if status := command(t.Context(), []string{"-list", "-cases", "1.1.*"}, &out, &errOut); status != passed || strings.Count(out.String(), "\n") != 9 {
		t.Errorf("got status %d and\n%s", status, out.String())
	}
	if status := command(t.Context(), []string{"-bogus"}, &out, &errOut); status != broken || strings.Count(errOut.String(), "\n") != 1 {
		t.Errorf("got status %d and\n%s", status, errOut.String())
	}
}

// echoServer returns the address of a server that echoes everything, frame by frame.
func echoServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go echoFrames(nc)
		}
	}()
	return l.Addr().String()
}

// echoFrames serves one connection: every frame comes back as it came, and a ping as a pong.
func echoFrames(nc net.Conn) {
	defer nc.Close()
	r := bufio.NewReader(nc)
	q, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	sum := sha1.Sum([]byte(q.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	for {
		first, _ := r.ReadByte()
		second, err := r.ReadByte()
		if err != nil {
			return
		}
		header := []byte{first, second & 0x7F}
		n := int(header[1])
		if more := map[int]int{126: 2, 127: 8}[n]; more > 0 {
			b := make([]byte, more)
			io.ReadFull(r, b)
			header = append(header, b...)
			n = 0
			for _, x := range b {
				n = n<<8 | int(x)
			}
		}
		p := make([]byte, 4+n)
		if _, err := io.ReadFull(r, p); err != nil {
			return
		}
		for i := range n {
			p[4+i] ^= p[i%4]
		}
		if first&0xF == suite.OpPing {
			header[0]++
		}
		nc.Write(append(header, p[4:]...))
		if first&0xF == suite.OpClose {
			return
		}
	}
}
