package engine

import (
	"time"

	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// launch hands a job out: whatever it is told stands in its message.
func (v *view) launch(n *node) {
	job := v.edit(n)
	m, err := v.message(n, job)
	if err != nil {
		v.fail(n, err)
		return
	}
	job.State, job.Reason, job.Queued = Queued, "", v.now
	v.d.Start = append(v.d.Start, m)
	v.push(n)
}

// message makes a job's message, and notes in job what the engine itself
// needs of it.
func (v *view) message(n *node, job *Job) (*jobproto.Job, error) {
	if err := v.evaluatePlace(n, job); err != nil {
		return nil, err
	}
	env, err := workflow.EvaluateEnvironment(n.plan.Environment, v.scope(n, n.plan.Environment))
	if err != nil {
		return nil, evaluationFailed("environment", job, err)
	}
	job.Environment = env.Name
	c, own := v.caller(n), v.own()
	return &jobproto.Job{
		RunID: v.run.ID, JobID: job.ID, Key: job.Key, DisplayName: job.Display,
		Contexts: jobproto.Contexts{
			Github: c.github, Needs: v.needsContext(n), Strategy: v.strategyContext(n), Matrix: job.Values,
			Inputs: c.inputs, Vars: v.run.Vars, Secrets: c.secret,
		},
		Event: v.run.Event,
		Env:   present(c.file.Env, n.plan.Env), Defaults: present(c.file.Defaults, n.plan.Defaults),
		Steps: n.plan.Steps, Outputs: n.plan.Outputs, EnvironmentURL: env.URL,
		Container: n.plan.Container, Services: n.plan.Services,
		Timeout: job.Timeout, CancelTimeout: job.CancelTimeout,
		Repository: own.repository, Ref: own.ref, SHA: own.sha,
		WorkflowRepository: c.source.Repository, WorkflowSHA: c.source.SHA, WorkflowRef: c.source.name(),
		StepDebug: own.stepDebug, RunnerDebug: own.runnerDebug,
	}, nil
}

// evaluatePlace evaluates where a job runs, and for how long.
func (v *view) evaluatePlace(n *node, job *Job) error {
	runsOn, err := workflow.EvaluateRunsOn(n.plan.RunsOn, v.scope(n, n.plan.RunsOn))
	if err != nil {
		return evaluationFailed("runs-on", job, err)
	}
	job.RunsOn = RunsOn{Labels: runsOn.Labels, Group: runsOn.Group}
	if job.Timeout, err = v.minutes(n, n.plan.TimeoutMinutes, defaultTimeout); err != nil {
		return evaluationFailed("timeout-minutes", job, err)
	}
	if job.CancelTimeout, err = v.minutes(n, n.plan.CancelTimeoutMinutes, defaultCancelTimeout); err != nil {
		return evaluationFailed("cancel-timeout-minutes", job, err)
	}
	return nil
}

// minutes evaluates a timeout. GitHub drops the fraction of a minute; it
// counts here. Nothing, or less, is the default.
func (v *view) minutes(n *node, t *workflow.Token, def time.Duration) (time.Duration, error) {
	const most = 1e6 // minutes: nearly two years, far from overflow
	minutes, err := workflow.EvaluateNumber(t, v.scope(n, t), 0)
	if err != nil || !(minutes > 0) {
		return def, err
	}
	return time.Duration(min(minutes, most) * float64(time.Minute)), nil
}

// own is what all messages of a run say alike.
type own struct {
	repository, ref, sha   string
	stepDebug, runnerDebug bool
}

func (v *view) own() *own {
	if v.memo.own == nil {
		github := v.run.Github
		v.memo.own = &own{
			repository: github.Field("repository").Text(), ref: github.Field("ref").Text(), sha: github.Field("sha").Text(),
			stepDebug: v.debugging("ACTIONS_STEP_DEBUG"), runnerDebug: v.debugging("ACTIONS_RUNNER_DEBUG"),
		}
	}
	return v.memo.own
}

// debugging tells whether a debug setting is on: a secret or, else, a variable.
func (v *view) debugging(name string) bool {
	setting := v.run.Secrets.Field(name).Text()
	if setting == "" {
		setting = v.run.Vars.Field(name).Text()
	}
	return setting == "true"
}

func present(tokens ...*workflow.Token) []*workflow.Token {
	var all []*workflow.Token
	for _, t := range tokens {
		if t.Kind() != workflow.TokenNull {
			all = append(all, t)
		}
	}
	return all
}
