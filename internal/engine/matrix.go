package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// matrix decides on a job with a matrix.
type matrix struct {
	*decider
	n *node
}

// expand makes the legs.
func (m matrix) expand() {
	n := m.n
	job := m.edit(n)
	s, err := workflow.EvaluateStrategy(n.plan.Strategy, m.contexts.of(n, n.plan.Strategy))
	if errors.Is(err, workflow.ErrTooManyLegs) {
		m.fail(n, fmt.Errorf("%w for job '%s'", err, job.Key))
		return
	}
	if err != nil {
		m.fail(n, evaluationFailed("strategy", job, err))
		return
	}
	if len(s.Legs) == 0 { // a strategy without a matrix, or all of it excluded
		s.Legs, s.Names = []expr.Value{expr.Null()}, []string{""}
	}
	job.State, job.Reason, job.Started = Running, "", m.now
	job.Legs, job.FailFast, job.MaxParallel = len(s.Legs), s.FailFast, s.MaxParallel
	var legs []*Job
	for i, values := range s.Legs {
		if m.run.wants(values) {
			legs = append(legs, m.leg(s, i))
		}
	}
	if len(legs) == 0 {
		job.Legs = 0
		m.finish(n, Skipped, "no leg of its matrix was asked for")
		return
	}
	m.addLegs(n, legs)
}

func (m matrix) leg(s workflow.Strategy, i int) *Job {
	job, plan := m.job(m.n), m.n.plan
	name := plan.ID
	if plan.Name.Kind() == workflow.TokenString && plan.Name.Str() != "" {
		name = plan.Name.Str()
	}
	leg := &Job{
		ID: job.ID + "/" + strconv.Itoa(i), Kind: KindJob, Key: job.Key, Parent: job.Parent, Matrix: job.ID,
		Display: m.displayOf(m.n, legDisplayName(name, s.Names[i])),
		State:   Waiting, Leg: i, Legs: job.Legs, Values: s.Legs[i],
		Broken: job.Broken, Failing: job.Failing,
		FailFast: s.FailFast, MaxParallel: s.MaxParallel,
	}
	if plan.Uses != nil {
		leg.Kind = KindCall
	}
	if s.MaxParallel > 0 {
		leg.Reason = fmt.Sprintf("waits for others of its matrix: max-parallel is %d", s.MaxParallel)
	}
	return leg
}

// notAdmitted reports whether a leg has not had its turn: it waits for
// max-parallel, not for a group.
func (j *Job) notAdmitted() bool {
	return j.State == Waiting && j.Matrix != "" && len(j.Groups) == 0 && j.Call == nil
}

// wants reports whether the run was asked for the leg with these values.
func (r *Run) wants(leg expr.Value) bool {
	for key, wanted := range r.Matrix {
		if o := leg.Object(); o != nil {
			if value, ok := o.Get(key); ok && !slices.Contains(wanted, value.Text()) {
				return false
			}
		}
	}
	return true
}

// settle admits legs, cancels those beside one that failed, and ends the job
// when all of them have ended.
func (m matrix) settle() {
	job, legs := m.job(m.n), m.under(m.n)
	open, active := 0, 0
	var waiting []*node
	failed := ""
	for _, leg := range legs {
		switch l := m.job(leg); {
		case l.State.failed() && !l.ContinueOnError:
			failed = l.Display
		case l.State.Final():
		case l.notAdmitted():
			open++
			waiting = append(waiting, leg)
		default:
			open++
			active++
		}
	}
	if open == 0 {
		m.end()
		return
	}
	switch req := m.conditions.mustStop(m.n); {
	case job.Cancel.Asked():
		m.cancelAll(req)
	case req.Asked():
		m.pushAll(legs)
	case failed != "" && job.FailFast:
		m.cancelAll(CancelRequest{At: m.now, Reason: fmt.Sprintf("cancelled because %s failed and fail-fast is on", failed)})
	default:
		m.admit(waiting, active)
	}
}

func (m matrix) cancelAll(req CancelRequest) {
	for _, leg := range m.under(m.n) {
		m.requestCancel(leg, req)
	}
}

// admit begins as many waiting legs as max-parallel lets, in their order.
func (m matrix) admit(waiting []*node, active int) {
	limit := m.job(m.n).MaxParallel
	for _, leg := range waiting {
		if limit > 0 && active >= limit {
			return
		}
		m.begin(leg)
		if !m.job(leg).State.Final() {
			active++
		}
	}
}

// end sums up the legs. Of an output that several set, the last to end with a
// value that isn't empty wins.
func (m matrix) end() {
	legs := m.jobs(m.under(m.n))
	state, reason := sum(legs, m.job(m.n).Cancel)
	job := m.edit(m.n)
	if state == Success && slices.ContainsFunc(legs, func(l *Job) bool { return l.State.failed() }) {
		// needs see the failure, the run passes.
		state, reason, job.ContinueOnError = Failure, "what failed may: continue-on-error is on", true
	}
	slices.SortStableFunc(legs, func(a, b *Job) int { return a.Finished.Compare(b.Finished) })
	job.Outputs = map[string]string{}
	for _, leg := range legs {
		for _, key := range slices.Sorted(maps.Keys(leg.Outputs)) {
			if value := leg.Outputs[key]; value != "" || job.Outputs[key] == "" {
				job.Outputs[key] = value
			}
		}
	}
	m.finish(m.n, state, reason)
}
