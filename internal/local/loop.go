package local

import (
	"context"
	"time"

	"slipway/internal/engine"
	"slipway/internal/jobproto"
	"slipway/internal/runner"
)

// loop holds the runs of one process and is the only one that changes them:
// it lets the engine decide, applies the decision, starts what was handed out
// and waits for news.
type loop struct {
	runs     []*activeRun
	groups   []engine.Group
	ready    []*activeJob // handed out and waiting for a free slot, in order
	busy     int
	limit    int
	reports  chan finished
	worker   *worker
	reporter Reporter
	place    func(labels []string) (executor, reason string)
	strict   bool                // jobs that have no place fail
	stops    int                 // how often the user asked to stop
	adorn    func(*jobproto.Job) // adds what only this machine knows to a job's message
	now      func() time.Time
}

type activeRun struct {
	run  *engine.Run
	ref  *Run
	jobs map[string]*activeJob // handed out and not ended, by instance
	told map[string]bool       // instances whose end was reported
	wake time.Time
}

// activeJob is a job between being handed out and its end.
type activeJob struct {
	run      *activeRun
	ref      Job
	msg      *jobproto.Job
	executor string
	control  chan runner.Cancel
	kill     context.CancelFunc // nil until it runs
}

// finished is a worker's news.
type finished struct {
	job    *activeJob
	result jobproto.Result
	reason string
}

// run runs everything to its end. A value on stop asks all runs to end, a
// second one, or canceling ctx, ends them now.
func (l *loop) run(ctx context.Context, stop <-chan struct{}) {
	done := ctx.Done()
	for {
		l.decide()
		l.startReady(ctx)
		if l.over() {
			return
		}
		select {
		case f := <-l.reports:
			l.ended(f)
		case <-stop:
			l.cancel()
		case <-done:
			done = nil // told once: the jobs' own contexts have ended too
			l.stops++
			l.cancel()
		case <-l.timer():
		}
		l.takeReports()
	}
}

// takeReports takes whatever else has come meanwhile: it is decided in one go.
func (l *loop) takeReports() {
	for {
		select {
		case f := <-l.reports:
			l.ended(f)
		default:
			return
		}
	}
}

// timer fires when a run has to be decided again without news; nil never does.
func (l *loop) timer() <-chan time.Time {
	var next time.Time
	for _, r := range l.runs {
		if !r.wake.IsZero() && (next.IsZero() || r.wake.Before(next)) {
			next = r.wake
		}
	}
	if next.IsZero() {
		return nil
	}
	return time.After(max(next.Sub(l.now()), time.Millisecond))
}

func (l *loop) over() bool {
	for _, r := range l.runs {
		if !r.run.State.Final() || len(r.jobs) > 0 {
			return false
		}
	}
	return true
}

// decide asks the engine until it has nothing new to say of any run: one run's
// decision may concern another through a concurrency group.
func (l *loop) decide() {
	for again := true; again; {
		again = false
		for _, r := range l.runs {
			d := engine.Decide(engine.Snapshot{Run: r.run, Groups: l.groups}, l.now())
			r.wake = d.Wake
			if !d.Empty() {
				l.apply(r, d)
				again = true
			}
		}
	}
}

func (l *loop) apply(r *activeRun, d engine.Decision) {
	first := r.run.State == engine.Pending && r.run.Display == ""
	r.run.Apply(d)
	l.groups = engine.ApplyGroups(l.groups, d)
	if first {
		r.ref.Title = r.run.Display
		l.reporter.RunStarted(*r.ref)
	}
	for _, e := range d.Evictions {
		l.evict(e)
	}
	for _, msg := range d.Start {
		l.handOut(r, msg)
	}
	for _, stop := range d.Stop {
		l.stop(r, stop)
	}
	for _, job := range d.Jobs {
		l.tell(r, r.run.Job(job.ID))
	}
	if d.Run != nil && d.Run.State.Final() {
		l.reporter.RunFinished(*r.ref, RunResult{Conclusion: r.run.State.Conclusion(), Reason: d.Run.Reason, Finished: r.run.Finished})
	}
}

// evict cancels a run, or a job of it, in favour of another.
func (l *loop) evict(e engine.Eviction) {
	for _, r := range l.runs {
		if r.run.ID == e.Claim.Run {
			r.run.RequestCancel(e.Claim.Job, engine.CancelRequest{At: l.now(), Reason: e.Reason})
		}
	}
}

// handOut finds an executor for a job and puts it in line, or ends it with the reason why there is none.
func (l *loop) handOut(r *activeRun, msg *jobproto.Job) {
	job := r.run.Job(msg.JobID)
	l.adorn(msg)
	j := &activeJob{run: r, ref: r.name(job), msg: msg, control: make(chan runner.Cancel, 1)}
	r.jobs[msg.JobID] = j
	var reason string
	if j.executor, reason = l.place(job.RunsOn.Labels); j.executor != "" {
		l.ready = append(l.ready, j)
		return
	}
	result := jobproto.Result{Conclusion: jobproto.Skipped}
	if l.strict {
		result.Conclusion = jobproto.Failure
	}
	l.end(finished{j, result, reason})
}

func (r *activeRun) name(job *engine.Job) Job {
	return Job{Run: r.ref, ID: job.ID, Key: job.Key, Name: job.Display, Group: job.Kind != engine.KindJob}
}

// stop tells a job to end: one that has not started ends here.
func (l *loop) stop(r *activeRun, stop engine.Stop) {
	j := r.jobs[stop.Job]
	switch {
	case j == nil:
	case j.kill == nil:
		for i, waiting := range l.ready {
			if waiting == j {
				l.ready = append(l.ready[:i], l.ready[i+1:]...)
				break
			}
		}
		l.end(finished{j, jobproto.Result{Conclusion: jobproto.Cancelled}, stop.Reason})
	case stop.Force:
		j.kill()
	default:
		select {
		case j.control <- runner.Cancel{Reason: stop.Reason}:
		default: // it was told already
		}
	}
}

// startReady starts jobs in line while there are free slots.
func (l *loop) startReady(ctx context.Context) {
	for l.busy < l.limit && len(l.ready) > 0 {
		j := l.ready[0]
		l.ready = l.ready[1:]
		l.busy++
		at := l.now()
		j.run.run.Report(engine.JobReport{Job: j.msg.JobID, Kind: engine.ReportStarted, At: at})
		l.reporter.JobStarted(j.ref, at)
		jobCtx, kill := context.WithCancel(ctx)
		j.kill = kill
		go func() {
			defer kill()
			result, reason := l.worker.run(jobCtx, j)
			l.reports <- finished{j, result, reason}
		}()
	}
}

func (l *loop) ended(f finished) {
	l.busy--
	l.end(f)
}

// end writes a job's end into its run and tells the reporter.
func (l *loop) end(f finished) {
	r := f.job.run
	delete(r.jobs, f.job.msg.JobID)
	r.run.Report(engine.JobReport{Job: f.job.msg.JobID, Kind: engine.ReportFinished, At: l.now(), Result: f.result, Reason: f.reason})
	l.tell(r, r.run.Job(f.job.msg.JobID))
}

// cancel asks every run to end, the second time at once.
func (l *loop) cancel() {
	l.stops++
	for _, r := range l.runs {
		r.run.RequestCancel("", engine.CancelRequest{At: l.now(), Reason: "cancelled by the user", Force: l.stops > 1})
	}
}

// tell reports the end of an instance once. A matrix is told as its legs,
// unless it ended before it had any.
func (l *loop) tell(r *activeRun, job *engine.Job) {
	if job == nil || !job.State.Final() || r.told[job.ID] || job.Kind == engine.KindMatrix && job.Legs > 0 {
		return
	}
	r.told[job.ID] = true
	ref := r.name(job)
	ref.Group = job.Kind == engine.KindCall && job.Call != nil
	l.reporter.JobFinished(ref, JobResult{
		Conclusion: job.State.Conclusion(), Reason: job.Reason, Outputs: job.Outputs, Started: job.Started, Finished: job.Finished,
	})
}

// conclusion is the worst of all runs'.
func (l *loop) conclusion() jobproto.Conclusion {
	worst := jobproto.Success
	for _, r := range l.runs {
		switch r.run.State {
		case engine.Cancelled:
			if worst == jobproto.Success {
				worst = jobproto.Cancelled
			}
		case engine.Failure:
			worst = jobproto.Failure
		}
	}
	return worst
}
