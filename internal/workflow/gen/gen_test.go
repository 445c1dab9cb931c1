package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"slipway/internal/testkit"
)

// TestTablesAreCurrent fails when the schemas or this command have changed and
// `go generate ./internal/workflow` was not run.
func TestTablesAreCurrent(t *testing.T) {
	schema := filepath.Join(testkit.Shared(t), "conformance", "workflow-v1.0.json")
	want, err := generate(schema, "amendments.json", "action.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../schema_tables.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("schema_tables.go is not what its schemas give: run go generate ./internal/workflow")
	}
}

func TestMissingDefinition(t *testing.T) {
	s, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newTables().shape(s, "nothing", nil); err == nil {
		t.Error("a definition that is not there was found")
	}
}
