package local

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"slipway/internal/action"
	"slipway/internal/executor"
	"slipway/internal/fault"
	"slipway/internal/jobproto"
	"slipway/internal/runner"
)

// worker runs single jobs: it gives each a place, runs it there and closes the place.
type worker struct {
	executors executors
	actions   action.Resolver
	reporter  Reporter
	// fill lays the working tree into a fresh workspace; nil leaves it empty.
	fill  func(ctx context.Context, workspace string) error
	keep  bool
	state string // where facts about this machine are remembered
	log   *slog.Logger
}

// run runs one job to its end. Everything it started is gone when run returns.
func (w *worker) run(ctx context.Context, j *activeJob) (result jobproto.Result, reason string) {
	job := j.ref
	place, err := w.executors[j.executor].Prepare(ctx, executor.Spec{
		Job: placeName(job), Keep: w.keep, Repo: j.msg.Repository,
		Labels: map[string]string{"run": job.Run.ID, "job": job.ID},
	})
	if err != nil {
		return jobproto.Result{Conclusion: conclusionOf(err)}, fmt.Sprintf("no place to run it: %v", err)
	}
	defer func() {
		if err := place.Close(context.WithoutCancel(ctx)); err != nil {
			w.reporter.Notice(fmt.Sprintf("%s: cleaning up after the job: %v", job.Name, err))
		}
		if w.keep {
			w.reporter.Notice(fmt.Sprintf("%s: kept %s", job.Name, place.Dirs().Host.Workspace))
		}
	}()
	if w.fill != nil {
		if err := w.fill(ctx, place.Dirs().Host.Workspace); err != nil {
			return jobproto.Result{Conclusion: conclusionOf(err)}, fmt.Sprintf("cannot copy the working tree: %v", err)
		}
	}
	return runner.Run(ctx, j.msg, runner.Deps{
		Place: place, Actions: w.actions, Sink: sink{w.reporter, job}, Control: j.control,
		JobStarted: os.Getenv("ACTIONS_RUNNER_HOOK_JOB_STARTED"), JobCompleted: os.Getenv("ACTIONS_RUNNER_HOOK_JOB_COMPLETED"),
		State: w.state, Log: w.log,
	}), ""
}

func conclusionOf(err error) jobproto.Conclusion {
	if fault.CodeOf(err) == fault.Cancelled {
		return jobproto.Cancelled
	}
	return jobproto.Failure
}

// placeName is unique on this machine and safe as a folder's name; short, since
// sockets in a job's folders have little room for their paths. Job ids hold
// letters, digits, '_' and '-' (GitHub's rule) and '/' between levels: '.' is free.
func placeName(job Job) string {
	name := make([]byte, 0, 64)
	name = append(append(name, job.Run.ID...), '-')
	for _, c := range []byte(job.ID) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' {
			name = append(name, c)
		} else {
			name = append(name, '.')
		}
	}
	return string(name)
}

// sink passes a job's events on with the job's names.
type sink struct {
	Reporter
	job Job
}

func (s sink) StepStarted(ref jobproto.StepRef, at time.Time) { s.Reporter.StepStarted(s.job, ref, at) }
func (s sink) Log(step int, lines []byte)                     { s.Reporter.Log(s.job, step, lines) }
func (s sink) Annotation(a jobproto.Annotation)               { s.Reporter.Annotation(s.job, a) }
func (s sink) Summary(step int, markdown []byte)              { s.Reporter.Summary(s.job, step, markdown) }
func (s sink) StepFinished(ref jobproto.StepRef, r jobproto.StepResult) {
	s.Reporter.StepFinished(s.job, ref, r)
}
