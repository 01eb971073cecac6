//go:build darwin || freebsd

package netloop

import (
	"os"
	"syscall"
)

// A kqueue is the poller of BSD and macOS.
type kqueue struct {
	fd     int
	end    [2]int // a pipe: when its far end is closed, the poller is over
	events [256]syscall.Kevent_t
	found  [256]event
}

// openPoller returns a poller. The runtime cannot wait for its descriptor, so a thread does.
func openPoller() (poller, error) {
	fd, err := syscall.Kqueue()
	if err != nil {
		return nil, os.NewSyscallError("kqueue", err)
	}
	syscall.CloseOnExec(fd)
	k := &kqueue{fd: fd}
	syscall.ForkLock.RLock()
	err = syscall.Pipe(k.end[:])
	if err == nil {
		syscall.CloseOnExec(k.end[0])
		syscall.CloseOnExec(k.end[1])
	}
	syscall.ForkLock.RUnlock()
	if err == nil {
		err = k.change(k.end[0], syscall.EVFILT_READ)
	}
	if err != nil {
		syscall.Close(fd)
		return nil, os.NewSyscallError("kevent", err)
	}
	return k, nil
}

// change asks for the events of the filters.
func (k *kqueue) change(fd int, filters ...int) error {
	var changes [2]syscall.Kevent_t
	for i, filter := range filters {
		syscall.SetKevent(&changes[i], fd, filter, syscall.EV_ADD|syscall.EV_CLEAR)
	}
	_, err := syscall.Kevent(k.fd, changes[:len(filters)], nil, nil)
	return err
}

// add implements poller.
func (k *kqueue) add(fd int) error {
	return os.NewSyscallError("kevent", k.change(fd, syscall.EVFILT_READ, syscall.EVFILT_WRITE))
}

// wait implements poller.
func (k *kqueue) wait(block bool) ([]event, error) {
	timeout := new(syscall.Timespec)
	if block {
		timeout = nil
	}
	n, err := syscall.Kevent(k.fd, nil, k.events[:], timeout)
	for err == syscall.EINTR {
		n, err = syscall.Kevent(k.fd, nil, k.events[:], timeout)
	}
	if err != nil {
		return nil, os.NewSyscallError("kevent", err)
	}
	found := k.found[:0]
	for i := range k.events[:n] {
		e := &k.events[i]
		if int(e.Ident) == k.end[0] {
			syscall.Close(k.fd)
			syscall.Close(k.end[0])
			return nil, os.ErrClosed
		}
		found = append(found, event{int32(e.Ident), meaning(e)})
	}
	return found, nil
}

// meaning translates an event of kqueue.
func meaning(e *syscall.Kevent_t) (what uint32) {
	eof := e.Flags&syscall.EV_EOF != 0
	switch e.Filter {
	case syscall.EVFILT_READ:
		what = readable
		if eof {
			what |= hungUp
		}
	case syscall.EVFILT_WRITE:
		what = writable
		if eof { // the peer reads no more; there may be an error to be read
			what |= readable
		}
	}
	return what
}

// close implements poller.
func (k *kqueue) close() { syscall.Close(k.end[1]) }

func read(fd int, p []byte) (int, error) { return syscall.Read(fd, p) }

func write(fd int, p []byte) (int, error) { return syscall.Write(fd, p) }

// inherited are the options that package net sets for a connection that it has accepted.
// The times of the system's keepalive stay as they are.
var inherited = []option{
	{syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 0},
	{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 0},
}

// acceptOnce accepts a connection, if there is one.
func acceptOnce(fd int) (int, syscall.Sockaddr, error) {
	syscall.ForkLock.RLock()
	n, sa, err := syscall.Accept(fd)
	if err == nil {
		syscall.CloseOnExec(n)
	}
	syscall.ForkLock.RUnlock()
	if err == nil {
		err = syscall.SetNonblock(n, true)
	}
	return n, sa, err
}
