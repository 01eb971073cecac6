package netloop

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// These tests give turns without descriptors: a poller in memory tells of what has happened.

// A fakePoller tells what a test says.
type fakePoller struct {
	happens chan []event
	over    chan struct{}
	once    sync.Once
}

func newFakePoller() *fakePoller {
	return &fakePoller{happens: make(chan []event, 1000), over: make(chan struct{})}
}

func (p *fakePoller) add(int) error { return nil }

func (p *fakePoller) wait(block bool) (all []event, err error) {
	for {
		select {
		case <-p.over:
			return nil, os.ErrClosed
		default:
		}
		select {
		case e := <-p.happens:
			all = append(all, e...)
			continue
		default:
		}
		if len(all) > 0 || !block {
			return all, nil
		}
		select {
		case e := <-p.happens:
			all = append(all, e...)
		case <-p.over:
			return nil, os.ErrClosed
		}
	}
}

func (p *fakePoller) close() { p.once.Do(func() { close(p.over) }) }

// A testTenant does in its turns what a test says.
type testTenant struct {
	Socket
	name string
	turn func(w *Worker) bool

	mu         sync.Mutex
	overstayed int
	late       int
}

func (x *testTenant) Turn(w *Worker) bool { return x.turn(w) }

func (x *testTenant) Overstayed() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.overstayed++
}

func (x *testTenant) Rest() {}

func (x *testTenant) Late() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.late++
}

// counts returns how often Overstayed and Late were called.
func (x *testTenant) counts() (overstayed, late int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.overstayed, x.late
}

// A bench is a group with a loop on which a test acts.
type bench struct {
	t *testing.T
	g Group
	p *fakePoller

	mu  sync.Mutex
	log []string
}

// onBench runs f in a bubble with one loop, after which no goroutine may be left.
func onBench(t *testing.T, f func(b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, p: newFakePoller()}
		b.g.users = 1
		b.g.run([]poller{b.p})
		f(b)
		b.g.Leave()
	})
}

// No descriptor of the process is as large as those of the tests.
const firstFake = 1 << 17

// tenant adds a tenant to the loop.
func (b *bench) tenant(name string, turn func(w *Worker) bool) *testTenant {
	x := &testTenant{name: name, turn: turn}
	x.tenant, x.loop, x.fd = x, b.g.loops[0], firstFake+int32(len(name)+int(name[0]))
	b.g.sockets.set(int(x.fd), &x.Socket)
	return x
}

// happen tells the loop that there is something to read for the tenants.
func (b *bench) happen(all ...*testTenant) {
	var events []event
	for _, x := range all {
		events = append(events, event{x.fd, readable})
	}
	b.p.happens <- events
}

// note notes what happened.
func (b *bench) note(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = append(b.log, what)
}

// want fails the test unless this was noted, when all is idle.
func (b *bench) want(expectation, want string) {
	b.t.Helper()
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := strings.Join(b.log, " "); got != want {
		b.t.Errorf("%s:\n got %s\nwant %s", expectation, got, want)
	}
	b.log = nil
}

func TestTurns(t *testing.T) {
	onBench(t, func(b *bench) {
		x := b.tenant("x", func(w *Worker) bool { b.note("x"); return false })
		y := b.tenant("y", func(w *Worker) bool { b.note("y"); return false })
		b.happen(x, y, x)
		b.want("in the order in which things happened, and once for what happened before", "x y")
		b.happen(y)
		b.want("again", "y")
		b.p.happens <- []event{{y.fd, writable}}
		b.want("there is nothing to do when a socket can be written to", "")
		b.p.happens <- []event{{y.fd, hungUp}}
		b.want("there is when the peer hangs up", "y")
		x.Ready()
		b.want("asked for", "x")
		b.p.happens <- []event{{firstFake, readable}}
		b.want("of a socket that has been closed", "")
	})
}

// Who has much to do shares the loop.
func TestTurnsAreFair(t *testing.T) {
	onBench(t, func(b *bench) {
		left := 3
		x := b.tenant("x", func(w *Worker) bool {
			b.note("x")
			left--
			return left > 0
		})
		y := b.tenant("y", func(w *Worker) bool { b.note("y"); return false })
		z := b.tenant("z", func(w *Worker) bool {
			b.note("z")
			if left == 2 {
				b.happen(y)
			}
			return false
		})
		b.happen(x, y, z)
		b.want("a turn for each, and then for those that have more to do, with what has happened since", "x y z x y x")
	})
}

// What happens during a turn makes for another one, and never for two at once.
func TestTurnsAgain(t *testing.T) {
	onBench(t, func(b *bench) {
		var x *testTenant
		first := true
		x = b.tenant("x", func(w *Worker) bool {
			b.note("begin")
			if first {
				first = false
				x.Ready()
				x.Ready()
				b.happen(x)
				if !x.Busy() {
					b.t.Error("a turn is under way, and the socket is not busy")
				}
			}
			b.note("end")
			return false
		})
		b.happen(x)
		b.want("one for all that happened meanwhile", "begin end begin end")
		if x.Busy() {
			b.t.Error("no turn is under way, and the socket is busy")
		}
	})
}

// A turn that waits holds up nobody for more than two milliseconds, and ends where it began.
func TestTakeOver(t *testing.T) {
	onBench(t, func(b *bench) {
		over := make(chan bool)
		x := b.tenant("x", func(w *Worker) bool {
			if !w.Watched() {
				b.note("apart")
				return false
			}
			b.note("begin")
			<-over
			if w.Watched() {
				t.Error("the turn is still watched")
			}
			b.note("end")
			return false
		})
		y := b.tenant("y", func(w *Worker) bool { b.note("y"); return false })
		start := time.Now()
		b.happen(x, y)
		b.want("it has begun, and the other waits", "begin")
		time.Sleep(2 * overstay)
		b.want("the other has its turn", "y")
		if n, _ := x.counts(); n != 1 {
			t.Errorf("the tenant was told %d times that it stays long", n)
		}
		b.happen(x, y)
		b.want("and so on", "y")
		time.Sleep(10 * time.Second)
		close(over)
		b.want("it ends, and there is another turn for what has happened", "end apart")
		if n, _ := x.counts(); n != 1 {
			t.Errorf("the tenant was told %d times that it stays long", n)
		}
		if got := time.Since(start); got != 10*time.Second+2*overstay {
			t.Errorf("took %v", got)
		}
	})
}

// After a turn that took long, turns are given on other goroutines for a while,
// and for a longer one if it happens again.
func TestPause(t *testing.T) {
	onBench(t, func(b *bench) {
		var wait atomic.Int64
		x := b.tenant("x", func(w *Worker) bool {
			if w.Watched() {
				b.note("watched")
			} else {
				b.note("apart")
			}
			time.Sleep(time.Duration(wait.Load()))
			return false
		})
		for _, pause := range []time.Duration{shortPause, 2 * shortPause, 4 * shortPause} {
			wait.Store(int64(10 * time.Millisecond))
			b.happen(x)
			time.Sleep(10 * time.Millisecond)
			b.want("by the driver", "watched")
			wait.Store(0)
			time.Sleep(pause - 10*time.Millisecond)
			b.happen(x)
			b.want("by another", "apart")
			time.Sleep(2 * overstay)
			b.happen(x)
			b.want("by the driver again", "watched")
		}
		time.Sleep(time.Minute)
		wait.Store(int64(10 * time.Millisecond))
		b.happen(x)
		time.Sleep(shortPause + 2*overstay)
		wait.Store(0)
		b.happen(x)
		b.want("after a long time the pause is short again", "watched watched")
	})
}

func TestPauseIsBounded(t *testing.T) {
	var p pause
	now := time.Now()
	for range 100 {
		p.begin(now)
		now = p.until
	}
	if p.length != longPause {
		t.Errorf("the pause grows to %v", p.length)
	}
}

// The last turn comes even if the loop is over.
func TestTurnAtTheEnd(t *testing.T) {
	onBench(t, func(b *bench) {
		first := true
		var x *testTenant
		x = b.tenant("x", func(w *Worker) bool {
			b.note("x")
			if first {
				first = false
				b.g.Leave()
				x.Ready()
			}
			return false
		})
		b.happen(x)
		b.want("one, and another that was asked for", "x x")
		b.g.users = 1 // for the end of the test
	})
}

// While nothing happens, nothing is done.
func TestMonitorRests(t *testing.T) {
	onBench(t, func(b *bench) {
		x := b.tenant("x", func(w *Worker) bool { return false })
		for range 3 {
			b.happen(x)
			synctest.Wait()
			if !b.g.watching.Load() {
				t.Error("nobody looks after the loop")
			}
			time.Sleep(3 * overstay)
			synctest.Wait()
			if b.g.watching.Load() {
				t.Error("the monitor looks after a loop in which nothing happens")
			}
		}
	})
}

// A turn may end the goroutine that gives it.
func TestGoexit(t *testing.T) {
	onBench(t, func(b *bench) {
		turn := 0
		x := b.tenant("x", func(w *Worker) bool {
			turn++
			b.note("x")
			if turn < 3 {
				runtime.Goexit()
			}
			return false
		})
		y := b.tenant("y", func(w *Worker) bool { b.note("y"); return false })
		b.happen(x)
		b.want("others give it turns until one returns", "x x x")
		b.happen(x, y)
		b.want("there is a driver", "x y")
	})
}

func TestAlarms(t *testing.T) {
	onBench(t, func(b *bench) {
		due := func(name string) func(w *Worker) bool {
			return func(w *Worker) bool {
				if w.Due {
					b.note(name)
				}
				return false
			}
		}
		x, y, z := b.tenant("x", due("x")), b.tenant("y", due("y")), b.tenant("z", due("z"))
		now := time.Now()
		x.At(now.Add(3 * time.Second))
		y.At(now.Add(2 * time.Second))
		z.At(now.Add(5 * time.Second))
		z.At(now.Add(time.Second))
		y.At(now.Add(time.Hour)) // is later than what y has
		time.Sleep(time.Second)
		b.want("the time of z was brought forward", "z")
		b.happen(x)
		b.want("a turn for something else", "")
		time.Sleep(time.Second)
		b.want("then y", "y")
		x.Unset()
		time.Sleep(time.Hour)
		b.want("x does not want to be told any more", "")
		x.At(time.Now().Add(-time.Second))
		b.want("at once", "x")
	})
}

// An alarm during a turn is told twice.
func TestAlarmLate(t *testing.T) {
	onBench(t, func(b *bench) {
		over := make(chan bool)
		x := b.tenant("x", func(w *Worker) bool {
			if w.Due {
				b.note("due")
				return false
			}
			<-over
			return false
		})
		b.happen(x)
		x.At(time.Now().Add(time.Second))
		time.Sleep(time.Second)
		synctest.Wait()
		if _, n := x.counts(); n != 1 {
			t.Errorf("the tenant was told %d times", n)
		}
		close(over)
		b.want("and then with a turn", "due")
	})
}

// Of a socket that was closed nothing is left, also if it wants to be told of a time after that.
func TestClosedSocketIsForgotten(t *testing.T) {
	onBench(t, func(b *bench) {
		x := b.tenant("x", func(w *Worker) bool { return false })
		b.g.users++
		x.At(time.Now().Add(time.Hour))
		x.Close()
		x.At(time.Now().Add(time.Hour))
		if a := &x.loop.alarms; len(a.heap) > 0 || len(a.of) > 0 {
			t.Error("its alarm is")
		}
		if b.g.sockets.at(int(x.fd)) != nil {
			t.Error("the table has it")
		}
		if b.g.users != 1 {
			t.Errorf("the group has %d users", b.g.users)
		}
	})
}

// Alarms come in order, whatever was set and dropped.
func TestAlarmOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 500
		sockets := make([]Socket, n)
		var rung []int
		var a alarms
		a.ring = func(s *Socket) {
			for i := range sockets {
				if s == &sockets[i] {
					rung = append(rung, i)
				}
			}
		}
		now := time.Now()
		for i := range sockets {
			at := i * 7919 % n // a permutation
			a.set(&sockets[at], now.Add(time.Duration(at+1)*time.Second))
		}
		for i := 0; i < n; i += 3 {
			a.drop(&sockets[i])
		}
		time.Sleep((n + 1) * time.Second)
		synctest.Wait()
		for i := range rung[1:] {
			if rung[i] >= rung[i+1] {
				t.Fatalf("socket %d comes before %d", rung[i], rung[i+1])
			}
		}
		if want := n - (n+2)/3; len(rung) != want || len(a.heap) != 0 || a.of != nil {
			t.Errorf("%d of %d were told; %d are left", len(rung), want, len(a.heap))
		}
	})
}
