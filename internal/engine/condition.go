package engine

import (
	"fmt"
	"strings"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// start decides on a job none of whose parts has begun: when all it needs has
// ended, its condition says whether it runs.
func (v *view) start(n *node) {
	job := v.job(n)
	if req := v.cancelRequest(n); req.Force || job.Cancel.Asked() {
		v.finish(n, Cancelled, because(req.Reason, "the job was cancelled before it began"))
		return
	}
	if !v.needsAreFinal(n) {
		return
	}
	v.rememberChain(n)
	ok, err := v.condition(n)
	switch {
	case err != nil:
		v.fail(n, fmt.Errorf("Error when evaluating 'if' for job '%s'. %w", job.Key, err))
	case !ok:
		v.finish(n, Skipped, v.whySkipped(n))
	case job.Kind == KindMatrix:
		v.expand(n)
	default:
		v.begin(n)
	}
}

func (v *view) needsAreFinal(n *node) bool {
	for _, need := range n.needs {
		if !v.job(need).State.Final() {
			return false
		}
	}
	return true
}

// rememberChain notes what became of everything n needs, however far back.
func (v *view) rememberChain(n *node) {
	broken, failing := false, false
	for _, need := range n.needs {
		job := v.job(need)
		broken = broken || job.Broken || job.State != Success
		failing = failing || job.Failing || job.State.failed()
	}
	if broken || failing {
		job := v.edit(n)
		job.Broken, job.Failing = broken, failing
	}
}

// condition evaluates a job's `if`. Its needs are final.
func (v *view) condition(n *node) (bool, error) {
	if n.plan.If.Kind() == workflow.TokenNull {
		return v.succeeded(n), nil
	}
	if e := n.plan.If.Expr(); (e == nil || !asksStatus(e)) && !v.succeeded(n) {
		return false, nil
	}
	v.memo.asking = n
	return workflow.EvaluateIf(n.plan.If, v.scopeWith(n, v.statusFunctions()))
}

func asksStatus(e *expr.Expr) bool { return e.Calls("success", "failure", "cancelled", "always") }

// succeeded is success(): nothing was cancelled, and everything the job
// needs, however far back, succeeded.
func (v *view) succeeded(n *node) bool { return !v.cancelled(n) && !v.job(n).Broken }

// failed is failure(): something it needs, however far back, failed. As with
// steps, it gives way to cancelled().
func (v *view) failed(n *node) bool { return !v.cancelled(n) && v.job(n).Failing }

// cancelled is cancelled(): the run was, or the call the job is part of.
func (v *view) cancelled(n *node) bool { return v.scopeRequest(n).Asked() }

// scopeRequest is what cancels everything around n. A call that goes on
// though the run was cancelled, as one with `if: always()` does, shields its jobs.
func (v *view) scopeRequest(n *node) CancelRequest {
	if n.parent == nil {
		return v.run.Cancel
	}
	req := v.job(n.parent).Stopping
	if v.run.Cancel.Force {
		req = v.run.Cancel
	}
	return req
}

// cancelRequest is the stronger of what cancels n itself and what cancels
// everything around it.
func (v *view) cancelRequest(n *node) CancelRequest {
	own, scope := v.job(n).Cancel, v.scopeRequest(n)
	if own.Asked() && (own.Force || !scope.Force) {
		return own
	}
	return scope
}

// statusFunctions are success, failure, cancelled and always for the job that
// is asking. With arguments, the first two look at those needs only.
func (v *view) statusFunctions() []expr.Function {
	if v.memo.status != nil {
		return v.memo.status
	}
	answer := func(name string, is func(n *node) bool, one func(State) bool) expr.Function {
		return expr.Function{Name: name, Call: func(_ *expr.Call, args []expr.Value) (expr.Value, error) {
			if len(args) > 0 && one != nil {
				return expr.Bool(v.ofNeeds(v.memo.asking, args, one)), nil
			}
			return expr.Bool(is(v.memo.asking)), nil
		}}
	}
	v.memo.status = []expr.Function{
		answer("success", v.succeeded, func(s State) bool { return s == Success }),
		answer("failure", v.failed, State.failed),
		answer("cancelled", v.cancelled, nil),
		answer("always", func(*node) bool { return true }, nil),
	}
	return v.memo.status
}

// ofNeeds answers success('a', 'b'), which holds when all of these succeeded,
// and failure('a', 'b'), which holds when one of these failed.
func (v *view) ofNeeds(n *node, names []expr.Value, is func(State) bool) bool {
	if v.cancelled(n) {
		return false
	}
	all, any := true, false
	for _, name := range names {
		for _, need := range n.needs {
			if strings.EqualFold(need.job.Key, name.Text()) {
				yes := is(v.job(need).State)
				all, any = all && yes, any || yes
			}
		}
	}
	if is(Success) {
		return all
	}
	return any
}

// whySkipped says in words why a job's condition did not hold.
func (v *view) whySkipped(n *node) string {
	condition := ""
	if e := n.plan.If.Expr(); e != nil {
		condition = e.Source()
	}
	if condition == "" || !asksStatus(n.plan.If.Expr()) {
		if v.cancelled(n) {
			return because(v.scopeRequest(n).Reason, "the run was cancelled")
		}
		if reason := v.whyBroken(n); reason != "" {
			return reason
		}
	}
	return "its condition is false: " + condition
}

// whyBroken names what n needs and did not get.
func (v *view) whyBroken(n *node) string {
	for _, need := range n.needs {
		switch job := v.job(need); {
		case job.State != Success:
			return fmt.Sprintf("it needs %s, which %s", job.Display, ended(job.State))
		case job.Broken:
			return fmt.Sprintf("something that %s needs did not succeed", job.Display)
		}
	}
	return ""
}

func ended(s State) string {
	switch s {
	case Failure:
		return "failed"
	case Lost:
		return "was lost"
	case Cancelled:
		return "was cancelled"
	case Skipped:
		return "was skipped"
	}
	return "succeeded"
}

func because(reason, otherwise string) string {
	if reason != "" {
		return reason
	}
	return otherwise
}

func waitsForNeeds(plan *workflow.Job) string {
	if len(plan.Needs) == 0 {
		return ""
	}
	names := make([]string, len(plan.Needs))
	for i, need := range plan.Needs {
		names[i] = need.Str()
	}
	return "waits for " + listed(names)
}

func waitsForGroup(name string) string {
	return fmt.Sprintf("waits for the concurrency group '%s'", name)
}
