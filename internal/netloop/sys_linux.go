package netloop

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// An epoll is the poller of Linux.
type epoll struct {
	file   *os.File // whose descriptor is the runtime's to wait for
	raw    syscall.RawConn
	fd     int
	events [256]syscall.EpollEvent
	n      int
	err    error
	found  [256]event
	look   func(fd uintptr) bool // e.lookOnce, bound once
	over   atomic.Bool           // close was called
}

// openPoller returns a poller.
//
// It waits with a descriptor that the runtime waits for in turn, together with all others of the process,
// so that no thread is taken up by that.
func openPoller() (poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	syscall.SetNonblock(fd, true) // os.NewFile believes it then
	e := &epoll{fd: fd, file: os.NewFile(uintptr(fd), "epoll")}
	e.look = e.lookOnce
	if e.raw, err = e.file.SyscallConn(); err != nil {
		e.file.Close()
		return nil, err
	}
	return e, nil
}

// add implements poller.
func (e *epoll) add(fd int) error {
	const edge = 1 << 31 // syscall.EPOLLET, which is negative on some architectures
	const all = syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | edge
	ev := syscall.EpollEvent{Events: all, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", syscall.EpollCtl(e.fd, syscall.EPOLL_CTL_ADD, fd, &ev))
}

// wait implements poller. It is the one to close the descriptor, which nobody then uses.
func (e *epoll) wait(block bool) ([]event, error) {
	if e.over.Load() {
		e.file.Close()
		return nil, os.ErrClosed
	}
	if e.lookOnce(uintptr(e.fd)); e.n == 0 && e.err == nil && block {
		e.raw.Read(e.look)
	}
	n := max(e.n, 0)
	for i, ev := range e.events[:n] {
		e.found[i] = event{ev.Fd, meaning(ev.Events)}
	}
	return e.found[:n], e.err
}

// lookOnce looks for events and returns false if there are none yet.
func (e *epoll) lookOnce(uintptr) bool {
	e.n, e.err = syscall.EpollWait(e.fd, e.events[:], 0)
	if e.err == syscall.EINTR {
		e.n, e.err = 0, nil
	}
	return e.n > 0 || e.err != nil
}

// meaning translates the events of epoll.
func meaning(ev uint32) (what uint32) {
	if ev&syscall.EPOLLIN != 0 {
		what |= readable
	}
	if ev&syscall.EPOLLOUT != 0 {
		what |= writable
	}
	if ev&syscall.EPOLLRDHUP != 0 {
		what |= readable | hungUp
	}
	if ev&(syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		what |= readable | writable | hungUp
	}
	return what
}

// close implements poller.
func (e *epoll) close() {
	e.over.Store(true)
	e.file.SetReadDeadline(time.Unix(1, 0))
}

// inherited are the options that package net sets for a connection that it has accepted.
var inherited = []option{
	{syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 0},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 0},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 0},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 0},
	{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 0},
}

// acceptOnce accepts a connection, if there is one.
func acceptOnce(fd int) (int, syscall.Sockaddr, error) {
	return syscall.Accept4(fd, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
}
