package conn_test

import (
	"context"
	"errors"
	"expvar"
	"fmt"
	"io"
	"log/slog"
	"net/rpc"
	"os"
	"strings"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// connect returns the two ends of a connection in memory.
func connect() (client, server *conn.Conn) {
	a, b := wstest.Pipe()
	return conn.New(a, conn.Opening{Side: frame.Client}, nil), conn.New(b, conn.Opening{Side: frame.Server}, nil)
}

// A read with a time limit: when it is over, the connection goes on.
func ExampleConn_Read() {
	client, server := connect()
	defer client.CloseNow()

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	_, _, err := client.Read(ctx)
	cancel()
	fmt.Println(err)

	server.Write(context.Background(), frame.Text, []byte("better late than never"))
	typ, p, err := client.Read(context.Background())
	fmt.Println(typ, string(p), err)
	// Output:
	// context deadline exceeded
	// text better late than never <nil>
}

// A loop over messages ends by itself when the peer closes normally.
func ExampleConn_Messages() {
	client, server := connect()
	go func() {
		ctx := context.Background()
		server.Write(ctx, frame.Text, []byte("one"))
		server.Write(ctx, frame.Text, []byte("two"))
		server.Close(frame.StatusNormalClosure, "")
	}()

	for m, err := range client.Messages(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(string(m.Data))
	}
	// Output:
	// one
	// two
}

// A message that does not fit into memory, or is not there yet, is written and read in pieces.
func ExampleConn_Writer() {
	client, server := connect()
	defer server.CloseNow()
	ctx := context.Background()
	go func() {
		w, err := client.Writer(ctx, frame.Text)
		if err != nil {
			return
		}
		defer w.Close()
		for i := range 3 {
			fmt.Fprintf(w, "line %d\n", i)
		}
	}()

	_, r, err := server.Reader(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := io.ReadAll(r)
	fmt.Printf("%s%v\n", p, err)
	// Output:
	// line 0
	// line 1
	// line 2
	// <nil>
}

// Reading into the same slice again and again allocates nothing.
func ExampleConn_ReadAppend() {
	client, server := connect()
	defer server.CloseNow()
	ctx := context.Background()
	go func() {
		for _, s := range []string{"a", "bb", "ccc"} {
			client.Write(ctx, frame.Binary, []byte(s))
		}
		client.Close(frame.StatusNormalClosure, "")
	}()

	buf := make([]byte, 0, 1024)
	for {
		_, p, err := server.ReadAppend(ctx, buf[:0])
		if err != nil {
			break
		}
		fmt.Println(strings.ToUpper(string(p)))
	}
	// Output:
	// A
	// BB
	// CCC
}

// The error of a connection that has ended tells who closed it, and how.
func ExampleCloseError() {
	client, server := connect()
	go client.Close(4001, "enough")

	_, _, err := server.Read(context.Background())
	if e, ok := errors.AsType[*conn.CloseError](err); ok {
		fmt.Println(uint16(e.Code), e.Reason, e.ByPeer, e.Err)
	}
	fmt.Println(err)
	// Output:
	// 4001 enough true <nil>
	// websocket: closed by the peer with 4001 "enough"
}

// A peer that sends too much gets to know it, and so does the application.
func ExampleLimitError() {
	a, b := wstest.Pipe()
	client := conn.New(a, conn.Opening{Side: frame.Client}, nil)
	server := conn.New(b, conn.Opening{Side: frame.Server}, &conn.Config{MaxMessageSize: 100})
	go func() {
		client.Write(context.Background(), frame.Text, make([]byte, 101))
		client.Read(context.Background())
	}()

	_, _, err := server.Read(context.Background())
	fmt.Println(err)
	// Output:
	// websocket: 101 is more than Config.MaxMessageSize of 100
}

// The context of a connection is for work that should stop when the peer is gone.
func ExampleConn_Context() {
	client, server := connect()
	go client.Close(frame.StatusGoingAway, "")

	ctx := server.Context()
	<-ctx.Done()
	fmt.Println(context.Cause(ctx))
	// Output:
	// websocket: closed by the peer with 1001 (going away)
}

// Ping works whether or not somebody reads. It tells how long the way there and back takes.
func ExampleConn_Ping() {
	client, server := connect()
	defer client.CloseNow()
	go server.Read(context.Background()) // answers

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	rtt, err := client.Ping(ctx)
	fmt.Println(rtt < 5*time.Second, err)
	// Output:
	// true <nil>
}

// One Keepalive serves all connections. Those whose peer is gone end by themselves.
func ExampleKeepalive() {
	cfg := &conn.Config{Keepalive: &conn.Keepalive{Interval: 5 * time.Millisecond, Timeout: 100 * time.Millisecond}}
	a, b := wstest.Pipe()
	client := conn.New(a, conn.Opening{Side: frame.Client}, nil)
	server := conn.New(b, conn.Opening{Side: frame.Server}, cfg)

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	client.Read(ctx) // and so answer, for a while
	cancel()

	_, _, err := server.Read(context.Background())
	fmt.Println(err, server.RTT() > 0)
	// Output:
	// websocket: more than Config.Keepalive.Timeout of 100ms passed true
}

// A message that is not what it should be is an error that does not end the connection.
func ExampleConn_ReadJSON() {
	client, server := connect()
	defer client.CloseNow()
	go func() {
		ctx := context.Background()
		client.WriteJSON(ctx, map[string]int{"x": 1})
		client.Write(ctx, frame.Text, []byte("oops"))
		client.WriteJSON(ctx, map[string]int{"x": 2})
		client.Close(frame.StatusNormalClosure, "")
	}()

	for {
		var v struct{ X int }
		err := server.ReadJSON(context.Background(), &v)
		if e, ok := errors.AsType[*conn.JSONError](err); ok {
			fmt.Println(e)
			continue
		}
		if err != nil {
			break
		}
		fmt.Println(v.X)
	}
	// Output:
	// 1
	// websocket: text message of 4 bytes: invalid character 'o' looking for beginning of value
	// 2
}

// Greeter is called over net/rpc.
type Greeter struct{}

// Greet is its method.
func (Greeter) Greet(name string, reply *string) error {
	*reply = "hello, " + name
	return nil
}

// Whatever speaks through a net.Conn speaks through a WebSocket connection.
func ExampleConn_Stream() {
	client, server := connect()

	s := rpc.NewServer()
	s.Register(Greeter{})
	go s.ServeConn(server.Stream(frame.Binary))

	c := rpc.NewClient(client.Stream(frame.Binary))
	defer c.Close()
	var reply string
	err := c.Call("Greeter.Greet", "you", &reply)
	fmt.Println(reply, err)
	// Output:
	// hello, you <nil>
}

// Counters for package expvar. A program would publish them with a name.
func ExampleHooks_expvar() {
	stats := new(expvar.Map)
	cfg := &conn.Config{Hooks: &conn.Hooks{
		Open:  func(*conn.Conn) { stats.Add("open", 1) },
		Close: func(*conn.Conn, error) { stats.Add("open", -1) },
		MessageIn: func(_ *conn.Conn, _ frame.Opcode, size int64) {
			stats.Add("messages in", 1)
			stats.Add("bytes in", size)
		},
	}}

	a, b := wstest.Pipe()
	client := conn.New(a, conn.Opening{Side: frame.Client}, nil)
	server := conn.New(b, conn.Opening{Side: frame.Server}, cfg)
	client.Write(context.Background(), frame.Text, []byte("hello"))
	server.Read(context.Background())
	fmt.Println(stats)
	server.CloseNow()
	fmt.Println(stats)
	// Output:
	// {"bytes in": 5, "messages in": 1, "open": 1}
	// {"bytes in": 5, "messages in": 1, "open": 0}
}

// A log of connections: how each ended, and which side closed it with what.
func ExampleHooks_slog() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{} // so that the example prints the same every time
			}
			return a
		},
	}))
	cfg := &conn.Config{Hooks: &conn.Hooks{
		Open: func(c *conn.Conn) { log.Info("open", "peer", c.RemoteAddr()) },
		Close: func(c *conn.Conn, err error) {
			if e, ok := errors.AsType[*conn.CloseError](err); ok && e.Err == nil {
				log.Info("closed", "peer", c.RemoteAddr(), "code", uint16(e.Code), "by peer", e.ByPeer)
				return
			}
			log.Warn("lost", "peer", c.RemoteAddr(), "err", err)
		},
	}}

	a, b := wstest.Pipe()
	client := conn.New(a, conn.Opening{Side: frame.Client}, nil)
	server := conn.New(b, conn.Opening{Side: frame.Server}, cfg)
	go client.Close(frame.StatusGoingAway, "")
	server.Read(context.Background())

	a, b = wstest.Pipe()
	server = conn.New(b, conn.Opening{Side: frame.Server}, cfg)
	a.Close()
	server.Read(context.Background())
	// Output:
	// level=INFO msg=open peer=a
	// level=INFO msg=closed peer=a code=1001 "by peer"=true
	// level=INFO msg=open peer=a
	// level=WARN msg=lost peer=a err="websocket: connection ended without a close frame: unexpected EOF"
}
