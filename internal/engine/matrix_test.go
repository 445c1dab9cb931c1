package engine

import (
	"strings"
	"testing"

	"slipway/internal/expr"
	"slipway/internal/jobproto"
)

func displays(run *Run, matrix string) string {
	var names []string
	for _, job := range run.Jobs {
		if job.Matrix == matrix {
			names = append(names, job.Display)
		}
	}
	return strings.Join(names, " | ")
}

func TestMatrix(t *testing.T) {
	cases := []struct{ name, job, want string }{
		{"product, the last key turns fastest", `strategy: {matrix: {a: [1, 2], b: [x, y]}}`, "a (1, x) | a (1, y) | a (2, x) | a (2, y)"},
		{"exclude by a part", `strategy: {matrix: {a: [1, 2], b: [x, y], exclude: [{a: 1}]}}`, "a (2, x) | a (2, y)"},
		{"include adds to a leg without changing its name, else makes one", `strategy: {matrix: {a: [1, 2], include: [{a: 1, c: z}, {a: 3, c: w}]}}`, "a (1) | a (2) | a (3, w)"},
		{"only include", `strategy: {matrix: {include: [{x: 1, y: true}, {x: 2}]}}`, "a (1, true) | a (2)"},
		{"everything excluded: one job without a matrix", `strategy: {matrix: {a: [1], exclude: [{a: 1}]}}`, "a"},
		{"nested values", `strategy: {matrix: {a: [{n: 1, o: [p, q]}, {n: 2}], exclude: [{a: {n: 2}}]}}`, "a (1, p, q)"},
		{"a literal name keeps the values", `name: Build, strategy: {matrix: {a: [1, 2]}}`, "Build (1) | Build (2)"},
		{"a name with expressions stands alone", `name: "Build ${{ matrix.a }}/${{ strategy.job-total }}", strategy: {matrix: {a: [1, 2]}}`, "Build 1/2 | Build 2/2"},
		{"a name that comes out empty", `name: "${{ matrix.none }}", strategy: {matrix: {a: [1]}}`, "a (1)"},
		{"a whole matrix", `strategy: {matrix: "${{ fromJSON('{\"a\": [1], \"include\": [{\"b\": 2}]}') }}"}`, "a (1)"},
		{"a vector", `strategy: {matrix: {a: "${{ fromJSON('[3, 4.5, null, \"\"]') }}"}}`, "a (3) | a (4.5) | a | a"},
		{"a long name", `strategy: {matrix: {a: [` + strings.Repeat("y", 120) + `]}}`, "a (" + strings.Repeat("y", 94) + "..."},
		{"256 legs", `strategy: {matrix: {a: "${{ fromJSON('[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]') }}", b: [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]}}`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := simulate(t, "jobs: {a: {"+c.job+", "+run1+"}}")
			if got := displays(s.run(), "a"); got != c.want && c.want != "" {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			s.finish(nil)
			if s.run().State != Success {
				t.Errorf("the run ended as %s: %s", s.run().State, s.run().Reason)
			}
		})
	}
}

func TestMatrixFromNeeds(t *testing.T) {
	s := simulate(t, `jobs: {plan: {`+run1+`, outputs: {m: x}}, build: {needs: plan, strategy: {matrix: {os: "${{ fromJSON(needs.plan.outputs.m) }}"}}, `+run1+`}}`)
	s.want("running plan:queued build:pending").wantReason("build", "waits for plan")
	s.end("plan", "success", `m=["linux", "mac"]`).want("running plan:success build:running build/0:queued build/1:queued")
	m := s.messages["build/1"]
	if got := m.Contexts.Matrix.ToJSON(); got != "{\n  \"os\": \"mac\"\n}" {
		t.Errorf("matrix is %s", got)
	}
	if m.DisplayName != "build (mac)" || m.Key != "build" || m.JobID != "build/1" {
		t.Errorf("message names %q %q %q", m.DisplayName, m.Key, m.JobID)
	}
	want := `{"fail-fast":true,"job-index":1,"job-total":2,"max-parallel":2}`
	if got := show(m.Contexts.Strategy); got != want {
		t.Errorf("strategy is %s, want %s", got, want)
	}
}

func TestFailFast(t *testing.T) {
	s := simulate(t, `jobs: {a: {strategy: {max-parallel: 3, matrix: {x: [0, 1, 2, 3]}}, `+run1+`}, b: {needs: a, `+run1+`}}`)
	s.want("running a:running a/0:queued a/1:queued a/2:queued a/3:waiting b:pending")
	s.wantReason("a/3", "waits for others of its matrix: max-parallel is 3")
	s.start("a/0", "a/1").end("a/1", "failure")
	s.want("running a:running a/0:running a/1:failure a/2:cancelled a/3:cancelled b:pending")
	s.wantReason("a/2", "cancelled because a (1) failed and fail-fast is on")
	if got := strings.Join(s.stops, " "); got != "a/0 a/2" {
		t.Errorf("stops are %s", got)
	}
	s.end("a/0", "cancelled").want("failure a:failure a/0:cancelled a/1:failure a/2:cancelled a/3:cancelled b:skipped")
	s.wantReason("a/0", "cancelled because a (1) failed and fail-fast is on").wantReason("a", "a (1) failed")
}

func TestFailFastOffAndSpared(t *testing.T) {
	s := simulate(t, `jobs: {a: {strategy: {fail-fast: false, matrix: {x: [0, 1]}}, `+run1+`}}`)
	s.end("a/0", "failure").want("running a:running a/0:failure a/1:queued").ok("a/1").want("failure a:failure a/0:failure a/1:success")

	s = simulate(t, `jobs: {a: {continue-on-error: "${{ matrix.try }}", strategy: {matrix: {x: [0, 1], try: [false], include: [{x: 2, try: true}]}}, `+run1+`}}`)
	s.end("a/2", "failure").want("running a:running a/0:queued a/1:queued a/2:failure")
	s.ok("a/0", "a/1").want("success a:failure a/0:success a/1:success a/2:failure")
}

func TestMaxParallel(t *testing.T) {
	s := simulate(t, `jobs: {a: {strategy: {max-parallel: 2, matrix: {x: [0, 1, 2, 3]}}, `+run1+`}}`)
	s.wantStarted("a/0 a/1").ok("a/1").wantStarted("a/0 a/1 a/2").start("a/0", "a/2").wantStarted("a/0 a/1 a/2")
	s.ok("a/0", "a/2").wantStarted("a/0 a/1 a/2 a/3").ok("a/3").want("success a:success a/0:success a/1:success a/2:success a/3:success")
}

func TestOutputsOfLegs(t *testing.T) {
	s := simulate(t, `jobs: {a: {strategy: {matrix: {x: [0, 1, 2]}}, outputs: {o: x}, `+run1+`}, b: {needs: a, `+run1+`}}`)
	s.end("a/2", "success", "o=from 2", "only=2").end("a/0", "success", "o=from 0", "e=").end("a/1", "success", "o=")
	want := `{"a":{"result":"success","outputs":{"e":"","o":"from 0","only":"2"}}}`
	if got := show(s.messages["b"].Contexts.Needs); got != want {
		t.Errorf("needs is %s, want %s", got, want)
	}
}

func TestOnlySomeLegs(t *testing.T) {
	s := simulate(t, `jobs: {a: {strategy: {matrix: {os: [l, m], v: [1, 2]}}, `+run1+`}, b: {strategy: {matrix: {v: [3]}}, `+run1+`}, c: {`+run1+`}}`,
		func(spec *Spec) { spec.Matrix = map[string][]string{"v": {"2"}} })
	s.finish(nil).want("success a:success a/1:success a/3:success b:skipped c:success")
	s.wantReason("b", "no leg of its matrix was asked for")
	if got := s.messages["a/3"].Contexts.Strategy.Field("job-total"); !got.Equal(expr.Number(4)) {
		t.Errorf("job-total is %s", got.Text())
	}
}

func TestStrategyWithoutMatrix(t *testing.T) {
	s := simulate(t, `jobs: {a: {strategy: {fail-fast: false}, `+run1+`}, b: {strategy: "${{ fromJSON('{}') }}", `+run1+`}}`)
	s.finish(map[string]jobproto.Conclusion{}).want("success a:success b:success b/0:success")
	if got := show(s.messages["a"].Contexts.Strategy); got != `{"fail-fast":false,"job-index":0,"job-total":1,"max-parallel":1}` {
		t.Errorf("strategy is %s", got)
	}
	if got := s.messages["b/0"]; got.DisplayName != "b" || !got.Contexts.Matrix.IsNull() {
		t.Errorf("b/0 is %q with the matrix %s", got.DisplayName, show(got.Contexts.Matrix))
	}
}
