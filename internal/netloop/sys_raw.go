//go:build linux && (amd64 || arm64) && !race && !msan && !asan

package netloop

import (
	"syscall"
	"unsafe"
)

// The system calls of this file do not wait, so the runtime need not be told of them as of those that may:
// that saves a tenth of a microsecond each, and a thread that looks whether one waits.
// That thread must not sleep altogether, since it also looks for goroutines that run for long; other system calls wake it.
//
// recv and send take less time than read and write, which are for any kind of file.

// read is syscall.Read for a socket.
func read(fd int, p []byte) (int, error) { return ioCall(syscall.SYS_RECVFROM, fd, p) }

// write is syscall.Write for a socket.
func write(fd int, p []byte) (int, error) { return ioCall(syscall.SYS_SENDTO, fd, p) }

// ioCall receives or sends p.
func ioCall(call uintptr, fd int, p []byte) (int, error) {
	const flags = syscall.MSG_DONTWAIT | syscall.MSG_NOSIGNAL
	n, _, err := syscall.RawSyscall6(call, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
	if err != 0 {
		return 0, err
	}
	return int(n), nil
}
