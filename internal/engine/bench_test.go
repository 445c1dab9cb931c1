package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slipway/internal/jobproto"
)

// wide is a workflow of n jobs without needs.
func wide(n int) string {
	var b strings.Builder
	b.WriteString("jobs:\n")
	for i := range n {
		fmt.Fprintf(&b, "  j%d: {%s}\n", i, run1)
	}
	return b.String()
}

// chain is a workflow of n jobs, each needing the one before.
func chain(n int) string {
	var b strings.Builder
	b.WriteString("jobs:\n  j0: {" + run1 + "}\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "  j%d: {needs: j%d, %s}\n", i, i-1, run1)
	}
	return b.String()
}

// layers is n jobs in layers of ten, each needing all ten before it, with conditions.
func layers(n int) string {
	var b strings.Builder
	b.WriteString("jobs:\n")
	for i := range n {
		var needs []string
		for k := range 10 {
			if i >= 10 {
				needs = append(needs, fmt.Sprintf("j%d", i/10*10-10+k))
			}
		}
		fmt.Fprintf(&b, "  j%d: {needs: [%s], if: \"github.ref_name == 'main' && !contains(needs.*.result, 'failure')\", %s}\n", i, strings.Join(needs, ", "), run1)
	}
	return b.String()
}

func oneMatrix(n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	return "jobs: {m: {strategy: {matrix: {x: [" + strings.Join(values, ", ") + "]}}, " + run1 + "}}"
}

// drive runs a whole run, one report and one decision at a time, and returns
// how many decisions there were and how long the longest took.
func drive(b *testing.B, spec Spec) (decisions int, longest time.Duration) {
	run, err := NewRun(spec)
	if err != nil {
		b.Fatal(err)
	}
	var open []string
	decide := func() {
		begun := time.Now()
		d := Decide(Snapshot{Run: run}, begun)
		run.Apply(d)
		longest = max(longest, time.Since(begun))
		decisions++
		for _, m := range d.Start {
			open = append(open, m.JobID)
		}
	}
	for decide(); len(open) > 0; {
		job := open[0]
		open = open[1:]
		run.Report(JobReport{Job: job, Kind: ReportStarted, At: time.Now()})
		decide()
		run.Report(JobReport{Job: job, Kind: ReportFinished, At: time.Now(), Result: jobproto.Result{Conclusion: jobproto.Success}})
		decide()
	}
	if run.State != Success {
		b.Fatalf("the run ended as %s: %s", run.State, run.Reason)
	}
	return decisions, longest
}

// BenchmarkRun drives whole runs. Of interest: µs/decision, and µs/job, which
// must not grow with the number of jobs.
func BenchmarkRun(b *testing.B) {
	for _, shape := range []struct {
		name string
		text func(int) string
		jobs int
	}{
		{"wide", wide, 50}, {"wide", wide, 1000}, {"chain", chain, 20}, {"chain", chain, 1000},
		{"layers", layers, 100}, {"layers", layers, 1000}, {"matrix", oneMatrix, 100}, {"matrix", oneMatrix, 256},
	} {
		b.Run(fmt.Sprintf("%s-%d", shape.name, shape.jobs), func(b *testing.B) {
			spec := testSpec("1", readPlan(b, shape.text(shape.jobs)))
			b.ReportAllocs()
			decisions, longest := 0, time.Duration(0)
			for b.Loop() {
				n, l := drive(b, spec)
				decisions, longest = decisions+n, max(longest, l)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(decisions), "µs/decision")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*shape.jobs), "µs/job")
			b.ReportMetric(float64(longest.Microseconds()), "longest-µs")
		})
	}
}

// BenchmarkDecide is one decision in a run of 1,000 jobs: the first, which
// hands all of them out, and one in the middle, about one that has ended.
func BenchmarkDecide(b *testing.B) {
	spec := testSpec("1", readPlan(b, wide(1000)))
	run, err := NewRun(spec)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("first-of-1000", func(b *testing.B) {
		for b.Loop() {
			Decide(Snapshot{Run: run}, time.Now())
		}
	})
	run.Apply(Decide(Snapshot{Run: run}, time.Now()))
	for _, job := range run.Jobs {
		run.Report(JobReport{Job: job.ID, Kind: ReportStarted, At: time.Now()})
	}
	run.Report(JobReport{Job: "j500", Kind: ReportFinished, At: time.Now(), Result: jobproto.Result{Conclusion: jobproto.Success}})
	b.Run("in-the-middle-of-1000", func(b *testing.B) {
		for b.Loop() {
			Decide(Snapshot{Run: run}, time.Now())
		}
	})
}
