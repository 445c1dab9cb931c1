package runner

import (
	"slices"
	"strings"

	"slipway/internal/expr"
	"slipway/internal/jobproto"
)

// stepsContext is the steps context of one list of steps: a job's own, or one
// composite action's. One goroutine at a time uses it; a background step
// writes to a fork, which is merged when somebody waits for the step
// (actions/runner StepsContext.cs).
type stepsContext struct {
	order   []*stepEntry          // in which they first appeared
	entries map[string]*stepEntry // by lower-cased id
	value   *expr.Value           // cached until something changes
}

// stepEntry is what `steps.<id>` holds.
type stepEntry struct {
	id         string // as written
	outputs    []pair
	outcome    jobproto.Conclusion // "" until the step has ended
	conclusion jobproto.Conclusion
}

func (e *stepEntry) clone() stepEntry {
	return stepEntry{e.id, slices.Clone(e.outputs), e.outcome, e.conclusion}
}

func newStepsContext() *stepsContext {
	return &stepsContext{entries: map[string]*stepEntry{}}
}

// nameless reports whether id is a generated one: such a step leaves no trace
// in the steps context.
func nameless(id string) bool { return id == "" || strings.HasPrefix(id, "__") }

func (s *stepsContext) entry(id string) *stepEntry {
	s.value = nil
	key := strings.ToLower(id)
	e, ok := s.entries[key]
	if !ok {
		e = &stepEntry{id: id}
		s.entries[key] = e
		s.order = append(s.order, e)
	}
	return e
}

// setOutput sets an output; names compare without case.
func (s *stepsContext) setOutput(id, name, value string) {
	if nameless(id) {
		return
	}
	e := s.entry(id)
	for i := range e.outputs {
		if strings.EqualFold(e.outputs[i].key, name) {
			e.outputs[i].value = value
			return
		}
	}
	e.outputs = append(e.outputs, pair{name, value})
}

func (s *stepsContext) conclude(id string, outcome, conclusion jobproto.Conclusion) {
	if nameless(id) {
		return
	}
	e := s.entry(id)
	e.outcome, e.conclusion = outcome, conclusion
}

// forked returns a copy; writes to either leave the other alone.
func (s *stepsContext) forked() *stepsContext {
	fork := newStepsContext()
	for _, e := range s.order {
		*fork.entry(e.id) = e.clone()
	}
	return fork
}

// merge takes over what a fork knows of one step.
func (s *stepsContext) merge(fork *stepsContext, id string) {
	from, ok := fork.entries[strings.ToLower(id)]
	if !ok || nameless(id) {
		return
	}
	*s.entry(id) = from.clone()
}

// context is the steps context for expressions.
func (s *stepsContext) context() expr.Value {
	if s.value != nil {
		return *s.value
	}
	steps := expr.NewObject()
	for _, e := range s.order {
		outputs := expr.NewObject()
		for _, o := range e.outputs {
			outputs.Set(o.key, expr.String(o.value))
		}
		step := expr.NewObject(expr.Pair{Key: "outputs", Value: expr.FromObject(outputs)})
		if e.conclusion != "" {
			step.Set("outcome", expr.String(string(e.outcome)))
			step.Set("conclusion", expr.String(string(e.conclusion)))
		}
		steps.Set(e.id, expr.FromObject(step))
	}
	value := expr.FromObject(steps)
	s.value = &value
	return value
}
