package runner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"slipway/internal/jobproto"
	"slipway/internal/testkit"
)

// TestBackground is how background steps and those that wait for them end.
func TestBackground(t *testing.T) {
	testkit.Need(t, "bash")
	for name, test := range map[string]struct {
		steps   string
		want    jobproto.Conclusion
		outline string
		marks   string
	}{
		"a failure counts when it is waited for": {
			steps: `
- {id: bg, background: true, run: exit 1}
- run: mark beside
- wait: bg
- run: mark never`,
			want:    jobproto.Failure,
			outline: "Run exit 1: failure\nRun mark beside: success\nWait: failure\nRun mark never: skipped\n",
			marks:   "beside",
		},
		"a failure nobody waits for counts at the end": {
			steps: `
- {id: bg, background: true, run: exit 1}
- run: mark beside`,
			want:    jobproto.Failure,
			outline: "Run exit 1: failure\nRun mark beside: success\nWait for all background steps: failure\n",
			marks:   "beside",
		},
		"continue-on-error": {
			steps: `
- {id: bg, background: true, run: exit 1, continue-on-error: true}
- wait: bg
- run: mark "${{ steps.bg.outcome }} ${{ steps.bg.conclusion }}"`,
			want:    jobproto.Success,
			outline: "Run exit 1: success (failure)\nWait: success\nRun mark \"failure success\": success\n",
			marks:   "failure success",
		},
		"a step that does not run is not waited for": {
			steps: `
- {id: bg, background: true, if: failure(), run: mark never}
- wait: bg
- run: mark "${{ steps.bg.outcome }}"`,
			want:    jobproto.Success,
			outline: "Run mark never: skipped\nWait: success\nRun mark \"skipped\": success\n",
			marks:   "skipped",
		},
		"waiting happens whatever has failed": {
			steps: `
- {id: bg, background: true, run: "until [ -f go ]; do sleep 0.01; done; mark bg"}
- run: touch go; exit 1
- wait-all:`,
			want:    jobproto.Failure,
			outline: "Run until [ -f go ]; do sleep 0.01; done; mark bg: success\nRun touch go; exit 1: failure\nWait for all: success\n",
			marks:   "bg",
		},
		"a step that failed before it was cancelled still counts": {
			steps: `
- {id: bg, background: true, run: "touch failed; exit 1"}
- run: until [ -f failed ]; do sleep 0.01; done
- run: sleep 0.2
- cancel: bg`,
			want:    jobproto.Failure,
			outline: "Run touch failed; exit 1: failure\nRun until [ -f failed ]; do sleep 0.01; done: success\nRun sleep 0.2: success\nCancel: success\n",
		},
		"cancelled on purpose": {
			steps: `
- {id: bg, background: true, run: "trap 'mark interrupted; exit 1' INT; touch ready; while :; do sleep 0.01 || :; done"}
- run: until [ -f ready ]; do sleep 0.01; done
- cancel: bg
- run: mark "${{ steps.bg.conclusion }} ${{ job.status }}"`,
			want:    jobproto.Success,
			outline: "Run trap 'mark interrupted; exit 1' INT; touch ready; while :; do sleep 0.01 || :; done: cancelled\nRun until [ -f ready ]; do sleep 0.01; done: success\nCancel: success\nRun mark \"cancelled success\": success\n",
			marks:   "interrupted cancelled success",
		},
		"a composite action cancelled on purpose": {
			steps: `
- {id: bg, background: true, uses: ./composite}
- run: until [ -f ready ]; do sleep 0.01; done
- cancel: bg
- run: mark "${{ job.status }}"`,
			want:    jobproto.Success,
			outline: "Run ./composite: cancelled\nRun until [ -f ready ]; do sleep 0.01; done: success\n  Run touch ready; sleep 1000: cancelled\nCancel: success\nRun mark \"success\": success\n",
			marks:   "success",
		},
		"parallel": {
			steps: `
- parallel:
    - {id: a, run: "until [ -f b ]; do sleep 0.01; done; touch a; echo v=1 >>$GITHUB_OUTPUT"}
    - {id: b, run: "touch b; until [ -f a ]; do sleep 0.01; done; echo X=2 >>$GITHUB_ENV"}
- run: mark "${{ steps.a.outputs.v }} $X"`,
			want:    jobproto.Success,
			outline: "Parallel group: success\n  Run until [ -f b ]; do sleep 0.01; done; touch a; echo v=1 >>$GITHUB_OUTPUT: success\n  Run touch b; until [ -f a ]; do sleep 0.01; done; echo X=2 >>$GITHUB_ENV: success\nRun mark \"1 $X\": success\n",
			marks:   "1 2",
		},
		"parallel with a failure": {
			steps: `
- parallel:
    - {id: a, run: exit 1}
    - {id: b, run: mark b}
- run: mark never
- parallel:
    - {run: mark never}`,
			want:    jobproto.Failure,
			outline: "Parallel group: failure\n  Run exit 1: failure\n  Run mark b: success\nRun mark never: skipped\nParallel group: skipped\n  Run mark never: skipped\n",
			marks:   "b",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newMarked(t, test.steps)
			tr.write(t, "composite/action.yml", `
name: composite
runs:
  using: composite
  steps:
    - run: touch ready; sleep 1000
      shell: bash
    - run: mark never
      shell: bash
      if: always()
`)
			wantConclusion(t, tr, tr.run(t), test.want)
			wantEqual(t, "outline", sorted(tr.sink.outline()), sorted(test.outline))
			wantEqual(t, "marks", tr.marks(t), test.marks)
		})
	}
}

// sorted puts lines in order: what background steps do inside has none.
func sorted(lines string) string {
	all := strings.Split(lines, "\n")
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// TestTenAtOnce starts twelve background steps: ten run, the others when those
// have ended.
func TestTenAtOnce(t *testing.T) {
	testkit.Need(t, "bash")
	var steps strings.Builder
	for i := range 12 {
		fmt.Fprintf(&steps, "- {id: s%d, name: s%d, background: true, run: \"touch started-%d; until [ -f go ]; do sleep 0.01; done; echo v=%d >>$GITHUB_OUTPUT\"}\n", i, i, i, i)
	}
	steps.WriteString(`
- run: |
    until [ "$(ls started-* | wc -l)" -ge 10 ]; do sleep 0.01; done
    sleep 0.1
    mark $(ls started-* | wc -l)
    touch go
- wait-all:
- run: mark "${{ join(steps.*.outputs.v, ',') }}"
`)
	tr := newMarked(t, strings.TrimSpace(steps.String()))
	wantConclusion(t, tr, tr.run(t), jobproto.Success)
	wantEqual(t, "marks", tr.marks(t), "10 0,1,2,3,4,5,6,7,8,9,10,11")
}

// TestBackgroundDoesNotLeak checks that what a background step sets is not seen
// before somebody waits for it, and that its own view stays that of its start.
func TestBackgroundDoesNotLeak(t *testing.T) {
	testkit.Need(t, "bash")
	tr := newMarked(t, `
- run: echo "A=before" >>$GITHUB_ENV
- id: bg
  background: true
  uses: ./composite
- run: |
    until [ -f set ]; do sleep 0.01; done
    mark "A=$A"
    echo "A=main" >>$GITHUB_ENV
- run: mark "A=$A"; touch go
- wait: bg
- run: mark "A=$A ${{ steps.bg.outputs.seen }}"`)
	tr.write(t, "composite/action.yml", `
name: composite
outputs: {seen: {value: "${{ steps.last.outputs.seen }}"}}
runs:
  using: composite
  steps:
    - run: echo "A=background" >>$GITHUB_ENV
      shell: bash
    - run: touch set; until [ -f go ]; do sleep 0.01; done
      shell: bash
    - id: last
      run: echo "seen=$A" >>$GITHUB_OUTPUT
      shell: bash
`)
	wantConclusion(t, tr, tr.run(t), jobproto.Success)
	wantEqual(t, "marks", tr.marks(t), "A=before A=main A=background background")
}
