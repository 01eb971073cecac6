package load

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"
)

// newRequest returns the request that all clients send, and the accept value that answers it.
func newRequest(s Spec) (request []byte, accept string) {
	var nonce [16]byte
	rand.Read(nonce[:])
	key := base64.StdEncoding.EncodeToString(nonce[:])
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	b := fmt.Appendf(nil, "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n", s.Addr, key)
	switch {
	case s.Takeover:
		b = append(b, "Sec-WebSocket-Extensions: permessage-deflate\r\n"...)
	case s.Deflate:
		b = append(b, "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"...)
	}
	return append(b, "\r\n"...), base64.StdEncoding.EncodeToString(sum[:])
}

// upgrade handles a part of the response. When it is complete, c is open; rest is what follows.
func (e *engine) upgrade(c *client, p []byte) (rest []byte, err error) {
	if c.response = append(c.response, p...); len(c.response) > 16<<10 {
		return nil, fmt.Errorf("the response is too long")
	}
	head, rest, complete := bytes.Cut(c.response, []byte("\r\n\r\n"))
	if !complete {
		return nil, nil
	}
	if !bytes.Equal(head, e.response) {
		if err := e.checkResponse(string(head)); err != nil {
			return nil, err
		}
		e.response = bytes.Clone(head)
	}
	rest = bytes.Clone(rest)
	c.response = c.response[:0]
	if !e.reuse {
		c.response = nil
	}
	c.state = open
	e.connecting--
	e.open++
	if e.opened != nil {
		e.opened(c)
	}
	return rest, nil
}

// checkResponse checks a response, and learns what it agrees to.
func (e *engine) checkResponse(head string) error {
	status, fields, _ := strings.Cut(head, "\r\n")
	if !strings.HasPrefix(status, "HTTP/1.1 101") {
		return fmt.Errorf("the server answers %q", status)
	}
	var accept, extensions string
	for line := range strings.SplitSeq(fields, "\r\n") {
		switch name, value, _ := strings.Cut(line, ":"); strings.ToLower(name) {
		case "sec-websocket-accept":
			accept = strings.TrimSpace(value)
		case "sec-websocket-extensions":
			extensions = strings.TrimSpace(value)
		}
	}
	if accept != e.accept {
		return fmt.Errorf("Sec-WebSocket-Accept is %q", accept)
	}
	return e.agree(extensions)
}

// agree sets the coding to what the server agreed to. All its connections have to agree to the same.
func (e *engine) agree(extensions string) error {
	if e.response != nil && extensions != e.agreed {
		return fmt.Errorf("one connection agrees to %q and another to %q", e.agreed, extensions)
	}
	k, err := parseExtensions(extensions)
	if err != nil {
		return err
	}
	if k.deflate != e.spec.Deflate {
		return fmt.Errorf("the server agrees to extensions %q", extensions)
	}
	if e.response == nil {
		e.agreed, e.coding = extensions, k
		e.prepare()
	}
	return nil
}

// parseExtensions returns the coding that the value of Sec-WebSocket-Extensions stands for.
func parseExtensions(value string) (coding, error) {
	if value == "" {
		return coding{}, nil
	}
	k := coding{deflate: true, clientTakeover: true, serverTakeover: true}
	for i, part := range strings.Split(value, ";") {
		name, _, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case i == 0 && name == "permessage-deflate":
		case i > 0 && name == "client_no_context_takeover":
			k.clientTakeover = false
		case i > 0 && name == "server_no_context_takeover":
			k.serverTakeover = false
		case i > 0 && name == "server_max_window_bits": // any window is one that we can inflate
		default:
			return coding{}, fmt.Errorf("the server agrees to %q, which was not offered", value)
		}
	}
	return k, nil
}
