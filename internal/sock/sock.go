//go:build unix

// Package sock reads and writes the descriptors of sockets that do not wait.
package sock

import "syscall"

// Read is syscall.Read. It is not interrupted.
func Read(fd int, p []byte) (n int, err error) {
	for {
		if n, err = read(fd, p); err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// Write is syscall.Write. It is not interrupted.
func Write(fd int, p []byte) (n int, err error) {
	for {
		if n, err = write(fd, p); err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// WriteBoth is Write for p with q behind it.
func WriteBoth(fd int, p, q []byte) (n int, err error) {
	switch {
	case len(q) == 0:
		return Write(fd, p)
	case len(p) == 0:
		return Write(fd, q)
	}
	for {
		if n, err = writeBoth(fd, p, q); err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
