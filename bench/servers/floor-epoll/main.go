//go:build linux

// Command floor-epoll is a floor: one thread with epoll that turns frames around and checks nothing.
package main

import (
	"log"
	"net"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/ws6455/ws/bench/internal/echo"
	"github.com/ws6455/ws/bench/internal/floor"
)

var about = echo.About{
	Floor: true, Broadcast: true,
	Note: "one thread with epoll; checks nothing and never holds a message",
}

func main() {
	echo.Main(about, func(o echo.Options) error {
		fd, err := listen(o.Addr)
		if err != nil {
			return err
		}
		l, err := newLoop(fd, o.Broadcast)
		if err != nil {
			return err
		}
		return l.run()
	})
}

// listen returns a listening socket that does not block.
func listen(addr string) (int, error) {
	a, err := net.ResolveTCPAddr("tcp4", addr)
	if err != nil {
		return 0, err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return 0, err
	}
	syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	sa := &syscall.SockaddrInet4{Port: a.Port}
	copy(sa.Addr[:], a.IP.To4())
	if err := syscall.Bind(fd, sa); err != nil {
		return 0, err
	}
	return fd, syscall.Listen(fd, 4096)
}

// A client is a connection.
type client struct {
	echo    floor.Echo
	open    bool   // the handshake is done
	request []byte // what has come of the handshake
	pending []byte // what the socket did not take; until it does, nothing is read
}

// A loop serves a listener.
type loop struct {
	epoll, listener int
	broadcasts      bool
	clients         []*client // by descriptor
	buf             [1 << 20]byte
}

func newLoop(listener int, broadcasts bool) (*loop, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	l := &loop{epoll: epoll, listener: listener, broadcasts: broadcasts}
	return l, l.control(syscall.EPOLL_CTL_ADD, listener, syscall.EPOLLIN)
}

func (l *loop) control(op, fd int, events uint32) error {
	return syscall.EpollCtl(l.epoll, op, fd, &syscall.EpollEvent{Events: events, Fd: int32(fd)})
}

// run handles events for ever.
func (l *loop) run() error {
	runtime.LockOSThread()
	events := make([]syscall.EpollEvent, 256)
	for {
		for _, e := range events[:l.wait(events)] {
			switch fd := int(e.Fd); {
			case fd == l.listener:
				l.accept()
			case l.clients[fd] == nil: // closed by a broadcast of this round
			case e.Events&syscall.EPOLLOUT != 0:
				l.flush(fd)
			default:
				l.read(fd)
			}
		}
	}
}

// wait waits for events. It tries without telling the scheduler first, which would cost more than the call.
func (l *loop) wait(events []syscall.EpollEvent) int {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epoll),
		uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
	if errno == 0 && n > 0 {
		return int(n)
	}
	k, err := syscall.EpollWait(l.epoll, events, -1)
	if err != nil && err != syscall.EINTR {
		log.Fatal(err)
	}
	return max(k, 0)
}

// accept accepts all who wait.
func (l *loop) accept() {
	for {
		fd, _, err := syscall.Accept4(l.listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
		for len(l.clients) <= fd {
			l.clients = append(l.clients, nil)
		}
		l.clients[fd] = &client{}
		l.control(syscall.EPOLL_CTL_ADD, fd, syscall.EPOLLIN)
	}
}

// read handles what one read returns.
func (l *loop) read(fd int) {
	c := l.clients[fd]
	n, errno := call(syscall.SYS_READ, fd, l.buf[floor.Room:])
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
	case errno != 0 || n == 0:
		l.close(fd)
	case !c.open:
		l.upgrade(fd, c, l.buf[floor.Room:floor.Room+n])
	default:
		l.reply(fd, c.echo.Turn(l.buf[:], n))
	}
}

// upgrade answers the request once it is complete.
func (l *loop) upgrade(fd int, c *client, p []byte) {
	c.request = append(c.request, p...)
	if response := floor.Upgrade(c.request); response != nil {
		c.open, c.request = true, nil
		l.write(fd, response)
	}
}

// reply sends p back, or to all.
func (l *loop) reply(fd int, p []byte) {
	if !l.broadcasts || !echo.ToAll(floor.Payload(p)) {
		l.write(fd, p)
		return
	}
	for fd, c := range l.clients {
		if c != nil && c.open {
			l.write(fd, p)
		}
	}
}

// write sends p, now or when the socket takes it.
func (l *loop) write(fd int, p []byte) {
	c := l.clients[fd]
	if len(c.pending) > 0 {
		c.pending = append(c.pending, p...)
		return
	}
	for len(p) > 0 {
		n, errno := call(syscall.SYS_WRITE, fd, p)
		switch errno {
		case 0:
			p = p[n:]
		case syscall.EINTR:
		case syscall.EAGAIN:
			c.pending = append([]byte(nil), p...)
			l.control(syscall.EPOLL_CTL_MOD, fd, syscall.EPOLLOUT)
			return
		default:
			l.close(fd)
			return
		}
	}
}

// flush sends what is pending, and reads on when that is done.
func (l *loop) flush(fd int) {
	c := l.clients[fd]
	p := c.pending
	c.pending = nil
	l.write(fd, p)
	if l.clients[fd] == c && len(c.pending) == 0 {
		l.control(syscall.EPOLL_CTL_MOD, fd, syscall.EPOLLIN)
	}
}

func (l *loop) close(fd int) {
	l.clients[fd] = nil
	syscall.Close(fd)
}

// call reads or writes without telling the scheduler: the socket does not block.
func call(trap uintptr, fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}
