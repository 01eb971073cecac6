// Command client takes gorilla/websocket through the cases of a fuzzing server.
//
//	client -url ws://127.0.0.1:9001 -agent gorilla [-parallel N] [-stop]
//
// It echoes in every case and then asks for the reports. The exit status is 1
// if it could not do that: a case that fails is no reason.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

var (
	base     = flag.String("url", "ws://127.0.0.1:9001", "`URL` of the fuzzing server")
	agent    = flag.String("agent", "gorilla", "`name` in the reports")
	parallel = flag.Int("parallel", 1, "`cases` to run at once")
	stop     = flag.Bool("stop", false, "end the fuzzing server after the reports")
)

var dialer = websocket.Dialer{EnableCompression: true, HandshakeTimeout: 30 * time.Second}

func main() {
	log.SetFlags(0)
	flag.Parse()
	count, err := caseCount()
	if err != nil {
		log.Fatal("getCaseCount: ", err)
	}
	runAll(count)
	query := "/updateReports?agent=" + url.QueryEscape(*agent)
	if *stop {
		query += "&shutdownOnComplete=true"
	}
	c, err := dial(query)
	if err != nil {
		log.Fatal("updateReports: ", err)
	}
	c.ReadMessage() // until the server closes
	c.Close()
}

func dial(query string) (*websocket.Conn, error) {
	c, _, err := dialer.Dial(*base+query, nil)
	return c, err
}

func caseCount() (int, error) {
	c, err := dial("/getCaseCount")
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_, p, err := c.ReadMessage()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(p))
}

// runAll runs the cases from 1 to count. It ends the program when nobody listens any more.
func runAll(count int) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range max(*parallel, 1) {
		workers.Go(func() {
			for n := range next {
				err := runCase(n)
				var op *net.OpError
				if errors.As(err, &op) && op.Op == "dial" {
					log.Fatalf("case %d: %v", n, err)
				} else if err != nil {
					log.Printf("case %d: %v", n, err)
				}
			}
		})
	}
	for n := 1; n <= count; n++ {
		next <- n
	}
	close(next)
	workers.Wait()
}

// runCase echoes until the connection ends. The error is that of the opening handshake.
func runCase(n int) error {
	c, err := dial(fmt.Sprintf("/runCase?case=%d&agent=%s", n, url.QueryEscape(*agent)))
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		typ, p, err := c.ReadMessage()
		if err != nil {
			return nil
		}
		// The library leaves this to the application.
		if typ == websocket.TextMessage && !utf8.Valid(p) {
			invalid := websocket.FormatCloseMessage(websocket.CloseInvalidFramePayloadData, "")
			c.WriteControl(websocket.CloseMessage, invalid, time.Now().Add(time.Second))
			return nil
		}
		if err := c.WriteMessage(typ, p); err != nil {
			return nil
		}
	}
}
