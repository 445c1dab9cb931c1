package engine

import (
	"fmt"
	"strings"
	"testing"
)

func groupsText(groups []Group) string {
	var all []string
	for _, g := range groups {
		var claims []string
		for _, c := range g.Claims {
			claims = append(claims, strings.TrimSuffix(c.Run+":"+c.Job, ":"))
		}
		all = append(all, g.Key+"="+strings.Join(claims, ","))
	}
	return strings.Join(all, " ")
}

func (s *sim) wantGroups(want string) *sim {
	s.t.Helper()
	if got := groupsText(s.groups); got != want {
		s.t.Fatalf("groups are %q, want %q", got, want)
	}
	return s
}

func (s *sim) wantRuns(want string) *sim {
	s.t.Helper()
	var all []string
	for i := 1; i <= len(s.runs); i++ {
		id := fmt.Sprint(i)
		all = append(all, id+":"+string(s.runs[id].State))
	}
	if got := strings.Join(all, " "); got != want {
		s.t.Fatalf("runs are %q, want %q", got, want)
	}
	return s
}

const jobA = "\njobs: {a: {" + run1 + "}}"

func TestWorkflowConcurrency(t *testing.T) {
	text := "concurrency: Deploy-${{ github.ref_name }}" + jobA
	s := simulate(t, text)
	s.add("2", text)
	s.wantRuns("1:running 2:waiting").wantGroups("deploy-main=1,2")
	if got := s.runs["2"].Reason; got != "waits for the concurrency group 'Deploy-main'" {
		t.Errorf("reason is %q", got)
	}
	s.add("3", strings.Replace(text, "Deploy", "dePLOY", 1))
	s.wantRuns("1:running 2:cancelled 3:waiting").wantGroups("deploy-main=1,3")
	if got := s.runs["2"]; got.Reason != "Canceling since a higher priority waiting request for 'dePLOY-main' exists" || got.Jobs[0].State != Cancelled {
		t.Errorf("run 2: %q, its job is %s", got.Reason, got.Jobs[0].State)
	}
	s.ok("a").wantRuns("1:success 2:cancelled 3:running").wantGroups("deploy-main=3")
	s.ok("3:a").wantRuns("1:success 2:cancelled 3:success").wantGroups("")
}

func TestCancelInProgress(t *testing.T) {
	text := "concurrency: {group: g, cancel-in-progress: \"${{ github.ref_name == 'main' }}\"}\njobs: {a: {" + run1 + "}, b: {needs: a, if: always(), " + run1 + "}, c: {needs: a, " + run1 + "}}"
	s := simulate(t, text).start("a")
	s.add("2", text)
	s.wantRuns("1:running 2:waiting")
	if got := strings.Join(s.stops, " "); got != "a" {
		t.Errorf("stops are %q", got)
	}
	s.end("a", "cancelled").want("running a:cancelled b:queued c:skipped").wantRuns("1:running 2:waiting")
	s.ok("b").wantRuns("1:cancelled 2:running").wantGroups("g=2")
	s.wantReason("", "Canceling since a higher priority waiting request for 'g' exists")
}

func TestQueueMax(t *testing.T) {
	text := "concurrency: {group: g, queue: max}" + jobA
	s := simulate(t, text)
	for i := 2; i <= maxWaiting+2; i++ {
		s.add(fmt.Sprint(i), text)
	}
	if n := len(s.groups[0].Claims); n != maxWaiting+1 {
		t.Errorf("the group has %d claims", n)
	}
	last := s.runs[fmt.Sprint(maxWaiting+2)]
	if last.State != Cancelled || last.Reason != "Canceling since the concurrency group 'g' has 100 waiting already" {
		t.Errorf("the last is %s: %s", last.State, last.Reason)
	}
	s.ok("a")
	for i := 2; i <= maxWaiting+1; i++ { // first in, first out
		s.ok(fmt.Sprintf("%d:a", i))
	}
	s.wantGroups("")
}

func TestQueueMaxMayNotCancel(t *testing.T) {
	s := simulate(t, "concurrency: {group: g, queue: max, cancel-in-progress: \"${{ github.ref_name == 'main' }}\"}"+jobA)
	s.want("failure a:skipped")
	if !strings.Contains(s.run().Reason, "The combination of 'queue: max' and 'cancel-in-progress: true' is not allowed") {
		t.Errorf("reason is %q", s.run().Reason)
	}
}

func TestJobConcurrency(t *testing.T) {
	// Three legs of one group: one runs, one waits, and the third takes its place.
	s := simulate(t, `jobs: {a: {strategy: {fail-fast: false, matrix: {x: [0, 1, 2]}}, concurrency: g, `+run1+`}, b: {needs: a, `+run1+`}}`)
	s.want("running a:running a/0:queued a/1:cancelled a/2:waiting b:pending").wantGroups("g=1:a/0,1:a/2")
	s.wantReason("a/2", "waits for the concurrency group 'g'")
	s.wantReason("a/1", "Canceling since a higher priority waiting request for 'g' exists")
	s.ok("a/0").want("running a:running a/0:success a/1:cancelled a/2:queued b:pending").wantGroups("g=1:a/2")
	s.ok("a/2").want("cancelled a:cancelled a/0:success a/1:cancelled a/2:success b:skipped").wantGroups("")

	// Between runs, by matrix and needs.
	text := `jobs: {a: {concurrency: {group: "env-${{ github.run_number }}", queue: max}, ` + run1 + `}}`
	s = simulate(t, text)
	s.add("2", text)
	s.wantGroups("env-=1:a,2:a").wantRuns("1:running 2:running")
	if s.state("2:a") != Waiting {
		t.Errorf("2:a is %s", s.state("2:a"))
	}
	s.end("a", "failure").wantGroups("env-=2:a")
	if s.state("2:a") != Queued {
		t.Errorf("2:a is %s", s.state("2:a"))
	}
}

func TestJobCancelInProgressWithinARun(t *testing.T) {
	s := simulate(t, `jobs: {a: {concurrency: g, `+run1+`}, b: {concurrency: {group: G, cancel-in-progress: true}, `+run1+`}}`)
	// a was only queued: it ends at once, and b has the group.
	s.want("running a:cancelled b:queued").wantGroups("g=1:b").ok("b").want("cancelled a:cancelled b:success")
}

func TestMaxParallelHoldsBackFromGroups(t *testing.T) {
	s := simulate(t, `jobs: {a: {strategy: {max-parallel: 1, matrix: {x: [0, 1, 2]}}, concurrency: {group: g}, `+run1+`}}`)
	s.wantGroups("g=1:a/0").ok("a/0").wantGroups("g=1:a/1").ok("a/1", "a/2").want("success a:success a/0:success a/1:success a/2:success")
}

func TestGroupDeadlock(t *testing.T) {
	s := simulate(t, "concurrency: ci\njobs: {a: {concurrency: CI, "+run1+"}}").want("cancelled a:cancelled")
	s.wantReason("a", "Canceling since a deadlock for concurrency group 'CI' was detected between 'top level workflow' and 'a'").wantGroups("")

	s = simulate(t, `jobs: {c: {uses: ./.github/workflows/x.yml, concurrency: g}}
-- ./.github/workflows/x.yml --
on: workflow_call
jobs: {a: {concurrency: g, `+run1+`}}
`)
	s.want("cancelled c:cancelled c/a:cancelled").wantGroups("")
	s.wantReason("c/a", "Canceling since a deadlock for concurrency group 'g' was detected between 'c' and 'c / a'")
}

func TestConcurrencyOfACalledWorkflow(t *testing.T) {
	text := `jobs: {c: {uses: ./.github/workflows/x.yml, concurrency: outer, with: {env: prod}}}
-- ./.github/workflows/x.yml --
on: {workflow_call: {inputs: {env: {type: string}}}}
concurrency: {group: "inner-${{ inputs.env }}"}
jobs: {a: {` + run1 + `}}
`
	s := simulate(t, text).want("running c:running c/a:queued").wantGroups("outer=1:c inner-prod=1:c")
	s.add("2", strings.Replace(text, "outer", "other", 1))
	s.wantGroups("outer=1:c inner-prod=1:c,2:c other=2:c")
	if got := s.runs["2"]; s.all(got) != "running c:waiting" || got.Jobs[0].Reason != "waits for the concurrency group 'inner-prod'" {
		t.Errorf("run 2 is %s: %s", s.all(got), got.Jobs[0].Reason)
	}
	s.ok("c/a").wantGroups("inner-prod=2:c other=2:c").wantRuns("1:success 2:running")
	s.ok("2:c/a").wantGroups("")
}

func TestCancelledWhileWaitingForAGroup(t *testing.T) {
	text := "concurrency: g" + jobA
	s := simulate(t, text)
	s.add("2", text)
	s.cancel("2:", false).wantRuns("1:running 2:cancelled").wantGroups("g=1")
}

func TestGroupDeadlockBetweenRuns(t *testing.T) {
	s := simulate(t, "concurrency: one\njobs: {a: {"+run1+"}, b: {needs: a, concurrency: two, "+run1+"}}")
	s.add("2", "concurrency: two\njobs: {a: {concurrency: one, "+run1+"}}")
	s.wantGroups("one=1,2:a two=2")
	// b would wait for run 2, which waits for run 1, which waits for b.
	s.ok("a").want("cancelled a:success b:cancelled").wantGroups("one=2:a two=2")
	s.wantReason("b", "Canceling since a deadlock for concurrency group 'two' was detected between 'top level workflow' and 'b'")
	s.ok("2:a").wantRuns("1:cancelled 2:success")
}
