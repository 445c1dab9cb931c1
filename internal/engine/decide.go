package engine

import (
	"fmt"
	"time"

	"slipway/internal/workflow"
)

// Snapshot is all that a decision looks at.
type Snapshot struct {
	Run *Run
	// Groups are the repository's concurrency groups that are not empty, this
	// run's own claims among them.
	Groups []Group
}

// Decide says what happens next. It is pure: it changes nothing it was given,
// and the same snapshot and time give the same decision. It goes as far as it
// can: a run to which its decision was applied needs no other until there is
// news, Wake has come, or a group has changed.
func Decide(s Snapshot, now time.Time) Decision {
	if s.Run.State.Final() {
		return Decision{}
	}
	d := newDecider(s, now)
	if d.beginRun() {
		d.visitAll()
		d.endRun()
	}
	return d.decision()
}

// decider moves the jobs of a view. It asks contexts for what expressions
// see, conditions for what may run, claims for the concurrency groups.
type decider struct {
	*view
	state      RunState
	contexts   *contexts
	conditions *conditions
	claims     *claims
}

func newDecider(s Snapshot, now time.Time) *decider {
	v := newView(s.Run, now)
	c := &contexts{view: v}
	return &decider{
		view:       v,
		state:      s.Run.state(),
		contexts:   c,
		conditions: &conditions{view: v, contexts: c},
		claims:     &claims{view: v, groups: groupSet{groups: s.Groups}},
	}
}

func (r *Run) state() RunState {
	return RunState{r.State, r.Display, r.Reason, r.Finished, r.GroupKey}
}

func (d *decider) decision() Decision {
	if d.state != d.run.state() {
		d.out.Run = &d.state
	}
	d.out.Jobs = d.changed()
	return d.out
}

// beginRun names the run and takes its concurrency group. It returns false
// when no job may move.
func (d *decider) beginRun() bool {
	s := &d.state
	if s.Display == "" {
		s.Display = d.contexts.runName()
	}
	if s.State == Running {
		return true
	}
	if req := d.run.Cancel; req.Asked() {
		d.abandon(Cancelled, because(req.Reason, "the run was cancelled"))
		return false
	}
	if t := d.run.Plan.Concurrency; s.State == Pending && t.Kind() != workflow.TokenNull {
		c, err := workflow.EvaluateConcurrency(t, d.contexts.inside(nil))
		if err != nil {
			d.abandon(Failure, fmt.Sprintf("Error when evaluating 'concurrency'. %s", err))
			return false
		}
		s.GroupKey = foldGroup(c.Group)
		switch first, refused := d.claims.take(nil, c); {
		case refused != "":
			d.abandon(Cancelled, refused)
			return false
		case !first:
			s.State, s.Reason = Waiting, waitsForGroup(c.Group)
			return false
		}
	}
	if s.State == Waiting && !d.claims.first(nil, s.GroupKey) {
		return false
	}
	s.State, s.Reason = Running, ""
	return true
}

// abandon ends a run none of whose jobs has begun.
func (d *decider) abandon(state State, reason string) {
	of := Cancelled
	if state == Failure {
		of = Skipped
	}
	for _, n := range d.x.order {
		job := d.edit(n)
		job.State, job.Reason, job.Finished = of, reason, d.now
	}
	d.conclude(state, reason)
}

// endRun concludes the run when all its jobs have ended.
func (d *decider) endRun() {
	for _, n := range d.x.top {
		if !d.job(n).State.Final() {
			return
		}
	}
	d.conclude(sum(d.jobs(d.x.top), d.run.Cancel))
}

func (d *decider) conclude(state State, reason string) {
	if key := d.state.GroupKey; key != "" {
		d.claims.release(d.claims.of(nil, key))
	}
	d.state.State, d.state.Reason, d.state.Finished = state, reason, d.now
}

// visitAll visits every job that may move, and again what moves with it.
func (d *decider) visitAll() {
	if len(d.claims.groups.groups) > 0 {
		for _, n := range d.x.order {
			if n.job.State.Final() {
				d.claims.releaseAll(n) // it ended by a report
			}
		}
	}
	for _, n := range d.x.order {
		if d.mayMove(n) {
			d.push(n)
		}
	}
	for n := d.pop(); n != nil; n = d.pop() {
		d.visit(n)
	}
}

// mayMove is a quick look at a job nobody has looked at yet: of a large run,
// most have ended long ago, run, or wait for something that has not happened.
func (d *decider) mayMove(n *node) bool {
	switch job := n.job; job.State {
	case Pending:
		return d.conditions.cancelRequest(n).Asked() || d.needsAreFinal(n)
	case Waiting:
		return !job.notAdmitted() || d.conditions.cancelRequest(n).Asked()
	case Queued:
		return d.conditions.cancelRequest(n).Asked()
	case Running:
		return job.Kind != KindJob || d.conditions.cancelRequest(n).Asked() || d.overTime(job)
	}
	return false
}

// visit moves one job as far as it goes now.
func (d *decider) visit(n *node) {
	switch job := d.job(n); {
	case job.State.Final():
	case job.State == Pending:
		d.start(n)
	case job.State == Waiting:
		d.resume(n)
	case job.Kind == KindMatrix:
		matrix{d, n}.settle()
	case job.Kind == KindCall:
		call{d, n}.settle()
	default:
		d.watch(n)
	}
}

// finish ends an instance and wakes what looks at it.
func (d *decider) finish(n *node, state State, reason string) {
	job := d.edit(n)
	job.State, job.Reason, job.Finished = state, reason, d.now
	d.claims.releaseAll(n)
	d.pushAll(n.dependents)
	switch {
	case n.matrix != nil:
		d.push(n.matrix)
	case n.parent != nil:
		d.push(n.parent)
	}
}

func (d *decider) fail(n *node, err error) { d.finish(n, Failure, err.Error()) }
