package conn

import (
	"errors"
	"io"
	"math"
	"net"
	"os"
	"time"
)

// below returns the connection that nc puts its own protocol on, as TLS does; nil if there is none.
func below(nc net.Conn) net.Conn {
	if t, ok := nc.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return nil
}

// hangUp closes nc at once.
// A TLS connection would first wait for the network to take its goodbye.
func hangUp(nc net.Conn) {
	if b := below(nc); b != nil {
		nc = b
	}
	nc.Close()
}

// closeWrite tells the peer that no more bytes follow, if nc can say so,
// and reports whether it could.
func closeWrite(nc net.Conn) bool {
	w, ok := nc.(interface{ CloseWrite() error })
	return ok && w.CloseWrite() == nil
}

// past is a deadline that wakes whoever waits for the network.
var past = time.Unix(1, 0)

// after returns the time d from now; the zero time, which is no deadline, if d is without limit.
func after(d time.Duration) time.Time {
	if d == math.MaxInt64 {
		return time.Time{}
	}
	return time.Now().Add(d)
}

// earliest returns the earlier of two deadlines.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// reached reports whether the deadline t has passed.
func reached(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// networkError returns the end of a connection whose network failed with err.
func networkError(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
