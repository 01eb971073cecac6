package wstest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/client"
	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
	"github.com/ws6455/ws/wstest"
)

// greet is the code under test: it answers a name with a greeting.
func greet(ctx context.Context, c *conn.Conn) error {
	_, name, err := c.Read(ctx)
	if err != nil {
		return err
	}
	return c.Write(ctx, frame.Text, append([]byte("hello, "), name...))
}

// How do I test code that uses a connection?
func ExamplePair() {
	run("TestGreet", func(t *testing.T) {
		client, server := wstest.Pair(t, nil)
		go greet(t.Context(), server)

		client.Write(t.Context(), frame.Text, []byte("Ali"))
		_, p, err := client.Read(t.Context())
		if string(p) != "hello, Ali" || err != nil {
			t.Errorf("greeted with %q, %v", p, err)
		}
	})
	// Output:
	// TestGreet passes
}

// How do I test what my code does when the peer misbehaves?
func ExampleNewPeer() {
	run("TestGreetSlowly", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cfg := &conn.Config{MessageTimeout: time.Hour}
			c, peer := wstest.NewPeer(t, frame.Server, cfg)
			go greet(t.Context(), c)

			peer.WriteFragment(frame.Text, "A")
			time.Sleep(59 * time.Minute)
			peer.WantIdle("the client has time to finish its message")
			time.Sleep(time.Minute)
			peer.WantClose("but not for ever", frame.StatusPolicyViolation, "message not finished within 1h0m0s")
		})
	})
	// Output:
	// TestGreetSlowly passes
}

// site is the code under test in the examples below: a handler that greets.
func site() http.Handler {
	return server.Handler(func(c *conn.Conn) {
		for greet(context.Background(), c) == nil {
		}
	}, nil)
}

// How do I test my handler with a client?
func ExampleServe() {
	run("TestSite", func(t *testing.T) {
		l := wstest.Serve(t, site())
		c, err := client.Dial(t.Context(), "ws://example.com/", &client.Config{DialContext: l.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		c.Write(t.Context(), frame.Text, []byte("Ali"))
		_, p, err := c.Read(t.Context())
		if string(p) != "hello, Ali" || err != nil {
			t.Errorf("greeted with %q, %v", p, err)
		}
	})
	// Output:
	// TestSite passes
}

// How do I test my handler with a client that is broken?
func ExampleDialPeer() {
	run("TestSiteWithBrokenClient", func(t *testing.T) {
		l := wstest.Serve(t, site())
		peer := wstest.DialPeer(t, l, "/", nil)
		peer.Write(frame.Text, "Ali")
		peer.Want("clients are greeted", frame.Text, "hello, Ali")
		peer.Write(frame.Text, "\xff")
		peer.WantClose("text has to be UTF-8", frame.StatusInvalidPayload, "text message is not valid UTF-8")
		peer.WantEOF("and that was it")
	})
	// Output:
	// TestSiteWithBrokenClient passes
}

// How do I test a server without net/http, and what it makes of different clients?
func ExampleListener_DialFrom() {
	run("TestOneEach", func(t *testing.T) {
		s := &server.Server{MaxConnsPerKey: 1}
		l := wstest.Listen(t)
		go s.Serve(l)
		dial := func(ip string) error {
			_, err := client.Dial(t.Context(), "ws://example.com/", &client.Config{DialContext: l.DialFrom(ip)})
			return err
		}
		if err := dial("198.51.100.7"); err != nil {
			t.Error(err)
		}
		if err := dial("198.51.100.7"); err == nil {
			t.Error("a client has two connections")
		}
		if err := dial("203.0.113.4"); err != nil {
			t.Error(err)
		}
	})
	// Output:
	// TestOneEach passes
}

// How do I test who is refused?
func ExampleHandshake() {
	run("TestOrigin", func(t *testing.T) {
		l := wstest.Serve(t, site())
		response, _ := wstest.Handshake(t, l, "/", http.Header{"Origin": {"https://evil.example"}})
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("a foreign page gets %s", response.Status)
		}
	})
	// Output:
	// TestOrigin passes
}

// How do I test my handler with a client that stops reading?
func ExamplePeer_Pause() {
	// tick is the code under test: it sends 1 KiB each second, until that fails.
	tick := func(c *conn.Conn) (err error) {
		for err == nil {
			time.Sleep(time.Second)
			err = c.Write(context.Background(), frame.Binary, make([]byte, 1024))
		}
		return err
	}
	run("TestTickWithSlowClient", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ended := make(chan error, 1)
			handler := server.Handler(func(c *conn.Conn) { ended <- tick(c) }, nil)
			peer := wstest.DialPeer(t, wstest.Serve(t, handler), "/", nil)
			time.Sleep(90*time.Second + time.Millisecond)
			if n := peer.Skip(); n != 90 {
				t.Errorf("%d messages in 90 seconds", n)
			}

			peer.Pause()
			start := time.Now()
			err := <-ended // when the network between is full, and 30 seconds have passed
			if e, ok := errors.AsType[*conn.LimitError](err); !ok || e.Option != "WriteTimeout" {
				t.Errorf("the connection ended with %v", err)
			}
			if d := time.Since(start); d > 2*time.Minute {
				t.Errorf("the server gave up after %v", d)
			}
		})
	})
	// Output:
	// TestTickWithSlowClient passes
}

// run does what go test does with a test of that name.
func run(name string, test func(t *testing.T)) {
	stdout := os.Stdout
	os.Stdout = os.Stderr // for what is said with -v
	always := func(string, string) (bool, error) { return true, nil }
	ok := testing.RunTests(always, []testing.InternalTest{{Name: name, F: test}})
	os.Stdout = stdout
	if ok {
		fmt.Println(name, "passes")
	}
}
