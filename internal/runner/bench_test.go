package runner_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/jobproto"
	"slipway/internal/runner"
)

// discard is a Sink that costs nothing.
type discard struct{ bytes int }

func (d *discard) StepStarted(jobproto.StepRef, time.Time)            {}
func (d *discard) Log(_ int, lines []byte)                            { d.bytes += len(lines) }
func (d *discard) Annotation(jobproto.Annotation)                     {}
func (d *discard) StepFinished(jobproto.StepRef, jobproto.StepResult) {}
func (d *discard) Summary(int, []byte)                                {}

// durations are measured beside other work on the machine: their median says
// more than their sum.
type durations []time.Duration

func (d *durations) add(t time.Duration) { *d = append(*d, t) }

func (d *durations) median() time.Duration {
	slices.Sort(*d)
	return (*d)[len(*d)/2]
}

// BenchmarkSteps100 runs a job of 100 steps `true` and, beside it, 100 bare
// `bash -e FILE`: "ratio" is the first over the second.
func BenchmarkSteps100(b *testing.B) {
	tr := newTrial(b, strings.Repeat("- run: \"true\"\n", 100))
	tr.deps.Sink = &discard{}
	file := filepath.Join(b.TempDir(), "true.sh")
	if err := os.WriteFile(file, []byte("true"), 0o644); err != nil {
		b.Fatal(err)
	}
	var job, bare durations
	for b.Loop() {
		tr.deps.Place = newPlace(b)
		start := time.Now()
		if result := runner.Run(context.Background(), tr.job, tr.deps); result.Conclusion != jobproto.Success {
			b.Fatal(result)
		}
		job.add(time.Since(start))
		start = time.Now()
		for range 100 {
			if err := exec.Command("/usr/bin/bash", "-e", file).Run(); err != nil {
				b.Fatal(err)
			}
		}
		bare.add(time.Since(start))
	}
	b.ReportMetric(float64(job.median())/float64(bare.median()), "ratio")
	b.ReportMetric(float64(job.median()-bare.median())/100/1e3, "µs-over/step")
}

// BenchmarkLines runs a step that prints a million lines of 100 bytes and,
// beside it, the same into `cat >file`.
func BenchmarkLines(b *testing.B) {
	const lines = 1_000_000
	producer := fmt.Sprintf("yes %s | head -n %d", strings.Repeat("x", 99), lines)
	for _, secrets := range []int{0, 50} {
		b.Run(fmt.Sprintf("secrets=%d", secrets), func(b *testing.B) {
			tr := newTrial(b, "- run: "+producer)
			for i := range secrets {
				tr.job.Masks = append(tr.job.Masks, fmt.Sprintf("secret-%d-of-many-%d", i, i*7919))
			}
			var job, floor durations
			for b.Loop() {
				sink := &discard{}
				tr.deps.Sink, tr.deps.Place = sink, newPlace(b)
				start := time.Now()
				runner.Run(context.Background(), tr.job, tr.deps)
				job.add(time.Since(start))
				if sink.bytes < lines*100 {
					b.Fatalf("only %d bytes", sink.bytes)
				}
				start = time.Now()
				out := filepath.Join(b.TempDir(), "out")
				if err := exec.Command("/usr/bin/bash", "-c", producer+" | cat >"+out).Run(); err != nil {
					b.Fatal(err)
				}
				floor.add(time.Since(start))
			}
			b.ReportMetric(float64(job.median())/float64(floor.median()), "ratio")
		})
	}
}
