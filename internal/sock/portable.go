//go:build unix && (!linux || race || msan || asan || (!amd64 && !arm64))

package sock

// The detectors have to see system calls, and elsewhere there is less to win.

// Read is syscall.Read.
func Read(fd int, p []byte) (int, error) { return readChecked(fd, p) }

// Write is syscall.Write.
func Write(fd int, p []byte) (int, error) { return writeChecked(fd, p) }

// WriteBoth is Write for p with q behind it.
func WriteBoth(fd int, p, q []byte) (int, error) {
	n, err := Write(fd, p)
	if err != nil || n < len(p) || len(q) == 0 {
		return n, err
	}
	m, err := Write(fd, q)
	if err != nil { // the next call meets it again
		return n, nil
	}
	return n + m, nil
}
