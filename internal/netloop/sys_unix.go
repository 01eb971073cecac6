//go:build linux || darwin || freebsd

package netloop

import (
	"errors"
	"net"
	"os"
	"syscall"

	"github.com/ws6455/ws/internal/sock"
)

// Supported reports whether there are loops on this system.
const Supported = true

// readDescriptor reads what there is to read. If that is nothing yet, the error is ErrAgain.
func readDescriptor(fd int, p []byte) (n int, err error) {
	n, err = sock.Read(fd, p)
	return n, ioError("read", err)
}

// writeDescriptor writes p with q behind it, once. If the network takes nothing, the error is ErrAgain.
func writeDescriptor(fd int, p, q []byte) (n int, err error) {
	n, err = sock.WriteBoth(fd, p, q)
	return n, ioError("write", err)
}

// ioError returns what err of a system call means.
func ioError(call string, err error) error {
	switch err {
	case nil:
		return nil
	case syscall.EAGAIN:
		return ErrAgain
	}
	return os.NewSyscallError(call, err)
}

func closeDescriptor(fd int) { syscall.Close(fd) }

func shutdownWrite(fd int) error { return syscall.Shutdown(fd, syscall.SHUT_WR) }

func localName(fd int) (syscall.Sockaddr, error) { return syscall.Getsockname(fd) }

// accept accepts a connection. If there is none, the error is ErrAgain.
func accept(fd int) (int, syscall.Sockaddr, error) {
	for {
		n, sa, err := acceptOnce(fd)
		switch err {
		case nil:
			return n, sa, nil
		case syscall.EINTR, syscall.ECONNABORTED: // the peer has gone while it waited
		case syscall.EAGAIN:
			return -1, nil, ErrAgain
		default:
			return -1, nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept", err)}
		}
	}
}

// getOptions returns the options of a socket that others inherit.
func getOptions(fd int) []option {
	all := []option{}
	for _, o := range inherited {
		if v, err := syscall.GetsockoptInt(fd, o.level, o.name); err == nil {
			all = append(all, option{o.level, o.name, v})
		}
	}
	return all
}

// setOptions sets options of a socket.
func setOptions(fd int, all []option) {
	for _, o := range all {
		syscall.SetsockoptInt(fd, o.level, o.name, o.value)
	}
}

// duplicate returns another descriptor of nc.
func duplicate(nc net.Conn) (fd int, err error) {
	var raw syscall.RawConn
	switch nc := nc.(type) {
	case *net.TCPConn:
		raw, err = nc.SyscallConn()
	case *net.UnixConn:
		raw, err = nc.SyscallConn()
	default:
		err = errors.ErrUnsupported
	}
	if err != nil {
		return -1, err
	}
	failed := raw.Control(func(old uintptr) {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		if fd, err = syscall.Dup(int(old)); err == nil {
			syscall.CloseOnExec(fd)
		}
	})
	if failed != nil {
		err = failed
	}
	return fd, err
}
