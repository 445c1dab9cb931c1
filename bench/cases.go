package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// benchCase is one workflow and the bare processes it comes down to.
type benchCase struct {
	name  string
	reach string // the figure to reach, for the reader
	// workflow is the GitHub workflow; woodpecker the same work in Woodpecker's language, "" when it has no word for it.
	workflow   string
	woodpecker string
	args       []string // further flags for slipway
	secrets    int      // how many secrets to mask: slipway only, peers take none the same way
	floor      func(dir string) (int64, error)
}

func cases() []benchCase {
	return []benchCase{
		{name: "one step", reach: "≤ 12 ms", workflow: jobs(1, 1, false), woodpecker: woodpecker(1), floor: bare(1, 1)},
		{name: "100 steps", reach: "≤ 1.15", workflow: jobs(1, 100, false), woodpecker: woodpecker(100), floor: bare(100, 1)},
		{name: "50 jobs", reach: "≤ 1.6", workflow: jobs(50, 1, false), floor: bare(50, 2)},
		{name: "chain of 20", reach: "≤ 1.6", workflow: jobs(20, 1, true), floor: bare(20, 1)},
		{name: "matrix of 100", reach: "≤ 1.6", workflow: matrix(100), floor: bare(100, 2)},
		{name: "million lines", reach: "≤ 3", workflow: lines(), woodpecker: woodpeckerLines(), floor: bareLines},
		{name: "million lines with 50 secrets", reach: "≤ 1.2 × without", workflow: lines(), secrets: 50, floor: bareLines},
	}
}

const head = "on: push\njobs:\n"

// jobs is n jobs of so many steps `true`; chained, each needs the one before.
func jobs(n, steps int, chained bool) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range n {
		fmt.Fprintf(&b, "  job%d:\n    runs-on: ubuntu-latest\n", i)
		if chained && i > 0 {
			fmt.Fprintf(&b, "    needs: job%d\n", i-1)
		}
		b.WriteString("    steps:\n" + strings.Repeat("      - run: 'true'\n", steps))
	}
	return b.String()
}

func matrix(n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	return head + "  leg:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix:\n        n: [" + strings.Join(values, ", ") +
		"]\n    steps:\n      - run: 'true'\n"
}

var producer = "yes " + strings.Repeat("0123456789", 9) + "012345678 | head -n 1000000"

func lines() string {
	return head + "  print:\n    runs-on: ubuntu-latest\n    steps:\n      - run: " + producer + "\n"
}

func woodpecker(steps int) string {
	var b strings.Builder
	b.WriteString("skip_clone: true\nsteps:\n")
	for i := range steps {
		fmt.Fprintf(&b, "  - name: s%d\n    image: bash\n    commands: ['true']\n", i)
	}
	return b.String()
}

func woodpeckerLines() string {
	return "skip_clone: true\nsteps:\n  - name: print\n    image: bash\n    commands: ['" + producer + "']\n"
}

// bare runs n scripts `true` as the workflow would, `bash -e FILE`, so many at a time.
func bare(n, width int) func(string) (int64, error) {
	return func(dir string) (int64, error) {
		script := filepath.Join(dir, "true.sh")
		if err := os.WriteFile(script, []byte("true\n"), 0o644); err != nil {
			return 0, err
		}
		work := make(chan struct{}, n)
		for range n {
			work <- struct{}{}
		}
		close(work)
		errs := make([]error, width)
		var wg sync.WaitGroup
		for i := range width {
			wg.Go(func() {
				for range work {
					if err := exec.Command("bash", "-e", script).Run(); err != nil {
						errs[i] = err
					}
				}
			})
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				return 0, err
			}
		}
		return 0, nil
	}
}

func bareLines(dir string) (int64, error) {
	return 0, exec.Command("bash", "-c", producer+" | cat >"+filepath.Join(dir, "lines")).Run()
}

// prepare lays out a repository for the case and returns the floor, slipway and the peers found.
func (c benchCase) prepare(dir, slipway, peers string) ([]*contender, error) {
	if err := os.MkdirAll(filepath.Join(dir, ".github", "workflows"), 0o755); err != nil {
		return nil, err
	}
	files := map[string]string{".github/workflows/ci.yml": c.workflow, "secrets.env": secrets(c.secrets)}
	if c.woodpecker != "" {
		files[".woodpecker.yml"] = c.woodpecker
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", ".github"}, {"-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "-qm", "bench"}} {
		if _, err := command(dir, nil, append([]string{"git"}, args...)...); err != nil {
			return nil, err
		}
	}
	args := append([]string{slipway, "run", "--on", "ubuntu-latest=host", "--secret-file", "secrets.env"}, c.args...)
	contenders := []*contender{
		{name: "floor", do: func() (int64, error) { return c.floor(dir) }},
		{name: "slipway", do: func() (int64, error) { return command(dir, nil, args...) }},
	}
	if c.secrets > 0 {
		return contenders, nil
	}
	return append(contenders, c.peers(dir, peers)...), nil
}

func (c benchCase) peers(dir, bin string) []*contender {
	home := filepath.Join(dir, "home")
	env := []string{"HOME=" + home, "XDG_CACHE_HOME=" + home, "XDG_CONFIG_HOME=" + home}
	var found []*contender
	add := func(name, program string, args ...string) {
		path := filepath.Join(bin, program)
		if _, err := os.Stat(path); err != nil {
			return
		}
		found = append(found, &contender{name: name, do: func() (int64, error) {
			return command(dir, env, append([]string{path}, args...)...)
		}})
	}
	add("act", "act", "push", "-P", "ubuntu-latest=-self-hosted", "-W", ".github/workflows/ci.yml")
	add("gitea runner", "runner", "exec", "-W", ".github/workflows/ci.yml", "-i", "-self-hosted", "--no-skip-checkout")
	if c.woodpecker != "" {
		add("woodpecker cli", "cli", "exec", "--backend-engine", "local", ".woodpecker.yml")
	}
	return found
}

// secrets is a secret file of n random-looking secrets.
func secrets(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "SECRET_%d=%x-%d-tok\n", i, uint64(i+1)*0x9e3779b97f4a7c15, i*7919)
	}
	return b.String()
}
