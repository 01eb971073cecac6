package conn_test

import (
	"fmt"
	"testing"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/wstest"
)

// One message there and back over a socket, by size.
func BenchmarkEcho(b *testing.B) {
	for _, n := range []int{16, 1 << 10, 16 << 10, 256 << 10} {
		b.Run(fmt.Sprintf("%dB", n), func(b *testing.B) {
			client, server := tcpPair(b, "tcp", nil)
			go echo(server)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			p, buf := make([]byte, n), []byte(nil)
			for b.Loop() {
				if err := client.Write(background, frame.Binary, p); err != nil {
					b.Fatal(err)
				}
				_, q, err := client.ReadAppend(background, buf[:0])
				if err != nil {
					b.Fatal(err)
				}
				buf = q
			}
		})
	}
}

// A message from memory: what ReadAppend costs beside the network.
func BenchmarkReadAppend(b *testing.B) {
	for _, n := range []int{16, 125, 1 << 10, 16 << 10} {
		b.Run(fmt.Sprintf("%dB", n), func(b *testing.B) {
			nc, peer := wstest.PipeSize(1 << 20)
			c := conn.New(nc, conn.Opening{Side: frame.Server}, nil)
			h := frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Key: [4]byte{1, 2, 3, 4}, Length: int64(n)}
			one := append(h.Append(nil), make([]byte, n)...)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				peer.Write(one)
				_, q, err := c.ReadAppend(background, buf[:0])
				if err != nil {
					b.Fatal(err)
				}
				buf = q
			}
		})
	}
}

// A message to memory: what Write costs beside the network.
func BenchmarkWrite(b *testing.B) {
	for _, side := range []frame.Side{frame.Server, frame.Client} {
		for _, n := range []int{16, 125, 1 << 10, 16 << 10} {
			b.Run(fmt.Sprintf("%v/%dB", side, n), func(b *testing.B) {
				nc, peer := wstest.PipeSize(1 << 20)
				c := conn.New(nc, conn.Opening{Side: side}, nil)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				p, sink := make([]byte, n), make([]byte, n+14)
				for b.Loop() {
					if err := c.Write(background, frame.Binary, p); err != nil {
						b.Fatal(err)
					}
					peer.Read(sink)
				}
			})
		}
	}
}

// A ping of the peer, answered.
func BenchmarkPong(b *testing.B) {
	nc, peer := wstest.PipeSize(1 << 20)
	c := conn.New(nc, conn.Opening{Side: frame.Client}, nil)
	go c.Read(background)
	defer c.CloseNow()
	ping := frame.Header{Fin: true, Opcode: frame.Ping, Length: 4}.Append(nil)
	ping = append(ping, "ping"...)
	b.ReportAllocs()
	sink := make([]byte, 64)
	for b.Loop() {
		peer.Write(ping)
		peer.Read(sink)
	}
}
