package engine

import (
	"strings"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// memo keeps what several jobs of one decision share.
type memo struct {
	asking  *node           // whose condition is being evaluated
	status  []expr.Function // the status functions, which ask about asking
	needs   map[*node]expr.Value
	results map[*node]expr.Value
	callers map[*node]*caller
	own     *own
	lone    expr.Value // the strategy context of a job without a matrix
}

// caller is what all jobs of a called workflow see alike. The run's own jobs
// have one too.
type caller struct {
	file   *workflow.Workflow
	source Source
	github expr.Value // as jobs get it: without the event
	full   expr.Value // with the event
	inputs expr.Value
	secret expr.Value
}

// scope is what the keys of n's job may name. A literal token needs none, and
// gets none: most are.
func (v *view) scope(n *node, t *workflow.Token) *expr.Scope {
	if t.IsLiteral() {
		return nil
	}
	return v.scopeWith(n, nil)
}

func (v *view) scopeWith(n *node, functions []expr.Function) *expr.Scope {
	c := v.caller(n)
	return &expr.Scope{Functions: functions, Contexts: expr.NewObject(
		expr.Pair{Key: "github", Value: c.full},
		expr.Pair{Key: "inputs", Value: c.inputs},
		expr.Pair{Key: "vars", Value: v.run.Vars},
		expr.Pair{Key: "needs", Value: v.needsContext(n)},
		expr.Pair{Key: "strategy", Value: v.strategyContext(n)},
		expr.Pair{Key: "matrix", Value: v.job(n).Values},
	)}
}

// needsContext is the needs context: each with its result and outputs. The
// legs of a matrix share it.
func (v *view) needsContext(n *node) expr.Value {
	if n.matrix != nil {
		n = n.matrix
	}
	if value, ok := v.memo.needs[n]; ok {
		return value
	}
	needs := expr.NewObject()
	for _, need := range n.needs {
		needs.Set(v.job(need).Key, v.result(need))
	}
	value := expr.FromObject(needs)
	if v.memo.needs == nil {
		v.memo.needs = map[*node]expr.Value{}
	}
	v.memo.needs[n] = value
	return value
}

// result is what others see of an ended job.
func (v *view) result(n *node) expr.Value {
	if value, ok := v.memo.results[n]; ok {
		return value
	}
	job := v.job(n)
	value := expr.FromObject(expr.NewObject(
		expr.Pair{Key: "result", Value: expr.String(string(job.State.Conclusion()))},
		expr.Pair{Key: "outputs", Value: expr.Strings(job.Outputs)},
	))
	if !job.State.Final() {
		return value
	}
	if v.memo.results == nil {
		v.memo.results = map[*node]expr.Value{}
	}
	v.memo.results[n] = value
	return value
}

// strategyContext is the strategy context (WorkflowTemplateConverter.cs).
func (v *view) strategyContext(n *node) expr.Value {
	job := v.job(n)
	if n.matrix == nil {
		if !job.FailFast {
			return strategyValue(job, 1, 1)
		}
		if v.memo.lone.IsNull() {
			v.memo.lone = strategyValue(job, 1, 1)
		}
		return v.memo.lone
	}
	parallel := job.MaxParallel
	if parallel == 0 {
		parallel = job.Legs
	}
	return strategyValue(job, job.Legs, parallel)
}

func strategyValue(job *Job, total, parallel int) expr.Value {
	return expr.FromObject(expr.NewObject(
		expr.Pair{Key: "fail-fast", Value: expr.Bool(job.FailFast)},
		expr.Pair{Key: "job-index", Value: expr.Number(float64(job.Leg))},
		expr.Pair{Key: "job-total", Value: expr.Number(float64(total))},
		expr.Pair{Key: "max-parallel", Value: expr.Number(float64(parallel))},
	))
}

// caller is what n shares with the other jobs of its file.
func (v *view) caller(n *node) *caller {
	if c, ok := v.memo.callers[n.parent]; ok {
		return c
	}
	c := v.callerOf(n.parent)
	if v.memo.callers == nil {
		v.memo.callers = map[*node]*caller{}
	}
	v.memo.callers[n.parent] = c
	return c
}

func (v *view) callerOf(call *node) *caller {
	if call == nil {
		return &caller{
			file: v.run.Plan, source: v.run.source(),
			github: v.run.Github, full: v.x.github,
			inputs: v.run.Inputs, secret: v.run.Secrets,
		}
	}
	up := v.caller(call)
	c := &caller{file: call.callee(), source: v.run.calledSource(call.plan.Uses.Ref.Str(), up.source)}
	if given := v.job(call).Call; given != nil {
		c.inputs, c.secret = given.Inputs, given.Secrets
	}
	// github.workflow, workflow_ref and workflow_sha stay the run's own;
	// job_workflow_sha is the called file's.
	sha := expr.String(c.source.SHA)
	c.github = withField(up.github, "job_workflow_sha", sha)
	c.full = withField(up.full, "job_workflow_sha", sha)
	return c
}

func withField(object expr.Value, key string, value expr.Value) expr.Value {
	o := object.Object()
	if o == nil {
		return object
	}
	return expr.FromObject(o.Clone().Set(key, value))
}

// source is where the run's own workflow comes from.
func (r *Run) source() Source {
	s := Source{
		Repository: r.Github.Field("repository").Text(),
		Ref:        r.Github.Field("ref").Text(),
		SHA:        r.Github.Field("workflow_sha").Text(),
		Path:       r.Plan.File,
	}
	if s.SHA == "" {
		s.SHA = r.Github.Field("sha").Text()
	}
	return s
}

// calledSource is where a called workflow comes from: with `./` from where
// its caller does.
func (r *Run) calledSource(ref string, from Source) Source {
	if strings.HasPrefix(ref, "./") || strings.HasPrefix(ref, "$/") {
		from.Path = ref[2:]
		return from
	}
	if s, ok := r.Sources[ref]; ok {
		return s
	}
	path, gitRef, _ := strings.Cut(ref, "@")
	s := Source{Ref: gitRef}
	if parts := strings.SplitN(path, "/", 3); len(parts) == 3 {
		s.Repository, s.Path = parts[0]+"/"+parts[1], parts[2]
	}
	return s
}

// name is what job.workflow_ref says.
func (s Source) name() string { return s.Repository + "/" + s.Path + "@" + s.Ref }
