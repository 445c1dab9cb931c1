package engine

import (
	"strings"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// contexts makes what expressions see, and keeps what several jobs of one
// decision share.
type contexts struct {
	*view
	needsOf  map[*node]expr.Value
	resultOf map[*node]expr.Value
	files    map[*node]*file // by the call; nil is the run's own
	lone     expr.Value      // the strategy context of a job without a strategy
	common   *common
}

// file is what all jobs of one workflow file see alike.
type file struct {
	plan    *workflow.Workflow
	source  Source
	github  expr.Value // as jobs get it: without the event
	full    expr.Value // with the event
	inputs  expr.Value
	secrets expr.Value
}

// of is what the token t, a key of n's job, may name. A literal needs nothing
// and gets nothing: most are.
func (c *contexts) of(n *node, t *workflow.Token) *expr.Scope {
	if t.IsLiteral() {
		return nil
	}
	return c.with(n, nil)
}

func (c *contexts) with(n *node, functions []expr.Function) *expr.Scope {
	f := c.caller(n)
	return &expr.Scope{Functions: functions, Contexts: expr.NewObject(
		expr.Pair{Key: "github", Value: f.full},
		expr.Pair{Key: "inputs", Value: f.inputs},
		expr.Pair{Key: "vars", Value: c.run.Vars},
		expr.Pair{Key: "needs", Value: c.needs(n)},
		expr.Pair{Key: "strategy", Value: c.strategy(n)},
		expr.Pair{Key: "matrix", Value: c.job(n).Values},
	)}
}

// inside is what the keys of a file itself may name: the one that call calls,
// or the run's own for nil.
func (c *contexts) inside(call *node) *expr.Scope {
	f := c.file(call)
	return &expr.Scope{Contexts: expr.NewObject(
		expr.Pair{Key: "github", Value: f.full},
		expr.Pair{Key: "inputs", Value: f.inputs},
		expr.Pair{Key: "vars", Value: c.run.Vars},
	)}
}

// runName is what the run is called: `run-name`, or what GitHub shows for its event.
func (c *contexts) runName() string {
	name, err := workflow.EvaluateRunName(c.run.Plan.RunName, c.inside(nil))
	if err != nil || name == "" {
		return defaultRunName(c.run.Plan, c.x.github)
	}
	return name
}

// needs is the needs context: each with its result and outputs. The legs of a
// matrix share it.
func (c *contexts) needs(n *node) expr.Value {
	if n.matrix != nil {
		n = n.matrix
	}
	value, ok := c.needsOf[n]
	if !ok {
		value = c.results(n.needs)
		if c.needsOf == nil {
			c.needsOf = map[*node]expr.Value{}
		}
		c.needsOf[n] = value
	}
	return value
}

// results is an object of what others see of jobs that have ended, by their keys.
func (c *contexts) results(nodes []*node) expr.Value {
	all := expr.NewObject()
	for _, n := range nodes {
		all.Set(n.job.Key, c.result(n))
	}
	return expr.FromObject(all)
}

func (c *contexts) result(n *node) expr.Value {
	if value, ok := c.resultOf[n]; ok {
		return value
	}
	job := c.job(n)
	value := expr.FromObject(expr.NewObject(
		expr.Pair{Key: "result", Value: expr.String(string(job.State.Conclusion()))},
		expr.Pair{Key: "outputs", Value: expr.Strings(job.Outputs)},
	))
	if c.resultOf == nil {
		c.resultOf = map[*node]expr.Value{}
	}
	c.resultOf[n] = value
	return value
}

// strategy is the strategy context (WorkflowTemplateConverter.cs,
// WorkflowTemplateEvaluator.cs).
func (c *contexts) strategy(n *node) expr.Value {
	job := c.job(n)
	if n.matrix != nil {
		parallel := job.MaxParallel
		if parallel == 0 {
			parallel = job.Legs
		}
		return strategyValue(job, job.Legs, parallel)
	}
	if !job.FailFast {
		return strategyValue(job, 1, 1)
	}
	if c.lone.IsNull() {
		c.lone = strategyValue(job, 1, 1)
	}
	return c.lone
}

func strategyValue(job *Job, total, parallel int) expr.Value {
	return expr.FromObject(expr.NewObject(
		expr.Pair{Key: "fail-fast", Value: expr.Bool(job.FailFast)},
		expr.Pair{Key: "job-index", Value: expr.Number(float64(job.Leg))},
		expr.Pair{Key: "job-total", Value: expr.Number(float64(total))},
		expr.Pair{Key: "max-parallel", Value: expr.Number(float64(parallel))},
	))
}

// caller is the file n's job stands in.
func (c *contexts) caller(n *node) *file { return c.file(n.parent) }

// file is the file that call, which has begun, calls.
func (c *contexts) file(call *node) *file {
	f, ok := c.files[call]
	if !ok {
		f = c.newFile(call)
		if c.files == nil {
			c.files = map[*node]*file{}
		}
		c.files[call] = f
	}
	return f
}

func (c *contexts) newFile(call *node) *file {
	if call == nil {
		return &file{
			plan: c.run.Plan, source: c.run.source(), github: c.run.Github, full: c.x.github,
			inputs: c.run.Inputs, secrets: c.run.Secrets,
		}
	}
	from, given := c.caller(call), c.job(call).Call
	f := &file{
		plan: call.callee(), source: c.run.called(call.plan.Uses.Ref.Str(), from.source),
		inputs: given.Inputs, secrets: given.Secrets,
	}
	// github.workflow, workflow_ref and workflow_sha stay the run's own;
	// job_workflow_sha is the called file's.
	sha := expr.String(f.source.SHA)
	f.github = withField(from.github, "job_workflow_sha", sha)
	f.full = withField(from.full, "job_workflow_sha", sha)
	return f
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

// called is where a called workflow comes from: with `./` from where its
// caller does.
func (r *Run) called(ref string, from Source) Source {
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
