//go:build unix

package server

import (
	"net"
	"syscall"
)

// errAgain is the error of a descriptor that is not ready.
const errAgain = syscall.EAGAIN

// rawConn returns the descriptor's connection if bytes may be read and written past nc's back.
// A type that wraps one of these may do more in Read and Write than they do.
func rawConn(nc net.Conn) syscall.RawConn {
	var rc syscall.RawConn
	switch nc := nc.(type) {
	case *net.TCPConn:
		rc, _ = nc.SyscallConn()
	case *net.UnixConn:
		rc, _ = nc.SyscallConn()
	}
	return rc
}

// readOnce reads once into a buffer that it borrows. If there is nothing to read,
// it gives the buffer back and asks to be called again: only then is a deadline needed.
func (h *half) readOnce(fd uintptr) bool {
	h.buf = buffers.Get().(*buffer)
	h.result(syscall.Read(int(fd), h.buf[:]))
	for h.errno == syscall.EINTR {
		h.result(syscall.Read(int(fd), h.buf[:]))
	}
	if h.errno != errAgain {
		return true
	}
	buffers.Put(h.buf)
	h.buf = nil
	h.limit()
	return false
}

// writeOnce writes once. It never asks to be called again.
func (h *half) writeOnce(fd uintptr) bool {
	h.result(syscall.Write(int(fd), h.out))
	for h.errno == syscall.EINTR {
		h.result(syscall.Write(int(fd), h.out))
	}
	return true
}

// result keeps the result of a system call.
func (h *half) result(n int, err error) {
	h.n = max(n, 0)
	h.errno, _ = err.(syscall.Errno)
}
