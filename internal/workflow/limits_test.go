package workflow_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"slipway/internal/workflow"
)

// firstError reads text and returns its first error, or "".
func firstError(text string, o workflow.Options) string {
	_, errs := workflow.Read("w.yml", []byte(text), o)
	if len(errs) == 0 {
		return ""
	}
	return errs[0].Error()
}

const smallJob = "jobs: {a: {runs-on: x, steps: [{run: a}]}}\n"

func TestLimits(t *testing.T) {
	deep := func(n int) string {
		return "on: push\njobs: {a: {runs-on: x, strategy: {matrix: {v: " + strings.Repeat("[", n) + "1" + strings.Repeat("]", n) + "}}, steps: [{run: a}]}}\n"
	}
	list := func(n int) string {
		return "on: push\njobs: {a: {runs-on: x, strategy: {matrix: {v: [" + strings.Repeat("1,", n) + "1]}}, steps: [{run: a}]}}\n"
	}
	// Each level is a list of nine times the one below it.
	bomb := "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: a}]\n    strategy:\n      matrix:\n        v0: &v0 [x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("        v%d: &v%d [%s*v%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*v%d, ", i), 8), i)
	}
	steps := func(n int) string {
		return "on: push\njobs: {a: {runs-on: x, steps: [" + strings.Repeat("{run: a},", n) + "]}}\n"
	}
	cases := []struct{ name, text, want string }{
		{"steps", steps(999), ""},
		{"steps without an id", steps(1000), "w.yml (Line: 2, Col: 9023): Unable to create a unique name"},
		{"depth 50", deep(50 - 5), ""},
		{"depth 51", deep(51 - 5), "w.yml: Maximum object depth exceeded"},
		{"depth 100000", deep(100_000), "w.yml (Line: 2, Col: 10043): You have an error in your yaml syntax: while increasing flow level: exceeded max depth of 10000"},
		{"nodes", list(49_900), ""},
		{"too many nodes", list(50_000), "w.yml: Maximum YAML nodes exceeded"},
		{"alias bomb", bomb, "w.yml: Maximum YAML nodes exceeded"},
		{"size", "on: push\n# " + strings.Repeat("ä", 1<<20-len(smallJob)-12) + "\n" + smallJob, ""},
		{"too large", "on: push\n# " + strings.Repeat("a", 1<<20) + "\n" + smallJob, "w.yml: The maximum file size of 1048576 characters has been exceeded"},
		{"expression", "on: push\nname: a\nrun-name: ${{ '" + strings.Repeat("a", 20_990) + "' }}b\n" + smallJob, "w.yml (Line: 3, Col: 11): Exceeded max expression length 21000"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := firstError(c.text, workflow.Options{}); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLimitNames(t *testing.T) {
	var l workflow.Limits
	for _, name := range []string{"max-depth", "max-file-size", "max-result-size", "max-job-limit", "max-nested-reusable-workflows-depth", "max-files"} {
		if err := l.Set(name, 7); err != nil {
			t.Error(err)
		}
	}
	if l != (workflow.Limits{MaxDepth: 7, MaxFileSize: 7, MaxResultSize: 7, MaxJobs: 7, MaxNestedWorkflows: 7, MaxFiles: 7}) {
		t.Errorf("%+v", l)
	}
	if l.Set("max-everything", 1) == nil || l.Set("max-depth", 0) == nil {
		t.Error("nonsense was set")
	}
}

// TestEncodings reads one workflow in the encodings and line breaks YAML has.
func TestEncodings(t *testing.T) {
	const text = "on: push\njobs:\n  ä:\n    runs-on: x\n"
	wide := func(order func(u uint16) []byte) string {
		var b []byte
		for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
			b = append(b, order(u)...)
		}
		return string(b)
	}
	for name, data := range map[string]string{
		"UTF-8":                  text,
		"UTF-8 with BOM":         "\ufeff" + text,
		"UTF-16, big end first":  wide(func(u uint16) []byte { return []byte{byte(u >> 8), byte(u)} }),
		"UTF-16, big end last":   wide(func(u uint16) []byte { return []byte{byte(u), byte(u >> 8)} }),
		"carriage return and lf": strings.ReplaceAll(text, "\n", "\r\n"),
		"carriage return":        strings.ReplaceAll(text, "\n", "\r"),
	} {
		t.Run(name, func(t *testing.T) {
			const want = "w.yml (Line: 3, Col: 3): The identifier 'ä' is invalid."
			if got := firstError(data, workflow.Options{}); !strings.HasPrefix(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	for name, data := range map[string]string{
		"NUL":            "on: push\x00\n" + smallJob,
		"invalid UTF-8":  "on: p\xff\xfesh\n" + smallJob,
		"half a UTF-16":  "\xfe\xff\x00",
		"lone surrogate": "\xfe\xff\xd8\x00\x00o",
		"control":        "on: \x01\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got := firstError(data, workflow.Options{}); !strings.HasPrefix(got, "w.yml") {
				t.Errorf("got %q, want an error", got)
			}
		})
	}
}

func TestValidCron(t *testing.T) {
	for _, spec := range []string{
		"0 0 * * *", "0 000 001 * *", "15 * * * *", "2,10 4,5 * * *", "30 4-6 * * *", "0 4-4 * * *", "20/15 * * * *", "28 */4 * * *",
		"28 5,*/4,6-8 * * *", "0 0 * * SUN", "0 0 * * SUN-TUE", "0 0 * * SUN-2", "0 2-4/5 * * *", "0   0  *  *               *", "0 0 * jan,Feb *",
	} {
		if !workflow.ValidCron(spec) {
			t.Errorf("%q is valid", spec)
		}
	}
	for _, spec := range []string{
		"", "0 0 * *", "0 0 * * * * *", "0 -1 * * *", "0 1- * * *", "0 /1 * * *", "0 1/ * * *", "0 ,1 * * *", "0 1, * * *", "0 5--5 * * *",
		"0 *//5 * * *", "0 */* * * *", "0 5/* * * *", "0 *-4 5-* *-* *", "0 ,, * * *", ", , , , ,", "0 ** * * *", "0 0 * * BUN", "0 0 * SUN JAN",
		"0 0 * * FRI-TUE", "0 12-4 * * *", "0 */0 * * *", "0 2/4-5 * * *", "0 2-4-6 * * *", "0 2/4/6 * * *", "0 * * */FEB */TUE", "60 * * * *",
		"* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "@daily", " 0 0 * * *", "0 0 * * * ", "0\t0 * * *", "99999999999999999999 * * * *",
	} {
		if workflow.ValidCron(spec) {
			t.Errorf("%q is not valid", spec)
		}
	}
}
