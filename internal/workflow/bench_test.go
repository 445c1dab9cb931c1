package workflow_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"slipway/internal/testkit"
	"slipway/internal/workflow"
)

// corpusFile is a workflow to measure with.
type corpusFile struct {
	name string
	data []byte
}

// corpus returns the workflows of testdata.
func corpus(t testing.TB) []corpusFile {
	t.Helper()
	names, err := filepath.Glob("testdata/workflows/*.yml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no workflows in testdata: %v", err)
	}
	var files []corpusFile
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, corpusFile{filepath.Base(name), data})
	}
	return files
}

// TestCorpus checks that GitHub would run every workflow of testdata.
func TestCorpus(t *testing.T) {
	for _, file := range corpus(t) {
		if _, errs := workflow.Read(file.name, file.data, workflow.Options{}); len(errs) > 0 {
			t.Errorf("%v", errs)
		}
	}
}

// measured returns what the benchmarks read: the corpus and, where they are
// beside the checkout, the workflows of GitHub's cases that it accepts.
func measured(b *testing.B) []corpusFile {
	b.Helper()
	files := corpus(b)
	if _, err := os.Stat(filepath.Join(testkit.Root(), "..", "shared", "conformance")); err != nil {
		return files
	}
	for _, c := range readCases(b) {
		// One of them is YAML to GitHub only.
		if len(c.want.Errors) == 0 && yaml.Unmarshal(c.data, new(yaml.Node)) == nil {
			files = append(files, corpusFile{c.name, c.data})
		}
	}
	return files
}

func readAll(b *testing.B, files []corpusFile) {
	for _, file := range files {
		if w, errs := workflow.Read(file.name, file.data, workflow.Options{}); w == nil {
			b.Fatal(errs[0])
		}
	}
}

func decodeAll(b *testing.B, files []corpusFile) {
	for _, file := range files {
		var node yaml.Node
		if err := yaml.Unmarshal(file.data, &node); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads and checks all workflows.
func BenchmarkRead(b *testing.B) {
	files := measured(b)
	b.ReportAllocs()
	for b.Loop() {
		readAll(b, files)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(files)), "µs/file")
}

// BenchmarkYAMLNodes is the floor: the same files as bare YAML nodes.
func BenchmarkYAMLNodes(b *testing.B) {
	files := measured(b)
	b.ReportAllocs()
	for b.Loop() {
		decodeAll(b, files)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(files)), "µs/file")
}

// BenchmarkReadOverYAMLNodes measures both in turn and reports the ratio,
// which is to stay below 1.5.
func BenchmarkReadOverYAMLNodes(b *testing.B) {
	files := measured(b)
	var read, nodes time.Duration
	for b.Loop() {
		start := time.Now()
		decodeAll(b, files)
		middle := time.Now()
		readAll(b, files)
		nodes += middle.Sub(start)
		read += time.Since(middle)
	}
	b.ReportMetric(float64(read)/float64(nodes), "ratio")
}
