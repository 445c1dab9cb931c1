package matcher

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/jobproto"
)

// bench of one step: a registry, a scanner and what they said.
type step struct {
	t        *testing.T
	registry *Registry
	scanner  *Scanner
	debug    []string
	warnings []string
}

func newStep(t *testing.T, o Options, definitions ...string) *step {
	s := &step{t: t, registry: new(Registry)}
	s.add(definitions...)
	o.Debug = func(m string) { s.debug = append(s.debug, m) }
	o.Warn = func(m string) { s.warnings = append(s.warnings, m) }
	s.scanner = s.registry.Scanner(o)
	return s
}

func (s *step) add(definitions ...string) {
	s.t.Helper()
	c, err := Parse("test", []byte(matchers(definitions...)))
	if err != nil {
		s.t.Fatal(err)
	}
	s.registry.Add(c)
}

// show renders an annotation as "level file:line:column message".
func show(a jobproto.Annotation) string {
	return fmt.Sprintf("%s %s:%d:%d %s", a.Level, a.File, a.Line, a.Column, a.Message)
}

// run prints lines; the result has one entry for each: what was found, or "-".
func (s *step) run(lines ...string) []string {
	var out []string
	for _, line := range lines {
		if a, _, ok := s.scanner.Match([]byte(line)); ok {
			out = append(out, show(a))
		} else {
			out = append(out, "-")
		}
	}
	return out
}

// owned is a definition.
func owned(owner, rest string) string { return `{"owner": "` + owner + `", ` + rest + `}` }

func simple(owner, regexp string) string {
	return owned(owner, `"pattern": [{"regexp": "`+regexp+`", "message": 1}]`)
}

func TestMatching(t *testing.T) {
	const fileAndError = `"pattern": [{"regexp": "^(ERROR)?(?: )?(.+):$", "severity": 1, "line": 2}, {"regexp": "^(.+)$", "message": 1}]`
	for _, c := range []struct {
		name       string
		definition string
		lines      string // "line => found"
	}{
		{"one pattern", `"pattern": [{"regexp": "^line:(.+) column:(.+) code:(.+) severity:(.+) message:(.+)$", "line": 1, "column": 2, "code": 3, "severity": 4, "message": 5}]`, `
			line:123 column:45 code:x severity:warning message:not working => warning :123:45 not working
			line:123 column:45 code:x severity:Notice message:not working => notice :123:45 not working
			something else => -`},
		{"default severity", `"severity": "warning", "pattern": [{"regexp": "^(ERROR|)/(.+)$", "severity": 1, "message": 2}]`, `
			/not working => warning :0:0 not working
			ERROR/not working => error :0:0 not working`},
		{"default severity notice", `"severity": "notice", "pattern": [{"regexp": "^(.+)$", "message": 1}]`, `
			just a notice => notice :0:0 just a notice`},
		{"default severity of several patterns", `"severity": "warning", ` + fileAndError, `
			7: => -
			not working => warning :7:0 not working
			ERROR 8: => -
			not working => error :8:0 not working`},
		{"several patterns", `"pattern": [{"regexp": "^s:(.+)$", "severity": 1}, {"regexp": "^l:(.+)$", "line": 1}, {"regexp": "^m:(.+)$", "message": 1}]`, `
			s:notice => -
			l:7 => -
			m:not working => notice :7:0 not working
			m:not working => -
			s:notice => -
			m:not next => -
			l:7 => -
			m:also not => -`},
		{"state of each line", `"pattern": [{"regexp": "^(.+)$", "line": 1}, {"regexp": "^(.+)$", "column": 1}, {"regexp": "^m:(.+)$", "message": 1}]`, `
			1 => -
			10 => -
			m:one => error :1:10 one
			abc => -
			2 => -
			20 => -
			m:two => error :2:20 two
			abc => -
			abc => -
			3 => -
			30 => -
			m:three => error :3:30 three
			m:three => -`},
		{"a match clears the state", `"pattern": [{"regexp": "^(.+)$", "line": 1}, {"regexp": "^(.+)$", "column": 1}, {"regexp": "^(.+)$", "message": 1}]`, `
			1 => -
			10 => -
			first => error :1:10 first
			2 => -
			20 => -
			second => error :2:20 second`},
		{"loop", `"pattern": [{"regexp": "^s:(.+)$", "severity": 1}, {"regexp": "^m:(.+) l:(.+)$", "message": 1, "line": 2, "loop": true}]`, `
			s:warning => -
			m:one l:1 => warning :1:0 one
			m:two l:2 => warning :2:0 two
			regular => -
			m:three l:3 => -`},
		{"loop keeps state", `"pattern": [{"regexp": "^(.+)$", "line": 1}, {"regexp": "^(.+)$", "column": 1}, {"regexp": "^m:(.+)$", "message": 1, "loop": true}]`, `
			1 => -
			10 => -
			m:one => error :1:10 one
			m:one-2 => error :1:10 one-2
			abc => -
			2 => -
			20 => -
			m:two => error :2:20 two`},
		{"a broken loop clears the state", `"pattern": [{"regexp": "^(.+)$", "line": 1}, {"regexp": "^(.+)$", "column": 1}, {"regexp": "^m?:?(\\d+)$", "message": 1, "loop": true}]`, `
			1 => -
			10 => -
			m:100 => error :1:10 100
			m:101 => error :1:10 101
			other => -
			5 => -
			m:102 => error :0:5 102`},
		{"empty message", `"pattern": [{"regexp": "^x(.*)$", "message": 1}]`, "x => -\nx  => -\nx y => error :0:0  y"},
		{"unknown severity", `"pattern": [{"regexp": "^(.*): (.+)", "severity": 1, "message": 2}]`, `
			ERRor: real bad => error :0:0 real bad
			WARNing: not great => warning :0:0 not great
			info: hey => -
			: not working => error :0:0 not working`},
		{"numbers", `"pattern": [{"regexp": "\\((.+),(.+)\\): (.+)", "line": 1, "column": 2, "message": 3}]`, `
			(12,34): real bad => error :12:34 real bad
			(12,thirty-four): it is broken => error :12:0 it is broken
			(twelve,34): not working => error :0:34 not working
			(-1,+3): signs => error :0:0 signs
			(99999999999,1): too large => error :0:1 too large`},
		{"look behind", `"pattern": [{"regexp": "^([^\\s].*)\\((\\d+)\\): (error|warning) ([a-zA-Z]+(?<!MSB)\\d+): (.*)$", "line": 2, "severity": 3, "message": 5}]`, `
			a.cs(5): error CS0103: no name => error :5:0 no name
			a.cs(5): error MSB4018: no name => -`},
		{"look ahead and back", `"pattern": [{"regexp": "^(?!skip)(a|b)\\1: (.+)$", "message": 2}]`, `
			aa: yes => error :0:0 yes
			ab: no => -`},
		{"ECMAScript classes", `"pattern": [{"regexp": "^\\w+\\s\\d+: (.+)$", "message": 1}]`, `
			abc 12: yes => error :0:0 yes
			äbc 12: no => -`},
		{"bytes that are no UTF-8", `"pattern": [{"regexp": "^E (.+)$", "message": 1}]`, "E a\xffb => error :0:0 a\uFFFDb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStep(t, Options{}, owned("m", c.definition))
			for pair := range strings.SplitSeq(strings.TrimSpace(c.lines), "\n") {
				line, want, _ := strings.Cut(strings.TrimLeft(pair, "\t"), " => ")
				if got := s.run(line)[0]; got != want {
					t.Errorf("%q: got %q, want %q", line, got, want)
				}
			}
		})
	}
}

func TestColours(t *testing.T) {
	s := newStep(t, Options{}, simple("a", "^the error: (.+)$"), simple("b", `^\\u001b\\[31mraw (.+)$`))
	a, log, ok := s.scanner.Match([]byte("the error: \x1b[31mred, \x1b[1;31mbright red, \x1b[mreset\x1b["))
	if !ok || a.Message != "red, bright red, reset" || log != "##[error]the error: red, bright red, reset" {
		t.Errorf("got %q, log %q, %v", a.Message, log, ok)
	}
	if got := s.run("\x1b[31mraw one")[0]; got != "error :0:0 one" {
		t.Errorf("a pattern that speaks of colours: got %q", got)
	}
}

func TestAddAndRemove(t *testing.T) {
	equal := func(t *testing.T, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	t.Run("none", func(t *testing.T) {
		s := (*Registry).Scanner(new(Registry), Options{})
		if s.Active() {
			t.Error("active without matchers")
		}
		if _, _, ok := s.Match([]byte("x")); ok {
			t.Error("a match without matchers")
		}
	})
	t.Run("the same owner replaces", func(t *testing.T) {
		s := newStep(t, Options{}, simple("my-matcher-1", "ERROR: (.+)"), simple("my-matcher-2", "NOT GOOD: (.+)"))
		equal(t, s.run("ERROR: 1", "NOT GOOD: 2"), "error :0:0 1", "error :0:0 2")
		s.add(simple("MY-matcher-1", "ERROR: (.+) END"))
		equal(t, s.run("ERROR: 3 END", "ERROR: 4", "NOT GOOD: 5"), "error :0:0 3", "-", "error :0:0 5")
	})
	t.Run("new ones come first", func(t *testing.T) {
		s := newStep(t, Options{}, simple("my-matcher-1", "ERROR: (.+)"))
		s.add(simple("new", "ERROR: (.+) END"))
		equal(t, s.run("ERROR: 3 END", "ERROR: 4"), "error :0:0 3", "error :0:0 4")
	})
	t.Run("remove", func(t *testing.T) {
		s := newStep(t, Options{}, simple("my-matcher-1", "ERROR: (.+)"), simple("my-matcher-2", "NOT GOOD: (.+)"))
		if got := s.registry.Remove("MY-MATCHER-1", "other"); got != "Removed matchers: 'my-matcher-1'" {
			t.Errorf("got %q", got)
		}
		equal(t, s.run("ERROR: 3", "NOT GOOD: 4"), "-", "error :0:0 4")
		s.registry.Remove("my-matcher-2")
		if s.scanner.Active() {
			t.Error("active without matchers")
		}
	})
	t.Run("a change leaves the state of others", func(t *testing.T) {
		s := newStep(t, Options{}, owned("m", `"pattern": [{"regexp": "Start", "line": 0}, {"regexp": "Error: (.+)", "message": 1}]`))
		equal(t, s.run("", "", "Start"), "-", "-", "-")
		s.add(owned("longer", `"pattern": [{"regexp": "1"}, {"regexp": "2"}, {"regexp": "3"}, {"regexp": "4(.)", "message": 1}]`))
		equal(t, s.run("Error: y"), "error :0:0 y")
		equal(t, s.run("1", "2", "3", "4!"), "-", "-", "-", "error :0:0 !")
	})
	t.Run("each step has its own state", func(t *testing.T) {
		s := newStep(t, Options{}, owned("m", `"pattern": [{"regexp": "Start"}, {"regexp": "Error: (.+)", "message": 1}]`))
		equal(t, s.run("Start"), "-")
		if _, _, ok := s.registry.Scanner(Options{}).Match([]byte("Error: x")); ok {
			t.Error("another step's state")
		}
		equal(t, s.run("Error: y"), "error :0:0 y")
	})
	t.Run("a match resets other matchers", func(t *testing.T) {
		s := newStep(t, Options{},
			owned("my-matcher-1", `"pattern": [{"regexp": "Matches both line 1: .+"}, {"regexp": "Matches 1 only line 2: (.+)", "message": 1}]`),
			owned("my-matcher-2", `"pattern": [{"regexp": "Matches both line 1: (.+)"}, {"regexp": "(.+)", "message": 1}]`))
		equal(t, s.run("Matches both line 1: hello", "Matches 1 only line 2: it broke", "regular 1", "regular 2",
			"Matches both line 1: hello again", "oh no, another error"),
			"-", "error :0:0 it broke", "-", "-", "-", "error :0:0 oh no, another error")
	})
}

func TestTimeout(t *testing.T) {
	const email = `^(([a-z]|\\d|[!#$%&'*+/=?^_{|}~-])+(\\.([a-z]|\\d)+)*)@((([a-z]|\\d)|(([a-z]|\\d)([a-z]|\\d|-|\\.|_|~)*([a-z]|\\d)))\\.)+(([a-z])|(([a-z])([a-z]|\\d|-|\\.|_|~)*([a-z])))\\.?$`
	s := newStep(t, Options{}, owned("email", `"pattern": [{"regexp": "`+email+`", "message": 0}]`), simple("err", "ERR: (.+)"))
	(*s.registry.list.Load())[0].Patterns[0].expression.regexp.MatchTimeout = 10 * time.Millisecond
	slow := "t@" + strings.Repeat("t.", 45) + "c%20"
	got := s.run("john.doe@contoso.com", slow, "jane.doe@contoso.com", "ERR: this error")
	want := []string{"error :0:0 john.doe@contoso.com", "-", "-", "error :0:0 this error"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(s.debug) != 2 || len(s.warnings) != 1 || !strings.HasPrefix(s.warnings[0], "Removing issue matcher 'email'. Matcher failed 3 times.") {
		t.Errorf("debug %q, warnings %q", s.debug, s.warnings)
	}
	// Registering others does not bring it back.
	s.add(simple("third", "THIRD: (.+)"))
	if got := s.run("jane.doe@contoso.com")[0]; got != "-" {
		t.Errorf("the removed matcher is back: %q", got)
	}
}

func TestFiles(t *testing.T) {
	workspace := t.TempDir()
	for _, name := range []string{"a.txt", "sub/b.txt", "other/c.txt", "sub/dir/d.txt"} {
		name = filepath.Join(workspace, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const pattern = `"pattern": [{"regexp": "^(.+): (.+?)(?: \\[(.+)\\])?$", "file": 1, "message": 2, "fromPath": 3}]`
	outside := filepath.Join(t.TempDir(), "x.txt")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, definition, line, file, debug string }{
		{"relative", pattern, "a.txt: m", "a.txt", ""},
		{"absolute", pattern, workspace + "/sub/../sub//b.txt: m", "sub/b.txt", ""},
		{"as seen in a container", pattern, "/inner/sub/b.txt: m", "sub/b.txt", ""},
		{"relative to another", pattern, "b.txt: m [sub/x.proj]", "sub/b.txt", ""},
		{"relative to another, absolute", pattern, "dir/d.txt: m [" + workspace + "/sub/x.proj]", "sub/dir/d.txt", ""},
		{"relative to one beside it", pattern, "a.txt: m [x.proj]", "a.txt", ""},
		{"relative to the default", `"fromPath": "sub/x.proj", ` + pattern, "dir/d.txt: m", "sub/dir/d.txt", ""},
		{"missing", pattern, "none.txt: m", "", "Path does not exist"},
		{"a folder", pattern, "sub: m", "", "Path does not exist"},
		{"outside", pattern, outside + ": m", "", "Path is not under the workflow repo."},
		{"way out", pattern, "../../etc/passwd: m", "", "Dropping file value"},
		{"blank", pattern, " : m", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStep(t, Options{Workspace: workspace, HostPath: func(inner string) string {
				if rest, ok := strings.CutPrefix(inner, "/inner"); ok {
					return workspace + rest
				}
				return inner
			}}, owned("m", c.definition))
			a, _, ok := s.scanner.Match([]byte(c.line))
			if !ok || a.File != c.file {
				t.Errorf("got %q, %v, want %q", a.File, ok, c.file)
			}
			if said := strings.Join(s.debug, "\n"); (said == "") != (c.debug == "") || !strings.Contains(said, c.debug) {
				t.Errorf("debug %q, want %q", said, c.debug)
			}
		})
	}
	t.Run("another root", func(t *testing.T) {
		root := ""
		s := newStep(t, Options{Workspace: workspace, Root: func(string) string { return root }}, owned("m", pattern))
		for _, c := range []struct{ root, want string }{
			{filepath.Join(workspace, "sub"), "dir/d.txt"}, {filepath.Join(workspace, "other"), ""}, {"", ""},
		} {
			root = c.root
			if a, _, _ := s.scanner.Match([]byte("sub/dir/d.txt: m")); a.File != c.want {
				t.Errorf("root %q: got %q, want %q", c.root, a.File, c.want)
			}
		}
	})
}

func TestPossible(t *testing.T) {
	for _, c := range []struct {
		pattern  string
		literals string
		yes, no  string // lines, "|" between
	}{
		{`^(.+)$`, "", "|x", ""},
		{`^ERROR: (.+)$`, "ERROR: ", "ERROR: x|x ERROR: ", "|ERROR x"},
		{`a|b`, "", "c", ""},
		{`(abc)+x?`, "abc", "abc", "ab"},
		{`(?i)abc`, "", "x", ""},
		{`(abcd)*ef`, "ef", "ef", "abcd"},
		{`(?:ab){2,3}c`, "ab c", "ababc", "cab"},
		{`\((\d+),(\d+)\): warning`, "( , ): warning", "(1,2): warning", ",(): warning"},
		{`(?<!x)abc`, "", "x", ""}, // Go's parser doesn't know it
		{`^\s+(\d+)x`, "x", " 1x|\v1x|éx", "1x|x"},
		{`^([^\s].*)$`, "", "x|é|\t", "| x"},
		{`^[ab]?c`, "c", "c|dc", "d"},
		{`\d+`, "", "x", ""},
	} {
		e, err := compile(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(bytes.Join(e.literals, []byte(" "))); got != c.literals {
			t.Errorf("%s: literals %q, want %q", c.pattern, got, c.literals)
		}
		for i, lines := range []string{c.yes, c.no} {
			if lines == "" && i == 1 {
				continue
			}
			for line := range strings.SplitSeq(lines, "|") {
				if got := e.possible([]byte(line)); got != (i == 0) {
					t.Errorf("%s: possible(%q) = %v", c.pattern, line, got)
				}
			}
		}
	}
}

// BenchmarkMatch is the cost of a line of 100 bytes with the matchers that
// actions/setup-node registers.
func BenchmarkMatch(b *testing.B) {
	r := new(Registry)
	c, err := Parse("bench", []byte(matchers(
		owned("tsc", `"pattern": [{"regexp": "^(?:\\s+\\d+\\>)?([^\\s].*)\\((\\d+),(\\d+)\\)\\s*:\\s+(error|warning|info)\\s+(\\w{1,2}\\d+)\\s*:\\s*(.*)$", "file": 1, "line": 2, "column": 3, "severity": 4, "code": 5, "message": 6}]`),
		owned("eslint-stylish", `"pattern": [{"regexp": "^([^\\s].*)$", "file": 1}, {"regexp": "^\\s+(\\d+):(\\d+)\\s+(error|warning|info)\\s+(.*)\\s\\s+(.*)$", "line": 1, "column": 2, "severity": 3, "message": 4, "code": 5, "loop": true}]`),
		owned("eslint-compact", `"pattern": [{"regexp": "^(.+):\\sline\\s(\\d+),\\scol\\s(\\d+),\\s(Error|Warning|Info)\\s-\\s(.+)\\s\\((.+)\\)$", "file": 1, "line": 2, "column": 3, "severity": 4, "message": 5, "code": 6}]`))))
	if err != nil {
		b.Fatal(err)
	}
	r.Add(c)
	s := r.Scanner(Options{Workspace: b.TempDir()})
	line := fmt.Appendf(nil, "%-99.99s", "2026-11-21T12:00:00Z INFO  worker-1 handled request 00001234 path=/api/v1/users/7 status=200")
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := s.Match(line); ok {
			b.Fatal("a match")
		}
	}
}
