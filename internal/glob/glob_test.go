package glob

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWalkSkipsHiddenFiles(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", ".b", ".c/d", "e/.f", "e/g", "outside/h"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		patterns string
		search   Search
		want     []string
	}{
		{".", Search{}, []string{".b", ".c/d", "a", "e/.f", "e/g", "outside/h"}},
		{".", Search{SkipHidden: true}, []string{"a", "e/g", "outside/h"}},
		{".c", Search{SkipHidden: true}, nil},
		{".c/d", Search{SkipHidden: true}, []string{".c/d"}}, // only what is searched is looked at
		{"**", Search{Within: root + "/e"}, []string{"e/.f", "e/g"}},
		{"**\n!outside\n!e/g", Search{SkipHidden: true}, []string{"a"}},
	} {
		patterns, err := Parse(c.patterns, root, "")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = patterns.Walk(t.Context(), c.search, func(path string) error {
			got = append(got, strings.TrimPrefix(path, root+"/"))
			return nil
		})
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q, %+v: got %q, %v, want %q", c.patterns, c.search, got, err, c.want)
		}
	}
}

func TestSearchPaths(t *testing.T) {
	patterns, err := Parse("a/b/*.go\na/b/c\n/x/[y]/z?\n!d\n~/f", "/w", "/home/me")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/w/a/b", "/x/y", "/home/me/f"}
	if got := patterns.SearchPaths(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The expectations are what minimatch 9 answers.
func TestName(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "a", true}, {"*", ".a", false}, {".*", ".a", true}, {"**", ".a", false}, {"**", "a", true}, {"**/a", "a", true},
		{"a/*", "a", false}, {"a/", "a", false}, {"/a", "a", false}, {"./a", "a", false}, {"?a", ".a", false}, {"[.]a", ".a", true},
		{"[ab]?", "b1", true}, {"**a", "xa", true}, {"a**", "ab", true}, {"***", ".a", false}, {"***", "a", true},
		{"!a*", "b", true}, {"!a*", "ab", false}, {"!!a*", "ab", true}, {"#a", "#a", false}, {"!", "a", true},
		{"{a,b}-*", "b-1", true}, {"{a,b}-*", "c-1", false}, {"{a}", "{a}", true}, {"a{,b}", "a", true}, {"a{,b}", "ab", true},
		{"{a,{b,c}}d", "cd", true}, {"{,.}x", ".x", true}, {"*{.x,y}", ".x", false}, {"a,b", "a,b", true}, {`\{a,b}`, "{a,b}", true},
		{`{a\,b,c}`, "a,b", true}, {"${a,b}", "$a", false}, {"${a,b}", "${a,b}", true}, {"{}", "{}", true}, {"a{}b", "a{}b", true},
		{"{a,b", "{a,b", true}, {"{a,b}}", "a}", true}, {"{{a,b}", "{a", true},
		{"{1..3}", "2", true}, {"{3..1}", "2", true}, {"{-2..2}", "-1", true}, {"{01..10}", "05", true}, {"{a..e..2}", "c", true}, {"{a..e..2}", "b", false},
	} {
		n, err := ParseName(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
		} else if got := n.Match(c.name); got != c.want {
			t.Errorf("%s matches %s: %v, want %v", c.pattern, c.name, got, c.want)
		}
	}
	for pattern, want := range map[string]string{
		"@(a|b)": "write the choices as {a,b}", "x!(a)": "write the choices as {a,b}", "{1..9999}": "too many", strings.Repeat("{a,b}", 40): "too many",
		strings.Repeat("a", maxName+1): "too long",
	} {
		if _, err := ParseName(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20s: got %v, want %s", pattern, err, want)
		}
	}
}

func FuzzName(f *testing.F) {
	for _, seed := range []string{"*{a,b}", "{1..3}{a..z..5}", "!{{,}", "[[:alpha:]-z]", `\{a,b`, "{{a,b},{c,d{e,f}}}"} {
		f.Add(seed, "ab")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		n, err := ParseName(pattern)
		if err != nil {
			return
		}
		turned, err := ParseName("!" + pattern)
		if err == nil && !strings.HasPrefix(pattern, "#") && turned.Match(name) == n.Match(name) {
			t.Errorf("%q and its negation agree on %q", pattern, name)
		}
	})
}
