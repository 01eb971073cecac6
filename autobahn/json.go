package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A value is a JSON value that knows where it stands, so that what is wrong with it
// can be said with a line.
type value struct {
	kind    kind
	at      int // octet of the file where it starts
	text    string
	number  float64
	truth   bool
	items   []*value // of a list
	members []member // of an object, in the order of the file
}

// A member is a key of an object with its value.
type member struct {
	key   string
	at    int // of the key
	value *value
}

// A kind is the type of a value, named as an error names it.
type kind string

const (
	anObject kind = "an object"
	aList    kind = "a list"
	aString  kind = "a string"
	aNumber  kind = "a number"
	aTruth   kind = "true or false"
	aNull    kind = "null"
)

// A file is the source of values, for the texts of errors.
type file struct {
	name string
	data []byte
}

// parse returns the one JSON value in f.
func (f *file) parse() (*value, error) {
	var all any
	if err := json.Unmarshal(f.data, &all); err != nil {
		return nil, f.syntax(err)
	}
	d := json.NewDecoder(bytes.NewReader(f.data))
	return f.next(d)
}

// syntax returns err with its place.
func (f *file) syntax(err error) error {
	e, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return f.errorf(0, "%v", err)
	}
	at := max(int(e.Offset)-1, 0)
	if at >= len(f.data)-1 && strings.Contains(e.Error(), "unexpected end") {
		return f.errorf(len(bytes.TrimRight(f.data, " \t\r\n")), "the file ends too early: a bracket or a quotation mark is missing")
	}
	return f.errorf(at, "not JSON: %v", e)
}

// next reads a value. The syntax of the file has been checked before.
func (f *file) next(d *json.Decoder) (*value, error) {
	at := f.start(int(d.InputOffset()))
	t, err := d.Token()
	if err != nil {
		return nil, f.syntax(err)
	}
	v := &value{at: at}
	switch t := t.(type) {
	case string:
		v.kind, v.text = aString, t
	case float64:
		v.kind, v.number = aNumber, t
	case bool:
		v.kind, v.truth = aTruth, t
	case nil:
		v.kind = aNull
	case json.Delim:
		return v, f.fill(v, t, d)
	}
	return v, nil
}

// fill reads what is in the object or the list v, and its end.
func (f *file) fill(v *value, open json.Delim, d *json.Decoder) error {
	v.kind = aList
	if open == '{' {
		v.kind = anObject
	}
	for d.More() {
		var m member
		if v.kind == anObject {
			m.at = f.start(int(d.InputOffset()))
			key, err := d.Token()
			if err != nil {
				return f.syntax(err)
			}
			m.key, _ = key.(string)
		}
		item, err := f.next(d)
		if err != nil {
			return err
		}
		if m.value = item; v.kind == anObject {
			v.members = append(v.members, m)
		} else {
			v.items = append(v.items, item)
		}
	}
	_, err := d.Token()
	return err
}

// start returns where the token that follows at begins.
func (f *file) start(at int) int {
	for at < len(f.data) && bytes.IndexByte([]byte(" \t\r\n,:"), f.data[at]) >= 0 {
		at++
	}
	return at
}

// errorf returns an error about what stands at.
func (f *file) errorf(at int, format string, args ...any) error {
	before := f.data[:min(at, len(f.data))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
	return fmt.Errorf("%s:%d:%d: %s", f.name, line, column, fmt.Sprintf(format, args...))
}

// want refuses a value of another kind.
func (f *file) want(v *value, what string, k kind) error {
	if v.kind != k {
		return f.errorf(v.at, "%q has to be %s, not %s", what, k, v.kind)
	}
	return nil
}

// texts returns a list of strings.
func (f *file) texts(v *value, what string) ([]string, error) {
	if err := f.want(v, what, aList); err != nil {
		return nil, err
	}
	texts := []string{}
	for _, item := range v.items {
		if item.kind != aString {
			return nil, f.errorf(item.at, "%q has to be a list of strings; this is %s", what, item.kind)
		}
		texts = append(texts, item.text)
	}
	return texts, nil
}

// nearest returns the one of names that is most like s, as a hint for an error:
// the empty string if none is near enough to be meant.
func nearest(s string, names []string) string {
	best, least := "", len(s)/2+1
	for _, name := range names {
		if d := distance(strings.ToLower(s), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is the number of octets to add, to remove or to replace that make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
