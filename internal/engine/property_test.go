package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slipway/internal/jobproto"
)

// genJob is a job of a random workflow.
type genJob struct {
	id          string
	needs       []int // earlier jobs of the same file
	condition   string
	legs        int // 0: no matrix
	failFast    bool
	maxParallel int
	spared      bool // continue-on-error
	group       string
	calls       int // index of the called file; 0: none
}

// genFile is one random workflow file; file 0 is the run's own. A file calls
// only files behind it.
type genFile struct {
	jobs  []genJob
	group string // of the file
}

type genOptions struct{ groups, failFast, outcomeConditions bool }

func drawFiles(t *rapid.T, o genOptions) []genFile {
	files := make([]genFile, rapid.IntRange(1, 3).Draw(t, "files"))
	for f := range files {
		if o.groups && rapid.IntRange(0, 5).Draw(t, "grouped file") == 0 {
			files[f].group = drawGroup(t)
		}
		files[f].jobs = make([]genJob, rapid.SampledFrom([]int{5, 3, 1, 6, 4, 2}).Draw(t, "jobs"))
		for i := range files[f].jobs {
			files[f].jobs[i] = drawJob(t, o, f, i, len(files))
		}
	}
	return files
}

func drawGroup(t *rapid.T) string {
	text := rapid.SampledFrom([]string{"G", "h"}).Draw(t, "group")
	switch rapid.IntRange(0, 3).Draw(t, "queue") {
	case 0:
		return "{group: " + text + ", cancel-in-progress: true}"
	case 1:
		return "{group: " + text + ", queue: max}"
	}
	return text
}

func drawJob(t *rapid.T, o genOptions, file, i, files int) genJob {
	j := genJob{id: fmt.Sprintf("j%d", i), failFast: true}
	for n := range i {
		if n == i-1 && rapid.Bool().Draw(t, "needs the last") || rapid.IntRange(0, 3).Draw(t, "needs") == 0 {
			j.needs = append(j.needs, n)
		}
	}
	conditions := []string{"", "always()", "", "always()", "", "failure()", "success()", "!cancelled()", "cancelled()", "false", "true", "!failure()"}
	if len(j.needs) > 0 && o.outcomeConditions {
		need := fmt.Sprintf("needs.j%d.result", j.needs[0])
		conditions = append(conditions, "always() && "+need+" == 'failure'", need+" == 'success'", "failure() || "+need+" == 'skipped'")
	}
	j.condition = rapid.SampledFrom(conditions).Draw(t, "if")
	if rapid.IntRange(0, 2).Draw(t, "matrix") == 0 {
		j.legs = rapid.IntRange(1, 4).Draw(t, "legs")
		j.failFast = o.failFast && rapid.Bool().Draw(t, "fail-fast")
		j.maxParallel = rapid.IntRange(0, 2).Draw(t, "max-parallel")
	}
	if file+1 < files && rapid.IntRange(0, 3).Draw(t, "call") == 0 {
		j.calls = rapid.IntRange(file+1, files-1).Draw(t, "called")
	} else {
		j.spared = rapid.IntRange(0, 3).Draw(t, "continue-on-error") == 0
	}
	if o.groups && rapid.IntRange(0, 2).Draw(t, "grouped") == 0 {
		j.group = drawGroup(t)
	}
	return j
}

// yaml writes the files as readPlan reads them.
func yaml(files []genFile) string {
	var b strings.Builder
	for f, file := range files {
		if f > 0 {
			fmt.Fprintf(&b, "-- ./.github/workflows/%d.yml --\non: workflow_call\n", f)
		}
		if file.group != "" {
			fmt.Fprintf(&b, "concurrency: %s\n", file.group)
		}
		b.WriteString("jobs:\n")
		for _, j := range file.jobs {
			fmt.Fprintf(&b, "  %s:\n", j.id)
			var needs []string
			for _, n := range j.needs {
				needs = append(needs, file.jobs[n].id)
			}
			fmt.Fprintf(&b, "    needs: [%s]\n", strings.Join(needs, ", "))
			if j.condition != "" {
				fmt.Fprintf(&b, "    if: ${{ %s }}\n", j.condition)
			}
			if j.legs > 0 {
				fmt.Fprintf(&b, "    strategy: {fail-fast: %v, matrix: {x: %s}", j.failFast, strings.ReplaceAll(fmt.Sprint(make([]int, j.legs)), " ", ", "))
				if j.maxParallel > 0 {
					fmt.Fprintf(&b, ", max-parallel: %d", j.maxParallel)
				}
				b.WriteString("}\n")
			}
			if j.group != "" {
				fmt.Fprintf(&b, "    concurrency: %s\n", j.group)
			}
			if j.calls > 0 {
				fmt.Fprintf(&b, "    uses: ./.github/workflows/%d.yml\n", j.calls)
			} else {
				fmt.Fprintf(&b, "    continue-on-error: %v\n    runs-on: x\n    steps: [{run: x}]\n", j.spared)
			}
		}
	}
	return b.String()
}

var outcomes = []jobproto.Conclusion{"success", "success", "success", "failure", "cancelled", "skipped"}

// TestPropagation compares how every job ends with a small oracle that walks
// the drawn graph, with the outcomes drawn beforehand and reports in any order.
func TestPropagation(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		files := drawFiles(rt, genOptions{outcomeConditions: true})
		text := yaml(files)
		s := simulate(rt, text)
		seed := rapid.IntRange(0, 1000).Draw(rt, "outcomes")
		outcome := func(id string) jobproto.Conclusion {
			h := seed
			for _, c := range id {
				h = (h*31 + int(c)) % 1000003
			}
			return outcomes[h%len(outcomes)]
		}
		for {
			open := s.open()
			if len(open) == 0 {
				break
			}
			name := rapid.SampledFrom(open).Draw(rt, "next")
			s.end(name, outcome(name))
		}
		o := oracle{files: files, outcome: outcome, want: map[string]State{}}
		o.file(0, "")
		got := map[string]State{}
		for _, job := range s.run().Jobs {
			got[job.ID] = job.State
		}
		for id, want := range o.want {
			if got[id] != want {
				rt.Fatalf("%s is %q, want %q\n%s\n%s", id, got[id], want, text, s.reasons())
			}
		}
		if len(got) != len(o.want) {
			rt.Fatalf("%d instances, want %d\n%s\n%s", len(got), len(o.want), text, s.reasons())
		}
		if want := o.sum(o.spared, o.top); s.run().State != want {
			rt.Fatalf("the run is %s, want %s\n%s\n%s", s.run().State, want, text, s.reasons())
		}
	})
}

// open lists what was handed out and has not ended.
func (s *sim) open() []string {
	var open []string
	for _, name := range s.started {
		if !s.state(name).Final() {
			open = append(open, name)
		}
	}
	return open
}

// oracle knows how jobs end, from GitHub's documentation alone, in runs that
// nobody cancels and where nothing competes.
type oracle struct {
	files   []genFile
	outcome func(id string) jobproto.Conclusion
	want    map[string]State
	top     []State
	spared  []bool
}

// file fills in how the jobs of a file end, and returns how a call of it does.
func (o *oracle) file(f int, prefix string) State {
	jobs := o.files[f].jobs
	ends := make([]State, len(jobs))
	spared := make([]bool, len(jobs))
	for i, j := range jobs {
		all := ancestors(jobs, i)
		count := func(s State) int {
			n := 0
			for _, a := range all {
				if ends[a] == s {
					n++
				}
			}
			return n
		}
		ok, failed := count(Success) == len(all), count(Failure) > 0
		id := prefix + j.id
		if !conditionHolds(j, ends, ok, failed) {
			ends[i] = Skipped
		} else {
			ends[i], spared[i] = o.job(j, id)
		}
		o.want[id] = ends[i]
	}
	if prefix == "" {
		o.top, o.spared = ends, spared
	}
	return o.sum(spared, ends)
}

// conditionHolds evaluates the drawn conditions.
func conditionHolds(j genJob, ends []State, ok, failed bool) bool {
	first := func() State { return ends[j.needs[0]] }
	switch j.condition {
	case "", "success()", "true":
		return ok
	case "always()", "!cancelled()":
		return true
	case "failure()":
		return failed
	case "!failure()":
		return !failed
	case "cancelled()", "false":
		return false
	}
	switch {
	case strings.HasPrefix(j.condition, "always() &&"):
		return first() == Failure
	case strings.HasPrefix(j.condition, "failure() ||"):
		return failed || first() == Skipped
	}
	return ok && first() == Success
}

// job is how a job ends that runs.
func (o *oracle) job(j genJob, id string) (State, bool) {
	one := func(id string) State {
		if j.calls > 0 {
			return o.file(j.calls, id+"/")
		}
		return State(o.outcome(id))
	}
	if j.legs == 0 {
		return one(id), j.spared
	}
	legs := make([]State, j.legs)
	for i := range legs {
		leg := fmt.Sprintf("%s/%d", id, i)
		legs[i] = one(leg)
		o.want[leg] = legs[i]
	}
	end := o.sum(slices.Repeat([]bool{j.spared}, len(legs)), legs)
	if end == Success && slices.Contains(legs, Failure) {
		return Failure, true // only what may fail did
	}
	return end, false
}

func (o *oracle) sum(spared []bool, ends []State) State {
	skipped, cancelled := 0, false
	for i, end := range ends {
		switch {
		case end == Failure && !spared[i]:
			return Failure
		case end == Skipped:
			skipped++
		case end == Cancelled:
			cancelled = true
		}
	}
	switch {
	case cancelled:
		return Cancelled
	case skipped == len(ends):
		return Skipped
	}
	return Success
}

func ancestors(jobs []genJob, i int) []int {
	seen := map[int]bool{}
	var walk func(i int)
	walk = func(i int) {
		for _, n := range jobs[i].needs {
			if !seen[n] {
				seen[n] = true
				walk(n)
			}
		}
	}
	walk(i)
	var all []int
	for n := range seen {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// TestAnything lets anything happen to a few runs that compete, and checks
// what must hold always.
func TestAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSim(rt)
		w := &watcher{t: rt, s: s, ended: map[string]State{}, begun: map[string]bool{}}
		texts := make([]string, rapid.IntRange(1, 3).Draw(rt, "runs"))
		for i := range texts {
			texts[i] = yaml(drawFiles(rt, genOptions{groups: true, failFast: true, outcomeConditions: true}))
		}
		w.texts = texts
		for step := 0; ; step++ {
			if len(s.runs) < len(texts) {
				s.add(fmt.Sprint(len(s.runs)+1), texts[len(s.runs)])
			}
			w.check()
			open := s.open()
			if len(open) == 0 && len(s.runs) == len(texts) {
				break
			}
			if len(open) > 0 {
				happen(rt, s, rapid.SampledFrom(open).Draw(rt, "job"))
			}
			if step > 5000 {
				rt.Fatalf("does not end\n%s", w.dump())
			}
		}
		for _, run := range s.runs {
			if !run.State.Final() {
				rt.Fatalf("nothing runs, and run %s has not ended\n%s", run.ID, w.dump())
			}
		}
		if len(s.groups) > 0 {
			rt.Fatalf("groups are left: %s\n%s", groupsText(s.groups), w.dump())
		}
	})
}

// happen does one thing to a job that was handed out, or to its run.
func happen(rt *rapid.T, s *sim, name string) {
	run, id := s.split(name)
	report := func(rep JobReport) {
		rep.Job, rep.At = id, s.now
		run.Report(rep)
		s.decide(run)
	}
	switch rapid.IntRange(0, 14).Draw(rt, "what") {
	case 0, 1, 2:
		report(JobReport{Kind: ReportStarted})
	case 3:
		report(JobReport{Kind: ReportLost})
	case 4:
		s.cancel(s.name(run, ""), false)
	case 5:
		if rapid.IntRange(0, 3).Draw(rt, "force") == 0 {
			s.cancel(s.name(run, ""), true)
		}
	case 6:
		any := rapid.SampledFrom(run.Jobs).Draw(rt, "cancelled job")
		s.cancel(s.name(run, any.ID), rapid.IntRange(0, 4).Draw(rt, "force") == 0)
	case 7:
		var again Run
		if data, err := json.Marshal(run); err != nil || json.Unmarshal(data, &again) != nil {
			rt.Fatalf("JSON: %v", err)
		}
		s.runs[run.ID] = &again
	default:
		s.end(name, rapid.SampledFrom(outcomes).Draw(rt, "outcome"))
	}
}

// watcher checks what must hold after every step.
type watcher struct {
	t     *rapid.T
	s     *sim
	texts []string
	ended map[string]State // by name
	begun map[string]bool  // handed out before this step
	seen  int              // of s.started
}

func (w *watcher) check() {
	for _, run := range w.s.runs {
		for _, job := range run.Jobs {
			w.checkJob(run, job)
		}
		for _, job := range run.Jobs {
			w.checkMatrix(run, job)
		}
	}
	w.checkStarts()
	w.checkGroups()
}

func (w *watcher) checkJob(run *Run, job *Job) {
	name := run.ID + ":" + job.ID
	if before, ok := w.ended[name]; ok && before != job.State {
		w.fail("%s was %s and is %s", name, before, job.State)
	}
	if job.State.Final() {
		w.ended[name] = job.State
	}
	if job.Reason == "" && job.State != Success && job.State != Queued && job.State != Running && (job.State != Pending || len(run.indexed().get(job.ID).needs) > 0) {
		w.fail("%s is %s without a reason", name, job.State)
	}
}

// checkStarts checks that what was just handed out was ready, and was so once.
func (w *watcher) checkStarts() {
	for _, name := range w.s.started[w.seen:] {
		if w.begun[name] {
			w.fail("%s was handed out twice", name)
		}
		w.begun[name] = true
		run, id := w.s.split(name)
		x := run.indexed()
		for n := x.get(id); n != nil; n = n.parent {
			for _, need := range n.needs {
				if !need.job.State.Final() {
					w.fail("%s was handed out, and %s, which %s needs, is %s", name, need.job.ID, n.job.ID, need.job.State)
				}
			}
		}
	}
	w.seen = len(w.s.started)
}

func (w *watcher) checkMatrix(run *Run, job *Job) {
	if job.Kind != KindMatrix {
		return
	}
	active, failed, waiting := 0, false, 0
	for _, leg := range run.Jobs {
		if leg.Matrix != job.ID {
			continue
		}
		switch {
		case leg.State.Final():
			failed = failed || leg.State.failed() && !leg.ContinueOnError
		case leg.notAdmitted():
			waiting++
		default:
			active++
			if failed && job.FailFast && !leg.Cancel.Asked() && !leg.Stopping.Asked() {
				w.fail("%s:%s goes on beside a failed leg", run.ID, leg.ID)
			}
		}
	}
	if job.MaxParallel > 0 && active > job.MaxParallel {
		w.fail("%s:%s has %d legs at work, max-parallel is %d", run.ID, job.ID, active, job.MaxParallel)
	}
	if waiting > 0 && active == 0 && !job.State.Final() {
		w.fail("%s:%s has legs waiting for nothing", run.ID, job.ID)
	}
	if failed && job.FailFast && waiting > 0 {
		w.fail("%s:%s has legs waiting beside a failed one", run.ID, job.ID)
	}
}

// checkGroups checks that each group is held by one, and that who claims it lives.
func (w *watcher) checkGroups() {
	for _, g := range w.s.groups {
		for i, c := range g.Claims {
			run := w.s.runs[c.Run]
			state, working := run.State, run.State == Running
			if c.Job != "" {
				job := run.indexed().get(c.Job).job
				state, working = job.State, job.State == Queued || job.State == Running
				if !slices.Contains(job.Groups, g.Key) {
					w.fail("%s claims %s without knowing", c.Job, g.Key)
				}
			}
			if state.Final() {
				w.fail("%s:%s has ended and claims %s", c.Run, c.Job, g.Key)
			}
			if working && i > 0 {
				w.fail("%s:%s works while another holds %s", c.Run, c.Job, g.Key)
			}
		}
	}
	for _, run := range w.s.runs {
		for _, job := range run.Jobs {
			for _, group := range job.Groups {
				c := Claim{Group: group, Run: run.ID, Job: job.ID}
				if set := (groupSet{groups: w.s.groups}); set.place(c) < 0 {
					w.fail("%s:%s thinks it claims %s", run.ID, job.ID, group)
				}
			}
		}
	}
}

func (w *watcher) fail(format string, args ...any) {
	w.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), w.dump())
}

func (w *watcher) dump() string {
	var b strings.Builder
	for i, text := range w.texts {
		fmt.Fprintf(&b, "--- run %d\n%s", i+1, text)
		if run := w.s.runs[fmt.Sprint(i+1)]; run != nil {
			b.WriteString(w.s.all(run) + "\n")
		}
	}
	return b.String() + groupsText(w.s.groups)
}
