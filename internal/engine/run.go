package engine

import (
	"encoding/json"

	"slipway/internal/fault"
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

// Job returns the instance with this ID, or nil.
func (r *Run) Job(id string) *Job {
	if n := r.indexed().get(id); n != nil {
		return n.job
	}
	return nil
}
