package load

import (
	"net/netip"
	"syscall"
	"time"
	"unsafe"
)

func newPoller(addr string) (poller, error) { return newEpoll(addr) }

// An epoll is a poller that has the kernel tell, once for each change.
type epoll struct {
	fd      int
	peer    syscall.SockaddrInet4
	local   bool      // the peer is 127.0.0.1
	dialed  int       // how many
	clients []*client // by descriptor
	events  []syscall.EpollEvent
}

func newEpoll(addr string) (*epoll, error) {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	if !a.Addr().Is4() {
		return nil, syscall.EAFNOSUPPORT
	}
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	e := &epoll{fd: fd, events: make([]syscall.EpollEvent, 512)}
	e.peer = syscall.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	e.local = a.Addr() == netip.AddrFrom4([4]byte{127, 0, 0, 1})
	return e, nil
}

func (e *epoll) dial(c *client) (socket, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := e.connect(fd, c); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	return descriptor(fd), nil
}

func (e *epoll) connect(fd int, c *client) error {
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return err
	}
	if err := e.spread(fd); err != nil {
		return err
	}
	if err := syscall.Connect(fd, &e.peer); err != nil && err != syscall.EINPROGRESS {
		return err
	}
	for len(e.clients) <= fd {
		e.clients = append(e.clients, nil)
	}
	e.clients[fd] = c
	const edges = syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLET&(1<<32-1)
	return syscall.EpollCtl(e.fd, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: edges, Fd: int32(fd)})
}

// spread has local connections come from eight addresses, so that they do not run out of ports.
func (e *epoll) spread(fd int) error {
	if !e.local {
		return nil
	}
	const bindAddressNoPort = 24 // IP_BIND_ADDRESS_NO_PORT: connect chooses the port
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, bindAddressNoPort, 1); err != nil {
		return err
	}
	e.dialed++
	return syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1 + byte(e.dialed%8)}})
}

func (e *epoll) wait(d time.Duration, ready func(c *client, read, write bool)) error {
	n, err := syscall.EpollWait(e.fd, e.events, int(d.Milliseconds()))
	if err == syscall.EINTR {
		return nil
	}
	if err != nil {
		return err
	}
	const read = syscall.EPOLLIN | syscall.EPOLLHUP | syscall.EPOLLERR
	for _, ev := range e.events[:n] {
		if c := e.clients[ev.Fd]; c != nil && c.sock == descriptor(ev.Fd) {
			ready(c, ev.Events&read != 0, ev.Events&syscall.EPOLLOUT != 0)
		}
	}
	return nil
}

func (e *epoll) close() { syscall.Close(e.fd) }

// A descriptor is a socket. Its calls do not block, so the scheduler need not know of them.
type descriptor int

func (d descriptor) read(p []byte) (int, error) { return d.call(syscall.SYS_READ, p) }

func (d descriptor) write(p []byte) (int, error) { return d.call(syscall.SYS_WRITE, p) }

func (d descriptor) call(trap uintptr, p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(trap, uintptr(d), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, errAgain
		default:
			return 0, errno
		}
	}
}

func (d descriptor) close(reset bool) {
	if reset {
		syscall.SetsockoptLinger(int(d), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	}
	syscall.Close(int(d))
}
