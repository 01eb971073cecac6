//go:build linux || darwin || freebsd

package netloop

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// Supported reports whether there are loops on this system.
const Supported = true

// readDescriptor reads what there is to read. If that is nothing yet, the error is ErrAgain.
func readDescriptor(fd int, p []byte) (n int, err error) {
	for {
		n, err = read(fd, p)
		switch err {
		case nil:
			return n, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, ErrAgain
		default:
			return 0, os.NewSyscallError("read", err)
		}
	}
}

// writeDescriptor writes once. If the network takes nothing, the error is ErrAgain.
func writeDescriptor(fd int, p []byte) (n int, err error) {
	for {
		n, err = write(fd, p)
		switch err {
		case nil:
			return n, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, ErrAgain
		default:
			return 0, os.NewSyscallError("write", err)
		}
	}
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
