// Package engine decides what happens next in a run. Decide is pure: a
// snapshot and a time in, a decision out; whoever owns the state applies it.
// It imports workflow, expr, jobproto and fault only.
//
// The life of a run: NewRun, then Decide. Apply writes the decision into the
// run, ApplyGroups into the concurrency groups; the owner hands out what is to
// Start, tells runners what is to Stop, and calls RequestCancel for Evictions.
// What runners say goes in with Report. Decide again after each report, when
// Wake has come, and when a group has changed, until the run's State is final.
package engine

import (
	"encoding/json"
	"time"

	"slipway/internal/expr"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// State is where a run or a job stands.
//
//	pending → waiting → queued → running → success | failure | cancelled | lost
//	   └→ skipped          └── each may end early as cancelled or failure
type State string

// States. A job is final in Success, Failure, Cancelled, Skipped and Lost.
const (
	Pending   State = "pending" // its needs are not final yet, or its matrix is not expanded
	Waiting   State = "waiting" // ready, but a concurrency group, max-parallel or a gate holds it
	Queued    State = "queued"  // handed out: a runner may claim it
	Running   State = "running"
	Success   State = "success"
	Failure   State = "failure"
	Cancelled State = "cancelled"
	Skipped   State = "skipped"
	Lost      State = "lost" // its machine vanished; a failure to needs
)

// Final reports whether s is an end.
func (s State) Final() bool {
	switch s {
	case Success, Failure, Cancelled, Skipped, Lost:
		return true
	}
	return false
}

// Conclusion is s in GitHub's words: what `needs.<job>.result` says of a final
// state. It is "" for the others.
func (s State) Conclusion() jobproto.Conclusion {
	switch s {
	case Lost:
		return jobproto.Failure
	case Success, Failure, Cancelled, Skipped:
		return jobproto.Conclusion(s)
	}
	return ""
}

// failed reports whether s counts as a failure.
func (s State) failed() bool { return s == Failure || s == Lost }

// Spec is what is known when a run is triggered. It never changes.
type Spec struct {
	ID      string
	Number  int
	Attempt int                // from 1
	Plan    *workflow.Workflow // called workflows already read into it
	Github  expr.Value         // the github context without event and job-specific fields
	Event   json.RawMessage    // the payload: github.event
	Inputs  expr.Value         // workflow_dispatch inputs, coerced to their types
	Vars    expr.Value
	Secrets expr.Value // names and values the jobs may see; the engine only passes them on
	Created time.Time

	// Sources says where the called workflows of other repositories come
	// from, by their reference as written (owner/repo/path@ref). One that is
	// not in it is taken from its reference, without a SHA.
	Sources map[string]Source `json:",omitempty"`

	// Matrix, when not empty, keeps only the legs whose value for each of its
	// keys is, as text, one of those listed. Legs without the key are kept.
	Matrix map[string][]string `json:",omitempty"`
}

// Source is where a workflow file comes from.
type Source struct {
	Repository string // owner/name
	Ref        string // refs/heads/main, or as the caller wrote it
	SHA        string
	Path       string // .github/workflows/ci.yml
}

// Run is a value: one attempt of one workflow for one event. Decide reads it,
// Apply, Report and RequestCancel write it; nothing in it is fetched or read
// from disk, and all of it survives JSON. Writers must not run beside
// readers.
type Run struct {
	Spec
	Version  int64 // grows by one with each applied decision or report
	State    State
	Display  string // run-name evaluated; set by the first decision
	Reason   string // why it ended or waits, in words
	Finished time.Time
	Jobs     []*Job // every instance known so far, in plan order; legs and callees behind their parent
	Cancel   CancelRequest
	GroupKey string // the workflow-level concurrency group, folded; "" is none

	index *index // derived from the above; nil until needed
}

// CancelRequest asks for a run or job to end. Force also ends always() steps
// and jobs.
type CancelRequest struct {
	At     time.Time // zero: not asked
	Reason string
	Force  bool
}

// Asked reports whether somebody asked.
func (c CancelRequest) Asked() bool { return !c.At.IsZero() }

// Kind is what an instance stands for.
type Kind string

// Kinds. Only a KindJob is ever handed out; the others end when what is
// under them has.
const (
	KindJob    Kind = "job"
	KindMatrix Kind = "matrix" // a job with a matrix: its legs have Matrix set to its ID
	KindCall   Kind = "call"   // a call of a reusable workflow: its jobs have Parent set to its ID
)

// Job is one instance: a plain job, a job with a matrix, a leg of it, or a
// call of a reusable workflow (whose own jobs follow as instances with Parent
// set).
type Job struct {
	ID      string // "build", leg "build/0", callee "call/build"; unique in the run, stable across attempts
	Kind    Kind
	Key     string // the plan's job id
	Parent  string `json:",omitzero"` // the calling instance's ID; ""
	Matrix  string `json:",omitzero"` // the ID of the unexpanded job whose leg this is; "" otherwise
	Display string // "build (1, a)", "call / build"

	State    State
	Reason   string            `json:",omitzero"` // why it waits, was skipped, cancelled or failed, in words
	Leg      int               `json:",omitzero"`
	Legs     int               `json:",omitzero"` // of a leg and of the job with the matrix: how many there are
	Values   expr.Value        `json:",omitzero"` // the leg's matrix
	Outputs  map[string]string `json:",omitzero"`
	Queued   time.Time         `json:",omitzero"`
	Started  time.Time         `json:",omitzero"`
	Finished time.Time         `json:",omitzero"`
	Cancel   CancelRequest     `json:",omitzero"` // what was asked for
	Stopping CancelRequest     `json:",omitzero"` // what its runner, or the jobs under it, were told

	// Groups are the concurrency groups it claims, folded: its own, then, for
	// a call, that of the called workflow. Empty again when it has ended.
	Groups []string `json:",omitzero"`

	// Broken says that something it needs, however far back, did not succeed;
	// Failing that something failed. Set when its needs are final.
	Broken, Failing bool `json:",omitzero"`

	ContinueOnError bool          `json:",omitzero"` // once failed: the run passes nevertheless
	FailFast        bool          `json:",omitzero"`
	MaxParallel     int           `json:",omitzero"` // 0: no limit
	RunsOn          RunsOn        `json:",omitzero"`
	Environment     string        `json:",omitzero"`
	EnvironmentURL  string        `json:",omitzero"`
	Timeout         time.Duration `json:",omitzero"`
	CancelTimeout   time.Duration `json:",omitzero"`

	Call *Call `json:",omitzero"` // of a call that has begun
}

// Call is what a called workflow sees.
type Call struct {
	Inputs  expr.Value
	Secrets expr.Value
}

// RunsOn is where a job wants to run.
type RunsOn struct {
	Labels []string
	Group  string
}
