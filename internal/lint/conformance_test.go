package lint_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"slipway/internal/testkit"
)

// TestConformanceWorkflows lints GitHub's own cases: whatever is in them, every
// warning stands at a place of the file.
func TestConformanceWorkflows(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testkit.Shared(t), "conformance", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parts := bytes.Split(data, []byte("\n---\n"))
		main := parts[min(1, len(parts)-1)]
		lines := bytes.Split(main, []byte("\n"))
		for _, w := range newLinter().File(filepath.Base(file), main).Warnings {
			if w.Line < 1 || w.Line > len(lines) || w.Column < 1 || w.Column+w.Width-1 > len(lines[w.Line-1])+1 {
				t.Errorf("%s: a warning outside the file: %+v", filepath.Base(file), w)
			}
		}
	}
}
