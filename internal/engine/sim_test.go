package engine

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"slipway/internal/expr"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// tester is a test or one run of a property.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// readPlan reads a workflow. Files it calls stand behind it, each after a line
// "-- reference --".
func readPlan(t tester, text string) *workflow.Workflow {
	t.Helper()
	main, rest, _ := strings.Cut(text, "\n-- ")
	called := map[string][]byte{}
	for rest != "" {
		var file string
		file, rest, _ = strings.Cut(rest, "\n-- ")
		name, data, _ := strings.Cut(file, " --\n")
		called[name] = []byte(data)
	}
	if !strings.HasPrefix(main, "on:") {
		main = "on: push\n" + main
	}
	w, errs := workflow.Read(".github/workflows/ci.yml", []byte(main), workflow.Options{
		Called: func(ref, _ string) (string, []byte, error) {
			data, ok := called[ref]
			if !ok {
				return "", nil, fmt.Errorf("no file %s in the test", ref)
			}
			return strings.TrimPrefix(ref, "./"), data, nil
		},
	})
	if len(errs) > 0 {
		t.Fatalf("the test's workflow is not valid: %v\n%s", errs, text)
	}
	return w
}

// sim is a runner and the keeper of the state around one or more runs.
type sim struct {
	t      tester
	now    time.Time
	runs   map[string]*Run
	groups []Group

	started  []string                 // IDs handed out, in order; "run:id" for runs but the first
	messages map[string]*jobproto.Job // by the same names
	stops    []string                 // "id" or "id!" when forced
	first    string                   // the first run's ID
}

func newSim(t tester) *sim {
	return &sim{
		t: t, now: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC),
		runs: map[string]*Run{}, messages: map[string]*jobproto.Job{},
	}
}

// simulate returns a sim in which one run of the workflow has been decided on once.
func simulate(t tester, text string, change ...func(*Spec)) *sim {
	t.Helper()
	s := newSim(t)
	s.add("1", text, change...)
	return s
}

func testSpec(id string, plan *workflow.Workflow) Spec {
	return Spec{
		ID: id, Number: 7, Plan: plan, Created: time.Date(2026, 7, 1, 11, 59, 0, 0, time.UTC),
		Github: expr.Strings(map[string]string{
			"event_name": "push", "repository": "octo/app", "ref": "refs/heads/main", "ref_name": "main",
			"sha": "c0ffee", "workflow": "CI", "run_id": id,
		}),
		Event:   json.RawMessage(`{"head_commit":{"message":"Fix it\n\nbody"},"forced":true}`),
		Secrets: expr.Strings(map[string]string{"GITHUB_TOKEN": "t0ken", "KEY": "k3y"}),
		Vars:    expr.Strings(map[string]string{"ENABLED": "yes"}),
	}
}

func (s *sim) add(id, text string, change ...func(*Spec)) *Run {
	s.t.Helper()
	spec := testSpec(id, readPlan(s.t, text))
	for _, f := range change {
		f(&spec)
	}
	run, err := NewRun(spec)
	if err != nil {
		s.t.Fatalf("NewRun: %v", err)
	}
	if s.first == "" {
		s.first = id
	}
	s.runs[id] = run
	s.decide(run)
	return run
}

func (s *sim) run() *Run { return s.runs[s.first] }

func (s *sim) name(run *Run, id string) string {
	if run.ID == s.first {
		return id
	}
	return run.ID + ":" + id
}

// split is name's inverse.
func (s *sim) split(name string) (*Run, string) {
	if id, job, ok := strings.Cut(name, ":"); ok {
		return s.runs[id], job
	}
	return s.run(), name
}

// decide decides and applies until nothing more follows, in all runs that are concerned.
func (s *sim) decide(run *Run) Decision {
	s.t.Helper()
	d := s.checkedDecide(run)
	run.Apply(d)
	s.groups = ApplyGroups(s.groups, d)
	for _, m := range d.Start {
		s.started = append(s.started, s.name(run, m.JobID))
		s.messages[s.name(run, m.JobID)] = m
	}
	for _, stop := range d.Stop {
		force := ""
		if stop.Force {
			force = "!"
		}
		s.stops = append(s.stops, s.name(run, stop.Job)+force)
	}
	for _, e := range d.Evictions {
		other := s.runs[e.Claim.Run]
		other.RequestCancel(e.Claim.Job, CancelRequest{At: s.now, Reason: e.Reason})
		s.decide(other)
	}
	for _, c := range d.Releases { // who holds the group now may go on
		for _, g := range s.groups {
			if g.Key == c.Group && g.Claims[0].Run != run.ID {
				s.decide(s.runs[g.Claims[0].Run])
			}
		}
	}
	if again := s.checkedDecide(run); !again.Empty() && len(d.Releases) == 0 && len(d.Evictions) == 0 {
		s.t.Fatalf("a second decision without news is not empty: %s", show(again))
	}
	return d
}

// checkedDecide decides twice and checks that the answer is the same and that
// the run has not changed.
func (s *sim) checkedDecide(run *Run) Decision {
	s.t.Helper()
	snapshot := Snapshot{Run: run, Groups: s.groups}
	before := s.showRun(run)
	d := Decide(snapshot, s.now)
	if after := s.showRun(run); after != before {
		s.t.Fatalf("Decide changed its snapshot\nbefore %s\nafter  %s", before, after)
	}
	if again := Decide(snapshot, s.now); !reflect.DeepEqual(again, d) && show(again) != show(d) {
		s.t.Fatalf("two decisions of one snapshot differ:\n%s\n%s", show(d), show(again))
	}
	return d
}

// showRun is everything a decision could change by mistake.
func (s *sim) showRun(run *Run) string {
	without := *run
	without.Plan = nil
	return show(Snapshot{&without, s.groups})
}

func show(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// start reports that a job runs.
func (s *sim) start(names ...string) *sim {
	s.t.Helper()
	for _, name := range names {
		run, id := s.split(name)
		if !run.Report(JobReport{Job: id, Kind: ReportStarted, At: s.now}) {
			s.t.Fatalf("%s can't start: it is %s", name, s.state(name))
		}
		s.decide(run)
	}
	return s
}

// end reports that a job has ended, and decides. outputs are "k=v".
func (s *sim) end(name string, c jobproto.Conclusion, outputs ...string) *sim {
	s.t.Helper()
	run, id := s.split(name)
	result := jobproto.Result{Conclusion: c, Outputs: map[string]string{}}
	for _, o := range outputs {
		k, v, _ := strings.Cut(o, "=")
		result.Outputs[k] = v
	}
	s.now = s.now.Add(time.Second)
	if !run.Report(JobReport{Job: id, Kind: ReportFinished, At: s.now, Result: result}) {
		s.t.Fatalf("%s can't end: it is %s", name, s.state(name))
	}
	s.decide(run)
	return s
}

func (s *sim) ok(names ...string) *sim {
	s.t.Helper()
	for _, name := range names {
		s.end(name, jobproto.Success)
	}
	return s
}

func (s *sim) cancel(name string, force bool) *sim {
	run, id := s.split(name)
	run.RequestCancel(id, CancelRequest{At: s.now, Reason: "somebody asked", Force: force})
	s.decide(run)
	return s
}

// finish ends all jobs, with success unless outcome says otherwise.
func (s *sim) finish(outcome map[string]jobproto.Conclusion) *sim {
	s.t.Helper()
	for i := 0; i < len(s.started); i++ {
		name := s.started[i]
		run, id := s.split(name)
		if state := run.indexed().get(id).job.State; state != Queued && state != Running {
			continue
		}
		c, ok := outcome[name]
		if !ok {
			c = jobproto.Success
		}
		s.end(name, c)
	}
	for id, run := range s.runs {
		if !run.State.Final() {
			s.t.Fatalf("run %s did not end: %s", id, s.all(run))
		}
	}
	return s
}

func (s *sim) job(name string) *Job {
	s.t.Helper()
	run, id := s.split(name)
	n := run.indexed().get(id)
	if n == nil {
		s.t.Fatalf("there is no job %q: %s", name, s.all(run))
	}
	return n.job
}

func (s *sim) state(name string) State { return s.job(name).State }

// all lists the run and its jobs with their states.
func (s *sim) all(run *Run) string {
	list := []string{string(run.State)}
	for _, job := range run.Jobs {
		list = append(list, job.ID+":"+string(job.State))
	}
	return strings.Join(list, " ")
}

func (s *sim) want(want string) *sim {
	s.t.Helper()
	if got := s.all(s.run()); got != want {
		s.t.Fatalf("got  %s\nwant %s\n%s", got, want, s.reasons())
	}
	return s
}

func (s *sim) wantStarted(want string) *sim {
	s.t.Helper()
	if got := strings.Join(s.started, " "); got != want {
		s.t.Fatalf("started %s, want %s\n%s", got, want, s.reasons())
	}
	return s
}

func (s *sim) wantReason(name, want string) *sim {
	s.t.Helper()
	reason := s.run().Reason
	if name != "" {
		reason = s.job(name).Reason
	}
	if reason != want {
		s.t.Fatalf("reason of %q:\n got %s\nwant %s", name, reason, want)
	}
	return s
}

func (s *sim) reasons() string {
	var b strings.Builder
	for _, job := range s.run().Jobs {
		fmt.Fprintf(&b, "  %-20s %-10s %s\n", job.ID, job.State, job.Reason)
	}
	return b.String()
}
