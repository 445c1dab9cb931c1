package runner

import (
	"context"
	"slices"

	"slipway/internal/expr"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// frame is what the steps of one list share: the job's own list, or the one
// inside a composite action. A background step has a fork of the job's.
type frame struct {
	job    *jobRun
	ctx    context.Context // ends with the job, the composite step's timeout or its cancellation on purpose
	env    *environ
	steps  *stepsContext
	inputs expr.Value
	github []pair // what differs from the job's github context: action, action_path, …

	// Inside a composite action only.
	parent *stepRun // the composite step; nil at the top
	action *status  // of the composite action so far
	extra  []pair   // env of the steps around: every step inside has it too
	depth  int      // 0 at the top
}

func newTopFrame(j *jobRun, o *outside) *frame {
	return &frame{job: j, ctx: j.ctx, env: newEnviron(o), steps: newStepsContext(), inputs: j.job.Contexts.Inputs}
}

// forked is the frame of a background step: what the step changes is not seen
// until somebody waits for it.
func (f *frame) forked() *frame {
	fork := *f
	fork.env = f.env.forked()
	fork.steps = f.steps.forked()
	return &fork
}

// inside makes the frame of a composite action's steps.
func (f *frame) inside(r *stepRun, inputs []pair, dir string) *frame {
	object := expr.NewObject()
	for _, in := range inputs {
		object.Set(in.key, expr.String(in.value))
	}
	return &frame{
		job: f.job, ctx: r.inner, env: f.env, steps: newStepsContext(), inputs: expr.FromObject(object),
		github: with(r.github, pair{"action_path", dir}), parent: r, action: newStatus(),
		extra: r.env, depth: f.depth + 1,
	}
}

// with returns pairs with one more, replacing that of the same key.
func with(pairs []pair, p pair) []pair {
	out := slices.Clone(pairs)
	for i := range out {
		if out[i].key == p.key {
			out[i] = p
			return out
		}
	}
	return append(out, p)
}

// newRun makes ready to run one phase of a step in f.
func (f *frame) newRun(s *step, phase jobproto.Phase) *stepRun {
	r := &stepRun{
		job: f.job, frame: f, step: s, env: f.extra, github: f.github,
		ref: jobproto.StepRef{ID: s.id(), Phase: phase},
		log: &stepLog{report: f.job.report, debugs: f.job.job.StepDebug},
	}
	r.gate.run, r.does.run = r, r
	if f.parent != nil {
		r.ref.Parent = f.parent.ref.Number
		r.log.count = f.parent.log.count
		r.github = with(r.github, pair{"action_status", string(f.action.get())})
	} else {
		r.log.count = &annotations{}
		r.github = with(r.github, pair{"action", s.id()})
	}
	return r
}

// run runs steps one after the other and merges how they end into f.action
// (CompositeActionHandler.cs, RunStepsAsync).
func (f *frame) run(steps []*step, phase jobproto.Phase) {
	for _, s := range steps {
		if f.ctx.Err() != nil {
			f.action.merge(f.endedAs())
			return
		}
		r := f.newRun(s, phase)
		if c := r.execute(); c == jobproto.Failure || c == jobproto.Cancelled {
			f.action.merge(c)
		}
		if r.broken {
			return
		}
	}
}

// endedAs is the conclusion of what could not run because f.ctx had ended.
func (f *frame) endedAs() jobproto.Conclusion {
	if context.Cause(f.ctx) == errTimedOut {
		return jobproto.Failure
	}
	return jobproto.Cancelled
}

// scope is what an expression sees in f now: env is that of the step on top
// of the shared one, github what it changes in that context. main says whether
// success() and failure() are about the composite action around it.
func (f *frame) scope(env, github []pair, main bool) *expr.Scope {
	c := f.job.contexts
	object := c.github().Clone()
	for _, p := range github {
		object.Set(p.key, expr.String(p.value))
	}
	action := f.action
	if !main {
		action = nil
	}
	return &expr.Scope{
		Contexts:  c.scope(object, f.env.context(env), f.steps.context(), f.inputs),
		Functions: c.functions(f.ctx, action),
	}
}

// scope is what an expression of the step sees now.
func (r *stepRun) scope() *expr.Scope {
	return r.frame.scope(r.env, r.github, r.ref.Phase == jobproto.Main)
}

// scopeFor is scope, but nothing where the token needs none.
func (r *stepRun) scopeFor(t *workflow.Token) *expr.Scope {
	if t.IsLiteral() {
		return &expr.Scope{}
	}
	return r.scope()
}
