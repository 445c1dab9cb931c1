package runner

import (
	"slipway/internal/fault"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// runComposite runs the steps of a composite action, or those phases of them
// that surround the job's steps (CompositeActionHandler.cs).
func (t *usesTask) runComposite(r *stepRun, inputs []pair) error {
	if r.frame.depth >= maxDepth {
		return fault.New(fault.Invalid, "Composite action depth exceeded max depth %d", maxDepth)
	}
	f := r.frame.inside(r, inputs, r.job.dirs.inner(t.action.Dir))
	r.gate.setInside(f.action)
	r.log.flush()
	switch r.ref.Phase {
	case jobproto.Pre:
		f.run(withPre(t.children), jobproto.Pre)
	case jobproto.Post:
		if t.scope != nil {
			f.steps = t.scope
		}
		f.run(lastFirst(t.posts), jobproto.Post)
	default:
		t.scope = f.steps
		f.run(t.children, jobproto.Main)
		if err := t.setOutputs(r, f); err != nil {
			r.log.error(shown(err))
			f.action.merge(jobproto.Failure)
		}
	}
	return endedAs(f.action.get())
}

// setOutputs evaluates the action's outputs where its steps ran.
func (t *usesTask) setOutputs(r *stepRun, f *frame) error {
	if len(t.action.Manifest.Outputs) == 0 {
		return nil
	}
	scope := r.scope()
	scope.Contexts.Set("inputs", f.inputs).Set("steps", f.steps.context())
	var outputs []pair
	for _, o := range t.action.Manifest.Outputs {
		value, err := workflow.EvaluateString(o.Value, scope, "")
		if err != nil {
			return err
		}
		outputs = append(outputs, pair{o.Name, value})
	}
	for _, o := range outputs {
		r.does.setOutput(o.key, o.value)
	}
	return nil
}
