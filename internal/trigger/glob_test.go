package trigger

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestGlob(t *testing.T) {
	// The examples of GitHub's filter pattern cheat sheet, and the corners.
	cases := []struct {
		pattern string
		yes, no []string
	}{
		{"feature/*", []string{"feature/my-branch", "feature/"}, []string{"feature/beta-a/my-branch", "feature"}},
		{"feature/**", []string{"feature/beta-a/my-branch", "feature/x"}, []string{"feature"}},
		{"main", []string{"main"}, []string{"Main", "main2", "amain"}},
		{"*", []string{"main", "releases", ""}, []string{"a/b"}},
		{"**", []string{"all/the/branches", "every/tag", ""}, nil},
		{"*feature", []string{"mona-feature", "feature", "ver-10-feature"}, []string{"x/feature"}},
		{"v2*", []string{"v2", "v2.0", "v2.9"}, []string{"v1"}},
		{"v[12].[0-9]+.[0-9]+", []string{"v1.10.1", "v2.0.0"}, []string{"v3.1.1", "v1..1", "v1.1"}},
		{"*.jsx?", []string{"page.js", "page.jsx"}, []string{"page.jsxx", "a/page.js"}},
		{"**.js", []string{"index.js", "js/index.js", "src/js/app.js"}, []string{"index.jsx"}},
		{"docs/*", []string{"docs/README.md"}, []string{"docs/a/b.md"}},
		{"docs/**/*.md", []string{"docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"}, []string{"docs.md", "xdocs/a.md"}},
		{"**/docs/**", []string{"docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"}, []string{"mydocs/x", "docs"}},
		{"**/README.md", []string{"README.md", "js/README.md"}, []string{"MYREADME.md"}},
		{"**/*src/**", []string{"a/src/app.js", "my-src/code/js/app.js"}, []string{"src2/x"}},
		{"**/*-post.md", []string{"my-post.md", "path/their-post.md"}, nil},
		{"**/migrate-*.sql", []string{"migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"}, nil},
		{"[CB]at", []string{"Cat", "Bat"}, []string{"cat", "at"}},
		{"[1-2]00", []string{"100", "200"}, []string{"300"}},
		{"Octoc?t", []string{"Octot", "Octoct"}, []string{"Octocat"}}, // zero or one of the preceding character
		{"a+b", []string{"ab", "aaab"}, []string{"b", "a+b"}},
		{"a\\+b", []string{"a+b"}, []string{"ab", "aab"}},
		{"\\*", []string{"*"}, []string{"a"}},
		{"+x", []string{"+x"}, []string{"x"}},
		{"?", []string{"?"}, []string{"", "a"}},
		{"[", []string{"["}, []string{""}},
		{"[]", []string{"[]"}, []string{""}},
		{"[a-", []string{"[a-"}, []string{"a"}},
		{"[a-]", []string{"a", "-"}, []string{"b"}},
		{"[\\]x]", []string{"]", "x"}, []string{"\\"}},
		{"a\\", []string{"a\\"}, []string{"a"}},
		{"a?+", []string{"", "a", "aaa"}, []string{"b"}},
		{"*+x", []string{"x", "abx"}, []string{"a/x"}},
		{"[é-ü]", []string{"ö"}, []string{"a"}},
		{"", []string{""}, []string{"a"}},
		{"!x", []string{"!x"}, []string{"x"}}, // `!` means something only to a list of patterns
	}
	for _, c := range cases {
		for _, name := range c.yes {
			if !matchGlob(c.pattern, name) {
				t.Errorf("%q should match %q", c.pattern, name)
			}
		}
		for _, name := range c.no {
			if matchGlob(c.pattern, name) {
				t.Errorf("%q should not match %q", c.pattern, name)
			}
		}
	}
}

// TestGlobIsNotExponential would hang with a backtracking matcher.
func TestGlobIsNotExponential(t *testing.T) {
	if matchGlob(strings.Repeat("**/*a", 500), strings.Repeat("a/a", 500)+"b") {
		t.Error("matched")
	}
}

// FuzzGlob compares the matcher with Go's regexp, given a translation of its own.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"feature/**", "feature/x"}, {"**/README.md", "a/b/README.md"}, {"v[12].[0-9]+.*", "v1.2.3"},
		{"*.jsx?", "a.js"}, {"[a-", "[a-"}, {"a\\", "a\\"}, {"**/**/x+?", "x"}, {"[]a]", "a]"}, {"[z-a]", "b"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) > 60 || len(name) > 60 || !utf8.ValidString(pattern) || !utf8.ValidString(name) {
			t.Skip()
		}
		re, err := regexp.Compile(globRegexp(pattern))
		if err != nil {
			t.Fatalf("translation of %q: %v", pattern, err)
		}
		if got, want := matchGlob(pattern, name), re.MatchString(name); got != want {
			t.Errorf("matchGlob(%q, %q) = %v, %s says %v", pattern, name, got, re, want)
		}
	})
}

var globToken = regexp.MustCompile(`(?s)^(?:(\*\*/)|(\*\*)|(\*)|(\[(?:\\.|[^\]\\])+\])|(\\.)|([?+])|(.))`)

// globRegexp translates a pattern token by token; wholly apart from parseGlob.
func globRegexp(pattern string) string {
	var units []string
	for pattern != "" {
		m := globToken.FindStringSubmatch(pattern)
		pattern = pattern[len(m[0]):]
		switch {
		case m[1] != "":
			units = append(units, "(?:.+/)?")
		case m[2] != "":
			units = append(units, "(?:.*)")
		case m[3] != "":
			units = append(units, "(?:[^/]*)")
		case m[4] != "":
			units = append(units, setRegexp(m[4]))
		case m[5] != "":
			units = append(units, regexp.QuoteMeta(m[5][1:]))
		case m[6] != "" && len(units) > 0:
			units[len(units)-1] = "(?:" + units[len(units)-1] + ")" + m[6]
		default:
			units = append(units, regexp.QuoteMeta(m[0]))
		}
	}
	return `(?s)\A(?:` + strings.Join(units, "") + `)\z`
}

var setMember = regexp.MustCompile(`(?s)^(\\.|[^\\])-(\\.|[^\\])|^(\\.|[^\\])`)

func setRegexp(set string) string {
	var b strings.Builder
	quote := func(s string) string {
		if len(s) > 1 && s[0] == '\\' {
			s = s[1:]
		}
		return `\x{` + strings.ToUpper(hex([]rune(s)[0])) + `}`
	}
	any := false
	for body := set[1 : len(set)-1]; body != ""; {
		m := setMember.FindStringSubmatch(body)
		body = body[len(m[0]):]
		if m[3] != "" {
			b.WriteString(quote(m[3]))
			any = true
			continue
		}
		low, high := quote(m[1]), quote(m[2])
		if []rune(strings.TrimPrefix(m[1], `\`) + "\\")[0] <= []rune(strings.TrimPrefix(m[2], `\`) + "\\")[0] {
			b.WriteString(low + "-" + high)
			any = true
		}
	}
	if !any {
		return `[^\x00-\x{10FFFF}]` // only ranges that hold nothing
	}
	return "[" + b.String() + "]"
}

func hex(r rune) string {
	const digits = "0123456789abcdef"
	s := ""
	for r > 0 {
		s = string(digits[r%16]) + s
		r /= 16
	}
	if s == "" {
		return "0"
	}
	return s
}
