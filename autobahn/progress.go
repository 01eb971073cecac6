package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// A progress is the line that says how far a run is. It is shown on a terminal only.
type progress struct {
	w     io.Writer
	live  bool
	begun time.Time // when the program was started

	mu      sync.Mutex
	what    string // that is tested
	total   int    // cases to run; 0 is unknown
	ended   int
	running int
	shown   bool // the line is there
	stop    chan struct{}
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, begun: time.Now()}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.live = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// begin starts the line for the cases of a peer.
func (p *progress) begin(what string, total int) {
	p.what, p.total, p.ended, p.running = what, total, 0, 0
	if !p.live {
		return
	}
	p.stop = make(chan struct{})
	go func(stop chan struct{}) {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.show()
			case <-stop:
				return
			}
		}
	}(p.stop)
}

// busy takes the number of cases that run.
func (p *progress) busy(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = n
}

// add changes the number of cases that run.
func (p *progress) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running += n
}

// done counts a case that has ended.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended++
}

// end takes the line away.
func (p *progress) end() {
	if p.stop != nil {
		close(p.stop)
		p.stop = nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

// note says something above the line.
func (p *progress) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, "autobahn: "+format+"\n", args...)
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := ""
	if p.total > 0 {
		of = fmt.Sprintf("/%d", p.total)
	}
	elapsed := time.Since(p.begun).Round(time.Second)
	fmt.Fprintf(p.w, "\r\x1b[K%s  %d%s cases, %d running, %v", cut(p.what, 40), p.ended, of, p.running, elapsed)
	p.shown = true
}

// oneLine returns s with single spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// cut returns s in one line of at most n characters, none of which a terminal takes for a command.
func cut(s string, n int) string {
	text := []rune(strings.Map(func(c rune) rune {
		if c < ' ' || 0x7F <= c && c < 0xA0 {
			return '?'
		}
		return c
	}, s))
	if len(text) > n {
		text = append(text[:n-1], '…')
	}
	return string(text)
}
