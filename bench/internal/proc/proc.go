// Package proc measures processes from outside: their CPU time, their memory,
// and what the whole machine was doing meanwhile. On Linux it also chooses their CPU.
//
// On Linux the figures are those of the kernel, in nanoseconds for CPU time.
// On other systems they are those of ps, whose hundredths of a second are too coarse for short runs.
package proc

import (
	"errors"
	"time"
)

// ErrUnsupported says that this system does not tell, or cannot do, what was asked for.
var ErrUnsupported = errors.New("not supported on this system")

// A Usage is the CPU time that a process has used since it began.
type Usage struct {
	Total time.Duration

	// How much of it in user space and in the kernel, in the kernel's ticks; zero if not known.
	User, System time.Duration
}

// Sub returns what was used since earlier.
func (u Usage) Sub(earlier Usage) Usage {
	return Usage{u.Total - earlier.Total, u.User - earlier.User, u.System - earlier.System}
}

// A Machine describes where something was measured.
type Machine struct {
	OS     string `json:"os"` // with its version if that is known
	Arch   string `json:"arch"`
	CPU    string `json:"cpu"`
	CPUs   int    `json:"cpus"` // that this process may use
	Memory int64  `json:"memory,omitempty"`
	Go     string `json:"go"`
}
