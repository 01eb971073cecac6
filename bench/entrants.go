package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/ws6455/ws/bench/internal/echo"
)

// ours is the module whose servers come first in tables.
const ours = "github.com/ws6455/ws"

// An Entrant is a server in one of its modes.
type Entrant struct {
	Name  string     `json:"name"`
	Mode  string     `json:"mode,omitempty"`
	About echo.About `json:"about"`

	path string // of the program
}

// build builds the load generator and the servers that were asked for into dir, and returns those:
// every folder in servers is one. Without names, it is all of them.
func build(ctx context.Context, dir, names string) ([]*Entrant, error) {
	var wanted []string
	if names != "" {
		wanted = strings.Split(names, ",")
	}
	folders, err := folders(wanted)
	if err != nil {
		return nil, err
	}
	args := []string{"build", "-o", dir + string(filepath.Separator), "./load"}
	for _, f := range folders {
		args = append(args, "./servers/"+f+"/...") // a pattern, so that one for another system is no error
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go build: %w", err)
	}
	var all []*Entrant
	for _, f := range folders {
		modes, err := describe(ctx, f, filepath.Join(dir, executable(f)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		all = append(all, modes...)
	}
	slices.SortStableFunc(all, order)
	if all = choose(all, wanted); len(all) == 0 {
		return nil, errors.New("there is no server of that name")
	}
	return all, nil
}

// folders returns the names of those in servers that hold a wanted server.
func folders(wanted []string) ([]string, error) {
	all, err := os.ReadDir("servers")
	if err != nil {
		return nil, fmt.Errorf("run this in the folder bench: %w", err)
	}
	var names []string
	for _, f := range all {
		in := func(name string) bool { return name == f.Name() || strings.HasPrefix(name, f.Name()+" ") }
		if wanted == nil || slices.ContainsFunc(wanted, in) {
			names = append(names, f.Name())
		}
	}
	return names, nil
}

// describe asks a server what it is. It returns an Entrant for each of its modes.
// Where it cannot run, there are none.
func describe(ctx context.Context, name, path string) ([]*Entrant, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, nil
	}
	out, err := exec.CommandContext(ctx, path, "-about").Output()
	if err != nil {
		return nil, err
	}
	var about echo.About
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&about); err != nil {
		return nil, err
	}
	if len(about.Modes) == 0 {
		return []*Entrant{{Name: name, About: about, path: path}}, nil
	}
	var all []*Entrant
	for _, m := range about.Modes {
		all = append(all, &Entrant{Name: name + " " + m, Mode: m, About: about, path: path})
	}
	return all, nil
}

// order puts our servers first and the floors last.
func order(a, b *Entrant) int {
	rank := func(e *Entrant) int {
		switch {
		case e.About.Module == ours:
			return 0
		case e.About.Floor:
			return 2
		default:
			return 1
		}
	}
	return cmp.Compare(rank(a), rank(b))
}

// choose returns those of all whose name is wanted, with their mode or without it. If wanted is nil, all are.
func choose(all []*Entrant, wanted []string) []*Entrant {
	if wanted == nil {
		return all
	}
	return slices.DeleteFunc(all, func(e *Entrant) bool {
		return !slices.Contains(wanted, e.Name) && !slices.Contains(wanted, strings.TrimSuffix(e.Name, " "+e.Mode))
	})
}

// executable returns the file name of a program.
func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
