package lint

import (
	"strings"

	"slipway/internal/workflow"
)

// purpose is what a value of a file is used for.
type purpose struct {
	want      kinds  // the kinds of value that work there
	what      string // for messages: the key
	condition bool   // an `if:`, which takes anything
	script    bool   // code that a shell or an interpreter runs
}

// Purposes that occur in many places. Text takes every scalar.
func asText(what string) purpose    { return purpose{want: kindScalar | kindNull, what: what} }
func asNumber(what string) purpose  { return purpose{want: kindNumber | kindNull, what: what} }
func asBoolean(what string) purpose { return purpose{want: kindBoolean | kindNull, what: what} }
func asObject(what string) purpose  { return purpose{want: kindObject | kindNull, what: what} }

// asTextOrList is what `runs-on` and its like take; asTextOrObject what
// `container`, `environment` and `concurrency` do.
func asTextOrList(what string) purpose {
	return purpose{want: kindScalar | kindNull | kindComplex, what: what}
}
func asTextOrObject(what string) purpose {
	return purpose{want: kindScalar | kindNull | kindObject, what: what}
}

func asCondition() purpose { return purpose{want: kindAny, what: "if", condition: true} }
func asScript() purpose {
	return purpose{want: kindScalar | kindNull, what: "run", script: true}
}

// step is one step with where it stands.
type step struct {
	*workflow.Step
	job   *workflow.Job // nil in a composite action
	steps *steps
}

// walkWorkflow looks at a workflow from top to bottom.
func (p *pass) walkWorkflow() {
	w := p.workflow
	p.scope = fileScope(w)
	p.each(func(r *rule) {
		if r.workflow != nil {
			r.workflow(p)
		}
	})
	p.value(p.scope, w.RunName, asText("run-name"))
	p.env(p.scope, w.Env)
	p.tree(p.scope, w.Defaults, asText("defaults"))
	p.concurrency(p.scope, w.Concurrency)
	if w.Call != nil {
		p.callInterface(w.Call)
	}
	for _, j := range w.Jobs {
		p.walkJob(j)
	}
}

func (p *pass) callInterface(c *workflow.CallInterface) {
	for _, in := range c.Inputs {
		p.value(p.scope, in.Default, inputPurpose(in))
	}
	outputs := p.scope.with("jobs", p.jobsType())
	for _, o := range c.Outputs {
		p.value(outputs, o.Value, asText("value"))
	}
}

// inputPurpose is what a declared input of workflow_call takes.
func inputPurpose(in *workflow.Input) purpose {
	switch in.Type {
	case "boolean":
		return asBoolean(in.Name)
	case "number":
		return asNumber(in.Name)
	}
	return asText(in.Name)
}

func (p *pass) walkJob(j *workflow.Job) {
	p.each(func(r *rule) {
		if r.job != nil {
			r.job(p, j)
		}
	})
	s := p.jobScope(j)
	p.value(s, j.Name, asText("name"))
	p.value(s, j.If, asCondition())
	p.strategy(s, j.Strategy)
	p.value(s, j.ContinueOnError, asBoolean("continue-on-error"))
	p.value(s, j.TimeoutMinutes, asNumber("timeout-minutes"))
	p.value(s, j.CancelTimeoutMinutes, asNumber("cancel-timeout-minutes"))
	p.concurrency(s, j.Concurrency)
	p.env(s, j.Env)
	p.tree(s, j.Defaults, asText("defaults"))
	p.runsOn(s, j.RunsOn)
	p.container(s, j.Container, "container")
	p.value(s, wholeOf(j.Services), asObject("services"))
	for key, service := range j.Services.Pairs() {
		p.container(s, service, key.Str())
	}
	if j.Uses != nil {
		p.walkCall(s, j)
		return
	}
	last := p.walkSteps(s, j.Steps)
	p.environment(s, last, j.Environment)
	p.tree(last, j.Outputs, asText("outputs"))
	p.snapshot(s, j.Snapshot)
}

// walkCall looks at what a job gives to the workflow it calls.
func (p *pass) walkCall(s *scope, j *workflow.Job) {
	declared := map[string]*workflow.Input{}
	if called := j.Uses.Workflow; called != nil && called.Call != nil {
		for _, in := range called.Call.Inputs {
			declared[strings.ToLower(in.Name)] = in
		}
	}
	for key, value := range j.Uses.With.Pairs() {
		use := asText(key.Str())
		if in := declared[strings.ToLower(key.Str())]; in != nil {
			use = inputPurpose(in)
		} else if j.Uses.Workflow == nil {
			use.want = kindAny
		}
		p.value(s, value, use)
	}
	p.tree(s, j.Uses.Secrets, asText("secrets"))
}

// walkSteps looks at the steps of a list and returns the scope behind them.
func (p *pass) walkSteps(outer *scope, list []*workflow.Step) *scope {
	known := newSteps(list)
	s := outer.with("steps", known.context)
	s.steps = known
	for _, st := range list {
		p.walkStep(s, st)
		known.pass(st, p.outputsOf(st))
		for _, inner := range st.Parallel {
			known.pass(inner, p.outputsOf(inner))
		}
	}
	known.current = nil
	known.running = nil // a job waits for them before it ends
	return s
}

func (p *pass) walkStep(s *scope, st *workflow.Step) {
	s.steps.current = st
	p.each(func(r *rule) {
		if r.step != nil {
			r.step(p, &step{st, s.job, s.steps})
		}
	})
	p.value(s, st.Name, asText("name"))
	p.value(s, st.If, asCondition())
	p.value(s, st.ContinueOnError, asBoolean("continue-on-error"))
	p.value(s, st.TimeoutMinutes, asNumber("timeout-minutes"))
	p.env(s, st.Env)
	p.value(s, st.Run, asScript())
	p.value(s, st.Shell, asText("shell"))
	p.value(s, st.WorkingDirectory, asText("working-directory"))
	p.value(s, wholeOf(st.With), asObject("with"))
	for key, value := range st.With.Pairs() {
		use := asText(key.Str())
		use.script = isGitHubScript(st) && strings.EqualFold(key.Str(), "script")
		p.value(s, value, use)
	}
	for _, inner := range st.Parallel {
		p.walkStep(s, inner)
	}
	s.steps.current = st
}

func isGitHubScript(st *workflow.Step) bool {
	return hasPrefixFold(st.Uses.Str(), "actions/github-script@")
}

func (p *pass) env(s *scope, t *workflow.Token) {
	p.value(s, wholeOf(t), asObject("env"))
	if t.Kind() == workflow.TokenMapping {
		p.tree(s, t, asText("env"))
	}
}

func (p *pass) concurrency(s *scope, t *workflow.Token) {
	p.value(s, wholeOf(t), asTextOrObject("concurrency"))
	p.value(s, t.Lookup("group"), asText("group"))
	p.value(s, t.Lookup("cancel-in-progress"), asBoolean("cancel-in-progress"))
	p.value(s, t.Lookup("queue"), asText("queue"))
}

func (p *pass) strategy(s *scope, t *workflow.Token) {
	p.value(s, wholeOf(t), asObject("strategy"))
	p.value(s, t.Lookup("fail-fast"), asBoolean("fail-fast"))
	p.value(s, t.Lookup("max-parallel"), asNumber("max-parallel"))
	m := t.Lookup("matrix")
	p.value(s, wholeOf(m), asObject("matrix"))
	for key, values := range m.Pairs() {
		p.value(s, wholeOf(values), purpose{want: kindArray, what: key.Str()})
		for _, item := range values.Items() {
			p.tree(s, item, purpose{want: kindAny, what: key.Str()})
		}
	}
}

func (p *pass) runsOn(s *scope, t *workflow.Token) {
	p.value(s, wholeOf(t), asTextOrList("runs-on"))
	for _, label := range t.Items() {
		p.value(s, label, asText("runs-on"))
	}
	p.value(s, t.Lookup("group"), asText("group"))
	labels := t.Lookup("labels")
	p.value(s, wholeOf(labels), asTextOrList("labels"))
	for _, label := range labels.Items() {
		p.value(s, label, asText("labels"))
	}
}

func (p *pass) container(s *scope, t *workflow.Token, what string) {
	p.value(s, wholeOf(t), asTextOrObject(what))
	for key, value := range t.Pairs() {
		name := key.Str()
		switch strings.ToLower(name) {
		case "env", "credentials":
			p.value(s, wholeOf(value), asObject(name))
		case "ports", "volumes":
			p.value(s, wholeOf(value), purpose{want: kindArray | kindNull, what: name})
		default:
			p.value(s, value, asText(name))
			continue
		}
		for _, item := range value.Items() {
			p.value(s, item, asText(name))
		}
		for _, item := range value.Pairs() {
			p.value(s, item, asText(name))
		}
	}
}

// environment is evaluated before the steps, but for its url.
func (p *pass) environment(before, after *scope, t *workflow.Token) {
	p.value(before, wholeOf(t), asTextOrObject("environment"))
	p.value(before, t.Lookup("name"), asText("name"))
	p.value(before, t.Lookup("deployment"), asBoolean("deployment"))
	p.value(after, t.Lookup("url"), asText("url"))
}

func (p *pass) snapshot(s *scope, t *workflow.Token) {
	p.value(s, wholeOf(t), asTextOrObject("snapshot"))
	for key, value := range t.Pairs() {
		use := asText(key.Str())
		if key.Str() == "if" {
			use = asCondition()
		}
		p.value(s, value, use)
	}
}

// wholeOf returns t when it is a scalar or an expression, and nil for a
// sequence or mapping, whose parts are looked at one by one.
func wholeOf(t *workflow.Token) *workflow.Token {
	switch t.Kind() {
	case workflow.TokenSequence, workflow.TokenMapping:
		return nil
	}
	return t
}

// tree looks at every scalar of a tree, keys included, used for one purpose.
func (p *pass) tree(s *scope, t *workflow.Token, use purpose) {
	for _, item := range t.Items() {
		p.tree(s, item, use)
	}
	for key, value := range t.Pairs() {
		p.value(s, key, asText(use.what))
		if key.Kind() == workflow.TokenString && use.want != kindAny {
			use.what = key.Str()
		}
		p.tree(s, value, use)
	}
	p.value(s, wholeOf(t), use)
}

// each calls f for every rule, which from then on is the one that is looking.
func (p *pass) each(f func(*rule)) {
	for _, p.rule = range p.rules {
		f(p.rule)
	}
}
