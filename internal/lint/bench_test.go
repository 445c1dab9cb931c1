package lint_test

import (
	"os"
	"path/filepath"
	"testing"

	"slipway/internal/workflow"
)

// BenchmarkFile lints the examples; over read it is how much longer that takes
// than reading them as GitHub does.
func BenchmarkFile(b *testing.B) {
	names, err := filepath.Glob("testdata/*.yml")
	if err != nil {
		b.Fatal(err)
	}
	files := make([][]byte, len(names))
	size := 0
	for i, name := range names {
		if files[i], err = os.ReadFile(name); err != nil {
			b.Fatal(err)
		}
		size += len(files[i])
	}
	b.Run("lint", func(b *testing.B) {
		b.SetBytes(int64(size))
		l := newLinter()
		for b.Loop() {
			for _, data := range files {
				l.File("x.yml", data)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			for _, data := range files {
				workflow.Read("x.yml", data, workflow.Options{})
			}
		}
	})
}
