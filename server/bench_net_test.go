package server_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/server"
)

// BenchmarkPipelined is what a message of many that come together costs beside the network, there and back.
// There is one read and one write of the client, and about one of the server, for 24 KiB of messages.
func BenchmarkPipelined(b *testing.B) {
	for _, way := range []struct {
		name    string
		handler func(*conn.Conn)
		events  *server.Events
	}{
		{"loop", nil, &server.Events{Message: func(c *conn.Conn, typ frame.Opcode, p []byte) {
			c.Send(context.Background(), typ, p)
		}}},
		{"goroutine", echo, nil},
	} {
		for _, typ := range []frame.Opcode{frame.Binary, frame.Text} {
			for _, size := range []int{64, 1 << 10} {
				b.Run(fmt.Sprintf("%s/%v/%dB", way.name, typ, size), func(b *testing.B) {
					l, err := net.Listen("tcp", "127.0.0.1:0")
					if err != nil {
						b.Skip(err)
					}
					s := &server.Server{Handler: way.handler, Events: way.events}
					go s.Serve(l)
					defer s.Close()
					nc, err := net.Dial("tcp", l.Addr().String())
					if err != nil {
						b.Fatal(err)
					}
					defer nc.Close()
					io.WriteString(nc, sampleRequest)
					io.ReadFull(nc, make([]byte, len(accepted())))

					message := strings.Repeat("x", size)
					together := 24 << 10 / size
					in := []byte(strings.Repeat(masked(typ, message), together))
					out := make([]byte, together*len(unmasked(typ, message)))
					b.ReportAllocs()
					for n := b.N; n > 0; n -= together {
						nc.Write(in)
						if _, err := io.ReadFull(nc, out); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
