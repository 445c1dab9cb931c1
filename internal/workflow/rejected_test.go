package workflow_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/workflow"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestRejected reads the files of testdata/rejected: each archive holds pairs
// of a file (NAME.yml, or NAME.action.yml for a manifest) and what is wrong
// with it (NAME.errors; empty when it is accepted). -update rewrites the errors.
func TestRejected(t *testing.T) {
	archives, err := filepath.Glob("testdata/rejected/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			comment, files := readArchive(t, name)
			got := rewritten(t, files)
			if *update {
				writeArchive(t, name, comment, got)
				return
			}
			for i, file := range files {
				if got[i].data != file.data {
					t.Errorf("%s\ngot:\n%swant:\n%s", file.name, got[i].data, file.data)
				}
			}
		})
	}
}

// archiveFile is one file of an archive in the format of golang.org/x/tools/txtar.
type archiveFile struct{ name, data string }

func readArchive(t *testing.T, name string) (comment string, files []archiveFile) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	comment, _, _ = strings.Cut(string(data), "-- ")
	return comment, splitArchive(string(data))
}

func splitArchive(text string) []archiveFile {
	var files []archiveFile
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(name, " --\n") {
			files = append(files, archiveFile{name: strings.TrimSuffix(name, " --\n")})
		} else if len(files) > 0 {
			files[len(files)-1].data += line
		}
	}
	return files
}

func writeArchive(t *testing.T, name, comment string, files []archiveFile) {
	t.Helper()
	text := comment
	for _, file := range files {
		text += "-- " + file.name + " --\n" + file.data
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rewritten returns the files with the errors that reading gives now.
func rewritten(t *testing.T, files []archiveFile) []archiveFile {
	t.Helper()
	var out []archiveFile
	for i, file := range files {
		if strings.HasSuffix(file.name, ".errors") {
			if i == 0 {
				t.Fatalf("%s has no file before it", file.name)
			}
			file.data = errorsOf(files[i-1])
		}
		out = append(out, file)
	}
	return out
}

func errorsOf(file archiveFile) string {
	var errs []*workflow.Error
	if strings.HasSuffix(file.name, ".action.yml") {
		_, errs = workflow.ReadAction(file.name, []byte(file.data))
	} else {
		_, errs = workflow.Read(file.name, []byte(file.data), workflow.Options{})
	}
	var text strings.Builder
	for _, e := range errs {
		text.WriteString(e.Error() + "\n")
	}
	return text.String()
}
