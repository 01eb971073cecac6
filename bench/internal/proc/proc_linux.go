package proc

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// tick is the unit of /proc/stat: USER_HZ, which is 100 on every architecture that Go runs on.
const tick = 10 * time.Millisecond

// Of returns the CPU time of a process.
func Of(pid int) (Usage, error) {
	total, err := clock(pid)
	if err != nil {
		return Usage{}, err
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}, err
	}
	user, system, err := ticks(stat)
	return Usage{total, user, system}, err
}

// clock reads the CPU-time clock of a process, whose number the kernel derives from that of the process:
// see clock_getcpuclockid(3).
func clock(pid int) (time.Duration, error) {
	const sched = 2 // what all threads have run, in nanoseconds
	var ts syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(^pid<<3|sched), uintptr(unsafe.Pointer(&ts)), 0)
	if errno != 0 {
		return 0, errno
	}
	return time.Duration(ts.Nano()), nil
}

// ticks reads the user and system time of a line of /proc/<pid>/stat.
func ticks(stat []byte) (user, system time.Duration, err error) {
	// The name, in parentheses, may hold anything. utime and stime are the 12th and 13th field after it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, 0, errors.New("/proc/<pid>/stat has too few fields")
	}
	u, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	s, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	return time.Duration(u) * tick, time.Duration(s) * tick, cmp.Or(err1, err2)
}

// RSS returns how many bytes of memory a process holds.
func RSS(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return kilobytes(status, "VmRSS:")
}

// kilobytes returns the value in bytes of a line such as "VmRSS:  1234 kB".
func kilobytes(table []byte, name string) (int64, error) {
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == name {
			n, err := strconv.ParseInt(f[1], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("there is no %s", name)
}

// Busy returns the CPU time that the whole machine has used since it began,
// with what a hypervisor kept from it.
func Busy() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	fields := strings.Fields(line)
	var sum int64
	for i, name := range fields {
		switch i {
		case 1, 2, 3, 6, 7, 8: // user, nice, system, irq, softirq, steal; idle and iowait are 4 and 5
			n, err := strconv.ParseInt(name, 10, 64)
			if err != nil {
				return 0, err
			}
			sum += n
		}
	}
	return time.Duration(sum) * tick, nil
}

// A mask is a set of CPUs, as the kernel has it.
type mask [1024 / bits.UintSize]uint

// CPUs returns the numbers of those that this process may use.
func CPUs() ([]int, error) {
	m, err := affinity()
	if err != nil {
		return nil, err
	}
	var cpus []int
	for i := range len(m) * bits.UintSize {
		if m[i/bits.UintSize]>>(i%bits.UintSize)&1 != 0 {
			cpus = append(cpus, i)
		}
	}
	return cpus, nil
}

// Start starts a command on the given CPU only.
// The command inherits that from the thread that starts it.
func Start(cmd *exec.Cmd, cpu int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := affinity()
	if err != nil {
		return err
	}
	var one mask
	one[cpu/bits.UintSize] = 1 << (cpu % bits.UintSize)
	if err := setAffinity(one); err != nil {
		return err
	}
	return errors.Join(cmd.Start(), setAffinity(before))
}

// affinity returns the CPUs that this thread may use.
func affinity() (m mask, err error) {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(m), uintptr(unsafe.Pointer(&m)))
	if errno != 0 {
		return m, errno
	}
	return m, nil
}

func setAffinity(m mask) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(m), uintptr(unsafe.Pointer(&m)))
	if errno != 0 {
		return errno
	}
	return nil
}

// This returns what is known of this machine.
func This() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		version, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-")
		m.OS += " " + version
	}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		m.CPU = cpuModel(string(info))
	}
	if info, err := os.ReadFile("/proc/meminfo"); err == nil {
		m.Memory, _ = kilobytes(info, "MemTotal:")
	}
	return m
}

// cpuModel returns the first model name of a /proc/cpuinfo.
func cpuModel(info string) string {
	for line := range strings.Lines(info) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
