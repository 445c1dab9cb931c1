package runner

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"slipway/internal/executor"
	"slipway/internal/jobproto"
)

// TestSplitArguments splits as .NET does, which is how GitHub's runner starts programs.
func TestSplitArguments(t *testing.T) {
	for line, want := range map[string][]string{
		"":                          nil,
		"  ":                        nil,
		"-e {0}":                    {"-e", "{0}"},
		" a  b\tc ":                 {"a", "b", "c"},
		`-command ". '{0}'"`:        {"-command", ". '{0}'"},
		`a"b c"d`:                   {"ab cd"},
		`"" x`:                      {"", "x"},
		`'a b'`:                     {"'a", "b'"},
		`a\b`:                       {`a\b`},
		`"a\"b"`:                    {`a"b`},
		`"a\\" b`:                   {`a\`, "b"},
		`"a""b"`:                    {`a"b`},
		`"never closed`:             {"never closed"},
		`--norc -eo pipefail {0}`:   {"--norc", "-eo", "pipefail", "{0}"},
		"C:\\dir\\\\ x":             {`C:\dir\\`, "x"},
		`perl -e "print \"x y\"" 1`: {"perl", "-e", `print "x y"`, "1"},
	} {
		if got := splitArguments(line); !slices.Equal(got, want) {
			t.Errorf("splitArguments(%q) = %q, want %q", line, got, want)
		}
	}
}

func FuzzSplitArguments(f *testing.F) {
	f.Add(`a "b c" \" d`)
	f.Fuzz(func(t *testing.T, line string) {
		for _, arg := range splitArguments(line) {
			if len(arg) > len(line) {
				t.Errorf("%q is longer than the line %q", arg, line)
			}
		}
	})
}

// TestShellContents is what goes into the script file of PowerShell.
func TestShellContents(t *testing.T) {
	pwsh := shell{name: "pwsh"}
	want := "$ErrorActionPreference = 'stop'\nls\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }"
	if got := pwsh.contents("ls"); got != want {
		t.Errorf("%q", got)
	}
	if got := (shell{name: "bash"}).contents("ls\r\n"); got != "ls\r\n" {
		t.Errorf("%q", got)
	}
	command := shell{name: "pwsh", program: "/bin/pwsh", args: builtinShell("pwsh").args}.command("/a b/c.ps1")
	if !slices.Equal(command, []string{"/bin/pwsh", "-command", ". '/a b/c.ps1'"}) {
		t.Errorf("%q", command)
	}
}

// TestWorst merges conclusions as TaskResultUtil does.
func TestWorst(t *testing.T) {
	const s, f, c, k = jobproto.Success, jobproto.Failure, jobproto.Cancelled, jobproto.Skipped
	for _, test := range [][3]jobproto.Conclusion{
		{s, s, s}, {s, f, f}, {s, c, c}, {s, k, k}, {f, s, f}, {f, f, f}, {f, c, c},
		{c, s, c}, {c, f, c}, {c, k, c}, {k, f, k},
	} {
		if got := worst(test[0], test[1]); got != test[2] {
			t.Errorf("worst(%s, %s) = %s, want %s", test[0], test[1], got, test[2])
		}
	}
}

// TestEnvListModel compares envList and its copies with maps.
func TestEnvListModel(t *testing.T) {
	key := rapid.SampledFrom([]string{"A", "B", "C", "PATH", "", "X=Y", "N\x00"})
	value := rapid.SampledFrom([]string{"", "1", "a=b", "x\x00y", "long value"})
	rapid.Check(t, func(t *rapid.T) {
		type listAndModel struct {
			list  *envList
			model map[string]string
		}
		base := listAndModel{newEnvList(4), map[string]string{}}
		set := func(l listAndModel) {
			k, v := key.Draw(t, "key"), value.Draw(t, "value")
			l.list.set(k, v)
			if k != "" && !strings.ContainsAny(k, "=\x00") {
				l.model[k], _, _ = strings.Cut(v, "\x00")
			}
		}
		for range rapid.IntRange(0, 10).Draw(t, "base") {
			set(base)
		}
		all := []listAndModel{base}
		for range rapid.IntRange(0, 3).Draw(t, "copies") {
			c := listAndModel{base.list.copyOf(2), maps.Clone(base.model)}
			for range rapid.IntRange(0, 10).Draw(t, "sets") {
				set(c)
			}
			all = append(all, c)
		}
		for _, l := range all {
			got := map[string]string{}
			for _, entry := range l.list.list {
				k, v, _ := strings.Cut(entry, "=")
				if _, twice := got[k]; twice {
					t.Fatalf("%s is there twice: %q", k, l.list.list)
				}
				got[k] = v
				if l.list.get(k) != v || !l.list.has(k) {
					t.Fatalf("get(%q) = %q, want %q", k, l.list.get(k), v)
				}
			}
			if !maps.Equal(got, l.model) {
				t.Fatalf("%q, want %q", got, l.model)
			}
		}
	})
}

// TestEnvironForkModel checks that a fork's changes, merged, are as if they had
// been made to the original, and not seen before.
func TestEnvironForkModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newOutside(map[string]string{"PATH": "/bin"}, nil)
		real, model := newEnviron(o), newEnviron(o)
		change := func(es ...*environ) {
			k := rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "key")
			isPath := rapid.Bool().Draw(t, "path")
			for _, e := range es {
				if isPath {
					e.addPath("/" + k)
				} else {
					e.set(k, rapid.StringMatching("[a-z]{0,2}").Draw(t, "value"))
				}
			}
		}
		same := func(a, b *environ) bool {
			return slices.Equal(a.commandEnv(nil, 0).list, b.commandEnv(nil, 0).list)
		}
		for range rapid.IntRange(0, 4).Draw(t, "before") {
			change(real)
		}
		for _, k := range real.keys {
			model.set(k, real.vars[k])
		}
		for _, p := range real.paths {
			model.addPath(p)
		}
		fork := real.forked()
		replay := model.forked()
		for range rapid.IntRange(0, 6).Draw(t, "in the fork") {
			k := rapid.SampledFrom([]string{"A", "B", "D"}).Draw(t, "key")
			if rapid.Bool().Draw(t, "path") {
				fork.addPath("/" + k)
				replay.addPath("/" + k)
			} else {
				v := rapid.StringMatching("[a-z]{0,2}").Draw(t, "value")
				fork.set(k, v)
				replay.set(k, v)
			}
		}
		if !same(real, model) {
			t.Fatal("the fork shows before it is merged")
		}
		real.merge(fork)
		if !same(real, replay) {
			t.Fatalf("%q, want %q", real.commandEnv(nil, 0).list, replay.commandEnv(nil, 0).list)
		}
	})
}

// TestEnvironLayers is who wins over whom.
func TestEnvironLayers(t *testing.T) {
	o := newOutside(map[string]string{"PATH": "/bin", "HOME": "/home", "GITHUB_SHA": "place"}, []pair{{"GITHUB_SHA", "fixed"}, {"GITHUB_ACTION", ""}})
	e := newEnviron(o)
	e.set("A", "shared")
	e.set("GITHUB_SHA", "shared")
	e.addPath("/one")
	e.addPath("/two")
	e.addPath("/one") // again: it moves to the front
	list := e.commandEnv([]pair{{"A", "step"}, {"GITHUB_SHA", "step"}, {"GITHUB_MINE", "step"}, {"PATH", "/step"}}, 1)
	for key, want := range map[string]string{
		"A": "step", "GITHUB_SHA": "fixed", "GITHUB_MINE": "step", "PATH": "/one:/two:/step", "HOME": "/home", "CI": "true",
	} {
		if got := list.get(key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	if got := e.commandEnv(nil, 0).get("PATH"); got != "/one:/two:/bin" {
		t.Errorf("PATH = %q", got)
	}
	if got := e.searchPath(); got != "/one:/two:/bin" {
		t.Errorf("searchPath() = %q", got)
	}
}

// TestPaths translates between the two names of a file.
func TestPaths(t *testing.T) {
	p := paths(executor.Dirs{
		Host:  executor.Layout{Workspace: "/host/work", Temp: "/host/temp", Home: "/host/home", Actions: "/host/work/actions"},
		Inner: executor.Layout{Workspace: "/w", Temp: "/t", Home: "/h", Actions: "/a"},
	})
	for inner, host := range map[string]string{
		"/w": "/host/work", "/w/x/y": "/host/work/x/y", "/wx": "/wx", "/t/a": "/host/temp/a", "/a/b": "/host/work/actions/b", "/etc": "/etc", "": "",
	} {
		if got := p.host(inner); got != host {
			t.Errorf("host(%q) = %q, want %q", inner, got, host)
		}
		if got := p.inner(host); got != inner {
			t.Errorf("inner(%q) = %q, want %q", host, got, inner)
		}
	}
}

// TestScratch uses a file again only if it is still what it was.
func TestScratch(t *testing.T) {
	dir := t.TempDir()
	s := newScratch(dir, "/inner")
	again := func(spoil func(file string)) bool {
		t.Helper()
		f, err := s.take("use", ".sh")
		if err != nil {
			t.Fatal(err)
		}
		spoil(filepath.Join(dir, f.name))
		if st, ok := s.stat(f); ok {
			s.giveBack(f, &st)
		}
		next, err := s.take("use", ".sh")
		if err != nil {
			t.Fatal(err)
		}
		return next == f
	}
	if !again(func(string) {}) {
		t.Error("an untouched file is not used again")
	}
	for name, spoil := range map[string]func(string) error{
		"removed":  os.Remove,
		"locked":   func(f string) error { return os.Chmod(f, 0) },
		"linked":   func(f string) error { return os.Link(f, f+".link") },
		"a link":   func(f string) error { os.Rename(f, f+".moved"); return os.Symlink(f+".moved", f) },
		"a folder": func(f string) error { os.Remove(f); return os.Mkdir(f, 0o755) },
	} {
		if again(func(f string) {
			if err := spoil(f); err != nil {
				t.Fatal(err)
			}
		}) {
			t.Errorf("a file that was %s is used again", name)
		}
	}
	f, err := s.take("use", ".sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"long content", "short", ""} {
		if err := s.write(f, content); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, f.name)); err != nil || string(got) != content {
			t.Errorf("%q, %v, want %q", got, err, content)
		}
	}
	if st, ok := s.stat(f); !ok || st.Mode != syscall.S_IFREG|0o644 {
		t.Errorf("mode %o", st.Mode)
	}
}

// TestCompareVersions orders versions by their numbers.
func TestCompareVersions(t *testing.T) {
	versions := []string{"20.1.0", "9.0.0", "20.10.0", "20.9.3", "20"}
	slices.SortFunc(versions, compareVersions)
	if want := []string{"9.0.0", "20", "20.1.0", "20.9.3", "20.10.0"}; !slices.Equal(versions, want) {
		t.Errorf("%q", versions)
	}
}
