package engine

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"slipway/internal/expr"
	"slipway/internal/fault"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

func result(c jobproto.Conclusion) jobproto.Result { return jobproto.Result{Conclusion: c} }

func TestDisplay(t *testing.T) {
	event := func(name, payload string) func(*Spec) {
		return func(s *Spec) {
			s.Github.Object().Set("event_name", expr.String(name))
			s.Event = json.RawMessage(payload)
		}
	}
	cases := []struct {
		text, want string
		change     []func(*Spec)
	}{
		{"run-name: Deploy ${{ github.ref_name }} by ${{ vars.ENABLED }}" + jobA, "Deploy main by yes", nil},
		{"run-name: \"${{ github.none }} \"" + jobA, "Fix it", nil},
		{"run-name: \"${{ fromJSON('{') }}\"" + jobA, "Fix it", nil},
		{"name: My CI" + jobA, "Fix it", nil},
		{"name: My CI" + jobA, "A title", []func(*Spec){event("pull_request", `{"pull_request":{"title":"A title"}}`)}},
		{"name: My CI" + jobA, "My CI", []func(*Spec){event("workflow_dispatch", `{}`)}},
		{jobA, ".github/workflows/ci.yml", []func(*Spec){event("schedule", `{}`)}},
	}
	for _, c := range cases {
		if got := simulate(t, c.text, c.change...).run().Display; got != c.want {
			t.Errorf("%q: display is %q, want %q", c.text, got, c.want)
		}
	}
}

func TestMessage(t *testing.T) {
	s := simulate(t, `env: {A: 1}
defaults: {run: {shell: bash}}
jobs:
  a:
    runs-on: {group: big, labels: [linux, "${{ vars.ENABLED }}"]}
    name: The job
    env: {B: 2}
    defaults: {run: {shell: sh}}
    environment: {name: "prod-${{ github.ref_name }}", url: "https://${{ steps.x.outputs.y }}"}
    container: alpine
    services: {db: postgres}
    outputs: {o: "${{ steps.x.outputs.y }}"}
    steps: [{id: x, run: echo}]
`, func(spec *Spec) { spec.Vars.Object().Set("ACTIONS_STEP_DEBUG", expr.String("true")) })
	m, job := s.messages["a"], s.job("a")
	if m.RunID != "1" || m.JobID != "a" || m.DisplayName != "The job" || string(m.Event) != string(s.run().Event) {
		t.Errorf("message is %s", show(m))
	}
	if len(m.Env) != 2 || m.Env[1].Lookup("B").Str() != "2" || len(m.Defaults) != 2 || len(m.Steps) != 1 || m.Outputs == nil || m.Container == nil || m.Services == nil {
		t.Errorf("message is %s", show(m))
	}
	if job.Environment != "prod-main" || m.EnvironmentURL.Str() != "https://${{ steps.x.outputs.y }}" {
		t.Errorf("environment is %q %q", job.Environment, m.EnvironmentURL.Str())
	}
	if job.RunsOn.Group != "big" || strings.Join(job.RunsOn.Labels, ",") != "linux,yes" {
		t.Errorf("runs on %+v", job.RunsOn)
	}
	if m.Timeout != 360*time.Minute || m.CancelTimeout != 5*time.Minute || !m.StepDebug || m.RunnerDebug {
		t.Errorf("timeouts %s %s, debug %v %v", m.Timeout, m.CancelTimeout, m.StepDebug, m.RunnerDebug)
	}
	if !m.Contexts.Github.Field("event").IsNull() || m.Contexts.Github.Field("sha").Text() != "c0ffee" {
		t.Error("the github context has the event, or no sha")
	}
	if !m.Contexts.Matrix.IsNull() || m.Contexts.Strategy.Field("job-total").Float() != 1 {
		t.Error("matrix or strategy is wrong")
	}
	if m.Contexts.Secrets.Field("key").Text() != "k3y" {
		t.Error("no secrets")
	}
}

// TestRunSurvivesJSON takes the run through JSON between any two steps.
func TestRunSurvivesJSON(t *testing.T) {
	text := `concurrency: g
jobs:
  a: {outputs: {x: 1}, ` + run1 + `}
  m: {needs: a, strategy: {max-parallel: 1, matrix: {x: "${{ fromJSON(needs.a.outputs.x) }}"}}, concurrency: {group: "h${{ matrix.x }}"}, ` + run1 + `}
  c: {needs: a, uses: ./.github/workflows/x.yml, with: {i: "${{ needs.a.outputs.x }}"}}
  z: {needs: [m, c], if: always(), ` + run1 + `}
-- ./.github/workflows/x.yml --
on: {workflow_call: {inputs: {i: {type: string}}}}
jobs: {a: {if: inputs.i, ` + run1 + `}}
`
	s := simulate(t, text)
	again := func() {
		t.Helper()
		data, err := json.Marshal(s.run())
		if err != nil {
			t.Fatal(err)
		}
		var run Run
		if err := json.Unmarshal(data, &run); err != nil {
			t.Fatal(err)
		}
		if back, err := json.Marshal(&run); err != nil || string(back) != string(data) {
			t.Fatalf("the run changed on its way through JSON: %v\n%s\n%s", err, data, back)
		}
		s.runs["1"] = &run
	}
	again()
	s.end("a", "success", "x=[1,2]")
	again()
	s.start("m/0", "c/a")
	again()
	s.ok("m/0", "c/a")
	again()
	s.ok("m/1")
	again()
	s.ok("z").want("success a:success m:success m/0:success m/1:success c:success c/a:success z:success").wantGroups("")
}

func TestNewRunErrors(t *testing.T) {
	uses := workflow.NewString("./x.yml")
	cases := []struct {
		name string
		spec Spec
		want string
	}{
		{"no plan", Spec{}, "a run needs a workflow"},
		{"event", Spec{Plan: &workflow.Workflow{}, Event: json.RawMessage("{")}, "the event payload is not JSON"},
		{"call", Spec{Plan: &workflow.Workflow{Jobs: []*workflow.Job{{ID: "a", Pos: workflow.Pos{File: "f", Line: 3}, Uses: &workflow.Uses{Ref: uses}}}}}, "f:3: the called workflow ./x.yml was not read"},
	}
	for _, c := range cases {
		if _, err := NewRun(c.spec); err == nil || err.Error() != c.want || fault.CodeOf(err) == "" {
			t.Errorf("%s: error is %v, want %s", c.name, err, c.want)
		}
	}
	loop := &workflow.Workflow{}
	loop.Jobs = []*workflow.Job{{ID: "a", Uses: &workflow.Uses{Ref: uses, Workflow: loop}}}
	if _, err := NewRun(Spec{Plan: loop}); err == nil || !strings.Contains(err.Error(), "nested more than 10 deep") {
		t.Errorf("a loop of calls gives %v", err)
	}
}

func TestRunFailsToStart(t *testing.T) {
	s := simulate(t, "concurrency: \"${{ github.none }}\"\njobs: {a: {"+run1+"}}")
	s.want("failure a:skipped").wantReason("", "Error when evaluating 'concurrency'. .github/workflows/ci.yml (Line: 2, Col: 14): Concurrency group name cannot be empty")
	s.wantReason("a", s.run().Reason)
}
