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

// evaluationFailed words an error as GitHub does: which key of which job.
func evaluationFailed(key string, job *Job, err error) error {
	return fmt.Errorf("Error when evaluating '%s' for job '%s'. %w", key, job.Key, err)
}

// expand makes the legs of a matrix.
func (v *view) expand(n *node) {
	job := v.edit(n)
	s, err := workflow.EvaluateStrategy(n.plan.Strategy, v.scope(n, n.plan.Strategy))
	if errors.Is(err, workflow.ErrTooManyLegs) {
		v.fail(n, fmt.Errorf("%w for job '%s'", err, job.Key))
		return
	}
	if err != nil {
		v.fail(n, evaluationFailed("strategy", job, err))
		return
	}
	if len(s.Legs) == 0 { // a strategy without a matrix, or all of it excluded
		s.Legs, s.Names = []expr.Value{expr.Null()}, []string{""}
	}
	var legs []*Job
	for i, values := range s.Legs {
		if v.run.wants(values) {
			legs = append(legs, v.newLeg(n, s, i))
		}
	}
	if len(legs) == 0 {
		v.finish(n, Skipped, "no leg of its matrix was asked for")
		return
	}
	job.State, job.Reason, job.Started = Running, "", v.now
	job.Legs, job.FailFast, job.MaxParallel = len(s.Legs), s.FailFast, s.MaxParallel
	v.addChildren(n, legs, false)
	v.push(n)
}

func (v *view) newLeg(n *node, s workflow.Strategy, i int) *Job {
	job, name := v.job(n), n.plan.ID
	if n.plan.Name.Kind() == workflow.TokenString && n.plan.Name.Str() != "" {
		name = n.plan.Name.Str()
	}
	leg := &Job{
		ID: job.ID + "/" + strconv.Itoa(i), Kind: KindJob, Key: job.Key, Parent: job.Parent, Matrix: job.ID,
		Display: v.displayOf(n, legDisplayName(name, s.Names[i])),
		State:   Waiting, Leg: i, Legs: len(s.Legs), Values: s.Legs[i],
		Broken: job.Broken, Failing: job.Failing,
		FailFast: s.FailFast, MaxParallel: s.MaxParallel,
	}
	if n.plan.Uses != nil {
		leg.Kind = KindCall
	}
	if s.MaxParallel > 0 {
		leg.Reason = fmt.Sprintf("waits for others of its matrix: max-parallel is %d", s.MaxParallel)
	}
	return leg
}

// displayOf puts the call n is part of before its name.
func (v *view) displayOf(n *node, name string) string {
	if n.parent == nil {
		return name
	}
	return displayName(v.job(n.parent).Display, name)
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

// settleMatrix admits legs, cancels those beside one that failed, and ends
// the job when all of them have ended.
func (v *view) settleMatrix(n *node) {
	job := v.job(n)
	legs := v.under(n)
	open, active := 0, 0
	var waiting []*node
	failed := ""
	for _, leg := range legs {
		switch l := v.job(leg); {
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
		v.endMatrix(n)
		return
	}
	switch req := v.mustStop(n); {
	case job.Cancel.Asked():
		v.requestCancelAll(legs, req)
	case req.Asked():
		v.pushAll(legs)
	case failed != "" && job.FailFast:
		v.requestCancelAll(legs, CancelRequest{At: v.now, Reason: fmt.Sprintf("cancelled because %s failed and fail-fast is on", failed)})
	default:
		v.admit(waiting, job.MaxParallel, active)
	}
}

// notAdmitted reports whether a leg waits for max-parallel, not for a group.
func (j *Job) notAdmitted() bool {
	return j.State == Waiting && j.Matrix != "" && len(j.Groups) == 0 && j.Call == nil
}

func (v *view) admit(waiting []*node, limit, active int) {
	for _, leg := range waiting {
		if limit > 0 && active >= limit {
			return
		}
		v.begin(leg)
		if !v.job(leg).State.Final() {
			active++
		}
	}
}

// endMatrix sums up the legs. Of an output that several set, the last to end
// with a value that isn't empty wins.
func (v *view) endMatrix(n *node) {
	legs := slices.Clone(v.under(n))
	state, reason := v.sumLegs(legs)
	slices.SortStableFunc(legs, func(a, b *node) int { return v.job(a).Finished.Compare(v.job(b).Finished) })
	outputs := map[string]string{}
	for _, leg := range legs {
		for _, key := range slices.Sorted(maps.Keys(v.job(leg).Outputs)) {
			if value := v.job(leg).Outputs[key]; value != "" || outputs[key] == "" {
				outputs[key] = value
			}
		}
	}
	job := v.edit(n)
	job.Outputs = outputs
	v.finish(n, state, reason)
}

func (v *view) sumLegs(legs []*node) (State, string) {
	spared := true
	var failed, cancelled []string
	skipped := 0
	for _, leg := range legs {
		switch l := v.job(leg); {
		case l.State.failed():
			failed = append(failed, l.Display)
			spared = spared && l.ContinueOnError
		case l.State == Cancelled:
			cancelled = append(cancelled, l.Display)
		case l.State == Skipped:
			skipped++
		}
	}
	job := v.job(legs[0].matrix)
	switch {
	case len(failed) > 0:
		v.edit(legs[0].matrix).ContinueOnError = spared
		return Failure, listed(failed) + " failed"
	case len(cancelled) > 0:
		return Cancelled, because(job.Cancel.Reason, listed(cancelled)+" was cancelled")
	case skipped == len(legs):
		return Skipped, "all of its legs were skipped"
	}
	return Success, ""
}

// begin takes the concurrency group of a job whose turn it is.
func (v *view) begin(n *node) {
	if err := v.evaluateHead(n); err != nil {
		v.fail(n, err)
		return
	}
	if v.takeGroup(n, n.plan.Concurrency, v.scope(n, n.plan.Concurrency)) {
		v.proceed(n)
	}
}

// evaluateHead evaluates what is shown or needed whatever becomes of the job.
func (v *view) evaluateHead(n *node) error {
	job := v.edit(n)
	if n.matrix == nil && n.plan.Strategy.Kind() != workflow.TokenNull {
		s, err := workflow.EvaluateStrategy(n.plan.Strategy, v.scope(n, n.plan.Strategy))
		if err != nil {
			return evaluationFailed("strategy", job, err)
		}
		job.FailFast = s.FailFast
	}
	if n.plan.Name.Kind() == workflow.TokenExpression {
		name, err := workflow.EvaluateString(n.plan.Name, v.scope(n, n.plan.Name), "")
		if err != nil {
			return evaluationFailed("name", job, err)
		}
		if name != "" {
			job.Display = v.displayOf(n, name)
		} else if n.matrix == nil {
			job.Display = v.displayOf(n, job.Key)
		}
	}
	var err error
	if job.ContinueOnError, err = workflow.EvaluateBool(n.plan.ContinueOnError, v.scope(n, n.plan.ContinueOnError), false); err != nil {
		return evaluationFailed("continue-on-error", job, err)
	}
	return nil
}

// takeGroup claims the group a `concurrency` names, and reports whether the
// job holds it. If not, the job waits or has ended.
func (v *view) takeGroup(n *node, t *workflow.Token, scope *expr.Scope) bool {
	if t.Kind() == workflow.TokenNull {
		return true
	}
	job := v.edit(n)
	c, err := workflow.EvaluateConcurrency(t, scope)
	if err != nil {
		v.fail(n, evaluationFailed("concurrency", job, err))
		return false
	}
	first, refused := v.claim(n, c)
	if refused != "" {
		v.finish(n, Cancelled, refused)
		return false
	}
	if key := foldGroup(c.Group); !slices.Contains(job.Groups, key) {
		job.Groups = append(slices.Clip(job.Groups), key)
	}
	if !first {
		job.State, job.Reason = Waiting, waitsForGroup(c.Group)
		return false
	}
	return true
}

// proceed goes on with a job that holds the groups it has claimed.
func (v *view) proceed(n *node) {
	switch job := v.job(n); {
	case job.Kind == KindJob:
		v.launch(n)
	case job.Call == nil:
		v.enter(n)
	default:
		v.open(n)
	}
}

// enter gives a called workflow its inputs and secrets and takes the group
// it asks for itself.
func (v *view) enter(n *node) {
	job := v.edit(n)
	uses := n.plan.Uses
	inputs, err := workflow.EvaluateCallInputs(uses.Workflow.Call, uses.With, v.scopeWith(n, nil))
	if err != nil {
		v.fail(n, evaluationFailed("with", job, err))
		return
	}
	secrets, err := v.calledSecrets(n)
	if err != nil {
		v.fail(n, evaluationFailed("secrets", job, err))
		return
	}
	job.Call = &Call{Inputs: inputs, Secrets: secrets}
	scope := &expr.Scope{Contexts: expr.NewObject(
		expr.Pair{Key: "github", Value: v.caller(n).full},
		expr.Pair{Key: "inputs", Value: inputs},
		expr.Pair{Key: "vars", Value: v.run.Vars},
	)}
	if v.takeGroup(n, uses.Workflow.Concurrency, scope) {
		v.open(n)
	}
}

// calledSecrets are all of the caller's, or those it maps and the token.
func (v *view) calledSecrets(n *node) (expr.Value, error) {
	secrets := v.caller(n).secret
	if n.plan.Uses.InheritSecrets {
		return secrets, nil
	}
	scope := v.scopeWith(n, nil)
	scope.Contexts.Set("secrets", secrets)
	mapped, err := workflow.EvaluateCallSecrets(n.plan.Uses.Secrets, scope)
	if err != nil {
		return expr.Null(), err
	}
	if token := secrets.Field("GITHUB_TOKEN"); !token.IsNull() {
		mapped.Set("GITHUB_TOKEN", token)
	}
	return expr.FromObject(mapped), nil
}

// open makes the jobs of a call.
func (v *view) open(n *node) {
	job := v.edit(n)
	job.State, job.Reason, job.Started = Running, "", v.now
	v.addChildren(n, newJobs(n.callee(), job), true)
	v.push(n)
}

// settleCall passes a cancellation on to the jobs of a call, and ends it when
// all of them have ended.
func (v *view) settleCall(n *node) {
	children := v.under(n)
	if v.toldToStop(n) {
		v.pushAll(children)
	}
	for _, child := range children {
		if !v.job(child).State.Final() {
			return
		}
	}
	job := v.edit(n)
	state, reason := v.sum(children, job.Stopping)
	outputs, err := workflow.EvaluateCallOutputs(n.callee().Call, v.outputsScope(n))
	job.Outputs = outputs
	if err != nil && state == Success {
		state, reason = Failure, evaluationFailed("outputs", job, err).Error()
	}
	v.finish(n, state, reason)
}

// outputsScope is what the outputs of a called workflow may name.
func (v *view) outputsScope(n *node) *expr.Scope {
	jobs := expr.NewObject()
	for _, child := range v.under(n) {
		jobs.Set(v.job(child).Key, v.result(child))
	}
	return &expr.Scope{Contexts: expr.NewObject(
		expr.Pair{Key: "github", Value: v.caller(n).full},
		expr.Pair{Key: "inputs", Value: v.job(n).Call.Inputs},
		expr.Pair{Key: "vars", Value: v.run.Vars},
		expr.Pair{Key: "jobs", Value: expr.FromObject(jobs)},
	)}
}
