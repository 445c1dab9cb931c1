package engine

import (
	"time"

	"slipway/internal/jobproto"
)

// Decision is what to do next. It holds all its effects: applying it needs
// nothing but the run it was made for.
type Decision struct {
	Run  *RunState // nil: the run itself stays as it is
	Jobs []*Job    // the new values of instances that change, and new instances behind what they belong to

	Start []*jobproto.Job // jobs that became Queued: hand them out
	Stop  []Stop          // jobs whose runner must be told to end

	Claims    []Claim    // to append to their groups, in order
	Releases  []Claim    // to remove from their groups, before Claims are added
	Evictions []Eviction // of other runs

	// Wake is when to decide again without news, because a job is over its
	// time; zero is never. It alone does not make a decision.
	Wake time.Time
}

// RunState is what a decision changes of the run itself.
type RunState struct {
	State    State
	Display  string
	Reason   string
	Finished time.Time
	GroupKey string
}

// Stop tells a job's runner to end it. A job that is not running yet must
// not start. Forced ones end at once, others run their always() steps.
type Stop struct {
	Job    string
	Reason string
	Force  bool
}

// Group is a concurrency group: who holds it, and behind it who waits, in order.
type Group struct {
	Key    string // the name, folded
	Claims []Claim
}

// Claim is a run's or a job's place in a group.
type Claim struct {
	Group string // the group's key
	Run   string
	Job   string    // the instance's ID; "" is the run as a whole
	Since time.Time // when it started to wait
}

func (c Claim) same(d Claim) bool { return c.Group == d.Group && c.Run == d.Run && c.Job == d.Job }

// Eviction cancels another run, or a job of it, in favour of this one: call
// RequestCancel for it. A claim that only waited has gone from its group
// (it is in Releases too); one that holds the group stays until it has ended.
type Eviction struct {
	Claim  Claim
	Reason string
}

// Empty reports whether there is nothing to do.
func (d Decision) Empty() bool {
	return d.Run == nil && len(d.Jobs) == 0 && len(d.Start) == 0 && len(d.Stop) == 0 &&
		len(d.Claims) == 0 && len(d.Releases) == 0 && len(d.Evictions) == 0
}

// Apply writes a decision into the run it was made for. It is the one place
// that does. The decision's Jobs become the run's own.
func (r *Run) Apply(d Decision) {
	if d.Empty() {
		return
	}
	r.index = r.indexed()
	added := make([]*Job, 0, len(d.Jobs))
	for _, job := range d.Jobs {
		if n := r.index.get(job.ID); n != nil {
			*n.job = *job
			continue
		}
		added = append(added, job)
		r.index.add(r.Plan, job)
	}
	if len(added) > 0 {
		for _, job := range added {
			r.index.connect(r.index.get(job.ID))
		}
		r.Jobs = r.index.sort()
	}
	if s := d.Run; s != nil {
		r.State, r.Display, r.Reason, r.Finished, r.GroupKey = s.State, s.Display, s.Reason, s.Finished, s.GroupKey
	}
	r.Version++
}

// ApplyGroups returns groups as they are after a decision. It never changes
// the claims it was given; groups that became empty are gone.
func ApplyGroups(groups []Group, d Decision) []Group {
	if len(d.Claims) == 0 && len(d.Releases) == 0 {
		return groups
	}
	set := groupSet{groups: groups}
	for _, c := range d.Releases {
		set.release(c)
	}
	for _, c := range d.Claims {
		set.append(c)
	}
	return set.list()
}
