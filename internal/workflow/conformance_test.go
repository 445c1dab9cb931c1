package workflow_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"slipway/internal/testkit"
	"slipway/internal/workflow"
)

// conformanceCase is one of GitHub's own cases for its workflow readers.
type conformanceCase struct {
	name    string
	file    string
	data    []byte
	options workflow.Options
	want    conformanceResult
	header  string
}

// conformanceResult is what GitHub's reader makes of a case.
type conformanceResult struct {
	Errors      []struct{ Message string }
	Jobs        []map[string]any
	Env         any
	Concurrency any
	Defaults    any
	Events      map[string]any
	InputTypes  map[string]string `json:"input-types"`
	FileTable   []string          `json:"file-table"`
}

var (
	policyOption       = regexp.MustCompile(`(?m)^permissions-policy:\s*(\S+)`)
	limitOption        = regexp.MustCompile(`(?m)^(max-[a-z-]+):\s*(\d+)`)
	experimentalOption = regexp.MustCompile(`(?m)^\s+(\w+):\s*true`)
)

// readCases reads the cases, without those that acceptance/workflows sets aside.
func readCases(t testing.TB) []conformanceCase {
	t.Helper()
	shared := testkit.Shared(t)
	different, err := os.ReadFile(filepath.Join(shared, "acceptance", "known-different.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var setAside []string
	for line := range strings.Lines(string(different)) {
		name, _, _ := strings.Cut(line, "\t")
		setAside = append(setAside, name)
	}
	files, err := filepath.Glob(filepath.Join(shared, "conformance", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", shared, err)
	}
	var cases []conformanceCase
	for _, file := range files {
		if slices.Contains(setAside, filepath.Base(file)) {
			continue
		}
		if c, ok := readCase(t, file); ok {
			cases = append(cases, c)
		}
	}
	return cases
}

func readCase(t testing.TB, file string) (c conformanceCase, ok bool) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(data), "\n---\n")
	c.name, c.header, c.data = filepath.Base(file), parts[0], []byte(parts[1])
	c.file = ".github/workflows/" + c.name
	if strings.Contains(c.header, "skip-reusable-workflows: true") || strings.Contains(c.header, "is-partial-rerun: true") {
		return c, false
	}
	if err := json.Unmarshal([]byte(parts[len(parts)-1]), &c.want); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if m := policyOption.FindStringSubmatch(c.header); m != nil {
		c.options.PermissionsPolicy = m[1]
	}
	for _, m := range limitOption.FindAllStringSubmatch(c.header, -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		if err := c.options.Limits.Set(m[1], n); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range experimentalOption.FindAllStringSubmatch(c.header, -1) {
		c.options.Experimental = append(c.options.Experimental, m[1])
	}
	called := map[string]string{}
	for i := 2; i+1 < len(parts)-1; i += 2 {
		called[strings.TrimPrefix(strings.TrimSpace(parts[i]), "./")] = parts[i+1]
	}
	c.options.Called = func(ref, from string) (string, []byte, error) {
		text, ok := called[strings.TrimPrefix(ref, "./")]
		if !ok {
			return "", nil, fmt.Errorf("there is no such file")
		}
		return ref, []byte(text), nil
	}
	return c, true
}

func TestConformanceErrors(t *testing.T) {
	for _, c := range readCases(t) {
		t.Run(c.name, func(t *testing.T) {
			w, errs := workflow.Read(c.file, c.data, c.options)
			var got, want []string
			for _, e := range errs {
				got = append(got, e.Error())
			}
			for _, e := range c.want.Errors {
				want = append(want, e.Message)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("errors differ\ngot:  %s\nwant: %s", strings.Join(got, "\n      "), strings.Join(want, "\n      "))
			}
			if (w == nil) != (len(errs) > 0) {
				t.Errorf("workflow is nil: %v, with %d errors", w == nil, len(errs))
			}
		})
	}
}
