// Command conformance maps the requirements of the WebSocket RFCs
// to the tests of this module that carry their ids.
//
// Without a flag it reports what is wrong with the mapping, and exits with
// status 1 if anything is. With -w it writes docs/conformance.md.
//
//	go run ./internal/conformance
//	go run ./internal/conformance -w
//
// # Terms
//
// A requirement is a row of requirements.tsv. An exception is a row of
// exceptions.tsv: it says why a requirement has no test. A test carries an id
// when the id stands in its doc comment, in a comment or string inside it, or
// in a function or variable of its package that it uses.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run . -w

// reportPath is where the document goes, below the module's root.
const reportPath = "docs/conformance.md"

func main() {
	write := flag.Bool("w", false, "write "+reportPath)
	flag.Parse()
	if err := run(*write); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(write bool) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	t, err := load(root)
	if err != nil {
		return err
	}
	path := filepath.Join(root, reportPath)
	if write {
		return os.WriteFile(path, t.report(), 0o644)
	}
	written, _ := os.ReadFile(path) // a missing report is out of date
	problems := t.problems(written)
	for _, p := range problems {
		fmt.Println(p)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems", len(problems))
	}
	return nil
}

// moduleRoot returns the nearest folder with a go.mod
// at or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod at or above the working directory")
		}
		dir = up
	}
}
