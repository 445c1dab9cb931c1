package engine

import (
	"fmt"
	"strings"
	"time"

	"slipway/internal/expr"
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
	v := newView(s, now)
	if v.beginRun() {
		v.visitAll()
		v.endRun()
	}
	return v.decision()
}

// view is the run as it will be once the decision is applied.
type view struct {
	run    *Run
	x      *index
	now    time.Time
	state  RunState
	groups groupSet
	d      Decision

	work     map[*node]*work   // of the nodes looked into so far
	edited   []*node           // in the order of their first change
	added    map[string]*node  // nodes this decision makes, by ID
	children map[*node][]*node // of nodes this decision expanded
	queue    []*node           // to visit

	memo memo
}

// work is what a decision does to one node.
type work struct {
	job    *Job // the run's own until edited, then a copy
	edited bool
	queued bool // is in view.queue
}

func newView(s Snapshot, now time.Time) *view {
	r := s.Run
	v := &view{run: r, x: r.indexed(), now: now, groups: groupSet{groups: s.Groups}, work: map[*node]*work{}}
	v.state = RunState{r.State, r.Display, r.Reason, r.Finished, r.GroupKey}
	return v
}

// decision gathers what changed.
func (v *view) decision() Decision {
	if r := v.run; v.state != (RunState{r.State, r.Display, r.Reason, r.Finished, r.GroupKey}) {
		state := v.state
		v.d.Run = &state
	}
	for _, n := range v.edited {
		v.d.Jobs = append(v.d.Jobs, v.job(n))
	}
	return v.d
}

func (v *view) job(n *node) *Job {
	if w, ok := v.work[n]; ok {
		return w.job
	}
	return n.job
}

// at is n's entry in work.
func (v *view) at(n *node) *work {
	w, ok := v.work[n]
	if !ok {
		w = &work{job: n.job}
		v.work[n] = w
	}
	return w
}

// edit returns n's job for writing.
func (v *view) edit(n *node) *Job {
	w := v.at(n)
	if !w.edited {
		copied := *w.job
		w.job, w.edited = &copied, true
		v.edited = append(v.edited, n)
	}
	return w.job
}

// push marks n to be visited.
func (v *view) push(n *node) {
	if w := v.at(n); !w.queued && !w.job.State.Final() {
		w.queued = true
		v.queue = append(v.queue, n)
	}
}

func (v *view) pushAll(nodes []*node) {
	for _, n := range nodes {
		v.push(n)
	}
}

// under are the legs of a matrix or the jobs of a call.
func (v *view) under(n *node) []*node {
	if len(n.children) > 0 {
		return n.children
	}
	return v.children[n]
}

// above is what n is a part of, or nil.
func (v *view) above(n *node) *node {
	if n.matrix != nil {
		return n.matrix
	}
	return n.parent
}

// node finds an instance by its ID, also one this decision made.
func (v *view) node(id string) *node {
	if n := v.x.get(id); n != nil {
		return n
	}
	return v.added[id]
}

// addChildren makes instances under n.
func (v *view) addChildren(n *node, jobs []*Job, connect bool) {
	nodes := make([]*node, len(jobs))
	byKey := make(map[string]*node, len(jobs))
	for i, job := range jobs {
		child := &node{job: job, plan: n.plan, matrix: n, parent: n.parent, needs: n.needs}
		if connect {
			child.plan, child.matrix, child.parent, child.needs = n.callee().Jobs[i], nil, n, nil
		}
		nodes[i] = child
		byKey[strings.ToLower(job.Key)] = child
		v.work[child] = &work{job: job, edited: true}
	}
	if connect {
		for _, child := range nodes {
			child.connect(func(key string) *node { return byKey[strings.ToLower(key)] })
		}
	}
	if v.children == nil {
		v.children, v.added = map[*node][]*node{}, map[string]*node{}
	}
	for _, child := range nodes {
		v.added[child.job.ID] = child
	}
	v.children[n] = nodes
	v.edited = append(v.edited, nodes...)
	v.pushAll(nodes)
}

// visitAll visits every job that may move, and again what moves with it.
func (v *view) visitAll() {
	if len(v.groups.groups) > 0 {
		for _, n := range v.x.order {
			if n.job.State.Final() {
				v.releaseAll(n) // it ended by a report
			}
		}
	}
	for _, n := range v.x.order {
		if v.mayMove(n) {
			v.push(n)
		}
	}
	for len(v.queue) > 0 {
		n := v.queue[0]
		v.queue = v.queue[1:]
		v.work[n].queued = false
		v.visit(n)
	}
}

// mayMove is a quick look at a job nobody has looked at yet: of a large run,
// most have ended long ago, run, or wait for something that has not happened.
func (v *view) mayMove(n *node) bool {
	switch job := n.job; job.State {
	case Pending:
		return v.cancelRequest(n).Asked() || v.needsAreFinal(n)
	case Waiting:
		return !job.notAdmitted() || v.cancelRequest(n).Asked()
	case Queued:
		return v.cancelRequest(n).Asked()
	case Running:
		return job.Kind != KindJob || v.cancelRequest(n).Asked() || v.overTime(job)
	}
	return false
}

// visit moves one job as far as it goes now.
func (v *view) visit(n *node) {
	switch job := v.job(n); {
	case job.State.Final():
	case job.State == Pending:
		v.start(n)
	case job.State == Waiting:
		v.resume(n)
	case job.Kind == KindMatrix:
		v.settleMatrix(n)
	case job.Kind == KindCall:
		v.settleCall(n)
	default:
		v.watch(n)
	}
}

// finish ends an instance and wakes what looks at it.
func (v *view) finish(n *node, state State, reason string) {
	job := v.edit(n)
	job.State, job.Reason, job.Finished = state, reason, v.now
	v.releaseAll(n)
	v.pushAll(n.dependents)
	if up := v.above(n); up != nil {
		v.push(up)
	}
}

func (v *view) fail(n *node, err error) { v.finish(n, Failure, err.Error()) }

// beginRun names the run and takes its concurrency group. It returns false
// when no job may move.
func (v *view) beginRun() bool {
	if v.state.Display == "" {
		v.state.Display = v.runName()
	}
	if v.state.State == Running {
		return true
	}
	if v.run.Cancel.Asked() {
		return v.abandon(Cancelled, v.run.Cancel.Reason)
	}
	if v.state.State == Pending && v.run.Plan.Concurrency.Kind() != workflow.TokenNull {
		c, err := workflow.EvaluateConcurrency(v.run.Plan.Concurrency, v.runScope())
		if err != nil {
			return v.abandon(Failure, fmt.Sprintf("Error when evaluating 'concurrency'. %s", err))
		}
		v.state.GroupKey = foldGroup(c.Group)
		switch first, refused := v.claim(nil, c); {
		case refused != "":
			return v.abandon(Cancelled, refused)
		case !first:
			v.state.State, v.state.Reason = Waiting, waitsForGroup(c.Group)
			return false
		}
	}
	if v.state.State == Waiting && !v.holdsAll(nil, v.state.GroupKey) {
		return false
	}
	v.state.State, v.state.Reason = Running, ""
	return true
}

// abandon ends a run none of whose jobs has begun.
func (v *view) abandon(state State, reason string) bool {
	if reason == "" {
		reason = "the run was cancelled"
	}
	of := Cancelled
	if state == Failure {
		of = Skipped
	}
	for _, n := range v.x.order {
		job := v.edit(n)
		job.State, job.Reason, job.Finished = of, reason, v.now
	}
	v.conclude(state, reason)
	return false
}

func (v *view) conclude(state State, reason string) {
	if key := v.state.GroupKey; key != "" {
		v.release(v.claimOf(nil, key))
	}
	v.state.State, v.state.Reason, v.state.Finished = state, reason, v.now
}

// endRun concludes the run when all its jobs have ended.
func (v *view) endRun() {
	for _, n := range v.x.top {
		if !v.job(n).State.Final() {
			return
		}
	}
	v.conclude(v.sum(v.x.top, v.run.Cancel))
}

// sum is how a run or a call ends, from how its jobs did: jobs that may fail
// do not count as failed, and what was cancelled on request is cancelled even
// when something had failed before.
func (v *view) sum(jobs []*node, asked CancelRequest) (State, string) {
	var failed, cancelled []string
	skipped := 0
	for _, n := range jobs {
		switch job := v.job(n); {
		case job.State == Skipped:
			skipped++
		case job.State == Cancelled:
			cancelled = append(cancelled, job.Display)
		case job.State.failed() && !job.ContinueOnError:
			failed = append(failed, job.Display)
		}
	}
	switch {
	case len(cancelled) > 0 && asked.Asked():
		return Cancelled, asked.Reason
	case len(failed) > 0:
		return Failure, listed(failed) + " failed"
	case len(cancelled) > 0:
		return Cancelled, listed(cancelled) + " was cancelled"
	case skipped == len(jobs):
		return Skipped, "all of its jobs were skipped"
	}
	return Success, ""
}

// listed joins a few names.
func listed(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

func (v *view) runName() string {
	name, err := workflow.EvaluateRunName(v.run.Plan.RunName, v.runScope())
	if err != nil || name == "" {
		return defaultRunName(v.run.Plan, v.x.github)
	}
	return name
}

// runScope is what the run's own keys may name.
func (v *view) runScope() *expr.Scope {
	return &expr.Scope{Contexts: expr.NewObject(
		expr.Pair{Key: "github", Value: v.x.github},
		expr.Pair{Key: "inputs", Value: v.run.Inputs},
		expr.Pair{Key: "vars", Value: v.run.Vars},
	)}
}
