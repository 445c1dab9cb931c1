package engine

import (
	"testing"

	"slipway/internal/jobproto"
)

const run1 = "runs-on: x, steps: [{run: 'true'}]"

func TestNeeds(t *testing.T) {
	cases := []struct {
		name     string
		jobs     string
		outcome  map[string]jobproto.Conclusion
		want     string
		reasons  map[string]string
		contains string
	}{
		{
			name: "a chain runs in order",
			jobs: `{c: {needs: b, ` + run1 + `}, b: {needs: a, ` + run1 + `}, a: {` + run1 + `}}`,
			want: "success c:success b:success a:success",
		},
		{
			name:    "a failure skips all that follows",
			jobs:    `{a: {` + run1 + `}, b: {needs: a, ` + run1 + `}, c: {needs: [b], ` + run1 + `}, d: {` + run1 + `}}`,
			outcome: map[string]jobproto.Conclusion{"a": "failure"},
			want:    "failure a:failure b:skipped c:skipped d:success",
			reasons: map[string]string{
				"": "a failed", "a": "a step failed",
				"b": "it needs a, which failed", "c": "it needs b, which was skipped",
			},
		},
		{
			name:    "a skip skips all that follows, and the run passes",
			jobs:    `{a: {if: false, ` + run1 + `}, b: {needs: a, ` + run1 + `}, c: {needs: b, if: "always()", ` + run1 + `}, d: {needs: c, ` + run1 + `}}`,
			want:    "success a:skipped b:skipped c:success d:skipped",
			reasons: map[string]string{"a": "its condition is false: false", "d": "something that c needs did not succeed"},
		},
		{
			name: "all skipped",
			jobs: `{a: {if: false, ` + run1 + `}, b: {needs: a, ` + run1 + `}}`,
			want: "skipped a:skipped b:skipped",
		},
		{
			name:    "failure() sees a failure two jobs back, not a skip",
			jobs:    `{a: {` + run1 + `}, b: {needs: a, ` + run1 + `}, c: {needs: b, if: failure(), ` + run1 + `}, x: {if: false, ` + run1 + `}, y: {needs: x, if: failure(), ` + run1 + `}}`,
			outcome: map[string]jobproto.Conclusion{"a": "failure"},
			want:    "failure a:failure b:skipped c:success x:skipped y:skipped",
		},
		{
			name:    "failure() without needs is false",
			jobs:    `{a: {if: failure(), ` + run1 + `}, b: {if: success(), ` + run1 + `}}`,
			want:    "success a:skipped b:success",
			reasons: map[string]string{"a": "its condition is false: failure()"},
		},
		{
			name:    "always() and !cancelled() run whatever happened; a plain condition has success() in it",
			jobs:    `{a: {` + run1 + `}, b: {needs: a, if: always(), ` + run1 + `}, c: {needs: a, if: "!cancelled()", ` + run1 + `}, d: {needs: a, if: "needs.a.result == 'failure'", ` + run1 + `}}`,
			outcome: map[string]jobproto.Conclusion{"a": "failure"},
			want:    "failure a:failure b:success c:success d:skipped",
		},
		{
			name:    "status functions may name needs",
			jobs:    `{a: {` + run1 + `}, b: {` + run1 + `}, c: {needs: [a, b], if: "success('b')", ` + run1 + `}, d: {needs: [a, b], if: "failure('b')", ` + run1 + `}, e: {needs: [a, b], if: "failure('b', 'A')", ` + run1 + `}}`,
			outcome: map[string]jobproto.Conclusion{"a": "failure"},
			want:    "failure a:failure b:success c:success d:skipped e:success",
		},
		{
			name:    "needs carry results",
			jobs:    `{a: {` + run1 + `}, b: {if: false, ` + run1 + `}, c: {needs: [a, b], if: "always() && needs.a.result == 'failure' && needs.b.result == 'skipped' && contains(needs.*.result, 'skipped')", ` + run1 + `}}`,
			outcome: map[string]jobproto.Conclusion{"a": "failure"},
			want:    "failure a:failure b:skipped c:success",
		},
		{
			name: "the case of ids in needs does not matter",
			jobs: `{Build: {` + run1 + `}, b: {needs: build, ` + run1 + `}}`,
			want: "success Build:success b:success",
		},
		{
			name:    "continue-on-error: the run passes, needs still see the failure",
			jobs:    `{a: {continue-on-error: true, ` + run1 + `}, b: {needs: a, if: "always() && needs.a.result == 'failure'", ` + run1 + `}, c: {needs: a, ` + run1 + `}}`,
			outcome: map[string]jobproto.Conclusion{"a": "failure"},
			want:    "success a:failure b:success c:skipped",
		},
		{
			name:    "an error in a condition fails the job",
			jobs:    `{a: {if: "fromJSON('{')", ` + run1 + `}, b: {needs: a, ` + run1 + `}, c: {` + run1 + `}}`,
			want:    "failure a:failure b:skipped c:success",
			reasons: map[string]string{"b": "it needs a, which failed"},
		},
		{
			name:    "a cancelled job skips what follows and cancels the run",
			jobs:    `{a: {` + run1 + `}, b: {needs: a, ` + run1 + `}}`,
			outcome: map[string]jobproto.Conclusion{"a": "cancelled"},
			want:    "cancelled a:cancelled b:skipped",
			reasons: map[string]string{"": "a was cancelled", "b": "it needs a, which was cancelled"},
		},
		{
			name: "conditions see github, its event, vars and inputs",
			jobs: `{a: {if: "github.ref == 'refs/heads/main' && github.event.forced && vars.ENABLED", ` + run1 + `}, b: {if: github.event.missing, ` + run1 + `}}`,
			want: "success a:success b:skipped",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := simulate(t, "jobs: "+c.jobs).finish(c.outcome).want(c.want)
			for name, reason := range c.reasons {
				s.wantReason(name, reason)
			}
		})
	}
}

func TestErrorMessages(t *testing.T) {
	cases := []struct{ name, jobs, want string }{
		{"if", `{a: {if: "fromJSON('{')", ` + run1 + `}}`, ""},
		{"runs-on", `{a: {runs-on: "${{ github.nothing }}", steps: [{run: x}]}}`,
			"Error when evaluating 'runs-on' for job 'a'. .github/workflows/ci.yml (Line: 2, Col: 21): Unexpected value ''"},
		{"timeout", `{a: {timeout-minutes: "${{ github.ref }}", ` + run1 + `}}`,
			"Error when evaluating 'timeout-minutes' for job 'a'. .github/workflows/ci.yml (Line: 2, Col: 29): Unexpected value 'refs/heads/main'"},
		{"continue-on-error", `{a: {continue-on-error: "${{ github.ref }}", ` + run1 + `}}`,
			"Error when evaluating 'continue-on-error' for job 'a'. .github/workflows/ci.yml (Line: 2, Col: 31): Unexpected value 'refs/heads/main'"},
		{"concurrency", `{a: {concurrency: {group: "${{ vars.none }}"}, ` + run1 + `}}`,
			"Error when evaluating 'concurrency' for job 'a'. .github/workflows/ci.yml (Line: 2, Col: 33): Unexpected value ''"},
		{"matrix vector", `{a: {strategy: {matrix: {x: "${{ vars.none }}"}}, ` + run1 + `}}`,
			"Error when evaluating 'strategy' for job 'a'. .github/workflows/ci.yml (Line: 2, Col: 35): Unexpected value ''"},
		{"empty vector", `{a: {strategy: {matrix: {x: "${{ fromJSON('[]') }}"}}, ` + run1 + `}}`,
			"Error when evaluating 'strategy' for job 'a'. .github/workflows/ci.yml (Line: 2, Col: 35): Matrix vector 'x' does not contain any values"},
		{"empty include", `{a: {strategy: {matrix: {include: "${{ fromJSON('[]') }}"}}, ` + run1 + `}}`,
			"Error when evaluating 'strategy' for job 'a'. .github/workflows/ci.yml (Line: 2, Col: 31): Matrix must define at least one vector"},
		{"too many legs", `{a: {strategy: {matrix: {x: "${{ fromJSON('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]') }}", y: "${{ fromJSON('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]') }}"}}, ` + run1 + `}}`,
			"Strategy expansion exceeded 256 results for job 'a'"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := simulate(t, "jobs: "+c.jobs).finish(nil).want("failure a:failure")
			if c.want != "" {
				s.wantReason("a", c.want)
			} else if s.job("a").Reason == "" {
				t.Error("no reason")
			} else {
				t.Log(s.job("a").Reason)
			}
		})
	}
}
