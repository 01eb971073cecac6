package client

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// Every row is checked on the wire: the path that is dialed, the target and the Host field.
func TestSocketTarget(t *testing.T) {
	for _, tt := range []struct {
		name, url, path, resource string
		cfg                       Config
		host                      string
	}{
		{"the socket alone", "ws+unix:///run/app.sock", "/run/app.sock", "/", Config{}, "localhost"},
		{"a path for the server", "ws+unix:///run/app.sock:/events?since=1", "/run/app.sock", "/events?since=1", Config{}, "localhost"},
		{"one slash", "WS+Unix:/run/app.sock:/events", "/run/app.sock", "/events", Config{}, "localhost"},
		{"colons for the server", "ws+unix:///s:/a:b:/c", "/s", "/a:b:/c", Config{}, "localhost"},
		{"a colon in the socket", "ws+unix:///a%3Ab%25:/c", "/a:b%", "/c", Config{}, "localhost"},
		{"other characters", "ws+unix:///ä%20b:/ä", "/ä b", "/%C3%A4", Config{}, "localhost"},
		{"nothing for the server", "ws+unix:///s:", "/s", "/", Config{}, "localhost"},
		{"another Host", "ws+unix:///s:/", "/s", "/", Config{Host: "example.com:81"}, "example.com:81"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var dialed string
			s := &stub{}
			tt.cfg.DialContext = to(s, &dialed)
			if _, err := Dial(t.Context(), tt.url, &tt.cfg); err == nil || !strings.Contains(err.Error(), tt.path) {
				t.Errorf("Dial = %v, want an error that names the socket", err)
			}
			want := "GET " + tt.resource + " HTTP/1.1\r\nHost: " + tt.host + "\r\n"
			if dialed != tt.path || !strings.HasPrefix(s.sent.String(), want) {
				t.Errorf("dialed %q and sent %q, want %q and %q", dialed, s.sent.String(), tt.path, want)
			}
		})
	}
	for _, u := range []string{
		"ws+unix:", "ws+unix://", "ws+unix:run/app.sock", "ws+unix://run/app.sock", "ws+unix:///a:b", "ws+unix:///a:http://b/", "ws+unix:///a?b",
		"ws+unix:///a%00", "ws+unix:///a%zz", "ws+unix:///a#b", "ws+unix:///a:/%zz", "ws+unix://u:SECRET@h/a", "wss+unixx:///a", "unix:///a",
	} {
		if _, err := Dial(t.Context(), u, &Config{DialContext: neverDial(t)}); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("Dial(%q) = %v, want an error", u, err)
		}
	}
}

// Over TLS, the certificate is for localhost; an error of the handshake has the socket.
func TestSocketTLS(t *testing.T) { synctest.Test(t, testSocketTLS) }
func testSocketTLS(t *testing.T) {
	w := newWorld(t)
	w.hosts["unix /s:x"] = secure(w.server(""))
	w.checkHi("wss+unix:///s%3Ax", w.config("socks5://nobody"))
	w.hosts["unix /s:x"] = w.answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
	_, err := Dial(t.Context(), "ws+unix:///s%3Ax:/p?SECRET", w.config(""))
	if e, ok := errors.AsType[*HandshakeError](err); !ok || e.URL != "ws+unix:///s%3Ax:/p" {
		t.Errorf("Dial = %+v, want a HandshakeError with the URL", err)
	}
	w.hosts["unix /s:x"] = secure(w.server(""))
	cfg := w.config("")
	cfg.TLS = &tls.Config{}
	if _, err := Dial(t.Context(), "wss+unix:///s%3Ax", cfg); err == nil || !strings.HasPrefix(err.Error(), "websocket: TLS handshake with /s:x: ") {
		t.Errorf("Dial = %v, want an error of TLS", err)
	}
}

// A real socket, with and without Serialize, and one that is not there.
func TestSocket(t *testing.T) {
	checkGoroutines(t)
	dir, err := os.MkdirTemp("", "ws") // t.TempDir may be longer than the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.ToSlash(dir) + "/s"
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	for _, serialize := range []bool{false, true} {
		go func() {
			nc, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			defer nc.Close()
			if head, _ := readHead(nc); !strings.HasPrefix(head, "GET /p?q HTTP/1.1\r\nHost: localhost\r\n") {
				t.Errorf("the server gets %q", head)
			}
			io.WriteString(nc, accepted+"\r\n\x81\x02hi")
			io.Copy(io.Discard, nc)
		}()
		c, err := dial(t.Context(), "ws+unix://"+path+":/p?q", &Config{Serialize: serialize}, sampleNonce)
		if err != nil {
			t.Fatal(err)
		}
		if _, p, err := c.Read(t.Context()); !bytes.Equal(p, []byte("hi")) || err != nil {
			t.Errorf("Read = %q, %v", p, err)
		}
		c.CloseNow()
	}
	checkNoCrossings(t)
	_, err = Dial(t.Context(), "ws+unix://"+path+"x", nil)
	if e, ok := errors.AsType[*net.OpError](err); !ok || e.Net != "unix" {
		t.Errorf("Dial = %v, want an error of the network", err)
	}
}
