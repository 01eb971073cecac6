package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/ws6455/ws"

// A layer says what the packages in a folder may import, their tests apart.
type layer struct {
	std  []string // of the standard library; nil is all of it
	ours []string // of this module; "..." is all of it
}

// pure is what code without I/O, locks and clocks is made of.
var pure = []string{
	"bytes", "cmp", "encoding/binary", "errors", "fmt", "iter", "maps", "math", "math/bits",
	"slices", "strconv", "strings", "unicode/utf8",
}

// layers has a row for each package, or one that ends in "/" for all in a folder.
// Dependencies point from the lower rows to the upper ones.
var layers = map[string]layer{
	".":                 {},
	"frame":             {std: pure},
	"handshake":         {std: append([]string{"crypto/fips140", "crypto/sha1", "encoding/base64", "net/http", "net/url"}, pure...), ours: []string{"frame"}},
	"internal/protocol": {std: pure, ours: []string{"frame"}},
	"internal/deflate":  {std: pure},
	"internal/corpus":   {std: append([]string{"math/rand/v2"}, pure...)},
	"internal/sock":     {std: []string{"syscall", "unsafe"}},
	"internal/netloop":  {ours: []string{"internal/sock"}},
	"internal/drive":    {ours: []string{"frame", "internal/netloop"}},
	"conn":              {ours: []string{"frame", "handshake", "internal/protocol", "internal/deflate", "internal/sock", "internal/netloop", "internal/drive"}},
	"server":            {ours: []string{"frame", "handshake", "internal/protocol", "internal/deflate", "internal/netloop", "internal/drive", "conn"}},
	"client":            {ours: []string{"frame", "handshake", "internal/protocol", "internal/deflate", "conn"}},

	"wstest":               {ours: []string{"..."}},
	"internal/badinput":    {ours: []string{"frame", "conn"}},
	"examples/":            {ours: []string{"..."}},
	"internal/conformance": {},
	"internal/interop/":    {ours: []string{"..."}},
	"internal/load":        {ours: []string{"..."}},

	// The conformance suite shares nothing with what it tests.
	"autobahn/internal/suite":   {std: append([]string{"compress/flate", "math/rand/v2", "sort", "sync", "time"}, pure...)},
	"autobahn/internal/deflate": {std: pure, ours: []string{"autobahn/internal/suite"}},
	"autobahn/internal/fuzzer":  {ours: []string{"autobahn/internal/suite", "autobahn/internal/deflate"}},
	"autobahn/internal/report":  {ours: []string{"autobahn/internal/suite", "autobahn/internal/fuzzer"}},
	"autobahn":                  {ours: []string{"autobahn/internal/suite", "autobahn/internal/fuzzer", "autobahn/internal/report"}},
	"autobahn/peers/":           {ours: []string{"..."}},
}

// selectors is what a folder may use of a package that it may import
// only for the sake of a type or a function.
var selectors = map[string]map[string][]string{
	"handshake": {
		"net/http": {"Header", "Request"},
		"net/url":  {"ParseRequestURI"}, // so that a target means the same as to net/http
	},
}

// TestImports holds every package to its layer, on every platform.
func TestImports(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range importProblems(t, os.DirFS(root)) {
		t.Error(p)
	}
}

// TestDependencies holds go.mod to testify.
// That testify alone needs the indirect ones is for go mod tidy to say.
func TestDependencies(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := os.ReadFile(root + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range dependencyProblems(string(gomod)) {
		t.Error(p)
	}
}

func TestImportProblems(t *testing.T) {
	for _, tt := range []struct{ file, source, want string }{
		{"frame/a.go", `import "errors"`, ""},
		{"frame/a_test.go", `import "net"`, ""},
		{"frame/a.go", `import "io"`, "frame/a.go imports io"},
		{"frame/a_windows.go", `import "time"`, "frame/a_windows.go imports time"},
		{"frame/a.go", `import "` + module + `/handshake"`, "frame/a.go imports handshake"},
		{"internal/protocol/a.go", `import "` + module + `/frame"`, ""},
		{"internal/protocol/a.go", `import "context"`, "internal/protocol/a.go imports context"},
		{"conn/a.go", `import ("net"; "` + module + `/internal/protocol")`, ""},
		{"conn/a.go", `import "` + module + `/server"`, "conn/a.go imports server"},
		{"server/a.go", `import "` + module + `/client"`, "server/a.go imports client"},
		{"client/a.go", `import "` + module + `/server"`, "client/a.go imports server"},
		{"client/a_test.go", `import "` + module + `/server"`, ""},
		{"examples/echo/a.go", `import "` + module + `/server"`, ""},
		{"conn/a.go", `import "github.com/stretchr/testify/require"`, "conn/a.go imports github.com/stretchr/testify/require"},
		{"conn/a_test.go", `import "github.com/stretchr/testify/require"`, ""},
		{"conn/a_test.go", `import "golang.org/x/net/http2"`, "conn/a_test.go imports golang.org/x/net/http2"},
		{"conn/a.go", `import "C"`, "conn/a.go imports C"},
		{"extra/a.go", ``, "extra has no row in layers"},
		{"handshake/a.go", `import "net/http"; type t struct { http.Header; r *http.Request }`, ""},
		{"handshake/a.go", `import "net/http"; var c = http.DefaultClient`, "handshake/a.go uses http.DefaultClient"},
		{"handshake/a.go", `import h "net/http"; var c h.Client`, "handshake/a.go uses h.Client"},
		{"handshake/a.go", `import . "net/http"`, "handshake/a.go imports net/http into its own scope"},
	} {
		fsys := fstest.MapFS{tt.file: {Data: []byte("package p\n" + tt.source)}}
		if got := strings.Join(importProblems(t, fsys), "; "); got != tt.want {
			t.Errorf("%s with %s: %q, want %q", tt.file, tt.source, got, tt.want)
		}
	}
}

func TestDependencyProblems(t *testing.T) {
	const head = "module m\n\ngo 1.26\n\n"
	for _, tt := range []struct{ gomod, want string }{
		{head + "require github.com/stretchr/testify v1.2.3\n", ""},
		{head + "require (\n\tgithub.com/stretchr/testify v1.2.3\n\tx.org/y v1.0.0 // indirect\n)\n", ""},
		{head + "require x.org/y v1.0.0\n", "go.mod: x.org/y v1.0.0"},
		{head + "require (\n\tx.org/y v1.0.0\n)\n", "go.mod: x.org/y v1.0.0"},
		{head + "tool x.org/y\n", "go.mod: tool x.org/y"},
		{head + "replace x.org/y => ../y\n", "go.mod: replace x.org/y => ../y"},
	} {
		if got := strings.Join(dependencyProblems(tt.gomod), "; "); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.gomod, got, tt.want)
		}
	}
}

// importProblems reports the imports in fsys that layers and selectors forbid.
func importProblems(t *testing.T, fsys fs.FS) (all []string) {
	t.Helper()
	err := walkGo(fsys, func(file string, src []byte) error {
		f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, fileProblems(file, f)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// fileProblems reports the imports of one file that are forbidden.
func fileProblems(file string, f *ast.File) (all []string) {
	test := strings.HasSuffix(file, "_test.go")
	dir := path.Dir(file)
	l, ok := layerOf(dir)
	if !ok {
		return []string{dir + " has no row in layers"}
	}
	for _, imp := range f.Imports {
		name, _ := strconv.Unquote(imp.Path.Value)
		if own, ok := strings.CutPrefix(name, module+"/"); ok {
			name = own
			ok = test || slices.Contains(l.ours, own) || slices.Contains(l.ours, "...")
			if ok {
				continue
			}
		} else if l.allows(name, test) {
			all = append(all, selectorProblems(file, f, imp, selectors[dir][name])...)
			continue
		}
		all = append(all, fmt.Sprintf("%s imports %s", file, name))
	}
	return all
}

// allows reports whether a package of another module may be imported.
func (l layer) allows(name string, test bool) bool {
	first, _, _ := strings.Cut(name, "/")
	switch {
	case name == "C":
		return false
	case strings.Contains(first, "."):
		return test && strings.HasPrefix(name, "github.com/stretchr/testify/")
	case test || l.std == nil:
		return true
	default:
		return slices.Contains(l.std, name)
	}
}

// layerOf returns the row for dir or for a folder that it is in.
func layerOf(dir string) (layer, bool) {
	if l, ok := layers[dir]; ok {
		return l, true
	}
	for _, folder := range slices.Sorted(maps.Keys(layers)) {
		if strings.HasSuffix(folder, "/") && strings.HasPrefix(dir+"/", folder) {
			return layers[folder], true
		}
	}
	return layer{}, false
}

// selectorProblems reports what f uses of an import besides the names allowed.
// No names allow all.
func selectorProblems(file string, f *ast.File, imp *ast.ImportSpec, allowed []string) (all []string) {
	if allowed == nil || strings.HasSuffix(file, "_test.go") {
		return nil
	}
	name, _ := strconv.Unquote(imp.Path.Value)
	local := path.Base(name)
	if imp.Name != nil {
		local = imp.Name.Name
	}
	if local == "." {
		return []string{fmt.Sprintf("%s imports %s into its own scope", file, name)}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Name == local && !slices.Contains(allowed, s.Sel.Name) {
			all = append(all, fmt.Sprintf("%s uses %s.%s", file, local, s.Sel.Name))
		}
		return true
	})
	return all
}

// dependencyProblems reports the lines of a go.mod that bring in
// what testify does not.
func dependencyProblems(gomod string) (all []string) {
	for line := range strings.Lines(gomod) {
		line = strings.TrimSpace(line)
		f := strings.Fields(strings.TrimPrefix(line, "require "))
		switch {
		case len(f) == 0 || slices.Contains([]string{"module", "go", "require", ")", "(", "//"}, f[0]):
		case f[0] == "github.com/stretchr/testify" || strings.HasSuffix(line, "// indirect"):
		default:
			all = append(all, "go.mod: "+strings.TrimPrefix(line, "require "))
		}
	}
	return all
}
