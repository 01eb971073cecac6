package main

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
)

//go:embed requirements.tsv
var requirementsTSV string

//go:embed exceptions.tsv
var exceptionsTSV string

// absent tells which RFCs this version does not implement, and why.
// Their rows are listed in the report; none of them needs a test.
var absent = map[string]string{
	"8441": "no HTTP/2",
}

// A requirement is one rule of an RFC.
type requirement struct {
	id       string
	rfc      string
	section  string
	role     string
	level    string // MUST, SHOULD, …
	text     string
	testable string // wire, api, config or no
	note     string // how to test it, or why it can't be
}

// needsTest reports whether r has to have a test or an exception.
func (r requirement) needsTest() bool {
	return r.testable != "no" && absent[r.rfc] == ""
}

// An exception says why a requirement has no test.
type exception struct{ id, reason string }

// A table is everything the report is made from.
type table struct {
	requirements []requirement
	exceptions   []exception
	carriers     carriers
}

// load reads the embedded tables and the tests below root.
func load(root string) (*table, error) {
	requirements, err := parseRequirements(requirementsTSV)
	if err != nil {
		return nil, fmt.Errorf("requirements.tsv: %w", err)
	}
	exceptions, err := parseExceptions(exceptionsTSV)
	if err != nil {
		return nil, fmt.Errorf("exceptions.tsv: %w", err)
	}
	c, err := scan(os.DirFS(root))
	if err != nil {
		return nil, err
	}
	return &table{requirements, exceptions, c}, nil
}

// parseRequirements reads rows of eight columns below a line of column names.
func parseRequirements(tsv string) ([]requirement, error) {
	rows, err := parseTSV(tsv, 8)
	if err != nil {
		return nil, err
	}
	var all []requirement
	for _, f := range rows[1:] {
		all = append(all, requirement{f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7]})
	}
	return all, nil
}

// parseExceptions reads rows of an id and a reason.
func parseExceptions(tsv string) ([]exception, error) {
	rows, err := parseTSV(tsv, 2)
	if err != nil {
		return nil, err
	}
	var all []exception
	for _, f := range rows {
		all = append(all, exception{f[0], f[1]})
	}
	return all, nil
}

// parseTSV splits lines of tab-separated fields.
// It accepts rows of exactly n fields whose first differs from row to row.
func parseTSV(tsv string, n int) (rows [][]string, err error) {
	seen := map[string]bool{}
	i := 0
	for line := range strings.Lines(tsv) {
		i++
		f := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		switch {
		case len(f) != n:
			return nil, fmt.Errorf("line %d has %d columns, want %d", i, len(f), n)
		case seen[f[0]]:
			return nil, fmt.Errorf("line %d repeats %s", i, f[0])
		}
		seen[f[0]] = true
		rows = append(rows, f)
	}
	return rows, nil
}
