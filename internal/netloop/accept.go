package netloop

import (
	"net"
	"syscall"
)

// An Accepted is a connection that an Acceptor has accepted, for Group.Add.
type Accepted struct {
	nc net.Conn // if package net has; else nil

	fd   int
	peer syscall.Sockaddr
	from *addresses
}

// An Acceptor accepts connections from a listener of package net, past its back as far as that can be:
// what has one descriptor only costs less.
//
// Package net waits for connections, since nobody else can wait for its listener, and so it accepts the first
// of those that come at once. What options it has set for that one, the listener gets as well,
// for its connections to inherit. Those that came before that have to be given them.
type Acceptor struct {
	l       net.Listener
	raw     syscall.RawConn // for Control only
	addrs   *addresses
	options []option // of the first connection, with their values; nil as long as there was none
	settled bool     // all that are still to come have inherited them

	accept func(fd uintptr) // a.acceptOnce, bound once
	got    Accepted         // what it has accepted
	err    error            // or why not
}

// NewAcceptor returns what accepts connections from l, which need not be l itself but must be closed with it.
// If their descriptors are not to be had, it returns nil.
func NewAcceptor(l net.Listener) *Acceptor {
	var raw syscall.RawConn
	var err error
	switch l := l.(type) {
	case *net.TCPListener:
		raw, err = l.SyscallConn()
	case *net.UnixListener:
		raw, err = l.SyscallConn()
	default:
		return nil
	}
	if err != nil || !Supported {
		return nil
	}
	a := &Acceptor{l: l, raw: raw, addrs: &addresses{local: l.Addr()}}
	a.accept = a.acceptOnce
	return a
}

// Accept waits for a connection. It fails when the listener is closed.
func (a *Acceptor) Accept() (Accepted, error) {
	if a.options != nil {
		if c, err := a.next(); err != ErrAgain {
			return c, err
		}
		a.settled = true
	}
	nc, err := a.l.Accept()
	if err != nil {
		return Accepted{}, err
	}
	if a.options == nil {
		a.copyOptions(nc)
	}
	return Accepted{nc: nc}, nil
}

// next accepts a connection, if there is one. If not, the error is ErrAgain.
func (a *Acceptor) next() (Accepted, error) {
	if err := a.raw.Control(a.accept); err != nil {
		return Accepted{}, err
	}
	if a.err == nil && !a.settled {
		setOptions(a.got.fd, a.options)
	}
	return a.got, a.err
}

// acceptOnce accepts a connection, if there is one.
func (a *Acceptor) acceptOnce(fd uintptr) {
	a.got.from = a.addrs
	a.got.fd, a.got.peer, a.err = accept(int(fd))
}

// copyOptions gives the listener the options of nc.
func (a *Acceptor) copyOptions(nc net.Conn) {
	a.options = []option{}
	if t, ok := nc.(*net.TCPConn); ok {
		if raw, err := t.SyscallConn(); err == nil {
			raw.Control(func(fd uintptr) { a.options = getOptions(int(fd)) })
		}
	}
	a.raw.Control(func(fd uintptr) { setOptions(int(fd), a.options) })
}

// An option is one of a socket, with an int for its value.
type option struct{ level, name, value int }
