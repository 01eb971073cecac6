package wstest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

var _ net.Listener = (*Listener)(nil)

// Both ends of a connection see the same addresses, those of TCP, and no two clients the same.
func TestListenerAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen(t)
		go func() {
			for {
				nc, err := l.Accept()
				if err != nil {
					return
				}
				io.WriteString(nc, nc.RemoteAddr().String()+" to "+nc.LocalAddr().String())
				nc.Close()
			}
		}()
		for _, tt := range []struct {
			dial func(context.Context, string, string) (net.Conn, error)
			from string
		}{
			{l.DialContext, "192.0.2.2:49152"},
			{l.DialContext, "192.0.2.2:49153"},
			{l.DialFrom("198.51.100.7"), "198.51.100.7:49154"},
			{l.DialFrom("2001:db8::1"), "[2001:db8::1]:49155"},
		} {
			nc, err := tt.dial(t.Context(), "tcp", "example.com:80")
			if err != nil {
				t.Fatal(err)
			}
			if nc.LocalAddr().String() != tt.from || nc.RemoteAddr().String() != l.Addr().String() {
				t.Errorf("from %v to %v, want from %s to %v", nc.LocalAddr(), nc.RemoteAddr(), tt.from, l.Addr())
			}
			said, _ := io.ReadAll(nc)
			if want := tt.from + " to 192.0.2.1:80"; string(said) != want {
				t.Errorf("the server says %q, want %q", said, want)
			}
		}
	})
}

// Dialing waits until the server accepts, or the context ends.
func TestListenerDialContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen(t)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := l.DialContext(ctx, "tcp", "")
		if e, ok := errors.AsType[*net.OpError](err); !ok || !errors.Is(err, context.DeadlineExceeded) || e.Op != "dial" {
			t.Errorf("dialing to a server that does not accept: %v", err)
		}
		if got := time.Since(start); got != time.Minute {
			t.Errorf("it took %v, want a minute", got)
		}

		go func() {
			time.Sleep(time.Hour)
			l.Accept()
		}()
		if _, err := l.DialContext(t.Context(), "tcp", ""); err != nil {
			t.Errorf("dialing to a server that accepts late: %v", err)
		}
	})
}

// A listener that is closed ends what waits for it, and leaves connections open.
func TestListenerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen(t)
		accepted := make(chan net.Conn, 1)
		go func() {
			nc, _ := l.Accept()
			accepted <- nc
		}()
		client, err := l.DialContext(t.Context(), "tcp", "")
		if err != nil {
			t.Fatal(err)
		}
		server := <-accepted

		accepting := make(chan error, 1)
		go func() {
			_, err := l.Accept()
			accepting <- err
		}()
		synctest.Wait()
		l.Close()
		if err := <-accepting; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept that waited at Close = %v", err)
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept after Close = %v", err)
		}
		if _, err := l.DialContext(t.Context(), "tcp", ""); !errors.Is(err, errRefused) {
			t.Errorf("DialContext after Close = %v", err)
		}
		if err := l.Close(); err != nil {
			t.Errorf("second Close = %v", err)
		}
		server.Write([]byte("still here"))
		p := make([]byte, 100)
		if n, err := client.Read(p); string(p[:n]) != "still here" || err != nil {
			t.Errorf("after Close a client reads %q, %v", p[:n], err)
		}
	})
}

// Who dials when the listener is closed is refused.
func TestListenerCloseWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen(t)
		dialing := make(chan error, 1)
		go func() {
			_, err := l.DialContext(context.Background(), "tcp", "")
			dialing <- err
		}()
		synctest.Wait()
		l.Close()
		if err := <-dialing; !errors.Is(err, errRefused) {
			t.Errorf("DialContext that waited at Close = %v", err)
		}
	})
}

// At the end of a test its listener is closed, and what clients have open is hung up.
func TestListenerCleanup(t *testing.T) {
	var l *Listener
	var server net.Conn
	t.Run("test", func(t *testing.T) {
		l = Listen(t)
		accepted := make(chan net.Conn)
		go func() {
			nc, _ := l.Accept()
			accepted <- nc
		}()
		if _, err := l.DialContext(t.Context(), "tcp", ""); err != nil {
			t.Fatal(err)
		}
		server = <-accepted
	})
	if _, err := server.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the test the server reads %v, want the end", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the test Accept = %v", err)
	}
}

// A listener serves clients of HTTP, too.
func TestListenerHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, r.Host+" for "+r.RemoteAddr)
		}))
		hc := &http.Client{Transport: &http.Transport{DialContext: l.DialContext}}
		defer hc.CloseIdleConnections()
		response, err := hc.Get("http://chat.example/")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if want := "chat.example for 192.0.2.2:49152"; string(body) != want || err != nil {
			t.Errorf("got %q, %v; want %q", body, err, want)
		}
	})
}
