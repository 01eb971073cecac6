package netloop

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A Group is loops that share the work. It runs as long as somebody is in it: a socket, or a caller of Enter.
// The zero Group is ready to use.
type Group struct {
	mu    sync.Mutex
	users int
	loops []*Loop // while users > 0

	turn     atomic.Uint32 // of the loop that gets the next socket
	sockets  table
	watching atomic.Bool // the monitor looks after the loops
	monitor  *time.Timer // calls watch
}

// Enter starts the loops, if nobody is in the group yet, and keeps them running until Leave.
func (g *Group) Enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.users == 0 {
		if err := g.start(); err != nil {
			return err
		}
	}
	g.users++
	return nil
}

// Leave undoes Enter.
func (g *Group) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.users--; g.users == 0 {
		g.stop()
	}
}

// start starts a loop for each processor. g.mu is held.
func (g *Group) start() error {
	var pollers []poller
	for range runtime.GOMAXPROCS(0) {
		p, err := openPoller()
		if err != nil {
			for _, p := range pollers {
				p.close()
				p.wait(true)
			}
			return err
		}
		pollers = append(pollers, p)
	}
	g.run(pollers)
	return nil
}

// run runs a loop for each poller. g.mu is held.
func (g *Group) run(pollers []poller) {
	c := newCrew()
	for _, p := range pollers {
		l := newLoop(g, c, p)
		g.loops = append(g.loops, l)
		go l.drive()
	}
}

// stop ends the loops, in which there is no socket. g.mu is held.
func (g *Group) stop() {
	for _, l := range g.loops {
		l.poller.close()
		l.alarms.stop()
		l.crew.dismiss() // the same for all
	}
	g.loops = nil
}

// next returns the loop for another socket. g.mu is held.
func (g *Group) next() *Loop {
	return g.loops[int(g.turn.Add(1))%len(g.loops)]
}

// overstay is how long a turn may keep a loop from going on: once or twice that.
const overstay = time.Millisecond

// watchOver sees to it that somebody notices when a turn takes too long.
func (g *Group) watchOver() {
	if g.watching.CompareAndSwap(false, true) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.setMonitor()
	}
}

// setMonitor lets the monitor come in a moment. g.mu is held.
func (g *Group) setMonitor() {
	if g.monitor == nil {
		g.monitor = time.AfterFunc(overstay, g.watch)
	} else {
		g.monitor.Reset(overstay)
	}
}

// watch looks after the loops, and comes again as long as one of them has something to do.
func (g *Group) watch() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.look() {
		g.setMonitor()
		return
	}
	g.watching.Store(false)
	// A turn that has begun since look saw nothing may have found watching set.
	if g.look() && g.watching.CompareAndSwap(false, true) {
		g.setMonitor()
	}
}

// look takes loops from drivers that stay too long, and reports whether there was anything to see. g.mu is held.
func (g *Group) look() (busy bool) {
	for _, l := range g.loops {
		if l.look() {
			busy = true
		}
	}
	return busy
}
