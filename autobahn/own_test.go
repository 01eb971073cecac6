package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	wsserver "github.com/ws6455/ws/server"
)

// The library of this module has to get the verdicts in expected/, as a server and as a client.
// After a change that is meant, the flag plays every case and writes the verdicts anew, which takes minutes:
//
//	go test ./autobahn -run TestOwn -record -timeout 1h
var recording = flag.Bool("record", false, "write the files in expected/")

const everything = "*,x.*"

// large returns patterns of those cases of compression that are about a gigabyte of messages a section,
// all but one of which differ from others in nothing but the size. The race detector makes megabytes of gigabytes' work.
func large() string {
	numbers := []int{6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18}
	if raceEnabled {
		numbers = append(numbers, 1, 2, 4, 5, 11)
	}
	var patterns []string
	for _, section := range []int{12, 13} {
		for _, n := range numbers {
			patterns = append(patterns, fmt.Sprintf("%d.*.%d", section, n))
		}
	}
	return strings.Join(patterns, ",")
}

// limits are what the cases need: messages of 16 MiB, one in 100,000 fragments, and compression.
var limits = conn.Config{
	MaxMessageSize: 16 << 20,
	MaxFragments:   1 << 17,
	Compression:    &conn.Compression{Takeover: true, Threshold: -1}, // of all messages
}

func TestOwnServer(t *testing.T) {
	s := httptest.NewServer(wsserver.Handler(echo, &wsserver.Config{Conn: limits}))
	defer s.Close()
	url := "ws" + strings.TrimPrefix(s.URL, "http")
	check(t, "expected/server.json", io.Discard, "-url", url, "-agent", "ws-server")
}

// TestOwnLoop is TestOwnServer for connections in a loop.
func TestOwnLoop(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	s := &wsserver.Server{Config: wsserver.Config{Conn: limits}, Events: &wsserver.Events{
		Message: func(c *conn.Conn, typ frame.Opcode, p []byte) { c.Send(context.Background(), typ, p) },
	}}
	go s.Serve(l)
	defer s.Close()
	check(t, "expected/server.json", io.Discard, "-url", "ws://"+l.Addr().String(), "-agent", "ws-loop")
}

func TestOwnClient(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	driven := make(chan error, 1)
	go func() {
		url, err := listeningURL(r)
		if err == nil {
			err = drive(t.Context(), url, 16)
		}
		driven <- err
	}()
	check(t, "expected/client.json", w, "-listen", "127.0.0.1:0")
	if err := <-driven; err != nil {
		t.Error(err)
	}
}

// check runs the program, which must pass with the verdicts in the file.
func check(t *testing.T, file string, errOut io.Writer, args ...string) {
	var out bytes.Buffer
	args = append(args, "-cases", everything, "-outdir", t.TempDir())
	if *recording {
		args = append(args, "-record", file)
	} else {
		args = append(args, "-expect", file, "-exclude", large())
	}
	if status := command(t.Context(), args, &out, errOut); status != passed {
		t.Errorf("autobahn %s: exit status %d\n%s", strings.Join(args, " "), status, &out)
	}
}

// echo answers each message with itself, until the connection ends.
func echo(c *conn.Conn) {
	ctx := context.Background()
	var buf []byte
	for {
		typ, p, err := c.ReadAppend(ctx, buf[:0])
		if err != nil {
			return
		}
		if err := c.Write(ctx, typ, p); err != nil {
			return
		}
		buf = p
	}
}

// listeningURL returns the URL that the program says it listens on, and reads on what it says.
func listeningURL(r io.Reader) (string, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "listening on "); ok {
			go io.Copy(io.Discard, r)
			return strings.TrimSpace(url), nil
		}
	}
	return "", errors.New("the program does not say where it listens")
}

// drive takes the client of this module through all cases, so many at once.
func drive(ctx context.Context, url string, parallel int) error {
	cfg := &client.Config{Conn: limits}
	c, err := client.Dial(ctx, url+"/getCaseCount", cfg)
	if err != nil {
		return err
	}
	_, p, err := c.Read(ctx)
	if err != nil {
		return err
	}
	c.CloseNow()
	count, err := strconv.Atoi(string(p))
	if err != nil {
		return err
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for n := range next {
				// Some cases are about responses that are to be refused.
				if c, err := client.Dial(ctx, fmt.Sprintf("%s/runCase?case=%d&agent=ws-client", url, n), cfg); err == nil {
					echo(c)
					c.CloseNow()
				}
			}
		})
	}
	for n := range count {
		next <- n + 1
	}
	close(next)
	workers.Wait()
	if c, err = client.Dial(ctx, url+"/updateReports?agent=ws-client&shutdownOnComplete=true", cfg); err != nil {
		return err
	}
	defer c.CloseNow()
	c.Read(ctx) // until the end
	return nil
}
