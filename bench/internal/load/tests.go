package load

import (
	"slices"
	"time"

	"github.com/ws6455/ws/bench/internal/proc"
)

// echo keeps messages under way in all connections.
func (e *engine) echo() (Result, error) {
	clients := e.newClients(e.spec.Conns)
	if err := e.openAll(clients); err != nil {
		return Result{}, err
	}
	e.replied = func(c *client, n int) { e.send(c, n, e.now()) }
	for _, c := range clients {
		e.send(c, e.spec.Flight, e.now())
	}
	all := func() bool { return e.received >= len(clients)*e.spec.Flight }
	if err := e.drive(patience, all); err != nil {
		return Result{}, err
	}
	if err := e.drive(e.spec.Warmup, nil); err != nil {
		return Result{}, err
	}
	from, to, err := e.measure(e.spec.Duration)
	if err != nil {
		return Result{}, err
	}
	r := e.result(from, to, e.echoed())
	if e.spec.Deflate {
		r.ReplyBytes = float64(e.payload) / float64(e.received)
	}
	return r, nil
}

// echoed returns how many messages have come. Of large ones, those that come at either end
// of the measurement count in part.
func (e *engine) echoed() float64 {
	if e.spec.Deflate || e.spec.Size == 0 {
		return float64(e.received)
	}
	return float64(e.payload) / float64(e.spec.Size)
}

// handshakes connects, upgrades and closes over and over.
func (e *engine) handshakes() (Result, error) {
	e.reuse = true
	e.opened = func(c *client) {
		e.latency.Add(e.now() - c.began)
		e.received++
		e.hangUp(c, false)
		e.dial(c)
	}
	for _, c := range e.newClients(e.spec.Conns) {
		e.dial(c)
	}
	if err := e.drive(e.spec.Warmup, nil); err != nil {
		return Result{}, err
	}
	from, to, err := e.measure(e.spec.Duration)
	if err != nil {
		return Result{}, err
	}
	return e.result(from, to, float64(e.received)), nil
}

// settle is how long a server has before its memory is looked at.
const settle = time.Second

// idle opens connections and leaves them alone, then sends one message in each and leaves them alone again.
func (e *engine) idle() (Result, error) {
	before, err := proc.RSS(e.spec.PID)
	if err != nil {
		return Result{}, err
	}
	perConn := func() (float64, error) {
		if err := e.drive(settle, nil); err != nil {
			return 0, err
		}
		rss, err := proc.RSS(e.spec.PID)
		return float64(rss-before) / float64(e.spec.Conns), err
	}
	clients := e.newClients(e.spec.Conns)
	from := e.read()
	if err := e.openAll(clients); err != nil {
		return Result{}, err
	}
	r := e.result(from, e.read(), float64(len(clients)))
	if r.OpenBytes, err = perConn(); err != nil {
		return Result{}, err
	}
	if err := e.once(clients); err != nil {
		return Result{}, err
	}
	r.EchoBytes, err = perConn()
	return r, err
}

// once sends one message in each connection, in a few at a time.
func (e *engine) once(clients []*client) error {
	next := 0
	one := func() {
		if next < len(clients) {
			next++
			e.send(clients[next-1], 1, e.now())
		}
	}
	e.replied = func(*client, int) { one() }
	defer func() { e.replied = nil }()
	for range maxConnecting {
		one()
	}
	return e.drive(patience, func() bool { return e.received == len(clients) })
}

// broadcast has one client send messages that go to all.
func (e *engine) broadcast() (Result, error) {
	clients := e.newClients(e.spec.Conns)
	e.unasked = true
	if err := e.openAll(clients); err != nil {
		return Result{}, err
	}
	const warmup = 2
	var from reading
	var times []time.Duration
	for i := range warmup + e.spec.Rounds {
		if i == warmup {
			e.reset()
			from = e.read()
		}
		began := e.now()
		for _, c := range clients {
			c.due[0] = began
		}
		want := e.received + len(clients)
		e.send(clients[0], 1, began)
		if err := e.drive(patience, func() bool { return e.received >= want }); err != nil {
			return Result{}, err
		}
		times = append(times, e.now()-began)
	}
	r := e.result(from, e.read(), float64(e.received))
	times = times[warmup:]
	slices.Sort(times)
	r.All = us(times[len(times)/2])
	return r, nil
}
