package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// enter returns a tab that has been let into the room.
func enter(t *testing.T, l *wstest.Listener, welcome, count string) *wstest.Peer {
	t.Helper()
	tab := wstest.DialPeer(t, l, "/ws", nil)
	tab.Want("a tab learns its number", frame.Text, welcome)
	tab.Want("and how many there are", frame.Text, count)
	return tab
}

func TestEveryTabSees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := wstest.Serve(t, newRoom(1<<20).handler())
		ali := enter(t, l, `{"you":1}`, `{"dropped":0,"people":1}`)
		bea := enter(t, l, `{"you":2}`, `{"dropped":0,"people":2}`)
		ali.Want("somebody has come", frame.Text, `{"dropped":0,"people":2}`)

		ali.Write(frame.Text, `{"name":"Ali","text":"Hello","from":7}`)
		for _, tab := range []*wstest.Peer{ali, bea} {
			tab.Want("tabs cannot lie about their number", frame.Text, `{"from":1,"name":"Ali","text":"Hello","done":false}`)
		}
		bea.WriteClose(frame.StatusGoingAway, "")
		bea.WantClose("a close is answered", frame.StatusGoingAway, "")
		bea.Conn().Close()
		ali.Want("somebody has left", frame.Text, `{"dropped":0,"people":1}`)
		ali.WantIdle("and that is all")
	})
}

func TestSenseless(t *testing.T) {
	for _, text := range []string{"", "Hello", `{"text":1}`, `[]`} {
		synctest.Test(t, func(t *testing.T) {
			tab := enter(t, wstest.Serve(t, newRoom(1<<20).handler()), `{"you":1}`, `{"dropped":0,"people":1}`)
			tab.Write(frame.Text, text)
			tab.WantClose("it is not a line", frame.StatusUnsupportedData, "want JSON")
		})
	}
	synctest.Test(t, func(t *testing.T) {
		tab := enter(t, wstest.Serve(t, newRoom(1<<20).handler()), `{"you":1}`, `{"dropped":0,"people":1}`)
		tab.Write(frame.Text, strings.Repeat(" ", 5000))
		tab.WantClose("it is too long for a line", frame.StatusMessageTooBig, "message larger than 4096 bytes")
	})
}

// A tab that does not read is dropped, and the others hear of it; they have missed nothing.
func TestSlowTab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(10_000)
		l := wstest.Serve(t, r.handler())
		fast := enter(t, l, `{"you":1}`, `{"dropped":0,"people":1}`)
		slow := enter(t, l, `{"you":2}`, `{"dropped":0,"people":2}`)
		fast.Want("somebody has come", frame.Text, `{"dropped":0,"people":2}`)

		slow.Pause()
		text := strings.Repeat("x", 1000)
		said, _ := json.Marshal(line{From: 1, Text: text})
		lines, dropped := 0, false
		for ; !dropped && lines < 1000; lines++ {
			fast.Write(frame.Text, string(said))
			switch got := fast.Next(); got {
			case `text "{\"dropped\":1,\"people\":1}"`:
				dropped = true
			default:
				if !strings.Contains(got, text) {
					t.Fatalf("line %d is followed by %s", lines, got)
				}
			}
		}
		if !dropped {
			t.Fatal("the slow tab is still there")
		}
		if got := fast.Next(); !strings.Contains(got, text) {
			t.Errorf("the line that was too much is followed by %s", got)
		}
		fast.WantIdle("nothing is said twice")

		time.Sleep(19 * time.Second)
		slow.Resume()
		got, reads := slow.Next(), 0
		for ; strings.Contains(got, text); got = slow.Next() {
			reads++
		}
		if reads == 0 || reads >= lines {
			t.Errorf("the slow tab reads %d of %d lines", reads, lines)
		}
		if !strings.HasPrefix(got, "close 1008 ") {
			t.Errorf("after the last line the slow tab reads %s", got)
		}
		slow.Conn().Close()
		fast.WantIdle("one that is dropped does not leave once more")
		if people := r.people.Load(); people != 1 {
			t.Errorf("%d tabs are counted, want 1", people)
		}
	})
}

func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(1 << 20)
		l := wstest.Serve(t, r.handler())
		tab := enter(t, l, `{"you":1}`, `{"dropped":0,"people":1}`)
		stopped := make(chan error)
		go func() { stopped <- r.server.Shutdown(context.Background()) }()
		tab.WantClose("the server says goodbye", frame.StatusGoingAway, "server is shutting down")
		tab.WriteClose(frame.StatusGoingAway, "")
		tab.WantEOF("that was it")
		tab.Conn().Close()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		response, _ := wstest.Handshake(t, l, "/ws", nil)
		if response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("who comes too late gets %s", response.Status)
		}
	})
}

func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(1 << 20)
		tab := enter(t, wstest.Serve(t, r.handler()), `{"you":1}`, `{"dropped":0,"people":1}`)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go r.flood(ctx, 10, 3)
		time.Sleep(time.Second + time.Millisecond)
		tab.Want("the flood is of the size wanted", frame.Binary, "\x00\x00\x00")
		if n := tab.Skip(); n != 9 {
			t.Errorf("%d more in the first second, want 9", n)
		}
		r.flood(ctx, 0, 3)
		tab.WantIdle("no flood is wanted")
	})
}

func TestPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := wstest.Serve(t, newRoom(1<<20).handler())
		browser := &http.Client{Transport: &http.Transport{DialContext: l.DialContext, DisableKeepAlives: true}}
		for path, want := range map[string]int{"/": http.StatusOK, "/other": http.StatusNotFound, "/ws": http.StatusUpgradeRequired} {
			response, err := browser.Get("http://127.0.0.1" + path)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			if response.StatusCode != want || (path == "/") != strings.HasPrefix(string(body), "<!doctype html>") {
				t.Errorf("GET %s: %s, %.20q", path, response.Status, body)
			}
		}
	})
}

// The page of another site gets nothing.
func TestOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := wstest.Serve(t, newRoom(1<<20).handler())
		response, _ := wstest.Handshake(t, l, "/ws", http.Header{"Origin": {"https://evil.example"}})
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("a foreign page gets %s", response.Status)
		}
	})
}
