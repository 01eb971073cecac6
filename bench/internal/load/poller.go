package load

import (
	"errors"
	"time"
)

// errAgain says that a socket has nothing to read, or takes nothing more, for now.
var errAgain = errors.New("not ready")

// A poller connects sockets and tells when something can be done with them.
// It is for one goroutine.
type poller interface {
	// dial begins to connect for c, to which it belongs from then on.
	// When that is done, the socket can be written to.
	dial(c *client) (socket, error)

	// wait waits for at most d and calls ready for the clients whose socket has become ready
	// to be read or written. What is not read or written then is not told again.
	wait(d time.Duration, ready func(c *client, read, write bool)) error

	close()
}

// A socket reads and writes without waiting. At the end of the stream, it reads 0 bytes and no error.
type socket interface {
	read(p []byte) (int, error)
	write(p []byte) (int, error)

	// close closes the socket; with reset, the peer gets no end but a reset.
	close(reset bool)
}
