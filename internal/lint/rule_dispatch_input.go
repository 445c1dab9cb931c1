package lint

import (
	"slices"

	"slipway/internal/workflow"
)

var dispatchInput = rule{
	Rule: Rule{"dispatch-input", "A choice of workflow_dispatch whose options are wrong"},
	workflow: func(p *pass) {
		for _, e := range p.workflow.On.Events {
			inputs := e.Config.Lookup("inputs")
			for _, in := range e.Inputs {
				if in.Type == "choice" {
					checkChoice(p, in, inputs.Lookup(in.Name).Lookup("options").Items())
				}
			}
		}
	},
}

func checkChoice(p *pass, in *workflow.Input, options []*workflow.Token) {
	for i, o := range options {
		if i < len(in.Options) && slices.Contains(in.Options[:i], o.Str()) {
			p.report(p.source.scalar(o), "'%s' is already one of the options", o.Str())
		}
	}
	if d := in.Default; d.IsLiteral() && d.Str() != "" && !slices.Contains(in.Options, d.Str()) {
		p.report(p.source.scalar(d), "the default '%s' isn't one of the options%s", d.Str(), choices(d.Str(), in.Options))
	}
}
