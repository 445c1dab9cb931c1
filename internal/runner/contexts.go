package runner

import (
	"context"
	"strings"
	"sync"
	"time"

	"slipway/internal/expr"
	"slipway/internal/jobproto"
	"slipway/internal/runner/hashfiles"
)

// hashFilesTimeout is how long hashFiles() may take (HashFilesFunction.cs).
const hashFilesTimeout = 120 * time.Second

// contexts are those of a job that no step changes.
type contexts struct {
	job    *jobRun
	github func() *expr.Object // with the event; made when first asked for
	runner expr.Value
}

func newContexts(j *jobRun) *contexts {
	c := &contexts{job: j}
	c.github = sync.OnceValue(c.makeGithub)
	c.runner = c.makeRunner()
	return c
}

// makeGithub adds to the job's github context what only the runner knows.
func (c *contexts) makeGithub() *expr.Object {
	github := expr.NewObject()
	if from := c.job.job.Contexts.Github.Object(); from != nil {
		github = from.Clone()
	}
	if len(c.job.job.Event) > 0 {
		if event, err := expr.FromJSON(c.job.job.Event); err == nil {
			github.Set("event", event)
		}
	}
	github.Set("workspace", expr.String(c.job.dirs.Inner.Workspace))
	github.Set("event_path", expr.String(c.job.dirs.Inner.Home+"/"+eventFile))
	if _, ok := github.Get("job"); !ok {
		github.Set("job", expr.String(c.job.job.Key))
	}
	return github
}

// makeRunner is the runner context (JobRunner.cs, RunAsync).
func (c *contexts) makeRunner() expr.Value {
	object := expr.NewObject()
	for _, v := range c.runnerPairs() {
		object.Set(v.key, expr.String(v.value))
	}
	return expr.FromObject(object)
}

func (c *contexts) runnerPairs() []pair {
	info, dirs := c.job.job.Runner, c.job.dirs.Inner
	pairs := []pair{
		{"os", info.OS}, {"arch", info.Arch}, {"name", info.Name}, {"environment", info.Environment},
		{"tool_cache", dirs.ToolCache}, {"temp", dirs.Temp}, {"workspace", parent(dirs.Workspace)},
	}
	if c.job.job.StepDebug {
		pairs = append(pairs, pair{"debug", "1"})
	}
	return pairs
}

// parent is the folder a path lies in: RUNNER_WORKSPACE is that of the workspace.
func parent(path string) string {
	if at := strings.LastIndexByte(path, '/'); at > 0 {
		return path[:at]
	}
	return path
}

// githubVariables are the fields of the github context that commands see as
// GITHUB_* (GitHubContext.cs); those of a step itself are added to its own
// environment.
var githubVariables = [...]string{
	"actor", "actor_id", "api_url", "base_ref", "event_name", "graphql_url", "head_ref", "job",
	"ref", "ref_name", "ref_protected", "ref_type", "repository", "repository_id",
	"repository_owner", "repository_owner_id", "retention_days", "run_attempt", "run_id",
	"run_number", "server_url", "sha", "triggering_actor", "workflow", "workflow_ref", "workflow_sha",
}

// variables are the GITHUB_* and RUNNER_* of every command, and room for those
// a step adds: naming them here keeps workflows from setting them.
func (c *contexts) variables() []pair {
	github := c.job.job.Contexts.Github
	out := make([]pair, 0, len(githubVariables)+24)
	out = append(out, pair{"GITHUB_ACTIONS", "true"})
	for _, name := range githubVariables {
		value := github.Field(name)
		if name == "job" && value.IsNull() {
			value = expr.String(c.job.job.Key)
		}
		if value.Kind() == expr.KindString || value.Kind() == expr.KindBoolean || value.Kind() == expr.KindNumber {
			out = append(out, pair{"GITHUB_" + strings.ToUpper(name), value.Text()})
		}
	}
	out = append(out,
		pair{"GITHUB_WORKSPACE", c.job.dirs.Inner.Workspace},
		pair{"GITHUB_EVENT_PATH", c.job.dirs.Inner.Home + "/" + eventFile},
	)
	for _, v := range c.runnerPairs() {
		out = append(out, pair{"RUNNER_" + strings.ToUpper(v.key), v.value})
	}
	for _, name := range stepVariables {
		out = append(out, pair{name, ""})
	}
	return out
}

// stepVariables are the GITHUB_* that each step has its own values for.
var stepVariables = [...]string{
	"GITHUB_ACTION", "GITHUB_ACTION_REPOSITORY", "GITHUB_ACTION_REF",
	"GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY",
}

// job is the job context of the moment.
func (c *contexts) jobContext() expr.Value {
	job := c.job.job
	object := expr.NewObject(
		expr.Pair{Key: "status", Value: expr.String(string(c.job.status.get()))},
		expr.Pair{Key: "container", Value: expr.FromObject(expr.NewObject())},
		expr.Pair{Key: "services", Value: expr.FromObject(expr.NewObject())},
	)
	repository, sha := job.WorkflowRepository, job.WorkflowSHA
	if repository == "" {
		repository, sha = job.Repository, job.SHA
	}
	object.Set("workflow_repository", expr.String(repository))
	object.Set("workflow_sha", expr.String(sha))
	if ref := job.WorkflowRef; ref != "" {
		object.Set("workflow_ref", expr.String(ref))
		file, _, _ := strings.Cut(ref, "@")
		object.Set("workflow_file_path", expr.String(strings.TrimPrefix(file, repository+"/")))
	}
	return expr.FromObject(object)
}

// scope puts together what an expression sees.
func (c *contexts) scope(github *expr.Object, env, steps, inputs expr.Value) *expr.Object {
	from := c.job.job.Contexts
	return expr.NewObject(
		expr.Pair{Key: "github", Value: expr.FromObject(github)},
		expr.Pair{Key: "env", Value: env},
		expr.Pair{Key: "job", Value: c.jobContext()},
		expr.Pair{Key: "steps", Value: steps},
		expr.Pair{Key: "runner", Value: c.runner},
		expr.Pair{Key: "secrets", Value: from.Secrets},
		expr.Pair{Key: "inputs", Value: inputs},
		expr.Pair{Key: "matrix", Value: from.Matrix},
		expr.Pair{Key: "needs", Value: from.Needs},
		expr.Pair{Key: "strategy", Value: from.Strategy},
		expr.Pair{Key: "vars", Value: from.Vars},
	)
}

// functions are those an expression in a job may call besides the common ones.
// action is the status of the composite action that a main step is inside of,
// nil elsewhere: success() and failure() ask it instead of the job
// (SuccessFunction.cs).
func (c *contexts) functions(ctx context.Context, action *status) []expr.Function {
	asked := c.job.status
	if action != nil {
		asked = action
	}
	is := func(s *status, want jobproto.Conclusion) func(*expr.Call, []expr.Value) (expr.Value, error) {
		return func(*expr.Call, []expr.Value) (expr.Value, error) { return expr.Bool(s.get() == want), nil }
	}
	return []expr.Function{
		{Name: "always", Call: func(*expr.Call, []expr.Value) (expr.Value, error) { return expr.Bool(true), nil }},
		{Name: "cancelled", Call: is(c.job.status, jobproto.Cancelled)},
		{Name: "failure", Call: is(asked, jobproto.Failure)},
		{Name: "success", Call: is(asked, jobproto.Success)},
		{Name: "hashFiles", Min: 1, Max: 255, Call: c.hashFiles(ctx)},
	}
}

func (c *contexts) hashFiles(ctx context.Context) func(*expr.Call, []expr.Value) (expr.Value, error) {
	return func(_ *expr.Call, args []expr.Value) (expr.Value, error) {
		patterns := make([]string, len(args))
		for i, a := range args {
			patterns[i] = a.Text()
		}
		ctx, cancel := context.WithTimeout(ctx, hashFilesTimeout)
		defer cancel()
		sum, err := hashfiles.Hash(ctx, c.job.dirs.Host.Workspace, patterns)
		return expr.String(sum), err
	}
}
