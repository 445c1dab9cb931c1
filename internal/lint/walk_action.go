package lint

import "slipway/internal/workflow"

// walkAction looks at an action manifest from top to bottom. An action sees
// its own inputs and whatever job uses it, of which nothing is known.
func (p *pass) walkAction(a *workflow.RawAction) {
	inputs := newObject("this action")
	for _, in := range a.Inputs {
		inputs.set(in.Name, stringType)
	}
	p.scope = &scope{contexts: map[string]*typ{
		"github":   githubType(nil),
		"inputs":   inputs,
		"env":      stringMap,
		"runner":   runnerType(),
		"strategy": strategyType(),
	}}
	for _, in := range a.Inputs {
		p.value(p.scope, in.Default, asText("default"))
	}
	runs := &a.Runs
	p.value(p.scope, runs.PreIf, asCondition())
	p.value(p.scope, runs.PostIf, asCondition())
	p.tree(p.scope, runs.Args, asText("args"))
	p.env(p.scope, runs.Env)
	last := p.walkSteps(p.scope, runs.Steps)
	for _, o := range a.Outputs {
		p.value(last, o.Value, asText("value"))
	}
}
