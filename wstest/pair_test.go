package wstest

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
)

func TestPair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := Pair(t, nil)
		if client.Side() != frame.Client || server.Side() != frame.Server {
			t.Errorf("sides: %v and %v", client.Side(), server.Side())
		}
		ctx := t.Context()
		for _, tt := range []struct{ from, to *conn.Conn }{{client, server}, {server, client}} {
			if err := tt.from.Write(ctx, frame.Text, []byte("Hello")); err != nil {
				t.Error(err)
			}
			typ, p, err := tt.to.Read(ctx)
			if typ != frame.Text || string(p) != "Hello" || err != nil {
				t.Errorf("a %v reads %v %q, %v", tt.to.Side(), typ, p, err)
			}
		}
	})
}

func TestPairClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := Pair(t, nil)
		closed := make(chan error, 1)
		go func() { closed <- client.Close(frame.StatusGoingAway, "bye") }()
		_, _, err := server.Read(t.Context())
		e, ok := errors.AsType[*conn.CloseError](err)
		if !ok || e.Code != frame.StatusGoingAway || e.Reason != "bye" || !e.ByPeer || e.Err != nil {
			t.Errorf("the server reads %v", err)
		}
		if err := <-closed; err != nil {
			t.Errorf("Close = %v", err)
		}
	})
}

// Both ends have the configuration.
func TestPairConfig(t *testing.T) {
	for i, side := range []frame.Side{frame.Client, frame.Server} {
		synctest.Test(t, func(t *testing.T) {
			client, server := Pair(t, &conn.Config{MaxMessageSize: 5})
			ends := []*conn.Conn{client, server}
			go ends[1-i].Write(t.Context(), frame.Text, []byte("longer"))
			_, _, err := ends[i].Read(t.Context())
			if e, ok := errors.AsType[*conn.LimitError](err); !ok || e.Limit != 5 {
				t.Errorf("a %v reads %v, want a limit of 5", side, err)
			}
		})
	}
}

// Both ends are closed at the end of the test.
func TestPairCleanup(t *testing.T) {
	var client, server *conn.Conn
	t.Run("test", func(t *testing.T) { client, server = Pair(t, nil) })
	for _, c := range []*conn.Conn{client, server} {
		if _, _, err := c.Read(context.Background()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after the test a %v reads %v", c.Side(), err)
		}
	}
}
