package engine

import (
	"strings"
	"time"
)

// view is the jobs of a run as they will be once the decision is applied. It
// lies over the run and never changes it.
type view struct {
	run *Run
	x   *index
	now time.Time
	out Decision

	work     map[*node]*work   // of the nodes looked into so far
	edited   []*node           // in the order of their first change
	added    map[string]*node  // nodes this decision makes, by ID
	children map[*node][]*node // of nodes this decision expanded
	queue    []*node           // to visit
}

// work is what a decision does to one node.
type work struct {
	job    *Job // the run's own until edited, then a copy
	edited bool
	queued bool // is in view.queue
}

func newView(r *Run, now time.Time) *view {
	return &view{run: r, x: r.indexed(), now: now, work: map[*node]*work{}}
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

// pop returns the next node to visit, or nil.
func (v *view) pop() *node {
	if len(v.queue) == 0 {
		return nil
	}
	n := v.queue[0]
	v.queue = v.queue[1:]
	v.work[n].queued = false
	return n
}

// under are the legs of a matrix or the jobs of a call.
func (v *view) under(n *node) []*node {
	if len(n.children) > 0 {
		return n.children
	}
	return v.children[n]
}

// node finds an instance by its ID, also one this decision made.
func (v *view) node(id string) *node {
	if n := v.x.get(id); n != nil {
		return n
	}
	return v.added[id]
}

// addLegs makes the legs of a matrix.
func (v *view) addLegs(n *node, legs []*Job) {
	nodes := make([]*node, len(legs))
	for i, job := range legs {
		nodes[i] = &node{job: job, plan: n.plan, matrix: n, parent: n.parent, needs: n.needs}
	}
	v.addChildren(n, nodes)
}

// addCallees makes the jobs of a call, in the order of the called file.
func (v *view) addCallees(n *node, jobs []*Job) {
	nodes := make([]*node, len(jobs))
	byKey := make(map[string]*node, len(jobs))
	for i, job := range jobs {
		nodes[i] = &node{job: job, plan: n.callee().Jobs[i], parent: n}
		byKey[strings.ToLower(job.Key)] = nodes[i]
	}
	for _, child := range nodes {
		child.connect(func(key string) *node { return byKey[strings.ToLower(key)] })
	}
	v.addChildren(n, nodes)
}

func (v *view) addChildren(n *node, nodes []*node) {
	if v.children == nil {
		v.children, v.added = map[*node][]*node{}, map[string]*node{}
	}
	for _, child := range nodes {
		v.work[child] = &work{job: child.job, edited: true}
		v.added[child.job.ID] = child
	}
	v.children[n] = nodes
	v.edited = append(v.edited, nodes...)
	v.pushAll(nodes)
	v.push(n)
}

// changed are the instances that changed, in the order they did.
func (v *view) changed() []*Job {
	var jobs []*Job
	for _, n := range v.edited {
		jobs = append(jobs, v.job(n))
	}
	return jobs
}

func (v *view) jobs(nodes []*node) []*Job {
	jobs := make([]*Job, len(nodes))
	for i, n := range nodes {
		jobs[i] = v.job(n)
	}
	return jobs
}

func (v *view) needsAreFinal(n *node) bool {
	for _, need := range n.needs {
		if !v.job(need).State.Final() {
			return false
		}
	}
	return true
}

// requestCancel cancels an instance of this run from within a decision.
func (v *view) requestCancel(n *node, req CancelRequest) {
	job := v.job(n)
	if job.State.Final() || job.Cancel.Asked() && (job.Cancel.Force || !req.Force) {
		return
	}
	v.edit(n).Cancel = req
	v.push(n)
}

// displayOf puts the call n is part of before its name.
func (v *view) displayOf(n *node, name string) string {
	if n.parent == nil {
		return name
	}
	return displayName(v.job(n.parent).Display, name)
}

func (v *view) wakeAt(t time.Time) {
	if v.out.Wake.IsZero() || t.Before(v.out.Wake) {
		v.out.Wake = t
	}
}
