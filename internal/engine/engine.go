// Package engine decides what happens next in a run. Decide is pure: a
// snapshot and a time in, a decision out; whoever owns the state applies it.
// It imports workflow, expr, jobproto and fault only.
package engine

import (
	"encoding/json"
	"time"

	"slipway/internal/expr"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// State is where a run or a job stands.
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

// Run is a value: one attempt of one workflow for one event. Decide reads it,
// Apply writes it; nothing in it is fetched or read from disk.
type Run struct {
	ID       string
	Number   int
	Attempt  int // from 1
	Plan     *workflow.Workflow
	Github   expr.Value // the github context without job-specific fields
	Event    json.RawMessage
	Inputs   expr.Value // workflow_dispatch inputs, coerced to their types
	Vars     expr.Value
	Secrets  expr.Value // names and values the jobs may see; the engine only passes them on
	Created  time.Time
	Version  int64 // grows by one with each applied decision or report
	State    State
	Display  string // run-name evaluated; set by the first decision
	Reason   string // why it ended or waits, in words
	Jobs     []*Job // every instance known so far, in plan order; legs and callees behind their parent
	Cancel   CancelRequest
	GroupKey string // the workflow-level concurrency group, folded; "" is none
}

// CancelRequest asks for a run or job to end. Force also ends always() steps.
type CancelRequest struct {
	At     time.Time // zero: not asked
	Reason string
	Force  bool
}

// Job is one instance: a plain job, a leg of a matrix, or a call of a reusable
// workflow (whose own jobs follow as instances with Parent set).
type Job struct {
	ID      string // "build", "build (1, a)" → "build/0"; callee: "call/build"; unique in the run, stable across attempts
	Key     string // the plan's job id
	Parent  string // the calling instance's ID; ""
	Matrix  string // the ID of the unexpanded job whose leg this is; "" otherwise
	Display string

	State    State
	Reason   string // why it waits, was skipped or failed, in words
	Leg      int
	Legs     int
	Values   expr.Value // the leg's matrix
	Outputs  map[string]string
	Queued   time.Time
	Started  time.Time
	Finished time.Time
	Cancel   CancelRequest
	GroupKey string

	ContinueOnError bool
	FailFast        bool
	MaxParallel     int // 0: no limit
	RunsOn          RunsOn
	Environment     string
}

// RunsOn is where a job wants to run.
type RunsOn struct {
	Labels []string
	Group  string
}
