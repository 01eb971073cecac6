package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
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
