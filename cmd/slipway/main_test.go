package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"slipway/internal/executor/sandbox"
	"slipway/internal/testkit"
)

// beMain makes the test binary behave as slipway itself.
const beMain = "SLIPWAY_TEST_BE_MAIN"

func TestMain(m *testing.M) {
	if code, isInit := sandbox.Init(); isInit {
		os.Exit(code)
	}
	if os.Getenv(beMain) != "" {
		main()
		return
	}
	testscript.Main(m, map[string]func(){"slipway": main})
}

// The scripts are what a user types and what comes back, on the real binary
// with real git and bash. `repo` turns the folder into a git repository with one commit.
func TestScripts(t *testing.T) {
	testkit.Need(t, "git", "bash")
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, ".home")
			for name, value := range map[string]string{
				"HOME": home, "XDG_STATE_HOME": filepath.Join(home, "state"), "XDG_CACHE_HOME": filepath.Join(home, "cache"),
				"XDG_CONFIG_HOME": filepath.Join(home, "config"), "GIT_CONFIG_NOSYSTEM": "1", "USER": "someone",
				"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
				"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
			} {
				e.Setenv(name, value)
			}
			return os.MkdirAll(home, 0o755)
		},
		Condition: func(condition string) (bool, error) {
			if condition == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", condition)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"repo": repo, "cmptimeless": cmpTimeless},
	})
}

// repo [DIR]: git init, add, commit.
func repo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: repo [DIR]")
	}
	dir := "."
	if len(args) == 1 {
		dir = args[0]
	}
	for _, command := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "-A", "--", ".", ":!.home"}, {"commit", "-q", "-m", "first"},
	} {
		ts.Check(ts.Exec("git", append([]string{"-C", ts.MkAbs(dir)}, command...)...))
	}
}

var duration = regexp.MustCompile(`\b[0-9.]+(ms|s)\b`)

// cmptimeless FILE: stdout is FILE, but for how long things took (0ms there).
func cmpTimeless(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: cmptimeless FILE")
	}
	got, want := duration.ReplaceAllString(ts.ReadFile("stdout"), "0ms"), ts.ReadFile(args[0])
	if got != want {
		ts.Fatalf("stdout is:\n%s\nwant:\n%s", got, want)
	}
}
