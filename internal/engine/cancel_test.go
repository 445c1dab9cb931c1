package engine

import (
	"strings"
	"testing"
	"time"
)

const threeJobs = `jobs: {a: {` + run1 + `}, b: {if: always(), ` + run1 + `}, c: {needs: a, if: always(), ` + run1 + `}, d: {needs: a, ` + run1 + `}, e: {needs: a, if: cancelled(), ` + run1 + `}, f: {needs: a, if: failure(), ` + run1 + `}}`

func (s *sim) wantStops(want string) *sim {
	s.t.Helper()
	if got := strings.Join(s.stops, " "); got != want {
		s.t.Fatalf("stops are %q, want %q", got, want)
	}
	return s
}

func TestCancelRun(t *testing.T) {
	s := simulate(t, threeJobs).start("a", "b")
	// The condition of each running job is asked again: b goes on.
	s.cancel("", false).wantStops("a").want("running a:running b:running c:pending d:pending e:pending f:pending")
	s.end("a", "cancelled").want("running a:cancelled b:running c:queued d:skipped e:queued f:skipped")
	s.wantReason("a", "somebody asked").wantReason("d", "somebody asked")
	s.ok("b", "c", "e").want("cancelled a:cancelled b:success c:success d:skipped e:success f:skipped").wantReason("", "somebody asked")
}

func TestForceCancelRun(t *testing.T) {
	s := simulate(t, threeJobs).start("a", "b").cancel("", false)
	s.cancel("", true).wantStops("a a! b!").want("running a:running b:running c:cancelled d:cancelled e:cancelled f:cancelled")
	s.end("a", "cancelled").end("b", "cancelled").want("cancelled a:cancelled b:cancelled c:cancelled d:cancelled e:cancelled f:cancelled")
}

func TestForceCancelOfASilentRunner(t *testing.T) {
	s := simulate(t, "jobs: {a: {"+run1+"}}").start("a").cancel("", true).wantStops("a!")
	d := Decide(Snapshot{Run: s.run(), Groups: s.groups}, s.now)
	if want := s.now.Add(grace); !d.Wake.Equal(want) || !d.Empty() {
		t.Fatalf("wakes at %v, want %v; %s", d.Wake, want, show(d))
	}
	s.now = d.Wake
	s.decide(s.run())
	s.want("cancelled a:cancelled")
	if s.run().Report(JobReport{Job: "a", Kind: ReportFinished, At: s.now}) {
		t.Error("a late report was news")
	}
}

func TestSuccessDespiteCancel(t *testing.T) {
	s := simulate(t, "jobs: {a: {if: always(), "+run1+"}}").start("a").cancel("", false).wantStops("")
	s.ok("a").want("success a:success")
}

func TestCancelBeforeStart(t *testing.T) {
	s := simulate(t, "jobs: {a: {"+run1+"}, b: {needs: a, "+run1+"}}").cancel("", false)
	// Queued: it is withdrawn.
	s.wantStops("a").want("cancelled a:cancelled b:skipped")
}

func TestCancelOneJob(t *testing.T) {
	s := simulate(t, "jobs: {a: {if: always(), "+run1+"}, b: {needs: a, "+run1+"}, c: {"+run1+"}}").start("a").cancel("a", false)
	s.wantStops("a").end("a", "cancelled").want("running a:cancelled b:skipped c:queued").ok("c").want("cancelled a:cancelled b:skipped c:success")

	s = simulate(t, "jobs: {a: {"+run1+"}, b: {needs: a, "+run1+"}}").cancel("b", false)
	s.want("running a:queued b:cancelled").wantReason("b", "somebody asked")
	if s.run().RequestCancel("b", CancelRequest{At: s.now}) || s.run().RequestCancel("x", CancelRequest{At: s.now}) {
		t.Error("cancelling an ended or unknown job was news")
	}
}

func TestCancelMatrixAndCall(t *testing.T) {
	s := simulate(t, `jobs: {m: {strategy: {max-parallel: 1, matrix: {x: [0, 1]}}, `+run1+`}, c: {uses: ./.github/workflows/x.yml}}
-- ./.github/workflows/x.yml --
on: workflow_call
jobs: {a: {`+run1+`}, b: {needs: a, if: always(), `+run1+`}, d: {needs: a, if: "!cancelled()", `+run1+`}}
`)
	s.start("m/0", "c/a").cancel("m", false).cancel("c", false).wantStops("m/0 c/a")
	s.end("m/0", "cancelled").end("c/a", "cancelled").ok("c/b")
	s.want("cancelled m:cancelled m/0:cancelled m/1:cancelled c:cancelled c/a:cancelled c/b:success c/d:skipped")
	s.wantReason("c", "somebody asked").wantReason("m", "somebody asked")
}

func TestACallThatGoesOnShieldsItsJobs(t *testing.T) {
	s := simulate(t, `jobs: {a: {`+run1+`}, clean: {needs: a, if: always(), uses: ./.github/workflows/x.yml}, m: {needs: a, if: always(), strategy: {max-parallel: 1, matrix: {x: [0, 1]}}, `+run1+`}}
-- ./.github/workflows/x.yml --
on: workflow_call
jobs: {up: {`+run1+`}}
`)
	s.start("a").cancel("", false).end("a", "cancelled").ok("clean/up", "m/0", "m/1")
	s.want("cancelled a:cancelled clean:success clean/up:success m:success m/0:success m/1:success")

	s = simulate(t, `jobs: {clean: {if: always(), uses: ./.github/workflows/x.yml}}
-- ./.github/workflows/x.yml --
on: workflow_call
jobs: {up: {`+run1+`}}
`)
	s.start("clean/up").cancel("", false).wantStops("").cancel("", true).wantStops("clean/up!").end("clean/up", "cancelled").want("cancelled clean:cancelled clean/up:cancelled")
}

func TestTimeoutOfASilentRunner(t *testing.T) {
	s := simulate(t, "jobs: {a: {timeout-minutes: 1.5, cancel-timeout-minutes: 2, "+run1+"}, b: {needs: a, if: failure(), "+run1+"}}").start("a")
	if m := s.messages["a"]; m.Timeout != 90*time.Second || m.CancelTimeout != 2*time.Minute {
		t.Errorf("timeouts are %s and %s", m.Timeout, m.CancelTimeout)
	}
	d := Decide(Snapshot{Run: s.run()}, s.now)
	if want := s.now.Add(90*time.Second + 2*time.Minute + grace); !d.Wake.Equal(want) {
		t.Fatalf("wakes at %v, want %v", d.Wake, want)
	}
	s.now = d.Wake
	s.now = s.decide(s.run()).Wake
	s.wantStops("a!").decide(s.run())
	s.want("running a:lost b:queued").wantReason("a", "it ran longer than its timeout of 1m30s, and its runner does not answer")
	s.ok("b").want("failure a:lost b:success")
}

func TestCancelTimeoutOfASilentRunner(t *testing.T) {
	s := simulate(t, "jobs: {a: {"+run1+"}}").start("a").cancel("", false).wantStops("a")
	s.now = s.now.Add(defaultCancelTimeout + grace)
	s.decide(s.run())
	s.wantStops("a a!")
	s.now = s.now.Add(grace)
	s.decide(s.run())
	s.want("cancelled a:cancelled")
}

func TestLost(t *testing.T) {
	s := simulate(t, "jobs: {a: {"+run1+"}, b: {needs: a, "+run1+"}, c: {needs: a, if: \"failure() && needs.a.result == 'failure'\", "+run1+"}}").start("a")
	if !s.run().Report(JobReport{Job: "a", Kind: ReportLost, At: s.now}) {
		t.Fatal("not news")
	}
	s.decide(s.run())
	s.want("running a:lost b:skipped c:queued").wantReason("a", "its runner stopped answering").wantReason("b", "it needs a, which was lost")
}

func TestReportsAreIdempotent(t *testing.T) {
	s := simulate(t, "jobs: {a: {"+run1+"}, m: {strategy: {matrix: {x: [1]}}, "+run1+"}}").start("a")
	run := s.run()
	version := run.Version
	for _, rep := range []JobReport{
		{Job: "a", Kind: ReportStarted, At: s.now}, {Job: "nobody", Kind: ReportStarted}, {Job: "m", Kind: ReportFinished}, {Job: "a", Kind: "?"},
	} {
		if run.Report(rep) {
			t.Errorf("%+v was news", rep)
		}
	}
	if run.Version != version {
		t.Error("the version grew")
	}
	s.ok("a")
	if run.Report(JobReport{Job: "a", Kind: ReportLost, At: s.now}) || s.state("a") != Success {
		t.Error("an ended job was lost")
	}
}

func TestRunnerSkips(t *testing.T) {
	s := simulate(t, "jobs: {a: {"+run1+"}, b: {needs: a, "+run1+"}}")
	s.run().Report(JobReport{Job: "a", Kind: ReportFinished, At: s.now, Result: result("skipped"), Reason: "there is no macOS here"})
	s.decide(s.run())
	s.want("skipped a:skipped b:skipped").wantReason("a", "there is no macOS here")
}
