package workflow_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

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

func readAll(files []corpusFile) {
	for _, file := range files {
		if w, errs := workflow.Read(file.name, file.data, workflow.Options{}); w == nil {
			panic(errs[0])
		}
	}
}

func decodeAll(files []corpusFile) {
	for _, file := range files {
		var node yaml.Node
		if err := yaml.Unmarshal(file.data, &node); err != nil {
			panic(err)
		}
	}
}

// BenchmarkRead reads and checks all workflows of testdata.
func BenchmarkRead(b *testing.B) {
	files := corpus(b)
	b.ReportAllocs()
	for b.Loop() {
		readAll(files)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(files)), "µs/file")
}

// BenchmarkYAMLNodes is the floor: the same files as bare YAML nodes.
func BenchmarkYAMLNodes(b *testing.B) {
	files := corpus(b)
	b.ReportAllocs()
	for b.Loop() {
		decodeAll(files)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(files)), "µs/file")
}

// BenchmarkReadOverYAMLNodes measures both in turn and reports the ratio,
// which is to stay below 1.5.
func BenchmarkReadOverYAMLNodes(b *testing.B) {
	files := corpus(b)
	var read, nodes time.Duration
	for b.Loop() {
		start := time.Now()
		decodeAll(files)
		middle := time.Now()
		readAll(files)
		nodes += middle.Sub(start)
		read += time.Since(middle)
	}
	b.ReportMetric(float64(read)/float64(nodes), "ratio")
}
