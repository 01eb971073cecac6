//go:build (amd64 || arm64) && !race && !msan && !asan

package sock

import (
	"syscall"
	"unsafe"
)

// The system calls of this file do not wait, so the runtime need not be told of them, but for those that move much:
// that saves a tenth of a microsecond each, and a thread that looks whether one waits.
// That thread must not sleep altogether, since it also looks for goroutines that run for long; other system calls wake it.
//
// recv and send take less time than read and write, which are for any kind of file.

func read(fd int, p []byte) (int, error) { return transfer(syscall.SYS_RECVFROM, fd, p) }

func write(fd int, p []byte) (int, error) { return transfer(syscall.SYS_SENDTO, fd, p) }

const flags = syscall.MSG_DONTWAIT | syscall.MSG_NOSIGNAL

// much is how many bytes take so long that a collection of garbage had better not wait for them.
const much = 64 << 10

// transfer receives or sends p.
func transfer(call uintptr, fd int, p []byte) (int, error) {
	if len(p) > much {
		return result(syscall.Syscall6(call, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0))
	}
	return result(syscall.RawSyscall6(call, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0))
}

func writeBoth(fd int, p, q []byte) (int, error) {
	parts := [2]syscall.Iovec{{Base: unsafe.SliceData(p)}, {Base: unsafe.SliceData(q)}}
	parts[0].SetLen(len(p))
	parts[1].SetLen(len(q))
	m := syscall.Msghdr{Iov: &parts[0], Iovlen: 2}
	if len(p)+len(q) > much {
		return result(syscall.Syscall(syscall.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&m)), flags))
	}
	return result(syscall.RawSyscall(syscall.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&m)), flags))
}

// result is what a system call returns.
func result(n, _ uintptr, err syscall.Errno) (int, error) {
	if err != 0 {
		return 0, err
	}
	return int(n), nil
}
