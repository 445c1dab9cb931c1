package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/internal/testkit"
)

// mayImport says which rooms a room may import. A room that is not a key here
// is a mistake: give it a line. Subfolders share their room's line unless they
// have their own.
var mayImport = map[string][]string{
	"cmd/slipway": {"internal/cli", "internal/executor/sandbox"},
	"bench":       {},

	"internal/archtest":    {"internal/testkit"},
	"internal/testkit":     {},
	"internal/fault":       {},
	"internal/glob":        {},
	"internal/expr":        {"internal/fault"},
	"internal/workflow":    {"internal/expr", "internal/fault"},
	"internal/gitrepo":     {"internal/fault"},
	"internal/ghevent":     {"internal/gitrepo", "internal/fault"},
	"internal/trigger":     {"internal/workflow", "internal/expr", "internal/fault"},
	"internal/lint":        {"internal/workflow", "internal/expr", "internal/fault"},
	"internal/lint/report": {"internal/lint", "internal/workflow"},
	"internal/jobproto":    {"internal/workflow", "internal/expr", "internal/fault"},
	"internal/executor":    {"internal/executor", "internal/fault"},
	"internal/action":      {"internal/workflow", "internal/expr", "internal/gitrepo", "internal/executor", "internal/fault"},
	"internal/action/builtin": {"internal/action", "internal/action/builtin", "internal/workflow", "internal/expr", "internal/gitrepo",
		"internal/glob", "internal/fault"},
	"internal/engine": {"internal/jobproto", "internal/workflow", "internal/expr", "internal/fault"},
	"internal/runner": {"internal/runner", "internal/jobproto", "internal/action", "internal/executor",
		"internal/workflow", "internal/expr", "internal/glob", "internal/fault"},
	"internal/runner/command":   {"internal/jobproto", "internal/fault"},
	"internal/runner/envfile":   {"internal/fault"},
	"internal/runner/mask":      {"internal/fault"},
	"internal/runner/matcher":   {"internal/jobproto", "internal/fault"},
	"internal/runner/logline":   {"internal/runner/command", "internal/runner/mask", "internal/runner/matcher", "internal/fault"},
	"internal/runner/hashfiles": {"internal/glob", "internal/fault"},
	"internal/doctor":           {"internal/fault", "internal/executor"},
	"internal/local": {"internal/engine", "internal/runner", "internal/action", "internal/executor", "internal/trigger",
		"internal/ghevent", "internal/gitrepo", "internal/jobproto", "internal/workflow", "internal/expr", "internal/fault"},
	"internal/cli": {"internal/cli", "internal/local", "internal/lint", "internal/doctor", "internal/action", "internal/executor",
		"internal/gitrepo", "internal/workflow", "internal/expr", "internal/jobproto", "internal/fault"},
	"internal/cli/render": {"internal/local", "internal/jobproto"},
}

// sourceFile is one parsed Go file.
type sourceFile struct {
	name string // slash-separated, from the root
	room string // its folder
	test bool
	ast  *ast.File
	fset *token.FileSet
}

func sources(t *testing.T) []sourceFile {
	t.Helper()
	root := testkit.Root()
	var files []sourceFile
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "examples" || (strings.HasPrefix(d.Name(), ".") && name != root)) {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		files = append(files, sourceFile{name: rel, room: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), ast: f, fset: fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// ruleFor is the line of mayImport that holds for a room.
func ruleFor(room string) ([]string, bool) {
	for r := room; r != "." && r != "/"; r = path.Dir(r) {
		if rule, ok := mayImport[r]; ok {
			return rule, true
		}
	}
	return nil, false
}

func TestImportsPointDown(t *testing.T) {
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		rule, ok := ruleFor(f.room)
		if !ok {
			t.Errorf("%s: the room %s has no line in mayImport", f.name, f.room)
			continue
		}
		for _, spec := range f.ast.Imports {
			target, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "slipway/")
			if !ours || strings.HasPrefix(target, f.room+"/") {
				continue
			}
			allowed := slices.ContainsFunc(rule, func(r string) bool { return target == r || strings.HasPrefix(target, r+"/") })
			if !allowed {
				t.Errorf("%s imports %s, which %s may not", f.fset.Position(spec.Pos()), target, f.room)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented, rooms := map[string]bool{}, map[string]bool{}
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		rooms[f.room] = true
		if f.ast.Doc != nil && len(f.ast.Doc.Text()) > 30 {
			documented[f.room] = true
		}
	}
	for room := range rooms {
		if !documented[room] {
			t.Errorf("%s has no package comment", room)
		}
	}
}

// A declaration may break a size rule when its comment says why, in a sentence
// that starts with "Long:" or "Wide:".
func excused(doc *ast.CommentGroup, word string) bool {
	return doc != nil && strings.Contains(doc.Text(), word+":")
}

func TestSizes(t *testing.T) {
	methods := map[string]int{}
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		for _, decl := range f.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				checkFunc(t, f, d)
				if d.Recv != nil {
					methods[f.room+"."+receiver(d.Recv.List[0].Type)]++
				}
			case *ast.GenDecl:
				checkInterfaces(t, f, d)
			}
		}
	}
	for name, n := range methods {
		if n > 25 {
			t.Errorf("type %s has %d methods; 25 are the limit", name, n)
		}
	}
}

func checkFunc(t *testing.T, f sourceFile, d *ast.FuncDecl) {
	start, end := f.fset.Position(d.Pos()).Line, f.fset.Position(d.End()).Line
	if n := end - start + 1; n > 80 && !excused(d.Doc, "Long") {
		t.Errorf("%s: %s is %d lines long; 80 are the limit", f.fset.Position(d.Pos()), d.Name.Name, n)
	}
	params := 0
	for _, p := range d.Type.Params.List {
		params += max(1, len(p.Names))
	}
	if params > 5 && !excused(d.Doc, "Wide") {
		t.Errorf("%s: %s takes %d parameters; more than 5 become a struct", f.fset.Position(d.Pos()), d.Name.Name, params)
	}
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return "?"
}

func checkInterfaces(t *testing.T, f sourceFile, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		ts, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		if i, ok := ts.Type.(*ast.InterfaceType); ok && i.Methods.NumFields() > 10 {
			t.Errorf("%s: interface %s has %d methods; 10 are the limit", f.fset.Position(ts.Pos()), ts.Name.Name, i.Methods.NumFields())
		}
	}
}

// Nothing below cmd ends the process: a panic or an exit in a library is a crash for whoever calls it.
func TestNoPanicsOrExitsBelowCmd(t *testing.T) {
	banned := map[string]bool{"os.Exit": true, "log.Fatal": true, "log.Fatalf": true, "log.Panic": true}
	for _, f := range sources(t) {
		if f.test || strings.HasPrefix(f.room, "cmd/") || f.room == "bench" || f.ast.Name.Name == "main" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch fun := call.Fun.(type) {
			case *ast.Ident:
				if fun.Name == "panic" {
					t.Errorf("%s: panic below cmd", f.fset.Position(call.Pos()))
				}
			case *ast.SelectorExpr:
				if x, ok := fun.X.(*ast.Ident); ok && banned[x.Name+"."+fun.Sel.Name] {
					t.Errorf("%s: %s.%s below cmd", f.fset.Position(call.Pos()), x.Name, fun.Sel.Name)
				}
			}
			return true
		})
	}
}
