// Package action finds, fetches, caches and describes actions, and holds the
// built-in ones. It imports workflow, expr, gitrepo, executor and fault only.
package action

import (
	"context"
	"io"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// Resolver turns a step's `uses` into something to run. It is safe for
// concurrent use; two resolutions of one reference do the work once.
type Resolver interface {
	// Resolve finds the action a step uses. log gets one line for what was
	// done that a reader of the job's log should know (fetched from where, which one runs).
	Resolve(ctx context.Context, use Use, log io.Writer) (*Action, error)
}

// Use is a reference to an action from a place in a workflow or an action.
type Use struct {
	Ref       string // as written: owner/repo/path@ref, ./path, $/path, docker://image
	Workspace string // host path, for ./path
	// Repository and SHA name the repository that defines the workflow or the
	// composite action holding this step, for $/path.
	Repository, SHA string
	// Root is the host folder of that repository's files when the definer is a
	// fetched action; "" when it is the repository of the run.
	Root string
}

// Action is a resolved action: its manifest and where its files are.
type Action struct {
	Ref        string // as written
	Repository string // owner/name; "" for a local path
	Commit     string // full sha; "" for a local path or a built-in
	Dir        string // host folder holding action.yml; "" for a built-in
	Root       string // host folder of the action's whole repository; = Dir but for subfolders
	Manifest   *Manifest
	Builtin    Builtin // set: run this instead of the manifest's code
}

// Builtin is an action that is Go code of ours.
type Builtin interface {
	// Main runs the step. An error fails it; the message is shown.
	Main(ctx context.Context, call *Call) error
	// Post runs after the job's steps when Main ran (or was skipped by a failure
	// inside it) and the manifest names a post.
	Post(ctx context.Context, call *Call) error
}

// Call is what a built-in action is given. Paths in Env and Inputs are as
// commands see them; Host translates.
type Call struct {
	Inputs map[string]string // by lower-cased name, defaults filled in
	Env    map[string]string // the step's whole environment
	Github expr.Value        // the github context
	State  map[string]string // what SaveState kept, for Post
	Log    io.Writer         // workflow commands in it are obeyed, as for any step

	SetOutput func(name, value string)
	SetEnv    func(name, value string)
	AddPath   func(path string)
	SaveState func(name, value string)
	AddMask   func(value string)
	// Host translates a path as commands see it to one we can open.
	Host func(inner string) string
	// Exec runs a command in the job's place, its output going to Log (or to
	// out when not nil), and returns its exit code. dir "" is the workspace; env is added to Env.
	Exec func(ctx context.Context, args []string, dir string, env []string, out io.Writer) (int, error)
}

// Manifest is action.yml, read and validated.
type Manifest struct {
	Name        string
	Description string
	Inputs      []ManifestInput
	Outputs     []ManifestOutput // composite: Value set
	Runs        Runs
}

// ManifestInput is a declared input. Names compare without case.
type ManifestInput struct {
	Name        string
	Description string
	Required    bool
	Default     *workflow.Token // may hold expressions over github, strategy, matrix, job, runner
	Deprecation string
}

// ManifestOutput is a declared output; Value is set for composite actions.
type ManifestOutput struct {
	Name  string
	Value *workflow.Token
}

// Runs says how an action runs.
type Runs struct {
	Using string // as written: node20, composite, docker, …

	// JavaScript: paths relative to Action.Dir; conditions are expression sources, "" is always().
	Pre, Main, Post string
	PreIf, PostIf   string

	// Composite.
	Steps []*workflow.Step

	// Docker.
	Image                                     string // Dockerfile path or docker://image
	PreEntrypoint, Entrypoint, PostEntrypoint string
	Args, Env                                 *workflow.Token
}
