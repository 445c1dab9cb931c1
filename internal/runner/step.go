package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// step is one entry of `steps:` where it stands. It lives from set-up to post,
// so that what one phase keeps is there for the next.
type step struct {
	def   *workflow.Step
	task  task
	state map[string]string // what GITHUB_STATE and save-state kept, by name
}

// task is what a step does when its turn comes.
type task interface {
	// run does it. It returns nil for success, an ended to say how it ended
	// otherwise, the cause of ctx when that stopped it; any other error is
	// shown and fails the step.
	run(ctx context.Context, r *stepRun) error
	// title is what the step is called when the workflow gives it no name.
	title(r *stepRun) string
}

// ended is how a step ended when there is nothing more to say about it.
type ended jobproto.Conclusion

// Error implements error.
func (e ended) Error() string { return "the step ended as " + string(e) }

// endedAs turns a conclusion into what a task returns.
func endedAs(c jobproto.Conclusion) error {
	if c == jobproto.Success {
		return nil
	}
	return ended(c)
}

func newSteps(defs []*workflow.Step, inside *step) []*step {
	steps := make([]*step, len(defs))
	for i, def := range defs {
		steps[i] = newStep(def, inside)
	}
	return steps
}

// newStep makes the step of a definition; inside is the composite step whose
// action it belongs to.
func newStep(def *workflow.Step, inside *step) *step {
	s := &step{def: def, state: map[string]string{}}
	switch {
	case def.Uses != nil:
		s.task = &usesTask{step: s, inside: inside, ref: def.Uses.Str()}
	case def.Run != nil:
		s.task = runTask{def}
	case len(def.Wait) > 0:
		s.task = waitTask{ids: def.Wait}
	case def.Cancel != "":
		s.task = cancelTask{id: def.Cancel}
	case def.Parallel != nil:
		s.task = &parallelTask{steps: newSteps(def.Parallel, inside)}
	default:
		s.task = waitAllTask{}
	}
	return s
}

func (s *step) id() string { return s.def.ID }

// hasPost reports whether the step's post phase would do anything.
func (s *step) hasPost() bool {
	uses, ok := s.task.(*usesTask)
	return !ok || uses.hasPost()
}

// control reports whether the step is one that waits for or cancels others:
// it runs whatever has happened (JobExtension.cs).
func (s *step) control() bool {
	switch s.task.(type) {
	case waitTask, waitAllTask, cancelTask, *parallelTask:
		return true
	}
	return false
}

// stepRun is one phase of a step being run.
type stepRun struct {
	job    *jobRun
	frame  *frame
	step   *step
	ref    jobproto.StepRef
	log    *stepLog
	gate   gate
	does   effects
	env    []pair // env of the steps around it, then its own
	github []pair // what differs from the job's github context
	exit   *int   // of its last command
	alone  bool   // no process of the job was left when its last command had ended

	// inner is the context for the steps of a composite action: a cancellation
	// stops each of them, or not, by its own condition.
	inner context.Context

	background bool
	broken     bool // its condition could not be evaluated
	conclusion jobproto.Conclusion
}

// execute runs the step from its condition to its conclusion, which it returns.
func (r *stepRun) execute() jobproto.Conclusion {
	r.job.stopper.enter(&r.gate)
	defer r.job.stopper.leave(&r.gate)
	if r.admitted() {
		r.perform()
	}
	return r.conclusion
}

// admitted evaluates what decides whether the step runs: its env, then its
// condition. A step that doesn't run is finished here.
func (r *stepRun) admitted() bool {
	if err := r.evaluateEnv(); err != nil {
		r.start(r.name())
		r.log.error(shown(err))
		r.finish(jobproto.Failure, jobproto.Failure)
		return false
	}
	name := r.name()
	holds, err := r.gate.open(name)
	switch {
	case err != nil:
		r.broken = true
		r.start(name)
		r.log.error(shown(err))
		r.finish(jobproto.Failure, jobproto.Failure)
		return false
	case !holds:
		r.start(name)
		r.finish(jobproto.Skipped, jobproto.Skipped)
		return false
	}
	if r.background {
		r.ref.Name = name // it starts when there is a slot for it
	} else {
		r.start(name)
	}
	return true
}

// start reports the step under a name.
func (r *stepRun) start(name string) {
	r.ref.Name = name
	r.ref.Number = r.job.report.number()
	r.job.report.started(&r.ref)
	r.log.open(r.ref.Number)
}

// perform runs the step's task within its timeout and concludes.
func (r *stepRun) perform() {
	r.log.debug("Starting: " + r.ref.Name)
	ctx, minutes, release := r.limit()
	err := r.step.task.run(ctx, r)
	if _, said := errors.AsType[ended](err); err != nil && !said && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	release()
	outcome := r.outcome(err, minutes)
	if r.does.hasFailed() {
		outcome = worst(outcome, jobproto.Failure)
	}
	conclusion := outcome
	if outcome == jobproto.Failure && r.continueOnError() {
		conclusion = jobproto.Success
	}
	r.log.debug("Finishing: " + r.ref.Name)
	r.finish(outcome, conclusion)
}

// limit returns the context of the step's task: it ends with the frame's, the
// step's timeout-minutes, or a cancellation that the step's condition does not
// survive. frame's end reaches the steps inside a composite, the last does not.
func (r *stepRun) limit() (ctx context.Context, minutes float64, release func()) {
	base := r.frame.ctx
	stopTimer := func() {}
	if t := r.step.def.TimeoutMinutes; t != nil && r.ref.Phase == jobproto.Main {
		var err error
		minutes, err = workflow.EvaluateNumber(t, r.scopeFor(t), 0)
		if err != nil {
			r.log.error("An error occurred when attempting to determine the step timeout.")
			r.log.error(shown(err))
		}
		// Unlike on GitHub, which cuts it off, a fraction counts.
		if minutes = min(minutes, maxMinutes); minutes > 0 {
			base, stopTimer = context.WithTimeoutCause(base, time.Duration(minutes*float64(r.job.deps.Waits.Minute)), errTimedOut)
		}
	}
	r.inner = base
	ctx, cancel := context.WithCancelCause(base)
	r.gate.setCancel(cancel)
	return ctx, minutes, func() { cancel(nil); stopTimer() }
}

// maxMinutes keeps a step's timeout countable: a year.
const maxMinutes = 365 * 24 * 60

// outcome turns how a task ended into a conclusion, and says why in the log.
func (r *stepRun) outcome(err error, minutes float64) jobproto.Conclusion {
	as, said := errors.AsType[ended](err)
	switch {
	case err == nil:
		return jobproto.Success
	case said:
		return jobproto.Conclusion(as)
	case errors.Is(err, errTimedOut) && minutes > 0:
		kind := "action"
		if r.background {
			kind = "background step"
		}
		r.log.error(fmt.Sprintf("The %s '%s' has timed out after %v minutes.", kind, r.ref.Name, minutes))
		return jobproto.Failure
	case errors.Is(err, errTimedOut):
		r.log.error("The action has timed out.")
		return jobproto.Failure
	case errors.Is(err, errCancelled), errors.Is(err, errEnded), r.job.ctx.Err() != nil:
		r.log.error("The operation was canceled.")
		return jobproto.Cancelled
	}
	r.log.error(shown(err))
	return jobproto.Failure
}

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

// continueOnError evaluates the key of that name; an error means no
// (ExecutionContext.cs, ApplyContinueOnError).
func (r *stepRun) continueOnError() bool {
	t := r.step.def.ContinueOnError
	if t == nil {
		return false
	}
	yes, err := workflow.EvaluateBool(t, r.scopeFor(t), false)
	if err != nil {
		r.log.error("The step failed and an error occurred when attempting to determine whether to continue on error.")
		r.log.error(shown(err))
	}
	return yes
}

// finish closes the log, reports the step and puts its end into the steps context.
func (r *stepRun) finish(outcome, conclusion jobproto.Conclusion) {
	r.conclusion = conclusion
	message := r.log.close()
	if r.ref.Phase == jobproto.Main {
		r.frame.steps.conclude(r.step.id(), outcome, conclusion)
	}
	r.job.report.finished(r.ref, jobproto.StepResult{
		Outcome: outcome, Conclusion: conclusion, ExitCode: r.exit, Message: message,
	})
}
