package engine

import (
	"fmt"
	"strings"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// conditions says what may run and what must end.
type conditions struct {
	*view
	contexts *contexts
	asking   *node           // whose condition is being evaluated
	status   []expr.Function // success, failure, cancelled and always, as asking sees them
}

// rememberChain notes what became of everything n needs, however far back.
func (c *conditions) rememberChain(n *node) {
	broken, failing := false, false
	for _, need := range n.needs {
		job := c.job(need)
		broken = broken || job.Broken || job.State != Success
		failing = failing || job.Failing || job.State.failed()
	}
	if broken || failing {
		job := c.edit(n)
		job.Broken, job.Failing = broken, failing
	}
}

// holds evaluates a job's `if`. Its needs are final.
func (c *conditions) holds(n *node) (bool, error) {
	if n.plan.If.Kind() == workflow.TokenNull {
		return c.succeeded(n), nil
	}
	if e := n.plan.If.Expr(); (e == nil || !asksStatus(e)) && !c.succeeded(n) {
		return false, nil
	}
	c.asking = n
	return workflow.EvaluateIf(n.plan.If, c.contexts.with(n, c.statusFunctions()))
}

func asksStatus(e *expr.Expr) bool { return e.Calls("success", "failure", "cancelled", "always") }

// succeeded is success(): nothing was cancelled, and everything the job
// needs, however far back, succeeded.
func (c *conditions) succeeded(n *node) bool { return !c.cancelled(n) && !c.job(n).Broken }

// failed is failure(): something it needs, however far back, failed. As with
// steps, it gives way to cancelled().
func (c *conditions) failed(n *node) bool { return !c.cancelled(n) && c.job(n).Failing }

// cancelled is cancelled(): the run was, or the call the job is part of.
func (c *conditions) cancelled(n *node) bool { return c.scopeRequest(n).Asked() }

// scopeRequest is what cancels everything around n. A call that goes on
// though the run was cancelled, as one with `if: always()` does, shields its jobs.
func (c *conditions) scopeRequest(n *node) CancelRequest {
	if n.parent == nil {
		return c.run.Cancel
	}
	req := c.job(n.parent).Stopping
	if c.run.Cancel.Force {
		req = c.run.Cancel
	}
	return req
}

// cancelRequest is the stronger of what cancels n itself and what cancels
// everything around it.
func (c *conditions) cancelRequest(n *node) CancelRequest {
	own, scope := c.job(n).Cancel, c.scopeRequest(n)
	if own.Asked() && (own.Force || !scope.Force) {
		return own
	}
	return scope
}

// mustStop says whether an instance that has begun must end, and why. As on
// GitHub, a cancelled run asks each job's condition again: a job whose
// condition holds though cancelled() does, `if: always()` above all, goes on.
// fail-fast, groups and requests for one job do not ask.
func (c *conditions) mustStop(n *node) CancelRequest {
	req := c.cancelRequest(n)
	if !req.Asked() || req.Force || c.job(n).Cancel.Asked() {
		return req
	}
	if goesOn, err := c.holds(n); err == nil && goesOn {
		return CancelRequest{}
	}
	return req
}

// statusFunctions are success, failure, cancelled and always for the job that
// is asking. With arguments, the first two look at those needs only.
func (c *conditions) statusFunctions() []expr.Function {
	if c.status != nil {
		return c.status
	}
	answer := func(name string, is func(n *node) bool, one func(State) bool) expr.Function {
		return expr.Function{Name: name, Call: func(_ *expr.Call, args []expr.Value) (expr.Value, error) {
			if len(args) > 0 && one != nil {
				return expr.Bool(c.ofNeeds(c.asking, args, one)), nil
			}
			return expr.Bool(is(c.asking)), nil
		}}
	}
	c.status = []expr.Function{
		answer("success", c.succeeded, func(s State) bool { return s == Success }),
		answer("failure", c.failed, State.failed),
		answer("cancelled", c.cancelled, nil),
		answer("always", func(*node) bool { return true }, nil),
	}
	return c.status
}

// ofNeeds answers success('a', 'b'), which holds when all of these succeeded,
// and failure('a', 'b'), which holds when one of these failed.
func (c *conditions) ofNeeds(n *node, names []expr.Value, is func(State) bool) bool {
	if c.cancelled(n) {
		return false
	}
	all, any := true, false
	for _, name := range names {
		for _, need := range n.needs {
			if strings.EqualFold(need.job.Key, name.Text()) {
				yes := is(c.job(need).State)
				all, any = all && yes, any || yes
			}
		}
	}
	if is(Success) {
		return all
	}
	return any
}

// whyNot says in words why a job's condition did not hold.
func (c *conditions) whyNot(n *node) string {
	condition := ""
	if e := n.plan.If.Expr(); e != nil {
		condition = e.Source()
	}
	if condition == "" || !asksStatus(n.plan.If.Expr()) {
		if c.cancelled(n) {
			return because(c.scopeRequest(n).Reason, "the run was cancelled")
		}
		if reason := c.whyBroken(n); reason != "" {
			return reason
		}
	}
	return "its condition is false: " + condition
}

// whyBroken names what n needs and did not get.
func (c *conditions) whyBroken(n *node) string {
	for _, need := range n.needs {
		switch job := c.job(need); {
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
