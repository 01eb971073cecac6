package wstest_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
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
