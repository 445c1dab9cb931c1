package lint_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/lint"
	"slipway/internal/lint/report"
	"slipway/internal/workflow"
)

var update = flag.Bool("update", false, "rewrite the expected reports in testdata")

// newLinter lints as if its files lay in the repository testdata/repo.
func newLinter() *lint.Linter {
	return lint.New(lint.Options{
		Repository: os.DirFS("testdata/repo"),
		Read: workflow.Options{Called: func(ref, _ string) (string, []byte, error) {
			path, local := strings.CutPrefix(ref, "./")
			if !local {
				return "", nil, workflow.ErrNotFollowed
			}
			data, err := os.ReadFile(filepath.Join("testdata/repo", path))
			return path, data, err
		}},
	})
}

func lintFile(t *testing.T, file string) lint.Result {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return newLinter().File(strings.TrimPrefix(filepath.ToSlash(file), "testdata/"), data)
}

// golden compares got with a file, or rewrites the file under -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n(go test ./internal/lint -update writes it)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./internal/lint -update rewrites it); got:\n%s", file, got)
	}
}

// TestExamples lints every file of testdata; what is said of it stands beside
// it. Files named *.ok.yml hold what looks like the mistake and is none.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "testdata/composite/action.yml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r := lintFile(t, file)
			if strings.HasSuffix(file, ".ok.yml") {
				for _, f := range append(r.Errors, r.Warnings...) {
					t.Errorf("%d:%d: %s [%s]", f.Line, f.Column, f.Message, f.Rule)
				}
				return
			}
			var got strings.Builder
			if err := report.ForFormat("text", false)(&got, []lint.Result{r}); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".yml")+".txt", got.String())
		})
	}
}

// TestEveryRuleHasAnExample keeps rules and examples together: the example of
// a rule is named after it and shows it.
func TestEveryRuleHasAnExample(t *testing.T) {
	for _, rule := range lint.Rules() {
		found := false
		for _, f := range lintFile(t, "testdata/"+rule.ID+".yml").Warnings {
			found = found || f.Rule == rule.ID
		}
		if !found {
			t.Errorf("testdata/%s.yml shows nothing of the rule", rule.ID)
		}
	}
}

func TestRulesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/lint.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range lint.Rules() {
		if !strings.Contains(string(doc), "### "+rule.ID+"\n") {
			t.Errorf("docs/lint.md has no section on %s", rule.ID)
		}
	}
}

func TestWithoutRepositoryNothingIsSaidOfLocalActions(t *testing.T) {
	data, err := os.ReadFile("testdata/action-input.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range lint.New(lint.Options{}).File("x.yml", data).Warnings {
		if strings.Contains(f.Message, "./.github") {
			t.Errorf("%s", f.Message)
		}
	}
}

func TestAnErrorInACalledFileDoesNotHideWarnings(t *testing.T) {
	l := lint.New(lint.Options{Read: workflow.Options{
		Called: func(ref, _ string) (string, []byte, error) { return ref, []byte("jobs: {}"), nil },
	}})
	r := l.File("x.yml", []byte("on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/x.yml@v1\n    name: ${{ github.nam }}\n"))
	if len(r.Errors) == 0 || len(r.Warnings) != 1 {
		t.Fatalf("want errors and one warning, got %+v", r)
	}
	if r.Errors[0].Caller.Line != 4 {
		t.Errorf("the error should name the call: %+v", r.Errors[0])
	}
}

func TestStrict(t *testing.T) {
	r := lintFile(t, "testdata/runner-label.yml").Strict()
	if len(r.Warnings) != 0 || len(r.Errors) == 0 || r.Errors[0].Rule == "" {
		t.Errorf("got %+v", r)
	}
}

// TestFindingsOfOneFileAreBounded also shows that many findings cost little.
func TestFindingsOfOneFileAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n")
	for range 300 {
		b.WriteString("      - run: echo ${{ github.nam }} ${{ github.nam }} ${{ github.nam }}\n")
	}
	if n := len(newLinter().File("x.yml", []byte(b.String())).Warnings); n != 500 {
		t.Errorf("got %d findings", n)
	}
}

func FuzzFile(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "testdata/composite/action.yml") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var results []lint.Result
		for _, name := range []string{"x.yml", "action.yml"} {
			r := newLinter().File(name, data)
			for _, w := range r.Warnings {
				if w.Line < 1 || w.Column < 1 || w.Message == "" || w.Rule == "" {
					t.Errorf("a warning without a place: %+v", w)
				}
			}
			results = append(results, r)
		}
		for _, format := range report.Formats() {
			if err := report.ForFormat(format, true)(discard{}, results); err != nil {
				t.Error(err)
			}
		}
	})
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
