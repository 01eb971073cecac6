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

// much is how many bytes take so long that a collection of garbage had better not wait for them.
const much = 64 << 10

const flags = syscall.MSG_DONTWAIT | syscall.MSG_NOSIGNAL

// Read is syscall.Read.
func Read(fd int, p []byte) (int, error) {
	if len(p) > much {
		return readChecked(fd, p)
	}
	for {
		n, _, err := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
		if err == 0 {
			return int(n), nil
		}
		if err != syscall.EINTR {
			return 0, err
		}
	}
}

// Write is syscall.Write.
func Write(fd int, p []byte) (int, error) {
	if len(p) > much {
		return writeChecked(fd, p)
	}
	for {
		n, _, err := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
		if err == 0 {
			return int(n), nil
		}
		if err != syscall.EINTR {
			return 0, err
		}
	}
}

// WriteBoth is Write for p with q behind it.
func WriteBoth(fd int, p, q []byte) (int, error) {
	if len(q) == 0 {
		return Write(fd, p)
	}
	return writeParts(fd, p, q)
}

func writeParts(fd int, p, q []byte) (int, error) {
	parts := [2]syscall.Iovec{{Base: unsafe.SliceData(p)}, {Base: unsafe.SliceData(q)}}
	parts[0].SetLen(len(p))
	parts[1].SetLen(len(q))
	m := syscall.Msghdr{Iov: &parts[0], Iovlen: 2}
	for {
		n, err := send(fd, &m, len(p)+len(q) > much)
		if err == 0 {
			return n, nil
		}
		if err != syscall.EINTR {
			return 0, err
		}
	}
}

// send is the system call for m. long says that it may take long.
func send(fd int, m *syscall.Msghdr, long bool) (int, syscall.Errno) {
	if long {
		n, _, err := syscall.Syscall(syscall.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(m)), flags)
		return int(n), err
	}
	n, _, err := syscall.RawSyscall(syscall.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(m)), flags)
	return int(n), err
}
