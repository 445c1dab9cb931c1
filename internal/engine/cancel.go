package engine

import (
	"fmt"
	"time"
)

const (
	defaultTimeout       = 360 * time.Minute
	defaultCancelTimeout = 5 * time.Minute
	// grace is how much longer than it may take the engine waits for a
	// runner's word. Runners keep their own time; this is for those that don't answer.
	grace = time.Minute
)

// requestCancel cancels an instance of this run from within a decision.
func (v *view) requestCancel(n *node, req CancelRequest) {
	job := v.job(n)
	if job.State.Final() || job.Cancel.Asked() && (job.Cancel.Force || !req.Force) {
		return
	}
	v.edit(n).Cancel = req
	v.push(n)
}

func (v *view) requestCancelAll(nodes []*node, req CancelRequest) {
	for _, n := range nodes {
		v.requestCancel(n, req)
	}
}

// mustStop says whether an instance that has begun must end, and why. As on
// GitHub, a cancelled run asks each job's condition again: a job whose
// condition holds though cancelled() does, `if: always()` above all, goes on.
// fail-fast, groups and requests for one job do not ask.
func (v *view) mustStop(n *node) CancelRequest {
	req := v.cancelRequest(n)
	if !req.Asked() || req.Force || v.job(n).Cancel.Asked() {
		return req
	}
	if goesOn, err := v.condition(n); err == nil && goesOn {
		return CancelRequest{}
	}
	return req
}

// resume looks again at a job that waits.
func (v *view) resume(n *node) {
	if req := v.mustStop(n); req.Asked() {
		v.finish(n, Cancelled, because(req.Reason, "the job was cancelled before it began"))
		return
	}
	if v.job(n).notAdmitted() {
		v.push(n.matrix)
		return
	}
	if v.holdsAll(n, v.job(n).Groups...) {
		v.proceed(n)
	}
}

// toldToStop passes on what ends an instance that has begun, once, and
// reports whether that was news.
func (v *view) toldToStop(n *node) bool {
	req := v.mustStop(n)
	told := v.job(n).Stopping
	if !req.Asked() || told.Asked() && (told.Force || !req.Force) {
		return false
	}
	v.edit(n).Stopping = CancelRequest{At: v.now, Reason: because(req.Reason, "the job was cancelled"), Force: req.Force}
	return true
}

// watch stops a job that was handed out, when it must end or is over its time.
func (v *view) watch(n *node) {
	if v.toldToStop(n) {
		v.stop(n)
		if v.job(n).State == Queued {
			v.finish(n, Cancelled, v.job(n).Stopping.Reason)
			return
		}
	}
	if v.job(n).State == Running && v.overTime(v.job(n)) {
		v.giveUp(n)
	}
}

// stop tells n's runner what n.Stopping says.
func (v *view) stop(n *node) {
	job := v.job(n)
	v.d.Stop = append(v.d.Stop, Stop{Job: job.ID, Reason: job.Stopping.Reason, Force: job.Stopping.Force})
}

// overTime reports whether a running job should have ended, counting the
// time its runner has to end it, and the grace. If not, it will be asked
// again when that time comes.
func (v *view) overTime(job *Job) bool {
	if job.Started.IsZero() {
		return false
	}
	deadline := job.Started.Add(job.Timeout + job.CancelTimeout + grace)
	if told := &job.Stopping; told.Force {
		deadline = told.At.Add(grace)
	} else if told.Asked() {
		if end := told.At.Add(job.CancelTimeout + grace); end.Before(deadline) {
			deadline = end
		}
	}
	if v.now.Before(deadline) {
		v.wakeAt(deadline)
		return false
	}
	return true
}

// giveUp ends a job over its time whose runner neither keeps it nor answers:
// first it is told to end at once, then it counts as lost, or as cancelled
// when that is what it was asked to be.
func (v *view) giveUp(n *node) {
	job := v.job(n)
	switch {
	case !job.Stopping.Force:
		reason := because(job.Stopping.Reason, fmt.Sprintf("it ran longer than its timeout of %s", job.Timeout))
		v.edit(n).Stopping = CancelRequest{At: v.now, Reason: reason, Force: true}
		v.stop(n)
		v.wakeAt(v.now.Add(grace))
	case v.cancelRequest(n).Asked():
		v.finish(n, Cancelled, job.Stopping.Reason)
	default:
		v.finish(n, Lost, job.Stopping.Reason+", and its runner does not answer")
	}
}

func (v *view) wakeAt(t time.Time) {
	if v.d.Wake.IsZero() || t.Before(v.d.Wake) {
		v.d.Wake = t
	}
}
