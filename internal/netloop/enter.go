package netloop

import "net"

// Add puts the socket s, whose tenant is t, into a loop. Its turn is claimed: then comes Wait or Start.
// If there is an error, the connection is closed.
func (g *Group) Add(s *Socket, t Tenant, a Accepted) error {
	if a.nc != nil {
		err := g.Adopt(s, t, a.nc)
		if err != nil {
			a.nc.Close()
		}
		return err
	}
	s.setPeer(a.peer, a.from)
	return g.add(s, t, a.fd)
}

// Adopt moves the connection nc into a loop, as Add does, if it has a descriptor. Else it returns an error,
// and nc is as it was.
func (g *Group) Adopt(s *Socket, t Tenant, nc net.Conn) error {
	fd, err := duplicate(nc)
	if err != nil {
		return err
	}
	s.addrs = &addresses{nc.LocalAddr(), nc.RemoteAddr()}
	if err := g.add(s, t, fd); err != nil {
		return err
	}
	nc.Close()
	return nil
}

// add is Add for a descriptor.
func (g *Group) add(s *Socket, t Tenant, fd int) error {
	if err := g.Enter(); err != nil {
		closeDescriptor(fd)
		return err
	}
	g.mu.Lock()
	l := g.next()
	g.mu.Unlock()
	s.tenant, s.loop, s.fd = t, l, int32(fd)
	s.turn.Store(claimed)
	g.sockets.set(fd, s)
	if err := l.poller.add(fd); err != nil {
		s.Close()
		return err
	}
	return nil
}

// Start gives s its first turn, on another goroutine.
func (s *Socket) Start() { s.loop.crew.give(s) }

// Wait is Start, but for a socket that there is nothing to be done with yet: the turn will come
// when something has happened, or has already.
func (s *Socket) Wait() {
	if s.unclaim(false) {
		s.loop.crew.give(s)
	}
}
