package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// idPattern matches whatever looks like a requirement's id,
// well-formed or not, so that a slip of the pen is found.
var idPattern = regexp.MustCompile(`\b(?:6455|7692|8441)-\d+(?:\.\d+)*-\d+\b`)

// self is the one folder whose tests speak of ids without carrying them.
const self = "internal/conformance"

// A carrier is a test that carries ids.
type carrier struct {
	name string // package and function, such as conn.TestPing
	file string // path below the module's root
}

// A mention is an id and the file where it stands.
type mention struct{ id, file string }

// carriers is what scan finds.
type carriers struct {
	tests    map[string][]carrier // the tests that carry an id, sorted
	mentions []mention            // every id in every test file, sorted
}

// scan reads the test files of the module whose root is fsys.
// Modules nested in it are left out.
func scan(fsys fs.FS) (carriers, error) {
	packages := map[string]*testPackage{}
	c := carriers{tests: map[string][]carrier{}}
	err := walkGo(fsys, func(file string, src []byte) error {
		if !strings.HasSuffix(file, "_test.go") || path.Dir(file) == self {
			return nil
		}
		for _, id := range idPattern.FindAllString(string(src), -1) {
			c.mentions = append(c.mentions, mention{id, file})
		}
		return addFile(packages, file, src)
	})
	if err != nil {
		return carriers{}, err
	}
	for _, p := range packages {
		p.collect(c.tests)
	}
	for _, tests := range c.tests {
		slices.SortFunc(tests, func(a, b carrier) int {
			return strings.Compare(a.file+a.name, b.file+b.name)
		})
	}
	slices.SortFunc(c.mentions, func(a, b mention) int {
		return strings.Compare(a.id+a.file, b.id+b.file)
	})
	c.mentions = slices.Compact(c.mentions)
	return c, nil
}

// walkGo calls f for each Go file of the module whose root is fsys.
func walkGo(fsys fs.FS, f func(file string, src []byte) error) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && skipped(fsys, name):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		return f(name, src)
	})
}

// skipped reports whether the go command ignores dir as part of the module.
func skipped(fsys fs.FS, dir string) bool {
	base := path.Base(dir)
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return base == "testdata" || base == "node_modules" || base[0] == '.' || base[0] == '_' || err == nil
}

// A testPackage is the test files of one package in one folder.
type testPackage struct {
	name  string
	decls map[string]*decl // by the name declared
}

// A decl is a function, variable or constant at the top level of a test file.
type decl struct {
	file string
	test bool     // the go command runs it
	ids  []string // stand in it
	uses []string // names in it, of which some are decls
}

// addFile parses src and adds what it declares to its package.
func addFile(packages map[string]*testPackage, file string, src []byte) error {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	key := path.Dir(file) + " " + f.Name.Name
	if packages[key] == nil {
		packages[key] = &testPackage{packageName(file, f), map[string]*decl{}}
	}
	text := func(n ast.Node, doc *ast.CommentGroup) []byte {
		from := n.Pos()
		if doc != nil {
			from = doc.Pos()
		}
		return src[fset.Position(from).Offset:fset.Position(n.End()).Offset]
	}
	for _, d := range f.Decls {
		packages[key].add(file, d, text)
	}
	return nil
}

// packageName returns what the report calls the package of f:
// its name, or its folder's if every command has that name.
func packageName(file string, f *ast.File) string {
	name := strings.TrimSuffix(f.Name.Name, "_test")
	if name == "main" {
		return path.Base(path.Dir(file))
	}
	return name
}

// add records the names that d declares.
// A method belongs to nothing that can be followed by name, so it is left out.
func (p *testPackage) add(file string, d ast.Decl, text func(ast.Node, *ast.CommentGroup) []byte) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			p.decls[d.Name.Name] = &decl{file, isTest(d.Name.Name), ids(text(d, d.Doc)), names(d)}
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if v, ok := s.(*ast.ValueSpec); ok {
				found := append(ids(text(v, v.Doc)), docIDs(d.Doc)...)
				for _, name := range v.Names {
					p.decls[name.Name] = &decl{file, false, found, names(v)}
				}
			}
		}
	}
}

// docIDs returns the ids in the comment above a group of declarations.
func docIDs(doc *ast.CommentGroup) []string {
	var b bytes.Buffer
	if doc != nil {
		for _, c := range doc.List {
			b.WriteString(c.Text + "\n")
		}
	}
	return ids(b.Bytes())
}

// ids returns the ids in src, each once.
func ids(src []byte) []string {
	found := idPattern.FindAllString(string(src), -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// names returns the identifiers in n that may name something at the top level.
// In x.y only x can.
func names(n ast.Node) []string {
	found := map[string]bool{}
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			ast.Inspect(n.X, visit)
			return false
		case *ast.Ident:
			found[n.Name] = true
		}
		return true
	}
	ast.Inspect(n, visit)
	return slices.Sorted(maps.Keys(found))
}

// isTest reports whether the go command runs a function of this name.
func isTest(name string) bool {
	for _, prefix := range []string{"Test", "Fuzz", "Example"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && name != "TestMain" {
			first, _ := utf8.DecodeRuneInString(rest)
			return rest == "" || !unicode.IsLower(first)
		}
	}
	return false
}

// collect adds the tests of p that carry ids to tests.
func (p *testPackage) collect(tests map[string][]carrier) {
	for name, d := range p.decls {
		if !d.test {
			continue
		}
		c := carrier{fmt.Sprintf("%s.%s", p.name, name), d.file}
		for id := range p.reach(name, map[string]bool{}) {
			tests[id] = append(tests[id], c)
		}
	}
}

// reach returns the ids in the declaration name and in those that it uses.
// Names in seen have been counted.
func (p *testPackage) reach(name string, seen map[string]bool) map[string]bool {
	found := map[string]bool{}
	d := p.decls[name]
	if d == nil || seen[name] {
		return found
	}
	seen[name] = true
	for _, id := range d.ids {
		found[id] = true
	}
	for _, use := range d.uses {
		maps.Copy(found, p.reach(use, seen))
	}
	return found
}
