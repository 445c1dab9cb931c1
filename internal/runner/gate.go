package runner

import (
	"context"
	"strconv"
	"sync"

	"slipway/internal/expr"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// gate decides whether a step runs and, when the job is cancelled meanwhile,
// whether it may go on.
type gate struct {
	run *stepRun

	mu        sync.Mutex // a cancellation comes from outside the step
	evaluated bool
	called    string          // the step's name
	condition *workflow.Token // nil: success()
	asked     *expr.Scope     // with which it was evaluated
	cancel    context.CancelCauseFunc
	stopped   error   // the cause of a cancellation
	inside    *status // of the composite action the step runs; nil: none yet
}

// open evaluates the `if` of the step's phase.
func (g *gate) open(name string) (bool, error) {
	g.run.log.debug("Evaluating condition for step: '" + name + "'")
	condition, err := g.run.condition()
	if err != nil {
		return false, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.evaluated, g.called, g.condition = true, name, condition
	var holds bool
	if condition == nil { // the common case: no `if`, so success()
		g.run.log.debug("Evaluating: success()")
		holds = g.run.succeeding()
	} else {
		g.asked = g.run.scope()
		g.run.log.debug("Evaluating: " + condition.Str())
		holds, err = g.holds(g.asked)
	}
	if err == nil {
		g.run.log.debug("Result: " + strconv.FormatBool(holds))
	}
	return holds, err
}

// holds evaluates the condition. success() is implied in a step's own `if`,
// not in an action's pre-if and post-if.
func (g *gate) holds(s *expr.Scope) (bool, error) {
	if g.run.ref.Phase == jobproto.Main {
		return workflow.EvaluateIf(g.condition, s)
	}
	value, err := g.condition.Eval(s)
	return value.Truthy(), err
}

// recheck implements stoppable: the job has just been cancelled. A step whose
// condition no longer holds is stopped, a background step without being asked
// (BackgroundStepCoordinator.cs).
func (g *gate) recheck() {
	if g.run.background || !g.stillHolds() {
		g.stop(errCancelled)
	}
}

func (g *gate) stillHolds() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.evaluated {
		return true // it will be, with the job cancelled
	}
	g.run.log.debug("Re-evaluate condition on job cancellation for step: '" + g.called + "'.")
	g.run.log.flush()
	if g.asked == nil {
		return false // no `if`: success() holds no more
	}
	c := g.run.job.contexts
	again := *g.asked
	again.Contexts = g.asked.Contexts.Clone()
	again.Contexts.Set("job", c.jobContext())
	if g.run.composed() {
		// Also for a step inside a composite action that itself may go on.
		again.Functions = c.functions(g.run.frame.ctx, &status{value: jobproto.Cancelled})
	}
	holds, err := g.holds(&again)
	return err == nil && holds
}

// setCancel says what stop cancels from now on.
func (g *gate) setCancel(cancel context.CancelCauseFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cancel = cancel
	if g.stopped != nil {
		cancel(g.stopped)
	}
}

// setInside says which status a stop cancels: the composite action's, so that
// success() no longer holds for those of its steps that have not begun.
func (g *gate) setInside(action *status) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside = action
	if g.stopped != nil {
		action.cancel()
	}
}

// stop ends the step's task with a cause.
func (g *gate) stop(cause error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = cause
	if g.inside != nil {
		g.inside.cancel()
	}
	if g.cancel != nil {
		g.cancel(cause)
	}
}

// condition returns the condition of the step's phase; nil stands for success().
func (r *stepRun) condition() (*workflow.Token, error) {
	source := "always()"
	switch uses, _ := r.step.task.(*usesTask); {
	case r.ref.Phase == jobproto.Main && !r.step.control():
		return r.step.def.If, nil
	case r.ref.Phase != jobproto.Main && uses != nil:
		source = uses.condition(r.ref.Phase)
	}
	return workflow.NewExpression(source)
}

// composed reports whether success() and failure() are about the composite
// action the step is inside of, not about the job.
func (r *stepRun) composed() bool { return r.frame.action != nil && r.ref.Phase == jobproto.Main }

// succeeding is success() where the step stands (SuccessFunction.cs).
func (r *stepRun) succeeding() bool {
	if r.composed() {
		return r.frame.action.get() == jobproto.Success
	}
	return r.job.status.get() == jobproto.Success
}
