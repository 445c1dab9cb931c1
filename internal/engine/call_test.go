package engine

import (
	"fmt"
	"strings"
	"testing"

	"slipway/internal/jobproto"
)

const deploy = `
-- ./.github/workflows/deploy.yml --
name: Deploy
on:
  workflow_call:
    inputs:
      env: {type: string, required: true}
      count: {type: number, default: 2}
      dry: {type: boolean}
      ref: {type: string, default: "${{ github.ref_name }}"}
    secrets: {token: {required: true}}
    outputs:
      url: {value: "${{ jobs.push.outputs.url }}"}
      state: {value: "${{ jobs.push.result }} ${{ inputs.env }}"}
env: {A: "${{ inputs.env }}"}
jobs:
  push: {runs-on: "on-${{ inputs.env }}", outputs: {url: x}, steps: [{run: x}]}
  check: {needs: push, name: "Check ${{ inputs.count }}", runs-on: x, steps: [{run: x}]}
`

func TestCall(t *testing.T) {
	s := simulate(t, `env: {TOP: 1}
jobs:
  build: {`+run1+`}
  deploy: {needs: build, name: To prod, uses: ./.github/workflows/deploy.yml, with: {env: "${{ needs.build.outputs.env }}", dry: "${{ github.event.forced }}"}, secrets: {token: "${{ secrets.KEY }}", empty: "${{ secrets.NONE }}"}}
  after: {needs: deploy, `+run1+`}`+strings.Replace(deploy, "{required: true}}\n    outputs", "{required: true}, empty: {}}\n    outputs", 1))
	s.want("running build:queued deploy:pending after:pending").end("build", "success", "env=prod")
	s.want("running build:success deploy:running deploy/push:queued deploy/check:pending after:pending")
	m := s.messages["deploy/push"]
	if got := show(m.Contexts.Inputs); got != `{"env":"prod","count":2,"dry":true,"ref":"main"}` {
		t.Errorf("inputs are %s", got)
	}
	if got := show(m.Contexts.Secrets); got != `{"token":"k3y","GITHUB_TOKEN":"t0ken"}` {
		t.Errorf("secrets are %s", got)
	}
	if m.DisplayName != "To prod / push" || m.Key != "push" || len(m.Env) != 1 || m.Env[0].Lookup("A") == nil {
		t.Errorf("message is %q %q %v", m.DisplayName, m.Key, m.Env)
	}
	if got := m.Contexts.Github.Field("workflow").Text(); got != "CI" {
		t.Errorf("github.workflow is %q: it is the caller's", got)
	}
	if m.WorkflowRef != "octo/app/.github/workflows/deploy.yml@refs/heads/main" || m.WorkflowSHA != "c0ffee" {
		t.Errorf("job.workflow_ref is %q, sha %q", m.WorkflowRef, m.WorkflowSHA)
	}
	if got := s.job("deploy/push").RunsOn.Labels; len(got) != 1 || got[0] != "on-prod" {
		t.Errorf("runs-on is %v", got)
	}
	if got := show(m.Contexts.Needs); got != `{}` {
		t.Errorf("needs is %s", got)
	}
	s.end("deploy/push", "success", "url=https://x").ok("deploy/check")
	if got := s.job("deploy/check").Display; got != "To prod / Check 2" {
		t.Errorf("display is %q", got)
	}
	s.want("running build:success deploy:success deploy/push:success deploy/check:success after:queued")
	if got := show(s.messages["after"].Contexts.Needs); got != `{"deploy":{"result":"success","outputs":{"state":"success prod","url":"https://x"}}}` {
		t.Errorf("needs is %s", got)
	}
	if got := s.messages["build"].WorkflowRef; got != "octo/app/.github/workflows/ci.yml@refs/heads/main" {
		t.Errorf("own workflow_ref is %q", got)
	}
}

func TestCallConclusion(t *testing.T) {
	const callee = "\n-- ./.github/workflows/x.yml --\non: workflow_call\njobs:\n"
	const caller = "jobs: {c: {uses: ./.github/workflows/x.yml}, after: {needs: c, " + run1 + "}, anyway: {needs: c, if: always(), " + run1 + "}}"
	cases := []struct {
		name, callee string
		outcome      map[string]jobproto.Conclusion
		want, reason string
	}{
		{"failure", "  a: {" + run1 + "}\n  b: {needs: a, " + run1 + "}", map[string]jobproto.Conclusion{"c/a": "failure"},
			"failure c:failure c/a:failure c/b:skipped after:skipped anyway:success", "c / a failed"},
		{"spared by continue-on-error", "  a: {continue-on-error: true, " + run1 + "}", map[string]jobproto.Conclusion{"c/a": "failure"},
			"success c:success c/a:failure after:success anyway:success", ""},
		{"all skipped", "  a: {if: false, " + run1 + "}", nil,
			"success c:skipped c/a:skipped after:skipped anyway:success", "all of its jobs were skipped"},
		{"cancelled", "  a: {" + run1 + "}", map[string]jobproto.Conclusion{"c/a": "cancelled"},
			"cancelled c:cancelled c/a:cancelled after:skipped anyway:success", "c / a was cancelled"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			simulate(t, caller+callee+c.callee).finish(c.outcome).want(c.want).wantReason("c", c.reason)
		})
	}
}

func TestCallInputErrors(t *testing.T) {
	cases := []struct{ with, want string }{
		{`{env: x, count: "${{ github.ref }}"}`, "Error when evaluating 'with' for job 'c'. .github/workflows/ci.yml (Line: 2, Col: 72): Unexpected value 'refs/heads/main'"},
		{`{env: x, dry: "${{ github.ref }}"}`, "Error when evaluating 'with' for job 'c'. .github/workflows/ci.yml (Line: 2, Col: 70): Unexpected value 'refs/heads/main'"},
	}
	for _, c := range cases {
		s := simulate(t, "jobs: {c: {uses: ./.github/workflows/deploy.yml, with: "+c.with+", secrets: inherit}}"+deploy)
		s.want("failure c:failure").wantReason("c", c.want)
	}
}

func TestCallWithMatrixAndFailFast(t *testing.T) {
	s := simulate(t, `jobs: {c: {strategy: {matrix: {env: [dev, prod]}}, uses: ./.github/workflows/x.yml, with: {e: "${{ matrix.env }}"}}}
-- ./.github/workflows/x.yml --
on: {workflow_call: {inputs: {e: {type: string}}, outputs: {o: {value: "${{ inputs.e }}"}}}}
jobs:
  a: {`+run1+`}
  b: {needs: a, if: always(), `+run1+`}
  d: {needs: a, `+run1+`}
`)
	s.want("running c:running c/0:running c/0/a:queued c/0/b:pending c/0/d:pending c/1:running c/1/a:queued c/1/b:pending c/1/d:pending")
	if got := s.job("c/1/a").Display; got != "c (prod) / a" {
		t.Errorf("display is %q", got)
	}
	s.start("c/0/a", "c/1/a").end("c/0/a", "failure").ok("c/0/b")
	// The first leg has failed: fail-fast reaches into the second, whose
	// always() job still runs.
	s.want("running c:running c/0:failure c/0/a:failure c/0/b:success c/0/d:skipped c/1:running c/1/a:running c/1/b:pending c/1/d:pending")
	if got := strings.Join(s.stops, " "); got != "c/1/a" {
		t.Errorf("stops are %q", got)
	}
	s.end("c/1/a", "cancelled").ok("c/1/b")
	s.want("failure c:failure c/0:failure c/0/a:failure c/0/b:success c/0/d:skipped c/1:cancelled c/1/a:cancelled c/1/b:success c/1/d:skipped")
}

func TestRemoteAndNestedCalls(t *testing.T) {
	text := `jobs: {c: {uses: other/lib/.github/workflows/r.yml@v1, secrets: inherit}}
-- other/lib/.github/workflows/r.yml@v1 --
on: workflow_call
jobs: {d: {uses: ./.github/workflows/s.yml}}
-- ./.github/workflows/s.yml --
on: workflow_call
jobs: {e: {` + run1 + `}}
`
	s := simulate(t, text, func(spec *Spec) {
		spec.Sources = map[string]Source{"other/lib/.github/workflows/r.yml@v1": {
			Repository: "other/lib", Ref: "refs/tags/v1", SHA: "abc", Path: ".github/workflows/r.yml"}}
	})
	m := s.messages["c/d/e"]
	if m == nil {
		t.Fatalf("nothing started: %s", s.reasons())
	}
	if m.Repository != "octo/app" || m.WorkflowRepository != "other/lib" || m.WorkflowSHA != "abc" ||
		m.WorkflowRef != "other/lib/.github/workflows/s.yml@refs/tags/v1" {
		t.Errorf("sources are %q, %q %q %q", m.Repository, m.WorkflowRepository, m.WorkflowSHA, m.WorkflowRef)
	}
	if got := m.Contexts.Github.Field("job_workflow_sha").Text(); got != "abc" {
		t.Errorf("github.job_workflow_sha is %q", got)
	}
	// d was not given the secrets that c inherited, but for the token.
	if got := show(m.Contexts.Secrets); got != `{"GITHUB_TOKEN":"t0ken"}` {
		t.Errorf("secrets are %s", got)
	}
	s.ok("c/d/e").want("success c:success c/d:success c/d/e:success")

	m = simulate(t, text).messages["c/d/e"]
	if m.WorkflowRef != "other/lib/.github/workflows/s.yml@v1" {
		t.Errorf("without a source, workflow_ref is %q", m.WorkflowRef)
	}
}

func TestTenLevels(t *testing.T) {
	chain := func(levels int) string {
		var b strings.Builder
		b.WriteString("jobs: {j: {uses: ./.github/workflows/1.yml}}\n")
		for i := 1; i <= levels; i++ {
			fmt.Fprintf(&b, "-- ./.github/workflows/%d.yml --\non: workflow_call\n", i)
			if i < levels {
				fmt.Fprintf(&b, "jobs: {j: {uses: ./.github/workflows/%d.yml}}\n", i+1)
			}
		}
		b.WriteString("jobs: {j: {" + run1 + "}}\n")
		return b.String()
	}
	levels := 9 // the run's own file and nine below it are GitHub's ten
	s := simulate(t, chain(levels))
	last := strings.Repeat("j/", levels) + "j"
	if s.ok(last).run().State != Success {
		t.Errorf("run is %s", s.all(s.run()))
	}
	if got := s.job(last).Display; got != strings.Repeat("j / ", levels)+"j" {
		t.Errorf("display is %q", got)
	}
}

func TestSkippedAndConditionalCalls(t *testing.T) {
	s := simulate(t, `jobs: {a: {`+run1+`}, c: {needs: a, uses: ./.github/workflows/x.yml}, d: {needs: a, if: failure(), uses: ./.github/workflows/x.yml}}
-- ./.github/workflows/x.yml --
on: workflow_call
jobs: {a: {`+run1+`}, b: {if: failure(), `+run1+`}}
`)
	s.end("a", "failure")
	// What is inside does not look at what the call needed.
	s.want("running a:failure c:skipped d:running d/a:queued d/b:skipped").ok("d/a").want("failure a:failure c:skipped d:success d/a:success d/b:skipped")
}
