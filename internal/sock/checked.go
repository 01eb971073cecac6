//go:build unix && (!linux || race || msan || asan || (!amd64 && !arm64))

package sock

import "syscall"

// The detectors have to see system calls, and elsewhere there is less to win.

func read(fd int, p []byte) (int, error) { return syscall.Read(fd, p) }

func write(fd int, p []byte) (int, error) { return syscall.Write(fd, p) }

func writeBoth(fd int, p, q []byte) (int, error) {
	n, err := write(fd, p)
	if err != nil || n < len(p) {
		return n, err
	}
	m, err := write(fd, q)
	if err != nil { // the next call meets it again
		return n, nil
	}
	return n + m, nil
}
