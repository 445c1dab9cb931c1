// Package jobproto is the wire between whoever decides (server or local run)
// and one job: the job message, the events and log chunks that come back, and
// the result. It imports workflow, expr and fault only. Everything in it
// survives a round trip through JSON.
package jobproto

import (
	"encoding/json"
	"time"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// Job is everything a runner needs to run one job: no workflow file, no store.
type Job struct {
	RunID       string
	JobID       string // the job instance's id, unique in the run: engine.Job.ID
	Key         string // the workflow's job id ("build"); github.job
	DisplayName string // "build (1, a)"

	Contexts Contexts
	Event    json.RawMessage // the event payload, for GITHUB_EVENT_PATH and github.event

	Env      []*workflow.Token // outermost first: workflow, then job
	Defaults []*workflow.Token // likewise; `run: {shell, working-directory}`
	Steps    []*workflow.Step
	Outputs  *workflow.Token
	// EnvironmentURL is `environment.url`, evaluated when the job's steps have ended.
	EnvironmentURL *workflow.Token
	Container      *workflow.Token
	Services       *workflow.Token

	Timeout       time.Duration // whole job; 0: 360 minutes
	CancelTimeout time.Duration // for always() steps after a cancel; 0: 5 minutes

	// Repository is the one that defines the workflow, for `./` and `$/` uses.
	Repository string // owner/name
	Ref        string
	SHA        string
	// WorkflowRepository and WorkflowSHA differ from Repository for a called workflow of another repository.
	WorkflowRepository string
	WorkflowSHA        string
	WorkflowRef        string // of the file that defines the job, called or not: owner/name/path@ref

	StepDebug   bool // ACTIONS_STEP_DEBUG
	RunnerDebug bool // ACTIONS_RUNNER_DEBUG
	Runner      RunnerInfo
	Masks       []string // secret values beyond Contexts.Secrets
}

// RunnerInfo fills the runner context.
type RunnerInfo struct {
	Name, OS, Arch, Environment string // "Linux", "X64", "self-hosted"
}

// Contexts are the values known before the job starts. Each is an object or null.
type Contexts struct {
	Github   expr.Value // without event: the runner adds it from Job.Event
	Needs    expr.Value
	Strategy expr.Value
	Matrix   expr.Value
	Inputs   expr.Value
	Vars     expr.Value
	Secrets  expr.Value
}

// Conclusion is how a step, job or run ended, in GitHub's words.
type Conclusion string

// Conclusions.
const (
	Success   Conclusion = "success"
	Failure   Conclusion = "failure"
	Cancelled Conclusion = "cancelled"
	Skipped   Conclusion = "skipped"
)

// Result is a finished job's answer.
type Result struct {
	Conclusion     Conclusion
	Outputs        map[string]string
	EnvironmentURL string
}

// StepRef names one step of a job's log: what the workflow lists, and what
// stands around and inside it.
type StepRef struct {
	Number int    // 1-based, in the order shown; unique in the job
	Parent int    // the composite step this one is inside of; 0 at the top
	ID     string // `id:` or the generated one
	Name   string // display name, masked
	Phase  Phase
}

// Phase tells where in a job's life a step stands.
type Phase string

// Phases.
const (
	Setup    Phase = "setup"    // "Set up job"
	Pre      Phase = "pre"      // an action's pre
	Main     Phase = "main"     // the step itself
	Post     Phase = "post"     // an action's post
	Complete Phase = "complete" // "Complete job"
)

// Sink receives what happens in a job, in order. Calls come from one goroutine
// at a time for each step; background steps make them concurrent across steps.
// A Sink must not block for long and keeps nothing it was handed.
type Sink interface {
	StepStarted(StepRef, time.Time)
	// Log gets whole masked lines, each ended by '\n', of one step.
	Log(step int, lines []byte)
	Annotation(Annotation)
	// StepFinished comes once for each StepStarted; skipped steps get both.
	StepFinished(StepRef, StepResult)
	// Summary gets a step's masked job summary, Markdown of at most 1 MiB.
	Summary(step int, markdown []byte)
}

// StepResult is how one step ended. Outcome is before continue-on-error, Conclusion after.
type StepResult struct {
	Outcome    Conclusion
	Conclusion Conclusion
	Finished   time.Time
	ExitCode   *int // of the last command, when there was one
	Message    string
}

// Level is an annotation's weight.
type Level string

// Levels.
const (
	Notice  Level = "notice"
	Warning Level = "warning"
	Error   Level = "error"
)

// Annotation is a message pinned to a place in a file, or to the job.
type Annotation struct {
	Step      int    `json:"step"`
	Level     Level  `json:"level"`
	Message   string `json:"message"` // masked, at most 4096 characters
	Title     string `json:"title,omitempty"`
	File      string `json:"file,omitempty"` // relative to the workspace when inside it
	Line      int    `json:"line,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
}
