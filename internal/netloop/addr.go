package netloop

import (
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// Addresses are those of a socket, or of a listener for the sockets that it has accepted.
type addresses struct {
	local  net.Addr
	remote net.Addr // nil if the socket has its peer
}

// A peer is the address of a peer over IPv4, which most connections have, in little space.
type peer struct {
	ip   [4]byte
	port uint16
}

// LocalAddr implements net.Conn. For a socket that is closed it may be the address of its listener.
func (s *Socket) LocalAddr() net.Addr {
	if s.addrs.remote == nil && s.enter() {
		defer s.exit()
		if sa, err := localName(int(s.fd)); err == nil {
			return address(sa)
		}
	}
	return s.addrs.local
}

// RemoteAddr implements net.Conn.
func (s *Socket) RemoteAddr() net.Addr {
	if s.addrs.remote != nil {
		return s.addrs.remote
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4(s.peer.ip), s.peer.port))
}

// setPeer notes the address of the peer of a socket that comes from a listener.
func (s *Socket) setPeer(sa syscall.Sockaddr, listener *addresses) {
	s.addrs = listener
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		s.peer = peer{sa.Addr, uint16(sa.Port)}
		return
	case *syscall.SockaddrInet6:
		if ip := netip.AddrFrom16(sa.Addr); ip.Is4In6() {
			s.peer = peer{ip.Unmap().As4(), uint16(sa.Port)}
			return
		}
	}
	s.addrs = &addresses{listener.local, address(sa)}
}

// address returns sa as package net does.
func address(sa syscall.Sockaddr) net.Addr {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}
	case *syscall.SockaddrInet6:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port, Zone: zone(int(sa.ZoneId))}
	case *syscall.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: "unix"}
	}
	return &net.UnixAddr{Net: "unix"}
}

// zone returns the name of an IPv6 zone.
func zone(index int) string {
	if index == 0 {
		return ""
	}
	if i, err := net.InterfaceByIndex(index); err == nil {
		return i.Name
	}
	return strconv.Itoa(index)
}
