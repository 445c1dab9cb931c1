// Command bench measures slipway against the bare processes a workflow comes
// down to, and against those peers that are installed, in one run and in turn,
// so that the ratios hold when the machine's speed drifts.
//
//	go run ./bench [-rounds 5] [-only steps] [-peers DIR]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "counted rounds; one more warms up")
	only := flag.String("only", "", "run the cases whose name contains this")
	peers := flag.String("peers", ".bench/bin", "folder with act, runner and cli (see `make peers`)")
	flag.Parse()
	if err := run(*rounds, *only, *peers); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(rounds int, only, peers string) error {
	dir, err := os.MkdirTemp("", "slipway-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	slipway := filepath.Join(dir, "slipway")
	build := exec.Command("go", "build", "-o", slipway, "./cmd/slipway")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is released: no dynamic linker at the start
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build slipway: %w\n%s", err, out)
	}
	if peers, err = filepath.Abs(peers); err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "case\twho\tmedian\tover the floor\treach\tpeak memory\n")
	for _, c := range cases() {
		if !strings.Contains(c.name, only) {
			continue
		}
		contenders, err := c.prepare(filepath.Join(dir, strings.ReplaceAll(c.name, " ", "-")), slipway, peers)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if err := c.measure(table, contenders, rounds); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		table.Flush()
	}
	return nil
}

// contender is one way to do a case's work.
type contender struct {
	name string
	do   func() (peakKiB int64, err error)

	walls []time.Duration
	peak  int64
}

// measure runs the contenders in turn and prints their medians.
func (c benchCase) measure(table *tabwriter.Writer, contenders []*contender, rounds int) error {
	for round := range rounds + 1 {
		for _, p := range contenders {
			start := time.Now()
			peak, err := p.do()
			wall := time.Since(start)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			if round > 0 {
				p.walls = append(p.walls, wall)
				p.peak = max(p.peak, peak)
			}
		}
	}
	floor := median(contenders[0].walls)
	for i, p := range contenders {
		ratio, reach, memory := "", "", ""
		if i > 0 {
			ratio = fmt.Sprintf("%.2f", float64(median(p.walls))/float64(floor))
			memory = fmt.Sprintf("%.1f MiB", float64(p.peak)/1024)
		}
		if i == 1 {
			reach = c.reach
		}
		fmt.Fprintf(table, "%s\t%s\t%.1f ms\t%s\t%s\t%s\n", c.name, p.name, float64(median(p.walls).Microseconds())/1000, ratio, reach, memory)
	}
	return nil
}

func median(d []time.Duration) time.Duration {
	s := slices.Clone(d)
	slices.Sort(s)
	return s[len(s)/2]
}

// command runs a program to its end and returns its peak memory.
func command(dir string, env []string, args ...string) (int64, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := os.CreateTemp(dir, "out-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return 0, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, said[max(0, len(said)-2000):])
	}
	return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss, nil
}
