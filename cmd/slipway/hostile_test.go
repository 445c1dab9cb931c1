package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"slipway/internal/testkit"
)

// one is a workflow of one job with these steps, as YAML.
func one(steps string) string {
	return "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n" + steps
}

// What a step may do must neither crash nor hang the run, nor leave anything behind.
func TestHostileSteps(t *testing.T) {
	for _, c := range []struct {
		name, steps string
		code        int
		says        string
	}{
		{"a line of ten megabytes", "      - run: head -c 10000000 /dev/zero | tr '\\0' x; echo; echo end\n", 0, "|   end"},
		{"NUL bytes and broken UTF-8", `      - run: "printf 'a\\000b\\377\\n'"` + "\n", 0, "a\x00b\xff"},
		{"a million lines", "      - run: yes | head -n 1000000; echo end\n", 0, "|   end"},
		{"forks and exits with the pipe in hand", "      - run: (setsid sleep 1000 &) ; echo forked\n      - run: echo next\n", 0, "|   next"},
		{"fills a pipe nobody reads", "      - run: yes > >(sleep 0) || true; echo end\n", 0, "end"},
		{"kills its own shell", "      - run: kill -9 $$\n", 1, "137"},
		{"a workflow command without an end", "      - run: 'echo \"::error file=a,line=x::%0A%zz\"; echo \"::::\"; echo \"::stop-commands::\"'\n", 1, ""},
		{"a huge output", "      - run: head -c 20000000 /dev/zero | tr '\\0' x | sed 's/^/v=/' >> $GITHUB_OUTPUT\n      - run: echo next\n        if: always()\n", -1, "next"},
		{"removes its workspace", "      - run: rm -rf $GITHUB_WORKSPACE $RUNNER_TEMP; echo gone\n      - run: echo next\n        working-directory: /\n", -1, "gone"},
		{"replaces its files with folders and links", "      - run: rm $GITHUB_ENV $GITHUB_OUTPUT; mkdir $GITHUB_ENV; ln -s /dev/zero $GITHUB_OUTPUT; echo done\n", 1, "done"},
		{"a link out of the workspace", "      - run: ln -s $MARK/precious link; mkdir sub; ln -s $MARK sub/all; chmod 000 sub\n", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t, one(c.steps))
			s.write("precious/file", "keep me")
			out, code := s.run()
			if c.code >= 0 && code != c.code || code > 1 || code < 0 {
				t.Errorf("exit code %d, want %d:\n%.2000s", code, c.code, out)
			}
			if !strings.Contains(out, c.says) {
				t.Errorf("no %q in:\n%.2000s", c.says, out)
			}
			if !s.exists("precious/file") {
				t.Error("a file outside the workspace is gone")
			}
			s.clean()
		})
	}
}

func TestFullDisk(t *testing.T) {
	s := newScene(t, one("      - run: head -c 100000000 /dev/zero > big || echo full\n      - run: echo more\n"))
	state := filepath.Join(s.dir, ".state")
	if err := os.Mkdir(state, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", state, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("skipped: mounting a small file system needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(state, 0); err != nil {
			t.Error(err)
		}
	})
	out, code := s.run()
	if code != 1 && code != 0 || !strings.Contains(out, "full") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	s.clean()
	if out, code := newRunIn(s); code != 0 {
		t.Errorf("the next run, with room again: exit code %d:\n%s", code, out)
	}
}

func newRunIn(s scene) (string, int) {
	s.write(".github/workflows/ci.yml", one("      - run: 'true'\n"))
	return s.run()
}

func TestLargeWorkflows(t *testing.T) {
	testkit.Need(t, "bash")
	var legs strings.Builder
	for i := range 256 {
		fmt.Fprintf(&legs, "%d, ", i)
	}
	matrix := "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    strategy: {matrix: {n: [" + legs.String() + "]}}\n    steps: [{run: 'true'}]\n"
	s := newScene(t, matrix)
	if out, code := s.run(); code != 0 || !strings.Contains(out, "256 passed") {
		t.Errorf("a matrix of 256: exit code %d:\n%.2000s", code, out)
	}
	s.clean()

	s = newScene(t, strings.Replace(matrix, "255, ", "255, 256", 1))
	if out, code := s.run(); code != 1 || !strings.Contains(out, "256") {
		t.Errorf("a matrix of 257: exit code %d:\n%.2000s", code, out)
	}

	s = newScene(t, one("      - run: 'true'\n")+"# "+strings.Repeat("x", 1<<20))
	if _, code := s.run(); code != 2 {
		t.Errorf("a workflow over 1 MiB: exit code %d, want 2", code)
	}
}
