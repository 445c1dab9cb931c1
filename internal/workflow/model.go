package workflow

// The validated model. Every *Token field may be nil: the key was absent.
// Tokens that may hold expressions are evaluated later, by Evaluate* in this
// package, where the contexts are known: the engine for what decides whether
// and where a job runs, the runner for everything inside the job.

// Workflow is one file, read and validated.
type Workflow struct {
	File        string       // as given to Read, slash-separated
	Name        string       // `name:`, or "" (display falls back to File)
	RunName     *Token       // `run-name:`
	On          *Triggers    // never nil
	Permissions *Permissions // nil: the default policy holds
	Env         *Token
	Defaults    *Token
	Concurrency *Token
	Jobs        []*Job // in file order
	Call        *CallInterface
}

// Job is one entry of `jobs:`. Either Steps or Uses is set, never both.
type Job struct {
	ID                   string
	Pos                  Pos
	Name                 *Token
	Needs                []*Token // string literals
	If                   *Token   // expression; nil means success()
	Permissions          *Permissions
	Strategy             *Token
	ContinueOnError      *Token
	TimeoutMinutes       *Token
	CancelTimeoutMinutes *Token
	Concurrency          *Token
	Env                  *Token
	Environment          *Token
	Defaults             *Token
	RunsOn               *Token
	Container            *Token
	Services             *Token
	Outputs              *Token
	Snapshot             *Token
	Steps                []*Step

	Uses *Uses // a job that calls a reusable workflow
}

// Uses is a job's call of a reusable workflow.
type Uses struct {
	Ref            *Token // string literal: ./path@… or owner/repo/path@ref
	With           *Token
	Secrets        *Token // nil when inherited or absent
	InheritSecrets bool
	Workflow       *Workflow // the called file, read and validated; nil only when reading with SkipCalled
}

// Step is one entry of `steps:`. Exactly one of Run, Uses, Wait, WaitAll,
// Cancel and Parallel says what kind it is.
type Step struct {
	ID               string // always set: generated as GitHub does when absent ("__run", "__actions_checkout_2")
	Pos              Pos
	Name             *Token
	If               *Token // expression; nil means success()
	ContinueOnError  *Token
	TimeoutMinutes   *Token
	Env              *Token
	Run              *Token
	Shell            *Token
	WorkingDirectory *Token
	Uses             *Token // string literal
	With             *Token

	Background bool
	Wait       []string // step ids; empty unless this is a wait step
	WaitAll    bool
	Cancel     string // the background step to cancel
	Parallel   []*Step
}

// CallInterface is what `on.workflow_call` declares.
type CallInterface struct {
	Inputs  []*Input
	Secrets []*CallSecret
	Outputs []*CallOutput
}

// Input is a declared input of workflow_call or workflow_dispatch.
type Input struct {
	Name        string
	Pos         Pos
	Type        string // string, boolean, number; dispatch also choice, environment
	Description string
	Required    bool
	Default     *Token // may be an expression for workflow_call
	Options     []string
}

// CallSecret is a declared secret of workflow_call.
type CallSecret struct {
	Name     string
	Pos      Pos
	Required bool
}

// CallOutput is a declared output of workflow_call.
type CallOutput struct {
	Name  string
	Pos   Pos
	Value *Token
}

// Triggers is `on:`, one entry an event in file order.
type Triggers struct {
	Events []*Event
}

// Event is one trigger with its filters. Filters keep GitHub's order and
// their `!` patterns; nil means the key was absent.
type Event struct {
	Name           string
	Pos            Pos
	Types          []string
	Branches       []string
	BranchesIgnore []string
	Tags           []string
	TagsIgnore     []string
	Paths          []string
	PathsIgnore    []string
	Workflows      []string // workflow_run
	Schedules      []Schedule
	Inputs         []*Input // workflow_dispatch
	Config         *Token   `json:"-"` // what the file has below the name, for positions; nil in a run that was stored
}

// Schedule is one entry of `on.schedule`.
type Schedule struct {
	Cron     string
	Timezone string // IANA name; "" is UTC
	Pos      Pos
}

// Level is what a permission scope allows.
type Level uint8

// Levels, weakest first.
const (
	LevelNone Level = iota
	LevelRead
	LevelWrite
)

// Permissions maps each scope named by the file ("contents", "id-token", …)
// to a level; a scope that is not in it is LevelNone.
type Permissions struct {
	Pos    Pos
	Scopes map[string]Level
}

// Pos is a place in a file; lines and columns count from 1, 0 means unknown.
type Pos struct {
	File   string
	Line   int
	Column int
}
