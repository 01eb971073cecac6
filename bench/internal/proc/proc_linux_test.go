package proc

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTicks(t *testing.T) {
	line := "42 (a ) b) S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0 5 0 1"
	user, system, err := ticks([]byte(line))
	if user != 1200*time.Millisecond || system != 300*time.Millisecond || err != nil {
		t.Errorf("got %v, %v, %v", user, system, err)
	}
	if _, _, err := ticks([]byte("42 (a) S 1")); err == nil {
		t.Error("a line without times is no error")
	}
}

// Both clocks of this process go on with its work, and about as fast.
func TestOf(t *testing.T) {
	before, err := Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); time.Since(start) < 100*time.Millisecond; {
	}
	after, err := Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	used := after.Sub(before)
	if used.Total <= 0 || used.Total > 10*time.Second {
		t.Errorf("used %v in 100 ms", used.Total)
	}
	if d := (used.User + used.System - used.Total).Abs(); d > 50*time.Millisecond {
		t.Errorf("ticks of %v, clock of %v", used.User+used.System, used.Total)
	}
	if rss, err := RSS(os.Getpid()); rss < 1<<20 || err != nil {
		t.Errorf("RSS is %d, %v", rss, err)
	}
	if busy, err := Busy(); busy <= 0 || err != nil {
		t.Errorf("Busy is %v, %v", busy, err)
	}
}

// A command runs on its CPU, and the one who started it is where it was.
func TestStart(t *testing.T) {
	cpus, err := CPUs()
	if err != nil || len(cpus) == 0 {
		t.Fatal(cpus, err)
	}
	last := cpus[len(cpus)-1]
	cmd := exec.Command("grep", "Cpus_allowed_list", "/proc/self/status")
	var out strings.Builder
	cmd.Stdout = &out
	if err := Start(cmd, last); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(out.String()); len(got) != 2 || got[1] != strconv.Itoa(last) {
		t.Errorf("CPU %d: got %q", last, got)
	}
	if after, _ := CPUs(); !slices.Equal(after, cpus) {
		t.Errorf("before %v, after %v", cpus, after)
	}
}
