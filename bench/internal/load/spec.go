// Package load is a client for many connections that costs little: one thread, frames that are
// encoded in advance, and on Linux an epoll of its own. It verifies every reply, byte by byte,
// and measures the server from outside: its CPU time, its memory, and how long replies take.
package load

import (
	"flag"
	"fmt"
	"time"
)

// A Spec says what to do to which server.
type Spec struct {
	Test string // echo, handshake, idle, broadcast or hostile
	Addr string // of the server: an IPv4 address and a port
	PID  int    // of the server; if zero, it is not measured

	Conns  int  // how many connections, or handshakes at once
	Flight int  // how many messages of a connection are under way
	Size   int  // bytes in a message
	Text   bool // messages are text

	Deflate  bool // offer permessage-deflate, and send JSON of about 1 KiB
	Takeover bool // let both sides keep their context

	Warmup   time.Duration // before the measurement
	Duration time.Duration // of the measurement
	Rounds   int           // broadcasts
	Hostile  int           // clients of each hostile kind
}

// Flags defines a flag for each field of s, whose default is the value that it has.
func (s *Spec) Flags(fs *flag.FlagSet) {
	fs.StringVar(&s.Test, "test", s.Test, "echo, handshake, idle, broadcast or hostile")
	fs.StringVar(&s.Addr, "addr", s.Addr, "`address` of the server")
	fs.IntVar(&s.PID, "pid", s.PID, "`process` of the server, to measure it")
	fs.IntVar(&s.Conns, "conns", s.Conns, "`number` of connections, or of handshakes at once")
	fs.IntVar(&s.Flight, "flight", s.Flight, "`messages` under way in each connection")
	fs.IntVar(&s.Size, "size", s.Size, "`bytes` in a message")
	fs.BoolVar(&s.Text, "text", s.Text, "send text")
	fs.BoolVar(&s.Deflate, "deflate", s.Deflate, "offer permessage-deflate; messages are JSON of 1 KiB")
	fs.BoolVar(&s.Takeover, "takeover", s.Takeover, "with -deflate: with context takeover")
	fs.DurationVar(&s.Warmup, "warmup", s.Warmup, "`time` before the measurement")
	fs.DurationVar(&s.Duration, "duration", s.Duration, "`time` of the measurement")
	fs.IntVar(&s.Rounds, "rounds", s.Rounds, "`number` of broadcasts")
	fs.IntVar(&s.Hostile, "hostile", s.Hostile, "`clients` of each hostile kind")
}

// Args returns command-line arguments from which Flags makes s.
func (s Spec) Args() []string {
	var args []string
	fs := flag.NewFlagSet("", flag.PanicOnError)
	s.Flags(fs)
	fs.VisitAll(func(f *flag.Flag) { args = append(args, "-"+f.Name+"="+f.Value.String()) })
	return args
}

// Default returns the Spec of a short echo.
func Default() Spec {
	return Spec{
		Test: "echo", Addr: "127.0.0.1:9001",
		Conns: 64, Flight: 1, Size: 64,
		Warmup: 300 * time.Millisecond, Duration: time.Second,
		Rounds: 12, Hostile: 25,
	}
}

// A Result is what was measured. Times are in microseconds; those of the CPU are of the server.
// What one unit is depends on the test: an echoed message, a handshake, a delivery of a broadcast,
// a connection that was opened (idle).
type Result struct {
	Units     float64 `json:"units"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_second"`

	// CPU time per unit. User and System are what the kernel's ticks say, and add up to CPU
	// only roughly.
	CPU    float64 `json:"cpu_us,omitempty"`
	User   float64 `json:"user_us,omitempty"`
	System float64 `json:"system_us,omitempty"`

	// Latency of a unit.
	P50 float64 `json:"p50_us,omitempty"`
	P90 float64 `json:"p90_us,omitempty"`
	P99 float64 `json:"p99_us,omitempty"`
	Max float64 `json:"max_us,omitempty"`

	// Broadcast: the median time until all had the message.
	All float64 `json:"all_us,omitempty"`

	// Hostile: the neighbours' latency before there was anyone hostile.
	QuietP50 float64 `json:"quiet_p50_us,omitempty"`
	QuietP99 float64 `json:"quiet_p99_us,omitempty"`
	QuietMax float64 `json:"quiet_max_us,omitempty"`

	// Idle: bytes of RSS per connection after opening, and after one message each.
	OpenBytes float64 `json:"open_bytes,omitempty"`
	EchoBytes float64 `json:"echo_bytes,omitempty"`

	// Deflate: bytes in a compressed reply, and what the server agreed to.
	ReplyBytes float64 `json:"reply_bytes,omitempty"`
	Agreed     string  `json:"agreed,omitempty"`

	// RSS of the server at the end.
	RSS int64 `json:"rss,omitempty"`

	// CPU time that neither the server nor the load used meanwhile, in percent of one CPU;
	// -1 if not known. Client is that of the load.
	Other  float64 `json:"other_percent"`
	Client float64 `json:"client_percent"`
}

// Run does what s says. Any reply that is not right, and any connection lost, is an error,
// except that of a hostile client.
func Run(s Spec) (Result, error) {
	run, ok := tests[s.Test]
	if !ok {
		return Result{}, fmt.Errorf("no test %q", s.Test)
	}
	e, err := newEngine(s)
	if err != nil {
		return Result{}, err
	}
	defer e.close()
	return run(e)
}

var tests = map[string]func(*engine) (Result, error){
	"echo":      (*engine).echo,
	"handshake": (*engine).handshakes,
	"idle":      (*engine).idle,
	"broadcast": (*engine).broadcast,
	"hostile":   (*engine).hostile,
}
