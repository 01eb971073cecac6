package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// All returns every case in the order of CompareIDs: the 517 of the original, then those of section x.
//
// The slice and the cases are shared and must not be modified. So are the cases that the other functions return.
func All() []*Case { return all() }

var all = sync.OnceValue(func() []*Case {
	cases := slices.Concat(framing(), pings(), reservedBits(), opcodes(), fragmentation(), utf8Handling(), closing(),
		limits(), misc(), compression(), beyond())
	slices.SortStableFunc(cases, func(a, b *Case) int { return CompareIDs(a.ID, b.ID) })
	return cases
})

var byID = sync.OnceValue(func() map[string]*Case {
	m := make(map[string]*Case)
	for _, c := range All() {
		m[c.ID] = c
	}
	return m
})

// Lookup returns the case with this id, or nil.
func Lookup(id string) *Case { return byID()[id] }

// For returns those of the cases that a fuzzer in this role can play.
func For(role Role, cases []*Case) []*Case {
	var list []*Case
	for _, c := range cases {
		if c.Role == Both || role == Both || c.Role == role {
			list = append(list, c)
		}
	}
	return list
}

// CheckPattern returns an error for a pattern without * that is not the id of a case.
func CheckPattern(p string) error {
	if strings.Contains(p, "*") || Lookup(p) != nil {
		return nil
	}
	return fmt.Errorf("there is no case %q; a pattern for several has a *, such as %q", p, strings.TrimSuffix(p, ".")+".*")
}

// Select returns the cases that a pattern of cases matches and none of exclude does, in the order of All.
//
// A pattern without * is the id of a case; it is an error if there is none.
// In any other * stands for any run of characters, and the pattern matches the start of an id:
// "7.1*" is sections 7.1 and 7.13. Cases of section x are matched only by patterns that start with x.
func Select(cases, exclude []string) ([]*Case, error) {
	for _, p := range slices.Concat(cases, exclude) {
		if err := CheckPattern(p); err != nil {
			return nil, err
		}
	}
	var list []*Case
	for _, c := range All() {
		if anySelects(cases, c.ID) && !anySelects(exclude, c.ID) {
			list = append(list, c)
		}
	}
	return list, nil
}

// Excluded reports whether byAgent excludes the case from the runs of an agent: it has lists of patterns for cases
// by patterns for agents. Here * stands for any run of characters too, but a pattern matches the whole.
func Excluded(byAgent map[string][]string, agent, id string) bool {
	for a, patterns := range byAgent {
		if !match(a, agent) {
			continue
		}
		for _, p := range patterns {
			if match(p, id) {
				return true
			}
		}
	}
	return false
}

// CompareIDs compares the ids of two cases, number by number: 2.2 is before 2.10.
// What is not a number, such as x, is after all numbers.
func CompareIDs(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(a, b string) int {
		m, errA := strconv.Atoi(a)
		n, errB := strconv.Atoi(b)
		switch {
		case errA == nil && errB == nil:
			return cmp.Compare(m, n)
		case errA == nil:
			return -1
		case errB == nil:
			return 1
		}
		return cmp.Compare(a, b)
	})
}

// anySelects reports whether one of the patterns selects the case.
func anySelects(patterns []string, id string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		switch {
		case strings.HasPrefix(id, "x") && !strings.HasPrefix(p, "x"):
			return false
		case strings.Contains(p, "*"):
			return match(p+"*", id)
		}
		return p == id
	})
}

// match reports whether s is what pattern describes, in which * stands for any run of characters.
func match(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	start, end := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return pattern == s
	}
	if len(s) < len(start)+len(end) || !strings.HasPrefix(s, start) || !strings.HasSuffix(s, end) {
		return false
	}
	s = s[len(start) : len(s)-len(end)]
	for _, p := range parts[1 : len(parts)-1] {
		_, rest, ok := strings.Cut(s, p)
		if !ok {
			return false
		}
		s = rest
	}
	return true
}
