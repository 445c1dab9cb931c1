package runner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/internal/jobproto"
	"slipway/internal/runner"
	"slipway/internal/testkit"
)

// onLine calls do, once, when a step logs a line that begins with text.
func (tr *trial) onLine(text string, do func()) {
	before := tr.sink.onLog
	var once sync.Once
	tr.sink.onLog = func(step, lines string) {
		if before != nil {
			before(step, lines)
		}
		if strings.Contains("\n"+lines, "\n"+text) {
			once.Do(do)
		}
	}
}

func (tr *trial) cancel() { tr.control <- runner.Cancel{Reason: "somebody canceled it"} }

// TestCancel cancels jobs in the middle of a step, in every way a step can
// take it. `mark NAME` in a script is what the step did.
func TestCancel(t *testing.T) {
	testkit.Need(t, "bash")
	for name, test := range map[string]struct {
		steps   string
		outline string
		marks   string
		waits   runner.Waits
	}{
		"interrupt": {
			steps: `
- run: |
    trap 'mark interrupted; exit 9' INT
    trap 'mark terminated' TERM
    echo ready; while :; do sleep 0.01 || :; done
- run: mark never
- run: mark "always ${{ job.status }}"
  if: always()
- run: mark cancelled
  if: cancelled()
- run: mark failed
  if: failure()`,
			outline: "Run trap 'mark interrupted; exit 9' INT: cancelled\nRun mark never: skipped\nRun mark \"always cancelled\": success\nRun mark cancelled: success\nRun mark failed: skipped\nComplete job: success\n",
			marks:   "interrupted always cancelled cancelled",
		},
		"exits with 0 on SIGINT": {
			steps: `
- run: |
    trap 'exit 0' INT
    echo ready; while :; do sleep 0.01 || :; done`,
			outline: "Run trap 'exit 0' INT: cancelled\nComplete job: success\n",
		},
		"terminate": {
			steps: `
- run: |
    trap 'mark interrupted' INT
    trap 'mark terminated; exit 0' TERM
    echo ready; while :; do sleep 0.01 || :; done`,
			outline: "Run trap 'mark interrupted' INT: cancelled\nComplete job: success\n",
			marks:   "interrupted terminated",
			waits:   runner.Waits{Interrupt: 100 * time.Millisecond},
		},
		"kill": {
			steps: `
- run: |
    trap 'mark interrupted' INT
    trap 'mark terminated' TERM
    echo ready; while :; do sleep 0.01 || :; done
- run: mark after
  if: always()`,
			outline: "Run trap 'mark interrupted' INT: cancelled\nRun mark after: success\nComplete job: success\n",
			marks:   "interrupted terminated after",
			waits:   runner.Waits{Interrupt: 100 * time.Millisecond, Terminate: 100 * time.Millisecond},
		},
		"the step's condition still holds": {
			steps: `
- run: |
    echo ready
    until [ -f go ]; do sleep 0.01; done
    mark finished
  if: always()
- run: mark never`,
			outline: "Run echo ready: success\nRun mark never: skipped\nComplete job: success\n",
			marks:   "finished",
		},
		"the step's condition asks for the job's status": {
			steps: `
- run: echo ready; sleep 1000
  if: job.status == 'success'
- run: mark yes
  if: always() && job.status == 'cancelled'`,
			outline: "Run echo ready; sleep 1000: cancelled\nRun mark yes: success\nComplete job: success\n",
			marks:   "yes",
		},
		"inside a composite action": {
			steps: `
- uses: ./composite
- run: mark "always ${{ job.status }}"
  if: always()`,
			outline: "Run ./composite: cancelled\n  Run echo ready; sleep 1000: cancelled\n  Run mark never: skipped\n  Run mark inside: success\nRun mark \"always cancelled\": success\nComplete job: success\n",
			marks:   "inside always cancelled",
		},
		"background steps": {
			steps: `
- run: sleep 1000
  background: true
  if: always()
- run: echo ready; sleep 1000
- run: mark always
  if: always()`,
			outline: "Run sleep 1000: cancelled\nRun echo ready; sleep 1000: cancelled\nRun mark always: success\nWait for all background steps: cancelled\nComplete job: success\n",
			marks:   "always",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newMarked(t, test.steps)
			if test.waits != (runner.Waits{}) {
				test.waits.Minute, test.waits.Streams = time.Minute, time.Second
				tr.deps.Waits = test.waits
			} else {
				// A shell that is just starting a program may miss a SIGINT:
				// then SIGTERM ends it, as on GitHub.
				tr.deps.Waits = runner.Waits{Interrupt: 5 * time.Second}
			}
			tr.write(t, "composite/action.yml", `
name: composite
runs:
  using: composite
  steps:
    - run: echo ready; sleep 1000
      shell: bash
    - run: mark never
      shell: bash
    - run: mark inside
      shell: bash
      if: always()
`)
			tr.onLine("ready", tr.cancel)
			tr.job.StepDebug = true
			tr.onLine("##[debug]Re-evaluate condition", func() { tr.write(t, "go", "") })
			result := tr.run(t)
			wantConclusion(t, tr, result, jobproto.Cancelled)
			wantEqual(t, "outline", tr.sink.outline(), test.outline)
			wantEqual(t, "marks", tr.marks(t), test.marks)
			wantContains(t, "log", tr.sink.logs(), "##[error]somebody canceled it\n")
		})
	}
}

// newMarked is a trial whose scripts can leave marks with the program `mark`.
func newMarked(t testing.TB, yaml string) *trial {
	t.Helper()
	tr := newTrial(t, yaml)
	tools := t.TempDir()
	file := filepath.Join(tools, "marks")
	script := fmt.Sprintf("#!/bin/sh\necho \"$*\" >>%s\n", file)
	if err := os.WriteFile(filepath.Join(tools, "mark"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	tr.markFile = file
	tr.deps.Place = withPath{tr.deps.Place, tools}
	tr.deps.Actions = folderActions{root: t.TempDir()}
	return tr
}

// marks are what the scripts have left, in order.
func (tr *trial) marks(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile(tr.markFile)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(data)), " ")
}

// TestEndNow cancels the context: what runs is killed at once, nothing more starts.
func TestEndNow(t *testing.T) {
	testkit.Need(t, "bash")
	tr := newMarked(t, `
outputs: {x: y}
steps:
  - run: sleep 1000
    background: true
  - run: |
      trap 'mark interrupted' INT TERM
      echo ready; while :; do sleep 0.01 || :; done
  - run: mark never
    if: always()`)
	tr.deps.Waits = runner.Waits{Interrupt: time.Minute, Terminate: time.Minute}
	ctx, cancel := context.WithCancel(context.Background())
	tr.onLine("ready", cancel)
	result := tr.runIn(t, ctx)
	wantConclusion(t, tr, result, jobproto.Cancelled)
	wantEqual(t, "outline", tr.sink.outline(), "Run sleep 1000: cancelled\nRun trap 'mark interrupted' INT TERM: cancelled\n")
	wantEqual(t, "marks", tr.marks(t), "")
	if len(result.Outputs) > 0 {
		t.Error("an ended job has outputs", result.Outputs)
	}
}

// TestCancelTimeout gives always() steps only so long.
func TestCancelTimeout(t *testing.T) {
	testkit.Need(t, "bash")
	tr := newMarked(t, `
steps:
  - run: echo ready; sleep 1000
  - run: mark begun; sleep 1000
    if: always()
  - run: mark never
    if: always()`)
	tr.job.CancelTimeout = 300 * time.Millisecond
	tr.onLine("ready", tr.cancel)
	result := tr.run(t)
	wantConclusion(t, tr, result, jobproto.Cancelled)
	wantEqual(t, "outline", tr.sink.outline(), "Run echo ready; sleep 1000: cancelled\nRun mark begun; sleep 1000: cancelled\nComplete job: success\n")
	wantEqual(t, "marks", tr.marks(t), "begun")
}

// TestJobTimeout cancels a job that takes too long.
func TestJobTimeout(t *testing.T) {
	testkit.Need(t, "bash")
	tr := newMarked(t, `
steps:
  - run: sleep 1000
  - run: mark cancelled
    if: cancelled()`)
	tr.job.Timeout = 200 * time.Millisecond
	result := tr.run(t)
	wantConclusion(t, tr, result, jobproto.Cancelled)
	wantEqual(t, "marks", tr.marks(t), "cancelled")
	wantContains(t, "log", tr.sink.logs(), "##[error]The job has exceeded the maximum execution time of 200ms\n")
}

// TestStepTimeout fails a step that takes too long, at the top, inside a
// composite action and in the background; the job goes on.
func TestStepTimeout(t *testing.T) {
	testkit.Need(t, "bash")
	tr := newMarked(t, `
steps:
  - run: sleep 1000
    timeout-minutes: 1
    continue-on-error: true
  - uses: ./composite
    timeout-minutes: ${{ 2 }}
    continue-on-error: true
  - id: bg
    run: sleep 1000
    background: true
    timeout-minutes: 1
  - run: sleep 2000
    timeout-minutes: 0.5
    continue-on-error: true
  - wait: bg
  - run: mark "${{ steps.bg.outcome }}"
    if: failure()`)
	tr.write(t, "composite/action.yml", `
name: composite
runs:
  using: composite
  steps:
    - run: sleep 1000
      shell: bash
    - run: mark never
      shell: bash
      if: always()
`)
	result := tr.run(t)
	wantConclusion(t, tr, result, jobproto.Failure)
	wantEqual(t, "outline", tr.sink.outline(), "Run sleep 1000: success (failure)\nRun ./composite: success (failure)\n  Run sleep 1000: failure\nRun sleep 1000: failure\nRun sleep 2000: success (failure)\nWait: failure\nRun mark \"failure\": success\n")
	wantEqual(t, "marks", tr.marks(t), "failure")
	for _, text := range []string{
		"##[error]The action 'Run sleep 1000' has timed out after 1 minutes.\n",
		"##[error]The action has timed out.\n",
		"##[error]The action 'Run sleep 2000' has timed out after 0.5 minutes.\n",
		"##[error]The background step 'Run sleep 1000' has timed out after 1 minutes.\n",
	} {
		wantContains(t, "log", tr.sink.logs(), text)
	}
}

// TestCancelWhileSettingUp cancels a job before its first step.
func TestCancelWhileSettingUp(t *testing.T) {
	tr := newMarked(t, "- uses: octo/slow@v1\n- run: mark never\n  if: always()")
	tr.deps.Actions = slowActions{}
	close(tr.control)
	result := tr.run(t)
	wantConclusion(t, tr, result, jobproto.Cancelled)
	wantEqual(t, "outline", tr.sink.outline(), "Set up job: cancelled\n")
}

// TestCancelTooLate cancels a job whose steps have ended.
func TestCancelTooLate(t *testing.T) {
	testkit.Need(t, "bash")
	tr := newTrial(t, "outputs: {x: y}\nsteps:\n  - run: \"true\"")
	tr.sink.onLog = func(step, lines string) {
		if step == "Complete job" {
			tr.control <- runner.Cancel{}
		}
	}
	wantConclusion(t, tr, tr.run(t), jobproto.Success)
}
