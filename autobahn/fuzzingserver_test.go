package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// A bench is a fuzzing server that listens for a test.
type bench struct {
	t    *testing.T
	addr string
	run  *run
	out  bytes.Buffer // to be read after stop
	stop func() int   // stops the program, unless that has happened, and returns its exit status
}

// listen starts a program with args, as -listen or -m fuzzingserver does.
func listen(t *testing.T, args ...string) *bench {
	t.Helper()
	c, err := configure(append([]string{"-listen", "127.0.0.1:0", "-outdir", t.TempDir()}, args...))
	if err != nil {
		t.Fatal(err)
	}
	return listenWith(t, c)
}

func listenWith(t *testing.T, c *config) *bench {
	t.Helper()
	b := &bench{t: t}
	said := &lines{seen: make(chan string, 100)}
	b.run = &run{config: c, results: newResults(), progress: newProgress(said), out: &b.out,
		playClient: fuzzer.PlayClient, playServer: fuzzer.PlayServer}
	ctx, cancel := context.WithCancel(t.Context())
	status := make(chan int, 1)
	go func() { status <- b.run.run(ctx) }()
	b.stop = sync.OnceValue(func() int {
		cancel()
		return b.wait(status)
	})
	t.Cleanup(func() { b.stop() })
	line := <-said.seen
	_, b.addr, _ = strings.Cut(strings.TrimSpace(line), "://")
	if b.addr == "" {
		t.Fatalf("got %q, want where it listens", line)
	}
	return b
}

// wait returns the exit status.
func (b *bench) wait(status chan int) int {
	select {
	case s := <-status:
		return s
	case <-time.After(20 * time.Second):
		b.t.Error("the program does not end")
		return -1
	}
}

// lines takes what is said on the terminal.
type lines struct{ seen chan string }

func (l *lines) Write(b []byte) (int, error) {
	select {
	case l.seen <- string(b):
	default:
	}
	return len(b), nil
}

// A tester is a client under test.
type tester struct {
	nc net.Conn
	r  *bufio.Reader
}

// dial sends an opening handshake for uri, and returns the status of the answer.
func (b *bench) dial(uri string) (*tester, string) {
	b.t.Helper()
	nc, err := net.Dial("tcp", b.addr)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.open(nc, uri)
}

// open does the opening handshake on nc.
func (b *bench) open(nc net.Conn, uri string) (*tester, string) {
	b.t.Helper()
	b.t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	c := &tester{nc, bufio.NewReader(nc)}
	fmt.Fprintf(nc, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", uri, b.addr)
	status := ""
	for {
		line, err := c.r.ReadString('\n')
		if err != nil || line == "\r\n" {
			return c, status
		}
		if status == "" {
			status = strings.TrimSpace(line)
		} else if !strings.Contains(status, " 101 ") {
			status += "\n" + strings.TrimSpace(line)
		}
	}
}

// next reads a frame that is not longer than 64 KiB. The opcode is -1 at the end of TCP.
func (c *tester) next() (opcode int, payload []byte) {
	h := make([]byte, 2)
	if _, err := io.ReadFull(c.r, h); err != nil {
		return -1, nil
	}
	n := int(h[1])
	if n == 126 {
		b := make([]byte, 2)
		io.ReadFull(c.r, b)
		n = int(binary.BigEndian.Uint16(b))
	}
	payload = make([]byte, n)
	io.ReadFull(c.r, payload)
	return int(h[0] & 0xF), payload
}

// send sends a short frame. Its mask is zero.
func (c *tester) send(opcode int, payload string) {
	c.nc.Write(append([]byte{0x80 | byte(opcode), 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...))
}

// echo echoes until TCP ends.
func (c *tester) echo() {
	for {
		switch opcode, p := c.next(); opcode {
		case -1:
			return
		case suite.OpPing:
			c.send(suite.OpPong, string(p))
		default: // a close frame is echoed as well
			c.send(opcode, string(p))
		}
	}
}

// ask returns the message that answers uri. The answer has to end with a close frame without a code.
func (b *bench) ask(uri string) string {
	b.t.Helper()
	c, status := b.dial(uri)
	if !strings.Contains(status, "101") {
		b.t.Errorf("%s: got %q", uri, status)
		return ""
	}
	text := ""
	opcode, p := c.next()
	if opcode == suite.OpText {
		text = string(p)
		opcode, p = c.next()
	}
	if opcode != suite.OpClose || len(p) != 0 {
		b.t.Errorf("%s: got opcode %d with %q, want an empty close frame", uri, opcode, p)
	}
	c.send(suite.OpClose, "")
	if opcode, _ := c.next(); opcode != -1 {
		b.t.Errorf("%s: got opcode %d, want the end of TCP", uri, opcode)
	}
	return text
}

// play runs case n as agent.
func (b *bench) play(n int, agent string) {
	c, status := b.dial(fmt.Sprintf("/runCase?case=%d&agent=%s", n, agent))
	if !strings.Contains(status, "101") {
		b.t.Errorf("case %d: got %q", n, status)
	}
	c.echo()
}

func TestDriver(t *testing.T) {
	b := listen(t, "-cases", "1.1.1,1.1.2,2.1,3.1", "-exclude", "1.1.2")
	if got := b.ask("/getCaseCount"); got != "3" {
		t.Errorf("got %q cases, want 3", got)
	}
	var info struct{ ID, Description string }
	if err := json.Unmarshal([]byte(b.ask("/getCaseInfo?case=2")), &info); err != nil || info.ID != "2.1" || info.Description == "" {
		t.Errorf("got %+v, %v", info, err)
	}
	if got := b.ask("/getCaseInfo?casetuple=3.1"); !strings.Contains(got, `"3.1"`) {
		t.Errorf("got %s", got)
	}
	var all sync.WaitGroup
	for _, agent := range []string{"one", "My%20Lib%2F2"} { // several at once
		all.Go(func() {
			for n := range 3 {
				b.play(n+1, agent)
			}
		})
	}
	all.Wait()
	b.play(1, "one") // again
	for n, want := range map[int]string{1: "OK", 2: "OK", 3: "FAILED"} {
		got := b.ask(fmt.Sprintf("/getCaseStatus?case=%d&agent=one", n))
		if got != fmt.Sprintf(`{"behavior": %q}`, want) {
			t.Errorf("case %d: got %s, want %s", n, got, want)
		}
	}
	b.ask("/updateReports?agent=any")
	data, err := os.ReadFile(filepath.Join(b.run.spec.outdir, "index.json"))
	var index map[string]map[string]any
	if err != nil || json.Unmarshal(data, &index) != nil || len(index["one"]) != 3 || len(index["My Lib/2"]) != 3 {
		t.Errorf("got the index %s, %v", data, err)
	}
	if status := b.stop(); status != failed || !strings.Contains(b.out.String(), "3.1 FAILED") {
		t.Errorf("got status %d and\n%s", status, b.out.String())
	}
}

func TestBadParameters(t *testing.T) {
	b := listen(t, "-cases", "1.1.*")
	for _, uri := range []string{
		"/runCase?agent=a", "/runCase?case=1", "/runCase?case=0&agent=a", "/runCase?case=9&agent=a", "/runCase?case=x&agent=a",
		"/runCase?case=1&case=1&agent=a", "/runCase?case=1&agent=a&agent=b", "/runCase?casetuple=2.1&agent=a", "/runCase?case=-1&agent=a",
		"/getCaseInfo", "/getCaseInfo?case=9", "/getCaseInfo?casetuple=1.1.1&casetuple=1.1.1",
		"/runCase?case=1&agent=", "/getCaseInfo?case=1&agent=a&agent=b", "/getCaseCount?case=1&case=2",
		"/getCaseStatus?case=1", "/getCaseStatus?agent=a", "/updateReports", "/updateReports?agent=a&shutdownOnComplete=1&shutdownOnComplete=1",
	} {
		if _, status := b.dial(uri); status != "HTTP/1.1 500 Internal Server Error" {
			t.Errorf("%s: got %q", uri, status)
		}
	}
	if status := b.stop(); status != failed || !strings.Contains(b.out.String(), "no case was run") {
		t.Errorf("got status %d and %q", status, b.out.String())
	}
}

// A result is held back until there is one. A client that goes away in the meantime leaves nothing behind.
func TestStatusWaits(t *testing.T) {
	b := listen(t, "-cases", "1.1.1")
	gone, _ := b.dial("/getCaseStatus?case=1&agent=a")
	waits, status := b.dial("/getCaseStatus?case=1&agent=a")
	if !strings.Contains(status, "101") {
		t.Errorf("got %q, want an answer to the opening handshake", status)
	}
	gone.nc.Close()
	b.play(1, "b")
	b.play(1, "a")
	if _, p := waits.next(); string(p) != `{"behavior": "OK"}` {
		t.Errorf("got %q", p)
	}
	if status := b.stop(); status != passed {
		t.Errorf("got status %d and\n%s", status, b.out.String())
	}
}

func TestExcludedAgent(t *testing.T) {
	c, err := configure([]string{"-listen", "127.0.0.1:0", "-cases", "1.1.1,1.1.2", "-outdir", t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	c.spec.excludeAgent = map[string][]string{"old*": {"1.1.2"}}
	b := listenWith(t, c)
	b.play(1, "older")
	if got := b.ask("/runCase?case=2&agent=older"); got != "" {
		t.Errorf("got %q, want an empty close frame", got)
	}
	if status := b.stop(); status != passed || len(b.run.results.sorted()) != 1 {
		t.Errorf("got status %d and\n%s", status, b.out.String())
	}
}

// A client that skips cases has not passed.
func TestSkippedCases(t *testing.T) {
	b := listen(t, "-cases", "1.1.*")
	b.play(5, "a")
	if status := b.stop(); status != failed || !strings.Contains(b.out.String(), "7 more were not run") {
		t.Errorf("got status %d and\n%s", status, b.out.String())
	}
}

func TestPlainHTTP(t *testing.T) {
	b := listen(t)
	get := func(path string) (int, string) {
		r, err := http.Get("http://" + b.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(text)
	}
	_, port, _ := net.SplitHostPort(b.addr)
	if status, text := get("/"); status != 200 || !strings.Contains(text, `"`+port+`"`) || !strings.Contains(text, "/getCaseCount") {
		t.Errorf("got %d\n%s", status, text)
	}
	if status, _ := get("/favicon.ico"); status != 404 {
		t.Errorf("got %d", status)
	}
	b.run.spec.listen.options.WebStatus = false
	if status, _ := get("/"); status != 426 {
		t.Errorf("without webStatus got %d", status)
	}
}

func TestDirectCommands(t *testing.T) {
	b := listen(t)
	c, _ := b.dial("/")
	c.send(suite.OpText, "nonsense")
	c.send(suite.OpText, `["sendframe",{"opcode":9,"payload":"ab","payload_len":5}]`)
	if opcode, p := c.next(); opcode != suite.OpPing || string(p) != "ababa" {
		t.Errorf("got opcode %d with %q", opcode, p)
	}
	c.send(suite.OpText, `["sendframes",[{"opcode":1,"payload":"x","fin":false},{"opcode":0,"sync":true}]]`)
	c.next()
	if opcode, p := c.next(); opcode != suite.OpContinuation || len(p) != 0 {
		t.Errorf("got opcode %d with %q", opcode, p)
	}
	c.send(suite.OpText, `["echo",{"payload":"hello","payload_len":5}]`)
	if opcode, p := c.next(); opcode != suite.OpText || string(p) != "hello" {
		t.Errorf("got opcode %d with %q", opcode, p)
	}
	c.send(suite.OpText, `["close",{"code":3000,"reason":"bye"}]`)
	if opcode, p := c.next(); opcode != suite.OpClose || string(p) != "\x0b\xb8bye" {
		t.Errorf("got opcode %d with %q", opcode, p)
	}
}

func TestOrders(t *testing.T) {
	for _, text := range []string{
		"", "{}", "[]", `["sendframe"]`, `[1,{}]`, `["nothing",{}]`, `["sendframe",[]]`, `["sendframes",{}]`, `["close",[]]`, `["echo",[]]`,
		`["sendframe",{"opcode":16}]`, `["sendframe",{"rsv":8}]`, `["sendframe",{"chopsize":-1}]`, `["sendframe",{"payload_len":-1}]`,
		`["echo",{"payload_len":99999999}]`, `["close",{"code":65536}]`,
		`["sendframes",[{"payload_len":16000000},{"payload_len":16000000}]]`,
	} {
		if steps, err := parseOrder([]byte(text), false); err == nil {
			t.Errorf("%s: got %v, want an error", text, steps)
		}
	}
	steps, err := parseOrder([]byte(`["sendframe",{"opcode":1,"mask":"abcd","chopsize":3,"rsv":4}]`), false)
	if f, ok := steps[0].(suite.Frame); err != nil || !ok || !f.WrongMask || f.Chop != 3 || f.RSV != 4 || f.NotFin {
		t.Errorf("got %+v, %v", steps, err)
	}
}

func TestTooManyConnections(t *testing.T) {
	b := listen(t, "-cases", "1.1.1")
	b.run.spec.listen.options.MaxConnections = 1
	first, _ := b.dial("/")
	if _, status := b.dial("/getCaseCount"); !strings.HasPrefix(status, "HTTP/1.1 503 ") {
		t.Errorf("got %q", status)
	}
	first.nc.Close()
	if _, status := b.dial("/getCaseCount"); !strings.Contains(status, "101") {
		t.Errorf("the connection that has ended still counts: %s", status)
	}
}

// With -parallel 1 a client is not answered before the case of another has ended.
func TestOneCaseAtATime(t *testing.T) {
	b := listen(t, "-cases", "1.1.1", "-parallel", "1")
	first, _ := b.dial("/runCase?case=1&agent=a")
	done := make(chan bool)
	go func() {
		b.play(1, "b")
		close(done)
	}()
	if got := b.ask("/getCaseCount"); got != "1" {
		t.Errorf("got %q", got)
	}
	select {
	case <-done:
		t.Error("two cases ran at once")
	case <-time.After(100 * time.Millisecond):
	}
	first.echo()
	<-done
}

func TestStopByClient(t *testing.T) {
	for _, uri := range []string{"/stopServer", "/updateReports?agent=a&shutdownOnComplete=Yes"} {
		b := listen(t, "-cases", "1.1.1")
		b.play(1, "a")
		b.ask(uri)
		for range 200 {
			nc, err := net.Dial("tcp", b.addr)
			if err != nil {
				break
			}
			nc.Close()
			time.Sleep(10 * time.Millisecond)
		}
		if _, err := net.Dial("tcp", b.addr); err == nil {
			t.Errorf("%s: it still listens", uri)
		}
		if status := b.stop(); status != passed {
			t.Errorf("%s: got status %d", uri, status)
		}
		if _, err := os.Stat(filepath.Join(b.run.spec.outdir, "index.html")); err != nil {
			t.Error(err)
		}
	}
}

// When the program is stopped, a case that runs has no result.
func TestStopWhileACaseRuns(t *testing.T) {
	b := listen(t, "-cases", "1.1.*")
	b.dial("/runCase?case=1&agent=a")
	b.dial("/getCaseStatus?case=1&agent=a")
	b.dial("/")
	if status := b.stop(); status != failed || len(b.run.results.sorted()) != 0 {
		t.Errorf("got status %d and %d results", status, len(b.run.results.sorted()))
	}
}

func TestListenWithTLS(t *testing.T) {
	key, cert := certificate(t)
	b := listen(t, "-cases", "1.1.1", "-k", key, "-c", cert)
	nc, err := tls.Dial("tcp", b.addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	c, status := b.open(nc, "/runCase?case=1&agent=a")
	if !strings.Contains(status, "101") {
		t.Errorf("got %q", status)
	}
	c.echo()
	if status := b.stop(); status != passed {
		t.Errorf("got status %d and\n%s", status, b.out.String())
	}
}

func TestCannotListen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, args := range []string{
		"-listen " + l.Addr().String(),
		"-listen 127.0.0.1:0 -k absent -c absent",
	} {
		var out, errOut bytes.Buffer
		if status := command(t.Context(), strings.Fields(args), &out, &errOut); status != broken || errOut.Len() == 0 {
			t.Errorf("%s: got status %d, %q", args, status, errOut.String())
		}
	}
}

// certificate returns the names of files with a key and its certificate.
func certificate(t *testing.T) (key, cert string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, x, x, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key, cert = filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	for name, block := range map[string]*pem.Block{key: {Type: "EC PRIVATE KEY", Bytes: secret}, cert: {Type: "CERTIFICATE", Bytes: der}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return key, cert
}
