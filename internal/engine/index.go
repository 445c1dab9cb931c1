package engine

import (
	"slices"
	"strings"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// index is the run's jobs as a graph. It is derived, kept so that a decision
// need not rebuild it, and never changed by one.
type index struct {
	nodes  map[string]*node // by lower-cased ID: GitHub's job ids ignore case
	order  []*node          // as Run.Jobs
	top    []*node          // the run's own jobs, in plan order
	github expr.Value       // the github context with the event
}

// node is one instance with its edges.
type node struct {
	job        *Job
	plan       *workflow.Job
	parent     *node   // the call it belongs to
	matrix     *node   // the job whose leg it is
	needs      []*node // in the order of `needs:`; a leg has its matrix's
	dependents []*node // who needs it
	children   []*node // the legs of a matrix, the jobs of a call
}

// callee is the workflow a call calls.
func (n *node) callee() *workflow.Workflow { return n.plan.Uses.Workflow }

// indexed returns r's index, or a new one when r has none that fits.
func (r *Run) indexed() *index {
	if r.index != nil && len(r.index.nodes) == len(r.Jobs) {
		return r.index
	}
	x := &index{nodes: make(map[string]*node, len(r.Jobs)), github: r.githubWithEvent()}
	for _, job := range r.Jobs {
		x.add(r.Plan, job)
	}
	x.order = make([]*node, 0, len(r.Jobs))
	for _, job := range r.Jobs {
		n := x.get(job.ID)
		x.connect(n)
		x.order = append(x.order, n)
	}
	return x
}

func (r *Run) githubWithEvent() expr.Value {
	event, err := expr.FromJSON(r.Event)
	if len(r.Event) == 0 || err != nil {
		return r.Github
	}
	github := expr.NewObject()
	if o := r.Github.Object(); o != nil {
		github = o.Clone()
	}
	return expr.FromObject(github.Set("event", event))
}

func (x *index) get(id string) *node { return x.nodes[strings.ToLower(id)] }

// add makes job's node. Its parent and its matrix have theirs already.
func (x *index) add(plan *workflow.Workflow, job *Job) {
	n := &node{job: job}
	x.nodes[strings.ToLower(job.ID)] = n
	if job.Parent != "" {
		n.parent = x.get(job.Parent)
	}
	if job.Matrix != "" {
		n.matrix = x.get(job.Matrix)
		n.plan = n.matrix.plan
		n.matrix.children = append(n.matrix.children, n)
		return
	}
	siblings := &x.top
	if n.parent != nil {
		plan, siblings = n.parent.callee(), &n.parent.children
	}
	n.plan = planned(plan, job.Key, len(*siblings))
	*siblings = append(*siblings, n)
}

// planned finds the job called key, most likely at the index guess.
func planned(w *workflow.Workflow, key string, guess int) *workflow.Job {
	if guess < len(w.Jobs) && w.Jobs[guess].ID == key {
		return w.Jobs[guess]
	}
	if i := slices.IndexFunc(w.Jobs, func(j *workflow.Job) bool { return j.ID == key }); i >= 0 {
		return w.Jobs[i]
	}
	return &workflow.Job{ID: key}
}

// connect draws what n needs, once everything in its scope has a node.
func (x *index) connect(n *node) {
	if n.matrix != nil {
		n.needs = n.matrix.needs
		return
	}
	n.connect(func(key string) *node { return x.get(childID(n.job.Parent, key)) })
}

func (n *node) connect(find func(key string) *node) {
	for _, need := range n.plan.Needs {
		if to := find(need.Str()); to != nil && !slices.Contains(n.needs, to) {
			n.needs = append(n.needs, to)
			to.dependents = append(to.dependents, n)
		}
	}
}

// childID is the ID of a job in the scope of the call parent, which may be "".
func childID(parent, key string) string {
	if parent == "" {
		return key
	}
	return parent + "/" + key
}

// sort puts all nodes in plan order, those under a job behind it, and returns their jobs.
func (x *index) sort() []*Job {
	x.order = x.order[:0]
	jobs := make([]*Job, 0, len(x.nodes))
	var walk func(nodes []*node)
	walk = func(nodes []*node) {
		for _, n := range nodes {
			x.order = append(x.order, n)
			jobs = append(jobs, n.job)
			walk(n.children)
		}
	}
	walk(x.top)
	return jobs
}
