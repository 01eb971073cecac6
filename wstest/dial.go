package wstest

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/ws6455/ws/frame"
)

// responseTime is how long a server may take to answer a handshake.
const responseTime = time.Minute

// DialPeer connects to what serves l and performs the opening handshake for target,
// a path such as "/chat?room=1". It returns the client, in the hands of a script.
// It fails the test if the server refuses. header is as for [Handshake].
func DialPeer(t testing.TB, l *Listener, target string, header http.Header) *Peer {
	t.Helper()
	response, p := Handshake(t, l, target, header)
	if p == nil {
		body, _ := io.ReadAll(response.Body)
		t.Fatalf("handshake for %s: %s: %s", target, response.Status, bytes.TrimSpace(body))
	}
	return p
}

// Handshake sends the request of an opening handshake to what serves l, for target,
// a path such as "/chat?room=1". It returns the response, of which it has read the body.
// If the status is 101, it also returns the client, in the hands of a script;
// otherwise the Peer is nil.
//
// The request is a right one for the host example.com, of a client that is no browser.
// header has fields to add and others to replace: a name without values leaves that field out.
// Names are compared exactly, in the form that http.CanonicalHeaderKey gives them.
// A request that is wrong in another way, or slow, takes Listener.DialContext and bytes.
func Handshake(t testing.TB, l *Listener, target string, header http.Header) (*http.Response, *Peer) {
	t.Helper()
	nc, err := l.dial(t.Context(), clientIP)
	if err != nil {
		t.Fatalf("handshake for %s: %v", target, err)
	}
	p := nc.(*PipeConn)
	p.SetDeadline(time.Now().Add(responseTime))
	if _, err := p.Write(request(target, header)); err != nil {
		t.Fatalf("handshake for %s: sending the request: %v", target, err)
	}
	in := bufio.NewReader(p)
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("handshake for %s: waiting for the response: %v", target, err)
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		p.SetDeadline(time.Time{})
		early, _ := in.Peek(in.Buffered())
		return response, newPeer(t, frame.Client, p, early)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("handshake for %s: %s: reading the body: %v", target, response.Status, err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	p.Close()
	return response, nil
}

// request returns the head of the request for target, with what header changes.
func request(target string, header http.Header) []byte {
	fields := http.Header{
		"Host":                  {"example.com"},
		"Upgrade":               {"websocket"},
		"Connection":            {"Upgrade"},
		"Sec-Websocket-Key":     {"dGhlIHNhbXBsZSBub25jZQ=="},
		"Sec-Websocket-Version": {"13"},
	}
	maps.Copy(fields, header)
	var b bytes.Buffer
	b.WriteString("GET " + target + " HTTP/1.1\r\n")
	fields.Write(&b)
	b.WriteString("\r\n")
	return b.Bytes()
}
