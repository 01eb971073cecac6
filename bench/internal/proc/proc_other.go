//go:build !linux

package proc

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Of returns the CPU time of a process. User and System are not known.
func Of(pid int) (Usage, error) {
	f, err := ps(pid)
	if err != nil {
		return Usage{}, err
	}
	total, err := cpuTime(f[0])
	return Usage{Total: total}, err
}

// RSS returns how many bytes of memory a process holds.
func RSS(pid int) (int64, error) {
	f, err := ps(pid)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(f[1], 10, 64)
	return n << 10, err
}

// ps returns the CPU time and the kilobytes of memory of a process.
func ps(pid int) ([]string, error) {
	out, err := exec.Command("ps", "-o", "time=", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil, fmt.Errorf("ps: %w", err)
	}
	f := strings.Fields(string(out))
	if len(f) != 2 {
		return nil, fmt.Errorf("ps: no two fields in %q", out)
	}
	return f, nil
}

// cpuTime parses hours, minutes and seconds such as 1:02:03.45.
func cpuTime(s string) (time.Duration, error) {
	var sum float64
	for part := range strings.SplitSeq(s, ":") {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return 0, err
		}
		sum = sum*60 + v
	}
	return time.Duration(sum * float64(time.Second)), nil
}

// Busy is not known here.
func Busy() (time.Duration, error) { return 0, ErrUnsupported }

// CPUs are not known here.
func CPUs() ([]int, error) { return nil, ErrUnsupported }

// Start does not start anything: a CPU cannot be chosen here.
func Start(cmd *exec.Cmd, cpu int) error {
	return errors.Join(ErrUnsupported, fmt.Errorf("%s was to run on CPU %d", cmd.Path, cpu))
}

// This returns what is known of this machine.
func This() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
	for _, name := range []string{"machdep.cpu.brand_string", "hw.model"} { // macOS, the BSDs
		if out, err := exec.Command("sysctl", "-n", name).Output(); err == nil && m.CPU == "" {
			m.CPU = strings.TrimSpace(string(out))
		}
	}
	return m
}
