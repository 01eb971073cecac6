package load

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ws6455/ws/bench/internal/echo"
	"github.com/ws6455/ws/bench/internal/hist"
	"github.com/ws6455/ws/bench/internal/proc"
)

// maxConnecting is how many handshakes are under way while connections are opened.
const maxConnecting = 128

// An engine runs the clients of one test.
type engine struct {
	spec  Spec
	poll  poller
	began time.Time
	buf   []byte // what was read last
	err   error  // the first failure; it ends the test

	// Handshakes.
	request    []byte
	accept     string
	response   []byte // the last that was right
	agreed     string // its extensions
	coding     coding
	connecting int  // how many clients are
	open       int  // how many clients are
	reuse      bool // clients dial again

	// Messages.
	stream  *stream
	flate   *flateCheck
	opcode  byte
	unasked bool // messages may come that the client did not ask for

	// What the test wants to be told.
	opened  func(*client)
	replied func(c *client, n int) // n replies have come
	tick    func()                 // every millisecond

	// What was received.
	latency  hist.Histogram
	received int
	payload  int64 // bytes in messages, also in those that have come in part
}

func newEngine(s Spec) (*engine, error) {
	switch s.Test {
	case "broadcast", "idle":
		s.Flight = 1
	case "hostile":
		s.Flight = 64 // the pace goes on while a reply is late
	}
	poll, err := newPoller(s.Addr)
	if err != nil {
		return nil, err
	}
	e := &engine{spec: s, poll: poll, began: time.Now(), buf: make([]byte, 256<<10), opcode: binaryData}
	if s.Text || s.Deflate {
		e.opcode = text
	}
	e.request, e.accept = newRequest(s)
	return e, nil
}

func (e *engine) close() { e.poll.close() }

// prepare makes the stream, once the coding is agreed.
func (e *engine) prepare() {
	var messages [][]byte
	switch {
	case e.spec.Deflate:
		messages = jsonMessages(48) // none comes again while it is in a window
	case e.spec.Test == "broadcast":
		messages = [][]byte{echo.Message(e.spec.Size)}
	case e.spec.Size >= 1<<20:
		messages = randomMessages(2, e.spec.Size, e.spec.Text)
	default:
		messages = randomMessages(4, e.spec.Size, e.spec.Text)
	}
	e.stream = newStream(messages, e.opcode, e.spec.Flight, e.coding)
	e.flate = &flateCheck{stream: e.stream, takeover: e.coding.serverTakeover, known: map[int][]byte{}}
}

// now is the time since the engine began.
func (e *engine) now() time.Duration { return time.Since(e.began) }

// fail ends the test.
func (e *engine) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// newClients returns n clients that have no connection yet.
func (e *engine) newClients(n int) []*client {
	clients := make([]*client, n)
	due := make([]time.Duration, n*e.spec.Flight)
	for i := range clients {
		clients[i] = &client{due: due[i*e.spec.Flight:][:e.spec.Flight:e.spec.Flight]}
	}
	return clients
}

// openAll opens the connections of clients.
func (e *engine) openAll(clients []*client) error {
	before, next := e.open, 0
	return e.drive(time.Minute, func() bool {
		for ; next < len(clients) && e.connecting < maxConnecting; next++ {
			e.dial(clients[next])
		}
		return e.open-before == len(clients)
	})
}

// patience is how long a step of a test may take that is not timed.
const patience = 30 * time.Second

var errTime = errors.New("the server is too slow")

// drive handles events for d, or until done reports true, which has to happen in time.
func (e *engine) drive(d time.Duration, done func() bool) error {
	longest := 20 * time.Millisecond
	if e.tick != nil {
		longest = time.Millisecond
	}
	for end := e.now() + d; ; {
		if e.tick != nil {
			e.tick()
		}
		if e.err != nil || done != nil && done() {
			return e.err
		}
		left := end - e.now()
		if left <= 0 && done != nil {
			return fmt.Errorf("%w: not done in %v", errTime, d)
		}
		if left <= 0 {
			return nil
		}
		if err := e.poll.wait(min(left, longest), e.ready); err != nil {
			return err
		}
	}
}

// measure measures for d, or until there is something to count, and returns what happened meanwhile.
func (e *engine) measure(d time.Duration) (from, to reading, err error) {
	e.reset()
	from = e.read()
	if err := e.drive(d, nil); err != nil {
		return from, to, err
	}
	err = e.drive(patience, func() bool { return e.received > 0 })
	return from, e.read(), err
}

// reset forgets what was received.
func (e *engine) reset() { e.latency, e.received, e.payload = hist.Histogram{}, 0, 0 }

// A reading is the clocks at one time.
type reading struct {
	at               time.Time
	server, self     proc.Usage
	busy             time.Duration
	haveCPU, haveAll bool
}

// read reads the clocks.
func (e *engine) read() reading {
	r := reading{at: time.Now()}
	var errServer, errSelf, errBusy error
	if e.spec.PID != 0 {
		r.server, errServer = proc.Of(e.spec.PID)
	}
	r.self, errSelf = proc.Of(os.Getpid())
	r.busy, errBusy = proc.Busy()
	r.haveCPU = e.spec.PID != 0 && errServer == nil
	r.haveAll = r.haveCPU && errSelf == nil && errBusy == nil
	return r
}

// result returns what has happened between two readings, for so many units.
func (e *engine) result(from, to reading, units float64) Result {
	seconds := to.at.Sub(from.at).Seconds()
	r := Result{
		Units: units, Seconds: seconds, PerSecond: units / seconds,
		P50: us(e.latency.Percentile(50)), P90: us(e.latency.Percentile(90)),
		P99: us(e.latency.Percentile(99)), Max: us(e.latency.Max()),
		Agreed: e.agreed,
		Other:  -1,
	}
	server, self := to.server.Sub(from.server), to.self.Sub(from.self)
	r.Client = 100 * self.Total.Seconds() / seconds
	if from.haveCPU && to.haveCPU {
		r.CPU = us(server.Total) / units
		r.User = us(server.User) / units
		r.System = us(server.System) / units
		r.RSS, _ = proc.RSS(e.spec.PID)
	}
	if from.haveAll && to.haveAll {
		other := to.busy - from.busy - server.Total - self.Total
		r.Other = max(0, 100*other.Seconds()/seconds)
	}
	return r
}

// us returns d in microseconds.
func us(d time.Duration) float64 { return float64(d) / 1e3 }
