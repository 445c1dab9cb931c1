package engine

import (
	"encoding/json"
	"maps"
	"time"

	"slipway/internal/fault"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// maxCallDepth is how deep reusable workflows may be nested below the run's own.
const maxCallDepth = 10

// NewRun returns a run in which nothing has been decided. Errors are
// *fault.Error: the plan calls a workflow that was not read into it, or the
// event is not JSON.
func NewRun(spec Spec) (*Run, error) {
	if len(spec.Event) > 0 && !json.Valid(spec.Event) {
		return nil, fault.New(fault.Invalid, "the event payload is not JSON")
	}
	if err := checkCalls(spec.Plan, 0); err != nil {
		return nil, err
	}
	spec.Attempt = max(spec.Attempt, 1)
	r := &Run{Spec: spec, State: Pending, Jobs: newJobs(spec.Plan, nil)}
	r.index = r.indexed()
	return r, nil
}

func checkCalls(w *workflow.Workflow, depth int) error {
	if w == nil {
		return fault.New(fault.Internal, "a run needs a workflow")
	}
	for _, job := range w.Jobs {
		if job.Uses == nil {
			continue
		}
		if depth == maxCallDepth {
			return fault.New(fault.Invalid, "%s:%d: reusable workflows are nested more than %d deep",
				job.Pos.File, job.Pos.Line, maxCallDepth)
		}
		if job.Uses.Workflow == nil {
			return fault.New(fault.Invalid, "%s:%d: the called workflow %s was not read",
				job.Pos.File, job.Pos.Line, job.Uses.Ref.Str())
		}
		if err := checkCalls(job.Uses.Workflow, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// newJobs makes the instances of w's jobs, in the run or under a call.
func newJobs(w *workflow.Workflow, call *Job) []*Job {
	jobs := make([]*Job, len(w.Jobs))
	for i, plan := range w.Jobs {
		job := &Job{Key: plan.ID, Kind: kindOf(plan), State: Pending, Reason: waitsForNeeds(plan), FailFast: true}
		prefix := ""
		if call != nil {
			job.Parent, prefix = call.ID, call.Display
		}
		job.ID = childID(job.Parent, plan.ID)
		job.Display = displayName(prefix, plan.ID)
		if name := plan.Name.Str(); name != "" {
			job.Display = displayName(prefix, name)
		}
		jobs[i] = job
	}
	return jobs
}

func kindOf(plan *workflow.Job) Kind {
	switch {
	case hasMatrix(plan.Strategy):
		return KindMatrix
	case plan.Uses != nil:
		return KindCall
	}
	return KindJob
}

// hasMatrix reports whether a strategy has a matrix, or may have one once it is evaluated.
func hasMatrix(strategy *workflow.Token) bool {
	if strategy.Kind() == workflow.TokenExpression {
		return true
	}
	for key := range strategy.Pairs() {
		if key.Kind() != workflow.TokenString || key.Str() == "matrix" {
			return true
		}
	}
	return false
}

// ReportKind is what a report says of a job.
type ReportKind string

// The kinds of report.
const (
	ReportStarted  ReportKind = "started"
	ReportFinished ReportKind = "finished"
	ReportLost     ReportKind = "lost"
)

// JobReport is news of a job that was handed out.
type JobReport struct {
	Job    string // the instance's ID
	Kind   ReportKind
	At     time.Time
	Result jobproto.Result // of a finished one
	Reason string          // in words, when there is more to say than the log does
}

// Report writes news into the run. It returns false, and changes nothing, when
// it is no news: a report may arrive twice, late, or for a job that has ended.
func (r *Run) Report(rep JobReport) bool {
	r.index = r.indexed()
	n := r.index.get(rep.Job)
	if n == nil || n.job.Kind != KindJob || n.job.State != Queued && n.job.State != Running {
		return false
	}
	job := n.job
	switch rep.Kind {
	case ReportStarted:
		if job.State == Running {
			return false
		}
		job.State, job.Started, job.Reason = Running, rep.At, rep.Reason
	case ReportFinished:
		job.State, job.Finished, job.Reason = stateOf(rep.Result.Conclusion), rep.At, rep.Reason
		job.Outputs, job.EnvironmentURL = maps.Clone(rep.Result.Outputs), rep.Result.EnvironmentURL
		if job.Reason == "" {
			job.Reason = reasonOfEnd(job)
		}
	case ReportLost:
		job.State, job.Finished, job.Reason = Lost, rep.At, rep.Reason
		if job.Reason == "" {
			job.Reason = "its runner stopped answering"
		}
	default:
		return false
	}
	r.Version++
	return true
}

func stateOf(c jobproto.Conclusion) State {
	switch c {
	case jobproto.Success, jobproto.Cancelled, jobproto.Skipped:
		return State(c)
	}
	return Failure
}

func reasonOfEnd(job *Job) string {
	switch job.State {
	case Failure:
		return "a step failed"
	case Cancelled:
		if job.Stopping.Reason != "" {
			return job.Stopping.Reason
		}
		return "the job was cancelled"
	case Skipped:
		return "its runner skipped it"
	}
	return ""
}

// RequestCancel asks for the run (job "") or one of its instances to end. It
// returns false when that has ended, or has been asked for before as strongly.
func (r *Run) RequestCancel(job string, req CancelRequest) bool {
	cancel, final := &r.Cancel, r.State.Final()
	if job != "" {
		r.index = r.indexed()
		n := r.index.get(job)
		if n == nil {
			return false
		}
		cancel, final = &n.job.Cancel, n.job.State.Final()
	}
	if final || !req.Asked() || cancel.Asked() && (cancel.Force || !req.Force) {
		return false
	}
	*cancel = req
	r.Version++
	return true
}
