package engine

import (
	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// call decides on a call of a reusable workflow.
type call struct {
	*decider
	n *node
}

// enter gives the called workflow its inputs and secrets, and takes the group
// it asks for itself.
func (c call) enter() {
	job, uses := c.edit(c.n), c.n.plan.Uses
	inputs, err := workflow.EvaluateCallInputs(uses.Workflow.Call, uses.With, c.contexts.with(c.n, nil))
	if err != nil {
		c.fail(c.n, evaluationFailed("with", job, err))
		return
	}
	secrets, err := c.secrets()
	if err != nil {
		c.fail(c.n, evaluationFailed("secrets", job, err))
		return
	}
	job.Call = &Call{Inputs: inputs, Secrets: secrets}
	if c.takeGroup(c.n, uses.Workflow.Concurrency, c.contexts.inside(c.n)) {
		c.open()
	}
}

// secrets are all of the caller's, or those it maps and the token.
func (c call) secrets() (expr.Value, error) {
	uses, secrets := c.n.plan.Uses, c.contexts.caller(c.n).secrets
	if uses.InheritSecrets {
		return secrets, nil
	}
	scope := c.contexts.with(c.n, nil)
	scope.Contexts.Set("secrets", secrets)
	mapped, err := workflow.EvaluateCallSecrets(uses.Secrets, scope)
	if err != nil {
		return expr.Null(), err
	}
	if token := secrets.Field("GITHUB_TOKEN"); !token.IsNull() {
		mapped.Set("GITHUB_TOKEN", token)
	}
	return expr.FromObject(mapped), nil
}

// open makes the called workflow's jobs.
func (c call) open() {
	job := c.edit(c.n)
	job.State, job.Reason, job.Started = Running, "", c.now
	c.addCallees(c.n, newJobs(c.n.callee(), job))
}

// settle passes a cancellation on to the called jobs, and ends the call when
// all of them have ended.
func (c call) settle() {
	children := c.under(c.n)
	if c.toldToStop(c.n) {
		c.pushAll(children)
	}
	for _, child := range children {
		if !c.job(child).State.Final() {
			return
		}
	}
	job := c.edit(c.n)
	state, reason := sum(c.jobs(children), job.Stopping)
	scope := c.contexts.inside(c.n)
	scope.Contexts.Set("jobs", c.contexts.results(children))
	outputs, err := workflow.EvaluateCallOutputs(c.n.callee().Call, scope)
	job.Outputs = outputs
	if err != nil && state == Success {
		state, reason = Failure, evaluationFailed("outputs", job, err).Error()
	}
	c.finish(c.n, state, reason)
}
