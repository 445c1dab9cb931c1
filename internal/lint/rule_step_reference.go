package lint

import (
	"slices"
	"strings"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

var stepReference = rule{
	Rule: Rule{"step-reference", "A step is asked for before it ran, or doesn't exist"},
	expression: func(p *pass, e *expression) {
		if e.steps == nil {
			return
		}
		for _, problem := range e.problems {
			if u, ok := problem.(*unknownProperty); ok && u.of == e.steps.context {
				p.report(e.at(u.Span), "%s", unknownStep(p, e, u.name))
			}
		}
		for ref := range expr.References(e.Expr.Root()) {
			if s := runningStep(e.steps, ref); s != nil {
				p.report(e.at(ref.Path[0].Span), "step '%s' runs in the background and may not have ended yet; put a step with 'wait: %s' before this", s.ID, s.ID)
			}
		}
	},
}

func unknownStep(p *pass, e *expression, id string) string {
	for _, s := range e.steps.all {
		for _, inner := range append([]*workflow.Step{s}, s.Parallel...) {
			switch {
			case !hasOwnID(inner) || !strings.EqualFold(inner.ID, id):
			case inner == e.steps.current:
				return "a step can't see its own outputs and results"
			default:
				return "step '" + inner.ID + "' comes later, so this is empty"
			}
		}
	}
	if p.workflow != nil {
		for _, j := range p.workflow.Jobs {
			if j != e.job && slices.ContainsFunc(j.Steps, func(s *workflow.Step) bool { return strings.EqualFold(s.ID, id) }) {
				return "step '" + id + "' is in another job; give job '" + j.ID + "' an output and read it from 'needs'"
			}
		}
	}
	return "there is no step with the id '" + id + "'" + didYouMean(id, e.steps.context.names)
}

// runningStep returns the background step a reference asks for, when nothing
// waited for it.
func runningStep(s *steps, ref expr.Reference) *workflow.Step {
	if !strings.EqualFold(ref.Context.Name, "steps") || len(ref.Path) == 0 {
		return nil
	}
	for _, running := range s.running {
		if hasOwnID(running) && strings.EqualFold(running.ID, ref.Path[0].Name) {
			return running
		}
	}
	return nil
}
