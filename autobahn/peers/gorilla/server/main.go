// Command server is an echo server made of gorilla/websocket, for a fuzzing client.
//
//	server [-addr 127.0.0.1:0]
//
// It prints the address it listens on.
package main

import (
	"flag"
	"log"
	"net"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{EnableCompression: true}

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "`address` to listen on")
	flag.Parse()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("echoing on ws://%v", ln.Addr())
	log.Fatal(http.Serve(ln, http.HandlerFunc(serve)))
}

func serve(w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer c.Close()
	for {
		typ, p, err := c.ReadMessage()
		if err != nil {
			return
		}
		// The library leaves this to the application.
		if typ == websocket.TextMessage && !utf8.Valid(p) {
			invalid := websocket.FormatCloseMessage(websocket.CloseInvalidFramePayloadData, "")
			c.WriteControl(websocket.CloseMessage, invalid, time.Now().Add(time.Second))
			return
		}
		if err := c.WriteMessage(typ, p); err != nil {
			return
		}
	}
}
