package engine

import (
	"fmt"
	"slices"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// evaluationFailed words an error as GitHub does: which key of which job.
func evaluationFailed(key string, job *Job, err error) error {
	return fmt.Errorf("Error when evaluating '%s' for job '%s'. %w", key, job.Key, err)
}

// start decides on a job none of whose parts has begun: when all it needs has
// ended, its condition says whether it runs.
func (d *decider) start(n *node) {
	job := d.job(n)
	if req := d.conditions.cancelRequest(n); req.Force || job.Cancel.Asked() {
		d.finish(n, Cancelled, because(req.Reason, "the job was cancelled before it began"))
		return
	}
	if !d.needsAreFinal(n) {
		return
	}
	d.conditions.rememberChain(n)
	ok, err := d.conditions.holds(n)
	switch {
	case err != nil:
		d.fail(n, evaluationFailed("if", job, err))
	case !ok:
		d.finish(n, Skipped, d.conditions.whyNot(n))
	case job.Kind == KindMatrix:
		matrix{d, n}.expand()
	default:
		d.begin(n)
	}
}

// begin takes the concurrency group of a job whose turn it is.
func (d *decider) begin(n *node) {
	if err := d.evaluateHead(n); err != nil {
		d.fail(n, err)
		return
	}
	if d.takeGroup(n, n.plan.Concurrency, d.contexts.of(n, n.plan.Concurrency)) {
		d.proceed(n)
	}
}

// evaluateHead evaluates what is shown or counts whatever becomes of the job.
func (d *decider) evaluateHead(n *node) error {
	job, plan := d.edit(n), n.plan
	if n.matrix == nil && plan.Strategy.Kind() != workflow.TokenNull {
		s, err := workflow.EvaluateStrategy(plan.Strategy, d.contexts.of(n, plan.Strategy))
		if err != nil {
			return evaluationFailed("strategy", job, err)
		}
		job.FailFast = s.FailFast
	}
	if plan.Name.Kind() == workflow.TokenExpression {
		name, err := workflow.EvaluateString(plan.Name, d.contexts.of(n, plan.Name), "")
		switch {
		case err != nil:
			return evaluationFailed("name", job, err)
		case name != "":
			job.Display = d.displayOf(n, name)
		case n.matrix == nil:
			job.Display = d.displayOf(n, job.Key)
		}
	}
	spared, err := workflow.EvaluateBool(plan.ContinueOnError, d.contexts.of(n, plan.ContinueOnError), false)
	if err != nil {
		return evaluationFailed("continue-on-error", job, err)
	}
	job.ContinueOnError = spared
	return nil
}

// takeGroup claims the group a `concurrency` names, and reports whether the
// job holds it. If not, the job waits or has ended.
func (d *decider) takeGroup(n *node, t *workflow.Token, scope *expr.Scope) bool {
	if t.Kind() == workflow.TokenNull {
		return true
	}
	job := d.edit(n)
	c, err := workflow.EvaluateConcurrency(t, scope)
	if err != nil {
		d.fail(n, evaluationFailed("concurrency", job, err))
		return false
	}
	first, refused := d.claims.take(n, c)
	if refused != "" {
		d.finish(n, Cancelled, refused)
		return false
	}
	if key := foldGroup(c.Group); !slices.Contains(job.Groups, key) {
		job.Groups = append(slices.Clip(job.Groups), key)
	}
	if !first {
		job.State, job.Reason = Waiting, waitsForGroup(c.Group)
	}
	return first
}

// resume looks again at a job that waits.
func (d *decider) resume(n *node) {
	job := d.job(n)
	if req := d.conditions.mustStop(n); req.Asked() {
		d.finish(n, Cancelled, because(req.Reason, "the job was cancelled before it began"))
		return
	}
	if job.notAdmitted() {
		d.push(n.matrix)
		return
	}
	if d.claims.first(n, job.Groups...) {
		d.proceed(n)
	}
}

// proceed goes on with a job that holds the groups it has claimed.
func (d *decider) proceed(n *node) {
	switch job := d.job(n); {
	case job.Kind == KindJob:
		d.launch(n)
	case job.Call == nil:
		call{d, n}.enter()
	default:
		call{d, n}.open()
	}
}

// launch hands a job out.
func (d *decider) launch(n *node) {
	job := d.edit(n)
	m, err := (&message{contexts: d.contexts, n: n, job: job}).build()
	if err != nil {
		d.fail(n, err)
		return
	}
	job.State, job.Reason, job.Queued = Queued, "", d.now
	d.out.Start = append(d.out.Start, m)
	d.push(n)
}
