package matcher

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"slipway/internal/fault"
)

// matchers wraps definitions into a file.
func matchers(definitions ...string) string {
	return `{"problemMatcher": [` + strings.Join(definitions, ",\n") + `]}`
}

func TestParseChecks(t *testing.T) {
	const message = `{"regexp": "^(.+)$", "message": 1}`
	for _, c := range []struct{ name, json, want string }{
		{"good", matchers(`{"owner": "a", "pattern": [` + message + `]}`), ""},
		{"no matchers", `{}`, ""},
		{"null", `null`, ""},
		{"comments", "{ // one\n /* \"two\" */ \"problemMatcher\": [{\"owner\": \"//a\", \"pattern\": [" + message + ",],}, ]}", ""},
		{"byte order mark", "\xEF\xBB\xBF" + matchers(`{"owner": "a", "pattern": [`+message+`]}`), ""},
		{"message in the first pattern", matchers(`{"owner": "a", "pattern": [` + message + `, {"regexp": "(.)", "file": 1}]}`), ""},
		{"loop", matchers(`{"owner": "a", "pattern": [{"regexp": "(.)", "file": 1}, {"regexp": "(.)", "message": 1, "loop": true}]}`), ""},
		{"whole match", matchers(`{"owner": "a", "pattern": [{"regexp": "x", "message": 0}]}`), ""},
		{"named groups", matchers(`{"owner": "a", "pattern": [{"regexp": "(?<m>x)(y)", "message": 2}]}`), ""},
		{"severity in any case", matchers(`{"owner": "a", "severity": "NoTice", "pattern": [` + message + `]}`), ""},

		{"no JSON", "{\n  x", "f (Line: 2, Col: 3): invalid character 'x'"},
		{"wrong type", "{\n\"problemMatcher\": 3}", "f (Line: 2, Col: "},
		{"no owner", matchers(`{"pattern": [` + message + `]}`), "Owner must not be empty"},
		{"null matcher", matchers(`null`), "Owner must not be empty"},
		{"same owner", matchers(`{"owner": "myMatcher", "pattern": [`+message+`]}`, `{"owner": "MYmatcher", "pattern": [`+message+`]}`), "Duplicate owner name 'MYmatcher'"},
		{"severity", matchers(`{"owner": "a", "severity": "fatal", "pattern": [` + message + `]}`), "Matcher 'a' contains unexpected default severity 'fatal'"},
		{"no patterns", matchers(`{"owner": "a", "pattern": []}`), "Matcher 'a' does not contain any patterns"},
		{"null pattern", matchers(`{"owner": "a", "pattern": [null]}`), "Matcher 'a' contains an empty pattern"},
		{"no message", matchers(`{"owner": "a", "pattern": [{"regexp": "(.)", "file": 1}]}`), "At least one pattern must set 'message'"},
		{"loop of one", matchers(`{"owner": "a", "pattern": [{"regexp": "(.)", "message": 1, "loop": true}]}`), "Only the last pattern in a multiline matcher may set 'loop'"},
		{"loop in the middle", matchers(`{"owner": "a", "pattern": [{"regexp": "(.)", "severity": 1}, {"regexp": "(.)", "file": 1, "loop": true}, ` + message + `]}`), "Only the last pattern in a multiline matcher may set 'loop'"},
		{"loop without message", matchers(`{"owner": "a", "pattern": [` + message + `, {"regexp": "(.)", "file": 1, "loop": true}]}`), "The loop pattern must set 'message'"},
		{"twice", matchers(`{"owner": "a", "pattern": [{"regexp": "(.)", "file": 1}, {"regexp": "(.)", "file": 1}, ` + message + `]}`), "The property 'file' is set twice"},
		{"out of range", matchers(`{"owner": "a", "pattern": [{"regexp": "(.)", "message": 2}]}`), "The property 'message' is set to 2 which is out of range"},
		{"below zero", matchers(`{"owner": "a", "pattern": [{"regexp": "(.)", "message": -1}]}`), "The property 'message' is set to -1 which is out of range"},
		{"bad expression", matchers(`{"owner": "a", "pattern": [{"regexp": "(", "message": 1}]}`), "The regular expression '(' can't be read"},
		{"deep expression", matchers(`{"owner": "a", "pattern": [{"regexp": "` + strings.Repeat("(", 5000) + strings.Repeat(")", 5000) + `", "message": 1}]}`), "The regular expression is too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, err := Parse("f", []byte(c.json))
			switch {
			case c.want == "" && (err != nil || config == nil):
				t.Errorf("got error %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "f")):
				t.Errorf("got error %v, want %q", err, c.want)
			case err != nil && fault.CodeOf(err) != fault.Invalid:
				t.Errorf("got code %v", fault.CodeOf(err))
			}
		})
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	good, large, pipe := filepath.Join(dir, "good"), filepath.Join(dir, "large"), filepath.Join(dir, "pipe")
	for file, text := range map[string]string{
		good:  matchers(`{"owner": "a", "pattern": [{"regexp": "x", "message": 0}]}`),
		large: "{}" + strings.Repeat(" ", maxFile),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(good); err != nil || len(c.Matchers) != 1 {
		t.Errorf("got %v, %v", c, err)
	}
	for file, want := range map[string]string{
		filepath.Join(dir, "none"): "Could not find file",
		large:                      "larger than 1 MiB",
		pipe:                       "no regular file",
		dir:                        "no regular file",
	} {
		if _, err := Load(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", file, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(matchers(`{"owner": "a", "pattern": [{"regexp": "^(.+?)(?<!x)\\s*$", "message": 1}]}`)), []byte("some line"))
	f.Add([]byte("{ // x\n \"problemMatcher\": [/**/ ,]}"), []byte("\x1b[31mred\xff"))
	f.Fuzz(func(t *testing.T, data, text []byte) {
		c, err := Parse("f", data)
		if err != nil {
			return
		}
		for _, d := range c.Matchers {
			for _, p := range d.Patterns {
				p.expression.regexp.MatchTimeout = 1e6 // 1 ms
			}
		}
		r := new(Registry)
		r.Add(c)
		s := r.Scanner(Options{Workspace: t.TempDir()})
		for range 3 {
			s.Match(text)
		}
	})
}
