package handshake

import (
	"reflect"
	"strings"
	"testing"
)

// ext returns an extension whose params are "name" or "name=value".
func ext(name string, params ...string) Extension {
	e := Extension{Name: name}
	for _, p := range params {
		n, v, ok := strings.Cut(p, "=")
		e.Params = append(e.Params, Param{n, v, ok})
	}
	return e
}

// extensionTests are lists that parse.
var extensionTests = []struct {
	name  string
	lines []string
	want  []Extension
	text  string // as it is formatted
}{
	{"no field, no list", nil, nil, ""},
	{"a name", []string{"foo"}, []Extension{ext("foo")}, "foo"},
	{"a parameter without value", []string{"foo;bar"}, []Extension{ext("foo", "bar")}, "foo; bar"},
	{"a parameter with value", []string{"foo; bar=10"}, []Extension{ext("foo", "bar=10")}, "foo; bar=10"},
	{"white space around every separator", []string{"\tfoo ; bar\t = 10 ,baz "},
		[]Extension{ext("foo", "bar=10"), ext("baz")}, "foo; bar=10, baz"},
	{"a value in quotes", []string{`foo; bar="10"`}, []Extension{ext("foo", "bar=10")}, "foo; bar=10"},
	{"a value in quotes with escapes", []string{`foo; bar="\1\0" ; baz="a"`},
		[]Extension{ext("foo", "bar=10", "baz=a")}, "foo; bar=10; baz=a"},
	{"the order is kept", []string{"b; y; x, a"}, []Extension{ext("b", "y", "x"), ext("a")}, "b; y; x, a"},
	{"an extension offered twice", []string{"foo; a, foo"}, []Extension{ext("foo", "a"), ext("foo")}, "foo; a, foo"},
	{"a parameter given twice is the extension's to judge", []string{"foo; a=1; a=2"},
		[]Extension{ext("foo", "a=1", "a=2")}, "foo; a=1; a=2"},
	{"case is kept", []string{"Foo; BAR=Baz"}, []Extension{ext("Foo", "BAR=Baz")}, "Foo; BAR=Baz"},
	{"lines are one list", []string{"foo; a", "bar", "baz; b=1"},
		[]Extension{ext("foo", "a"), ext("bar"), ext("baz", "b=1")}, "foo; a, bar, baz; b=1"},
	{"empty elements are skipped", []string{", foo,,bar ,", "", ","}, []Extension{ext("foo"), ext("bar")}, "foo, bar"},
	{"the example of section 9.1", []string{"bar; baz=2", "foo"},
		[]Extension{ext("bar", "baz=2"), ext("foo")}, "bar; baz=2, foo"},
	{"permessage-deflate", []string{deflateText}, []Extension{deflate}, deflateText},
	{"as many as are allowed", []string{strings.Repeat("a"+strings.Repeat(";b", maxParams)+",", maxExtensions)},
		repeat(ext("a", strings.Split(strings.Repeat("b", maxParams), "")...), maxExtensions),
		strings.Repeat(", a"+strings.Repeat("; b", maxParams), maxExtensions)[2:]},
}

// repeat returns n times e.
func repeat(e Extension, n int) (exts []Extension) {
	for range n {
		exts = append(exts, e)
	}
	return exts
}

// Requirements: 6455-4.3-01, 6455-4.3-02, 6455-4.3-03, 6455-9.1-02, 6455-9.1-03,
// 6455-11.3.2-01, 6455-11.3.2-02
func TestParseExtensions(t *testing.T) {
	for _, tt := range extensionTests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseExtensions(tt.lines)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Fatalf("ParseExtensions(%q) = %v, %v; want %v", tt.lines, got, err, tt.want)
			}
			// One line that joins them means the same.
			if joined := strings.Join(tt.lines, ","); joined != "" {
				if got, err := ParseExtensions([]string{joined}); err != nil || !reflect.DeepEqual(got, tt.want) {
					t.Errorf("joined: ParseExtensions(%q) = %v, %v; want %v", joined, got, err, tt.want)
				}
			}
			if text := FormatExtensions(got); text != tt.text {
				t.Errorf("FormatExtensions(%v) = %q, want %q", got, text, tt.text)
			}
		})
	}
}

// Requirements: 6455-9.1-01, 6455-9.1-02, 6455-4.3-01, 6455-4.3-03, 6455-11.4-01
func TestParseExtensionsMalformed(t *testing.T) {
	for _, tt := range []struct{ name, line, want string }{
		{"an empty list", "", "no element"},
		{"a list of commas", " , ,", "no element"},
		{"10,000 commas", strings.Repeat(",", 10_000), "no element"},
		{"a semicolon and no parameter", "permessage-deflate;", `"permessage-deflate": at "": want the name of a parameter`},
		{"two semicolons", "foo;;a", `at ";a": want the name of a parameter`},
		{"a parameter of nothing", "; x", `at "; x": want the name of an extension`},
		{"two words", "a b", `after extension "a" comes "b"`},
		{"two words after a parameter", "a; b c", `after extension "a" comes "c"`},
		{"a name with a slash", "a/b", `after extension "a" comes "/b"`},
		{"a name in quotes", `"a"`, "want the name of an extension"},
		{"a name that is not ASCII", "é", `at "\xc3\xa9": want the name of an extension`},
		{"a value for the extension", "a=1", `after extension "a" comes "=1"`},
		{"an equals sign and no value", "a; b=", `parameter "b": at "": want a value`},
		{"an equals sign and a semicolon", "a; b=;", `at ";": want a value`},
		{"an equals sign and a comma", "a; b=, c", `at ", c": want a value`},
		{"a value and no name", "a; =1", `at "=1": want the name of a parameter`},
		{"a quote and no value", `a; b="`, "no closing quote"},
		{"a quote without end", `a; b="1, c`, "no closing quote"},
		{"a quote whose end is escaped", `a; b="1\"`, "no closing quote"},
		{"a quote that ends in a backslash", `a; b="1\`, "no closing quote"},
		{"quotes around nothing", `a; b=""`, `the quoted value "" is not a token`},
		{"quotes around a space", `a; b="1 0"`, `the quoted value "1 0" is not a token`},
		{"quotes around a comma", `a; b="1,0"`, `the quoted value "1,0" is not a token`},
		{"quotes around an escaped quote", `a; b="1\"0"`, `the quoted value "1\"0" is not a token`},
		{"text after quotes", `a; b="1"0`, `after extension "a" comes "0"`},
		{"a line break", "a\r\nb", `after extension "a" comes "\x0d\x0ab"`},
		{"33 extensions", strings.Repeat("a,", 33), "more than 32 extensions"},
		{"10,000 extensions", strings.Repeat("a,", 10_000), "more than 32 extensions"},
		{"17 parameters", "a" + strings.Repeat(";b", 17), `extension "a" has more than 16 parameters`},
		{"10,000 parameters", "a" + strings.Repeat(";b", 10_000), `extension "a" has more than 16 parameters`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseExtensions([]string{tt.line})
			wantReason(t, err, tt.want)
			if got != nil {
				t.Errorf("ParseExtensions(%q) = %v with an error", tt.line, got)
			}
			if _, err := ParseExtensions([]string{"ok", tt.line}); err == nil && strings.Trim(tt.line, ", ") != "" {
				t.Errorf("ParseExtensions(ok, %q) has no error", tt.line)
			}
		})
	}
	t.Run("33 extensions on two lines", func(t *testing.T) {
		_, err := ParseExtensions([]string{strings.Repeat("a,", 32), "a"})
		wantReason(t, err, "more than 32 extensions")
	})
	t.Run("a quoted value does not go on in the next line", func(t *testing.T) {
		_, err := ParseExtensions([]string{`a; b="1`, `2"`})
		wantReason(t, err, "no closing quote")
	})
}

// Requirements: 6455-11.4-01
func TestExtensionCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		ext  Extension
		want string
	}{
		{"no name", ext(""), `extension name "" is not a token`},
		{"two words", ext("a b"), `extension name "a b" is not a token`},
		{"a parameter without name", ext("a", "=1"), `extension "a": parameter name "" is not a token`},
		{"a parameter with an empty value", ext("a", "b="), `value "" of parameter "b" is not a token`},
		{"a value of two words", ext("a", "b=1 0"), `value "1 0" of parameter "b" is not a token`},
		{"a value that is said not to be there", Extension{"a", []Param{{Name: "b", Value: "1"}}}, "HasValue is false"},
		{"17 parameters", ext("a", make([]string, 17)...), "more than 16 parameters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantReason(t, tt.ext.check(), tt.want)
		})
	}
	if err := deflate.check(); err != nil {
		t.Errorf("check of %v: %v", deflate, err)
	}
	if got := deflate.String(); got != deflateText {
		t.Errorf("String() = %q, want %q", got, deflateText)
	}
}

// What parses is formatted to something that parses to the same.
func FuzzExtensions(f *testing.F) {
	for _, tt := range extensionTests {
		f.Add(strings.Join(tt.lines, ","), "")
		f.Add("foo", strings.Join(tt.lines, ","))
	}
	f.Add(`a; b="1\"0"`, `a; b="`)
	f.Fuzz(func(t *testing.T, line1, line2 string) {
		exts, err := ParseExtensions([]string{line1, line2})
		if err != nil {
			return
		}
		text := FormatExtensions(exts)
		again, err := ParseExtensions([]string{text})
		if err != nil || !reflect.DeepEqual(again, exts) {
			t.Errorf("%q, %q parse to %v,\nwhich is formatted to %q,\nwhich parses to %v, %v", line1, line2, exts, text, again, err)
		}
		for _, e := range exts {
			if err := e.check(); err != nil {
				t.Errorf("%q, %q parse to an extension that is not valid: %v", line1, line2, err)
			}
		}
	})
}
