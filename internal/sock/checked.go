//go:build unix

package sock

import "syscall"

// readChecked is Read for what the runtime and the detectors have to see.
func readChecked(fd int, p []byte) (n int, err error) {
	for {
		if n, err = syscall.Read(fd, p); err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// writeChecked is Write for what the runtime and the detectors have to see.
func writeChecked(fd int, p []byte) (n int, err error) {
	for {
		if n, err = syscall.Write(fd, p); err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
