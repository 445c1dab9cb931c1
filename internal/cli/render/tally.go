package render

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"slipway/internal/jobproto"
	"slipway/internal/local"
)

// maxListed bounds the annotations a summary repeats.
const maxListed = 20

// tally gathers what the summary at the end of a run says.
type tally struct {
	mu   sync.Mutex
	runs map[string]*runTally
}

type runTally struct {
	jobs        []endedJob
	failedSteps map[string]string // job instance → the step that failed it
	annotations []jobproto.Annotation
	left        int // annotations beyond maxListed
}

type endedJob struct {
	job    local.Job
	result local.JobResult
}

func newTally() *tally { return &tally{runs: map[string]*runTally{}} }

func (t *tally) run(id string) *runTally {
	r := t.runs[id]
	if r == nil {
		r = &runTally{failedSteps: map[string]string{}}
		t.runs[id] = r
	}
	return r
}

func (t *tally) annotation(job local.Job, a jobproto.Annotation) {
	if a.File == "" && a.Level != jobproto.Notice {
		return // the log has said it, and the job's line repeats the failure
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.run(job.Run.ID)
	if len(r.annotations) == maxListed {
		r.left++
		return
	}
	r.annotations = append(r.annotations, a)
}

func (t *tally) stepFinished(job local.Job, ref jobproto.StepRef, res jobproto.StepResult) {
	if res.Conclusion != jobproto.Failure || ref.Parent != 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.run(job.Run.ID)
	if _, ok := r.failedSteps[job.ID]; !ok {
		r.failedSteps[job.ID] = ref.Name
	}
}

func (t *tally) jobFinished(job local.Job, res local.JobResult) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.run(job.Run.ID)
	r.jobs = append(r.jobs, endedJob{job, res})
}

// write prints the summary of a finished run.
func (t *tally) write(out io.Writer, s Style, run local.Run, res local.RunResult) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.run(run.ID)
	counts := map[jobproto.Conclusion]int{}
	for _, j := range r.jobs {
		counts[j.result.Conclusion]++
	}
	parts := make([]string, 0, len(counts))
	for _, c := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[c], word(c)))
	}
	fmt.Fprintf(out, "\n%s %s %s in %s", s.mark(res.Conclusion), s.bold(run.Workflow), word(res.Conclusion), span(res.Finished.Sub(run.Started)))
	if len(parts) > 0 {
		fmt.Fprintf(out, " (%s)", strings.Join(parts, ", "))
	}
	fmt.Fprintln(out)
	if res.Reason != "" && len(r.jobs) == counts[jobproto.Success] {
		fmt.Fprintf(out, "  %s\n", res.Reason) // the jobs' lines do not say it
	}
	for _, j := range r.jobs {
		r.writeJob(out, s, j)
	}
	for _, a := range r.annotations {
		fmt.Fprintf(out, "  %s\n", describe(s, a))
	}
	if r.left > 0 {
		fmt.Fprintf(out, "  … and %d more annotations\n", r.left)
	}
}

// writeJob prints the line of a job that did not simply pass.
func (r *runTally) writeJob(out io.Writer, s Style, j endedJob) {
	if j.result.Conclusion == jobproto.Success {
		return
	}
	fmt.Fprintf(out, "  %s %s %s", s.mark(j.result.Conclusion), j.job.Name, word(j.result.Conclusion))
	switch step := r.failedSteps[j.job.ID]; {
	case step != "":
		fmt.Fprintf(out, " at step %q", step)
	case j.result.Reason != "":
		fmt.Fprintf(out, ": %s", j.result.Reason)
	}
	fmt.Fprintln(out)
}

// describe prints an annotation as file:line:column: level: message.
func describe(s Style, a jobproto.Annotation) string {
	var place strings.Builder
	place.WriteString(a.File)
	if a.Line > 0 {
		fmt.Fprintf(&place, ":%d", a.Line)
		if a.Column > 0 {
			fmt.Fprintf(&place, ":%d", a.Column)
		}
	}
	if place.Len() > 0 {
		place.WriteString(": ")
	}
	level := string(a.Level)
	switch a.Level {
	case jobproto.Error:
		level = s.red(level)
	case jobproto.Warning:
		level = s.yellow(level)
	}
	message, _, _ := strings.Cut(a.Message, "\n")
	if a.Title != "" {
		message = a.Title + ": " + message
	}
	return place.String() + level + ": " + message
}

// elapsed is a job's running time, 0 when it never started.
func elapsed(r local.JobResult) time.Duration {
	if r.Started.IsZero() {
		return 0
	}
	return r.Finished.Sub(r.Started)
}
