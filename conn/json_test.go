package conn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

func TestWriteJSON(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		tests := []struct {
			expectation string
			v           any
			want        string
		}{
			{"a struct", struct{ A, B int }{1, 2}, `{"A":1,"B":2}`},
			{"nothing", nil, `null`},
			{"no HTML in it is escaped", "<a&b>", `"<a&b>"`},
			{"a string that is not UTF-8 is replaced by one that is", "\xff", `"\ufffd"`},
			{"a value that ends with a line feed", json.RawMessage("1 \n"), "1"},
			{"more than one buffer is kept for", strings.Repeat("x", 100<<10), `"` + strings.Repeat("x", 100<<10) + `"`},
			{"and less after that", true, `true`},
		}
		for _, test := range tests {
			done := start(func() error { return c.WriteJSON(background, test.v) })
			synctest.Wait()
			peer.Want(test.expectation, frame.Text, test.want)
			if err := now(t, done); err != nil {
				t.Error(err)
			}
		}
		if err := c.WriteJSON(background, math.NaN()); err == nil {
			t.Error("not a number is sent")
		} else {
			as[*json.UnsupportedValueError](t, err)
		}
		if err := c.WriteJSON(background, json.RawMessage("\"\xff\"")); err != conn.ErrInvalidUTF8 {
			t.Error(err)
		}
		peer.WantIdle("what cannot be encoded is not sent")
		ctx, cancel := context.WithCancel(background)
		cancel()
		if err := c.WriteJSON(ctx, 1); err != context.Canceled {
			t.Error(err)
		}
		peer.WantIdle("nor is anything after the end of the context")
	})
}

func TestReadJSON(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		type T struct{ A string }
		peer.Write(frame.Text, " {\"a\": \"x\"}\r\n")
		var v T
		if err := c.ReadJSON(background, &v); err != nil || v.A != "x" {
			t.Fatal(v, err)
		}
		bad := map[string]string{
			"":                "unexpected end of JSON input",
			`{"A":`:           "unexpected end of JSON input",
			`{"A":"y"} x`:     "invalid character 'x' after top-level value",
			`{"A":"y"}{}`:     "invalid character '{' after top-level value",
			`{"A":1}`:         "json: cannot unmarshal number into Go struct field T.A of type string",
			`["too", "many"]`: "json: cannot unmarshal array into Go value of type conn_test.T",
		}
		for text, why := range bad {
			peer.Write(frame.Text, text)
			e := as[*conn.JSONError](t, c.ReadJSON(background, &v))
			want := fmt.Sprintf("websocket: text message of %d bytes: %s", len(text), why)
			if e.Error() != want || e.Type != frame.Text || e.Size != len(text) {
				t.Errorf("%q: got %v, want %s", text, e, want)
			}
		}
		peer.Write(frame.Binary, "1")
		e := as[*conn.JSONError](t, c.ReadJSON(background, &v))
		if e.Error() != "websocket: binary message of 1 bytes: JSON comes as text" || e.Type != frame.Binary {
			t.Error(e)
		}
		var syntax *json.SyntaxError
		peer.Write(frame.Text, "x")
		if err := c.ReadJSON(background, &v); !errors.As(err, &syntax) {
			t.Error(err)
		}
		peer.WantIdle("the connection is not affected")
		peer.Write(frame.Text, `{"A":"still"}`)
		if err := c.ReadJSON(background, &v); err != nil || v.A != "still" {
			t.Fatal(v, err)
		}
		peer.WriteClose(4000, "")
		go peer.Conn().CloseWrite()
		if e := as[*conn.CloseError](t, c.ReadJSON(background, &v)); e.Code != 4000 {
			t.Error(e)
		}
	})
}

// What a value keeps of a message is its own: the next message does not change it.
func TestReadJSONKeepsNothing(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		var raw [2]json.RawMessage
		for i, text := range []string{`"one"`, `"two"`} {
			peer.Write(frame.Text, text)
			if err := c.ReadJSON(background, &raw[i]); err != nil {
				t.Fatal(err)
			}
		}
		if string(raw[0]) != `"one"` || string(raw[1]) != `"two"` {
			t.Errorf("%s", raw)
		}
	})
}

// A context that ends in the middle of a message loses nothing.
func TestReadJSONResumes(t *testing.T) {
	onBothSides(t, nil, func(t *testing.T, c *conn.Conn, peer *wstest.Peer) {
		peer.WriteFragment(frame.Text, `{"A":`)
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		var v struct{ A int }
		if err := c.ReadJSON(ctx, &v); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		peer.Write(frame.Continuation, `5}`)
		if err := c.ReadJSON(background, &v); err != nil || v.A != 5 {
			t.Error(v, err)
		}
	})
}

func TestJSONAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("pools are emptied at random")
	}
	client, server := connect()
	defer client.CloseNow()
	defer server.CloseNow()
	v := make([]int, 2000)
	before := memory()
	const messages = 200
	for range messages {
		if err := client.WriteJSON(background, &v); err != nil {
			t.Fatal(err)
		}
		if err := server.ReadJSON(background, &v); err != nil {
			t.Fatal(err)
		}
	}
	if n := (memory() - before) / messages; n > 2000 {
		t.Errorf("%d bytes per message", n)
	}
}
