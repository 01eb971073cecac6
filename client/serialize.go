package client

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// Turns keep connections to one IP address and port from being opened at the same time.
//
// "If the client already has a WebSocket connection to the remote host (IP
// address) identified by /host/ and port /port/ pair […], the client MUST wait
// until that connection has been established or for that connection to have
// failed. There MUST be no more than one connection in a CONNECTING state."
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
//
// The rule is about addresses, so a turn is waited for when the name has been
// looked up: net.Dialer asks just before it connects to one. A Dial has one
// turn at a time, which is given back before the next address is tried;
// since none waits for a turn while it holds another, they cannot deadlock.
//
// Behind a proxy, which looks up the name, there is no address:
//
// "the client MUST assume for the purposes of this step that each host name
// refers to a distinct remote host, and instead the client SHOULD limit the
// total number of simultaneous pending connections to a reasonably low number"
//
// So a Dial has a turn for the name, and then one of those that all share.
// None that has such a one waits for anything else, so they cannot deadlock either.

// A turn is that of one Dial. The zero turn is no turn.
type turn struct {
	at     *crossing
	unseen *crossing // the one of all whose address is unknown
}

// maxUnseen is how many Dials with turns may wait for proxies at the same time.
const maxUnseen = 16

// unseenAddr is the address of the crossing that they share. No host is called so.
const unseenAddr = "*"

// netDialer returns a dialer that connects to no address before it has the turn for it.
// It tries one address at a time: racing, it could need two turns.
func (t *turn) netDialer() *net.Dialer {
	return &net.Dialer{
		FallbackDelay: -1,
		ControlContext: func(ctx context.Context, _, addr string, _ syscall.RawConn) error {
			return t.take(ctx, canonical(addr, addr))
		},
	}
}

// take waits until it is t's turn to connect to addr, and gives back
// the turn for another address. It does nothing if t has the turn already:
// net.Dialer may ask twice.
func (t *turn) take(ctx context.Context, addr string) error {
	if t.at != nil && t.at.addr == addr {
		return nil
	}
	t.give()
	var err error
	t.at, err = join(addr, 1).take(ctx)
	return err
}

// takeUnseen waits until it is t's turn to have a proxy connect to addr.
func (t *turn) takeUnseen(ctx context.Context, addr string) error {
	err := t.take(ctx, canonical(addr, addr))
	if err == nil {
		t.unseen, err = join(unseenAddr, maxUnseen).take(ctx)
	}
	return err
}

// give gives back the turns that t has.
func (t *turn) give() {
	t.unseen.give()
	t.at.give()
	*t = turn{}
}

// A crossing is an address that somebody connects to, or waits to connect to.
type crossing struct {
	addr  string
	free  chan struct{} // holds a value for each who has the turn
	users int           // who have or want the turn; guarded by crossings.mu
}

// take waits for the turn and returns c, or nil and an error if ctx ends first.
func (c *crossing) take(ctx context.Context) (*crossing, error) {
	select {
	case c.free <- struct{}{}:
		return c, nil
	case <-ctx.Done():
		c.leave()
		return nil, ctx.Err()
	}
}

// give gives the turn back. It does nothing if c is nil.
func (c *crossing) give() {
	if c == nil {
		return
	}
	<-c.free
	c.leave()
}

// crossings has the crossings with users, by address.
var crossings = struct {
	mu sync.Mutex
	m  map[string]*crossing
}{m: map[string]*crossing{}}

// join returns the crossing at addr, with one user more.
// If it is a new one, so many may have the turn at the same time.
func join(addr string, turns int) *crossing {
	crossings.mu.Lock()
	defer crossings.mu.Unlock()
	c := crossings.m[addr]
	if c == nil {
		c = &crossing{addr: addr, free: make(chan struct{}, turns)}
		crossings.m[addr] = c
	}
	c.users++
	return c
}

// leave takes a user from c.
func (c *crossing) leave() {
	crossings.mu.Lock()
	defer crossings.mu.Unlock()
	if c.users--; c.users == 0 {
		delete(crossings.m, c.addr)
	}
}

// remote returns the address that nc is connected to,
// or otherwise if nc does not tell an IP address and port.
func remote(nc net.Conn, otherwise string) string {
	a := nc.RemoteAddr()
	if a == nil {
		return otherwise
	}
	return canonical(a.String(), otherwise)
}

// canonical returns addr such that one IP address and port has one form only,
// or otherwise if it is none.
func canonical(addr, otherwise string) string {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		return otherwise
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
}
