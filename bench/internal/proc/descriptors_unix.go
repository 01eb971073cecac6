//go:build unix

package proc

import "syscall"

// Descriptors returns how many files and sockets a process may have open.
// A Go program has raised its own limit as far as it may before main begins.
func Descriptors() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 256
	}
	return int(min(uint64(l.Cur), 1<<30))
}
