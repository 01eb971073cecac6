// Package wstest helps to test code that uses WebSocket connections, without sockets and without sleeping.
//
//   - [Serve] runs an http.Handler in memory; its result has a DialContext for clients.
//     [Listen] is the listener below it, for servers of another kind.
//   - [DialPeer] is a client in the hands of a script, which speaks frames to such a server:
//     it writes any frame, right or wrong, and says which frames it wants to see.
//     [Handshake] does the same with requests that may be refused.
//   - [Pair] returns two connections that talk to each other in memory,
//     and [NewPeer] or [OpenPeer] a connection and a script for its peer, for code that is given a connection.
//   - [Pipe] is the network below all of them: an in-memory net.Conn with buffers and deadlines.
//
// All of them work inside a testing/synctest bubble, where time passes only
// when everything waits, and so a timeout of an hour takes no time and no luck.
// They work outside of one, too, with real time.
package wstest

import (
	"testing"

	"github.com/ws6455/ws/conn"
	"github.com/ws6455/ws/frame"
	"github.com/ws6455/ws/handshake"
)

// Pair returns a client and a server connected to each other in memory, both with cfg.
// If that has a Compression, they have agreed on it. They are closed at the end of the test.
func Pair(t testing.TB, cfg *conn.Config) (client, server *conn.Conn) {
	a, b := Pipe()
	agreed := agree(cfg)
	client = conn.New(a, conn.Opening{Side: frame.Client, Agreement: agreed}, cfg)
	server = conn.New(b, conn.Opening{Side: frame.Server, Agreement: agreed}, cfg)
	t.Cleanup(func() {
		client.CloseNow()
		server.CloseNow()
	})
	return client, server
}

// agree returns what a client and a server with cfg agree on.
func agree(cfg *conn.Config) (a handshake.Agreement) {
	if cfg == nil || cfg.Compression == nil {
		return a
	}
	d := cfg.Compression.Deflate()
	if answer, ok := d.Answer(d.Offers()); ok {
		a.Extensions = []handshake.Extension{answer}
	}
	return a
}
