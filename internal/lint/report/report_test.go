package report_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"slipway/internal/lint"
	"slipway/internal/lint/report"
	"slipway/internal/workflow"
)

var update = flag.Bool("update", false, "rewrite the expected reports in testdata")

// results have everything that makes a format stumble: several files, the same
// place twice, characters with a meaning, no place, a called file.
func results() []lint.Result {
	return []lint.Result{
		{
			File: ".github/workflows/ci.yml",
			Data: []byte("on: push\njobs:\n\tbuild: ä ${{ github.nam }} \x1b[31m\n" + strings.Repeat("x", 200) + "here" + strings.Repeat("y", 200) + "\r\nend"),
			Errors: []lint.Finding{
				{File: ".github/workflows/ci.yml", Line: 1, Column: 1, Message: "100% wrong: a, b\nand <more>"},
				{Message: "The workflow may not contain more than 8 jobs"},
				{File: "o/r/.github/workflows/x.yml@v1", Line: 7, Column: 2, Message: "Unexpected value 'x'",
					Caller: workflow.Pos{File: ".github/workflows/ci.yml", Line: 2, Column: 1}},
				{File: "o/r/.github/workflows/y.yml@v1", Message: "too large",
					Caller: workflow.Pos{File: ".github/workflows/ci.yml", Line: 2, Column: 1}},
			},
			Warnings: []lint.Finding{
				{File: ".github/workflows/ci.yml", Line: 3, Column: 15, Width: 10, Message: "no 'nam'", Rule: "context-property"},
				{File: ".github/workflows/ci.yml", Line: 4, Column: 201, Width: 4, Message: "far away", Rule: "matrix"},
				{File: ".github/workflows/ci.yml", Line: 5, Column: 99, Width: 7, Message: "behind the end", Rule: "matrix"},
				{File: ".github/workflows/ci.yml", Line: 99, Column: 1, Message: "below the end", Rule: "matrix"},
			},
		},
		{File: "odd name,100%:#1.yml", Warnings: []lint.Finding{
			{File: "odd name,100%:#1.yml", Line: 1, Column: 1, Message: "m", Rule: "matrix"},
		}},
		{File: "fine.yml"},
	}
}

func print(t *testing.T, format string, colour bool, list []lint.Result) string {
	t.Helper()
	var b strings.Builder
	if err := report.ForFormat(format, colour)(&b, list); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFormats(t *testing.T) {
	for _, format := range append(report.Formats(), "colour") {
		t.Run(format, func(t *testing.T) {
			got := print(t, strings.Replace(format, "colour", "text", 1), format == "colour", results())
			file := "testdata/" + format + ".golden"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs (go test ./internal/lint/report -update rewrites it); got:\n%s", file, got)
			}
		})
	}
}

func TestNothingFound(t *testing.T) {
	for format, want := range map[string]string{
		"text":   "1 file: 0 errors, 0 warnings\n",
		"json":   `{"errors":[],"warnings":[]}` + "\n",
		"github": "",
	} {
		if got := print(t, format, true, []lint.Result{{File: "a.yml"}}); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	if report.ForFormat("xml", false) != nil {
		t.Error("xml has a writer")
	}
}

// TestJSONShape holds the names that scripts rely on.
func TestJSONShape(t *testing.T) {
	var got map[string][]map[string]any
	if err := json.Unmarshal([]byte(print(t, "json", false, results())), &got); err != nil {
		t.Fatal(err)
	}
	called := got["errors"][3]
	if called["file"] != "In .github/workflows/ci.yml (Line: 2, Col: 1): Error from called workflow o/r/.github/workflows/y.yml@v1" {
		t.Errorf("a called file is named %q", called["file"])
	}
	if _, ok := got["errors"][1]["line"]; ok {
		t.Error("an error without a place has a line")
	}
	if w := got["warnings"][0]; w["rule"] != "context-property" || w["line"] != 3.0 || w["column"] != 15.0 {
		t.Errorf("got %v", w)
	}
}

// TestSARIFRules checks that every result points at its own rule.
func TestSARIFRules(t *testing.T) {
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string
				RuleIndex int
			}
		}
	}
	if err := json.Unmarshal([]byte(print(t, "sarif", false, results())), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if log.Version != "2.1.0" || len(run.Results) != 9 {
		t.Fatalf("version %s, %d results", log.Version, len(run.Results))
	}
	for _, r := range run.Results {
		if got := run.Tool.Driver.Rules[r.RuleIndex].ID; got != r.RuleID {
			t.Errorf("rule %s points at %s", r.RuleID, got)
		}
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrorsAreReturned(t *testing.T) {
	for _, format := range report.Formats() {
		if err := report.ForFormat(format, false)(brokenWriter{}, results()); !errors.Is(err, errBroken) {
			t.Errorf("%s: got %v", format, err)
		}
	}
}

// TestAnyPlaceOfAnyLine: whatever a finding says of its place, the caret stands
// below the line, and nothing in the file reaches the terminal as a command.
func TestAnyPlaceOfAnyLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringMatching(`[^\n]{0,400}`).Draw(t, "line")
		f := lint.Finding{
			File: "a.yml", Message: rapid.String().Draw(t, "message"), Line: 1,
			Column: rapid.IntRange(0, 500).Draw(t, "column"), Width: rapid.IntRange(0, 500).Draw(t, "width"),
		}
		var b strings.Builder
		if err := report.ForFormat("text", false)(&b, []lint.Result{{File: "a.yml", Data: []byte(line), Warnings: []lint.Finding{f}}}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(b.String(), "\n")
		if len(lines) != 5 {
			t.Fatalf("got %d lines:\n%s", len(lines), b.String())
		}
		if strings.ContainsAny(b.String(), "\x1b\r\x00\u202e") || !utf8.ValidString(b.String()) {
			t.Fatalf("control characters in %q", b.String())
		}
		shown, under := []rune(lines[1]), []rune(lines[2])
		if len(under) > len(shown)+1 || strings.Count(lines[2], "^") != 1 {
			t.Fatalf("the mark isn't below the line:\n%s", b.String())
		}
	})
}
