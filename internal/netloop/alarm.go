package netloop

import (
	"sync"
	"time"
)

// Alarms are times that sockets want to be told of, one for each at most, with one timer for all.
// They take no memory for the others.
type alarms struct {
	ring func(*Socket) // tells one

	mu    sync.Mutex
	heap  []*alarm // the first is the earliest
	of    map[*Socket]*alarm
	most  int // of them since of was made
	timer *time.Timer
}

// An alarm is a time that a socket wants to be told of.
type alarm struct {
	s     *Socket
	at    time.Time
	index int // in the heap
}

// manyAlarms is how many there may have been for the map to be kept.
const manyAlarms = 64

var alarmPool = sync.Pool{New: func() any { return new(alarm) }}

// At sees to it that there is a turn with Worker.Due set at the time t.
// If that was asked for an earlier time, it may be then: the tenant will know, and ask again.
func (s *Socket) At(t time.Time) { s.loop.alarms.set(s, t) }

// Unset undoes At.
func (s *Socket) Unset() { s.loop.alarms.drop(s) }

// set sets the alarm of s, unless it has an earlier one.
func (a *alarms) set(s *Socket, t time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.of[s]
	switch {
	case x == nil && s.closed():
		return
	case x == nil:
		x = alarmPool.Get().(*alarm)
		*x = alarm{s: s, at: t, index: len(a.heap)}
		if a.of == nil {
			a.of = make(map[*Socket]*alarm)
		}
		a.of[s] = x
		a.heap = append(a.heap, x)
		a.most = max(a.most, len(a.heap))
	case x.at.After(t):
		x.at = t
	default:
		return
	}
	a.up(x.index)
	if x.index == 0 {
		a.setTimer()
	}
}

// drop forgets the alarm of s.
func (a *alarms) drop(s *Socket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x := a.of[s]; x != nil {
		a.remove(x)
	}
}

// stop forgets all.
func (a *alarms) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heap, a.of = nil, nil
	if a.timer != nil {
		a.timer.Stop()
	}
}

// setTimer sets the timer to the first alarm, of which there is one. a.mu is held.
func (a *alarms) setTimer() {
	d := time.Until(a.heap[0].at)
	if a.timer == nil {
		a.timer = time.AfterFunc(d, a.expire)
	} else {
		a.timer.Reset(d)
	}
}

// expire tells the sockets whose time has come.
func (a *alarms) expire() {
	for s := a.due(); s != nil; s = a.due() {
		a.ring(s)
	}
}

// due removes an alarm whose time has come, and returns its socket. If there is none it sets the timer.
func (a *alarms) due() *Socket {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.heap) == 0 {
		return nil
	}
	x := a.heap[0]
	if time.Now().Before(x.at) {
		a.setTimer()
		return nil
	}
	s := x.s
	a.remove(x)
	return s
}

// remove removes x. a.mu is held.
func (a *alarms) remove(x *alarm) {
	delete(a.of, x.s)
	last := len(a.heap) - 1
	i := x.index
	a.swap(i, last)
	a.heap[last] = nil
	a.heap = a.heap[:last]
	if i < last {
		a.down(a.up(i))
	}
	if last == 0 && a.most > manyAlarms {
		a.of, a.most = nil, 0 // a map keeps the room that it once needed
	}
	x.s = nil
	alarmPool.Put(x)
}

func (a *alarms) swap(i, j int) {
	a.heap[i], a.heap[j] = a.heap[j], a.heap[i]
	a.heap[i].index, a.heap[j].index = i, j
}

// up moves the alarm at i to its place, if that is further up, and returns where it is.
func (a *alarms) up(i int) int {
	for i > 0 && a.heap[i].at.Before(a.heap[(i-1)/2].at) {
		a.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	return i
}

// down moves the alarm at i to its place, if that is further down.
func (a *alarms) down(i int) {
	for {
		least := i
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < len(a.heap) && a.heap[child].at.Before(a.heap[least].at) {
				least = child
			}
		}
		if least == i {
			return
		}
		a.swap(i, least)
		i = least
	}
}
