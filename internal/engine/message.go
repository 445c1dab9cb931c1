package engine

import (
	"time"

	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

const (
	defaultTimeout       = 360 * time.Minute
	defaultCancelTimeout = 5 * time.Minute
)

// message makes the message of one job, and notes in the job what the engine
// itself needs of it.
type message struct {
	*contexts
	n   *node
	job *Job
}

// common is what all messages of a run say alike.
type common struct {
	repository, ref, sha   string
	stepDebug, runnerDebug bool
}

func (m *message) build() (*jobproto.Job, error) {
	if err := m.place(); err != nil {
		return nil, err
	}
	plan := m.n.plan
	env, err := workflow.EvaluateEnvironment(plan.Environment, m.of(m.n, plan.Environment))
	if err != nil {
		return nil, evaluationFailed("environment", m.job, err)
	}
	m.job.Environment = env.Name
	file, run := m.caller(m.n), m.runFacts()
	return &jobproto.Job{
		RunID: m.run.ID, JobID: m.job.ID, Key: m.job.Key, DisplayName: m.job.Display,
		Contexts: jobproto.Contexts{
			Github: file.github, Needs: m.needs(m.n), Strategy: m.strategy(m.n), Matrix: m.job.Values,
			Inputs: file.inputs, Vars: m.run.Vars, Secrets: file.secrets,
		},
		Event: m.run.Event,
		Env:   present(file.plan.Env, plan.Env), Defaults: present(file.plan.Defaults, plan.Defaults),
		Steps: plan.Steps, Outputs: plan.Outputs, EnvironmentURL: env.URL,
		Container: plan.Container, Services: plan.Services,
		Timeout: m.job.Timeout, CancelTimeout: m.job.CancelTimeout,
		Repository: run.repository, Ref: run.ref, SHA: run.sha,
		WorkflowRepository: file.source.Repository, WorkflowSHA: file.source.SHA, WorkflowRef: file.source.name(),
		StepDebug: run.stepDebug, RunnerDebug: run.runnerDebug,
	}, nil
}

// place evaluates where a job runs, and for how long.
func (m *message) place() (err error) {
	plan := m.n.plan
	runsOn, err := workflow.EvaluateRunsOn(plan.RunsOn, m.of(m.n, plan.RunsOn))
	if err != nil {
		return evaluationFailed("runs-on", m.job, err)
	}
	m.job.RunsOn = RunsOn{Labels: runsOn.Labels, Group: runsOn.Group}
	if m.job.Timeout, err = m.minutes(plan.TimeoutMinutes, defaultTimeout); err != nil {
		return evaluationFailed("timeout-minutes", m.job, err)
	}
	if m.job.CancelTimeout, err = m.minutes(plan.CancelTimeoutMinutes, defaultCancelTimeout); err != nil {
		return evaluationFailed("cancel-timeout-minutes", m.job, err)
	}
	return nil
}

// minutes evaluates a timeout. GitHub drops the fraction of a minute; it
// counts here. Nothing, or less, is the default.
func (m *message) minutes(t *workflow.Token, def time.Duration) (time.Duration, error) {
	const most = 1e6 // minutes: nearly two years, far from overflow
	minutes, err := workflow.EvaluateNumber(t, m.of(m.n, t), 0)
	if err != nil || !(minutes > 0) {
		return def, err
	}
	return time.Duration(min(minutes, most) * float64(time.Minute)), nil
}

func (c *contexts) runFacts() *common {
	if c.common == nil {
		github := c.run.Github
		c.common = &common{
			repository: github.Field("repository").Text(), ref: github.Field("ref").Text(), sha: github.Field("sha").Text(),
			stepDebug: c.run.setting("ACTIONS_STEP_DEBUG"), runnerDebug: c.run.setting("ACTIONS_RUNNER_DEBUG"),
		}
	}
	return c.common
}

// setting tells whether a debug setting is on: a secret or, else, a variable.
func (r *Run) setting(name string) bool {
	value := r.Secrets.Field(name).Text()
	if value == "" {
		value = r.Vars.Field(name).Text()
	}
	return value == "true"
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
