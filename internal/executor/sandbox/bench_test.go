package sandbox

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"slipway/internal/executor"
	"slipway/internal/executor/host"
)

// BenchmarkJob is a job of one command, on the host and in a sandbox.
func BenchmarkJob(b *testing.B) {
	for _, kind := range []struct {
		name string
		open func(root string) (executor.Executor, error)
	}{
		{"host", func(root string) (executor.Executor, error) { return host.New(host.Options{Root: root}) }},
		{"sandbox", func(root string) (executor.Executor, error) { return New(Options{Root: root}) }},
		{"sandbox without tools", func(root string) (executor.Executor, error) { return New(Options{Root: root, Tools: []string{}}) }},
	} {
		b.Run(kind.name, func(b *testing.B) {
			root := filepath.Join(b.TempDir(), "state")
			var times []float64
			for b.Loop() {
				begun := b.Elapsed()
				ex, err := kind.open(root) // one process, one job
				if err != nil {
					b.Fatal(err)
				}
				oneJob(b, ex)
				if err := ex.Close(); err != nil {
					b.Fatal(err)
				}
				times = append(times, float64((b.Elapsed()-begun).Microseconds())/1000)
			}
			slices.Sort(times)
			b.ReportMetric(times[0], "ms-least")
			b.ReportMetric(times[len(times)/2], "ms-median")
		})
	}
}

func oneJob(b *testing.B, ex executor.Executor) {
	p, err := ex.Prepare(b.Context(), executor.Spec{Job: "job", Repo: "octo-org/hello"})
	if err != nil {
		b.Fatal(err)
	}
	runIn(b, p)
	if err := p.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func runIn(b *testing.B, p executor.Place) {
	process, err := p.Start(b.Context(), executor.Command{Args: []string{"/bin/true"}, Env: os.Environ()})
	if err != nil {
		b.Fatal(err)
	}
	if status, err := process.Wait(); err != nil || status.Code != 0 {
		b.Fatal(status, err)
	}
}

// BenchmarkStep is one more command.
func BenchmarkStep(b *testing.B) {
	ex, err := New(Options{Root: filepath.Join(b.TempDir(), "state")})
	if err != nil {
		b.Fatal(err)
	}
	defer ex.Close()
	p, err := ex.Prepare(b.Context(), executor.Spec{Job: "job"})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		runIn(b, p)
	}
}
