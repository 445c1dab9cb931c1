package runner

import (
	"strconv"

	"slipway/internal/expr"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// evaluateEnv evaluates the step's own env on top of what is around it
// (StepsRunner.cs).
func (r *stepRun) evaluateEnv() error {
	t := r.step.def.Env
	if t == nil {
		return nil
	}
	own, err := workflow.EvaluateStringMap(t, r.scopeFor(t))
	if err != nil {
		return err
	}
	env := make([]pair, 0, len(r.env)+len(own))
	env = append(env, r.env...)
	for _, v := range own {
		env = append(env, pair{v.Key, v.Value})
	}
	r.env = env
	return nil
}

// evaluateCondition evaluates the `if` of the step's phase. What it was
// evaluated with is kept for recheck.
func (r *stepRun) evaluateCondition(name string) (bool, error) {
	r.log.debug("Evaluating condition for step: '" + name + "'")
	condition, err := r.conditionOf()
	if err != nil {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.evaluated, r.called, r.condition = true, name, condition
	var holds bool
	if condition == nil { // the common case: no `if`, so success()
		r.log.debug("Evaluating: success()")
		holds = r.succeeding()
	} else {
		r.asked = r.scope()
		r.log.debug("Evaluating: " + condition.Str())
		holds, err = r.holds(r.asked)
	}
	if err == nil {
		r.log.debug("Result: " + strconv.FormatBool(holds))
	}
	return holds, err
}

// conditionOf returns the condition of the step's phase; nil stands for success().
func (r *stepRun) conditionOf() (*workflow.Token, error) {
	source := "always()"
	switch uses, _ := r.step.task.(*usesTask); {
	case r.ref.Phase == jobproto.Main && !r.step.control():
		return r.step.def.If, nil
	case r.ref.Phase == jobproto.Pre && uses != nil:
		source = uses.condition(jobproto.Pre)
	case r.ref.Phase == jobproto.Post && uses != nil:
		source = uses.condition(jobproto.Post)
	}
	return workflow.NewExpression(source)
}

// succeeding is success() where the step stands (SuccessFunction.cs).
func (r *stepRun) succeeding() bool {
	if r.frame.action != nil && r.ref.Phase == jobproto.Main {
		return r.frame.action.get() == jobproto.Success
	}
	return r.job.status.get() == jobproto.Success
}

// recheck asks, when the job has just been cancelled, whether the running step
// may go on; if not it is stopped. A background step is stopped without being
// asked (BackgroundStepCoordinator.cs).
func (r *stepRun) recheck() {
	if r.frame.action != nil && r.ref.Phase == jobproto.Main {
		r.frame.action.cancel()
	}
	if r.background || !r.stillHolds() {
		r.stop(errCancelled)
	}
}

func (r *stepRun) stillHolds() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.evaluated {
		return true // it will be, with the job cancelled
	}
	r.log.debug("Re-evaluate condition on job cancellation for step: '" + r.called + "'.")
	r.log.flush()
	if r.asked == nil {
		return false // no `if`: success() holds no more
	}
	again := *r.asked
	again.Contexts = r.asked.Contexts.Clone()
	again.Contexts.Set("job", r.job.contexts.jobContext())
	holds, err := r.holds(&again)
	return err == nil && holds
}

// holds evaluates the condition. success() is implied in a step's own `if`,
// not in an action's pre-if and post-if.
func (r *stepRun) holds(s *expr.Scope) (bool, error) {
	if r.ref.Phase == jobproto.Main {
		return workflow.EvaluateIf(r.condition, s)
	}
	value, err := r.condition.Eval(s)
	return value.Truthy(), err
}
