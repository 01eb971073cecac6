package handshake_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/ws6455/ws/handshake"
)

// What does a client send?
func ExampleOffer_AppendRequest() {
	offer := handshake.Offer{
		Key:          handshake.NewKey([16]byte([]byte("the sample nonce"))), // use crypto/rand
		Subprotocols: []string{"chat", "superchat"},
	}
	head, err := offer.AppendRequest(nil, "server.example.com", "/chat", http.Header{"Cookie": {"id=7"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	os.Stdout.WriteString(strings.ReplaceAll(string(head), "\r\n", "\n"))
	// Output:
	// GET /chat HTTP/1.1
	// Host: server.example.com
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
	// Sec-WebSocket-Version: 13
	// Sec-WebSocket-Protocol: chat, superchat
	// Cookie: id=7
}

// request stands for what net/http gives to a handler.
func request(changes ...string) *http.Request {
	head := "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
		strings.Join(changes, "\r\n") + "\r\n\r\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		panic(err)
	}
	return r
}

// How does a server decide, and what does it answer?
func ExamplePolicy_Check() {
	policy := &handshake.Policy{Subprotocols: []string{"superchat", "chat"}}
	r := request("Sec-WebSocket-Protocol: chat, superchat")

	agreement, refusal := policy.Check(r)
	if refusal != nil {
		fmt.Println(refusal.Status, refusal.Reason)
		return
	}
	head := handshake.AppendResponse(nil, r.Header.Get("Sec-WebSocket-Key"), agreement, nil)
	os.Stdout.WriteString(strings.ReplaceAll(string(head), "\r\n", "\n"))
	// Output:
	// HTTP/1.1 101 Switching Protocols
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
	// Sec-WebSocket-Protocol: chat
}

// Which pages may connect?
func ExamplePolicy_origins() {
	policy := &handshake.Policy{Origins: []string{"https://app.example.org", "*.example.net"}}
	for _, origin := range []string{
		"https://example.com", // the host that the request is for
		"https://app.example.org",
		"http://app.example.org",
		"https://a.b.example.net",
		"https://evil-example.net",
	} {
		if _, refusal := policy.Check(request("Origin: " + origin)); refusal != nil {
			fmt.Println(refusal.Status, refusal.Reason)
		} else {
			fmt.Println(origin, "may connect")
		}
	}
	// Output:
	// https://example.com may connect
	// https://app.example.org may connect
	// 403 origin "http://app.example.org" is not allowed for host "example.com": add it to Config.Origins
	// https://a.b.example.net may connect
	// 403 origin "https://evil-example.net" is not allowed for host "example.com": add it to Config.Origins
}

// What does a client make of the answer?
func ExampleConsumeResponse() {
	offer := handshake.Offer{Key: "dGhlIHNhbXBsZSBub25jZQ==", Subprotocols: []string{"chat"}}
	received := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n" +
		"\x81\x05Hello" // a frame that came along

	for _, b := range []string{received[:50], received} {
		response, n, err := handshake.ConsumeResponse([]byte(b))
		if err != nil {
			fmt.Println(err)
			return
		}
		if n == 0 {
			fmt.Println("more bytes are needed")
			continue
		}
		agreement, err := offer.Check(&response)
		fmt.Printf("subprotocol %q, error %v, %d bytes of frames\n", agreement.Subprotocol, err, len(b)-n)
	}
	// Output:
	// more bytes are needed
	// subprotocol "chat", error <nil>, 7 bytes of frames
}

// How does a server without net/http read a request?
func ExampleRequestParser() {
	received := "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" +
		"\x81\x85" // a frame has begun

	var policy handshake.Policy
	parser := handshake.RequestParser{MaxFields: 50}
	for _, b := range []string{received[:50], received} {
		request, n, refusal := parser.Consume([]byte(b))
		if n == 0 && refusal == nil {
			fmt.Println("more bytes are needed")
			continue
		}
		if refusal == nil {
			_, refusal = policy.CheckRequest(&request)
		}
		if refusal != nil {
			fmt.Println(refusal.Status, refusal.Reason)
			return
		}
		fmt.Printf("%s is accepted, with %d bytes of frames\n", request.Target, len(b)-n)
	}
	// Output:
	// more bytes are needed
	// /chat is accepted, with 2 bytes of frames
}

// How are offers of extensions read?
func ExampleParseExtensions() {
	exts, err := handshake.ParseExtensions([]string{
		`permessage-deflate; server_max_window_bits="10"; client_max_window_bits`,
		"permessage-deflate, x-foo",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range exts {
		fmt.Println(e)
	}
	_, err = handshake.ParseExtensions([]string{"permessage-deflate;"})
	fmt.Println(err)
	// Output:
	// permessage-deflate; server_max_window_bits=10; client_max_window_bits
	// permessage-deflate
	// x-foo
	// extension "permessage-deflate": at "": want the name of a parameter
}

// How do two sides agree on compression?
func ExampleDeflate() {
	client := handshake.Deflate{Takeover: true, Window: 12} // of 4 KiB
	server := handshake.Deflate{Takeover: true}

	offers := client.Offers()
	for _, e := range offers {
		fmt.Println("offer: ", e)
	}
	answer, ok := server.Answer(offers)
	fmt.Println("answer:", answer, ok)

	agreement := handshake.Agreement{Extensions: []handshake.Extension{answer}}
	params, ok := agreement.Deflate()
	fmt.Printf("%+v %v\n", params, ok)
	// Output:
	// offer:  permessage-deflate; server_max_window_bits=12; client_max_window_bits=12
	// offer:  permessage-deflate; server_no_context_takeover; client_max_window_bits=12
	// answer: permessage-deflate; server_max_window_bits=12; client_max_window_bits=12 true
	// {ServerNoTakeover:false ClientNoTakeover:false ServerWindow:12 ClientWindow:12} true
}
