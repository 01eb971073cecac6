package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// A fuzzing server of five cases. The third refuses the opening handshake.
type fuzzer struct {
	*httptest.Server
	gone bool // it listens no more after the first case

	mu     sync.Mutex
	echoed []string // number and agent of the cases whose message came back
	report url.Values
}

func start(t *testing.T) *fuzzer {
	f := &fuzzer{}
	mux := http.NewServeMux()
	mux.Handle("/getCaseCount", server.Handler(func(c *conn.Conn) {
		c.Write(context.Background(), frame.Text, []byte("5"))
		c.Close(frame.StatusNoStatus, "")
	}, nil))
	mux.HandleFunc("/runCase", f.runCase)
	mux.HandleFunc("/updateReports", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.report = r.URL.Query()
		f.mu.Unlock()
		server.Go(w, r, nil, func(c *conn.Conn) { c.Close(frame.StatusNoStatus, "") })
	})
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fuzzer) runCase(w http.ResponseWriter, r *http.Request) {
	n := r.FormValue("case")
	if n == "3" {
		http.Error(w, "no", http.StatusInternalServerError)
		return
	}
	cfg := &server.Config{Conn: conn.Config{Compression: &conn.Compression{Takeover: true, Window: 9}}}
	server.Go(w, r, cfg, func(c *conn.Conn) {
		defer c.CloseNow()
		if len(c.Extensions()) == 0 {
			return // then the cases about compression would be left out
		}
		ctx := context.Background()
		c.Write(ctx, frame.Binary, []byte(n))
		if _, p, err := c.Read(ctx); err == nil {
			f.mu.Lock()
			f.echoed = append(f.echoed, string(p)+" "+r.FormValue("agent"))
			f.mu.Unlock()
		}
		if f.gone {
			f.Listener.Close()
		}
	})
}

func (f *fuzzer) drive(t *testing.T, parallel int, stop bool) error {
	u, err := url.Parse(strings.Replace(f.URL, "http", "ws", 1))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return (&driver{u, "a & b"}).run(ctx, parallel, stop)
}

func TestAllCases(t *testing.T) {
	for _, parallel := range []int{1, 4} {
		f := start(t)
		if err := f.drive(t, parallel, parallel == 1); err != nil {
			t.Errorf("parallel %d: %v", parallel, err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		slices.Sort(f.echoed)
		want := []string{"1 a & b", "2 a & b", "4 a & b", "5 a & b"}
		if !slices.Equal(f.echoed, want) {
			t.Errorf("parallel %d: echoed in %q, want %q", parallel, f.echoed, want)
		}
		if f.report.Get("agent") != "a & b" || f.report.Has("shutdownOnComplete") != (parallel == 1) {
			t.Errorf("parallel %d: reports are asked for with %v", parallel, f.report)
		}
	}
}

func TestServerGone(t *testing.T) {
	f := start(t)
	f.gone = true
	err := f.drive(t, 1, true)
	if err == nil || !strings.HasPrefix(err.Error(), "case 2: ") {
		t.Errorf("the server is gone after case 1: %v", err)
	}
	err = f.drive(t, 1, true)
	if err == nil || !strings.HasPrefix(err.Error(), "getCaseCount: ") {
		t.Errorf("the server is gone from the start: %v", err)
	}
}
